"""The bill of a month: its lines without VAT, and the VAT on them.

    bill_of(ledger, start, until).total

- Each line is quantity times price, in whole cents; half a cent is rounded up. A price that changes
  within the month makes two lines with the same name. Net is the sum of the lines, VAT is rounded
  once, and the total is net plus VAT. So the bill adds up on paper.
- Monthly prices count from the start of the month, whether its days were measured or not. In the
  very first month, they count from the quarter-hour of the first reading.
- Each line belongs to a part of the bill, such as the network. The cost of a part includes VAT. The
  costs are rounded by the largest remainder, so that they add up to the total.
- If the contract lacks a price of the grid or a levy, the published price of each day is used.
- A levy that is not levied on a day has no line. A levy with an unknown price is missing.
- While a price is unknown, its line is in `missing`, and there is no total.
- Energy at the market's price has the price of its quarter-hour. If this price is unknown, the
  energy counts as `unpriced_kwh` or `unpriced_exported_kwh`. If at most a tenth of the month's
  imported (or exported) energy is unpriced, the unpriced energy has stand-in prices
  (`filled_market_prices.py`). Otherwise, the price of the imported energy is unknown, and the line
  of the exported energy has only the priced energy.
- Exported energy has no line, and is not in the total, if none of it has a price.
- Exported energy has no VAT. An aid may have no VAT either.
- Shared energy is left out of the lines of supplier and levies, but not of the network's lines.
  The energy community sends its own bill, whose line is `community`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, reduce
from math import floor
from typing import NamedTuple

from ..history.luxembourg_time import month_end
from ..prices.agreed_prices import price_file
from ..prices.contract import PER_KWH, PER_MONTH, AidVat
from ..prices.kwh_price import sum_of_known
from ..prices.published_prices import OlderPrices, PublishedPrices
from .bill_part_sums import BillPart, Sums
from .ledger import Ledger


class LineKind(NamedTuple):
    """Properties that all bill lines with the same name have in common."""

    unit: str
    """`kWh` or `month`."""
    part: str
    """Part of the bill to which the line belongs, such as `network`."""
    is_paid_out: bool = False
    """Whether the household receives the amount, which then has no VAT."""


_BEFORE_LEVIES: Mapping[str, LineKind] = {
    "energy": LineKind("kWh", "energy"),
    "energy_second": LineKind("kWh", "energy"),
    "energy_fee": LineKind("month", "energy"),
    "discount": LineKind("month", "energy"),
    "aid_per_month": LineKind("month", "energy"),
    "network_fixed": LineKind("month", "network"),
    "network_variable": LineKind("kWh", "network"),
    "meter": LineKind("month", "network"),
    "surcharge": LineKind("kWh", "surcharge"),
}
_AFTER_LEVIES: Mapping[str, LineKind] = {
    "aid_per_kwh": LineKind("kWh", "levies"),
    "feed_in": LineKind("kWh", "feed_in", is_paid_out=True),
}
_AIDS = {PER_KWH: "aid_per_kwh", PER_MONTH: "aid_per_month"}
# Share of a month's energy. If the market's price is unknown for more than this share, the cost of
# the month's energy is unknown.
_MAX_UNPRICED_SHARE = 0.1
# Decimal places of a shown price. Amounts are computed with the exact price.
_PRICE_DECIMALS = 6


def bill_lines() -> Mapping[str, LineKind]:
    """Return the kinds of lines by name, in the order of a bill."""
    return _lines_with_levies(price_file())


@lru_cache(maxsize=2)
def _lines_with_levies(prices: PublishedPrices) -> Mapping[str, LineKind]:
    levies = {name: LineKind(levy.per, levy.part) for name, levy in prices.levies.items()}
    return {**_BEFORE_LEVIES, **levies, **_AFTER_LEVIES}


def lines_of(*parts: str) -> tuple[str, ...]:
    """Return the line names of the given parts of a bill."""
    return tuple(name for name, kind in bill_lines().items() if kind.part in parts)


def monthly_lines() -> tuple[str, ...]:
    """Return the names of the lines with a monthly price."""
    return tuple(name for name, kind in bill_lines().items() if kind.unit == PER_MONTH)


_CENT = 10_000_000
"""One cent in billionths of a euro."""


class BillLine(NamedTuple):
    """One line of a bill. Its price and amount are in EUR and do not include VAT."""

    name: str
    """Key of `bill_lines`."""
    quantity: float
    unit: str
    price: float
    """Price of one unit. At the market's price, this is the month's mean plus the margin."""
    amount: float
    """Cost; negative if it lowers the bill."""
    label: str | None = None
    """Name of an aid, as the household entered it."""
    has_vat: bool = True


class Bill(NamedTuple):
    """Bill of a month up to a moment. Amounts are in EUR, rounded to whole cents."""

    lines: tuple[BillLine, ...]
    missing: tuple[str, ...]
    """Names of the lines whose price is unknown."""
    vat_rate: float | None
    """Rate of the VAT: 0 for a contract without VAT, None if unknown."""
    net: float | None
    """Sum of the lines without VAT. `net`, `vat_base`, `vat` and `total` are None if a line is
    missing."""
    vat_base: float | None
    """Sum of the lines that bear VAT: all but exported energy and aids without VAT."""
    vat: float | None
    total: float | None
    subtotal: float | None
    """Sum, with VAT, of the parts of the bill whose lines are all known."""
    community: BillLine | None
    """Line of the energy community's own bill. The amount includes VAT."""
    older: Mapping[str, OlderPrices]
    """Older published prices of each line that uses some."""
    unpriced_kwh: float
    """Imported energy whose price is unknown."""
    unpriced_market_kwh: float
    """Part of `unpriced_kwh` whose market price was unknown when it was measured."""
    unpriced_exported_kwh: float
    """Exported energy whose market price was unknown when it was measured."""
    energy: Sums
    """Energies of the bill. The supplier's lines do not include energy from energy sharing."""
    may_owe_less_network: float | None
    """Network cost of locally shared energy, with VAT. The operator may waive this cost."""
    above: float | None
    """Cost with VAT of the energy above the reference power, in addition to its other prices. None
    if the reference power or a price is unknown."""

    @property
    def prices_of(self) -> OlderPrices | None:
        """Return the older published prices that the bill uses. Return None if it uses none."""
        return OlderPrices.joined(self.older.values())

    def older_prices(self, *parts: str) -> OlderPrices | None:
        """Return the older published prices that the `parts` of the bill use, such as `network`."""
        kinds = bill_lines()
        return OlderPrices.joined(
            older for name, older in self.older.items() if kinds[name].part in parts
        )

    @property
    def total_with_community(self) -> float | None:
        """Return the total plus the amount of the energy community's own bill.

        Return None while the total is unknown, or while the household has shared energy at an
        unknown price.
        """
        if self.total is None or not self.energy.shared_wh:
            return self.total
        return None if self.community is None else round(self.total + self.community.amount, 2)

    def amount(self, *names: str) -> float | None:
        """Return the cost with VAT of the lines in `names`.

        Return None if a cost is unknown, or if the bill has no such line.
        """
        lines = [line for line in self.lines if line.name in names]
        if not lines or self.vat_rate is None or any(name in self.missing for name in names):
            return None
        return to_cents(sum([line.amount for line in lines]) + self.vat_rate * _vat_base(lines))

    def part(self, *names: str) -> float | None:
        """Return the cost with VAT of the parts in `names`.

        Return None if a cost is unknown, or if the bill has no line of these parts. The costs of
        all parts add up to `subtotal`.
        """
        if self.vat_rate is None or any(map(lines_of(*names).__contains__, self.missing)):
            return None
        parts = _parts(_lines_of_known_parts(self.lines, self.missing), self.vat_rate)
        costs = [parts[name] for name in names if name in parts]
        return round(sum(costs), 2) if costs else None


