"""Example configurations and templates from which a fleet's files are made."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template

_DIRECTORY = Path(__file__).parents[1]
_HEAD = re.compile(r"\A(?:#.*\n)+")
NOTE = "# Made by `smarty-p1 fleet init`: change its fleet.toml instead, and run it again.\n"


def read_documented(name: str) -> str:
    """Return the text of an example. `name` is its path below `fleet/`."""
    return (_DIRECTORY / name).read_text("utf-8")


def role_files() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each playbook, and of each file of the role."""
    folder = _DIRECTORY / "ansible"
    for path in sorted(folder.rglob("*.*")):
        yield path.relative_to(folder).as_posix(), path.read_text("utf-8")


def read_noted(name: str) -> str:
    """Return the text of an example, with NOTE instead of the comment at its start."""
    return NOTE + _HEAD.sub("", read_documented(name))


def read_template(name: str, /, **values: object) -> str:
    """Return the text of a template with each $name replaced by its value.

    Drop a line if a value in it is None.
    """
    lines = map(Template, read_documented(f"templates/{name}").splitlines(keepends=True))
    return "".join(
        line.substitute(values)
        for line in lines
        if not any(values[name] is None for name in line.get_identifiers())
    )


def replace_once(text: str, pattern: str, value: str) -> str:
    """Replace the only match of `pattern`. Raises LookupError if there is no match or several."""
    text, count = re.subn(pattern, lambda _: value, text, flags=re.MULTILINE)
    if count != 1:
        raise LookupError(pattern)
    return text
