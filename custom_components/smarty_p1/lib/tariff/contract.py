"""What a household has agreed with the operator of the grid and the supplier, and since when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from .calendar import day_end, day_start

REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
"""The classes of the tariff, in kW."""
METER_SIZES = (40, 63, 120)
"""The sizes of meters that have prices of their own, each by its smallest current in ampere."""
BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)
"""Before all that a meter says: the first contract holds from then on."""
MAX_CONTRACTS = 200
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
    """Whether the levies are lines of their own; None where nobody has said so, and they are not.
    They may be in the price of the energy, where earlier versions had them."""
    consumer_category: str | None = None
    """By which the levies differ; None is the first."""
    electricity_tax: float | None = None
    """Of an imported kWh."""
    compensation: float | None = None
    """Of an imported kWh; negative where it is paid to the household."""

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

    @property
    def latest(self) -> Contract:
        """Return the contract that was entered last."""
        return self.entries[-1][1]

    @property
    def before_latest(self) -> Contracts:
        """Return the contracts as they were before the last one was entered, if there was one."""
        return Contracts(self.entries[:-1] or self.entries)

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
        return Contracts(kept[-MAX_CONTRACTS:])
