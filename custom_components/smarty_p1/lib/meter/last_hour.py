"""Net power of the last hour, one value for each ten seconds."""

from array import array
from datetime import UTC, datetime
from typing import Final, NamedTuple

from .meter_reader import Reading

STEP_S: Final = 10
SLOTS = 360
_POWERS = (
    ("1-0:1.7.0", "1-0:2.7.0"),
    ("1-0:21.7.0", "1-0:22.7.0"),
    ("1-0:41.7.0", "1-0:42.7.0"),
    ("1-0:61.7.0", "1-0:62.7.0"),
)
"""OBIS references of the imported and the exported power: of the meter, then of L1, L2 and L3."""
# Array items of at least 32 bits hold any power below this one. No meter of a house has more.
_MAX_W = 1_000_000_000
_UNKNOWN = -(2**31)
_MIN_PHASES = 2

type Watts = list[int | None]


class Hour(NamedTuple):
    """Net powers in W of the hour that begins at `start`; None without a reading.

    `phases` has a list for each phase. It is empty if fewer than two phases are known.
    """

    start: datetime
    net: Watts
    phases: list[Watts]


class LastHour:
    """Ring of the net powers of the last hour: of the meter, and of its phases.

    A slot is ten seconds of the time of reception. The last reading of a slot counts. The ring is
    in memory only: 6 kB a meter, because arrays of integers need no objects.
    """

    def __init__(self) -> None:
        self._rings = [array("i", [_UNKNOWN]) * SLOTS for _ in _POWERS]
        self._last = -SLOTS

    def note_reading(self, reading: Reading) -> None:
        """Add a current reading. This must be fast, because it runs for every telegram."""
        at, missing = self._place_of(reading.received_at), reading.missing_export
        for ring, (imported, exported) in zip(self._rings, _POWERS, strict=True):
            ring[at] = _watts(reading.net(imported, exported, missing))

    def note_power(self, time: datetime, kw: float | None) -> None:
        """Add the power of a meter that knows neither its phases nor exported power."""
        self._rings[0][self._place_of(time)] = _watts(kw)

    def _place_of(self, time: datetime) -> int:
        """Return the place of a time's slot, which becomes the newest slot.

        If the clock was set back, the slots after it are in the future, so forget them.
        """
        slot = int(time.timestamp()) // STEP_S
        first, last = sorted((self._last, slot))
        for passed in range(max(first, last - SLOTS) + 1, last + 1):
            for ring in self._rings:
                ring[passed % SLOTS] = _UNKNOWN
        self._last = slot
        return slot % SLOTS

    def until(self, now: datetime) -> Hour:
        """Return the hour whose last slot is running at `now`."""
        last = int(now.timestamp()) // STEP_S
        slots = range(last - SLOTS + 1, last + 1)
        net, *phases = (
            [
                _known(ring[slot % SLOTS]) if self._last - SLOTS < slot <= self._last else None
                for slot in slots
            ]
            for ring in self._rings
        )
        known = sum(any(watts is not None for watts in phase) for phase in phases)
        start = datetime.fromtimestamp(slots.start * STEP_S, UTC)
        return Hour(start, net, phases if known >= _MIN_PHASES else [])


def _watts(kw: float | None) -> int:
    watts = _UNKNOWN if kw is None else round(1000 * kw)
    return watts if abs(watts) < _MAX_W else _UNKNOWN


def _known(watts: int) -> int | None:
    return None if watts == _UNKNOWN else watts
