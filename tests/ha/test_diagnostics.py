"""Texts that a user may download, post or log: helpful, without a key, and without private data."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.p1.rejection_reasons import Reason
from smartyp1.json_types import JsonDict

from .boards import pulse_entry
from .entities import Smarty, set_up
from .meter import (
    KEY,
    OTHER_AUTHENTICATION_KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    PUBLISHED_KEY,
    SERIAL,
    SYSTEM_TITLE,
    MeterPort,
    encipher,
    seal,
    stored_telegram,
    with_value,
)
from .support import (
    PATIENCE,
    TELEGRAM,
    Home,
    let_pass,
    load,
    reload_entry,
    set_up_entry,
    smarty_entry,
    unload_entry,
    wait_until,
)

SECRET_TEXT = "5365637265742074657874"  # "Secret text"
WITH_SECRETS = with_value(
    with_value(stored_telegram("three_phase_gas_water_heat"), "0-0:96.13.0", f"({SECRET_TEXT})"),
    "9-9:99.99.99",
    "(whose meaning nobody knows)",
)


@pytest.fixture
async def entry(home: Home) -> MockConfigEntry:
    """Return an entry whose meter has sent one telegram."""
    home.port.greeting = home.port.next_frame(WITH_SECRETS)
    gateway = f"p1-{SERIAL.lower()}._iostream._tcp.local."
    entry = home.make_entry(home.port.url, authentication_key=PUBLISHED_KEY, service=gateway)
    home.hass.config_entries.async_update_entry(
        entry, options={"contracts": [{"reference_power": 7.0}]}
    )
    await load(home.hass, entry)
    home.port.greeting = b""
    return entry


async def download(hass: HomeAssistant, entry: MockConfigEntry) -> JsonDict:
    """Return the diagnostics after a way through JSON."""
    told: JsonDict = json.loads(
        json.dumps(await async_get_config_entry_diagnostics(hass, entry), default=str)
    )
    return told


async def test_the_content_of_diagnostics(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    coordinator: MeterCoordinator = entry.runtime_data
    fallen = with_value(WITH_SECRETS, "1-0:1.8.0", "(000000.000*kWh)")
    await port.send_telegram(fallen.replace("!", "1-0:1.8.0(000001.000*kWh)\r\n!", 1))
    await port.send(b"\xdb\x08" + SYSTEM_TITLE + b"\x20\x30\x00\x00\x00\x09" + bytes(40))
    await wait_until(hass, lambda: coordinator.source.reception.rejections.total() > 0)

    told = await download(hass, entry)

    assert told["state"] == "loaded"
    assert told["is_available"]
    assert told["obstacle"] is None
    assert told["telegrams"] == 2
    assert told["rejections"] == {"tag": 1}
    assert told["repeated_objects"] == {"1-0:1.8.0": 1}
    assert told["totals_held_back"] == {"1-0:1.8.0": 1}
    assert told["options"] == {"contracts": [{"reference_power": 7.0}]}
    assert told["demand"]["running_kw"] == 2.345
    assert told["telegram"]["objects"]["1-0:1.8.0"] == 25678.901
    assert told["telegram"]["objects"]["0-0:96.13.2"] is None
    assert told["telegram"]["channels"]["1"]["value"] == 678.901

    # The diagnostics have no private data.
    text = json.dumps(told).lower()
    for private in (
        KEY,
        PUBLISHED_KEY,
        SERIAL,
        SERIAL.encode().hex(),
        "253694471",
        SYSTEM_TITLE.hex(),
        "GAS 079000257401",
        "47415320303739303030323537343031",
        "secret text",
        SECRET_TEXT,
        "whose meaning nobody knows",
    ):
        assert private.lower() not in text

    # An entry that is not set up.
    assert await unload_entry(hass, entry)
    told = await download(hass, entry)
    assert told["state"] == "not_loaded"
    assert KEY not in json.dumps(told)


async def test_the_topic_of_a_pulse_reader_is_private(hass: HomeAssistant) -> None:
    told = await download(hass, pulse_entry(hass, topic="8 Rue Haute/meter/led"))

    assert told["data"]["topic"] == REDACTED
    assert "Rue Haute" not in json.dumps(told)


async def test_a_serial_number_in_the_name_of_a_field_is_private(home: Home) -> None:
    entry = home.make_entry(home.port.url, **{f"place_of_{SERIAL}": "cellar"})

    assert f"place_of_{REDACTED}" in (await download(home.hass, entry))["data"]


async def told(hass: HomeAssistant) -> JsonDict:
    """Return the lines of the page."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, "smarty_p1")
    return {
        key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()
    }


