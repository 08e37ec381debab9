"""The best start of a load, as the action returns it.

The meter of `billed_month` took 0.4 kW at all times in the last 28 days, at 0.21708 EUR a kWh.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from smartyp1.json_types import JsonDict

from . import billed_month
from .clock import Clock
from .dialogs import contract_in
from .measured import replace_month
from .support import Home, metadata_of_sums, recorder_done, refusal

NOW = datetime(2026, 6, 16, 16, 44, tzinfo=UTC)


type SetClock = Callable[[datetime], None]


@pytest.fixture
def clock(computer_clock: Clock) -> SetClock:
    """Return a function that sets the clock, which then stands. Timers go on."""
    return computer_clock.stop_at


async def best_start(
    hass: HomeAssistant, context: Context | None = None, **load: object
) -> dict[str, object]:
    answer = await hass.services.async_call(
        "smarty_p1", "get_best_start", load, blocking=True, return_response=True, context=context
    )
    assert isinstance(answer, dict)
    return dict(answer)


async def test_the_action_names_the_start_of_the_lowest_cost(
    home: Home, entry: MockConfigEntry, clock: SetClock
) -> None:
    # From 22:00 on, a kWh of energy costs 0.08 instead of 0.15: (0.08 + 0.051) * 1.08 = 0.14148.
    contract = contract_in(entry) | {
        "second_energy_price": 0.08,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    clock(NOW)
    assert await best_start(home.hass, kw=1, hours=2) == {
        "start": "2026-06-16T22:00:00+02:00",
        "end": "2026-06-17T00:00:00+02:00",
        "cost": 0.28,
        "saving": 0.15,
        "is_worth_waiting": True,
        "own_kwh": 0.0,
        "reason": "price",
        "is_late": False,
    }
    # The meter is silent, but the time goes on.
    for hours, best in ((8, "2026-06-17T02:30:00+02:00"), (20, "2026-06-17T22:00:00+02:00")):
        clock(NOW + timedelta(hours=hours))
        assert (await best_start(home.hass, kw=1, hours=2))["start"] == best


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    "load", [{"kw": 0.04}, {"kw": 51}, {"hours": 0.2}, {"hours": 25}, {"kw": "nan"}]
)
async def test_kw_and_hours_are_bounded(hass: HomeAssistant, load: JsonDict) -> None:
    with pytest.raises(vol.Invalid):
        await best_start(hass, **{"kw": 1, "hours": 2, **load})


@pytest.mark.usefixtures("entry")
async def test_without_a_week_of_days_there_is_no_best_start(
    hass: HomeAssistant, clock: SetClock
) -> None:
    clock(NOW + timedelta(days=60))
    assert await refusal(best_start(hass, kw=1, hours=2)) == "too_few_whole_days"


async def test_without_a_price_there_is_no_best_start(
    home: Home, entry: MockConfigEntry, clock: SetClock
) -> None:
    contract = {name: term for name, term in contract_in(entry).items() if name != "energy_price"}
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    clock(NOW)
    assert await refusal(best_start(home.hass, kw=1, hours=2)) == "coming_price_missing"


async def record_car(hass: HomeAssistant) -> None:
    """Write the statistics of a car: 6.6 kWh in each hour from 22:00 to 24:00 of Luxembourg."""
    rows: list[Any] = []
    total, time = 0.0, datetime(2026, 5, 1, tzinfo=UTC)
    while time < NOW.replace(minute=0):
        total += 6.6 if time.hour in {20, 21} else 0.0
        rows.append({"start": time, "state": total, "sum": total})
        time += timedelta(hours=1)
    async_import_statistics(hass, metadata_of_sums("sensor.car", "kWh", "energy"), rows)
    await recorder_done(hass)


@pytest.mark.usefixtures("recorder_mock", "fast_rows")
async def test_a_car_is_no_reason_against_its_own_hours(
    home: Home, hass_storage: JsonDict, clock: SetClock
) -> None:
    hass = home.hass
    entry = await billed_month.set_up(home, hass_storage)
    contract = contract_in(entry) | {
        "reference_power": 7.0,
        "second_energy_price": 0.14,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    # In the last 28 nights, the house drew 7 kW from 22:00 to 24:00: with the car.
    first = datetime(2026, 5, 18, 22, tzinfo=UTC)
    times = [first + timedelta(minutes=15 * n) for n in range(29 * 96)]
    lines = [
        f"{time:%Y-%m-%dT%H:%MZ},{1750 if time.hour in {20, 21} else 100},0,0,0"
        for time in times
        if time < datetime(2026, 6, 15, 22, tzinfo=UTC)
    ]
    may = [line for line in lines if line < "2026-05-31T22"]
    replace_month(entry, "2026-05", may)
    replace_month(entry, "2026-06", lines[len(may) :])
    await record_car(hass)
    clock(NOW)
    load: JsonDict = {"kw": 6.6, "hours": 2}
    with_it = await best_start(hass, **load)
    assert with_it["start"] == "2026-06-17T00:00:00+02:00"
    without_it = await best_start(hass, **load, loads="sensor.car")
    assert without_it["start"] == "2026-06-16T22:00:00+02:00"
    # 13.2 kWh at (0.14 + 0.051) * 1.08, and nothing above 7 kW.
    assert without_it["cost"] == pytest.approx(13.2 * 0.191 * 1.08, abs=0.005)
    outlook: JsonDict = {"blocking": True, "return_response": True}
    left = []
    for loads in ([], ["sensor.car"]):
        answer: Any = await hass.services.async_call(
            "smarty_p1", "get_outlook", {"loads": loads}, **outlook
        )
        left.append({row["left_kw"] for row in answer["quarter_hours"] if "T22:" in row["start"]})
    assert left == [{0.0}, {6.6}]


@pytest.mark.usefixtures("recorder_mock", "fast_rows")
async def test_a_load_must_be_measured_and_readable(
    home: Home, hass_storage: JsonDict, clock: SetClock, hass_read_only_user: MockUser
) -> None:
    await billed_month.set_up(home, hass_storage)
    clock(NOW)
    load: JsonDict = {"kw": 1, "hours": 2}
    assert await refusal(best_start(home.hass, **load, loads=["sensor.car"])) == "load_not_measured"
    await record_car(home.hass)
    assert await best_start(home.hass, **load, loads=["sensor.car"])
    hass_read_only_user.mock_policy({"entities": {"domains": {"sensor": {"read": True}}}})
    context = Context(user_id=hass_read_only_user.id)
    assert await best_start(home.hass, context, **load, loads=["sensor.car"])
    with pytest.raises(Unauthorized):
        await best_start(home.hass, context, **load, loads=["climate.heat_pump"])
    with pytest.raises(vol.Invalid):
        await best_start(home.hass, **load, loads=[f"sensor.car_{n}" for n in range(11)])


async def test_an_end_is_the_next_such_time_or_a_date(
    home: Home, hass_storage: JsonDict, clock: SetClock
) -> None:
    await home.hass.config.async_set_time_zone("Europe/Luxembourg")
    await billed_month.set_up(home, hass_storage)
    clock(NOW)  # 18:44 in Luxembourg
    for by, is_late, reason in (
        ("20:45:00", False, "price"),
        ("20:44", False, "deadline"),
        ("20:40", True, "deadline"),
        ("18:40", False, "price"),
        ("2026-06-16T20:40:00", True, "deadline"),
        ("2026-06-16T18:40:00+00:00", True, "deadline"),
        ("2026-06-30 07:00:00", False, "price"),
    ):
        answer = await best_start(home.hass, kw=1, hours=2, by=by)
        assert (answer["is_late"], answer["reason"] == "deadline") == (
            is_late,
            reason == "deadline",
        )
    with pytest.raises(vol.Invalid):
        await best_start(home.hass, kw=1, hours=2, by="tomorrow")
