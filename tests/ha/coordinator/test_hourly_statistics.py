"""The writer of the integration's own statistics, with a real recorder.

The expected rows come from plain mappings: each hour's change is its value.
"""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock, patch

import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from custom_components.smarty_p1.coordinator.statistics import hourly_statistics
from custom_components.smarty_p1.coordinator.statistics.hourly_statistics import (
    CAN_DELETE,
    Hours,
    Series,
    WritePlan,
    async_write,
)
from dev.testing.random_examples import examples
from smartyp1.history.luxembourg_time import HOUR
from smartyp1.history.spans import TimeRange
from tests.ha.support import changes_of, recorder_done

pytestmark = pytest.mark.usefixtures("recorder_mock")

NAME = "smarty_p1:12345678_imported"
START = datetime(2026, 6, 1, tzinfo=UTC)
ALWAYS = START - timedelta(days=900), START + timedelta(days=900)


@pytest.fixture(autouse=True)
async def no_rows(recorder_mock: Recorder) -> None:
    """Clear the rows of the last test, which a database with its own server still has."""
    recorder_mock.async_clear_statistics([NAME])


def at(*numbers: int) -> list[datetime]:
    """Return hours by their numbers."""
    return [START + number * HOUR for number in numbers]


def same(first: int, last: int, kwh: float = 1.0) -> dict[datetime, float]:
    """Return hours with the same energy, without the hour `last`."""
    return dict.fromkeys(at(*range(first, last)), kwh)


def series(hours: Hours, *periods: TimeRange, name: str = "Meter") -> Series:
    """Return a series that is compared everywhere, unless there are `periods`."""
    return Series(NAME, name, "kWh", "energy", hours, periods or (ALWAYS,))


async def write(hass: HomeAssistant, of: Series) -> WritePlan:
    [plan] = await async_write(hass, [of])
    return plan


async def rows(hass: HomeAssistant) -> dict[datetime, float]:
    """Return the changes of all hours. Rows without energy count as none before 2026.11."""
    found = await changes_of(hass, NAME)
    return found if CAN_DELETE else {hour: kwh for hour, kwh in found.items() if abs(kwh) > 1e-9}


def shown(hours: Hours) -> dict[datetime, float]:
    """Return hours as `rows` does."""
    return {hour: kwh for hour, kwh in hours.items() if kwh or CAN_DELETE}


def changes(plan: WritePlan) -> int:
    """Return the number of all changes of a plan."""
    return len(plan.rows) + len(plan.shifts) + len(plan.deleted)


def changed(hours: dict[datetime, float], chance: random.Random) -> dict[datetime, float]:
    """Return hours with one random change of a history."""
    now = dict(hours)
    match chance.randrange(6):
        case 0:  # some hours are corrected
            now |= {hour: chance.uniform(-1, 2) for hour in chance.sample([*now], 3)}
        case 1:  # a price has changed
            now = {hour: kwh * 1.1 for hour, kwh in now.items()}
        case 2:  # many hours are gone
            now = {hour: kwh for hour, kwh in now.items() if chance.random() < 0.7}
        case 3:  # earlier hours come
            now |= {hour: chance.random() for hour in at(*range(-chance.randrange(1, 40), 0))}
        case 4:  # time has passed
            now |= {hour: chance.random() for hour in at(*range(300, 320))}
        case _:  # one hour is corrected
            now[chance.choice([*now])] += 1
    return now


