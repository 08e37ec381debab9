"""Options page for other programs: sections for the P1 server and MQTT, and their checks."""

import asyncio
import errno
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import count
from typing import NamedTuple

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, TextSelector

from ...const import (
    CONF_DISCOVERY,
    CONF_DISCOVERY_PREFIX,
    CONF_ENABLED,
    CONF_FORMAT,
    CONF_LISTEN_ADDRESS,
    CONF_LISTEN_PORT,
    CONF_MIN_INTERVAL,
    CONF_RETAIN,
    CONF_TOPIC,
    SECTION_MQTT,
    SECTION_P1_SERVER,
)
from ...coordinator.entry_types import AnyConfigEntry, active_meters
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.local_server import EVERY_ADDRESS, listen
from ...lib.port.hosts import MAX_PORT
from ...lib.publish.publish_format import (
    DEFAULT_PREFIX,
    MAX_INTERVAL_S,
    SMARTYREADER_TOPIC,
    Format,
    default_topic,
)
from ...lib.publish.topics import is_topic
from ...user_requests.request_fields import SchemaFields
from ..form_errors import FieldError, FormErrors
from ..shared_form_fields import list_field, switches, whole_number_field
from .options_page import section_page

LOCAL_ADDRESS = "127.0.0.1"
_ADDRESSES = (LOCAL_ADDRESS, "0.0.0.0", EVERY_ADDRESS)  # noqa: S104 - a choice
# First port to suggest. The examples in ser2net's documentation begin with this port, too.
FIRST_PORT = 2001
MQTT_DOMAIN = "mqtt"


class Defaults(NamedTuple):
    """Suggested port and suggested topics of a meter. No other meter uses them."""

    port: int
    topic: str
    smartyreader_topic: str


def defaults(hass: HomeAssistant, entry: AnyConfigEntry) -> Defaults:
    """Return a port and topics that no other meter uses, as suggestions."""
    others = others_of(hass, entry)
    ports = {options.get(CONF_LISTEN_PORT) for options in sections_of(others, SECTION_P1_SERVER)}
    topics = {options.get(CONF_TOPIC) for options in sections_of(others, SECTION_MQTT)}
    smartyreader_topics = (
        f"{SMARTYREADER_TOPIC}{number if number > 1 else ''}" for number in count(1)
    )
    return Defaults(
        port=next(port for port in count(FIRST_PORT) if port not in ports),
        topic=default_topic(entry.unique_id),
        smartyreader_topic=next(topic for topic in smartyreader_topics if topic not in topics),
    )


def _p1_server_fields(hass: HomeAssistant, entry: AnyConfigEntry) -> SchemaFields:
    port = defaults(hass, entry).port
    return {
        **switches(CONF_ENABLED),
        vol.Required(CONF_LISTEN_ADDRESS, default=LOCAL_ADDRESS): list_field(
            ((address, address) for address in _ADDRESSES), takes_any=True
        ),
        vol.Required(CONF_LISTEN_PORT, default=port): whole_number_field(MAX_PORT, minimum=1),
    }


def _mqtt_fields(_hass: HomeAssistant, _entry: AnyConfigEntry) -> SchemaFields:
    return {
        **switches(CONF_ENABLED),
        vol.Required(CONF_FORMAT, default=Format.VALUES.value): SelectSelector(
            SelectSelectorConfig(
                options=[format_.value for format_ in Format], translation_key="mqtt_format"
            )
        ),
        vol.Optional(CONF_TOPIC): TextSelector(),
        **switches(CONF_RETAIN),
        vol.Required(CONF_MIN_INTERVAL, default=0): whole_number_field(MAX_INTERVAL_S, "s"),
        **switches(CONF_DISCOVERY),
        vol.Required(CONF_DISCOVERY_PREFIX, default=DEFAULT_PREFIX): TextSelector(),
    }


async def _async_read_p1_server(
    hass: HomeAssistant, entry: AnyConfigEntry, typed: JsonMapping, errors: FormErrors
) -> JsonDict:
    """Return the options of the P1 server to store. Raises FieldError for an invalid address."""
    address, port = typed[CONF_LISTEN_ADDRESS].strip(), int(typed[CONF_LISTEN_PORT])
    if typed[CONF_ENABLED]:
        for options in sections_of(others_of(hass, entry), SECTION_P1_SERVER):
            if options[CONF_LISTEN_PORT] == port:
                errors.refuse(CONF_LISTEN_PORT, "p1_port_in_use")
        # If this meter's own server already listens at the port, another server cannot listen
        # there. So do not test this port, but a free port (0) at the same address.
        await async_try_to_listen(address, 0 if errors.errors or _serves(entry, port) else port)
    return {**typed, CONF_LISTEN_ADDRESS: address, CONF_LISTEN_PORT: port}


