"""Constants of the integration."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "smarty_p1"
PLATFORMS: Final = (Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR)
LOGGER: Final = logging.getLogger(__package__)

# What an entry reads: a meter, unless its data says otherwise.
CONF_KIND: Final = "kind"
KIND_METER: Final = "meter"
KIND_PULSE: Final = "pulse"
KIND_TANK: Final = "tank"

CONF_ENCRYPTION_KEY: Final = "encryption_key"
CONF_AUTHENTICATION_KEY: Final = "authentication_key"
CONF_VERIFY: Final = "verify"
CONF_SERVICE: Final = "service"
CONF_WITHOUT_VERIFICATION: Final = "without_verification"
CONF_REMOVE_KEY: Final = "remove_key"
SECTION_ADVANCED: Final = "advanced"

CONF_REFERENCE_POWER: Final = "reference_power"
CONF_SURCHARGE_PRICE: Final = "surcharge_price"
CONF_SURCHARGE_PRICE_SINCE: Final = "surcharge_price_since"
CONF_MIN_INTERVAL: Final = "min_interval"

SECTION_P1_SERVER: Final = "p1_server"
SECTION_MQTT: Final = "mqtt"
CONF_ENABLED: Final = "enabled"
CONF_LISTEN_ADDRESS: Final = "address"
CONF_LISTEN_PORT: Final = "port"
EVERY_ADDRESS: Final = "::"
CONF_TOPIC: Final = "topic"
CONF_FORMAT: Final = "format"
CONF_RETAIN: Final = "retain"
CONF_DISCOVERY: Final = "discovery"
CONF_DISCOVERY_PREFIX: Final = "discovery_prefix"

CONF_BAUD_RATE: Final = "baud_rate"
CONF_PULSES_PER_KWH: Final = "pulses_per_kwh"
# The running count that the dialog has shown, and when: pulses count from there.
CONF_FIRST_COUNT: Final = "first_count"
CONF_FIRST_COUNT_AT: Final = "first_count_at"
CONF_METER_READING: Final = "meter_reading"

CONF_DISTANCE_EMPTY: Final = "distance_empty"
CONF_DISTANCE_FULL: Final = "distance_full"
CONF_VOLUME: Final = "volume"
CONF_SHAPE: Final = "shape"

DOCUMENTATION_URL: Final = "https://github.com/smarty-p1/smarty_p1"
