"""How fast gas, water or heat flows now, from successive captures of its meter.

A meter on the M-Bus is captured every few minutes or every hour; all telegrams in between repeat
that capture. The flow is what the index rose by from one capture to the next, by the time between
them, and stays until the next one.

- An index that stands while its capture time moves on is a flow of 0. So is a capture that has been
  repeated for longer than twice the usual time between captures.
- The flow is unknown until there are two captures, and after whatever makes two of them say nothing
  about each other: an index that falls, another unit, a capture time that goes back.
- Captures less than a minute apart are taken together: one step of the index in a few seconds
  would look like a gas main.

What is known can be stored: a restart does not end a flow, unless it took longer than the silence
that does.

Times are those of the meters, which know their offset: a clock change is no hour.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median_low
from typing import Self

from ..p1 import MBusReading, Telegram
from ..stored_values import Stored, checked_list, checked_number, checked_text, checked_time

_MIN_INTERVAL = timedelta(minutes=1)
_USUAL_OF = 7
_SILENT_AFTER = 2
# More than what hangs on a customer's M-Bus measures: an index that leaps says nothing of a flow.
_MAX_RATES: Mapping[str, float] = {"m³/h": 1_000, "kW": 10_000}
# Index units: what is counted flows in m³/h or kW, and this many of m³ or kWh is one unit.
_UNITS: Mapping[str | None, tuple[str, float]] = {
    "m3": ("m³/h", 1),
    "Wh": ("kW", 0.001),
    "kWh": ("kW", 1),
    "MWh": ("kW", 1000),
    "MJ": ("kW", 1 / 3.6),
    "GJ": ("kW", 1000 / 3.6),
}
_DECIMALS = 4
_HOUR = timedelta(hours=1)
_MAX_INTERVAL_S = timedelta(days=36_500).total_seconds()
_NEVER = datetime.max.replace(tzinfo=UTC)
# Meters are replaced, and those that do not encrypt can be imitated: the oldest are forgotten.
_MAX_METERS = 64


class _Flow:
    """The flow of one meter, in the unit of its index an hour."""

    def __init__(self, time: datetime, value: float, unit: str | None, seen_at: datetime) -> None:
        self.rate: float | None = None
        self.unit = unit
        self._time = time
        self._value = value
        self._seen_at = seen_at
        self._intervals: deque[timedelta] = deque(maxlen=_USUAL_OF)
        self._is_restored = False

    @classmethod
    def restored(cls, stored: Iterable[Stored]) -> Self:
        """Return what `as_list` was the content of. Raises ValueError for what is malformed."""
        unit, time, value, seen_at, rate, intervals = stored
        flow = cls(
            checked_time(time), checked_number(value), checked_text(unit), checked_time(seen_at)
        )
        flow.rate = None if rate is None else checked_number(rate, 0)
        for seconds in checked_list(intervals, _USUAL_OF):
            flow._intervals.append(timedelta(seconds=checked_number(seconds, 0, _MAX_INTERVAL_S)))
        flow._is_restored = True
        return flow

    def as_list(self) -> list[Stored]:
        """Return everything that is known."""
        times = self._time.isoformat(), self._value, self._seen_at.isoformat()
        seconds = [interval.total_seconds() for interval in self._intervals]
        return [self.unit, *times, self.rate, seconds]

    def goes_on(self, meter: MBusReading, now: datetime) -> bool:
        """Return whether a capture says something together with the last one.

        Not after a restart that took so long that what came between was missed.
        """
        was_away = self._is_restored and meter.time != self._time and now > self.silent_after
        self._is_restored = False
        return meter.unit == self.unit and not was_away

    @property
    def silent_after(self) -> datetime:
        """Return until when the last capture may be repeated without a meaning."""
        if not self._intervals:
            return _NEVER
        return self._seen_at + _SILENT_AFTER * median_low(self._intervals)

    def add(self, time: datetime, value: float, seen_at: datetime) -> None:
        """Take a capture, be it the last one again; `seen_at` is the time of the telegram."""
        passed = time - self._time
        if passed < timedelta() or value < self._value:
            self.rate = None
        elif passed >= _MIN_INTERVAL:
            self._intervals.append(passed)
            self.rate = (value - self._value) / (passed / _HOUR)
        else:
            if seen_at > self.silent_after:
                self.rate = 0.0
            return
        self._time, self._value, self._seen_at = time, value, seen_at


class FlowRates:
    """The flows of the meters on one M-Bus."""

    def __init__(self) -> None:
        self._flows: dict[str, _Flow] = {}
        # What the last flows were found in, and until when they are the same for that.
        self._found_in: tuple[Mapping[int, MBusReading], Mapping[str, int]] | None = None
        self._found_until = _NEVER
        self._found: dict[str, float] = {}

    @classmethod
    def from_list(cls, stored: Stored) -> Self:
        """Return what `as_list` was the content of. Raises ValueError for what is malformed."""
        rates = cls()
        for identity, *fields in map(checked_list, checked_list(stored, _MAX_METERS)):
            rates._flows[checked_text(identity)] = _Flow.restored(fields)
        return rates

    def as_list(self) -> list[Stored]:
        """Return what is known of each meter, as JSON knows it."""
        return [[identity, *flow.as_list()] for identity, flow in self._flows.items()]

    def update(
        self, telegram: Telegram, channels: Mapping[str, int], received_at: datetime
    ) -> dict[str, float]:
        """Return the known flows of the meters in a telegram, in m³/h or kW, by their identities.

        `channels` holds their channels by the same.
        """
        now = telegram.time or received_at
        if self._found_in == (telegram.channels, channels) and now <= self._found_until:
            return self._found
        rates = {}
        for identity, channel in channels.items():
            rate = self._rate(identity, telegram.channels[channel], now)
            if rate is not None:
                rates[identity] = rate
        while len(self._flows) > _MAX_METERS:
            del self._flows[next(iter(self._flows))]
        self._found_in, self._found = (telegram.channels, channels), rates
        self._found_until = self._same_until(channels)
        return rates

    def _same_until(self, identities: Iterable[str]) -> datetime:
        """Return until when meters whose captures are repeated have the same flows."""
        flows = (self._flows[identity] for identity in identities if identity in self._flows)
        return min((flow.silent_after for flow in flows if flow.rate != 0), default=_NEVER)

    def _rate(self, identity: str, meter: MBusReading, now: datetime) -> float | None:
        """Return the flow of one meter, None while it is unknown."""
        if meter.time is None or meter.value is None or meter.unit not in _UNITS:
            return None
        flow = self._flows.pop(identity, None)
        if flow is None or not flow.goes_on(meter, now):
            flow = _Flow(meter.time, meter.value, meter.unit, now)
        self._flows[identity] = flow  # behind those that were seen less recently
        flow.add(meter.time, meter.value, now)
        if flow.rate is None:
            return None
        flow_unit, size = _UNITS[meter.unit]
        rate = round(flow.rate * size, _DECIMALS)
        return rate if rate <= _MAX_RATES[flow_unit] else None
