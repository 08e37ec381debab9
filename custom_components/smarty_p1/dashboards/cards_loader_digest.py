"""Digest of the cards' loader of this version. `scripts/cards build` writes this file."""

LOADER_DIGEST = "ABBE01A1"
