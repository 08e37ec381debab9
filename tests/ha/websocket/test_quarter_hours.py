"""A year of quarter-hours in one answer, and then the new ones; of both origins."""

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.leneda.file_import import async_import
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from custom_components.smarty_p1.lib.answers import quarter_hours
from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.bill.quarter_hour_series import QuarterHours
from custom_components.smarty_p1.lib.history.quarter_hour import Origin, QuarterHour
from custom_components.smarty_p1.lib.prices.contract import BEGINNING, Contract, Contracts
from tests.ha.billed_month import telegram
from tests.ha.measured import replace_month
from tests.ha.meter import with_value
from tests.ha.support import Home, unload_entry
from tests.ha.test_past_import import april

from .conftest import Client, ClientOf, Site, ask, refused, user_with

QUARTER = timedelta(minutes=15)


async def test_integers_and_gaps(site: Site) -> None:
    replace_month(
        site.entry,
        "2026-05",
        ["2026-05-10T10:00Z,123.4,0,,", "2026-05-10T10:15Z,0,250.6,,", "2026-05-10T10:45Z,99.5,,,"],
    )

    async def values(**fields: str) -> list[int | None]:
        answer = await site.ask("quarter_hours", **fields)
        assert (answer["step"], answer["unit"]) == (900, "Wh")
        found: list[int | None] = answer["values"]
        return found

    # The times are in the time zone of the request, from the first quarter-hour that starts then.
    period = {"start": "2026-05-10T11:53:00+02:00", "end": "2026-05-10T11:00:00Z"}
    assert await values(**period) == [123, 0, None, 100]
    # Without offset, it is Luxembourg's, also if Home Assistant is set to another one.
    local = {"start": "2026-05-10T11:53:00", "end": "2026-05-10T13:00:00"}
    assert await values(**local) == [123, 0, None, 100]
    assert await values(**period, quantity="exported") == [0, 251, None, None]
    assert await values(**period, quantity="net") == [123, -251, None, 100]


async def test_sixteen_bits_each(site: Site) -> None:
    lines = ["2026-05-10T10:00Z,123,0,,", "2026-05-10T10:30Z,1,32768,,", "2026-05-10T10:45Z,0,2,,"]
    replace_month(site.entry, "2026-05", lines)
    answer = await site.ask(
        "quarter_hours",
        start="2026-05-10T10:00:00Z",
        end="2026-05-10T11:00:00Z",
        quantity="net",
        encoding="base64",
    )
    packed = base64.b64decode(answer["values"])
    assert packed == b"\x7b\x00" + b"\x00\x80" + b"\x01\x80" + b"\xfe\xff"


async def test_the_energy_above_goes_by_the_imported_energy_alone(site: Site) -> None:
    lines = [
        # 2 kWh are drawn and 1.5 kWh fed in: 8 kW, above 3 and 7 kW, and above the contract's 7.
        "2026-05-10T10:00Z,2000,1500,,",
        # 750 Wh reach the limit, and 1 Wh goes beyond it, while more is fed in.
        "2026-05-10T10:15Z,750,900,,",
        "2026-05-10T10:30Z,750.1,900,,",
        "2026-05-10T11:00Z,1750,,,",
        # Less than a watt-hour is billed, too.
        "2026-05-10T11:15Z,1750.2,0,,",
        "2026-05-10T11:30Z,20,300,,",
        "2026-05-10T11:45Z,300,20,,",
    ]
    replace_month(site.entry, "2026-05", lines)
    request = {"start": "2026-05-10T10:00:00Z", "end": "2026-05-10T12:00:00Z"}
    request |= {"entry_id": site.entry.entry_id, "quantity": "larger"}

    answer = await ask(site.client, "quarter_hours", **request)

    assert answer["values"] == [2000, -900, 750, None, 1750, 1750, -300, 300]
    assert answer["above"] == [18, 0, 1, 0, 1, 18, 0, 0]
    assert answer["reference_powers"] == [3, 7, 12, 17, 27, 43, 70, 100, 150, 200]
    packed = await ask(site.client, "quarter_hours", **request, encoding="base64")
    assert list(base64.b64decode(packed["above"])) == answer["above"]


async def test_the_reference_power_of_the_time_counts(site: Site) -> None:
    # 12 kW from 10 May on, 5 kW, which is no class, from 11 May on: at midnight in Luxembourg.
    contracts = Contracts(((BEGINNING, Contract(reference_kw=7.0)),))
    for day, kw in ((9, 12.0), (10, 5.0)):
        since = datetime(2026, 5, day, 22, tzinfo=UTC)
        contracts = replace(
            contracts, entries=(*contracts.entries, (since, Contract(reference_kw=kw)))
        )
    days = [f"2026-05-{day:02}T12:00Z,2000,0,," for day in (9, 10, 11)]
    replace_month(
        site.entry, "2026-05", [*days, "2026-05-11T12:15Z,1250,0,,", "2026-05-11T12:30Z,1251,0,,"]
    )
    request = {
        "start": "2026-05-09T12:00:00Z",
        "quantity": "larger",
        "entry_id": site.entry.entry_id,
    }
    before = await ask(site.client, "quarter_hours", **request)
    household = site.entry.runtime_data.records.household_state
    assert household

    with patch.object(
        type(site.entry.runtime_data.records),
        "household_state",
        replace(household, contracts=contracts),
    ):
        answer = await ask(site.client, "quarter_hours", **request)

    known = [mark for mark in answer["above"] if mark]
    assert known == [2 + 16, 2, 2 + 16, 1, 1 + 16]
    assert [mark for mark in before["above"] if mark] == [18, 18, 18, 1, 1]
    # The earlier answers do not hold any more.
    assert answer["past"] != before["past"]


