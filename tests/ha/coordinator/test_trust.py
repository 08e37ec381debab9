"""Readings are verified or not shown: replays, new keys, security switched on and off."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_VERIFY,
    DOMAIN,
)
from custom_components.smarty_p1.coordinator import (
    failure_run,
    meter_coordinator,
    port_coordinator,
)
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.coordinator.meter_memory_file import MeterStore
from custom_components.smarty_p1.lib.p1 import Opener, Reason
from tests.ha.conftest import EntryMaker
from tests.ha.meter import (
    KEY,
    OTHER_AUTHENTICATION_KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    SERIAL,
    SYSTEM_TITLE,
    MeterPort,
    encipher,
    literal_frame,
    seal,
    with_value,
)
from tests.ha.support import (
    ENERGY,
    FORGED,
    OTHER_METER,
    OTHER_TITLE,
    TELEGRAM,
    let_pass,
    own_log,
    set_up,
    state_of,
    wait_for_entities,
    wait_until,
)


class Clock:
    """What the coordinator takes for the current time."""

    def __init__(self) -> None:
        self.now = datetime.fromisoformat("2025-07-03T08:30:00+00:00")

    def utcnow(self) -> datetime:
        """Return the current time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop the coordinator's clock, but neither the event loop nor its real connections."""
    clock = Clock()
    monkeypatch.setattr(meter_coordinator, "dt_util", clock)
    return clock


@pytest.fixture(autouse=True)
def patient_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a connection without bytes open, when half a minute passes in no time."""
    monkeypatch.setattr(SmartyCoordinator, "silence_timeout", None)


def reauths(hass: HomeAssistant) -> list[Any]:
    """Return the dialogs that ask for new keys."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the repair issues of the integration by their kind."""
    return {
        str(issue.translation_key): issue
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active and issue.translation_key != "meter_clock"
    }


async def send(hass: HomeAssistant, port: MeterPort, *frames: bytes) -> None:
    """Send frames, and wait until each has been judged."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data

    def judged() -> int:
        rejected: int = (
            coordinator.reception.rejections.total() + coordinator.reception.other_meters.total()
        )
        return rejected + int(coordinator.readings)

    for judged_then, frame in enumerate(frames, judged() + 1):
        await port.send(frame)
        await wait_until(hass, partial(_reaches, judged, judged_then))


def _reaches(number: Callable[[], int], wanted: int) -> bool:
    return number() >= wanted


def failing(number: int, system_title: bytes = SYSTEM_TITLE) -> Iterator[bytes]:
    """Yield frames that fail with this meter's keys."""
    for counter in range(500, 500 + number):
        yield encipher(FORGED, counter, key=OTHER_KEY, system_title=system_title)


async def go_on(hass: HomeAssistant, port: MeterPort, *frames: bytes) -> None:
    """Send frames, and the last one once more half a minute later."""
    await send(hass, port, *frames)
    await let_pass(hass, 31)
    await send(hass, port, frames[-1])


