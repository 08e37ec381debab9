"""Constants of the integration."""

import logging
from typing import Final

DOMAIN: Final = "smarty_p1"
LOGGER: Final = logging.getLogger(__package__)

# Kind of an entry. An entry without this field is a meter that is read at a port.
CONF_KIND: Final = "kind"
KIND_METER: Final = "meter"
KIND_LENEDA: Final = "leneda"
KIND_ENTITIES: Final = "entities"
KIND_PULSE: Final = "pulse"
KIND_TANK: Final = "tank"
# Part of the ids of a meter's statistics. It is made once, and then kept.
CONF_STATISTICS_KEY: Final = "statistics_key"

CONF_ENCRYPTION_KEY: Final = "encryption_key"
CONF_AUTHENTICATION_KEY: Final = "authentication_key"
CONF_VERIFY: Final = "verify"
CONF_SERVICE: Final = "service"
CONF_WITHOUT_VERIFICATION: Final = "without_verification"
CONF_REMOVE_KEY: Final = "remove_key"
CONF_COUNTER_RESET: Final = "counter_reset"
SECTION_ADVANCED: Final = "advanced"

# Subentries with a load, and their fields. An energy counts until each deadline of the load. A load
# without a kind is a car.
SUBENTRY_LOAD: Final = "load"
CONF_LOAD_KIND: Final = "kind"
LOAD_CAR: Final = "car"
LOAD_APPLIANCE: Final = "appliance"
LOAD_PAUSING: Final = "pausing"
CONF_DEVICE: Final = "device"
SECTION_MORE: Final = "more"
SECTION_CONTROL: Final = "control"
SECTION_LIMIT: Final = "limit"
CONF_LOAD_KWH: Final = "kwh"
CONF_ENERGY_FROM: Final = "energy_from"
CONF_CAPACITY: Final = "capacity_kwh"
CONF_TARGET: Final = "target"
CONF_LOAD_HOURS: Final = "hours"
CONF_LOAD_MAX_KW: Final = "max_kw"
CONF_LOAD_MIN_KW: Final = "min_kw"
CONF_BY: Final = "by"
CONF_BY_WORKDAYS: Final = "by_workdays"
CONF_BY_WEEKEND: Final = "by_weekend"
CONF_CONNECTED: Final = "connected"
CONF_READY: Final = "ready"
CONF_BLOCKED_BY: Final = "blocked_by"
CONF_BLOCKED_WHEN: Final = "blocked_when"
CONF_LIMITED_TO: Final = "limited_to"
CONF_LIMIT_SHARED: Final = "limit_shared"
CONF_PLAN_DECIDES: Final = "plan_decides"
CONF_MEASURED_BY: Final = "measured_by"
CONF_CHARGED_HERE: Final = "charged_here"
CONF_ANSWERED_ON: Final = "answered_on"
CONF_SWITCHED_BY: Final = "switched_by"
CONF_STOPPED_BY: Final = "stopped_by"
CONF_SHOWN_BY: Final = "shown_by"
CONF_ON_WHEN: Final = "on_when"
CONF_OFF_WHEN: Final = "off_when"
CONF_SHOWN_WHEN: Final = "shown_when"
CONF_CONNECTED_WHEN: Final = "connected_when"
CONF_POWER_SET_BY: Final = "power_set_by"
CONF_PHASES: Final = "phases"
CONF_MIN_MINUTES: Final = "min_minutes"
# Subentry with the battery of the house, and its fields.
SUBENTRY_BATTERY: Final = "battery"
CONF_CHARGE: Final = "charge"
CONF_DISCHARGE_SET_BY: Final = "discharge_set_by"
CONF_CHARGE_KW: Final = "charge_kw"
CONF_DISCHARGE_KW: Final = "discharge_kw"
CONF_EFFICIENCY: Final = "efficiency"
CONF_CHARGES_FROM_GRID: Final = "charges_from_grid"
CONF_POSITIVE_CHARGES: Final = "positive_charges"
CONF_MODE_SET_BY: Final = "mode_set_by"
CONF_MODE_CONTROLLED: Final = "mode_controlled"
CONF_MODE_OTHERWISE: Final = "mode_otherwise"
# Power of the house in kW above which no load is planned. Without this option, costs alone decide.
CONF_NEVER_ABOVE: Final = "never_above_kw"

