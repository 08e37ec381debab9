"""The coming quarter-hours: their prices, and the usual power left."""

from datetime import datetime, timedelta
from itertools import pairwise

from dev.testing.times import utc
from smartyp1.answers.price_outlook import quarter_hours_ahead
from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.plan.usual_house import usual_house
from smartyp1.prices.contract import Contract, Contracts
from tests.lib.bill.months import LONG_AGO, agreed

QUARTER = timedelta(minutes=15)
# A day before the clock goes back: the next 48 hours have a day of 25.
NOW = utc("2026-10-24 10:07:30")


def no_market(_start: datetime) -> MarketPrices:
    return NO_PRICES


def days(count: int, *kws: float) -> list[QuarterHour]:
    """Return the quarter-hours from noon in Luxembourg on, of `count` days in a row."""
    noon = utc("2026-10-01 10:00")
    return [
        QuarterHour(noon + timedelta(days=day) + n * QUARTER, kw + day * 0.1)
        for day in range(count)
        for n, kw in enumerate(kws)
    ]


def test_48_hours_from_the_current_quarter_hour_on() -> None:
    found = list(quarter_hours_ahead(NOW, agreed(energy_price=0.15), no_market, {}))

    assert len(found) == 192
    assert found[0].start == utc("2026-10-24 10:00")
    assert all(one.end == other.start for one, other in pairwise(found))
    # (0.15 + 0.0510) * 1.08
    assert {each.price.imported for each in found} == {0.21708}


def test_the_power_left_is_the_reference_power_less_the_mean_of_those_days() -> None:
    usual = usual_house(days(7, 1.0, 8.0))
    found = list(quarter_hours_ahead(NOW, agreed(reference_kw=7), no_market, usual))

    # The mean of 1.0, 1.1, … 1.6 is 1.3; noon of the second day is in winter time.
    assert [each.left_kw for each in found[:3]] == [5.7, -1.3, None]
    known = [each.start for each in found if each.left_kw == 5.7]
    assert known == [NOW.replace(minute=0, second=0), utc("2026-10-25 11:00")]
    assert found[2].unknown["left_kw"] == "too_few_days"


def test_six_days_are_too_few_and_estimates_are_no_measurements() -> None:
    assert usual_house(days(6, 1.0)) == {}
    estimated = QuarterHour(utc("2026-10-09 10:00"), 1.0, origin=Origin.LENEDA_ESTIMATED)
    assert usual_house([*days(6, 1.0), estimated]) == {}
    assert usual_house(days(7, 1.0)).keys() == {(12, 0)}


def test_the_market_as_far_as_it_is_known() -> None:
    def market(start: datetime) -> MarketPrices:
        return MarketPrices(0.1, 0.05) if start < NOW else NO_PRICES

    contracts = agreed(energy_margin=0.02, feed_in_margin=0.0)
    first, second, *_ = quarter_hours_ahead(NOW, contracts, market, {})
    # (0.1 + 0.02 + 0.0510) * 1.08
    assert first.price[:2] == (0.18468, 0.05)
    assert second.price[:2] == (None, None)
    assert dict(second.unknown) == {
        "price_import": "market_unknown",
        "price_export": "market_unknown",
        "left_kw": "not_agreed",
    }


def test_two_prices_and_a_change_to_come() -> None:
    night = Contract(energy_price=0.2, second_price=0.1, second_hours="22:00-06:00", has_vat=False)
    later = utc("2026-10-25 10:00")
    contracts = Contracts(((LONG_AGO, night), (later, Contract(energy_price=0.3, has_vat=False))))
    found = {
        each.start: each.price.imported
        for each in quarter_hours_ahead(NOW, contracts, no_market, {})
    }

    assert found[utc("2026-10-24 19:45")] == 0.251
    assert found[utc("2026-10-24 20:00")] == 0.151
    assert found[later] == 0.351


def test_prices_that_are_not_agreed_or_not_published() -> None:
    first, *_ = quarter_hours_ahead(NOW, agreed(), no_market, usual_house(days(7, 1.0)))
    assert first.price[:2] == (None, None)
    assert set(first.unknown.values()) == {"not_agreed"}
    category_b = agreed(energy_price=0.1, has_levies=True, consumer_category="B")
    first, *_ = quarter_hours_ahead(NOW, category_b, no_market, {})
    assert first.unknown["price_import"] == "price_unknown"