async def _async_read_mqtt(
    hass: HomeAssistant, entry: AnyConfigEntry, typed: JsonMapping, errors: FormErrors
) -> JsonDict:
    """Return the MQTT options that are to be stored. Add an error for each invalid value."""
    topic = _topic_of(hass, entry, typed)
    prefix = typed[CONF_DISCOVERY_PREFIX].strip().strip("/")
    if typed[CONF_ENABLED]:
        _check_mqtt(hass, entry, topic, prefix, errors)
    return {**typed, CONF_TOPIC: topic, CONF_DISCOVERY_PREFIX: prefix}


def _topic_of(hass: HomeAssistant, entry: AnyConfigEntry, typed: JsonMapping) -> str:
    """Return the entered root topic, or the suggested topic of the chosen format.

    The suggested topic is returned if the user entered no topic. It is also returned if the format
    has changed and the topic is still the suggested topic of the other format.
    """
    suggested = defaults(hass, entry)
    topic: str = typed.get(CONF_TOPIC, "").strip().strip("/")
    if typed[CONF_FORMAT] == Format.SMARTYREADER:
        return suggested.smartyreader_topic if topic in {"", suggested.topic} else topic
    return suggested.topic if topic in {"", _former_smartyreader_topic(entry)} else topic


def _check_mqtt(
    hass: HomeAssistant, entry: AnyConfigEntry, topic: str, prefix: str, errors: FormErrors
) -> None:
    """Add an error for a malformed topic or prefix, for a topic in use, and without MQTT."""
    if not hass.config_entries.async_has_entries(
        MQTT_DOMAIN, include_ignore=False, include_disabled=False
    ):
        errors.refuse(CONF_ENABLED, "mqtt_not_set_up")
    if not is_topic(topic):
        errors.refuse(CONF_TOPIC, "mqtt_topic_malformed")
    if not is_topic(prefix):
        errors.refuse(CONF_DISCOVERY_PREFIX, "mqtt_prefix_malformed")
    others = sections_of(others_of(hass, entry), SECTION_MQTT)
    if any(options[CONF_TOPIC] == topic for options in others):
        errors.refuse(CONF_TOPIC, "mqtt_topic_in_use")


def _former_smartyreader_topic(entry: AnyConfigEntry) -> str | None:
    """Return the stored root topic if it was the suggested topic of the SmartyReader format.

    Otherwise return None.
    """
    for options in sections_of([entry], SECTION_MQTT):
        topic: str = options[CONF_TOPIC]
        if options[CONF_FORMAT] == Format.SMARTYREADER and topic.startswith(SMARTYREADER_TOPIC):
            return topic
    return None


def others_of(hass: HomeAssistant, entry: AnyConfigEntry) -> list[AnyConfigEntry]:
    """Return all enabled entries of this integration except `entry`."""
    return [other for other in active_meters(hass) if other is not entry]


def sections_of(entries: Iterable[AnyConfigEntry], section: str) -> list[JsonMapping]:
    """Return the options in `section` of all entries in which this section is enabled."""
    sections = (entry.options.get(section, {}) for entry in entries)
    return [options for options in sections if options.get(CONF_ENABLED)]


def _serves(entry: AnyConfigEntry, port: int) -> bool:
    own = sections_of([entry], SECTION_P1_SERVER)
    is_running = entry.state is ConfigEntryState.LOADED
    return is_running and any(options[CONF_LISTEN_PORT] == port for options in own)


_LISTEN_ERRORS = {
    errno.EADDRINUSE: (CONF_LISTEN_PORT, "p1_port_in_use"),
    errno.EACCES: (CONF_LISTEN_PORT, "p1_port_forbidden"),
}


async def async_try_to_listen(address: str, port: int) -> None:
    """Listen at a port for a moment, to test the port. 0 means any free port.

    Raises FieldError if listening is impossible, or if `address` is no IP address.
    """
    try:
        ip_address(address)
        # Only occupy the port for the test, and accept no clients. A connected client would keep
        # the port occupied.
        server = await listen(asyncio.Protocol, address, port, is_serving=False)
    except OSError as err:
        unusable = CONF_LISTEN_ADDRESS, "p1_address_unusable"
        raise FieldError(*_LISTEN_ERRORS.get(err.errno or 0, unusable)) from None
    except ValueError:  # also a UnicodeError, for the zone of an IPv6 address
        raise FieldError(CONF_LISTEN_ADDRESS, "p1_address_malformed") from None
    server.close()


P1_SERVER = section_page(SECTION_P1_SERVER, _p1_server_fields, _async_read_p1_server)
MQTT = section_page(SECTION_MQTT, _mqtt_fields, _async_read_mqtt)