# Contracts with the terms below. Each holds from its day CONF_SINCE on. Only one may lack a day: it
# holds from the beginning.
CONF_CONTRACTS: Final = "contracts"
CONF_SINCE: Final = "since"
CONF_REFERENCE_POWER: Final = "reference_power"
CONF_SURCHARGE_PRICE: Final = "surcharge_price"
CONF_SURCHARGE_REPLACES_VARIABLE: Final = "surcharge_replaces_variable"
CONF_METER_AMPERE: Final = "meter_ampere"
CONF_VAT: Final = "vat"
CONF_ENERGY_PRICE: Final = "energy_price"
CONF_ENERGY_PRICE_ENTITY: Final = "energy_price_entity"
CONF_ENERGY_MARGIN: Final = "energy_margin"
CONF_ENERGY_FEE: Final = "energy_fee"
CONF_ENERGY_FEE_PER: Final = "energy_fee_per"
PER_YEAR: Final = "year"
CONF_DISCOUNT: Final = "discount"
CONF_SECOND_ENERGY_PRICE: Final = "second_energy_price"
CONF_SECOND_PRICE_FROM: Final = "second_price_from"
CONF_SECOND_PRICE_TO: Final = "second_price_to"
CONF_SECOND_PRICE_DAYS: Final = "second_price_days"
CONF_FEED_IN_PRICE: Final = "feed_in_price"
CONF_FEED_IN_PRICE_ENTITY: Final = "feed_in_price_entity"
CONF_FEED_IN_MARGIN: Final = "feed_in_margin"
CONF_NETWORK_FIXED_PRICE: Final = "network_fixed_price"
CONF_NETWORK_VARIABLE_PRICE: Final = "network_variable_price"
CONF_METER_FEE: Final = "meter_fee"
CONF_WITH_LEVIES: Final = "with_levies"
CONF_CONSUMER_CATEGORY: Final = "consumer_category"
CONF_AIDS: Final = "aids"
CONF_COMMUNITY_PRICE: Final = "community_price"
# Calendar year for which the user accepts that bills use the network prices of an earlier year.
CONF_PRICES_CONFIRMED: Final = "prices_confirmed"
SECTION_DYNAMIC_PRICE: Final = "dynamic_price"
SECTION_FEED_IN: Final = "feed_in"
SECTION_NETWORK_PRICES: Final = "network_prices"
SECTION_SECOND_PRICE: Final = "second_price"
SECTION_ENERGY_SHARING: Final = "energy_sharing"
SECTION_LEVIES: Final = "levies"
CONF_MIN_INTERVAL: Final = "min_interval"
CONF_GAS_KWH_PER_M3: Final = "gas_kwh_per_m3"
# Prices of gas. Each holds from its day CONF_SINCE on. Only one may lack a day: it holds from the
# beginning.
CONF_GAS_PRICES: Final = "gas_prices"
CONF_GAS_PRICE: Final = "gas_price"
CONF_GAS_FIXED_PRICE: Final = "gas_fixed_price"
# Statistic ids of the solar and battery sources that supply the house, as the user has chosen them.
# If this option is missing and Home Assistant has only one meter, all sources supply the house.
CONF_SUN_SOURCES: Final = "sun_sources"
# Statistic ids of the devices of the house, as the user of several meters has chosen them. If Home
# Assistant has only one meter, all devices of the Energy dashboard belong to its house.
CONF_HOUSE_DEVICES: Final = "house_devices"
# Ids of the entity registry by ids of the Energy dashboard: those of the chosen statistics, and of
# renamed entities. The dashboard keeps the old id of a renamed entity.
CONF_REGISTRY_IDS: Final = "registry_ids"
# Goal for the cost of a month: LAST_YEAR, or EUR. Without this option, there is no goal.
CONF_GOAL: Final = "goal"
# Messages to the household: the kinds that are switched on, the notify entities that receive them
# (without one, Home Assistant shows them), and the quiet hours.
SECTION_MESSAGES: Final = "messages"
CONF_KINDS: Final = "kinds"
CONF_RECIPIENTS: Final = "recipients"
CONF_QUIET_FROM: Final = "quiet_from"
CONF_QUIET_UNTIL: Final = "quiet_until"

SECTION_P1_SERVER: Final = "p1_server"
SECTION_MQTT: Final = "mqtt"
SECTION_VIRTUAL: Final = "virtual_meter"
CONF_ENABLED: Final = "enabled"
CONF_LISTEN_ADDRESS: Final = "address"
CONF_LISTEN_PORT: Final = "port"
EVERY_ADDRESS: Final = "::"
CONF_TOPIC: Final = "topic"
CONF_FORMAT: Final = "format"
CONF_RETAIN: Final = "retain"
CONF_DISCOVERY: Final = "discovery"
CONF_DISCOVERY_PREFIX: Final = "discovery_prefix"

# Serial number of the virtual meter. It is chosen at random once, and then kept.
CONF_SERIAL: Final = "serial"
CONF_SHOWN_AS: Final = "shown_as"
SHOWN_AS_BOTH: Final = "both"
CONF_BATTERIES: Final = "batteries"
# Addresses of clients of the virtual meter. The user has said that these clients are not batteries.
CONF_NO_BATTERIES: Final = "no_batteries"
CONF_UDP_PORTS: Final = "udp_ports"
CONF_SILENT: Final = "silent"
CONF_SHOWS_TELEGRAM: Final = "shows_telegram"
CONF_ANNOUNCED: Final = "announced"

# Switches of the set-up dialog. CONF_FILL_ENERGY is removed from the options once the Energy
# dashboard is set up.
CONF_SIDEBAR: Final = "sidebar"
CONF_FILL_ENERGY: Final = "fill_energy"

# Account at Leneda, the national platform. CONF_API_KEY holds the account's API key.
SECTION_LENEDA: Final = "leneda"
CONF_ENERGY_ID: Final = "energy_id"
CONF_CONSUMPTION_POINT: Final = "consumption_point"
CONF_PRODUCTION_POINT: Final = "production_point"
CONF_GAS_POINT: Final = "gas_point"

CONF_BAUD_RATE: Final = "baud_rate"
CONF_PULSES_PER_KWH: Final = "pulses_per_kwh"
# Count of pulses that the source had during the set-up, and the time of this count. The pulse
# reader continues from this count.
CONF_FIRST_COUNT: Final = "first_count"
CONF_FIRST_COUNT_AT: Final = "first_count_at"
# Unique ids that a pulse reader had before its entity was renamed. A file of that time has them.
CONF_FORMER_SOURCES: Final = "former_sources"
# Form of the messages of a pulse board: the part that is counted, and its path in a JSON message.
# Entries from before this choice existed lack it: each JSON message then counts as one pulse.
CONF_MESSAGE: Final = "message"
CONF_PATH: Final = "path"
CONF_METER_READING: Final = "meter_reading"

CONF_DISTANCE_EMPTY: Final = "distance_empty"
CONF_DISTANCE_FULL: Final = "distance_full"
CONF_VOLUME: Final = "volume"
CONF_SHAPE: Final = "shape"

DOCUMENTATION_URL: Final = "https://github.com/smarty-p1/smarty_p1"
