"""Costs of gas, from two numbers of a gas bill: the price of a cubic metre and the monthly price.

A day counts as whole if its gas is almost fully known (`MIN_KNOWN_SHARE`). The costs of a month
end with the last such day. The monthly price is spread over the days, so that the same days of two
years are comparable.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from ..history.luxembourg_time import DAY, day_end, day_start, local_day
from ..json_types import JsonDict, JsonMapping
from ..prices.gas_prices import DatedGasPrices, GasPrices

MIN_KNOWN_SHARE = 0.9
"""A day counts as whole if at least this share of the day is known."""
# Decimals of a day's cost. A day may cost only a few cents. With five decimals, the days add up to
# the month's amount exactly to the cent.
_DECIMALS = 5

type GasDaySums = Mapping[datetime, tuple[float, float]]
"""For each start of a day: the day's gas in m³, and the number of its seconds that are known."""


class GasMeter(Protocol):
    """Gas meter: the time of its last reading, and its daily sums."""

    @property
    def time(self) -> datetime | None: ...  # noqa: D102

    @property
    def days(self) -> GasDaySums: ...  # noqa: D102


class _Day(NamedTuple):
    """Gas of a day in m³, and the share (0 to 1) of the day that is known."""

    m3: float
    known: float

    @property
    def is_whole(self) -> bool:
        return self.known >= MIN_KNOWN_SHARE


_UNKNOWN = _Day(0.0, 0.0)


def gas_meter_costs(
    medium: GasMeter, meters: Sequence[GasMeter], prices: DatedGasPrices, now: datetime
) -> JsonDict:
    """Return the costs of the gas meter `medium` and of the meters that it replaced.

    `meters` are all gas meters of the household. If `medium` itself was replaced, the result has no
    costs. If several meters are in use, only one meter's costs include the monthly price. This is
    the first meter with costs in the newest month.
    """
    # The costs of a replaced meter are shown with the meter that replaced it, so that the monthly
    # price is counted only once.
    current = _not_replaced(meters)
    if all(meter is not medium for meter in current):
        return gas_costs_report({}, prices, now)
    reports = [
        gas_costs_report(_days_with_replaced(meter, meters), prices, now) for meter in current
    ]
    # Several meters can be in use, but the monthly price must be counted only once. The first meter
    # in `current` may have stopped sending, and then has no costs in the newest month. So count the
    # monthly price for the first meter that has costs in the newest month.
    months = [(report["month"] or {}).get("month", "") for report in reports]
    if current[months.index(max(months))] is not medium:
        prices = prices.without_monthly
    return gas_costs_report(_days_with_replaced(medium, meters), prices, now)


def _days_with_replaced(medium: GasMeter, meters: Sequence[GasMeter]) -> GasDaySums:
    replaced = [meter.days for meter in meters if _has_replaced(medium, meter)]
    return joined_days([medium.days, *replaced])


def _not_replaced(meters: Sequence[GasMeter]) -> list[GasMeter]:
    """Return the meters that no other meter has replaced."""
    return [meter for meter in meters if not any(_has_replaced(other, meter) for other in meters)]


def _has_replaced(medium: GasMeter, predecessor: GasMeter) -> bool:
    """Return whether `medium` began on the day of `predecessor`'s last reading, or later."""
    last, first = predecessor.time, min(medium.days, default=None)
    is_later = last is not None and first is not None and day_start(last) <= first
    return is_later and medium is not predecessor


def joined_days(meters: Iterable[GasDaySums]) -> GasDaySums:
    """Add up the daily sums of several meters, such as a gas meter and its predecessors."""
    joined: dict[datetime, tuple[float, float]] = {}
    for days in meters:
        for start, (amount, seconds) in days.items():
            amount_before, seconds_before = joined.get(start, (0.0, 0.0))
            joined[start] = (amount_before + amount, seconds_before + seconds)
    return joined


