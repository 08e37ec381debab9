"""Market prices of past hours, derived with contracts that were entered later."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from smartyp1.history.market_prices import MarketHours, MarketPrices
from smartyp1.history.month_columns import Row
from smartyp1.history.register_amounts import Amounts
from smartyp1.history.spans import Span, SpanKind
from smartyp1.prices.contract import PER_KWH, Aid, AidVat, Contract, Contracts
from smartyp1.prices.kwh_price import KwhPrice, market_prices_of, price_of_kwh
from smartyp1.prices.past_market_prices import at_stored_level

DAY = datetime(2026, 9, 9, 22, tzinfo=UTC)
"""Midnight in Luxembourg."""
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
DYNAMIC = Contract(reference_kw=7, energy_margin=0.02, feed_in_margin=-0.01, has_levies=True)
THEN = Contracts(((datetime(1999, 1, 1, tzinfo=UTC), DYNAMIC),))
DEARER = replace(DYNAMIC, energy_margin=0.05, feed_in_margin=-0.03)
AID = Aid("aid", date(2026, 8, 1), date(2026, 12, 31), 0.04, PER_KWH, AidVat.INCLUDED)


def market_at(hour: datetime) -> MarketPrices:
    price = 0.05 + 0.004 * (hour.hour % 12)
    return MarketPrices(price, price / 2)


def row_of(drawn: range, days: int = 1) -> Row:
    """Return days that draw 100 Wh a quarter-hour in the hours `drawn`, and feed in otherwise."""
    row = Row()
    for n in range(96 * days):
        start = DAY + n * QUARTER
        market = market_at(start)
        wh, fed_wh = (100.0, 0.0) if n % 96 // 4 in drawn else (0.0, 100.0)
        assert market.energy is not None
        assert market.feed_in is not None
        cost, revenue = wh / 1000 * market.energy, fed_wh / 1000 * market.feed_in
        amounts = Amounts(wh, fed_wh, True, None, None, cost, wh, revenue, fed_wh)  # noqa: FBT003
        row.add(Span(start, start + QUARTER, SpanKind.QUARTER_HOUR, amounts))
    return row


def derived(now: Contracts, since: datetime, days: int = 1) -> MarketHours:
    """Return what is derived from prices that were recorded without the contracts `now`.

    Prices from `since` on were recorded with them.
    """
    hours = [DAY + n * HOUR for n in range(24 * days)]
    recorded: dict[datetime, KwhPrice] = {
        hour: price_of_kwh(now if hour >= since else THEN, hour, market_at(hour)) for hour in hours
    }
    return {hour: market_prices_of(price, now, hour) for hour, price in recorded.items()}


def wrong_hours(market: MarketHours) -> list[datetime]:
    return [
        hour
        for hour, prices in market.items()
        if prices != pytest.approx(market_at(hour), abs=0.00001)
    ]


@pytest.mark.parametrize(
    "now",
    [
        replace(THEN, aids=(AID,)),
        replace(THEN, aids=(AID._replace(vat=AidVat.NONE),)),
        replace(THEN, entries=(*THEN.entries, (DAY - 24 * HOUR, DEARER))),
    ],
    ids=["aid", "aid without VAT", "margins"],
)
def test_what_was_entered_later_does_not_move_the_market(now: Contracts) -> None:
    row = row_of(range(16, 24), days=2)
    # It was entered at the end of the first day.
    market = derived(now, DAY + 24 * HOUR, days=2)
    assert len(wrong_hours(market)) == 24
    assert not wrong_hours(at_stored_level(market, row.months))


def test_a_day_with_few_costs_is_like_the_day_before() -> None:
    now = replace(THEN, aids=(AID,))
    market = derived(now, DAY + 48 * HOUR, days=2)
    row = row_of(range(16, 24))
    assert not wrong_hours(at_stored_level(market, row.months))
    # Energy in two hours alone, and without any.
    for drawn in (range(2), range(0)):
        level = at_stored_level(market, row_of(drawn).months)
        assert {hour: prices.energy for hour, prices in level.items()} == {
            hour: prices.energy for hour, prices in market.items()
        }


def test_unknown_prices_stay_unknown() -> None:
    row = row_of(range(24))
    market = {DAY: MarketPrices(None, 0.1), DAY + HOUR: MarketPrices(0.1, None)}
    assert at_stored_level(market, row.months) == market
    assert at_stored_level(market, {}) == market
