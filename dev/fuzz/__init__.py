"""Fuzz tests. A maintainer runs them for some minutes before a release, with `scripts/fuzz`."""
