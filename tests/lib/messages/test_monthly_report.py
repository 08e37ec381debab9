"""Monthly report, computed by hand.

In May and June 2026, a kWh costs 0.2171 EUR with VAT, and the fixed prices of a month are 20.05
EUR. May: 31 days of 10 kWh cost 67.29 + 20.05 = 87.34 EUR. June: 30 days of 12 kWh cost 78.15 +
20.05 = 98.20 EUR. The bill rounds lines and VAT, so the change is 10.85 EUR.
"""

from calendar import monthrange
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from smartyp1.advice.goal import GoalChoice
from smartyp1.bill.ledger import Ledger
from smartyp1.bill.month import Month
from smartyp1.energy_table.table import RowSource, Table
from smartyp1.energy_table.wall_clock import quarter_number
from smartyp1.history.luxembourg_time import month_start
from smartyp1.messages.message import Line
from smartyp1.messages.monthly_report import ReportedMonths, cost_change_so_far, monthly_report
from smartyp1.prices.contract import Contract, Contracts
from tests.lib.advice.house_of_june import june
from tests.lib.bill.months import (
    Known,
    agreed,
    alike_days,
    day,
    ledger_of,
    local,
    month,
    months_under,
)
from tests.lib.bill.support import read_quarter_hours

CONTRACTS = agreed(reference_kw=7, energy_price=0.15, feed_in_price=0.06)
MAY = alike_days("2026-05", 31, 10)
JUNE = alike_days("2026-06", 30, 12)


def lines(
    *months: Known,
    own: tuple[float | None, float | None] = (None, None),
    goal: GoalChoice | None = None,
    contracts: Contracts = CONTRACTS,
) -> list[Line]:
    own_kwh = {
        each.start: kwh for each, kwh in zip(months[-2:], own, strict=False) if kwh is not None
    }
    house = reported(*months, contracts=contracts, goal=goal)._replace(own_kwh=own_kwh)
    return [*monthly_report([("House", house)]).lines]


def reported(
    *months: Known, contracts: Contracts = CONTRACTS, goal: GoalChoice | None = None
) -> ReportedMonths:
    return ReportedMonths(months_under(contracts, *months), {}, goal)


def test_a_report_has_cost_change_dearest_day_and_goal() -> None:
    dear = month("2026-06", *JUNE.days[:9], day("2026-06-10", 32), *JUNE.days[10:])
    report = monthly_report([("House", reported(MAY, dear, goal=100.0))])
    assert report.key == "monthly_report"
    # 98.20 + 20 x 0.2171 = 102.54
    assert report.values["cost_eur"] == 102.54
    assert str(report.values["reported_month"]).startswith("2026-06-01")
    more, dearest, goal = report.lines
    assert more.values["difference_eur"] == pytest.approx(15.20)
    assert more.causes == (("more_from_grid", 15.20),)
    assert dearest.key == "dearest_day"
    assert str(dearest.values["of_day"]).startswith("2026-06-09T22:00")
    # 32 x 0.217 = 6.94, and a thirtieth of 20.05, 0.67: both are rounded with the days before.
    assert dearest.values["cost_eur"] == pytest.approx(7.61, abs=0.02)
    assert goal.key == "goal_passed"
    assert goal.values == {"goal_eur": 100.0, "difference_eur": pytest.approx(2.54)}


@pytest.mark.parametrize(
    ("months", "own", "expected"),
    [
        # 60 kWh less from the roof, 10 kWh less used: 13.02 - 2.17.
        ((MAY, JUNE), (100.0, 40.0), ("more", {"less_sun": 13.02, "less_used": -2.17})),
        ((MAY, JUNE), (100.0, None), ("more", {"more_from_grid": 10.85})),
        # 155 kWh exported instead of 31: 0.06 EUR each, without VAT.
        (
            (alike_days("2026-05", 31, 10, 1), alike_days("2026-06", 30, 12, 5)),
            (None, None),
            ("same", {}),
        ),
        (
            (alike_days("2026-05", 31, 10, 10), alike_days("2026-06", 30, 12, 1)),
            (100.0, 40.0),
            # 280 kWh less exported: 16.80; 60 kWh less own: 13.02.
            ("more", {"less_sun": 29.82, "less_used": -2.17}),
        ),
        # 300 kWh instead of 310: 2.17 of 87.32 EUR are no change.
        ((MAY, alike_days("2026-06", 30, 10)), (None, None), ("same", {})),
        ((MAY, alike_days("2026-06", 30, 5)), (None, None), ("less", {"less_from_grid": -34.73})),
        # Without a tenth of a month, or without the month before, nothing is compared.
        ((alike_days("2026-05", 20, 10), JUNE), (None, None), ("dearest_day", {})),
        ((JUNE,), (None, None), ("dearest_day", {})),
        ((alike_days("2026-04", 30, 10), JUNE), (None, None), ("dearest_day", {})),
        ((MAY, alike_days("2026-06", 20, 12)), (None, None), ("known", {})),
    ],
)
def test_the_causes_add_up_to_the_change(
    months: tuple[Known, ...],
    own: tuple[float | None, float | None],
    expected: tuple[str, dict[str, float]],
) -> None:
    line = lines(*months, own=own)[0]
    assert (line.key, dict(line.causes)) == expected
    if line.causes:
        total = sum(amount for _, amount in line.causes)
        assert abs(total) == pytest.approx(line.values["difference_eur"])


