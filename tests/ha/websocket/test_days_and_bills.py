"""Days that add up to the bill, bills, and classes; the numbers are those in `billed_month`."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.lib.bill.ledger import Ledger
from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.energy_table.wall_clock import quarter_number
from custom_components.smarty_p1.lib.history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.prices.contract import BEGINNING, Contract, Contracts
from smartyp1.json_types import JsonDict
from tests.ha import billed_month
from tests.ha.billed_month import telegram
from tests.ha.dialogs import contract_in
from tests.ha.support import Home

from .conftest import Client, Site, ask


async def days_of(client: Client, entry: MockConfigEntry, **fields: str) -> list[JsonDict]:
    answer = await ask(client, "days", entry_id=entry.entry_id, **fields)
    found: list[JsonDict] = answer["days"]
    return found


async def test_the_days_of_a_month_add_up_to_its_bill(site: Site) -> None:
    may = await days_of(site.client, site.entry, start="2026-05-01", end="2026-06-01")
    [bill, running] = (await site.ask("bill", months=2))["months"]

    assert [day["day"] for day in may] == [f"2026-05-{n:02}" for n in range(1, 32)]
    assert round(sum(day["cost"] for day in may), 2) == bill["total"] == 87.78
    assert round(sum(day["cost_above"] for day in may), 2) == bill["parts"]["surcharge"] == 0.21
    assert round(sum(day["feed_in"] for day in may), 2) == -1.2
    assert sum(day["imported_wh"] for day in may) == 316_600
    june = await days_of(site.client, site.entry)
    assert june[0]["day"] == "2026-06-01"
    assert round(sum(day["cost"] for day in june), 2) == running["total"]


async def test_while_nothing_reads_the_meter_leneda_has_the_running_month(site: Site) -> None:
    meter = site.entry.runtime_data.records.household
    start = meter.snapshot.month.end.astimezone(UTC)
    quarters = [QuarterHour(start + n * QUARTER_HOUR, 0.4) for n in range(3 * 96)]
    meter.set_leneda_days(LenedaDays(quarters))

    [bill] = (await site.ask("bill"))["months"]
    days = await days_of(site.client, site.entry)
    assert [day["day"] for day in days] == ["2026-07-01", "2026-07-02", "2026-07-03"]
    assert bill["month"] == "2026-07"
    assert round(sum(day["cost"] for day in days), 2) == bill["total"]


async def test_a_day(site: Site) -> None:
    [day] = await days_of(site.client, site.entry, start="2026-05-01", end="2026-05-02")

    cost, used, fixed = (day.pop(name) for name in ("cost", "cost_used", "cost_fixed"))
    assert day.pop("subtotal") == cost
    assert day == {
        "day": "2026-05-01",
        "start": "2026-04-30T22:00:00+00:00",
        "end": "2026-05-01T22:00:00+00:00",
        # Ten of 2 kWh, 86 of 0.1 kWh.
        "imported_wh": 28_600,
        "exported_wh": 1_920,
        "quarter_hours": 96,
        "leneda_quarter_hours": 0,
        "estimated_quarter_hours": 0,
        "of_quarter_hours": 96,
        "reference_kw": 7.0,
        "quarter_hours_above": 10,
        "above_wh": 2_500,
        "peak": {"start": "2026-04-30T22:00:00+00:00", "mean_kw": 8.0},
        # 2.5 kWh at 0.0765 and 8 %
        "cost_above": 0.21,
        # 1.92 kWh at 0.06
        "feed_in": -0.12,
    }
    # 28.6 at 0.201, 18.56 / 31, 0.19: 6.54 and 8 %, less 0.12
    assert cost == pytest.approx(6.94, abs=0.011)
    # 18.56 / 31 and 8 %
    assert fixed == pytest.approx(0.65, abs=0.011)
    assert round(used + fixed - 0.12, 2) == cost


async def test_the_running_day(site: Site) -> None:
    await site.receive(telegram("00:12:00", 1.0))
    [today] = await days_of(site.client, site.entry, start="2026-06-16")
    assert (today["imported_wh"], today["quarter_hours"]) == (1000, 0)
    assert today["of_quarter_hours"] == 0
    assert today["peak"] is None
    # A fifth of an hour of 18.56 a month, and a kWh at 0.201, with 8 %.
    assert today["cost"] == pytest.approx((18.56 / 3600 + 0.201) * 1.08, abs=0.02)


async def test_of_many_days_the_answer_has_the_newest_400(site: Site) -> None:
    household = site.entry.runtime_data.records.household_state
    assert household
    newest = (await days_of(site.client, site.entry))[-1]
    # The 13 months before May have 395 days, May has 31, and June has begun.
    starts = [datetime(2025 + n // 12, n % 12 + 1, 1, tzinfo=LUXEMBOURG) for n in range(3, 16)]
    rows = household.ledger.table.between(BEGINNING, household.time - timedelta(minutes=30))
    first = rows.where([0] * len(starts))._replace(
        quarter=np.array([quarter_number(start) for start in starts])
    )
    ledger = Ledger.of_table(first.joined(household.ledger.table), household.contracts)
    changed = dataclasses.replace(household, ledger=ledger)

    with patch.object(type(site.entry.runtime_data.records), "household_state", changed):
        found = await days_of(site.client, site.entry, start="2025-01-01")

    assert len(found) == 400
    assert found[-1] == newest


async def test_without_a_reference_power(home: Home, client: Client) -> None:
    entry = await home.set_up(telegram("12:00:00", 0.0), energy_price=0.15, with_levies=False)
    await home.receive(telegram("12:15:00", 10.0))
    [day] = await days_of(client, entry)
    assert (day["cost"], day["cost_above"], day["reference_kw"]) == (None, None, None)
    [month] = (await ask(client, "bill", entry_id=entry.entry_id))["months"]
    assert (month["total"], month["reference_kw"]) == (None, None)
    # The price of the energy is known: 10 kWh at 0.15 and 8 %.
    assert day["subtotal"] == month["subtotal"] == 1.62
    assert month["missing"] == ["network_fixed", "surcharge"]
    # Without a recorder, the house is unknown.
    assert await ask(client, "house", entry_id=entry.entry_id) == {"house": None}


async def test_bills_as_the_action_returns_them_and_their_additions(site: Site) -> None:
    answer = await site.ask("bill", months=25)
    action = await site.hass.services.async_call(
        "smarty_p1", "get_bill", {"months": 25}, blocking=True, return_response=True
    )
    assert action
    months: Any = action["months"]
    for found, expected in zip(answer["months"], months, strict=True):
        assert {name: found[name] for name in expected} == expected
    may, june = answer["months"]
    assert june["estimate"]["total"] == pytest.approx(82.57, abs=1)
    beside = {name: may[name] for name in may if name not in months[0]}
    assert beside == {
        "start": "2026-05-01T00:00:00+02:00",
        "end": "2026-06-01T00:00:00+02:00",
        "imported_kwh": 316.6,
        "exported_kwh": 20.0,
        "reference_kw": 7.0,
        "peak": {"start": "2026-04-30T22:00:00+00:00", "mean_kw": 8.0},
        "vat_rate": 0.08,
    }
    assert round(sum(may["parts"].values()), 2) == may["total"]
    assert await site.refused("bill", months=26) == "invalid_format"


@pytest.mark.usefixtures("everything_enabled")
async def test_levies_are_a_part_of_their_own(
    home: Home, client: Client, entry: MockConfigEntry
) -> None:
    home.port.greeting = home.port.next_frame(telegram("00:00:05", 0.0))
    levies: JsonDict = {"with_levies": True, "electricity_tax": 0.002, "compensation": 0.01}
    first = contract_in(entry)
    contracts = [first, {**first, **levies, "since": "2026-06-01"}]
    home.hass.config_entries.async_update_entry(entry, options={"contracts": contracts})
    await home.reload()

    may, june = (await ask(client, "bill", entry_id=entry.entry_id, months=2))["months"]

    assert "levies" not in may["parts"]
    # 144 kWh: 21.60, and 0.29 and 1.44; with the network's 16.62 and 8 %
    assert june["parts"] == {
        "energy": 23.33,
        "network": 17.95,
        "levies": 1.87,
        "surcharge": 0.0,
        "feed_in": 0.0,
    }
    assert june["total"] == 43.15
    # The entity is about both.
    assert home.state_of("smarty_energy_cost_this_month").state == "25.2"


async def test_a_month_has_the_reference_power_it_ended_with(
    home: Home, client: Client, hass_storage: JsonDict
) -> None:
    entry = await billed_month.set_up(home, hass_storage)
    contracts = [{"reference_power": 7.0}, {"reference_power": 12.0, "since": "2026-06-01"}]
    await home.again(billed_month.telegram("00:00:05", 0.0), {"contracts": contracts})

    may, june = (await ask(client, "bill", entry_id=entry.entry_id, months=2))["months"]

    assert (may["reference_kw"], june["reference_kw"]) == (7.0, 12.0)


async def test_classes(site: Site) -> None:
    answer = await site.ask("classes")
    action: Any = await site.hass.services.async_call(
        "smarty_p1", "compare_reference_powers", {}, blocking=True, return_response=True
    )
    assert {name: answer[name] for name in action} == action
    assert (answer["reference_kw"], answer["vat_rate"]) == (7.0, 0.08)
    assert answer["decisive"] == ["2026-05"]
    assert len(answer["totals"]) == 10
    # 12.84, and 2.5 kWh at 0.0765, with 8 %
    assert answer["totals"]["7"] == 14.08
    may, june = answer["above"]
    assert (may["month"], may["quarter_hours"], may["of_quarter_hours"]) == ("2026-05", 2976, 2976)
    assert may["peak"] == {"start": "2026-04-30T22:00:00+00:00", "mean_kw": 8.0}
    assert may["classes"]["3"] == {"quarter_hours": 10, "kwh": 12.5}
    assert may["classes"]["12"] == {"quarter_hours": 0, "kwh": 0.0}
    assert may["contract"] == {"reference_kw": [7.0], "quarter_hours": 10, "kwh": 2.5}
    assert (june["quarter_hours"], june["of_quarter_hours"]) == (1440, 1440)


async def test_the_energy_above_by_the_contract_of_each_day(site: Site) -> None:
    household = site.entry.runtime_data.records.household_state
    assert household
    [may] = household.earlier_months
    # The ten of 2 kWh came on the 1st; as many on the 2nd, when 3 kW were agreed.
    since = may.start.astimezone(UTC) + timedelta(days=1)
    first = household.ledger.table.between(may.start, since)
    table = first.joined(first._replace(quarter=first.quarter + 96))
    agreed = [(BEGINNING, 7.0), (since, 3.0), (since + timedelta(days=1), None)]
    contracts = Contracts(tuple((day, Contract(reference_kw=kw)) for day, kw in agreed))
    changed = dataclasses.replace(
        household, contracts=contracts, ledger=Ledger.of_table(table, contracts)
    )

    with patch.object(type(site.entry.runtime_data.records), "household_state", changed):
        answer = await site.ask("classes")

    # 10 x 0.25 kWh above 7 kW, and 10 x 1.25 kWh above 3 kW.
    found = answer["above"][0]
    assert found["contract"] == {"reference_kw": [7.0, 3.0], "quarter_hours": 20, "kwh": 15.0}
    assert found["classes"]["7"] == {"quarter_hours": 20, "kwh": 5.0}


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


async def test_a_new_meter_has_a_bill_before_its_first_quarter_hour_ends(
    home: Home, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await home.set_up()
    client = await hass_ws_client(home.hass)
    answer = await ask(client, "bill", entry_id=entry.entry_id, months=1)
    [month] = answer["months"]
    assert month["total"] is None or month["total"] == 0
