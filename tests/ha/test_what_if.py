"""A year now and with changes: the action and the websocket command, after a year."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator.market_prices import energy_charts, measured_prices
from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.history.luxembourg_time import LUXEMBOURG
from custom_components.smarty_p1.lib.history.quarter_hour import Origin, QuarterHour
from custom_components.smarty_p1.lib.prices.market_price_series import QuarterPrice
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict
from tests.json_copy import through_json

from . import billed_month
from .billed_month import telegram
from .support import Home, call, reload_entry

DOCS = ROOT / "docs"
# The published prices of 2026, also for the months of 2025.
OPTIONS: JsonDict = {
    **billed_month.OPTIONS,
    "network_fixed_price": 12.84,
    "network_variable_price": 0.051,
    "meter_fee": 5.72,
    "surcharge_price": 0.0765,
}
START = datetime(2025, 5, 31, 22, tzinfo=UTC)
"""Midnight in Luxembourg, a year before the last month of `billed_month` ended."""
SMALL = {"kwh": 5, "kw": 3}
BATTERY = {"kind": "battery", "kwh": 10, "kw": 5, "standby": 0}


ZONE = {
    "id": "DE-LU",
    "credit": "Bundesnetzagentur | SMARD.de, CC BY 4.0, Energy-Charts.info",
    "known_share": 0.0,
    "can_download": True,
}
FIXED = {"kind": "contract", "energy_price": "0,1400 €/kWh", "energy_fee": "3 €"}
DYNAMIC = {"kind": "contract", "energy_margin": "2 ct/kWh", "market": "DE-LU"}


def quarter_of(n: int) -> tuple[float, float]:
    """Return the Wh drawn and fed in: an hour of sun, and an hour of 6 kW, each day."""
    n %= 96
    if 40 <= n < 44:
        return 0, 1000
    return (1500, 0) if 72 <= n < 76 else (100, 0)


@pytest.fixture
async def entry(home: Home, hass_storage: JsonDict) -> MockConfigEntry:
    return await set_up_year(home, hass_storage)


async def set_up_year(home: Home, hass_storage: JsonDict) -> MockConfigEntry:
    """Return the entry of a meter with eleven months from the platform before its own months."""
    entry = await billed_month.set_up(home, hass_storage)
    await home.again(telegram("00:00:05", 0.1), {"contracts": [OPTIONS]})
    await show_eleven_months(entry, home.hass)
    return entry


async def show_eleven_months(entry: MockConfigEntry, hass: HomeAssistant) -> None:
    """Give a loaded meter the months of the platform."""
    entry.runtime_data.records.household.set_leneda_days(_eleven_months())
    await hass.async_block_till_done()


@cache
def _eleven_months() -> LenedaDays:
    quarters: list[QuarterHour] = []
    for n in range(334 * 96):
        time = START + n * timedelta(minutes=15)
        drawn_wh, fed_wh = quarter_of(n)
        quarter = QuarterHour(time, drawn_wh / 250, fed_wh / 1000, origin=Origin.LENEDA)
        quarters.append(quarter)
    return LenedaDays(quarters)


@pytest.mark.usefixtures("entry")
async def test_amounts_of_a_battery_are_typed_as_printed(hass: HomeAssistant) -> None:
    numbers = await call(hass, "what_if", kind="battery", kwh=9.6, kw=4.6, feed_in_price=0.09)
    texts = {"kind": "battery", "kwh": "9,6 kWh", "kw": "4,60", "feed_in_price": "9 ct/kWh"}
    assert await call(hass, "what_if", **texts) == numbers
    for name, typed, error, shown in (
        ("feed_in_price", "1.450", "ambiguous", "Feed-in price: “1.450” =\xa01.45\xa0/\xa01450"),
        ("feed_in_price", "much", "malformed", "Feed-in price: “much”"),
        ("feed_in_price", "9 €/mois", "unit", "Feed-in price: “9 €/mois” (€/kWh)"),
        (
            "feed_in_price",
            "1,01",
            "out_of_range",
            "Feed-in price: “1,01” (0\xa0\N{EN DASH}\N{WORD JOINER}\xa01\xa0€/kWh)",
        ),
        (
            "kwh",
            "0,4",
            "out_of_range",
            "Energy: “0,4” (0.5\xa0\N{EN DASH}\N{WORD JOINER}\xa0200\xa0kWh)",
        ),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await call(hass, "what_if", **{**texts, name: typed})
        assert refused.value.translation_key == f"amount_{error}"
        assert refused.value.translation_placeholders == {f"amount_{error}": shown}


async def test_a_year_is_its_bills_and_a_battery_is_worth_something(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    bills = (await call(hass, "get_bill", months=13))["months"][:-1]
    answer = await call(hass, "what_if", **BATTERY)

    assert [bills[0]["month"], bills[-1]["month"]] == ["2025-06", "2026-05"]
    assert (answer["start"], answer["end"], answer["measured_days"]) == (
        "2025-06-01",
        "2026-06-01",
        365,
    )
    own = answer["classes"]["7"]
    assert own["now"]["total"] == round(sum(bill["total"] for bill in bills))
    assert answer["reference_kw"] == 7
    # 334 days with 4 kWh of sun. Of these, 3.6 come out, at 0.217 and 0.06: 181. At 3 kW, the sun
    # is enough for the hour of 6 kW, and 70 less are fixed: this is another change.
    assert 179 < answer["saving"]["low"] <= answer["saving"]["high"] < 187
    assert 62 < own["then"]["total"] - answer["classes"]["3"]["then"]["total"] < 71
    assert answer["has_vat"] is True
    assert answer["hourly_share"] == {"now": None, "then": None}
    assert answer["cheapest"] == {"now": 7, "then": 3}
    for year in answer["classes"].values():
        for costs in (year["now"], year["then"]):
            *parts, total = costs.values()
            assert sum(parts) == total
    assert answer["saving"]["low"] == own["now"]["total"] - own["then"]["total"]

    client = await hass_ws_client(hass)
    request = {"type": "smarty_p1/what_if", "entry_id": entry.entry_id}
    await client.send_json_auto_id({**request, "changes": [BATTERY]})
    told = (await client.receive_json())["result"]
    assert told == {
        "what_if": through_json(answer),
        "refusal": None,
        "markets": [ZONE],
        "devices": [],
    }
    # A battery that is slow, keeps a half, and loses half delivers less.
    slow = {**BATTERY, "kw": 1.333, "reserve": 50, "efficiency": 50}
    await client.send_json_auto_id({**request, "changes": [slow]})
    worse = (await client.receive_json())["result"]["what_if"]
    assert worse["saving"]["high"] < answer["saving"]["low"]
    # 334 hours of 4 kW, and 20 kWh of the last month: (334 * 1.333 + 20) / 1356.
    shares = [year["classes"]["7"]["battery"]["stored_share"] for year in (answer, worse)]
    assert shares == [1, 0.34]

    # 20 W are 175 kWh a year; the more is paid for the sun, the less a battery is worth.
    default = {key: value for key, value in BATTERY.items() if key != "standby"}
    standby = await call(hass, "what_if", **default)
    assert 25 < answer["saving"]["low"] - standby["saving"]["low"] < 39
    sold = await call(hass, "what_if", **BATTERY, feed_in_price=0.21)
    assert abs(sold["classes"]["7"]["now"]["feed_in"] + 1356 * 0.21) < 1
    assert sold["classes"]["7"]["battery"]["stored_share"] == 0

    # The page shows an answer of this shape.
    text = (DOCS / "what-if.md").read_text("utf-8")
    [shown] = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert shown.keys() == answer.keys()
    assert shown["classes"]["3"].keys() == answer["classes"]["3"].keys()


@pytest.mark.usefixtures("entry")
async def test_a_change_that_cannot_be_is_refused(hass: HomeAssistant) -> None:
    for name, values in {
        "kwh": (0, float("nan"), 1000),
        "kw": (0, 1000),
        "feed_in_price": (-0.1, 1.1),
    }.items():
        for value in values:
            with pytest.raises(ServiceValidationError, match="This value is not possible"):
                await call(hass, "what_if", **{**BATTERY, name: value})
    for data, text in (
        ({"kind": "car", "kwh": 5}, "Car: fields are missing. Fill in: Power"),
        ({"kind": "heat_pump", "kwh": 5, "kw": 3}, "Heat pump does not use .*: Power"),
        ({**BATTERY, "changes": [BATTERY]}, "The change Battery is there more than once"),
        ({"kind": "sharing_key", "kwp": 30}, "Fill in: Sharing key"),
        ({"kind": "contract"}, "Contract: fields are missing. Fill in: Energy price"),
        ({**FIXED, "energy_margin": 0.01}, "Leave them out: Supplier's margin"),
        ({**FIXED, "feed_in_margin": 0.01}, "Fill in: Market"),
        ({**FIXED, "market": "DE-LU"}, "Leave them out: Market"),
        ({**FIXED, "second_energy_price": 0.1}, "Fill in: Start of the second price, End of"),
        (
            {**FIXED, "second_price_from": "22:00:00"},
            "Fill in: Second price, End of the second price",
        ),
        (
            {**DYNAMIC, "second_energy_price": 1, "second_price_days": ["sat"]},
            "Leave them out: Second price, Days",
        ),
        ({**DYNAMIC, "market": "sensor.other"}, "No prices of this market are stored for Smarty"),
        (DYNAMIC, "No prices of this market are stored for Smarty"),
    ):
        with pytest.raises(ServiceValidationError, match=text):
            await call(hass, "what_if", **data)


async def test_changes_combine(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    changes = [
        {"kind": "car", "kwh": 8, "kw": 11},
        {"kind": "heat_pump", "kwh": 4000},
        {"kind": "panels", "kwp": 6.5, "tilt": 35},
    ]
    answer = await call(hass, "what_if", **changes[0], changes=changes[1:])
    # 365 nights with 8 kWh are 630 EUR. The shown year has no load above 7 kW otherwise.
    car = await call(hass, "what_if", **changes[0])
    assert car["energies"]["then"]["imported"] - car["energies"]["now"]["imported"] == 365 * 8
    assert car["saving"]["low"] < -365 * 8 * 0.217
    assert car["assumed"] == [
        {"key": "begin_hour", "value": 22},
        {"key": "car_every_day", "value": None},
    ]
    assert [each["key"] for each in answer["assumed"]] == [
        "begin_hour",
        "car_every_day",
        "degree_days",
        "direction",
        "solar_kwh",
        "sunny_days",
    ]
    # 950 kWh of each kWp face south at 30 degrees.
    assert answer["assumed"][-2]["value"] == pytest.approx(6.5 * 950, rel=0.01)
    client = await hass_ws_client(hass)
    request = {"type": "smarty_p1/what_if", "entry_id": entry.entry_id}
    await client.send_json_auto_id({**request, "changes": changes})
    assert (await client.receive_json())["result"]["what_if"] == answer
    for wrong in ([{"kind": "car", "kwh": 8}], [changes[0]] * 2, [{**changes[1], "kw": 1}]):
        await client.send_json_auto_id({**request, "changes": wrong})
        assert (await client.receive_json())["error"]["code"] == "invalid_format"


@pytest.mark.usefixtures("entry")
async def test_another_contract_and_a_sharing_key(hass: HomeAssistant) -> None:
    own = await call(hass, "what_if", kind="contract", energy_price=0.15)
    assert own["saving"] == {"low": 0, "high": 0}
    assert own["assumed"] == [
        {"key": "energy_fee", "value": 0.0},
        {"key": "feed_in_as_today", "value": None},
    ]
    found = await call(hass, "what_if", **FIXED, feed_in_price=0)
    kwh = found["energies"]["now"]
    now, then = (found["classes"]["7"][name] for name in ("now", "then"))
    assert now == own["classes"]["7"]["now"]
    # A cent less for each kWh, 3 EUR more each month, and no more revenue.
    assert now["energy"] - then["energy"] == pytest.approx(kwh["imported"] * 0.0108, abs=1)
    assert (then["fixed"] - now["fixed"], then["feed_in"]) == (round(36 * 1.08), 0)
    night = {"second_energy_price": 0.10, "second_price_from": "18:00", "second_price_to": "19:00"}
    evening = await call(hass, "what_if", **FIXED, **night, changes=[{"kind": "battery", **SMALL}])
    assert evening["classes"]["7"]["then"]["energy"] < then["energy"] - 100
    # Some of the 400 W by day come from the community at 5 cents.
    shared = await call(hass, "what_if", kind="sharing_key", kwp=100, key=2, price="5 ct/kWh")
    assert shared["energies"]["now"]["shared"] == 0 < shared["energies"]["then"]["shared"]
    saved = shared["energies"]["then"]["shared"] * (0.15 * 1.08 - 0.05)
    assert shared["saving"]["low"] == pytest.approx(saved, abs=1)


async def test_a_contract_at_the_prices_of_an_entity(
    home: Home, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A contract that begins next year has the entity."""
    spot = "input_number.spot"
    later = {"since": "2027-01-01", "reference_power": 7.0}
    later |= {"energy_price_entity": spot, "energy_margin": 0.02}
    days = entry.runtime_data.records.household.leneda
    await home.again(telegram("00:00:10", 0.1), {"contracts": [OPTIONS, later]})
    records = entry.runtime_data.records
    records.household.set_leneda_days(days)
    dynamic = {**DYNAMIC, "market": spot}
    with pytest.raises(ServiceValidationError, match="No prices of this market are stored"):
        await call(hass, "what_if", **dynamic)
    for n in range(365 * 96 + 4):
        records.prices.markets[spot].add_price(QuarterPrice(START + n * timedelta(minutes=15), 0.1))
    found = await call(hass, "what_if", **dynamic)
    fixed = await call(hass, "what_if", kind="contract", energy_price=0.12)
    assert found["classes"] == fixed["classes"]
    assert found["markets_used"] == {"now": [], "then": [spot]}
    assert (fixed["markets_used"]["then"], found["hourly_share"]["then"]) == ([], 1)


