"""Whole months with their quarter-hours, as the data for the simulation of a battery.

The quarter-hours are grouped by day, because bills are computed from days. The simulation changes
only the energy in known quarter-hours. All other energy stays unchanged, because its time is
unknown.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import compress, zip_longest
from typing import NamedTuple

from ..bill.month import NOTHING_ABOVE, ClassExcess, Day, Month, Shared
from ..bill.months_by_contract import parts_of
from ..history.calendar import LUXEMBOURG, QUARTER_HOUR, day_end, day_start
from ..history.market_prices import NO_PRICES, MarketHours, MarketPrices
from ..history.quarter_hour import Origin, QuarterHour
from ..history.register_amounts import DECIMALS
from ..prices.contract import Contract, Contracts
from ..prices.time_of_use import TimeOfUseSplit, is_second
from .battery_simulation import WH_A_KW, DayEnergies

MIN_DAYS = 300
"""Minimum number of measured days for a result."""
MONTHS_OF_A_YEAR = 12
# A day counts as measured if at least this share of its quarter-hours is known. A day counts as
# priced if at least this share of its energy also has a market price.
_MIN_KNOWN_SHARE = 0.9
_QUARTERS_OF_AN_HOUR = 4
_ORDINARY_DAY = range(96)
# Monday of a week without a change to or from summer time.
_ORDINARY_WEEK = datetime(2026, 6, 1, tzinfo=LUXEMBOURG)


class WhatIfRefusal(StrEnum):
    """Reason why a what-if has no result."""

    NO_REFERENCE_POWER = "no_reference_power"
    NO_ENERGY_PRICE = "no_energy_price"
    NO_FEED_IN_PRICE = "no_feed_in_price"
    """Energy is exported, and its price is unknown."""
    NO_NETWORK_PRICE = "no_network_price"
    """A price of the grid, or a levy, is unknown."""
    TOO_FEW_DAYS = "too_few_days"
    TOO_FEW_PRICED_DAYS = "too_few_priced_days"
    """Enough days were measured, but too few of these days have market prices."""


class WhatIfError(Exception):
    """Error for a simulation that is impossible. `reason` says why.

    If the usable days are too few, `days` is their number.
    """

    def __init__(self, reason: WhatIfRefusal, days: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.days = days


class WhatIfDay(NamedTuple):
    """A day, or the part of a day under one contract, with its known quarter-hours."""

    day: Day
    energies: DayEnergies
    hours: Sequence[int]
    """Hour of Luxembourg's clock, 0 to 23, for each quarter-hour."""
    is_second: Sequence[bool]
    """Whether a quarter-hour has the second price; empty without a second price."""
    market: Sequence[MarketPrices]
    """Market prices of each quarter-hour; empty if the contract does not follow the market."""

    def changed(self, after: DayEnergies, reference_kw: float, hours: str | None) -> Day:
        """Return a changed day: its quarter-hours have the energies `after`.

        The result has the excess over `reference_kw`. If `hours` is not None, the result also has
        the energy in these time-of-use hours. If this day lacks its own excess or its own energy in
        these hours, they are first computed from the quarter-hours. A quarter-hour without a
        market price gets the day's mean price. Shared energy changes in proportion to the imported
        energy with the same price. The market price of shared energy changes in proportion to the
        day's mean market price.
        """
        before, day = self.energies, self.day
        if after is before and self._says(reference_kw, hours):
            return day
        more_wh = sum(after.imported_wh) - sum(before.imported_wh)
        more_exported_wh = sum(after.exported_wh) - sum(before.exported_wh)
        left = _share_left(day.imported_wh, more_wh)
        left_exported = _share_left(day.exported_wh, more_exported_wh)
        above = day.above.get(reference_kw) or _above(before.imported_wh, reference_kw)
        if after is not before:
            more = (_above(energies.imported_wh, reference_kw) for energies in (after, before))
            above = _difference(above, *more)
        split = self._split(hours)
        second = self._changed_second(after, split)
        cost, revenue = day.market_cost * left, day.market_revenue * left_exported
        market_wh, market_exported_wh = self._changed_priced(after, left, left_exported)
        if self.market and after is not before:
            cost, revenue = self._changed_market(after)
        return replace(
            day,
            imported_wh=round(max(0.0, day.imported_wh + more_wh), DECIMALS),
            exported_wh=round(max(0.0, day.exported_wh + more_exported_wh), DECIMALS),
            above={reference_kw: above},
            second={hours: second} if hours else {},
            market_cost=cost,
            market_wh=market_wh,
            market_revenue=revenue,
            market_exported_wh=market_exported_wh,
            shared=day.shared
            and _changed_shared(day.shared, split, second).repriced(day.market_cost * left, cost),
        )

    def _says(self, reference_kw: float, hours: str | None) -> bool:
        """Return whether the day's excess over `reference_kw` is known.

        If `hours` is not None, the energy in these time-of-use hours must be known, too.
        """
        if hours and hours not in self.day.second:
            return False
        highest_wh = max(self.energies.imported_wh, default=0.0)
        return reference_kw in self.day.above or highest_wh <= reference_kw * WH_A_KW

    def _split(self, hours: str | None) -> TimeOfUseSplit:
        if hours is None:
            return TimeOfUseSplit(self.day.imported_wh, 0.0)
        before_wh = self.energies.imported_wh
        return self.day.second.get(hours) or TimeOfUseSplit(
            sum(before_wh), self._second_wh(before_wh)
        )

    def _changed_second(self, after: DayEnergies, split: TimeOfUseSplit) -> TimeOfUseSplit:
        before_wh, after_wh = self.energies.imported_wh, after.imported_wh
        return TimeOfUseSplit(
            split.energy_wh + (sum(after_wh) - sum(before_wh)),
            split.second_wh + (self._second_wh(after_wh) - self._second_wh(before_wh)),
        )

    def _changed_market(self, after: DayEnergies) -> tuple[float, float]:
        """Return the day's market cost and market revenue in EUR if its energies become `after`."""
        before, day = self.energies, self.day
        bought, sold = zip(*self.market, strict=True)
        more_cost = _market_difference(
            before.imported_wh, after.imported_wh, bought, day.market_cost, day.market_wh
        )
        more_revenue = _market_difference(
            before.exported_wh, after.exported_wh, sold, day.market_revenue, day.market_exported_wh
        )
        # `market_cost` has only the cost of energy with a market price. On a bill, all other energy
        # costs the mean price. So add the change of the cost only for the share of the energy that
        # has a market price.
        share = min(1.0, day.market_wh / day.imported_wh) if day.imported_wh else 1.0
        share_sold = min(1.0, day.market_exported_wh / day.exported_wh) if day.exported_wh else 1.0
        return (
            day.market_cost + share * more_cost,
            day.market_revenue + share_sold * more_revenue,
        )

    def _changed_priced(
        self, after: DayEnergies, left: float, left_exported: float
    ) -> tuple[float, float]:
        """Return the imported and the exported energy of the changed day that have a market price.

        Both energies are in Wh. `after` has all energies of the changed day. `left` is its imported
        energy divided by the imported energy of the original day. `left_exported` is the same ratio
        of the exported energies.
        """
        day, market_wh = self.day, self.day.market_wh * left
        market_exported_wh = day.market_exported_wh * left_exported
        if not day.imported_wh:
            market_wh = _priced_wh(after.imported_wh, [prices.energy for prices in self.market])
        if not day.exported_wh:
            market_exported_wh = _priced_wh(
                after.exported_wh, [prices.feed_in for prices in self.market]
            )
        return market_wh, market_exported_wh

    def _second_wh(self, energies_wh: Sequence[float]) -> float:
        return sum(compress(energies_wh, self.is_second))