async def test_an_answer_ends_with_the_known_quarter_hours(site: Site) -> None:
    answer = await site.ask("quarter_hours", start="2026-06-15T21:30:00Z")
    assert answer.pop("past")
    assert answer == {
        "start": "2026-06-15T21:30:00+00:00",
        "end": "2026-06-15T22:00:00+00:00",
        "step": 900,
        "quantity": "imported",
        "unit": "Wh",
        "values": [100, 100],
        "origins": [],
    }
    for start, end in (("2027-01-01", "2028-01-01"), ("2026-06-15", "2026-06-14")):
        answer = await site.ask("quarter_hours", start=f"{start}T00:00:00Z", end=f"{end}T00:00:00Z")
        assert answer["values"] == []
    # At most 400 days, for any period.
    answer = await site.ask("quarter_hours", start="2001-01-01T00:00:00Z")
    assert answer["start"] == "2025-05-11T22:00:00+00:00"


async def test_the_tail_since_the_last_answer(site: Site) -> None:
    first = await site.ask("quarter_hours", start="2026-06-15T00:00:00Z")
    await site.receive(telegram("00:15:00", 0.3), telegram("00:30:00", 0.7))
    with patch.object(QuarterHourFiles, "read_rows", side_effect=AssertionError):
        tail = await site.ask("quarter_hours", start=first["end"])
    assert (tail["start"], tail["values"]) == (first["end"], [300, 400])
    assert tail["end"] == "2026-06-15T22:30:00+00:00"


async def test_the_mark_of_the_past_is_another_when_the_past_is(site: Site) -> None:
    async def mark(start: str = "2026-06-15T21:00:00Z") -> str:
        answer = await site.ask("quarter_hours", start=start)
        found: str = answer["past"]
        return found

    before = await mark()
    # The mark stays for other periods, for new quarter-hours, and for another reader.
    assert await mark("2026-01-01T00:00:00Z") == before
    await site.receive(telegram("00:15:00", 0.3))
    assert await mark() == before
    await site.again(telegram("00:15:10", 0.3))
    assert await mark() == before
    await async_import(site.entry.runtime_data.records.leneda, april())
    assert await mark() != before


async def test_quarter_hours_of_the_platform_are_marked(site: Site) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    found = [
        QuarterHour(start, 0.4, origin=Origin.LENEDA),
        QuarterHour(start + QUARTER, 0.8, origin=Origin.LENEDA),
        QuarterHour(start + 3 * QUARTER, 0.4, origin=Origin.LENEDA_ESTIMATED),
    ]
    site.entry.runtime_data.records.household.set_leneda_days(LenedaDays(found))
    period = {"start": start.isoformat(), "end": (start + 4 * QUARTER).isoformat()}
    answer = await site.ask("quarter_hours", **period)
    assert answer["values"] == [100, 200, None, 100]
    assert answer["origins"] == [[0, 2, "leneda"], [3, 1, "leneda_estimated"]]


async def test_ten_clients_at_once_wait_for_one_reading(
    hass: HomeAssistant, client_of: ClientOf, entry: MockConfigEntry
) -> None:
    clients = [await client_of(user_with(hass, "sensor.smarty_energy_imported")) for _ in range(10)]

    with patch.object(quarter_hours, "QuarterHours", wraps=QuarterHours) as read:
        await asyncio.gather(
            *(
                ask(client, "quarter_hours", entry_id=entry.entry_id, start="2026-01-01T00:00:00Z")
                for client in clients
            )
        )
    assert read.of_table.call_count == 1


async def test_a_wrong_period_or_an_unknown_meter_is_refused(
    site: Site, client_of: ClientOf
) -> None:
    good = {"entry_id": site.entry.entry_id, "start": "2026-06-15T00:00:00Z"}
    for wrong in (
        {"start": "x"},
        {"start": "0001-01-01T00:00:00Z"},
        {"start": "9999-12-31T00:00:00Z"},
        {"quantity": "heat"},
    ):
        assert await refused(site.client, "quarter_hours", **{**good, **wrong}) == "invalid_format"
    assert await refused(site.client, "quarter_hours", **{**good, "entry_id": "x"}) == "not_found"
    other = await client_of(user_with(site.hass, "light.hall"))
    for command in ("quarter_hours", "days", "bill", "classes"):
        fields = good if command == "quarter_hours" else {"entry_id": site.entry.entry_id}
        assert await refused(other, command, **fields) == "unauthorized"
    await unload_entry(site.hass, site.entry)
    assert await refused(site.client, "quarter_hours", **good) == "not_loaded"


async def test_before_the_first_energy_there_is_nothing(home: Home, client: Client) -> None:
    nothing = with_value(telegram("12:00:00", 0), "1-0:1.8.0", None)
    entry = await home.set_up(nothing)
    for command in ("days", "bill", "classes"):
        assert await refused(client, command, entry_id=entry.entry_id) == "nothing_counted"
