"""Helpers for the tests of both readers."""

from collections.abc import Iterator

from hypothesis import strategies as st

# Lengths of chunks.
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=20)


def cut(data: bytes, lengths: list[int]) -> Iterator[bytes]:
    """Yield the data in chunks of these lengths, over and over."""
    at = 0
    while at < len(data):
        for length in lengths:
            yield data[at : at + length]
            at += length
