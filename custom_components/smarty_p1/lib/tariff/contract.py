"""Contracts of a household with the operator of the grid and the supplier, with their days."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .calendar import day_end, day_start, midnight

REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
"""The classes of the tariff, in kW."""
METER_SIZES = (40, 63, 120)
"""The sizes of meters that have prices of their own, each by its smallest current in ampere."""
BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)
"""Start of the first contract, before the time of any reading."""
MAX_CONTRACTS = 200
MAX_AIDS = 20
PER_KWH, PER_MONTH = "kWh", "month"
MAX_AID_NAME_LENGTH = 60
CONSUMER_CATEGORIES = ("A", "B")
"""Categories of the levies: A up to 25,000 kWh a year, B above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Contract terms and prices of a bill. Prices are without VAT.

    None stands for the published price. The prices of the energy are not published.
    """

    reference_kw: float | None = None
    meter_ampere: int = METER_SIZES[0]
    has_vat: bool = True
    replaces_variable: bool = False
    """Whether a kWh above the reference power costs the surcharge instead of the variable price,
    and not on top of it."""
    energy_price: float | None = None
    """Per imported kWh, unless it follows the market."""
    energy_margin: float | None = None
    """Per imported kWh on top of the market's price; None for a fixed price."""
    energy_fee: float | None = None
    """Fee of the supplier, a month."""
    discount: float | None = None
    """Discount of the supplier, a month."""
    second_price: float | None = None
    """Per kWh imported in `second_hours`, beside a fixed price."""
    second_hours: str | None = None
    """Text of `time_of_use.py`."""
    feed_in_price: float | None = None
    """Per exported kWh, unless it follows the market."""
    feed_in_margin: float | None = None
    """Margin on the market's price of an exported kWh; negative for a deduction."""
    network_fixed: float | None = None
    """Price of the reference power, a month."""
    network_variable: float | None = None
    surcharge: float | None = None
    """Per kWh above the reference power."""
    meter_fee: float | None = None
    """Price of the meter, a month."""
    has_levies: bool | None = None
    """Whether the levies are lines of their own; None, not entered, stands for no."""
    consumer_category: str | None = None
    """Category of the levies; None is the first."""
    electricity_tax: float | None = None
    """Per imported kWh."""
    compensation: float | None = None
    """Per imported kWh; negative where it is paid to the household."""
    community_price: float | None = None
    """Per shared kWh, paid to the energy community, with its VAT."""

    @property
    def has_energy_price(self) -> bool:
        """Return whether an imported kWh has a price, be it the market's."""
        return self.energy_price is not None or self.energy_margin is not None

    @property
    def has_second_price(self) -> bool:
        """Return whether an imported kWh has two prices, by the hour."""
        is_fixed = self.energy_price is not None and self.energy_margin is None
        return is_fixed and self.second_price is not None and self.second_hours is not None

    @property
    def has_feed_in_price(self) -> bool:
        """Return whether an exported kWh has a price, be it the market's."""
        return self.feed_in_price is not None or self.feed_in_margin is not None


NO_CONTRACT = Contract()
"""Contract without any terms."""


class AidVat(StrEnum):
    """Relation of the amount of an aid to the VAT."""

    EXCLUDED = "excluded"
    """The amount is without VAT, and VAT is taken of it."""
    INCLUDED = "included"
    """The amount is with VAT."""
    NONE = "none"
    """There is no VAT on it."""


class Aid(NamedTuple):
    """Aid of the State or rebate of a supplier, as a household enters it."""

    name: str
    first_day: date
    last_day: date | None
    """None: it has no end yet."""
    amount: float
    """EUR per unit that the household is spared."""
    unit: str
    """`PER_KWH`: of the energy that the supplier bills; or `PER_MONTH`."""
    vat: AidVat

    @property
    def start(self) -> datetime:
        """Return its first moment, in UTC."""
        return midnight(self.first_day)

    @property
    def end(self) -> datetime | None:
        """Return the moment from which it no longer holds, in UTC."""
        return None if self.last_day is None else midnight(self.last_day + timedelta(days=1))

    def holds_at(self, moment: datetime) -> bool:
        """Return whether it holds at a moment."""
        return self.start <= moment and (self.end is None or moment < self.end)


class MarketPrices(NamedTuple):
    """The market's prices of a kWh now, without margins; None is not known."""

    energy: float | None = None
    feed_in: float | None = None


NO_PRICES = MarketPrices()


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of a connection, each with the moment from which it holds, in that order.

    The first one also holds for all that was before it.
    """

    entries: tuple[tuple[datetime, Contract], ...] = ((BEGINNING, NO_CONTRACT),)
    aids: tuple[Aid, ...] = ()
    """Aids entered in the options; each has its own days, whichever contract holds."""

    def aids_at(self, moment: datetime) -> tuple[Aid, ...]:
        """Return the aids that hold at a moment."""
        return tuple(aid for aid in self.aids if aid.holds_at(moment))

    def aid_changes(self, start: datetime, end: datetime) -> set[datetime]:
        """Return the moments between two others at which an aid begins or ends."""
        moments = {moment for aid in self.aids for moment in (aid.start, aid.end)}
        return {moment for moment in moments if moment and start < moment < end}

    @property
    def latest(self) -> Contract:
        """Return the contract that was entered last."""
        return self.entries[-1][1]

    @property
    def before_latest(self) -> Contracts:
        """Return the contracts without the last one, or the only one."""
        return replace(self, entries=self.entries[:-1] or self.entries)

    def at(self, time: datetime) -> Contract:
        """Return the contract of a moment."""
        for since, contract in reversed(self.entries):
            if since <= time:
                return contract
        return self.entries[0][1]

    def between(self, start: datetime, end: datetime) -> tuple[Contract, ...]:
        """Return the contracts of a period in the order of time, at least one."""
        later = (contract for since, contract in self.entries if start < since < end)
        return self.at(start), *later

    def part_start(self, time: datetime) -> datetime:
        """Return the start of a moment's day, or of the part of the day under its contract."""
        start = day_start(time)
        return next(
            (max(start, since) for since, _ in reversed(self.entries) if since <= time), start
        )

    def part_end(self, time: datetime) -> datetime:
        """Return the end of a moment's day, or of the part of the day under its contract."""
        end = day_end(time)
        return min([end, *(since for since, _ in self.entries if since > time)])

    def changed(self, contract: Contract, since: datetime) -> Contracts:
        """Return the contracts before a moment, and another contract from that moment on.

        Of more than `MAX_CONTRACTS`, the oldest are forgotten.
        """
        since = since.astimezone(UTC)
        kept = tuple(entry for entry in self.entries if entry[0] < since)
        if not kept or kept[-1][1] != contract:
            kept += ((since, contract),)
        return replace(self, entries=kept[-MAX_CONTRACTS:])
