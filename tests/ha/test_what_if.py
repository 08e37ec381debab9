"""A year now and with changes: the action and the websocket command, after a year."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.history.quarter_hour import Origin, QuarterHour

from . import billed_month
from .billed_month import telegram
from .support import Home, call

DOCS = Path(__file__).parents[2] / "docs"
# What is published for 2026, also for the months of 2025.
OPTIONS: dict[str, Any] = {
    **billed_month.OPTIONS,
    "network_fixed_price": 12.84,
    "network_variable_price": 0.051,
    "meter_fee": 5.72,
    "surcharge_price": 0.0765,
}
START = datetime(2025, 5, 31, 22, tzinfo=UTC)
"""Midnight in Luxembourg, a year before the last month of `billed_month` ended."""
BATTERY = {"kind": "battery", "kwh": 10, "kw": 5, "standby": 0}


def quarter_of(n: int) -> tuple[float, float]:
    """Return what is drawn and fed in, in Wh: an hour of sun, and one of 6 kW, each day."""
    n %= 96
    if 40 <= n < 44:
        return 0, 1000
    return (1500, 0) if 72 <= n < 76 else (100, 0)


@pytest.fixture
async def entry(home: Home, hass_storage: dict[str, Any]) -> MockConfigEntry:
    """Return the entry of a meter with eleven months from the platform before those of its own."""
    entry = await billed_month.set_up(home, hass_storage)
    await home.again(telegram("00:00:05", 0.1), {"contracts": [OPTIONS]})
    quarters: list[QuarterHour] = []
    # The last month is the meter's own.
    for n in range(334 * 96):
        time = START + n * timedelta(minutes=15)
        drawn_wh, fed_wh = quarter_of(n)
        quarter = QuarterHour(time, drawn_wh / 250, fed_wh / 1000, origin=Origin.LENEDA)
        quarters.append(quarter)
    meter = entry.runtime_data.books.household
    meter.set_leneda_days(LenedaDays(quarters))
    await home.hass.async_block_till_done()
    return entry


@pytest.mark.parametrize(
    ("typed", "error", "shown"),
    [
        ({"feed_in_price": "1.450"}, "ambiguous", "Feed-in price: “1.450” = 1.45 / 1450"),
        ({"feed_in_price": "much"}, "malformed", "Feed-in price: “much”"),
        ({"feed_in_price": "9 €/mois"}, "unit", "Feed-in price: “9 €/mois” (€/kWh)"),
        (
            {"feed_in_price": "1,01"},
            "out_of_range",
            "Feed-in price: “1,01” (0 \N{EN DASH} 1 €/kWh)",
        ),
        ({"kwh": "0,4"}, "out_of_range", "Energy: “0,4” (0.5 \N{EN DASH} 200 kWh)"),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_amounts_of_a_battery_are_typed_as_printed(
    hass: HomeAssistant, typed: dict[str, str], error: str, shown: str
) -> None:
    numbers = await call(hass, "what_if", kind="battery", kwh=9.6, kw=4.6, feed_in_price=0.09)
    texts = {"kind": "battery", "kwh": "9,6 kWh", "kw": "4,60", "feed_in_price": "9 ct/kWh"}
    assert await call(hass, "what_if", **texts) == numbers
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "what_if", **{**texts, **typed})
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
    # 334 days with 4 kWh of sun, of which 3.6 come out, at 0.217 and 0.06: 181. At 3 kW, the sun is
    # enough for the hour of 6 kW, and 70 less are fixed.
    assert 245 < answer["saving"]["low"] <= answer["saving"]["high"] < 252
    assert answer["has_vat"] is True
    assert answer["hourly_share"] == {"now": None, "then": None}
    assert answer["cheapest"] == {"now": 7, "then": 3}
    for year in answer["classes"].values():
        for costs in (year["now"], year["then"]):
            *parts, total = costs.values()
            assert sum(parts) == total
    assert answer["saving"]["low"] == (
        own["now"]["total"] - answer["classes"]["3"]["then"]["total"]
    )

    client = await hass_ws_client(hass)
    request = {"type": "smarty_p1/what_if", "entry_id": entry.entry_id}
    await client.send_json_auto_id({**request, "changes": [BATTERY]})
    told = (await client.receive_json())["result"]
    assert told == {
        "what_if": json.loads(json.dumps(answer)),
        "refusal": None,
        "markets": [],
    }
    # Less comes out of one that is slow, keeps a half, and loses half.
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

    # The pages show answers of this shape.
    for page, at in (("what-if.md", None), ("websocket.md", "what_if")):
        text = (DOCS / page).read_text(encoding="utf-8")
        found = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
        [shown] = [each[at] if at else each for each in found if not at or at in each]
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
            with pytest.raises(ServiceValidationError, match="This amount is not possible"):
                await call(hass, "what_if", **{**BATTERY, name: value})
    for data, text in (
        ({"kind": "car", "kwh": 5}, "Car: fields are missing. Fill in: Power"),
        ({"kind": "heat_pump", "kwh": 5, "kw": 3}, "Heat pump does not use .*: Power"),
        ({**BATTERY, "changes": [BATTERY]}, "The change Battery is there more than once"),
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
        "sunny_days",
    ]
    client = await hass_ws_client(hass)
    request = {"type": "smarty_p1/what_if", "entry_id": entry.entry_id}
    await client.send_json_auto_id({**request, "changes": changes})
    assert (await client.receive_json())["result"]["what_if"] == answer
    for wrong in ([{"kind": "car", "kwh": 8}], [changes[0]] * 2, [{**changes[1], "kw": 1}]):
        await client.send_json_auto_id({**request, "changes": wrong})
        assert (await client.receive_json())["error"]["code"] == "invalid_format"


async def test_what_is_missing_is_said(
    home: Home, hass_storage: dict[str, Any], hass_ws_client: WebSocketGenerator
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
        "markets": [],
        "refusal": {"reason": "too_few_days", "days": 31, "least_days": 300},
    }
    for options, text in (
        ({"reference_power": 7.0}, "depend on your energy price"),
        ({"energy_price": 0.1}, "A bill needs the reference power"),
    ):
        await home.again(telegram("00:00:10", 0.0), options)
        with pytest.raises(ServiceValidationError, match=text):
            await call(home.hass, "what_if", **BATTERY)
