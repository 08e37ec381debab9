"""Binary sensor that warns if the running quarter-hour will end above the reference power."""

from .entity_description import BinarySensorSpec
from .quarter_hour_power_sensors import REFERENCE_POWER, measured_since

BINARY_SENSORS = (
    BinarySensorSpec(
        key="demand_will_exceed",
        device_class="problem",
        value_fn=lambda reading: reading.demand and reading.demand.will_exceed,
        attributes_fn=measured_since(lambda demand: demand.will_exceed),
        needed_options=(REFERENCE_POWER,),
    ),
)
