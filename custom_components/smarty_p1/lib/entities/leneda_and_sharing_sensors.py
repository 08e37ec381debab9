"""Sensors of meters without a cable, and sensors of energy sharing. The values are from Leneda.

Leneda, the national data platform, knows the values of a day only on the next day. So the sensors
of energy sharing show the last complete day. These sensors have no state class. With a state class,
Home Assistant would add the day's values to its statistics for the day on which they are shown,
which is a later day.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..history.luxembourg_time import local_day
from ..history.quarter_hour_values import NO_DAY_SUMS, DaySum, DaySums
from ..json_types import JsonMapping
from ..meter.meter_reader import Reading
from .entity_description import KILOWATT_HOUR, MeterSensorSpec, SensorSpec
from .meter_sensors import SENSORS
from .quarter_hour_power_sensors import DEMAND_SENSORS
from .tariff_sensors import TARIFF_SENSORS


def day_sums_of(reading: Reading) -> DaySums:
    """Return the day sums in a reading, keyed by Leneda's OBIS codes."""
    return reading.demand.day_sums if reading.demand else NO_DAY_SUMS


def _sensor(key: str, code: str) -> MeterSensorSpec:
    def of_day[T](value_fn: Callable[[DaySum], T], missing: T) -> Callable[[Reading], T]:
        def value(reading: Reading) -> T:
            day = day_sums_of(reading).get(code)
            return value_fn(day) if day else missing

        return value

    return SensorSpec(
        key=key,
        device_class="energy",
        native_unit_of_measurement=KILOWATT_HOUR,
        suggested_display_precision=3,
        entity_registry_enabled_default=False,
        exists_fn=lambda reading: code in day_sums_of(reading),
        value_fn=of_day(lambda day: day.kwh, None),
        attributes_fn=of_day(_attributes, {}),
        references=((code,),),
    )


def _attributes(day: DaySum) -> JsonMapping:
    date = local_day(day.start)
    return {"day": date.isoformat(), "quarter_hours": day.quarter_hours}


# Sensors with the OBIS codes of Leneda's series. A code's last digit is not always the layer of
# energy sharing: the code of layer 2 ends in 3, and the code of layer 3 ends in 2.
SHARING_SENSORS: tuple[MeterSensorSpec, ...] = (
    _sensor("sharing_covered_1", "1-65:1.29.1"),
    _sensor("sharing_covered_2", "1-65:1.29.3"),
    _sensor("sharing_covered_3", "1-65:1.29.2"),
    _sensor("sharing_covered_4", "1-65:1.29.4"),
    _sensor("sharing_remaining", "1-65:1.29.9"),
    _sensor("sharing_shared_1", "1-65:2.29.1"),
    _sensor("sharing_shared_2", "1-65:2.29.3"),
    _sensor("sharing_shared_3", "1-65:2.29.2"),
    _sensor("sharing_shared_4", "1-65:2.29.4"),
    _sensor("sharing_sold", "1-65:2.29.9"),
)


def _feeds_in(reading: Reading) -> bool:
    """Return whether the meter has exported energy in any known month."""
    return reading.money is not None and reading.money.has_exported


# These two sensors show the registers of a meter. Leneda does not know the registers, so the states
# of the sensors stay unknown. But Leneda's hourly energies are added to the sensors' statistics.
_COUNTED: Mapping[str, Callable[[Reading], bool]] = {
    "energy_imported": lambda _reading: True,
    "energy_exported": _feeds_in,
}
# Sensors of the present quarter-hour and the present prices. Leneda's newest values are of
# yesterday, so these sensors are left out.
_LIVE = {
    "demand_running",
    "demand_projected",
    "demand_last",
    "demand_available",
    "price_import",
    "price_export",
}

LENEDA_SENSORS: tuple[MeterSensorSpec, ...] = (
    *(replace(spec, exists_fn=_COUNTED[spec.key]) for spec in SENSORS if spec.key in _COUNTED),
    *(spec for spec in (*DEMAND_SENSORS, *TARIFF_SENSORS) if spec.key not in _LIVE),
    *SHARING_SENSORS,
)
