"""Uses of the energy of June 2026 until the 25th, compared with sums by hand.

`house_of_june` has the energy of the devices; the fridge is a part of the base here.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import pytest

from dev.testing.random_examples import each, examples
from dev.testing.times import utc
from smartyp1.advice.energy_shares import HouseDevice, HouseSources
from smartyp1.advice.night_base_load import lowest_quarters
from smartyp1.advice.solar_house import Supply, SupplyKind
from smartyp1.answers.habits import base_load_report
from smartyp1.answers.shares import MONTH, YESTERDAY, shares_report
from smartyp1.answers.solar_house import house_report
from smartyp1.bill.bill import more
from smartyp1.bill.daily_bills import bills_by_day
from smartyp1.bill.household_state import HouseholdState
from smartyp1.energy_table.wall_clock import time_of
from smartyp1.history.luxembourg_time import day_start, month_start
from smartyp1.history.market_prices import MarketPrices
from smartyp1.json_types import JsonDict
from smartyp1.prices.agreed_prices import AgreedPrices
from smartyp1.prices.contract import PER_KWH, PER_MONTH, Aid, AidVat, Contract, Contracts
from smartyp1.prices.kwh_price import price_of_kwh, sum_of_known
from tests.lib.advice.house_of_june import START, hours_until, lived_until, powers
from tests.lib.bill.months import LUXEMBOURG, TWO_PRICES, ledger_of
from tests.lib.bill.support import known, read_quarter_hours
from tests.lib.bill.test_registers import story_of

NOW = utc("2026-06-25 12:00")
HOUR = timedelta(hours=1)
HOURS = hours_until(NOW)
PRICED = Contract(reference_kw=3, energy_price=0.2)
OF_MARKET = Contract(reference_kw=3, energy_margin=0.02, feed_in_margin=-0.01)


def market_at(time: datetime) -> float:
    return {11: -0.08, 17: 0.25, 19: 0.12}.get(time.hour, 0.09)


def month_of(contract: Contract) -> tuple[HouseholdState, HouseSources]:
    """Return the meter's month, and the statistics of panels, car and heater."""
    household, sources = lived_until(
        NOW, contract, lambda time: MarketPrices(*[market_at(time)] * 2)
    )
    return household, sources._replace(devices=sources.devices[:2])


def price(contract: Contract, time: datetime) -> tuple[float, float]:
    """Return the price of a kWh with VAT, and of one sold. 0.051 is the price of the grid."""
    if contract is OF_MARKET:
        return (market_at(time) + 0.02 + 0.051) * 1.08, market_at(time) - 0.01
    hour = time.astimezone(LUXEMBOURG).hour
    return ((0.08 if hour >= 22 or hour < 6 else 0.2) + 0.051) * 1.08, 0.06


def by_hand(contract: Contract, start: datetime, end: datetime) -> dict[str, list[float]]:
    """Return kWh, cost, own kWh and their worth if sold, of each row and of the house."""
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
    household, sources = month_of(contract)
    answer = shares_report(household, sources, period)
    end = utc("2026-06-24 22:00")
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
    # No other device was on. The bill rounds its lines: at most a cent a day.
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
    household, sources = month_of(TWO_PRICES)
    answer = shares_report(household, sources._replace(supplies=[]), MONTH)
    assert (answer["lack"], answer["house_wh"], answer["cost"]) == ("inverter", None, None)
    assert [(row["name"], row["cost"]) for row in answer["rows"]] == [
        ("Car", None),
        ("Heater", None),
    ]


def test_devices_above_the_house_are_no_rest() -> None:
    household, sources = month_of(TWO_PRICES)
    wrong = HouseDevice("Heat pump", dict.fromkeys(HOURS, 3.0))
    answer = shares_report(household, sources._replace(devices=[wrong]), MONTH)
    assert answer["lack"] == "devices"
    assert [row["kind"] for row in answer["rows"]] == ["device"]


def test_without_a_price_there_are_kwh() -> None:
    household, sources = month_of(Contract(reference_kw=3))
    answer: JsonDict = shares_report(household, sources, YESTERDAY)
    assert answer["cost"] is None
    kinds = [row["kind"] for row in answer["rows"]]
    assert sorted(kinds) == ["always_on", "device", "device", "else"]
    assert all(row["cost"] is None for row in answer["rows"])


