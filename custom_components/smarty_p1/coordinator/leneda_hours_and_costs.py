"""Hourly long-term statistics of energy and costs, from quarter-hours of the national platform.

An hour is written if all four quarter-hours are known and at least one of them comes from the
platform Leneda. For a quarter-hour that the meter measured, the measured value is used.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import NamedTuple

from ..lib.entities import CURRENCY
from ..lib.leneda import REGISTERS, Quantity, Row, quarter_hours_of, sharing_of, with_totals
from ..lib.tariff import (
    LUXEMBOURG,
    NO_PRICES,
    Contracts,
    KwhPrice,
    Month,
    QuarterHour,
    bills_by_day,
    day_end,
    day_start,
    price_of_kwh,
    quarter_hour_cost,
)
from .leneda_statistics_writer import Series

type Hours = dict[datetime, float]
type ByQuarterHour = dict[datetime, float]
"""Energies or costs by the start of the quarter-hour."""

IMPORTED, EXPORTED, TOTAL = "energy_imported", "energy_exported", "cost_total"
PRICED_IMPORT, PRICED_EXPORT = "priced_import", "priced_export"
"""Costs of import and export that the Energy dashboard computes from its own prices."""
_QUARTERS = 4
_HOUR = timedelta(hours=1)


class Costs(NamedTuple):
    """Contracts and months from which the costs of hours are computed."""

    contracts: Contracts
    months: Sequence[Month]
    """Months that include the platform's days."""
    until: datetime
    left_out: Container[str]
    """Days such as "2026-06-30" to leave out. The displayed total of the bill rose by their costs,
    and Home Assistant has recorded this rise itself."""


def all_series(
    names: Mapping[str, str],
    own: Sequence[QuarterHour],
    platform: Mapping[str, Sequence[Row]],
    costs: Costs,
) -> list[Series]:
    """Return the hourly series of each entity in `names`.

    `names` has the ids of the entities, keyed by quantity. `own` has the measured quarter-hours,
    and `platform` has the rows of the platform Leneda, keyed by code.
    """
    rows = {REGISTERS[code].quantity: rows for code, rows in with_totals(platform).items()}
    drawn_kwh, bought = _quarter_hours(
        {quarter.start: quarter.mean_kw / 4 for quarter in own}, rows.get(Quantity.IMPORTED, ())
    )
    fed_kwh, sold = _quarter_hours(
        {quarter.start: kwh for quarter in own if (kwh := quarter.exported_kwh) is not None},
        rows.get(Quantity.EXPORTED, ()),
    )
    imported, exported = _whole_hours(drawn_kwh), _whole_hours(fed_kwh)
    prices = _prices(costs.contracts, {**drawn_kwh, **fed_kwh})
    paid = _whole_hours(
        _priced(drawn_kwh, {start: price.imported for start, price in prices.items()})
    )
    _subtract(_spared(own, platform, costs.contracts), paid)
    earned = _whole_hours(
        _priced(fed_kwh, {start: price.exported for start, price in prices.items()})
    )
    hours: dict[str, Hours] = {
        IMPORTED: _only(bought, imported),
        EXPORTED: _only(sold, exported),
        PRICED_IMPORT: _only(bought, paid),
        PRICED_EXPORT: _only(sold, earned),
    }
    if TOTAL in names:
        hours[TOTAL] = _only(bought, dict(_of_the_bill(imported, paid, earned, costs)))
    return series_of(names, hours)


def _prices(contracts: Contracts, starts: Iterable[datetime]) -> dict[datetime, KwhPrice]:
    """Return the price of a kWh in each quarter-hour."""
    price_at = cache(partial(price_of_kwh, contracts, market=NO_PRICES))
    prices = {}
    for start in starts:
        # Without a second price, a contract has the same price for all quarter-hours of a day.
        # Compute this price only once, because a year has 35,000 quarter-hours.
        is_constant = not contracts.at(start).has_second_price
        prices[start] = price_at(contracts.part_start(start) if is_constant else start)
    return prices


def _priced(kwh: ByQuarterHour, prices: Mapping[datetime, float | None]) -> ByQuarterHour:
    """Return the cost of each quarter-hour's energy in EUR.

    Quarter-hours without a known price are left out.
    """
    return {
        start: energy * price
        for start, energy in kwh.items()
        if (price := prices[start]) is not None
    }


def _subtract(spared: Iterable[tuple[datetime, float]], paid: Hours) -> None:
    for hour, cost in spared:
        if hour in paid:
            paid[hour] -= cost


