"""Random input for a long time: what a maintainer runs before a release (`scripts/fuzz`)."""
