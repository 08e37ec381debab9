"""House, own energy and saving: sums by hand of simple days."""

from collections.abc import Callable, Sequence
from cProfile import Profile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pstats import Stats

import numpy as np
import pytest

from smartyp1.advice.solar_house import (
    Grid,
    HouseDay,
    Supply,
    SupplyKind,
    delivered_until,
    doubtful_periods,
    grid_hours,
    home_difference,
    house_days,
    house_sum,
    with_home_meter,
    without_supplies,
)
from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.leneda_days import NO_LENEDA_DAYS, LenedaDays
from smartyp1.history.month_columns import Row
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.history.register_amounts import Amounts
from smartyp1.history.spans import Span, SpanKind
from tests.lib.bill.months import months_of

DAY = datetime(2026, 5, 31, 22, tzinfo=UTC)
"""Midnight in Luxembourg, the start of 1 June."""
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
LONG_AGO = DAY - 40 * 24 * HOUR
type Wh = Callable[[int], tuple[float, float]]


def by_day(n: int) -> tuple[float, float]:
    """Return Wh drawn and fed in: 100 each quarter-hour of the night, 300 fed in from 10 to 16."""
    return (0.0, 300.0) if 40 <= n % 96 < 64 else (100.0, 0.0)


def row_of(count: int, wh: Wh = by_day, *, start: datetime = DAY) -> Row:
    row = Row()
    for n in range(count):
        drawn_wh, fed_wh = wh(n)
        time = start + n * QUARTER
        row.add(Span(time, time + QUARTER, SpanKind.QUARTER_HOUR, Amounts(drawn_wh, fed_wh)))
    return row


def grid_of(row: Row, until: datetime, past: LenedaDays = NO_LENEDA_DAYS) -> Grid:
    months = months_of(row.months, past)
    return Grid([months[start] for start in sorted(months)], row.months, until)


def sun(*hours: tuple[int, float], days: int = 1, kind: SupplyKind = SupplyKind.PRODUCED) -> Supply:
    """Return energy in some hours of each day, also of the 40 days before, and none in others."""
    kwh = {LONG_AGO + n * HOUR: 0.0 for n in range((40 + days) * 24)}
    for day in range(-40, days):
        kwh |= {DAY + (24 * day + n) * HOUR: amount for n, amount in hours}
    return Supply(kind, kwh, LONG_AGO)


def house(grid: Grid, *supplies: Supply) -> list[tuple[float | None, float | None]]:
    """Return house and own energy of each day."""
    return [
        tuple(value if value is None else round(value, 6) for value in (day.house_kwh, day.own_kwh))  # type: ignore[misc]
        for day in house_days(grid, supplies)
    ]


NOON = tuple((n, 2.0) for n in range(10, 16))


def test_two_inverters_and_a_battery_that_is_charged_from_the_grid() -> None:
    # From 2:00 to 4:00, 3 kWh are charged; from 18:00 to 20:00, 2.5 kWh are discharged.
    charged = sun((2, 1.5), (3, 1.5), kind=SupplyKind.CHARGED)
    discharged = sun((18, 1.25), (19, 1.25), kind=SupplyKind.DISCHARGED)
    grid = grid_of(row_of(96), DAY + 24 * HOUR)
    # 12 + 6 + 2.5 - 3 - 7.2 = 10.3
    assert house(
        grid, sun(*NOON), sun(*((n, 1.0) for n in range(10, 16))), charged, discharged
    ) == [(17.5, 10.3)]
    # Without any sun, the battery loses 0.5 kWh.
    grid = grid_of(row_of(96, lambda _n: (100.0, 0.0)), DAY + 24 * HOUR)
    assert house(grid, charged, discharged) == [(9.1, -0.5)]


def imported_without(grid: Grid, *supplies: Supply) -> list[float]:
    """Return the Wh of each quarter-hour as if the house had no panels and no battery."""
    rows = without_supplies(grid, supplies, [*house_days(grid, supplies)]).table
    sums = np.bincount(rows.quarter - rows.quarter[0], rows.imported)
    return [round(wh, 6) for wh in sums.tolist()]


