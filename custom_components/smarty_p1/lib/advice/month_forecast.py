"""Estimate of the current month's total cost.

The total includes the monthly prices of the whole month. The energies of each coming day come from
`daily_energy_forecast.py`, imported and exported energy apart. All other properties of a coming Wh,
such as its part above the reference power or its market price, are those of the last 28 whole days
under the contract of the coming day. If these days lack a property, the same month of last year
provides it. Energy has the second price in the hours of the coming days, by its usual hours on
working days and weekends.

Shared energy becomes known days later. So energy whose shared part is unknown, after energy whose
shared part is known, is shared like coming energy.

The range from `low` to `high` holds the true total in 80 % of months. Its width comes from the
errors that the same forecast had in the household's past: a household with regular days gets a
narrow range. A household with few days has few such errors. So an error of `_USUAL_ERROR` of the
coming cost counts in addition, as often as `_USUAL_ERROR_WEIGHT` errors.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import sqrt
from typing import NamedTuple

import numpy as np

from ..bill.bill import bill_of_parts
from ..bill.bill_part_sums import BillPart, Sums
from ..bill.household_state import HouseholdState
from ..bill.ledger import Ledger, second_rows
from ..bill.month import Month
from ..energy_table.table import Table
from ..energy_table.wall_clock import A_DAY, Floats, groups, number_from, time_of, wall_clock
from ..history.luxembourg_time import (
    DAY,
    day_end,
    days_between,
    local_day,
    month_end,
    quarter_start,
)
from ..history.register_amounts import DECIMALS
from ..prices.contract import NO_CONTRACTS, Contract, Contracts
from .daily_energy_forecast import BACKTEST_STEP, EnergyForecast, forecast_energy

_RECENT_DAYS = 28
_DAYS_BEFORE = timedelta(days=3)
_MIN_WHOLE_DAYS = 3
_MIN_MEASURED_SHARE = 0.9
_MIN_QUARTER_HOURS = 83
"""90 % of the quarter-hours of the shortest day, which has 92."""

_USUAL_ERROR = 0.15
_USUAL_ERROR_WEIGHT = 4
_DEVIATIONS = 1.4
"""Width of the range to each side, in standard deviations. 1.28 would hold 80 % of a normal
distribution. Changes of the household, and the few past errors of a new one, need more."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_LAYERS = slice(Sums._fields.index("layer_1_wh"), Sums._fields.index("known_sharing_wh"))
_SUPPLIED = ("priced_wh", "market_cost", "filled_wh", "filled_cost")
"""Sums of energy that the supplier bills at market prices."""
_SATURDAY = 5
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
    """More than a day and a tenth of the month's quarter-hours so far, whole days before now, or a
    certain clock."""


def estimated(household: HouseholdState) -> Estimate | Lack | None:
    """Return the estimate of the shown month: the month whose values the sensors show.

    The estimate uses the data up to the start of the running quarter-hour, so that it does not
    change with every telegram. Return a `Lack` if data is missing, and None if a price is unknown.
    """
    return estimate_month(household.known_month, quarter_start(household.until))


def estimate_month(month: Month, until: datetime) -> Estimate | Lack | None:
    """Return the estimate of `month`, the current month, which is known up to `until`.

    Return a `Lack` if data is missing. Return None if a price is unknown, or if `until` is not in
    `month`. It takes some 10 ms for two years.
    """
    if not month.start <= until < month.end:
        return None
    last_year = same_month_of_last_year(month)
    if lack := _lack(month, until, is_last_year_known=last_year is not None):
        return lack
    forecast = _Forecast.of(month, until, last_year)
    if forecast is None:
        return Lack.QUARTER_HOURS
    total = forecast.total()
    if total is None:
        return None
    below, above = forecast.deviations(total)
    return Estimate(total, round(total - below, 2), round(total + above, 2))


def _lack(month: Month, until: datetime, *, is_last_year_known: bool) -> Lack | None:
    passed = until - month.start
    if passed < _DAYS_BEFORE and not is_last_year_known:
        return Lack.LAST_YEAR
    # In the first days, the share says little: it may be the share of a single quarter-hour.
    known_share = month.known_share(until)
    if known_share < _MIN_MEASURED_SHARE and (1 - known_share) * passed >= DAY:
        return Lack.QUARTER_HOURS
    # While the meter's clock is doubtful, days after `until` are known, and would count twice.
    if month.ledger.has_rows(day_end(until), month.end):
        return Lack.QUARTER_HOURS
    return None


def same_month_of_last_year(month: Month) -> Month | None:
    """Return the same month a year ago, None if less than 90 % of it is known."""
    last_year = Month(month.ledger, month.start.replace(year=month.start.year - 1))
    share = last_year.known_share(last_year.end)
    return last_year if share >= _MIN_MEASURED_SHARE else None


