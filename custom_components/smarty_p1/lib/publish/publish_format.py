"""Forms in which a meter is published, and its default topic."""

from enum import StrEnum

from .topics import level

DOMAIN = "smarty_p1"
"""First level of default topics, and beginning of the ids of discovery."""
SMARTYREADER_TOPIC = "lamsmarty"
DEFAULT_PREFIX = "homeassistant"
MAX_INTERVAL = 3600
"""Maximum of the seconds between two messages."""
REPEAT_EVERY = 60
"""Seconds after which an unchanged value is sent again."""


class Format(StrEnum):
    """Form of the messages about a meter."""

    VALUES = "values"
    """One topic for every value."""
    TELEGRAM = "telegram"
    """One JSON object for every telegram."""
    BOTH = "both"
    SMARTYREADER = "smartyreader"
    """One topic for every value and a JSON object, with the SmartyReader's names and units."""


def default_topic(serial_number: str | None) -> str:
    """Return the default root topic of a meter."""
    return f"{DOMAIN}/{level(str(serial_number))}"
