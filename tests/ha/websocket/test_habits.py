"""What is usual by now, the month's highest powers, and what is always on, of `billed_month`."""

import pytest

from tests.ha.billed_month import telegram
from tests.ha.support import Home

from .conftest import Client, Site, ask


async def test_usual_is_the_mean_of_the_same_weekday_until_now(site: Site) -> None:
    await site.receive(telegram("12:05:00", 3.0))
    usual = (await site.ask("usual"))["usual"]
    # 48 quarter-hours and a third of one, of 0.1 kWh each: 50.35 % of a day of 9.6 kWh. Such a day
    # costs 9.6 * 0.2177 = 2.09 for its energy, and (12.84 + 5.72) * 1.08 / 30 = 0.67 in June.
    assert (usual["days"], usual["peak_kw"], usual["exported_wh"]) == (4, 0.4, 0.0)
    assert usual["imported_wh"] == pytest.approx(4833.3, abs=0.1)
    assert usual["cost"] == pytest.approx(0.5035 * (2.09 + 0.66), abs=0.01)


async def test_usual_moves_on_within_the_quarter_hour(site: Site) -> None:
    usual = []
    for clock, kwh in (("00:01:30", 0.01), ("00:13:30", 0.09)):
        await site.receive(telegram(clock, kwh))
        usual.append((await site.ask("usual"))["usual"]["imported_wh"])
    # A tenth and nine tenths of a quarter-hour of 0.1 kWh.
    assert usual == [pytest.approx(10.0), pytest.approx(90.0)]


async def test_the_base_load_has_its_cost(site: Site) -> None:
    answer = await site.ask("highlights")
    # 0.4 kW in 8760 hours at 0.2177.
    older = {"grid": "2026-12-31"}  # for the second half of the year
    base_load = {"w": 400, "nights": 6, "cost_per_year": 760.0, "prices_of": older}
    assert answer["always_on"] == base_load


async def test_a_new_meter_has_no_habits(home: Home, client: Client) -> None:
    new = await home.set_up()
    assert (await ask(client, "usual", entry_id=new.entry_id))["usual"] is None
    answer = await ask(client, "highlights", entry_id=new.entry_id)
    assert answer == {"always_on": None}
