"""The past in long-term statistics, in a real recorder: each hour's change is the platform's."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import statistics
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.smarty_p1.coordinator import leneda_statistics_writer, running_sum_plan
from custom_components.smarty_p1.coordinator.leneda_statistics_writer import PastStatistics, Series
from custom_components.smarty_p1.coordinator.running_sum_plan import Ledger, Row, plan

NAME = "sensor.meter"
HOUR = timedelta(hours=1)
# The entity begins to be read at 8:20, so its first hour is part of one.
EIGHT = datetime(2026, 6, 15, 8, tzinfo=UTC)
BEGIN = EIGHT + timedelta(minutes=20)
# What the house draws in each hour of the day, in kWh.
DRAWN = {hour: 0.4 + hour * 0.02 for hour in range(24)}

type Changes = dict[int, float]


@pytest.fixture(autouse=True)
def integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Do as in the other tests, with a recorder that starts before everything else."""


@pytest.fixture
async def past(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> PastStatistics:
    """Return the past of an entity that is not there yet."""
    freezer.move_to(BEGIN)
    assert await async_setup_component(hass, "sensor", {})
    return PastStatistics(hass, "one")


def register(when: datetime) -> float:
    """Return what the meter shows: 1000 kWh at the beginning of the first day."""
    days = (when.date() - EIGHT.date()).days * sum(DRAWN.values())
    whole = sum(kwh for hour, kwh in DRAWN.items() if hour < when.hour)
    return 1000 + days + whole + DRAWN[when.hour] * (when.minute / 60)


async def live(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    start: datetime,
    end: datetime,
    unit: str = "kWh",
) -> None:
    """Let the entity be read in a period; the recorder sums up three times an hour."""
    freezer.move_to(start + timedelta(seconds=10))
    set_state(hass, start, start, unit)
    await async_wait_recording_done(hass)
    hour = start.replace(minute=0)
    while hour < end:
        for minute in (15, 35, 55):
            period = hour + timedelta(minutes=minute)
            if start <= period < end:
                freezer.move_to(period + timedelta(minutes=4, seconds=50))
                set_state(hass, period + timedelta(minutes=5), start, unit)
                await compiled(hass, freezer, period)
        hour += HOUR


async def silence(hass: HomeAssistant, freezer: FrozenDateTimeFactory, hour: datetime) -> None:
    """Let nothing be read in the rest of an hour."""
    hass.states.async_set(NAME, "unavailable")
    await compiled(hass, freezer, hour + timedelta(minutes=55))


async def compiled(hass: HomeAssistant, freezer: FrozenDateTimeFactory, period: datetime) -> None:
    """Let the recorder sum up five minutes, and at the end of an hour the hour."""
    await async_wait_recording_done(hass)
    freezer.move_to(period + timedelta(minutes=5, seconds=10))
    do_adhoc_statistics(hass, start=period)
    await async_wait_recording_done(hass)


def set_state(hass: HomeAssistant, when: datetime, start: datetime, unit: str) -> None:
    """Let the entity show an index, or costs since `start` of 1 EUR for each kWh."""
    attributes = {
        "device_class": "energy",
        "state_class": "total_increasing",
        "unit_of_measurement": unit,
    }
    value = register(when)
    if unit == "Wh":
        value *= 1000
    elif unit == "EUR":
        # The cost entity of the Energy dashboard begins with 0 when Home Assistant starts.
        value -= register(start)
        attributes |= {"device_class": "monetary", "state_class": "total"}
        attributes["last_reset"] = start.isoformat()
    hass.states.async_set(NAME, f"{value:.6f}", attributes)


async def rows(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return what the Energy dashboard gets, in kWh."""
    await async_wait_recording_done(hass)

    def read() -> list[dict[str, Any]]:
        start = EIGHT - timedelta(days=400)
        found = statistics_during_period(
            hass, start, None, {NAME}, "hour", {"energy": "kWh"}, {"change", "sum", "state"}
        )
        return [dict(row) for row in found.get(NAME, [])]

    return await get_instance(hass).async_add_executor_job(read)


async def changes(hass: HomeAssistant) -> Changes:
    """Return the energy of each hour, by how long it is after 8:00."""
    return {
        round((row["start"] - EIGHT.timestamp()) / 3600): round(row["change"], 4)
        for row in await rows(hass)
    }


def platform(first: int, last: int, **corrected: float) -> dict[datetime, float]:
    """Return the platform's hours, counted from 8:00; a house draws the same each day."""
    found = {EIGHT + n * HOUR: DRAWN[(8 + n) % 24] for n in range(first, last + 1)}
    return found | {EIGHT + int(n[1:]) * HOUR: kwh for n, kwh in corrected.items()}


def drawn(first: int, last: int) -> Changes:
    """Return what each hour is to show."""
    return {n: round(DRAWN[(8 + n) % 24], 4) for n in range(first, last + 1)}


def series(hours: Mapping[datetime, float], unit: str = "kWh") -> list[Series]:
    """Return what is brought in."""
    if unit == "EUR":
        return [Series("priced_import", NAME, hours, unit, lambda _hour: None)]
    return [Series("energy_imported", NAME, hours)]


@pytest.mark.parametrize(("unit", "own"), [("kWh", 1), ("Wh", 2)])
async def test_hours_before_the_entitys_own(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics, unit: str, own: int
) -> None:
    now = EIGHT + own * HOUR
    await live(hass, freezer, BEGIN, now, unit)
    assert await changes(hass) == {0: round(DRAWN[8] * 2 / 3, 4)} | drawn(1, own - 1)

    await past.async_bring_in(series(platform(-30, 0)))

    assert await changes(hass) == drawn(-30, own - 1)
    # The state is the register at the hour's end.
    states = [row["state"] for row in await rows(hass)]
    assert states[-3:] == pytest.approx([register(now - n * HOUR) for n in (2, 1, 0)], abs=1e-4)
    # What is read from now on goes on.
    await live(hass, freezer, now, now + HOUR, unit)
    assert await changes(hass) == drawn(-30, own)
    assert not past.waits


async def test_again_older_newer_and_corrected(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
    await past.async_bring_in(series(platform(-10, -3)))
    first = await changes(hass)
    assert first == drawn(-10, -3) | {0: round(DRAWN[8] * 2 / 3, 4), 1: round(DRAWN[9], 4)}

    await past.async_bring_in(series(platform(-10, -3)))
    assert await changes(hass) == first
    # An older one, after a restart; then the hours in between; then others.
    past = PastStatistics(hass, "one")
    await past.async_load()
    await past.async_bring_in(series(platform(-20, -9)))
    await past.async_bring_in(series(platform(-2, 0)))
    assert await changes(hass) == drawn(-20, 1)
    await past.async_bring_in(series(platform(-7, -6, _7=9.0) | {EIGHT - 7 * HOUR: 2.5}))
    assert await changes(hass) == drawn(-20, 1) | {-7: 2.5}


async def test_hours_of_a_former_point(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=2, minutes=20))
    await silence(hass, freezer, EIGHT + 2 * HOUR)
    await live(hass, freezer, EIGHT + timedelta(hours=5, minutes=30), EIGHT + 8 * HOUR)
    own = await changes(hass)
    await past.async_bring_in(series(dict.fromkeys(platform(-30, 4), 0.9)))
    assert await changes(hass) != own

    # The right point is known for fewer hours; Home Assistant ends before they are written.
    await past.async_outdate()
    past = PastStatistics(hass, "one")
    await past.async_load()
    assert (past.waits, past.is_outdated) == (True, True)
    assert not past.knows(["energy_imported"])
    await past.async_bring_in(series(platform(-8, -1)))

    assert (past.waits, past.is_outdated) == (False, False)
    found = await changes(hass)
    assert {n: kwh for n, kwh in found.items() if kwh} == own | drawn(-8, -1)
    await past.async_bring_in(series(platform(-10, 4)))
    found = await changes(hass)
    assert {n: kwh for n, kwh in found.items() if kwh} == drawn(-10, 7)


async def test_an_outdated_entity_without_statistics_waits(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
    await past.async_bring_in(series(platform(-3, 0)))
    await past.async_outdate()
    get_instance(hass).async_clear_statistics([NAME])
    await async_wait_recording_done(hass)
    await past.async_bring_in(series(platform(-3, 0)))
    assert (past.waits, past.is_outdated) == (True, True)


async def test_the_missing_hours_of_a_gap(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=2, minutes=20))
    await silence(hass, freezer, EIGHT + 2 * HOUR)
    await live(hass, freezer, EIGHT + timedelta(hours=6, minutes=5), EIGHT + 8 * HOUR)
    own = await changes(hass)
    assert own.keys() == {0, 1, 2, 6, 7}

    await past.async_bring_in(series(platform(1, 20)))

    assert await changes(hass) == {0: own[0]} | drawn(1, 7)
    assert past.waits
    # With hours before, they are shifted as everything else.
    await past.async_bring_in(series(platform(-5, 4)))
    assert await changes(hass) == drawn(-5, 7)


async def test_an_entity_that_stops_in_its_first_hour(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(minutes=40))
    await silence(hass, freezer, EIGHT)
    await live(hass, freezer, EIGHT + timedelta(hours=3, minutes=5), EIGHT + 5 * HOUR)
    own = await changes(hass)
    for _ in range(2):
        await past.async_bring_in(series(platform(-2, 3)))
        assert await changes(hass) == drawn(-2, 4)
    await past.async_take_back(series({}))
    found = await changes(hass)
    assert {n: found[n] for n in own} == own


@pytest.mark.parametrize("has_former_ledger", [False, True])
async def test_a_sum_that_a_user_adjusts_stays_adjusted(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    hass_storage: dict[str, Any],
    *,
    has_former_ledger: bool,
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=3, minutes=20))
    await silence(hass, freezer, EIGHT + 3 * HOUR)
    await live(hass, freezer, EIGHT + 7 * HOUR, EIGHT + 9 * HOUR)
    own = await changes(hass)
    await past.async_bring_in(series(platform(1, 6)))
    filled = await changes(hass)
    get_instance(hass).async_adjust_statistics(NAME, EIGHT + HOUR, -500, "kWh")
    if has_former_ledger:
        # It has the sum of a row before it was raised, as it was before it was adjusted.
        stored = hass_storage["smarty_p1.one.past_statistics"]["data"]["statistics"]
        ledger = stored["energy_imported"]
        del ledger["raised"], ledger["restarts"]
        hour = EIGHT + 3 * HOUR
        ledger["replaced"] = [[hour.isoformat(), sum(own[n] for n in range(4)), 1000.0, None]]

    for _ in range(2):
        past = PastStatistics(hass, "one")
        await past.async_load()
        await past.async_bring_in(series(platform(2, 6)))
        assert await changes(hass) == filled | {1: round(filled[1] - 500, 4)}
    await past.async_take_back(series({}))
    found = await changes(hass)
    if not has_former_ledger:
        assert {n: found[n] for n in own} == own | {1: round(own[1] - 500, 4)}


@pytest.mark.parametrize(
    ("unit", "hours", "earlier"),
    [("kWh", 12 * 24, 0), ("kWh", 12 * 24, 4), ("EUR", 12 * 24, 0), ("EUR", 6, 0)],
)
async def test_a_gap_in_which_the_count_was_lost(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    unit: str,
    hours: int,
    earlier: int,
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=2, minutes=20), unit)
    await silence(hass, freezer, EIGHT + 2 * HOUR)
    own = await changes(hass)
    if earlier:
        await past.async_bring_in(series(platform(-earlier, -1), unit))
    back = EIGHT + hours * HOUR
    freezer.move_to(back - HOUR)
    await hass.services.async_call("recorder", "purge", {"keep_days": 10}, blocking=True)
    await live(hass, freezer, back + timedelta(minutes=20), back + 2 * HOUR, unit)
    own |= {n: change for n, change in (await changes(hass)).items() if n >= hours}
    # The sum of the first row after the gap lacks what was added to the rows before the gap.
    own[hours] = round(own[hours] + sum(drawn(-earlier, -1).values()), 4)
    # The last hours are not known yet; then they are, with hours before.
    await past.async_bring_in(series(platform(1, hours - 2), unit))
    found = await changes(hass)
    part = {0: own[0], hours: found[hours]}
    assert found == drawn(-earlier, hours - 2) | part | drawn(hours + 1, hours + 1)
    assert 0 <= found[hours] <= drawn(hours, hours)[hours]
    for first in (-4, -4, -8):
        past = PastStatistics(hass, "one")
        await past.async_load()
        await past.async_bring_in(series(platform(first, hours), unit))
        assert await changes(hass) == drawn(first, hours + 1)

    # What is read from now on goes on; then it is taken back.
    if unit == "kWh":
        await live(hass, freezer, back + 2 * HOUR, back + 3 * HOUR, unit)
        own |= drawn(hours + 2, hours + 2)
        assert await changes(hass) == drawn(-8, hours + 2)
    await past.async_take_back(series({}, unit))
    taken_back = await changes(hass)
    assert {n: taken_back[n] for n in own} == own


