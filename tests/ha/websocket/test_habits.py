"""What is usual by now, the month's highest powers, and what is always on, of `billed_month`."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.billed_month import telegram
from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort
from tests.ha.support import receive, set_up

from .conftest import Client, ask, refused


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


async def test_quarter_hours_above_the_reference_power_in_a_row_are_one(
    client: Client, entry: MockConfigEntry
) -> None:
    answer = await ask(client, "highlights", entry_id=entry.entry_id, day="2026-05-17")
    first, second, *others = answer["highest"]
    assert answer["month"] == "2026-05"
    # The first ten quarter-hours of May took 8 kW each, all others 0.4 kW.
    assert first == {
        "start": "2026-04-30T22:00:00+00:00",
        "end": "2026-05-01T00:30:00+00:00",
        "is_above": True,
        "kw": 8.0,
    }
    assert (second["start"], second["kw"], second["is_above"]) == (first["end"], 0.4, False)
    assert len(others) == 3
    # 0.4 kW in 8760 hours at 0.2177.
    older = {"grid": "2026-12-31"}  # for the second half of the year
    base_load = {"w": 400, "nights": 6, "cost_per_year": 760.0, "prices_of": older}
    assert answer["always_on"] == base_load


async def test_a_new_meter_has_no_habits(
    hass: HomeAssistant, port: MeterPort, client: Client, make_entry: EntryMaker
) -> None:
    new = await set_up(hass, port, make_entry)
    assert (await ask(client, "usual", entry_id=new.entry_id))["usual"] is None
    answer = await ask(client, "highlights", entry_id=new.entry_id)
    assert (answer["highest"], answer["always_on"]) == ([], None)


async def test_a_year_that_cannot_be_is_refused(client: Client, entry: MockConfigEntry) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        refusal = await refused(client, "highlights", entry_id=entry.entry_id, day=day)
        assert refusal == "invalid_format"