class WhatIfYear(NamedTuple):
    """Whole months that have ended, with their days and quarter-hours in the order of time."""

    months: Sequence[Month]
    days: Sequence[WhatIfDay]
    exported_wh: float
    """Exported energy of the known quarter-hours."""
    known_share: float
    """Share of the months' quarter-hours that are known."""
    measured_days: int
    times_a_year: float
    """Factor that converts amounts of these months to amounts of a year."""

    @property
    def hourly_share(self) -> float:
        """Return the share (0 to 1) of known quarter-hours that have a market price for import."""
        flags = [prices.energy is not None for day in self.days for prices in day.market]
        return sum(flags) / len(flags) if flags else 0.0

    def months_of(self, days: Sequence[Day]) -> Iterator[Month]:
        """Yield the months, with their days replaced by `days`.

        `days` has one day for each day of the months, in the order of time.
        """
        iterator = iter(days)
        for month in self.months:
            yield replace(month, days=tuple([next(iterator) for _ in month.days]))


def year_of(
    months: Sequence[Month],
    quarters: Sequence[QuarterHour],
    contract: Contract,
    market: MarketHours,
) -> WhatIfYear:
    """Return the year that consists of `months`. All months have ended.

    `quarters` are the known quarter-hours of these months. `months` and `quarters` are in the order
    of time. Raises WhatIfError if too few days are measured, or if the contract follows the market
    and too few days have market prices.
    """
    feeds_in = any(month.exported_kwh for month in months)
    days: list[WhatIfDay] = []
    measured: Counter[datetime] = Counter()
    priced: Counter[datetime] = Counter()
    for day, part in _with_quarters(months, quarters, feeds_in=feeds_in):
        count = sum([quarter.origin is not Origin.LENEDA_ESTIMATED for quarter in part])
        midnight = day_start(day.start)
        measured[midnight] += count
        if _is_priced(day, contract):
            priced[midnight] += count
        days.append(_known_day(day, part, contract, market))
    _check_days(measured, WhatIfRefusal.TOO_FEW_DAYS)
    _check_days(priced, WhatIfRefusal.TOO_FEW_PRICED_DAYS)
    count = sum([len(day.energies.imported_wh) for day in days])
    max_count = sum([_quarter_hours(month) for month in months])
    contracts = Contracts()
    billed = sum(
        [part.part.months for month in months for part in parts_of(month, contracts, month.end)]
    )
    return WhatIfYear(
        months=months,
        days=days,
        exported_wh=sum([sum(day.energies.exported_wh) for day in days]),
        known_share=min(1.0, count / max_count),
        measured_days=_measured_days(measured),
        times_a_year=MONTHS_OF_A_YEAR / billed,
    )


