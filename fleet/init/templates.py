"""The documented configurations, of which those of a fleet are made."""

import re
from pathlib import Path

_DIRECTORY = Path(__file__).parents[1]


def read_documented(name: str) -> str:
    """Return the text of a configuration that the documentation leads to."""
    return (_DIRECTORY / name).read_text(encoding="utf-8")


def replace_once(text: str, pattern: str, value: str) -> str:
    """Put a value in the one place where a pattern is. Raises LookupError."""
    text, count = re.subn(pattern, lambda _: value, text, flags=re.MULTILINE)
    if count != 1:
        msg = f"a documented configuration has no line, or several, with {pattern}"
        raise LookupError(msg)
    return text
