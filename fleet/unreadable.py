"""What the cluster has kept and cannot be read: put aside, so that an operator can look at it."""

from nats.js.kv import KeyValue

_PREFIX = "unreadable."
# Enough to see what it is. Each key has one place, and what comes next takes it.
_MOST_BYTES = 256 * 1024


async def put_aside(bucket: KeyValue, key: str, content: bytes) -> None:
    """Keep what is under a key under another one, too: `unreadable.<key>`."""
    await bucket.put(aside_key(key), content[:_MOST_BYTES])


def aside_key(key: str) -> str:
    """Return under which key it is put aside."""
    return f"{_PREFIX}{key}"
