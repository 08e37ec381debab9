"""Costs of gas, from two numbers of a gas bill: the price of a cubic metre and the monthly price.

A day counts as whole if its gas is almost fully known (`MIN_KNOWN_SHARE`). The costs of a month
end with the last such day. The monthly price is spread over the days, so that the same days of two
years are comparable.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from ..history.calendar import LUXEMBOURG, day_end, day_start

MIN_KNOWN_SHARE = 0.9
"""A day counts as whole if at least this share of the day is known."""
_A_DAY = timedelta(days=1)
# Decimals of a day's cost. A day may cost only a few cents. With five decimals, the days add up to
# the month's amount exactly to the cent.
_DECIMALS = 5

type DaySums = Mapping[datetime, tuple[float, float]]
"""For each start of a day: the day's gas in m³, and the number of its seconds that are known."""


class GasPrices(NamedTuple):
    """Prices of a gas bill in EUR, with VAT."""

    per_m3: float
    per_month: float


class GasMeter(Protocol):
    """Gas meter: the time of its last reading, and its daily sums."""

    @property
    def time(self) -> datetime | None: ...  # noqa: D102

    @property
    def days(self) -> DaySums: ...  # noqa: D102


class _Day(NamedTuple):
    """Gas of a day in m³, and the share (0 to 1) of the day that is known."""

    m3: float
    known: float

    @property
    def is_whole(self) -> bool:
        return self.known >= MIN_KNOWN_SHARE


_UNKNOWN = _Day(0.0, 0.0)


def gas_meter_costs(
    medium: GasMeter, meters: Sequence[GasMeter], prices: GasPrices, now: datetime
) -> dict[str, Any]:
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
        prices = prices._replace(per_month=0.0)
    return gas_costs_report(_days_with_replaced(medium, meters), prices, now)


def _days_with_replaced(medium: GasMeter, meters: Sequence[GasMeter]) -> DaySums:
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


def joined_days(meters: Iterable[DaySums]) -> DaySums:
    """Add up the daily sums of several meters, such as a gas meter and its predecessors."""
    joined: dict[datetime, tuple[float, float]] = {}
    for days in meters:
        for start, (amount, seconds) in days.items():
            amount_before, seconds_before = joined.get(start, (0.0, 0.0))
            joined[start] = (amount_before + amount, seconds_before + seconds)
    return joined


def gas_costs_report(days: DaySums, prices: GasPrices, now: datetime) -> dict[str, Any]:
    """Return the costs of the current month, and of the same days a year ago at the same prices.

    If the current month has no whole day, the month before is used. The keys `month` and `year_ago`
    are None if not enough days are known.
    """
    days_by_date = {
        start.astimezone(LUXEMBOURG).date(): _Day(amount, _share(start, seconds))
        for start, (amount, seconds) in days.items()
    }
    today = now.astimezone(LUXEMBOURG).date()
    this_month = today.replace(day=1)
    last_month = (this_month - _A_DAY).replace(day=1)
    month = _running(days_by_date, prices, this_month, today) or _running(
        days_by_date, prices, last_month, this_month
    )
    return {
        "per_m3": prices.per_m3,
        "per_month": prices.per_month,
        "month": month,
        "year_ago": month and _year_ago(days_by_date, prices, month),
    }


def _share(start: datetime, seconds: float) -> float:
    return min(1.0, seconds / (day_end(start) - start).total_seconds())


def _running(
    days_by_date: Mapping[date, _Day], prices: GasPrices, month: date, end: date
) -> dict[str, Any] | None:
    """Return the costs of `month` up to its last whole day before `end`.

    The costs begin on the 1st. If the meter was first read in `month`, they begin on the first
    whole day. Return None if no day is whole.
    """
    ended = [month + n * _A_DAY for n in range((end - month).days)]
    whole = [day.day for day in ended if days_by_date.get(day, _UNKNOWN).is_whole]
    if not whole:
        return None
    first = whole[0] if min(days_by_date) >= month else 1
    return _month(days_by_date, prices, month, first, whole[-1])


def _year_ago(
    days_by_date: Mapping[date, _Day], prices: GasPrices, month: Mapping[str, Any]
) -> dict[str, Any] | None:
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
    ago = _month(days_by_date, prices, start, month["first"], last)
    return None if ago["missing_days"] else ago


def _month(
    days_by_date: Mapping[date, _Day], prices: GasPrices, start: date, first: int, last: int
) -> dict[str, Any]:
    """Return the gas and its costs from day `first` to day `last` of the month of `start`.

    The result also has the cost of each day of the month.
    """
    length = _length(start)
    days = [days_by_date.get(start + n * _A_DAY, _UNKNOWN) for n in range(length)]
    counted = days[first - 1 : last]
    m3 = sum(day.m3 for day in counted)
    used = round(m3 * prices.per_m3, 2)
    fixed = round(prices.per_month * len(counted) / length, 2)
    daily = prices.per_month / length
    return {
        "month": f"{start:%Y-%m}",
        "first": first,
        "last": last,
        "missing_days": sum(not day.is_whole for day in counted),
        "m3": round(m3, 3),
        "used": used,
        "fixed": fixed,
        "total": round(used + fixed, 2),
        "days": {
            "start": start.isoformat(),
            "amounts": [round(day.m3 * prices.per_m3 + daily, _DECIMALS) for day in days],
            "known": [round(day.known, 3) for day in days],
        },
    }


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]
