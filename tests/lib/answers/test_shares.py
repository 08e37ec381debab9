"""Where the energy of June 2026 went until the 25th, compared with sums by hand.

`house_of_june` says what the devices use; the fridge is a part of the base here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smartyp1.advice.energy_shares import HouseDevice, HouseSources
from smartyp1.advice.solar_house import Supply, SupplyKind
from smartyp1.answers.house import house_report
from smartyp1.answers.shares import MONTH, YESTERDAY, shares_report
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.quarter_hour_views import QuarterHours
from smartyp1.history.calendar import day_start
from smartyp1.history.market_prices import MarketPrices
from smartyp1.prices.contract import Contract
from tests.lib.advice.house_of_june import START, hours_until, lived_until, powers
from tests.lib.bill.months import LUXEMBOURG, TWO_PRICES
from tests.lib.bill.support import read_quarter_hours

NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = hours_until(NOW)
PRICED = Contract(reference_kw=3, energy_price=0.2)
OF_MARKET = Contract(reference_kw=3, energy_margin=0.02, feed_in_margin=-0.01)


def market_at(time: datetime) -> float:
    return {11: -0.08, 17: 0.25, 19: 0.12}.get(time.hour, 0.09)


def month_of(contract: Contract) -> tuple[HouseholdState, QuarterHours, HouseSources]:
    """Return the meter's month, and what the statistics know of panels, car and heater."""
    demand, known, sources = lived_until(
        NOW, contract, lambda time: MarketPrices(*[market_at(time)] * 2)
    )
    return demand, known, sources._replace(devices=sources.devices[:2])


def price(contract: Contract, time: datetime) -> tuple[float, float]:
    """Return the price of a kWh with VAT, and of one sold. 0.051 is the price of the grid."""
    if contract is OF_MARKET:
        return (market_at(time) + 0.02 + 0.051) * 1.08, market_at(time) - 0.01
    hour = time.astimezone(LUXEMBOURG).hour
    return ((0.08 if hour >= 22 or hour < 6 else 0.2) + 0.051) * 1.08, 0.06


def by_hand(contract: Contract, start: datetime, end: datetime) -> dict[str, list[float]]:
    """Return kWh, cost, own kWh and what these would have earned, of each row and of the house."""
    sums = {name: [0.0] * 4 for name in ("Car", "Heater", "always_on", "house")}
    for hour in HOURS:
        if not start <= hour < end:
            continue
        car, water, panels = powers(hour)
        used = 0.3 + car + water
        drawn = max(0.0, used - panels)
        kwh_price, feed_in = price(contract, hour)
        for name, kwh in (("Car", car), ("Heater", water), ("always_on", 0.3), ("house", used)):
            own = kwh * (used - drawn) / used
            row = (kwh, kwh * drawn / used * kwh_price, own, own * feed_in)
            sums[name] = [before + more for before, more in zip(sums[name], row, strict=True)]
    return sums


@pytest.mark.parametrize("contract", [TWO_PRICES, OF_MARKET])
@pytest.mark.parametrize("period", [YESTERDAY, MONTH])
def test_the_rows_equal_sums_by_hand_and_add_up_to_the_bill(
    contract: Contract, period: str
) -> None:
    demand, known, sources = month_of(contract)
    answer = shares_report(demand, known, sources, period)
    end = datetime(2026, 6, 24, 22, tzinfo=UTC)
    start = end - timedelta(days=1) if period == YESTERDAY else START
    assert (answer["start"], answer["end"]) == (start.isoformat(), end.isoformat())
    expected = by_hand(contract, start, end)
    rows = {row["name"] or row["kind"]: row for row in answer["rows"]}
    for name in ("Car", "Heater", "always_on"):
        kwh, cost, own_kwh, earned = expected[name]
        assert rows[name]["wh"] == pytest.approx(kwh * 1000, abs=2)
        assert rows[name]["cost"] == pytest.approx(cost, abs=0.006)
        assert rows[name]["own_wh"] == pytest.approx(own_kwh * 1000, abs=2)
        assert rows[name]["earned"] == pytest.approx(earned, abs=0.006)
    # Nothing else was on. The bill rounds its lines: at most a cent a day.
    assert rows["else"]["wh"] == pytest.approx(0, abs=2)
    assert abs(rows["else"]["cost"]) <= 0.01 * (1 if period == YESTERDAY else 24)
    assert answer["house_wh"] == pytest.approx(expected["house"][0] * 1000, abs=2)
    assert sum(row["cost"] for row in answer["rows"]) == pytest.approx(answer["cost"], abs=1e-9)
    # The foot and the rows are the bill of these days.
    above = sum(1.3 * 0.0765 * 1.08 for hour in HOURS if start <= hour < end and powers(hour)[0])
    sold = sum(
        (powers(hour)[2] - 0.3 - powers(hour)[1]) * price(contract, hour)[1]
        for hour in HOURS
        if start <= hour < end and powers(hour)[2]
    )
    days = (end - start) / timedelta(days=1)
    assert answer["above"] == pytest.approx(above, abs=0.01 * days)
    assert answer["feed_in"] == pytest.approx(-sold, abs=0.01 * days)
    assert answer["fixed"] == pytest.approx((7.42 + 5.72) * 1.08 * days / 30, abs=0.01 * days)
    assert answer["always_on_w"] == 300


