"""Consumption, own energy and saved cost of a house that has solar panels or a battery.

Consumption = drawn from the grid + produced + discharged - charged - fed into the grid. Own energy
= consumption - drawn from the grid. Saved cost = bill as if the grid had delivered the own energy -
bill as measured, both without the line of the fed-in energy. An inverter may report its energy
late, so single quarter-hours may be wrong, but the sums of days are right. Own energy of an hour
may be negative, for example while a battery is charged from the grid.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from math import inf
from typing import NamedTuple

import numpy as np

from ..bill.ledger import Ledger
from ..bill.month import Month
from ..energy_table.table import RowSource, Table
from ..energy_table.wall_clock import (
    AN_HOUR,
    Flags,
    Floats,
    groups,
    number_from,
    quarter_number,
    time_of,
)
from ..history.luxembourg_time import HOUR, QUARTER_HOUR, day_end, days_between, hours_between
from ..history.month_columns import Columns
from ..history.spans import Span, TimeRange

MAX_NIGHT = timedelta(hours=18)
"""Longest time without production in a normal night. Many inverters are unavailable at night."""
MAX_SHARED_MIDNIGHT = timedelta(hours=1)
"""Longest gap over midnight that counts as known: its energy is divided between the two days."""
# Factor for doubtful hours. If the energy of an hour is above _MAX_RISE times the highest energy of
# all earlier hours, the hour is doubtful. The statistics then probably show the energy of several
# hours in this hour.
_MAX_RISE = 2.0
_LEARNING_HOURS = 28 * 24
# From the second to the fourth week of an inverter's statistics, this factor replaces _MAX_RISE.
# The reason is that a sunny hour after dull days may have more than twice the energy of each
# earlier hour. In the first week, no hour counts as doubtful for this reason.
_MAX_EARLY_RISE = 5.0
_EARLY_LEARNING_HOURS = 7 * 24
# Limit for the first hour after more than MAX_NIGHT without solar energy, as a share of the highest
# hourly energy. If the first hour has more energy, a part of this energy was produced in earlier
# hours.
_MAX_FIRST_SHARE = 0.25
_NEGLIGIBLE_KWH = 0.05
_COMPARED_TIME = timedelta(days=28)
_MIN_COMPARED_HOURS = 7 * 24


class SupplyKind(StrEnum):
    """Kind of energy that panels or a battery exchange with the house."""

    PRODUCED = "produced"
    DISCHARGED = "discharged"
    CHARGED = "charged"


class Supply(NamedTuple):
    """Energy of an inverter or a battery by hour, from its statistics."""

    kind: SupplyKind
    kwh: Mapping[datetime, float]
    """By start of the hour in UTC. Hours without statistics are left out."""
    since: datetime
    """Start of the first hour with a known energy."""
    filled: frozenset[datetime] = frozenset()
    """Hours that a home meter has filled. They are never doubtful."""

    @property
    def sign(self) -> int:
        """Return -1 for charged energy, which the house cannot use, otherwise 1."""
        return -1 if self.kind is SupplyKind.CHARGED else 1


type Supplies = Sequence[Supply]


class HouseDay(NamedTuple):
    """Energies of a day in kWh, until the last complete quarter-hour. Unknown energies are None."""

    start: datetime
    drawn_kwh: float
    own_kwh: float | None

    @property
    def house_kwh(self) -> float | None:
        """Return the house's consumption in kWh, None while `own_kwh` is unknown."""
        return None if self.own_kwh is None else self.drawn_kwh + self.own_kwh


class HouseSum(NamedTuple):
    """Sums of the known days among several days. The sums are None if no day is known."""

    house_kwh: float | None
    own_kwh: float | None
    since: datetime | None
    """Start of the first known day if earlier days are unknown. None if no day is known, too."""
    unknown_days: int
    """Number of unknown days, without the days before `since`."""