@pytest.mark.parametrize("seed", range(examples(5)))
async def test_rows_become_equal_after_any_change(hass: HomeAssistant, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    hours = {hour: chance.uniform(-1, 2) for hour in at(*range(150))}
    for _ in range(5):
        hours = changed(hours, chance)
        await write(hass, series(hours))
        assert await rows(hass) == pytest.approx(shown(hours), abs=1e-5)
        assert changes(await write(hass, series(hours))) == 0


async def test_an_hour_of_a_month_ago_is_one_statement(hass: HomeAssistant) -> None:
    hours = same(0, 800)
    await write(hass, series(hours))
    hours[START + 100 * HOUR] += 0.5

    plan = await write(hass, series(hours))

    assert (len(plan.rows), len(plan.shifts)) == (0, 1)
    assert await rows(hass) == pytest.approx(hours)


async def test_the_first_write_of_one_hour_reads_a_day(hass: HomeAssistant) -> None:
    hours = same(0, 800)
    await write(hass, series(hours))
    end = at(800, 801)

    read = Mock(side_effect=statistics_during_period)
    with patch.object(hourly_statistics, "statistics_during_period", read):
        plan = await write(hass, series({end[0]: 0.3}, (end[0], end[1])))

    assert len(plan.rows) == 1
    assert [call.args[1] for call in read.call_args_list] == [end[0] - 24 * HOUR]
    assert await rows(hass) == pytest.approx(hours | {end[0]: 0.3})


async def test_rows_outside_of_the_periods_stay(hass: HomeAssistant) -> None:
    await write(hass, series(same(0, 100) | same(200, 210)))
    first, second = at(40, 60), at(80, 90)
    # The second period has no hours any more. Hours outside of both are added if they have no row.
    part = same(45, 60, 2.0) | same(90, 110, 3.0)

    await write(hass, series(part, (first[0], first[1]), (second[0], second[1])))

    kept = same(0, 40) | same(60, 80) | same(90, 100) | same(200, 210)
    assert await rows(hass) == pytest.approx(kept | same(45, 60, 2.0) | same(100, 110, 3.0))


async def test_a_write_that_ends_early_is_completed(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)  # noqa: S311
    monkeypatch.setattr(hourly_statistics, "_AT_ONCE", 7)
    hours = {hour: chance.random() for hour in at(*range(200))}
    for _ in range(8):
        hours = changed(hours, chance)
        task = asyncio.ensure_future(write(hass, series(hours)))
        await asyncio.sleep(chance.random() * 0.05)
        task.cancel()
        await asyncio.wait([task])
    await write(hass, series(hours))
    assert await rows(hass) == pytest.approx(shown(hours), abs=1e-5)


async def test_before_2026_11_hours_stay_without_energy(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hourly_statistics.plan_of, "__kwdefaults__", {"can_delete": False})
    await write(hass, series(same(0, 50)))

    await write(hass, series(same(0, 20)))

    assert await changes_of(hass, NAME) == pytest.approx(same(0, 20) | same(20, 50, 0.0))
    assert changes(await write(hass, series(same(0, 20)))) == 0


async def shown_as(hass: HomeAssistant) -> tuple[str | None, str | None]:
    await recorder_done(hass)
    read = get_instance(hass).async_add_executor_job
    found = await read(lambda: get_metadata(hass, statistic_ids={NAME}))
    return found[NAME][1]["name"], found[NAME][1]["unit_of_measurement"]


@pytest.mark.parametrize(("unit_class", "unit"), [("energy", "Wh"), (None, None), (None, "kWh")])
async def test_a_name_or_unit_that_differs_changes_no_row(
    hass: HomeAssistant, unit_class: str | None, unit: str | None
) -> None:
    await write(hass, series(same(0, 50)))
    recorder = get_instance(hass)
    # A user may call the unit another one in the developer tools. The sums stay.
    recorder.async_update_statistics_metadata(
        NAME, new_unit_class=unit_class, new_unit_of_measurement=unit
    )

    assert changes(await write(hass, series(same(0, 50)))) == 0
    assert await shown_as(hass) == (series({}).name, "kWh")

    # The language of Home Assistant was changed.
    assert changes(await write(hass, series(same(0, 50), name="Compteur"))) == 0

    assert await shown_as(hass) == ("Compteur", "kWh")
    assert await rows(hass) == pytest.approx(same(0, 50))


@pytest.mark.begins_at("2026-06-03T02:00:00Z")
async def test_rows_far_ahead_are_of_another_program(hass: HomeAssistant) -> None:
    hours = same(0, 50)
    await write(hass, series(hours))
    now = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    soon, far = now + timedelta(days=30), now + timedelta(days=32)
    metadata = hourly_statistics._metadata(series({}))
    foreign = [{"start": start, "sum": total} for start, total in ((soon, 51.0), (far, 59.0))]
    async_add_external_statistics(hass, metadata, foreign)  # type: ignore[arg-type]

    last = START + 50 * HOUR
    await write(hass, series({last: 0.5}, (last, last + HOUR)))

    # A clock can be wrong by some days, so the row of the next month stays.
    assert await rows(hass) == pytest.approx(hours | {last: 0.5, soon: 1.0})


@pytest.mark.parametrize("by", ["cleared", "adjusted", "imported"])
async def test_a_change_by_a_user_is_mended(hass: HomeAssistant, by: str) -> None:
    hours = same(0, 50)
    await write(hass, series(hours))
    recorder = get_instance(hass)
    if by == "cleared":
        recorder.async_clear_statistics([NAME])
    elif by == "adjusted":
        recorder.async_adjust_statistics(NAME, START + 5 * HOUR, 7.0, "kWh")
    else:
        metadata = hourly_statistics._metadata(series({}))
        async_add_external_statistics(hass, metadata, [{"start": START + 9 * HOUR, "sum": 99.0}])

    await write(hass, series(hours))

    assert await rows(hass) == pytest.approx(hours)
