"""Options page for the update interval, the kWh in a cubic metre of gas, and the gas prices."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState

from ...const import CONF_GAS_FIXED_PRICE, CONF_GAS_KWH_PER_M3, CONF_GAS_PRICE, CONF_MIN_INTERVAL
from ...coordinator.entry_types import AnyConfigEntry
from ...coordinator.gas_prices_and_limits import (
    MAX_EUR_PER_M3,
    MAX_EUR_PER_MONTH,
    MAX_KWH_PER_M3,
    MIN_EUR_PER_M3,
    MIN_KWH_PER_M3,
)
from ...coordinator.meter_coordinator import SmartyCoordinator
from ...lib.amounts import EUR_PER_M3, EUR_PER_MONTH, KWH_PER_M3, Amount
from ..shared_form_fields import whole_number_field
from ..typed_amounts import AmountField, TypedAmounts
from .contract_form import Errors

_MAX_INTERVAL_S = 3600
_INTERVAL = whole_number_field(_MAX_INTERVAL_S, "s")
# `_BOUNDS` has the plausible ranges, and an error for each.
_MAX_TYPED = 1_000_000
GAS_AMOUNTS = {
    CONF_GAS_KWH_PER_M3: Amount(KWH_PER_M3, _MAX_TYPED),
    CONF_GAS_PRICE: Amount(EUR_PER_M3, _MAX_TYPED),
    CONF_GAS_FIXED_PRICE: Amount(EUR_PER_MONTH, _MAX_TYPED),
}
_BOUNDS = {
    CONF_GAS_KWH_PER_M3: (MIN_KWH_PER_M3, MAX_KWH_PER_M3, "gas_kwh_per_m3_implausible"),
    CONF_GAS_PRICE: (MIN_EUR_PER_M3, MAX_EUR_PER_M3, "gas_price_implausible"),
    CONF_GAS_FIXED_PRICE: (0.0, MAX_EUR_PER_MONTH, "gas_fixed_price_implausible"),
}

DATA_OPTIONS = (CONF_MIN_INTERVAL, *GAS_AMOUNTS)


def data_fields(entry: AnyConfigEntry) -> dict[vol.Marker, Any]:
    """Return the form's fields: the update interval, and the gas fields if they may be needed.

    The gas fields may be needed if one of them has a value, or if the entry may have a gas meter.
    """
    fields: dict[vol.Marker, Any] = {vol.Required(CONF_MIN_INTERVAL, default=0): _INTERVAL}
    if GAS_AMOUNTS.keys() & entry.options.keys() or _may_have_gas(entry):
        fields |= {vol.Optional(name): AmountField(amount) for name, amount in GAS_AMOUNTS.items()}
    return fields


def read_data(typed: Mapping[str, Any], amounts: TypedAmounts, errors: Errors) -> dict[str, Any]:
    """Return the options to store. Add errors for implausible or missing values to `errors`."""
    read = amounts.read_all(typed, GAS_AMOUNTS, "options.step.updates")
    errors |= amounts.errors
    for name, (lowest, highest, error) in _BOUNDS.items():
        if name in read and not lowest <= read[name] <= highest:
            errors[name] = error
    if CONF_GAS_FIXED_PRICE in read and CONF_GAS_PRICE not in read and not errors:
        errors[CONF_GAS_PRICE] = "gas_price_missing"
    return read


def _may_have_gas(entry: AnyConfigEntry) -> bool:
    """Return True if the entry has a gas meter, or if this is not known yet."""
    if entry.state is not ConfigEntryState.LOADED:
        return True
    coordinator: SmartyCoordinator = entry.runtime_data
    kinds = {medium.kind for medium in coordinator.books.history.media.values()}
    return "gas" in kinds or (coordinator.latest is None and not kinds)
