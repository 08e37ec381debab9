"""In which form a meter is published, and below which topic unless somebody says another."""

from enum import StrEnum

from .topics import level

DOMAIN = "smarty_p1"
"""What topics and the ids of discovery begin with."""
SMARTYREADER_TOPIC = "lamsmarty"
DEFAULT_PREFIX = "homeassistant"
MAX_INTERVAL = 3600
"""Seconds between two messages, at most."""
REPEAT_EVERY = 60
"""Seconds after which a value that has not changed is sent again."""


class Format(StrEnum):
    """What is published on MQTT."""

    VALUES = "values"
    """One topic per value."""
    TELEGRAM = "telegram"
    """One JSON object per telegram."""
    BOTH = "both"
    SMARTYREADER = "smartyreader"
    """One topic per value, under the names and units of the SmartyReader, and its JSON."""


def default_topic(serial_number: str | None) -> str:
    """Return the topic root of a meter."""
    return f"{DOMAIN}/{level(str(serial_number))}"
