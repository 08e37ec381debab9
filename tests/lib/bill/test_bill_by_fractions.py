"""Bills and comparisons equal a slow model that counts quarter-hours, in exact fractions."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import nan
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings, strategies as st

from dev.testing.random_examples import examples
from smartyp1.advice.class_comparison import compare
from smartyp1.bill.month import Month
from smartyp1.energy_table.table import RowSource, Table
from smartyp1.prices.agreed_prices import price_file
from smartyp1.prices.contract import Contract, Contracts
from smartyp1.prices.published_prices import REFERENCE_POWERS, NetworkPrices
from tests.lib.bill.months import LONG_AGO, LUXEMBOURG, ledger_of

QUARTER_HOUR = timedelta(minutes=15)
TAX = 0.001


def compensation(month: datetime) -> float:
    """Return the charge on each kWh of category A: the State's aid was from August 2026 on."""
    if month.year == 2025:
        return -0.0376
    return -0.0371 if month.year == 2026 and month.month >= 8 else -0.001


prices = st.none() | st.integers(-5_000, 400_000).map(lambda each: each / 10_000)
watt_hours = st.integers(0, 9_000)
market_prices = st.integers(-99, 4_000).map(lambda each: each / 10_000)
contracts_of_a_household = st.builds(
    lambda **terms: Contract.of_terms(terms),
    reference_kw=st.sampled_from([None, 3, 7.0, 12, 150, 5.5]),
    meter_ampere=st.sampled_from([40, 63, 120]),
    has_vat=st.booleans(),
    replaces_variable=st.booleans(),
    energy_price=prices,
    energy_margin=prices,
    energy_fee=prices,
    discount=prices,
    second_price=prices,
    second_hours=st.sampled_from([None, "22:00-06:00", "22:00-06:00 sat sun"]),
    feed_in_price=prices,
    feed_in_margin=prices,
    network_fixed=prices,
    network_variable=prices,
    surcharge=prices,
    meter_fee=prices,
    has_levies=st.sampled_from([None, False, True]),
    consumer_category=st.sampled_from(["A", "A", "B"]),
    electricity_tax=prices,
    compensation=prices,
)


def quarter_hours(start: datetime) -> list[datetime]:
    """Return the quarter-hours of a month, in UTC."""
    found, time = [], start.astimezone(UTC)
    while time.astimezone(LUXEMBOURG).month == start.month:
        found.append(time)
        time += QUARTER_HOUR
    return found


class Row(NamedTuple):
    """Energy in one quarter-hour."""

    start: datetime
    imported_wh: int
    exported_wh: int
    is_whole: bool
    market: float | None
    feed_in: float | None


