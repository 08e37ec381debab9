"""Recipients of messages, and the clock of the tests about messages."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Self

import pytest
from homeassistant.components.notify import NotifyEntity
from homeassistant.components.notify.const import DATA_COMPONENT, NotifyEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smarty_p1.coordinator import meter_coordinator, telegram_source
from custom_components.smarty_p1.messages import meter_watch, sending
from smartyp1.json_types import JsonDict

from .support import Passed, wait_until


class Clock:
    """Clock of the messages, which does not run. Real ports need the real clock."""

    now = datetime.fromisoformat("2026-11-17T12:00:00+01:00")
    looks = 0
    """Looks at the time that have not ended."""

    async def go_to(self, hass: HomeAssistant, text: str) -> None:
        """Let it be this time in winter, and let the timers of a minute run out."""
        before, self.now = self.now, datetime.fromisoformat(f"{text}+01:00")
        Passed.seconds += (self.now - before).total_seconds()
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
        # Home Assistant runs a timer in the background, and waits for it only here.
        await wait_until(hass, lambda: not self.looks)
        await hass.async_block_till_done()

    @classmethod
    async def started(cls, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Self:
        # Messages have Luxembourg's times, also if Home Assistant has another time zone.
        await hass.config.async_set_time_zone("UTC")
        clock = cls()
        shown = SimpleNamespace(utcnow=lambda: clock.now.astimezone(UTC), as_local=dt_util.as_local)
        for module in (meter_coordinator, telegram_source, meter_watch, sending):
            monkeypatch.setattr(module, "dt_util", shown)
        look = meter_watch._MeterWatch._async_look

        async def note_look(watch: Any, now: datetime) -> None:  # noqa: ANN401 - passed on
            clock.looks += 1
            try:
                await look(watch, now)
            finally:
                clock.looks -= 1

        monkeypatch.setattr(meter_watch._MeterWatch, "_async_look", note_look)
        return clock


class Phone(NotifyEntity):
    """Phone that keeps its notifications."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, name: str) -> None:
        self._attr_name = name
        self._attr_unique_id = name
        self.shown: list[tuple[str | None, str]] = []
        self.is_broken = False

    async def async_send_message(self, message: str, title: str | None = None) -> None:
        if self.is_broken:
            raise HomeAssistantError("token=secret")
        self.shown.append((title, message))


async def add(hass: HomeAssistant, *entities: Phone) -> None:
    """Add recipients to Home Assistant: `notify.phone` for a phone."""
    assert await async_setup_component(hass, "notify", {})
    await hass.data[DATA_COMPONENT].async_add_entities(list(entities))
    await hass.async_block_till_done()


def options(*kinds: str, to: tuple[str, ...] = ("notify.phone",)) -> JsonDict:
    return {
        "messages": {
            "kinds": list(kinds),
            "recipients": list(to),
            "quiet_from": "22:00:00",
            "quiet_until": "07:00:00",
        }
    }
