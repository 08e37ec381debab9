"""The quarter-hour that Luxembourg's grid tariff is about: mean power, peak, energy above.

    meter = DemandMeter(reference_kw=7, price_per_kwh=0.1139)
    demand = meter.update(time, imported_kwh, power_kw, serial_number)  # with every telegram
    if demand and demand.will_exceed:
        print("shed load: at most", demand.available_kw, "kW until the quarter-hour ends")

The tariff charges `max(0, mean power - reference power) * 0.25 h` for every quarter-hour of the
meter's clock. What was drawn in a quarter-hour is the difference of the register of imported
energy (1-0:1.8.0) between its start and its end, each interpolated between the readings around
it. Samples of the power do not enter: a short spike costs nothing as long as the mean stays low.

- Two readings up to 15 minutes apart are bridged. Across a longer gap, another meter, a register
  that falls or leaps, or a clock that is set back, nothing is known: a new baseline begins. The
  quarter-hours that this touches have no mean, and neither a peak nor energy above.
- A clock set back by up to a minute is a correction: readings wait until it has caught up.
- The month is the calendar's in Luxembourg; a quarter-hour belongs to the one it starts in. Its
  values belong to the connection: another meter does not reset them, nor does another reference
  power, which judges the quarter-hours that end from then on.
- The reading that ends the last quarter-hour of a month still shows that month, as a whole; the
  next one begins the new month. A month begins with readings that are bridged: one wrong time
  does not wipe it out.

No Home Assistant, no I/O, no clock but the meter's; a fixed amount of work and memory a reading.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
"""The classes of the tariff, in kW."""

QUARTER_HOUR = timedelta(minutes=15)
MAX_GAP = QUARTER_HOUR
"""Readings farther apart than this are not bridged."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a meter's clock is set back when it is corrected, and not set anew."""
MAX_POWER_KW = 1000.0
"""More than any low-voltage connection draws: a register that rises faster has leapt."""
MIN_REST = timedelta(minutes=1)
"""What is left of a quarter-hour's energy is spread over at least this time."""

_TIME_ZONE = ZoneInfo("Europe/Luxembourg")
_HOUR = timedelta(hours=1)
_VERSION = 1
# A thousandth of a watt, or of a watt-hour: far below what the register resolves, far above the
# errors of binary fractions.
_DECIMALS = 6
_MAX_STORED = 1e12

type _Stored = Any  # what `as_dict` returned, or whatever became of it


class QuarterHour(NamedTuple):
    """A complete quarter-hour: when it started (in UTC) and its mean imported power."""

    start: datetime
    mean_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is known after a reading. Times are in UTC, except the month's.

    Of a quarter-hour whose beginning was missed, the values of the running one are about the part
    since `measured_since`, as if the missed part were like it.
    """

    time: datetime
    """The meter's time of the last reading that counts."""
    quarter_start: datetime
    measured_since: datetime
    """From when on the running quarter-hour is known: its start, if nothing was missed."""
    running_kw: float | None
    """Energy so far by time so far; before any time has passed, the present power."""
    projected_kw: float | None
    """Its mean when it ends, if the present power stays; None while that is unknown."""
    will_exceed: bool | None
    """Whether the projection is above the reference power."""
    available_kw: float | None
    """The power for the rest of the quarter-hour that makes its mean the reference power.

    Never below 0. In the last minute, what is left is still spread over a whole minute: the value
    stays a power that a house can use, and errs on the safe side.
    """
    last_quarter: QuarterHour | None
    """The last complete quarter-hour, however long ago."""
    month_start: datetime
    """Midnight in Luxembourg at which the month of the values below began: their last reset."""
    peak: QuarterHour | None
    """The highest quarter-hour of the month; of equal ones, the first."""
    excess_kwh: float | None
    """The energy above the reference power this month, counted since one was set."""
    excess_cost: float | None
    """What that costs, at the present price."""


class _Running(NamedTuple):
    """The last reading that counts, and the energy of its quarter-hour since `since`."""

    time: datetime
    imported_wh: int
    since: datetime
    energy_wh: float


class _Month(NamedTuple):
    start: datetime
    peak: QuarterHour | None = None
    excess_wh: float = 0.0


def _quarter_start(time: datetime) -> datetime:
    # In UTC, so the hour that October repeats is two hours; its offsets are whole hours.
    return time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)


def _month_start(time: datetime) -> datetime:
    local = time.astimezone(_TIME_ZONE)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


