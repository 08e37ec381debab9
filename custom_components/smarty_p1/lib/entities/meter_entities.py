"""Tables of all entities of an electricity meter, for platforms, publishers and pages."""

from collections.abc import Mapping

from ..meter.meter_reader import Reading
from .entity_description import EntitySpec, MeterSensorSpec
from .events import DISTURBANCE, EVENTS
from .leneda_and_sharing_sensors import SHARING_SENSORS
from .meter_sensors import SENSORS
from .quarter_hour_power_sensors import BINARY_SENSORS, DEMAND_SENSORS
from .tariff_sensors import TARIFF_SENSORS

METER_SENSORS: tuple[MeterSensorSpec, ...] = (
    *SENSORS,
    *DEMAND_SENSORS,
    *TARIFF_SENSORS,
    *SHARING_SENSORS,
)
METER_ENTITIES: Mapping[str, tuple[EntitySpec[Reading], ...]] = {
    "sensor": METER_SENSORS,
    "binary_sensor": BINARY_SENSORS,
    "event": (*EVENTS, DISTURBANCE),
}
"""Entities with values of a reading, by platform. `STATUS_SENSORS` need no reading."""
