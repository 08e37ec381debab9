"""Digest of the cards' loader of this version. `scripts/cards build` writes this file."""

LOADER_DIGEST = "8C69FE6E"
