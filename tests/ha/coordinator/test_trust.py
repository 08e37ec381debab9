"""Readings are verified or not shown: replays, new keys, security switched on and off.

The accepted telegrams are tested in `lib/meter`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.smarty_p1.coordinator.stored.meter_memory_file import MeterStore
from custom_components.smarty_p1.lib.p1.frame_decryptor import FrameDecryptor
from custom_components.smarty_p1.lib.p1.rejection_reasons import Reason
from smartyp1.json_types import JsonDict
from tests.ha.coordinator.conftest import House
from tests.ha.dialogs import fill_in, open_repair, repair_text, suggested
from tests.ha.meter import (
    KEY,
    OTHER_AUTHENTICATION_KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    SERIAL,
    SYSTEM_TITLE,
    encipher,
    seal,
    stored_frame,
    with_registers,
    with_value,
)
from tests.ha.support import (
    FORGED,
    OTHER_METER,
    OTHER_TITLE,
    TELEGRAM,
    let_pass,
    reload_entry,
    remove_entry,
    said,
    state_of,
    wait_for_telegram,
    wait_until,
)
from tests.ha.topic import Clock

A_DAY = 86_400
pytestmark = pytest.mark.usefixtures("patient_link")


def failing(number: int, system_title: bytes = SYSTEM_TITLE) -> Iterator[bytes]:
    """Yield frames that fail with this meter's keys."""
    for counter in range(500, 500 + number):
        yield encipher(FORGED, counter, key=OTHER_KEY, system_title=system_title)


async def go_on(house: House, *frames: bytes) -> None:
    """Send frames, and the last one once more half a minute later."""
    await house.send(*frames)
    await house.passes(31)
    await house.send(frames[-1])


async def fails(house: House, reason: str) -> None:
    await wait_until(house.hass, lambda: house.coordinator.condition.state == "failing")
    assert house.coordinator.condition.obstacle == reason
    assert house.entry.state is ConfigEntryState.LOADED


@pytest.mark.usefixtures("short_setup")
async def test_recorded_frames_are_refused_after_a_restart_and_with_a_key_of_before(
    house: House,
) -> None:
    await house.begin()
    await house.send(encipher(TELEGRAM, 900))
    await house.again(encipher(FORGED, 900))
    await fails(house, "replay")
    assert "counter_reset" in suggested(await house.entry.start_reconfigure_flow(house.hass))
    # A new key counts from zero, and the old one does not.
    await house.again(encipher(TELEGRAM, 0, key=OTHER_KEY), encryption_key=OTHER_KEY)
    await wait_for_telegram(house.hass, house.entry)
    await house.again(encipher(TELEGRAM, 0), encryption_key=KEY)
    await fails(house, "replay")
    await house.again(encipher(TELEGRAM, 901))
    await wait_for_telegram(house.hass, house.entry)
    assert house.energy == "25678.901"


async def test_the_counter_is_stored_every_five_minutes(
    house: House, hass_storage: JsonDict
) -> None:
    await house.begin()
    key = f"smarty_p1.{house.entry.entry_id}.meter"

    def stored() -> list[int]:
        counters = hass_storage[key]["data"]["counters"]
        return [counter for titles in counters.values() for counter in titles.values()]

    await wait_until(house.hass, lambda: key in hass_storage)
    first = stored()
    assert first == [house.port.counter]
    for seconds in (10, 61, 280):
        await house.send(house.good())
        await house.passes(seconds)
        assert stored() == first

    await house.passes(301)
    assert stored() == [house.port.counter]
    assert KEY.lower() not in str(hass_storage[key]).lower()
    await remove_entry(house.hass, house.entry)
    assert key not in hass_storage


