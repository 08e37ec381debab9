"""Message about a voltage that has been outside of the permitted range for a minute."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from ..history.luxembourg_time import local_day
from ..passed_pause import has_passed
from ..stored_json import Mark
from .message import HouseholdMessage, Placeholders

_OUTSIDE_FOR = timedelta(seconds=60)
# After such a pause between two readings, the time before it does not count.
_MAX_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True)
class VoltageState:
    """Since when each phase has been outside, and the day of the last message."""

    since: Annotated[Mapping[str, datetime], Mark.NOT_STORED] = field(default_factory=dict)
    told_on: date | None = None
    read_at: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time of the last reading with a phase outside, or of the first one after it."""


def watch_voltage(
    state: VoltageState, outside: Mapping[str, float], now: datetime
) -> tuple[VoltageState, HouseholdMessage | None]:
    """Return the new state, and the message that is due at a reading, at most one a day.

    `outside` has the voltages in V of the phases that are outside of the range. Near a limit, a
    voltage can leave the range many times a day.
    """
    if not outside and not state.since:
        return state, None
    # A clock that was put back or forward is a pause, too.
    is_next = not has_passed(state.read_at, now, _MAX_PAUSE)
    since = {phase: state.since.get(phase, now) if is_next else now for phase in outside}
    state = replace(state, since=since, read_at=now)
    today = local_day(now)
    lasting = (phase for phase, start in since.items() if has_passed(start, now, _OUTSIDE_FOR))
    phase = next(lasting, None)
    if phase is None or state.told_on == today:
        return state, None
    values: Placeholders = {
        "phase": phase,
        "volts": outside[phase],
        "since_at": since[phase].isoformat(),
    }
    return replace(state, told_on=today), HouseholdMessage("voltage_outside", values)
