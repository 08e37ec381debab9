"""Flow of gas, water or heat, computed from successive captures of a meter on the M-Bus.

The index of such a meter is captured every few minutes or every hour. Every telegram has the last
capture. The flow is the rise of the index between two captures, divided by the time between them.
The flow stays the same until the next capture.

- The flow is 0 if the index stays the same while the capture time advances. It is also 0 if
  telegrams repeat the same capture for longer than twice the usual time between captures.
- The flow is unknown until the second capture. A falling index, another unit or an earlier capture
  time makes the flow unknown again.
- A capture less than a minute after the last capture is ignored. Otherwise, one step of the index
  within a few seconds would look like a very high flow.

The flows can be stored. A stored flow stays valid after a short restart. A restart that takes
longer than twice the usual time between captures makes the flow unknown.

Times are the meters' times with UTC offset, so that changes to summer time do not matter.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median_low
from typing import Annotated, NamedTuple, Self

from ..bounds import keep_newest
from ..history.luxembourg_time import HOUR
from ..p1.telegram import Telegram
from ..p1.value_converters import MBusChannels, MBusReading
from ..stored_json import Range, Size, dump, load
from ..stored_values import MAX_SECONDS, Stored, checked_list, checked_text

_NEVER = datetime.max.replace(tzinfo=UTC)
_MIN_INTERVAL = timedelta(minutes=1)
_MAX_INTERVALS = 7
_MAX_SILENT_INTERVALS = 2
# For each unit of an index, the factor that converts an amount to m³ or kWh.
_UNITS: Mapping[str | None, float] = {
    "m3": 1,
    "Wh": 0.001,
    "kWh": 1,
    "MWh": 1000,
    "MJ": 1 / 3.6,
    "GJ": 1000 / 3.6,
}
_DECIMALS = 4
# Maximum number of flows to remember. Replaced or forged M-Bus meters could otherwise fill the
# memory.
_MAX_METERS = 64


class _Flow(NamedTuple):
    """Flow of one M-Bus meter, and its last capture."""

    unit: str | None
    time: datetime
    value: float
    seen_at: datetime
    """Time of the telegram with the capture."""
    rate: Annotated[float | None, Range(0)] = None
    """Rise of the meter's index per hour, in the unit of the index."""
    intervals: Annotated[
        tuple[Annotated[timedelta, Range(0, MAX_SECONDS)], ...], Size(_MAX_INTERVALS)
    ] = ()

    @property
    def silent_from(self) -> datetime:
        """Return the time after which a new capture should have come."""
        if not self.intervals:
            return _NEVER
        return self.seen_at + _MAX_SILENT_INTERVALS * median_low(self.intervals)

    def after(self, time: datetime, value: float, seen_at: datetime) -> _Flow:
        """Return the flow after a capture.

        It can be the previous capture again, because telegrams repeat captures.
        """
        passed = time - self.time
        if passed < timedelta() or value < self.value:
            return _Flow(self.unit, time, value, seen_at, None, self.intervals)
        if passed >= _MIN_INTERVAL:
            rate = (value - self.value) / (passed / HOUR)
            intervals = (*self.intervals, passed)[-_MAX_INTERVALS:]
            return _Flow(self.unit, time, value, seen_at, rate, intervals)
        return self._replace(rate=0.0) if seen_at > self.silent_from else self


class FlowRates:
    """Flows of the meters on one M-Bus."""

    def __init__(self) -> None:
        self._flows: dict[str, _Flow] = {}
        # Identities whose restored flow no capture has followed yet.
        self._restored: set[str] = set()
        # Input of the last `update`, its result, and the time until which the result stays.
        self._basis: object = None
        self._rates: dict[str, float] = {}
        self._same_until = _NEVER

    @classmethod
    def from_list(cls, stored: Stored) -> Self:
        """Return the flows from the result of `as_list`. Raises ValueError for malformed data."""
        rates = cls()
        for identity, *fields in map(checked_list, checked_list(stored, _MAX_METERS)):
            rates._flows[checked_text(identity)] = load(_Flow, fields)
        rates._restored.update(rates._flows)
        return rates

    def as_list(self) -> list[Stored]:
        """Return the flows of all M-Bus meters as JSON values. `from_list` reads them."""
        return [[identity, *dump(flow)] for identity, flow in self._flows.items()]

    def update(
        self, telegram: Telegram, channels: MBusChannels, received_at: datetime
    ) -> dict[str, float]:
        """Return the known flows in m³/h or kW, keyed by the identity of the M-Bus meter.

        `channels` has the M-Bus channel of each identity.
        """
        now, basis = telegram.time or received_at, (telegram.channels, channels)
        if basis != self._basis or now > self._same_until:
            self._same_until = _NEVER
            self._rates = {
                identity: rate
                for identity, channel in channels.items()
                if (rate := self._rate(identity, telegram.channels[channel], now)) is not None
            }
            keep_newest(self._flows, _MAX_METERS)
            self._basis = basis
        return self._rates

    def _rate(self, identity: str, meter: MBusReading, now: datetime) -> float | None:
        """Return the flow of one meter in m³/h or kW. Return None if it is unknown."""
        if meter.time is None or meter.value is None or meter.unit not in _UNITS:
            return None
        flow = self._flows.pop(identity, None)
        was_restored = identity in self._restored
        self._restored.discard(identity)
        if (
            flow is None
            or meter.unit != flow.unit
            # Captures after the stored one may have been missed.
            or (was_restored and meter.time != flow.time and now > flow.silent_from)
        ):
            flow = _Flow(meter.unit, meter.time, meter.value, now)
        # If there are too many flows, the first ones in the dict are removed. So move this flow to
        # the end.
        self._flows[identity] = flow = flow.after(meter.time, meter.value, now)
        self._same_until = min(self._same_until, flow.silent_from)
        if flow.rate is None:
            return None
        return round(flow.rate * _UNITS[meter.unit], _DECIMALS)
