"""Fuzz tests that a maintainer runs for minutes before a release (`scripts/fuzz`)."""