@lru_cache(maxsize=16)
def _parts(lines: tuple[BillLine, ...], vat_rate: float) -> Mapping[str, float]:
    """Return the cost with VAT of each part of a bill, keyed by the part's name.

    The costs are rounded by the largest remainder, so that they add up to the rounded total.
    """
    of_part = _by_part(lines)
    costs = {part: _vat_base(of) * (1 + vat_rate) for part, of in of_part.items()}
    left = _vat_base(lines) + to_cents(vat_rate * _vat_base(lines))
    # In the order of the lines: of equal remainders, the part of the first line comes first.
    others = [part for part in costs if part not in {"surcharge", "feed_in"}]
    if others and "surcharge" in costs:
        # A sensor shows the surcharge with six decimals, as the product of energy and price. So
        # compute the cents of the surcharge from this product, and not from the rounded amounts of
        # the lines. Otherwise, the sensor and the bill could differ by a cent.
        surcharge = sum([line.quantity * line.price for line in of_part["surcharge"]])
        costs["surcharge"] = to_cents(surcharge * (1 + vat_rate))
        left -= costs["surcharge"]
    others = others or [*costs.keys() & {"surcharge"}]
    costs |= zip(others, rounded_to_sum([costs[part] for part in others], left), strict=True)
    return {part: round(costs[part] + _untaxed(of), 2) for part, of in of_part.items()}


