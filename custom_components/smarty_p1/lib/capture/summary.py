"""Summary of an anonymous capture, for the user's review before the file is written."""

from typing import NamedTuple

from .anonymiser import AnonymousCapture, Replaced
from .telegram_parts import MAX_LINES, PartKind, part_kinds

_MAX_LINE_CHARS = 76
_MAX_OBJECTS = 512


class CaptureSummary(NamedTuple):
    """Contents of an anonymous capture. `seconds` is the time from its first to its last chunk."""

    telegrams: int
    chunks: int
    size: int
    """Number of bytes of the line. The capture file is larger."""
    seconds: float
    is_encrypted: bool
    last_telegram: tuple[str, ...]
    """Lines of the last telegram after anonymisation; long lines are cut."""
    replaced: dict[Replaced, int]
    """Number of replacements by kind, without kinds that did not occur."""
    kept: tuple[str, ...]
    """OBIS references of objects that stay unchanged."""
    scaled: tuple[str, ...]
    """OBIS references of objects with scaled powers."""
    moved: tuple[str, ...]
    """OBIS references of objects with shifted times, counters or registers. Registers are also
    scaled."""
    changed: tuple[str, ...]
    """OBIS references of objects with replaced currents, identifiers, messages, unknown values."""


def summarise(capture: AnonymousCapture) -> CaptureSummary:
    """Return the summary of a capture. This takes too long for a call in an event loop."""
    kinds: dict[str, set[PartKind]] = {}
    for text in capture.telegrams:
        for reference, new_kinds in part_kinds(text):
            if reference in kinds or len(kinds) < _MAX_OBJECTS:
                kinds.setdefault(reference, set()).update(new_kinds)
    changed = {
        reference
        for reference, object_kinds in kinds.items()
        if object_kinds & {PartKind.OTHER, PartKind.MESSAGE, PartKind.CURRENT}
    }
    moved = {
        reference
        for reference, object_kinds in kinds.items()
        if object_kinds & {PartKind.TOTAL, PartKind.COUNTER, PartKind.TIME}
    } - changed
    scaled = {
        reference for reference, object_kinds in kinds.items() if PartKind.MEASURED in object_kinds
    } - changed
    lines = capture.telegrams[-1].decode("latin-1").splitlines() if capture.telegrams else []
    return CaptureSummary(
        telegrams=len(capture.telegrams),
        chunks=len(capture.chunks),
        size=sum(len(data) for _, data in capture.chunks),
        seconds=capture.chunks[-1][0] if capture.chunks else 0.0,
        is_encrypted=capture.is_encrypted,
        last_telegram=tuple(map(_shown, lines[:MAX_LINES])),
        replaced={name: count for name in Replaced if (count := capture.replaced[name])},
        kept=tuple(sorted(kinds.keys() - changed - moved - scaled)),
        scaled=tuple(sorted(scaled)),
        moved=tuple(sorted(moved)),
        changed=tuple(sorted(changed)),
    )


def _shown(line: str) -> str:
    text = "".join(char if char.isprintable() else "?" for char in line[: _MAX_LINE_CHARS + 1])
    return text if len(text) <= _MAX_LINE_CHARS else f"{text[: _MAX_LINE_CHARS - 3]}..."
