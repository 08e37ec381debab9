"""What the grid costs: as published, by year, in `network_prices.toml`, or as agreed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .contract import CONSUMER_CATEGORIES, Contract


@dataclass(frozen=True, slots=True)
class NetworkPrices:
    """The published prices of a year, in EUR without VAT."""

    vat: float
    """The rate, as a share: 0.08 is 8 %."""
    variable: float
    """Of an imported kWh."""
    surcharge: float
    """Of a kWh above the reference power."""
    fixed: Mapping[float, float]
    """A month, by reference power in kW; those not published are missing."""
    meter: Mapping[int, float]
    """A month, by meter size."""
    electricity_tax: Mapping[str, float]
    """Of an imported kWh, by consumer category; those not published are missing."""
    compensation: Mapping[str, float]
    """The same of the compensation mechanism; below 0, it is paid to the household."""


def _read() -> dict[int, NetworkPrices]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {
        int(year): NetworkPrices(
            vat=table["vat"],
            variable=table["variable"],
            surcharge=table["surcharge"],
            fixed={int(kw): price for kw, price in table["fixed"].items()},
            meter={int(ampere): price for ampere, price in table["meter"].items()},
            electricity_tax=table.get("electricity_tax", {}),
            compensation=table.get("compensation", {}),
        )
        for year, table in tomllib.loads(text).items()
    }


_BY_YEAR = _read()
LATEST_YEAR = max(_BY_YEAR)
"""The last year whose prices are known."""


@lru_cache(maxsize=16)
def network_prices(year: int) -> NetworkPrices | None:
    """Return the prices of a year, or of the last one known before it; None before the first."""
    return _BY_YEAR.get(max((known for known in _BY_YEAR if known <= year), default=year))


class AgreedPrices(NamedTuple):
    """What the grid costs under a contract in a year, without VAT; None is not known."""

    contract: Contract
    published: NetworkPrices | None

    @property
    def vat_rate(self) -> float | None:
        """Return the rate of the VAT: 0 for a contract without it."""
        if not self.contract.has_vat:
            return 0.0
        return self.published.vat if self.published else None

    @property
    def variable(self) -> float | None:
        """Return the price of an imported kWh."""
        published = self.published.variable if self.published else None
        return _first(self.contract.network_variable, published)

    @property
    def surcharge(self) -> float | None:
        """Return the price of a kWh above the reference power."""
        published = self.published.surcharge if self.published else None
        return _first(self.contract.surcharge, published)

    @property
    def meter(self) -> float | None:
        """Return the price of the meter, a month."""
        published = self.published.meter.get(self.contract.meter_ampere) if self.published else None
        return _first(self.contract.meter_fee, published)

    @property
    def electricity_tax(self) -> float | None:
        """Return the electricity tax of an imported kWh."""
        return self._levy(self.contract.electricity_tax, "electricity_tax")

    @property
    def compensation(self) -> float | None:
        """Return what the compensation mechanism costs for an imported kWh."""
        return self._levy(self.contract.compensation, "compensation")

    def _levy(self, own: float | None, name: str) -> float | None:
        published: Mapping[str, float] = getattr(self.published, name, {})
        return _first(own, published.get(self.contract.consumer_category or CONSUMER_CATEGORIES[0]))

    def fixed(self, reference_kw: float | None) -> float | None:
        """Return the price of a reference power, a month; the contract's own is for its own one."""
        own = self.contract.network_fixed if reference_kw == self.contract.reference_kw else None
        if own is not None or self.published is None or reference_kw is None:
            return own
        return self.published.fixed.get(reference_kw)


def _first(own: float | None, published: float | None) -> float | None:
    return published if own is None else own