def _by_part(lines: Iterable[BillLine]) -> Mapping[str, Sequence[BillLine]]:
    kinds, of_part = bill_lines(), defaultdict[str, list[BillLine]](list)
    for line in lines:
        of_part[kinds[line.name].part].append(line)
    return of_part


class _Charge(NamedTuple):
    """Item of a bill. Its cost is `quantity` times `price`, plus `market`.

    `market` is the cost at the market's prices, None for a fixed price.
    """

    name: str
    quantity: float
    price: float | None
    market: float | None = None
    label: str | None = None
    has_vat: bool = True


class MonthPrices(NamedTuple):
    """Properties of prices that are the same for the whole bill of a month."""

    is_bought_filled: bool
    """Whether imported energy without a market price has stand-in prices."""
    is_sold_filled: bool
    """Whether exported energy without a market price has stand-in prices."""
    vat_rate: float | None
    """None if unknown."""


def month_prices(ledger: Ledger, start: datetime, until: datetime) -> MonthPrices:
    """Return which stand-in prices count, and the VAT rate, for the month's bill up to `until`."""
    return prices_of_parts(_parts_of(ledger, start, until))


def prices_of_parts(parts: Sequence[BillPart]) -> MonthPrices:
    """Return which stand-in prices count, and the VAT rate, for the bill of a month's parts."""
    # A bill has one rate of VAT for all its lines, so the last contract decides.
    bought, sold = map(_bought, parts), map(_sold, parts)
    return MonthPrices(_is_filled([*bought]), _is_filled([*sold]), parts[-1].prices.vat_rate)


def bill_of(ledger: Ledger, start: datetime, until: datetime) -> Bill:
    """Return the bill of the month that begins at `start`, up to `until`.

    All energy of the month is billed, because a clock may have been ahead. If the contract lacks a
    price of the grid or a levy, the published price of each day is used.
    """
    return bill_of_parts(_parts_of(ledger, start, until))


def _parts_of(ledger: Ledger, start: datetime, until: datetime) -> Sequence[BillPart]:
    begin, end = ledger.month_begin(start), month_end(start)
    return ledger.parts(begin, max(begin, min(until, end)), max(begin, end))


def bill_of_parts(parts: Sequence[BillPart], of_month: MonthPrices | None = None) -> Bill:
    """Return the bill of parts of a month.

    Without `of_month`, its values are computed from the parts.
    """
    bought, sold = [*map(_bought, parts)], [*map(_sold, parts)]
    is_bought_filled, is_sold_filled, vat_rate = of_month or prices_of_parts(parts)
    charges = _merged(
        charge
        for part, energy, sold_energy in zip(parts, bought, sold, strict=True)
        for charge in _charges(
            part,
            energy.filled if is_bought_filled else energy,
            sold_energy.filled if is_sold_filled else sold_energy,
        )
    )
    missing, lines = _lines(charges)

    sums = _UNKNOWN if vat_rate is None else _sums(_lines_of_known_parts(lines, missing), vat_rate)
    net, vat_base, vat, total = _UNKNOWN if missing else sums
    return Bill(
        lines=lines,
        missing=missing,
        vat_rate=vat_rate,
        net=net,
        vat_base=vat_base,
        vat=vat,
        total=total,
        subtotal=sums[-1],
        community=_community(parts),
        older=_older(parts, {charge.name for charge in charges}),
        unpriced_kwh=_unpriced_kwh(bought),
        unpriced_market_kwh=_unpriced_kwh(_of_market(bought)),
        unpriced_exported_kwh=_unpriced_kwh(sold),
        energy=reduce(Sums.plus, [part.sums for part in parts]),
        may_owe_less_network=_network_of_local_sharing(parts),
        above=_cost_above(parts, vat_rate),
    )


