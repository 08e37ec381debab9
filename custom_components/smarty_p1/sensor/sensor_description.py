"""The description of every sensor: those of the meter, of its M-Bus meters, and of the boards."""

from dataclasses import dataclass

from homeassistant.components.sensor import SensorEntityDescription

from ..entity import Described


@dataclass(frozen=True, kw_only=True)
class DescribedSensor[D](Described[D], SensorEntityDescription):
    """A sensor, and what it shows of `D`."""
