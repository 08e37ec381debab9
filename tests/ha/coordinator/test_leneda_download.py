"""Downloads from the national platform: as few requests as possible, and no lost day."""

import asyncio
import errno
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from unittest.mock import AsyncMock, patch

import pytest
from aiohttp import web
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from sqlalchemy.exc import DatabaseError

from custom_components.smarty_p1.coordinator.background_tasks import SupervisedTask
from custom_components.smarty_p1.coordinator.leneda import (
    client as leneda_client,
    download as leneda_download,
)
from custom_components.smarty_p1.coordinator.leneda.client import points_of
from custom_components.smarty_p1.coordinator.leneda.download import LenedaDownload
from custom_components.smarty_p1.coordinator.leneda.gas_download import LenedaGas
from custom_components.smarty_p1.coordinator.leneda.leneda_data import LenedaData
from custom_components.smarty_p1.coordinator.leneda.progress import LenedaProgress
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from custom_components.smarty_p1.coordinator.stored.meter_history import LENEDA_GAS, MeterHistory
from custom_components.smarty_p1.coordinator.stored.throttled_store import ThrottledStore
from custom_components.smarty_p1.lib import connection_outage
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.leneda.measured_and_estimated_rows import LenedaRow
from dev.leneda import Fault, Platform
from dev.leneda.platform import Request
from dev.testing.random_examples import each
from smartyp1.json_types import JsonDict
from tests.ha.flows.test_leneda_meter import add, keys
from tests.ha.leneda import (
    COVERED,
    ENERGY_ID,
    EXPORTED,
    IMPORTED,
    KEY,
    POINT,
    PRIVATE,
    PRODUCTION_POINT,
    QUARTER_HOUR,
    REMAINING,
    utc,
)
from tests.ha.measured import measure
from tests.ha.meter import with_value
from tests.ha.support import (
    TELEGRAM,
    Home,
    call,
    failing,
    own_log,
    reload_entry,
    said,
    set_up_entry,
    unload_entry,
    wait_until,
)

pytestmark = pytest.mark.usefixtures("sleeper")

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Instead of 25 months, which take a platform long that makes them up.
KEPT = timedelta(days=60)
# A winter's morning; midnight in Luxembourg is at 23:00.
NOW = utc("2026-11-21 08:00")
TODAY = utc("2026-11-20 23:00")
NOW_TELEGRAM = with_value(TELEGRAM, "0-0:1.0.0", "(261121090000W)")
# Then it was summer.
OLDEST = TODAY - KEPT - HOUR


class Sleeper:
    """Sleep of the download until it is woken; `now` is the time of its clock."""

    def __init__(self) -> None:
        self.now = NOW
        self.seconds: float | None = None
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        if not seconds or not task or not task.get_name().endswith("Leneda"):
            await asyncio.sleep(seconds)
            return
        self._woken.clear()
        self.seconds = seconds
        try:
            await self._woken.wait()
        finally:
            self.seconds = None

    async def settled(self, hass: HomeAssistant) -> None:
        """Wait until nothing is asked any more."""
        await wait_until(hass, lambda: self.seconds is not None)

    async def wake(self, hass: HomeAssistant) -> None:
        """Wake the download, and wait for the end of its requests."""
        await self.settled(hass)
        self.go_on()
        await self.settled(hass)

    def go_on(self) -> None:
        self.seconds = None
        self._woken.set()


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch, platform: Platform) -> Sleeper:
    """Let requests follow each other at once, and the random minute be the 17th."""
    sleeper = Sleeper()
    monkeypatch.setattr(dt_util, "utcnow", lambda: sleeper.now)
    platform.now = lambda: sleeper.now
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)
    monkeypatch.setattr(leneda_download, "KEPT_TIME", KEPT)
    monkeypatch.setattr(leneda_download, "sleep", sleeper.sleep)
    monkeypatch.setattr(connection_outage, "asyncio", SimpleNamespace(sleep=sleeper.sleep))
    monkeypatch.setattr(SupervisedTask, "_pause", lambda _task, delay: sleeper.sleep(delay))
    monkeypatch.setattr(leneda_download, "randrange", lambda _most: 17)
    return sleeper


class House(Home):
    """A home with an account, whose requests wait until they are woken."""

    platform: Platform
    sleeper: Sleeper

    async def begin(self, account: Mapping[str, str] = ACCOUNT) -> MockConfigEntry:
        """Set the meter up, and wait for the first requests."""
        await self.set_up(NOW_TELEGRAM, leneda=account)
        self.port.greeting = lambda: self.port.next_frame(NOW_TELEGRAM)
        await self.sleeper.settled(self.hass)
        return self.entry

    async def at(self, when: datetime) -> None:
        """Set a later time, and wait for the requests then."""
        self.sleeper.now = when
        await self.sleeper.wake(self.hass)


