"""Loads that the user enters: the dialog, the entities with the plan, and changes without a reload.

The meter of `billed_month` took 0.4 kW at all times in June. Energy is cheap from 22:00
to 6:00.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.persistent_notification import DOMAIN as NOTIFICATION
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1 import async_remove_config_entry_device
from custom_components.smarty_p1.coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS
from custom_components.smarty_p1.flows.paused_entry import pause_entry
from smartyp1.json_types import JsonDict
from smartyp1.markdown_text import read_plain

from . import billed_month, kit
from .dialogs import errors_of, in_sections, open_options, place_of, submit
from .recipients import options
from .support import (
    ON_30_NOVEMBER,
    Home,
    issue_of,
    metadata_of_sums,
    recorder_done,
    said,
    wait_until,
)

pytestmark = ON_30_NOVEMBER

NOW = datetime(2026, 6, 16, 16, 44, tzinfo=UTC)  # Tuesday 18:44 in Luxembourg
CAR = {
    "name": "Car",
    "kwh": "8,8",
    "max_kw": "11 kW",
    "by_workdays": "07:00:00",
    "measured_by": "sensor.wallbox_energy",
    "connected": "binary_sensor.wallbox_connected",
}

DISHES = {
    "name": "Dishes",
    "kwh": "1,1",
    "hours": "2.5 h",
    "by": "07:00:00",
    "measured_by": "sensor.wallbox_energy",
}
WATER = {"name": "Water", "kwh": "4", "max_kw": "2", "measured_by": "sensor.wallbox_energy"}
LOADS: dict[str, JsonDict] = {"car": CAR, "appliance": DISHES, "pausing": WATER}

CALENDAR = "calendar.smarty_plan"
STEPPED = "planned_power", "missing_at_deadline"

type SetClock = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Return a function that sets the clock of Home Assistant. Timers go on."""
    kit.silence_calendars(monkeypatch)

    def set_clock(time: datetime) -> None:
        monkeypatch.setattr(dt_util, "utcnow", lambda: time)
        monkeypatch.setattr(
            dt_util, "now", lambda zone=None: time.astimezone(zone or dt_util.DEFAULT_TIME_ZONE)
        )

    set_clock(NOW)
    return set_clock


async def record(hass: HomeAssistant, name: str, unit: str, unit_class: str) -> None:
    """Give an entity statistics."""
    metadata = metadata_of_sums(name, unit, unit_class)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    async_import_statistics(hass, metadata, [{"start": start, "state": 0.0, "sum": 0.0}])
    hass.states.async_set("sensor.wallbox_energy", "0")
    await recorder_done(hass)


@pytest.fixture
async def house(home: Home, hass_storage: JsonDict) -> MockConfigEntry:
    """Return a meter in Luxembourg with 5 kW."""
    await home.hass.config.async_set_time_zone("Europe/Luxembourg")
    contract: JsonDict = billed_month.OPTIONS | {
        "reference_power": 5.0,
        "second_energy_price": 0.08,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }
    entry = await billed_month.set_up(home, hass_storage, billed_month.JUNE, **contract)

    def greet() -> bytes:
        # A telegram of midnight at a later connection would say nothing true of the tests' evening.
        home.port.greeting = b""
        return home.port.next_frame(billed_month.telegram("00:00:00", 0.0))

    # The first load reloads the meter, which needs a reading to plan.
    home.port.greeting = greet
    home.hass.states.async_set("binary_sensor.wallbox_connected", "on")
    await record(home.hass, "sensor.wallbox_energy", "kWh", "energy")
    return entry


async def add(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str = "car", /, **changes: str | bool | None
) -> SubentryFlowResult:
    """Add a load with these changes. A field is left empty with None."""
    done = await fill_in(hass, await open_new(hass, entry, kind), kind, **changes)
    await hass.async_block_till_done()
    return done


