"""Coming quarter-hours at market prices, before tomorrow's prices are known."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from smartyp1.answers.outlook import FORMAT_JSON
from smartyp1.answers.plan import PLAN_FORMATS
from smartyp1.history.luxembourg_time import LUXEMBOURG
from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.plan.coming_quarters import PlanLack, coming_quarters, with_day_before
from smartyp1.plan.house_request import LoadWish, PlannedHouse, PlanQuestion, planned_house
from smartyp1.plan.usual_house import usual_house
from tests.lib.bill.months import agreed, local

NOW = local("2026-06-23T12:00:00")
MIDNIGHT = local("2026-06-24T00:00:00")
QUARTER = timedelta(minutes=15)
CONTRACTS = agreed(reference_kw=5, energy_margin=0.02, feed_in_price=0.04, has_levies=False)
PAST = [QuarterHour(NOW - n * QUARTER, 0.4, 0.0) for n in range(28 * 96, 0, -1)]


def market(time: datetime) -> MarketPrices:
    """Return the prices of today: low at 3:00."""
    if not local("2026-06-23T00:00:00") <= time < MIDNIGHT:
        return NO_PRICES
    return MarketPrices(0.01 if time.hour == 1 else 0.1)


def test_unknown_prices_are_those_of_the_day_before() -> None:
    usual = usual_house(PAST)
    end = NOW + timedelta(hours=44)
    found = partial(coming_quarters, end=end, contracts=CONTRACTS, priced_until=MIDNIGHT)
    known, lacks = found(NOW, market=market, usual=usual)
    assert not lacks
    assert len(known) == 4 * 12
    coming, lacks = found(NOW, market=with_day_before(market), usual=usual)
    assert not lacks
    assert len(coming) == 4 * 44
    low = [at.start for at in coming if at.quarter.price < 0.1]
    assert low == [
        MIDNIGHT + timedelta(hours=3 + 24 * day) + n * QUARTER for day in (0, 1) for n in range(4)
    ]
    _, lacks = found(MIDNIGHT, market=market, usual=usual, priced_until=MIDNIGHT + QUARTER)
    assert lacks == {PlanLack.PRICE}
    few = PAST[-96 * 6 :]
    assert found(NOW, market=market, usual=usual_house(few))[1] == {PlanLack.DAYS}
    at_midnight = PlanQuestion(MIDNIGHT, CONTRACTS, lambda _: NO_PRICES, PAST, [])
    assert planned_house(at_midnight) is PlanLack.PRICE
    assert planned_house(at_midnight._replace(past=few)) is PlanLack.DAYS


def test_a_plan_names_the_time_from_which_its_prices_are_unknown() -> None:
    car = LoadWish("car", 4.4, 4.4, by=MIDNIGHT + timedelta(hours=7))
    planned = planned_house(PlanQuestion(NOW, CONTRACTS, market, PAST, [car]))
    assert isinstance(planned, PlannedHouse)
    plan = PLAN_FORMATS[FORMAT_JSON](planned)
    assert plan["prices_of_day_before_from"] == "2026-06-24T00:00:00+02:00"
    assert plan["loads"][0]["start"] == "2026-06-24T03:00:00+02:00"
    assert plan["loads"][0]["end"] == "2026-06-24T04:00:00+02:00"


@pytest.mark.parametrize(("hours", "lacks"), [(6, set()), (24, {PlanLack.PRICE})])
def test_a_price_that_is_unknown_after_the_deadline_is_not_needed(
    hours: int, lacks: set[PlanLack]
) -> None:
    now = local("2026-06-23T01:00:00")
    # Some lists begin with the running hour: then the prices of tomorrow, 0:00 to 1:00 are unknown.
    car = LoadWish("car", 4.4, 4.4, by=now + timedelta(hours=hours))
    question = PlanQuestion(
        now, CONTRACTS, lambda time: market(time) if time >= now else NO_PRICES, PAST, [car]
    )
    planned = planned_house(question._replace(is_certain=False))
    assert isinstance(planned, PlannedHouse)
    assert planned.lacks == lacks


@pytest.mark.parametrize(
    ("noon", "offset", "quarters"),
    [("2026-10-24T12:00:00", "+01:00", 48 + 100), ("2027-03-27T12:00:00", "+02:00", 48 + 92)],
)
def test_a_day_with_a_change_of_the_clock_has_its_own_hours(
    noon: str, offset: str, quarters: int
) -> None:
    now, midnight = local(noon), local(noon) + timedelta(hours=12)
    past = [QuarterHour(now - n * QUARTER, 0.4, 0.0) for n in range(28 * 96, 0, -1)]

    def prices(time: datetime) -> MarketPrices:
        """Return the prices until midnight: low at 5:00."""
        is_low = time.astimezone(LUXEMBOURG).hour == 5
        return NO_PRICES if time >= midnight else MarketPrices(0.01 if is_low else 0.1)

    car = LoadWish("car", 4.4, 4.4)
    planned = planned_house(PlanQuestion(now, CONTRACTS, prices, past, [car]))
    assert isinstance(planned, PlannedHouse)
    assert len(planned.coming) == quarters
    [load] = PLAN_FORMATS[FORMAT_JSON](planned)["loads"]
    day = f"{midnight.astimezone(LUXEMBOURG):%Y-%m-%d}"
    assert (load["start"], load["end"]) == (f"{day}T05:00:00{offset}", f"{day}T06:00:00{offset}")


def test_energy_that_is_never_charged_saves_nothing() -> None:
    car = LoadWish("car", 8.8, 11.0, min_kw=4.1, by=MIDNIGHT)
    planned = planned_house(PlanQuestion(NOW, CONTRACTS, market, PAST, [car], never_above_kw=3.0))
    assert isinstance(planned, PlannedHouse)
    plan = PLAN_FORMATS[FORMAT_JSON](planned)
    [load] = plan["loads"]
    assert (load["missing_kwh"], load["saving"], plan["can_differ"]) == (8.8, 0.0, False)


def test_an_appliance_that_runs_goes_on_above_the_limit_and_a_car_at_once_waits() -> None:
    dishes = LoadWish("dishes", 3.0, hours=1.1, is_running=True, is_at_once=True)
    car = LoadWish("car", 8.8, 11.0, by=MIDNIGHT, is_at_once=True)
    question = PlanQuestion(NOW, CONTRACTS, market, PAST, [dishes, car], never_above_kw=3.0)
    planned = planned_house(question)
    assert isinstance(planned, PlannedHouse)
    shown = {load["name"]: load for load in PLAN_FORMATS[FORMAT_JSON](planned)["loads"]}
    assert (shown["dishes"]["start"], shown["dishes"]["end"]) == (
        "2026-06-23T12:00:00+02:00",
        "2026-06-23T13:06:00+02:00",
    )
    # The car has twelve hours for the energy that does not fit into the first one.
    assert [load["missing_kwh"] for load in shown.values()] == [0, 0]