def test_hours_that_the_recorder_lacks_are_counted_as_days_and_stay_in_the_rest() -> None:
    household, sources = month_of(TWO_PRICES)
    car, water = sources.devices
    # Luxembourg's 4 June begins at 22:00 UTC.
    lost = {utc("2026-06-03 21:00"), utc("2026-06-03 22:00")}
    lost.add(utc("2026-06-04 17:00"))
    partial = car._replace(kwh={hour: kwh for hour, kwh in car.kwh.items() if hour not in lost})
    never = HouseDevice("Pump", {})
    answer = shares_report(household, sources._replace(devices=[partial, water, never]), MONTH)
    rows = {row["name"] or row["kind"]: row for row in answer["rows"]}
    days = {name: row.get("unknown_days") for name, row in rows.items()}
    assert days == {"Car": 2, "Heater": 0, "Pump": 24, "always_on": None, "else": None}
    # The car charged in a single lost hour.
    assert rows["else"]["wh"] == pytest.approx(4000, abs=2)


@pytest.mark.parametrize("delay", [10, 60, 90, 300])
def test_an_inverter_that_reports_late_moves_its_energy_to_the_next_hour(delay: int) -> None:
    household, sources = month_of(TWO_PRICES)
    [panels] = sources.supplies
    late = delay / 3600
    before = {hour: panels.kwh.get(hour - HOUR, 0.0) for hour in panels.kwh}
    kwh = {hour: (1 - late) * value + late * before[hour] for hour, value in panels.kwh.items()}
    late_sources = sources._replace(supplies=[panels._replace(kwh=kwh)])
    in_time, answer = (shares_report(household, of, YESTERDAY) for of in (sources, late_sources))
    # The energy that the house lacks from 10:00 on comes from 15:00 on.
    assert answer["house_wh"] == pytest.approx(in_time["house_wh"], abs=1)
    assert answer["cost"] == in_time["cost"]
    rows, late_rows = ({row["name"]: row["wh"] for row in of["rows"]} for of in (in_time, answer))
    assert late_rows["Heater"] == rows["Heater"]


@pytest.mark.parametrize("day", [28, 29, 30])
def test_each_day_names_its_older_prices(day: int) -> None:
    # The 28th has 23 hours.
    start, end = utc("2027-02-28 23:00"), datetime(2027, 3, day, 10, tzinfo=UTC)
    _, household = read_quarter_hours(PRICED, start, end, lambda _: (0.1, 0))
    sources = HouseSources((), ())
    report = shares_report(household, sources, YESTERDAY)
    assert report["prices_of"] == {"grid": "2026-12-31"}


def test_the_saving_of_the_sun_names_its_older_prices() -> None:
    start, end = utc("2027-01-01 08:00"), utc("2027-01-03 12:00")
    meter, household = read_quarter_hours(PRICED, start, end, lambda _: (0.1, 0))
    first = day_start(household.time) - timedelta(days=3)
    sun = {first + n * HOUR: 0.5 for n in range(96)}
    supply = Supply(SupplyKind.PRODUCED, sun, first)
    report = house_report(household, meter.meter.columns, [supply], household.quarter_start)
    [month] = report["months"]
    assert month["prices_of"] == {"grid": "2026-12-31"}


@pytest.mark.parametrize(
    "contract",
    [
        # The water heater alone exceeds this power while the sun shines.
        Contract(reference_kw=1, network_fixed=5.0, energy_price=0.2, feed_in_price=0.06),
        replace(TWO_PRICES, has_vat=False),
        OF_MARKET,
    ],
)
def test_the_sun_saves_the_bill_of_the_same_house_without_panels(contract: Contract) -> None:
    def house(*, has_sun: bool) -> tuple[HouseholdState, HouseSources]:
        return lived_until(
            NOW, contract, lambda time: MarketPrices(*[market_at(time)] * 2), has_sun=has_sun
        )

    household, sources = house(has_sun=True)
    bought = household.known_month.bill()
    dark = house(has_sun=False)[0].known_month.bill()
    # The statistics end a quarter-hour later, and hours that a home meter has filled are certain.
    [panels] = sources.supplies
    panels = panels._replace(kwh={**panels.kwh, NOW: 0.5}, filled=frozenset(panels.kwh))
    [month] = house_report(household, {}, [panels], household.quarter_start)["months"]
    cheaper = more(bought.total, dark.total), bought.amount("feed_in")
    assert month["saved"] == sum_of_known(cheaper, 2)
    assert month["saved"] > 10


