"""The night in which prices become old: all places of a running Home Assistant agree."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.history.month_file_lines import HEADER, month_name, span_line
from custom_components.smarty_p1.lib.history.register_amounts import Energies
from custom_components.smarty_p1.lib.meter.meter_memory import MeterMemory
from custom_components.smarty_p1.lib.prices.entered_contract import contract_of
from smartyp1.json_types import JsonDict
from tests.ha.meter import SERIAL, with_registers, with_value
from tests.ha.support import TELEGRAM, Home, call, issue_of, load, with_contract
from tests.json_copy import through_json

from .conftest import Client, ask

OPTIONS: JsonDict = {
    "reference_power": 7.0,
    "energy_price": 0.15,
    "feed_in_price": 0.06,
    "with_levies": True,
}
START = datetime(2026, 10, 31, 23, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 31, 23, tzinfo=UTC)
QUARTER_HOUR = timedelta(minutes=15)
HOUR = timedelta(hours=1)
BEFORE = MIDNIGHT - timedelta(seconds=10)
GRID = {"grid": "2026-12-31"}
LEVIES = {"levies": "2026-12-31"}
AID = {"ended": {"state_aid": "2026-12-31"}}
ALL = {**GRID, **LEVIES, **AID}


def energies(time: datetime) -> Energies:
    """Return the registers: 0.4 kW all the time, and 2 kWh fed in around noon."""
    days, part = divmod(time - START, timedelta(days=1))
    fed_in = min(2.0, max(0.0, part / HOUR - 10))
    return Energies(1000 + 0.4 * ((time - START) / HOUR), 500 + 2 * days + fed_in, 300.0, 300.0)


def telegram(time: datetime) -> str:
    imported, exported, *_ = energies(time)
    text = with_value(TELEGRAM, "0-0:1.0.0", f"({time + timedelta(hours=1):%y%m%d%H%M%S}W)")
    return with_registers(text, imported, exported, 300.0, 300.0)


@pytest.fixture
async def entry(hass: HomeAssistant, home: Home, hass_storage: JsonDict) -> MockConfigEntry:
    """Return a meter that was read for two months of the year, ten minutes before its end."""
    meter = Household(contract_of(OPTIONS))
    time = START
    while time < MIDNIGHT:
        meter.count_telegram(time, energies(time), 0.4, SERIAL)
        time += QUARTER_HOUR
    entry = home.make_entry(home.port.url)
    hass.config_entries.async_update_entry(entry, options=with_contract(OPTIONS))
    folder = MonthFiles(hass, entry.entry_id).folder
    folder.mkdir(parents=True, exist_ok=True)
    for span in meter.meter.take_new():
        file = folder / f"{month_name(span.start)}.csv"
        known = file.read_bytes() if file.exists() else HEADER.encode()
        file.write_bytes(known + span_line(span).encode())
    key = f"smarty_p1.{entry.entry_id}.meter"
    content = MeterMemory().as_dict() | {"demand": through_json(meter.as_dict())}
    hass_storage[key] = {"version": 1, "key": key, "data": content}
    home.port.greeting = home.port.next_frame(telegram(BEFORE))
    await load(hass, entry)
    home.port.greeting = b""
    return entry


async def said(hass: HomeAssistant, client: Client, entry: MockConfigEntry) -> JsonDict:
    """Return, of each place that shows an amount, the older prices that it names."""
    of_entry = {"entry_id": entry.entry_id}
    [meter] = (await ask(client, "meters"))["meters"]
    [bill] = (await ask(client, "bill", **of_entry, months=1))["months"]
    *_, day = (await ask(client, "days", **of_entry))["days"]
    usual = (await ask(client, "usual", **of_entry))["usual"]
    highlights = await ask(client, "highlights", **of_entry)
    answers = {
        "surcharge": meter,
        "bill": bill,
        "day": day,
        "usual": usual,
        "base load": highlights["always_on"],
        "classes": await ask(client, "classes", **of_entry),
        "get_bill": await call(hass, "get_bill"),
        "compare": await call(hass, "compare_reference_powers"),
        "outlook": await call(hass, "get_outlook"),
    }
    sensors = {
        state.entity_id.removeprefix("sensor.smarty_"): state.attributes
        for state in hass.states.async_all("sensor")
        if "EUR" in state.attributes.get("unit_of_measurement", "") or "classes" in state.attributes
    }
    assert all(answers.values())
    return {
        name: answer["prices_of"]
        for name, answer in (answers | sensors).items()
        if "prices_of" in answer
    }


# With a clock that runs: the port waits for its meter by it.
@pytest.mark.freeze_time("2026-12-31T22:30:00Z", tick=True)
@pytest.mark.usefixtures("everything_enabled")
async def test_midnight_of_31_december(
    home: Home, client: Client, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    of_a_year = {
        "base load": ALL,
        "classes": GRID,
        "compare": GRID,
        "cheapest_reference_power": GRID,
        "possible_saving_per_year": GRID,
    }
    # Ten seconds before, only amounts of a year and of the next 48 hours reach into the new year.
    assert await said(home.hass, client, entry) == {**of_a_year, "outlook": ALL}
    assert not issue_of(home.hass, entry, "network_prices")

    # Amounts follow the meter's clock, the repair follows the clock of Home Assistant.
    for seconds in (0, 10, 20):
        await home.receive(telegram(MIDNIGHT + timedelta(seconds=seconds)))

    assert await said(home.hass, client, entry) == {
        **of_a_year,
        "outlook": ALL,
        "surcharge": GRID,
        "bill": ALL,
        "get_bill": ALL,
        "day": ALL,
        "price_of_imported_energy": ALL,
        "energy_cost_this_month": {**LEVIES, **AID},
        "network_cost_this_month": GRID,
        "surcharge_this_month": GRID,
        "total_cost_this_month": ALL,
        "cost_forecast_for_the_month": ALL,
    }
    # (0.15 + 0.0510 + 0.0010 - 0.0010) * 1.08, after 0.17812 with the aid
    assert float(home.state_of("sensor.smarty_price_of_imported_energy").state) == pytest.approx(
        0.21708
    )

    # The clock runs, so on a busy machine the timer of the hour can be missed once.
    for time in (MIDNIGHT, MIDNIGHT + HOUR):
        freezer.move_to(time)
        async_fire_time_changed(home.hass, time)
        await home.hass.async_block_till_done()
    issue = issue_of(home.hass, entry, "network_prices")
    assert issue
    assert (issue.translation_placeholders or {})["year"] == "2027"
