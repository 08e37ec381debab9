"""The past in the statistics of one database, through restarts of Home Assistant."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.smarty_p1.coordinator.leneda_statistics_writer import PastStatistics

from .test_leneda_statistics_writer import (
    BEGIN,
    EIGHT,
    HOUR,
    changes,
    drawn,
    live,
    platform,
    series,
)


@pytest.fixture(autouse=True)
def integration() -> None:
    """Let each test begin its own Home Assistants."""


async def begun(hass: HomeAssistant) -> PastStatistics:
    """Return the past of the entity as the last run left it."""
    assert await async_setup_component(hass, "sensor", {})
    past = PastStatistics(hass, "one")
    await past.async_load()
    return past


@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.parametrize("enable_missing_statistics", [True])
@pytest.mark.usefixtures("hass_storage")
async def test_home_assistant_was_off(
    async_test_recorder: RecorderInstanceContextManager, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(BEGIN)
    async with async_test_home_assistant() as hass, async_test_recorder(hass):
        past = await begun(hass)
        await live(hass, freezer, BEGIN, EIGHT + timedelta(hours=2, minutes=20))
        await past.async_bring_in(series(platform(-5, -1)))
        await hass.async_stop()

    freezer.move_to(EIGHT + timedelta(hours=5, minutes=2))
    async with async_test_home_assistant() as hass, async_test_recorder(hass):
        past = await begun(hass)
        await live(hass, freezer, EIGHT + timedelta(hours=5, minutes=15), EIGHT + 7 * HOUR)
        own = await changes(hass)
        # All that came meanwhile is in the hour in which it went on.
        assert own[5] > 2
        await past.async_bring_in(series(platform(-8, 4)))
        assert await changes(hass) == drawn(-8, 6)
        await hass.async_stop()

    freezer.move_to(EIGHT + 7 * HOUR)
    async with async_test_home_assistant() as hass, async_test_recorder(hass):
        past = await begun(hass)
        await live(hass, freezer, EIGHT + 7 * HOUR, EIGHT + 9 * HOUR)
        await past.async_bring_in(series(platform(-9, 6)))
        assert await changes(hass) == drawn(-9, 8)
        await past.async_take_back(series({}))
        shown = await changes(hass)
        counted = {n: kwh for n, kwh in own.items() if n >= 0} | drawn(7, 8)
        assert {n: kwh for n, kwh in shown.items() if kwh} == counted
        await hass.async_stop()
