"""What belongs to a month is counted once in long-term statistics, whatever a clock says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.smarty_p1.lib.prices import PriceFile, network_prices
from tests.ha.meter import with_value
from tests.ha.support import TELEGRAM, Home, let_pass, wait_for_telegram
from tests.prices import PRICES

pytestmark = pytest.mark.usefixtures("recorder_mock", "everything_enabled")

OPTIONS = {"reference_power": 3.0, "energy_price": 0.15, "energy_fee": 5.0, "feed_in_price": 0.06}
EXCESS = "sensor.smarty_energy_above_reference_power"
MONTHLY = {
    EXCESS,
    "sensor.smarty_surcharge_this_month",
    "sensor.smarty_energy_cost_this_month",
    "sensor.smarty_network_cost_this_month",
    "sensor.smarty_total_cost_this_month",
    "sensor.smarty_feed_in_revenue_this_month",
    "sensor.smarty_quarter_hours_with_surcharge",
}
TWO_HOURS_BEFORE = ["250703083000S", "250703084500S", "250703090000S"]
# Each telegram's time, after these; 1 kWh comes from one to the next.
STORIES = {
    "lost for three hours": [
        *(f"00010103{minute:02}00W" for minute in (0, 15, 30, 45)),
        *(f"00010104{minute:02}00W" for minute in (0, 15, 30, 45)),
        *(f"00010105{minute:02}00W" for minute in (0, 15, 30, 45)),
        *("250703120000S", "250703121500S", "250703123000S"),
    ],
    "a month back": [
        *("250603091500S", "250603093000S", "250603094500S"),
        *("250703094600S", "250703100000S", "250703101500S"),
    ],
    "unknown": [*("", "", "", "250703091400S", "250703093000S", "250703094500S")],
}


def telegram(time: str, kwh: float) -> str:
    """Return a telegram of a time as the meter writes it, and an index."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"({time})")
    text = with_value(text, "1-0:2.8.0", f"({kwh / 2:010.3f}*kWh)")
    return with_value(text, "1-0:1.8.0", f"({kwh:010.3f}*kWh)")


async def sums_of_statistics(hass: HomeAssistant) -> dict[str, float]:
    """Return what long-term statistics add up to."""
    await async_wait_recording_done(hass)
    now = dt_util.utcnow()
    this_period = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    # The states may have been written across the border of two periods.
    for start in (this_period - timedelta(minutes=5), this_period):
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)

    def rows() -> dict[str, Any]:
        start = now - timedelta(minutes=15)
        found = statistics_during_period(hass, start, None, MONTHLY, "5minute", None, {"sum"})
        return dict(found)

    found = await get_instance(hass).async_add_executor_job(rows)
    return {name: each[-1]["sum"] for name, each in found.items()}


def shown(hass: HomeAssistant) -> dict[str, float]:
    """Return all that begins anew with each month."""
    return {
        state.entity_id: float(state.state)
        for state in hass.states.async_all("sensor")
        if "last_reset" in state.attributes
    }


@pytest.mark.parametrize("story", [*STORIES, "lost for three hours, with a restart"])
async def test_a_month_is_counted_once(home: Home, story: str) -> None:
    title, _, restart = story.partition(", ")
    times, has_restart = STORIES[title], restart or title == "unknown"
    assert await async_setup_component(home.hass, "sensor", {})
    await home.set_up(telegram("250703081500S", 100.0))
    await home.again(telegram("250703081510S", 100.0), OPTIONS)
    assert shown(home.hass).keys() == MONTHLY
    first = shown(home.hass)
    for count, time in enumerate([*TWO_HOURS_BEFORE, *times], 101):
        if has_restart and count == len(TWO_HOURS_BEFORE) + 103:
            await home.again(telegram(time, count))
        else:
            await home.receive(telegram(time, count))
        assert home.state_of(EXCESS).attributes["last_reset"] == "2025-07-01T00:00:00+02:00"

    last = shown(home.hass)
    # Whole quarter-hours of 4 kW: two before, and one or two after.
    assert last[EXCESS] >= 0.75
    sums = await sums_of_statistics(home.hass)
    assert sums == pytest.approx({name: last[name] - first[name] for name in MONTHLY})


