"""A meter without a cable: its set-up, its entities, and how it gets a cable later."""

import asyncio
import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components import smarty_p1
from custom_components.smarty_p1.coordinator.leneda import download as leneda_download
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from dev.leneda import Fault, Platform
from tests.ha.dialogs import (
    advance,
    confirm,
    is_done,
    open_options,
    reconfigure,
    schema_of,
    start,
    submit,
    told,
)
from tests.ha.leneda import ENERGY_ID, IMPORTED, KEY, POINT
from tests.ha.meter import KEY as METER_KEY, SERIAL, MeterPort, with_value
from tests.ha.refusals import Refusals, Row
from tests.ha.support import (
    TELEGRAM,
    Home,
    entered_data,
    remove_entry,
    smarty_entry,
    state_of,
    unload_entry,
    wait_for_telegram,
    wait_until,
)

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
UNKNOWN = f"{POINT[:-1]}2"
CONTRACT = {"reference_power": "3", "energy_price": 0.15}

pytestmark = pytest.mark.usefixtures("two_months", "short_wait", "platform")


@pytest.fixture
def two_months(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetch two months instead of 25, without a pause."""
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=62))


async def add(hass: HomeAssistant, account: dict[str, str] = ACCOUNT) -> MockConfigEntry:
    """Add a meter without a cable, and wait until all its days are there."""
    found = await submit(hass, await start(hass, "leneda"), account)
    result = await confirm(hass, found, **CONTRACT)
    entry: MockConfigEntry = result["result"]
    assert entry.unique_id == account["consumption_point"]
    await wait_for_telegram(hass, entry)
    return entry


def keys(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the entity ids of an entry by the last part of their unique ids."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {
        entity.unique_id.removeprefix(f"{entry.unique_id}_"): entity.entity_id
        for entity in entities
    }


def of_now() -> str:
    zone = dt_util.get_time_zone("Europe/Luxembourg")
    now = dt_util.now(zone)
    season = "S" if now.dst() else "W"
    return with_value(TELEGRAM, "0-0:1.0.0", f"({now:%y%m%d%H%M%S}{season})")


def last_midnight() -> datetime:
    zone = dt_util.get_time_zone("Europe/Luxembourg")
    return dt_util.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)


async def test_a_key_is_enough_for_bill_and_entities(
    hass: HomeAssistant, platform: Platform
) -> None:
    found = await submit(hass, await start(hass, "leneda"), ACCOUNT)
    yesterday = last_midnight() - timedelta(days=1)
    text = told(found)["meter"]
    assert f"`{POINT}`" in text
    # Half a kilowatt at all times.
    assert f"{yesterday:%Y-%m-%d}, **12.0\xa0kWh**" in text
    assert "not available yet" not in text
    [asked] = platform.requests
    assert (asked.start, asked.end) == (last_midnight() - timedelta(days=7), last_midnight())
    result = await submit(hass, found, CONTRACT)
    entry = result["result"]
    await wait_for_telegram(hass, entry)

    assert entered_data(entry) == {"kind": "leneda"}
    # Its values come a day late, so nothing can be planned by them.
    assert entry.supported_subentry_types == {}
    assert POINT not in entry.title
    device = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)[0]
    assert (device.name, device.serial_number) == ("Smarty", None)
    ids = keys(hass, entry)
    assert all(POINT not in name for name in ids.values())
    live = {"verification", "demand_running", "demand_projected", "demand_available", "power_net"}
    assert not live & ids.keys()
    assert {"energy_imported", "demand_peak", "cost_total", "demand_excess_energy"} <= ids.keys()
    state = state_of(hass, ids["energy_imported"])
    assert state.state == "unknown"
    assert state_of(hass, ids["demand_peak"]).state == "0.5"
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(diagnostics, default=str)
    assert all(secret not in text for secret in (POINT, KEY, ENERGY_ID))
    assert diagnostics["demand"]["month"]["imported_wh"] > 0


async def test_a_meter_that_another_entry_reads_is_no_cable_for_this_one(home: Home) -> None:
    entry = await add(home.hass)
    cellar = smarty_entry(title="Cellar", unique_id=SERIAL)
    cellar.add_to_hass(home.hass)
    home.port.greeting = lambda: home.port.next_frame(of_now())
    form = await reconfigure(home.hass, entry)
    form = await submit(home.hass, form, {"port": home.port.address, "encryption_key": METER_KEY})
    assert (form["step_id"], form["errors"]) == ("add_cable", {"port": "port_in_use"})
    assert told(form)["title"] == "Cellar"
    assert (entry.unique_id, entry.data["kind"]) == (POINT, "leneda")

    # A meter that is not loaded gets a cable, too.
    await remove_entry(home.hass, cellar)
    assert await unload_entry(home.hass, entry)
    result = await submit(home.hass, form, {"port": home.port.address, "encryption_key": METER_KEY})
    assert is_done(result, "cable_added")
    assert (entry.unique_id, "kind" in entry.data) == (SERIAL, False)


async def test_reconfigure_adds_port_and_key(hass: HomeAssistant, port: MeterPort) -> None:
    entry = await add(hass)
    before = keys(hass, entry)
    device = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)[0]
    kwh = entry.runtime_data.records.household_state.month.imported_kwh

    port.greeting = lambda: port.next_frame(of_now())
    form = await reconfigure(hass, entry)
    assert form["step_id"] == "add_cable"
    result = await submit(hass, form, {"port": port.address, "encryption_key": METER_KEY})

    assert is_done(result, "cable_added")
    assert told(result) == {"name": "Smarty", "serial_number": SERIAL}
    assert (entry.unique_id, entry.title) == (SERIAL, "Smarty")
    assert "kind" not in entry.data
    await wait_for_telegram(hass, entry)
    await wait_until(hass, lambda: entry.runtime_data.latest is not None)
    after = keys(hass, entry)
    assert after.items() >= before.items()
    assert {"verification", "demand_running", "power_net"} <= after.keys()
    same = dr.async_get(hass).async_get(device.id)
    assert isinstance(same, dr.DeviceEntry)
    assert (same.name, same.serial_number) == ("Smarty", SERIAL)
    # The register is at 25,678.901 kWh. None of it is energy of this month.
    month = entry.runtime_data.records.household_state.month
    assert month.imported_kwh == pytest.approx(kwh, abs=0.01)


@pytest.mark.parametrize("step", ["async_unload_entry", "async_setup_entry"])
async def test_dialog_is_closed_while_the_cable_is_added(home: Home, step: str) -> None:
    entry = await add(home.hass)
    home.port.greeting = lambda: home.port.next_frame(of_now())
    form = await reconfigure(home.hass, entry)
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    original = getattr(smarty_p1, step)

    async def slowly(*args: Any) -> Any:  # noqa: ANN401 - either step
        begun.set()
        await may_go_on.wait()
        return await original(*args)

    with patch.object(smarty_p1, step, slowly):
        typed = {"port": home.port.address, "encryption_key": METER_KEY}
        await advance(home.hass, form, typed)
        await begun.wait()
        home.hass.config_entries.flow.async_abort(form["flow_id"])
        await asyncio.sleep(0.01)
        may_go_on.set()
        await home.hass.async_block_till_done()

    assert (entry.state, entry.unique_id) == (ConfigEntryState.LOADED, SERIAL)
    await home.wait_until(lambda: entry.runtime_data.latest is not None)


# The other errors are tested with the account in the options.
WRONG = [
    # From outside Luxembourg: not the key's fault.
    Row("base: leneda_forbidden", {}, given=Fault.FORBIDDEN),
    Row("api_key: leneda_key_malformed", {"api_key": ""}),
    Row("consumption_point: leneda_unknown_point", {"consumption_point": UNKNOWN}),
]


async def test_the_errors_of_the_account(
    hass: HomeAssistant, platform: Platform, refuses: Refusals
) -> None:
    form = await start(hass, "leneda")
    form = await refuses(form, WRONG, ACCOUNT, partial(setattr, platform, "fault"))

    # A missing yesterday is no error.
    platform.fault = None
    platform.known_until = last_midnight() - timedelta(days=1)
    found = await submit(hass, form, ACCOUNT)
    assert found["step_id"] == "contract_without_cable"
    before = last_midnight() - timedelta(days=2)
    assert f"{before:%Y-%m-%d}, **12.0\xa0kWh**" in told(found)["meter"]
    assert "Yesterday's values are not available yet" in told(found)["meter"]


async def test_the_device_of_a_second_point_has_a_number(
    hass: HomeAssistant, platform: Platform
) -> None:
    platform.series[UNKNOWN, IMPORTED] = lambda _start: 0.7
    entries = [await add(hass), await add(hass, ACCOUNT | {"consumption_point": UNKNOWN})]
    registry = dr.async_get(hass)
    devices = [dr.async_entries_for_config_entry(registry, entry.entry_id) for entry in entries]
    assert [device.name for [device] in devices] == ["Smarty", "Smarty 2"]
    assert [entry.title for entry in entries] == ["Smarty", "Smarty 2"]


@pytest.mark.parametrize("has_cable", [False, True])
async def test_a_point_is_added_once(hass: HomeAssistant, *, has_cable: bool) -> None:
    if has_cable:
        options = {"leneda": ACCOUNT}
        smarty_entry(unique_id=SERIAL, options=options).add_to_hass(hass)
    else:
        await add(hass)
    result = await submit(hass, await start(hass, "leneda"), ACCOUNT)
    assert is_done(result, "already_configured")


async def test_the_key_cannot_be_taken_away_nor_the_point_changed(
    hass: HomeAssistant, platform: Platform, refuses: Refusals
) -> None:
    entry = await add(hass)
    platform.series[UNKNOWN, IMPORTED] = lambda _start: 0.7
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    pages = ["contracts", "aids", "goal_and_messages", "sun", "leneda_file", "leneda_account"]
    assert menu["menu_options"] == pages
    rows = [
        Row("api_key: leneda_key_needed", {"api_key": ""}),
        Row("consumption_point: leneda_other_meter", {"consumption_point": UNKNOWN}),
        Row(
            "energy_id: leneda_energy_id_malformed, consumption_point: leneda_other_meter",
            {"energy_id": "", "consumption_point": UNKNOWN},
        ),
    ]
    await refuses(await open_options(hass, entry, "leneda_account"), rows, ACCOUNT)
    assert entry.options["leneda"] == ACCOUNT


@pytest.mark.parametrize("is_same", [True, False])
async def test_a_meter_at_a_port_may_be_an_existing_meter(
    hass: HomeAssistant, port: MeterPort, *, is_same: bool
) -> None:
    entry = await add(hass)
    before = keys(hass, entry)
    port.greeting = lambda: port.next_frame(of_now())
    form = await start(hass)
    asked = await submit(hass, form, {"port": port.address, "encryption_key": METER_KEY})
    assert asked["step_id"] == "same_meter"
    assert told(asked)["name"] == "Smarty"
    schema = schema_of(asked)
    assert schema({}) == {"same_meter": entry.entry_id}

    result = await submit(hass, asked, {"same_meter": entry.entry_id if is_same else "another"})

    if is_same:
        assert is_done(result, "cable_added")
        await wait_for_telegram(hass, entry)
        assert (entry.unique_id, len(hass.config_entries.async_entries("smarty_p1"))) == (SERIAL, 1)
        assert keys(hass, entry).items() >= before.items()
        return
    assert result["step_id"] == "contract"
    result = await submit(hass, result, {})
    assert result["title"] == f"Smarty {SERIAL[-4:]}"
    assert (entry.unique_id, entry.data["kind"]) == (POINT, "leneda")
