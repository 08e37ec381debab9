"""Tables that describe a meter's entities. An entity's value is computed from a reading.

Home Assistant's entities are made from the tables, and so are the entities that another Home
Assistant discovers by MQTT. A new sensor needs a line in a table, a name in every translation, and
an icon.
"""

from .deadband import DeadbandFilter, Follow, Shown, limited
from .devices import MBUS_MODEL, METER_MODEL, SHORT_SERIAL_SIZE, maker, short_serial
from .entity_description import (
    CURRENCY,
    BinarySensorSpec,
    EntitySpec,
    EventSpec,
    SensorSpec,
    are_sent,
    local_times,
)
from .events import ATTR_TEXT, DISTURBANCE, EVENT_MESSAGE, EVENTS, disturbances
from .leneda_and_sharing_sensors import LENEDA_SENSORS, SHARING_SENSORS, day_sums_of
from .mbus_sensors import INDEX, sensors_of_mbus_meter
from .meter_sensors import SENSORS, TEXT, VOLTAGE_LIMITS, sends_decimals
from .quarter_hour_power_sensors import (
    BINARY_SENSORS,
    DEMAND_SENSORS,
    MEASURED_SINCE,
    UNTIL_QUARTER_HOUR_ENDS,
)
from .reception_sensors import CONNECTION, RECEPTION_SENSORS
from .tariff_sensors import TARIFF_SENSORS, UNRECORDED_ATTRIBUTES

__all__ = [
    "ATTR_TEXT",
    "BINARY_SENSORS",
    "CONNECTION",
    "CURRENCY",
    "DEMAND_SENSORS",
    "DISTURBANCE",
    "EVENTS",
    "EVENT_MESSAGE",
    "INDEX",
    "LENEDA_SENSORS",
    "MBUS_MODEL",
    "MEASURED_SINCE",
    "METER_MODEL",
    "RECEPTION_SENSORS",
    "SENSORS",
    "SHARING_SENSORS",
    "SHORT_SERIAL_SIZE",
    "TARIFF_SENSORS",
    "TEXT",
    "UNRECORDED_ATTRIBUTES",
    "UNTIL_QUARTER_HOUR_ENDS",
    "VOLTAGE_LIMITS",
    "BinarySensorSpec",
    "DeadbandFilter",
    "EntitySpec",
    "EventSpec",
    "Follow",
    "SensorSpec",
    "Shown",
    "are_sent",
    "day_sums_of",
    "disturbances",
    "limited",
    "local_times",
    "maker",
    "sends_decimals",
    "sensors_of_mbus_meter",
    "short_serial",
]
