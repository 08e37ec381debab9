"""Message about a meter that has not been read for an hour, and about its return."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from .message import HouseholdMessage

_SILENCE = timedelta(hours=1)
_HALF_A_MINUTE = timedelta(seconds=30)


class Listening(NamedTuple):
    """Reception of a meter since Home Assistant began to listen to it."""

    silent_for: timedelta
    """Time since the last reading, or since the beginning, by a clock that nobody sets."""
    has_heard: bool
    """Whether a reading has come since the beginning."""
    last_reading: datetime | None
    """Time of the last reading, also before the beginning."""


@dataclass(frozen=True)
class SilenceState:
    """Start of the silence that a message has told, or None."""

    told_since: datetime | None = None


def watch_silence(
    state: SilenceState, listening: Listening, now: datetime
) -> tuple[SilenceState, HouseholdMessage | None]:
    """Return the new state, and the message that is due at `now`.

    A wrong or changed clock only changes the shown times. A silence before the beginning does not
    count.
    """
    is_silent = listening.silent_for >= _SILENCE
    # A message shows whole minutes.
    silent_since = (now - listening.silent_for + _HALF_A_MINUTE).replace(second=0, microsecond=0)
    if state.told_since:
        if is_silent or not listening.has_heard:
            return state, None
        values = {
            "from_at": state.told_since.isoformat(),
            "until_at": silent_since.isoformat(),
        }
        return SilenceState(), HouseholdMessage("back", values)
    if not is_silent:
        return state, None
    since = silent_since
    if listening.last_reading and not listening.has_heard:
        since = min(since, listening.last_reading)
    return SilenceState(since), HouseholdMessage("silent", {"since_at": since.isoformat()})