async def test_meters_links_and_ages(hass: HomeAssistant, home: Home) -> None:
    entry = await home.set_up()
    home.make_entry("socket://127.0.0.1:9", serial=OTHER_SERIAL)
    ignored = smarty_entry(source=SOURCE_IGNORE, unique_id="a port")
    ignored.add_to_hass(hass)

    lines = await told(hass)

    assert [line.partition(":")[0] for line in lines] == ["meters", "1", "2"]
    assert lines["meters"] == 1
    age = re.fullmatch(
        rf"{home.port.url}, open, last telegram (\d+) s ago", lines["1: Smarty …2574"]
    )
    assert age
    assert int(age[1]) < PATIENCE
    assert lines["2: Smarty …0042"] == "not_loaded"
    assert KEY not in str(lines)
    assert SERIAL not in str(lines)
    # The serial number of a cable is private.
    entry.runtime_data.line.shown_port = "/dev/serial/by-id/usb-FTDI_A10KJ77X-if00-port0"
    assert "A10KJ77X" not in str(await told(hass))
    # Host names of gateways contain the meter's serial number in lower case.
    entry.runtime_data.line.shown_port = f"socket://p1-{SERIAL.lower()}.lan:2001"
    assert SERIAL.lower() not in str(await told(hass)).lower()
    # The name that a user gave may be private, too.
    hass.config_entries.async_update_entry(entry, title=f"House {SERIAL.lower()}")
    assert "1: House …2574" in await told(hass)


async def test_a_meter_of_another_integration_and_its_age(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    smarty = Smarty(hass, freezer)
    smarty.entry = await set_up(hass, smarty)
    await smarty.send()
    of_meter = (await told(hass)).popitem()[1]
    assert of_meter == "entities of DSMR Smart Meter, not verified, last telegram 0 s ago"


async def test_the_obstacle_is_named_when_no_readings_come(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    port.greeting = port.next_frame(WITH_SECRETS)
    await let_pass(hass, 61)
    told = await download(hass, entry)
    assert (told["is_available"], told["obstacle"]) == (False, "nothing_received")

    await wait_until(hass, lambda: entry.runtime_data.last_update_success)
    assert (await download(hass, entry))["obstacle"] is None


SECRETS = (KEY, OTHER_KEY, OTHER_AUTHENTICATION_KEY)


def spellings(key: str) -> Iterator[str]:
    """Yield how a key could be written by mistake."""
    raw = bytes.fromhex(key)
    yield key.lower()
    yield raw.hex(" ")
    yield raw.hex(":")
    yield repr(raw)[2:-1].lower()
    yield str(list(raw))


def assert_no_secret(text: str) -> None:
    lower = text.lower()
    found = [key for key in SECRETS for spelling in spellings(key) if spelling in lower]
    assert not found


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("verify", [True, False])
async def test_a_meter_in_all_kinds_of_trouble(
    home: Home,
    caplog: pytest.LogCaptureFixture,
    issue_registry: ir.IssueRegistry,
    verify: bool,  # noqa: FBT001
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    home.port.greeting = encipher(TELEGRAM, 1, authentication_key=OTHER_AUTHENTICATION_KEY)
    entry = home.make_entry(home.port.url, authentication_key=OTHER_AUTHENTICATION_KEY)
    home.hass.config_entries.async_update_entry(entry, data={**entry.data, "verify": verify})
    assert await set_up_entry(home.hass, entry)
    for n in range(6):
        await home.port.send(encipher(TELEGRAM, 10 + n, key=OTHER_KEY) + seal(TELEGRAM))
    await home.wait_until(
        lambda: all(
            entry.runtime_data.source.reception.rejections[reason] > 5
            for reason in (Reason.TAG, Reason.DOWNGRADE)
        )
    )
    await home.let_pass(61)
    error = str(entry.runtime_data.last_exception)
    told = json.dumps(await async_get_config_entry_diagnostics(home.hass, entry), default=str)
    await reload_entry(home.hass, entry)
    flows = home.hass.config_entries.flow.async_progress()
    issues = list(issue_registry.issues.values())
    states = [state.as_dict() for state in home.hass.states.async_all()]
    await unload_entry(home.hass, entry)

    assert f"Smarty {entry.unique_id}" in caplog.text
    assert error
    for text in (caplog.text, error, told, str(entry.reason), f"{flows}", f"{issues}", f"{states}"):
        assert_no_secret(text)
