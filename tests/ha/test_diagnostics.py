"""Texts that a user may download, post or log: helpful, without a key, and without private data."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from types import MappingProxyType
from unittest.mock import patch
from urllib.parse import quote

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_IGNORE, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.coordinator.meter_records import MeterRecords
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.p1.rejection_reasons import Reason
from dev.testing.private_texts import PRIVATE_TEXTS, line_with, private_parts
from smartyp1.json_types import JsonDict

from .dialogs import start, submit
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


@pytest.fixture
async def entry(home: Home) -> MockConfigEntry:
    """Return an entry whose meter has sent one telegram."""
    home.port.greeting = home.port.next_frame(TELEGRAM)
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
    fallen = with_value(TELEGRAM, "1-0:1.8.0", "(000000.000*kWh)")
    await port.send_telegram(fallen.replace("!", "1-0:1.8.0(000001.000*kWh)\r\n!", 1))
    await port.send(b"\xdb\x08" + SYSTEM_TITLE + b"\x20\x30\x00\x00\x00\x09" + bytes(40))
    await wait_until(hass, lambda: coordinator.source.reception.rejections.total() > 0)

    told = await download(hass, entry)

    assert told["state"] == "loaded"
    assert told["is_available"]
    assert told["obstacle"] is None
    assert told["telegrams"] == 2
    assert [item["result"] for item in told["refused"]] == ["tag"]
    assert told["rejections"] == {"tag": 1}
    assert told["repeated_objects"] == {"1-0:1.8.0": 1}
    assert told["totals_held_back"] == {"1-0:1.8.0": 1}
    assert told["options"] == {"contracts": [{"reference_power": 7.0}]}
    assert told["demand"]["running_kw"] == 2.345
    assert told["demand"]["contracts"]["entries"][0][1]["energy_price"] is None
    # The telegram is as the meter has sent it.
    assert told["telegram"]["objects"]["1-0:1.8.0"] == 0.0
    assert told["telegram"]["channels"]["1"]["value"] == 678.901


def entered(text: str) -> JsonDict:
    """Return options with a private text in each place for a text."""
    return {
        "contracts": [{"since": "2026-01-01", "energy_price_entity": text}],
        "aids": [{"name": text, "per_month": 1.0, "first_day": "2026-01-01"}],
        "messages": {"kinds": ["silent"], "recipients": [text]},
        "mqtt": {"enabled": False, "topic": text, "discovery_prefix": text},
        "p1_server": {"enabled": False, "address": text, "port": 2001},
        "virtual_meter": {"address": text, "serial": text, "batteries": [text]},
        "leneda": {"api_key": text, "energy_id": text, "consumption_point": text},
        "sun_sources": [text],
        "registry_ids": {text: text},
        f"place_of_{text}": text,
    }


async def test_no_private_text_is_in_a_download(
    home: Home, hass_client: ClientSessionGenerator
) -> None:
    hass = home.hass
    home.port.greeting = home.port.next_frame(TELEGRAM)
    entry = home.make_entry(home.port.url)
    for text in PRIVATE_TEXTS:
        load_of_house = {"name": text, "device": text, "switched_by": text, "kwh": 1.0, "hours": 1}
        hass.config_entries.async_add_subentry(
            entry,
            ConfigSubentry(
                data=MappingProxyType(load_of_house),
                subentry_type="load",
                title=text,
                unique_id=None,
            ),
        )
    await load(hass, entry)
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()

    async def downloaded() -> str:
        response = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
        assert response.status == HTTPStatus.OK
        content: str = await response.text()
        assert json.loads(content)["data"]["frames"]
        return content

    names = set[str]()
    for number, text in enumerate(PRIVATE_TEXTS, 1):
        host = quote(text)
        data = {**entry.data, "port": f"socket://{host}:{host}@{host}:1?x={host}", text: text}
        data |= {"encryption_key": KEY, "authentication_key": text, "service": text}
        hass.config_entries.async_update_entry(
            entry, title=f"Smarty {text}", data=data, options=entered(text)
        )
        await home.port.send(line_with(text, 1000 * number))
        await home.wait_until(lambda: entry.runtime_data.readings > 2 * number)  # noqa: B023
        content = await downloaded()
        assert not private_parts(content)
        names |= {*re.findall("id-[0-9a-f]{8}", content)}
    told = json.loads(content)["data"]
    assert told["port"] == "socket://"
    assert told["options"]["messages"]["kinds"] == ["silent"]
    assert told["options"]["contracts"][0]["since"] == "2026-01-01"
    assert told["meter"] == told["telegram"]["meter"]
    assert {item["result"] for item in told["refused"]} >= {"tag", "downgrade"}
    assert told["telegram"]["objects"]["1-0:1.8.0"] == 25678.901
    # No substitute is the same in two downloads.
    assert not {*re.findall("id-[0-9a-f]{8}", await downloaded())} & names

    # The report stays when the entry is not loaded.
    assert await unload_entry(hass, entry)
    states = {json.loads(await downloaded())["data"]["state"]}
    for error in (ConfigEntryNotReady, ConfigEntryError, RuntimeError):
        with patch.object(MeterRecords, "async_open", side_effect=error(" ".join(PRIVATE_TEXTS))):
            assert not await set_up_entry(hass, entry)
            content = await downloaded()
        assert not private_parts(content)
        states.add(json.loads(content)["data"]["state"])
        await unload_entry(hass, entry)
    assert states == {"not_loaded", "setup_retry", "setup_error"}


@pytest.mark.usefixtures("short_wait")
async def test_a_refused_dialog_offers_a_report_without_private_texts(home: Home) -> None:
    home.port.greeting = b"".join(
        line_with(text, 10 * number) for number, text in enumerate(PRIVATE_TEXTS)
    )
    form = await start(home.hass)
    assert not (form["description_placeholders"] or {})["report"]
    typed = {"port": home.port.address, "encryption_key": "FF" * 16}
    refused = await submit(home.hass, form, typed)
    shown = (refused["description_placeholders"] or {})["report"]
    facts = json.loads(shown.split("```")[1])
    assert facts["errors"] == [*(refused["errors"] or {}).values()]
    assert facts["rejections"]["tag"] > 1
    assert len(facts["refused"]) == 20
    assert not [text for text in typed.values() if text.lower() in shown.lower()]
    assert not private_parts(shown)
    # A value that is refused before the port is read has no report.
    refused = await submit(home.hass, refused, typed | {"encryption_key": "1"})
    assert not (refused["description_placeholders"] or {})["report"]


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
    port.greeting = port.next_frame(TELEGRAM)
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
