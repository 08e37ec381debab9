"""Message about a phase that has lost its voltage."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated

from ..json_types import without
from ..passed_pause import has_passed
from ..stored_json import Mark, Size
from .message import HouseholdMessage

_MAX_PHASES = 3
# A single reading may be from the moment at which the grid is switched.
_LOST_FOR = timedelta(seconds=20)


@dataclass(frozen=True)
class PhaseState:
    """Phases that have a voltage, and since when a phase of these has lost it."""

    connected: Annotated[tuple[str, ...], Size(_MAX_PHASES)] = ()
    """A phase that never had a voltage is not connected. A told phase is not, until it is back."""
    lost_since: Annotated[Mapping[str, datetime], Mark.NOT_STORED] = field(default_factory=dict)


def read_phases(state: PhaseState, has_voltage: Mapping[str, bool], now: datetime) -> PhaseState:
    """Return the state after a reading, the same one if nothing has changed.

    `has_voltage` lacks a phase whose voltage is unknown.
    """
    back = [phase for phase, is_on in has_voltage.items() if is_on]
    connected = tuple(sorted({*state.connected, *back}))
    lost_since = {
        phase: state.lost_since.get(phase, now)
        for phase in connected
        if phase not in back and (phase in has_voltage or phase in state.lost_since)
    }
    if (connected, lost_since) == (state.connected, state.lost_since):
        return state
    return PhaseState(connected, lost_since)


def watch_phases(state: PhaseState, now: datetime) -> tuple[PhaseState, list[HouseholdMessage]]:
    """Return the new state, and the messages that are due at a time."""
    # A clock that was put back must not delay the message.
    told = {
        phase: since
        for phase, since in state.lost_since.items()
        if has_passed(since, now, _LOST_FOR)
    }
    if not told:
        return state, []
    kept = without(state.lost_since, told)
    connected = tuple(phase for phase in state.connected if phase not in told)
    messages = [
        HouseholdMessage("phase_lost", {"phase": phase, "since_at": since.isoformat()})
        for phase, since in told.items()
    ]
    return replace(state, connected=connected, lost_since=kept), messages
