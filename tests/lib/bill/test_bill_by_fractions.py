"""Bills and comparisons are those of a slow model that counts quarter-hours, in exact fractions."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given, settings, strategies as st

from smartyp1.advice.class_comparison import compare
from smartyp1.bill.bill import compute_bill
from smartyp1.bill.month import ClassExcess, Day, Month
from smartyp1.prices.contract import REFERENCE_POWERS, Contract, Contracts
from smartyp1.prices.network_prices import network_prices_at
from smartyp1.prices.price_file import NetworkPrices
from smartyp1.prices.time_of_use import TimeOfUseSplit
from tests.lib.bill.months import LONG_AGO, LUXEMBOURG
from tests.random_examples import examples

QUARTER_HOUR = timedelta(minutes=15)
TAX = 0.001


def compensation(month: datetime) -> float:
    """Return what each kWh of category A is charged: the State's aid was from August 2026 on."""
    if month.year == 2025:
        return -0.0376
    return -0.0371 if month.year == 2026 and month.month >= 8 else -0.001


prices = st.none() | st.integers(-5_000, 400_000).map(lambda each: each / 10_000)
watt_hours = st.integers(0, 60_000)
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


def priced_of(watt_hours: int) -> st.SearchStrategy[int]:
    """Return how much of an energy has a price of the market: often all, or as good as all."""
    most = watt_hours * 95 // 100
    return st.sampled_from([watt_hours, watt_hours, most]) | st.integers(0, watt_hours)


def quarter_hours(start: datetime) -> list[datetime]:
    """Return the quarter-hours of a month, in UTC."""
    found, time = [], start.astimezone(UTC)
    while time.astimezone(LUXEMBOURG).month == start.month:
        found.append(time)
        time += QUARTER_HOUR
    return found


@st.composite
def stories(draw: st.DrawFn) -> tuple[Month, Contracts, datetime]:
    """Return a month, the contracts that held in it, and a moment."""
    year, number = draw(st.integers(2025, 2027)), draw(st.integers(1, 12))
    start = datetime(year, number, 1, tzinfo=LUXEMBOURG)
    quarters = quarter_hours(start)
    # Often at a midnight, as most are.
    midnights = [each for each in quarters if not each.astimezone(LUXEMBOURG).time().hour]
    midnights = [each for each in midnights if not each.minute]
    moments = st.sampled_from(quarters) | st.sampled_from(midnights)
    changes = sorted(set(draw(st.lists(moments, max_size=3))))
    entries = [(LONG_AGO, draw(contracts_of_a_household))]
    entries += [(since, draw(contracts_of_a_household)) for since in changes]
    begins = sorted({*draw(st.lists(st.sampled_from(midnights), max_size=5)), *changes})
    days = []
    for begin in begins:
        imported, exported = draw(watt_hours), draw(watt_hours)
        above = {kw: ClassExcess(1, draw(st.integers(0, imported))) for kw in (3, 7, 12, 5.5)}
        one = Day(
            start=begin,
            imported_wh=imported,
            exported_wh=exported,
            above=above,
            quarter_hours=96,
            second={
                hours: TimeOfUseSplit(imported, draw(st.integers(0, imported)))
                for hours in draw(st.sets(st.sampled_from(["22:00-06:00", "22:00-06:00 sat sun"])))
            },
            market_wh=draw(priced_of(imported)),
            market_cost=draw(st.integers(-999, 9_999)) / 1000,
            market_exported_wh=draw(priced_of(exported)),
            market_revenue=draw(st.integers(-999, 9_999)) / 1000,
        )
        days.append(one)
    until = draw(st.sampled_from([*quarters, quarters[-1] + QUARTER_HOUR]))
    # Contracts that have not begun have no days.
    days = [day for day in days if day.start < until]
    return Month(start=start, days=tuple(days)), Contracts(tuple(entries)), until


def exact(number: float) -> Fraction:
    return Fraction(repr(number))


def cents(amount: Fraction) -> float:
    """Round half a cent away from 0."""
    whole = int(abs(amount) * 100 + Fraction(1, 2))
    return whole / 100 if amount > 0 or not whole else -whole / 100


def contract_at(contracts: Contracts, time: datetime) -> Contract:
    """Return the last contract that began by then."""
    return [contract for since, contract in contracts.entries if since <= time][-1]


def shares(month: Month, contracts: Contracts, until: datetime) -> list[tuple[Contract, Fraction]]:
    """Return how much of the month each contract held, one quarter-hour after the other."""
    quarters = quarter_hours(month.start)
    dates = [each.astimezone(LUXEMBOURG).date() for each in quarters]
    of_a_day = {date: dates.count(date) for date in set(dates)}
    found: list[tuple[Contract, Fraction]] = []
    for each, date in zip(quarters, dates, strict=True):
        if each < until:
            found.append(
                (contract_at(contracts, each), Fraction(1, of_a_day[date] * len(of_a_day)))
            )
    return found


def fixed_price(contract: Contract, kw: float | None, published: NetworkPrices) -> float | None:
    if kw == contract.reference_kw and contract.network_fixed is not None:
        return contract.network_fixed
    return None if kw is None else published.fixed.get(kw)


