"""What a household has agreed with the operator of the grid and the supplier, and since when."""

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
"""Before all that a meter says: the first contract holds from then on."""
MAX_CONTRACTS = 200
MAX_AIDS = 20
PER_KWH, PER_MONTH = "kWh", "month"
MAX_AID_NAME_LENGTH = 60
CONSUMER_CATEGORIES = ("A", "B")
"""Of the levies: A is up to 25,000 kWh a year, B above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """All that a bill depends on besides the energy. Prices are without VAT.

    A price that is None is the one published for the year; those of the energy are not published.
    """

    reference_kw: float | None = None
    meter_ampere: int = METER_SIZES[0]
    has_vat: bool = True
    replaces_variable: bool = False
    """Whether a kWh above the reference power costs the surcharge instead of the variable price,
    and not on top of it."""
    energy_price: float | None = None
    """Of an imported kWh, unless it follows the market."""
    energy_margin: float | None = None
    """What an imported kWh costs on top of the market's price; None when it does not follow it."""
    energy_fee: float | None = None
    """What the supplier charges a month."""
    discount: float | None = None
    """What the supplier takes off a month."""
    second_price: float | None = None
    """Of a kWh that is imported in `second_hours`, where the price is fixed."""
    second_hours: str | None = None
    """As in `second_hours.py`."""
    feed_in_price: float | None = None
    """Of an exported kWh, unless it follows the market."""
    feed_in_margin: float | None = None
    """What is added to the market's price of an exported kWh, or, when negative, taken off."""
    network_fixed: float | None = None
    """Of the reference power, a month."""
    network_variable: float | None = None
    surcharge: float | None = None
    """Of a kWh above the reference power."""
    meter_fee: float | None = None
    """Of the meter, a month."""
    has_levies: bool | None = None
    """Whether the levies are lines of their own; None where nobody has said so: they are not."""
    consumer_category: str | None = None
    """By which the levies differ; None is the first."""
    electricity_tax: float | None = None
    """Of an imported kWh."""
    compensation: float | None = None
    """Of an imported kWh; negative where it is paid to the household."""
    community_price: float | None = None
    """Of a shared kWh, paid to the energy community, with its VAT if there is any."""

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
"""Nothing is agreed, as far as is known."""


class AidVat(StrEnum):
    """How the amount of an aid relates to the VAT."""

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
        """Return the contracts as they were before the last one was entered, if there was one."""
        return replace(self, entries=self.entries[:-1] or self.entries)

    def at(self, time: datetime) -> Contract:
        """Return the contract of a moment."""
        for since, contract in reversed(self.entries):
            if since <= time:
                return contract
        return self.entries[0][1]

    def between(self, start: datetime, end: datetime) -> tuple[Contract, ...]:
        """Return those that hold in a period, in that order: one at least."""
        later = (contract for since, contract in self.entries if start < since < end)
        return self.at(start), *later

    def part_start(self, time: datetime) -> datetime:
        """Return when the day of a moment began, or its part in which its contract holds."""
        start = day_start(time)
        return next(
            (max(start, since) for since, _ in reversed(self.entries) if since <= time), start
        )

    def part_end(self, time: datetime) -> datetime:
        """Return when the day of a moment ends, or its part in which its contract holds."""
        end = day_end(time)
        return min([end, *(since for since, _ in self.entries if since > time)])

    def changed(self, contract: Contract, since: datetime) -> Contracts:
        """Return the contracts with one that holds from a moment on, whatever came after that.

        Of more than `MAX_CONTRACTS`, the oldest ones are forgotten.
        """
        since = since.astimezone(UTC)
        kept = tuple(entry for entry in self.entries if entry[0] < since)
        if not kept or kept[-1][1] != contract:
            kept += ((since, contract),)
        return replace(self, entries=kept[-MAX_CONTRACTS:])
