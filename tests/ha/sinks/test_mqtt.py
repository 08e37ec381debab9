"""Publishing on MQTT: messages, and their times. A real broker is in tests/system."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from homeassistant.components import mqtt
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.template import Template
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message
from pytest_homeassistant_custom_component.typing import MqttMockHAClient, MqttMockPahoClient

from smartyp1.json_types import JsonDict, JsonMapping
from tests.ha.meter import SERIAL, with_value
from tests.ha.support import (
    TELEGRAM,
    Home,
    fall_silent,
    own_log,
    remove_entry,
    set_up_entry,
    smarty_entry,
    unload_entry,
    with_power,
)

ROOT = "cellar/meter"
OPTIONS = {
    "enabled": True,
    "format": "values",
    "topic": ROOT,
    "retain": False,
    "min_interval": 0,
    "discovery": False,
    # This Home Assistant would find the meter as well at its own prefix.
    "discovery_prefix": "elsewhere",
}
DISCOVERY = f"elsewhere/device/smarty_p1_{SERIAL}/config"

RETAINED = "custom_components.smarty_p1.lib.publish.retained_messages"
LAST_STATES = "states/HEAT079000257403"


class Publishing(Home):
    """A meter that is published, and the messages that the broker receives."""

    _broker: MqttMockHAClient
    _client: Any

    async def begin(self, options: JsonDict | None = None, **mqtt: object) -> None:
        """Set the meter up, and wait until its first telegram is published."""
        assert self._broker.connected
        self.forget()
        await self.set_up(**({"mqtt": {**OPTIONS, **mqtt}} if options is None else options))
        await self.is_complete(1)

    async def change(self, options: JsonMapping, text: str = TELEGRAM) -> None:
        """Set the meter up once more, with other options; forget the earlier messages."""
        self.forget()
        await self.again(text, options)

    @property
    def power(self) -> str:
        return self.state_of("smarty_net_power").state

    def is_connected(self, *, connected: bool) -> None:
        self._broker.connected = connected
        async_dispatcher_send(self.hass, mqtt.MQTT_CONNECTION_STATE, connected)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Let the broker's client refuse everything."""
        works = self._client.publish.side_effect
        self._client.publish.side_effect = lambda *_: type("Info", (), {"mid": 1, "rc": 4})()
        yield
        self._client.publish.side_effect = works

    def messages(self) -> list[tuple[str, str, bool]]:
        """Return topic, payload and retained of each message, in order."""
        calls = [call.args for call in self._client.publish.call_args_list]
        return [(topic, payload or "", retain) for topic, payload, _, retain, *_ in calls]

    def on(self, name: str) -> list[str]:
        return [text for topic, text, _ in self.messages() if topic == f"{ROOT}/{name}"]

    def kept(self) -> set[str]:
        """Return the topics with a retained message."""
        return {topic for topic, text, retain in self.messages() if retain and text}

    def taken_back(self) -> set[str]:
        """Return the topics whose retained message was removed."""
        return {topic for topic, text, retain in self.messages() if retain and not text}

    def announced(self, prefix: str = "elsewhere/") -> JsonDict:
        """Return the discovery messages that were sent, by their topics."""
        return {
            topic: json.loads(text)
            for topic, text, _ in self.messages()
            if topic.startswith(prefix) and text
        }

    async def is_complete(self, telegrams: int) -> None:
        """Wait until `telegrams` telegrams were published to their last value."""
        mqtt_options = self.entry.options["mqtt"]
        last = LAST_STATES if mqtt_options["discovery"] else "channel_4_valve"
        await self.wait_until(lambda: len(self.on(last)) == telegrams)

    async def until_subscribed(self, *topics: str) -> None:
        """Wait until the broker is asked for the messages of these topics."""

        def is_subscribed() -> bool:
            calls = repr(self._client.subscribe.call_args_list)
            return all(repr(topic) in calls for topic in topics)

        await self.wait_until(is_subscribed)

    async def has(self, name: str, *payloads: str) -> None:
        """Wait until these texts were sent on a topic below the root."""
        await self.wait_until(lambda: self.on(name) == [*payloads])

    def forget(self) -> None:
        self._client.publish.reset_mock()


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the MQTT integration's timer live longer than a test."""
    return True


@pytest.fixture
def meter(
    home: Home, mqtt_mock: MqttMockHAClient, mqtt_client_mock: MqttMockPahoClient
) -> Publishing:
    meter = Publishing(home.hass, home.port, home.make_entry)
    meter._broker, meter._client = mqtt_mock, mqtt_client_mock
    return meter


