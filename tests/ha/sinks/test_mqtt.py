"""Publishing on MQTT: what is sent when, and what is not. A real broker is in tests/system."""

import json
from collections import Counter
from typing import Any

import pytest
from homeassistant.components import mqtt
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_mqtt_message
from pytest_homeassistant_custom_component.typing import MqttMockHAClient, MqttMockPahoClient

from tests.ha.conftest import EntryMaker
from tests.ha.meter import SERIAL, MeterPort, with_value
from tests.ha.pacing import with_power
from tests.ha.support import TELEGRAM, let_pass, own_log, receive, set_up, state_of, wait_until

ROOT = "cellar/meter"
OPTIONS = {
    "enabled": True,
    "format": "values",
    "topic": ROOT,
    "retain": False,
    "min_interval": 0,
    "discovery": False,
    # Not that of the Home Assistant that publishes, which would find the meter as well.
    "discovery_prefix": "elsewhere",
}
DISCOVERY = f"elsewhere/device/smarty_p1_{SERIAL}/config"


LAST_STATES = "states/HEAT079000257403"


class Published:
    """What the broker was sent."""

    def __init__(self, hass: HomeAssistant, client: MqttMockPahoClient) -> None:
        self._hass = hass
        self._client = client

    def messages(self) -> list[tuple[str, str, bool]]:
        """Return topic, payload and retained of each message, in order."""
        calls = [call.args for call in self._client.publish.call_args_list]
        return [(topic, payload or "", retain) for topic, payload, _, retain, *_ in calls]

    def on(self, name: str) -> list[str]:
        """Return the payloads sent on a topic below the root."""
        return [text for topic, text, _ in self.messages() if topic == f"{ROOT}/{name}"]

    async def is_complete(self, telegrams: int, last: str = "channel_4_valve") -> None:
        """Wait until so many telegrams were published to their last value."""
        await wait_until(self._hass, lambda: len(self.on(last)) == telegrams)

    def forget(self) -> None:
        """Forget what was sent until now."""
        self._client.publish.reset_mock()


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the MQTT integration's timer live longer than a test."""
    return True


@pytest.fixture
def published(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, mqtt_client_mock: MqttMockPahoClient
) -> Published:
    """Return what is sent to a broker that is there."""
    assert mqtt_mock.connected
    mqtt_client_mock.publish.reset_mock()
    return Published(hass, mqtt_client_mock)


class Broker:
    """The broker, which may be away."""

    def __init__(self, hass: HomeAssistant, client: MqttMockHAClient) -> None:
        self._hass = hass
        self._client = client

    def go_away(self) -> None:
        """End the connection."""
        self._client.connected = False
        async_dispatcher_send(self._hass, mqtt.MQTT_CONNECTION_STATE, False)  # noqa: FBT003

    def come_back(self) -> None:
        """Let Home Assistant connect again."""
        self._client.connected = True
        async_dispatcher_send(self._hass, mqtt.MQTT_CONNECTION_STATE, True)  # noqa: FBT003