def gas_costs_report(days: GasDaySums, prices: DatedGasPrices, now: datetime) -> JsonDict:
    """Return the costs of the current month, and of the same days a year ago at the same prices.

    Each day has the prices of its own day. If the current month has no whole day, the month before
    is used. The keys `month` and `year_ago` are None if not enough days are known, the keys of the
    prices of today if these are unknown.
    """
    days_by_date = {
        local_day(start): _Day(amount, min(1.0, seconds / (day_end(start) - start).total_seconds()))
        for start, (amount, seconds) in days.items()
    }
    today = local_day(now)
    this_month = today.replace(day=1)
    last_month = (this_month - DAY).replace(day=1)
    month = _running(days_by_date, prices, this_month, today) or _running(
        days_by_date, prices, last_month, this_month
    )
    current = prices.on(today)
    return {
        "per_m3": current and current.per_m3,
        "per_month": current and current.per_month,
        "month": month,
        "year_ago": month and _year_ago(days_by_date, prices, month),
    }


def _running(
    days_by_date: Mapping[date, _Day], prices: DatedGasPrices, month: date, end: date
) -> JsonDict | None:
    """Return the costs of `month` up to its last whole day before `end`.

    The costs begin on the 1st. If the meter was first read in `month`, they begin on the first
    whole day. Return None if no day is whole.
    """
    ended = [month + n * DAY for n in range((end - month).days)]
    priced = {day: known for day, known in days_by_date.items() if prices.on(day)}
    whole = [day.day for day in ended if priced.get(day, _UNKNOWN).is_whole]
    if not whole:
        return None
    first = whole[0] if min(days_by_date) >= month else 1
    return _month(priced, _prices_of(prices, month), month, first, whole[-1])


def _year_ago(
    days_by_date: Mapping[date, _Day], prices: DatedGasPrices, month: JsonMapping
) -> JsonDict | None:
    """Return the costs of the same days in the year before. Return None if they are unknown.

    `month` is a result of `_running` for the present year. The costs are unknown if one of the days
    is not whole (see `_Day.is_whole`), in the present year or in the year before.
    """
    this = date.fromisoformat(f"{month['month']}-01")
    start = this.replace(year=this.year - 1)
    # The same month a year ago may be a day shorter (February), so limit the last day.
    last = min(month["last"], _length(start))
    if month["missing_days"] or last < month["first"]:
        return None
    ago = _month(days_by_date, _prices_of(prices, this), start, month["first"], last)
    return None if ago["missing_days"] else ago


def _month(
    days_by_date: Mapping[date, _Day],
    prices: Sequence[GasPrices],
    start: date,
    first: int,
    last: int,
) -> JsonDict:
    """Return the gas and its costs from day `first` to day `last` of the month of `start`.

    `prices` has the prices of each day. The result also has the cost of each day of the month.
    """
    length = _length(start)
    days = [days_by_date.get(start + n * DAY, _UNKNOWN) for n in range(length)]
    # A day that this month lacks a year later has the price of the last one.
    both = [(day, prices[min(n, len(prices) - 1)]) for n, day in enumerate(days)]
    counted = slice(first - 1, last)
    m3 = sum(day.m3 for day in days[counted])
    used = round(sum(day.m3 * price.per_m3 for day, price in both[counted]), 2)
    fixed = round(sum(price.per_month for _, price in both[counted]) / length, 2)
    return {
        "month": f"{start:%Y-%m}",
        "first": first,
        "last": last,
        "missing_days": sum(not day.is_whole for day in days[counted]),
        "m3": round(m3, 3),
        "used": used,
        "fixed": fixed,
        "total": round(used + fixed, 2),
        "days": {
            "start": start.isoformat(),
            "amounts": [
                round(day.m3 * price.per_m3 + price.per_month / length, _DECIMALS)
                for day, price in both
            ],
            "known": [round(day.known, 3) for day in days],
        },
    }


def _prices_of(prices: DatedGasPrices, month: date) -> list[GasPrices]:
    """Return the prices of each day of a month, 0 for a day whose prices are unknown."""
    days = (month + n * DAY for n in range(_length(month)))
    return [prices.on(day) or GasPrices(0.0, 0.0) for day in days]


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]
