"""Prices of a gas bill, with the days on which they begin."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class GasPrices(NamedTuple):
    """Prices of a gas bill in EUR, with VAT."""

    per_m3: float
    per_month: float


@dataclass(frozen=True)
class DatedGasPrices:
    """Gas prices of a household, each with its first day, in the order of their days.

    A price without a day holds from the beginning. Without such a price, the price before the first
    day is unknown.
    """

    entries: tuple[tuple[date | None, GasPrices], ...]

    def on(self, day: date) -> GasPrices | None:
        """Return the prices of a day. Return None if they are unknown."""
        begun = (prices for since, prices in reversed(self.entries) if (since or date.min) <= day)
        return next(begun, None)

    @property
    def without_monthly(self) -> DatedGasPrices:
        """Return these prices with a monthly price of 0."""
        return DatedGasPrices(
            tuple((since, prices._replace(per_month=0.0)) for since, prices in self.entries)
        )
