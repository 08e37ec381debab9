"""Sensors for energy sharing. They show the last complete day on the national platform Leneda.

Leneda's sums come a day late, so Home Assistant's statistics would assign them to the wrong day. So
the sensors have no state class.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..meter import Reading
from ..tariff import LUXEMBOURG, NO_DAY_SUMS, DaySum, DaySums
from .entity_description import KILOWATT_HOUR, SensorSpec


def day_sums_of(reading: Reading) -> DaySums:
    """Return the day sums in a reading, by Leneda's OBIS codes."""
    return reading.demand.day_sums if reading.demand else NO_DAY_SUMS


def _sensor(key: str, code: str) -> SensorSpec[Reading]:
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


def _attributes(day: DaySum) -> Mapping[str, Any]:
    date = day.start.astimezone(LUXEMBOURG).date()
    return {"day": date.isoformat(), "quarter_hours": day.quarter_hours}


# Sensors with the codes of the platform Leneda. The code's last digit is not always the layer of
# energy sharing: the code of layer 2 ends in 3, and the code of layer 3 ends in 2.
SHARING_SENSORS: tuple[SensorSpec[Reading], ...] = (
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
