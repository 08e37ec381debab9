"""Command `fleet`: files, meters' data, months and bills of a fleet."""
