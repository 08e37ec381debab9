"""Prices and costs of a household after a reading, as the sensors of the tariff show them."""

from types import MappingProxyType
from typing import NamedTuple, Protocol

from ..json_types import JsonMapping


class MoneyValue(NamedTuple):
    """Value of a sensor, None if it is unknown, and its attributes."""

    value: float | None = None
    attributes: JsonMapping = MappingProxyType({})
    is_of_contract: bool = False
    """Whether the value comes from the contract alone, so that it needs no reading."""


class Money(Protocol):
    """Prices and costs after a reading, which are computed when they are first asked for.

    Each sensor of the tariff has a `MoneyValue` in the property with the key of the sensor.
    """

    @property
    def excess_price(self) -> float | None:
        """Return the cost of a kWh above the reference power, in addition to its other prices."""

    @property
    def last_month_measured_share(self) -> float | None:
        """Return the share (0 to 1) of last month that was measured."""

    @property
    def has_exported(self) -> bool:
        """Return whether the household has exported energy in any month."""