class Grid:
    """Energy drawn from the grid and fed into it, by day and hour, up to the time `until`."""

    def __init__(self, months: Sequence[Month], columns: Columns, until: datetime) -> None:
        """Add up the energies of the days in `months`, which follow each other.

        `columns` has the spans of these months. `until` is the start of a quarter-hour.
        """
        self.until = until
        self.days: dict[datetime, tuple[float, float]] = {}
        """Drawn and fed-in kWh by the start of the day."""
        self.ledger = ledger = months[0].ledger
        start, end = months[0].start.astimezone(UTC), min(months[-1].end, until)
        for day in days_between(start, end):
            if ledger.has_rows(day, day_end(day)):
                sums = ledger.sums(day, min(day_end(day), until))
                self.days[day] = sums.imported_wh / 1000, sums.exported_wh / 1000
        table = ledger.table.between(start, end)
        # Leneda's data has fed-in energy only if it includes the metering point of production.
        # Without fed-in energy, a quarter-hour from Leneda is only partly known.
        is_known = ~np.isnan(table.exported) | (table.source == RowSource.MEASURED)
        self._known = {*table.quarter[table.is_shown & is_known].tolist()}
        # The loose spans of each day whose energy can be divided among days. A line that is often
        # interrupted makes thousands of them in a year, so each day looks only at its own spans.
        self._loose: dict[datetime, list[Span]] = defaultdict(list)
        for span in {span for month in columns.values() for span in month.loose}:
            days = [*islice(days_between(span.start, span.end), 2)]
            if len(days) == 1 or span.end - span.start <= MAX_SHARED_MIDNIGHT:
                for day in days:
                    self._loose[day].append(span)

    def is_known(self, day: datetime) -> bool:
        """Return whether the energies of a day are known.

        If the inverter's statistics end within the day (`self.until`), only the energies before
        this time must be known. The energy of a gap, or of a part of a quarter-hour, is known if it
        can be divided among days: the span lies in one day, or is no longer than
        `MAX_SHARED_MIDNIGHT`.
        """
        end = min(day_end(day), self.until)
        numbers = range(number_from(day), number_from(end))
        lacking = [time_of(number) for number in numbers if number not in self._known]
        parts = (
            min(span.end, start + QUARTER_HOUR) - max(span.start, start)
            for start in lacking
            for span in self._loose.get(day, ())
        )
        known = sum((max(part, timedelta()) for part in parts), timedelta())
        return known >= len(lacking) * QUARTER_HOUR - timedelta(seconds=1)


type GridHours = Mapping[datetime, tuple[float, float]]
"""Energy in kWh drawn from the grid and fed into it, by the start of the hour in UTC."""


def grid_hours(table: Table, until: datetime) -> GridHours:
    """Return the energy of the hours whose quarter-hours before `until` are all known."""
    last = quarter_number(until)
    rows = table.where(table.is_shown & ~np.isnan(table.exported) & (table.quarter < last))
    hours = rows.quarter // AN_HOUR
    starts = groups(hours)
    sums = [np.add.reduceat(wh, starts) / 1000 for wh in (rows.imported, rows.exported)]
    count = np.diff(starts, append=len(hours))
    is_whole = count >= np.minimum(AN_HOUR, last - hours[starts] * AN_HOUR)
    times = [time_of(hour * AN_HOUR) for hour in hours[starts[is_whole]].tolist()]
    energies = zip(*(column[is_whole].tolist() for column in sums), strict=True)
    return dict(zip(times, energies, strict=True))


def with_home_meter(
    supplies: Supplies, home: Supply, grid: GridHours, until: datetime
) -> list[Supply]:
    """Return supplies whose unknown periods are filled by a meter of the whole house.

    In such an hour, the supplies together have delivered the consumption of the house minus the
    energy drawn from the grid plus the energy fed into it. A doubtful period is filled only as a
    whole, because its last hour may have the energy of the others.
    """
    delivered = _delivered_by_home(home, grid, until)
    before = [*_hours_before(supplies, delivered)]
    hours = [*before, *_doubtful_hours_to_fill(supplies, delivered, until)]
    if not hours:
        return [*supplies]
    # One supply gets the energy of all. Only their sum is used.
    total = supplies[0]
    filled = {hour: total.sign * delivered[hour] for hour in hours}
    none = dict.fromkeys(hours, 0.0)
    return [
        supply._replace(
            kwh={**supply.kwh, **(filled if supply is total else none)},
            since=min([supply.since, *before]),
            filled=frozenset(filled),
        )
        for supply in supplies
    ]


def _hours_before(supplies: Supplies, known: Container[datetime]) -> Iterator[datetime]:
    """Yield the hours without a gap before the statistics of all supplies had begun."""
    hour = max(supply.since for supply in supplies) - HOUR
    while hour in known:
        yield hour
        hour -= HOUR


def _doubtful_hours_to_fill(
    supplies: Supplies, known: Container[datetime], until: datetime
) -> Iterator[datetime]:
    """Yield the hours of doubtful periods that are `known` as a whole."""
    for supply in supplies:
        for start, end in doubtful_periods(supply, until):
            hours = [*hours_between(start, end)]
            if all(map(known.__contains__, hours)):
                yield from hours