class _ComingPart(NamedTuple):
    """Coming part of a month under one contract, with its days."""

    part: BillPart
    day_shares: Floats
    """Share of each day in the part, from today on."""
    models: Sequence[Sums]
    """Sums of known days under the part's contract. The first one counts where it can."""
    second_share: float
    """Share of the supplied energy that has the second price."""

    def with_energies(self, wh: float, fed_wh: float) -> BillPart:
        """Return the part with these energies, and the properties of its models."""
        return self.part._replace(sums=_like(self.models, wh, fed_wh, self.second_share))


class _Forecast(NamedTuple):
    """Forecast of the rest of a month, and the functions that turn it into money."""

    known: Sequence[BillPart]
    coming: Sequence[_ComingPart]
    imported: EnergyForecast
    exported: EnergyForecast
    has_exported: bool

    @classmethod
    def of(cls, month: Month, until: datetime, last_year: Month | None) -> _Forecast | None:
        """Return the forecast of `month` from `until` on. Return None without three whole days."""
        ledger, today = month.ledger, _ordinal(until)
        table, first = ledger.table, groups(ledger.clock.day)
        days = ledger.clock.day[first] + _EPOCH
        counts = np.add.reduceat(table.is_shown, first, dtype=np.int64)
        is_whole = (counts >= _MIN_QUARTER_HOURS) & (days < today)
        if is_whole.sum() < _MIN_WHOLE_DAYS:
            return None
        count = month_end(month.start).toordinal() - today
        imported_wh, exported_wh = (
            np.round(np.add.reduceat(column, first)[is_whole], DECIMALS)
            for column in (table.imported, np.nan_to_num(table.exported))
        )
        imported, exported = (
            forecast_energy(days[is_whole], wh, today, count) for wh in (imported_wh, exported_wh)
        )
        recent = np.isin(ledger.clock.day + _EPOCH, days[is_whole][-_RECENT_DAYS:])
        tables = [table.where(recent)]
        if last_year:
            tables.append(table.between(last_year.start, last_year.end))
        usual = _usual_supply(tables)
        coming = [
            _ComingPart(
                part,
                _day_shares(start, end, today, count),
                [Ledger.of_table(table, Contracts.always(part.contract)).all for table in tables],
                _second_share(usual, part.contract, start, end),
            )
            for start, end, part in ledger.timed_parts(until, month.end)
        ]
        begin = ledger.month_begin(month.start)
        known = [*_known_parts(ledger, begin, until, tables)]
        return cls(known, coming, imported, exported, bool(exported_wh.any()))

    def total(self, more_wh: float = 0.0, more_fed_wh: float = 0.0) -> float | None:
        """Return the month's total in EUR, None if a price is unknown.

        `more_wh` and `more_fed_wh` are added to the energies of each coming day.
        """
        coming = []
        for part in self.coming:
            wh = (self.imported.coming_wh + more_wh) @ part.day_shares
            fed_wh = (self.exported.coming_wh + more_fed_wh) @ part.day_shares
            coming.append(part.with_energies(float(wh), float(fed_wh)))
            if _lacks_feed_in_price(coming[-1]):
                return None
        return bill_of_parts([*self.known, *coming]).total

    def deviations(self, total: float) -> tuple[float, float]:
        """Return by how many EUR the true total may be below and above `total`."""
        imported, exported = self.imported, self.exported
        length = float(sum(part.day_shares.sum() for part in self.coming))
        count = len(imported.coming_wh)
        price = self._price(total, self.total(_PROBE_WH / length))
        feed_in = self._price(total, self.total(0.0, _PROBE_WH / length))
        cost = price * imported.coming_wh.sum() + abs(feed_in) * exported.coming_wh.sum()
        errors = price * imported.past_errors_wh + feed_in * exported.past_errors_wh
        # Past periods that are longer than a week overlap. So they count less often.
        weight = len(errors) * min(1.0, BACKTEST_STEP / count)
        past = (errors**2).mean() if len(errors) else 0.0
        usual = (_USUAL_ERROR * cost) ** 2
        variance = (weight * past + _USUAL_ERROR_WEIGHT * usual) / (weight + _USUAL_ERROR_WEIGHT)
        # Today is only partly to come.
        deviation = _DEVIATIONS * sqrt(variance * length / count)
        return deviation if self.has_exported else min(deviation, float(cost)), deviation

    @staticmethod
    def _price(total: float, other: float | None) -> float:
        """Return by how many EUR a further Wh changes the total. It is `other` with all of them."""
        return 0.0 if other is None else (other - total) / _PROBE_WH


def _lacks_feed_in_price(part: BillPart) -> bool:
    """Return whether no market price is known for what is fed in in a coming part.

    A bill without a market price for imported energy has no total. But energy that is fed in
    without a price is worth nothing on a bill.
    """
    is_at_market = part.contract.feed_in_margin is not None
    return is_at_market and part.sums.exported_wh > 0 and not part.sums.priced_exported_wh