@pytest.fixture
def house(home: Home, platform: Platform, sleeper: Sleeper) -> House:
    house = House(home.hass, home.port, home.make_entry)
    house.platform, house.sleeper = platform, sleeper
    return house


@pytest.fixture
def short_past(platform: Platform) -> None:
    """Let the platform know the connection for ten days."""
    platform.series[POINT, IMPORTED] = lambda start: 0.5 if start >= TODAY - 10 * DAY else None


async def known(entry: MockConfigEntry, code: str = IMPORTED) -> Sequence[LenedaRow]:
    points = points_of(entry.options["leneda"])
    rows: Sequence[LenedaRow] = (await entry.runtime_data.records.leneda.async_read(points)).get(
        code, ()
    )
    return rows


def asked(platform: Platform) -> list[tuple[str, datetime, datetime]]:
    """Return the requests for the consumption since the last call."""
    found = [(request.code, request.start, request.end) for request in platform.requests]
    platform.requests.clear()
    return [each for each in found if each[0] == IMPORTED]


async def test_without_a_key_nothing_is_asked(
    home: Home, platform: Platform, sleeper: Sleeper
) -> None:
    entry = await home.set_up()
    assert not [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]
    assert sleeper.seconds is None
    assert entry.state is ConfigEntryState.LOADED
    assert (platform.requests, platform.refused) == ([], 0)


async def test_at_first_all_there_is(house: House) -> None:
    first = TODAY - 50 * DAY
    house.platform.series[POINT, IMPORTED] = lambda start: 0.5 if start >= first else None

    entry = await house.begin()

    rows = await known(entry)
    assert [row.start for row in rows] == [first + n * QUARTER_HOUR for n in range(50 * 96)]
    requests = [each for each in house.platform.requests if each.code == IMPORTED]
    assert requests[0].end == TODAY
    assert len(requests) <= 15
    for request in house.platform.requests:
        assert timedelta() < request.end - request.start <= 30 * DAY
        assert request.end <= TODAY
    # A series without a right is requested once, and layers not at all without sharing.
    codes = [each.code for each in house.platform.requests if each.code != IMPORTED]
    assert sorted(codes) == sorted(
        ["1-1:2.29.0", "1-1:3.29.0", "1-1:4.29.0", "1-65:1.29.9", "1-65:2.29.9"]
    )


async def test_a_refused_part_of_the_history_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 80 * DAY)
    answer, day = house.platform._answer, TODAY - 40 * DAY

    def refuse_one(request: Request) -> JsonDict:
        is_refused = request.code == IMPORTED and request.start <= day < request.end
        return answer(request) | ({"unit": None, "items": []} if is_refused else {})

    monkeypatch.setattr(house.platform, "_answer", refuse_one)

    rows = await known(await house.begin())

    assert rows[0].start == TODAY - 80 * DAY - HOUR
    assert 80 - 30 <= len(rows) / 96 < 80


@pytest.mark.parametrize("is_history", each(2, [True, False]))
async def test_a_code_that_always_fails_keeps_no_other_code_back(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    is_history: bool,
) -> None:
    failing = "1-1:3.29.0"
    codes = (IMPORTED, EXPORTED, REMAINING, COVERED)
    for code in (*codes, failing):
        house.platform.series[POINT, code] = lambda _start: 0.25
    answer, oldest = house.platform._answer, TODAY - 40 * DAY

    def fail(request: Request) -> JsonDict:
        fails = request.code == failing and (request.start < oldest or not is_history)
        return answer(request) | ({"unit": "kvarh"} if fails else {})

    monkeypatch.setattr(house.platform, "_answer", fail)

    entry = await house.begin()

    for code in codes:
        rows = await known(entry, code)
        assert (rows[0].start, rows[-1].start) == (OLDEST, TODAY - QUARTER_HOUR), code
    told = [text for _, text in own_log(caplog) if "Leneda" in text]
    assert told == [f"{entry.title}: Leneda cannot be asked (not understood); it is tried again"]
    # Until the next day, nothing is asked for again but older days that failed.
    house.platform.requests.clear()
    for hour in (1, 2, 3):
        await house.at(NOW + hour * HOUR)
    assert [each.code for each in house.platform.requests] == [failing] * 3 * is_history
    await house.at(utc("2026-11-22 12:48"))
    for code in codes:
        assert (await known(entry, code))[-1].start == TODAY + DAY - QUARTER_HOUR, code


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("fault", [None, Fault.NOT_FOUND, Fault.FORBIDDEN, Fault.SERVER])
async def test_missing_days_are_a_repair(house: House, fault: Fault | None) -> None:
    await house.begin()
    house.platform.fault = fault
    house.platform.known_until = TODAY

    for days in range(1, 17):
        await house.at(NOW + days * DAY + 8 * HOUR)
        assert bool(house.issue("leneda_silent")) == (days > 6)
    assert said(house.issue("leneda_silent"))["day"][:9] == "2026-11-2"

    house.platform.fault = house.platform.known_until = None
    await house.at(NOW + 17 * DAY + 8 * HOUR)
    assert not house.issue("leneda_silent")