def _doubtful(
    supplies: Supplies,
    until: datetime,
    cut: Callable[[datetime, datetime], Iterator[datetime]],
) -> set[datetime]:
    """Return the starts of the doubtful hours or days, into which `cut` divides a period."""
    return {
        time
        for supply in supplies
        for period in doubtful_periods(supply, until)
        for time in cut(*period)
    }


def _delivered_by_home(home: Supply, grid: GridHours, until: datetime) -> dict[datetime, float]:
    """Return the energy that inverters and batteries delivered, as the home meter implies it."""
    doubtful = _doubtful([home], until, hours_between)
    return {
        hour: kwh - grid[hour][0] + grid[hour][1]
        for hour, kwh in home.kwh.items()
        if hour in grid and hour >= home.since and hour not in doubtful
    }


def home_difference(
    supplies: Supplies, home: Supply, grid: GridHours, until: datetime
) -> float | None:
    """Return how much more a home meter counted than grid, inverters and batteries, as a share.

    The last 28 days count. Return None if less than a week of their hours is known.
    """
    doubtful = _doubtful(supplies, until, hours_between)
    since = max(until - _COMPARED_TIME, *(supply.since for supply in supplies))
    compared = [
        hour
        for hour in _delivered_by_home(home, grid, until)
        if since <= hour <= until - HOUR and hour not in doubtful
    ]
    house_kwh = sum(
        grid[hour][0] - grid[hour][1] + delivered_kwh(supplies, hour) for hour in compared
    )
    if len(compared) < _MIN_COMPARED_HOURS or house_kwh <= 0:
        return None
    return sum(home.kwh[hour] for hour in compared) / house_kwh - 1


def doubtful_periods(supply: Supply, until: datetime) -> Iterator[TimeRange]:
    """Yield the periods for which the energy of `supply` cannot be assigned to days.

    The statistics show all energy of such a period in its last hour, or have no rows for the whole
    period.
    """
    last_row = last_energy = supply.since
    highest_kwh, count = 0.0, 0
    for hour in sorted(hour for hour in supply.kwh if supply.since <= hour < until):
        kwh, end = supply.kwh[hour], hour + HOUR
        if hour in supply.filled:
            last_row = last_energy = end
            continue
        rise_limit = _rise_limit_kwh(highest_kwh, count)
        first_limit = _first_limit_kwh(supply.kind, highest_kwh, hour - last_energy)
        if hour - last_row > MAX_NIGHT:
            yield last_row, end if kwh > _NEGLIGIBLE_KWH else hour
        elif kwh > min(rise_limit, first_limit):
            # The hour probably contains the energy of earlier hours.
            yield last_energy, end
        # One wrong hour must not make the next wrong hours plausible. So `highest_kwh` rises at
        # most to the present limit, even if `kwh` is higher. The limit then rises with it. With a
        # larger inverter, this repeats in every sunny hour, until the limit is above the energy of
        # the new inverter.
        highest_kwh = max(highest_kwh, min(kwh, rise_limit))
        count += 1
        last_row = end
        last_energy = end if kwh > 0 else last_energy
    if until - last_row > MAX_NIGHT:
        yield last_row, until


def _rise_limit_kwh(highest_kwh: float, count: int) -> float:
    """Return the highest plausible energy of an hour in kWh, judged by the `count` earlier hours.

    `highest_kwh` is the highest of their energies.
    """
    if count < _EARLY_LEARNING_HOURS or highest_kwh <= _NEGLIGIBLE_KWH:
        return inf
    return (_MAX_RISE if count >= _LEARNING_HOURS else _MAX_EARLY_RISE) * highest_kwh


def _first_limit_kwh(kind: SupplyKind, highest_kwh: float, dark: timedelta) -> float:
    """Return the highest plausible energy in kWh of an hour after a time without energy."""
    if kind is SupplyKind.PRODUCED and highest_kwh > 0 and dark > MAX_NIGHT:
        return max(_NEGLIGIBLE_KWH, _MAX_FIRST_SHARE * highest_kwh)
    return inf


