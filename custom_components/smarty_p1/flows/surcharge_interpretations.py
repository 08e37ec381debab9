"""Cost of the running month under each of two interpretations of the surcharge.

The surcharge is the price of energy above the reference power.
"""

from dataclasses import replace

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..coordinator.entry_types import AnyConfigEntry
from ..lib.entities import CURRENCY
from ..lib.tariff import Contracts, Demand, compute_bill
from .shared_form_fields import with_decimal_mark

_UNKNOWN = "–"  # noqa: RUF001 - a dash, as in a table


def surcharge_placeholders(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, str]:
    """Return texts for the contract page by placeholder. An unknown value becomes a dash."""
    demand = entry.runtime_data.books.demand if entry.state is ConfigEntryState.LOADED else None
    on_top = _cost(demand, replaces=False)
    instead = _cost(demand, replaces=True)
    difference = None if on_top is None or instead is None else on_top - instead
    above = None if difference is None or demand is None else demand.excess_kwh
    shown = {
        "above": _shown(above, "kWh"),
        "on_top": _shown(on_top, CURRENCY),
        "instead": _shown(instead, CURRENCY),
        "difference": _shown(difference, CURRENCY),
    }
    return {name: with_decimal_mark(hass, text) for name, text in shown.items()}


def _cost(demand: Demand | None, *, replaces: bool) -> float | None:
    """Return the month's cost of the grid in EUR under one interpretation of the surcharge.

    With `replaces`, the surcharge replaces the variable price. Otherwise, it is added to that
    price. Return None if the cost is unknown.
    """
    if demand is None:
        return None
    entries = demand.contracts.entries
    read = tuple(
        (since, replace(contract, replaces_variable=replaces)) for since, contract in entries
    )
    return compute_bill(demand.month, Contracts(read), demand.until).amount(
        "network_variable", "surcharge"
    )


def _shown(value: float | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{value:.2f} {unit}"
