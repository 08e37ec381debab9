"""The sensors about the quarter-hours that the grid tariff is about."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfPower
from homeassistant.util import dt as dt_util

from ..const import CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE
from ..lib.meter import Demand, QuarterHour, Reading
from .sensor_description import DescribedSensor

type Attributes = dict[str, str | None]


def measured_since[T](value_fn: Callable[[Demand], T | None]) -> Callable[[Reading], Attributes]:
    """Return what returns since when a value of the running quarter-hour is measured."""

    def attributes(reading: Reading) -> Attributes:
        demand = reading.demand
        if demand is None or value_fn(demand) is None:
            return {"measured_since": None}
        return {"measured_since": _local_text(demand.measured_since)}

    return attributes


def _local_text(time: datetime) -> str:
    # As times, the two hours from 2 to 3 of October are equal, and the first would stay.
    return dt_util.as_local(time).isoformat()


def _month_start(reading: Reading) -> datetime | None:
    return reading.demand.month_start if reading.demand else None


def _power(
    key: str,
    value_fn: Callable[[Demand], float | None],
    attributes_fn: Callable[[Reading], Attributes] | None = None,
    *needed_options: str,
    enabled: bool = True,
) -> DescribedSensor[Reading]:
    return DescribedSensor(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=3,
        entity_registry_enabled_default=enabled,
        value_fn=lambda reading: reading.demand and value_fn(reading.demand),
        attributes_fn=attributes_fn or measured_since(value_fn),
        needed_options=needed_options,
    )


def _mean_power(
    key: str, quarter_fn: Callable[[Demand], QuarterHour | None]
) -> DescribedSensor[Reading]:
    """Describe the mean power of a complete quarter-hour."""

    def mean(demand: Demand) -> float | None:
        quarter = quarter_fn(demand)
        return quarter.mean_kw if quarter else None

    def start(reading: Reading) -> Attributes:
        quarter = reading.demand and quarter_fn(reading.demand)
        return {"start": _local_text(quarter.start) if quarter else None}

    return _power(key, mean, start)


DEMAND_SENSORS: tuple[DescribedSensor[Reading], ...] = (
    _power("demand_running", lambda demand: demand.running_kw),
    _power("demand_projected", lambda demand: demand.projected_kw, enabled=False),
    _mean_power("demand_last", lambda demand: demand.last_quarter),
    _mean_power("demand_peak", lambda demand: demand.peak),
    _power("demand_available", lambda demand: demand.available_kw, None, CONF_REFERENCE_POWER),
    DescribedSensor(
        key="demand_excess_energy",
        translation_key="demand_excess_energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        value_fn=lambda reading: reading.demand and reading.demand.excess_kwh,
        last_reset_fn=_month_start,
        needed_options=(CONF_REFERENCE_POWER,),
    ),
    DescribedSensor(
        key="demand_excess_cost",
        translation_key="demand_excess_cost",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=lambda reading: reading.demand and reading.demand.excess_cost,
        last_reset_fn=_month_start,
        # A price without a reference power has nothing to multiply.
        needed_options=(CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE),
    ),
)
