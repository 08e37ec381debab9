"""Contracts of a household with grid operator and supplier, and the time from which each holds."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, Self

from ..history.luxembourg_time import local_day, midnight
from ..json_types import JsonDict, JsonMapping, without
from .published_prices import METER_SIZES, Days, NetworkPrices

BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)
"""Start of the first contract. No reading is older."""
MAX_CONTRACTS = 200
MAX_AIDS = 20
PER_KWH, PER_MONTH = "kWh", "month"
MAX_AID_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Terms of a household's contract, and the prices of its bill in EUR without VAT.

    A field is None if the household has not entered it. A missing price of the grid, and a missing
    levy, are replaced by the published price. Energy prices are not published, so an energy price
    that is not entered is unknown.
    """

    reference_kw: float | None = None
    meter_ampere: int = METER_SIZES[0]
    has_vat: bool = True
    replaces_variable: bool = False
    """True if a kWh above the reference power costs the surcharge instead of the network's variable
    price, False if it costs both."""
    energy_price: float | None = None
    """Fixed price per imported kWh."""
    energy_margin: float | None = None
    """Price per imported kWh on top of the market's price; None for a fixed price."""
    energy_fee: float | None = None
    """Monthly fee of the supplier."""
    discount: float | None = None
    """Monthly discount of the supplier."""
    second_price: float | None = None
    """Fixed price per kWh imported in `second_hours`. Other hours cost `energy_price`."""
    second_hours: str | None = None
    """Hours and days as in `time_of_use.py`, such as `22:00-06:00 sat sun`."""
    feed_in_price: float | None = None
    """Fixed price per exported kWh."""
    feed_in_margin: float | None = None
    """Margin on the market's price of an exported kWh; negative for a deduction."""
    network_fixed: float | None = None
    """Monthly price of the reference power."""
    network_variable: float | None = None
    surcharge: float | None = None
    """Price per kWh above the reference power."""
    meter_fee: float | None = None
    """Monthly price of the meter."""
    has_levies: bool | None = None
    """Whether the bill has separate lines for the levies. None (not entered) means False."""
    consumer_category: str | None = None
    """Category of the levies, from `CONSUMER_CATEGORIES`; None means the first."""
    levies: tuple[tuple[str, float], ...] = ()
    """Name and price of each levy that the household has entered, in the order of the names.

    A price is negative if the household receives it."""
    community_price: float | None = None
    """Price per shared kWh that the energy community charges, including VAT."""

    @classmethod
    def of_terms(cls, terms: JsonMapping) -> Self:
        """Return the contract with these terms. A term is a field, or the price of a levy.

        A price of None was not entered. `terms` has the opposite result.
        """
        names = {field.name for field in fields(cls)}
        levies = without(terms, names)
        entered = ((name, price) for name, price in levies.items() if price is not None)
        others = {name: value for name, value in terms.items() if name in names}
        return cls(**others, levies=tuple(sorted(entered)))

    @property
    def terms(self) -> JsonDict:
        """Return the fields, with the price of each entered levy under the levy's name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        levies = values.pop("levies")
        return values | dict(levies)

    def levy(self, name: str) -> float | None:
        """Return the price of a levy, None if the household has not entered it."""
        return dict(self.levies).get(name)

    @property
    def has_energy_price(self) -> bool:
        """Return whether an imported kWh has a fixed price or a margin on the market's price."""
        return self.energy_price is not None or self.energy_margin is not None

    @property
    def applied_second_hours(self) -> str | None:
        """Return `second_hours`, None if the fixed price of an imported kWh is always the same."""
        is_fixed = self.energy_price is not None and self.energy_margin is None
        return self.second_hours if is_fixed and self.second_price is not None else None

    @property
    def has_feed_in_price(self) -> bool:
        """Return whether an exported kWh has a fixed price or a margin on the market's price."""
        return self.feed_in_price is not None or self.feed_in_margin is not None


NO_CONTRACT = Contract()
"""Contract without any terms."""


class AidVat(StrEnum):
    """VAT of an aid: added to the entered amount, included in the entered amount, or none."""

    EXCLUDED = "excluded"
    """The amount is without VAT. The aid lowers the bill by the amount and by the VAT on the
    amount."""
    INCLUDED = "included"
    """The amount includes VAT."""
    NONE = "none"
    """The aid bears no VAT."""


