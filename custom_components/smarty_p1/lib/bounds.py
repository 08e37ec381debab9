"""Bounds for dicts and bodies that grow with what is received."""

from collections.abc import AsyncIterable
from typing import Any


def keep_newest(entries: dict[Any, Any], max_entries: int) -> None:
    """Remove the entries that were added first, until there are at most `max_entries`."""
    while len(entries) > max_entries:
        del entries[next(iter(entries))]


async def bounded_body(pieces: AsyncIterable[bytes], max_bytes: int) -> bytes | None:
    """Return the body that the pieces make. Return None if it has more than `max_bytes`."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            return None
    return bytes(body)