GAS_POINT = "LU0000012345678901234000000000009"


async def fail(*_: object) -> NoReturn:
    """Fail like the recorder's database on a damaged disk."""
    raise DatabaseError("SELECT", {}, Exception("disk I/O error"))


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("failing", ["async_own", "async_refresh", "_async_history"])
async def test_an_unexpected_error_costs_only_its_part(
    house: House, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Fail at first, and then no more."""
    owner = {"async_refresh": LenedaGas, "_async_history": LenedaDownload}.get(failing, LenedaData)
    with monkeypatch.context() as broken:
        broken.setattr(owner, failing, fail)
        entry = await house.begin({**ACCOUNT, "gas_point": GAS_POINT})
        # Yesterday's electricity was requested, in spite of any failure.
        assert TODAY in [end for _, _, end in asked(house.platform)]
    house.platform.series[GAS_POINT, "7-1:99.23.17"] = lambda _start: 0.5
    await house.at(NOW + HOUR)
    await house.at(NOW + DAY + 8 * HOUR)
    assert (await known(entry))[-1].start == TODAY + DAY - QUARTER_HOUR
    assert LENEDA_GAS in entry.runtime_data.records.history.media


async def test_a_changed_gas_point_is_left_after_the_electricity(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Change the gas point, with a recorder that fails: electricity is asked for all the same."""
    monkeypatch.setattr(LenedaGas, "async_leave_former_point", fail)
    monkeypatch.setattr(LenedaGas, "has_former_point", True)
    await house.begin({**ACCOUNT, "gas_point": GAS_POINT})
    assert asked(house.platform)


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("has_answered", [True, False])
async def test_the_repair_comes_although_the_download_always_fails(
    house: House, monkeypatch: pytest.MonkeyPatch, *, has_answered: bool
) -> None:
    if has_answered:
        await house.begin()
    monkeypatch.setattr(LenedaDownload, "_async_download", fail)
    if not has_answered:
        await house.begin()
    for days in (1, 6, 9):
        house.sleeper.now = NOW + days * DAY

        def is_told(days: int = days) -> bool:
            # The timer of the watch, not the download. The watch may begin after the first one.
            async_fire_time_changed(house.hass, datetime.now(UTC) + days * DAY)
            return house.issue("leneda_silent") is not None

        if days > 7:
            await house.wait_until(is_told)
        else:
            is_told()
        await house.hass.async_block_till_done()
        assert bool(house.issue("leneda_silent")) == (days > 7)
    # The last quarter-hour that is known, or the day on which the account was entered.
    day = "2026-11-20" if has_answered else "2026-11-21"
    assert said(house.issue("leneda_silent"))["day"] == day


@pytest.mark.usefixtures("short_past", "real_files")
async def test_files_that_cannot_be_read_now_are_no_silence_and_cause_no_requests(
    house: House,
) -> None:
    entry = await house.begin()
    house.platform.requests.clear()
    folder = house.hass.config.path(
        STORAGE_DIR, f"smarty_p1.{entry.entry_id}.imported_quarter_hours"
    )
    with failing(Path(folder), errno.EIO):
        for days in range(1, 11):
            await house.at(NOW + days * DAY + 8 * HOUR)
            assert not house.issue("leneda_silent")
    assert not house.platform.requests
    await house.at(NOW + 11 * DAY + 8 * HOUR)
    assert (await known(entry))[-1].start == TODAY + 11 * DAY - QUARTER_HOUR


async def test_a_point_without_any_rows_is_silent_a_week_after_it_was_entered(house: House) -> None:
    house.platform.series[POINT, IMPORTED] = lambda _start: None
    await house.begin()
    for days in range(1, 10):
        await house.at(NOW + days * DAY + 8 * HOUR)
        assert bool(house.issue("leneda_silent")) == (days >= 7)
    assert said(house.issue("leneda_silent"))["day"] == "2026-11-21"


async def test_a_point_that_ended_long_ago_is_silent_since_its_last_day_also_after_a_restart(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 130 * DAY)
    ended = TODAY - 120 * DAY
    house.platform.series[POINT, IMPORTED] = lambda start: 0.25 if start < ended else None
    entry = await house.begin()
    for hours in (1, 2):
        await house.at(NOW + hours * HOUR)
        assert said(house.issue("leneda_silent"))["day"] == "2026-07-24"
        await reload_entry(house.hass, entry)
        await house.sleeper.settled(house.hass)


@pytest.mark.usefixtures("short_past")
async def test_sharing_that_has_ended_is_downloaded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 130 * DAY)
    ended = TODAY - 120 * DAY
    for code in (REMAINING, COVERED):
        house.platform.series[POINT, code] = lambda start: 0.25 if start < ended else None
    entry = await house.begin()
    assert (await known(entry, REMAINING))[-1].start == ended - QUARTER_HOUR
    await house.at(NOW + 8 * DAY + 8 * HOUR)
    assert (await known(entry, COVERED))[-1].start == ended - QUARTER_HOUR


