"""Topics of a meter at which the broker retains messages, and when MQTT is needed for them.

Home Assistant loads its MQTT integration slowly. So `mqtt.py` is imported only if a meter publishes
on MQTT, or has published.
"""

from importlib import import_module
from types import ModuleType
from typing import override

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_ENABLED, CONF_TOPIC, SECTION_MQTT
from ..coordinator.entry_types import AnyConfigEntry, active_meters
from ..coordinator.stored.throttled_store import ThrottledStore
from ..coordinator.telegram_source import TelegramMeter
from ..lib.json_types import JsonMapping
from ..lib.publish.retained_messages import RetainedMessages
from ..lib.stored_values import Stored
from .sink import Sink, SinkKind

_SAVE_INTERVAL_S = 5.0
_MAX_TOPICS = 1_000_000


class RetainedTopics(ThrottledStore):
    """Topics at which the broker retains messages of one entry, stored in a file."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "retained", interval=_SAVE_INTERVAL_S)
        self.messages = RetainedMessages()

    @callback
    def note_sent(self, topic: str, payload: str) -> None:
        """Note a retained message that this entry sends, or that it has deleted."""
        if self.messages.note_sent(topic, payload):
            self.schedule()

    @override
    def _parse(self, stored: Stored) -> RetainedMessages:
        return RetainedMessages.from_stored(stored, _MAX_TOPICS)

    @override
    async def _async_join(self, parsed: RetainedMessages) -> None:
        self.messages.join(parsed)

    @override
    def _content(self) -> dict[str, str]:
        return self.messages.as_stored(is_final=self.is_closed)


async def _async_make(coordinator: TelegramMeter, options: JsonMapping) -> Sink | None:
    entry = coordinator.config_entry
    retained = RetainedTopics(coordinator.hass, entry.entry_id)
    await retained.async_load()
    is_enabled: bool = options.get(CONF_ENABLED, False)
    if not is_enabled:
        entry.async_on_unload(retained.async_close)
    if is_enabled or retained.messages.topics:
        mqtt = await _async_import_mqtt(coordinator.hass)
        publisher = mqtt.MqttPublisher(coordinator, options, retained)
        if is_enabled:
            sink: Sink = publisher
            return sink
        publisher.clear()
    return None


async def _async_forget(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Clear a removed entry's retained messages."""
    retained = RetainedTopics(hass, entry.entry_id)
    await retained.async_load()
    # While the entry was disabled, another meter may have taken over its root topic.
    others = [other for other in active_meters(hass) if other is not entry]
    sections = [other.options.get(SECTION_MQTT, {}) for other in others]
    roots = tuple(f"{options[CONF_TOPIC]}/" for options in sections if options.get(CONF_ENABLED))
    for topic in retained.messages.topics:
        if f"{topic}/".startswith(roots):
            retained.messages.forget(topic)
    try:
        if retained.messages.topics:
            await (await _async_import_mqtt(hass)).async_clear(hass, retained.messages)
    finally:
        await retained.async_remove()


async def _async_import_mqtt(hass: HomeAssistant) -> ModuleType:
    # Home Assistant's helper `async_import_module` remembers a failed import until a restart. But
    # the library of MQTT is there again as soon as a user adds the MQTT integration.
    return await hass.async_add_import_executor_job(import_module, f"{__package__}.mqtt")


KIND = SinkKind(SECTION_MQTT, _async_make, _async_forget)
