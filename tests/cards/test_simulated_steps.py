"""Steps of the last hour in the simulator's houses: each is found, and none without a reason."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.checkout import ROOT
from dev.simulator.appliances import electric_loads
from dev.simulator.house import HOUSES
from dev.simulator.household import DAYS_OF_LIFE, EPOCH, Household
from dev.simulator.weather import weather_of_day

SCRIPT = """
import { findSteps } from "./frontend/src/data/last-hour-steps.ts";
let text = "";
for await (const chunk of process.stdin) text += chunk;
console.log(JSON.stringify(JSON.parse(text).map((net) => findSteps(net, [], 2))));
"""
MINUTE = timedelta(minutes=1)


def true_changes(number: int, start: datetime) -> dict[int, float]:
    """Return the changes of the loads and of the panels in kW, by the slot in which they show."""
    house, day = HOUSES[number], (start - EPOCH).days % DAYS_OF_LIFE
    sky = weather_of_day(day)
    loads = electric_loads(house, number + 1, day, sky).phases
    first = 60 * start.hour
    watts = [
        sum(load[minute] for load in loads) - int(sky.sunlight[minute] * house.solar_peak)
        for minute in range(first, first + 60)
    ]
    return {6 * n: (watts[n] - watts[n - 1]) / 1000 for n in range(1, 60)}


@pytest.mark.parametrize("number", [0, 1], ids=["with panels", "without"])
def test_steps_of_the_simulated_houses(number: int) -> None:
    household = Household(HOUSES[number], number + 1)
    starts = [
        datetime(2026, month, 10 + day, hour, tzinfo=UTC)
        for month in (6, 11)
        for day in range(3)
        for hour in range(24)
    ]
    hours = [
        [
            round(sum(household.powers_at(start + timedelta(seconds=10 * n)).active), 3)
            for n in range(360)
        ]
        for start in starts
    ]
    answer = subprocess.run(
        [Path(sys.executable).with_name("node"), "--input-type=module", "--eval", SCRIPT],
        input=json.dumps(hours),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    count = found = unexplained = 0
    for start, steps in zip(starts, json.loads(answer), strict=True):
        changes = true_changes(number, start)
        sure = {slot: kw for slot, kw in changes.items() if abs(kw) >= 0.3 and slot < 354}
        for slot, kw in sure.items():
            count += 1
            found += any(step["at"] == slot and step["kw"] * kw > 0 for step in steps)
        unexplained += sum(
            abs(step["kw"]) >= 0.3 and abs(changes.get(step["at"], 0.0)) < 0.25 for step in steps
        )
    assert count > 200
    assert found / count >= 0.98
    assert unexplained == 0