@pytest.mark.parametrize(
    ("begun", "then", "hole", "months"),
    [
        # 30 November and 1 December come together.
        ("2026-11-30 08:00", "2026-12-02 15:00", None, [11, 12]),
        # The key was refused for seven weeks.
        ("2026-11-20 15:00", "2027-01-05 15:00", None, [11, 12, 1]),
        # Leneda lacks a quarter-hour of the last day, which so counts only with the next day.
        ("2026-11-30 15:00", "2026-12-02 15:00", "2026-11-30 11:00", [11, 12]),
    ],
)
async def test_the_end_of_a_month_is_shown_before_the_next_month(  # noqa: PLR0913, PLR0917
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    begun: str,
    then: str,
    hole: str | None,
    months: list[int],
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 62 * DAY)
    lost = hole and utc(hole)
    house.platform.series[POINT, IMPORTED] = lambda start: None if start == lost else 1.0
    house.sleeper.now = utc(begun)
    entry = await add(house.hass)
    name = keys(house.hass, entry)["cost_total"]
    await house.sleeper.settled(house.hass)
    before = house.hass.states.get(name)
    shown = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == name and (state := event.data["new_state"]):
            shown.append((float(state.state), str(state.attributes["last_reset"])[:10]))

    stop = house.hass.bus.async_listen("state_changed", note)
    await house.at(utc(then))
    await house.hass.async_block_till_done()
    stop()

    assert before
    assert str(before.attributes["last_reset"])[:10] == "2026-11-01"
    assert float(before.state) < shown[0][0]
    household = entry.runtime_data.records.household_state
    assert household
    assert shown == [
        (month.bill(household.until).total, f"{month.start:%Y-%m-%d}")
        for month in (*household.earlier_months, household.month)
        if month.start.month in months
    ]


async def test_each_point_has_its_codes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 53 * DAY)
    house.platform.series[PRODUCTION_POINT, EXPORTED] = lambda _start: 1.0
    house.platform.series[POINT, REMAINING] = house.platform.series[POINT, COVERED] = (
        lambda _start: 0.25
    )

    entry = await house.begin({**ACCOUNT, "production_point": PRODUCTION_POINT})

    for request in house.platform.requests:
        code = request.code
        is_production = code in {"1-1:2.29.0", "1-1:4.29.0"} or code.startswith("1-65:2")
        assert request.point == (PRODUCTION_POINT if is_production else POINT)
    assert (await known(entry, EXPORTED))[-1].kw == 1.0
    assert len(await known(entry, COVERED)) == len(await known(entry, REMAINING)) > 5000
    codes = {each.code for each in house.platform.requests}
    assert "1-65:1.29.4" in codes
    assert "1-65:2.29.4" not in codes


@pytest.mark.usefixtures("short_past")
async def test_yesterday_in_the_afternoon(house: House) -> None:
    entry = await house.begin()
    asked(house.platform)
    await house.at(utc("2026-11-21 12:46"))
    assert asked(house.platform) == []
    # Days that were whole in the morning need no request in the afternoon.
    await house.at(utc("2026-11-21 12:48"))
    assert asked(house.platform) == []

    await house.at(utc("2026-11-22 12:46"))
    assert asked(house.platform) == []
    await house.at(utc("2026-11-22 12:48"))
    assert asked(house.platform) == [(IMPORTED, TODAY, TODAY + DAY)]
    assert (await known(entry))[-1].start == TODAY + DAY - QUARTER_HOUR
    for hour in (14, 18, 20):
        await house.at(utc(f"2026-11-22 {hour}:48"))
    assert house.platform.requests == []

    # A restart requests nothing again. After days without Home Assistant, missing days are
    # requested.
    for _ in range(2):
        assert await reload_entry(house.hass, entry)
        await house.sleeper.settled(house.hass)
    assert house.platform.requests == []
    assert await unload_entry(house.hass, entry)
    house.sleeper.now = utc("2026-11-26 20:00")
    assert await set_up_entry(house.hass, entry)
    await house.sleeper.settled(house.hass)
    assert asked(house.platform) == [(IMPORTED, TODAY + DAY, TODAY + 5 * DAY)]


