"""Repairs when the platform's key stops working, or when the platform counts another energy."""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from aiohttp import StreamReader
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.leneda import (
    client as leneda_client,
    download as leneda_download,
)
from custom_components.smarty_p1.coordinator.leneda.client import (
    LenedaError,
    SeriesRequest,
    async_series,
)
from custom_components.smarty_p1.coordinator.repair_issues import tell_difference
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.history.register_amounts import Amounts
from custom_components.smarty_p1.lib.history.spans import SpanKind
from custom_components.smarty_p1.lib.leneda.api_response import read_time_series
from custom_components.smarty_p1.lib.leneda.day_differences import compare_days
from custom_components.smarty_p1.lib.leneda.measured_and_estimated_rows import LenedaRow
from dev.leneda import Fault, Platform
from dev.ports import free_ports
from tests.ha.dialogs import fill_in, is_created, is_done, open_repair
from tests.ha.leneda import ENERGY_ID, IMPORTED, KEY, POINT, PRIVATE, QUARTER_HOUR, REMAINING, utc
from tests.ha.measured import as_span
from tests.ha.support import Home, issue_of, reload_entry, smarty_entry, wait_until

pytestmark = pytest.mark.usefixtures("at_once")

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
NEW_KEY = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
DAY = timedelta(days=1)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests follow each other without a pause."""
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)


@pytest.fixture
async def entry(home: Home, platform: Platform) -> MockConfigEntry:
    """Return an entry with an account whose key is not known any more."""
    platform.key = NEW_KEY
    entry = await home.set_up(leneda=ACCOUNT)
    home.answer()
    await home.wait_until(lambda: home.issue("leneda_key") is not None)
    return entry


async def mend(
    hass: HomeAssistant, entry: MockConfigEntry, typed: dict[str, str]
) -> RepairsFlowResult:
    form = await open_repair(hass, f"leneda_key_{entry.entry_id}")
    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == {}
    assert KEY not in repr(form)
    return await fill_in(hass, form, typed)


async def test_a_new_key_is_tried_and_taken(
    hass: HomeAssistant, entry: MockConfigEntry, platform: Platform
) -> None:
    wrong: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"api_key": KEY}, {"api_key": "leneda_invalid_auth"}),
        ({"energy_id": ENERGY_ID}, {"api_key": "leneda_key_malformed"}),
        ({"api_key": NEW_KEY, "energy_id": " "}, {"energy_id": "leneda_energy_id_malformed"}),
    ]
    for typed, errors in wrong:
        assert (await mend(hass, entry, typed))["errors"] == errors
        assert entry.options["leneda"] == ACCOUNT
        assert issue_of(hass, entry, "leneda_key")

    result = await mend(hass, entry, {"api_key": NEW_KEY, "energy_id": ENERGY_ID})
    assert is_created(result)
    await hass.async_block_till_done()
    assert entry.options["leneda"] == {**ACCOUNT, "api_key": NEW_KEY}
    assert not issue_of(hass, entry, "leneda_key")
    asked = len(platform.requests)
    await wait_until(hass, lambda: len(platform.requests) > asked)


async def test_without_an_account_nothing_is_left_to_repair(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, options={})
    form = await open_repair(hass, f"leneda_key_{entry.entry_id}")
    assert is_done(form, "entry_removed")

    assert await reload_entry(hass, entry)
    await hass.async_block_till_done()
    assert not issue_of(hass, entry, "leneda_key")


# Each quarter-hour has another power, so that shifts show.
def power(start: datetime) -> float:
    return 0.4 + start.hour / 10 + start.minute / 100


@pytest.fixture
def midnight() -> datetime:
    local = dt_util.utcnow().astimezone(dt_util.get_time_zone("Europe/Luxembourg"))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(dt_util.UTC)


@pytest.mark.parametrize(
    ("platform_kw", "problem"),
    [(power, None), (lambda start: power(start) * 4, "leneda_factor_four")],
)
async def test_days_are_compared(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    home: Home,
    platform: Platform,
    midnight: datetime,
    platform_kw: Callable[[datetime], float],
    problem: str | None,
) -> None:
    platform.series[POINT, IMPORTED] = platform_kw
    entry = await home.set_up()
    start, number = midnight - 4 * DAY, 0
    series = entry.runtime_data.records.quarter_hours
    while start < midnight:
        number += 1
        series.append([as_span(QuarterHour(start, power(start), power(start) / 8), number)])
        start += QUARTER_HOUR
    await hass.async_block_till_done()
    home.answer()

    def told() -> dict[str, dict[str, str]]:
        return {
            issue.translation_key: issue.translation_placeholders or {}
            for issue in ir.async_get(hass).issues.values()
            if issue.active and issue.translation_key and issue.translation_key.startswith("leneda")
        }

    async def ask(**changes: str) -> None:
        hass.config_entries.async_update_entry(entry, options={"leneda": {**ACCOUNT, **changes}})
        platform.requests.clear()
        assert await reload_entry(hass, entry)
        # The comparison is over when the history is requested.
        await home.wait_until(
            lambda: [request for request in platform.requests if request.code == IMPORTED][1:] != []
        )

    await ask()
    assert set(told()) == ({problem} if problem else set())
    if problem:
        assert told()[problem]["day"] == f"{midnight - DAY + timedelta(hours=12):%Y-%m-%d}"
        # 42.6 kWh are 24 hours of `power`; a day can have an hour more or less. All users see the
        # same text, so it has whole Wh: no language writes these with a point.
        own, other_wh = (int(told()[problem][key]) for key in ("own", "leneda"))
        assert (own, other_wh) == (pytest.approx(42_600, abs=3000), pytest.approx(own * 4, abs=2))
        assert not [secret for secret in PRIVATE if secret in repr(told())]

        # The repair ends as soon as the days agree.
        other = f"{POINT[:-1]}5"
        platform.series[other, IMPORTED] = power
        await ask(consumption_point=other)
        assert told() == {}


async def test_a_day_whose_registers_contradict_the_platform_is_a_repair(
    home: Home, platform: Platform, midnight: datetime
) -> None:
    platform.series[POINT, IMPORTED] = power
    entry = await home.set_up()
    series, number = entry.runtime_data.records.quarter_hours, 0
    start = midnight - 2 * DAY
    outage = range(40, 72)
    for n in range(192):
        if n not in outage[1:]:
            number += 1
            span = as_span(QuarterHour(start + n * QUARTER_HOUR, power(start + n * QUARTER_HOUR)))
            if n in outage:
                end = start + outage.stop * QUARTER_HOUR
                span = span._replace(kind=SpanKind.GAP, end=end, amounts=Amounts(1000.0))
            series.append([span._replace(number=number)])
    await home.hass.async_block_till_done()
    home.answer()
    options = {"leneda": ACCOUNT}
    home.hass.config_entries.async_update_entry(entry, options=options)
    assert await reload_entry(home.hass, entry)
    await home.wait_until(lambda: home.issue("leneda_difference") is not None)
    told = home.issue("leneda_difference")
    assert told
    assert told.translation_placeholders
    own_wh, leneda_wh = (int(told.translation_placeholders[key]) for key in ("own", "leneda"))
    day = [power(start + n * QUARTER_HOUR) * 250 for n in range(96)]
    lost_wh = sum(day[n] for n in outage) - 1000
    assert (own_wh, leneda_wh) == (round(sum(day) - lost_wh), round(sum(day)))


def test_the_repair_names_the_newest_day_that_differs(hass: HomeAssistant) -> None:
    entry = smarty_entry(title="Smarty")
    entry.add_to_hass(hass)
    # A week later, Leneda has corrected the first one, and another day differs.
    for start, differing, told in (
        ("2026-11-01 23:00", 3, "2026-11-05"),
        ("2026-11-08 23:00", 9, "2026-11-18"),
    ):
        times = [utc(start) + n * QUARTER_HOUR for n in range(14 * 96)]
        own = [QuarterHour(time, 1.0, 0.0) for time in times]
        rows = [
            LenedaRow(time, 1.0 + (n // 96 == differing), is_measured=True)
            for n, time in enumerate(times)
        ]
        tell_difference(hass, entry, compare_days(own, rows))
        [issue] = ir.async_get(hass).issues.values()
        assert (issue.translation_placeholders or {})["day"] == told


START = utc("2026-11-17 23:00")
END = START + timedelta(days=1)


async def ask(
    hass: HomeAssistant, *, key: str = KEY, point: str = POINT, code: str = IMPORTED
) -> tuple[LenedaRow, ...]:
    account = {"api_key": key, "energy_id": ENERGY_ID}
    request = SeriesRequest(point, code, START, END)
    return await async_series(hass, account, request, read_time_series)


async def refusal(hass: HomeAssistant, *, key: str = KEY, point: str = POINT) -> str:
    """Return the reason of a refusal, after a check that the error has no secret."""
    with pytest.raises(LenedaError) as caught:
        await ask(hass, key=key, point=point)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [secret for secret in (*PRIVATE, key, point) if secret in told]
    return caught.value.reason


@pytest.mark.begins_at("2026-11-19T08:00:00Z")
async def test_a_day(hass: HomeAssistant, platform: Platform) -> None:
    platform.series[POINT, IMPORTED] = lambda start: 0.412 if start.minute else 3.96
    platform.version = lambda start: 2 if start < START + timedelta(hours=1) else 1
    platform.is_estimated = lambda start: start == START

    rows = await ask(hass)

    assert len(rows) == 96
    assert rows[0] == LenedaRow(START, 3.96, is_measured=False, version=2)
    assert rows[1] == LenedaRow(START + QUARTER_HOUR, 0.412, is_measured=True, version=2)
    assert rows[-1] == LenedaRow(END - QUARTER_HOUR, 0.412, is_measured=True, version=1)
    [asked] = platform.requests
    assert (asked.point, asked.code, asked.start, asked.end) == (POINT, IMPORTED, START, END)


@pytest.mark.usefixtures("platform")
async def test_unknown_point_and_code_without_right(hass: HomeAssistant) -> None:
    assert await refusal(hass, point=POINT[:-1] + "9") == "leneda_unknown_point"
    with pytest.raises(LenedaError) as caught:
        await ask(hass, code=REMAINING)
    assert caught.value.reason == "leneda_unknown_point"


@pytest.mark.parametrize("fault", [Fault.TOO_LARGE, Fault.ENDLESS, Fault.INFLATED])
async def test_an_answer_is_read_up_to_its_limit(
    hass: HomeAssistant, platform: Platform, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    received, feed = 0, StreamReader.feed_data

    def count(reader: StreamReader, data: bytes, size: int = 0) -> bool:
        nonlocal received
        received += len(data)
        return feed(reader, data, size)

    monkeypatch.setattr(StreamReader, "feed_data", count)
    platform.fault = fault
    assert await refusal(hass) == "leneda_answer_too_large"
    assert leneda_client.MAX_SIZE < received < 1.5 * leneda_client.MAX_SIZE


async def test_another_key(hass: HomeAssistant, platform: Platform) -> None:
    assert await refusal(hass, key="another") == "leneda_invalid_auth"
    assert platform.refused == 1


@pytest.mark.begins_at("2026-11-19T08:00:00Z")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.FORBIDDEN, "leneda_forbidden"),
        (Fault.NOT_FOUND, "leneda_not_found"),
        (Fault.TOO_MANY, "leneda_too_many"),
        (Fault.SERVER, "leneda_server"),
        (Fault.BROKEN_JSON, "leneda_not_understood"),
        (Fault.NO_OBJECT, "leneda_not_understood"),
        (Fault.TOO_LARGE, "leneda_answer_too_large"),
        (Fault.REDIRECT, "leneda_not_understood"),
        (Fault.DISCONNECTED, "leneda_unreachable"),
    ],
)
async def test_refusals(
    hass: HomeAssistant,
    platform: Platform,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.fault = fault
    assert await refusal(hass) == reason
    # With the key, the server behind a redirection could read everything.
    assert not platform.followed
    assert not [secret for secret in PRIVATE if secret in caplog.text]

    platform.fault = None
    assert len(await ask(hass)) == 96


async def test_a_slow_answer(
    hass: HomeAssistant, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_client, "TIMEOUT_S", 0.05)
    platform.fault = Fault.SLOW
    assert await refusal(hass) == "leneda_too_slow"


async def test_a_platform_without_an_answer_is_unreachable(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_client, "BASE_URL", f"http://127.0.0.1:{free_ports()}/api")
    assert await refusal(hass) == "leneda_unreachable"
