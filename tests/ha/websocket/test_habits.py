"""What is usual by now, the month's highest powers, and what is always on, of `billed_month`."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.billed_month import telegram
from tests.ha.meter import MeterPort
from tests.ha.support import Home, receive

from .conftest import Client, ask


async def test_usual_is_the_mean_of_the_same_weekday_until_now(
    hass: HomeAssistant, port: MeterPort, client: Client, entry: MockConfigEntry
) -> None:
    await receive(hass, port, telegram("12:05:00", 3.0))
    usual = (await ask(client, "usual", entry_id=entry.entry_id))["usual"]
    # 48 quarter-hours and a third of one, of 0.1 kWh each: 50.35 % of a day of 9.6 kWh. Such a day
    # costs 9.6 * 0.2177 = 2.09 for its energy, and (12.84 + 5.72) * 1.08 / 30 = 0.67 in June.
    assert (usual["days"], usual["peak_kw"], usual["exported_wh"]) == (4, 0.4, 0.0)
    assert usual["imported_wh"] == pytest.approx(4833.3, abs=0.1)
    assert usual["cost"] == pytest.approx(0.5035 * (2.09 + 0.66), abs=0.01)


async def test_usual_moves_on_within_the_quarter_hour(
    hass: HomeAssistant, port: MeterPort, client: Client, entry: MockConfigEntry
) -> None:
    usual = []
    for clock, kwh in (("00:01:30", 0.01), ("00:13:30", 0.09)):
        await receive(hass, port, telegram(clock, kwh))
        usual.append((await ask(client, "usual", entry_id=entry.entry_id))["usual"]["imported_wh"])
    # A tenth and nine tenths of a quarter-hour of 0.1 kWh.
    assert usual == [pytest.approx(10.0), pytest.approx(90.0)]


async def test_the_base_load_has_its_cost(client: Client, entry: MockConfigEntry) -> None:
    answer = await ask(client, "highlights", entry_id=entry.entry_id)
    # 0.4 kW in 8760 hours at 0.2177.
    older = {"grid": "2026-12-31"}  # for the second half of the year
    base_load = {"w": 400, "nights": 6, "cost_per_year": 760.0, "prices_of": older}
    assert answer["always_on"] == base_load


async def test_a_new_meter_has_no_habits(home: Home, client: Client) -> None:
    new = await home.set_up()
    assert (await ask(client, "usual", entry_id=new.entry_id))["usual"] is None
    answer = await ask(client, "highlights", entry_id=new.entry_id)
    assert answer == {"always_on": None}
