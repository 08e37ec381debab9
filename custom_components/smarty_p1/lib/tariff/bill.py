"""What a month costs: the lines of a bill, net, and the VAT on them.

    bill(month, contracts, until).total

- Each line is its quantity times its price, in whole cents; half a cent is rounded up, as is usual
  with money. A price that changes within the month makes two lines of one name. Net is the sum of
  the lines, VAT is rounded once, and the total is the sum of both: it adds up on paper.
- Prices by the month run by the calendar from its start, whether measured or not; in the first
  month of all, from the day of the first reading.
- With VAT, the parts are rounded by the largest remainder: they add up to the total.
- Prices that the contract leaves open are the published ones of the month's year.
- Energy at the market's price was priced as it came; what came while that price was unknown is on
  no line, and `unpriced_kwh` says how much that is.
- There is no VAT on what is fed in.
- What was shared is no supplier's, and bears no levies; the network's lines are on all energy. The
  group's own bill of it is another one.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache, reduce
from typing import NamedTuple

from .contract import Contracts
from .month import Day, Month, Shared
from .months_by_contract import MonthPart, parts_of
from .network_prices import AgreedPrices, NetworkPrices, network_prices


class LineKind(NamedTuple):
    """What a line of a bill is about."""

    unit: str
    """`kWh` or `month`."""
    part: str
    """Of the bill: the lines of one are added up."""
    is_paid_out: bool = False
    """Whether it is what the household is paid: there is no VAT on that."""


BILL_LINES: Mapping[str, LineKind] = {
    "energy": LineKind("kWh", "energy"),
    "energy_second": LineKind("kWh", "energy"),
    "energy_fee": LineKind("month", "energy"),
    "discount": LineKind("month", "energy"),
    "network_fixed": LineKind("month", "network"),
    "network_variable": LineKind("kWh", "network"),
    "meter": LineKind("month", "network"),
    "surcharge": LineKind("kWh", "surcharge"),
    "electricity_tax": LineKind("kWh", "levies"),
    "compensation": LineKind("kWh", "levies"),
    "feed_in": LineKind("kWh", "feed_in", is_paid_out=True),
}
"""The lines by their names, in the order of a bill."""
_ORDER = tuple(BILL_LINES)
_ENERGY = ("energy", "energy_second")


def lines_of(*parts: str) -> tuple[str, ...]:
    """Return the names of the lines of parts of a bill."""
    return tuple(name for name, kind in BILL_LINES.items() if kind.part in parts)


_CENT = 10_000_000
"""In billionths of the currency."""


class Line(NamedTuple):
    """A line of a bill, without VAT."""

    name: str
    """One of `BILL_LINES`, in that order."""
    quantity: float
    unit: str
    price: float
    """Of one unit; where it follows the market, the mean of the month, with the margin."""
    amount: float
    """Negative for what the household is paid or spared."""


class Bill(NamedTuple):
    """What a month costs, or what has passed of it. Amounts are in whole cents."""

    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    """Names of lines that belong on the bill, but whose price is not known."""
    vat_rate: float | None
    """0 for a contract without VAT; None is not known."""
    net: float | None
    """The sum of the lines; like what follows from it, None while a line is missing."""
    vat: float | None
    total: float | None
    unpriced_kwh: float
    """Imported energy that is not on a line `energy`."""
    unpriced_exported_kwh: float
    """Exported energy that is not on a line `feed_in`."""
    unsplit_kwh: float
    """Imported energy at the first of two prices, because it is not known by hours."""
    shared: Shared
    """What came from energy sharing, of which the supplier's lines are not."""

    @property
    def may_owe_less_network(self) -> bool:
        """Return whether energy was shared for which the operator may not charge the network.

        That is within a local group: layers 1 to 3, or one that is not known.
        """
        return self.shared.all_wh > self.shared.layer_4_wh

    def amount(self, *names: str) -> float | None:
        """Return what the lines of these names cost with VAT; None while one of them is unknown."""
        lines = [line for line in self.lines if line.name in names]
        if not lines or self.vat_rate is None or any(name in self.missing for name in names):
            return None
        return to_cents(sum(line.amount for line in lines) + self.vat_rate * _taxed(lines))

    def part(self, *names: str) -> float | None:
        """Return what parts cost with VAT; where all are known, they add up to the total."""
        if self.net is None or self.vat is None:
            return self.amount(*lines_of(*names))
        parts = _parts(self.lines, self.vat, self.vat_rate or 0.0)
        found = [parts[name] for name in names if name in parts]
        return round(sum(found), 2) if found else None


