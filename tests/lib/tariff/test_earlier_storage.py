"""What earlier versions stored goes on: nothing of it is lost, and it costs what it did."""

import json
from typing import Any

import pytest

from smartyp1.tariff import Above, Contract, Demand, DemandMeter, QuarterHour
from tests.lib.tariff.support import Connection, at, cost

STORED: dict[str, Any] = json.loads("""{
  "version": 1, "serial_number": "SAG1030790002574",
  "running": {"time": "2026-07-15T10:20:00+00:00", "imported_wh": 25655000,
              "since": "2026-07-15T10:15:00+00:00", "energy_wh": 500.0},
  "last_quarter": {"start": "2026-07-15T10:00:00+00:00", "mean_kw": 6.0},
  "month": {"start": "2026-07-01T00:00:00+02:00",
            "peak": {"start": "2026-07-15T10:00:00+00:00", "mean_kw": 6.0},
            "excess_wh": 4750.0, "quarter_hours": 700,
            "excess": [{"day": "2026-07-03", "price": 0.1, "energy_wh": 1000.0},
                       {"day": "2026-07-15", "price": 0.1, "energy_wh": 3000.0},
                       {"day": "2026-07-15", "price": 0.3, "energy_wh": 750.0}]},
  "other_months": [{"start": "2026-06-01T00:00:00+02:00", "peak": null,
                    "excess_wh": 2000.0, "quarter_hours": 2880,
                    "excess": [{"day": "2026-06-30", "price": null, "energy_wh": 500.0},
                               {"day": "2026-06-10", "price": 0.1, "energy_wh": 1500.0}]}],
  "price": {"per_kwh": 0.3, "since": null, "before": null, "changed_in": null}
}""")
CONTRACT = Contract(reference_kw=3, surcharge=0.3)


def upgraded(contract: Contract = CONTRACT, **changes: object) -> tuple[Connection, Demand]:
    """Return a house that goes on from what was stored, and what it knows then."""
    house = Connection("2026-07-15T12:20:00S")
    house.imported_wh = 25_655_000
    house.contract = contract
    house.meter = DemandMeter.from_dict({**STORED, **changes}, contract)
    assert house.meter.snapshot
    return house, house.meter.snapshot


def test_energies_keep_their_days_and_their_prices() -> None:
    house, demand = upgraded()

    assert demand.excess_kwh == 4.75
    assert cost(demand) == pytest.approx(0.625)  # (1 + 3) * 0.1 + 0.75 * 0.3
    assert demand.month.above(3) == Above(0, 4750)
    assert demand.peak == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)
    assert demand.month.quarter_hours == 700
    [june] = demand.earlier_months
    assert june.above(3).energy_wh == 2000
    assert {f"{day.start:%m-%d %H:%M}" for day in june.days} == {"06-09 22:00", "06-29 22:00"}

    # 500 + 10 * 100 Wh = 6 kW, 0.75 kWh above at 0.3
    demand = house.draw(10, 100)
    assert demand.excess_kwh == 5.5
    assert cost(demand) == pytest.approx(0.85)
    house.restart()
    assert cost(house.draw(1, 0)) == pytest.approx(0.85)


def test_a_price_that_is_entered_with_the_upgrade_holds_from_now_on() -> None:
    house, demand = upgraded(Contract(reference_kw=3, surcharge=0.2))

    assert cost(demand) == pytest.approx(0.625)
    assert cost(house.draw(10, 100)) == pytest.approx(0.625 + 0.75 * 0.2)


def test_a_price_for_the_future_waits() -> None:
    price = {"per_kwh": 0.3, "since": "2026-07-16", "before": 0.1, "changed_in": None}
    house, demand = upgraded(price=price)

    assert demand.contracts.at(at("2026-07-15T23:59:00S")).surcharge == 0.1
    assert demand.contracts.at(at("2026-07-16T00:00:00S")).surcharge == 0.3
    assert cost(house.draw(10, 100)) == pytest.approx(0.625 + 0.75 * 0.1)


def test_a_price_that_was_changed_late_in_the_quarter_hour() -> None:
    price = {
        "per_kwh": 0.3,
        "since": None,
        "before": 0.1,
        "changed_in": "2026-07-15T10:15:00+00:00",
    }
    stored = json.loads(json.dumps(STORED))
    del stored["month"]["excess"][2]
    house, _ = upgraded(price=price, month=stored["month"])

    assert cost(house.draw(10, 100)) == pytest.approx(0.4 + 0.75 * 0.1)
    assert cost(house.draw(15, 100)) == pytest.approx(0.4 + 0.075 + 0.75 * 0.3)


def test_the_first_version_knew_one_month_and_no_price() -> None:
    stored = json.loads(json.dumps(STORED))
    for name in ("other_months", "price"):
        del stored[name]
    del stored["month"]["quarter_hours"], stored["month"]["excess"]
    demand = DemandMeter.from_dict(stored, CONTRACT).snapshot

    assert demand
    assert demand.excess_kwh == 4.75
    assert cost(demand) == pytest.approx(4.75 * 0.3)
    assert demand.earlier_months == ()


def test_a_meter_that_had_read_nothing() -> None:
    price = {"per_kwh": 0.3, "since": None, "before": None, "changed_in": None}
    nothing: dict[str, object] = {
        "running": None,
        "month": None,
        "other_months": [],
        "last_quarter": None,
    }
    meter = DemandMeter.from_dict({**STORED, **nothing, "price": price}, CONTRACT)

    assert meter.snapshot is None
    assert meter.as_dict()["stretches"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"month": None, "other_months": []},
        {"running": None},
        {"month": {**STORED["month"], "excess_wh": -1}},
        {"month": {**STORED["month"], "start": "2026-07-02T00:00:00+02:00"}},
        {"month": {**STORED["month"], "quarter_hours": 1.5}},
        {"month": {**STORED["month"], "excess": [{"day": "2026-07-03"}]}},
        {"month": {**STORED["month"], "excess": [{"day": 3, "price": None, "energy_wh": 1}]}},
        {"other_months": [STORED["month"]] * 37},
        {"other_months": [STORED["month"]]},
        {"other_months": {}},
        {"price": {}},
        {"price": {**STORED["price"], "per_kwh": "0.3"}},
        {"price": {**STORED["price"], "since": "0001-01-01"}},
        {"price": {**STORED["price"], "changed_in": "noon"}},
        {"serial_number": 1},
        {"last_quarter": []},
        {"running": {**STORED["running"], "energy_wh": float("nan")}},
        {"running": {**STORED["running"], "energy_wh": -1}},
        {"running": {**STORED["running"], "imported_wh": "25655000"}},
        {"last_quarter": {**STORED["last_quarter"], "mean_kw": [6]}},
        {"month": {**STORED["month"], "excess_wh": 1e300}},
        {"running": {**STORED["running"], "since": "2026-07-15T10:10:00+00:00"}},
    ],
)
def test_what_is_malformed_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it says nothing of what is stored
        DemandMeter.from_dict({**STORED, **changes}, CONTRACT)