async def test_replays_do_not_put_off_storing_the_counter(
    hass: HomeAssistant, hass_storage: JsonDict
) -> None:
    decryptor = FrameDecryptor(bytes.fromhex(KEY))
    before = MeterStore(hass, "of a meter")
    await before.async_load()
    before.memory.note_counter(decryptor, SYSTEM_TITLE, 900)
    await before.async_save()

    store = MeterStore(hass, "of a meter")
    await store.async_load()
    for counter in (900, 901):
        store.memory.note_counter(decryptor, SYSTEM_TITLE, counter)
        store.schedule_save()
        await let_pass(hass, 1)
        (stored,) = hass_storage["smarty_p1.of a meter.meter"]["data"]["counters"].values()
        assert stored == {SYSTEM_TITLE.hex(): counter}


async def test_new_key_starts_reauthentication_once_until_the_old_one_fits_again(
    house: House,
) -> None:
    await house.begin()
    # The key is not doubted within a day: the frames may be altered on the way.
    await go_on(house, *failing(20))
    await house.passes(A_DAY - 120)
    await go_on(house, *failing(20))
    await fails(house, "altered_or_new_key")
    assert not house.reauths
    await house.passes(120)
    await go_on(house, *failing(4))
    # During a failure, changes are shown every ten seconds at most.
    await house.passes(11)
    [flow] = house.reauths
    assert flow["context"]["entry_id"] == house.entry.entry_id
    assert house.energy == "unavailable"
    await house.send(*failing(7))
    assert len(house.reauths) == 1
    assert not house.issues

    await house.send(house.good())
    assert not house.reauths
    assert house.energy == "25678.901"
    await house.passes(A_DAY + 1)
    await go_on(house, *failing(4))
    await house.passes(11)
    assert house.reauths
    # A reload calls the dialog off until telegrams have failed again.
    await reload_entry(house.hass, house.entry)
    await house.hass.async_block_till_done()
    assert not house.reauths
    # The key of the last good telegram is proved by the host's clock, which has not moved.
    await go_on(house, *failing(4))
    assert not house.reauths


OTHERS = [encipher(OTHER_METER, 900 + n, system_title=OTHER_TITLE) for n in range(5)]
MARKED = seal(
    TELEGRAM.replace(SERIAL.encode().hex().upper(), (b"[x](http://a)" + b"N" * 6000).hex().upper())
)
SHOWN_MARK = f"?x??http???a?{'N' * 51}"


@pytest.mark.parametrize(
    ("key", "bad", "problem", "told", "logged"),
    [
        (KEY, [seal(FORGED)] * 5, "security_off", {}, "no longer encrypts its telegrams"),
        (None, [encipher(FORGED, 2)] * 5, "security_on", {}, "encrypts its telegrams"),
        (
            *(KEY, OTHERS, "other_meter"),
            *({"found": OTHER_SERIAL, "serial_number": SERIAL}, OTHER_SERIAL),
        ),
        (
            *(KEY, [*failing(5, system_title=OTHER_TITLE)], "other_meter_unreadable"),
            *({"name": "Smarty 2574", "serial_number": SERIAL}, f"not from {SERIAL}"),
        ),
        # No sender on the line writes markup, or long texts, into messages for people.
        (None, [MARKED] * 5, "other_meter", {"found": SHOWN_MARK}, SHOWN_MARK),
    ],
)
async def test_a_frequent_and_long_failure_is_a_repair_until_it_is_mended(  # noqa: PLR0913, PLR0917
    house: House, key: str | None, bad: list[bytes], problem: str, told: dict[str, str], logged: str
) -> None:
    await house.begin(key=key)
    await house.send(*bad[:4])
    await house.passes(31)
    assert not house.issues
    assert house.energy == "25678.901"

    await house.send(bad[4])
    assert house.issues.keys() == {problem}
    issue = house.issues[problem]
    assert issue.is_fixable
    assert (told | {"port": house.port.url}).items() <= said(issue).items()
    assert not house.reauths
    assert house.energy == "unavailable"
    assert len(str(house.coordinator.last_exception)) < 300
    [(_, line)] = house.log
    assert logged in line

    # Set up again, the meter has the same repair until it is mended.
    await house.again(b"")
    assert house.issues.keys() == {problem}
    await house.send(house.good() if key else seal(TELEGRAM))
    assert not house.issues
    assert house.energy == "25678.901"