def test_without_an_inverter_only_the_devices_are_known() -> None:
    demand, known, sources = month_of(TWO_PRICES)
    answer = shares_report(demand, known, sources._replace(supplies=[]), MONTH)
    assert (answer["lack"], answer["house_wh"], answer["cost"]) == ("inverter", None, None)
    assert [(row["name"], row["cost"]) for row in answer["rows"]] == [
        ("Car", None),
        ("Heater", None),
    ]


def test_devices_above_the_house_are_no_rest() -> None:
    demand, known, sources = month_of(TWO_PRICES)
    wrong = HouseDevice("Heat pump", dict.fromkeys(HOURS, 3.0))
    answer = shares_report(demand, known, sources._replace(devices=[wrong]), MONTH)
    assert answer["lack"] == "devices"
    assert [row["kind"] for row in answer["rows"]] == ["device"]


def test_without_a_price_there_are_kwh() -> None:
    demand, known, sources = month_of(Contract(reference_kw=3))
    answer: dict[str, Any] = shares_report(demand, known, sources, YESTERDAY)
    assert answer["cost"] is None
    kinds = [row["kind"] for row in answer["rows"]]
    assert sorted(kinds) == ["always_on", "device", "device", "else"]
    assert all(row["cost"] is None for row in answer["rows"])


def test_hours_that_the_recorder_lacks_are_counted_as_days_and_stay_in_the_rest() -> None:
    demand, known, sources = month_of(TWO_PRICES)
    car, water = sources.devices
    # Luxembourg's 4 June begins at 22:00 UTC.
    lost = {datetime(2026, 6, 3, 21, tzinfo=UTC), datetime(2026, 6, 3, 22, tzinfo=UTC)}
    lost.add(datetime(2026, 6, 4, 17, tzinfo=UTC))
    partial = car._replace(kwh={hour: kwh for hour, kwh in car.kwh.items() if hour not in lost})
    never = HouseDevice("Pump", {})
    answer = shares_report(demand, known, sources._replace(devices=[partial, water, never]), MONTH)
    rows = {row["name"] or row["kind"]: row for row in answer["rows"]}
    days = {name: row.get("unknown_days") for name, row in rows.items()}
    assert days == {"Car": 2, "Heater": 0, "Pump": 24, "always_on": None, "else": None}
    # Of the lost hours, the car charged in one.
    assert rows["else"]["wh"] == pytest.approx(4000, abs=2)


@pytest.mark.parametrize("delay", [10, 60, 90, 300])
def test_an_inverter_that_reports_late_moves_its_energy_to_the_next_hour(delay: int) -> None:
    demand, known, sources = month_of(TWO_PRICES)
    [panels] = sources.supplies
    late = delay / 3600
    before = {hour: panels.kwh.get(hour - HOUR, 0.0) for hour in panels.kwh}
    kwh = {hour: (1 - late) * value + late * before[hour] for hour, value in panels.kwh.items()}
    late_sources = sources._replace(supplies=[panels._replace(kwh=kwh)])
    in_time, answer = (
        shares_report(demand, known, of, YESTERDAY) for of in (sources, late_sources)
    )
    # What the house lacks from 10:00 on comes from 15:00 on.
    assert answer["house_wh"] == pytest.approx(in_time["house_wh"], abs=1)
    assert answer["cost"] == in_time["cost"]
    rows, late_rows = ({row["name"]: row["wh"] for row in of["rows"]} for of in (in_time, answer))
    assert late_rows["Heater"] == rows["Heater"]


@pytest.mark.parametrize("day", [28, 29, 30])
def test_each_day_says_that_its_prices_are_older(day: int) -> None:
    # The 28th has 23 hours.
    start, end = datetime(2027, 2, 28, 23, tzinfo=UTC), datetime(2027, 3, day, 10, tzinfo=UTC)
    meter, demand = read_quarter_hours(PRICED, start, end, lambda _: (0.1, 0))
    known = QuarterHours(meter.columns, meter.leneda, start, demand.until)
    sources = HouseSources((), (), {})
    report = shares_report(demand, known, sources, YESTERDAY)
    assert report["prices_of"] == {"grid": "2026-12-31"}


def test_what_the_sun_saved_says_that_its_prices_are_older() -> None:
    start, end = datetime(2027, 1, 1, 8, tzinfo=UTC), datetime(2027, 1, 3, 12, tzinfo=UTC)
    meter, demand = read_quarter_hours(PRICED, start, end, lambda _: (0.1, 0))
    first = day_start(demand.time) - timedelta(days=3)
    sun = {first + n * HOUR: 0.5 for n in range(96)}
    supply = Supply(SupplyKind.PRODUCED, sun, first)
    report = house_report(demand, (meter.columns, meter.leneda), [supply], {}, demand.quarter_start)
    [month] = report["months"]
    assert month["prices_of"] == {"grid": "2026-12-31"}
