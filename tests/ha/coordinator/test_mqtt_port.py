"""A meter whose frames come from a topic of MQTT."""

import json
import sys
from contextlib import nullcontext
from unittest.mock import patch

import homeassistant.components
import pytest
from homeassistant.components import mqtt
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
    get_system_health_info,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.flows.meter import port_key_and_found_meter
from tests.ha.dialogs import (
    advance,
    confirm,
    is_created,
    reconfigure,
    schema_of,
    settle,
    start,
    suggested,
)
from tests.ha.meter import KEY, SERIAL, MeterPort, encipher
from tests.ha.refusals import Refusals, Row
from tests.ha.support import (
    ENERGY,
    OF_TELEGRAM,
    TELEGRAM,
    Home,
    let_pass_until,
    set_up_entry,
    values,
    wait_until,
)
from tests.ha.topic import (
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

# The largest payload.
LARGEST = bytes(32 * 1024)
# The timers belong to the MQTT integration.
pytestmark = [
    pytest.mark.parametrize("expected_lingering_timers", [True]),
    pytest.mark.usefixtures("short_look"),
]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, OF_TELEGRAM)


class Topic:
    """A meter that is set up at the topic, and its states."""

    def __init__(
        self, hass: HomeAssistant, mock: MqttMockHAClient, port: MeterPort, entry: MockConfigEntry
    ) -> None:
        self.hass = hass
        self.mock = mock
        self.port = port
        self.entry = entry
        self.coordinator: MeterCoordinator = entry.runtime_data
        self.updates: list[str] = []
        self.coordinator.async_add_listener(lambda: self.updates.append(self.energy))

    @property
    def energy(self) -> str:
        return values(self.hass)[ENERGY]

    def frame(self, index: str = "025678.901") -> bytes:
        return self.port.next_frame(TELEGRAM.replace("025678.901", index))

    async def tell(self, *payloads: bytes | str, topic: str = TOPIC) -> None:
        for payload in payloads:
            await tell(self.hass, payload, topic)

    async def status(self, *payloads: str) -> None:
        await self.tell(*payloads, topic=STATUS)

    async def shows(self, energy: str) -> None:
        await wait_until(self.hass, lambda: self.energy == energy)

    async def is_connected(self, *, connected: bool) -> None:
        self.mock.connected = connected
        async_dispatcher_send(self.hass, mqtt.MQTT_CONNECTION_STATE, connected)
        await wait_a_moment(self.hass)


@pytest.fixture
async def topic(home: Home, mqtt_mock: MqttMockHAClient) -> Topic:
    entry = await set_up_at_topic(home, mqtt_mock)
    return Topic(home.hass, mqtt_mock, home.port, entry)


async def test_shows_the_values_of_frames_at_the_topic(topic: Topic) -> None:
    assert topic.entry.state is ConfigEntryState.LOADED
    assert topic.energy == "25678.901"
    frame = topic.frame("025679.000")
    await topic.tell(frame[:100], frame[100:])
    await topic.shows("25679.0")
    await topic.tell(frame)  # a gateway that runs twice
    assert topic.coordinator.readings == 2
    assert topic.coordinator.source.reception.rejections == {"replay": 1}
    # A retained or too large frame is not read.
    frame = topic.frame()
    async_fire_mqtt_message(topic.hass, TOPIC, frame, retain=True)
    await topic.tell(frame + bytes(32 * 1024), b"")
    assert topic.coordinator.readings == 2
    await topic.tell(frame)
    await wait_until(topic.hass, lambda: topic.coordinator.readings == 3)


async def test_a_gateway_that_ends_makes_the_entities_unavailable_until_frames_come(
    topic: Topic,
) -> None:
    await topic.status("offline")
    assert topic.energy == "unavailable"
    assert topic.coordinator.condition.obstacle == "gateway_offline"
    await topic.status("online")
    assert topic.energy == "unavailable"
    await topic.tell(b"hello")
    await let_pass_until(topic.hass, 5, lambda: topic.coordinator.condition.obstacle == "damaged")
    await topic.tell(topic.frame())
    await topic.shows("25678.901")
    assert topic.coordinator.condition.obstacle is None