@pytest.mark.parametrize(
    ("days", "goal", "key"),
    [(30, 200.0, "goal_kept"), (20, 200.0, None), (20, 10.0, "goal_passed")],
)
def test_a_month_that_is_known_in_part_has_kept_no_goal(
    days: int, goal: float, key: str | None
) -> None:
    told = [line.key for line in lines(alike_days("2026-06", days, 12), goal=goal)]
    assert [each for each in told if each.startswith("goal")] == ([key] if key else [])


@pytest.mark.parametrize(
    ("saving", "expected"),
    [(11.4, [("plan_saved", 11.4)]), (-0.52, [("plan_lost", 0.52)]), (0.0, []), (None, [])],
)
def test_the_saving_by_the_plan_is_a_line_also_if_it_is_a_loss(
    saving: float | None, expected: list[tuple[str, float]]
) -> None:
    house = reported(MAY, JUNE)._replace(plan_saving=saving)
    shown = monthly_report([("House", house)]).lines
    assert [
        (line.key, line.values["saving_eur"]) for line in shown if line.key.startswith("plan")
    ] == expected


def test_prices_and_the_reference_power_are_causes() -> None:
    dearer = Contracts(
        (
            (local("2020-01-01"), Contract(reference_kw=7, energy_price=0.15)),
            (local("2026-06-01"), Contract(reference_kw=7, energy_price=0.20)),
        )
    )
    above = month("2026-06", day("2026-06-01", 12, {7: 20}), *JUNE.days[1:])
    [more, *_, advice] = lines(MAY, above, contracts=dearer)
    causes = dict(more.causes)
    # 20 kWh above 7 kW, at 0.0765 EUR and 8 % of VAT.
    surcharge = causes["more_above"]
    assert surcharge == pytest.approx(20 * 0.0765 * 1.08, abs=0.01)
    # 310 kWh at 0.054 EUR more, and 50 kWh more at the new price of 0.271 EUR.
    assert causes["higher_prices"] == pytest.approx(16.74, abs=0.03)
    assert causes["more_from_grid"] == pytest.approx(13.56, abs=0.02)
    assert sum(causes.values()) == pytest.approx(more.values["difference_eur"])
    assert advice.key == "advice_above"
    # The bill rounds the VAT of all lines together.
    assert advice.values["saving_eur"] == pytest.approx(surcharge, abs=0.011)


def test_another_reference_power_is_advised_after_a_whole_year() -> None:
    names = [f"2025-{n:02}" for n in range(7, 13)] + [f"2026-{n:02}" for n in range(1, 7)]
    year = [alike_days(name, monthrange(*map(int, name.split("-")))[1], 10) for name in names]
    big = agreed(reference_kw=12, energy_price=0.15)
    [*_, advice] = lines(*year, contracts=big)
    assert (advice.key, advice.values["reference_kw"]) == ("advice_class", 3)
    assert float(advice.values["saving_eur"]) > 1
    assert "advice_class" not in {line.key for line in lines(*year[1:], contracts=big)}


@pytest.mark.parametrize(
    ("more_w", "advised"), [(100, True), (60, True), (40, False)], ids=["100 W", "60 W", "40 W"]
)
def test_a_base_load_that_has_risen_is_advised(more_w: int, advised: bool) -> None:  # noqa: FBT001
    start, end = local("2026-02-28"), local("2026-07-01T00:15")

    def kwh_from(time: datetime) -> tuple[float, float]:
        watts = 100 + more_w * (time >= local("2026-06-01")) + 300 * (time.hour >= 5)
        return watts / 4000, 0

    contract = Contract(reference_kw=7, energy_price=0.15)
    _, household = read_quarter_hours(contract, start, end, kwh_from)
    months = household.earlier_months
    house = ReportedMonths(months, {}, None)
    report = monthly_report([("House", house)])
    found = [line for line in report.lines if line.key == "advice_always_on"]
    assert bool(found) is advised
    if advised:
        assert found[0].values["watts"] == pytest.approx(more_w, abs=1)
        assert found[0].values["saving_eur"] == pytest.approx(more_w * 0.72 * 0.217, abs=0.1)


