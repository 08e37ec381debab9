"""Digest of the cards' loader of this version. `scripts/cards build` writes this file."""

LOADER_DIGEST = "FA54B1F2"
