"""Sensors for the tariff: prices, costs of the current month, peaks, cheapest reference power."""

from collections.abc import Callable

from ..bill.demand_snapshot import Demand
from ..meter.meter_reader import Reading
from . import tariff_sensor_values as values
from .entity_description import (
    CURRENCY,
    KILOWATT,
    MEASUREMENT,
    TOTAL,
    NeededOption,
    SensorSpec,
)
from .quarter_hour_power_sensors import REFERENCE_POWER, Attributes, mean_power, month_start

UNRECORDED_ATTRIBUTES = frozenset({"classes", "months"})
"""Names of attributes that are too long to be stored with every state."""

_ENERGY_PRICE = ("energy_price", "energy_price_entity")
_FEED_IN_PRICE = ("feed_in_price", "feed_in_price_entity")


def _shown[T](value_fn: Callable[[Demand], T]) -> Callable[[Reading], T | None]:
    """Return a function that applies `value_fn` to the `Demand` in a reading.

    If the reading has no `Demand`, the function returns None.
    """
    return lambda reading: value_fn(reading.demand) if reading.demand else None


def _attributes(
    attributes_fn: Callable[[Demand], Attributes],
) -> Callable[[Reading], Attributes]:
    """Return a function that applies `attributes_fn` to the `Demand` in a reading.

    If the reading has no `Demand`, the function returns {}.
    """
    return lambda reading: attributes_fn(reading.demand) if reading.demand else {}


def _price(
    key: str,
    value_fn: Callable[[Demand], float | None],
    attributes_fn: Callable[[Demand], Attributes],
    needed: NeededOption,
) -> SensorSpec[Reading]:
    # Set no device class, because Home Assistant's class `monetary` is only for amounts of money,
    # and not for prices.
    return SensorSpec(
        key=key,
        state_class=MEASUREMENT,
        native_unit_of_measurement=f"{CURRENCY}/kWh",
        suggested_display_precision=4,
        value_fn=_shown(value_fn),
        attributes_fn=_attributes(attributes_fn),
        needed_options=(needed,),
    )


def _monetary(
    key: str,
    value_fn: Callable[[Demand], float | None],
    attributes_fn: Callable[[Demand], Attributes],
    *needed_options: NeededOption,
    enabled: bool = False,
) -> SensorSpec[Reading]:
    """Return the description of a sensor for an amount in EUR that grows during the month."""
    return SensorSpec(
        key=key,
        device_class="monetary",
        state_class=TOTAL,
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        entity_registry_enabled_default=enabled,
        value_fn=_shown(value_fn),
        attributes_fn=_attributes(attributes_fn),
        last_reset_fn=month_start,
        needed_options=needed_options,
    )


TARIFF_SENSORS: tuple[SensorSpec[Reading], ...] = (
    _price(
        "price_import",
        lambda demand: values.price(demand).imported,
        values.price_attributes,
        _ENERGY_PRICE,
    ),
    _price(
        "price_export", lambda demand: values.price(demand).exported, lambda _: {}, _FEED_IN_PRICE
    ),
    _monetary(
        "cost_energy",
        values.cost("energy", "levies"),
        values.energy_attributes,
        _ENERGY_PRICE,
    ),
    _monetary(
        "cost_network",
        values.cost("network"),
        values.cost_attributes("network"),
        REFERENCE_POWER,
    ),
    _monetary(
        "demand_excess_cost",
        values.surcharge,
        values.cost_attributes("surcharge"),
        REFERENCE_POWER,
        enabled=True,
    ),
    _monetary("feed_in", values.feed_in, values.feed_in_attributes, _FEED_IN_PRICE),
    _monetary(
        "cost_total",
        values.total,
        values.total_attributes,
        REFERENCE_POWER,
        _ENERGY_PRICE,
        enabled=True,
    ),
    # Set no state class. Then Home Assistant keeps no statistics of this amount, which is only an
    # estimate.
    SensorSpec(
        key="cost_month_end",
        device_class="monetary",
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        value_fn=_shown(values.month_end),
        attributes_fn=_attributes(values.month_end_attributes),
        needed_options=(REFERENCE_POWER, _ENERGY_PRICE),
    ),
    mean_power(
        "peak_last_month",
        values.peak_last_month,
        _attributes(values.peak_last_month_attributes),
        enabled=False,
    ),
    mean_power("peak_12_months", values.peak_12_months, enabled=False),
    SensorSpec(
        key="quarter_hours_above",
        state_class=TOTAL,
        entity_registry_enabled_default=False,
        value_fn=_shown(values.quarter_hours_above),
        attributes_fn=_attributes(values.measured_share),
        last_reset_fn=month_start,
        needed_options=(REFERENCE_POWER,),
    ),
    SensorSpec(
        key="cheapest_reference_power",
        device_class="power",
        native_unit_of_measurement=KILOWATT,
        suggested_display_precision=0,
        value_fn=_shown(values.cheapest),
        attributes_fn=_attributes(values.classes),
    ),
    # Without a state class, Home Assistant keeps no statistics. Statistics would add up these
    # amounts, but each amount is an estimate for a whole year.
    SensorSpec(
        key="saving_per_year",
        device_class="monetary",
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        value_fn=_shown(values.saving),
        attributes_fn=_attributes(values.compared_months),
        needed_options=(REFERENCE_POWER,),
    ),
)
