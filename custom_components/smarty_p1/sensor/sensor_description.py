"""Conversion of a SensorSpec to Home Assistant's sensor description."""

from typing import Any

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)

from ..entity import described_as
from ..lib.entities.entity_description import SensorSpec


def describe_sensor(sensor: SensorSpec[Any]) -> SensorEntityDescription:
    """Return Home Assistant's description of a sensor.

    Raises ValueError for a device class or state class that Home Assistant does not know.
    """
    device_class, state_class = sensor.device_class, sensor.state_class
    return described_as(
        SensorEntityDescription,
        sensor,
        device_class=SensorDeviceClass(device_class) if device_class else None,
        state_class=SensorStateClass(state_class) if state_class else None,
        native_unit_of_measurement=sensor.native_unit_of_measurement,
        suggested_display_precision=sensor.suggested_display_precision,
        options=None if sensor.options is None else list(sensor.options),
    )
