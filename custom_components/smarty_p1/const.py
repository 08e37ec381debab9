"""Constants of the integration."""

import logging

DOMAIN = "smarty_p1"
LOGGER = logging.getLogger(__package__)

# Kind of an entry. An entry without this field is a meter that is read at a port.
CONF_KIND = "kind"
KIND_METER = "meter"
KIND_LENEDA = "leneda"
KIND_ENTITIES = "entities"
KIND_PULSE = "pulse"
KIND_TANK = "tank"
# Part of the ids of a meter's statistics. It is made once, and then kept.
CONF_STATISTICS_KEY = "statistics_key"

CONF_ENCRYPTION_KEY = "encryption_key"
CONF_AUTHENTICATION_KEY = "authentication_key"
CONF_VERIFY = "verify"
CONF_SERVICE = "service"
CONF_WITHOUT_VERIFICATION = "without_verification"
CONF_REMOVE_KEY = "remove_key"
CONF_COUNTER_RESET = "counter_reset"
SECTION_ADVANCED = "advanced"

# Subentries with a load, and their fields. An energy counts until each deadline of the load. A load
# without a kind is a car.
SUBENTRY_LOAD = "load"
CONF_LOAD_KIND = "kind"
LOAD_CAR = "car"
LOAD_APPLIANCE = "appliance"
LOAD_PAUSING = "pausing"
CONF_DEVICE = "device"
SECTION_MORE = "more"
SECTION_CONTROL = "control"
SECTION_LIMIT = "limit"
CONF_LOAD_KWH = "kwh"
CONF_ENERGY_FROM = "energy_from"
CONF_CAPACITY = "capacity_kwh"
CONF_TARGET = "target"
CONF_LOAD_HOURS = "hours"
CONF_LOAD_MAX_KW = "max_kw"
CONF_LOAD_MIN_KW = "min_kw"
CONF_BY = "by"
CONF_BY_WORKDAYS = "by_workdays"
CONF_BY_WEEKEND = "by_weekend"
CONF_CONNECTED = "connected"
CONF_READY = "ready"
CONF_BLOCKED_BY = "blocked_by"
CONF_BLOCKED_WHEN = "blocked_when"
CONF_LIMITED_TO = "limited_to"
CONF_LIMIT_SHARED = "limit_shared"
CONF_PLAN_DECIDES = "plan_decides"
CONF_MEASURED_BY = "measured_by"
CONF_CHARGED_HERE = "charged_here"
CONF_ANSWERED_ON = "answered_on"
CONF_SWITCHED_BY = "switched_by"
CONF_STOPPED_BY = "stopped_by"
CONF_SHOWN_BY = "shown_by"
CONF_ON_WHEN = "on_when"
CONF_OFF_WHEN = "off_when"
CONF_SHOWN_WHEN = "shown_when"
CONF_CONNECTED_WHEN = "connected_when"
CONF_POWER_SET_BY = "power_set_by"
CONF_PHASES = "phases"
CONF_MIN_MINUTES = "min_minutes"
# Subentry with the battery of the house, and its fields.
SUBENTRY_BATTERY = "battery"
CONF_CHARGE = "charge"
CONF_DISCHARGE_SET_BY = "discharge_set_by"
CONF_CHARGE_KW = "charge_kw"
CONF_DISCHARGE_KW = "discharge_kw"
CONF_EFFICIENCY = "efficiency"
CONF_CHARGES_FROM_GRID = "charges_from_grid"
CONF_POSITIVE_CHARGES = "positive_charges"
CONF_MODE_SET_BY = "mode_set_by"
CONF_MODE_CONTROLLED = "mode_controlled"
CONF_MODE_OTHERWISE = "mode_otherwise"
# Power of the house in kW above which no load is planned. Without this option, costs alone decide.
CONF_NEVER_ABOVE = "never_above_kw"