async def test_a_month_that_has_begun_does_not_end_by_a_crash(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    assert await async_setup_component(home.hass, "sensor", {})
    entry = await home.set_up(telegram("250731233000S", 100.0))
    await home.again(telegram("250731233010S", 100.0), OPTIONS)
    first = shown(home.hass)
    await home.receive(telegram("250731234500S", 101.0))
    await home.receive(telegram("250801000000S", 102.0))
    july = shown(home.hass)
    assert july[EXCESS] == 0.5
    await home.receive(telegram("250801000010S", 102.0))
    await let_pass(home.hass, 1)
    stored = dict(hass_storage)

    assert await home.hass.config_entries.async_unload(entry.entry_id)
    # What was stored when Home Assistant was killed.
    hass_storage.update(stored)
    home.port.greeting = home.port.next_frame(telegram("250801003000S", 103.0))
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await wait_for_telegram(home.hass, entry)
    await home.receive(telegram("250801004500S", 104.0))
    august = shown(home.hass)

    assert home.state_of(EXCESS).attributes["last_reset"] == "2025-08-01T00:00:00+02:00"
    sums = await sums_of_statistics(home.hass)
    assert sums == pytest.approx(
        {name: july[name] - first[name] + august[name] for name in MONTHLY}
    )


COST = {"sensor.smarty_energy_cost_this_month", "sensor.smarty_total_cost_this_month"}
LEVIES = {"reference_power": 12.0, "energy_price": 0.1125, "with_levies": True}


async def rows_of_statistics(hass: HomeAssistant, start: datetime) -> dict[str, list[float]]:
    """Return the sums of a period of five minutes and of all those before it."""
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_wait_recording_done(hass)

    def rows() -> dict[str, list[float]]:
        first = start - timedelta(hours=1)
        found = statistics_during_period(hass, first, None, MONTHLY, "5minute", None, {"sum"})
        return {name: [row["sum"] or 0.0 for row in each] for name, each in found.items()}

    return await get_instance(hass).async_add_executor_job(rows)


# With a clock that runs: the port waits for its meter by it.
@pytest.mark.freeze_time("2026-09-20T12:00:10Z", tick=True)
async def test_new_published_prices_lower_the_running_month_once_and_no_recorded_row(
    home: Home, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime(2026, 9, 20, 12, tzinfo=UTC)
    assert await async_setup_component(home.hass, "sensor", {})
    # An earlier version knew nothing of the aid that the State pays since August.
    with monkeypatch.context() as earlier:
        [aid] = [line for line in PRICES.splitlines() if "state_aid" in line]
        earlier.setattr(network_prices, "PUBLISHED", PriceFile.read(PRICES.replace(aid, "")))
        await home.set_up(telegram("260920090000S", 100.0))
        await home.again(telegram("260920090010S", 100.0), LEVIES)
        for quarter in range(1, 4):
            time = f"26092009{15 * quarter:02}00S"
            await home.receive(telegram(time, 100.0 + 2 * quarter))
        before = shown(home.hass)
        recorded = await rows_of_statistics(home.hass, start)

    freezer.move_to(start + timedelta(minutes=5))
    await home.again(telegram("260920094510S", 106.0))
    after = shown(home.hass)
    rows = await rows_of_statistics(home.hass, start + timedelta(minutes=5))

    # 6 kWh at 0.0371 instead of 0.0010: 0.22 for 0.01, with 8 %.
    # Parts are rounded so that they add up: another one may get the last cent.
    changed = {name for name in before if abs(after[name] - before[name]) > 0.015}
    assert changed == COST
    for name, sums in rows.items():
        assert sums[:-1] == recorded[name]
        fall = recorded[name][-1] - sums[-1]
        assert fall == pytest.approx(0.23 if name in COST else 0.0, abs=0.011), name