def _cost_above(parts: Sequence[BillPart], vat_rate: float | None) -> float | None:
    if vat_rate is None or not all(part.prices.knows_excess for part in parts):
        return None
    costs = [
        round(part.sums.above_wh / 1000, 3) * (part.prices.surcharge_on_top or 0.0)
        for part in parts
    ]
    return to_cents(sum(costs) * (1 + vat_rate))


def _lines(charges: Sequence[_Charge]) -> tuple[tuple[str, ...], tuple[BillLine, ...]]:
    """Return the names of charges with an unknown price, and the lines of all other charges."""
    missing = dict.fromkeys(charge.name for charge in charges if charge.price is None)
    kinds = bill_lines()
    lines = (_line(charge, charge.price, kinds) for charge in charges if charge.price is not None)
    return tuple(missing), tuple(lines)


def _lines_of_known_parts(
    lines: tuple[BillLine, ...], missing: tuple[str, ...]
) -> tuple[BillLine, ...]:
    kinds = bill_lines()
    unknown = {kinds[name].part for name in missing}
    return tuple(line for line in lines if kinds[line.name].part not in unknown)


def _older(parts: Sequence[BillPart], names: Iterable[str]) -> Mapping[str, OlderPrices]:
    """Return the older published prices of each line in `names` that uses some."""
    if not any(part.prices.published.older for part in parts):
        return {}
    by_name = {
        name: OlderPrices.joined(part.prices.older([name]) for part in parts) for name in names
    }
    return {name: older for name, older in by_name.items() if older}


type _Sums = tuple[float | None, float | None, float | None, float | None]
"""Sums of bill lines in EUR: `net`, `vat_base`, `vat` and `total` of a `Bill`, None if unknown."""
_UNKNOWN: _Sums = (None, None, None, None)


def _sums(lines: Sequence[BillLine], vat_rate: float) -> _Sums:
    net, base = round(sum([line.amount for line in lines]), 2), round(_vat_base(lines), 2)
    vat = to_cents(vat_rate * base)
    return net, base, vat, round(net + vat, 2)