async def test_a_connection_that_comes_back_does_not_make_offline_count_again(topic: Topic) -> None:
    await topic.status("offline")
    topic.updates.clear()
    await topic.is_connected(connected=False)
    assert topic.coordinator.health.reason[0] == "mqtt_disconnected"
    await topic.is_connected(connected=True)
    await topic.status("offline")
    assert topic.updates == []
    assert topic.coordinator.condition.obstacle == "gateway_offline"


@pytest.mark.usefixtures("fast_line")
async def test_the_waiting_payloads_are_bounded(topic: Topic) -> None:
    for _ in range(31):
        async_fire_mqtt_message(topic.hass, TOPIC, LARGEST)
    # A mebibyte in all, and nothing more.
    fits = topic.frame("025679.000")
    async_fire_mqtt_message(topic.hass, TOPIC, LARGEST[len(fits) :] + fits)
    async_fire_mqtt_message(topic.hass, TOPIC, topic.frame("025680.000"))
    await wait_until(topic.hass, lambda: set(topic.updates) == {"25679.0"})
    await topic.tell(topic.frame("025681.000"))
    await topic.shows("25681.0")
    assert set(topic.updates) == {"25679.0", "25681.0"}


async def test_diagnostics_do_not_name_the_topic(topic: Topic) -> None:
    told = await async_get_config_entry_diagnostics(topic.hass, topic.entry)
    assert told["port"] == "mqtt:"
    assert ROOT not in json.dumps(told, default=str)
    assert await async_setup_component(topic.hass, "system_health", {})
    health = await get_system_health_info(topic.hass, "smarty_p1")
    [info] = [text for name, text in health.items() if name.startswith("1:")]
    assert info.startswith("mqtt:**REDACTED**, open, last telegram")


@pytest.mark.parametrize("components", [set(), {"mqtt"}], ids=["not there", "not set up"])
async def test_without_the_mqtt_integration(
    home: Home, monkeypatch: pytest.MonkeyPatch, components: set[str]
) -> None:
    home.hass.config.components |= components
    if not components:
        # Without the integration, its library is not installed, so importing it fails.
        monkeypatch.delattr(homeassistant.components, "mqtt")
        monkeypatch.setitem(sys.modules, "homeassistant.components.mqtt", None)
    entry = home.make_entry(PORT)
    assert await set_up_entry(home.hass, entry)
    assert entry.runtime_data.condition.obstacle == "mqtt_missing"


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("reason", ["mqtt_disconnected", "mqtt_missing", "gateway_offline"])
async def test_a_connection_that_is_missing_at_the_start(
    home: Home, mqtt_mock: MqttMockHAClient, reason: str
) -> None:
    mqtt_mock.connected = reason != "mqtt_disconnected"
    entry = home.make_entry(PORT)
    with (
        patch("homeassistant.components.mqtt.async_subscribe", side_effect=HomeAssistantError)
        if reason == "mqtt_missing"
        else nullcontext()
    ):
        setup = home.hass.async_create_task(set_up_entry(home.hass, entry))
        if reason == "gateway_offline":
            await wait_for_subscriber(mqtt_mock, STATUS)
            async_fire_mqtt_message(home.hass, STATUS, "offline", retain=True)
        assert await setup
    assert entry.runtime_data.condition.obstacle == reason


# --- the dialog -----------------------------------------------------------------------------------