DAY = timedelta(days=1)
TODAY = utc("2026-06-10 22:00")


def random_contract(chance: Random) -> Contract:
    """Return a contract with any of the options."""
    market, second = chance.random() < 0.3, chance.random() < 0.3
    return Contract(
        reference_kw=chance.choice([3, 7, 12]),
        replaces_variable=chance.random() < 0.5,
        has_vat=chance.random() < 0.8,
        energy_price=None if market else round(chance.uniform(0.1, 0.3), 4),
        energy_margin=round(chance.uniform(-0.01, 0.03), 4) if market else None,
        second_price=0.08 if second else None,
        second_hours="22:00-06:00 sat sun" if second else None,
        energy_fee=chance.choice([None, 2.5]),
        feed_in_price=chance.choice([None, 0.06]),
        feed_in_margin=-0.01 if chance.random() < 0.2 else None,
        has_levies=chance.choice([None, True]),
        surcharge=chance.choice([None, 0.11]),
        community_price=chance.choice([None, 0.09, 0.15]),
    )


@pytest.fixture(scope="module")
def ten_days() -> HouseholdState:
    """Return ten days of a household of 300 W, whose energies the tests replace."""
    start = utc("2026-05-31 22:00")
    _, household = read_quarter_hours(PRICED, start, TODAY, lambda _: (0.075, 0))
    return household