@lru_cache(maxsize=16)
def _parts(lines: tuple[Line, ...], vat: float, vat_rate: float) -> Mapping[str, float]:
    """Return all parts with VAT, rounded by the largest remainder."""
    net: dict[str, int] = {}
    surcharge = 0.0
    for line in lines:
        part = BILL_LINES[line.name].part
        net[part] = net.get(part, 0) + round(line.amount * 100)
        if part == "surcharge":
            surcharge += line.quantity * line.price
    paid_out = net.pop("feed_in", None)
    left = sum(net.values()) + round(vat * 100)
    percent = round((1 + vat_rate) * 100)
    whole = {part: cents * percent // 100 for part, cents in net.items()}
    # It is shown more exactly than in cents.
    whole["surcharge"] = round(to_cents(surcharge * (1 + vat_rate)) * 100)
    left -= sum(whole.values())
    others = sorted(net.keys() - {"surcharge"}, key=lambda part: -(net[part] * percent % 100))
    for n, part in enumerate(others):
        # In turn, beginning with the largest remainder.
        whole[part] += (left + len(others) - 1 - n) // len(others)
    if paid_out is not None:
        whole["feed_in"] = paid_out
    return {part: cents / 100 for part, cents in whole.items()}


class _Charge(NamedTuple):
    """A quantity and its price, and what the market's prices of that quantity add to it."""

    name: str
    quantity: float
    price: float | None
    market: float | None = None


def bill(
    month: Month, contracts: Contracts, until: datetime, published: NetworkPrices | None = None
) -> Bill:
    """Return the bill of a month as it is at a moment; of one that has ended, the whole bill.

    It is at the published prices of its year, or at these.
    """
    published = published or network_prices(month.start.year)
    parts = parts_of(month, contracts, until)
    charges = [
        charge
        for part in parts
        for charge in _charges(part, AgreedPrices(part.contract, published))
    ]
    if len(parts) > 1:
        charges = _merged(charges)
    missing = [charge.name for charge in charges if charge.price is None]
    lines = [_line(charge, charge.price) for charge in charges if charge.price is not None]

    # A bill has VAT or it has not: what was agreed last is for all of it.
    vat_rate = AgreedPrices(parts[-1].contract, published).vat_rate
    net = vat = total = None
    if not missing and vat_rate is not None:
        net = round(sum([line.amount for line in lines]), 2)
        vat = to_cents(vat_rate * _taxed(lines))
        total = round(net + vat, 2)
    return Bill(
        lines=tuple(lines),
        missing=tuple(dict.fromkeys(missing)),
        vat_rate=vat_rate,
        net=net,
        vat=vat,
        total=total,
        unpriced_kwh=_not_charged(charges, _ENERGY, sum([part.supplied_kwh for part in parts])),
        unpriced_exported_kwh=_not_charged(
            charges, ("feed_in",), sum([part.exported_kwh for part in parts])
        ),
        unsplit_kwh=_unsplit_kwh(parts),
        shared=reduce(Shared.plus, [part.shared for part in parts]),
    )


def to_cents(amount: float) -> float:
    """Round to whole cents, half a cent away from 0.

    Binary fractions that are a hair off half a cent count as half a cent: 2.675 becomes 2.68.
    """
    billionths = round(abs(amount) * 1e9)
    cents = (billionths + _CENT // 2) // _CENT
    return (cents if amount > 0 else -cents) / 100


def _charges(part: MonthPart, prices: AgreedPrices) -> Iterator[_Charge]:
    """Yield what is charged for a part of a month, in the order of a bill."""
    contract, days, months, imported_kwh, exported_kwh, _, supplied_kwh = part
    above_kwh = part.above_kwh(contract.reference_kw)

    market = (_supplied(day) for day in days)
    second_kwh = part.split.second_wh / 1000 if contract.has_second_price else 0.0
    yield from _energy(
        "energy", supplied_kwh - second_kwh, contract.energy_price, contract.energy_margin, market
    )
    if contract.has_second_price:
        yield _Charge("energy_second", second_kwh, contract.second_price)
    if contract.energy_fee is not None:
        yield _Charge("energy_fee", months, contract.energy_fee)
    if contract.discount is not None:
        yield _Charge("discount", months, -contract.discount or 0.0)

    yield _Charge("network_fixed", months, prices.fixed(contract.reference_kw))
    variable_kwh = imported_kwh - above_kwh if contract.replaces_variable else imported_kwh
    yield _Charge("network_variable", variable_kwh, prices.variable)
    yield _Charge("meter", months, prices.meter)
    # Without a reference power nobody knows what is above it.
    yield _Charge("surcharge", above_kwh, contract.reference_kw and prices.surcharge)
    if contract.has_levies:
        yield _Charge("electricity_tax", supplied_kwh, prices.electricity_tax)
        yield _Charge("compensation", supplied_kwh, prices.compensation)

    market = ((day.market_exported_wh, day.market_revenue) for day in days)
    yield from _energy(
        "feed_in", exported_kwh, contract.feed_in_price, contract.feed_in_margin, market
    )


def _supplied(day: Day) -> tuple[float, float]:
    """Return what the supplier bills of the Wh that were priced, and how, by the day's mean."""
    if not day.shared or not day.imported_wh:
        return day.market_wh, day.market_cost
    share = max(0.0, 1.0 - day.shared.all_wh / day.imported_wh)
    return day.market_wh * share, day.market_cost * share


def _energy(
    name: str,
    kwh: float,
    price: float | None,
    margin: float | None,
    market: Iterable[tuple[float, float]],
) -> Iterator[_Charge]:
    """Yield what energy costs; `market` holds the Wh of each day that were priced, and how."""
    if margin is not None:
        priced = list(market)
        priced_kwh = sum([wh for wh, _ in priced]) / 1000
        if priced_kwh or not kwh:
            yield _Charge(name, priced_kwh, margin, sum([cost for _, cost in priced]))
    elif price is not None:
        yield _Charge(name, kwh, price)


def _merged(charges: list[_Charge]) -> list[_Charge]:
    """Merge charges of the same name and price, in the order of a bill."""
    merged: dict[tuple[str, float | None, bool], _Charge] = {}
    for name, quantity, price, market in charges:
        key = (name, price, market is None)
        if same := merged.get(key):
            added = None if market is None else (same.market or 0.0) + market
            merged[key] = _Charge(name, same.quantity + quantity, price, added)
        else:
            merged[key] = _Charge(name, quantity, price, market)
    return sorted(merged.values(), key=lambda charge: _ORDER.index(charge.name))


def _line(charge: _Charge, price: float) -> Line:
    name, quantity, _, market = charge
    kind = BILL_LINES[name]
    if kind.unit == "month":
        return Line(name, round(quantity, 6), kind.unit, price, to_cents(quantity * price))
    # To the watt-hour: the amount follows from what is shown.
    quantity = round(quantity, 3) or 0.0
    cost = quantity * price + (market or 0.0)
    if market is not None and quantity:
        price = round(cost / quantity, 6)
    return Line(name, quantity, kind.unit, price, to_cents(-cost if kind.is_paid_out else cost))


def _taxed(lines: list[Line]) -> float:
    return sum([line.amount for line in lines if not BILL_LINES[line.name].is_paid_out])


def _not_charged(charges: list[_Charge], names: tuple[str, ...], energy_kwh: float) -> float:
    """Return how much of an energy is on no line of these names."""
    charged_kwh = sum([charge.quantity for charge in charges if charge.name in names])
    return max(0.0, round(energy_kwh - charged_kwh, 3))


def _unsplit_kwh(parts: list[MonthPart]) -> float:
    """Return the energy that has two prices and is not known by hours."""
    found = [
        part.supplied_kwh - part.split.energy_wh / 1000
        for part in parts
        if part.contract.has_second_price
    ]
    return max(0.0, round(sum(found), 3))
