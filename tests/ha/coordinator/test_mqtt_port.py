"""A meter whose frames come from a topic of MQTT."""

import json
from functools import partial
from unittest.mock import patch

import pytest
from homeassistant.components import mqtt
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
    get_system_health_info,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1.const import CONF_ENCRYPTION_KEY, DOMAIN
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.flows import topics_seen
from tests.ha.conftest import EntryMaker
from tests.ha.dialogs import confirm, reconfigure, settle, start, suggested
from tests.ha.meter import KEY, SERIAL, MeterPort, encipher
from tests.ha.support import ENERGY, TELEGRAM, let_pass, values, wait_until
from tests.ha.topic import (
    OF_TELEGRAM,
    PORT,
    ROOT,
    STATUS,
    TOPIC,
    Clock,
    set_up_at_topic,
    tell,
    wait_a_moment,
    wait_for_subscriber,
)

# What a payload may have.
LARGEST = bytes(32 * 1024)
# Of the MQTT integration itself.
pytestmark = pytest.mark.parametrize("expected_lingering_timers", [True])


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, OF_TELEGRAM)


@pytest.fixture
async def entry(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, make_entry: EntryMaker, port: MeterPort
) -> MockConfigEntry:
    """Return a meter that is set up at the topic."""
    return await set_up_at_topic(hass, mqtt_mock, make_entry, port)


def energy(hass: HomeAssistant) -> str:
    return values(hass)[ENERGY]