class EnergyCharts:
    """Stand-in of Energy-Charts: prices of a zone, or another answer that a test sets."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Callable[[datetime, datetime], web.StreamResponse | None] = self.prices
        self.released = asyncio.Event()

    def rows(self, start: datetime, end: datetime) -> JsonDict:
        """Return a price of 10 cents in each quarter-hour, and 4 cents in the evening."""
        times = [*range(int(start.timestamp()), int(end.timestamp()), 900)]
        hours = [datetime.fromtimestamp(time, LUXEMBOURG).hour for time in times]
        prices = [40.0 if hour == 18 else 100.0 for hour in hours]
        return {"unix_seconds": times, "price": prices, "unit": "EUR / MWh"}

    def prices(self, start: datetime, end: datetime) -> web.StreamResponse:
        return web.json_response(self.rows(start, end))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        days = request.query["start"], request.query["end"]
        assert request.query["bzn"] == "DE-LU"
        self.asked.append(days)
        start, last = (datetime.fromisoformat(day).replace(tzinfo=LUXEMBOURG) for day in days)
        answer = self.answer(start, last + timedelta(days=1))
        if answer is None:
            await self.released.wait()
        return answer or web.Response(status=500)


@pytest.fixture
async def market(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EnergyCharts]:
    market, app = EnergyCharts(), web.Application()
    app.router.add_get("/price", market.handle)
    async with TestServer(app) as server:
        monkeypatch.setattr(energy_charts, "BASE_URL", f"http://127.0.0.1:{server.port}/price")
        yield market
        market.released.set()


async def test_prices_of_the_zone_are_downloaded_once_and_only_when_asked_for(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    market: EnergyCharts,
    hass_ws_client: WebSocketGenerator,
) -> None:
    client = await hass_ws_client(hass)
    change = {"kind": "contract", "energy_margin": 0.02, "market": "DE-LU"}

    async def ask(**more: object) -> JsonDict:
        changes = [{**change, **more}, {"kind": "car", "kwh": 8, "kw": 4, "begin_hour": 18}]
        request = {"type": "smarty_p1/what_if", "entry_id": entry.entry_id, "changes": changes}
        await client.send_json_auto_id(request)
        result: JsonDict = (await client.receive_json())["result"]
        return result

    refused = await ask()
    assert (refused["refusal"]["reason"], market.asked) == ("no_market_prices", [])
    assert refused["markets"] == [ZONE]

    answer = await ask(download=True)
    assert len(market.asked) == 12
    assert market.asked[0] == ("2025-06-01", "2025-06-30")
    assert market.asked[-1] == ("2026-05-01", "2026-05-31")
    assert answer["refusal"] is None
    assert answer["markets"] == [{**ZONE, "known_share": 1.0, "can_download": False}]
    found = answer["what_if"]
    assert found["markets_used"] == {"now": [], "then": ["DE-LU"]}
    assert found["hourly_share"] == {"now": None, "then": 1.0}
    fixed = await call(hass, "what_if", kind="contract", energy_price=0.12)
    kwh, year = fixed["energies"]["now"]["imported"], found["energies"]["then"]["imported"]
    assert year - kwh == 365 * 8
    # From 18:00 on, the house takes 6 kWh for an hour, and the car 4 kWh of its 8.
    saved = 365 * 4 * 0.06 * 1.08
    dearer = await call(hass, "what_if", kind="car", kwh=8, kw=4, begin_hour=18)
    assert found["classes"]["12"]["then"]["energy"] < dearer["classes"]["12"]["then"]["energy"]
    assert saved > 0

    # Another question or a restart does not download the prices again.
    assert (await ask(download=True))["what_if"] == found
    await reload_entry(hass, entry)
    await hass.async_block_till_done()
    assert entry.runtime_data.records.prices.markets["DE-LU"].months
    assert len(market.asked) == 12


WRONG: dict[str, Callable[[EnergyCharts], Any]] = {
    "slow": lambda _: None,
    "an error": lambda _: web.Response(status=503),
    "another page": lambda _: web.Response(status=302, headers={"Location": "http://127.0.0.1:1"}),
    "no JSON": lambda _: web.Response(text="<html>"),
    "deep": lambda _: web.Response(text="[" * 100_000),
    "other JSON": lambda _: web.json_response({"price": [1]}),
    "empty": lambda _: web.json_response({"unix_seconds": [], "price": [], "unit": "EUR / MWh"}),
    "another month": lambda market: market.prices(START, START + timedelta(days=1)),
    "too long": lambda _: web.Response(text=" " * 600_000),
}


@pytest.mark.usefixtures("entry")
async def test_a_failed_download_is_shown_and_tried_again_later(
    hass: HomeAssistant,
    market: EnergyCharts,
    monkeypatch: pytest.MonkeyPatch,
    subtests: pytest.Subtests,
) -> None:
    ask_again_after = vars(measured_prices)["ASK_AGAIN_AFTER"]
    awaited = ["2025-06-01", "2025-07-01", "2025-08-01"]
    for fault, wrong in WRONG.items():
        monkeypatch.setattr(energy_charts, "TIMEOUT_S", 0.2 if fault == "slow" else 20.0)

        def answer(
            start: datetime,
            end: datetime,
            wrong: Callable[[EnergyCharts], web.StreamResponse | None] = wrong,
        ) -> web.StreamResponse | None:
            return market.prices(start, end) if start.month in {6, 7} else wrong(market)

        with subtests.test(fault):
            market.answer = answer
            market.asked.clear()
            for _ in range(2):
                # The second time, nothing is requested.
                with pytest.raises(ServiceValidationError, match="could not be downloaded from En"):
                    await call(hass, "what_if", **DYNAMIC, download=True)
                assert [start for start, _ in market.asked] == awaited
                monkeypatch.setattr(measured_prices, "ASK_AGAIN_AFTER", ask_again_after)
            with pytest.raises(ServiceValidationError, match=r"This market's .* 61 days .* 300 "):
                await call(hass, "what_if", **DYNAMIC)
        # The months that are known are not requested again.
        awaited = awaited[-1:]
        monkeypatch.setattr(measured_prices, "ASK_AGAIN_AFTER", timedelta(0))

    market.answer = market.prices
    market.asked.clear()
    found = await call(hass, "what_if", **DYNAMIC, download=True)
    assert found["hourly_share"]["then"] == 1
    assert [start for start, _ in market.asked[:2]] == ["2025-08-01", "2025-09-01"]
    assert len(market.asked) == 10


@pytest.mark.usefixtures("entry")
async def test_missing_prices_are_named_and_a_month_in_part_is_asked_for_later(
    hass: HomeAssistant, market: EnergyCharts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partial_prices(start: datetime, end: datetime) -> web.StreamResponse:
        rows = market.rows(start, end)
        # Each fiftieth price is missing; June 2025 has only ten days.
        rows["price"] = [None if n % 50 == 0 else price for n, price in enumerate(rows["price"])]
        if f"{start:%Y-%m}" == "2025-06":
            rows = {name: row if name == "unit" else row[: 10 * 96] for name, row in rows.items()}
        return web.json_response(rows)

    market.answer = partial_prices
    found = await call(hass, "what_if", **DYNAMIC, download=True)
    assert found["hourly_share"]["then"] == pytest.approx(0.98 * 345 / 365, abs=0.01)
    market.answer = market.prices
    monkeypatch.setattr(measured_prices, "ASK_AGAIN_AFTER", timedelta(0))
    await call(hass, "what_if", **DYNAMIC, download=True)
    assert [start for start, _ in market.asked[12:]] == ["2025-06-01"]


@pytest.mark.begins_at("2026-06-16T00:00:00+02:00")
async def test_the_refusal_names_the_missing_days(
    home: Home, hass_storage: JsonDict, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(home.hass, "smarty_p1", {})
    entry = await billed_month.set_up(home, hass_storage)
    with pytest.raises(
        ServiceValidationError, match=r"Smarty .* has 31 measured days .* 300 are needed"
    ):
        await call(home.hass, "what_if", **BATTERY)

    client = await hass_ws_client(home.hass)
    await client.send_json_auto_id(
        {"type": "smarty_p1/what_if", "entry_id": entry.entry_id, "changes": [BATTERY]}
    )
    assert (await client.receive_json())["result"] == {
        "what_if": None,
        "markets": [ZONE],
        "devices": [],
        "refusal": {"reason": "too_few_days", "days": 31, "least_days": 300},
    }
    for options, text in (
        ({"reference_power": 7.0}, "depend on your energy price"),
        ({"energy_price": 0.1}, "A bill needs the reference power"),
    ):
        await home.again(telegram("00:00:10", 0.0), options)
        with pytest.raises(ServiceValidationError, match=text):
            await call(home.hass, "what_if", **BATTERY)
