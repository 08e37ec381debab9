"""A what-if changes a table. Its bills equal those with quarter-hours changed by hand."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from math import isnan, nan

import numpy as np
import pytest

from smartyp1.advice.solar_yield import solar_wh
from smartyp1.advice.what_if_tables import (
    car,
    heat_pump,
    panels,
    shared_by,
    with_load,
)
from smartyp1.bill.bill import bill_of
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.ledger import Ledger
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.sharing import QuarterHourSharing
from smartyp1.history.calendar import LUXEMBOURG, month_end, month_start
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.history.register_amounts import Energies
from smartyp1.past.table import RowSource, Table
from smartyp1.past.wall_clock import Floats, number_of, wall_clock
from smartyp1.prices.contract import Contract
from tests.lib.advice.years import demand_after, household, quarter_hours
from tests.lib.bill.months import local
from tests.lib.bill.tables import DayRows, table_of_days

CONTRACT = Contract(
    reference_kw=7,
    energy_price=0.16,
    second_price=0.09,
    second_hours="22:00-06:00 sun",
    feed_in_price=0.06,
    has_levies=True,
)
END = "2027-01-01"
MONTHS = [month_start(local(f"2026-{n:02}-01")) for n in range(1, 13)]

type Change = Callable[[QuarterHour], float]
"""Returns the Wh that a load takes in a quarter-hour."""


@cache
def year() -> list[QuarterHour]:
    return quarter_hours(household(3, sun_kw=6, car_kw=7, heat_kw=1), "2026-01-01", END)


@cache
def measured() -> HouseholdState:
    return demand_after(year(), CONTRACT, END)


def lines_of(ledger: Ledger) -> Sequence[object]:
    bills = [bill_of(ledger, start, month_end(start)) for start in MONTHS]
    assert None not in [bill.total for bill in bills]
    return [(bill.total, bill.lines) for bill in bills]


def is_billed_like(table: Table, change: Change) -> None:
    """Compare the bills of a table with the bills of a meter that saw the other energies."""
    quarters = [changed_by_hand(quarter, change(quarter)) for quarter in year()]
    expected = demand_after(quarters, CONTRACT, END).ledger
    assert lines_of(Ledger.of(table, measured().contracts)) == lines_of(expected)
    assert lines_of(expected) != lines_of(measured().ledger)


def changed_by_hand(quarter: QuarterHour, more_wh: float) -> QuarterHour:
    drawn, fed = quarter.mean_kw * 250, (quarter.exported_kwh or 0.0) * 1000
    if more_wh > 0:
        # The load takes the energy that was exported, besides the energy that was imported, too.
        by_sun = min(more_wh, max(0.0, fed - drawn))
        drawn, fed = drawn + more_wh - by_sun, fed - by_sun
    else:
        own = min(-more_wh, max(0.0, drawn - fed))
        drawn, fed = drawn - own, fed - more_wh - own
    return quarter._replace(mean_kw=drawn / 250, exported_kwh=fed / 1000)


def car_by_hand(kwh: float, kw: float, begin_hour: int, quarter: QuarterHour) -> float:
    """Return the energy that a car takes: from the begin on, until it is full."""
    local_start = quarter.start.astimezone(LUXEMBOURG)
    begin = local_start.replace(hour=begin_hour, minute=0, fold=0)
    if begin > local_start:
        begin = datetime.fromordinal(local_start.toordinal() - 1).replace(
            hour=begin_hour, tzinfo=LUXEMBOURG
        )
    hours = (quarter.start.timestamp() - begin.timestamp()) / 3600
    return max(0.0, min(kw / 4, kwh - hours * kw)) * 1000


@pytest.mark.parametrize(("kwh", "kw", "begin_hour"), [(8, 11, 22), (30, 3.7, 23), (5, 2.3, 12)])
def test_a_car(kwh: float, kw: float, begin_hour: int) -> None:
    table = with_load(measured().ledger.table, car(kwh, kw, begin_hour))
    is_billed_like(table, partial(car_by_hand, kwh, kw, begin_hour))
    more = table.imported - np.nan_to_num(table.exported)
    more -= measured().ledger.table.imported - np.nan_to_num(measured().ledger.table.exported)
    # The first night began in the year before, and the last one ends in the year after.
    assert more.sum() == pytest.approx(365 * kwh * 1000, abs=2 * kwh * 1000)


def heat_by_hand(kwh_a_year: float, quarter: QuarterHour) -> float:
    """Return the energy of a heat pump, by 18 degrees minus the mean temperature of the month."""
    missing = (16.6, 15.8, 12.3, 8.4, 4.5, 0, 0, 0, 3.7, 8.1, 12.8, 15.7)
    lengths = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    degree_days = sum(kelvins * days for kelvins, days in zip(missing, lengths, strict=True))
    month = quarter.start.astimezone(LUXEMBOURG).month
    return kwh_a_year * 1000 * missing[month - 1] / degree_days / 96


def test_a_heat_pump() -> None:
    table = measured().ledger.table
    changed = with_load(table, heat_pump(4000))
    is_billed_like(changed, partial(heat_by_hand, 4000))
    # A year of 365 days is a bit shorter than the mean year. From June to August nothing is heated.
    more = heat_pump(4000)(table.quarter)
    assert more.sum() == pytest.approx(4_000_000, rel=0.002)
    assert (more == 0).sum() == 92 * 96


@pytest.mark.parametrize(("kwp", "direction", "tilt"), [(5, 180, 30), (9.6, 270, 15)])
def test_panels(kwp: float, direction: float, tilt: float) -> None:
    table = measured().ledger.table
    numbers = [number_of(quarter.start) for quarter in year()]
    made_wh = dict(zip(numbers, solar_wh(np.array(numbers), direction, tilt).tolist(), strict=True))
    changed = with_load(table, panels(kwp, direction, tilt))
    is_billed_like(changed, lambda quarter: -kwp * made_wh[number_of(quarter.start)])


def test_real_days_of_sun_are_not_mean_days() -> None:
    table = measured().ledger.table
    real = panels(6)(table.quarter).reshape(365, 96)
    month = wall_clock(table.quarter).month.reshape(365, 96)[:, 48]
    mean = np.array([real[month == of_day].mean(axis=0) for of_day in month])

    def own_use(days: Floats) -> float:
        return float(table.imported.sum() - with_load(table, lambda _: days.ravel()).imported.sum())

    assert mean.sum() == pytest.approx(real.sum())
    assert own_use(real) < 0.97 * own_use(mean)


def test_a_sharing_key() -> None:
    table = measured().ledger.table
    group_wh = -panels(30)(table.quarter)
    changed = shared_by(table, group_wh, 0.2)
    by_number = dict(zip(table.quarter.tolist(), group_wh.tolist(), strict=True))
    sharing = {}
    for quarter in year():
        wh = min(quarter.mean_kw * 250, by_number[number_of(quarter.start)] / 5)
        sharing[quarter.start] = QuarterHourSharing((wh, 0.0, 0.0, 0.0))
    meter = Household(CONTRACT)
    meter.set_leneda_days(LenedaDays(year(), sharing))
    meter.update(local(END) + timedelta(days=5), Energies(1000.0, 0.0), None, "SAG1")
    assert meter.snapshot
    expected = lines_of(meter.snapshot.ledger)
    assert lines_of(Ledger.of(changed, measured().contracts)) == expected
    assert expected != lines_of(measured().ledger)


def test_changes_combine_in_any_order() -> None:
    loads = [car(8, 11), heat_pump(4000), panels(6)]
    tables = [measured().ledger.table] * 2
    for load, other in zip(loads, reversed(loads), strict=True):
        tables = [with_load(tables[0], load), with_load(tables[1], other)]
    ledgers = [Ledger.of(table, measured().contracts) for table in tables]
    assert lines_of(ledgers[0]) == lines_of(ledgers[1])


def test_which_rows_change() -> None:
    days = {
        "2026-06-01": DayRows(9.6, nan, shared_kwh=4.8),
        "2026-06-02": DayRows(0, 9.6),
    }
    gap = table_of_days({"2026-06-03": 9.6}, RowSource.GAP)
    repeated = table_of_days({"2026-06-02": DayRows(0, 9.6)})
    table = table_of_days(days).joined(repeated).joined(gap)

    def day_sums(changed: Table) -> list[list[float | None]]:
        columns = (changed.imported, changed.exported, changed.shared.sum(axis=0))
        days = zip(*(np.split(column, [96, 288]) for column in columns), strict=True)
        sums = [[float(energies.sum()) for energies in day] for day in days]
        return [[None if isnan(wh) else round(wh, 6) for wh in day] for day in sums]

    assert day_sums(table) == [[9600, None, 4800], [0, 19_200, 0], [9600, 0, 0]]
    # Unknown energies and gaps stay. The last row of a repeated quarter-hour changes.
    changed = with_load(table, lambda numbers: np.full(len(numbers), 150.0))
    assert day_sums(changed) == [[24_000, None, 4800], [4800, 9600, 0], [9600, 0, 0]]
    # At most the imported energy is shared. Produced energy beyond the need is exported.
    changed = with_load(table, lambda numbers: np.full(len(numbers), -70.0))
    assert day_sums(changed) == [[2880, None, 2880], [0, 25_920, 0], [9600, 0, 0]]
    changed = with_load(table, lambda numbers: np.full(len(numbers), -130.0))
    assert day_sums(changed) == [[0, 2880, 0], [0, 31_680, 0], [9600, 0, 0]]
