"""Messages about a meter that is silent for an hour or needs a new key, and about its return."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from .message import HouseholdMessage
from .silence_remedy import Remedy

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
    remedy: Remedy = Remedy.CABLE
    """Remedy for the cause of a silence."""
    needs_key: bool = False
    """Whether it is proved that the meter encrypts with other keys."""

    @property
    def is_silent(self) -> bool:
        """Return whether the silence is long enough to be told."""
        return self.silent_for >= _SILENCE

    @property
    def is_read(self) -> bool:
        """Return whether the meter is read again."""
        return self.has_heard and not self.is_silent and not self.needs_key


@dataclass(frozen=True)
class SilenceState:
    """Start of the silence that a message has told, or None, and whether it asked for a key."""

    told_since: datetime | None = None
    has_asked_for_key: bool = False


def watch_silence(
    state: SilenceState, listening: Listening, now: datetime
) -> tuple[SilenceState, HouseholdMessage | None]:
    """Return the new state, and the message that is due at `now`.

    A wrong or changed clock only changes the shown times. A silence before the beginning does not
    count. A missing key is told at once, and so is told instead of the silence.
    """
    # A message shows whole minutes.
    silent_since = (now - listening.silent_for + _HALF_A_MINUTE).replace(second=0, microsecond=0)
    if state.told_since and listening.is_read:
        values = {"from_at": state.told_since.isoformat(), "until_at": silent_since.isoformat()}
        return SilenceState(), HouseholdMessage("back", values)
    needs_key = listening.needs_key and not state.has_asked_for_key
    if not needs_key and (state.told_since or not listening.is_silent):
        return state, None
    since = _start(listening, state.told_since or silent_since)
    since_at = {"since_at": since.isoformat()}
    if needs_key:
        return SilenceState(since, has_asked_for_key=True), HouseholdMessage("key_needed", since_at)
    remedy = {"remedy": listening.remedy.value}
    return replace(state, told_since=since), HouseholdMessage("silent", since_at | remedy)


def _start(listening: Listening, since: datetime) -> datetime:
    """Return the start of a silence, also if it is before Home Assistant began to listen."""
    if listening.has_heard or not listening.last_reading:
        return since
    return min(since, listening.last_reading)
