"""How fast the project is, beside what others use for the same work."""
