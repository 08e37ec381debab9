"""Each row of a table has the price of its quarter-hour, from the source of its contract."""

from datetime import UTC, datetime, timedelta

import numpy as np

from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.leneda_days import NO_LENEDA_DAYS
from smartyp1.energy_table.filled_market_prices import with_prices
from smartyp1.energy_table.wall_clock import time_of
from smartyp1.history.luxembourg_time import QUARTER_HOUR
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.history.register_amounts import Amounts
from smartyp1.history.spans import Span, SpanKind
from smartyp1.prices.contract import BEGINNING
from smartyp1.prices.market_price_series import PriceOrigin, PriceSeries, PriceSources, QuarterPrice
from tests.lib.bill.support import row_of

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)
CHANGE = NOON + 4 * QUARTER_HOUR


def series(first: float, step: float, count: int = 16) -> PriceSeries:
    """Return prices from an hour before noon on, each `step` higher."""
    prices = PriceSeries()
    for n in range(count):
        start = NOON + (n - 4) * QUARTER_HOUR
        prices.add_price(QuarterPrice(start, round(first + n * step, 6), PriceOrigin.HOURLY))
    return prices


def test_a_row_has_the_price_of_the_contract_then_in_force() -> None:
    quarters = [QuarterHour(NOON + n * QUARTER_HOUR, 0.4, 0.05) for n in range(-1, 8)]
    gap = Amounts(300.0, 60.0)
    part = Amounts(50.0, 0.0)
    row = row_of(
        quarters,
        Span(NOON - timedelta(minutes=55), NOON - QUARTER_HOUR, SpanKind.GAP, gap),
        Span(CHANGE + timedelta(minutes=2), CHANGE + 2 * QUARTER_HOUR, SpanKind.PART, part),
    )
    old, new, sold = series(0.25, 0.01), series(0.1, 0.001, 10), series(0.04, 0.002)
    sources = [PriceSources(BEGINNING, old, sold), PriceSources(CHANGE, new)]
    table = with_prices(table_and_refused(row.months, NO_LENEDA_DAYS)[0], sources)
    assert len(table.quarter) > len(quarters) + 6
    for number, market, feed_in in zip(table.quarter.tolist(), *table.true_prices, strict=True):
        start = time_of(number)
        expected = (old.at(start), sold.at(start)) if start < CHANGE else (new.at(start), None)
        assert [None if np.isnan(price) else price for price in (market, feed_in)] == [*expected]
    # The second source has no price for the last two quarter-hours.
    assert table.is_market_filled[-2:].all()
    assert not table.is_market_filled[:-2].any()


def test_without_sources_no_row_has_a_price() -> None:
    row = row_of([QuarterHour(NOON, 0.4)])
    for sources in ([], [PriceSources(BEGINNING)], [PriceSources(BEGINNING, PriceSeries())]):
        table = with_prices(table_and_refused(row.months, NO_LENEDA_DAYS)[0], sources)
        assert np.isnan(table.market).all()
        assert np.isnan(table.feed_in).all()