async def test_shows_what_frames_at_the_topic_say(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    assert entry.state is ConfigEntryState.LOADED
    assert energy(hass) == "25678.901"
    frame = port.next_frame(TELEGRAM.replace("025678.901", "025679.000"))
    await tell(hass, frame[:100])
    await tell(hass, frame[100:])
    await wait_until(hass, lambda: energy(hass) == "25679.0")
    await tell(hass, frame)  # a gateway that runs twice
    assert entry.runtime_data.readings == 2
    assert entry.runtime_data.reception.rejections == {"replay": 1}


async def test_what_is_kept_or_too_large_is_not_read(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    frame = port.next_frame(TELEGRAM)
    async_fire_mqtt_message(hass, TOPIC, frame, retain=True)
    await tell(hass, frame + bytes(32 * 1024))
    await tell(hass, b"")
    assert entry.runtime_data.readings == 1
    await tell(hass, frame)
    await wait_until(hass, lambda: entry.runtime_data.readings == 2)


async def test_a_gateway_that_ends_makes_the_entities_unavailable_until_frames_come(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    await tell(hass, "offline", STATUS)
    assert energy(hass) == "unavailable"
    assert entry.runtime_data.obstacle == "gateway_offline"
    await tell(hass, "online", STATUS)
    assert energy(hass) == "unavailable"
    await tell(hass, b"hello")
    await wait_until(hass, lambda: entry.runtime_data.obstacle == "not_p1")
    await tell(hass, port.next_frame(TELEGRAM))
    await wait_until(hass, lambda: energy(hass) == "25678.901")
    assert entry.runtime_data.obstacle is None


async def test_a_gateway_that_says_offline_all_the_time_is_heard_once(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    updates = []
    entry.runtime_data.async_add_listener(lambda: updates.append(energy(hass)))
    for _ in range(50):
        await tell(hass, "offline", STATUS)
        await tell(hass, "online", STATUS)
    assert len(updates) == 1
    await tell(hass, port.next_frame(TELEGRAM))
    await wait_until(hass, lambda: energy(hass) == "25678.901")
    await tell(hass, "offline", STATUS)
    assert energy(hass) == "unavailable"


@pytest.mark.parametrize("between", ["junk", "replay", "other key"])
async def test_only_an_accepted_telegram_makes_the_next_offline_count(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort, between: str
) -> None:
    updates = []
    entry.runtime_data.async_add_listener(lambda: updates.append(energy(hass)))
    frame = {
        "junk": b"junk",
        "replay": encipher(TELEGRAM, 1),
        "other key": encipher(TELEGRAM, 9_999, key="5C" * 16),
    }[between]
    for _ in range(50):
        await tell(hass, frame)
        await tell(hass, "offline", STATUS)
    assert len(updates) == 1
    assert entry.runtime_data.losses == 1
    assert entry.runtime_data.obstacle == "gateway_offline"
    await tell(hass, port.next_frame(TELEGRAM))
    await wait_until(hass, lambda: energy(hass) == "25678.901")
    await tell(hass, "offline", STATUS)
    assert energy(hass) == "unavailable"
    assert entry.runtime_data.losses == 2


async def test_a_connection_that_comes_back_does_not_make_offline_count_again(
    hass: HomeAssistant, entry: MockConfigEntry, mqtt_mock: MqttMockHAClient
) -> None:
    await tell(hass, "offline", STATUS)
    updates = []
    entry.runtime_data.async_add_listener(lambda: updates.append(energy(hass)))
    mqtt_mock.connected = False
    async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, False)  # noqa: FBT003
    await wait_a_moment(hass)
    assert entry.runtime_data.obstacle == "mqtt_disconnected"
    mqtt_mock.connected = True
    async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, True)  # noqa: FBT003
    await tell(hass, "offline", STATUS)
    assert len(updates) == 1
    assert entry.runtime_data.obstacle == "gateway_offline"


async def test_much_can_come_one_after_the_other(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    for readings in range(2, 42):
        frame = port.next_frame(TELEGRAM)
        await tell(hass, LARGEST[len(frame) :] + frame)
        await wait_until(hass, partial(has_read, entry, readings))


def has_read(entry: MockConfigEntry, readings: int) -> bool:
    """Return whether so many readings have come."""
    return bool(entry.runtime_data.readings == readings)


async def test_what_waits_to_be_read_is_bounded(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    seen = set()
    entry.runtime_data.async_add_listener(lambda: seen.add(energy(hass)))
    for _ in range(31):
        async_fire_mqtt_message(hass, TOPIC, LARGEST)
    # A mebibyte in all, and nothing more.
    fits = port.next_frame(TELEGRAM.replace("025678.901", "025679.000"))
    async_fire_mqtt_message(hass, TOPIC, LARGEST[len(fits) :] + fits)
    too_much = port.next_frame(TELEGRAM.replace("025678.901", "025680.000"))
    async_fire_mqtt_message(hass, TOPIC, too_much)
    await wait_until(hass, lambda: seen == {"25679.0"})
    await tell(hass, port.next_frame(TELEGRAM.replace("025678.901", "025681.000")))
    await wait_until(hass, lambda: energy(hass) == "25681.0")
    assert seen == {"25679.0", "25681.0"}


async def test_what_is_made_to_be_posted_does_not_name_the_topic(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["data"][CONF_PORT] == "mqtt:**REDACTED**"
    assert ROOT not in json.dumps(told, default=str)
    assert await async_setup_component(hass, "system_health", {})
    [info] = [
        text
        for name, text in (await get_system_health_info(hass, DOMAIN)).items()
        if name.startswith("1:")
    ]
    assert info.startswith("mqtt:**REDACTED**, open, last telegram")


async def test_silence_makes_the_entities_unavailable_and_the_topic_stays_open(
    hass: HomeAssistant, entry: MockConfigEntry, port: MeterPort
) -> None:
    await let_pass(hass, 61)
    assert energy(hass) == "unavailable"
    assert entry.runtime_data.is_connected
    await tell(hass, port.next_frame(TELEGRAM))
    await wait_until(hass, lambda: energy(hass) == "25678.901")


@pytest.mark.usefixtures("short_setup")
async def test_a_gateway_that_is_offline_at_the_start(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, make_entry: EntryMaker
) -> None:
    entry = make_entry(PORT)
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await wait_for_subscriber(mqtt_mock, STATUS)
    async_fire_mqtt_message(hass, STATUS, "offline", retain=True)
    assert not await setup
    assert entry.error_reason_translation_key == "gateway_offline"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("components", [set(), {"mqtt"}], ids=["not there", "not set up"])
async def test_without_the_mqtt_integration(
    hass: HomeAssistant, make_entry: EntryMaker, components: set[str]
) -> None:
    hass.config.components |= components
    entry = make_entry(PORT)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "mqtt_missing"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_without_a_connection_to_the_broker(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, make_entry: EntryMaker
) -> None:
    mqtt_mock.connected = False
    entry = make_entry(PORT)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "mqtt_disconnected"
    await hass.config_entries.async_unload(entry.entry_id)


# --- the dialog -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for topics no longer than it takes to tell of some."""
    monkeypatch.setattr(topics_seen, "LOOK_TIME", 0.1)


async def test_the_dialog_offers_topics_and_sets_up_a_meter_at_one(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, port: MeterPort
) -> None:
    opening = hass.async_create_task(start(hass))
    await wait_for_subscriber(mqtt_mock, "smarty_p1/+/status")
    async_fire_mqtt_message(hass, STATUS, "online", retain=True)
    async_fire_mqtt_message(hass, "smarty_p1/gone/status", "offline", retain=True)
    async_fire_mqtt_message(hass, "smarty_p1/other/frame", b"\xdb\x08")
    flow = await opening
    schema = flow["data_schema"]
    assert schema is not None
    offered = [option["value"] for option in schema.schema[CONF_PORT].config["options"]]
    assert [value for value in offered if value.startswith("mqtt:")] == [
        PORT,
        "mqtt:smarty_p1/other/frame",
    ]

    looking = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_PORT: f" {PORT} ", CONF_ENCRYPTION_KEY: KEY}
    )
    await wait_for_subscriber(mqtt_mock, TOPIC)
    async_fire_mqtt_message(hass, TOPIC, port.next_frame(TELEGRAM))
    found = await settle(hass, looking)
    assert found["step_id"] == "confirm"
    creating = hass.async_create_task(confirm(hass, found))
    await wait_for_subscriber(mqtt_mock, TOPIC, 2)
    async_fire_mqtt_message(hass, TOPIC, port.next_frame(TELEGRAM))
    result = await creating
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_PORT: PORT, CONF_ENCRYPTION_KEY: KEY}
    assert result["result"].unique_id == SERIAL
    await hass.async_block_till_done()
    assert energy(hass) == "25678.901"


@pytest.mark.parametrize("trouble", ["no connection", "subscribing fails"])
async def test_the_dialog_opens_without_topics(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, trouble: str
) -> None:
    mqtt_mock.connected = trouble != "no connection"
    with patch(
        "homeassistant.components.mqtt.async_subscribe", side_effect=HomeAssistantError
    ) as subscribe:
        flow = await start(hass)
    assert subscribe.called == (trouble == "subscribing fails")
    schema = flow["data_schema"]
    assert schema is not None
    offered = [option["value"] for option in schema.schema[CONF_PORT].config["options"]]
    assert not [value for value in offered if value.startswith("mqtt:")]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("mqtt:", "topic_malformed"),
        ("mqtt:smarty_p1/+/frame", "topic_malformed"),
        ("mqtt:smarty_p1/#", "topic_malformed"),
        ("mqtt:" + "x" * 1025, "topic_malformed"),
        # For these a broker ends the connection of all of Home Assistant.
        ("mqtt:smarty_p1/\x01house/frame", "topic_malformed"),
        ("mqtt:smarty_p1/\ufffehouse/frame", "topic_malformed"),
        ("mqtt:smarty_p1/\ud800house/frame", "topic_malformed"),
        ("mqtt:$share", "topic_malformed"),
        (PORT, "mqtt_missing"),
    ],
)
async def test_what_is_wrong_with_a_topic(hass: HomeAssistant, typed: str, key: str) -> None:
    flow = await start(hass)
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_PORT: typed, CONF_ENCRYPTION_KEY: KEY}
    )
    assert (await settle(hass, result))["errors"] == {CONF_PORT: key}


