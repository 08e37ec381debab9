"""Formats in which a meter is published by MQTT, and the meter's default topic."""

from enum import StrEnum

from .topics import level

DOMAIN = "smarty_p1"
"""First level of a default topic, and beginning of an id in a discovery message."""
SMARTYREADER_TOPIC = "lamsmarty"
DEFAULT_PREFIX = "homeassistant"
MAX_INTERVAL_S = 3600
"""Maximum seconds between two readings that are published."""
REPEAT_EVERY_S = 60
"""Seconds after which an unchanged value is sent again."""


class Format(StrEnum):
    """Format of the messages with a meter's values."""

    VALUES = "values"
    """One topic for each value."""
    TELEGRAM = "telegram"
    """One topic, with each telegram as a JSON object."""
    BOTH = "both"
    SMARTYREADER = "smartyreader"
    """One topic for each value, and one JSON object, with the SmartyReader's names and units."""


def default_topic(serial_number: str | None) -> str:
    """Return the default root topic of the meter with this serial number."""
    return f"{DOMAIN}/{level(str(serial_number))}"