@pytest.mark.usefixtures("short_past")
async def test_stored_rows_decide_the_requests_after_an_update(
    house: House, hass_storage: JsonDict
) -> None:
    """Go on with progress that version 0.1.0 has stored, and with a month that was lost."""
    entry = await house.begin()
    assert await unload_entry(house.hass, entry)
    stored = hass_storage[f"smarty_p1.{entry.entry_id}.leneda"]
    since = (TODAY - 40 * DAY).isoformat()
    stored["data"]["is_whole"] = True
    for code in stored["data"]["codes"].values():
        code |= {"since": since, "is_back": True, "has_rows": True}
    house.platform.requests.clear()
    for most in (3, 0):
        assert await set_up_entry(house.hass, entry)
        await house.sleeper.settled(house.hass)
        assert len(house.platform.requests) <= most
        house.platform.requests.clear()
        assert await unload_entry(house.hass, entry)

    QuarterHourFiles(house.hass, entry.entry_id).remove()
    assert await set_up_entry(house.hass, entry)
    await house.at(utc("2026-11-22 12:48"))
    rows = await known(entry)
    assert (rows[0].start, rows[-1].start) == (TODAY - 10 * DAY, TODAY + DAY - QUARTER_HOUR)


@pytest.mark.usefixtures("short_past")
async def test_a_day_in_part_is_requested_again_in_the_evening(house: House) -> None:
    house.platform.known_until = TODAY - timedelta(hours=6)
    entry = await house.begin()
    asked(house.platform)
    await house.at(utc("2026-11-21 12:48"))
    assert asked(house.platform) == [(IMPORTED, TODAY - DAY, TODAY)]
    await house.at(utc("2026-11-21 18:16"))
    assert house.platform.requests == []
    house.platform.known_until = None
    await house.at(utc("2026-11-21 18:18"))
    assert asked(house.platform) == [(IMPORTED, TODAY - DAY, TODAY)]
    assert (await known(entry))[-1].start == TODAY - QUARTER_HOUR
    await house.at(utc("2026-11-21 21:00"))
    assert house.platform.requests == []


OTHER, OTHER_PRODUCTION = f"{POINT[:-1]}2", f"{PRODUCTION_POINT[:-1]}2"


async def test_other_points_are_begun_anew(house: House) -> None:
    since = TODAY - 40 * DAY
    house.platform.series[POINT, IMPORTED] = lambda _start: 9.0
    house.platform.series[PRODUCTION_POINT, EXPORTED] = lambda _start: 5.0
    house.platform.series[OTHER, IMPORTED] = lambda start: 0.5 if start >= since else None
    house.platform.series[OTHER_PRODUCTION, EXPORTED] = lambda start: (
        1.0 if start >= since else None
    )
    # Wrong values have been corrected several times.
    house.platform.version = lambda start: 3 if start < TODAY - 20 * DAY else 1
    entry = await house.begin({**ACCOUNT, "production_point": PRODUCTION_POINT})
    house.platform.version = lambda _start: 1
    house.platform.requests.clear()
    account = {**ACCOUNT, "consumption_point": OTHER, "production_point": OTHER_PRODUCTION}
    house.hass.config_entries.async_update_entry(
        entry, options={**entry.options, "leneda": account}
    )
    assert await reload_entry(house.hass, entry)
    await house.sleeper.settled(house.hass)
    assert {request.point for request in house.platform.requests} == {OTHER, OTHER_PRODUCTION}
    for code, kw in ((IMPORTED, 0.5), (EXPORTED, 1.0)):
        rows = QuarterHourFiles(house.hass, entry.entry_id).read_rows(TODAY)[code]
        assert {row.kw for row in rows} == {kw}
        assert (rows[0].start, rows[-1].start) == (since, TODAY - QUARTER_HOUR)
    # Right values stay.
    asked(house.platform)
    assert await reload_entry(house.hass, entry)
    await house.sleeper.settled(house.hass)
    assert house.platform.requests == []
    assert (await known(entry))[0].start == since


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("account", [{**ACCOUNT, "consumption_point": OTHER}, None, ACCOUNT])
async def test_the_account_changes_while_it_is_asked(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    account: Mapping[str, str] | None,
) -> None:
    entry = await house.begin()
    series, is_asked = leneda_client.async_series, asyncio.Event()

    async def ask(*request: Any) -> Any:  # noqa: ANN401 - as it is asked
        if request[2].code == EXPORTED:
            is_asked.set()
            await asyncio.Event().wait()
        return await series(*request)

    monkeypatch.setattr(leneda_download, "async_series", ask)
    # After a week, a code that was refused is asked for again.
    house.sleeper.now = utc("2026-11-29 13:00")
    house.sleeper.go_on()
    await is_asked.wait()
    fetched = entry.runtime_data.records._download._progress
    until = fetched.state.codes[IMPORTED].until

    options = {key: value for key, value in entry.options.items() if key != "leneda"}
    if account:
        options["leneda"] = account
    house.hass.config_entries.async_update_entry(entry, options=options)
    assert await unload_entry(house.hass, entry)

    rows = QuarterHourFiles(house.hass, entry.entry_id).read_rows(house.sleeper.now)[IMPORTED]
    is_same = account == ACCOUNT
    assert (rows[-1].start > TODAY) == is_same
    assert (fetched.state.codes[IMPORTED].until > until) == is_same
    assert [text for level, text in own_log(caplog) if level == "ERROR"] == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("is_history", [False, True])
