"""Search for topics at which gateways publish frames now. A form offers these topics as ports."""

import asyncio
from contextlib import ExitStack

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN, LOGGER
from ..coordinator.mqtt_port import FRAME_LEVEL, STATUS_LEVEL
from ..lib.publish import ONLINE

# Seconds to wait for messages. Retained messages come in this time. A frame may take 10 s to come,
# but a form cannot wait that long.
LOOK_TIME_S = 1.0
_MAX_TOPICS = 64
_MAX_TOPIC_CHARS = 128


async def async_topics_seen(hass: HomeAssistant) -> list[str]:
    """Return the sorted topics below `smarty_p1` at which gateways publish frames.

    Return [] if Home Assistant has no MQTT integration, or if its broker is disconnected.
    """
    if "mqtt" not in hass.config.components:
        return []
    from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

    if mqtt.DATA_MQTT not in hass.data or not mqtt.is_connected(hass):
        return []
    roots: set[str] = set()

    @callback
    def on_message(message: mqtt.ReceiveMessage) -> None:
        root, _, level = message.topic.rpartition("/")
        is_there = f"/{level}" == FRAME_LEVEL or message.payload == ONLINE.encode()
        is_fit = len(root) <= _MAX_TOPIC_CHARS and root.isprintable()
        if is_there and is_fit and len(roots) < _MAX_TOPICS:
            roots.add(root)

    with ExitStack() as stack:
        try:
            for level in (FRAME_LEVEL, STATUS_LEVEL):
                topic = f"{DOMAIN}/+{level}"
                stack.callback(await mqtt.async_subscribe(hass, topic, on_message, encoding=None))
            await asyncio.sleep(LOOK_TIME_S)
        except HomeAssistantError as err:
            LOGGER.debug("Topics cannot be looked for: %s", err)
    return [f"{root}{FRAME_LEVEL}" for root in sorted(roots)]