def test_without_panels_each_quarter_hour_uses_an_even_share_of_its_hours_production() -> None:
    def wh(n: int) -> tuple[float, float]:
        # From 10:00 to 11:00, a cloud came after the first quarter-hour.
        return {40: (0.0, 900.0), 41: (0.0, 300.0), 42: (50.0, 0.0), 43: (400.0, 0.0)}.get(
            n, (100.0, 0.0)
        )

    grid = grid_of(row_of(96, wh), DAY + 24 * HOUR)
    # 2 kWh are 500 Wh each, but 900 were exported in the first quarter-hour: 366.67 in the others.
    imported = imported_without(grid, sun((10, 2.0), (15, 0.4)))
    assert imported[40:44] == pytest.approx([0.0, 66.666667, 416.666667, 766.666667])
    assert imported[60:64] == [200.0] * 4
    assert imported[:40] + imported[44:60] + imported[64:] == [100.0] * 88
    # The inverter reports late: the sum of the day is right.
    late = imported_without(grid, sun((10, 1.0), (11, 1.0), (15, 0.4)))
    assert sum(late) == pytest.approx(sum(imported))
    assert late[44:48] == [350.0] * 4
    # The statistics end at 10:30.
    running = imported_without(
        grid_of(row_of(96, wh), DAY + 42 * QUARTER), sun((10, 1.3), (15, 0.4))
    )
    assert running[40:] == [0.0, 100.0, 50.0, 400.0] + [100.0] * 52


def test_a_battery_was_charged_from_the_grid_when_it_delivered_enough() -> None:
    night = {8: 900.0, 9: 900.0, 10: 100.0, 11: 100.0}
    grid = grid_of(row_of(96, lambda n: (night.get(n, 100.0), 0.0)), DAY + 24 * HOUR)
    charged = sun((2, 1.6), kind=SupplyKind.CHARGED)
    discharged = sun((18, 1.4), kind=SupplyKind.DISCHARGED)
    imported = imported_without(grid, charged, discharged)
    # 700 Wh each in the first two, and the 100 Wh that the other two imported.
    assert imported[8:12] == [200.0, 200.0, 0.0, 0.0]
    assert imported[72:76] == [450.0] * 4


def test_the_running_day_ends_with_the_inverters_statistics() -> None:
    # 50 quarter-hours are measured, and the inverter is known until 12:15, after 49 of them.
    until = DAY + 49 * QUARTER
    grid = grid_of(row_of(50), until)
    # 40 * 0.1 drawn; 9 * 0.3 fed in; 2 + 2 + 0.5 produced.
    supply = sun(*NOON)
    supply = supply._replace(kwh={**supply.kwh, DAY + 12 * HOUR: 0.5})
    assert house(grid, supply) == [(5.8, 1.8)]
    assert house(grid_of(row_of(50), DAY), sun()) == []


def with_gap(first: int, last: int, wh: tuple[float, float], days: int = 2) -> Row:
    """Return the row of `days` with a gap of some quarter-hours, and the energy of the gap."""
    row = Row()
    for n in range(days * 96):
        start = DAY + n * QUARTER
        if n == first:
            row.add(Span(start, DAY + last * QUARTER, SpanKind.GAP, Amounts(*wh)))
        if not first <= n < last:
            row.add(Span(start, start + QUARTER, SpanKind.QUARTER_HOUR, Amounts(*by_day(n))))
    return row


def test_a_gap_within_a_day_and_one_over_midnight() -> None:
    end = DAY + 48 * HOUR
    # From 11:00 to 13:00, no telegram came: the registers still give 2.4 kWh.
    grid = grid_of(with_gap(44, 52, (0.0, 2400.0)), end)
    assert house(grid, sun(*NOON, days=2)) == [(12.0, 4.8)] * 2
    assert imported_without(grid, sun(*NOON, days=2)) == [
        100.0 if wh else 200.0 for wh, _ in map(by_day, range(2 * 96))
    ]

    # From 22:00 to 2:00, the two days share 1.6 kWh by unknown parts.
    grid = grid_of(with_gap(88, 104, (1600.0, 0.0)), end)
    assert house(grid, sun(*NOON, days=2)) == [(None, None)] * 2
    # A restart at midnight is no reason to forget two days.
    grid = grid_of(with_gap(95, 97, (200.0, 0.0)), end)
    assert house(grid, sun(*NOON, days=2)) == [(12.0, 4.8)] * 2