@pytest.fixture
def broker(hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> Broker:
    return Broker(hass, mqtt_mock)


def publishing(hass: HomeAssistant, make_entry: EntryMaker, **options: object) -> EntryMaker:
    """Return a function that adds an entry whose meter is published."""

    def make(url: str, **arguments: str) -> MockConfigEntry:
        entry = make_entry(url, **arguments)
        hass.config_entries.async_update_entry(entry, options={"mqtt": {**OPTIONS, **options}})
        return entry

    return make


async def test_each_telegram_is_published(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    await set_up(hass, port, publishing(hass, make_entry))
    await published.is_complete(1)
    assert published.messages()[0] == (f"{ROOT}/availability", "online", True)
    assert not any(retain for _, _, retain in published.messages()[1:])

    await receive(hass, port, with_power("01.230"))
    await published.is_complete(2)
    await receive(hass, port, with_power("00.000"))
    await published.is_complete(3)
    assert published.on("active_power_imported")[1:] == ["1.230", "0.000"]
    assert published.on("availability") == ["online"]


async def test_nothing_is_published_by_default(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    await set_up(hass, port, make_entry)
    await receive(hass, port, TELEGRAM)
    assert published.messages() == []


async def test_a_broker_that_is_away(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    broker: Broker,
) -> None:
    await set_up(hass, port, publishing(hass, make_entry, discovery=True))
    await published.is_complete(1, LAST_STATES)
    broker.go_away()
    published.forget()
    for kilowatts in ("01.111", "02.222", "03.333"):
        await receive(hass, port, with_power(kilowatts))
    # Readings go on.
    assert state_of(hass, "smarty_net_power").state == "3.333"
    assert published.messages() == []

    broker.come_back()
    await published.is_complete(1, LAST_STATES)
    # Nothing was stored up but the last one, and what the broker keeps is sent again.
    assert published.on("active_power_imported") == ["3.333"]
    assert (f"{ROOT}/availability", "online", True) in published.messages()
    assert DISCOVERY in [topic for topic, _, _ in published.messages()]
    await receive(hass, port, with_power("04.444"))
    await wait_until(hass, lambda: len(published.on("active_power_imported")) == 2)


async def test_a_meter_that_is_removed_while_the_broker_is_away(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    broker: Broker,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await set_up(hass, port, publishing(hass, make_entry, discovery=True))
    await published.is_complete(1, LAST_STATES)
    broker.go_away()
    published.forget()
    stored = f"smarty_p1.{entry.entry_id}.retained"
    await hass.config_entries.async_unload(entry.entry_id)
    assert stored in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    assert published.messages() == []
    [(_, warning)] = [line for line in own_log(caplog) if line[0] == "WARNING"]
    assert DISCOVERY in warning
    assert f"{ROOT}/availability" in warning
    assert stored not in hass_storage


async def test_publishing_that_fails_ends_nothing(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    mqtt_client_mock: MqttMockPahoClient,
) -> None:
    await set_up(hass, port, publishing(hass, make_entry))
    await published.is_complete(1)
    works = mqtt_client_mock.publish.side_effect
    mqtt_client_mock.publish.side_effect = lambda *_: type("Info", (), {"mid": 1, "rc": 4})()
    await receive(hass, port, with_power("01.111"))
    assert state_of(hass, "smarty_net_power").state == "1.111"
    mqtt_client_mock.publish.side_effect = works
    published.forget()
    await receive(hass, port, with_power("02.222"))
    await wait_until(hass, lambda: published.on("active_power_imported") == ["2.222"])


async def test_without_the_mqtt_integration_readings_go_on(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await set_up(hass, port, publishing(hass, make_entry))
    await receive(hass, port, with_power("01.111"))
    assert state_of(hass, "smarty_net_power").state == "1.111"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert [line for line in own_log(caplog) if line[0] in {"WARNING", "ERROR"}] == []


async def test_the_mqtt_integration_may_be_removed(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    broker: Broker,
) -> None:
    await set_up(hass, port, publishing(hass, make_entry))
    await published.is_complete(1)
    broker.go_away()
    await hass.config_entries.async_remove(hass.config_entries.async_entries("mqtt")[0].entry_id)
    published.forget()
    await receive(hass, port, with_power("01.111"))
    assert state_of(hass, "smarty_net_power").state == "1.111"
    assert published.messages() == []


async def test_availability_follows_the_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    entry = await set_up(hass, port, publishing(hass, make_entry))
    await published.is_complete(1)
    entry.runtime_data._on_stale(None)
    await wait_until(hass, lambda: published.on("availability") == ["online", "offline"])
    await receive(hass, port, TELEGRAM)
    await wait_until(hass, lambda: published.on("availability")[2:] == ["online"])
    await hass.config_entries.async_unload(entry.entry_id)
    assert published.on("availability")[3:] == ["offline"]


async def test_home_assistant_stops(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    await set_up(hass, port, publishing(hass, make_entry))
    await published.is_complete(1)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await wait_until(hass, lambda: published.on("availability") == ["online", "offline"])
    await receive(hass, port, TELEGRAM)
    assert published.messages()[-1] == (f"{ROOT}/availability", "offline", True)


async def test_what_the_broker_keeps_is_taken_back(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    make = publishing(hass, make_entry, retain=True, discovery=True)
    entry = await set_up(hass, port, make)
    await published.is_complete(1, LAST_STATES)
    kept = {topic for topic, text, retain in published.messages() if retain and text}
    assert {DISCOVERY, f"{ROOT}/active_power_imported", f"{ROOT}/availability"} <= kept

    # Other options, another root: what nobody sends any more goes. Discovery stays as it is.
    published.forget()
    port.greeting = port.next_frame(TELEGRAM)
    options = {"mqtt": {**OPTIONS, "topic": "attic", "discovery": True}}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    below_root = {topic for topic in kept if topic.startswith(ROOT)}
    await wait_until(hass, lambda: below_root <= taken_back(published))
    assert taken_back(published) == below_root
    still_kept = kept - below_root | {"attic/availability"}

    # Switched off.
    published.forget()
    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.async_update_entry(entry, options={})
    await hass.config_entries.async_reload(entry.entry_id)
    await wait_until(hass, lambda: still_kept <= taken_back(published))
    # The last one of before may have been cut off by the reload, and is taken back twice then.
    assert taken_back(published) <= still_kept | below_root
    assert [text for _, text, _ in published.messages() if text] == ["offline"]


async def test_values_that_are_no_longer_retained_are_taken_back_first(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, publishing(hass, make_entry, retain=True))
    await published.is_complete(1)
    published.forget()
    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.async_update_entry(entry, options={"mqtt": OPTIONS})
    await hass.config_entries.async_reload(entry.entry_id)
    await published.is_complete(2)
    # Whoever listens ends up with the value, not with the empty message.
    assert published.on("active_power_imported") == ["", "2.345"]
    # A crash brings none of them back.
    await hass.async_block_till_done()
    await let_pass(hass, 6)
    stored = hass_storage[f"smarty_p1.{entry.entry_id}.retained"]["data"]
    assert not [topic for topic in stored if topic.endswith("active_power_imported")]


async def test_nothing_is_left_of_a_meter_that_is_removed(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    make = publishing(hass, make_entry, format="smartyreader", retain=True, discovery=True)
    entry = await set_up(hass, port, make)
    await published.is_complete(1, LAST_STATES)
    kept = {topic for topic, text, retain in published.messages() if retain and text}
    published.forget()
    await hass.config_entries.async_remove(entry.entry_id)
    assert taken_back(published) == kept


def taken_back(published: Published) -> set[str]:
    """Return the topics of which the broker was told to forget the message."""
    return {topic for topic, text, retain in published.messages() if retain and not text}


def messages_on(published: Published, prefix: str) -> dict[str, Any]:
    """Return the discovery messages that were sent, by their topics."""
    return {
        topic: json.loads(text)
        for topic, text, _ in published.messages()
        if topic.startswith(prefix) and text
    }


async def test_discovery(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    make = publishing(hass, make_entry, discovery=True, discovery_prefix="elsewhere/ha")
    await set_up(hass, port, make)
    await published.is_complete(1, LAST_STATES)
    messages = messages_on(published, "elsewhere/ha/")
    meter_id = f"smarty_p1_{SERIAL}"
    assert messages.keys() == {
        f"elsewhere/ha/device/{meter_id}{suffix}/config"
        for suffix in ("", "_GAS_079000257401", "_WATE079000257402", "_HEAT079000257403")
    }
    meter = messages[f"elsewhere/ha/device/{meter_id}/config"]
    assert meter["device"] == {
        "identifiers": [meter_id],
        "name": f"Smarty {SERIAL}",
        "manufacturer": "Sagemcom",
        "model": "Smarty",
        "serial_number": SERIAL,
    }
    assert meter["availability_topic"] == f"{ROOT}/availability"
    assert meter["components"]["sensor_energy_imported"] == {
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
        "value_template": "{{ value_json.energy_imported }}",
        "expire_after": 90,
    }
    assert not meter["components"]["sensor_device_name"]["enabled_by_default"]
    event = meter["components"]["event_disturbance"]
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
    states = json.loads(published.on("states/GAS_079000257401")[0])
    assert states["index"] == 678.901

    # It is sent once, until there is something new in it.
    published.forget()
    await receive(hass, port, with_power("01.111"))
    await published.is_complete(1, LAST_STATES)
    assert messages_on(published, "elsewhere/") == {}
    await receive(hass, port, with_value(TELEGRAM, "0-0:96.13.1", "()"))
    await published.is_complete(2, LAST_STATES)
    assert messages_on(published, "elsewhere/").keys() == {f"elsewhere/ha/device/{meter_id}/config"}


async def test_what_the_options_no_longer_ask_for_is_gone_there_as_well(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    # The prefix of this Home Assistant's own MQTT integration, which is the other one here.
    mqtt_options = {**OPTIONS, "discovery": True, "discovery_prefix": "homeassistant"}
    tariff = {"reference_power": 7.0, "surcharge_price": 0.1}

    def make(url: str, **arguments: str) -> MockConfigEntry:
        entry = make_entry(url, **arguments)
        options = {"mqtt": mqtt_options, **tariff}
        hass.config_entries.async_update_entry(entry, options=options)
        return entry

    async def found() -> set[str]:
        """Return the unique ids of the entities of the quarter-hours."""
        await published.is_complete(1, LAST_STATES)
        for topic, message in messages_on(published, "homeassistant/").items():
            async_fire_mqtt_message(hass, topic, json.dumps(message))
        await hass.async_block_till_done()
        entities = er.async_get(hass).entities.values()
        return {
            each.unique_id.removeprefix(f"smarty_p1_{SERIAL}_")
            for each in entities
            if each.platform == "mqtt" and "_demand_" in each.unique_id
        }

    entry = await set_up(hass, port, make)
    always = {f"sensor_demand_{name}" for name in ("running", "projected", "last", "peak")}
    of_the_tariff = {f"sensor_demand_{name}" for name in ("available", "excess_energy")}
    of_the_tariff |= {"sensor_demand_excess_cost", "binary_sensor_demand_will_exceed"}
    assert await found() == always | of_the_tariff

    published.forget()
    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.async_update_entry(entry, options={"mqtt": mqtt_options})
    await hass.config_entries.async_reload(entry.entry_id)
    assert await found() == always


async def test_states_for_discovery_are_those_of_the_entities(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    everything_enabled: None,  # noqa: ARG001 - a fixture
) -> None:
    await set_up(hass, port, publishing(hass, make_entry, discovery=True))
    await published.is_complete(1, LAST_STATES)
    states = json.loads(published.on("states")[0])
    assert states["power_net"] == 2.345
    assert states["breaker"] == "connected"
    assert states["current_limit_exported"] == -63
    assert states["message"] is None
    assert states["meter_time"] == "2025-07-03T10:30:00+02:00"
    entities = [
        state for state in hass.states.async_all("sensor") if "sensor.smarty_" in state.entity_id
    ]
    shown = {key for key in states if not key.endswith(("_attributes", "_last_reset"))}
    assert len(shown) == len(entities)


async def test_another_home_assistant_finds_every_entity(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    published: Published,
    everything_enabled: None,  # noqa: ARG001 - a fixture
) -> None:
    entry = await set_up(hass, port, publishing(hass, make_entry, discovery=True))
    await published.is_complete(1, LAST_STATES)
    registry = er.async_get(hass)
    own = er.async_entries_for_config_entry(registry, entry.entry_id)
    found = [
        component
        for message in messages_on(published, "elsewhere/").values()
        for component in message["components"].values()
        if "unique_id" in component  # without, it removes what other options asked for
    ]
    assert Counter(each["platform"] for each in found) == Counter(each.domain for each in own)


@pytest.mark.usefixtures("short_setup")
async def test_a_meter_that_is_silent_after_a_crash_is_offline(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, published: Published
) -> None:
    entry = make_entry(port.url)
    hass.config_entries.async_update_entry(entry, options={"mqtt": OPTIONS})
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert published.messages() == [(f"{ROOT}/availability", "offline", True)]
