"""The LED pulse reader in Home Assistant, at each of its sources."""

from collections.abc import AsyncGenerator

import pytest
from homeassistant.components.mqtt.const import DOMAIN as MQTT_DOMAIN
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_mqtt_message
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1.coordinator.repair_issues import raise_issue
from custom_components.smarty_p1.coordinator.stored.pulse_count_file import PulseCounter
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.problem import Problem
from smartyp1.json_types import JsonDict
from tests.ha.boards import ENERGY, POWER, PULSE_TITLE, pulse_entry, shows, state
from tests.ha.dialogs import fill_in, is_created, is_done, open_repair, schema_of
from tests.ha.support import (
    Home,
    let_pass,
    let_pass_until,
    load,
    own_log,
    reload,
    reload_entry,
    set_up_entry,
    state_of,
    unload_entry,
    wait_for_telegram,
)

COMING_AGAIN = ("INFO", f"{PULSE_TITLE}: readings are coming again")
RECONNECT = 5
UPDATE = 6


async def set_up(hass: HomeAssistant, **source: object) -> MockConfigEntry:
    """Return a reader that is set up, and whose source is there."""
    entry = pulse_entry(hass, **source)
    assert await set_up_entry(hass, entry)
    await wait_for_telegram(hass, entry)
    return entry


class Reader(Home):
    """A pulse reader at a port that has sent nothing yet."""

    async def send(self, data: bytes) -> None:
        """Send bytes and wait until they are read and shown."""
        before = self.entry.runtime_data.readings
        await self.port.wait_for_clients(1)
        await self.port.send(data)
        await self.wait_until(lambda: self.entry.runtime_data.readings > before)
        await self.let_pass(UPDATE)

    @property
    def energy(self) -> str:
        return state(self.hass, ENERGY)

    @property
    def power(self) -> str:
        return state(self.hass, POWER)


@pytest.fixture
async def reader(home: Home) -> Reader:
    reader = Reader(home.hass, home.port, home.make_entry)
    reader.entry = await set_up(home.hass, port=home.port.url, baud_rate=9600)
    return reader