class Story(NamedTuple):
    """Rows of a month, the contracts that held in it, and a moment."""

    start: datetime
    rows: Sequence[Row]
    contracts: Contracts
    until: datetime

    @property
    def month(self) -> Month:
        """Return the month as the program knows it."""
        rows = sorted(self.rows, key=lambda row: row.start)
        kinds = [RowSource.MEASURED if row.is_whole else RowSource.PART for row in rows]
        table = Table(
            np.array([row.start.timestamp() // 900 for row in rows], np.int64),
            np.array([row.imported_wh for row in rows], float),
            np.array([row.exported_wh for row in rows], float),
            np.array(kinds, np.int8),
            np.array([nan if row.market is None else row.market for row in rows]),
            np.array([nan if row.feed_in is None else row.feed_in for row in rows]),
            np.zeros(len(rows), bool),
            np.zeros(len(rows), bool),
            np.zeros((5, len(rows))),
            np.zeros(len(rows), bool),
        )
        ledger = ledger_of(table, self.contracts, is_begun=False, until=self.until)
        return Month(ledger, self.start)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Return a story."""
    year, number = draw(st.integers(2025, 2027)), draw(st.integers(1, 12))
    start = datetime(year, number, 1, tzinfo=LUXEMBOURG)
    quarters = quarter_hours(start)
    # Often at a midnight, as most are.
    midnights = [quarter for quarter in quarters if not quarter.astimezone(LUXEMBOURG).time().hour]
    midnights = [midnight for midnight in midnights if not midnight.minute]
    moments = st.sampled_from(quarters) | st.sampled_from(midnights)
    changes = sorted(set(draw(st.lists(moments, max_size=3))))
    entries = [(LONG_AGO, draw(contracts_of_a_household))]
    entries += [(since, draw(contracts_of_a_household)) for since in changes]
    until = draw(st.sampled_from([*quarters, quarters[-1] + QUARTER_HOUR]))
    # Often all energy has a market price, or as good as all.
    is_priced = st.sampled_from([True] * draw(st.sampled_from([1, 12, 40])) + [False])
    rows = [
        Row(
            begin,
            draw(watt_hours),
            draw(watt_hours),
            draw(st.booleans()),
            draw(market_prices) if draw(is_priced) else None,
            draw(market_prices) if draw(is_priced) else None,
        )
        for begin in draw(st.lists(st.sampled_from(quarters), max_size=12))
        if begin < until
    ]
    return Story(start, rows, Contracts(tuple(entries)), until)


def exact(number: float) -> Fraction:
    return Fraction(repr(number))


def cents(amount: Fraction) -> float:
    """Round half a cent away from 0."""
    whole = int(abs(amount) * 100 + Fraction(1, 2))
    return whole / 100 if amount > 0 or not whole else -whole / 100


def contract_at(contracts: Contracts, time: datetime) -> Contract:
    """Return the last contract that began by then."""
    return [contract for since, contract in contracts.entries if since <= time][-1]


def shares(story: Story) -> list[tuple[Contract, Fraction]]:
    """Return how much of the month each contract held, one quarter-hour after the other."""
    quarters = quarter_hours(story.start)
    dates = [date_of(quarter) for quarter in quarters]
    of_a_day = {day: dates.count(day) for day in set(dates)}
    found: list[tuple[Contract, Fraction]] = []
    for each, day in zip(quarters, dates, strict=True):
        if each < story.until:
            found.append(
                (contract_at(story.contracts, each), Fraction(1, of_a_day[day] * len(of_a_day)))
            )
    return found


def fixed_price(contract: Contract, kw: float | None, published: NetworkPrices) -> float | None:
    if kw == contract.reference_kw and contract.network_fixed is not None:
        return contract.network_fixed
    return None if kw is None else published.price("fixed", kw)


class Sheet:
    """A bill's quantities, and the market's amounts, by name and price."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, float | None, bool], list[Fraction]] = {}

    def add(
        self, name: str, quantity: Fraction, price: float | None, market: float | None = None
    ) -> None:
        key = (name, price, market is not None)
        entry = self.found.setdefault(key, [Fraction(0), Fraction(0)])
        entry[0] += quantity
        entry[1] += exact(market or 0)

    def add_energy(
        self,
        name: str,
        prices: tuple[float | None, float | None],
        all_of_it: Fraction,
        market: list[tuple[int, float | None]],
        stand_ins: Fraction | None,
    ) -> None:
        """Add energy. `stand_ins` is the cost of energy without a price, None if it is unknown."""
        price, margin = prices
        if margin is None:
            if price is not None or name == "energy":
                self.add(name, all_of_it, price)
            return
        known, money = priced(market)
        if known < all_of_it and stand_ins is not None:
            money += stand_ins
            known = all_of_it
        if known < all_of_it and name == "energy":
            self.add(name, all_of_it, None)
        elif known or not all_of_it:
            self.add(name, known, margin, 0.0)
            self.found[name, margin, True][1] += money

    def add_part(self, contract: Contract, share: Fraction, story: Story) -> None:
        """Add the charges of a contract: a share of the month, and its rows."""
        of = story.contracts
        published = price_file().at(story.start.astimezone(UTC))
        kw, own = contract.reference_kw, contract
        rows = [row for row in story.rows if contract_at(of, row.start) is contract]
        imported = Fraction(sum(row.imported_wh for row in rows), 1000)
        exported = Fraction(sum(row.exported_wh for row in rows), 1000)
        above = sum((above_kwh(row, kw) for row in rows), Fraction(0))
        bought = [(row.imported_wh, row.market) for row in rows]
        sold = [(row.exported_wh, row.feed_in) for row in rows]
        first = imported
        has_both = None not in {own.energy_price, own.second_price, own.second_hours}
        if has_both and own.energy_margin is None:
            of_second = [row.imported_wh for row in rows if is_second(row, own.second_hours)]
            second = Fraction(sum(of_second), 1000)
            self.add("energy_second", second, own.second_price)
            first -= second
        cost = cost_of_unpriced(story, rows, BOUGHT)
        self.add_energy("energy", (own.energy_price, own.energy_margin), first, bought, cost)
        cost = cost_of_unpriced(story, rows, SOLD)
        self.add_energy("feed_in", (own.feed_in_price, own.feed_in_margin), exported, sold, cost)
        if own.energy_fee is not None:
            self.add("energy_fee", share, own.energy_fee)
        if own.discount is not None:
            self.add("discount", share, -own.discount)
        self.add("network_fixed", share, fixed_price(own, kw, published))
        self.add(
            "network_variable",
            imported - above if own.replaces_variable else imported,
            published.price("variable") if own.network_variable is None else own.network_variable,
        )
        of_year = published.price("meter", own.meter_ampere)
        self.add("meter", share, of_year if own.meter_fee is None else own.meter_fee)
        surcharge = published.price("surcharge") if own.surcharge is None else own.surcharge
        self.add("surcharge", above, None if kw is None else surcharge)
        if own.has_levies is True:
            levies = {"electricity_tax": TAX, "compensation": compensation(story.start)}
            for name, mine in levies.items():
                of_a = mine if own.consumer_category == "A" else None
                entered = own.levy(name)
                self.add(name, imported, of_a if entered is None else entered)


BOUGHT = ("energy_margin", "imported_wh", "market")
SOLD = ("feed_in_margin", "exported_wh", "feed_in")


def priced(market: list[tuple[int, float | None]]) -> tuple[Fraction, Fraction]:
    """Return the kWh with a market price, and their cost."""
    known = [(Fraction(wh, 1000), exact(price)) for wh, price in market if price is not None]
    kwh = sum((each for each, _ in known), Fraction(0))
    return kwh, sum((each * price for each, price in known), Fraction(0))


def cost_of_unpriced(story: Story, rows: Sequence[Row], names: tuple[str, ...]) -> Fraction | None:
    """Return the cost of the energy without a price. `rows` are all rows of one contract.

    Return None if less than nine tenths of the month's energy at the market have a price. Return
    None also if the contract has no price at all.
    """
    margin, energy, price = names
    of_market = [
        row
        for row in story.rows
        if getattr(contract_at(story.contracts, row.start), margin) is not None
    ]
    kwh = Fraction(sum(getattr(row, energy) for row in of_market), 1000)
    known, _ = priced([(getattr(row, energy), getattr(row, price)) for row in of_market])
    if not known or known * 10 < kwh * 9:
        return None
    cost = Fraction(0)
    for row in rows:
        if getattr(row, price) is None and getattr(row, energy):
            stand_in = price_of_others(story, row, rows, names)
            if stand_in is None:
                return None
            cost += Fraction(getattr(row, energy), 1000) * stand_in
    return cost


def price_of_others(
    story: Story, row: Row, rows: Sequence[Row], names: tuple[str, ...]
) -> Fraction | None:
    """Return the price of a row without one, from the other rows of its contract.

    The mean of its own day counts if that day has ended, else that of the last day before. Where no
    earlier day has a mean, the first that has one counts, and at last the first price.
    """
    _, energy, price = names
    means = {}
    for day in {date_of(other.start) for other in rows}:
        of_day = [other for other in rows if date_of(other.start) == day]
        kwh, money = priced([(getattr(each, energy), getattr(each, price)) for each in of_day])
        if kwh and day < date_of(story.until):
            means[day] = money / kwh
    earlier = [day for day in means if day <= date_of(row.start)]
    if earlier:
        return means[max(earlier)]
    if means:
        return means[min(means)]
    known = [each for each in rows if getattr(each, price) is not None]
    first = min(known, key=lambda each: each.start, default=None)
    return None if first is None else exact(getattr(first, price))


def date_of(time: datetime) -> date:
    return time.astimezone(LUXEMBOURG).date()


def is_second(row: Row, hours: str | None) -> bool:
    """Return whether a row is in the second hours, which begin and end as in the contracts."""
    local = row.start.astimezone(LUXEMBOURG)
    is_weekend = local.weekday() >= 5 and "sat sun" in (hours or "")
    return local.hour >= 22 or local.hour < 6 or is_weekend


def above_kwh(row: Row, kw: float | None) -> Fraction:
    if kw is None or not row.is_whole:
        return Fraction(0)
    return max(Fraction(0), Fraction(row.imported_wh) - exact(kw) * 250) / 1000


def expected_lines(story: Story) -> tuple[list[tuple[str, float, float]], set[str]]:
    """Return name, quantity and amount of each line, and the missing prices."""
    held = shares(story) or [(contract_at(story.contracts, story.start), Fraction(0))]
    together: dict[int, tuple[Contract, Fraction]] = {}
    for contract, share in held:
        _, so_far = together.get(id(contract), (contract, Fraction(0)))
        together[id(contract)] = contract, so_far + share
    sheet = Sheet()
    for contract, share in together.values():
        sheet.add_part(contract, share, story)
    lines, missing = [], set()
    for (name, price, _), (quantity, market) in sheet.found.items():
        if price is None:
            missing.add(name)
            continue
        amount = quantity * exact(price) + market
        lines.append((name, float(quantity), cents(-amount if name == "feed_in" else amount)))
    return lines, missing


@given(stories())
@settings(max_examples=examples(25))
def test_bills(story: Story) -> None:
    contracts = story.contracts
    due = story.month.bill(story.until)
    lines, missing = expected_lines(story)

    shown = [(line.name, line.quantity, line.amount) for line in due.lines]
    assert sorted(shown) == sorted((name, round(each, 6), amount) for name, each, amount in lines)
    assert set(due.missing) == missing
    if missing:
        assert due.total is None
        return
    net = sum((exact(amount) for *_, amount in lines), Fraction(0))
    taxed = sum((exact(amount) for name, _, amount in lines if name != "feed_in"), Fraction(0))
    vat = cents(taxed * Fraction(8, 100)) if contracts.latest.has_vat else 0
    assert (due.net, due.vat, due.total) == (float(net), vat, float(net + exact(vat)))


@given(stories())
@settings(max_examples=examples(25))
def test_comparisons(story: Story) -> None:
    month, contracts = story.month, story.contracts
    published = price_file().at(month.start.astimezone(UTC))
    [compared] = compare(month.ledger, [month.start], story.until).months
    vat = Fraction(108, 100) if contracts.latest.has_vat else Fraction(1)
    held = shares(story)
    for kw in REFERENCE_POWERS:
        fixed = surcharge = above = Fraction(0)
        is_fixed_known = (
            bool(held)
            or fixed_price(contract_at(contracts, month.start), kw, published) is not None
        )
        for contract, share in held:
            price = fixed_price(contract, kw, published)
            is_fixed_known = is_fixed_known and price is not None
            fixed += share * exact(price or 0) * vat
        for row in story.rows:
            contract = contract_at(contracts, row.start)
            own_surcharge, own_variable = contract.surcharge, contract.network_variable
            each = exact(
                (published.price("surcharge") if own_surcharge is None else own_surcharge) or 0
            )
            if contract.replaces_variable:
                each -= exact(
                    (published.price("variable") if own_variable is None else own_variable) or 0
                )
            energy = above_kwh(row, kw)
            above += energy
            surcharge += each * energy * vat
        found = compared.classes[kw]
        assert found.excess_kwh == float(above)
        assert found.surcharge == cents(surcharge)
        assert found.fixed == (cents(fixed) if is_fixed_known else None)
        assert found.total == (
            float(exact(cents(fixed)) + exact(cents(surcharge))) if is_fixed_known else None
        )
