"""What an anonymous capture holds, for whoever is to judge it before it is written."""

from typing import NamedTuple

from .anonymiser import AnonymousCapture, Replaced
from .telegram_parts import MAX_LINES, Kind, kinds_of

_MAX_LINE_CHARS = 76
_MAX_OBJECTS = 512


class Summary(NamedTuple):
    """What there is in a capture; `seconds` are those between its first and its last chunk."""

    telegrams: int
    chunks: int
    size: int
    """Bytes of the line; a file has more."""
    seconds: float
    is_encrypted: bool
    last_telegram: tuple[str, ...]
    """Its lines as the file holds them, cut where they are long."""
    replaced: dict[Replaced, int]
    """How often what was replaced, without what never was."""
    kept: tuple[str, ...]
    """The references of objects that stay as they are,"""
    scaled: tuple[str, ...]
    """of those whose powers and currents are scaled,"""
    moved: tuple[str, ...]
    """of those whose registers are scaled and moved, and whose times are shifted,"""
    changed: tuple[str, ...]
    """and of those in which there is something else, other signs of the same kind now."""


def summarise(made: AnonymousCapture) -> Summary:
    """Return what a capture holds. It is work: not for an event loop."""
    kinds: dict[str, set[Kind]] = {}
    for text in made.telegrams:
        for reference, found in kinds_of(text):
            if reference in kinds or len(kinds) < _MAX_OBJECTS:
                kinds.setdefault(reference, set()).update(found)
    changed = {one for one, found in kinds.items() if found & {Kind.OTHER, Kind.MESSAGE}}
    moved = {
        one for one, found in kinds.items() if found & {Kind.TOTAL, Kind.COUNTER, Kind.TIME}
    } - changed
    scaled = {one for one, found in kinds.items() if Kind.MEASURED in found} - changed
    lines = made.telegrams[-1].decode("latin-1").splitlines() if made.telegrams else []
    return Summary(
        telegrams=len(made.telegrams),
        chunks=len(made.chunks),
        size=sum(len(data) for _, data in made.chunks),
        seconds=made.chunks[-1][0] if made.chunks else 0.0,
        is_encrypted=made.is_encrypted,
        last_telegram=tuple(map(_shown, lines[:MAX_LINES])),
        replaced={name: count for name in Replaced if (count := made.replaced[name])},
        kept=tuple(sorted(kinds.keys() - changed - moved - scaled)),
        scaled=tuple(sorted(scaled)),
        moved=tuple(sorted(moved)),
        changed=tuple(sorted(changed)),
    )


def _shown(line: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in line[: _MAX_LINE_CHARS + 1])
    return text if len(text) <= _MAX_LINE_CHARS else f"{text[: _MAX_LINE_CHARS - 3]}..."