@pytest.fixture
def short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for topics for 0.1 s: long enough to find some."""
    monkeypatch.setattr(port_key_and_found_meter, "LOOK_TIME_S", 0.1)


def offered(flow: ConfigFlowResult) -> list[str]:
    options = schema_of(flow).schema["port"].config["options"]
    return [option["value"] for option in options if option["value"].startswith("mqtt:")]


async def enter(hass: HomeAssistant, flow: ConfigFlowResult, typed: str) -> ConfigFlowResult:
    return await advance(hass, flow, {"port": typed, "encryption_key": KEY})


async def test_the_dialog_offers_topics_and_sets_up_a_meter_at_one(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, port: MeterPort
) -> None:
    opening = hass.async_create_task(start(hass))
    await wait_for_subscriber(mqtt_mock, "smarty_p1/+/status")
    async_fire_mqtt_message(hass, STATUS, "online", retain=True)
    async_fire_mqtt_message(hass, "smarty_p1/gone/status", "offline", retain=True)
    # At most 128 characters before the last level.
    longest = f"smarty_p1/{'x' * 118}/frame"
    for topic in ("smarty_p1/other/frame", longest, longest.replace("x/", "xx/")):
        async_fire_mqtt_message(hass, topic, b"\xdb\x08")
    flow = await opening
    assert offered(flow) == [PORT, "mqtt:smarty_p1/other/frame", f"mqtt:{longest}"]
    looking = await enter(hass, flow, f" {PORT} ")
    await wait_for_subscriber(mqtt_mock, TOPIC)
    async_fire_mqtt_message(hass, TOPIC, port.next_frame(TELEGRAM))
    found = await settle(hass, looking)
    assert found["step_id"] == "contract"
    creating = hass.async_create_task(confirm(hass, found))
    await wait_for_subscriber(mqtt_mock, TOPIC, 2)
    async_fire_mqtt_message(hass, TOPIC, port.next_frame(TELEGRAM))
    result = await creating
    assert is_created(result)
    assert result["data"] == {"port": PORT, "encryption_key": KEY}
    assert result["result"].unique_id == SERIAL
    await hass.async_block_till_done()
    assert values(hass)[ENERGY] == "25678.901"


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
    assert not offered(flow)


async def test_the_faults_of_a_topic(hass: HomeAssistant, refuses: Refusals) -> None:
    # For some of them a broker ends the connection of all of Home Assistant.
    levels = ("+/frame", "#", "\x01house/frame", "\ufffehouse/frame", "\ud800house/frame")
    topics = ["", "x" * 257, "$share", *(f"smarty_p1/{level}" for level in levels)]
    rows = [Row("port: topic_malformed", {"port": f"mqtt:{topic}"}) for topic in topics]
    rows += [Row("port: mqtt_missing", {"port": PORT})]
    await refuses(await start(hass), rows, {"encryption_key": KEY})


@pytest.mark.usefixtures("short_wait")
@pytest.mark.parametrize(
    ("payloads", "errors"),
    [
        ([], {"port": "nothing_received"}),
        ([(STATUS, b"offline")], {"port": "gateway_offline"}),
        ([(TOPIC, b"hello")], {"port": "not_p1"}),
        ([(TOPIC, encipher(TELEGRAM, 1, key="5C" * 16))], {"encryption_key": "wrong_key"}),
    ],
)
async def test_the_faults_of_payloads(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    payloads: list[tuple[str, bytes]],
    errors: dict[str, str],
) -> None:
    looking = await enter(hass, await start(hass), PORT)
    await wait_for_subscriber(mqtt_mock, STATUS)
    for topic, payload in payloads:
        async_fire_mqtt_message(hass, topic, payload)
    assert (await settle(hass, looking))["errors"] == errors


@pytest.mark.usefixtures("topic")
async def test_a_topic_is_used_once_and_by_no_other_dialog(
    hass: HomeAssistant, refuses: Refusals
) -> None:
    rows = [Row("port: port_in_use", {"port": port}) for port in (PORT, f" Mqtt: {TOPIC}")]
    await refuses(await start(hass), rows, {"encryption_key": KEY})
    geometry = {"distance_empty": 2, "distance_full": 0.5, "volume": 1000}
    rows = [Row("port: port_number_missing", {"port": PORT})]
    await refuses(await start(hass, "tank"), rows, geometry)


async def test_a_meter_moves_to_a_topic(home: Home, mqtt_mock: MqttMockHAClient) -> None:
    home.port.greeting = home.port.next_frame(TELEGRAM)
    entry = home.make_entry(home.port.url)
    assert await set_up_entry(home.hass, entry)
    flow = await reconfigure(home.hass, entry)
    assert suggested(flow)["port"] == home.port.url
    looking = await advance(home.hass, flow, {"port": PORT})
    await wait_for_subscriber(mqtt_mock, TOPIC)
    async_fire_mqtt_message(home.hass, TOPIC, home.port.next_frame(TELEGRAM))
    settling = home.hass.async_create_task(settle(home.hass, looking))
    await wait_for_subscriber(mqtt_mock, TOPIC, 2)
    async_fire_mqtt_message(home.hass, TOPIC, home.port.next_frame(TELEGRAM))
    result = await settling
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["port"] == PORT