def to_cents(amount: float) -> float:
    """Return an amount in EUR, rounded to whole cents. Half a cent is rounded away from 0.

    A float just below half a cent counts as half a cent, so 2.675 becomes 2.68.
    """
    billionths = round(abs(amount) * 1e9)
    cents = (billionths + _CENT // 2) // _CENT
    return (cents if amount > 0 else -cents) / 100


def more(before: float | None, after: float | None) -> float | None:
    """Return the difference of two amounts in whole cents, None if one is unknown."""
    return None if before is None or after is None else round(after - before, 2) or 0.0


def rounded_to_sum(
    amounts: Sequence[float], total: float, parts_per_unit: int = 100
) -> list[float]:
    """Return `amounts` rounded by the largest remainder, so that they add up to `total`.

    `parts_per_unit` is 100 to round to hundredths (EUR to cents), or 1 to round to whole numbers.
    """
    exact = [round(amount * parts_per_unit, 6) for amount in amounts]
    parts = [floor(amount) for amount in exact]
    left = round(total * parts_per_unit) - sum(parts)
    order = sorted(range(len(parts)), key=lambda n: round(parts[n] - exact[n], 6))
    for n, place in enumerate(order):
        # Add what is left to the parts in turn. The part with the largest remainder comes first.
        parts[place] += (left + len(parts) - 1 - n) // len(parts)
    return [part / parts_per_unit for part in parts]


class _Energy(NamedTuple):
    """Imported or exported energy of a part of a month, and its price without VAT.

    The energy has either a fixed `price`, or a `margin` on top of the market's price.
    """

    kwh: float
    price: float | None
    margin: float | None
    market_kwh: float
    """Energy with a known market price, whose cost is `market_cost`."""
    market_cost: float
    filled_kwh: float
    """Other energy with a stand-in price, whose cost is `filled_cost`."""
    filled_cost: float

    @property
    def unpriced_kwh(self) -> float:
        """Return the energy in kWh whose price is unknown."""
        if self.margin is None:
            return self.kwh if self.price is None else 0.0
        return max(0.0, self.kwh - self.market_kwh)

    @property
    def filled(self) -> _Energy:
        """Return this energy. The stand-in prices count as known market prices."""
        return self._replace(
            market_kwh=self.market_kwh + self.filled_kwh,
            market_cost=self.market_cost + self.filled_cost,
        )


def _of_market(energies: Sequence[_Energy]) -> Sequence[_Energy]:
    """Return the energies whose price follows the market."""
    return [energy for energy in energies if energy.margin is not None]


def _unpriced_kwh(energies: Sequence[_Energy]) -> float:
    return round(sum([energy.unpriced_kwh for energy in energies]), 3)


def _bought(part: BillPart) -> _Energy:
    sums, contract = part.sums, part.contract
    return _Energy(
        sums.supplied_wh / 1000,
        contract.energy_price,
        contract.energy_margin,
        sums.priced_wh / 1000,
        sums.market_cost,
        sums.filled_wh / 1000,
        sums.filled_cost,
    )


def _sold(part: BillPart) -> _Energy:
    sums, contract = part.sums, part.contract
    return _Energy(
        sums.exported_wh / 1000,
        contract.feed_in_price,
        contract.feed_in_margin,
        sums.priced_exported_wh / 1000,
        sums.market_revenue,
        sums.filled_exported_wh / 1000,
        sums.filled_revenue,
    )


def _is_filled(energies: Sequence[_Energy]) -> bool:
    """Return whether the market's price is known for 90 % of the energies that follow it."""
    of_market = _of_market(energies)
    kwh = sum([energy.kwh for energy in of_market])
    known_kwh = kwh - sum([energy.unpriced_kwh for energy in of_market])
    return known_kwh > 0 and known_kwh >= (1 - _MAX_UNPRICED_SHARE) * kwh


def _charges(part: BillPart, bought: _Energy, sold: _Energy) -> Iterator[_Charge]:
    """Yield all charges for a part of a month, in the order of the lines on a bill."""
    supplied_kwh = part.sums.supplied_wh / 1000
    yield from _supplier_charges(part, bought)
    yield from _network_charges(part)
    for levy in part.prices.levies:
        kwh = part.sums.imported_wh / 1000 if levy.part == "network" else supplied_kwh
        yield _Charge(levy.name, part.months if levy.per == PER_MONTH else kwh, levy.price)
    yield from _aids(part, PER_KWH, supplied_kwh)
    if sold.margin is not None and sold.unpriced_kwh:
        sold = sold._replace(kwh=sold.market_kwh)
    if part.contract.has_feed_in_price and (sold.kwh or not part.sums.exported_wh):
        yield _energy("feed_in", sold)._replace(has_vat=False)


def _supplier_charges(part: BillPart, bought: _Energy) -> Iterator[_Charge]:
    contract, months = part.contract, part.months
    second_kwh = max(0.0, part.sums.second_wh) / 1000
    yield _energy("energy", bought._replace(kwh=bought.kwh - second_kwh))
    if contract.applied_second_hours:
        yield _Charge("energy_second", second_kwh, contract.second_price)
    if contract.energy_fee is not None:
        yield _Charge("energy_fee", months, contract.energy_fee)
    if contract.discount is not None:
        yield _Charge("discount", months, -contract.discount or 0.0)
    yield from _aids(part, PER_MONTH, months)


def _network_charges(part: BillPart) -> Iterator[_Charge]:
    contract, prices, months = part.contract, part.prices, part.months
    imported_kwh, above_kwh = part.sums.imported_wh / 1000, part.sums.above_wh / 1000
    yield _Charge("network_fixed", months, prices.fixed(contract.reference_kw))
    spared_kwh = above_kwh if contract.replaces_variable else 0.0
    yield _Charge("network_variable", imported_kwh - spared_kwh, prices.variable)
    yield _Charge("meter", months, prices.meter)
    # The surcharge is paid for the energy above the reference power. Without a reference power,
    # this energy is unknown, and so is the surcharge. A price of None says that it is unknown.
    yield _Charge("surcharge", above_kwh, contract.reference_kw and prices.surcharge)


def _aids(part: BillPart, unit: str, quantity: float) -> Iterator[_Charge]:
    for aid in part.aids:
        if aid.unit == unit:
            has_vat = aid.vat is not AidVat.NONE
            price = part.prices.aid(aid)
            yield _Charge(_AIDS[unit], quantity, price, label=aid.name, has_vat=has_vat)


def _energy(name: str, energy: _Energy) -> _Charge:
    if energy.margin is None:
        return _Charge(name, energy.kwh, energy.price)
    is_known = round(energy.unpriced_kwh, 6) == 0
    return _Charge(name, energy.kwh, energy.margin if is_known else None, energy.market_cost)


def _community(parts: Sequence[BillPart]) -> BillLine | None:
    """Return the line of the energy community's own bill.

    Return None if no energy was shared, or if the price of a part of the shared energy is unknown.
    """
    shared = [(part.sums.shared_wh / 1000, part.contract.community_price) for part in parts]
    costs = [None if price is None else kwh * price for kwh, price in shared if kwh]
    kwh, cost = sum([kwh for kwh, _ in shared]), sum_of_known(costs)
    if not kwh or cost is None:
        return None
    price = round(cost / kwh, _PRICE_DECIMALS)
    return BillLine("community", round(kwh, 3), "kWh", price, to_cents(cost))


def _network_of_local_sharing(parts: Sequence[BillPart]) -> float | None:
    """Return the network cost, with VAT, of the energy that was shared locally.

    Energy that was perhaps shared locally counts, too. Return None if the network's price or the
    rate of the VAT is unknown.
    """
    cost = 0.0
    for part in parts:
        # Layers 1 to 3 of energy sharing are local groups, for which the operator can waive the
        # network cost. Layer 4 is a national group. Energy from an unknown layer is perhaps local,
        # so count all shared energy except that of layer 4.
        if local_wh := part.sums.shared_wh - part.sums.layer_4_wh:
            grid_kwh, vat_rate = part.prices.grid_kwh, part.prices.vat_rate
            if grid_kwh is None or vat_rate is None:
                return None
            cost += local_wh / 1000 * grid_kwh * (1 + vat_rate)
    return to_cents(cost)


def _merged(charges: Iterable[_Charge]) -> list[_Charge]:
    """Merge the charges that have the same name, price and label.

    Sort them in the order of a bill.
    """
    merged: dict[tuple[object, ...], _Charge] = {}
    for charge in charges:
        name, quantity, price, market, label, has_vat = charge
        key = name, price, market is None, label, has_vat
        if same := merged.get(key):
            market = None if market is None or same.market is None else same.market + market
            quantity += same.quantity
        merged[key] = _Charge(name, quantity, price, market, label, has_vat)
    order = tuple(bill_lines())
    return sorted(merged.values(), key=lambda charge: order.index(charge.name))


def _line(charge: _Charge, price: float, kinds: Mapping[str, LineKind]) -> BillLine:
    kind, quantity, market = kinds[charge.name], charge.quantity, charge.market
    # Round energy to whole Wh first, so that the shown quantity times the price gives the shown
    # amount.
    quantity = round(quantity, 6 if kind.unit == PER_MONTH else 3) or 0.0
    cost = (charge.quantity if kind.unit == PER_MONTH else quantity) * price + (market or 0.0)
    if market is not None and quantity:
        price = cost / quantity
    price = round(price, _PRICE_DECIMALS)
    amount = to_cents(-cost if kind.is_paid_out else cost)
    return BillLine(charge.name, quantity, kind.unit, price, amount, charge.label, charge.has_vat)


def _vat_base(lines: Iterable[BillLine]) -> float:
    return sum([line.amount for line in lines if line.has_vat])


def _untaxed(lines: Iterable[BillLine]) -> float:
    return sum([line.amount for line in lines if not line.has_vat])