class DemandMeter:
    """Follows the quarter-hours of one connection.

    `snapshot` is what is known by the last reading, None before the first ever.
    """

    def __init__(
        self, *, reference_kw: float | None = None, price_per_kwh: float | None = None
    ) -> None:
        self.snapshot: Demand | None = None
        self._reference_kw = reference_kw
        self._price_per_kwh = price_per_kwh
        self._power_kw: float | None = None
        self._serial_number: str | None = None
        self._running: _Running | None = None
        self._last_quarter: QuarterHour | None = None
        self._month: _Month | None = None

    def set_tariff(self, *, reference_kw: float | None, price_per_kwh: float | None) -> None:
        """Change the reference power and the price of a kWh above it; None is not known.

        What was counted this month stays. The running quarter-hour is judged as a whole by the new
        reference power; the price is that of the whole month.
        """
        self._reference_kw = reference_kw
        self._price_per_kwh = price_per_kwh
        self.snapshot = self._make_snapshot()

    def update(
        self,
        time: datetime | None,
        imported_kwh: float | None,
        power_kw: float | None,
        serial_number: str | None,
    ) -> Demand | None:
        """Take a telegram's time, imported energy and power, and its meter; return the snapshot.

        A telegram without a time or without the energy changes nothing; one without a serial
        number is of the same meter as the last one.
        """
        if time is not None and imported_kwh is not None:
            self._take(time.astimezone(UTC), round(imported_kwh * 1000), serial_number)
            self._power_kw = power_kw
            self.snapshot = self._make_snapshot()
        return self.snapshot

    def as_dict(self) -> dict[str, Any]:
        """Return all that must survive a restart, as JSON knows it."""
        running, month = self._running, self._month
        return {
            "version": _VERSION,
            "serial_number": self._serial_number,
            "running": running
            and {
                "time": running.time.isoformat(),
                "imported_wh": running.imported_wh,
                "since": running.since.isoformat(),
                "energy_wh": running.energy_wh,
            },
            "last_quarter": _store_quarter(self._last_quarter),
            "month": month
            and {
                "start": month.start.isoformat(),
                "peak": _store_quarter(month.peak),
                "excess_wh": month.excess_wh,
            },
        }

    @classmethod
    def from_dict(
        cls,
        data: _Stored,
        *,
        reference_kw: float | None = None,
        price_per_kwh: float | None = None,
    ) -> Self:
        """Return a meter that goes on where `as_dict` left off.

        The time in between is a gap like any other, and the present power is unknown until the
        next reading. From data that is malformed, or of another version, nothing is taken: the
        meter starts anew.
        """
        meter = cls(reference_kw=reference_kw, price_per_kwh=price_per_kwh)
        try:
            if data["version"] != _VERSION:
                return meter
            serial_number = _load_serial_number(data["serial_number"])
            running = _load_running(data["running"])
            last_quarter = _load_quarter(data["last_quarter"])
            month = _load_month(data["month"])
        except KeyError, TypeError, ValueError:
            return meter
        meter._serial_number = serial_number
        meter._running = running
        meter._last_quarter = last_quarter
        meter._month = month
        meter.snapshot = meter._make_snapshot()
        return meter

    def _take(self, time: datetime, imported_wh: int, serial_number: str | None) -> None:
        running, is_other_meter = self._running, self._is_other_meter(serial_number)
        self._serial_number = serial_number or self._serial_number
        if running is None or is_other_meter or _is_broken(running, time, imported_wh):
            self._running = _Running(time, imported_wh, time, 0.0)
            self._month = self._month or _Month(_month_start(time))
        elif time > running.time:
            self._bridge(running, time, imported_wh)

    def _is_other_meter(self, serial_number: str | None) -> bool:
        known = self._serial_number
        return bool(serial_number and known) and serial_number != known

    def _bridge(self, running: _Running, time: datetime, imported_wh: int) -> None:
        """Share the energy since the last reading out to the quarter-hours: one, or two."""
        energy_wh = imported_wh - running.imported_wh
        start = _quarter_start(time)
        if start <= running.time:
            total_wh = running.energy_wh + energy_wh
            self._running = _Running(time, imported_wh, running.since, total_wh)
            self._enter_month(start)
            return
        before_wh = energy_wh * ((start - running.time) / (time - running.time))
        ended = start - QUARTER_HOUR
        if running.since == ended:
            self._complete(ended, running.energy_wh + before_wh)
        self._running = _Running(time, imported_wh, start, energy_wh - before_wh)

    def _complete(self, start: datetime, energy_wh: float) -> None:
        quarter = QuarterHour(start, round(energy_wh * 4 / 1000, _DECIMALS))
        self._last_quarter = quarter
        month = self._enter_month(start)
        peak = month.peak
        if peak is None or quarter.mean_kw > peak.mean_kw:
            peak = quarter
        excess_wh = month.excess_wh
        if self._reference_kw is not None:
            excess_wh += max(0.0, energy_wh - self._reference_kw * 1000 / 4)
        self._month = _Month(month.start, peak, excess_wh)

    def _enter_month(self, quarter_start: datetime) -> _Month:
        start = _month_start(quarter_start)
        month = self._month
        if month is None or month.start != start:
            month = self._month = _Month(start)
        return month

    def _make_snapshot(self) -> Demand | None:
        running, month = self._running, self._month
        if running is None or month is None:
            return None
        time, _, since, energy_wh = running
        start = _quarter_start(time)
        end = start + QUARTER_HOUR
        energy_kwh = energy_wh / 1000
        elapsed, rest, whole = (time - since) / _HOUR, end - time, (end - since) / _HOUR
        power_kw, reference_kw, price = self._power_kw, self._reference_kw, self._price_per_kwh

        running_kw = round(energy_kwh / elapsed, _DECIMALS) if elapsed else power_kw
        projected_kw = will_exceed = available_kw = excess_kwh = excess_cost = None
        if power_kw is not None:
            projected_kw = round((energy_kwh + power_kw * (rest / _HOUR)) / whole, _DECIMALS)
        if reference_kw is not None:
            if projected_kw is not None:
                will_exceed = projected_kw > reference_kw
            left_kwh = max(0.0, reference_kw * whole - energy_kwh)
            available_kw = round(left_kwh / (max(rest, MIN_REST) / _HOUR), _DECIMALS)
            excess_kwh = round(month.excess_wh / 1000, _DECIMALS)
            if price is not None:
                excess_cost = round(excess_kwh * price, _DECIMALS)
        return Demand(
            time=time,
            quarter_start=start,
            measured_since=since,
            running_kw=running_kw,
            projected_kw=projected_kw,
            will_exceed=will_exceed,
            available_kw=available_kw,
            last_quarter=self._last_quarter,
            month_start=month.start,
            peak=month.peak,
            excess_kwh=excess_kwh,
            excess_cost=excess_cost,
        )


