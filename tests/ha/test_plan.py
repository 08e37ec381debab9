"""The plan of a house: the loads of a call, at the prices of a contract and after a usual month.

The meter of `billed_month` took 0.4 kW at all times in the last 28 days.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from smartyp1.json_types import JsonDict

from . import billed_month
from .clock import Clock
from .dialogs import contract_in
from .support import Home, refusal

PAGE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text("utf-8")
NOW = datetime(2026, 6, 16, 16, 44, tzinfo=UTC)
CAR = {"name": "Car", "kwh": 8.8, "max_kw": 11, "by": "07:00"}
DISHES = {"name": "Dishes", "kwh": 1.55, "hours": 1.55, "by": "05:00"}


@pytest.fixture(autouse=True)
def clock(computer_clock: Clock) -> Callable[[datetime], None]:
    computer_clock.stop_at(NOW)
    return computer_clock.stop_at


@pytest.fixture
async def house(home: Home, entry: MockConfigEntry) -> HomeAssistant:
    """Return a Home Assistant in New York with 5 kW, and cheap energy from 22:00 to 6:00."""
    await home.hass.config.async_set_time_zone("America/New_York")
    contract = contract_in(entry) | {
        "reference_power": 5.0,
        "second_energy_price": 0.08,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    return home.hass


async def plan(hass: HomeAssistant, context: Context | None = None, **fields: object) -> Any:  # noqa: ANN401 - JSON
    return await hass.services.async_call(
        "smarty_p1", "get_plan", fields, blocking=True, return_response=True, context=context
    )


async def test_a_car_and_a_dishwasher_share_the_cheap_hours_below_the_reference_power(
    house: HomeAssistant,
) -> None:
    answer = await plan(house, loads=[CAR, DISHES])
    shown = answer | {"quarter_hours": answer["quarter_hours"][14:15]}
    assert shown == json.loads(PAGE.split("```json")[1].split("```")[0]), json.dumps(shown)
    assert (answer["prices_of_day_before_from"], answer["can_differ"]) == (None, True)
    car, dishes = answer["loads"]
    night, day = (0.08 + 0.051) * 1.08, (0.15 + 0.051) * 1.08
    # The dishwasher needs 1 kW, so the car gets 3.6 kW, and 4.6 kW afterwards.
    assert (car["start"], car["end"], car["reason"]) == (
        "2026-06-16T22:00:00+02:00",
        "2026-06-17T00:15:00+02:00",
        "price",
    )
    assert car["cost"] == pytest.approx(8.8 * night, abs=0.005)
    assert car["limit_price"] == pytest.approx(night, abs=1e-4)
    # At once, the car takes 2.75 kWh a quarter-hour, 1.6 kWh of it above the reference power.
    above = 3 * (2.75 + 0.1 - 1.25) + max(0.0, 0.55 + 0.1 - 1.25)
    assert car["cost_at_once"] == pytest.approx(8.8 * day + above * 0.0765 * 1.08, abs=0.01)
    assert dishes["start"] == "2026-06-16T22:00:00+02:00"
    assert dishes["end"] == "2026-06-16T23:33:00+02:00"
    assert (dishes["missing_kwh"], dishes["runs"][0]["kwh"]) == (0, 1.55)
    rows = answer["quarter_hours"]
    assert len(rows) == 4 * 24 + 4 * 5 + 2
    assert rows[0]["start"] == "2026-06-16T18:30:00+02:00"
    assert max(row["net_kw"] for row in rows) <= 5.0
    for row in rows:
        parts = row["usual_import_kw"] - row["usual_export_kw"] + sum(row["loads_kw"].values())
        assert row["net_kw"] == pytest.approx(parts + row["battery_kw"], abs=0.002)
    assert sum(row["loads_kw"].get("Car", 0) / 4 for row in rows) == pytest.approx(8.8, abs=0.01)


async def test_evcc_gets_its_own_names_and_times_in_utc(house: HomeAssistant) -> None:
    car = CAR | {"name": "Garage"}
    answer = await plan(house, loads=[car, car | {"by": "2026-06-17 08:30:00"}], format="evcc")
    first, second = answer["loadpoints"]
    assert first == {
        "title": "Garage 1",
        "smartCostLimit": 0.1415,
        "planEnergy": 8.8,
        "planTime": "2026-06-17T05:00:00Z",
    }
    assert (second["title"], second["planTime"]) == ("Garage 2", "2026-06-17T06:30:00Z")


async def test_each_load_has_a_name_of_its_own(house: HomeAssistant) -> None:
    names = ("Car", "Car", "Car 2")
    answer = await plan(house, loads=[CAR | {"name": name, "kwh": 1} for name in names])
    assert [load["name"] for load in answer["loads"]] == ["Car 1", "Car 2", "Car 2 3"]


@pytest.mark.parametrize("time", ["0001-01-01 00:00:00", "9999-12-31 23:59:59-12:00"])
@pytest.mark.parametrize("field", ["from", "by"])
async def test_a_year_that_is_not_possible_is_refused(
    house: HomeAssistant, field: str, time: str
) -> None:
    assert await refusal(plan(house, loads=[CAR | {field: time}])) == "year_unknown"


async def test_a_deadline_that_has_passed_leaves_all_energy_missing(house: HomeAssistant) -> None:
    [car] = (await plan(house, loads=[CAR | {"by": "1999-01-01 00:00:00"}]))["loads"]
    assert (car["start"], car["missing_kwh"], car["limit_price"]) == (None, 8.8, None)


async def test_a_load_that_does_not_fit_has_missing_energy(house: HomeAssistant) -> None:
    late = CAR | {"by": "19:00"}
    waiting = CAR | {"name": "From", "from": "23:00", "by": "01:00", "kwh": 4}
    answer = await plan(house, loads=[late, waiting, DISHES | {"by": "18:50"}])
    car, later, dishes = answer["loads"]
    # From 18:44 until 19:00, at 11 kW.
    assert (car["missing_kwh"], car["start"]) == (5.87, "2026-06-16T18:30:00+02:00")
    assert (later["start"], later["end"]) == (
        "2026-06-16T23:00:00+02:00",
        "2026-06-17T00:00:00+02:00",
    )
    # Of 1.55 hours with 1 kW, six minutes.
    assert (dishes["start"], dishes["missing_kwh"]) == ("2026-06-16T18:30:00+02:00", 1.45)


async def test_the_last_minutes_before_a_deadline_are_used(
    house: HomeAssistant, clock: Callable[[datetime], None]
) -> None:
    clock(NOW.replace(minute=47))
    car, water = (
        await plan(
            house, loads=[CAR | {"by": "18:57"}, CAR | {"name": "Water", "kwh": 0.5, "by": "19:03"}]
        )
    )["loads"]
    assert (car["start"], car["missing_kwh"]) == ("2026-06-16T18:45:00+02:00", 6.97)
    # Water has time enough, so nothing is planned in the quarter-hour of its deadline.
    assert (water["end"], water["missing_kwh"]) == ("2026-06-16T19:00:00+02:00", 0)
    # Nothing is saved, so there is no reason for the start.
    assert (car["saving"], car["reason"]) == (0, None)


async def test_a_battery_is_planned_with_the_loads(house: HomeAssistant) -> None:
    battery = {"kwh": 10, "kw": 5, "stored_kwh": 4}
    rows = (await plan(house, loads=[DISHES], battery=battery))["quarter_hours"]
    energies = [row["battery_kw"] for row in rows]
    assert min(energies) == pytest.approx(-0.4)
    assert all(row["net_kw"] >= 0 for row in rows)


@pytest.mark.parametrize(
    "loads",
    [
        [],
        [{"kwh": 2}],
        [CAR | {"kwh": 0}],
        [CAR | {"kwh": "nan"}],
        [CAR | {"kwh": 1e308}],
        [CAR | {"min_kw": "-inf"}],
        [CAR | {"max_kw": 51}],
        [DISHES | {"kwh": 200, "hours": 0.25}],
        [CAR | {"by": "tomorrow"}],
        [CAR | {"name": "n" * 61}],
        [CAR] * 11,
    ],
)
async def test_loads_are_bounded(house: HomeAssistant, loads: list[JsonDict]) -> None:
    with pytest.raises(vol.Invalid):
        await plan(house, loads=loads)


async def test_a_plan_needs_a_week_and_the_right_to_read(
    house: HomeAssistant, clock: Callable[[datetime], None], hass_read_only_user: MockUser
) -> None:
    context = Context(user_id=hass_read_only_user.id)
    hass_read_only_user.mock_policy({"entities": {"domains": {"sensor": {"read": True}}}})
    assert await plan(house, context, loads=[CAR])
    with pytest.raises(Unauthorized):
        await plan(house, context, loads=[CAR | {"entity": "climate.heat_pump"}])
    clock(NOW + timedelta(days=60))
    assert await refusal(plan(house, loads=[CAR])) == "too_few_whole_days"
