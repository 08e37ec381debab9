"""Published prices of the grid and of the levies, and the prices agreed in a contract.

`network_prices.toml` has the published prices. Each price holds from a midnight in Luxembourg on.
After the day `APPROVED_UNTIL`, the latest published prices stay in use. Results for later days have
`APPROVED_UNTIL` in their field `prices_of` if they use published prices.
"""

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

from .calendar import LUXEMBOURG, midnight
from .contract import CONSUMER_CATEGORIES, Aid, AidVat, Contract

_YEAR = timedelta(days=365)
_FILE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
APPROVED_UNTIL: date = _FILE["approved_until"]
"""The last day for which published prices are approved."""


@dataclass(frozen=True, slots=True)
class NetworkPrices:
    """Published prices of a day, in EUR without VAT.

    A price that is not published is None or missing.
    """

    vat: float | None
    """Rate of the VAT: 0.08 is 8 %."""
    variable: float | None
    """Price per imported kWh."""
    surcharge: float | None
    """Price per kWh above the reference power."""
    fixed: Mapping[float, float]
    """Price per month, keyed by reference power in kW."""
    meter: Mapping[int, float]
    """Price per month, keyed by meter size in A."""
    electricity_tax: Mapping[str, float]
    """Tax per imported kWh, by consumer category."""
    compensation: Mapping[str, float]
    """Price per imported kWh, by consumer category. A price below 0 is paid to the household."""
    are_approved: bool
    """True up to `APPROVED_UNTIL`, False on later days."""


def _changes(prices: Mapping[str, Any]) -> set[date]:
    """Return the days on which the published prices change.

    A price changes on its first day and on the day after its last day. The day after the end of the
    approval is returned, too.
    """
    days = {APPROVED_UNTIL + timedelta(days=1)}
    for dated in prices.values():
        if isinstance(dated, dict):
            days |= _changes(dated)
            continue
        for entry in dated:
            days.add(entry["from"])
            if "until" in entry:
                days.add(entry["until"] + timedelta(days=1))
    return days


def _on(day: date, dated: list[Mapping[str, Any]]) -> float | None:
    for entry in reversed(dated):
        if entry["from"] <= day:
            return entry["value"] if day <= entry.get("until", day) else None
    return None


def _lasting_on(day: date, dated: list[Mapping[str, Any]]) -> float | None:
    limit = day + _YEAR
    for entry, successor in pairwise(dated):
        if entry["from"] <= day <= entry.get("until", date.min) < limit:
            day = successor["from"]
    return _on(day, dated)


def _prices_on(
    day: date,
    prices: Mapping[str, Any],
    on: Callable[[date, list[Mapping[str, Any]]], float | None] = _on,
) -> NetworkPrices:
    def by[K](name: str, key: Callable[[str], K]) -> Mapping[K, float]:
        values = {key(kind): on(day, dated) for kind, dated in prices[name].items()}
        return {kind: price for kind, price in values.items() if price is not None}

    return NetworkPrices(
        vat=on(day, prices["vat"]),
        variable=on(day, prices["variable"]),
        surcharge=on(day, prices["surcharge"]),
        fixed=by("fixed", float),
        meter=by("meter", int),
        electricity_tax=by("electricity_tax", str),
        compensation=by("compensation", str),
        are_approved=day <= APPROVED_UNTIL,
    )


_DAYS = sorted(_changes(_FILE["prices"]))
_STARTS = [midnight(day) for day in _DAYS]
_PRICES = [_prices_on(day, _FILE["prices"]) for day in _DAYS]


def network_prices_at(moment: datetime) -> NetworkPrices | None:
    """Return the published prices at `moment`. Return None before the first published prices."""
    index = bisect_right(_STARTS, moment)
    return _PRICES[index - 1] if index else None


def lasting_prices_at(moment: datetime) -> NetworkPrices | None:
    """Return the published prices at `moment`, for the computation of a yearly amount.

    A price can end within a year after `moment`, for example a levy with an aid of the State. The
    result then has the price that follows. Return None if `moment` is before the first published
    prices.
    """
    return _lasting_prices_on(moment.astimezone(LUXEMBOURG).date())


@lru_cache(maxsize=16)
def _lasting_prices_on(day: date) -> NetworkPrices | None:
    return _prices_on(day, _FILE["prices"], _lasting_on) if day >= _DAYS[0] else None