def series_of(names: Mapping[str, str], hours: Mapping[str, Hours]) -> list[Series]:
    """Return a series for each key in `names`. A series is empty if `hours` lacks its key."""
    series = {
        IMPORTED: Series(IMPORTED, "", {}),
        EXPORTED: Series(EXPORTED, "", {}),
        PRICED_IMPORT: Series(PRICED_IMPORT, "", {}, CURRENCY, _from_nothing),
        PRICED_EXPORT: Series(PRICED_EXPORT, "", {}, CURRENCY, _from_nothing),
        TOTAL: Series(TOTAL, "", {}, CURRENCY, month_of),
    }
    return [
        series[key]._replace(statistic_id=name, hours=hours.get(key, {}))
        for key, name in names.items()
    ]


def day_name(time: datetime) -> str:
    """Return the day in Luxembourg that contains `time`, such as "2026-06-30"."""
    return f"{time.astimezone(LUXEMBOURG):%Y-%m-%d}"


def month_of(hour: datetime) -> float:
    """Return the timestamp of the start of the month in Luxembourg that contains `hour`."""
    local = hour.astimezone(LUXEMBOURG)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


def _from_nothing(_hour: datetime) -> None:
    """Return None, because the state of these costs is never reset to 0.

    The caller needs a `StartsAnew`: a function that returns the time of the last reset, or None.
    """


def _quarter_hours(
    own: Mapping[datetime, float], rows: Iterable[Row]
) -> tuple[ByQuarterHour, set[datetime]]:
    """Return the kWh of all quarter-hours, and the hours in which the platform's values are used.

    `own` has the measured kWh, keyed by the start of the quarter-hour. `rows` has the platform's
    values. They are used for quarter-hours that `own` lacks.
    """
    theirs = {row.start: row.kw / 4 for row in rows if row.start not in own}
    return {**theirs, **own}, {start.replace(minute=0) for start in theirs}


def _whole_hours(quarter_hours: ByQuarterHour) -> Hours:
    """Return the sums of all hours whose four quarter-hours are known."""
    counts: Counter[datetime] = Counter()
    totals: Hours = {}
    for start, amount in quarter_hours.items():
        hour = start.replace(minute=0)
        counts[hour] += 1
        totals[hour] = totals.get(hour, 0.0) + amount
    return {hour: total for hour, total in totals.items() if counts[hour] == _QUARTERS}


def _only(wanted: Container[datetime], hours: Hours) -> Hours:
    return {hour: value for hour, value in hours.items() if hour in wanted}


def _spared(
    own: Iterable[QuarterHour], platform: Mapping[str, Sequence[Row]], contracts: Contracts
) -> Iterator[tuple[datetime, float]]:
    """Yield the saving in EUR of each quarter-hour that has shared energy.

    Each result has the start of the hour that contains the quarter-hour, and the saving. So the
    same hour can occur up to four times. A quarter-hour whose cost is unknown is left out.
    """
    if not (sharing := sharing_of(platform)):
        return
    quarters = [*quarter_hours_of(platform), *own]
    # A measured quarter-hour replaces the platform's quarter-hour with the same start, because the
    # measured quarter-hours are at the end of the list and the dict keeps the last value of a key.
    for quarter in {span.start: span for span in quarters}.values():
        if covered := sharing.get(quarter.start):
            whole = quarter_hour_cost(quarter, contracts)
            remaining = quarter_hour_cost(quarter, contracts, covered)
            if whole is not None and remaining is not None:
                yield quarter.start.replace(minute=0), whole - remaining


def _of_the_bill(
    imported: Hours, paid: Hours, earned: Hours, costs: Costs
) -> Iterator[tuple[datetime, float]]:
    """Yield each hour with its part of the bill in EUR.

    An hour has the cost of its own energy, and an equal share of the day's other costs, such as
    fixed prices and the surcharge. So the hours of a complete day add up exactly to the day's part
    of the bill.
    """
    by_day: dict[datetime, list[datetime]] = {}
    for hour in imported:
        by_day.setdefault(day_start(hour), []).append(hour)
    for month in costs.months:
        for day, cost in _days_of_the_bill(month, by_day, costs):
            by_hour = {hour: paid.get(hour, 0.0) - earned.get(hour, 0.0) for hour in by_day[day]}
            rest = (cost - sum(by_hour.values())) * (_HOUR / (day_end(day) - day))
            yield from ((hour, kwh_cost + rest) for hour, kwh_cost in by_hour.items())


def _days_of_the_bill(
    month: Month, wanted: Container[datetime], costs: Costs
) -> Iterator[tuple[datetime, float]]:
    """Yield the whole days of a month, each with its part of the bill in EUR.

    Yield only days in `wanted`. Skip the days in `costs.left_out`, so that their costs do not count
    twice. Skip days with an unknown cost, too.
    """
    for day, end, before, due in bills_by_day(month, costs.contracts, costs.until):
        is_whole = end == day_end(day) and day in wanted and day_name(day) not in costs.left_out
        if is_whole and before.total is not None and due.total is not None:
            yield day, due.total - before.total
