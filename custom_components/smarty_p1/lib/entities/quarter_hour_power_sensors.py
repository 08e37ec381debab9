"""Sensors for the mean power of quarter-hours, on which the grid tariff is based."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..history.quarter_hour import QuarterHour
from ..history.quarter_hour_values import QuarterHourValues
from ..json_types import JsonDict, JsonMapping
from ..meter.meter_reader import Reading
from .deadband import as_allowance, in_steps
from .entity_description import (
    KILOWATT,
    KILOWATT_HOUR,
    MEASUREMENT,
    TOTAL,
    BinarySensorSpec,
    MeterSensorSpec,
    SensorSpec,
)

# Key of the reference power in a meter's options.
REFERENCE_POWER = "reference_power"

MEASURED_SINCE = "measured_since"
# Attribute with the available power without its upper limit. Shortly before the end of the
# quarter-hour, this power may be far above the reference power.
UNTIL_QUARTER_HOUR_ENDS = "until_quarter_hour_ends"
_DECIMALS = 3
# Decimals of values that change with every telegram. With more decimals, the sensor would change
# more often and fill the database.
_RUNNING_DECIMALS = 2


def measured_since[T](
    value_fn: Callable[[QuarterHourValues], T | None],
) -> Callable[[Reading], JsonDict]:
    """Return a function that returns the attribute MEASURED_SINCE for a reading.

    The attribute is the time at which the measurement of the running quarter-hour began. It is None
    if the reading has no demand, or if `value_fn` returns None for it.
    """

    def attributes(reading: Reading) -> JsonDict:
        demand = reading.demand
        if demand is None or value_fn(demand) is None:
            return {MEASURED_SINCE: None}
        return {MEASURED_SINCE: demand.measured_since}

    return attributes


def quarter_hour_attributes(quarter: QuarterHour | None) -> JsonDict:
    """Return the attributes of a sensor that shows the power of `quarter`.

    The attribute "start" is the start of the quarter-hour. It is None if `quarter` is None. If the
    quarter-hour comes from the platform Leneda, the attribute "origin" is its `Origin`.
    """
    if quarter is None:
        return {"start": None}
    origin = {"origin": quarter.origin.value} if quarter.origin else {}
    return {"start": quarter.start, **origin}


def start_of_totals(reading: Reading) -> datetime | None:
    """Return the start of the month to which the sensors' totals belong.

    Return None if the reading has no demand.
    """
    return reading.demand.month_start if reading.demand else None


def _power(
    key: str,
    value_fn: Callable[[QuarterHourValues], float | None],
    attributes_fn: Callable[[Reading], JsonMapping],
    *needed_options: str,
    decimals: int = _DECIMALS,
    state_class: str | None = MEASUREMENT,
    **details: Any,  # noqa: ANN401 - fields of SensorSpec
) -> MeterSensorSpec:
    return SensorSpec(
        key=key,
        device_class="power",
        state_class=state_class,
        native_unit_of_measurement=KILOWATT,
        suggested_display_precision=decimals,
        value_fn=lambda reading: reading.demand and value_fn(reading.demand),
        attributes_fn=attributes_fn,
        needed_options=needed_options,
        **details,
    )


def _running_power(
    key: str,
    value_fn: Callable[[QuarterHourValues], float | None],
    *needed_options: str,
    **details: Any,  # noqa: ANN401 - fields of SensorSpec
) -> MeterSensorSpec:
    """Return the description of a power sensor for the running quarter-hour."""

    def rounded(demand: QuarterHourValues) -> float | None:
        power = value_fn(demand)
        return None if power is None else round(power, _RUNNING_DECIMALS)

    return _power(
        key,
        rounded,
        measured_since(value_fn),
        *needed_options,
        decimals=_RUNNING_DECIMALS,
        **details,
    )


def mean_power(
    key: str,
    quarter_fn: Callable[[QuarterHourValues], QuarterHour | None],
    attributes_fn: Callable[[Reading], JsonMapping] | None = None,
    *,
    enabled: bool = True,
    needs_household: bool = False,
) -> MeterSensorSpec:
    """Return the description of a sensor for the mean power of a complete quarter-hour.

    `quarter_fn` returns this quarter-hour.
    """

    def mean(demand: QuarterHourValues) -> float | None:
        quarter = quarter_fn(demand)
        return quarter.mean_kw if quarter else None

    def attributes(reading: Reading) -> JsonDict:
        demand = reading.demand
        return quarter_hour_attributes(None if demand is None else quarter_fn(demand))

    return _power(
        key,
        mean,
        attributes_fn or attributes,
        entity_registry_enabled_default=enabled,
        needs_household=needs_household,
    )


def _available(demand: QuarterHourValues) -> float | None:
    return demand.available_kw


def _reference(reading: Reading) -> float | None:
    return reading.demand.reference_kw if reading.demand else None


DEMAND_SENSORS: tuple[MeterSensorSpec, ...] = (
    _running_power("demand_running", lambda demand: demand.running_kw, follow=in_steps(0.05)),
    _running_power(
        "demand_projected",
        lambda demand: demand.projected_kw,
        state_class=None,  # so that Home Assistant keeps no statistics of a forecast
        entity_registry_enabled_default=False,
    ),
    mean_power("demand_last", lambda demand: demand.last_quarter),
    mean_power("demand_peak", lambda demand: demand.peak),
    _power(
        "demand_available",
        _available,
        measured_since(_available),
        REFERENCE_POWER,
        decimals=1,
        follow=as_allowance(0.1, share=0.05),
        limit_fn=_reference,
    ),
    SensorSpec(
        key="demand_excess_energy",
        device_class="energy",
        state_class=TOTAL,
        native_unit_of_measurement=KILOWATT_HOUR,
        suggested_display_precision=_DECIMALS,
        value_fn=lambda reading: reading.demand and reading.demand.excess_kwh,
        last_reset_fn=start_of_totals,
        needed_options=(REFERENCE_POWER,),
    ),
)

BINARY_SENSORS = (
    BinarySensorSpec(
        key="demand_will_exceed",
        device_class="problem",
        value_fn=lambda reading: reading.demand and reading.demand.will_exceed,
        attributes_fn=measured_since(lambda demand: demand.will_exceed),
        needed_options=(REFERENCE_POWER,),
    ),
)