def price_changes(start: datetime, end: datetime) -> list[datetime]:
    """Return, in UTC, the midnights between `start` and `end` at which published prices change."""
    return _STARTS[bisect_right(_STARTS, start) : bisect_left(_STARTS, end)]


def older_prices(prices_of: date | None) -> dict[str, str]:
    """Return the month of `prices_of` as part of an answer, such as `{"prices_of": "2026-12"}`.

    Return an empty dict for None.
    """
    return {"prices_of": f"{prices_of:%Y-%m}"} if prices_of else {}


class AgreedPrices(NamedTuple):
    """Prices of the grid and of the levies under a contract, in EUR without VAT.

    A price in the contract replaces the published price. A property is None if both prices are
    unknown.
    """

    contract: Contract
    published: NetworkPrices | None

    @classmethod
    def at(cls, contract: Contract, moment: datetime) -> Self:
        """Return the prices that hold under `contract` at `moment`."""
        return cls(contract, network_prices_at(moment))

    @property
    def prices_of(self) -> date | None:
        """Return `APPROVED_UNTIL` if a bill uses published prices whose approval has ended.

        Otherwise return None.
        """
        contract = self.contract
        own = [contract.network_variable, contract.meter_fee, *self._own_levies]
        if contract.reference_kw is not None:
            own += [contract.network_fixed, contract.surcharge]
        return self.published_until if None in own else None

    @property
    def prices_of_kwh(self) -> date | None:
        """Return `APPROVED_UNTIL` if the price of a kWh uses prices whose approval has ended.

        Otherwise return None.
        """
        own = [self.contract.network_variable, *self._own_levies]
        return self.published_until if None in own else None

    @property
    def published_until(self) -> date | None:
        """Return `APPROVED_UNTIL` if the approval of the published prices has ended.

        Otherwise return None.
        """
        if self.published is None or self.published.are_approved:
            return None
        return APPROVED_UNTIL

    @property
    def _own_levies(self) -> list[float | None]:
        contract = self.contract
        return [contract.electricity_tax, contract.compensation] if contract.has_levies else []

    @property
    def vat_rate(self) -> float | None:
        """Return the rate of the VAT, such as 0.08 for 8 %. Return 0 for a contract without VAT."""
        if not self.contract.has_vat:
            return 0.0
        return self.published.vat if self.published else None

    @property
    def variable(self) -> float | None:
        """Return the grid's price of an imported kWh."""
        published = self.published.variable if self.published else None
        return _first(self.contract.network_variable, published)

    @property
    def surcharge(self) -> float | None:
        """Return the grid's price of a kWh above the reference power."""
        published = self.published.surcharge if self.published else None
        return _first(self.contract.surcharge, published)

    @property
    def surcharge_on_top(self) -> float | None:
        """Return how much more a kWh costs above the reference power than below it."""
        if not self.contract.replaces_variable:
            return self.surcharge
        if self.surcharge is None or self.variable is None:
            return None
        return self.surcharge - self.variable

    @property
    def meter(self) -> float | None:
        """Return the monthly price of the meter."""
        published = self.published.meter.get(self.contract.meter_ampere) if self.published else None
        return _first(self.contract.meter_fee, published)

    @property
    def electricity_tax(self) -> float | None:
        """Return the electricity tax on an imported kWh."""
        return self._levy(self.contract.electricity_tax, "electricity_tax")

    @property
    def compensation(self) -> float | None:
        """Return the price of an imported kWh under the compensation mechanism."""
        return self._levy(self.contract.compensation, "compensation")

    def _levy(self, own: float | None, name: str) -> float | None:
        published: Mapping[str, float] = getattr(self.published, name, {})
        return _first(own, published.get(self.contract.consumer_category or CONSUMER_CATEGORIES[0]))

    def fixed(self, reference_kw: float | None) -> float | None:
        """Return the monthly price of the reference power `reference_kw`. Return None if unknown.

        The price in the contract counts only for the contract's own reference power.
        """
        own = self.contract.network_fixed if reference_kw == self.contract.reference_kw else None
        if own is not None or self.published is None or reference_kw is None:
            return own
        return self.published.fixed.get(reference_kw)

    def aid(self, aid: Aid) -> float:
        """Return an aid's amount per unit (kWh or month) as a negative price in EUR without VAT."""
        rate = self.published.vat if self.published and aid.vat is AidVat.INCLUDED else None
        return -round(aid.amount / (1 + (rate or 0.0)), 6)


def _first(own: float | None, published: float | None) -> float | None:
    return published if own is None else own
