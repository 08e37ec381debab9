"""The options of publishing: accepted, suggested and stored values."""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryDisabler, ConfigFlowResult
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1 import sinks
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.lib.meter.meter_reader import Reading
from custom_components.smarty_p1.sinks.sink import SinkKind
from dev.ports import free_ports
from smartyp1.json_types import JsonDict, JsonMapping
from tests.ha.conftest import EntryMaker
from tests.ha.dialogs import is_created, schema_of, submit
from tests.ha.meter import OTHER_SERIAL, SERIAL, with_value
from tests.ha.refusals import Refusals, Row
from tests.ha.support import TELEGRAM, Home, set_up_entry

# An address for examples: no machine has it.
FOREIGN_ADDRESS = "192.0.2.1"


@pytest.fixture
def mqtt(hass: HomeAssistant) -> MockConfigEntry:
    entry = MockConfigEntry(domain="mqtt", data={"broker": "127.0.0.1"})
    entry.add_to_hass(hass)
    return entry


class Dialog(Home):
    """The options of a meter that is set up."""

    async def form(self, output: str = "p1_server") -> ConfigFlowResult:
        return await self.page(output)

    async def enter(self, **outputs: JsonMapping) -> ConfigFlowResult:
        """Fill in the form of an output; where it is stored, the meter sends a telegram."""
        [(output, typed)] = outputs.items()
        flow = await self.form(output)
        self.port.greeting = self.port.next_frame(TELEGRAM)
        return await submit(self.hass, flow, {**typed})

    async def is_refused(self, **sections: JsonMapping) -> dict[str, str]:
        return (await self.enter(**sections))["errors"] or {}


@pytest.fixture
async def dialog(home: Home) -> Dialog:
    dialog = Dialog(home.hass, home.port, home.make_entry)
    await dialog.set_up()
    return dialog


def shown_in(result: ConfigFlowResult) -> JsonMapping:
    """Return the defaults and suggestions of the form's fields."""
    told: JsonDict = {}
    for key in schema_of(result).schema:
        suggested = (key.description or {}).get("suggested_value")
        told[str(key)] = key.default() if suggested is None and callable(key.default) else suggested
    return told


def p1_server(port: int, address: str = "127.0.0.1") -> JsonDict:
    """Return the values that switch the P1 server on."""
    return {"enabled": True, "address": address, "port": port}


async def test_everything_is_off(dialog: Dialog) -> None:
    server = shown_in(await dialog.form())
    assert server == {"enabled": False, "address": "127.0.0.1", "port": 2001}
    form = await dialog.form("mqtt")
    mqtt = {name: value for name, value in shown_in(form).items() if value}
    assert mqtt == {"format": "values", "discovery_prefix": "homeassistant"}
    topics = {"topic": f"smarty_p1/{SERIAL}", "board_topic": "lamsmarty"}
    assert form["description_placeholders"] == {"name": "Smarty 2574", **topics}
    form = await dialog.form("virtual_meter")
    # The address to enter in a battery's app, in the test kit's network.
    assert form["description_placeholders"] == {"name": "Smarty 2574", "addresses": "10.10.10.10"}


async def test_stored_values_are_shown_again_and_stay(dialog: Dialog) -> None:
    entered = p1_server(free_ports())
    # The meter's own port is no other program's. A page leaves the values of other pages.
    for outputs in ({"p1_server": entered}, {"p1_server": entered}, {"mqtt": {"enabled": False}}):
        assert is_created(await dialog.enter(**outputs))
        assert dialog.entry.options["p1_server"] == entered
        assert shown_in(await dialog.form()) == entered


TOPICS = ["a/#", "+", "$SYS/x", "a\0b"]
# A topic has 65,535 bytes at most, and this is only its beginning.
LONG = "a" * 65_500
MQTT_ROWS = [
    *(("topic", topic, "mqtt_topic_malformed") for topic in (*TOPICS, LONG)),
    *(("discovery_prefix", text, "mqtt_prefix_malformed") for text in (LONG, "", "home/#")),
]


@pytest.mark.usefixtures("mqtt")
async def test_impossible_values_are_refused(dialog: Dialog, refuses: Refusals) -> None:
    mqtt = [
        Row(f"{name}: {error}", {"enabled": True, name: value}) for name, value, error in MQTT_ROWS
    ]
    wrong = {"topic": TOPICS[0], "discovery_prefix": ""}
    mqtt.append(Row(f"{mqtt[0].errors}, {mqtt[-2].errors}", {"enabled": True, **wrong}))
    await refuses(await dialog.form("mqtt"), mqtt)
    addresses = (("localhost", "malformed"), ("", "malformed"), (FOREIGN_ADDRESS, "unusable"))
    server = [
        Row(f"address: p1_address_{error}", p1_server(free_ports(), address))
        for address, error in addresses
    ]
    await refuses(await dialog.form(), server)


async def test_a_port_that_another_program_uses(dialog: Dialog) -> None:
    used = p1_server(dialog.port.port)
    assert await dialog.is_refused(p1_server=used) == {"port": "p1_port_in_use"}
    forbidden = PermissionError(errno.EACCES, "Permission denied")
    with patch.object(dialog.hass.loop, "create_server", side_effect=forbidden):
        errors = await dialog.is_refused(p1_server=p1_server(free_ports()))
    assert errors == {"port": "p1_port_forbidden"}
    # A disabled server may have a used port.
    result = await dialog.enter(p1_server=used | {"enabled": False})
    assert is_created(result)


