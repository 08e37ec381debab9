"""Message about a meter that has not been read for an hour, and about its return."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from ..stored_values import Stored, checked_mapping, checked_time
from .message import HouseholdMessage

_SILENCE = timedelta(hours=1)


@dataclass(frozen=True)
class SilenceState:
    """Start of the silence that a message has told, or None."""

    told_since: datetime | None = None

    def as_dict(self) -> dict[str, Stored]:
        """Return the state as JSON values."""
        return {"told_since": self.told_since and self.told_since.isoformat()}

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the state from the result of `as_dict`. Raises ValueError if it is malformed."""
        since = checked_mapping(stored)["told_since"]
        return cls(since and checked_time(since))


def watch_silence(
    state: SilenceState, last_reading: datetime | None, watched_since: datetime, now: datetime
) -> tuple[SilenceState, HouseholdMessage | None]:
    """Return the new state, and the message that is due at `now`.

    `watched_since` is the later of two times: the start of Home Assistant, and the time at which
    the user turned the switch on. A silence before it does not count.
    """
    if state.told_since:
        if last_reading is None or last_reading <= state.told_since:
            return state, None
        values = {
            "from_at": state.told_since.isoformat(),
            "until_at": last_reading.isoformat(),
        }
        return SilenceState(), HouseholdMessage("back", values)
    since = last_reading or watched_since
    if now - max(since, watched_since) < _SILENCE:
        return state, None
    return SilenceState(since), HouseholdMessage("silent", {"since_at": since.isoformat()})