async def test_a_meter_that_is_removed_takes_its_repairs_along(house: House) -> None:
    await house.begin()
    await go_on(house, *failing(4, system_title=OTHER_TITLE))
    assert house.issues.keys() == {"other_meter_unreadable"}
    assert house.coordinator.condition.obstacle == "other_meter_unreadable"
    await remove_entry(house.hass, house.entry)
    assert not house.issues


async def test_reading_without_verification_is_a_choice_that_stays_visible(house: House) -> None:
    def verification() -> str:
        return state_of(house.hass, "smarty_verification_of_readings").state

    await house.begin(stored_frame("other_authentication_key"), verify=False)
    assert house.energy == "12345.678"
    assert verification() == "not_verified"
    assert house.issues["not_verified"].is_fixable

    consumed = with_value(TELEGRAM, "1-0:1.8.0", "(012345.679*kWh)")
    forged = encipher(consumed, 2_000_000_000, authentication_key=OTHER_KEY)
    await house.send(forged)
    assert house.energy == "12345.679"
    await house.send(
        forged, encipher(TELEGRAM, 2_000_000_001, key=OTHER_KEY, authentication_key=OTHER_KEY)
    )
    assert house.coordinator.source.reception.rejections == {Reason.REPLAY: 1, Reason.TAG: 1}
    await house.send(encipher(TELEGRAM, 2_000_000_002))
    assert verification() == "verified"
    assert "not_verified" in house.issues

    good = encipher(TELEGRAM, 2_000_000_003, authentication_key=OTHER_AUTHENTICATION_KEY)
    data = {key: value for key, value in house.entry.data.items() if key != "verify"}
    await house.unload()
    house.hass.config_entries.async_update_entry(house.entry, data=data)
    await house.again(good, authentication_key=OTHER_AUTHENTICATION_KEY)
    await wait_for_telegram(house.hass, house.entry)
    assert not house.issues
    assert verification() == "verified"


@pytest.mark.usefixtures("stopped_clock")
async def test_wrong_clock_of_the_meter(house: House) -> None:
    registry = ir.async_get(house.hass)
    await house.begin()
    # Beside 10:30:00: raised beyond five minutes, withdrawn within four, on both sides.
    for time, is_wrong in [
        ("103459", False),
        ("103501", True),
        ("103459", True),
        ("103359", False),
        ("102501", False),
        ("102459", True),
        ("restart", False),  # it is remembered then, and not shown
        ("102459", True),
    ]:
        if time == "restart":
            await registry.async_load()
            await house.again(b"")
        else:
            text = with_value(TELEGRAM, "0-0:1.0.0", f"(250703{time}S)")
            await house.send(house.port.next_frame(text))
        issue = registry.issues.get(("smarty_p1", f"meter_clock_{house.entry.entry_id}"))
        assert (issue is not None and issue.active) == is_wrong


async def test_a_clock_that_cannot_be_read_is_a_repair(house: House) -> None:
    await house.begin()
    for time in ("()", "(250703)", "(000000000000)", "(250703103000X)"):
        assert "clock_unreadable" not in house.issues
        await house.send(house.port.next_frame(with_value(TELEGRAM, "0-0:1.0.0", time)))
        await house.passes(21)
    await house.send(house.port.next_frame(with_value(TELEGRAM, "0-0:1.0.0", "()")))
    assert house.energy == "25678.901"
    assert house.issues["clock_unreadable"].translation_placeholders
    # Without a letter, it can be read.
    await house.send(house.port.next_frame(with_value(TELEGRAM, "0-0:1.0.0", "(250703103000)")))
    assert not house.issues
    assert house.entry.runtime_data.latest.time == datetime.fromisoformat(
        "2025-07-03T10:30:00+02:00"
    )


