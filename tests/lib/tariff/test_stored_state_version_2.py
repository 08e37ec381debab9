"""Months as version 2 stored them, as sums of their days: read once, and nothing is lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from smartyp1.tariff import (
    HEADER,
    Contract,
    DemandMeter,
    Energies,
    Month,
    line_of,
    load_months,
    month_name,
)
from tests.lib.tariff.months import local
from tests.lib.tariff.support import known

FILE = Path(__file__).parents[2] / "ha" / "coordinator" / "stored_state_version_2.json"
"""Files of a meter that was read from 28 May 2026 00:07:30 to 3 June 15:05, in quarter-hours of
100 Wh, and of 1 kWh from 18 to 19 o'clock. Nobody read on 30 May from 10 to 16 o'clock, and on
3 June from 12 to 13. An earlier version of the integration wrote them: they stay as they are.
"""
CONTRACT = Contract(reference_kw=3.5, energy_price=0.15)
STORED: dict[str, Any] = json.loads(FILE.read_text())


def files() -> dict[str, bytes]:
    return {
        name.removesuffix(".csv"): text.encode() for name, text in STORED["quarter_hours"].items()
    }


def load(demand: Any = None, contents: dict[str, bytes] | None = None) -> DemandMeter:  # noqa: ANN401

    months = load_months(json.loads(json.dumps(STORED["months"]["data"])))
    demand = json.loads(json.dumps(demand or STORED["meter"]["data"]["demand"]))
    return DemandMeter.from_dict(demand, CONTRACT, None, contents or files(), months)


def months_of(meter: DemandMeter) -> dict[str, Month]:
    demand = known(meter)
    return {f"{month.start:%Y-%m}": month for month in (*demand.earlier_months, demand.month)}


def written(meter: DemandMeter) -> dict[str, bytes]:
    lines: dict[str, str] = {}
    for span in meter.take_new():
        name = month_name(span.start)
        lines[name] = lines.get(name, HEADER) + line_of(span)
    return {name: text.encode() for name, text in lines.items()}


def check(meter: DemandMeter) -> None:
    months = months_of(meter)
    # 92 quarter-hours of 100 Wh and 4 of 1 kWh a day; the first 7:30 minutes are missing.
    days = [day.imported_wh for day in months["2026-05"].days]
    assert days == pytest.approx([13_150, 13_200, 13_200, 13_200])
    assert months["2026-05"].quarter_hours == 95 + 96 + 72 + 96
    # 30 Wh are of the running quarter-hour.
    days = [day.imported_wh for day in months["2026-06"].days]
    assert days == pytest.approx([13_200, 13_200, 6_030])
    assert months["2026-06"].quarter_hours == 96 + 96 + 56
    # Above 3.5 kW, 125 Wh in each of four quarter-hours; above 3 kW, 250 Wh.
    assert months["2026-05"].above(3.5).energy_wh == pytest.approx(4 * 4 * 125)
    assert months["2026-06"].above(3).energy_wh == pytest.approx(2 * 4 * 250)
    peak = months["2026-05"].peak
    assert peak is not None
    assert (peak.start, peak.mean_kw) == (local("2026-05-28T18:00"), 4.0)


def test_the_months_are_those_that_were_stored() -> None:
    meter = load()
    assert meter.replaces_files
    check(meter)
    # What they are written as is read again, and the rest of the day comes to them.
    state = json.loads(json.dumps(meter.as_dict()))
    meter = DemandMeter.from_dict(state, CONTRACT, files=written(meter))
    assert not meter.replaces_files
    assert meter.damaged == frozenset()
    check(meter)
    demand = meter.update(
        local("2026-06-03T15:15"), Energies(1_085.25, 1_234.567), None, "SAG1030790002574"
    )
    assert demand
    assert demand.last_quarter
    assert demand.last_quarter.mean_kw == pytest.approx(0.4)
    assert demand.month.imported_kwh == pytest.approx(32.5)


def test_after_a_kill_between_both_files_it_is_the_same() -> None:
    check(load(contents=written(load())))


def test_days_of_whose_quarter_hours_nothing_is_known_keep_their_energy() -> None:
    meter = load(contents={"2026-05": b""})
    months = months_of(meter)
    assert months["2026-05"].imported_kwh == pytest.approx(52.75)
    assert months["2026-06"].imported_kwh == pytest.approx(32.43)
    assert sum(day.gap_wh for day in months["2026-05"].days) == pytest.approx(51_750)
    # The highest quarter-hour was stored beside the days.
    assert months["2026-05"].quarter_hours == 1


def test_what_a_wrong_clock_wrote_over_true_quarter_hours_is_not_believed() -> None:
    text = STORED["quarter_hours"]["2026-05.csv"]
    text += "2026-05-29T10:00Z,5000,0,0,0\n2026-05-29T10:15Z,5000,0,0,0\n"
    months = months_of(load(contents={**files(), "2026-05": text.encode()}))
    assert [day.imported_wh for day in months["2026-05"].days][1] == 13_200


def test_what_the_market_made_of_a_day_stays() -> None:
    demand = json.loads(json.dumps(STORED["meter"]["data"]["demand"]))
    day = demand["stretches"][0]["months"][0]["days"][0]
    day |= {"market_cost": 1.32, "market_wh": 13_200.0}
    june = months_of(load(demand))["2026-06"]
    assert (june.days[0].market_cost, june.days[0].market_wh) == (1.32, 13_200)
    assert june.imported_kwh == pytest.approx(32.43)