def test_the_work_for_a_day_does_not_grow_with_the_gaps_of_other_days() -> None:
    def calls(days: int) -> int:
        row = Row()
        for n in range(days * 96):
            start = DAY + n * QUARTER
            cuts = [0, 5, 8, 15] if n % 24 == 0 else [0, 15]
            for begin, end in pairwise(start + cut * timedelta(minutes=1) for cut in cuts):
                kind = SpanKind.PART if n % 24 == 0 else SpanKind.QUARTER_HOUR
                row.add(Span(begin, end, kind, Amounts(30.0, 0.0)))
        grid, supply = grid_of(row, DAY + days * 24 * HOUR), sun(days=days)
        with Profile() as profile:
            assert len([*house_days(grid, [supply])]) == days
        return Stats(profile).total_calls  # type: ignore[attr-defined,no-any-return]

    assert calls(60) < 2.5 * calls(30)


def test_a_day_counted_from_noon_and_days_before_the_inverter() -> None:
    grid = grid_of(row_of(48 + 96, start=DAY + 48 * QUARTER), DAY + 48 * HOUR)
    (first, _), (second, _) = house(grid, sun(*NOON, days=2))
    assert first is None
    assert second is not None
    grid = grid_of(row_of(2 * 96), DAY + 48 * HOUR)
    young = sun(*NOON, days=2)._replace(since=DAY + HOUR)
    assert house(grid, young) == [(None, None), (12.0, 4.8)]
    # The statistics of a second inverter begin later: its energy before that is unknown.
    assert house(grid, sun(*NOON, days=2), young)[0] == (None, None)


def test_a_platform_that_does_not_know_the_feed_in() -> None:
    def quarters(fed_kwh: float | None) -> LenedaDays:
        return LenedaDays(
            QuarterHour(DAY + n * QUARTER, 0.4, fed_kwh, origin=Origin.LENEDA) for n in range(96)
        )

    row = row_of(96, start=DAY + 24 * HOUR)
    until = DAY + 48 * HOUR
    unknown = house(grid_of(row, until, quarters(None)), sun(*NOON, days=2))
    assert unknown == [(None, None), (12.0, 4.8)]
    # 96 * 0.05 kWh fed in: 12 - 4.8.
    assert house(grid_of(row, until, quarters(0.05)), sun(*NOON, days=2))[0] == (16.8, 7.2)


@pytest.mark.parametrize(("hours", "kwh"), [(10, 4.0), (11, 4.0), (11.5, 4.0), (12, 3.0)])
def test_energy_until_half_past_eleven_from_statistics_up_to_an_hour(
    hours: float, kwh: float
) -> None:
    # Of statistics up to 12:00, half of the last hour counts; otherwise all that they have.
    start, until, read_until = (DAY + n * HOUR for n in (10, 11.5, hours))
    assert delivered_until([sun(*NOON)], start, until, read_until) == kwh


def away(first: int, last: int, lump_kwh: float, *, frozen: bool) -> Supply:
    """Return 30 days of sun; from hour to hour of them, nothing arrives, and then a lump."""
    supply = sun(*NOON, days=30)
    kwh: dict[datetime, float] = {**supply.kwh}
    for n in range(first, last):
        if frozen:
            kwh[DAY + n * HOUR] = 0.0
        else:
            del kwh[DAY + n * HOUR]
    kwh[DAY + last * HOUR] = lump_kwh
    return supply._replace(kwh=kwh)


