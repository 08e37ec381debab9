"""Energy shared with a group: the supplier's lines and the levies are on the remaining energy.

Expected amounts are written out by hand, or added up here by the quarter-hour in exact fractions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import nan
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from dev.testing.prices import price_file
from dev.testing.random_examples import examples
from smartyp1.answers.bills import bills_report
from smartyp1.bill.bill import Bill, month_prices
from smartyp1.bill.ledger_row_prices import prices_of_rows
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import Month
from smartyp1.history.market_prices import NO_PRICES
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.json_types import JsonDict
from smartyp1.leneda.measured_and_estimated_rows import LenedaRow, quarter_hours_of, sharing_of
from smartyp1.prices import agreed_prices
from smartyp1.prices.contract import Contract, Contracts
from smartyp1.prices.kwh_price import price_of_kwh
from smartyp1.prices.published_prices import PublishedPrices
from tests.lib.bill.months import agreed, changing, local, months_of
from tests.lib.bill.support import Connection, read_quarter_hours, row_of
from tests.lib.bill.tables import DayRows, ledger_of_days

QUARTER = timedelta(minutes=15)
CONSUMPTION, REMAINING = "1-1:1.29.0", "1-65:1.29.9"
LAYER_1, LAYER_2, LAYER_3, LAYER_4 = "1-65:1.29.1", "1-65:1.29.3", "1-65:1.29.2", "1-65:1.29.4"
HOUSE: JsonDict = {"reference_kw": 7, "energy_price": 0.145, "has_levies": True}
type Platform = Mapping[str, list[LenedaRow]]


def rows(start: str, end: str, kw: float | Callable[[datetime], float]) -> list[LenedaRow]:
    """Return the platform's rows of a period of Luxembourg's clock."""
    found, time = [], local(start)
    while time < local(end):
        found.append(LenedaRow(time, kw(time) if callable(kw) else kw, is_measured=True))
        time += QUARTER
    return found


def at_noon(kw: float) -> Callable[[datetime], float]:
    """Return a function of time: `kw` from 10:00 to 16:00 of Luxembourg's clock, else 0."""
    zone = ZoneInfo("Europe/Luxembourg")
    return lambda time: kw if 10 <= time.astimezone(zone).hour < 16 else 0.0


def past(platform: Platform) -> LenedaDays:
    return LenedaDays(quarter_hours_of(platform), sharing_of(platform))


def only_month(platform: Platform, contracts: Contracts, own: Iterable[QuarterHour] = ()) -> Month:
    [month] = months_of(row_of(own).months, past(platform), contracts).values()
    return month


def bill_of(platform: Platform, contracts: Contracts) -> Bill:
    month = only_month(platform, contracts)
    return month.bill()


def by_layer(due: Bill) -> tuple[float, ...]:
    """Return the kWh of the layers 1 to 4, and of the unknown layer."""
    return tuple(round(wh / 1000, 3) for wh in due.energy[9:14])


def price_of_shared(month: Month) -> float:
    """Return the price of a shared kWh in a month in which it does not change."""
    prices = month_prices(month.ledger, month.start, month.end)
    [price] = {*prices_of_rows(month.rows, prices).shared.tolist()}
    return float(price)


def quantities(due: Bill) -> dict[str, float]:
    return {line.name: line.quantity for line in due.lines if line.unit == "kWh"}


@pytest.mark.parametrize(
    ("code", "layers", "amount"),
    # 100 * 0.0510 * 1.08 = 5.508
    [
        (LAYER_1, (100, 0, 0, 0, 0), 5.51),
        (LAYER_2, (0, 100, 0, 0, 0), 5.51),
        (LAYER_3, (0, 0, 100, 0, 0), 5.51),
        (LAYER_4, (0, 0, 0, 100, 0), 0.0),
    ],
)
def test_the_network_may_not_be_due_within_a_local_group(
    code: str, layers: tuple[float, ...], amount: float
) -> None:
    # 10 days; 5 kW for 2 hours of each
    shared = [
        row._replace(kw=5.0 if row.kw and row.start.hour in {9, 10} else 0.0)
        for row in rows("2026-06-01", "2026-06-11", at_noon(1))
    ]
    platform = {CONSUMPTION: rows("2026-06-01", "2026-06-11", 6.0), code: shared}
    due = bill_of(platform, agreed(**HOUSE))
    assert by_layer(due) == layers
    assert due.may_owe_less_network == amount
    assert quantities(due)["network_variable"] == 1440
    assert quantities(due)["energy"] == 1340

    # The community's price: 100 * 0.09, with its VAT if there is any.
    assert (due.community, due.total_with_community) == (None, None)
    with_it = bill_of(platform, agreed(**HOUSE, community_price=0.09))
    assert with_it.community
    assert with_it.community[:5] == ("community", 100, "kWh", 0.09, 9.00)
    assert due.total
    assert with_it.total == due.total
    assert with_it.total_with_community == round(due.total + 9, 2)
    nothing_shared = bill_of({CONSUMPTION: platform[CONSUMPTION]}, agreed(**HOUSE))
    assert nothing_shared.community is None
    assert nothing_shared.total_with_community == nothing_shared.total