async def test_each_telegram_is_published_while_the_meter_is_read(meter: Publishing) -> None:
    # The interval "nan" of a form that accepted it is stored as None.
    await meter.begin(min_interval=None)
    assert meter.messages()[0] == (f"{ROOT}/availability", "online", True)
    assert not any(retain for _, _, retain in meter.messages()[1:])

    for kilowatts in ("01.230", "01.230", "00.000"):
        await meter.receive(with_power(kilowatts))
    await meter.has("active_power_imported", "2.345", "1.230", "0.000")
    # An unchanged value is not sent again so soon.
    await meter.is_complete(1)
    assert meter.on("availability") == ["online"]

    await fall_silent(meter.hass, meter.entry)
    await meter.has("availability", "online", "offline")
    await meter.receive(TELEGRAM)
    await meter.has("availability", "online", "offline", "online")
    # An unchanged value is sent again after a silence.
    await meter.is_complete(2)
    meter.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await meter.has("availability", "online", "offline", "online", "offline")
    await meter.receive(TELEGRAM)
    assert meter.messages()[-1] == (f"{ROOT}/availability", "offline", True)
    await unload_entry(meter.hass, meter.entry)
    assert meter.on("availability")[4:] == ["offline"]


async def test_a_broker_that_is_away(meter: Publishing) -> None:
    await meter.begin(discovery=True)
    meter.is_connected(connected=False)
    meter.forget()
    await meter.receive(*map(with_power, ("01.111", "02.222", "03.333")))
    # Readings go on.
    assert meter.power == "3.333"
    assert meter.messages() == []

    meter.is_connected(connected=True)
    await meter.is_complete(1)
    # Only the last telegram was stored up, and retained messages are sent again.
    assert meter.on("active_power_imported") == ["3.333"]
    assert (f"{ROOT}/availability", "online", True) in meter.messages()
    assert DISCOVERY in meter.announced()
    await meter.receive(with_power("04.444"))
    await meter.has("active_power_imported", "3.333", "4.444")


async def test_a_meter_that_is_removed_while_the_broker_is_away(
    meter: Publishing, hass_storage: JsonDict, caplog: pytest.LogCaptureFixture
) -> None:
    await meter.begin(discovery=True)
    meter.is_connected(connected=False)
    meter.forget()
    stored = f"smarty_p1.{meter.entry.entry_id}.retained"
    await unload_entry(meter.hass, meter.entry)
    assert stored in hass_storage
    await remove_entry(meter.hass, meter.entry)
    assert meter.messages() == []
    [(_, warning)] = [line for line in own_log(caplog) if line[0] == "WARNING"]
    assert DISCOVERY in warning
    assert f"{ROOT}/availability" in warning
    assert stored not in hass_storage


async def test_publishing_that_fails_ends_nothing(meter: Publishing) -> None:
    await meter.begin()
    with meter.failing():
        await meter.receive(with_power("01.111"))
        assert meter.power == "1.111"
    meter.forget()
    await meter.receive(with_power("02.222"))
    await meter.has("active_power_imported", "2.222")
    # The MQTT integration may be removed.
    meter.is_connected(connected=False)
    entries = meter.hass.config_entries
    await entries.async_remove(entries.async_entries("mqtt")[0].entry_id)
    meter.forget()
    await meter.receive(with_power("01.111"))
    assert meter.power == "1.111"
    assert meter.messages() == []


