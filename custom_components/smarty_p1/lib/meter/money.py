"""Prices and costs of a household, as the sensors of the tariff show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

type Attributes = Mapping[str, Any]


class MoneyValue(NamedTuple):
    """Value of a sensor, None if it is unknown, and its attributes."""

    value: float | None = None
    attributes: Attributes = MappingProxyType({})
    is_of_contract: bool = False
    """Whether the value comes from the contract alone, so that it needs no reading."""


@dataclass(frozen=True, kw_only=True)
class Money:
    """Values of the tariff sensors after a reading. Each field is named as its sensor.

    Prices are in EUR per kWh, costs in EUR, both with VAT if the contract has it. Costs are of the
    shown month.
    """

    price_import: MoneyValue
    price_export: MoneyValue
    excess_price: float | None
    """Cost of a kWh above the reference power, in addition to its other prices."""
    cost_energy: MoneyValue
    cost_network: MoneyValue
    demand_excess_cost: MoneyValue
    feed_in: MoneyValue
    cost_total: MoneyValue
    cost_month_end: MoneyValue
    """Expected cost of the whole month."""
    last_month_measured_share: float | None
    """Share (0 to 1) of last month that was measured."""
    quarter_hours_above: MoneyValue
    """Number of quarter-hours of the month above the reference power of their day."""
    cheapest_reference_power: MoneyValue
    """Reference power in kW with the lowest cost in the last 12 whole months."""
    saving_per_year: MoneyValue
    has_exported: bool
    """Whether the household has exported energy in any month."""