@pytest.mark.parametrize("has_levies", [True, False])
def test_a_further_component_of_the_grids_price_counts_for_shared_energy(
    monkeypatch: pytest.MonkeyPatch, *, has_levies: bool
) -> None:
    components = """
[levies.reserve]
per = "kWh"
part = "network"
A = [{ from = 2025-01-01, value = 0.01 }]
[levies.reading]
per = "month"
part = "network"
A = [{ from = 2025-01-01, value = 2.0 }]
"""
    platform = {
        CONSUMPTION: rows("2026-06-01", "2026-07-01", 6.0),
        LAYER_1: rows("2026-06-01", "2026-07-01", at_noon(1)),
    }
    contracts = agreed(reference_kw=7, energy_price=0.145, has_levies=has_levies)
    before = only_month(platform, contracts)
    bill_before = before.bill()
    kwh_before = price_of_kwh(contracts, before.start, NO_PRICES).imported
    shared_before = price_of_shared(before)
    prices = PublishedPrices.read(price_file(levies=components))
    monkeypatch.setattr(agreed_prices, "PUBLISHED", prices)
    after = only_month(platform, contracts)
    due = after.bill()
    lines = {line.name: (line.quantity, line.price, line.amount) for line in due.lines}
    # 30 days * 24 h * 6 kW = 4320 kWh, of which 180 are shared
    assert lines["reserve"] == (4320, 0.01, 43.2)
    assert lines["reading"] == (1, 2.0, 2.0)
    assert due.net == pytest.approx((bill_before.net or 0) + 45.2)
    assert due.part("levies") == bill_before.part("levies")
    assert due.part("network") == pytest.approx(
        (bill_before.part("network") or 0) + 48.82, abs=0.01
    )
    assert kwh_before
    assert price_of_kwh(contracts, after.start, NO_PRICES).imported == pytest.approx(
        kwh_before + 0.0108
    )
    assert price_of_shared(after) == pytest.approx(shared_before + 0.0108)
    # 180 * 0.0510 * 1.08 = 9.9144, and 180 * 0.01 * 1.08 = 1.944
    assert (bill_before.may_owe_less_network, due.may_owe_less_network) == (9.91, 11.86)


def test_the_communitys_price_changes_in_the_month() -> None:
    platform = {
        CONSUMPTION: rows("2026-06-01", "2026-06-11", 6.0),
        LAYER_1: rows("2026-06-01", "2026-06-11", at_noon(1)),
    }
    before, after = (Contract(**HOUSE, community_price=price) for price in (0.09, 0.12))
    due = bill_of(platform, changing(("2020-01-01", before), ("2026-06-06", after)))
    # 30 * 0.09 + 30 * 0.12 = 6.30; / 60 = 0.105
    assert due.community
    assert due.community[1:5] == (60, "kWh", 0.105, 6.30)
    unknown = Contract(**HOUSE)
    due = bill_of(platform, changing(("2020-01-01", unknown), ("2026-06-06", after)))
    assert (due.community, due.total_with_community) == (None, None)


def test_the_remaining_energy_alone_gives_the_shared_energy() -> None:
    # 0.3 kW of the 0.8 were no supplier's, from 10:00 to 16:00: 1.8 kWh
    remaining = rows("2026-06-01", "2026-06-02", lambda time: 0.8 - at_noon(0.3)(time))
    platform = {CONSUMPTION: rows("2026-06-01", "2026-06-02", 0.8), REMAINING: remaining}
    due = bill_of(platform, agreed(**HOUSE))
    assert by_layer(due) == (0, 0, 0, 0, 1.8)
    assert quantities(due)["energy"] == 17.4
    # The group of the shared energy is unknown.
    assert due.may_owe_less_network

    # A key may have a right to one layer of two.
    due = bill_of({**platform, LAYER_4: rows("2026-06-01", "2026-06-02", at_noon(0.1))}, agreed())
    assert by_layer(due) == (0, 0, 0, 0.6, 1.2)

    # Where layers and rest contradict each other, the supplier bills the rest.
    due = bill_of({**platform, LAYER_4: rows("2026-06-01", "2026-06-02", at_noon(0.5))}, agreed())
    assert by_layer(due) == (0, 0, 0, 1.8, 0)


