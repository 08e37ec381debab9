"""Messages about the grid: texts of the operator, power failures, voltage sags and swells.

Also about gas, water and heat meters that the operator has exchanged.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..stored_json import Size
from .message import HouseholdMessage, PlaceholderValue

_MAX_TEXT_CHARS = 1024
_MAX_ITEMS = 20
# A message shows whole minutes, and a meter sends each ten seconds.
_MAX_MOMENT = timedelta(minutes=2)


class ReadingTimes(NamedTuple):
    """Time of a reading, and of the reading before it, None if that is unknown."""

    before: datetime | None
    now: datetime


@dataclass(frozen=True)
class GridState:
    """Texts and counts of the last reading. None means that there was no reading yet."""

    texts: Annotated[Mapping[str, str], Size(_MAX_ITEMS)] | None = None
    """Text of the operator by the meter's object. An empty text is no message."""
    counts: Annotated[Mapping[str, int], Size(_MAX_ITEMS)] | None = None
    """Counts of disturbances. A key is the kind, and perhaps a space and the phase."""
    exchanged: Annotated[tuple[str, ...] | None, Size(_MAX_ITEMS)] = None
    """Identities of the exchanged meters at the last look. None means that there was no look."""


def watch_grid(
    state: GridState, texts: Mapping[str, str], counts: Mapping[str, int], times: ReadingTimes
) -> tuple[GridState, list[HouseholdMessage]]:
    """Return the new state, and the messages that are due at a reading.

    The first reading after the user turned the switch on is only remembered. An object that the
    reading lacks keeps its last value.
    """
    texts = {name: text[:_MAX_TEXT_CHARS] for name, text in texts.items()}
    if state.texts is None or state.counts is None:
        return replace(state, texts=texts, counts=dict(counts)), []
    known_texts, known_counts = state.texts, state.counts
    if texts.items() <= known_texts.items() and counts.items() <= known_counts.items():
        return state, []
    messages = [
        HouseholdMessage("operator_message", {"text": text, "object": name})
        for name, text in sorted(texts.items() - known_texts.items())
        if text
    ]
    messages += [
        HouseholdMessage(kind, {"count": rise, **_when(times)})
        for kind, rise in _rises(known_counts, counts).items()
        if rise
    ]
    state = replace(state, texts={**known_texts, **texts}, counts={**known_counts, **counts})
    return state, messages


def watch_exchanges(
    state: GridState, exchanged: Mapping[str, str]
) -> tuple[GridState, list[HouseholdMessage]]:
    """Return the new state, and the messages about meters that were exchanged since the last look.

    `exchanged` has the type of each exchanged meter by its identity.
    """
    identities = tuple([*exchanged][-_MAX_ITEMS:])
    if identities == state.exchanged:
        return state, []
    new = [] if state.exchanged is None else [n for n in identities if n not in state.exchanged]
    messages = [HouseholdMessage("meter_exchanged", {"meter": exchanged[name]}) for name in new]
    return replace(state, exchanged=identities), messages


def _when(times: ReadingTimes) -> Mapping[str, PlaceholderValue]:
    """Return the values that say when a count has risen, empty if the time is unknown."""
    if times.before is None or times.before > times.now:
        return {}
    when = "at" if times.now - times.before <= _MAX_MOMENT else "between"
    times_at = {"from_at": times.before.isoformat(), "until_at": times.now.isoformat()}
    return {"when": when, **times_at}


def _rises(before: Mapping[str, int], now: Mapping[str, int]) -> Mapping[str, int]:
    """Return by how much the counts of each kind have risen, all phases together."""
    rises: Counter[str] = Counter()
    for name, count in now.items():
        rises[name.partition(" ")[0]] += max(0, count - before.get(name, count))
    return rises
