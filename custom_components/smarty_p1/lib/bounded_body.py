"""Body of a response, whose size is limited while it is received."""

from collections.abc import AsyncIterable


async def bounded_body(pieces: AsyncIterable[bytes], max_bytes: int) -> bytes | None:
    """Return the body that the pieces make. Return None if it has more than `max_bytes`."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            return None
    return bytes(body)
