"""MQTT messages about a meter: topics and payloads, also for Home Assistant's discovery.

    messages = MeterMessages(Published("smarty_p1/house", Format.VALUES), json.dumps)
    for message in messages.reading(reading, reception):
        client.publish(message.topic, message.payload, retain=message.retain)

A program that runs all the time takes its messages from `PublishFeed`, which yields each message
when it is due. The package itself sends nothing.
"""

from .messages import (
    LIFETIME,
    MAX_TOPICS,
    OFFLINE,
    ONLINE,
    LastEvents,
    Message,
    MeterMessages,
    Published,
    availability_topic,
)
from .mqtt_discovery import Discovery, DiscoveryNames, MeterAnnounced, MqttAnnouncer
from .publish_feed import PublishFeed
from .publish_format import (
    DEFAULT_PREFIX,
    DOMAIN,
    MAX_INTERVAL,
    REPEAT_EVERY,
    SMARTYREADER_TOPIC,
    Format,
    default_topic,
)
from .smartyreader_names import (
    MISLEADING_NAMES,
    SMARTYREADER_NAMES,
    smartyreader_items,
    smartyreader_summary,
)
from .topics import PART_NAMES, RESERVED, items, level, object_name

__all__ = [
    "DEFAULT_PREFIX",
    "DOMAIN",
    "LIFETIME",
    "MAX_INTERVAL",
    "MAX_TOPICS",
    "MISLEADING_NAMES",
    "OFFLINE",
    "ONLINE",
    "PART_NAMES",
    "REPEAT_EVERY",
    "RESERVED",
    "SMARTYREADER_NAMES",
    "SMARTYREADER_TOPIC",
    "Discovery",
    "DiscoveryNames",
    "Format",
    "LastEvents",
    "Message",
    "MeterAnnounced",
    "MeterMessages",
    "MqttAnnouncer",
    "PublishFeed",
    "Published",
    "availability_topic",
    "default_topic",
    "items",
    "level",
    "object_name",
    "smartyreader_items",
    "smartyreader_summary",
]