async def test_nothing_is_asked_any_more_for_a_former_account(
    house: House, monkeypatch: pytest.MonkeyPatch, *, is_history: bool
) -> None:
    house.platform.fault = Fault.SERVER
    entry = await house.begin()
    starts = (TODAY - n * QUARTER_HOUR for n in range(65 * 96, 25 * 96, -1))
    rows = [LenedaRow(start, 0.5, is_measured=True) for start in starts]
    records = entry.runtime_data.records
    past, progress = records.leneda, records._download._progress
    await past.async_add({IMPORTED: rows}, points_of(ACCOUNT))
    house.platform.fault = None
    answers = [True, False] if is_history else [False]
    monkeypatch.setattr(past, "async_add", AsyncMock(side_effect=answers))
    [task] = [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]

    house.sleeper.go_on()
    await wait_until(house.hass, task.done)

    assert task.exception() is None
    assert past.async_add.await_count == len(answers)
    assert (progress.state.asked_at is not None) == is_history
    assert records.is_fetching


@pytest.mark.usefixtures("short_past")
async def test_the_last_weeks_are_asked_for_again(house: House) -> None:
    entry = await house.begin()
    house.platform.requests.clear()
    corrected = TODAY - 5 * DAY
    read = house.platform.series[POINT, IMPORTED]
    house.platform.series[POINT, IMPORTED] = lambda start: (
        0.75 if start == corrected else read(start)
    )
    house.platform.version = lambda start: 2 if start == corrected else 1
    for days in range(1, 8):
        await house.at(utc("2026-11-21 13:00") + days * DAY)
        oldest = min(request.start for request in house.platform.requests)
        house.platform.requests.clear()
        assert (oldest < TODAY - 30 * DAY) == (days == 7)
    [row] = [row for row in await known(entry) if row.start == corrected]
    assert (row.kw, row.version) == (0.75, 2)


async def test_a_failed_request_is_repeated_ever_more_seldom(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.platform.fault = Fault.FORBIDDEN
    entry = await house.begin()
    assert len(house.platform.requests) == 1
    shortest = 48.0
    for tries in range(2, 10):
        assert house.sleeper.seconds
        assert shortest <= house.sleeper.seconds <= 1.5 * shortest
        await house.sleeper.wake(house.hass)
        assert len(house.platform.requests) == tries
        shortest = min(2 * shortest, 2880.0)
    told = [text for _, text in own_log(caplog) if "Leneda" in text]
    assert told == [f"{entry.title}: Leneda cannot be asked (forbidden); it is tried again"]
    assert not [secret for secret in PRIVATE if secret in caplog.text]

    house.platform.fault = None
    await house.sleeper.wake(house.hass)
    rows, kept = await known(entry), NOW - KEPT
    # No more than is kept.
    assert kept - DAY < rows[0].start <= kept
    assert rows[-1].start == TODAY - QUARTER_HOUR
    assert len(rows) == (TODAY - rows[0].start) / QUARTER_HOUR
    told = [text for _, text in own_log(caplog) if "Leneda" in text]
    assert told[1:] == [f"{entry.title}: Leneda answers again"]


async def test_history_goes_on_where_it_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 400 * DAY)

    def read(start: datetime) -> float:
        if start < TODAY - 300 * DAY:
            house.platform.fault = Fault.SERVER
        return 0.5

    house.platform.series[POINT, IMPORTED] = read
    entry = await house.begin()
    before = {request for request in house.platform.requests if request.code == IMPORTED}
    house.platform.requests.clear()
    assert (await known(entry))[0].start > TODAY - 300 * DAY
    house.platform.series[POINT, IMPORTED] = lambda _start: 0.5
    house.platform.fault = None
    await house.at(NOW + timedelta(hours=1))
    assert (await known(entry))[0].start < TODAY - 380 * DAY
    again = [request for request in house.platform.requests if request in before]
    assert len(again) <= 6