def random_house(
    chance: Random, household: HouseholdState
) -> tuple[HouseholdState, HouseSources, bool]:
    """Return another household of these days, its sources, and whether energy is shared."""
    table, count = household.ledger.table, len(household.ledger.table.quarter)
    numbers = np.random.default_rng(chance.randrange(10**9))
    has_sun, is_shared = chance.random() < 0.5, chance.random() < 0.5
    imported = numbers.uniform(0, 1500, count) * (numbers.random(count) < 0.9)
    sun = numbers.uniform(0, 900, count) * has_sun
    shared = np.zeros((5, count))
    if is_shared:
        shared[chance.randrange(5)] = imported * numbers.uniform(0, 1, count)
    market = numbers.uniform(-0.05, 0.4, count)
    market[numbers.random(count) < 0.02] = np.nan
    table = table._replace(
        imported=imported,
        exported=sun * numbers.uniform(0, 1, count),
        shared=shared,
        is_market_filled=np.zeros(count, bool),
        is_feed_in_filled=np.zeros(count, bool),
        is_sharing_known=np.full(count, is_shared),
        market=market,
        feed_in=market,
    )
    until = date(2026, 6, chance.randrange(2, 12))
    aids = (
        Aid("Aid", date(2026, 1, 1), until, 0.03, PER_KWH, chance.choice([*AidVat])),
        Aid("Rebate", until, None, 2.0, PER_MONTH, AidVat.INCLUDED),
    )
    contracts = Contracts.of_days(
        [
            (None, random_contract(chance)),
            (date(2026, 6, chance.randrange(2, 12)), random_contract(chance)),
        ],
        aids[: chance.randrange(3)],
    )
    household = replace(household, contracts=contracts, ledger=ledger_of(table, contracts))
    first = int(table.quarter[0])
    by_hour = np.zeros((2, (int(table.quarter[-1]) - first) // 4 + 1))
    for row, values in enumerate((imported + sun - table.exported, sun)):
        np.add.at(by_hour[row], (table.quarter - first) // 4, values / 1000)
    hours = [time_of(first + 4 * n) for n in range(by_hour.shape[1])]
    devices = [
        HouseDevice(name, dict(zip(hours, (by_hour[0] * share).tolist(), strict=True)))
        for name, share in (("Car", chance.uniform(0, 0.5)), ("Heater", chance.uniform(0, 0.4)))
    ]
    supplies = [
        Supply(SupplyKind.PRODUCED, dict(zip(hours, by_hour[1].tolist(), strict=True)), hours[0])
    ]
    return household, HouseSources(supplies if has_sun else [], devices), is_shared


@pytest.mark.parametrize("first", each(8, range(0, 200, 25)))
def test_all_parts_are_the_bill_of_households_with_any_options(
    first: int, ten_days: HouseholdState
) -> None:
    shared_with_price = 0
    for seed in range(first, first + 25):
        chance = Random(seed)  # noqa: S311 - a fixed sequence
        household, sources, is_shared = random_house(chance, ten_days)
        name = chance.choice([YESTERDAY, MONTH])
        answer = shares_report(household, sources, name)
        check_parts(household, answer, seed)
        start, end = (datetime.fromisoformat(answer[time]) for time in ("start", "end"))
        # Each device, and the rest, by the prices of the quarter-hours. No share has the bill of
        # the energy community.
        expected = costs_by_hand(household, sources, start, end)
        rows = {row["name"] or row["kind"]: row for row in answer["rows"]}
        for device in sources.devices:
            assert rows[device.name]["cost"] == pytest.approx(expected[device.name], abs=0.011)
        rest = rows["else"]["cost"] + rows.get("always_on", {"cost": 0.0})["cost"]
        assert rest == pytest.approx(expected["rest"], abs=0.021), seed
        prices = [contract.community_price for _, contract in household.contracts.entries]
        shared_with_price += is_shared and any(prices)
    assert shared_with_price > 7


def check_parts(household: HouseholdState, answer: JsonDict, seed: int) -> None:
    """Compare the parts of an answer with the bill."""
    start, end = (datetime.fromisoformat(answer[time]) for time in ("start", "end"))
    days = [
        (day.due.total, day.before.total)
        for day in bills_by_day(household.ledger, month_start(start), household.until)
        if start <= day.start < end
    ]
    bill = sum((due or 0.0) - (before or 0.0) for due, before in days)
    lines = len(household.month.bill().lines) + 1
    parts = sum(row["cost"] for row in answer["rows"])
    assert parts == pytest.approx(answer["cost"], abs=1e-9), seed
    foot = answer["fixed"] + answer["above"] + answer["feed_in"]
    assert abs(bill - parts - foot) < 0.01 * lines, seed


def test_all_parts_are_the_bill_of_lives_with_outages_estimates_and_clock_jumps() -> None:
    compared = 0
    for seed in range(examples(6)):
        chance = Random(seed)  # noqa: S311 - a fixed sequence
        household = known(story_of(chance).meter)
        table, numbers = household.ledger.table, np.random.default_rng(seed)
        market = numbers.uniform(-0.05, 0.4, len(table.quarter))
        change = household.time.astimezone(LUXEMBOURG).date() - 2 * DAY
        aid = Aid("Aid", date(2026, 1, 1), change, 0.03, PER_KWH, chance.choice([*AidVat]))
        contracts = Contracts.of_days(
            [(None, random_contract(chance)), (change, random_contract(chance))],
            (aid,)[: chance.randrange(2)],
        )
        ledger = ledger_of(table._replace(market=market, feed_in=market), contracts)
        household = replace(household, contracts=contracts, ledger=ledger)
        drawn, sun = defaultdict[datetime, float](float), defaultdict[datetime, float](float)
        for number, wh, fed_wh in zip(table.quarter, table.imported, table.exported, strict=True):
            hour = time_of(int(number)).replace(minute=0)
            drawn[hour] += wh / 1000
            sun[hour] += np.nan_to_num(fed_wh) / 1000
        share = chance.uniform(0, 0.8)
        car = HouseDevice("Car", {hour: kwh * share for hour, kwh in drawn.items()})
        panels = Supply(SupplyKind.PRODUCED, {**sun}, min(sun))
        for name in (YESTERDAY, MONTH):
            answer = shares_report(household, HouseSources([panels], [car]), name)
            # On the first day of a month, no day of it has ended.
            if not answer["lack"] and answer["start"] < answer["end"]:
                check_parts(household, answer, seed)
                compared += 1
    assert compared > examples(6)


def costs_by_hand(
    household: HouseholdState, sources: HouseSources, start: datetime, end: datetime
) -> dict[str, float]:
    """Return the cost of each device and of the rest in a period, from the price of each kWh."""
    contracts, table = household.ledger.contracts, household.ledger.table
    cost, drawn = defaultdict[datetime, float](float), defaultdict[datetime, float](float)
    fed = defaultdict[datetime, float](float)
    for n, number in enumerate(table.quarter):
        time = time_of(number)
        hour, kwh = time.replace(minute=0), table.imported[n] / 1000
        market = float(table.market[n])
        contract = contracts.at(time)
        of_grid = AgreedPrices.of_contract(contract, time)
        shared = table.shared[:, n].sum() / 1000
        price = price_of_kwh(contracts, time, MarketPrices(market)).imported or 0.0
        of_network = (of_grid.variable or 0.0) * (1 + (of_grid.vat_rate or 0.0))
        cost[hour] += (kwh - shared) * price + shared * of_network
        drawn[hour] += kwh
        fed[hour] += table.exported[n] / 1000
    costs = {device.name: 0.0 for device in sources.devices} | {"rest": 0.0}
    for hour, amount in cost.items():
        if not start <= hour < end:
            continue
        sun = sum(supply.kwh[hour] for supply in sources.supplies)
        used = max(drawn[hour], drawn[hour] + sun - fed[hour])
        left = used
        for device in sources.devices if used else ():
            costs[device.name] += device.kwh[hour] / used * amount
            left -= device.kwh[hour]
        costs["rest"] += left / used * amount if used else 0.0
    return costs


@pytest.mark.parametrize("is_old", [False, True], ids=["5 minutes", "hours"])
def test_the_base_load_is_that_of_the_highlights_beside_a_heat_pump_that_cycles(
    is_old: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    # 210 W at all times; the heat pump has 1.2 kW in the first quarter-hour of each hour.
    start, now = utc("2026-06-01 22:00"), utc("2026-06-12 10:00")
    _, household = read_quarter_hours(
        PRICED, start, now, lambda time: (0.0525 + 0.3 * (time.minute == 0), 0)
    )
    hours = [start + n * HOUR for n in range((now - start) // HOUR)]
    quarters = lowest_quarters(household.ledger.table, household.time)
    assert len(quarters) == 7
    pump = HouseDevice(
        "Heat pump",
        dict.fromkeys(hours, 0.3),
        {} if is_old else {time: 0.3 * (time.minute == 0) for time in quarters},
    )
    answer = shares_report(household, HouseSources((), [pump]), YESTERDAY)
    highlights = base_load_report(household)["always_on"]
    assert answer["always_on_w"] == highlights["w"] == 210
    # A fridge of 40 W has its own row, although the recorder has only its hours.
    fridge = HouseDevice("Fridge", dict.fromkeys(hours, 0.04))
    both = shares_report(household, HouseSources((), [pump, fridge]), YESTERDAY)
    assert both["always_on_w"] == 170
    rows = {row["name"] or row["kind"]: row["wh"] for row in answer["rows"]}
    assert rows == {"Heat pump": 7200, "always_on": 5040, "else": pytest.approx(0, abs=2)}


@pytest.mark.parametrize("fed_kwh", [0.0, 0.025], ids=["exactly", "too much"])
def test_a_battery_that_supplies_the_night_does_not_hide_the_base_load(fed_kwh: float) -> None:
    # 300 W at all times; from 2:00 to 5:00, a battery supplies them, and may export 100 W.
    start, now = utc("2026-06-01 22:00"), utc("2026-06-12 10:00")

    def is_night(time: datetime) -> bool:
        return 2 <= time.astimezone(LUXEMBOURG).hour < 5

    _, household = read_quarter_hours(
        PRICED, start, now, lambda time: (0, fed_kwh) if is_night(time) else (0.075, 0)
    )
    hours = [start + n * HOUR for n in range((now - start) // HOUR)]
    kwh = {hour: (0.3 + 4 * fed_kwh) * is_night(hour) for hour in hours}
    battery = Supply(SupplyKind.DISCHARGED, kwh, start - HOUR)
    answer = shares_report(household, HouseSources([battery], ()), YESTERDAY)
    assert answer["always_on_w"] == 300
    assert base_load_report(household)["always_on"] is None
