"""Helpers that the tests of both projects use."""
