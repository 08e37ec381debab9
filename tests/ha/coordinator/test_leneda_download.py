"""When the national platform is asked, and for what: as seldom as possible, and no day is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.leneda import (
    client as leneda_client,
    download as leneda_download,
)
from custom_components.smarty_p1.coordinator.leneda.client import asked_of
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from custom_components.smarty_p1.lib import outage
from custom_components.smarty_p1.lib.bill import compute_bill
from custom_components.smarty_p1.lib.history import QuarterHour
from custom_components.smarty_p1.lib.leneda import LenedaRow
from dev.leneda import Fault, Platform
from dev.leneda.platform import Request
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
from tests.ha.support import TELEGRAM, Home, own_log, wait_until

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Instead of 25 months, which take a platform long that makes them up.
KEPT = timedelta(days=250)
# A winter's morning; midnight in Luxembourg is at 23:00.
NOW = utc("2026-11-21 08:00")
TODAY = utc("2026-11-20 23:00")

type Begin = Callable[..., Awaitable[MockConfigEntry]]
type At = Callable[[datetime], Awaitable[None]]


class Sleeper:
    """Whoever asks the platform sleeps until it is woken; `now` is what its clock says."""

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
        """Wake it, and wait for what is asked then."""
        await self.settled(hass)
        self.go_on()
        await self.settled(hass)

    def go_on(self) -> None:
        self.seconds = None
        self._woken.set()


@pytest.fixture(autouse=True)
def sleeper(monkeypatch: pytest.MonkeyPatch, platform: Platform) -> Sleeper:
    """Let requests follow each other at once, and the random minute be the 17th."""
    sleeper = Sleeper()
    monkeypatch.setattr(dt_util, "utcnow", lambda: sleeper.now)
    platform.now = lambda: sleeper.now
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)
    monkeypatch.setattr(leneda_download, "KEPT_TIME", KEPT)
    monkeypatch.setattr(leneda_download, "sleep", sleeper.sleep)
    monkeypatch.setattr(outage, "asyncio", SimpleNamespace(sleep=sleeper.sleep))
    monkeypatch.setattr(leneda_download, "randrange", lambda _most: 17)
    return sleeper


@pytest.fixture
async def begin(home: Home, sleeper: Sleeper) -> Begin:
    """Return a function that sets a meter up, and waits for what is asked at once."""

    async def make(account: Mapping[str, str] = ACCOUNT) -> MockConfigEntry:
        entry = await home.set_up(leneda=account)
        home.port.greeting = lambda: home.port.next_frame(TELEGRAM)
        await sleeper.settled(home.hass)
        return entry

    return make


@pytest.fixture
def short_past(platform: Platform) -> None:
    """Let the platform know the connection for ten days."""
    platform.series[POINT, IMPORTED] = lambda start: 0.5 if start >= TODAY - 10 * DAY else None


@pytest.fixture
def at(hass: HomeAssistant, sleeper: Sleeper) -> At:
    """Return a function that lets it be a later moment, and waits for what is asked then."""

    async def go(when: datetime) -> None:
        sleeper.now = when
        await sleeper.wake(hass)

    return go


async def known(entry: MockConfigEntry, code: str = IMPORTED) -> Sequence[LenedaRow]:
    points = dict(asked_of(entry.options["leneda"]))
    rows: Sequence[LenedaRow] = (await entry.runtime_data.books.leneda.async_read(points)).get(
        code, ()
    )
    return rows


def asked(platform: Platform) -> list[tuple[str, datetime, datetime]]:
    """Return what was asked for since the last time, of the consumption."""
    found = [(each.code, each.start, each.end) for each in platform.requests]
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


async def test_at_first_all_there_is(begin: Begin, platform: Platform) -> None:
    first = TODAY - 200 * DAY
    platform.series[POINT, IMPORTED] = lambda start: 0.5 if start >= first else None

    entry = await begin()

    rows = await known(entry)
    assert [row.start for row in rows] == [first + n * QUARTER_HOUR for n in range(200 * 96)]
    requests = [each for each in platform.requests if each.code == IMPORTED]
    assert requests[0].end == TODAY
    assert len(requests) <= 15
    for request in platform.requests:
        assert timedelta() < request.end - request.start <= 30 * DAY
        assert request.end <= TODAY
    # What the key has no right to is asked for once, and layers not at all without sharing.
    codes = [each.code for each in platform.requests if each.code != IMPORTED]
    assert sorted(codes) == sorted(
        ["1-1:2.29.0", "1-1:3.29.0", "1-1:4.29.0", "1-65:1.29.9", "1-65:2.29.9"]
    )


async def test_a_refused_part_of_the_history_is_left_out(
    begin: Begin, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.series[POINT, IMPORTED] = lambda _start: 0.5
    answer, day = platform._answer, TODAY - 150 * DAY

    def refuse_one(request: Request) -> dict[str, Any]:
        is_refused = request.code == IMPORTED and request.start <= day < request.end
        return answer(request) | ({"unit": None, "items": []} if is_refused else {})

    monkeypatch.setattr(platform, "_answer", refuse_one)

    rows = await known(await begin())

    assert rows[0].start == TODAY - KEPT
    assert 250 - 30 <= len(rows) / 96 < 250


@pytest.mark.parametrize("is_history", [False, True])
async def test_a_code_that_always_fails_keeps_no_other_code_back(  # noqa: PLR0913
    begin: Begin,
    platform: Platform,
    at: At,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    is_history: bool,
) -> None:
    failing = "1-1:3.29.0"
    codes = (IMPORTED, EXPORTED, REMAINING, COVERED)
    for code in (*codes, failing):
        platform.series[POINT, code] = lambda _start: 0.25
    answer, oldest = platform._answer, TODAY - 100 * DAY

    def fail(request: Request) -> dict[str, Any]:
        fails = request.code == failing and (request.start < oldest or not is_history)
        return answer(request) | ({"unit": "kvarh"} if fails else {})

    monkeypatch.setattr(platform, "_answer", fail)

    entry = await begin()

    for code in codes:
        rows = await known(entry, code)
        assert (rows[0].start, rows[-1].start) == (TODAY - KEPT, TODAY - QUARTER_HOUR), code
    told = [text for _, text in own_log(caplog) if "Leneda" in text]
    assert told == [f"{entry.title}: Leneda cannot be asked (not understood); it is tried again"]
    # Until the next day, nothing is asked for again but older days that failed.
    platform.requests.clear()
    for hour in (1, 2, 3):
        await at(NOW + hour * HOUR)
    assert [each.code for each in platform.requests] == [failing] * 3 * is_history
    await at(utc("2026-11-22 12:48"))
    for code in codes:
        assert (await known(entry, code))[-1].start == TODAY + DAY - QUARTER_HOUR, code


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("fault", [None, Fault.NOT_FOUND, Fault.FORBIDDEN, Fault.SERVER])
async def test_a_repair_tells_that_no_days_come(
    hass: HomeAssistant, begin: Begin, platform: Platform, at: At, fault: Fault | None
) -> None:
    entry = await begin()
    platform.fault = fault
    platform.known_until = TODAY

    def issue() -> ir.IssueEntry | None:
        return ir.async_get(hass).async_get_issue("smarty_p1", f"leneda_silent_{entry.entry_id}")

    for days in range(1, 17):
        await at(NOW + days * DAY + 8 * HOUR)
        assert bool(issue()) == (days > 6)
    found = issue()
    assert found
    assert (found.translation_placeholders or {})["day"][:9] == "2026-11-2"

    platform.fault = platform.known_until = None
    await at(NOW + 17 * DAY + 8 * HOUR)
    assert issue() is None


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
    hass: HomeAssistant,
    platform: Platform,
    sleeper: Sleeper,
    at: At,
    monkeypatch: pytest.MonkeyPatch,
    begun: str,
    then: str,
    hole: str | None,
    months: list[int],
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=62))
    lost = hole and utc(hole)
    platform.series[POINT, IMPORTED] = lambda start: None if start == lost else 1.0
    sleeper.now = utc(begun)
    entry = await add(hass)
    name = keys(hass, entry)["cost_total"]
    await sleeper.settled(hass)
    before = hass.states.get(name)
    shown = []

    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == name and (state := event.data["new_state"]):
            shown.append((float(state.state), str(state.attributes["last_reset"])[:10]))

    stop = hass.bus.async_listen("state_changed", note)
    await at(utc(then))
    await hass.async_block_till_done()
    stop()

    assert before
    assert str(before.attributes["last_reset"])[:10] == "2026-11-01"
    assert float(before.state) < shown[0][0]
    demand = entry.runtime_data.books.demand
    assert demand
    assert shown == [
        (compute_bill(month, demand.contracts, demand.until).total, f"{month.start:%Y-%m-%d}")
        for month in (*demand.earlier_months, demand.month)
        if month.start.month in months
    ]


async def test_each_point_has_its_codes(
    begin: Begin, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=60))
    platform.series[PRODUCTION_POINT, EXPORTED] = lambda _start: 1.0
    platform.series[POINT, REMAINING] = platform.series[POINT, COVERED] = lambda _start: 0.25

    entry = await begin({**ACCOUNT, "production_point": PRODUCTION_POINT})

    for each in platform.requests:
        is_production = each.code in {"1-1:2.29.0", "1-1:4.29.0"} or each.code.startswith("1-65:2")
        assert each.point == (PRODUCTION_POINT if is_production else POINT)
    assert (await known(entry, EXPORTED))[-1].kw == 1.0
    assert len(await known(entry, COVERED)) == len(await known(entry, REMAINING)) > 5000
    codes = {each.code for each in platform.requests}
    assert "1-65:1.29.4" in codes
    assert "1-65:2.29.4" not in codes


@pytest.mark.usefixtures("short_past")
async def test_yesterday_in_the_afternoon(
    hass: HomeAssistant, begin: Begin, platform: Platform, sleeper: Sleeper, at: At
) -> None:
    entry = await begin()
    asked(platform)
    await at(utc("2026-11-21 12:46"))
    assert asked(platform) == []
    # What was whole in the morning need not be asked for in the afternoon.
    await at(utc("2026-11-21 12:48"))
    assert asked(platform) == []

    await at(utc("2026-11-22 12:46"))
    assert asked(platform) == []
    await at(utc("2026-11-22 12:48"))
    assert asked(platform) == [(IMPORTED, TODAY, TODAY + DAY)]
    assert (await known(entry))[-1].start == TODAY + DAY - QUARTER_HOUR
    for hour in (14, 18, 20):
        await at(utc(f"2026-11-22 {hour}:48"))
    assert platform.requests == []

    # A restart asks nothing again; after days without Home Assistant, what is missing.
    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await sleeper.settled(hass)
    assert platform.requests == []
    assert await hass.config_entries.async_unload(entry.entry_id)
    sleeper.now = utc("2026-11-26 20:00")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await sleeper.settled(hass)
    assert asked(platform) == [(IMPORTED, TODAY + DAY, TODAY + 5 * DAY)]


@pytest.mark.usefixtures("short_past")
async def test_in_the_evening_again_when_it_was_not_whole(
    begin: Begin, platform: Platform, at: At
) -> None:
    platform.known_until = TODAY - timedelta(hours=6)
    entry = await begin()
    asked(platform)
    await at(utc("2026-11-21 12:48"))
    assert asked(platform) == [(IMPORTED, TODAY - DAY, TODAY)]
    await at(utc("2026-11-21 18:16"))
    assert platform.requests == []
    platform.known_until = None
    await at(utc("2026-11-21 18:18"))
    assert asked(platform) == [(IMPORTED, TODAY - DAY, TODAY)]
    assert (await known(entry))[-1].start == TODAY - QUARTER_HOUR
    await at(utc("2026-11-21 21:00"))
    assert platform.requests == []


OTHER, OTHER_PRODUCTION = f"{POINT[:-1]}2", f"{PRODUCTION_POINT[:-1]}2"


async def test_other_points_are_begun_anew(
    hass: HomeAssistant, begin: Begin, platform: Platform, sleeper: Sleeper
) -> None:
    since = TODAY - 50 * DAY
    platform.series[POINT, IMPORTED] = lambda _start: 9.0
    platform.series[PRODUCTION_POINT, EXPORTED] = lambda _start: 5.0
    platform.series[OTHER, IMPORTED] = lambda start: 0.5 if start >= since else None
    platform.series[OTHER_PRODUCTION, EXPORTED] = lambda start: 1.0 if start >= since else None
    # What was wrong has been corrected several times.
    platform.version = lambda start: 3 if start < TODAY - 20 * DAY else 1
    entry = await begin({**ACCOUNT, "production_point": PRODUCTION_POINT})
    platform.version = lambda _start: 1
    platform.requests.clear()
    account = {**ACCOUNT, "consumption_point": OTHER, "production_point": OTHER_PRODUCTION}
    hass.config_entries.async_update_entry(entry, options={**entry.options, "leneda": account})
    assert await hass.config_entries.async_reload(entry.entry_id)
    await sleeper.settled(hass)
    assert {each.point for each in platform.requests} == {OTHER, OTHER_PRODUCTION}
    for code, kw in ((IMPORTED, 0.5), (EXPORTED, 1.0)):
        rows = QuarterHourFiles(hass, entry.entry_id).read(TODAY)[code]
        assert {row.kw for row in rows} == {kw}
        assert (rows[0].start, rows[-1].start) == (since, TODAY - QUARTER_HOUR)
    # What is right stays.
    asked(platform)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await sleeper.settled(hass)
    assert platform.requests == []
    assert (await known(entry))[0].start == since


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("account", [{**ACCOUNT, "consumption_point": OTHER}, None, ACCOUNT])
async def test_the_account_changes_while_it_is_asked(  # noqa: PLR0913, PLR0917 - all is needed
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    begin: Begin,
    sleeper: Sleeper,
    caplog: pytest.LogCaptureFixture,
    account: Mapping[str, str] | None,
) -> None:
    entry = await begin()
    series, is_asked = leneda_client.async_series, asyncio.Event()

    async def ask(*request: Any) -> Any:  # noqa: ANN401 - as it is asked
        if request[2].code == EXPORTED:
            is_asked.set()
            await asyncio.Event().wait()
        return await series(*request)

    monkeypatch.setattr(leneda_download, "async_series", ask)
    # After a week, a code that was refused is asked for again.
    sleeper.now = utc("2026-11-29 13:00")
    sleeper.go_on()
    await is_asked.wait()
    fetched = entry.runtime_data.books._download._progress
    until = fetched.codes[IMPORTED].until

    options = {key: value for key, value in entry.options.items() if key != "leneda"}
    if account:
        options["leneda"] = account
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_unload(entry.entry_id)

    rows = QuarterHourFiles(hass, entry.entry_id).read(sleeper.now)[IMPORTED]
    is_same = account == ACCOUNT
    assert (rows[-1].start > TODAY) == is_same
    assert (fetched.codes[IMPORTED].until > until) == is_same
    assert [text for level, text in own_log(caplog) if level == "ERROR"] == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("is_history", [False, True])
async def test_nothing_is_asked_any_more_for_a_former_account(  # noqa: PLR0913 - all is needed
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    begin: Begin,
    platform: Platform,
    sleeper: Sleeper,
    *,
    is_history: bool,
) -> None:
    platform.fault = Fault.SERVER
    entry = await begin()
    starts = (TODAY - n * QUARTER_HOUR for n in range(260 * 96, 25 * 96, -1))
    rows = [LenedaRow(start, 0.5, is_measured=True) for start in starts]
    past, progress = entry.runtime_data.books.leneda, entry.runtime_data.books._download._progress
    await past.async_add({IMPORTED: rows}, dict(asked_of(ACCOUNT)))
    platform.fault = None
    answers = [True, False] if is_history else [False]
    monkeypatch.setattr(past, "async_add", AsyncMock(side_effect=answers))
    [task] = [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]

    sleeper.go_on()
    await wait_until(hass, task.done)

    assert task.exception() is None
    assert past.async_add.await_count == len(answers)
    assert (progress.general.asked_at is not None) == is_history
    assert not any(code.is_back for code in progress.codes.values())


@pytest.mark.usefixtures("short_past")
async def test_the_last_weeks_are_asked_for_again(begin: Begin, platform: Platform, at: At) -> None:
    entry = await begin()
    platform.requests.clear()
    corrected = TODAY - 5 * DAY
    read = platform.series[POINT, IMPORTED]
    platform.series[POINT, IMPORTED] = lambda start: 0.75 if start == corrected else read(start)
    platform.version = lambda start: 2 if start == corrected else 1
    for days in range(1, 8):
        await at(utc("2026-11-21 13:00") + days * DAY)
        oldest = min(each.start for each in platform.requests)
        platform.requests.clear()
        assert (oldest < TODAY - 30 * DAY) == (days == 7)
    [row] = [row for row in await known(entry) if row.start == corrected]
    assert (row.kw, row.version) == (0.75, 2)


async def test_what_fails_is_tried_again_ever_more_seldom(
    hass: HomeAssistant,
    begin: Begin,
    platform: Platform,
    sleeper: Sleeper,
    caplog: pytest.LogCaptureFixture,
) -> None:
    platform.fault = Fault.FORBIDDEN
    entry = await begin()
    assert len(platform.requests) == 1
    shortest = 48.0
    for tries in range(2, 10):
        assert sleeper.seconds
        assert shortest <= sleeper.seconds <= 1.5 * shortest
        await sleeper.wake(hass)
        assert len(platform.requests) == tries
        shortest = min(2 * shortest, 2880.0)
    told = [text for _, text in own_log(caplog) if "Leneda" in text]
    assert told == [f"{entry.title}: Leneda cannot be asked (forbidden); it is tried again"]
    assert not [secret for secret in PRIVATE if secret in caplog.text]

    platform.fault = None
    await sleeper.wake(hass)
    rows, kept = await known(entry), NOW - KEPT
    # No more than is kept.
    assert kept - DAY < rows[0].start <= kept
    assert rows[-1].start == TODAY - QUARTER_HOUR
    assert len(rows) == (TODAY - rows[0].start) / QUARTER_HOUR
    told = [text for _, text in own_log(caplog) if "Leneda" in text]
    assert told[1:] == [f"{entry.title}: Leneda answers again"]


async def test_history_goes_on_where_it_stopped(
    begin: Begin, platform: Platform, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=520))

    def read(start: datetime) -> float:
        if start < TODAY - 300 * DAY:
            platform.fault = Fault.SERVER
        return 0.5

    platform.series[POINT, IMPORTED] = read
    entry = await begin()
    before = {each for each in platform.requests if each.code == IMPORTED}
    platform.requests.clear()
    assert (await known(entry))[0].start > TODAY - 300 * DAY
    platform.series[POINT, IMPORTED] = lambda _start: 0.5
    platform.fault = None
    await at(NOW + timedelta(hours=1))
    assert (await known(entry))[0].start < TODAY - 500 * DAY
    again = [each for each in platform.requests if each in before]
    assert len(again) <= 6


async def test_a_code_with_all_its_answers_is_not_asked_for_again(
    begin: Begin, platform: Platform, at: At
) -> None:
    def read(start: datetime) -> float:
        if start < TODAY - 100 * DAY:
            platform.fault = Fault.TOO_MANY
        return 0.25

    platform.series[POINT, EXPORTED] = read
    entry = await begin()
    assert (await known(entry))[0].start < TODAY - 200 * DAY
    assert (await known(entry, EXPORTED))[0].start > TODAY - 100 * DAY
    platform.requests.clear()
    platform.series[POINT, EXPORTED] = lambda _start: 0.25
    platform.fault = None
    await at(NOW + timedelta(hours=1))
    assert (await known(entry))[0].start == (await known(entry, EXPORTED))[0].start
    # What is left of the consumption is older than the half year that was answered.
    assert max(each[2] for each in asked(platform)) < TODAY - 200 * DAY


async def test_what_files_have_brought_is_not_asked_for(
    hass: HomeAssistant, begin: Begin, platform: Platform, sleeper: Sleeper
) -> None:
    platform.fault = Fault.SERVER
    entry = await begin()
    starts = (TODAY - n * QUARTER_HOUR for n in range(260 * 96, 25 * 96, -1))
    rows = [LenedaRow(start, 0.5, is_measured=True) for start in starts]
    await entry.runtime_data.books.leneda.async_add({IMPORTED: rows}, dict(asked_of(ACCOUNT)))
    platform.fault = None
    platform.requests.clear()
    await sleeper.wake(hass)
    assert len(asked(platform)) == 1


async def test_days_that_were_stored_when_it_crashed_keep_their_point(
    hass: HomeAssistant, begin: Begin, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.fault = Fault.SERVER
    account = {**ACCOUNT, "production_point": PRODUCTION_POINT}
    entry = await begin(account)
    rows = [LenedaRow(TODAY - n * QUARTER_HOUR, 0.5, is_measured=True) for n in range(96, 0, -1)]
    add = QuarterHourFiles.add

    def add_and_crash(*args: Any) -> None:  # noqa: ANN401 - those of `add`
        add(*args)
        raise ArithmeticError

    monkeypatch.setattr(QuarterHourFiles, "add", add_and_crash)
    with pytest.raises(ArithmeticError):
        await entry.runtime_data.books.leneda.async_add({EXPORTED: rows}, dict(asked_of(account)))

    files = QuarterHourFiles(hass, entry.entry_id)
    assert len(files.read_others(EXPORTED, OTHER_PRODUCTION, TODAY)) == 96


async def test_a_key_that_stops_working(
    hass: HomeAssistant, begin: Begin, platform: Platform, at: At, issue_registry: ir.IssueRegistry
) -> None:
    entry = await begin()
    platform.key = "another"
    await at(utc("2026-11-22 13:00"))
    issue = issue_registry.async_get_issue("smarty_p1", f"leneda_key_{entry.entry_id}")
    assert issue
    assert issue.is_fixable
    assert platform.refused == 1
    assert entry.state is ConfigEntryState.LOADED
    assert not hass.config_entries.flow.async_progress()
    # Once a day it is tried: the platform may have been wrong.
    await at(utc("2026-11-22 22:00"))
    assert platform.refused == 1
    platform.key = KEY
    await at(utc("2026-11-23 13:00"))
    assert not issue_registry.async_get_issue("smarty_p1", f"leneda_key_{entry.entry_id}")


@pytest.mark.usefixtures("short_past")
async def test_a_gap_is_filled_the_next_day(
    hass: HomeAssistant, begin: Begin, platform: Platform, at: At
) -> None:
    entry = await begin()
    off = range(36, 52)
    for n in set(range(96)) - set(off):
        measure(entry, [QuarterHour(TODAY + n * QUARTER_HOUR, 0.25)])
    platform.series[POINT, IMPORTED] = lambda _start: 3.0

    async def told() -> list[tuple[float, str | None]]:
        period = {"start": "2026-11-21 00:00", "end": "2026-11-22 00:00"}
        answer = await hass.services.async_call(
            "smarty_p1", "get_quarter_hours", period, blocking=True, return_response=True
        )
        assert answer
        rows: Any = answer["quarter_hours"]
        return [(row["imported_kwh"] * 4, row.get("origin")) for row in rows]

    await hass.config.async_set_time_zone("Europe/Luxembourg")
    assert len(await told()) == 80

    await at(utc("2026-11-22 13:00"))

    rows = await told()
    assert len(rows) == 96
    assert [row for n, row in enumerate(rows) if n in off] == [(3.0, "leneda")] * 16
    assert {row for n, row in enumerate(rows) if n not in off} == {(0.25, None)}


async def test_a_day_that_stays_incomplete_is_given_up_after_two_weeks(
    begin: Begin, platform: Platform, at: At
) -> None:
    lost = TODAY + 5 * HOUR
    platform.series[POINT, IMPORTED] = lambda start: (
        None if start < TODAY - DAY or start == lost else 0.5
    )
    await begin()
    days = []
    for n in (1, 3, 5, 15, 16, 17):
        asked(platform)
        await at(TODAY + n * DAY + 15 * HOUR)
        days.append([(end - start) // DAY for _, start, end in asked(platform)])

    # The first day is asked for again, but not for ever.
    assert days[:3] == [[1], [3], [5]]
    assert [1] in days[-2:]


async def test_after_weeks_without_requests_each_day_is_asked_for(
    begin: Begin, platform: Platform, at: At
) -> None:
    platform.series[POINT, IMPORTED] = lambda start: None if start < TODAY - DAY else 0.5
    entry = await begin()
    await at(TODAY + 50 * DAY + 15 * HOUR)

    starts = {row.start for row in await known(entry)}
    assert {TODAY + n * QUARTER_HOUR for n in range(50 * 96)} <= starts


async def test_a_clock_that_was_weeks_ahead(begin: Begin, platform: Platform, at: At) -> None:
    platform.series[POINT, IMPORTED] = lambda start: 0.5 if start >= TODAY - 20 * DAY else None
    entry = await begin()
    platform.known_until = TODAY
    await at(NOW + 40 * DAY + 5 * HOUR)
    platform.known_until = None
    platform.series[POINT, EXPORTED] = platform.series[POINT, IMPORTED]
    platform.requests.clear()

    await at(NOW + DAY)
    assert await known(entry, EXPORTED)
    assert any(start < TODAY - 30 * DAY for _, start, _ in asked(platform))
    assert (await known(entry))[-1].start == TODAY + DAY - QUARTER_HOUR
    # After that, no more is asked than on other days.
    await at(NOW + 2 * DAY + 5 * HOUR)
    assert asked(platform) == [(IMPORTED, TODAY + DAY, TODAY + 2 * DAY)]


@pytest.mark.usefixtures("short_past")
async def test_a_right_that_is_given_later(begin: Begin, platform: Platform, at: At) -> None:
    entry = await begin()
    platform.series[POINT, EXPORTED] = platform.series[POINT, IMPORTED]
    for days in range(1, 9):
        await at(utc("2026-11-21 13:00") + days * DAY)
    assert (await known(entry, EXPORTED))[0].start == TODAY - 10 * DAY