async def open_new(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> SubentryFlowResult:
    subentries = hass.config_entries.subentries
    flow = await subentries.async_init((entry.entry_id, "load"), context={"source": SOURCE_USER})
    return await subentries.async_configure(flow["flow_id"], {"next_step_id": kind})


async def fill_in(
    hass: HomeAssistant, form: SubentryFlowResult, kind: str, /, **changes: str | bool | None
) -> SubentryFlowResult:
    fields = LOADS[kind] | changes
    typed = {name: value for name, value in fields.items() if value is not None}
    subentries = hass.config_entries.subentries
    return await subentries.async_configure(form["flow_id"], in_sections(form, typed))


def shown(hass: HomeAssistant) -> dict[str, str]:
    """Return the states of the car's entities."""
    names = {
        "runs": "binary_sensor.car_runs_by_plan",
        "next": "sensor.car_next_start",
        "limit": "sensor.car_limit_price",
        "missing": "sensor.car_missing_at_deadline",
    }
    states = {key: hass.states.get(name) for key, name in names.items()}
    return {key: state.state if state else "no entity" for key, state in states.items()}


def car_device(hass: HomeAssistant, entry: MockConfigEntry) -> dr.DeviceEntry | None:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next((device for device in devices if device.name == "Car"), None)


async def planned(hass: HomeAssistant, **expected: str) -> None:
    """Wait until the car's entities show this plan, which a background task computes."""
    await wait_until(hass, lambda: expected.items() <= shown(hass).items())


async def test_an_assistant_controls_a_load_only_if_the_user_exposes_it(
    hass: HomeAssistant, house: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    for kind in LOADS:
        await add(hass, house, kind)
    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, house.entry_id)
    of_loads = [entity.entity_id for entity in entities if entity.config_subentry_id]
    assert len(of_loads) > len(LOADS)
    assert async_should_expose(hass, "conversation", "switch.box")
    exposed = [name for name in of_loads if async_should_expose(hass, "conversation", name)]
    assert exposed == []


async def test_a_car_is_entered_and_planned_and_only_the_first_load_reloads_the_meter(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    before = house.runtime_data
    done = await add(hass, house)
    assert done["type"] == "create_entry"
    # 8.8 kWh at 4.6 kW below the reference power: two hours from 22:00 on.
    await planned(hass, runs="off", next="2026-06-16T20:00:00+00:00", missing="0.0")
    assert float(shown(hass)["limit"]) == pytest.approx((0.08 + 0.051) * 1.08, abs=1e-4)
    # The first load adds the calendar, and a platform is set up only with its entry.
    reloaded = house.runtime_data
    assert reloaded is not before
    await add(hass, house, "appliance")
    assert house.runtime_data is reloaded
    device = car_device(hass, house)
    assert device is not None
    assert not await async_remove_config_entry_device(hass, house, device)
    assert device.via_device_id is not None


async def test_the_plan_follows_the_clock_and_the_connection(
    house: MockConfigEntry, hass: HomeAssistant, clock: SetClock
) -> None:
    await add(hass, house)
    await planned(hass, runs="off")
    clock(datetime(2026, 6, 16, 20, 0, 20, tzinfo=UTC))
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=16))
    await planned(hass, runs="on")
    hass.states.async_set("binary_sensor.wallbox_connected", "off")
    await planned(hass, runs="off", next="unknown")
    hass.states.async_set("binary_sensor.wallbox_connected", "on")
    await planned(hass, runs="on")


async def runs_of_the_calendar(hass: HomeAssistant) -> list[tuple[str, str, str]]:
    """Return the runs of two days, each with its load."""
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {
            "entity_id": CALENDAR,
            "start_date_time": NOW.replace(hour=0),
            "end_date_time": NOW + timedelta(days=3),
        },
        blocking=True,
        return_response=True,
    )
    return [
        (event["summary"], event["start"], event["end"]) for event in answer[CALENDAR]["events"]
    ]