def _known_day(
    day: Day, quarters: Sequence[QuarterHour], contract: Contract, market: MarketHours
) -> WhatIfDay:
    midnight = day_start(day.start)
    clock = _clock(quarters, midnight)
    is_second_hour = second_quarters(contract)[midnight.astimezone(LUXEMBOURG).weekday()]
    follows_market = contract.energy_margin is not None or contract.feed_in_margin is not None
    return WhatIfDay(
        day=day,
        energies=DayEnergies(
            [quarter.mean_kw * WH_A_KW for quarter in quarters],
            [(quarter.exported_kwh or 0.0) * 1000 for quarter in quarters],
        ),
        hours=[n // _QUARTERS_OF_AN_HOUR for n in clock],
        is_second=[is_second_hour[n] for n in clock] if contract.has_second_price else [],
        market=[market.get(quarter.start.replace(minute=0), NO_PRICES) for quarter in quarters]
        if follows_market
        else [],
    )


@lru_cache(maxsize=16)
def second_quarters(contract: Contract) -> Sequence[Sequence[bool]]:
    """Return which quarter-hours of a week have the second price.

    The result has a list for each weekday from Monday on. Each list has a flag for each of the 96
    quarter-hours of the day.
    """
    hours = contract.second_hours if contract.has_second_price else None
    if hours is None:
        return [[False] * len(_ORDINARY_DAY)] * 7
    midnights = [_ORDINARY_WEEK + timedelta(days=day) for day in range(7)]
    return [
        [is_second(hours, midnight + n * QUARTER_HOUR) for n in _ORDINARY_DAY]
        for midnight in midnights
    ]


def _clock(quarters: Sequence[QuarterHour], midnight: datetime) -> Sequence[int]:
    """Return the time of day at which each quarter-hour starts, in quarter-hours since 0:00.

    The day begins at `midnight`.
    """
    if day_end(midnight) - midnight == len(_ORDINARY_DAY) * QUARTER_HOUR:
        if len(quarters) == len(_ORDINARY_DAY):
            return _ORDINARY_DAY
        return [(quarter.start - midnight) // QUARTER_HOUR for quarter in quarters]
    local = [quarter.start.astimezone(LUXEMBOURG) for quarter in quarters]
    return [time.hour * _QUARTERS_OF_AN_HOUR + time.minute // 15 for time in local]


def _with_quarters(
    months: Sequence[Month], quarters: Sequence[QuarterHour], *, feeds_in: bool
) -> Iterator[tuple[Day, Sequence[QuarterHour]]]:
    """Yield each day with its quarter-hours. If the contract changes on a day, yield its parts.

    With `feeds_in`, quarter-hours with unknown exported energy are left out, because the simulation
    would lack their solar energy.
    """
    days = [day for month in months for day in month.days]
    starts = [quarter.start for quarter in quarters]
    for day, following in zip_longest(days, days[1:]):
        end = day_end(day.start)
        end = min(end, following.start) if following else end
        part = quarters[bisect_left(starts, day.start) : bisect_left(starts, end)]
        if feeds_in:
            part = [quarter for quarter in part if quarter.exported_kwh is not None]
        yield day, part


def _is_priced(day: Day, contract: Contract) -> bool:
    """Return whether the day has the market prices that the contract needs."""
    is_bought = (
        contract.energy_margin is None or day.market_wh >= day.imported_wh * _MIN_KNOWN_SHARE
    )
    is_sold = (
        contract.feed_in_margin is None
        or day.market_exported_wh >= day.exported_wh * _MIN_KNOWN_SHARE
    )
    return is_bought and is_sold


def _check_days(counts: Mapping[datetime, int], reason: WhatIfRefusal) -> None:
    """Raise WhatIfError with `reason` if fewer than `MIN_DAYS` days have enough quarter-hours.

    `counts` has the number of usable quarter-hours of each day, keyed by the midnight at which the
    day begins.
    """
    if (days := _measured_days(counts)) < MIN_DAYS:
        raise WhatIfError(reason, days)


def _measured_days(counts: Mapping[datetime, int]) -> int:
    return sum(
        [
            count >= _MIN_KNOWN_SHARE * ((day_end(midnight) - midnight) // QUARTER_HOUR)
            for midnight, count in counts.items()
        ]
    )


def _quarter_hours(month: Month) -> int:
    since = (month.since or month.start).astimezone(UTC)
    return (month.end.astimezone(UTC) - since) // QUARTER_HOUR


def _above(energies_wh: Sequence[float], reference_kw: float) -> ClassExcess:
    limit_wh = reference_kw * WH_A_KW
    if max(energies_wh, default=0.0) <= limit_wh:
        return NOTHING_ABOVE
    excesses_wh = [wh - limit_wh for wh in energies_wh if wh > limit_wh]
    return ClassExcess(len(excesses_wh), sum(excesses_wh))


def _difference(above: ClassExcess, after: ClassExcess, before: ClassExcess) -> ClassExcess:
    return ClassExcess(
        above.quarter_hours + after.quarter_hours - before.quarter_hours,
        max(0.0, above.energy_wh + after.energy_wh - before.energy_wh),
    )


def _changed_shared(shared: Shared, before: TimeOfUseSplit, after: TimeOfUseSplit) -> Shared:
    """Return the shared energy of a day if its imported energy becomes `after`.

    Shared energy of each price, first or second, changes in proportion to the imported energy with
    this price.
    """
    # `shared` may be split by the time-of-use hours of another contract than the contract of
    # `before`. So limit its energy with the second price to the energy with the second price in
    # `before`. If `before` has no second price, this limit is 0.
    second_wh = min(shared.second_wh, before.second_wh)
    first_wh = before.energy_wh - before.second_wh
    more_first_wh = after.energy_wh - after.second_wh - first_wh
    first_shared_wh = (shared.all_wh - second_wh) * _share_left(first_wh, more_first_wh)
    second_shared_wh = second_wh * _share_left(before.second_wh, after.second_wh - before.second_wh)
    share = (first_shared_wh + second_shared_wh) / (shared.all_wh or 1.0)
    return shared.times(share)._replace(second_wh=second_shared_wh)


def _market_difference(
    before_wh: Sequence[float],
    after_wh: Sequence[float],
    prices: Sequence[float | None],
    cost: float,
    priced_wh: float,
) -> float:
    """Return the change of `cost` in EUR if the energies `before_wh` become `after_wh`.

    `prices` are the prices of the quarter-hours. A quarter-hour without a price has the mean price:
    `cost` divided by `priced_wh`.
    """
    mean = cost / priced_wh * 1000 if priced_wh else 0.0
    return (
        sum(
            [
                (after - before) * (mean if price is None else price)
                for before, after, price in zip(before_wh, after_wh, prices, strict=True)
            ]
        )
        / 1000
    )


def _priced_wh(energies_wh: Sequence[float], prices: Sequence[float | None]) -> float:
    """Return the sum of the energies in Wh that have a price. Return 0 if `prices` is empty."""
    return sum(compress(energies_wh, [price is not None for price in prices]))


def _share_left(before_wh: float, more_wh: float) -> float:
    """Return the ratio (`before_wh` + `more_wh`) / `before_wh`, but at least 0.

    Return 1 if `before_wh` is 0. `more_wh` is negative if the energy becomes less.
    """
    return max(0.0, 1 + more_wh / before_wh) if before_wh else 1.0