def test_a_rounding_error_is_no_energy_that_falls() -> None:
    # Nothing was drawn in the second hour, which was brought in; 0.1 + 0.2 is more than 0.3.
    sums = {0: 0.1 + 0.2, 1: 0.3, 3: 1.0}
    stored = {EIGHT + n * HOUR: Row(kwh) for n, kwh in sums.items()}
    ledger = Ledger(first=EIGHT, first_sum=0.3, hours=frozenset({EIGHT + HOUR}))

    planned = plan(stored, ledger, {EIGHT + 2 * HOUR: 5.0})

    assert planned is not None
    assert planned.between[EIGHT + 2 * HOUR].sum == pytest.approx(1.0)


def test_an_hour_with_a_negative_cost_stays_before_a_gap() -> None:
    # More was earned by exported energy in the second hour, which was measured, than it cost.
    sums = {0: 0.0, 1: -0.8, 4: -0.6}
    stored = {EIGHT + n * HOUR: Row(cost) for n, cost in sums.items()}

    planned = plan(stored, Ledger(), {EIGHT + n * HOUR: 0.1 for n in (2, 3)})

    assert planned is not None
    assert {(hour - EIGHT) // HOUR: row.sum for hour, row in planned.between.items()} == {
        2: pytest.approx(-0.7),
        3: pytest.approx(-0.6),
    }