async def test_a_calendar_has_the_runs_and_is_on_while_a_load_runs(
    house: MockConfigEntry,
    hass: HomeAssistant,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forward = hass.config_entries.async_forward_entry_setups

    async def forward_in_set_up(entry: ConfigEntry[Any], platforms: list[Platform]) -> None:
        """Refuse a loaded entry: from 2026.11 on, Home Assistant waits for its lock."""
        assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
        await forward(entry, platforms)

    monkeypatch.setattr(hass.config_entries, "async_forward_entry_setups", forward_in_set_up)
    assert hass.states.get(CALENDAR) is None
    await add(hass, house)
    await planned(hass, runs="off", next="2026-06-16T20:00:00+00:00")
    calendar = hass.states.get(CALENDAR)
    assert calendar
    assert calendar.state == "off"
    run = ("Car", "2026-06-16T22:00:00+02:00", "2026-06-17T00:00:00+02:00")
    assert await runs_of_the_calendar(hass) == [run]
    for minute in (0, 15):
        clock(datetime(2026, 6, 16, 20, minute, 20, tzinfo=UTC))
        async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=16 + minute))
        await planned(hass, runs="on")
        [(name, start, _end)] = await runs_of_the_calendar(hass)
        # The begun run keeps its begin.
        assert (name, start) == run[:2]
        state = hass.states.get(CALENDAR)
        assert state
        assert state.state == "on"
    (subentry_id,) = house.subentries
    hass.config_entries.async_remove_subentry(house, subentry_id)
    await wait_until(hass, lambda: hass.states.get(CALENDAR) is None)


async def test_a_first_load_and_a_reload_while_a_dialog_tests_the_port(
    house: MockConfigEntry, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    form = await open_new(hass, house, "car")
    async with pause_entry(hass, house):
        reloaded = hass.async_create_task(hass.config_entries.async_reload(house.entry_id))
        await fill_in(hass, form, "car")
    await reloaded
    await hass.async_block_till_done()
    calendar = hass.states.get(CALENDAR)
    assert calendar
    assert calendar.state == "off"
    assert not [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


async def test_a_load_entered_during_an_unload_belongs_to_the_next_coordinator(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    await add(hass, house, "appliance")
    form = await open_new(hass, house, "car")
    unload = hass.config_entries.async_unload_platforms

    async def enter_and_unload(entry: ConfigEntry[Any], platforms: Sequence[Platform]) -> bool:
        is_unloaded = await unload(entry, platforms)
        await fill_in(hass, form, "car")
        return is_unloaded

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hass.config_entries, "async_unload_platforms", enter_and_unload)
        await hass.config_entries.async_reload(house.entry_id)
    await hass.async_block_till_done()
    await planned(hass, runs="off", next="2026-06-16T20:00:00+00:00")
    await hass.services.async_call(
        "button", "press", {"entity_id": "button.car_start_now"}, blocking=True
    )
    await planned(hass, runs="on")


TOO_LATE = (
    "Car will lack 5.9\xa0kWh: At 19:00, it will lack this energy. It runs as early as it can."
)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("07:00:00", {"Plan: Car 22:00-00:00: saves 1.06\xa0€; planned without a surcharge."}),
        ("19:00:00", {TOO_LATE}),
    ],
)
async def test_the_household_gets_the_plan_and_the_missing_energy_as_messages(
    home: Home, house: MockConfigEntry, hass: HomeAssistant, by: str, expected: set[str]
) -> None:
    chosen = {**house.options, **options("plan_of_day", "failed_load", to=())}
    await home.again(billed_month.telegram("00:00:05", 0.1), chosen)
    await add(hass, house, by_workdays=by)
    await planned(hass, runs="on" if by < "20" and by > "08" else "off")

    def shown_texts() -> set[str]:
        return {
            f"{each['title']}: {each['message']}"
            for each in hass.data.get(NOTIFICATION, {}).values()
            if each["notification_id"].startswith("smarty_p1")
        }

    await wait_until(hass, lambda: HOUSE_PLANS.value_of(hass, house.entry_id) is not None)
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(seconds=61))
    await wait_until(hass, lambda: shown_texts() == expected)