def days_in_doubt(supply: Supply, until: datetime = DAY + 30 * 24 * HOUR) -> set[int]:
    return {
        n
        for start, end in doubtful_periods(supply, until)
        for n in range(-40, 31)
        if start < DAY + (n + 1) * 24 * HOUR and end > DAY + n * 24 * HOUR
    }


@pytest.mark.parametrize("frozen", [False, True])
def test_an_inverter_that_is_away_for_days(frozen: bool) -> None:  # noqa: FBT001
    # From 13:00 of day 10 to 11:00 of day 13: 6 + 12 + 12 + 2 kWh arrive at once.
    assert days_in_doubt(away(253, 323, 34.0, frozen=frozen)) == {10, 11, 12, 13}
    # The inverter is back in the first hour of day 13.
    assert days_in_doubt(away(253, 312, 34.0, frozen=frozen)) == {10, 11, 12, 13}
    # After two dull days, not much arrives, but too much for the first hour of a day.
    assert days_in_doubt(away(253, 323, 1.5, frozen=frozen)) == {10, 11, 12, 13}
    # The inverter is away for a night, as every night.
    assert not days_in_doubt(away(258, 272, 0.3, frozen=frozen))
    # Snow lay for two days; the first hour after it is a dull one.
    assert days_in_doubt(away(256, 322, 0.3, frozen=True)) == set()


def test_other_causes_of_a_lump() -> None:
    # A new inverter begins at another total.
    supply = sun(*NOON, days=30)
    jump = {**supply.kwh, DAY + (24 * 12 + 11) * HOUR: 4711.0}
    assert days_in_doubt(supply._replace(kwh=jump)) == {12}
    # The jump hides no further one.
    twice = {**jump, DAY + (24 * 14 + 11) * HOUR: 9.0}
    assert days_in_doubt(supply._replace(kwh=twice)) == {12, 14}
    # In the first week, a large hour is unknown; and a battery may rest for days.
    first = sun((10, 1.0), (11, 5.0))._replace(since=DAY)
    dull = {DAY + n * HOUR: 0.5 if 8 <= n % 24 < 16 else 0.0 for n in range(30 * 24)}
    young = Supply(SupplyKind.PRODUCED, dull, DAY)
    for day, lump_kwh, days in (
        (6, 9.0, set()),
        (7, 2.4, set()),
        (7, 2.6, {7}),
        (27, 1.1, set()),
        (28, 1.1, {28}),
    ):
        hour = DAY + (24 * day + 12) * HOUR
        assert days_in_doubt(young._replace(kwh={**dull, hour: lump_kwh})) == days
    assert not days_in_doubt(first, DAY + 24 * HOUR)
    resting = sun((19, 3.0), kind=SupplyKind.DISCHARGED)
    kwh = {**resting.kwh, DAY + (24 * 5 + 19) * HOUR: 3.0}
    kwh |= {DAY + n * HOUR: 0.0 for n in range(24, 5 * 24 + 19)}
    assert not days_in_doubt(resting._replace(kwh=kwh), DAY + 6 * 24 * HOUR)
    # No energy came for two days, and hardly any in the first hour of the next day.
    assert days_in_doubt(away(253, 312, 0.05, frozen=False)) == {10, 11, 12}
    # Since two days, nothing has come.
    kwh = {hour: amount for hour, amount in supply.kwh.items() if hour < DAY + 28 * 24 * HOUR}
    assert days_in_doubt(supply._replace(kwh=kwh)) == {28, 29}


def test_a_month_adds_up_its_known_days() -> None:
    known = HouseDay(DAY, 7.0, 5.0), HouseDay(DAY + 24 * HOUR, 3.0, -1.0)
    assert house_sum(known) == (14.0, 4.0, None, 0)
    unknown = HouseDay(DAY + 48 * HOUR, 3.0, None)
    assert house_sum([*known, unknown]) == (14.0, 4.0, None, 1)
    # The inverter was added on the first day.
    assert house_sum([unknown, *known]) == (14.0, 4.0, known[0].start, 0)
    assert house_sum([unknown]) == (None, None, None, 1)
    assert house_sum([]) == (None, None, None, 0)