def _known_parts(
    ledger: Ledger, begin: datetime, until: datetime, tables: Sequence[Table]
) -> Iterator[BillPart]:
    """Yield the known parts of a month. Energy after all known sharing is shared as usual."""
    is_shared_until = min(until, max(begin, _end_of_known_sharing(ledger) or until))
    if begin < is_shared_until:
        yield from ledger.parts(begin, is_shared_until)
    if is_shared_until >= until:
        return
    models, usual = (
        [Ledger.of_table(table, NO_CONTRACTS).all for table in tables],
        _usual_supply(tables),
    )
    for start, end, part in ledger.timed_parts(is_shared_until, until):
        second_share = _second_share(usual, part.contract, start, end)
        yield part._replace(sums=_shared_like(models, part.sums, second_share))


def _end_of_known_sharing(ledger: Ledger) -> datetime | None:
    """Return the end of the last row whose shared energy is known, None if there is no such row."""
    known = ledger.table.quarter[ledger.table.is_sharing_known]
    return time_of(known[-1] + 1) if len(known) else None


def _usual_supply(tables: Sequence[Table]) -> Floats:
    """Return the energy that the supplier bills in each quarter-hour of a usual day.

    The first row of the result is a working day, and the second row a day of a weekend. Where
    sharing is known for some rows, only these rows count.
    """
    table = next((table for table in tables if table.is_sharing_known.any()), tables[0])
    if table.is_sharing_known.any():
        table = table.where(table.is_sharing_known)
    clock = wall_clock(table.quarter)
    is_weekend = clock.weekday >= _SATURDAY
    supplied = table.imported - table.shared.sum(axis=0)
    # The quarter-hours of working days have the places 0 to 95, those of weekends 96 to 191.
    sums = np.bincount(is_weekend * A_DAY + clock.quarter, supplied, 2 * A_DAY)
    kinds = sums.reshape(2, A_DAY)
    days = np.array([len(np.unique(clock.day[is_weekend == kind])) for kind in (False, True)])
    if not days.all():
        return np.tile(kinds.sum(axis=0), (2, 1))
    usual: Floats = kinds / days[:, None]
    return usual


def _second_share(usual: Floats, contract: Contract, start: datetime, end: datetime) -> float:
    """Return the share of the supplied energy of a period that has the second price."""
    clock = wall_clock(np.arange(number_from(start), number_from(end)))
    wh = usual[(clock.weekday >= _SATURDAY).astype(int), clock.quarter]
    second_wh = wh[second_rows(contract, clock)].sum()
    return float(second_wh / wh.sum()) if wh.any() else 0.0


def _ratio(models: Sequence[Sums], name: str, base: str) -> float:
    """Return the ratio of two sums in the first model that has the second one."""
    pairs = [(getattr(model, name), getattr(model, base)) for model in models]
    return next((part / whole for part, whole in pairs if whole), 0.0)


def _layers_like(models: Sequence[Sums], wh: float) -> dict[str, float]:
    """Return the shared energy of each layer for imported energy that is shared as usual."""
    shares = {name: _ratio(models, name, "known_sharing_wh") for name in Sums._fields[_LAYERS]}
    return {"known_sharing_wh": wh, **{name: wh * share for name, share in shares.items()}}


def _shared_like(models: Sequence[Sums], sums: Sums, second_share: float) -> Sums:
    """Return known sums whose shared energy is unknown, with shared energy as usual."""
    layers = _layers_like(models, sums.imported_wh)
    shared = sums._replace(**layers)
    left = shared.supplied_wh / sums.supplied_wh if sums.supplied_wh else 1.0
    if left == 1:
        return sums
    of_market = {name: getattr(sums, name) * left for name in _SUPPLIED}
    return shared._replace(second_wh=shared.supplied_wh * second_share, **of_market)


def _like(models: Sequence[Sums], wh: float, fed_wh: float, second_share: float) -> Sums:
    """Return sums with the energies `wh` and `fed_wh`, and the properties of known days.

    If the days of the first model lack a property, such as a market price, the next one has it.
    """
    layers = _layers_like(models, wh)
    supplied_wh = Sums(imported_wh=wh, **layers).supplied_wh
    prices = [model.market_prices for model in models]
    energy = _first_known(price.energy for price in prices)
    feed_in = _first_known(price.feed_in for price in prices)
    return Sums(
        imported_wh=wh,
        exported_wh=fed_wh,
        above_wh=wh * _ratio(models, "above_wh", "imported_wh"),
        second_wh=supplied_wh * second_share,
        priced_wh=0.0 if energy is None else supplied_wh,
        market_cost=supplied_wh / 1000 * (energy or 0.0),
        priced_exported_wh=0.0 if feed_in is None else fed_wh,
        market_revenue=fed_wh / 1000 * (feed_in or 0.0),
        **layers,
    )


def _first_known(prices: Iterable[float | None]) -> float | None:
    return next((price for price in prices if price is not None), None)


def _ordinal(time: datetime) -> int:
    return local_day(time).toordinal()


def _day_shares(begin: datetime, end: datetime, today: int, count: int) -> Floats:
    """Return the share of each of `count` days, from `today` on, that lies in a period."""
    begin, end, shares = begin.astimezone(UTC), end.astimezone(UTC), np.zeros(count)
    for day in days_between(begin, end):
        part = min(day_end(day), end) - max(day, begin)
        shares[_ordinal(day) - today] = part / (day_end(day) - day)
    return shares