async def test_too_late_a_car_runs_at_once_and_shows_its_missing_energy(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    # In the 16 minutes until 19:00, 11 kW give 2.93 of 8.8 kWh.
    await add(hass, house, by_workdays="19:00:00")
    await planned(hass, runs="on", missing="5.87")


async def test_a_changed_load_is_planned_again_and_a_removed_one_leaves_nothing(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    await add(hass, house)
    (subentry_id,) = house.subentries
    subentries, before = hass.config_entries.subentries, house.runtime_data
    flow = await subentries.async_init(
        (house.entry_id, "load"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    done = await subentries.async_configure(
        flow["flow_id"], in_sections(flow, CAR | {"by_workdays": "21:00:00"})
    )
    assert done["reason"] == "reconfigure_successful"
    # Until 21:00, any quarter-hour costs the same.
    await planned(hass, runs="on")
    hass.config_entries.async_remove_subentry(house, subentry_id)
    await planned(hass, **dict.fromkeys(("runs", "next", "limit", "missing"), "no entity"))
    assert house.runtime_data is before
    assert not car_device(hass, house)


async def test_the_only_load_of_a_relay_may_change_the_state_that_blocks_it(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    await add(hass, house, **RELAY)
    (subentry_id,) = house.subentries
    subentries = hass.config_entries.subentries
    flow = await subentries.async_init(
        (house.entry_id, "load"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    changed = in_sections(flow, CAR | RELAY | {"blocked_when": "on"})
    done = await subentries.async_configure(flow["flow_id"], changed)
    assert done["reason"] == "reconfigure_successful"


async def test_a_renamed_sensor_is_followed(house: MockConfigEntry, hass: HomeAssistant) -> None:
    registry = er.async_get(hass)
    sensor = registry.async_get_or_create("binary_sensor", "wallbox", "1")
    switch = registry.async_get_or_create("switch", "wallbox", "2")
    await add(hass, house, connected=sensor.entity_id, switched_by=switch.entity_id)
    registry.async_update_entity(sensor.entity_id, new_entity_id="binary_sensor.garage")
    registry.async_update_entity(switch.entity_id, new_entity_id="switch.garage")
    await hass.async_block_till_done()
    (subentry,) = house.subentries.values()
    assert subentry.data["connected"] == "binary_sensor.garage"
    assert subentry.data["switched_by"] == "switch.garage"
    await planned(hass, next="2026-06-16T20:00:00+00:00")


RELAY: dict[str, str | None] = {"blocked_by": "sensor.relay", "limited_to": "4"}
CONTROLLED = {
    "car": {"switched_by": "switch.car", **RELAY},
    "appliance": RELAY,
    "pausing": RELAY | {"blocked_by": "sensor.other_relay", "blocked_when": "on"},
}
NOT_RECORDED = "sensor.smarty_net_power_of_nobody"
WRONG_FIELDS: list[tuple[str, dict[str, str | None], str, str]] = [
    ("car", {"kwh": "twelve"}, "kwh", "amount_malformed"),
    ("car", {"kwh": "0"}, "kwh", "amount_out_of_range"),
    ("car", {"kwh": None}, "kwh", "energy_missing"),
    ("car", {"energy_from": "sensor.charge"}, "capacity_kwh", "capacity_missing"),
    ("car", {"target": "101"}, "target", "amount_out_of_range"),
    ("car", {"energy_from": "sensor.mileage"}, "energy_from", "no_energy_or_charge"),
    ("car", {"min_kw": "12"}, "min_kw", "above_maximum_power"),
    ("car", {"power_set_by": "number.current", "min_kw": "1,4"}, "min_kw", "below_six_amperes"),
    ("car", {"blocked_by": "sensor.relay"}, "limited_to", "limited_to_missing"),
    ("car", {"name": " \t"}, "name", "load_name"),
    ("car", {"name": "x" * 61}, "name", "load_name"),
    ("car", {"power_set_by": "number.share"}, "power_set_by", "power_set_by_has_other_unit"),
    ("car", {"power_set_by": "number.bare"}, "power_set_by", "number_without_unit"),
    ("car", {"power_set_by": "number.from_6"}, "power_set_by", "cannot_pause"),
    ("car", {"measured_by": NOT_RECORDED}, "measured_by", "load_has_no_statistics"),
    ("car", {"measured_by": None}, "measured_by", "measured_by_missing"),
    ("appliance", {"hours": "25"}, "hours", "amount_out_of_range"),
    ("appliance", {"kwh": "50", "hours": "0.9"}, "kwh", "above_possible_power"),
    ("pausing", {"max_kw": "0"}, "max_kw", "amount_out_of_range"),
    ("pausing", {"switched_by": "switch.car"}, "switched_by", "has_other_owner"),
    ("pausing", RELAY | {"blocked_when": "on"}, "blocked_when", "relay_has_other_state"),
]


async def test_a_wrong_field_is_named_and_can_be_corrected(
    house: MockConfigEntry, hass: HomeAssistant, subtests: pytest.Subtests
) -> None:
    hass.states.async_set("sensor.charge", "60", {"unit_of_measurement": "%"})
    hass.states.async_set("sensor.mileage", "60", {"unit_of_measurement": "km"})
    hass.states.async_set("number.current", "6", {"unit_of_measurement": "A"})
    hass.states.async_set("number.share", "6", {"unit_of_measurement": "%"})
    hass.states.async_set("number.from_6", "6", {"unit_of_measurement": "kW", "min": 6})
    hass.states.async_set("number.bare", "6")
    hass.states.async_set("switch.car", "off")
    for kind in LOADS:
        form = await open_new(hass, house, kind)
        for row in WRONG_FIELDS:
            if row[0] == kind:
                _, typed, field, error = row
                with subtests.test(str(row)):
                    form = await fill_in(hass, form, kind, **typed)
                    assert errors_of(form) == {place_of(form, field): error}
        # The errors of all fields are shown at once.
        form = await fill_in(hass, form, kind, name="", kwh="0")
        assert errors_of(form) == {"name": "load_name", "kwh": "amount_out_of_range"}
        done = await fill_in(hass, form, kind, **CONTROLLED[kind])
        assert done["type"] == "create_entry"
        await hass.async_block_till_done()
    assert [load.data["kind"] for load in house.subentries.values()] == [*LOADS]


NEEDS: list[tuple[str, dict[str, str | None], str]] = [
    # Until 19:00, 11 kW give 2.93 kWh.
    ("9000 Wh", {"kwh": None}, "6.07"),
    ("75 %", {"capacity_kwh": "40"}, "7.07"),
    ("75 %", {"capacity_kwh": "40", "target": "80"}, "0.0"),
    ("unavailable %", {"capacity_kwh": "40"}, "5.87"),
    ("unavailable %", {"capacity_kwh": "40", "kwh": None}, "unavailable"),
]


async def test_the_energy_of_a_car_comes_from_its_own_sensor(
    house: MockConfigEntry, hass: HomeAssistant, subtests: pytest.Subtests
) -> None:
    for state, fields, missing in NEEDS:
        with subtests.test(state, fields=fields):
            value, unit = state.split()
            hass.states.async_set("sensor.charge", value, {"unit_of_measurement": unit})
            changes = {"energy_from": "sensor.charge", "by_workdays": "19:00:00"} | fields
            await add(hass, house, **changes)
            await planned(hass, missing=missing)
        (subentry_id,) = house.subentries
        hass.config_entries.async_remove_subentry(house, subentry_id)
        await planned(hass, missing="no entity")


async def test_a_new_charge_is_planned_within_the_quarter_hour(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    percent = {"unit_of_measurement": "%"}
    hass.states.async_set("sensor.charge", "75", percent)
    entered = {"energy_from": "sensor.charge", "capacity_kwh": "40", "by_workdays": "19:00:00"}
    await add(hass, house, **entered)
    await planned(hass, missing="7.07")
    hass.states.async_set("sensor.charge", "70", percent)
    await planned(hass, missing="9.07")
    # A charge that follows soon waits for the next minute.
    hass.states.async_set("sensor.charge", "65", percent)
    await hass.async_block_till_done()
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=1, seconds=1))
    await planned(hass, missing="11.07")


async def test_power_and_missing_energy_follow_in_steps(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    await add(hass, house)
    await planned(hass, runs="off")
    (load,) = house.subentries
    plan = LOAD_PLANS.value_of(hass, load)
    assert plan is not None
    shown = []
    for kw, kwh in ((3.0, 1.0), (3.05, 0.96), (3.1, 0.9), (0.01, 0.02), (0.0, 0.0), (0.02, 0.01)):
        LOAD_PLANS.show_value(hass, load, replace(plan, given_kw=kw, missing_kwh=kwh))
        states = map(hass.states.get, (f"sensor.car_{name}" for name in STEPPED))
        shown.append(tuple(float(state.state) for state in states if state))
    # A start, an end, and the first and last missing energy are shown at once.
    assert shown == [(3, 1), (3, 1), (3.1, 0.9), (0.01, 0.02), (0, 0), (0.02, 0.01)]


@pytest.mark.parametrize(
    ("switch", "missing"),
    [
        # Its planned power was 2 kW for 45 minutes. From 18:45 on, 2.5 kWh fit in.
        ({}, "0.0"),
        # A load that the plan switches had no energy while its switch was away.
        ({"switched_by": "switch.away"}, "1.5"),
    ],
)
async def test_without_a_sensor_the_planned_power_is_believed(
    house: MockConfigEntry,
    hass: HomeAssistant,
    clock: SetClock,
    switch: dict[str, str],
    missing: str,
) -> None:
    hass.states.async_set("switch.away", "unknown")
    # The dialog asks once whether the load shall have no sensor. The second try is stored.
    form = await add(hass, house, "pausing", measured_by=None)
    unmeasured = WATER | {"by": "20:00:00"} | switch
    del unmeasured["measured_by"]
    subentries = hass.config_entries.subentries
    typed = in_sections(form, unmeasured)
    done = await subentries.async_configure(form["flow_id"], typed)
    assert done["type"] == "create_entry"

    def is_missing(kwh: str) -> bool:
        state = hass.states.get("sensor.water_missing_at_deadline")
        return state is not None and state.state == kwh

    # In the six quarter-hours from 18:30 on, 2 kW give 3 of 4 kWh.
    await wait_until(hass, lambda: is_missing("1.0"))
    start = datetime(2026, 6, 16, 15, 45, tzinfo=UTC)
    rows: list[Any] = [{"start": start + n * timedelta(minutes=5), "mean": 2.0} for n in range(9)]
    metadata = metadata_of_sums("sensor.water_planned_power", "kW", "power")
    metadata |= {"mean_type": StatisticMeanType.ARITHMETIC, "has_sum": False}
    get_instance(hass).async_import_statistics(metadata, rows, StatisticsShortTerm)
    await recorder_done(hass)
    clock(datetime(2026, 6, 16, 16, 45, 20, tzinfo=UTC))
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=16))
    await wait_until(hass, lambda: is_missing(missing))


async def test_the_limit_of_the_plan_is_never_exceeded(
    house: MockConfigEntry, hass: HomeAssistant, home: Home
) -> None:
    await add(hass, house, by_workdays="19:00:00", min_kw="1.4")
    await planned(hass, missing="5.87")
    flow = await open_options(hass, house, "plan")
    wrong = await submit(hass, flow, {"never_above_kw": "much"})
    assert [*(wrong["errors"] or ())] == ["never_above_kw"]
    home.port.greeting = home.port.next_frame(billed_month.telegram("00:00:10", 0.1))
    done = await submit(hass, wrong, {"never_above_kw": "2 kW"})
    assert done["type"] == "create_entry"
    # In the two quarter-hours from 18:30 on, 2 - 0.4 kW give 0.8 of 8.8 kWh.
    await planned(hass, missing="8.0")


async def test_a_blocked_load_is_not_planned(
    house: MockConfigEntry, hass: HomeAssistant, clock: SetClock
) -> None:
    # The states of the relays of this meter come with its telegrams.
    relay = "sensor.relay_of_another_meter"
    hass.states.async_set(relay, "disconnected")
    await add(hass, house, blocked_by=relay, limited_to="0", by_workdays="21:00:00")
    await planned(hass, runs="off", next="unknown", missing="8.8")
    # A relay may bounce: the load is free after two minutes.
    hass.states.async_set(relay, "connected")
    await hass.async_block_till_done()
    await planned(hass, runs="off", missing="8.8")
    clock(NOW + timedelta(minutes=2))
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=16))
    await planned(hass, runs="on")


@pytest.mark.parametrize("lost", ["sensor.wallbox_energy", "switch.wallbox", "sensor.charge"])
async def test_a_load_that_lacks_an_entity_is_left_out_only_without_its_switch(
    house: MockConfigEntry, hass: HomeAssistant, clock: SetClock, lost: str
) -> None:
    kwh = {"unit_of_measurement": "kWh"}
    present = {"sensor.wallbox_energy": "0", "switch.wallbox": "off", "sensor.charge": "8.8"}
    for entity_id, state in present.items():
        hass.states.async_set(entity_id, state, kwh)
    await add(hass, house, switched_by="switch.wallbox", energy_from="sensor.charge")
    # Planned together, either load could be the first: all hours of the night cost the same.
    await planned(hass, next="2026-06-16T20:00:00+00:00")
    await add(hass, house, "pausing", measured_by="sensor.wallbox_energy")
    await planned(hass, next="2026-06-16T20:00:00+00:00")
    assert not issue_of(hass, house, "load_entity_lost")
    timers = datetime.now(UTC)

    async def later(minutes: int) -> None:
        nonlocal timers
        timers += timedelta(minutes=16)
        clock(NOW + timedelta(minutes=minutes))
        async_fire_time_changed(hass, timers)
        await hass.async_block_till_done()

    # A short outage raises no message.
    hass.states.async_set(lost, "unavailable", timestamp=NOW.timestamp())
    await later(50)
    assert not issue_of(hass, house, "load_entity_lost")
    await later(70)
    issue = issue_of(hass, house, "load_entity_lost")
    assert f"Car ({lost})" in read_plain(said(issue)["entities"])
    start = "unavailable" if lost == "switch.wallbox" else "2026-06-16T20:00:00+00:00"
    await planned(hass, next=start)
    hass.states.async_set(lost, present[lost], kwh)
    await later(75)
    assert not issue_of(hass, house, "load_entity_lost")
    # A clock that was ahead has noted this outage.
    ahead = (NOW + timedelta(days=365)).timestamp()
    hass.states.async_set(lost, "unavailable", timestamp=ahead)
    await later(77)
    assert issue_of(hass, house, "load_entity_lost")
    # A deleted entity raises a message without delay.
    hass.states.async_remove(lost)
    await later(80)
    assert issue_of(hass, house, "load_entity_lost")


async def test_a_refused_form_that_is_read_again_asks_anew(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    form = await open_new(hass, house, "car")
    refused = await fill_in(hass, form, "car", kwh="much")
    assert refused["errors"]
    # A card reads the form before each answer.
    again = await hass.config_entries.subentries.async_configure(form["flow_id"])
    assert not again["errors"]
    assert (await fill_in(hass, form, "car"))["type"] == "create_entry"
    await hass.async_block_till_done()


async def test_a_meter_has_at_most_ten_loads_however_many_dialogs_are_open(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    forms = [await open_new(hass, house, "car") for _ in range(12)]
    done = await asyncio.gather(
        *(fill_in(hass, form, "car", name=f"Car {n}") for n, form in enumerate(forms))
    )
    # Which dialogs come first is open: the first ten that end add their loads.
    ends = Counter((each["type"].value, each.get("reason")) for each in done)
    assert ends == {("create_entry", None): 10, ("abort", "too_many_loads"): 2}
    await hass.async_block_till_done()
    flow = await hass.config_entries.subentries.async_init(
        (house.entry_id, "load"), context={"source": SOURCE_USER}
    )
    assert (flow["type"], flow["reason"]) == ("abort", "too_many_loads")

    def next_start(name: str) -> str:
        state = hass.states.get(f"sensor.{name}_next_start")
        return state.state if state else "no entity"

    # An entry may have more loads from elsewhere. They cost the others nothing.
    car, *_, tenth = house.subentries.values()
    for n in (1, 2):
        more = ConfigSubentry(
            data=tenth.data, subentry_type="load", title=f"Van {n}", unique_id=None
        )
        hass.config_entries.async_add_subentry(house, more)
    name = tenth.title.replace("Car ", "car_")
    await wait_until(hass, lambda: next_start(name) not in {"unavailable", "unknown", "no entity"})
    assert next_start("van_1") == "no entity"
    hass.config_entries.async_remove_subentry(house, car.subentry_id)
    await wait_until(hass, lambda: next_start("van_1")[:3] == "202")
    assert next_start("van_2") == "no entity"