def _is_broken(running: _Running, time: datetime, imported_wh: int) -> bool:
    """Tell whether nothing can be said about the energy between the last reading and this one."""
    passed = time - running.time
    energy_wh = imported_wh - running.imported_wh
    # The clock may have been corrected in between, so some more time may really have passed.
    most_wh = MAX_POWER_KW * 1000 * ((passed + CLOCK_TOLERANCE) / _HOUR)
    return not -CLOCK_TOLERANCE <= passed <= MAX_GAP or not 0 <= energy_wh <= most_wh


def _store_quarter(quarter: QuarterHour | None) -> dict[str, Any] | None:
    return quarter and {"start": quarter.start.isoformat(), "mean_kw": quarter.mean_kw}


def _load_serial_number(data: _Stored) -> str | None:
    if data is not None and not isinstance(data, str):
        raise TypeError
    return data


def _load_time(data: _Stored) -> datetime:
    time = datetime.fromisoformat(data)
    # A meter writes two digits of the year. Nearer to the ends of time, dates overflow.
    if time.tzinfo is None or not 1999 <= time.year <= 2100:  # noqa: PLR2004
        raise ValueError
    return time.astimezone(UTC)


def _load_number(data: _Stored) -> float:
    if type(data) not in (int, float) or not 0 <= data <= _MAX_STORED:
        raise ValueError
    return float(data)


def _load_running(data: _Stored) -> _Running:
    running = _Running(
        _load_time(data["time"]),
        round(_load_number(data["imported_wh"])),
        _load_time(data["since"]),
        _load_number(data["energy_wh"]),
    )
    if not _quarter_start(running.time) <= running.since <= running.time:
        raise ValueError
    return running


def _load_quarter(data: _Stored) -> QuarterHour | None:
    if data is None:
        return None
    quarter = QuarterHour(_load_time(data["start"]), _load_number(data["mean_kw"]))
    if quarter.start != _quarter_start(quarter.start):
        raise ValueError
    return quarter


def _load_month(data: _Stored) -> _Month:
    start = _load_time(data["start"])
    if start != _month_start(start):
        raise ValueError
    return _Month(_month_start(start), _load_quarter(data["peak"]), _load_number(data["excess_wh"]))