class Aid(NamedTuple):
    """Aid of the State, or rebate of a supplier, as the household has entered it."""

    name: str
    first_day: date
    last_day: date | None
    """None for an aid without an end."""
    amount: float
    """EUR per unit by which the aid lowers the bill."""
    unit: str
    """`PER_KWH` (for each kWh that the supplier bills) or `PER_MONTH`."""
    vat: AidVat

    @property
    def days(self) -> Days:
        """Return the days on which the aid holds. Without a last day, they have no end."""
        return Days(self.first_day, self.last_day or date.max)


@dataclass(frozen=True, slots=True)
class Contracts:
    """Contracts of a connection in the order of time, each with the time from which it holds.

    The first contract also holds at all earlier times. `of_days` makes them from days.
    """

    entries: tuple[tuple[datetime, Contract], ...] = ((BEGINNING, NO_CONTRACT),)
    aids: tuple[Aid, ...] = ()
    """Aids entered in the options. The days of an aid do not depend on contracts."""
    published: NetworkPrices | None = None
    """Published prices that hold on all days. None for the published prices of each day."""

    @classmethod
    def always(
        cls,
        contract: Contract,
        aids: tuple[Aid, ...] = (),
        published: NetworkPrices | None = None,
    ) -> Self:
        """Return a single contract that holds from the beginning."""
        return cls(((BEGINNING, contract),), aids, published)

    @classmethod
    def of_days(
        cls, dated: Iterable[tuple[date | None, Contract]], aids: tuple[Aid, ...] = ()
    ) -> Self:
        """Return the contracts that hold from the given days on, in any order of the days.

        A contract without a day holds from the beginning. Without such a contract, the terms before
        the first day are unknown. Of two contracts with one day, the later one of `dated` holds.
        """
        starts = {
            BEGINNING if day is None else max(midnight(day), BEGINNING): contract
            for day, contract in dated
        }
        return cls(
            tuple(sorted({BEGINNING: NO_CONTRACT, **starts}.items(), key=itemgetter(0))), aids
        )

    def aids_at(self, moment: datetime) -> tuple[Aid, ...]:
        """Return the aids that hold at `moment`."""
        day = local_day(moment)
        return tuple(aid for aid in self.aids if aid.days.hold_on(day))

    def aid_changes(self, start: datetime, end: datetime) -> set[datetime]:
        """Return all times between `start` and `end` at which an aid begins or ends."""
        # `midnight` fails for some days of the years 1 and 9999, which a user can enter. So take
        # only days near the period.
        days = {day for aid in self.aids for day in aid.days.changes}
        period = Days(local_day(start), local_day(end))
        near = {midnight(day) for day in days if period.hold_on(day)}
        return {moment for moment in near if start < moment < end}

    @property
    def latest(self) -> Contract:
        """Return the contract with the last first day."""
        return self.entries[-1][1]

    def shown_at(self, time: datetime) -> Contracts:
        """Return these contracts, each with the field `has_vat` of the contract at `time`.

        Use the result for amounts that are shown together. `has_vat` only says whether amounts are
        shown with VAT. So one contract decides this for all times.
        """
        if len({contract.has_vat for _, contract in self.entries}) == 1:
            return self
        return _with_vat(self, has_vat=self.at(time).has_vat)

    def at(self, time: datetime) -> Contract:
        """Return the contract that holds at `time`."""
        begun = [contract for since, contract in self.entries if since <= time]
        return begun[-1] if begun else self.entries[0][1]

    def reference_kw_at(self, time: datetime) -> float | None:
        """Return the reference power in kW at `time`. Return None if it is unknown."""
        return self.at(time).reference_kw

    def between(self, start: datetime, end: datetime) -> tuple[Contract, ...]:
        """Return the contracts that hold at any time from `start` to `end`, in the order of time.

        A contract that begins at `end` is left out. The result has at least one contract.
        """
        later = (contract for since, contract in self.entries if start < since < end)
        return self.at(start), *later


NO_CONTRACTS = Contracts()
"""Contracts of a household that has entered none."""


# `Ledger` and `Household` ask for it at each reading, and the result seldom changes.
@lru_cache(maxsize=16)
def _with_vat(contracts: Contracts, *, has_vat: bool) -> Contracts:
    """Return `contracts`, with the field `has_vat` in all entries."""
    entries = ((since, replace(contract, has_vat=has_vat)) for since, contract in contracts.entries)
    return replace(contracts, entries=tuple(entries))
