"""The dialogs that set pulse readers and tanks up, change them, and their options."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.entity_registry import EntityRegistry, RegistryEntryDisabler
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_mqtt_message

from custom_components.smarty_p1.flows.boards import pulse_flow, tank_flow
from custom_components.smarty_p1.flows.boards.board_probe import probe_pulses, probe_sonar
from custom_components.smarty_p1.lib.port.errors import ProbeError
from smartyp1.json_types import JsonDict
from tests.ha.boards import ENERGY, GEOMETRY, LEVEL, pulse_entry, shows, state, tank_entry
from tests.ha.dialogs import (
    advance,
    is_created,
    is_done,
    reconfigure,
    schema_of,
    settle,
    start,
    submit,
    suggested,
    told,
)
from tests.ha.meter import MeterPort
from tests.ha.refusals import Refusals, Row
from tests.ha.support import (
    Home,
    let_pass,
    reload_entry,
    remove_entry,
    set_up_entry,
    unload_entry,
    wait_until,
)

pytestmark = pytest.mark.usefixtures("short_wait")

PULSES: JsonDict = {"pulses_per_kwh": 800}


@pytest.fixture
def short_wait() -> Generator[None]:
    with (
        patch.object(pulse_flow, "probe_pulses", partial(probe_pulses, timeout=0.4)),
        patch.object(tank_flow, "probe_sonar", partial(probe_sonar, timeout=0.4)),
        patch.object(pulse_flow, "PULSE_TIMEOUT_S", 0.4),
    ):
        yield


@pytest.mark.parametrize("look", [probe_pulses, probe_sonar])
async def test_a_look_at_a_port_takes_at_most_ten_times_the_bytes_of_a_line(
    look: Callable[..., Coroutine[Any, Any, object]],
) -> None:
    taken = 0

    async def write(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        with suppress(OSError):
            while True:
                writer.write(bytes(10_000))
                await writer.drain()
                taken += 10_000
        writer.close()

    async with await asyncio.start_server(write, "127.0.0.1", 0) as server:
        [socket] = server.sockets
        url = f"socket://127.0.0.1:{socket.getsockname()[1]}"
        with suppress(ProbeError):
            await look(url, 115_200, timeout=2)
        in_two_seconds = taken
    # Besides, as much as the system keeps between the two of them.
    assert in_two_seconds < 2 * 115_200 + 8_000_000


def port_input(port: MeterPort, **more: object) -> JsonDict:
    return {"port": port.address, "baud_rate": "9600", **PULSES, **more}


async def agree(hass: HomeAssistant, result: ConfigFlowResult, step: str) -> ConfigFlowResult:
    assert result["type"] is FlowResultType.FORM
    assert (result["step_id"], result["last_step"]) == (step, True)
    return await submit(hass, result, {})


# --- pulses at a port -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greeting", "step"),
    [
        (b"\r\npulse\r\n", "pulse_found"),
        (b"34\r\n1234\r\n", "count_found"),
        (b"34\r\n", "pulse_found"),
        (b"OFF\r\n", "state_found"),
        (b"", "pulse_not_found"),
        (b"\xff\x00\x80", "pulse_not_found"),
    ],
)
async def test_a_board_at_a_port(home: Home, greeting: bytes, step: str) -> None:
    home.port.greeting = greeting
    found = await submit(
        home.hass,
        await start(home.hass, "pulse", "pulse_port"),
        port_input(home.port, meter_reading=1234.5),
    )
    assert told(found)["source"] == home.port.url
    if step == "count_found":
        assert told(found)["count"] == "1234"
    home.port.greeting = b""
    result = await agree(home.hass, found, step)

    assert is_created(result)
    entry = result["result"]
    assert entry.title == "LED pulse reader"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.options == PULSES
    assert entry.data["port"] == home.port.url
    assert entry.data["baud_rate"] == 9600
    await shows(home.hass, ENERGY, "1234.5")


AT_PORT: dict[tuple[str, ...], JsonDict] = {
    ("tank",): GEOMETRY,
    ("pulse", "pulse_port"): {"baud_rate": "9600", **PULSES},
}


async def test_a_port_that_is_used_or_cannot_be_opened(home: Home, refuses: Refusals) -> None:
    hass, url = home.hass, home.port.url
    typed, other = {"port": home.port.address}, "socket://127.0.0.1:1"
    in_use = Row("port: source_in_use", typed)
    for path, more in AT_PORT.items():
        meter = home.make_entry(url)
        read = Row("port: port_in_use", typed, {"title": meter.title})
        await refuses(await start(hass, *path), [read], more)
        await remove_entry(hass, meter)

        # The port of a disabled entry is free.
        old, entry = (
            tank_entry(hass, port) if path == ("tank",) else pulse_entry(hass, port=port)
            for port in (url, other)
        )
        await hass.config_entries.async_set_disabled_by(old.entry_id, ConfigEntryDisabler.USER)
        await refuses(await start(hass, *path), [in_use], more)
        baud_rate = {name: rate for name, rate in more.items() if name == "baud_rate"}
        await refuses(await reconfigure(hass, entry, *path[1:]), [in_use], baud_rate)
        for each in (old, entry):
            await remove_entry(hass, each)
    assert home.port.connections == 0

    pulse_entry(hass, port=other)
    await home.port.stop()
    for path, more in AT_PORT.items():
        form = await refuses(await start(hass, *path), [Row("port: port_unreachable", typed)], more)
    await home.port.start()
    home.port.greeting = b"Port already in use\r\n"
    form = await refuses(form, [Row("port: port_busy", typed)], more)
    home.port.greeting = b"\r\n"
    form = await submit(hass, form, typed | more)
    # Two of a kind have two names.
    assert (await agree(hass, form, "pulse_found"))["title"] == "LED pulse reader 2"


# --- pulses of an entity --------------------------------------------------------------------------


async def test_an_entity_that_counts(hass: HomeAssistant, refuses: Refusals) -> None:
    fields = {"entity_id": "sensor.led", **PULSES}
    rows = [Row("entity_id: entity_without_count", fields, given=v) for v in ("12.7", "cloudy")]
    flow = await start(hass, "pulse", "pulse_entity")
    flow = await refuses(flow, rows, give=partial(hass.states.async_set, "sensor.led"))
    other = await start(hass, "pulse", "pulse_entity")
    hass.states.async_set("sensor.led", "unavailable")
    assert (await submit(hass, other, fields))["step_id"] == "pulse_not_found"

    # Pulses count from the value that the dialog has shown.
    hass.states.async_set("sensor.led", "1000")
    found = await submit(hass, flow, fields)
    assert told(found)["count"] == "1000"
    hass.states.async_set("sensor.led", "1008")  # while the user is reading the dialog
    result = await agree(hass, found, "count_found")
    assert result["data"]["entity_id"] == "sensor.led"
    assert state(hass, ENERGY) == "0.01"

    hass.states.async_set("sensor.led", "1016")
    await reload_entry(hass, result["result"])
    await hass.async_block_till_done()
    assert state(hass, ENERGY) == "0.02"
    again = await start(hass, "pulse", "pulse_entity")
    await refuses(again, [Row("entity_id: source_in_use", fields)])


@pytest.mark.parametrize(
    ("values", "step"), [(("off", "on"), "pulse_found"), (("on", "off"), "pulse_not_found")]
)
async def test_an_entity_that_goes_on(
    hass: HomeAssistant, values: tuple[str, str], step: str
) -> None:
    led = "binary_sensor.led"
    hass.states.async_set(led, values[0])
    flow = await start(hass, "pulse", "pulse_entity")
    result = await advance(hass, flow, {"entity_id": led, **PULSES})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    await asyncio.sleep(0.05)
    hass.states.async_set(led, values[1])
    await hass.async_block_till_done()
    result = await advance(hass, flow)
    assert is_created(await agree(hass, result, step))


async def test_another_source_counts_from_the_value_in_the_dialog(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.old", "7")
    hass.states.async_set("sensor.new", "2000")
    entry = pulse_entry(hass, entity_id="sensor.old")
    assert await set_up_entry(hass, entry)
    hass.states.async_set("sensor.old", "17")
    await let_pass(hass, 6)
    assert entry.runtime_data.data.pulses == 10

    form = await reconfigure(hass, entry, "pulse_entity")
    found = await submit(hass, form, {"entity_id": "sensor.new"})
    assert found["step_id"] == "count_found"
    hass.states.async_set("sensor.new", "2005")
    await submit(hass, found, {})

    assert entry.runtime_data.data.pulses == 15


async def test_an_entity_that_is_not_there(
    hass: HomeAssistant, entity_registry: EntityRegistry, refuses: Refusals
) -> None:
    fields = {"entity_id": "sensor.led"}
    flow = await start(hass, "pulse", "pulse_entity")
    form = await reconfigure(hass, pulse_entry(hass, entity_id="sensor.old"), "pulse_entity")
    disabled_by: RegistryEntryDisabler | None
    for disabled_by, error in (
        (None, "entity_not_found"),
        (RegistryEntryDisabler.USER, "entity_disabled"),
        (None, "entity_without_state"),
        (None, "entity_without_state"),
    ):
        if error != "entity_not_found":
            led = entity_registry.async_get_or_create(
                "sensor", "other", "led", suggested_object_id="led"
            )
            entity_registry.async_update_entity(led.entity_id, disabled_by=disabled_by)
        rows = [Row(f"entity_id: {error}", fields)]
        flow, form = await refuses(flow, rows, PULSES), await refuses(form, rows)
        if error == "entity_without_state":
            # Home Assistant writes this for an entity that no integration provides.
            hass.states.async_set("sensor.led", "unavailable", {"restored": True})

    hass.states.async_set("sensor.led", "77")
    assert (await submit(hass, flow, {**fields, **PULSES}))["step_id"] == "count_found"


# --- pulses of a topic ----------------------------------------------------------------------------


async def test_there_are_no_topics_without_mqtt(hass: HomeAssistant, refuses: Refusals) -> None:
    flow = await hass.config_entries.flow.async_init("smarty_p1", context={"source": "user"})
    menu = await submit(hass, flow, {"next_step_id": "pulse"})
    assert menu["menu_options"] == ["pulse_port", "pulse_entity"]

    hass.config.components.add("mqtt")  # the MQTT integration does not run
    flow = await start(hass, "pulse", "pulse_topic")
    await refuses(flow, [Row("base: mqtt_not_running", {"topic": "iot/led"})], PULSES)


@pytest.mark.parametrize("expected_lingering_timers", [True])  # of the MQTT integration itself
@pytest.mark.usefixtures("mqtt_mock")
async def test_a_topic(hass: HomeAssistant, refuses: Refusals) -> None:
    flow = await start(hass, "pulse", "pulse_topic")
    rows = [Row("topic: topic_malformed", {"topic": topic}) for topic in ("", "iot/#", "+/led")]
    rows.append(
        Row(
            "topic: topic_malformed, pulses_per_kwh: amount_malformed, "
            "meter_reading: amount_ambiguous",
            {"topic": "", "pulses_per_kwh": "many", "meter_reading": "2.500"},
        )
    )
    flow = await refuses(flow, rows, PULSES)

    result = await advance(hass, flow, {"topic": "iot/led", **PULSES})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    await asyncio.sleep(0.05)
    async_fire_mqtt_message(hass, "iot/led", "123", retain=True)
    await hass.async_block_till_done()
    found = await advance(hass, flow)
    result = await agree(hass, found, "count_found")
    assert result["data"]["topic"] == "iot/led"
    assert result["result"].unique_id == "topic:iot/led"


# Messages of real firmware in their documented forms: the first offer, the stored data, and the
# later messages with their number of pulses.
FIRMWARE: dict[str, tuple[list[str], str, dict[str, str], JsonDict, list[str], int]] = {
    "tasmota counter": (
        [
            '{"Time":"2026-01-01T00:00:00","COUNTER":{"C1":51988}}',
            '{"Time":"2026-01-01T00:00:10","COUNTER":{"C1":52000}}',
        ],
        "value_found",
        {"path": "COUNTER.C1", "value": "52000"},
        {"counted": "count", "path": ["COUNTER", "C1"]},
        ['{"Time":"2026-01-01T00:05:10","COUNTER":{"C1":52200}}'] * 2,
        200,
    ),
    "esphome pulse_meter total": (["52000"], "count_found", {"count": "52000"}, {}, ["52003"], 3),
    "esphome binary_sensor": (["OFF"], "state_found", {"active": "on"}, {}, ["ON", "OFF", "ON"], 2),
    "shelly gen1 input": (["0"], "count_found", {"count": "0"}, {}, ["1", "1", "0", "1", "0"], 2),
    "shelly gen1 input_event": (
        ['{"event":"S","event_cnt":7}', '{"event":"S","event_cnt":8}'],
        "value_found",
        {"path": "event_cnt", "value": "8"},
        {"counted": "count", "path": ["event_cnt"]},
        ['{"event":"S","event_cnt":9}'],
        1,
    ),
    "shelly gen2 counter input": (
        [
            '{"id":2,"counts":{"total":100,"xtotal":10.0},"freq":0.5}',
            '{"id":2,"counts":{"total":103,"xtotal":10.3},"freq":0.5}',
        ],
        "value_found",
        {"path": "counts.total", "value": "103"},
        {"counted": "count", "path": ["counts", "total"]},
        ['{"id":2,"counts":{"total":110,"xtotal":11.0},"freq":0.5}'],
        7,
    ),
    "shelly gen2 input": (
        ['{"id":0,"state":false}', '{"id":0,"state":true}', '{"id":0,"state":false}'],
        "state_of_value_found",
        {"active": "state: true"},
        {"counted": "state", "path": ["state"]},
        ['{"id":0,"state":true}', '{"id":0,"state":false}', '{"id":0,"state":true}'],
        2,
    ),
    "zigbee2mqtt contact": (
        [
            '{"battery":100,"battery_low":false,"contact":true,"linkquality":120,"tamper":false}',
            '{"battery":100,"battery_low":false,"contact":false,"linkquality":96,"tamper":false}',
        ],
        "state_of_value_found",
        {"active": "contact: true"},
        {"counted": "state", "path": ["contact"]},
        [
            '{"contact":true,"linkquality":99}',
            '{"contact":true,"linkquality":120}',
            '{"contact":false,"linkquality":12}',
            '{"contact":true,"linkquality":77}',
        ],
        2,
    ),
    "openmqttgateway gpio input": (
        [
            '{"origin":"/GPIOInputtoMQTT"}',
            '{"gpio":"LOW","origin":"/GPIOInputtoMQTT"}',
            '{"gpio":"HIGH","origin":"/GPIOInputtoMQTT"}',
        ],
        "state_of_value_found",
        {"active": "gpio: high"},
        {"counted": "state", "path": ["gpio"]},
        ['{"gpio":"LOW","origin":"/GPIOInputtoMQTT"}', '{"gpio":"HIGH","origin":"x"}'],
        1,
    ),
}


async def find_messages(hass: HomeAssistant, *messages: str) -> ConfigFlowResult:
    """Set up a reader of a topic that sends these messages while the dialog listens."""
    flow = await start(hass, "pulse", "pulse_topic")
    result = await advance(hass, flow, {"topic": "iot/led", **PULSES})
    await asyncio.sleep(0.05)
    for message in messages:
        async_fire_mqtt_message(hass, "iot/led", message)
    return await settle(hass, result)


async def count(hass: HomeAssistant, entry: MockConfigEntry, messages: list[str]) -> int:
    await wait_until(hass, lambda: entry.runtime_data.last_update_success)
    for message in messages:
        async_fire_mqtt_message(hass, "iot/led", message)
    await hass.async_block_till_done()
    assert not ir.async_get(hass).issues
    pulses: int = entry.runtime_data.counter.meter.pulses
    return pulses


@pytest.mark.parametrize("expected_lingering_timers", [True])  # of the MQTT integration itself
@pytest.mark.parametrize("firmware", FIRMWARE)
@pytest.mark.usefixtures("mqtt_mock")
async def test_messages_of_real_firmware(hass: HomeAssistant, firmware: str) -> None:
    messages, step, texts, stored, later, pulses = FIRMWARE[firmware]
    found = await find_messages(hass, *messages)
    assert told(found).items() >= texts.items()
    entry = (await agree(hass, found, step))["result"]
    assert entry.data["message"] == (stored or {"counted": "plain", "path": []})
    assert await count(hass, entry, later) == pulses


def offered(form: ConfigFlowResult) -> dict[str, str]:
    """Return the values that a form offers, by their labels."""
    [field] = schema_of(form).schema.values()
    return {option["label"]: option["value"] for option in field.config["options"]}


@pytest.mark.parametrize("expected_lingering_timers", [True])  # of the MQTT integration itself
@pytest.mark.parametrize(
    "case",
    [
        # Two numbers rise: they come first.
        (
            ['{"a":5,"up":10,"led":70}', '{"a":5,"up":20,"led":72}'],
            ["up (20)", "led (72)", "a (5)"],
            "led (72)",
            ['{"led":75,"up":30}'],
            3,
        ),
        # No number rises within the test: at 50 W, a pulse comes every 72 seconds.
        (['{"n":8,"on":true}'], ["n (8)", "on: true"], "n (8)", ['{"n":9,"on":true}'], 1),
        (
            ['{"on":true}'],
            ["on: true"],
            "on: true",
            ['{"on":true}', '{"on":false}', '{"on":true}'],
            1,
        ),
        # Without a count, only energy or a message for each pulse can be chosen.
        (['{"TotalKWH":3}', '{"TotalKWH":4}'], [], "each_message", ['{"TotalKWH":4}'] * 2, 2),
        (['{"event":"pulse"}'], [], "each_message", ['{"event":"pulse"}'] * 3, 3),
    ],
)
@pytest.mark.usefixtures("mqtt_mock")
async def test_the_dialog_asks_which_value_counts(
    hass: HomeAssistant, case: tuple[list[str], list[str], str, list[str], int]
) -> None:
    messages, labels, chosen, later, pulses = case
    found = await find_messages(hass, *messages)
    assert found["step_id"] == "value_choice"
    choices = offered(found)
    assert [*choices] == [*labels, "each_message"]
    with pytest.raises(InvalidData):
        await advance(hass, found, {})
    entry = (await submit(hass, found, {"value": choices[chosen]}))["result"]
    assert await count(hass, entry, later) == pulses


async def test_lines_of_json_at_a_port(hass: HomeAssistant, port: MeterPort) -> None:
    port.greeting = b'R":{"C1":6}}\r\n{"COUNTER":{"C1":7}}\r\n{"COUNTER":{"C1":9}}\r\n'
    found = await submit(hass, await start(hass, "pulse", "pulse_port"), port_input(port))
    assert told(found)["path"] == "COUNTER.C1"
    entry = (await agree(hass, found, "value_found"))["result"]
    # The greeting of the new connection begins with lower counts; the last one counts nothing.
    await wait_until(hass, lambda: entry.runtime_data.readings > 1)
    await port.send(b'{"COUNTER":{"C1":14}}\r\n')
    await wait_until(hass, lambda: entry.runtime_data.counter.meter.pulses == 5)


# --- tanks ----------------------------------------------------------------------------------------


IMPOSSIBLE = [
    Row("distance_full: tank_upside_down", {"distance_full": 220.0}),
    Row("volume: amount_out_of_range", {"volume": 0.0}),
    Row("volume: amount_ambiguous", {"volume": "5.000"}),
    Row("volume: amount_malformed", {"volume": " "}),
]
EMPTY = {"port": "", "volume": " ", "distance_full": "5 kg"}
AT_ONCE = Row("port: port_missing, volume: amount_malformed, distance_full: amount_unit", EMPTY)


async def test_a_tank(home: Home, refuses: Refusals) -> None:
    typed = {"distance_empty": "2,2 m", "distance_full": "20,0", "volume": "5 000 l"}
    fields = {"port": home.port.address, **GEOMETRY, **typed}
    form = await refuses(await start(home.hass, "tank"), [*IMPOSSIBLE, AT_ONCE], fields)
    assert home.port.connections == 0
    silent = [
        Row("port: sensor_silent", {}, given=b""),
        Row("port: not_sonar", {}, given=b"login: \r\n"),
        Row("port: port_busy", {}, given=b"Port already in use\r\n"),
    ]
    form = await refuses(form, silent, fields, partial(setattr, home.port, "greeting"))

    home.port.greeting = b"xR12\r" + b"R070\r" * 15 + b"R765\rR200\r" * 4
    found = await submit(home.hass, form, fields)
    assert found["description_placeholders"] == {
        "distance": "70\xa0cm",
        "level": "75\xa0%",
        "volume": "3,750\xa0L",
    }
    result = await agree(home.hass, found, "tank_found")
    entry = result["result"]
    assert entry.title == "Rainwater tank"
    assert entry.options == GEOMETRY
    assert entry.state is ConfigEntryState.LOADED
    await shows(home.hass, LEVEL, "75.0")

    form = await home.hass.config_entries.options.async_init(entry.entry_id)
    form = await refuses(form, IMPOSSIBLE, GEOMETRY)
    await submit(home.hass, form, {**GEOMETRY, "shape": "lying_cylinder"})
    await shows(home.hass, LEVEL, "80.4")


async def test_a_sensor_that_sees_nothing(hass: HomeAssistant, port: MeterPort) -> None:
    port.greeting = b"R765\r" * 20
    found = await submit(hass, await start(hass, "tank"), {"port": port.address, **GEOMETRY})
    assert set((found["description_placeholders"] or {}).values()) == {"\\-"}


# --- changes --------------------------------------------------------------------------------------


async def test_a_board_moves_to_another_port(hass: HomeAssistant, port: MeterPort) -> None:
    entry = pulse_entry(hass, port="socket://127.0.0.1:1", meter_reading=5.0)
    form = await reconfigure(hass, entry, "pulse_port")
    assert suggested(form) == {"port": "socket://127.0.0.1:1", "baud_rate": "115200"}
    port.greeting = b"\r\n"
    found = await submit(hass, form, {"port": port.address, "baud_rate": "9600"})
    result = await agree(hass, found, "pulse_found")

    assert is_done(result, "board_reconfigured")
    assert entry.data["port"] == port.url
    assert entry.data["meter_reading"] == 5.0
    assert entry.unique_id == f"port:{port.url}"
    assert entry.state is ConfigEntryState.LOADED


async def test_a_tank_keeps_its_port(hass: HomeAssistant, port: MeterPort) -> None:
    port.greeting = b"R070\r" * 20
    entry = tank_entry(hass, port.url)
    assert await set_up_entry(hass, entry)
    form = await reconfigure(hass, entry)
    assert suggested(form) == {"port": port.url}
    found = await submit(hass, form, {"port": port.address})
    result = await agree(hass, found, "tank_found")

    assert result["reason"] == "board_reconfigured"
    assert entry.options == GEOMETRY
    await shows(hass, LEVEL, "75.0")


async def test_the_reading_of_the_meter(
    hass: HomeAssistant, port: MeterPort, hass_storage: JsonDict, refuses: Refusals
) -> None:
    entry = pulse_entry(hass, port=port.url)
    assert await set_up_entry(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert suggested(form)["pulses_per_kwh"] == "1000"
    rows = [
        Row("meter_reading: amount_ambiguous", {"meter_reading": "2.500"}),
        Row("meter_reading: amount_unit", {"meter_reading": "12 €"}),
    ]
    await refuses(form, rows, {"pulses_per_kwh": "1000 imp/kWh"})
    for reading, shown in (("2 500,125 kWh", "2500.125"), (None, "2500.125"), ("17", "17.0")):
        form = await hass.config_entries.options.async_init(entry.entry_id)
        typed = PULSES if reading is None else {**PULSES, "meter_reading": reading}
        result = await submit(hass, form, typed)
        assert is_created(result)
        assert entry.options == PULSES
        await shows(hass, ENERGY, shown)
        stored = hass_storage[f"smarty_p1.{entry.entry_id}.pulses"]["data"]
        assert stored["base_kwh"] == float(shown)

    await unload_entry(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    await submit(hass, form, {**PULSES, "meter_reading": 18})
    await set_up_entry(hass, entry)
    await shows(hass, ENERGY, "18.0")