def home_of(days: int, *without: int) -> Supply:
    """Return the consumption of the house on sunny days, without the statistics of some hours."""
    kwh = {
        DAY + n * HOUR: 0.8 if 10 <= n % 24 < 16 else 0.4
        for n in range(-24, days * 24)
        if n not in without
    }
    return Supply(SupplyKind.PRODUCED, kwh, DAY - 24 * HOUR)


@pytest.mark.parametrize(
    ("lacks_of_inverter", "lacks_of_home", "known"),
    [
        # All hours are known: the home meter does not count.
        ((), (), [True, True, True]),
        # For 26 hours, the inverter has no statistics. The next hour shows the energy of them all.
        (range(20, 46), (), [True, True, True]),
        # A single hour of the home meter is unknown, and so are the days.
        (range(20, 46), (33,), [False, False, True]),
        # The gap of a night counts as no gap.
        (range(17, 32), range(72), [True, True, True]),
    ],
)
def test_a_home_meter_fills_days_that_an_inverter_lacks(
    lacks_of_inverter: Sequence[int], lacks_of_home: Sequence[int], known: list[bool]
) -> None:
    until, row = DAY + 72 * HOUR, row_of(288)
    inverter = sun(*NOON, days=3)
    kwh = dict(inverter.kwh)
    missed = sum(kwh.pop(DAY + n * HOUR) for n in lacks_of_inverter)
    if lacks_of_inverter:
        kwh[DAY + (lacks_of_inverter[-1] + 1) * HOUR] += missed
    table = table_and_refused(row.months, NO_LENEDA_DAYS)[0]
    home = home_of(3, *lacks_of_home)

    filled = with_home_meter([inverter._replace(kwh=kwh)], home, grid_hours(table, until), until)

    days = house(grid_of(row, until), *filled)
    assert days == [(12.0, 4.8) if each else (None, None) for each in known]


def test_a_home_meter_knows_the_house_before_its_battery_had_statistics() -> None:
    until, row = DAY + 48 * HOUR, row_of(192)
    battery = sun((2, 1.5), days=2, kind=SupplyKind.CHARGED)._replace(since=DAY + 30 * HOUR)
    supplies = [sun(*NOON, days=2), battery._replace(kwh={})]
    assert house(grid_of(row, until), *supplies)[0] == (None, None)
    table = table_and_refused(row.months, NO_LENEDA_DAYS)[0]

    filled = with_home_meter(supplies, home_of(2), grid_hours(table, until), until)

    assert max(supply.since for supply in filled) == DAY
    assert house(grid_of(row, until), *filled)[0] == (12.0, 4.8)
    # The energy is also known if only the battery's charging has statistics.
    alone = with_home_meter(supplies[1:], home_of(2), grid_hours(table, until), until)
    assert house(grid_of(row, until), *alone)[0] == (12.0, 4.8)

    # A gap of the inverter is filled, but the hours between it and the battery are unknown.
    kwh = {
        time: amount
        for time, amount in supplies[0].kwh.items()
        if not 1 <= (time - DAY) / HOUR < 22
    }
    home = home_of(2, 25)
    hours = grid_hours(table, until)
    filled = with_home_meter([supplies[0]._replace(kwh=kwh), supplies[1]], home, hours, until)
    assert max(supply.since for supply in filled) == DAY + 26 * HOUR


@pytest.mark.parametrize(
    ("factor", "hours", "difference"), [(1.0, 336, 0.0), (1.12, 336, 0.12), (0.5, 150, None)]
)
def test_a_home_meter_is_compared_with_grid_and_sun(
    factor: float, hours: int, difference: float | None
) -> None:
    until, row = DAY + 336 * HOUR, row_of(1344)
    table = table_and_refused(row.months, NO_LENEDA_DAYS)[0]
    home = home_of(14)
    kwh = {time: factor * amount for time, amount in [*home.kwh.items()][-hours:]}

    found = home_difference(
        [sun(*NOON, days=14)], home._replace(kwh=kwh), grid_hours(table, until), until
    )

    assert found == (difference if difference is None else pytest.approx(difference))