def house_days(grid: Grid, supplies: Supplies) -> Iterator[HouseDay]:
    """Yield the days of `grid` in time order. `own_kwh` of a day is None if it is uncertain."""
    since = max(supply.since for supply in supplies)
    doubtful_days = _doubtful(supplies, grid.until, days_between)
    for day in sorted(day for day in grid.days if day < grid.until):
        drawn_kwh, fed_kwh = grid.days[day]
        own_kwh = None
        if day >= since and day not in doubtful_days and grid.is_known(day):
            hours = hours_between(day, min(day_end(day), grid.until))
            own_kwh = sum(delivered_kwh(supplies, hour) for hour in hours) - fed_kwh
        yield HouseDay(day, drawn_kwh, own_kwh)


def house_sum(days: Sequence[HouseDay]) -> HouseSum:
    """Return the sums of the known days among `days`, which are in the order of time."""
    known = [day for day in days if day.own_kwh is not None]
    if not known:
        return HouseSum(None, None, None, len(days))
    first = days.index(known[0])
    drawn, own = np.array([day[1:] for day in known], float).sum(axis=0).tolist()
    since = known[0].start if first else None
    return HouseSum(drawn + own, own, since, len(days) - first - len(known))


def without_supplies(grid: Grid, supplies: Supplies, days: Iterable[HouseDay]) -> Ledger:
    """Return the past as if the grid had delivered the own energy of all known days.

    The exported energy stays. The energy that `supplies` delivered in an hour is spread evenly over
    its quarter-hours, but each of these gets at least its exported energy. A house uses at least
    nothing, so a battery is charged from the grid in the quarter-hours that have imported enough.
    """
    starts = [day.start for day in days if day.own_kwh is not None]
    hours = [hour for day in starts for hour in hours_between(day, min(day_end(day), grid.until))]
    if not hours:
        return grid.ledger
    table = grid.ledger.table
    quarters = np.array([number_from(hour) for hour in hours])[:, np.newaxis] + np.arange(AN_HOUR)
    first, last = quarters[0, 0], quarter_number(grid.until)
    is_between = (table.quarter >= first) & (table.quarter < last)
    places, count = table.quarter[is_between] - first, quarters[-1, -1] - first + 1
    imported, exported = (
        np.bincount(places, np.nan_to_num(wh[is_between]), count)[quarters - first]
        for wh in (table.imported, table.exported)
    )
    delivered = 1000 * np.array([delivered_kwh(supplies, hour) for hour in hours])
    least = np.where(
        (delivered >= exported.sum(axis=1))[:, np.newaxis], exported, exported - imported
    )
    own = _spread(delivered, least, quarters < last) - exported
    # Each quarter-hour of a known day has a row. Choose the shown one, because others have no
    # surcharge.
    order = np.lexsort((table.is_shown, table.quarter))
    rows = order[table.quarter.searchsorted(quarters.ravel(), "right") - 1]
    without = table.imported.copy()
    np.add.at(without, rows, own.ravel())
    return grid.ledger.with_table(table._replace(imported=without))


def _spread(total: Floats, least: Floats, is_free: Flags) -> Floats:
    """Return `total` of each hour, spread evenly over those quarter-hours that are free.

    Each of them gets at least its `least`. If the total is less than the sum of these, the lack is
    spread evenly: an inverter may report its energy late.
    """
    least = np.where(is_free, least, 0.0)
    lack = np.minimum(0.0, total - least.sum(axis=1)) / is_free.sum(axis=1)
    least += np.where(is_free, lack[:, np.newaxis], 0.0)
    # Each round fixes the quarter-hours whose least is above the level of the others.
    for _ in range(AN_HOUR):
        left = total - np.where(is_free, 0.0, least).sum(axis=1)
        level = (left / np.maximum(is_free.sum(axis=1), 1))[:, np.newaxis]
        is_free = is_free & (least < level)
    return np.where(is_free, level, least)


def delivered_until(
    supplies: Supplies, start: datetime, until: datetime, read_until: datetime
) -> float | None:
    """Return the energy in kWh that `supplies` delivered to the house and the grid in a period.

    The statistics were read up to `read_until`. An hour that ends after `until` is divided in
    proportion to time. Return None if the energy of the period is not known.
    """
    if any(supply.since > start for supply in supplies):
        return None
    for supply in supplies:
        if any(begin < until and start < end for begin, end in doubtful_periods(supply, until)):
            return None
    return sum(
        delivered_kwh(supplies, hour)
        * ((until - hour) / (max(until, min(read_until, hour + HOUR)) - hour))
        for hour in hours_between(start, until)
    )


def delivered_kwh(supplies: Supplies, hour: datetime) -> float:
    """Return the energy that `supplies` delivered to the house and the grid in an hour."""
    return sum(supply.sign * supply.kwh.get(hour, 0.0) for supply in supplies)
