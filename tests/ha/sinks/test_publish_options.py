"""The options of publishing: what may be entered, what is suggested, what is stored."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryDisabler, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from dev.ports import free_ports
from tests.ha.conftest import EntryMaker
from tests.ha.meter import OTHER_SERIAL, SERIAL, MeterPort, with_value
from tests.ha.support import TELEGRAM, set_up

# An address for examples: no machine has it.
FOREIGN_ADDRESS = "192.0.2.1"


@pytest.fixture
def mqtt(hass: HomeAssistant) -> MockConfigEntry:
    """Return the entry of an MQTT integration that is set up."""
    entry = MockConfigEntry(domain="mqtt", data={"broker": "127.0.0.1"})
    entry.add_to_hass(hass)
    return entry


async def enter(
    hass: HomeAssistant, entry: MockConfigEntry, **sections: Mapping[str, Any]
) -> ConfigFlowResult:
    """Fill in the form."""
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"min_interval": 0, **sections}
    )
    await hass.async_block_till_done()
    return result


def section_of(result: ConfigFlowResult, name: str) -> Mapping[str, Any]:
    """Return the options of a section of the form, and its fields' defaults and suggestions."""
    assert result["data_schema"]
    fields = result["data_schema"].schema
    field = next(field for field in fields if field == name)
    told: dict[str, Any] = dict(fields[field].options)
    for key in fields[field].schema.schema:
        suggested = (key.description or {}).get("suggested_value")
        told[str(key)] = key.default() if suggested is None and callable(key.default) else suggested
    return told


def p1_server(port: int, address: str = "127.0.0.1") -> dict[str, Any]:
    """Return what is entered to switch the P1 server on."""
    return {"enabled": True, "address": address, "port": port}


async def test_everything_is_off_and_collapsed(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)

    server = section_of(form, "p1_server")
    assert server == {"collapsed": True, "enabled": False, "address": "127.0.0.1", "port": 2001}
    mqtt = section_of(form, "mqtt")
    assert mqtt["collapsed"]
    assert not mqtt["enabled"]
    assert not mqtt["discovery"]
    assert mqtt["discovery_prefix"] == "homeassistant"
    placeholders = form["description_placeholders"]
    topics = {"topic": f"smarty_p1/{SERIAL}", "board_topic": "lamsmarty"}
    assert placeholders == {"name": "Smarty 2574", **topics}


