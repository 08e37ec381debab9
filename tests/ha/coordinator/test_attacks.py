"""Whoever can write to the line: what junk between telegrams does, and names without end."""

import asyncio
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import CONF_VERIFY, DOMAIN
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.meter import telegram_limits
from tests.ha.conftest import EntryMaker
from tests.ha.meter import (
    KEY,
    OTHER_KEY,
    SERIAL,
    SYSTEM_TITLE,
    MeterPort,
    encipher,
    seal,
    with_value,
    without_channels,
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

DAMAGED = seal(TELEGRAM).replace(b"1.8.0(0", b"1.8.0(9")
MOST_OBJECTS = 64
MOST_METERS = 16


def small_frame(counter: int, title: bytes = SYSTEM_TITLE) -> bytes:
    """Return a frame of 31 bytes that nobody needs a key for."""
    return b"\xdb\x08" + title + b"\x82\x00\x12\x30" + counter.to_bytes(4) + bytes(13)


JUNK: dict[str, Callable[[int], bytes]] = {
    "small frames": small_frame,
    "small frames of another meter": lambda n: small_frame(n, OTHER_TITLE),
    "small frames of any meter": lambda n: small_frame(n, n.to_bytes(8)),
    "frames with another key": lambda n: encipher(FORGED, n, key=OTHER_KEY),
    "plain telegrams": lambda _: seal(FORGED),
    "plain telegrams of another meter": lambda _: seal(OTHER_METER),
    "recorded frames": lambda _: encipher(TELEGRAM, 1),
    "damaged telegrams": lambda _: DAMAGED,
    "telegrams of another meter with the same key": lambda n: encipher(
        OTHER_METER, n, system_title=OTHER_TITLE
    ),
}


def troubles(hass: HomeAssistant) -> list[object]:
    """Return what the user is bothered with: dialogs and repairs."""
    issues = ir.async_get(hass).issues.values()
    return [
        *hass.config_entries.flow.async_progress(),
        *(i for i in issues if i.domain == DOMAIN and i.translation_key != "meter_clock"),
    ]


async def judged(hass: HomeAssistant, port: MeterPort, frame: bytes) -> None:
    """Send a frame, and wait until it has been judged."""
    coordinator: SmartyCoordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data

    def number() -> int:
        return (
            coordinator.readings
            + coordinator.reception.rejections.total()
            + coordinator.reception.other_meters.total()
        )

    before = number()
    await port.send(frame)
    await wait_until(hass, lambda: number() > before)


@pytest.mark.usefixtures("fast_line")
@pytest.mark.parametrize("interval", [1, 10])
@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
async def test_junk_among_good_telegrams_changes_nothing(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
    junk: Callable[[int], bytes],
    interval: int,
) -> None:
    await set_up(hass, port, make_entry)
    caplog.clear()
    counter = 500
    for _ in range(60 // interval):
        for _ in range(5):
            counter += 1
            await judged(hass, port, junk(counter))
            assert state_of(hass, ENERGY).state == "25678.901"
            assert not troubles(hass)
        await let_pass(hass, interval)
        assert state_of(hass, ENERGY).state == "25678.901"
        assert not troubles(hass)
        await judged(hass, port, port.next_frame(TELEGRAM))
    assert not own_log(caplog)


async def test_junk_before_an_outage_is_no_run_of_failures(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmartyCoordinator, "silence_timeout", None)
    await set_up(hass, port, make_entry)
    for counter in range(500, 510):
        await judged(hass, port, small_frame(counter))
    await let_pass(hass, 50)
    assert not troubles(hass)
    assert state_of(hass, ENERGY).state == "25678.901"
    await judged(hass, port, port.next_frame(TELEGRAM))
    await judged(hass, port, small_frame(510))
    assert not troubles(hass)


async def test_junk_does_not_keep_a_meter_from_being_set_up(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmartyCoordinator, "silence_timeout", None)
    entry = await set_up(hass, port, make_entry)
    for counter in range(500, 510):
        await judged(hass, port, small_frame(counter))
    await let_pass(hass, 31)
    await judged(hass, port, small_frame(510))
    assert troubles(hass)

    port.greeting = b"".join(small_frame(counter) for counter in range(500, 600))
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await port.wait_for_connections(2)
    await asyncio.sleep(0.3)
    assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    assert not troubles(hass)
    await port.send(port.next_frame(TELEGRAM))
    await reloading
    await hass.async_block_till_done()
    assert state_of(hass, ENERGY).state == "25678.901"
    assert not troubles(hass)


async def test_listeners_are_not_called_at_each_rejection(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmartyCoordinator, "silence_timeout", None)
    entry = await set_up(hass, port, make_entry)
    coordinator: SmartyCoordinator = entry.runtime_data
    for counter in range(500, 505):
        await judged(hass, port, small_frame(counter))
    await let_pass(hass, 31)
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    coordinator.async_add_listener(count)
    await judged(hass, port, small_frame(505))
    assert state_of(hass, ENERGY).state == "unavailable"
    assert calls == 1
    await port.send(b"".join(small_frame(counter) for counter in range(1000, 2000)))
    await wait_until(hass, lambda: coordinator.reception.rejections.total() >= 1000)
    assert calls == 1
    now = hass.loop.time
    with patch.object(hass.loop, "time", lambda: now() + 11):
        await judged(hass, port, small_frame(2000))
    assert calls == 2


@pytest.fixture
def many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let telegrams without a tag come faster than they may."""
    monkeypatch.setattr(telegram_limits, "MOST_TELEGRAMS_AT_ONCE", 1000)


def invented_telegrams(number: int) -> Iterator[bytes]:
    """Yield plain telegrams, each with meters and objects that no other has."""
    random = Random(1)  # noqa: S311 - no secret
    for n in range(number):
        text = without_channels(TELEGRAM)
        for channel in range(1, 5):
            name = f"EVIL{n:06}{channel}" + "X" * random.choice([0, 200])
            text = with_value(text, f"0-{channel}:24.1.0", "(003)")
            text = with_value(text, f"0-{channel}:96.1.0", f"({name.encode().hex()})")
            text = with_value(text, f"0-{channel}:24.2.1", "(250703103000S)(00001.000*m3)")
        for part in range(10):
            text = with_value(text, f"1-0:{n % 250}.{part}.9", f"({'y' * 500})")
        yield seal(text)


@pytest.mark.usefixtures("fast_line", "many_at_once")
async def test_names_without_end(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> None:
    port.greeting = seal(without_channels(TELEGRAM))
    entry = make_entry(port.url, key=None)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    port.greeting = b""
    caplog.clear()

    # The first ones within one chunk: their devices are not there yet when the next is read.
    frames = list(invented_telegrams(250))
    await port.send(b"".join(frames[:20]))
    await wait_until(hass, lambda: entry.runtime_data.readings == 21)
    for frame in frames[20:]:
        await judged(hass, port, frame)
    await hass.async_block_till_done()

    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert len(devices) == 1 + MOST_METERS
    assert all(len(device.serial_number or "") <= 64 for device in devices)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert len(entities) < 200
    assert all(len(entity.unique_id) < 128 for entity in entities)

    assert len(own_log(caplog)) == 2
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["ignored"]["meters"] >= 4 * 240
    assert told["ignored"]["objects"] >= 10 * 240
    assert len(told["telegram"]["objects"]) < 200

    await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.meter"]["data"]
    assert len(stored["totals"]["indexes"]) <= MOST_OBJECTS
    assert len(str(stored)) < 20_000

    port.greeting = seal(without_channels(TELEGRAM))
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_entities(hass, entry)
    for frame in invented_telegrams(10):
        await judged(hass, port, frame)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert len(devices) == 1 + MOST_METERS


@pytest.mark.usefixtures("everything_enabled")
async def test_many_objects_in_one_telegram_fit_into_the_recorder(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    text = TELEGRAM
    for number in range(200):
        text = with_value(text, f"1-0:{number}.99.0", f"({'\x01' * 120})")
    port.greeting = seal(text)
    entry = make_entry(port.url, key=None)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    state = state_of(hass, "smarty_other_objects")
    assert state.state == str(MOST_OBJECTS)
    assert len(str(state.attributes).encode()) < 16_384


def with_gas(text: str, serial: str) -> str:
    """Return a telegram with another meter on channel 1."""
    return with_value(text, "0-1:96.1.0", f"({serial.encode().hex().upper()})")


async def test_a_meter_that_is_deleted_makes_room(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, port, make_entry)
    registry = dr.async_get(hass)

    def gas_meters() -> set[str | None]:
        devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
        return {device.serial_number for device in devices}

    caplog.clear()
    for number in range(30):
        await judged(hass, port, port.next_frame(with_gas(TELEGRAM, f"GAS {number:08}")))
    await hass.async_block_till_done()
    assert len(gas_meters()) == 1 + MOST_METERS
    assert "GAS 00000029" not in gas_meters()
    assert len(own_log(caplog)) == 1

    # The meter that was there from the beginning is read as ever.
    await judged(hass, port, port.next_frame(TELEGRAM))
    assert state_of(hass, "gas_meter_7401").state == "678.901"

    old = next(
        device
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
        if device.serial_number == "GAS 00000001"
    )
    registry.async_remove_device(old.id)
    await judged(hass, port, port.next_frame(with_gas(TELEGRAM, "GAS 00000029")))
    await hass.async_block_till_done()
    assert "GAS 00000029" in gas_meters()
    assert state_of(hass, "gas_meter_0029").state == "678.901"


@pytest.mark.usefixtures("fast_line", "many_at_once")
async def test_a_repair_text_is_short(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmartyCoordinator, "silence_timeout", None)
    port.greeting = seal(TELEGRAM)
    entry = make_entry(port.url, key=None)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    for number in range(50):
        name = f"{number:06}".encode() + b"N" * 6000
        other = TELEGRAM.replace(SERIAL.encode().hex().upper(), name.hex().upper())
        await judged(hass, port, seal(other))
        if number == 40:
            await let_pass(hass, 31)

    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"other_meter_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders
    assert len(issue.translation_placeholders["found"]) == 64
    assert len(entry.runtime_data.reception.other_meters) < 20
    assert len(str(entry.runtime_data.last_exception)) < 300
    assert entry.runtime_data.reception.other_meters.total() == 50


async def test_counters_of_other_meters_are_not_remembered_without_end(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    entry: MockConfigEntry = await set_up(hass, port, make_entry)
    assert entry.data.get(CONF_VERIFY, True)
    for number in range(40):
        title = b"SAG" + number.to_bytes(5)
        await judged(hass, port, encipher(OTHER_METER, 900, key=KEY, system_title=title))
    await judged(hass, port, encipher(FORGED, port.counter))
    assert state_of(hass, ENERGY).state == "25678.901"

    await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.meter"]["data"]
    (titles,) = stored["counters"].values()
    assert len(titles) == 16
    assert titles[SYSTEM_TITLE.hex()] == port.counter


async def test_plain_telegrams_as_fast_as_the_line_cost_little(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    # Not the event loop's time: it goes by what a busy machine takes, too.
    began = time.monotonic()
    port.greeting = seal(TELEGRAM)
    entry = make_entry(port.url, key=None)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    caplog.clear()
    coordinator: SmartyCoordinator = entry.runtime_data
    lines = [line for line in TELEGRAM.splitlines() if line[:1] == "/" or "0-0:42.0.0" in line]
    short = "\r\n".join([*lines, "1-0:1.8.0({}*kWh)", "!"])
    for number in range(1000):
        await port.send(seal(short.format(f"{25679 + number / 1000:010.3f}")))
    await wait_until(
        hass, lambda: coordinator.readings + coordinator.reception.ignored["telegrams"] > 1000
    )
    # Those at once, and two a second.
    assert coordinator.readings <= 31 + 2 * (time.monotonic() - began)
    assert len(own_log(caplog)) == 1

    # What comes at the pace of a meter goes on.
    await asyncio.sleep(1.0)
    await port.send(seal(short.format("025690.123")))
    await wait_until(hass, lambda: state_of(hass, ENERGY).state == "25690.123")
