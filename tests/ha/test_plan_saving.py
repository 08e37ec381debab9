"""The saving by the plan, from the statistics of a car that was charged at night.

The meter is that of `billed_month`: 0.4 kW at all times in June until the 16th. The car takes this
energy from 2:00 to 3:00 each night, at the price of the night. At once, it would have begun at 7:00
in the morning before, at the price of the day.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.messages.report_data import async_report
from smartyp1.json_types import JsonDict

from . import billed_month
from .dialogs import contract_in, in_sections
from .support import ON_30_NOVEMBER, Home, metadata_of_sums, recorder_done, wait_until

pytestmark = ON_30_NOVEMBER

NOW = datetime(2026, 6, 16, 4, 44, tzinfo=UTC)
SENSOR = "sensor.smarty_saved_by_the_plan_this_month"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = range(1, 32)
"""Days of May."""
A_NIGHT = 0.4 * (0.15 - 0.08) * 1.08
CAR = {
    "name": "Car",
    "kwh": "0.4",
    "max_kw": "0.4",
    "by_workdays": "07:00",
    "by_weekend": "07:00",
    "measured_by": "sensor.wallbox_energy",
}


async def record_wallbox(hass: HomeAssistant) -> None:
    """Write the hours of May and June: 0.4 kWh from 0:00 to 1:00 UTC."""
    time, total, rows = datetime(2026, 5, 1, tzinfo=UTC), 0.0, list[Any]()
    while time < NOW:
        total += 0.4 * (time.hour == 0)
        rows.append({"start": time, "state": total, "sum": total})
        time += timedelta(hours=1)
    async_import_statistics(hass, metadata_of_sums("sensor.wallbox_energy", "kWh", "energy"), rows)
    await recorder_done(hass)


@pytest.fixture
async def house(
    home: Home, hass_storage: JsonDict, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)
    entry = await billed_month.set_up(home, hass_storage)
    contract = contract_in(entry) | {
        "second_energy_price": 0.08,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    await record_wallbox(home.hass)
    return entry


async def add(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    subentries = hass.config_entries.subentries
    flow = await subentries.async_init((entry.entry_id, "load"), context={"source": SOURCE_USER})
    form = await subentries.async_configure(flow["flow_id"], {"next_step_id": "car"})
    done = await subentries.async_configure(flow["flow_id"], in_sections(form, CAR))
    assert done["type"] == "create_entry"
    await hass.async_block_till_done()
    [load] = entry.subentries
    return str(load)


def entered_at(hass: HomeAssistant, entry: MockConfigEntry, load: str, time: datetime) -> None:
    """Let a load have been entered at `time`."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(("smarty_p1", load), entry.entry_id)
    object.__setattr__(device, "created_at", time)


def shown(hass: HomeAssistant) -> State | None:
    return hass.states.get(SENSOR)


async def saved(hass: HomeAssistant, expected: float | str) -> None:
    """Wait until the sensor shows a saving, or a text."""

    def is_shown() -> bool:
        state = shown(hass)
        if state is None or isinstance(expected, str) or state.state in {"unknown", "unavailable"}:
            return state is not None and state.state == expected
        return float(state.state) == pytest.approx(expected, abs=0.01)

    await wait_until(hass, is_shown)


@pytest.mark.parametrize(
    ("since", "nights", "now"),
    [
        (LONG_AGO, 15, NOW),
        (datetime(2026, 6, 10, 12, tzinfo=UTC), 5, NOW),
        # The last known quarter-hour has just ended.
        (LONG_AGO, 15, datetime(2026, 6, 15, 22, 14, tzinfo=UTC)),
    ],
)
async def test_the_saving_of_the_month_is_measured(  # noqa: PLR0913, PLR0917
    house: MockConfigEntry,
    hass: HomeAssistant,
    since: datetime,
    nights: int,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dt_util, "utcnow", lambda: now)
    assert shown(hass) is None
    load = await add(hass, house)
    # Entered just now, it has nothing to count.
    await saved(hass, "unknown")
    entered_at(hass, house, load, since)
    hass.config_entries.async_update_subentry(house, house.subentries[load], title="My car")
    await saved(hass, nights * A_NIGHT)
    state = shown(hass)
    assert state
    assert state.attributes["last_reset"] == "2026-06-01T00:00:00+02:00"
    assert state.attributes["known_in_part"] is (now == NOW)
    hass.config_entries.async_remove_subentry(house, load)
    await wait_until(hass, lambda: shown(hass) is None)
    assert er.async_get(hass).async_get(SENSOR) is None


async def test_the_monthly_report_has_the_saving(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    load = await add(hass, house)
    entered_at(hass, house, load, LONG_AGO)
    report = await async_report(hass, [house], datetime(2026, 6, 1, tzinfo=UTC).date())
    assert report
    [line] = [line for line in report.lines if line.key == "plan_saved"]
    assert line.values["saving_eur"] == pytest.approx(31 * A_NIGHT, abs=0.04)


async def test_at_once_begins_when_the_load_was_connected(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    load = await add(hass, house)
    entered_at(hass, house, load, datetime(2026, 5, 10, tzinfo=UTC))
    # Connected at 18:00, the car would have had the price of the day at once, and at 23:00 that of
    # the night.
    evenings = tuple(datetime(2026, 5, day, 16 if day % 2 else 21, tzinfo=UTC) for day in DAYS)
    memories = house.runtime_data.load_records
    memories.wishes.call(load, lambda memory: replace(memory, ready_at=evenings))
    assert memories.record_of(load).ready_at == evenings
    report = await async_report(hass, [house], datetime(2026, 6, 1, tzinfo=UTC).date())
    assert report
    [line] = [line for line in report.lines if line.key == "plan_saved"]
    days = [day for day in DAYS if day % 2 and 10 <= day < DAYS[-1]]
    assert line.values["saving_eur"] == pytest.approx(len(days) * A_NIGHT, abs=0.005)
