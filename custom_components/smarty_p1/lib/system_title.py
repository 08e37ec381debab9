"""DLMS system title as text."""


def title_text(title: bytes | None) -> str:
    """Return a system title in 16 hexadecimal digits, "" without one."""
    return (title or b"").hex().upper()
