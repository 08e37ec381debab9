"""The devices of the Energy dashboard in the monthly report, by a real recorder.

The meter is that of `billed_month`, with 0.4 kW at all times, but 8 kW in the first ten
quarter-hours of May. A kWh costs (0.15 + 0.051) * 1.08 = 0.21708 EUR.
"""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from smartyp1.json_types import JsonDict

from . import billed_month
from .recipients import Clock, Phone, add, options
from .support import RECORDED, Home, metadata_of_sums, recorder_done, smarty_entry

pytestmark = RECORDED

PRICE = 0.21708
LAST_OF_APRIL = datetime(2026, 4, 30, tzinfo=UTC)
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SUN = {"type": "solar", "stat_energy_from": "sensor.sun", "config_entry_solar_forecast": []}


async def record(hass: HomeAssistant, name: str, kwh: Callable[[datetime], float]) -> None:
    """Write the statistics of an energy for all hours of May."""
    rows: list[Any] = []
    total, time = 0.0, LAST_OF_APRIL
    while time < UNTIL:
        total += kwh(time)
        rows.append({"start": time, "state": total, "sum": total})
        time += HOUR
    async_import_statistics(hass, metadata_of_sums(name, "kWh", "energy"), rows)
    await recorder_done(hass)


def add_a_meter(hass: HomeAssistant) -> Coroutine[Any, Any, None]:
    data = {"kind": "entities", "energy_imported": ["sensor.other_total"]}
    entry = smarty_entry(data=data, unique_id="other")
    return hass.config_entries.async_add(entry)


async def rename(hass: HomeAssistant) -> None:
    for name in ("sun", "car"):
        er.async_get(hass).async_update_entity(f"sensor.{name}", new_entity_id=f"sensor.new_{name}")
    await recorder_done(hass)


async def nothing(_hass: HomeAssistant) -> None:
    """Change nothing."""


@pytest.mark.parametrize(
    ("has_sun", "change"), [(True, nothing), (False, nothing), (True, add_a_meter), (True, rename)]
)
async def test_the_dearest_day_names_a_device(
    home: Home,
    hass_storage: JsonDict,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[HomeAssistant], Awaitable[None]],
    *,
    has_sun: bool,
) -> None:
    hass = home.hass
    clock, phone = await Clock.started(hass, monkeypatch), Phone("Phone")
    assert await async_setup_component(hass, "energy", {})
    await add(hass, phone)
    # The car takes 4 of the 8 kW in the first two hours of 1 May.
    await record(hass, "sensor.car", lambda time: 4.0 if time.month == 4 and time.hour > 21 else 0)
    await record(hass, "sensor.sun", lambda _time: 0.0)
    for name in ("sun", "car"):
        er.async_get(hass).async_get_or_create("sensor", "other", name, suggested_object_id=name)
    update: Any = {
        "energy_sources": [SUN] if has_sun else [],
        "device_consumption": [{"stat_consumption": "sensor.car", "name": "Car"}],
    }
    await (await async_get_manager(hass)).async_update(update)
    clock.now = datetime.fromisoformat("2026-05-20T12:00:00+02:00")
    await billed_month.set_up(home, hass_storage)
    chosen = billed_month.OPTIONS | options("monthly_report")
    await home.again(billed_month.telegram("00:00:00", 0.0), chosen)
    await change(hass)
    await clock.go_to(hass, "2026-06-01 07:00:00")
    await home.wait_until(lambda: bool(phone.shown))
    [(_, text)] = phone.shown
    dearest, *advice = text.split("\n")
    assert dearest.startswith("Dearest day: Friday 1, ")
    # Without the inverter, the use of the house is unknown while it exported.
    assert dearest.endswith(f"of it Car {8 * PRICE:.2f}\u00a0€.") is has_sun
    assert advice == []


async def test_panels_without_sun_cause_a_message_in_the_morning(
    home: Home, hass_storage: JsonDict, monkeypatch: pytest.MonkeyPatch
) -> None:
    hass = home.hass
    clock, phone = await Clock.started(hass, monkeypatch), Phone("Phone")
    assert await async_setup_component(hass, "energy", {})
    await add(hass, phone)
    # The inverter fails on 29 May at 13:00 UTC.
    await record(
        hass,
        "sensor.sun",
        lambda time: 1.0 if time < datetime(2026, 5, 29, 13, tzinfo=UTC) and time.hour > 6 else 0.0,
    )
    update: Any = {"energy_sources": [SUN]}
    await (await async_get_manager(hass)).async_update(update)
    clock.now = datetime.fromisoformat("2026-05-20T12:00:00+02:00")
    await billed_month.set_up(home, hass_storage)
    await home.again(
        billed_month.telegram("00:00:00", 0.0), billed_month.OPTIONS | options("no_sun")
    )
    for time in ("2026-05-30 07:00:00", "2026-05-31 05:00:00"):
        await clock.go_to(hass, time)
        assert phone.shown == []
    for time in ("2026-05-31 08:00:00", "2026-05-31 09:00:00", "2026-06-01 08:00:00"):
        await clock.go_to(hass, time)
        assert [title for title, _ in phone.shown] == ["No sun since 29 May, 15:00"]