async def test_without_the_mqtt_integration_readings_go_on(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await home.set_up(mqtt=OPTIONS)
    await home.receive(with_power("01.111"))
    assert home.state_of("smarty_net_power").state == "1.111"
    assert await unload_entry(home.hass, entry)
    assert [line for line in own_log(caplog) if line[0] in {"WARNING", "ERROR"}] == []


async def test_retained_messages_are_removed(meter: Publishing) -> None:
    await meter.begin(retain=True, discovery=True)
    kept = meter.kept()
    assert {DISCOVERY, f"{ROOT}/active_power_imported", f"{ROOT}/availability"} <= kept

    # Other options, another root: topics without a publisher are removed. Discovery stays
    # unchanged.
    await meter.change({"mqtt": {**OPTIONS, "topic": "attic", "discovery": True}})
    below_root = {topic for topic in kept if topic.startswith(ROOT)}
    await meter.wait_until(lambda: below_root <= meter.taken_back())
    assert meter.taken_back() == below_root
    still_kept = kept - below_root | {"attic/availability", "attic/connection"}

    # Switched off.
    await meter.change({})
    await meter.wait_until(lambda: still_kept <= meter.taken_back())
    # The reload may have cut off the last message of before, which is then removed twice.
    assert meter.taken_back() <= still_kept | below_root
    assert [text for _, text, _ in meter.messages() if text] == ["offline"] * 2


async def test_discovery(meter: Publishing) -> None:
    await meter.begin(discovery=True, discovery_prefix="elsewhere/ha")
    messages = meter.announced("elsewhere/ha/")
    meter_id = f"smarty_p1_{SERIAL}"
    assert messages.keys() == {
        f"elsewhere/ha/device/{meter_id}{suffix}/config"
        for suffix in ("", "_GAS_079000257401", "_WATE079000257402", "_HEAT079000257403")
    }
    smarty = messages[f"elsewhere/ha/device/{meter_id}/config"]
    assert smarty["device"] == {
        "identifiers": [meter_id],
        "name": f"Smarty {SERIAL}",
        "manufacturer": "Sagemcom",
        "model": "Smarty",
        "serial_number": SERIAL,
    }
    assert smarty["availability"] == [{"topic": f"{ROOT}/availability"}]
    assert smarty["components"]["sensor_energy_imported"] == {
        "platform": "sensor",
        "unique_id": f"{meter_id}_sensor_energy_imported",
        "name": "Energy imported",
        "icon": "mdi:transmission-tower-export",
        "device_class": "energy",
        "state_class": "total_increasing",
        "unit_of_measurement": "kWh",
        "suggested_display_precision": 3,
        "enabled_by_default": True,
        "state_topic": f"{ROOT}/states",
        "value_template": "{{ value_json.get('energy_imported') }}",
        "expire_after": 90,
    }
    assert not smarty["components"]["sensor_device_name"]["enabled_by_default"]
    event = smarty["components"]["event_disturbance"]
    assert event["name"] == "Grid disturbance"
    assert event["unique_id"] == f"smarty_p1_{SERIAL}_event_disturbance"
    assert event["event_types"] == ["power_failure", "voltage_sag", "voltage_swell"]
    assert event["state_topic"] == f"{ROOT}/events/disturbance"
    gas = messages[f"elsewhere/ha/device/{meter_id}_GAS_079000257401/config"]
    assert gas["device"]["via_device"] == meter_id
    assert gas["device"]["name"] == "Gas meter 7401"
    assert gas["components"]["sensor_index"]["device_class"] == "gas"
    # The other Home Assistant calls it as its device.
    assert gas["components"]["sensor_index"]["name"] is None
    assert gas["components"]["sensor_flow_rate"]["name"] == "Flow rate"
    states = json.loads(meter.on("states/GAS_079000257401")[0])
    assert states["index"] == 678.901

    # The discovery message is sent once, until it changes.
    meter.forget()
    await meter.receive(with_power("01.111"))
    await meter.is_complete(1)
    assert meter.announced() == {}
    await meter.receive(with_value(TELEGRAM, "0-0:96.13.1", "()"))
    await meter.is_complete(2)
    assert meter.announced().keys() == {f"elsewhere/ha/device/{meter_id}/config"}


async def test_the_available_power_ends_at_the_reference_power_there_too(
    meter: Publishing,
) -> None:
    await meter.begin({"mqtt": OPTIONS | {"discovery": True}, "reference_power": 7.0})
    # No energy was used in 5 minutes: 1.75 kWh are left for 10.
    await meter.receive(with_value(TELEGRAM, "0-0:1.0.0", "(250703103500S)"))
    await meter.is_complete(2)
    states = json.loads(meter.on("states")[-1])
    assert states["demand_available"] == 7.0
    assert states["demand_available_attributes"]["until_quarter_hour_ends"] == 10.5


async def test_a_change_during_a_restart_is_an_event(meter: Publishing) -> None:
    await meter.begin(discovery=True)
    text = with_value(with_value(TELEGRAM, "0-0:96.7.21", "(00101)"), "0-0:96.13.0", "(48616C6C6F)")
    told = []
    for _ in range(2):
        await meter.change(dict(meter.entry.options), text)
        # The events follow the states of their telegram, so wait for the states of the next
        # telegram.
        await meter.is_complete(1)
        await meter.receive(text)
        await meter.is_complete(2)
        told.append([*meter.on("events/disturbance"), *meter.on("events/message")])
    assert [[json.loads(event) for event in events] for events in told] == [
        [{"event_type": "power_failure", "count": 2}, {"event_type": "message", "text": "Hallo"}],
        [],
    ]


async def test_entities_without_their_option_are_gone_there_as_well(meter: Publishing) -> None:
    # The prefix of this Home Assistant's own MQTT integration, which is the other one here.
    options = {"mqtt": {**OPTIONS, "discovery": True, "discovery_prefix": "homeassistant"}}

    async def found() -> set[str]:
        """Return the unique ids of the entities of the quarter-hours."""
        await meter.is_complete(1)
        for topic, message in meter.announced("homeassistant/").items():
            async_fire_mqtt_message(meter.hass, topic, json.dumps(message))
        await meter.hass.async_block_till_done()
        entities = er.async_get(meter.hass).entities.values()
        return {
            entity.unique_id.removeprefix(f"smarty_p1_{SERIAL}_")
            for entity in entities
            if entity.platform == "mqtt" and "_demand_" in entity.unique_id
        }

    await meter.begin({**options, "reference_power": 7.0, "surcharge_price": 0.1})
    always = {f"sensor_demand_{name}" for name in ("running", "projected", "last", "peak")}
    of_the_tariff = {f"sensor_demand_{name}" for name in ("available", "excess_energy")}
    of_the_tariff |= {"sensor_demand_excess_cost", "binary_sensor_demand_will_exceed"}
    assert await found() == always | of_the_tariff
    await meter.change(options)
    assert await found() == always


async def test_a_meter_that_its_own_home_assistant_has_found_is_reported(meter: Publishing) -> None:
    await meter.begin(discovery=True)
    assert not meter.issue("mqtt_added")
    # The prefix of this Home Assistant's own MQTT integration.
    await meter.change(
        {"mqtt": {**OPTIONS, "discovery": True, "discovery_prefix": "homeassistant"}}
    )
    await meter.is_complete(1)
    for topic, message in meter.announced("homeassistant/").items():
        async_fire_mqtt_message(meter.hass, topic, json.dumps(message))
    await meter.hass.async_block_till_done()
    assert meter.issue("mqtt_added")
    registry = dr.async_get(meter.hass)
    [device] = registry.async_get_devices(identifiers={("mqtt", f"smarty_p1_{SERIAL}")})
    registry.async_update_device(device.id, disabled_by=dr.DeviceEntryDisabler.USER)
    await meter.hass.async_block_till_done()
    assert not meter.issue("mqtt_added")
    registry.async_update_device(device.id, disabled_by=None)
    await meter.hass.async_block_till_done()
    assert meter.issue("mqtt_added")
    registry.async_remove_device(device.id)
    await meter.hass.async_block_till_done()
    assert not meter.issue("mqtt_added")


@pytest.mark.usefixtures("everything_enabled")
async def test_another_home_assistant_finds_every_entity_and_its_state(meter: Publishing) -> None:
    await meter.begin(discovery=True)
    states = json.loads(meter.on("states")[0])
    assert states["power_net"] == 2.345
    assert states["breaker"] == "connected"
    assert states["current_limit_exported"] == -63
    assert states["message"] is None
    assert states["meter_time"] == "2025-07-03T10:30:00+02:00"
    assert {*meter.on("connection")} == {"receiving"}
    sensors = meter.hass.states.async_all("sensor")
    shown = {key for key in states if not key.endswith(("_attributes", "_last_reset"))}
    shown.add("connection")
    assert len(shown) == sum("sensor.smarty_" in state.entity_id for state in sensors)

    own = er.async_entries_for_config_entry(er.async_get(meter.hass), meter.entry.entry_id)
    found = [
        component
        for message in meter.announced().values()
        for component in message["components"].values()
        if "unique_id" in component  # without an id, it removes an entity of other options
    ]
    assert Counter(each["platform"] for each in found) == Counter(each.domain for each in own)
    [connection] = [each for each in found if each["unique_id"].endswith("_sensor_connection")]
    found.remove(connection)
    # Values that telegrams lack after a restart are unknown there.
    rendered = {
        Template(template, meter.hass).async_render_with_possible_json_value("{}")
        for each in found
        for name, template in each.items()
        if name.endswith("_template")
    }
    assert rendered == {"None", "{}"}


async def test_the_connection_is_sent_without_a_telegram_and_until_the_publisher_ends(
    meter: Publishing,
) -> None:
    await meter.begin(discovery=True)
    component = meter.announced()[DISCOVERY]["components"]["sensor_connection"]
    topic = f"{ROOT}/connection"
    of_meter, of_publisher = component["availability"]
    assert component["availability_mode"] == "latest"
    assert of_meter == {"topic": f"{ROOT}/availability"}
    assert component["state_topic"] == of_publisher["topic"] == topic

    def seen(text: str) -> tuple[str, str]:
        """Return the availability and the state that another Home Assistant shows."""
        templates = (of_publisher["value_template"], component["value_template"])
        available, state = (
            str(Template(template, meter.hass).async_render({"value": text}, parse_result=False))
            for template in templates
        )
        return available, state

    assert seen("receiving") == ("online", "receiving")
    assert seen("offline") == ("offline", "None")
    await meter.until_subscribed(topic)
    meter.forget()
    await meter.let_pass(60)
    await meter.wait_until(lambda: "nothing_received" in meter.on("connection"))
    assert (topic, "nothing_received", True) in meter.messages()
    await meter.wait_until(lambda: meter.on("availability") == ["offline"])
    # The meter's `offline` would make the connection unavailable: the last message counts.
    await meter.wait_until(lambda: meter.messages()[-1] == (topic, "nothing_received", True))
    meter.forget()
    await unload_entry(meter.hass, meter.entry)
    assert meter.on("connection") == ["offline"]


@pytest.mark.usefixtures("short_setup")
async def test_a_meter_that_is_silent_after_a_crash_is_offline(
    meter: Publishing,
) -> None:
    meter.forget()
    entry = meter.make_entry(meter.port.url)
    meter.hass.config_entries.async_update_entry(entry, options={"mqtt": OPTIONS})
    await set_up_entry(meter.hass, entry)
    await meter.hass.async_block_till_done()
    assert meter.messages() == [(f"{ROOT}/availability", "offline", True)]


@pytest.mark.parametrize("has_successor", [False, True])
async def test_nothing_is_left_of_a_meter_that_is_removed(
    meter: Publishing, *, has_successor: bool
) -> None:
    await meter.begin(format="smartyreader", retain=True, discovery=True)
    kept = meter.kept()
    if has_successor:  # the meter that replaces it publishes at its root topic
        options = {"mqtt": OPTIONS}
        smarty_entry(unique_id="SAG2", options=options).add_to_hass(meter.hass)
        kept = {topic for topic in kept if not f"{topic}/".startswith(f"{ROOT}/")}
        assert kept
    meter.forget()
    await remove_entry(meter.hass, meter.entry)
    assert meter.taken_back() == kept


async def test_another_publisher_that_stops_does_not_make_the_meter_unavailable(
    meter: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{RETAINED}._JITTER_S", (0.0, 0.0))
    monkeypatch.setattr(f"{RETAINED}._MIN_PAUSE_S", 0.0)
    await meter.begin(discovery=True)
    await meter.until_subscribed(f"{ROOT}/availability", DISCOVERY)
    announced = meter.announced()[DISCOVERY]
    meter.forget()
    async_fire_mqtt_message(meter.hass, f"{ROOT}/availability", "offline")
    await meter.has("availability", "online")
    async_fire_mqtt_message(meter.hass, DISCOVERY, "")
    await meter.wait_until(lambda: meter.announced() == {DISCOVERY: announced})
    # The text of another publisher stays, and so does an offline while there is no reading of now.
    async_fire_mqtt_message(meter.hass, DISCOVERY, "{}")
    await fall_silent(meter.hass, meter.entry)
    await meter.has("availability", "online", "offline")
    async_fire_mqtt_message(meter.hass, f"{ROOT}/availability", "offline")
    await meter.hass.async_block_till_done()
    assert meter.on("availability") == ["online", "offline"]
    assert meter.announced().keys() == {DISCOVERY}


async def test_a_removed_meter_leaves_the_messages_of_another_publisher(
    meter: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe = mqtt.async_subscribe

    async def answer(
        hass: HomeAssistant,
        topic: str,
        on_message: Callable[[mqtt.ReceiveMessage], None],
        qos: int,
        encoding: str | None,
    ) -> CALLBACK_TYPE:
        # Another publisher has replaced these two messages, and the broker passes them on.
        if topic in {DISCOVERY, f"{ROOT}/availability"}:
            payload = b"online" if topic != DISCOVERY else b"{}"
            message = mqtt.ReceiveMessage(topic, payload, 1, True, topic, 0.0)  # noqa: FBT003
            hass.loop.call_soon(on_message, message)
        return await subscribe(hass, topic, on_message, qos, encoding)

    await meter.begin(discovery=True)
    kept = meter.kept()
    meter.forget()
    await unload_entry(meter.hass, meter.entry)
    monkeypatch.setattr(mqtt, "async_subscribe", answer)
    await remove_entry(meter.hass, meter.entry)
    assert meter.taken_back() == kept - {DISCOVERY, f"{ROOT}/availability"}
