"""What the page tells to do: commands to run, and addresses to look at, in their order."""

import re
import shlex
from dataclasses import dataclass

SECTION = "Try it on one machine"
# Addresses of the page's own Prometheus.
PROMETHEUS = "http://127.0.0.1:9090"
_PART = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)\n(?P<commands>.*?)^(?P=indent)```$"
    rf"|\]\((?P<address>{re.escape(PROMETHEUS)}/[^)\s]*)\)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Commands:
    """A block of commands."""

    text: str


@dataclass(frozen=True, slots=True)
class Address:
    """An address to look at."""

    url: str


class PageError(Exception):
    """The page is not what it was taken for."""


def read_path(page: str) -> list[Commands | Address]:
    """Return what the section tells, in its order. Raises PageError.

    Each block there is to be commands: what nobody runs must not look as if somebody had.
    """
    [section, *others] = re.findall(
        rf"^## {SECTION}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
    ) or [None]
    if section is None or others:
        msg = f"the page must have one section '{SECTION}'"
        raise PageError(msg)
    parts: list[Commands | Address] = []
    for found in _PART.finditer(section):
        if found["address"]:
            parts.append(Address(found["address"]))
            continue
        if found["language"] != "sh":
            msg = f"'{SECTION}' has a block that is not ```sh: {found['commands'].strip()[:60]}"
            raise PageError(msg)
        indent = found["indent"]
        lines = found["commands"].splitlines()
        parts.append(Commands("\n".join(line.removeprefix(indent) for line in lines)))
    return parts


def write_script(parts: list[Commands | Address], look: list[str]) -> str:
    """Return the path as a script for bash, which ends where a command fails.

    `look` is a command that gets an address.
    """
    lines = ["set -e"]
    for number, part in enumerate(parts, start=1):
        lines.append(f"printf '\\n--- {number} of {len(parts)}, after %s s\\n' $SECONDS")
        lines.append(shlex.join([*look, part.url]) if isinstance(part, Address) else part.text)
    return "\n".join(lines) + "\n"
