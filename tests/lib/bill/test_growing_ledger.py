"""A ledger that grows with each quarter-hour is the one that is made anew."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dev.testing.random_examples import each
from smartyp1.bill.household import Household
from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.ledger import Ledger
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.energy_table.filled_market_prices import stand_ins_of_today, with_prices
from smartyp1.history.luxembourg_time import (
    HOUR,
    QUARTER_HOUR,
    month_end,
    month_start,
    quarter_start,
)
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import BEGINNING, Contracts
from smartyp1.prices.market_price_series import (
    PriceOrigin,
    PriceSeries,
    PriceSources,
    QuarterPrice,
    sources_at,
)
from tests.lib.bill.lives import FIXED, MARKET, SECOND, Life

LIVES = 4
DAY = timedelta(days=1)
# Two days before the clock is set back, before it is set ahead, and before the middle of a month.
BEGINS = [datetime(2026, month, day, 21, tzinfo=UTC) for month, day in ((10, 23), (3, 27), (6, 13))]


def same(grown: Ledger, anew: Ledger) -> bool:
    """Return whether two ledgers have the same rows and totals."""
    for one, other in zip(*map(columns, (grown, anew)), strict=True):
        if not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            return False
    return True


def columns(ledger: Ledger) -> list[Any]:
    """Return all columns of a ledger. A part of one has other totals, but the same differences."""
    rows = ledger.known.whole
    return [*rows.table, *rows.clock, rows.reference_wh, np.diff(rows.totals)]


def anew(house: Household, until: datetime) -> Ledger:
    """Return the ledger of a house, computed at once."""
    table = table_and_refused(house.meter.history.columns(), house.leneda)[0]
    table = with_prices(table, house.price_sources, until)
    return Ledger.of_table(table, house.contracts, is_begun=house.meter.is_begun_here)


def put_late(chance: random.Random, prices: PriceSeries, now: datetime) -> None:
    """Put prices of the last hours, of which some are missing, late or corrected."""
    running = quarter_start(now)
    for n in range(chance.choice([0, 1, 1, 2, 5, 30, 120])):
        price = chance.choice([0.04, 0.11, 0.3]) * chance.choice([1, 1, -0.2])
        prices.add_price(
            QuarterPrice(running - n * QUARTER_HOUR, price, chance.choice([*PriceOrigin]))
        )
    if prices.running and prices.running.start != running:
        prices.add_price(prices.running)
    if chance.random() < 0.5:
        prices.running = QuarterPrice(running, 0.07)


def days(chance: random.Random) -> Iterator[tuple[Household, datetime]]:
    """Yield a household after each of its readings, with the time of its last one."""
    time, kwh, serial = chance.choice(BEGINS), 1000.0, "A"
    bought, sold = PriceSeries(), PriceSeries()
    sources = [PriceSources(BEGINNING, bought, chance.choice([None, sold]))]
    later = time + chance.choice([1, 2]) * DAY + HOUR
    if chance.random() < 0.5:
        sources.append(PriceSources(later, chance.choice([None, sold, bought]), None))
    terms = [chance.choice([FIXED, MARKET, SECOND]) for _ in sources]
    house = Household(
        Contracts(tuple(zip([source.since for source in sources], terms, strict=True)))
    )
    house.set_prices(sources)
    for _ in range(chance.randrange(110, 260)):
        house.count_telegram(time, Energies(round(kwh, 3), round(kwh / 3, 3)), 0.5, serial)
        yield house, time
        minutes = chance.choices([15, 5, 20, 50, 900, -3], [90, 5, 3, 1, 0.5, 0.5])[0]
        time += timedelta(minutes=minutes)
        kwh += max(0, minutes) / 60 * chance.choice([0.2, 1.4, 5.0])
        for prices in (bought, sold):
            if chance.random() < 0.7:
                put_late(chance, prices, time)
        if chance.random() < 0.01:
            serial, kwh = serial + "x", 10.0
        if chance.random() < 0.03:
            start = quarter_start(time) - chance.randrange(2000) * QUARTER_HOUR
            house.set_leneda_days(LenedaDays(Life().leneda(start, start + 3 * DAY)))


@pytest.mark.parametrize("seed", each(2, range(LIVES)))
def test_a_grown_ledger_is_the_one_that_is_made_anew(seed: int) -> None:
    rows_by_mark: dict[int, list[bytes]] = {}
    for house, time in days(random.Random(seed)):  # noqa: S311
        household = house.snapshot
        assert household, f"seed {seed}"
        whole = anew(house, household.until)
        assert same(household.ledger, whole), f"seed {seed}, {time}"
        start = quarter_start(household.values.measured_since)
        since = sources_at(house.price_sources, start).since
        stand_ins = stand_ins_of_today(whole.table, since, household.until)
        assert household.running_prices.stand_ins == stand_ins, f"seed {seed}, {time}"
        for begin, end in (
            (month_start(time - DAY), time - DAY),
            (time - DAY, month_end(time)),
            (time - 30 * DAY, time + DAY),
        ):
            grown = household.ledger
            assert grown.sums(begin, end) == whole.sums(begin, end), f"seed {seed}, {time}"
            assert grown.peak(begin, end) == whole.peak(begin, end)
            assert grown.months == whole.months
            assert grown.mark(begin, end) == whole.mark(begin, end)
            assert grown.has_rows(begin, end) == whole.has_rows(begin, end)
            assert grown.lacks_exports(begin, end) == whole.lacks_exports(begin, end)
            assert same(grown.between(begin, end), whole.between(begin, end))
        begin = month_start(time)
        rows = [column.tobytes() for column in whole.between(begin, time).table]
        assert rows_by_mark.setdefault(whole.mark(begin, time), rows) == rows


def test_the_end_of_a_quarter_hour_keeps_the_days_before() -> None:
    house, start = Household(FIXED), BEGINS[-1]
    house.set_leneda_days(LenedaDays(Life().leneda(start - 60 * DAY, start)))
    days_before = []
    for n in range(3 * 96):
        house.count_telegram(start + n * QUARTER_HOUR, Energies(1000.0 + n / 9, 5.0), 0.4, "A")
        assert house.snapshot
        known = house.snapshot.ledger.known
        days_before.append(known.tables_between(start - 30 * DAY, start - DAY)[0].imported)
    made = sum(not np.shares_memory(*pair) for pair in pairwise(days_before))
    # Once a day, and once more as the first reading adds its month.
    assert made <= 5


def test_a_gap_over_midnight_is_divided_as_in_a_ledger_that_is_made_anew() -> None:
    house, start = Household(FIXED), BEGINS[-1] - 3 * HOUR
    leneda = Life().leneda(start + 3 * HOUR, start + 5 * HOUR)
    for n in (*range(11), *range(28, 120)):
        time = start + n * QUARTER_HOUR
        house.count_telegram(time, Energies(1000.0 + n / 5, 5.0), 0.5, "A")
        if n == 40:
            house.set_leneda_days(LenedaDays(leneda))
        assert house.snapshot
        assert same(house.snapshot.ledger, anew(house, house.snapshot.until)), time
