"""Foreign texts in Markdown: a text of a line, broker, device or network is shown as it is.

Home Assistant shows notifications, repair issues and dialogs as Markdown. An image in a foreign
text would be fetched from outside, and a link or heading would look like a text of this project.
"""

import re
from collections.abc import Mapping

_MARKUP = re.compile(
    r"""
    [\\`*\[\]<>|~&@] | (?<=\])\(           # emphasis, code, links, images, HTML, tables, addresses
    | (?<![^\W_])_ | _(?![^\W_])            # emphasis; inside of a word, it has no meaning
    | (?<=http):(?=//) | (?<=https):(?=//) | (?<=ftp):(?=//) | (?<=www)\.   # links without markup
    | ^[#+=-](?!\w) | ^:                    # headings, lists, lines, tables
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)", re.MULTILINE)
_LINE_END = re.compile(r"\r\n?")
# Four spaces would begin a block of code.
_INDENT = re.compile(r"^[^\S\n]+", re.MULTILINE)
_ESCAPED = re.compile(r"\\([^\w\s]|_)")

type TextPlaceholders = Mapping[str, str]


class Verbatim(str):
    """Placeholder that stays as it is: own Markdown, the user's name, or the text of an error."""

    __slots__ = ()


def as_plain(text: str) -> str:
    """Return Markdown that shows a text as it is, whatever markup the text contains."""
    text = _INDENT.sub("", _LINE_END.sub("\n", text))
    return _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", text))


def read_plain(shown: str) -> str:
    """Return the text that `as_plain` has changed."""
    return _ESCAPED.sub(r"\1", shown)


def in_markdown(placeholders: TextPlaceholders) -> dict[str, str]:
    """Return the placeholders of a Markdown text. All but those of class Verbatim are foreign."""
    return {
        name: str(value) if isinstance(value, Verbatim) else as_plain(value)
        for name, value in placeholders.items()
    }