async def test_no_client_can_connect_to_a_port_that_is_only_tried(dialog: Dialog) -> None:
    loop = dialog.hass.loop
    number, create_server = free_ports(), loop.create_server
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

        # A connected client might stay for ever, and keep the dialog open.
        with patch.object(loop, "create_server", create):
            async with asyncio.timeout(20):
                result = await dialog.enter(p1_server=p1_server(number))
    assert is_created(result)
    assert len(tried) == 2  # the second one is the P1 server


LAMSMARTY = {"enabled": True, "format": "smartyreader", "topic": "lamsmarty"}


@pytest.mark.usefixtures("mqtt")
async def test_two_meters_share_neither_a_port_nor_a_topic_root(
    dialog: Dialog, make_entry: EntryMaker
) -> None:
    other = make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL)
    options = {"p1_server": p1_server(2001), "mqtt": LAMSMARTY}
    dialog.hass.config_entries.async_update_entry(other, options=options)

    assert shown_in(await dialog.form())["port"] == 2002
    errors = await dialog.is_refused(p1_server=p1_server(2001))
    assert errors == {"port": "p1_port_in_use"}
    assert await dialog.is_refused(mqtt=LAMSMARTY) == {"topic": "mqtt_topic_in_use"}
    await dialog.enter(mqtt={"enabled": True, "format": "smartyreader"})
    assert dialog.entry.options["mqtt"]["topic"] == "lamsmarty2"
    # The topic and the port of a disabled meter are free.
    config_entries = dialog.hass.config_entries
    await config_entries.async_set_disabled_by(other.entry_id, ConfigEntryDisabler.USER)
    assert is_created(await dialog.enter(mqtt=LAMSMARTY))
    assert dialog.entry.options["mqtt"]["topic"] == "lamsmarty"
    assert shown_in(await dialog.form())["port"] == 2001


@pytest.mark.parametrize(
    "left",
    [None, {"source": SOURCE_IGNORE}, {"disabled_by": ConfigEntryDisabler.USER}],
    ids=["none", "ignored", "disabled"],
)
async def test_without_the_mqtt_integration(dialog: Dialog, left: JsonDict | None) -> None:
    if left:
        MockConfigEntry(domain="mqtt", **left).add_to_hass(dialog.hass)
    assert await dialog.is_refused(mqtt={"enabled": True}) == {"enabled": "mqtt_not_set_up"}
    assert (await dialog.enter(mqtt={"enabled": False}))["type"] == "create_entry"


@pytest.mark.usefixtures("mqtt")
async def test_the_topic_root_goes_with_the_names(dialog: Dialog) -> None:
    standard = f"smarty_p1/{SERIAL}"
    for typed, topic in [
        ({}, standard),
        ({"format": "smartyreader", "topic": standard}, "lamsmarty"),
        ({"format": "smartyreader", "topic": "lamsmarty"}, "lamsmarty"),
        ({"format": "both", "topic": "lamsmarty"}, standard),
        ({"format": "both", "topic": " /cellar/meter/ "}, "cellar/meter"),
        ({"format": "smartyreader", "topic": "cellar/meter"}, "cellar/meter"),
    ]:
        await dialog.enter(mqtt={"enabled": True, **typed})
        assert dialog.entry.options["mqtt"]["topic"] == topic


@pytest.mark.usefixtures("mqtt")
async def test_a_serial_number_is_one_level_of_the_topic(home: Home) -> None:
    serial = "A+#/B" + "x" * 59
    text = with_value(TELEGRAM, "0-0:42.0.0", f"({serial.encode().hex()})")
    home.port.greeting = lambda: home.port.next_frame(text)
    entry = home.make_entry(home.port.url, serial=serial)
    assert await set_up_entry(home.hass, entry)
    dialog = Dialog(home.hass, home.port, home.make_entry)
    dialog.entry = entry
    await dialog.enter(mqtt={"enabled": True})
    assert entry.options["mqtt"]["topic"] == f"smarty_p1/A___B{'x' * 59}"


async def test_a_reading_that_comes_while_an_output_starts_is_passed_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[Reading | None] = []

    class SlowSink:
        async def async_start(self, latest: Reading | None) -> None:
            passed.append(latest)
            await home.receive(TELEGRAM)

        def on_reading(self, reading: Reading) -> None:
            passed.append(reading)

        async def async_stop(self) -> None: ...

    async def make(_coordinator: MeterCoordinator, _options: JsonMapping) -> SlowSink:
        return SlowSink()

    entry = await home.set_up()
    coordinator: MeterCoordinator = entry.runtime_data
    before = coordinator.latest
    monkeypatch.setattr(sinks, "SINKS", (SinkKind("slow", make),))
    await sinks.async_start(coordinator)

    assert before is not None
    assert coordinator.latest is not before
    assert [reading is before for reading in passed] == [True, False]
    assert passed[1] is coordinator.latest