async def test_a_code_with_all_its_answers_is_not_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", 250 * DAY)

    def read(start: datetime) -> float:
        if start < TODAY - 100 * DAY:
            house.platform.fault = Fault.TOO_MANY
        return 0.25

    house.platform.series[POINT, EXPORTED] = read
    entry = await house.begin()
    assert (await known(entry))[0].start < TODAY - 200 * DAY
    assert (await known(entry, EXPORTED))[0].start > TODAY - 100 * DAY
    house.platform.requests.clear()
    house.platform.series[POINT, EXPORTED] = lambda _start: 0.25
    house.platform.fault = None
    await house.at(NOW + timedelta(hours=1))
    assert (await known(entry))[0].start == (await known(entry, EXPORTED))[0].start
    # The remaining days of the consumption are older than the half year that was answered.
    assert max(each[2] for each in asked(house.platform)) < TODAY - 200 * DAY


async def test_a_damaged_month_raises_a_repair_and_is_downloaded_again(house: House) -> None:
    first, told = TODAY - 50 * DAY, list[str]()
    house.platform.series[POINT, IMPORTED] = lambda start: 0.5 if start >= first else None
    entry = await house.begin()
    path = entry.runtime_data.records.leneda.files.folder / "2026-10.1-1_1.29.0.csv"
    whole = path.read_bytes()

    def issues() -> list[ir.IssueEntry]:
        found = ir.async_get(house.hass).issues.values()
        return [issue for issue in found if issue.translation_key == "damaged_leneda"]

    for data in (b"".join(whole.splitlines(keepends=True)[:1000]), b"", None):
        assert not issues()
        assert await unload_entry(house.hass, entry)
        path.unlink() if data is None else path.write_bytes(data)
        with patch.object(LenedaDownload, "async_start", AsyncMock()):
            assert await set_up_entry(house.hass, entry)
        told += [said(issue)["months"] for issue in issues()]
        await reload_entry(house.hass, entry)
        await house.sleeper.settled(house.hass)
        assert path.read_bytes() == whole
    assert told == ["2026-10"] * 3


async def test_days_from_files_are_not_requested(house: House) -> None:
    house.platform.fault = Fault.SERVER
    entry = await house.begin()
    starts = (TODAY - n * QUARTER_HOUR for n in range(65 * 96, 25 * 96, -1))
    rows = [LenedaRow(start, 0.5, is_measured=True) for start in starts]
    await entry.runtime_data.records.leneda.async_add({IMPORTED: rows}, points_of(ACCOUNT))
    house.platform.fault = None
    house.platform.requests.clear()
    await house.sleeper.wake(house.hass)
    assert len(asked(house.platform)) == 1


@pytest.mark.parametrize("store", [LenedaProgress, MeterHistory])
async def test_nothing_is_asked_while_its_files_cannot_be_read(
    house: House, store: type[ThrottledStore]
) -> None:
    with patch.object(store, "_check", side_effect=OSError(5, "I/O error")):
        await house.set_up(leneda=ACCOUNT)
        await house.hass.async_block_till_done()
        assert house.platform.requests == []
    async_fire_time_changed(house.hass, datetime.now(UTC) + timedelta(hours=1, seconds=1))
    await house.sleeper.settled(house.hass)
    assert house.platform.requests


async def test_a_key_that_stops_working(house: House) -> None:
    entry = await house.begin()
    house.platform.key = "another"
    await house.at(utc("2026-11-22 13:00"))
    issue = house.issue("leneda_key")
    assert issue
    assert issue.is_fixable
    assert house.platform.refused == 1
    assert entry.state is ConfigEntryState.LOADED
    assert not house.hass.config_entries.flow.async_progress()
    # The request is tried once a day: the platform may have been wrong.
    await house.at(utc("2026-11-22 22:00"))
    assert house.platform.refused == 1
    house.platform.key = KEY
    await house.at(utc("2026-11-23 13:00"))
    assert not house.issue("leneda_key")