@pytest.mark.usefixtures("short_wait")
@pytest.mark.parametrize(
    ("payloads", "errors"),
    [
        ([], {CONF_PORT: "nothing_received"}),
        ([(STATUS, b"offline")], {CONF_PORT: "gateway_offline"}),
        ([(TOPIC, b"hello")], {CONF_PORT: "not_p1"}),
        ([(TOPIC, encipher(TELEGRAM, 1, key="5C" * 16))], {CONF_ENCRYPTION_KEY: "wrong_key"}),
    ],
)
async def test_what_is_wrong_with_what_comes(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    payloads: list[tuple[str, bytes]],
    errors: dict[str, str],
) -> None:
    flow = await start(hass)
    looking = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_PORT: PORT, CONF_ENCRYPTION_KEY: KEY}
    )
    await wait_for_subscriber(mqtt_mock, STATUS)
    for topic, payload in payloads:
        async_fire_mqtt_message(hass, topic, payload)
    assert (await settle(hass, looking))["errors"] == errors


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize("typed", [PORT, f" Mqtt: {TOPIC}"])
async def test_a_topic_is_used_once(hass: HomeAssistant, typed: str) -> None:
    flow = await start(hass)
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_PORT: typed, CONF_ENCRYPTION_KEY: KEY}
    )
    assert result["errors"] == {CONF_PORT: "port_in_use"}


async def test_a_meter_moves_to_a_topic(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, make_entry: EntryMaker, port: MeterPort
) -> None:
    port.greeting = port.next_frame(TELEGRAM)
    entry = make_entry(port.url)
    assert await hass.config_entries.async_setup(entry.entry_id)
    flow = await reconfigure(hass, entry)
    assert suggested(flow)[CONF_PORT] == port.url
    looking = await hass.config_entries.flow.async_configure(flow["flow_id"], {CONF_PORT: PORT})
    await wait_for_subscriber(mqtt_mock, TOPIC)
    async_fire_mqtt_message(hass, TOPIC, port.next_frame(TELEGRAM))
    settling = hass.async_create_task(settle(hass, looking))
    await wait_for_subscriber(mqtt_mock, TOPIC, 2)
    async_fire_mqtt_message(hass, TOPIC, port.next_frame(TELEGRAM))
    result = await settling
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_PORT] == PORT


async def test_no_other_dialog_takes_a_topic(hass: HomeAssistant) -> None:
    flow = await start(hass, "tank")
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"],
        {CONF_PORT: PORT, "distance_empty": 2, "distance_full": 0.5, "volume": 1000},
    )
    assert result["errors"] == {CONF_PORT: "port_number_missing"}
