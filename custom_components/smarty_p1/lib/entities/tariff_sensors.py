"""Sensors for the tariff: prices, costs of the current month, peaks, cheapest reference power."""

from operator import attrgetter
from typing import Any

from ..json_types import JsonMapping
from ..meter.meter_reader import Reading
from ..meter.money import MoneyValue
from .entity_description import (
    CURRENCY,
    KILOWATT,
    MEASUREMENT,
    TOTAL,
    MeterSensorSpec,
    NeededOption,
    SensorSpec,
)
from .quarter_hour_power_sensors import (
    REFERENCE_POWER,
    mean_power,
    quarter_hour_attributes,
    start_of_totals,
)

UNRECORDED_ATTRIBUTES = frozenset({"classes", "months"})
"""Names of attributes that are too long to be stored with every state."""

_ENERGY_PRICE = ("energy_price", "energy_price_entity")
_FEED_IN_PRICE = ("feed_in_price", "feed_in_price_entity")
_UNKNOWN = MoneyValue()


def _of_money(key: str, **details: Any) -> MeterSensorSpec:  # noqa: ANN401 - fields of SensorSpec
    """Return the description of a sensor for the field `key` of the reading's money."""
    amount_of = attrgetter(key)

    def amount(reading: Reading) -> MoneyValue:
        found: MoneyValue = amount_of(reading.money) if reading.money else _UNKNOWN
        return found

    return SensorSpec(
        key=key,
        value_fn=lambda reading: amount(reading).value,
        attributes_fn=lambda reading: amount(reading).attributes,
        outlives_readings_fn=lambda reading: amount(reading).is_of_contract,
        needs_household=True,
        **details,
    )


def _price(key: str, needed: NeededOption) -> MeterSensorSpec:
    # Set no device class, because Home Assistant's class `monetary` is only for amounts of money,
    # and not for prices.
    return _of_money(
        key,
        state_class=MEASUREMENT,
        native_unit_of_measurement=f"{CURRENCY}/kWh",
        suggested_display_precision=4,
        needed_options=(needed,),
    )


def _monetary(key: str, *needed_options: NeededOption, enabled: bool = False) -> MeterSensorSpec:
    """Return the description of a sensor for an amount in EUR that grows during the month."""
    return _of_money(
        key,
        device_class="monetary",
        state_class=TOTAL,
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        entity_registry_enabled_default=enabled,
        last_reset_fn=start_of_totals,
        needed_options=needed_options,
    )


def _peak_last_month_attributes(reading: Reading) -> JsonMapping:
    """Return the attributes of last month's peak, and the measured share of last month."""
    if reading.demand is None:
        return {}
    attributes = quarter_hour_attributes(reading.demand.peak_last_month)
    if reading.money:
        attributes["measured_share"] = reading.money.last_month_measured_share
    return attributes


TARIFF_SENSORS: tuple[MeterSensorSpec, ...] = (
    _price("price_import", _ENERGY_PRICE),
    _price("price_export", _FEED_IN_PRICE),
    _monetary("cost_energy", _ENERGY_PRICE),
    _monetary("cost_network", REFERENCE_POWER),
    _monetary("demand_excess_cost", REFERENCE_POWER, enabled=True),
    _monetary("feed_in", _FEED_IN_PRICE),
    _monetary("cost_total", REFERENCE_POWER, _ENERGY_PRICE, enabled=True),
    # Set no state class. Then Home Assistant keeps no statistics of this amount, which is only an
    # estimate.
    _of_money(
        "cost_month_end",
        device_class="monetary",
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        needed_options=(REFERENCE_POWER, _ENERGY_PRICE),
    ),
    mean_power(
        "peak_last_month",
        lambda demand: demand.peak_last_month,
        _peak_last_month_attributes,
        enabled=False,
    ),
    mean_power(
        "peak_12_months",
        lambda demand: demand.peak_12_months,
        enabled=False,
        needs_household=True,
    ),
    _of_money(
        "quarter_hours_above",
        state_class=TOTAL,
        entity_registry_enabled_default=False,
        last_reset_fn=start_of_totals,
        needed_options=(REFERENCE_POWER,),
    ),
    _of_money(
        "cheapest_reference_power",
        device_class="power",
        native_unit_of_measurement=KILOWATT,
        suggested_display_precision=0,
    ),
    # Without a state class, Home Assistant keeps no statistics. Statistics would add up these
    # amounts, but each amount is an estimate for a whole year.
    _of_money(
        "saving_per_year",
        device_class="monetary",
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        needed_options=(REFERENCE_POWER,),
    ),
)