def test_the_costs_of_a_month_in_the_first_row_stay() -> None:
    # On the last day of a month, the total rose by 60 EUR: Leneda's days of this month.
    stored = {EIGHT: Row(60.1, 60.1), EIGHT + HOUR: Row(60.5, 60.5)}

    planned = plan(stored, Ledger(), {EIGHT - HOUR: 0.4, EIGHT: 0.3}, lambda _hour: None)

    assert planned is not None
    assert planned.before[EIGHT - HOUR].sum == pytest.approx(0.4)
    assert planned.raises == {EIGHT: pytest.approx(0.4)}


@pytest.mark.parametrize(("before", "after"), [(60.0, 50.0), (10.0, -5.0), (-60.0, -70.0)])
def test_a_cost_that_a_correction_lowers_in_a_gap_stays_lower(before: float, after: float) -> None:
    stored = {EIGHT: Row(before, before), EIGHT + 3 * HOUR: Row(after, after)}

    planned = plan(stored, Ledger(), {EIGHT + HOUR: 0.4}, lambda _hour: None)

    assert planned is not None
    assert planned.raises == planned.ledger.restarts == {}


async def test_hours_that_are_not_known_are_left_out(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + HOUR)
    await live(hass, freezer, EIGHT + 4 * HOUR, EIGHT + 5 * HOUR)
    hours = platform(-6, 3)
    for missing in (-4, 2):
        del hours[EIGHT + missing * HOUR]

    await past.async_bring_in(series(hours))

    expected = drawn(-6, 4) | {4: round(DRAWN[12] + DRAWN[10], 4)}
    assert await changes(hass) == {n: kwh for n, kwh in expected.items() if n not in (-4, 2)}