def test_without_a_price_the_report_has_energies() -> None:
    free = agreed(reference_kw=7)
    report = monthly_report([("House", reported(MAY, JUNE, contracts=free, goal=100.0))])
    assert (report.key, report.values["kwh"]) == ("monthly_report_energy", 360)
    [more] = report.lines
    assert (more.key, more.values["kwh"]) == ("more_energy", 50)
    [same] = lines(MAY, alike_days("2026-06", 30, 10.2), contracts=free)
    assert same.key == "same"
    [less] = lines(JUNE, alike_days("2026-07", 31, 10), contracts=free)
    assert (less.key, less.values["kwh"]) == ("less_energy", 50)


def test_meters_of_a_house_have_one_report() -> None:
    house = reported(MAY, JUNE)
    pump = reported(alike_days("2026-06", 30, 5), goal=60.0)
    report = monthly_report([("House", house), ("Heat pump", pump)])
    # 5 kWh a day: 32.55 + 20.05 = 52.60.
    assert report.values["cost_eur"] == pytest.approx(98.20 + 52.60)
    keys = "meter more dearest_day meter dearest_day goal_kept"
    assert [line.key for line in report.lines] == keys.split()
    names = [line.values["name"] for line in report.lines if line.key == "meter"]
    assert names == ["House", "Heat pump"]
    free = reported(JUNE, contracts=agreed(reference_kw=7))
    report = monthly_report([("House", house), ("Unpriced", free)])
    assert (report.key, report.values["kwh"]) == ("monthly_report_energy", 720)
    assert [line.key for line in report.lines] == ["meter", "more", "dearest_day", "meter_energy"]


def test_devices_are_named_where_they_matter() -> None:
    """`house_of_june` has the energy of each device."""
    found = {}
    for contract in (
        Contract(reference_kw=3, energy_price=0.2, feed_in_price=0.06),
        Contract(reference_kw=7, energy_price=0.2, feed_in_price=0.06),
    ):
        month, sources = june(contract)
        house = ReportedMonths([month], {}, None, sources)
        found[contract.reference_kw] = [*monthly_report([("House", house)]).lines]
    dearest, advice = found[3]
    # 12 kWh at 0.271 EUR.
    assert dearest.key == "dearest_day_device"
    assert dearest.values["name"] == "Car"
    assert dearest.values["device_eur"] == pytest.approx(3.25, abs=0.01)
    # 1.3 kW in 45 hours, 0.0826 EUR each.
    assert (advice.key, advice.values["name"]) == ("advice_device", "Car")
    assert advice.values["saving_eur"] == pytest.approx(4.83, abs=0.01)
    _, advice = found[7]
    # From 12:00 on, the roof gives 0.7 and twice 1.7 kWh, each worth 0.271 - 0.06 EUR, on 15 days.
    assert advice.key == "advice_hour"
    assert advice.values == {
        "name": "Car",
        "clock": "12:00",
        "saving_eur": pytest.approx(15 * 4.1 * 0.211, abs=0.05),
    }


def test_a_device_with_a_small_share_is_not_named() -> None:
    month, sources = june(Contract(reference_kw=3, energy_price=0.2))
    fridge = sources._replace(devices=sources.devices[2:])
    for of_house in (fridge, None):
        house = ReportedMonths([month], {}, None, of_house)
        dearest, advice = monthly_report([("House", house)]).lines
        assert (dearest.key, advice.key) == ("dearest_day", "advice_above")


def test_a_house_that_only_sells_has_no_dearest_day() -> None:
    sold = agreed(reference_kw=3, energy_price=0.15, feed_in_price=0.2)
    assert lines(alike_days("2026-06", 30, 0, 50), contracts=sold) == []


FLAT = Contract(reference_kw=7, energy_price=0.2, feed_in_price=0.06, has_levies=True)


def lived(name: str, days: int) -> Table:
    """Return a month with 310 kWh from the grid and 93 kWh to the grid, each day alike."""
    place = np.arange(days * 96) % 96
    used, sold = 1.0 + 4 * (place > 76), 1.0 * (abs(place - 48) < 12)
    return Table(
        quarter=quarter_number(local(f"{name}-01")) + np.arange(days * 96),
        imported=used * 310_000 / used.sum(),
        exported=sold * 93_000 / sold.sum(),
        source=np.full(days * 96, RowSource.MEASURED, np.int8),
        market=np.full(days * 96, np.nan),
        feed_in=np.full(days * 96, np.nan),
        shared=np.zeros((5, days * 96)),
        is_market_filled=np.zeros(days * 96, bool),
        is_feed_in_filled=np.zeros(days * 96, bool),
        is_sharing_known=np.zeros(days * 96, bool),
    )


def two_months(ledger: Ledger) -> list[Month]:
    """Return May and June."""
    return [Month(ledger, month_start(local(f"2026-0{n}-15"))) for n in (5, 6)]