# Contracts with the terms below. Each holds from its day CONF_SINCE on. Only one may lack a day: it
# holds from the beginning.
CONF_CONTRACTS = "contracts"
CONF_SINCE = "since"
CONF_AIDS = "aids"
# Calendar year for which the user accepts that bills use the network prices of an earlier year.
CONF_PRICES_CONFIRMED = "prices_confirmed"
CONF_MIN_INTERVAL = "min_interval"
CONF_GAS_KWH_PER_M3 = "gas_kwh_per_m3"
# Prices of gas. Each holds from its day CONF_SINCE on. Only one may lack a day: it holds from the
# beginning.
CONF_GAS_PRICES = "gas_prices"
CONF_GAS_PRICE = "gas_price"
CONF_GAS_FIXED_PRICE = "gas_fixed_price"
# Statistic ids of the solar and battery sources that supply the house, as the user has chosen them.
# If this option is missing and Home Assistant has only one meter, all sources supply the house.
CONF_SUN_SOURCES = "sun_sources"
# Statistic ids of the devices of the house, as the user of several meters has chosen them. If Home
# Assistant has only one meter, all devices of the Energy dashboard belong to its house.
CONF_HOUSE_DEVICES = "house_devices"
# Ids of the entity registry by ids of the Energy dashboard: those of the chosen statistics, and of
# renamed entities. The dashboard keeps the old id of a renamed entity.
CONF_REGISTRY_IDS = "registry_ids"
# Goal for the cost of a month: LAST_YEAR, or EUR. Without this option, there is no goal.
CONF_GOAL = "goal"
# Messages to the household: the kinds that are switched on, the notify entities that receive them
# (without one, Home Assistant shows them), and the quiet hours.
SECTION_MESSAGES = "messages"
CONF_KINDS = "kinds"
CONF_RECIPIENTS = "recipients"
CONF_QUIET_FROM = "quiet_from"
CONF_QUIET_UNTIL = "quiet_until"

SECTION_P1_SERVER = "p1_server"
SECTION_MQTT = "mqtt"
SECTION_VIRTUAL = "virtual_meter"
CONF_ENABLED = "enabled"
CONF_LISTEN_ADDRESS = "address"
CONF_LISTEN_PORT = "port"
CONF_TOPIC = "topic"
CONF_FORMAT = "format"
CONF_RETAIN = "retain"
CONF_DISCOVERY = "discovery"
CONF_DISCOVERY_PREFIX = "discovery_prefix"

# Serial number of the virtual meter. It is chosen at random once, and then kept.
CONF_SERIAL = "serial"
CONF_SHOWN_AS = "shown_as"
SHOWN_AS_BOTH = "both"
CONF_BATTERIES = "batteries"
# Addresses of clients of the virtual meter. The user has said that these clients are not batteries.
CONF_NO_BATTERIES = "no_batteries"
CONF_UDP_PORTS = "udp_ports"
CONF_SILENT = "silent"
CONF_SHOWS_TELEGRAM = "shows_telegram"
CONF_ANNOUNCED = "announced"

# Switches of the set-up dialog. CONF_FILL_ENERGY is removed from the options once the Energy
# dashboard is set up.
CONF_SIDEBAR = "sidebar"
CONF_FILL_ENERGY = "fill_energy"

# Account at Leneda, the national platform. CONF_API_KEY holds the account's API key.
SECTION_LENEDA = "leneda"
CONF_ENERGY_ID = "energy_id"
CONF_CONSUMPTION_POINT = "consumption_point"
CONF_PRODUCTION_POINT = "production_point"
CONF_GAS_POINT = "gas_point"

CONF_BAUD_RATE = "baud_rate"
CONF_PULSES_PER_KWH = "pulses_per_kwh"
# Count of pulses that the source had during the set-up, and the time of this count. The pulse
# reader continues from this count.
CONF_FIRST_COUNT = "first_count"
CONF_FIRST_COUNT_AT = "first_count_at"
# Unique ids that a pulse reader had before its entity was renamed. A file of that time has them.
CONF_FORMER_SOURCES = "former_sources"
# Form of the messages of a pulse board: the part that is counted, and its path in a JSON message.
# Entries from before this choice existed lack it: each JSON message then counts as one pulse.
CONF_MESSAGE = "message"
CONF_PATH = "path"
CONF_METER_READING = "meter_reading"

CONF_DISTANCE_EMPTY = "distance_empty"
CONF_DISTANCE_FULL = "distance_full"
CONF_VOLUME = "volume"
CONF_SHAPE = "shape"

DOCUMENTATION_URL = "https://github.com/smarty-p1/smarty_p1"