async def test_after_a_restored_backup_recorded_frames_are_not_shown(
    house: House, stopped_clock: Clock
) -> None:
    def frame_of(at: datetime, kwh: float) -> bytes:
        local = at + timedelta(hours=2)
        text = with_value(TELEGRAM, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}S)")
        return house.port.next_frame(with_registers(text, kwh))

    await house.begin()
    for hour in range(1, 27):
        stopped_clock.now += timedelta(hours=1)
        await house.send(frame_of(stopped_clock.now, 25_700 + hour))
    assert house.energy == "25726.0"
    recorded = stopped_clock.now + timedelta(days=1)
    stopped_clock.now += timedelta(days=22)
    told: list[object] = []
    house.coordinator.reading_listeners.add(told.append)
    for number in range(15):
        at = recorded + timedelta(seconds=10 * number)
        await house.send(frame_of(at, 25_750 + number / 100))
        assert house.energy == "unavailable"
        await house.passes(10)
    assert told == []
    placeholders = said(house.issues["telegrams_late"])
    assert placeholders["since"].startswith("2025-07-05")
    assert placeholders["now"].startswith("2025-07-26")
    assert house.entry.runtime_data.records.household_state.time == at
    # The meter itself is shown at once.
    await house.send(frame_of(stopped_clock.now, 25_800))
    assert house.energy == "25800.0"
    assert not house.issues

    # The meter's clock was really put back, as the user confirms.
    for number in range(15):
        await house.send(frame_of(recorded + timedelta(days=7, seconds=number), 25_801))
        await house.passes(10)
    assert house.energy == "unavailable"
    step = await open_repair(house.hass, house.issues["telegrams_late"].issue_id)
    await fill_in(house.hass, step, {})
    await house.send(frame_of(recorded + timedelta(days=7, seconds=20), 25_802))
    assert house.energy == "25802.0"


async def test_the_user_confirms_the_clock_of_a_new_meter(
    house: House, stopped_clock: Clock
) -> None:
    stopped_clock.now += timedelta(days=150)
    await house.begin()
    assert house.energy == "25678.901"
    demand_meter = house.coordinator.records.household
    assert demand_meter.meter.history.is_held
    [issue] = [
        issue
        for issue in ir.async_get(house.hass).issues.values()
        if issue.translation_key == "meter_clock"
    ]
    placeholders = said(issue)
    assert placeholders["since"].startswith("2025-07-03")
    assert placeholders["now"].startswith("2025-11-30")
    step = await open_repair(house.hass, issue.issue_id)
    await fill_in(house.hass, step, {})
    await house.send(house.good())
    assert not demand_meter.meter.history.is_held


async def test_no_reading_for_five_minutes_is_a_repair_with_the_reason(house: House) -> None:
    house.hass.config.language = "de"
    await house.begin()
    await house.passes(61)
    await house.passes(298)
    assert not house.issues
    await house.passes(3)
    [issue] = house.issues.values()
    assert (issue.translation_key, issue.is_fixable) == ("no_telegram", True)
    reason = await repair_text(house.hass, issue.issue_id, "reason")
    assert house.port.url in reason
    assert reason.startswith("Der Port")

    await house.send(OTHERS[0])
    await house.passes(11)
    [issue] = house.issues.values()
    assert OTHER_SERIAL in str(issue.translation_placeholders)
    await house.send(house.good())
    assert not house.issues


async def test_no_reading_since_a_start_is_a_repair_until_the_entry_is_disabled(
    house: House,
) -> None:
    entries = house.hass.config_entries
    await house.begin()
    await house.again(b"")
    await house.passes(31)
    await house.passes(301)
    assert house.issues.keys() == {"no_telegram"}
    # A reload does not remove a repair that still holds.
    await entries.async_reload(house.entry.entry_id)
    assert house.issues.keys() == {"no_telegram"}
    await entries.async_set_disabled_by(house.entry.entry_id, ConfigEntryDisabler.USER)
    assert not house.issues
    connections = house.port.connections
    await entries.async_set_disabled_by(house.entry.entry_id, None)
    await house.port.wait_for_connections(connections + 1)
    await house.passes(31)
    await house.passes(301)
    assert house.issues.keys() == {"no_telegram"}
    await house.send(house.good())
    assert not house.issues
