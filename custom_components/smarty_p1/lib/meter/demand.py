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
  next one begins the new month. A month begins with readings that are bridged; one that is no
  continuation, because a clock went back or years ahead, begins with a whole quarter-hour.
- Months are kept by their start: a clock that was lost and comes back goes on in the right one.
  What a wrong clock left behind is forgotten first.
- A price holds from a day on; without one, from when it is entered, for the quarter-hours that
  have their greater part before them. What was counted keeps its price, so the cost of a month is
  the sum over its prices. The first price also holds for what had none in the running month.

No I/O, no clock but the meter's; a fixed amount of work and memory per reading.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
"""The classes of the tariff, in kW."""

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
QUARTER_HOUR = timedelta(minutes=15)
MAX_GAP = QUARTER_HOUR
"""Readings farther apart than this are not bridged."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a meter's clock is set back when it is corrected, and not set anew."""
MAX_POWER_KW = 1000.0
"""More than any low-voltage connection draws: a register that rises faster has leapt."""
MAX_MONTHS = 36
"""So many months are kept: two years, the running month, and room for what a wrong clock says."""

_HOUR = timedelta(hours=1)
_VERSION = 1
# A thousandth of a watt, or of a watt-hour: far below what the register resolves, far above the
# errors of binary fractions.
_DECIMALS = 6
# The register counts whole watt-hours: it may show up to one more than was drawn since the start.
_RESOLUTION_KWH = 0.001
_MAX_STORED = 1e19
_MAX_STORED_ITEMS = 10_000
_QUARTER_HOURS_A_DAY = 96
# A month that begins up to this long after the last one follows it, after an outage if need be.
_MAX_STEP = timedelta(days=366)

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
    """Energy so far by time so far; before any time has passed, the current power."""
    projected_kw: float | None
    """Its mean when it ends, if the current power stays; None while that is unknown."""
    will_exceed: bool | None
    """Whether the projection is above the reference power."""
    available_kw: float | None
    """The power for the rest of the quarter-hour that makes its mean the reference power.

    Never below 0, nor above what the connection carries. Not below the reference power for the
    sake of less than a watt-hour, which in the last seconds would be kilowatts.
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
    """What that costs: each part at the price that held for it."""


class _Running(NamedTuple):
    """The last reading that counts, and the energy of its quarter-hour since `since`."""

    time: datetime
    imported_wh: int
    since: datetime
    energy_wh: float


class _Price(NamedTuple):
    """The price of a kWh above, the day from which it holds, and the one that held before."""

    per_kwh: float | None = None
    since: date | None = None
    before: float | None = None
    changed_in: datetime | None = None
    """The quarter-hour that had its greater part when the price was changed."""

    def of(self, quarter_start: datetime) -> float | None:
        """Return the price of a quarter-hour."""
        is_too_early = self.since is not None and _local_day(quarter_start) < self.since
        return self.before if is_too_early or quarter_start == self.changed_in else self.per_kwh


@dataclass(slots=True)
class _Month:
    """What is counted of a month; `excess_wh` by the day and the price."""

    start: datetime
    peak: QuarterHour | None = None
    quarter_hours: int = 0
    excess_wh: dict[tuple[date, float | None], float] = field(default_factory=dict)

    def add(self, quarter: QuarterHour, excess_wh: float, price: float | None) -> None:
        """Count a complete quarter-hour."""
        self.quarter_hours += 1
        if self.peak is None or quarter.mean_kw > self.peak.mean_kw:
            self.peak = quarter
        if excess_wh:
            key = _local_day(quarter.start), price
            self.excess_wh[key] = self.excess_wh.get(key, 0.0) + excess_wh

    def set_price(self, price: float | None, since: date | None) -> None:
        """Set the price of what was counted since a day; without a day, of what had none."""
        counted, self.excess_wh = self.excess_wh, {}
        for (day, old), energy_wh in counted.items():
            is_meant = old is None if since is None else day >= since
            key = day, price if is_meant else old
            self.excess_wh[key] = self.excess_wh.get(key, 0.0) + energy_wh


def _quarter_start(time: datetime) -> datetime:
    # In UTC, so the hour that October repeats is two hours; its offsets are whole hours.
    return time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)


@lru_cache(maxsize=16)
def _month_start(time: datetime) -> datetime:
    local = time.astimezone(LUXEMBOURG)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _local_day(time: datetime) -> date:
    return time.astimezone(LUXEMBOURG).date()


class DemandMeter:
    """Follows the quarter-hours of one connection.

    `snapshot` is what is known by the last reading, None before the first ever.
    """

    def __init__(
        self,
        *,
        reference_kw: float | None = None,
        price_per_kwh: float | None = None,
        price_since: date | None = None,
    ) -> None:
        self.snapshot: Demand | None = None
        self._reference_kw = reference_kw
        self._price = _Price()
        self._power_kw: float | None = None
        self._limit_kw = MAX_POWER_KW
        self._serial_number: str | None = None
        self._running: _Running | None = None
        self._last_quarter: QuarterHour | None = None
        # In the order in which they were entered last: the last one is running.
        self._months: dict[datetime, _Month] = {}
        self._set_price(price_per_kwh, price_since)

    def set_tariff(
        self,
        *,
        reference_kw: float | None,
        price_per_kwh: float | None,
        price_since: date | None = None,
    ) -> None:
        """Change the reference power and the price of a kWh above it; None is not known.

        What was counted stays, at the price that it had before `price_since`. The running
        quarter-hour is judged as a whole by the new reference power.
        """
        self._reference_kw = reference_kw
        self._set_price(price_per_kwh, price_since)
        self.snapshot = self._make_snapshot()

    def update(
        self,
        time: datetime | None,
        imported_kwh: float | None,
        power_kw: float | None,
        serial_number: str | None,
        threshold_kva: float | None = None,
    ) -> Demand | None:
        """Read a telegram's time, imported energy and power, and its meter; return the snapshot.

        A telegram without a time or without a possible energy changes nothing; one without a serial
        number is of the same meter as the last one. `threshold_kva` is what the connection carries;
        the last one is good until there is another.
        """
        if time is not None and imported_kwh is not None and imported_kwh >= 0:
            self._take(time.astimezone(UTC), round(imported_kwh * 1000), serial_number)
            self._power_kw = power_kw
            if threshold_kva is not None and threshold_kva > 0:
                self._limit_kw = min(threshold_kva, MAX_POWER_KW)
            self.snapshot = self._make_snapshot()
        return self.snapshot

    def as_dict(self) -> dict[str, Any]:
        """Return all that must survive a restart, as JSON knows it."""
        running, price = self._running, self._price
        *others, month = map(_store_month, self._months.values()) if self._months else [None]
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
            "month": month,
            "other_months": others,
            "price": {
                "per_kwh": price.per_kwh,
                "since": price.since and price.since.isoformat(),
                "before": price.before,
                "changed_in": price.changed_in and price.changed_in.isoformat(),
            },
        }

    @classmethod
    def from_dict(
        cls,
        data: _Stored,
        *,
        reference_kw: float | None = None,
        price_per_kwh: float | None = None,
        price_since: date | None = None,
    ) -> Self:
        """Return a meter that goes on where `as_dict` left off.

        The time in between is a gap like any other, and the current power is unknown until the
        next reading. Raises ValueError for data that is malformed, or of another version.
        """
        meter = cls(reference_kw=reference_kw)
        try:
            meter._restore(data)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as err:
            raise ValueError from err
        meter._set_price(price_per_kwh, price_since)
        meter.snapshot = meter._make_snapshot()
        return meter

    def _restore(self, data: _Stored) -> None:
        if type(data["version"]) is not int or data["version"] != _VERSION:
            raise ValueError
        self._serial_number = _load_serial_number(data["serial_number"])
        self._running = None if data["running"] is None else _load_running(data["running"])
        self._last_quarter = _load_quarter(data["last_quarter"])
        # Earlier versions stored the running month alone, and no price.
        months = [*_load_list(data.get("other_months", [])), data["month"]]
        loaded = [_load_month(month) for month in months if month is not None]
        self._months = {month.start: month for month in loaded}
        if len(loaded) > MAX_MONTHS or (self._running is None) != (not loaded):
            raise ValueError
        self._price = _load_price(data["price"]) if "price" in data else _Price()

    @property
    def _month(self) -> _Month | None:
        return next(reversed(self._months.values()), None)

    def _set_price(self, per_kwh: float | None, since: date | None) -> None:
        old, running, month = self._price, self._running, self._month
        if (per_kwh, since) == (old.per_kwh, old.since):
            return
        if since is not None:
            before = old.of(_quarter_start(running.time)) if running else old.per_kwh
            self._price = _Price(per_kwh, since, before)
            for each in self._months.values():
                each.set_price(per_kwh, since)
            return
        self._price = _Price(per_kwh)
        if running and month:
            start = _quarter_start(running.time)
            before = old.of(start)
            if before is None:
                month.set_price(per_kwh, None)
            elif before != per_kwh and running.time - start >= QUARTER_HOUR / 2:
                self._price = _Price(per_kwh, None, before, start)

    def _take(self, time: datetime, imported_wh: int, serial_number: str | None) -> None:
        running, is_other_meter = self._running, self._is_other_meter(serial_number)
        self._serial_number = serial_number or self._serial_number
        if running is None or is_other_meter or _is_broken(running, time, imported_wh):
            self._running = _Running(time, imported_wh, time, 0.0)
            if is_other_meter:
                self._limit_kw = MAX_POWER_KW
            if not self._months:
                self._enter_month(time)
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
            if self._goes_on_in_month(start):
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
        excess_wh = 0.0
        if self._reference_kw is not None:
            excess_wh = max(0.0, energy_wh - self._reference_kw * 1000 / 4)
        self._enter_month(start).add(quarter, excess_wh, self._price.of(start))

    def _goes_on_in_month(self, quarter_start: datetime) -> bool:
        """Return whether a time is in a known month, or the next: a clock may be wrong."""
        start, month = _month_start(quarter_start), self._month
        return (
            month is None
            or start in self._months
            or timedelta() <= quarter_start - month.start.astimezone(UTC) <= _MAX_STEP
        )

    def _enter_month(self, quarter_start: datetime) -> _Month:
        start, month = _month_start(quarter_start), self._month
        if month and month.start == start:
            return month
        if month and not month.quarter_hours:
            del self._months[month.start]
        entered = self._months.pop(start) if start in self._months else _Month(start)
        self._months[start] = entered
        if len(self._months) > MAX_MONTHS:
            *others, _ = self._months.values()
            least = min(others, key=lambda other: other.quarter_hours)
            is_scrap = least.quarter_hours < _QUARTER_HOURS_A_DAY
            del self._months[(least if is_scrap else others[0]).start]
        return entered

    def _make_snapshot(self) -> Demand | None:
        running, month = self._running, self._month
        if running is None or month is None:
            return None
        time, _, since, energy_wh = running
        start = _quarter_start(time)
        end = start + QUARTER_HOUR
        energy_kwh = energy_wh / 1000
        elapsed, rest, whole = (time - since) / _HOUR, end - time, (end - since) / _HOUR
        power_kw, reference_kw = self._power_kw, self._reference_kw

        running_kw = round(energy_kwh / elapsed, _DECIMALS) if elapsed else power_kw
        projected_kw = will_exceed = available_kw = excess_kwh = excess_cost = None
        if power_kw is not None:
            projected_kw = round((energy_kwh + power_kw * (rest / _HOUR)) / whole, _DECIMALS)
        if reference_kw is not None:
            if projected_kw is not None:
                will_exceed = projected_kw > reference_kw
            left_kwh = reference_kw * whole - energy_kwh
            exact_kw = max(0.0, left_kwh / (rest / _HOUR))
            if exact_kw < reference_kw <= (left_kwh + _RESOLUTION_KWH) / (rest / _HOUR):
                exact_kw = reference_kw
            available_kw = min(round(exact_kw, _DECIMALS), self._limit_kw)
            excess_kwh = round(sum(month.excess_wh.values()) / 1000, _DECIMALS)
            if self._price.per_kwh is not None:
                costs = ((price or 0.0) * wh for (_, price), wh in month.excess_wh.items())
                excess_cost = round(sum(costs) / 1000, _DECIMALS)
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
    """Return whether nothing can be said about the energy between the last reading and this."""
    passed = time - running.time
    energy_wh = imported_wh - running.imported_wh
    # The clock may have been corrected in between, so some more time may really have passed.
    most_wh = MAX_POWER_KW * 1000 * ((passed + CLOCK_TOLERANCE) / _HOUR)
    return not -CLOCK_TOLERANCE <= passed <= MAX_GAP or not 0 <= energy_wh <= most_wh


def _store_quarter(quarter: QuarterHour | None) -> dict[str, Any] | None:
    return quarter and {"start": quarter.start.isoformat(), "mean_kw": quarter.mean_kw}


def _store_month(month: _Month) -> dict[str, Any]:
    return {
        "start": month.start.isoformat(),
        "peak": _store_quarter(month.peak),
        "excess_wh": sum(month.excess_wh.values()),
        "quarter_hours": month.quarter_hours,
        "excess": [
            {"day": day.isoformat(), "price": price, "energy_wh": energy_wh}
            for (day, price), energy_wh in month.excess_wh.items()
        ],
    }


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
    time = _load_time(data["start"])
    start, peak = _month_start(time), _load_quarter(data["peak"])
    if start != time:
        raise ValueError
    energy_wh = _load_number(data["excess_wh"])
    if "excess" not in data:  # of earlier versions, which knew one price
        month = _Month(start, peak, int(peak is not None))
        if energy_wh:
            month.excess_wh[start.date(), None] = energy_wh
        return month
    excess = {
        (_load_day(each["day"]), _load_price_per_kwh(each["price"])): _load_number(
            each["energy_wh"]
        )
        for each in _load_list(data["excess"])
    }
    return _Month(start, peak, _load_count(data["quarter_hours"]), excess)


def _load_list(data: _Stored) -> list[_Stored]:
    if type(data) is not list or len(data) > _MAX_STORED_ITEMS:
        raise ValueError
    return data


def _load_count(data: _Stored) -> int:
    if type(data) is not int or not 0 <= data <= _MAX_STORED:
        raise ValueError
    return data


def _load_day(data: _Stored) -> date:
    day = date.fromisoformat(data)
    if not 1999 <= day.year <= 2100:  # noqa: PLR2004
        raise ValueError
    return day


def _load_price_per_kwh(data: _Stored) -> float | None:
    return None if data is None else _load_number(data)


def _load_price(data: _Stored) -> _Price:
    since, changed_in = data["since"], data["changed_in"]
    return _Price(
        _load_price_per_kwh(data["per_kwh"]),
        None if since is None else _load_day(since),
        _load_price_per_kwh(data["before"]),
        None if changed_in is None else _load_time(changed_in),
    )
