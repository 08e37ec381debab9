"""Options page for data: update interval in seconds, and energy of gas in kWh/m³."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState

from ..const import CONF_GAS_KWH_PER_M3, CONF_MIN_INTERVAL
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.gas_energy import MAX_KWH_PER_M3, MIN_KWH_PER_M3
from ..coordinator.meter_coordinator import SmartyCoordinator
from .form_fields import number_field
from .tariff_options import Errors

_MAX_INTERVAL_S = 3600
_INTERVAL = number_field(_MAX_INTERVAL_S, "s", is_whole=True)
# Allow more than plausible values: the frontend's own range message is not translated.
_KWH_PER_M3 = number_field(1_000_000, "kWh/m³")

DATA_OPTIONS = (CONF_MIN_INTERVAL, CONF_GAS_KWH_PER_M3)


def data_fields(entry: AnyConfigEntry) -> dict[vol.Marker, Any]:
    """Return the fields of the page. The gas field appears only if there may be a gas meter."""
    fields: dict[vol.Marker, Any] = {vol.Required(CONF_MIN_INTERVAL, default=0): _INTERVAL}
    if CONF_GAS_KWH_PER_M3 in entry.options or _may_have_gas(entry):
        fields[vol.Optional(CONF_GAS_KWH_PER_M3)] = _KWH_PER_M3
    return fields


def read_data(typed: Mapping[str, Any], errors: Errors) -> dict[str, Any]:
    """Return the options to store, and add an error for an implausible value."""
    energy = typed.get(CONF_GAS_KWH_PER_M3)
    if energy is not None and not MIN_KWH_PER_M3 <= energy <= MAX_KWH_PER_M3:
        errors[CONF_GAS_KWH_PER_M3] = "gas_kwh_per_m3_implausible"
    return dict(typed)


def _may_have_gas(entry: AnyConfigEntry) -> bool:
    """Return whether a gas meter was read, or whether nothing was read yet."""
    if entry.state is not ConfigEntryState.LOADED:
        return True
    coordinator: SmartyCoordinator = entry.runtime_data
    kinds = {medium.kind for medium in coordinator.books.history.media.values()}
    return "gas" in kinds or (coordinator.latest is None and not kinds)