async def test_hours_are_stored_and_loaded_beside_the_event_loop(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []

    def note(_stored: object) -> list[object]:
        threads.append(threading.current_thread())
        return []

    monkeypatch.setattr(running_sum_plan, "_runs_of", note)
    monkeypatch.setattr(Ledger, "from_dict", note)
    await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
    await past.async_bring_in(series(platform(-30, 0)))
    await past.async_begin()
    await PastStatistics(hass, "one").async_load()
    assert len(threads) == 2
    assert threading.current_thread() not in threads


async def test_an_entity_without_rows_waits(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    with patch.object(get_instance(hass), "entity_filter", lambda _name: False):
        await past.async_bring_in(series(platform(-4, 0)))
    assert not past.waits
    await past.async_bring_in(series(platform(-4, 0)))
    assert past.waits
    # Rows of five minutes, and no hour yet.
    await live(hass, freezer, BEGIN, EIGHT + timedelta(minutes=40))
    await past.async_bring_in(series(platform(-4, 0)))
    assert past.waits
    assert await rows(hass) == []

    await live(hass, freezer, EIGHT + timedelta(minutes=40), EIGHT + 2 * HOUR)
    again = PastStatistics(hass, "one")
    await again.async_load()
    assert again.waits
    await again.async_bring_in(series(platform(-4, 0)))

    assert not again.waits
    assert await changes(hass) == drawn(-4, 1)


def alone(hours: Mapping[datetime, float]) -> list[Series]:
    """Return what is brought in for an entity that never counts by itself."""
    return [Series("energy_imported", NAME, hours, is_alone=True)]


@pytest.fixture
def slow_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the recorder carry out its changes of statistics as slowly as on a memory card."""

    def slowly[**P, R](change: Callable[P, R]) -> Callable[P, R]:
        def changed(*args: P.args, **kwargs: P.kwargs) -> R:
            time.sleep(0.1)
            return change(*args, **kwargs)

        return changed

    for name in ("import_statistics", "adjust_statistics"):
        monkeypatch.setattr(statistics, name, slowly(getattr(statistics, name)))


@pytest.mark.usefixtures("slow_recorder")
async def test_an_entity_that_never_counts_gets_its_statistic(
    hass: HomeAssistant, past: PastStatistics
) -> None:
    assert not past.has_alone
    await past.async_bring_in(alone({}))
    assert not past.waits  # nothing is left to write
    await past.async_bring_in(alone(platform(-20, -9)))
    assert (past.waits, past.has_alone) == (False, True)
    assert await changes(hass) == drawn(-20, -9)
    # Older and newer hours, and a corrected one, after a restart.
    past = PastStatistics(hass, "one")
    await past.async_load()
    await past.async_bring_in(alone(platform(-30, -21)))
    await past.async_bring_in(alone(platform(-12, -6) | {EIGHT - 12 * HOUR: 2.5}))
    assert await changes(hass) == drawn(-30, -6) | {-12: 2.5}


async def test_taken_back_from_an_entity_that_never_counts(
    hass: HomeAssistant, past: PastStatistics
) -> None:
    await past.async_bring_in(alone(platform(-20, -9)))

    is_gone = await past.async_take_back(alone({}))

    assert is_gone == leneda_statistics_writer.CAN_DELETE
    assert not any((await changes(hass)).values())
    await past.async_bring_in(alone(platform(-20, -9)))
    assert await changes(hass) == drawn(-20, -9)


@pytest.mark.parametrize("entry", ["two", "one"])
async def test_an_entity_that_never_counts_goes_on_without_its_ledger(
    hass: HomeAssistant, past: PastStatistics, hass_storage: dict[str, Any], entry: str
) -> None:
    # The second entry has no ledger. That of the first one is older than the database.
    await past.async_bring_in(alone(platform(-20, -15)))
    key = "smarty_p1.one.past_statistics"
    older = deepcopy(hass_storage[key])
    await past.async_bring_in(alone(platform(-20, -9)))
    hass_storage[key] = older
    again = PastStatistics(hass, entry)
    await again.async_load()

    await again.async_bring_in(alone(platform(-12, -3)))

    assert not again.waits
    assert await changes(hass) == drawn(-20, -3)
    is_gone = await again.async_take_back(alone({}))
    assert is_gone == leneda_statistics_writer.CAN_DELETE
    assert not any((await changes(hass)).values())


async def test_hours_that_an_entity_counted_before_it_stopped_are_not_taken_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
    own_changes = await changes(hass)

    await past.async_bring_in(alone(platform(-8, -1)))
    await past.async_take_back(alone({}))

    found = await changes(hass)
    assert {n: kwh for n, kwh in found.items() if kwh} == own_changes


async def test_added_hours_are_cleared_with_the_entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await past.async_bring_in(alone(platform(-30, -1)))

    await PastStatistics(hass, "one").async_forget({"energy_imported": NAME})

    # The next entity of this name begins at 0.
    await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
    assert await changes(hass) == {0: round(DRAWN[8] * 2 / 3, 4), 1: round(DRAWN[9], 4)}
    again = PastStatistics(hass, "one")
    await again.async_load()
    assert again.is_empty


@pytest.mark.parametrize("has_recorder", [True, False])
async def test_other_hours_stay_when_the_entry_is_removed(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_recorder: bool,
) -> None:
    if has_recorder:
        await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
        await past.async_bring_in(series(platform(-8, 0)))
    else:
        await past.async_bring_in(alone(platform(-8, -1)))
        monkeypatch.setattr(leneda_statistics_writer, "RECORDER", "not there")
    before = await changes(hass)

    await PastStatistics(hass, "one").async_forget({"energy_imported": NAME})

    assert await changes(hass) == before


async def test_taken_back_after_somebody_cleared_the_statistics(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + 2 * HOUR)
    await past.async_bring_in(series(platform(-8, 0)))
    get_instance(hass).async_clear_statistics([NAME])
    await live(hass, freezer, EIGHT + 3 * HOUR, EIGHT + 5 * HOUR)
    own_changes = await changes(hass)

    # No added row is left.
    assert await past.async_take_back(series({}))

    assert await changes(hass) == own_changes


# Minutes of the first hour at which the recorder's rows are followed up.
@pytest.mark.parametrize("minutes", [40, 60])
async def test_its_sum_goes_on_when_it_begins_to_count(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, past: PastStatistics, minutes: int
) -> None:
    names = {"energy_imported": NAME}
    await past.async_bring_in(alone(platform(-30, -9)))
    await past.async_lift(names)
    assert past.has_alone  # nothing has been counted yet
    await live(hass, freezer, BEGIN, EIGHT + timedelta(minutes=minutes))
    past = PastStatistics(hass, "one")
    await past.async_load()

    await past.async_lift(names)
    await past.async_lift(names)

    assert not past.has_alone
    await live(hass, freezer, EIGHT + timedelta(minutes=minutes), EIGHT + 2 * HOUR)
    # The first hour has its 40 minutes, neither minus the past nor the past again.
    part = {0: round(DRAWN[8] * 2 / 3, 4), 1: round(DRAWN[9], 4)}
    assert await changes(hass) == drawn(-30, -9) | part
    # A day later, the platform knows the hours in between, and the whole of the first.
    past = PastStatistics(hass, "one")
    await past.async_load()
    await past.async_bring_in(series(platform(-40, 0)))
    assert await changes(hass) == drawn(-40, 1)
    await live(hass, freezer, EIGHT + 2 * HOUR, EIGHT + 3 * HOUR)
    assert await changes(hass) == drawn(-40, 2)


async def test_a_kill_before_its_sum_goes_on(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await past.async_bring_in(alone(platform(-30, -1)))
    await live(hass, freezer, BEGIN, EIGHT + timedelta(minutes=40))
    with monkeypatch.context() as patch:
        patch.setattr(get_instance(hass), "async_adjust_statistics", lambda *_args: None)
        await past.async_lift({"energy_imported": NAME})
    await live(hass, freezer, EIGHT + timedelta(minutes=40), EIGHT + 2 * HOUR)
    again = PastStatistics(hass, "one")
    await again.async_load()

    await again.async_bring_in(series(platform(-30, 0)))

    assert await changes(hass) == drawn(-30, 1)


@pytest.mark.parametrize("killed_at", range(8))
async def test_a_kill_at_each_step(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: int,
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=2, minutes=20))
    await silence(hass, freezer, EIGHT + 2 * HOUR)
    await live(hass, freezer, EIGHT + timedelta(hours=5, minutes=30), EIGHT + 8 * HOUR)
    await past.async_bring_in(series(platform(-3, -1)))
    steps = 0

    def kill_after[**P](step: Callable[P, Any]) -> Callable[P, Any]:
        def do(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401
            nonlocal steps
            steps += 1
            if steps > killed_at:
                raise KeyboardInterrupt
            return step(*args, **kwargs)

        return do

    recorder = get_instance(hass)
    with monkeypatch.context() as patch:
        patch.setattr(PastStatistics, "async_save", kill_after(PastStatistics.async_save))
        patch.setattr(
            leneda_statistics_writer, "async_import_statistics", kill_after(async_import_statistics)
        )
        patch.setattr(
            recorder, "async_adjust_statistics", kill_after(recorder.async_adjust_statistics)
        )
        with suppress(KeyboardInterrupt):
            await past.async_bring_in(series(platform(-8, 4)))
    again = PastStatistics(hass, "one")
    await again.async_load()
    await again.async_bring_in(series(platform(-8, 4)))

    assert await changes(hass) == drawn(-8, 7)


@pytest.mark.parametrize("is_shown_twice", [False, True])
async def test_taken_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    past: PastStatistics,
    *,
    is_shown_twice: bool,
) -> None:
    await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=2, minutes=20))
    await silence(hass, freezer, EIGHT + 2 * HOUR)
    await live(hass, freezer, EIGHT + timedelta(hours=5, minutes=30), EIGHT + 8 * HOUR)
    own = await rows(hass)
    own_changes = await changes(hass)
    await past.async_bring_in(series(platform(-8, 4)))
    assert await changes(hass) == drawn(-8, 7)

    past = PastStatistics(hass, "one")
    await past.async_load()
    is_gone = await past.async_take_back(series({}))
    if is_shown_twice:
        await past.async_take_back(series({}))

    assert is_gone == leneda_statistics_writer.CAN_DELETE
    found = await changes(hass)
    assert {n: kwh for n, kwh in found.items() if n in own_changes} == own_changes
    assert not any(kwh for n, kwh in found.items() if n not in own_changes)
    left = [row for row in await rows(hass) if row["start"] in {each["start"] for each in own}]
    assert left == [pytest.approx(row) for row in own]
    # And brought in once more.
    await past.async_bring_in(series(platform(-8, 4)))
    assert await changes(hass) == drawn(-8, 7)
    await live(hass, freezer, EIGHT + 8 * HOUR, EIGHT + 9 * HOUR)
    assert await changes(hass) == drawn(-8, 8)
