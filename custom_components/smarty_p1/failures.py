"""Telegrams that fail one after the other: one alone means nothing, five have a reason."""

from collections import Counter
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .entry_types import AnyConfigEntry
from .p1 import Reason

ENOUGH = 5


class Failure(Enum):
    """What telegrams that fail have in common."""

    KEYS = auto()
    FOREIGN_TITLE = auto()
    """As before, and their frames do not even claim to be of this meter."""
    SECURITY_OFF = auto()
    SECURITY_ON = auto()


FAILURES: Mapping[Reason, Failure] = {
    Reason.TAG: Failure.KEYS,
    Reason.AUTHENTICATION_KEY: Failure.KEYS,
    Reason.DOWNGRADE: Failure.SECURITY_OFF,
    Reason.KEY_MISSING: Failure.SECURITY_ON,
}


class Streak:
    """The failures since the last telegram that was believed.

    It outlives a set-up that fails, for that waits too short for five telegrams, and ends when the
    port or the keys are changed.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Take the port and the keys that failed."""
        self.data = data
        self.has_asked_for_keys = False
        self._counts: Counter[Failure] = Counter()

    def add(self, failure: Failure) -> bool:
        """Count a failure; return whether there are enough of them."""
        self._counts[failure] += 1
        return self._counts[failure] >= ENOUGH

    def end(self, *failures: Failure) -> None:
        """Begin to count these anew, by default all."""
        for failure in failures or Failure:
            del self._counts[failure]


_STREAKS: HassKey[dict[str, Streak]] = HassKey(f"{DOMAIN}_streaks")


@callback
def streak_of(hass: HomeAssistant, entry: AnyConfigEntry) -> Streak:
    """Return the failures of an entry with its present port and keys."""
    streaks = hass.data.setdefault(_STREAKS, {})
    streak = streaks.get(entry.entry_id)
    if streak is None or streak.data != entry.data:
        streak = streaks[entry.entry_id] = Streak(entry.data)
    return streak


@callback
def forget_streak(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the failures of an entry that is removed."""
    hass.data.get(_STREAKS, {}).pop(entry_id, None)