async def test_what_is_stored_is_shown_again_and_stays(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    port.greeting = port.next_frame(TELEGRAM)
    number = free_ports()

    result = await enter(hass, entry, p1_server=p1_server(number))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["p1_server"] == p1_server(number)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert section_of(form, "p1_server") == {"collapsed": True, **p1_server(number)}

    # Its own port is no other program's. A section that is not sent is not changed.
    port.greeting = port.next_frame(TELEGRAM)
    assert (await enter(hass, entry, p1_server=p1_server(number)))["type"] == "create_entry"
    port.greeting = port.next_frame(TELEGRAM)
    await enter(hass, entry)
    assert entry.options["p1_server"] == p1_server(number)


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("localhost", "p1_address_malformed"),
        ("", "p1_address_malformed"),
        (FOREIGN_ADDRESS, "p1_address_unusable"),
    ],
)
async def test_an_address_that_cannot_be(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, address: str, error: str
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await enter(hass, entry, p1_server=p1_server(free_ports(), address))
    assert result["errors"] == {"p1_server": error}
    # What is wrong can be seen.
    assert not section_of(result, "p1_server")["collapsed"]
    assert section_of(result, "p1_server")["address"] == address


async def test_a_port_that_another_program_uses(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await enter(hass, entry, p1_server=p1_server(port.port))
    assert result["errors"] == {"p1_server": "p1_port_in_use"}
    # Not listened at, nothing is wrong with it.
    port.greeting = port.next_frame(TELEGRAM)
    switched_off = p1_server(port.port) | {"enabled": False}
    result = await enter(hass, entry, p1_server=switched_off)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_nobody_can_connect_to_a_port_that_is_only_tried(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    port.greeting = port.next_frame(TELEGRAM)
    number, create_server = free_ports(), hass.loop.create_server
    tried: list[asyncio.Server] = []
    with socket.socket() as client:

        async def create(*arguments: Any, **options: Any) -> asyncio.Server:  # noqa: ANN401
            server = await create_server(*arguments, **options)
            if not tried:
                with suppress(ConnectionRefusedError):
                    client.connect(("127.0.0.1", number))
                    await asyncio.sleep(0.1)
            tried.append(server)
            return server

        # Whoever had connected might stay for ever, and the dialog with them.
        with patch.object(hass.loop, "create_server", create):
            async with asyncio.timeout(20):
                result = await enter(hass, entry, p1_server=p1_server(number))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(tried) == 2  # the second one is the P1 server


async def test_each_meter_has_a_port_of_its_own(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    other = make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL)
    hass.config_entries.async_update_entry(other, options={"p1_server": p1_server(2001)})
    entry = await set_up(hass, port, make_entry)

    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert section_of(form, "p1_server")["port"] == 2002
    result = await enter(hass, entry, p1_server=p1_server(2001))
    assert result["errors"] == {"p1_server": "p1_port_in_use"}


@pytest.mark.parametrize(
    "left",
    [None, {"source": SOURCE_IGNORE}, {"disabled_by": ConfigEntryDisabler.USER}],
    ids=["none", "ignored", "disabled"],
)
async def test_without_the_mqtt_integration(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, left: dict[str, Any] | None
) -> None:
    if left:
        MockConfigEntry(domain="mqtt", **left).add_to_hass(hass)
    entry = await set_up(hass, port, make_entry)
    result = await enter(hass, entry, mqtt={"enabled": True})
    assert result["errors"] == {"mqtt": "mqtt_not_set_up"}
    assert not section_of(result, "mqtt")["collapsed"]
    port.greeting = port.next_frame(TELEGRAM)
    assert (await enter(hass, entry, mqtt={"enabled": False}))["type"] == "create_entry"


@pytest.mark.usefixtures("mqtt")
@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"topic": "a/#"}, "mqtt_topic_malformed"),
        ({"topic": "+"}, "mqtt_topic_malformed"),
        ({"topic": "$SYS/x"}, "mqtt_topic_malformed"),
        ({"topic": "a\0b"}, "mqtt_topic_malformed"),
        # A topic has 65,535 bytes at most, and this is only its beginning.
        ({"topic": "a" * 65_500}, "mqtt_topic_malformed"),
        ({"discovery_prefix": "a" * 65_500}, "mqtt_prefix_malformed"),
        ({"discovery_prefix": ""}, "mqtt_prefix_malformed"),
        ({"discovery_prefix": "home/#"}, "mqtt_prefix_malformed"),
    ],
)
async def test_a_topic_that_cannot_be(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    typed: dict[str, str],
    error: str,
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await enter(hass, entry, mqtt={"enabled": True, **typed})
    assert result["errors"] == {"mqtt": error}


@pytest.mark.usefixtures("mqtt")
async def test_the_topic_root_goes_with_the_names(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)

    async def topic_after(**typed: str) -> object:
        port.greeting = port.next_frame(TELEGRAM)
        await enter(hass, entry, mqtt={"enabled": True, **typed})
        return entry.options["mqtt"]["topic"]

    standard = f"smarty_p1/{SERIAL}"
    assert await topic_after() == standard
    assert await topic_after(format="smartyreader", topic=standard) == "lamsmarty"
    assert await topic_after(format="smartyreader", topic="lamsmarty") == "lamsmarty"
    assert await topic_after(format="both", topic="lamsmarty") == standard
    assert await topic_after(format="both", topic=" /cellar/meter/ ") == "cellar/meter"
    assert await topic_after(format="smartyreader", topic="cellar/meter") == "cellar/meter"


@pytest.mark.usefixtures("mqtt")
async def test_two_meters_do_not_share_a_topic_root(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    other = make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL)
    options = {"enabled": True, "format": "smartyreader", "topic": "lamsmarty"}
    hass.config_entries.async_update_entry(other, options={"mqtt": options})
    entry = await set_up(hass, port, make_entry)

    result = await enter(hass, entry, mqtt=options)
    assert result["errors"] == {"mqtt": "mqtt_topic_in_use"}
    port.greeting = port.next_frame(TELEGRAM)
    await enter(hass, entry, mqtt={"enabled": True, "format": "smartyreader"})
    assert entry.options["mqtt"]["topic"] == "lamsmarty2"


@pytest.mark.usefixtures("mqtt")
async def test_a_serial_number_is_one_level_of_the_topic(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    serial = "A+#/B" + "x" * 59
    text = with_value(TELEGRAM, "0-0:42.0.0", f"({serial.encode().hex()})")
    port.greeting = lambda: port.next_frame(text)
    entry = make_entry(port.url, serial=serial)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await enter(hass, entry, mqtt={"enabled": True})
    assert entry.options["mqtt"]["topic"] == f"smarty_p1/A___B{'x' * 59}"
