"""Texts of which the files of a fleet are made: documented configurations, and templates."""

import re
from pathlib import Path
from string import Template

_DIRECTORY = Path(__file__).parents[1]
_HEAD = re.compile(r"\A(?:#.*\n)+")
NOTE = "# Made by `smarty-p1 fleet init`: change its fleet.toml instead, and run it again.\n"


def read_documented(name: str) -> str:
    """Return the text of a configuration that the documentation leads to."""
    return (_DIRECTORY / name).read_text(encoding="utf-8")


def read_noted(name: str) -> str:
    """Return a documented configuration with a note in place of its first comment."""
    return NOTE + _HEAD.sub("", read_documented(name))


def read_template(name: str, /, **values: object) -> str:
    """Return a template, filled."""
    return fill(read_documented(f"templates/{name}"), **values)


def fill(text: str, /, **values: object) -> str:
    """Return a text with values in place of $names, without the lines that have a None in them."""
    lines = map(Template, text.splitlines(keepends=True))
    return "".join(
        line.substitute(values)
        for line in lines
        if not any(values[name] is None for name in line.get_identifiers())
    )


def replace_once(text: str, pattern: str, value: str) -> str:
    """Put a value in the one place where a pattern is. Raises LookupError."""
    text, count = re.subn(pattern, lambda _: value, text, flags=re.MULTILINE)
    if count != 1:
        msg = f"a documented configuration has no line, or several, with {pattern}"
        raise LookupError(msg)
    return text
