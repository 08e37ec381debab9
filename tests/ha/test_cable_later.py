"""A meter without a cable gets one, in a real recorder: every kilowatt-hour is there once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_RECORDER_5MIN_STATISTICS_GENERATED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.smarty_p1.coordinator import (
    leneda_client,
    leneda_download,
    leneda_quarter_hour_files,
)
from custom_components.smarty_p1.coordinator.leneda_statistics_writer import PastStatistics
from dev.leneda import Platform

from . import leneda
from .dialogs import reconfigure, submit
from .flows.test_leneda_meter import add, keys, last_midnight, of_now
from .meter import KEY, MeterPort, with_value
from .support import receive, wait_until

DAYS = 20
HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)

pytestmark = pytest.mark.usefixtures("short_wait")


@pytest.fixture(autouse=True)
def integration(
    recorder_mock: Recorder, enable_custom_integrations: None, socket_enabled: None
) -> None:
    """Do as in the other tests, with a recorder that starts before everything else."""


@pytest.fixture(autouse=True)
def few_days(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fetch few days, without a pause, into a folder of the test's own."""
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=DAYS))
    monkeypatch.setattr(leneda_quarter_hour_files, "STORAGE_DIR", str(tmp_path / ".storage"))


@pytest.fixture
async def meter(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[MockConfigEntry, str]]:
    """Yield the entry of a meter without a cable, and the entity of its imported energy."""
    assert await async_setup_component(hass, "sensor", {})
    async with Platform(key=leneda.KEY, energy_id=leneda.ENERGY_ID) as platform:
        platform.series[leneda.POINT, leneda.IMPORTED] = lambda _start: 0.5
        monkeypatch.setattr(leneda_client, "BASE_URL", platform.url)
        entry = await add(hass)
        yield entry, keys(hass, entry)["energy_imported"]


async def rows(hass: HomeAssistant, name: str) -> list[tuple[datetime, float]]:
    """Return the hours of a statistic with their sums in kWh."""
    await async_wait_recording_done(hass)

    def read() -> list[tuple[datetime, float]]:
        start = datetime(2000, 1, 1, tzinfo=UTC)
        found: Any = statistics_during_period(
            hass, start, None, {name}, "hour", {"energy": "kWh"}, {"sum"}
        )
        return [
            (datetime.fromtimestamp(row["start"], UTC), row["sum"]) for row in found.get(name, [])
        ]

    return await get_instance(hass).async_add_executor_job(read)


