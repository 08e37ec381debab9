"""The power of the last hour, told by websocket."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.websocket import last_hour
from tests.ha.entities import Smarty, set_up as set_up_entities
from tests.ha.meter import with_value
from tests.ha.support import TELEGRAM, Home
from tests.ha.topic import Clock

from .conftest import Client, ask

START = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)


def drawing(kw: float) -> str:
    """Return a telegram with this power, a third of it on L2."""
    text = with_value(TELEGRAM, "1-0:1.7.0", f"({kw:06.3f}*kW)")
    text = with_value(text, "1-0:2.7.0", "(00.000*kW)")
    return with_value(text, "1-0:41.7.0", f"({kw / 3:06.3f}*kW)")


async def test_the_last_hour_survives_a_change_of_options(
    hass: HomeAssistant, home: Home, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, START)
    monkeypatch.setattr(last_hour, "dt_util", SimpleNamespace(utcnow=lambda: clock.now))
    meter = await home.set_up(drawing(0.6))
    clock.now += timedelta(seconds=10)
    await home.receive(drawing(2.7))
    clock.now += timedelta(seconds=40)
    await home.again(drawing(0.3))

    answer = await ask(client, "last_hour", entry_id=meter.entry_id)

    assert answer["start"] == "2025-07-03T07:31:00+00:00"
    assert (answer["step"], answer["unit"], answer["devices"]) == (10, "W", [])
    assert len(answer["net"]) == 360
    assert answer["net"][-6:] == [600, 2700, None, None, None, 300]
    assert answer["net"][:-6] == [None] * 354
    assert [len(phase) for phase in answer["phases"]] == [360] * 3
    assert answer["phases"][1][-6:] == [200, 900, None, None, None, 100]

    # Nothing is left of it if the meter is removed.
    assert await hass.config_entries.async_remove(meter.entry_id)
    hours = [value for key, value in hass.data.items() if str(key).endswith("last_hours")]
    assert hours == [{}]


@pytest.mark.freeze_time("2026-11-21T17:38:20+00:00")
async def test_a_meter_of_entities_has_its_own_gaps_and_the_devices_are_named(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.components.add("energy")
    devices: Any = [
        {"stat_consumption": "sensor.washing", "stat_rate": "sensor.washing_power"},
        {"stat_consumption": "sensor.car"},
        *({"stat_consumption": f"sensor.{n}", "stat_rate": f"sensor.p{n}"} for n in range(25)),
    ]
    update: Any = {"device_consumption": devices}
    await (await async_get_manager(hass)).async_update(update)
    smarty = Smarty(hass, freezer)
    entry = await set_up_entities(hass, smarty)
    for watts in ("700", "900"):
        await smarty.send(after=58, power=watts)
    client = await hass_ws_client(hass)

    answer = await ask(client, "last_hour", entry_id=entry.entry_id)

    assert answer["net"][-7:] == [700, None, None, None, None, None, 900]
    assert answer["phases"] == []
    assert answer["devices"] == ["sensor.washing_power", *(f"sensor.p{n}" for n in range(19))]
