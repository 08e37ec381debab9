"""Usual energy by now; the power that is always on, and its cost a year, at prices by the hour."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import numpy as np
import pytest

from dev.testing.random_examples import each
from dev.testing.times import utc
from smartyp1.advice.night_base_load import usual_night_kw
from smartyp1.advice.solar_house import Supply, SupplyKind
from smartyp1.answers.assistant_facts import today_facts
from smartyp1.answers.habits import SuppliedHouse, base_load_report, usual_report
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.energy_table.wall_clock import quarter_number
from smartyp1.history.luxembourg_time import LUXEMBOURG, day_start, midnight
from smartyp1.history.market_prices import MarketPrices
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import PER_KWH, Aid, AidVat, Contract, Contracts
from tests.lib.bill.months import ledger_of
from tests.lib.bill.support import known, put_prices, read_quarter_hours

TWO_PRICES = Contract(
    reference_kw=7,
    energy_price=0.2,
    second_price=0.08,
    second_hours="22:00-06:00",
    has_levies=True,
)
START = utc("2026-05-31 22:00")
MARKET = Contract(reference_kw=7, energy_margin=0.02, has_levies=True)


def market_at(time: datetime) -> MarketPrices:
    return MarketPrices({11: -0.08, 17: 0.25}.get(time.hour, 0.09))


def always_300_w(contract: Contract, time: datetime, end: datetime) -> HouseholdState:
    """Return the demand of a house that always uses 300 W."""
    return read_quarter_hours(contract, time, end, lambda _: (0.075, 0), market_at)[1]


# 0.3 kW * 8760 h * 1.08, times the network's 0.051 and the mean price: (16 * 0.2 + 8 * 0.08) / 24,
# or 0.02 and (22 * 0.09 - 0.08 + 0.25) / 24. The levies cancel each other, but for the State's aid
# until December.
@pytest.mark.parametrize(("contract", "cost"), [(TWO_PRICES, 600.0), (MARKET, 460.0)])
@pytest.mark.parametrize(("month", "hour"), [(6, 1), (6, 11), (6, 17), (11, 1)])
def test_the_base_load_costs_the_same_at_each_hour(
    contract: Contract, cost: float, month: int, hour: int
) -> None:
    end = datetime(2026, month, 10, hour, 30, tzinfo=UTC)
    household = always_300_w(contract, datetime(2026, month, 1, tzinfo=UTC), end)
    always_on = base_load_report(household)["always_on"]
    assert (always_on["w"], always_on["cost_per_year"]) == (300, pytest.approx(cost, abs=10))
    # An aid of the household's own counts only if it lasts for a year: 0.3 * 8760 * 0.02 = 53 EUR.
    for last_day, aided in ((date(2027, 6, 8), cost), (None, cost - 53)):
        aid = Aid("Aid", date(2026, 1, 1), last_day, 0.02, PER_KWH, AidVat.INCLUDED)
        changed = replace(household, contracts=replace(household.contracts, aids=(aid,)))
        always_on = base_load_report(changed)["always_on"]
        assert always_on["cost_per_year"] == pytest.approx(aided, abs=10)


# A night ends at 5 o'clock, which is 3 o'clock in UTC.
@pytest.mark.parametrize(
    ("end", "nights"),
    [("06-04T06:00", None), ("06-05T02:45", None), ("06-05T03:00", 3), ("06-12T03:00", 7)],
)
def test_the_base_load_is_that_of_three_to_seven_nights(end: str, nights: int | None) -> None:
    start, until = (datetime.fromisoformat(f"2026-{time}Z") for time in ("06-02T06:00", end))
    household = always_300_w(TWO_PRICES, start, until)
    always_on = base_load_report(household)["always_on"]
    assert (always_on and always_on["nights"]) == nights


@pytest.mark.parametrize(("is_today_known", "kwh"), [(False, 3.6), (True, 1.8)])
def test_the_usual_cost_is_without_sharing_while_todays_is_not_known(
    is_today_known: bool,  # noqa: FBT001 - a parameter of a test
    kwh: float,
) -> None:
    contract = Contract(reference_kw=7, energy_price=0.2, has_levies=True)
    start, end = utc("2026-05-30 22:00"), utc("2026-06-30 10:00")
    household = always_300_w(contract, start, end)
    table, shared = household.ledger.table, np.zeros_like(household.ledger.table.shared)
    is_known = (table.quarter < quarter_number(day_start(end))) | is_today_known
    shared[0] = np.where(is_known, table.imported / 2, 0.0)
    table = table._replace(shared=shared, is_sharing_known=is_known)
    household = replace(household, ledger=ledger_of(table, household.contracts))
    usual = usual_report(household)["usual"]
    # 3.6 kWh until noon: 0.0510 of the network for each kWh, and 0.20 of the supplier for kWh that
    # are not shared. The levies cancel each other; half a day of 30 of 12.84 and 5.72.
    cost = (3.6 * 0.051 + kwh * 0.2 + (12.84 + 5.72) / 60) * 1.08
    assert (usual["imported_wh"], usual["cost"]) == (3600, pytest.approx(cost, abs=0.01))


@pytest.mark.parametrize("has_panels", [False, True])
def test_the_reason_and_the_energy_of_the_house(
    has_panels: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    contract = Contract(reference_kw=3, energy_price=0.2, feed_in_price=0.06)
    meter, kwh, time, noon = (
        Household(contract),
        1000.0,
        START,
        utc("2026-06-23 10:00"),
    )
    while time <= noon:
        meter.count_telegram(time, Energies(round(kwh, 3), 500.0), None, None)
        # 14 kWh each morning, and 2 of them above 3 kW; today 8 of 14.
        is_today = time >= utc("2026-06-22 22:00")
        on, kw = ({0, 1}, 7.0) if is_today else ({0, 1, 2, 3}, 3.5)
        kwh += kw / 4 if time.hour in on else 0.0
        time += timedelta(minutes=15)
    household = known(meter)
    # Panels deliver 500 W from 6:00 to 18:00 UTC, and the house uses it.
    hours = (START + timedelta(hours=n) for n in range((noon - START) // timedelta(hours=1)))
    sun = {hour: 0.5 * (6 <= hour.hour < 18) for hour in hours}
    supply = Supply(SupplyKind.PRODUCED, sun, START - timedelta(hours=1))
    house = SuppliedHouse([supply], noon) if has_panels else None
    report = usual_report(household, house)
    usual = report["usual"]
    assert (usual["days"], usual["imported_wh"]) == (3, 14_000)
    own_wh = 2000 if has_panels else None
    assert (usual["own_wh"], usual["house_wh"]) == (own_wh, own_wh and 14_000 + own_wh)
    # 6 kWh more above 3 kW, at 0.0765 EUR with 8 % of VAT, and everything else as usual.
    assert report["reason"] == "more_above"


@pytest.mark.parametrize(("nights", "kw"), [(13, None), (14, 0.3)])
def test_the_usual_power_at_night_is_that_of_two_weeks(nights: int, kw: float | None) -> None:
    household = always_300_w(TWO_PRICES, START, utc("2026-06-25 10:00"))
    start = day_start(START + timedelta(days=2))
    assert usual_night_kw(household.ledger.table, start, start + timedelta(days=nights)) == kw


def weekly(time: datetime) -> tuple[float, float]:
    """Return the energies of a quarter-hour, which are the same each week: a car, and panels."""
    local = time.astimezone(LUXEMBOURG)
    sun = 0.6 * (11 <= local.hour < 15)
    used = (
        0.08
        + 0.2 * (local.hour in {7, 18})
        + 1.5 * (local.weekday() in {1, 4} and local.hour >= 20)
    )
    net = used - sun
    return round(max(net, 0.0), 3), round(max(-net, 0.0), 3)


def market_of_week(time: datetime) -> MarketPrices:
    """Return market prices, which are the same each week."""
    local = time.astimezone(LUXEMBOURG)
    return MarketPrices(
        *[{11: -0.08, 17: 0.25, 19: 0.12 + local.weekday() / 100}.get(local.hour, 0.09)] * 2
    )


def evenings(
    contracts: Contracts,
    since: date,
    days: int,
    is_shared: bool,  # noqa: FBT001
) -> Iterator[HouseholdState]:
    """Yield the state of a household with equal weeks at 21:50 of each day from `since` on."""
    time = midnight(since - timedelta(days=30))
    end = midnight(since + timedelta(days=days))
    meter, imported, exported = Household(contracts), 1000.0, 500.0
    while time < end:
        energies = Energies(round(imported, 4), round(exported, 4))
        put_prices(meter, time, market_of_week(time))
        meter.count_telegram(time, energies, None, None, market=market_of_week(time))
        local = time.astimezone(LUXEMBOURG)
        if local.date() >= since and (local.hour, local.minute) == (21, 45):
            part = time + timedelta(minutes=5)
            more, fed = weekly(time)
            energies = Energies(round(imported + more / 3, 4), round(exported + fed / 3, 4))
            meter.count_telegram(part, energies, None, None, market=market_of_week(time))
            household = known(meter)
            table = household.ledger.table
            shared = np.zeros_like(table.shared)
            shared[0] = table.imported * 0.4 * is_shared
            table = table._replace(
                shared=shared, is_sharing_known=np.full(len(table.quarter), is_shared)
            )
            yield replace(household, ledger=household.ledger.with_table(table))
        more, fed = weekly(time)
        imported, exported = imported + more, exported + fed
        time += timedelta(minutes=15)


PLAIN = Contract(reference_kw=3, energy_price=0.15, feed_in_price=0.06, has_levies=True)
ALL_OPTIONS = (
    PLAIN,
    replace(PLAIN, replaces_variable=True),
    replace(PLAIN, second_price=0.08, second_hours="22:00-06:00 sat sun"),
    replace(PLAIN, energy_price=None, energy_margin=0.02, feed_in_price=None, feed_in_margin=-0.01),
    replace(PLAIN, community_price=0.12),
)


CHANGES = (
    # A household's aid begins; the State's aid ends; the supplier changes its price.
    (date(2026, 8, 1), 0.08, 0.0, "lower_prices"),
    (date(2027, 1, 1), 0.0, 0.0, "higher_prices"),
    (date(2026, 10, 1), 0.0, 0.06, "higher_prices"),
)


@pytest.mark.parametrize("case", each(6, [*product(CHANGES, ALL_OPTIONS, (False, True))]))
def test_a_week_in_which_only_a_price_changes_has_no_other_reason(
    case: tuple[tuple[date, float, float, str], Contract, bool],
) -> None:
    (since, aid, change, reason), contract, is_shared = case
    aids = (Aid("Aid", since, None, aid, PER_KWH, AidVat.INCLUDED),) if aid else ()
    dearer = {
        name: price + change
        for name in ("energy_price", "energy_margin", "second_price")
        if (price := getattr(contract, name)) is not None
    }
    contracts = Contracts.of_days([(None, contract), (since, replace(contract, **dearer))], aids)
    found = []
    for household in evenings(contracts, since, 8, is_shared):
        report = usual_report(household)
        found.append(report["reason"])
        usual = report["usual"]
        # The terms alone have changed, so the usual energies equal today's.
        month = household.ledger_with_running.sums(day_start(household.time), household.time)
        assert usual["imported_wh"] == pytest.approx(month.imported_wh, abs=2)
    assert set(found) <= {None, reason}
    assert found[0] == reason


@pytest.mark.parametrize("second", [5, 59])
def test_after_midnight_the_usual_day_is_that_of_today(second: int) -> None:
    # The panels' energy is known up to 23:45 on Friday, half a minute after midnight up to 0:00.
    start, end = utc("2026-05-31 22:00"), utc("2026-06-26 22:00")
    meter, _ = read_quarter_hours(PLAIN, start, end, weekly)
    now = end + timedelta(seconds=second)
    meter.count_telegram(now, Energies(10_000.0, 10_000.0), None, None)
    household = known(meter)
    hours = [start + timedelta(hours=n) for n in range((end - start) // timedelta(hours=1))]
    supply = Supply(SupplyKind.PRODUCED, dict.fromkeys(hours, 0.5), start - timedelta(hours=1))
    until = end - timedelta(minutes=15 if second < 30 else 0)
    report = usual_report(household, SuppliedHouse([supply], until))
    assert report["until"] == end.isoformat()
    usual = report["usual"]
    # Saturdays, not Fridays with the car.
    assert (usual["imported_wh"], usual["own_wh"], usual["house_wh"], usual["cost"]) == (0, 0, 0, 0)


def test_all_usual_values_end_when_the_energy_of_the_panels_is_known() -> None:
    start, now = utc("2026-05-31 22:00"), utc("2026-06-26 10:10")
    _, household = read_quarter_hours(PLAIN, start, now, lambda _: (0.1, 0.05))
    until = utc("2026-06-26 09:45")
    hours = [start + timedelta(hours=n) for n in range((now - start) // timedelta(hours=1))]
    supply = Supply(SupplyKind.PRODUCED, dict.fromkeys(hours, 0.5), start - timedelta(hours=1))
    report = usual_report(household, SuppliedHouse([supply], until))
    # 47 quarter-hours since midnight: 4.7 kWh drawn, 2.35 kWh sold of 5.875 kWh.
    usual = report["usual"]
    assert report["until"] == until.isoformat()
    assert (usual["imported_wh"], usual["exported_wh"]) == (4700, 2350)
    assert (usual["own_wh"], usual["house_wh"]) == (pytest.approx(3525), pytest.approx(8225))
    # An assistant compares today until the same time: each day is like the others.
    facts = today_facts(household, report, date(2026, 6, 26))
    assert (facts["imported_kwh"], facts["difference_eur"]) == (4.7, pytest.approx(0, abs=0.01))
    assert datetime.fromisoformat(facts["until"]) == until
