"""Messages about the grid: texts of the operator, power failures, voltage sags and swells."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from ..stored_json import Size
from .message import HouseholdMessage

_MAX_TEXT_CHARS = 1024
_MAX_ITEMS = 20


@dataclass(frozen=True)
class GridState:
    """Texts and counts of the last reading. None means that there was no reading yet."""

    texts: Annotated[Mapping[str, str], Size(_MAX_ITEMS)] | None = None
    """Text of the operator by the meter's object. An empty text is no message."""
    counts: Annotated[Mapping[str, int], Size(_MAX_ITEMS)] | None = None
    """Counts of disturbances. A key is the kind, and perhaps a space and the phase."""


def watch_grid(
    state: GridState, texts: Mapping[str, str], counts: Mapping[str, int]
) -> tuple[GridState, list[HouseholdMessage]]:
    """Return the new state, and the messages that are due at a reading.

    The first reading after the user turned the switch on is only remembered. An object that the
    reading lacks keeps its last value.
    """
    texts = {name: text[:_MAX_TEXT_CHARS] for name, text in texts.items()}
    if state.texts is None or state.counts is None:
        return GridState(texts, dict(counts)), []
    known_texts, known_counts = state.texts, state.counts
    if texts.items() <= known_texts.items() and counts.items() <= known_counts.items():
        return state, []
    messages = [
        HouseholdMessage("operator_message", {"text": text})
        for name, text in sorted(texts.items() - known_texts.items())
        if text
    ]
    messages += [
        HouseholdMessage(kind, {"count": rise})
        for kind, rise in _rises(known_counts, counts).items()
        if rise
    ]
    return GridState({**known_texts, **texts}, {**known_counts, **counts}), messages


def _rises(before: Mapping[str, int], now: Mapping[str, int]) -> Mapping[str, int]:
    """Return by how much the counts of each kind have risen, all phases together."""
    rises: Counter[str] = Counter()
    for name, count in now.items():
        rises[name.partition(" ")[0]] += max(0, count - before.get(name, count))
    return rises
