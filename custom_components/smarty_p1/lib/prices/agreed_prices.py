"""Prices under a contract: those that it agrees on, and else the published prices.

`network_prices.toml` has the published prices. Each price holds from a midnight in Luxembourg on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from .contract import PER_KWH, Aid, AidVat, Contract, Contracts
from .published_prices import (
    CONSUMER_CATEGORIES,
    NetworkPrices,
    OlderPrices,
    PublishedPrices,
    price_key,
)

PRICE_FILE = Path(__file__).with_name("network_prices.toml")
PUBLISHED = PublishedPrices.read(PRICE_FILE.read_text("utf-8"))
"""The published prices. Tests replace them with the prices of another file."""

# Lines of a bill that have a price of the grid.
_OF_THE_GRID = ("network_fixed", "network_variable", "meter", "surcharge")


def price_file() -> PublishedPrices:
    """Return the published prices of all days, and all levies."""
    return PUBLISHED


class AgreedLevy(NamedTuple):
    """Levy on a bill, and its price per unit without VAT. The price is None if it is unknown."""

    name: str
    per: str
    part: str
    price: float | None


class AgreedPrices(NamedTuple):
    """Prices of the grid and of the levies under a contract, in EUR without VAT.

    A price in the contract replaces the published price. A property is None if both prices are
    unknown.
    """

    contract: Contract
    published: NetworkPrices

    @classmethod
    def of_contract(cls, contract: Contract, moment: datetime) -> Self:
        """Return the prices that hold under `contract` at `moment`."""
        return cls(contract, price_file().at(moment))

    @classmethod
    def of_contracts(cls, contracts: Contracts, moment: datetime) -> Self:
        """Return the prices that hold at `moment`, under the contract of that time."""
        return cls(contracts.at(moment), contracts.published or price_file().at(moment))

    @property
    def prices_of(self) -> OlderPrices | None:
        """Return the older published prices that a bill uses. Return None if it uses none."""
        return self.older((*_OF_THE_GRID, *(levy.name for levy in self.levies)))

    def prices_of_classes(self, powers: Iterable[float]) -> OlderPrices | None:
        """Return the older published prices that bills at these reference powers in kW use."""
        return OlderPrices.joined(self.at_power(reference_kw).prices_of for reference_kw in powers)

    def at_power(self, reference_kw: float) -> Self:
        """Return the prices for another reference power, in kW.

        The price of the contract's own reference power counts only for this reference power.
        """
        fixed = self.contract.network_fixed
        if reference_kw != self.contract.reference_kw:
            fixed = None
        contract = replace(self.contract, reference_kw=reference_kw, network_fixed=fixed)
        return self._replace(contract=contract)

    def older(self, lines: Iterable[str]) -> OlderPrices | None:
        """Return the older published prices that these lines of a bill use.

        Return None if they use none. A line of the supplier uses only the published rate of the
        VAT.
        """
        older = self.published.older
        if not older:
            return None
        return OlderPrices.joined(older.get(key) for line in lines for key in self._keys(line))

    def _keys(self, line: str) -> Iterator[str]:
        """Yield the keys of the published prices that a line uses."""
        contract = self.contract
        if contract.has_vat and line != "feed_in":
            yield "vat"
        kw = contract.reference_kw
        of_the_grid = {
            "network_fixed": (contract.network_fixed, kw and price_key("fixed", kw)),
            "network_variable": (contract.network_variable, "variable"),
            "meter": (contract.meter_fee, price_key("meter", contract.meter_ampere)),
            "surcharge": (contract.surcharge, kw and "surcharge"),
        }
        own, key = of_the_grid.get(line, (contract.levy(line), None))
        if own is not None:
            return
        if key:
            yield key
        elif line in self.published.levied:
            yield from ("levies", price_key("levies", line, self._category))

    def _price(self, own: float | None, *key: float | str) -> float | None:
        """Return a price of the contract, or else the published price with this key."""
        return self.published.price(*key) if own is None else own

    @property
    def _category(self) -> str:
        return self.contract.consumer_category or CONSUMER_CATEGORIES[0]

    @property
    def vat_rate(self) -> float | None:
        """Return the rate of the VAT, such as 0.08 for 8 %. Return 0 for a contract without VAT."""
        return self.published.price("vat") if self.contract.has_vat else 0.0

    @property
    def variable(self) -> float | None:
        """Return the grid's price of an imported kWh."""
        return self._price(self.contract.network_variable, "variable")

    @property
    def grid_kwh(self) -> float | None:
        """Return the grid's price of an imported kWh with its further components."""
        of_kwh = [levy for levy in self.levies if (levy.part, levy.per) == ("network", PER_KWH)]
        prices = [self.variable, *(levy.price for levy in of_kwh)]
        return None if None in prices else sum(filter(None, prices))

    @property
    def surcharge(self) -> float | None:
        """Return the grid's price of a kWh above the reference power."""
        return self._price(self.contract.surcharge, "surcharge")

    @property
    def surcharge_on_top(self) -> float | None:
        """Return how much more a kWh costs above the reference power than below it."""
        if not self.contract.replaces_variable:
            return self.surcharge
        if self.surcharge is None or self.variable is None:
            return None
        return self.surcharge - self.variable

    @property
    def knows_excess(self) -> bool:
        """Return whether reference power and price of the energy above it are known."""
        return bool(self.contract.reference_kw) and self.surcharge_on_top is not None

    @property
    def excess(self) -> float | None:
        """Return the additional price of a kWh above the reference power, with VAT."""
        more = self.contract.reference_kw and self.surcharge_on_top
        if more is None or self.vat_rate is None:
            return None
        return round(more * (1 + self.vat_rate), 6)

    @property
    def surcharge_lines(self) -> tuple[str, ...]:
        """Return the lines of a bill whose prices `surcharge_on_top` uses."""
        is_replaced = self.contract.replaces_variable
        return ("surcharge", "network_variable") if is_replaced else ("surcharge",)

    @property
    def meter(self) -> float | None:
        """Return the monthly price of the meter."""
        return self._price(self.contract.meter_fee, "meter", self.contract.meter_ampere)

    @property
    def levies(self) -> Sequence[AgreedLevy]:
        """Return the levies on the bill, in its order.

        A levy that is not levied is left out, unless the contract has its price. If the bill has no
        lines for levies, only components of the grid's price are left.
        """
        own = dict(self.contract.levies)
        return [
            AgreedLevy(
                name,
                levy.per,
                levy.part,
                self._price(own.get(name), "levies", name, self._category),
            )
            for name, levy in price_file().levies.items()
            if (name in own or name in self.published.levied)
            and (levy.part == "network" or self.contract.has_levies)
        ]

    def fixed(self, reference_kw: float | None) -> float | None:
        """Return the monthly price of the reference power `reference_kw`. Return None if unknown.

        The price in the contract counts only for the contract's own reference power.
        """
        own = self.contract.network_fixed if reference_kw == self.contract.reference_kw else None
        return own if reference_kw is None else self._price(own, "fixed", reference_kw)

    def aid(self, aid: Aid) -> float:
        """Return an aid's amount per unit (kWh or month) as a negative price in EUR without VAT."""
        rate = self.published.price("vat") if aid.vat is AidVat.INCLUDED else None
        return -aid.amount / (1 + (rate or 0.0))


def older_prices_of(contracts: Contracts, days: Iterable[datetime]) -> OlderPrices | None:
    """Return the older published prices that the bills of these days use, None if they use none."""
    return OlderPrices.joined(AgreedPrices.of_contracts(contracts, day).prices_of for day in days)
