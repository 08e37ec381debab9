"""Topics: what a meter says is never more than one level of them, in plain characters."""

import re

# Of MQTT's own limit of 65,535 bytes for a whole topic, more than the levels below a root need.
RESERVED = 512

_MAX_SIZE = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


def level(text: str) -> str:
    """Return a level of a topic. In it, `#`, `+`, `/` and NUL would have a meaning."""
    return _UNSAFE.sub("_", text[:_MAX_SIZE])