def set_leneda_days(house: Connection, platform: Platform) -> None:
    house.meter.set_leneda_days(past(platform))


def bill_at(house: Connection, until: str) -> Bill:
    household = house.household
    return household.month.bill(local(until))


def test_the_cut_of_own_quarter_hours_is_no_sharing() -> None:
    house = Connection("2026-06-01T00:00:00S")
    house.change(Contract(**HOUSE))
    house.read()
    for n in range(96):
        # 11 kW; 31 Wh more and less in turn.
        house.spend(900, 2750 + (31 if n % 2 else -31))
    # Without the consumption, from 10:00 to 16:00 4 of 11 kW are shared: 24 kWh.
    set_leneda_days(
        house, {REMAINING: rows("2026-06-01", "2026-06-02", lambda t: 11.0 - at_noon(4.0)(t))}
    )
    due = bill_at(house, "2026-06-02")
    assert by_layer(due) == (0, 0, 0, 0, 24)


watts = st.integers(0, 40_000)


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, int, tuple[int, int, int, int] | None]]:
    """Return quarter-hours: own and platform's watts, and the watts of four layers, where known."""
    found = []
    for _ in range(draw(st.integers(1, 12))):
        used = draw(watts) // 4 * 4
        off = draw(st.integers(-31, 31)) * 4
        layers = draw(st.none() | st.tuples(*[st.integers(0, used // 2)] * 4))
        found.append((max(0, used + off), used, layers))
    return found


@given(stories(), st.booleans())
@settings(max_examples=examples(40))
def test_quarter_hours_in_exact_fractions(
    story: list[tuple[int, int, tuple[int, int, int, int] | None]],
    is_own: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    start = local("2026-06-01T21:00")
    times = [start + n * QUARTER for n in range(len(story))]
    contracts = agreed(
        reference_kw=7,
        energy_price=0.1,
        second_price=0.2,
        second_hours="22:00-23:00",
        has_levies=True,
    )
    platform: dict[str, list[LenedaRow]] = {
        CONSUMPTION: [
            LenedaRow(time, used / 1000, is_measured=True)
            for time, (_, used, _) in zip(times, story, strict=True)
        ]
    }
    for n, code in enumerate((LAYER_1, LAYER_2, LAYER_3, LAYER_4)):
        platform[code] = [
            LenedaRow(time, layers[n] / 1000, is_measured=True)
            for time, (*_, layers) in zip(times, story, strict=True)
            if layers
        ]
    quarters = [
        QuarterHour(time, mine / 1000) for time, (mine, *_) in zip(times, story, strict=True)
    ]
    # At least a single quarter-hour is the platform's, so that the day is that of the files.
    month = only_month(platform, contracts, quarters[1:] if is_own else [])
    due = month.bill()

    known = shared = first = second = Fraction(0)
    for n, (mine, used, layers) in enumerate(story):
        imported = Fraction(mine if is_own and n else used, 4000)
        covered = min(imported, Fraction(sum(layers or ()), 4000))
        known += imported if layers else 0
        shared += covered
        if 4 <= n < 8:
            second += imported - covered
        else:
            first += imported - covered
    assert due.energy.known_sharing_wh == pytest.approx(float(known) * 1000)
    assert due.energy.shared_wh == pytest.approx(float(shared) * 1000)
    found = quantities(due)
    assert found["energy"] == pytest.approx(float(first), abs=0.00051)
    assert found["energy_second"] == pytest.approx(float(second), abs=0.00051)
    assert found["electricity_tax"] == pytest.approx(float(first + second), abs=0.00051)
    assert found["network_variable"] == pytest.approx(float(month.imported_kwh), abs=0.00051)


def test_a_month_whose_sharing_is_lost_has_no_known_sharing() -> None:
    _, household = read_quarter_hours(
        Contract(), local("2026-08-01"), local("2026-08-02"), lambda _: (0.1, 0)
    )
    shared_kwh = {"2026-05": nan, "2026-06": 3.0, "2026-07": nan, "2026-08": 3.0}
    days = {f"{month}-01": DayRows(9.6, shared_kwh=kwh) for month, kwh in shared_kwh.items()}
    household = replace(household, ledger=ledger_of_days(agreed(energy_price=0.2), days))

    bills = bills_report(household, len(shared_kwh))["months"]

    # The household shared nothing until the first known month.
    found = [bill.get("sharing_known_kwh") for bill in bills]
    assert found == [None, 9.6, 0.0, pytest.approx(9.6)]