class Clock:
    """The time at which pulses come. Real sockets have their own time."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.now = 1_800_000_000.0
        self._hass = hass

    async def tick(self, seconds: float) -> None:
        self.now += seconds
        await let_pass(self._hass, max(seconds, UPDATE))


@pytest.fixture
def clock(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(hass)
    monkeypatch.setattr(PulseCounter, "now", lambda _self: clock.now)
    return clock


async def test_pulses_become_energy_and_power(reader: Reader, clock: Clock) -> None:
    assert reader.entry.state is ConfigEntryState.LOADED
    assert (reader.energy, reader.power) == ("0.0", "unknown")
    found = state_of(reader.hass, ENERGY)
    assert found.attributes["device_class"] == "energy"
    assert found.attributes["state_class"] == "total_increasing"
    assert found.attributes["unit_of_measurement"] == "kWh"

    await reader.send(b"pulse\r\n")
    assert reader.energy == "0.001"
    told = await async_get_config_entry_diagnostics(reader.hass, reader.entry)
    assert told["readings"] == 1
    assert told["values"] == {"energy_kwh": 0.001, "power_kw": None, "pulses": 1}
    clock.now += 3.6
    await reader.send(b"pulse\r\n")
    for seconds, kwh, kw in (
        (5, "0.002", "0.72"),
        (36 - 5, "0.002", "0.1"),
        (3600 - 36, "0.002", "0.001"),
        (24 * 3600, "0.002", "0.0"),
    ):
        await clock.tick(seconds)
        assert (reader.energy, reader.power) == (kwh, kw)


async def test_entities_are_not_updated_at_each_blink(reader: Reader, clock: Clock) -> None:
    await reader.port.wait_for_clients(1)
    before = reader.entry.runtime_data.readings
    for number in range(1, 12):
        clock.now += 0.1
        await reader.port.send(b"\r")
        await reader.wait_until(lambda: reader.entry.runtime_data.readings == before + number)  # noqa: B023
    assert reader.energy == "0.0"
    await clock.tick(5)
    assert reader.energy == "0.011"


async def test_the_total_survives_restarts(reader: Reader, hass_storage: JsonDict) -> None:
    await reader.send(b"x\r\n100\r\n104\r\n")
    stored = reader.entry.runtime_data.counter.meter.pulses
    assert await reload_entry(reader.hass, reader.entry)
    assert (
        hass_storage[f"smarty_p1.{reader.entry.entry_id}.pulses"]["data"]["pulses"] == stored == 5
    )
    await shows(reader.hass, ENERGY, "0.005")

    await reader.send(b"110\r\n")
    assert reader.entry.runtime_data.counter.meter.pulses == 11
    # The board counts from 0 again.
    await reader.send(b"0\r\n2\r\n")
    assert reader.entry.runtime_data.counter.meter.pulses == 13


async def test_silence_is_no_fault_but_a_lost_port_is(
    reader: Reader, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await reader.send(b"pulse\r\n")
    for _ in range(6):
        await clock.tick(500)
    assert reader.energy == "0.001"

    await reader.port.stop()
    await reader.wait_until(lambda: not reader.entry.runtime_data.source.line.is_open)
    assert reader.energy == "0.001"
    await clock.tick(31)
    assert reader.energy == "unavailable"

    await reader.port.start()
    await let_pass_until(reader.hass, RECONNECT, lambda: reader.port.clients == 1)
    await let_pass_until(reader.hass, 31, lambda: reader.energy == "0.001")
    assert reader.power == "unknown"
    assert [level for level, _ in own_log(caplog)] == ["ERROR", "INFO"]
    assert own_log(caplog)[1] == COMING_AGAIN


# --- entities -------------------------------------------------------------------------------------


@pytest.fixture
async def counter(hass: HomeAssistant) -> AsyncGenerator[MockConfigEntry]:
    """Return a reader of a counting sensor whose count is 40."""
    hass.states.async_set("sensor.led", "40")
    entry = pulse_entry(hass, entity_id="sensor.led")
    await load(hass, entry)
    yield entry
    await unload_entry(hass, entry)


async def set_state(hass: HomeAssistant, entity_id: str, *values: str) -> None:
    for value in values:
        hass.states.async_set(entity_id, value)
        await hass.async_block_till_done()


def pulses(entry: MockConfigEntry) -> int:
    count: int = entry.runtime_data.counter.meter.pulses
    return count


async def test_a_sensor_that_is_unavailable(
    hass: HomeAssistant, counter: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await set_state(hass, "sensor.led", "41")
    assert own_log(caplog) == []
    await set_state(hass, "sensor.led", "unavailable")
    assert state(hass, ENERGY) == "unavailable"
    await set_state(hass, "sensor.led", "45")
    assert pulses(counter) == 5
    assert state(hass, ENERGY) == "0.005"
    assert [level for level, _ in own_log(caplog)] == ["ERROR", "INFO"]
    assert own_log(caplog)[1] == COMING_AGAIN

    hass.states.async_remove("sensor.led")
    await hass.async_block_till_done()
    assert state(hass, ENERGY) == "unavailable"


async def test_pulses_counted_while_home_assistant_was_away(
    hass: HomeAssistant, counter: MockConfigEntry
) -> None:
    await set_state(hass, "sensor.led", "41")
    await unload_entry(hass, counter)
    await set_state(hass, "sensor.led", "44")
    await set_up_entry(hass, counter)
    await hass.async_block_till_done()
    assert pulses(counter) == 4
    assert state(hass, ENERGY) == "0.004"


A, B, C = (f"2026-01-01T00:00:0{n}.000+00:00" for n in range(3))


@pytest.mark.parametrize(
    ("led", "first", "counts"),
    [
        # A binary sensor gives a pulse when it turns on.
        (
            *("binary_sensor.led", "on"),
            {"off": 0, "on": 1, "off on": 2, "unavailable on unknown on off unavailable off": 2},
        ),
        # An event counts at its time; an event that its integration restores at a start was before.
        ("event.led", A, {B: 1, C: 2, f"unavailable {C} unknown": 2}),
        ("sensor.led", "40", {"41": 1, "unavailable": 1, "45": 5}),
        # An entity that comes later.
        ("counter.led", None, {"7": 0, "9": 2}),
    ],
)
async def test_states_that_are_pulses(
    hass: HomeAssistant, led: str, first: str | None, counts: dict[str, int]
) -> None:
    if first:
        await set_state(hass, led, first)
    entry = pulse_entry(hass, entity_id=led)
    await load(hass, entry)
    assert (state(hass, ENERGY) == "unavailable") == (first is None)
    assert pulses(entry) == 0
    for values, count in counts.items():
        for value in values.split():
            await set_state(hass, led, value)
            # Attributes that change are no pulses.
            hass.states.async_set(led, value, {"signal": value})
            await hass.async_block_till_done()
        assert pulses(entry) == count
    await let_pass(hass, UPDATE)
    assert state(hass, ENERGY) == f"0.00{[*counts.values()][-1]}"


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_an_entity_that_is_renamed(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, *, is_disabled: bool
) -> None:
    """The reader may be disabled during the renaming, and the count of its set-up is long past."""
    led = entity_registry.async_get_or_create("sensor", "test", "led").entity_id
    await set_state(hass, led, "5")
    entry = pulse_entry(hass, entity_id=led, first_count=2, first_count_at=0)
    assert await set_up_entry(hass, entry)
    entries = hass.config_entries
    if is_disabled:
        await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    entity_registry.async_update_entity(led, new_entity_id="sensor.blinks")
    if is_disabled:
        hass.states.async_remove(led)
        await entries.async_set_disabled_by(entry.entry_id, None)
    await set_state(hass, "sensor.blinks", "6", "7")

    assert entry.data["entity_id"] == "sensor.blinks"
    assert entry.unique_id == "entity_id:sensor.blinks"
    assert pulses(entry) == 3 + 2


# Of the MQTT integration itself.
LINGERING = pytest.mark.parametrize("expected_lingering_timers", [True])


# --- MQTT -----------------------------------------------------------------------------------------


@pytest.fixture
async def topic(hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> MockConfigEntry:  # noqa: ARG001 - before its reader
    return await set_up(hass, topic="iot/led")


async def publish(hass: HomeAssistant, *messages: str, retain: bool = False) -> None:
    for message in messages:
        async_fire_mqtt_message(hass, "iot/led", message, retain=retain)
    await hass.async_block_till_done()


@LINGERING
async def test_a_message_is_a_pulse(hass: HomeAssistant, topic: MockConfigEntry) -> None:
    assert state(hass, ENERGY) == "0.0"
    await publish(hass, "old", retain=True)
    await publish(hass, "", "blink")
    assert pulses(topic) == 2


@LINGERING
async def test_a_message_is_a_running_count(hass: HomeAssistant, topic: MockConfigEntry) -> None:
    await publish(hass, "100", retain=True)
    await publish(hass, "101", "105", "105", "hello")
    assert pulses(topic) == 5
    await reload(hass, topic)
    await publish(hass, "106", retain=True)
    assert pulses(topic) == 6
    await reload(hass, topic)
    # Older than the last count, and no board that has started again.
    await publish(hass, "100", retain=True)
    await publish(hass, "108")
    assert pulses(topic) == 8


OBJECTS = [f'{{"COUNTER":{{"C1":{count}}}}}' for count in (100, 104, 109, 115)]


async def answer(hass: HomeAssistant, form: RepairsFlowResult, value: str) -> None:
    result = await fill_in(hass, form, {"value": value})
    assert is_created(result)


@LINGERING
@pytest.mark.parametrize(
    ("value", "later"), [("0", 115 - 109 + 5), ("each_message", 2)], ids=["count", "each"]
)
async def test_an_installed_reader_of_json_counts_messages_until_the_repair_is_answered(
    hass: HomeAssistant, topic: MockConfigEntry, value: str, later: int
) -> None:
    await publish(hass, OBJECTS[0], retain=True)
    assert pulses(topic) == 0
    await publish(hass, *OBJECTS[:2])
    assert pulses(topic) == 2
    [issue] = ir.async_get(hass).issues.values()
    assert (issue.translation_key, issue.is_fixable) == ("object_per_pulse", True)
    assert issue.translation_placeholders == {"name": PULSE_TITLE}
    # The reader goes on; after a restart, the repair appears again.
    await reload(hass, topic)
    assert not ir.async_get(hass).issues
    await publish(hass, *OBJECTS[1:3])
    assert pulses(topic) == 4

    form = await open_repair(hass, issue.issue_id)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "value")
    [(marker, field)] = schema_of(form).schema.items()
    assert [option["label"] for option in field.config["options"]] == [
        "COUNTER.C1 (109)",
        "each_message",
    ]
    assert marker.default() == "0"
    await answer(hass, form, value)
    assert not ir.async_get(hass).issues
    await wait_for_telegram(hass, topic)
    await publish(hass, OBJECTS[3], OBJECTS[3].replace("115", "120"))
    assert pulses(topic) == 4 + later
    assert not ir.async_get(hass).issues
    # A restart keeps the choice and the energy.
    await reload(hass, topic)
    assert pulses(topic) == 4 + later
    diagnostics = await async_get_config_entry_diagnostics(hass, topic)
    assert "COUNTER" not in str(diagnostics)


@LINGERING
@pytest.mark.usefixtures("mqtt_mock")
async def test_a_new_reader_whose_first_json_comes_later_asks_for_the_value(
    hass: HomeAssistant,
) -> None:
    plain = {"counted": "plain", "path": []}
    entry = await set_up(hass, topic="iot/led", message=plain)
    await publish(hass, '{"contact":true}', '{"contact":false}', '{"contact":true}')
    assert pulses(entry) == 0
    [issue] = ir.async_get(hass).issues.values()
    assert issue.translation_key == "object_not_counted"
    await answer(hass, await open_repair(hass, issue.issue_id), "0")
    await wait_for_telegram(hass, entry)
    await publish(hass, *['{"contact":true}', '{"contact":false}'] * 3)
    assert pulses(entry) == 2
    assert not ir.async_get(hass).issues

    # The dialog of an entry that is gone, or not running, ends.
    raise_issue(hass, entry, Problem.OBJECT_NOT_COUNTED)
    await unload_entry(hass, entry)
    closed = await open_repair(hass, issue.issue_id)
    assert is_done(closed, "entry_removed")


@LINGERING
@pytest.mark.parametrize(
    ("form", "messages", "counted"),
    [
        ({}, ["100", "104", '{"uptime":7}', "106"], 6),
        ({"message": {"counted": "plain", "path": []}}, ["blink", '{"uptime":7}', "blink"], 2),
    ],
)
@pytest.mark.usefixtures("mqtt_mock")
async def test_json_beside_plain_messages_asks_nothing(
    hass: HomeAssistant, form: JsonDict, messages: list[str], counted: int
) -> None:
    entry = await set_up(hass, topic="iot/led", **form)
    await publish(hass, *messages)
    assert pulses(entry) == counted
    assert not ir.async_get(hass).issues


@LINGERING
async def test_a_word_counts_once_for_each_change(
    hass: HomeAssistant, topic: MockConfigEntry
) -> None:
    await publish(hass, "ON", retain=True)
    await publish(hass, "ON", "OFF", "ON", "ON", "OFF")
    assert pulses(topic) == 1
    await reload(hass, topic)
    await publish(hass, "ON", "OFF", "online", "x" * 20_000)
    assert pulses(topic) == 2


async def test_without_the_mqtt_integration(hass: HomeAssistant) -> None:
    assert MQTT_DOMAIN not in hass.config.components
    entry = pulse_entry(hass, topic="iot/led")
    assert await set_up_entry(hass, entry)
    await let_pass(hass, 31)
    assert entry.runtime_data.condition.obstacle == "broker_unavailable"
    assert state(hass, ENERGY) == "unavailable"


async def test_a_gateway_that_serves_another_client(home: Home) -> None:
    home.port.greeting = b"Port already in use\r\n"
    reader = Reader(home.hass, home.port, home.make_entry)
    entry = reader.entry = pulse_entry(home.hass, port=home.port.url)
    assert await set_up_entry(home.hass, entry)
    await let_pass_until(
        home.hass, RECONNECT, lambda: entry.runtime_data.condition.obstacle == "port_busy"
    )
    assert reader.energy == "unavailable"
    home.port.greeting = b""
    await let_pass_until(home.hass, RECONNECT, lambda: reader.energy == "0.0")
    await reader.send(b"pulse\r\n")
    assert reader.energy == "0.001"