async def set_up_again(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, frame: bytes, **data: str
) -> None:
    """Reload an entry with other data; its meter sends one frame."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data={**entry.data, **data})
    port.greeting = frame
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.usefixtures("short_setup")
async def test_recorded_frames_are_refused_after_a_restart(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await send(hass, port, encipher(TELEGRAM, 900))

    await set_up_again(hass, port, entry, encipher(FORGED, 900))
    await wait_until(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "replay"

    await set_up_again(hass, port, entry, encipher(TELEGRAM, 901))
    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, ENERGY).state == "25678.901"


@pytest.mark.usefixtures("short_setup")
async def test_a_new_key_counts_from_zero_and_the_old_one_does_not(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await send(hass, port, encipher(TELEGRAM, 900))

    new = {CONF_ENCRYPTION_KEY: OTHER_KEY}
    await set_up_again(hass, port, entry, encipher(TELEGRAM, 0, key=OTHER_KEY), **new)
    assert entry.state is ConfigEntryState.LOADED
    await wait_for_entities(hass, entry)

    old = {CONF_ENCRYPTION_KEY: KEY}
    await set_up_again(hass, port, entry, encipher(TELEGRAM, 0), **old)
    await wait_until(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY)
    assert entry.error_reason_translation_key == "replay"
    await set_up_again(hass, port, entry, encipher(TELEGRAM, 901), **old)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.has_entities


async def test_the_counter_is_stored_every_five_minutes(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, make_entry)
    key = f"{DOMAIN}.{entry.entry_id}.meter"

    def stored() -> list[int]:
        counters = hass_storage[key]["data"]["counters"]
        return [counter for titles in counters.values() for counter in titles.values()]

    await wait_until(hass, lambda: key in hass_storage)
    first = stored()
    assert first == [port.counter]
    for seconds in (10, 61, 280):
        await send(hass, port, port.next_frame(TELEGRAM))
        await let_pass(hass, seconds)
        assert stored() == first

    await let_pass(hass, 301)
    assert stored() == [port.counter]
    assert KEY.lower() not in str(hass_storage[key]).lower()

    await hass.config_entries.async_remove(entry.entry_id)
    assert key not in hass_storage


async def test_replays_do_not_put_off_storing_the_counter(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    opener = Opener(bytes.fromhex(KEY))
    before = MeterStore(hass, "of a meter")
    before.memory.note_counter(opener, SYSTEM_TITLE, 900)
    await before.async_save()

    store = MeterStore(hass, "of a meter")
    await store.async_load()
    for counter in (900, 901):
        store.memory.note_counter(opener, SYSTEM_TITLE, counter)
        store.schedule_save()
        await let_pass(hass, 1)
        (stored,) = hass_storage[f"{DOMAIN}.of a meter.meter"]["data"]["counters"].values()
        assert stored == {SYSTEM_TITLE.hex(): counter}


async def test_new_key_starts_reauthentication_once(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, port, make_entry)
    ids = {state.entity_id for state in hass.states.async_all("sensor")}
    caplog.clear()

    await go_on(hass, port, *failing(3))
    assert not reauths(hass)
    assert state_of(hass, ENERGY).state == "25678.901"
    await send(hass, port, port.next_frame(TELEGRAM), *failing(20))
    await let_pass(hass, 28)
    await send(hass, port, *failing(1))
    assert not reauths(hass)
    assert state_of(hass, ENERGY).state == "25678.901"
    assert not own_log(caplog)

    await let_pass(hass, 31)
    assert not reauths(hass)
    await send(hass, port, *failing(1))
    assert [flow["context"]["entry_id"] for flow in reauths(hass)] == [entry.entry_id]
    assert state_of(hass, ENERGY).state == "unavailable"
    await send(hass, port, *failing(7))
    assert len(reauths(hass)) == 1
    assert {state.entity_id for state in hass.states.async_all("sensor")} == ids
    assert [level for level, _ in own_log(caplog)] == ["ERROR"]
    assert not issues(hass)


async def test_reauthentication_is_called_off_when_the_old_key_fits_again(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    await go_on(hass, port, *failing(4))
    assert reauths(hass)

    await send(hass, port, port.next_frame(TELEGRAM))
    assert not reauths(hass)
    assert state_of(hass, ENERGY).state == "25678.901"
    await go_on(hass, port, *failing(4))
    assert reauths(hass)


@pytest.mark.usefixtures("short_setup")
async def test_reauthentication_that_a_reload_calls_off_starts_again(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_run, "LEAST_LISTENING", 0.1)
    entry = await set_up(hass, port, make_entry)
    await go_on(hass, port, *failing(4))
    assert reauths(hass)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not reauths(hass)

    port.sending = failing(1000)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert len(reauths(hass)) == 1
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("changed", [CONF_ENCRYPTION_KEY, CONF_AUTHENTICATION_KEY])
async def test_what_failed_with_other_keys_does_not_count(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
) -> None:
    monkeypatch.setattr(failure_run, "LEAST_LISTENING", 0.1)
    entry = await set_up(hass, port, make_entry)
    await go_on(hass, port, *failing(4))
    [flow] = reauths(hass)
    hass.config_entries.flow.async_abort(flow["flow_id"])

    port.sending = failing(1000)
    await set_up_again(hass, port, entry, b"", **{changed: "5C" * 16})
    await wait_until(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY)
    assert not reauths(hass)
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("short_setup")
async def test_reauthentication_starts_while_set_up_fails(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_run, "LEAST_DURATION", 0.4)
    monkeypatch.setattr(failure_run, "LEAST_LISTENING", 0.1)
    port.sending = failing(1000)
    entry = make_entry(port.url)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert not reauths(hass)

    await let_pass(hass, 10)
    await wait_until(hass, lambda: bool(reauths(hass)))
    assert entry.error_reason_translation_key == "wrong_key"
    await hass.config_entries.async_unload(entry.entry_id)


MARKUP = b"[x](http://a)".hex().upper()
OTHERS = [encipher(OTHER_METER, 900 + n, system_title=OTHER_TITLE) for n in range(5)]
MARKED = seal(TELEGRAM.replace(SERIAL.encode().hex().upper(), MARKUP))


@pytest.mark.parametrize(
    ("key", "bad", "problem", "told", "logged"),
    [
        (KEY, [seal(FORGED)] * 5, "security_off", {}, "no longer encrypts its telegrams"),
        (None, [encipher(FORGED, 2)] * 5, "security_on", {}, "encrypts its telegrams"),
        (
            KEY,
            OTHERS,
            "other_meter",
            {"found": OTHER_SERIAL, "serial_number": SERIAL},
            OTHER_SERIAL,
        ),
        (
            KEY,
            [*failing(5, system_title=OTHER_TITLE)],
            "other_meter_unreadable",
            {"name": "Smarty 2574", "serial_number": SERIAL},
            "a meter other than SAG1030790002574",
        ),
        # Nobody on the line writes markup into what people read.
        (None, [MARKED] * 5, "other_meter", {"found": "?x??http???a?"}, "?x??http???a?"),
    ],
)
async def test_what_fails_so_often_and_for_so_long_is_a_repair_until_it_is_mended(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
    key: str | None,
    bad: list[bytes],
    problem: str,
    told: dict[str, str],
    logged: str,
) -> None:
    def good() -> bytes:
        return port.next_frame(TELEGRAM) if key else seal(TELEGRAM)

    port.greeting = good()
    entry = make_entry(port.url, key=key)
    await hass.config_entries.async_setup(entry.entry_id)
    await send(hass, port, *bad[:4])
    await let_pass(hass, 31)
    assert not issues(hass)
    assert state_of(hass, ENERGY).state == "25678.901"

    await send(hass, port, bad[4])
    assert issues(hass).keys() == {problem}
    issue = issues(hass)[problem]
    assert issue.is_fixable
    assert told.items() <= (issue.translation_placeholders or {}).items()
    assert not reauths(hass)
    assert state_of(hass, ENERGY).state == "unavailable"
    [line] = [text for _, text in own_log(caplog)]
    assert logged in line

    await send(hass, port, good())
    assert not issues(hass)
    assert state_of(hass, ENERGY).state == "25678.901"


async def test_a_meter_that_is_removed_takes_its_repairs_along(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await go_on(hass, port, *failing(4, system_title=OTHER_TITLE))
    assert issues(hass)["other_meter_unreadable"].translation_placeholders == {
        "name": "Smarty 2574",
        "serial_number": SERIAL,
        "port": port.url,
    }
    assert entry.runtime_data.obstacle == "other_meter_unreadable"
    await hass.config_entries.async_remove(entry.entry_id)
    assert not issues(hass)


async def test_reading_without_verification_is_a_choice_that_stays_visible(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    port.greeting = literal_frame("other_authentication_key")
    entry = make_entry(port.url)
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_VERIFY: False})
    await hass.config_entries.async_setup(entry.entry_id)

    assert state_of(hass, ENERGY).state == "12345.678"
    assert state_of(hass, "smarty_verification").state == "not_verified"
    assert issues(hass)["not_verified"].is_fixable

    async def forge(counter: int, key: str = KEY) -> None:
        frame = encipher(TELEGRAM, counter, key=key, authentication_key=OTHER_KEY)
        await send(hass, port, frame)

    await forge(2_000_000_000)
    assert state_of(hass, ENERGY).state == "25678.901"
    await forge(2_000_000_000)
    assert entry.runtime_data.reception.rejections == {Reason.REPLAY: 1}
    await forge(2_000_000_001, key=OTHER_KEY)
    assert entry.runtime_data.reception.rejections == {Reason.REPLAY: 1, Reason.TAG: 1}
    await send(hass, port, encipher(TELEGRAM, 2_000_000_002))
    assert state_of(hass, "smarty_verification").state == "verified"
    assert "not_verified" in issues(hass)

    data = {key: value for key, value in entry.data.items() if key != CONF_VERIFY}
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(
        entry, data={**data, CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY}
    )
    port.greeting = encipher(TELEGRAM, 2_000_000_003, authentication_key=OTHER_AUTHENTICATION_KEY)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_entities(hass, entry)
    assert not issues(hass)
    assert state_of(hass, "smarty_verification").state == "verified"


@pytest.mark.usefixtures("clock")
async def test_wrong_clock_of_the_meter(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    issue_registry: ir.IssueRegistry,
) -> None:
    def is_wrong() -> bool:
        issue = issue_registry.issues.get((DOMAIN, f"meter_clock_{entry.entry_id}"))
        return issue is not None and issue.active

    def telegram(time: str) -> bytes:
        return port.next_frame(with_value(TELEGRAM, "0-0:1.0.0", f"({time})"))

    entry = await set_up(hass, port, make_entry)
    await send(hass, port, telegram("250703103459S"))
    assert not is_wrong()
    await send(hass, port, telegram("250703103501S"))
    assert is_wrong()
    await send(hass, port, telegram("250703103459S"))
    assert is_wrong()
    await send(hass, port, telegram("250703103359S"))
    assert not is_wrong()
    await send(hass, port, telegram("250703102501S"))
    assert not is_wrong()
    await send(hass, port, telegram("250703102459S"))
    assert is_wrong()
    # After a restart, it is remembered and not shown.
    await issue_registry.async_load()
    await send(hass, port, telegram("250703102459S"))
    assert is_wrong()


async def test_no_telegram_for_an_hour(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    clock: Clock,
) -> None:
    await set_up(hass, port, make_entry)

    async def minutes(number: int) -> None:
        for _ in range(number):
            clock.now += timedelta(seconds=60)
            await let_pass(hass, 61)

    await minutes(58)
    assert not issues(hass)
    await minutes(3)
    assert issues(hass).keys() == {"no_telegram"}


@pytest.mark.usefixtures("short_setup")
async def test_no_telegram_since_before_the_restart(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    clock: Clock,
) -> None:
    entry = await set_up(hass, port, make_entry)
    await hass.config_entries.async_unload(entry.entry_id)
    clock.now += timedelta(minutes=50)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY)
    assert not issues(hass)

    clock.now += timedelta(minutes=11)
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues(hass).keys() == {"no_telegram"}

    port.greeting = port.next_frame(TELEGRAM)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert not issues(hass)


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        pytest.param([seal(FORGED)] * 1000, "security_off", id="security off"),
        pytest.param(
            [encipher(OTHER_METER, n, system_title=OTHER_TITLE) for n in range(1000)],
            "other_meter",
            id="other meter",
        ),
    ],
)
async def test_repair_is_shown_again_after_a_restart(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    bad: list[bytes],
    problem: str,
) -> None:
    monkeypatch.setattr(failure_run, "LEAST_DURATION", 0.1)
    entry = make_entry(port.url)
    # What Home Assistant stores of issues: that there was one, and whether it is ignored.
    hass_storage[ir.STORAGE_KEY] = {
        "version": ir.STORAGE_VERSION_MAJOR,
        "minor_version": ir.STORAGE_VERSION_MINOR,
        "key": ir.STORAGE_KEY,
        "data": {
            "issues": [
                {
                    "created": "2025-07-03T08:00:00+00:00",
                    "dismissed_version": None,
                    "domain": DOMAIN,
                    "is_persistent": False,
                    "issue_id": f"{problem}_{entry.entry_id}",
                }
            ]
        },
    }
    await ir.async_get(hass).async_load()
    assert not issues(hass)

    port.sending = iter(bad)
    await hass.config_entries.async_setup(entry.entry_id)
    assert issues(hass).keys() == {problem}

    port.sending = None
    port.greeting = port.next_frame(TELEGRAM)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert (DOMAIN, f"{problem}_{entry.entry_id}") not in ir.async_get(hass).issues


@pytest.mark.usefixtures("short_setup")
async def test_repairs_of_a_meter_that_is_disabled_go(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, clock: Clock
) -> None:
    entry = await set_up(hass, port, make_entry)
    await hass.config_entries.async_unload(entry.entry_id)
    clock.now += timedelta(hours=2)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(hass, lambda: entry.state is ConfigEntryState.SETUP_RETRY)
    assert issues(hass)

    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert not issues(hass)


async def test_nothing_old_is_stored_after_a_set_up_that_failed(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
    hass_storage: dict[str, Any],
) -> None:
    monkeypatch.setattr(port_coordinator, "SETUP_TIMEOUT", 1.0)
    entry = make_entry(port.url)
    stored = f"{DOMAIN}.{entry.entry_id}.meter"

    port.greeting = encipher(OTHER_METER, 1, system_title=OTHER_TITLE)
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    async with asyncio.timeout(10):
        while stored not in hass_storage:
            await asyncio.sleep(0.005)
    # The second save within the minute has to wait, longer than set-up does.
    await port.send(encipher(OTHER_METER, 2, system_title=OTHER_TITLE))
    await setting_up
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert [*hass_storage[stored]["data"]["counters"].values()] == [{OTHER_TITLE.hex(): 2}]

    await hass.config_entries.async_remove(entry.entry_id)
    await let_pass(hass, 61)
    assert stored not in hass_storage


@pytest.mark.parametrize("content", [[], {}, {"counters": None}, {"counters": {"key": {"?": 1}}}])
async def test_memory_that_is_damaged_is_begun_anew(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    content: object,
) -> None:
    port.greeting = port.next_frame(TELEGRAM)
    entry = make_entry(port.url)
    key = f"{DOMAIN}.{entry.entry_id}.meter"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": content}

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert hass_storage[key]["data"]["system_title"] == SYSTEM_TITLE.hex()


async def test_damaged_frames_between_those_of_this_meter_are_no_other_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    for _ in range(3):
        await go_on(hass, port, *failing(1), *failing(6, system_title=OTHER_TITLE), *failing(1))
    assert reauths(hass)
    assert not issues(hass)


@pytest.mark.usefixtures("short_setup")
async def test_a_meter_that_was_long_away_is_back_within_a_minute(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = make_entry(port.url)
    monkeypatch.setattr(entry, "_tries", 9)  # Home Assistant itself would wait ten minutes
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY

    port.greeting = port.next_frame(TELEGRAM)
    await let_pass(hass, 61)
    await wait_until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    assert state_of(hass, ENERGY).state == "25678.901"