@pytest.mark.usefixtures("short_past")
async def test_a_gap_is_filled_the_next_day(house: House) -> None:
    entry = await house.begin()
    off = range(36, 52)
    for n in set(range(96)) - set(off):
        measure(entry, [QuarterHour(TODAY + n * QUARTER_HOUR, 0.25)])
    house.platform.series[POINT, IMPORTED] = lambda _start: 3.0

    async def told() -> list[tuple[float, str | None]]:
        period = {"start": "2026-11-21 00:00", "end": "2026-11-22 00:00"}
        rows = (await call(house.hass, "get_quarter_hours", **period))["quarter_hours"]
        return [(row["imported_kwh"] * 4, row.get("origin")) for row in rows]

    await house.hass.config.async_set_time_zone("Europe/Luxembourg")
    assert len(await told()) == 80

    await house.at(utc("2026-11-22 13:00"))

    rows = await told()
    assert len(rows) == 96
    assert [row for n, row in enumerate(rows) if n in off] == [(3.0, "leneda")] * 16
    assert {row for n, row in enumerate(rows) if n not in off} == {(0.25, None)}


async def test_a_day_that_stays_incomplete_is_given_up_after_two_weeks(house: House) -> None:
    lost = TODAY + 5 * HOUR
    house.platform.series[POINT, IMPORTED] = lambda start: (
        None if start < TODAY - DAY or start == lost else 0.5
    )
    await house.begin()
    days = []
    for n in (1, 3, 5, 15, 16, 17):
        asked(house.platform)
        await house.at(TODAY + n * DAY + 15 * HOUR)
        days.append([(end - start) // DAY for _, start, end in asked(house.platform)])

    # The first day is asked for again, but not for ever.
    assert days[:3] == [[1], [3], [5]]
    assert [1] in days[-2:]


async def test_after_weeks_without_requests_each_day_is_asked_for(house: House) -> None:
    house.platform.series[POINT, IMPORTED] = lambda start: None if start < TODAY - DAY else 0.5
    entry = await house.begin()
    await house.at(TODAY + 50 * DAY + 15 * HOUR)

    starts = {row.start for row in await known(entry)}
    assert {TODAY + n * QUARTER_HOUR for n in range(50 * 96)} <= starts


async def test_days_that_come_after_weeks_of_silence_are_not_lost(house: House) -> None:
    house.platform.series[POINT, IMPORTED] = lambda start: None if start < TODAY - DAY else 0.5
    entry = await house.begin()
    house.platform.known_until = TODAY
    for n in range(1, 57):
        await house.at(TODAY + n * DAY + 15 * HOUR)
    house.platform.known_until = None
    await house.at(TODAY + 57 * DAY + 15 * HOUR)

    starts = {row.start for row in await known(entry)}
    assert {TODAY + n * QUARTER_HOUR for n in range(57 * 96)} <= starts


async def test_a_code_that_is_forbidden_keeps_no_other_code_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.platform.series[POINT, IMPORTED] = lambda _start: 0.25
    answer = house.platform._answer

    def forbid(request: Request) -> JsonDict:
        if request.code != IMPORTED:
            raise web.HTTPForbidden
        return answer(request)

    monkeypatch.setattr(house.platform, "_answer", forbid)
    entry = await house.begin()
    assert (await known(entry))[0].start == OLDEST


async def test_a_clock_that_was_weeks_ahead(house: House) -> None:
    house.platform.series[POINT, IMPORTED] = lambda start: (
        0.5 if start >= TODAY - 20 * DAY else None
    )
    entry = await house.begin()
    house.platform.known_until = TODAY
    await house.at(NOW + 40 * DAY + 5 * HOUR)
    house.platform.known_until = None
    house.platform.series[POINT, EXPORTED] = house.platform.series[POINT, IMPORTED]
    house.platform.requests.clear()

    await house.at(NOW + DAY)
    assert await known(entry, EXPORTED)
    assert any(start < TODAY - 30 * DAY for _, start, _ in asked(house.platform))
    assert (await known(entry))[-1].start == TODAY + DAY - QUARTER_HOUR
    # After that, no more is asked than on other days.
    await house.at(NOW + 2 * DAY + 5 * HOUR)
    assert asked(house.platform) == [(IMPORTED, TODAY + DAY, TODAY + 2 * DAY)]


@pytest.mark.usefixtures("short_past")
async def test_a_right_that_is_given_later(house: House) -> None:
    entry = await house.begin()
    house.platform.series[POINT, EXPORTED] = house.platform.series[POINT, IMPORTED]
    for days in range(1, 9):
        await house.at(utc("2026-11-21 13:00") + days * DAY)
    assert (await known(entry, EXPORTED))[0].start == TODAY - 10 * DAY