class Sheet:
    """A bill's quantities, and what the market adds, by name and price."""

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
        market: list[tuple[float, float]],
        mean: Fraction | None,
    ) -> None:
        price, margin = prices
        if margin is None:
            if price is not None or name == "energy":
                self.add(name, all_of_it, price)
            return
        known = sum((exact(wh) for wh, _ in market), Fraction(0)) / 1000
        money = sum((exact(cost) for _, cost in market), Fraction(0))
        if known < all_of_it and mean is not None:
            money += (all_of_it - known) * mean
            known = all_of_it
        if known < all_of_it and name == "energy":
            self.add(name, all_of_it, None)
        elif known or not all_of_it:
            self.add(name, known, margin, 0.0)
            self.found[name, margin, True][1] += money

    def add_part(self, contract: Contract, share: Fraction, month: Month, of: Contracts) -> None:
        """Add what a contract is charged for: a share of the month, and its days."""
        published = network_prices_at(month.start.astimezone(UTC))
        kw, own = contract.reference_kw, contract
        days = [day for day in month.days if contract_at(of, day.start) is contract]
        imported = sum((exact(day.imported_wh) for day in days), Fraction(0)) / 1000
        exported = sum((exact(day.exported_wh) for day in days), Fraction(0)) / 1000
        above = sum((above_kwh(day, kw) for day in days), Fraction(0))
        bought = [(day.market_wh, day.market_cost) for day in days]
        sold = [(day.market_exported_wh, day.market_revenue) for day in days]
        first = imported
        has_both = None not in {own.energy_price, own.second_price, own.second_hours}
        if has_both and own.energy_margin is None:
            of_second = [
                split.second_wh
                for day in days
                for hours, split in day.second.items()
                if hours == own.second_hours
            ]
            second = sum(map(exact, of_second), Fraction(0)) / 1000
            self.add("energy_second", second, own.second_price)
            first -= second
        mean = mean_price(month, of, BOUGHT)
        self.add_energy("energy", (own.energy_price, own.energy_margin), first, bought, mean)
        mean = mean_price(month, of, SOLD)
        self.add_energy("feed_in", (own.feed_in_price, own.feed_in_margin), exported, sold, mean)
        if own.energy_fee is not None:
            self.add("energy_fee", share, own.energy_fee)
        if own.discount is not None:
            self.add("discount", share, -own.discount)
        self.add("network_fixed", share, fixed_price(own, kw, published))
        self.add(
            "network_variable",
            imported - above if own.replaces_variable else imported,
            published.variable if own.network_variable is None else own.network_variable,
        )
        of_year = published.meter[own.meter_ampere]
        self.add("meter", share, of_year if own.meter_fee is None else own.meter_fee)
        surcharge = published.surcharge if own.surcharge is None else own.surcharge
        self.add("surcharge", above, None if kw is None else surcharge)
        if own.has_levies is True:
            levies = {"electricity_tax": TAX, "compensation": compensation(month.start)}
            for name, mine in levies.items():
                of_a = mine if own.consumer_category == "A" else None
                entered = own.levy(name)
                self.add(name, imported, of_a if entered is None else entered)


BOUGHT = ("energy_margin", "imported_wh", "market_wh", "market_cost")
SOLD = ("feed_in_margin", "exported_wh", "market_exported_wh", "market_revenue")


def mean_price(month: Month, of: Contracts, names: tuple[str, ...]) -> Fraction | None:
    """Return the market's mean price where nine tenths of the energy that follows it have one."""
    margin, *amounts = names
    days = [day for day in month.days if getattr(contract_at(of, day.start), margin) is not None]
    wh, known_wh, money = (
        sum((exact(getattr(day, name)) for day in days), Fraction(0)) for name in amounts
    )
    if not known_wh or known_wh * 10 < wh * 9:
        return None
    return money / (known_wh / 1000)


def above_kwh(day: Day, kw: float | None) -> Fraction:
    return (
        exact(day.above[kw].energy_wh) / 1000 if kw is not None and kw in day.above else Fraction(0)
    )


def expected_lines(
    month: Month, contracts: Contracts, until: datetime
) -> tuple[list[tuple[str, float, float]], set[str]]:
    """Return name, quantity and amount of each line, and what is missing."""
    held = shares(month, contracts, until) or [(contract_at(contracts, month.start), Fraction(0))]
    together: dict[int, tuple[Contract, Fraction]] = {}
    for contract, share in held:
        _, so_far = together.get(id(contract), (contract, Fraction(0)))
        together[id(contract)] = contract, so_far + share
    sheet = Sheet()
    for contract, share in together.values():
        sheet.add_part(contract, share, month, contracts)
    lines, missing = [], set()
    for (name, price, _), (quantity, market) in sheet.found.items():
        if price is None:
            missing.add(name)
            continue
        amount = quantity * exact(price) + market
        lines.append((name, float(quantity), cents(-amount if name == "feed_in" else amount)))
    return lines, missing


@given(stories())
@settings(max_examples=examples(50))
def test_bills(story: tuple[Month, Contracts, datetime]) -> None:
    month, contracts, until = story
    due = compute_bill(month, contracts, until)
    lines, missing = expected_lines(month, contracts, until)

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
@settings(max_examples=examples(50))
def test_comparisons(story: tuple[Month, Contracts, datetime]) -> None:
    month, contracts, until = story
    published = network_prices_at(month.start.astimezone(UTC))
    [compared] = compare([month], contracts, until).months
    vat = Fraction(108, 100) if contracts.latest.has_vat else Fraction(1)
    held = shares(month, contracts, until)
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
        for day in month.days:
            contract = contract_at(contracts, day.start)
            own_surcharge, own_variable = contract.surcharge, contract.network_variable
            each = exact((published.surcharge if own_surcharge is None else own_surcharge) or 0)
            if contract.replaces_variable:
                each -= exact((published.variable if own_variable is None else own_variable) or 0)
            energy = above_kwh(day, kw)
            above += energy
            surcharge += each * energy * vat
        found = compared.classes[kw]
        assert found.excess_kwh == float(above)
        assert found.surcharge == cents(surcharge)
        assert found.fixed == (cents(fixed) if is_fixed_known else None)
        assert found.total == (
            float(exact(cents(fixed)) + exact(cents(surcharge))) if is_fixed_known else None
        )