@pytest.mark.parametrize("own", [None, 100.0], ids=["no panels", "panels"])
@pytest.mark.parametrize(
    "contract",
    [FLAT, replace(FLAT, second_price=0.08, second_hours="22:00-06:00")],
    ids=["one price", "two prices"],
)
@pytest.mark.parametrize("since", ["2026-06-01", "2026-06-12"])
def test_if_only_prices_change_the_report_names_no_other_cause(
    since: str, contract: Contract, own: float | None
) -> None:
    dearer = replace(contract, energy_price=0.26, feed_in_price=0.05, energy_fee=4.0)
    contracts = Contracts(((local("2020-01-01"), contract), (local(since), dearer)))
    table = lived("2026-05", 31).joined(lived("2026-06", 30))
    months = two_months(ledger_of(table, contracts, is_begun=False))
    own_kwh = {} if own is None else {month.start: own for month in months}
    report = monthly_report([("House", ReportedMonths(months, own_kwh, None))])
    [change] = [line for line in report.lines if line.key == "more"]
    bills = [month.bill().total or 0.0 for month in months]
    assert change.causes == (("higher_prices", pytest.approx(bills[1] - bills[0])),)


def test_a_first_month_with_fewer_days_of_fixed_prices_is_not_compared() -> None:
    table = lived("2026-05", 31)
    table = table.where(table.quarter >= quarter_number(local("2026-05-03")))
    months = two_months(ledger_of(table.joined(lived("2026-06", 30)), CONTRACTS))
    assert months[0].since
    report = monthly_report([("House", ReportedMonths(months, {}, None))])
    assert not {"more", "less", "same"} & {line.key for line in report.lines}


@pytest.mark.parametrize("replaces", [False, True], ids=["on top", "instead"])
def test_savings_are_the_bill_before_minus_the_bill_after(replaces: bool) -> None:  # noqa: FBT001
    """The car charges with 4 kW beside 0.3 kW, 1.3 kW above the reference power."""
    contract = Contract(
        reference_kw=3, energy_price=0.2, feed_in_price=0.06, replaces_variable=replaces
    )
    month, sources = june(contract)
    alone = ReportedMonths([month], {}, None)
    # With 7 kW, nothing is above. The price of the reference power alone differs then.
    terms = Contracts(((local("2020-01-01"), replace(contract, reference_kw=7)),))
    below = Month(ledger_of(month.rows.table, terms), month.start)
    before, after = (
        (due.total or 0.0) - (due.amount("network_fixed") or 0.0)
        for due in (month.bill(), below.bill())
    )
    told = {}
    for of_house in (alone, alone._replace(sources=sources)):
        *_, advice = monthly_report([("House", of_house)]).lines
        told[advice.key] = advice.values["saving_eur"]
    saved = pytest.approx(before - after, abs=0.011)
    assert told == {"advice_above": saved, "advice_device": saved}
    # 58.5 kWh at 0.0765 EUR on top of 0.051 EUR, or at 0.0765 EUR instead of it.
    assert before - after == pytest.approx(58.5 * (0.0255 if replaces else 0.0765) * 1.08, abs=0.02)


def test_a_month_with_two_reference_powers_names_none() -> None:
    contract = Contract(reference_kw=3, energy_price=0.2, feed_in_price=0.06)
    month, sources = june(contract)
    terms = (
        (local("2020-01-01"), contract),
        (local("2026-06-15"), replace(contract, reference_kw=7)),
    )
    month = Month(ledger_of(month.ledger.table, Contracts(terms)), month.start)
    for house, key in ((None, "advice_above_powers"), (sources, "advice_device_powers")):
        *_, advice = monthly_report([("House", ReportedMonths([month], {}, None, house))]).lines
        assert advice.key == key
        assert "reference_kw" not in advice.values
        assert advice.values["saving_eur"] == pytest.approx(2.26, abs=0.02)


@pytest.mark.parametrize(
    ("months", "cause"),
    [(("2026-01", "2026-02"), "shorter_month"), (("2026-02", "2026-03"), "longer_month")],
)
def test_the_days_of_a_shorter_month_have_a_greater_share_of_the_fixed_prices(
    months: tuple[str, str], cause: str
) -> None:
    table = lived(months[0], 28).joined(lived(months[1], 28))
    ledger = ledger_of(table, Contracts.always(FLAT), is_begun=False)
    before, now = (Month(ledger, month_start(local(f"{name}-15"))) for name in months)
    change = cost_change_so_far(now, before, local(f"{months[1]}-11"))
    assert change
    # 12.84 and 5.72 EUR a month, with VAT.
    share = (10 / 28 - 10 / 31) * (12.84 + 5.72) * 1.08
    expected = share if cause == "shorter_month" else -share
    assert dict(change.causes) == {cause: pytest.approx(expected, abs=0.02)}
