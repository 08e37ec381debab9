"""Estimate of the current month's total cost.

The total includes the monthly prices of the whole month. The energies of each coming day come from
`daily_energy_forecast.py`, imported and exported energy apart. All other properties of the coming
energy, such as its part above the reference power or its market price, are those of the last 28
whole days. If these days lack a property, the same month of last year provides it.

The range from `low` to `high` holds the true total in 80 % of months. Its width comes from the
errors that the same forecast had in the household's past: a household with regular days gets a
narrow range. A household with few days has few such errors. So an error of `_USUAL_ERROR` of the
coming cost counts in addition, as often as `_USUAL_ERROR_WEIGHT` errors.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import groupby
from math import sqrt
from typing import NamedTuple

from ..bill.bill import compute_bill
from ..bill.household_state import HouseholdState
from ..bill.month import NO_SHARED, ClassExcess, Day, Month, Shared
from ..bill.month_sums import merge_months
from ..history.calendar import LUXEMBOURG, day_end, day_start, quarter_start
from ..prices.contract import REFERENCE_POWERS, Contract, Contracts
from ..prices.time_of_use import TimeOfUseSplit
from .daily_energy_forecast import BACKTEST_STEP, EnergyForecast, forecast_energy

_RECENT_DAYS = 28
_DAYS_BEFORE = timedelta(days=3)
_A_DAY = timedelta(days=1)
_MIN_WHOLE_DAYS = 3
_MIN_MEASURED_SHARE = 0.9
_MIN_QUARTER_HOURS = 83
"""90 % of the quarter-hours of the shortest day, which has 92."""

_USUAL_ERROR = 0.15
_USUAL_ERROR_WEIGHT = 4
_DEVIATIONS = 1.4
"""Width of the range to each side, in standard deviations. 1.28 would hold 80 % of a normal
distribution. Changes of the household, and the few past errors of a new one, need more."""
_PROBE_WH = 1e6
"""Energy whose cost gives the price of a coming kWh. It is large, because bills are rounded."""


class Estimate(NamedTuple):
    """Expected total in EUR of the current month. `low` and `high` hold it in 80 % of months."""

    total: float
    low: float
    high: float


class Lack(StrEnum):
    """Data without which a month has no estimate."""

    LAST_YEAR = "last_year"
    """The same month of last year. It is needed in the first three days of a month."""
    QUARTER_HOURS = "quarter_hours"
    """More than a tenth of the month's quarter-hours so far, whole days before now, or a certain
    clock."""


def estimated(demand: HouseholdState) -> Estimate | Lack | None:
    """Return the estimate of the shown month: the month whose values the sensors show.

    The estimate uses the data up to the start of the running quarter-hour, so that it does not
    change with every telegram. Return a `Lack` if data is missing, and None if a price is unknown.
    """
    until = quarter_start(demand.until)
    return estimate_month(demand.known_month, demand.earlier_months, demand.contracts, until)


def estimate_month(
    month: Month, earlier: Sequence[Month], contracts: Contracts, until: datetime
) -> Estimate | Lack | None:
    """Return the estimate of `month`, the current month.

    `earlier` are the months before. `until` is the time up to which `month` is measured. Return a
    `Lack` if data is missing. Return None if a price is unknown, or if `until` is not in `month`.
    It takes about 5 ms for two years of days.
    """
    if not month.start <= until < month.end:
        return None
    last_year = same_month_of_last_year(month, earlier)
    if lack := _lack(month, until, is_last_year_known=last_year is not None):
        return lack
    days = _whole_days((*earlier, month), until)
    if len(days) < _MIN_WHOLE_DAYS:
        return Lack.QUARTER_HOURS
    forecast = _Forecast.of(month, contracts, until, days, last_year.days if last_year else ())
    total = forecast.total()
    if total is None:
        return None
    below, above = forecast.deviations(total)
    return Estimate(total, round(total - below, 2), round(total + above, 2))


def _lack(month: Month, until: datetime, *, is_last_year_known: bool) -> Lack | None:
    passed = until - month.start
    if passed < _DAYS_BEFORE and not is_last_year_known:
        return Lack.LAST_YEAR
    # On the first day, the share says little: it may be the share of a single quarter-hour.
    if passed >= _A_DAY and month.known_share(until) < _MIN_MEASURED_SHARE:
        return Lack.QUARTER_HOURS
    # While the meter's clock is doubtful, days after `until` are known, and would count twice.
    if month.days and month.days[-1].start > until:
        return Lack.QUARTER_HOURS
    return None


def same_month_of_last_year(month: Month, earlier: Sequence[Month]) -> Month | None:
    """Return the same month a year ago, None if less than 90 % of it is known."""
    year_before = month.start.replace(year=month.start.year - 1)
    last_year = next((candidate for candidate in earlier if candidate.start == year_before), None)
    if last_year is None or last_year.known_share(last_year.end) < _MIN_MEASURED_SHARE:
        return None
    return last_year


class _WholeDay(NamedTuple):
    """A day of which at least 90 % of the quarter-hours are known. Energies are in Wh."""

    number: int
    """Ordinal of the date."""
    imported_wh: float
    exported_wh: float
    records: tuple[Day, ...]
    """One record for each contract of the day."""


def _whole_days(months: Iterable[Month], until: datetime) -> list[_WholeDay]:
    """Return the whole days that ended before or at `until`, in the order of time."""
    today = _date_number(until)
    days = (day for month in months for day in month.days)
    by_date = groupby(days, key=lambda day: _date_number(day.start))
    whole_days = []
    for number, group in by_date:
        if number >= today:
            break
        records = tuple(group)
        if sum([day.quarter_hours for day in records]) >= _MIN_QUARTER_HOURS:
            imported_wh = sum([day.imported_wh for day in records])
            exported_wh = sum([day.exported_wh for day in records])
            whole_days.append(_WholeDay(number, imported_wh, exported_wh, records))
    return whole_days


def _date_number(time: datetime) -> int:
    return time.astimezone(LUXEMBOURG).toordinal()


class _ComingPart(NamedTuple):
    """A coming day, or the part of a coming day under one contract."""

    start: datetime
    days_ahead: int
    """Number of days from today."""
    share: float
    """Length as a share of the day."""


def _coming_parts(contracts: Contracts, until: datetime, end: datetime) -> list[_ComingPart]:
    parts = []
    start, today = until, _date_number(until)
    while start < end:
        part_end = min(contracts.part_end(start), end)
        share = (part_end - start) / (day_end(start) - day_start(start))
        parts.append(_ComingPart(start, _date_number(start) - today, share))
        start = part_end
    return parts


class _Forecast(NamedTuple):
    """Forecast of the rest of a month, and the functions that turn it into money."""

    month: Month
    contracts: Contracts
    parts: Sequence[_ComingPart]
    imported: EnergyForecast
    exported: EnergyForecast | None
    """None for a household that has never exported."""
    mix: _Mix

    @classmethod
    def of(
        cls,
        month: Month,
        contracts: Contracts,
        until: datetime,
        days: Sequence[_WholeDay],
        of_last_year: Sequence[Day],
    ) -> _Forecast:
        """Return the forecast of `month` from `until` on. `days` are all whole days before."""
        parts = _coming_parts(contracts, until, month.end)
        first, count = _date_number(until), parts[-1].days_ahead + 1
        imported = forecast_energy([(day.number, day.imported_wh) for day in days], first, count)
        exported = None
        if any(day.exported_wh for day in days):
            series = [(day.number, day.exported_wh) for day in days]
            exported = forecast_energy(series, first, count)
        recent = [record for day in days[-_RECENT_DAYS:] for record in day.records]
        mix = _Mix.of(_Known(recent, of_last_year))
        return cls(month, contracts, parts, imported, exported, mix)

    def total(self, more_imported_wh: float = 0.0, more_exported_wh: float = 0.0) -> float | None:
        """Return the month's total in EUR, None if a price is unknown.

        `more_imported_wh` and `more_exported_wh` are added to the energies of each coming day.
        """
        coming = []
        for start, days_ahead, share in self.parts:
            imported_wh = self.imported.coming_wh[days_ahead] + more_imported_wh
            exported_wh = more_exported_wh
            exported_wh += self.exported.coming_wh[days_ahead] if self.exported else 0.0
            begin = self.contracts.part_start(start)
            day = self.mix.day(begin, imported_wh * share, exported_wh * share)
            if _lacks_feed_in_price(day, self.contracts.at(start)):
                return None
            coming.append(day)
        rest = Month(start=self.month.start, days=tuple(coming))
        return compute_bill(merge_months(self.month, rest), self.contracts, self.month.end).total

    def deviations(self, total: float) -> tuple[float, float]:
        """Return by how many EUR the true total may be below and above `total`."""
        length = sum(part.share for part in self.parts)
        count = len(self.imported.coming_wh)
        price = self._price(total, length, imported=True)
        cost = price * sum(self.imported.coming_wh)
        errors: Sequence[float] = [price * wh for wh in self.imported.past_errors_wh]
        highest_saving = cost
        if self.exported:
            feed_in = self._price(total, length, imported=False)
            cost += abs(feed_in) * sum(self.exported.coming_wh)
            pairs = zip(errors, self.exported.past_errors_wh, strict=True)
            errors = [error + feed_in * wh for error, wh in pairs]
            highest_saving = float("inf")
        # Past periods that are longer than a week overlap. So they count less often.
        weight = len(errors) * min(1.0, BACKTEST_STEP / count)
        past = sum(error * error for error in errors) / len(errors) if errors else 0.0
        usual = (_USUAL_ERROR * cost) ** 2
        variance = (weight * past + _USUAL_ERROR_WEIGHT * usual) / (weight + _USUAL_ERROR_WEIGHT)
        # Today is only partly to come.
        deviation = _DEVIATIONS * sqrt(variance * length / count)
        return min(deviation, highest_saving), deviation

    def _price(self, total: float, length: float, *, imported: bool) -> float:
        """Return by how many EUR a further Wh changes the total."""
        more_wh = _PROBE_WH / length
        other = self.total(more_wh) if imported else self.total(0.0, more_wh)
        return 0.0 if other is None else (other - total) / _PROBE_WH


def _lacks_feed_in_price(day: Day, contract: Contract) -> bool:
    """Return whether no market price is known for what is fed in on `day`, a day of the forecast.

    A bill without a market price for imported energy has no total. But energy that is fed in
    without a price is worth nothing on a bill.
    """
    is_at_market = contract.feed_in_margin is not None
    return is_at_market and day.exported_wh > 0 and not day.market_exported_wh


class _Mix(NamedTuple):
    """Properties of each coming Wh of imported and of exported energy."""

    price: float | None
    """Market price of an imported Wh in EUR, None if unknown."""
    revenue: float | None
    """Market price of an exported Wh in EUR, None if unknown."""
    above: dict[float, float]
    """Part above each reference power, keyed by this power in kW."""
    second: dict[str, float]
    """Part in the hours of a second price, keyed as in `Contract.second_hours`."""
    shared: Shared

    @classmethod
    def of(cls, known: _Known) -> _Mix:
        """Return the mean properties of known days."""
        price = known.ratio(lambda day: (day.market_cost, day.market_wh))
        revenue = known.ratio(lambda day: (day.market_revenue, day.market_exported_wh))
        return cls(price, revenue, known.above(), known.second(), known.shared(price or 0.0))

    def day(self, start: datetime, imported_wh: float, exported_wh: float) -> Day:
        """Return a day that begins at `start`, with these energies and properties."""
        return Day(
            start=start,
            imported_wh=imported_wh,
            exported_wh=exported_wh,
            above={kw: ClassExcess(0, imported_wh * part) for kw, part in self.above.items()},
            second={
                hours: TimeOfUseSplit(imported_wh, imported_wh * part)
                for hours, part in self.second.items()
            },
            market_cost=imported_wh * (self.price or 0.0),
            market_wh=0.0 if self.price is None else imported_wh,
            market_revenue=exported_wh * (self.revenue or 0.0),
            market_exported_wh=0.0 if self.revenue is None else exported_wh,
            shared=self.shared.times(imported_wh),
        )


class _Known(NamedTuple):
    """Days on which a forecast is based.

    If all days in `days` lack a value, such as a market price, this value comes from `others`.
    """

    days: Sequence[Day]
    others: Sequence[Day]

    def ratio(self, of: Callable[[Day], tuple[float, float]]) -> float | None:
        """Return a mean ratio of `days`, such as the market cost divided by the energy.

        `of` returns the dividend and the divisor of one day. The result is the sum of the dividends
        divided by the sum of the divisors. If the divisors of `days` add up to 0, use the days in
        `others`. Return None if the divisors of `others` add up to 0, too.
        """
        for days in self:
            pairs = [of(day) for day in days]
            if whole := sum(total for _, total in pairs):
                return sum(part for part, _ in pairs) / whole
        return None

    def above(self) -> dict[float, float]:
        """Return the expected part of the energy above each reference power, keyed in kW."""
        powers = {kw for days in self for day in days for kw in day.above}
        return {kw: self.ratio(partial(_above, kw)) or 0.0 for kw in powers}

    def second(self) -> dict[str, float]:
        """Return the part of the energy that is expected in the hours of a second price.

        The keys are the hours of the second prices of all contracts, as in `Contract.second_hours`.
        """
        every = {hours for days in self for day in days for hours in day.second}
        shares = {hours: self.ratio(partial(_second, hours)) for hours in every}
        return {hours: share for hours, share in shares.items() if share is not None}

    def shared(self, price: float) -> Shared:
        """Return the part of each Wh that is expected from energy sharing.

        `price` is the mean market price of the energy, in EUR per Wh.
        """
        shares = [self.ratio(partial(_shared, n)) or 0.0 for n in range(len(NO_SHARED))]
        # The market cost of the shared energy comes only from the days with known shared energy.
        # `price` comes from all days with a market price. So convert this cost from the mean price
        # of its own days to `price`.
        shared_price = self.ratio(_market_if_shared) or 0.0
        return Shared(*shares).repriced(shared_price, price)


def _above(kw: float, day: Day) -> tuple[float, float]:
    """Return the day's energy above `kw`, and the day's imported energy, both in Wh.

    If a reference power of the tariff is missing in `day.above`, this power was not exceeded. If
    another power is missing, the energy above this power is unknown, and both results are 0.
    """
    energy_wh = day.above[kw].energy_wh if kw in day.above else 0.0
    return energy_wh, day.imported_wh if kw in day.above or kw in REFERENCE_POWERS else 0.0


def _second(hours: str, day: Day) -> tuple[float, float]:
    energy_wh, second_wh = day.second.get(hours, (0.0, 0.0))
    return second_wh, energy_wh


def _shared(n: int, day: Day) -> tuple[float, float]:
    return (day.shared[n], day.shared.known_wh) if day.shared else (0.0, 0.0)


def _market_if_shared(day: Day) -> tuple[float, float]:
    return (day.market_cost, day.market_wh) if day.shared else (0.0, 0.0)