async def test_every_kilowatt_hour_is_there_once(
    hass: HomeAssistant, port: MeterPort, meter: tuple[MockConfigEntry, str]
) -> None:
    entry, name = meter
    midnight = last_midnight().astimezone(UTC)
    found = await rows(hass, name)
    # It is written in parts, the newest days first.
    while not (
        found
        and midnight - found[0][0] >= (DAYS - 1) * 24 * HOUR
        and found[-1][0] == midnight - HOUR
    ):
        found = await rows(hass, name)
    # All hours up to midnight, half a kilowatt-hour each.
    assert all(now - last == HOUR for (last, _), (now, _) in pairwise(found))
    known = 0.5 * len(found)
    assert found[-1][1] == pytest.approx(known)
    assert [total for _, total in found] == pytest.approx(
        [0.5 * (n + 1) for n in range(len(found))]
    )

    begin = dt_util.utcnow()
    port.greeting = lambda: port.next_frame(with_value(of_now(), "1-0:1.8.0", _index(0)))
    form = await reconfigure(hass, entry)
    result = await submit(hass, form, {"port": port.address, "encryption_key": KEY})
    assert result["reason"] == "cable_added"
    await wait_until(hass, lambda: entry.runtime_data.latest is not None)
    await receive(hass, port, with_value(of_now(), "1-0:1.8.0", _index(1.25)))
    await async_wait_recording_done(hass)
    await _sum_up(hass, begin)

    after = await rows(hass, name)
    assert after[: len(found)] == found
    own = after[len(found) :]
    # The register stood at 25,678.901 kWh; of this, 1.25 kWh were drawn since.
    assert own[-1][1] == pytest.approx(known + 1.25)
    assert min(now - last for (_, last), (_, now) in pairwise(after)) >= 0
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_energy_dashboard_has_its_costs(
    hass: HomeAssistant, meter: tuple[MockConfigEntry, str]
) -> None:
    entry, name = meter
    assert await async_setup_component(hass, "energy", {})
    manager = await async_get_manager(hass)
    grid = {
        "type": "grid",
        "stat_energy_from": name,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": 0.25,
        "stat_energy_to": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
    }
    await manager.async_update({"energy_sources": [grid]})  # type: ignore[typeddict-item]
    await hass.async_block_till_done()
    [cost] = hass.data["energy"]["cost_sensors"].values()

    # The entry is loaded again, as after the next start.
    assert await hass.config_entries.async_reload(entry.entry_id)
    while len(await rows(hass, cost)) < (DAYS - 1) * 24:
        await hass.async_block_till_done()

    energy = await rows(hass, name)
    assert [hour for hour, _ in await rows(hass, cost)] == [hour for hour, _ in energy]
    past = PastStatistics(hass, entry.entry_id)
    await past.async_load()
    # Once it counts, its sum goes on.
    last = (await rows(hass, cost))[-1][1]
    assert last > 0
    begin = dt_util.utcnow()
    state = {"device_class": "monetary", "state_class": "total", "unit_of_measurement": "EUR"}
    state["last_reset"] = begin.isoformat()
    hass.states.async_set(cost, "0.0", state)
    await async_wait_recording_done(hass)
    hass.states.async_set(cost, "0.5", state)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(
        hass, start=begin.replace(minute=begin.minute // 5 * 5, second=0, microsecond=0)
    )
    await async_wait_recording_done(hass)
    await past.async_lift({"priced_import": cost})
    do_adhoc_statistics(hass, start=begin.replace(minute=55, second=0, microsecond=0))
    await async_wait_recording_done(hass)
    assert (await rows(hass, cost))[-1][1] == pytest.approx(last + 0.5)
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("state", ["loaded", "renamed", "disabled"])
async def test_its_hours_are_cleared_with_the_entry(
    hass: HomeAssistant, meter: tuple[MockConfigEntry, str], state: str
) -> None:
    entry, name = meter
    while not await rows(hass, name):
        pass
    if state == "renamed":
        registry = er.async_get(hass)
        registry.async_update_entity(name, new_entity_id="sensor.of_the_house")
        await hass.async_block_till_done()
        name = "sensor.of_the_house"
        assert await rows(hass, name)
    elif state == "disabled":
        disabler = ConfigEntryDisabler.USER
        await hass.config_entries.async_set_disabled_by(entry.entry_id, disabler)

    await hass.config_entries.async_remove(entry.entry_id)

    assert not await rows(hass, name)


def _index(kwh: float) -> str:
    return f"({25_678.901 + kwh:010.3f}*kWh)"


async def _sum_up(hass: HomeAssistant, begin: datetime) -> None:
    """Let the recorder sum up the five minutes since `begin`, and then their hours."""
    period = begin.replace(minute=begin.minute // 5 * 5, second=0, microsecond=0)
    while period <= dt_util.utcnow():
        do_adhoc_statistics(hass, start=period)
        period += FIVE_MINUTES
    await async_wait_recording_done(hass)
    hass.bus.async_fire(EVENT_RECORDER_5MIN_STATISTICS_GENERATED)
    await hass.async_block_till_done()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=11))
    await hass.async_block_till_done()
    await async_wait_recording_done(hass)
    # The last five minutes of the hour, of which some are still to come.
    last = period.replace(minute=55) if period.minute else period - FIVE_MINUTES
    do_adhoc_statistics(hass, start=last)
    await async_wait_recording_done(hass)
