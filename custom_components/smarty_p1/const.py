"""Constants of the integration."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "smarty_p1"
PLATFORMS: Final = (Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR)
LOGGER: Final = logging.getLogger(__package__)

CONF_ENCRYPTION_KEY: Final = "encryption_key"
CONF_AUTHENTICATION_KEY: Final = "authentication_key"
CONF_VERIFY: Final = "verify"
CONF_SERVICE: Final = "service"
CONF_WITHOUT_VERIFICATION: Final = "without_verification"
CONF_REMOVE_KEY: Final = "remove_key"
SECTION_ADVANCED: Final = "advanced"

CONF_REFERENCE_POWER: Final = "reference_power"
CONF_SURCHARGE_PRICE: Final = "surcharge_price"
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

DOCUMENTATION_URL: Final = "https://github.com/smarty-p1/smarty_p1"
