"""Stored files: a meter goes on from them, and no content keeps an entry from working.

Other tests try the content of a part of a meter's file, without Home Assistant, where its memory is
read.
"""

import errno
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.coordinator.leneda.progress import LenedaProgress
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.coordinator.stored.meter_history import MeterHistory
from custom_components.smarty_p1.coordinator.stored.meter_memory_file import MeterStore
from custom_components.smarty_p1.coordinator.stored.pulse_count_file import PulseCounter
from custom_components.smarty_p1.coordinator.stored.throttled_store import UnreadableNowError
from custom_components.smarty_p1.lib.markdown_text import read_plain
from custom_components.smarty_p1.lib.messages.message import Kind
from custom_components.smarty_p1.lib.messages.meter_watches import MessageState
from custom_components.smarty_p1.lib.meter.meter_reader import MeterReader, Reading
from custom_components.smarty_p1.lib.p1.decoder import Decoder
from custom_components.smarty_p1.lib.p1.telegram import Telegram
from custom_components.smarty_p1.lib.stored_json import dump, load as loaded
from custom_components.smarty_p1.messages.meter_watch import MessageStore
from custom_components.smarty_p1.sinks.mqtt_topics import RetainedTopics
from dev.testing.random_examples import each
from smartyp1.json_types import JsonDict
from tests.ha.boards import pulse_entry
from tests.ha.coordinator.test_demand import TARIFF
from tests.ha.dialogs import submit
from tests.ha.leneda import POINT
from tests.ha.meter import KEY, SYSTEM_TITLE, seal
from tests.ha.support import (
    TELEGRAM,
    Home,
    at,
    failing,
    issue_of,
    load,
    own_log,
    remove_entry,
    said,
    set_up_entry,
    unload_entry,
    with_contract,
)

STORED: JsonDict = json.loads((Path(__file__).parents[2] / "stored" / "0.1.0.json").read_text())[
    "storage"
]
PULSES: JsonDict = {
    "source": "port:ADDRESS",
    "pulses": 5,
    "pulses_per_kwh": 1000.0,
    "base_kwh": 0.0,
    "base_pulses": 0,
    "is_counting": True,
    "ones": 0,
    "count": 9,
    "counted_at": 1795373125.900019,
    "recent_pulses": 0,
    "recent_s": 0.0,
}
pytestmark = pytest.mark.usefixtures("real_files")


def path_of(hass: HomeAssistant, entry: MockConfigEntry, store: str) -> Path:
    return Path(hass.config.path(STORAGE_DIR, f"smarty_p1.{entry.entry_id}.{store}"))


def write(hass: HomeAssistant, entry: MockConfigEntry, store: str, content: object) -> Path:
    path = path_of(hass, entry, store)
    path.parent.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text.replace("ADDRESS", entry.data["port"]))
    return path


def files(path: Path) -> dict[str, bytes]:
    """Return the content of a store's file, and of all beside it that are named after it."""
    return {each.name: each.read_bytes() for each in path.parent.glob(f"{path.name}*")}


def make(home: Home, store: str) -> MockConfigEntry:
    if store == "pulses":
        data = {"port": home.port.url, "baud_rate": 9600, "meter_reading": 7.0}
        return pulse_entry(home.hass, **data)
    home.port.counter = 100
    home.port.greeting = home.port.next_frame(at("10:45:00", 102.0))
    entry = home.make_entry(home.port.url)
    options = TARIFF | {"messages": {"kinds": ["grid"], "recipients": []}}
    home.hass.config_entries.async_update_entry(entry, options=with_contract(options))
    return entry


def wrapped(data: object, **changes: object) -> JsonDict:
    """Return the content of a file as Home Assistant writes it."""
    return {"version": 1, "minor_version": 1, "key": "k", "data": data} | changes


WHOLE: list[object] = [
    *("null", "[{}]", "{", "\x00" * 300, '{"data": {}}', '{"version": "1", "data": {}}'),
    '{"version": 1, "minor_version": 1, "key": "k", "data": {"pulses": NaN}}',
    *(wrapped(data) for data in (None, [1], {}, "x", {"pulses": 5}, {"version": 99})),
]


class Seen(NamedTuple):
    """Stored times. Their annotations are first read while a test stops the time."""

    at: datetime
    day: date | None
    before: tuple[datetime, ...]


@pytest.mark.freeze_time("2026-11-23T12:00:00Z")
def test_a_value_that_is_first_stored_in_frozen_time_is_loaded() -> None:
    seen = Seen(NOW, NOW.date(), (NOW,))
    assert loaded(Seen, dump(seen)) == seen


async def test_any_content_of_a_file_is_read_or_put_aside(
    hass: HomeAssistant, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    entry = make(home, "pulses")
    versions = ({"version": 2}, {"version": 99}, {"minor_version": 7})
    for content in (*WHOLE, *(wrapped(PULSES, **version) for version in versions)):
        write(hass, entry, "pulses", content)
        counter = PulseCounter(hass, entry)
        await counter.async_load()
        await counter.async_save()
        caplog.clear()
        await PulseCounter(hass, entry).async_load()
        assert own_log(caplog) == [], content


MALFORMED: dict[str, list[object]] = {
    # The whole file, and a single part of it: the other parts are good by themselves.
    "meter": [
        [],
        *(STORED["meter"] | {part: []} for part in ("counters", "demand")),
        STORED["meter"] | {"demand": STORED["meter"]["demand"] | {"version": 2}},
    ],
    "messages": [[], {"since": {"grid": 5}}],
    "retained": [["smarty/telegram", None], {"smarty/telegram": None}],
    "pulses": [PULSES | {"pulses": "5"}],
}


@pytest.mark.parametrize(
    ("store", "data"), [(store, data) for store, each in MALFORMED.items() for data in each]
)
async def test_an_unreadable_file_is_put_aside_and_named_once(
    hass: HomeAssistant, home: Home, caplog: pytest.LogCaptureFixture, store: str, data: object
) -> None:
    entry = make(home, store)
    path = write(hass, entry, store, wrapped(data))
    stored = files(path)[path.name]

    await load(hass, entry)
    aside = Path(f"{path}.unreadable")
    assert files(path)[aside.name] == stored
    warnings = [text for level, text in own_log(caplog) if level == "WARNING"]
    assert len(warnings) == 1
    assert str(path) in warnings[0]
    assert str(aside) in warnings[0]
    # The id of an entry may end with "www", which would begin a link.
    assert read_plain(said(issue_of(hass, entry, "stored_unreadable"))["file"]) == str(path)
    assert await unload_entry(hass, entry)

    # The new file is read again, and no further message follows.
    home.port.greeting = b"" if store == "pulses" else home.port.next_frame(at("10:45:10", 102.0))
    assert await set_up_entry(hass, entry)
    assert len([text for level, text in own_log(caplog) if level == "WARNING"]) == 1
    assert await remove_entry(hass, entry)
    assert [*files(path)] == []


async def test_pulses_go_on_from_their_file(home: Home) -> None:
    entry = make(home, "pulses")
    write(home.hass, entry, "pulses", wrapped(PULSES))
    counter = PulseCounter(home.hass, entry)
    await counter.async_load()
    counter.meter.feed(b"0\r\n11\r\n", 0)  # the first line may have lost its beginning
    # 5 pulses, the count was 9 and is 11: 7 of 1000 a kWh.
    assert (counter.data.pulses, counter.data.energy_kwh) == (7, 0.007)


async def test_the_stored_file_is_for_home_assistant_only(hass: HomeAssistant, home: Home) -> None:
    entry = make(home, "meter")
    await load(hass, entry)
    assert await unload_entry(hass, entry)
    assert path_of(hass, entry, "meter").stat().st_mode & 0o777 == 0o600


async def test_looking_up_the_counters_changes_nothing(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    entry = make(home, "meter")
    damaged = STORED["meter"] | {"totals": []}
    path = write(home.hass, entry, "meter", wrapped(damaged))
    before = files(path)
    store = MeterStore(home.hass, entry.entry_id)
    memory = await store.async_proofs()
    assert memory.last_counters(bytes.fromhex(KEY)) == {SYSTEM_TITLE: 17}
    assert files(path) == before
    assert own_log(caplog) == []


BAD_PULSES: tuple[dict[str, object], ...] = (
    {"pulses": True},
    {"pulses": -5},
    {"pulses_per_kwh": 0},
    {"base_kwh": None},
    {"base_pulses": 6},
    {"is_counting": "yes"},
    {"count": 9.5},
    {"counted_at": "noon"},
    {"source": 5},
)


async def test_pulses_that_cannot_be_begin_anew(home: Home) -> None:
    entry = make(home, "pulses")
    malformed: list[object] = [PULSES | changes for changes in BAD_PULSES]
    for data in (None, [], {"pulses": 5}, *malformed):
        write(home.hass, entry, "pulses", wrapped(data))
        counter = PulseCounter(home.hass, entry)
        await counter.async_load()
        # The energy that the user has read from the meter stays.
        assert (counter.data.pulses, counter.data.energy_kwh) == (0, 7.0)


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OTHER_KEY = bytes(range(16))


def reading() -> Reading:
    [telegram] = Decoder(None).feed(seal(TELEGRAM))
    assert isinstance(telegram, Telegram)
    return MeterReader().read_telegram(telegram, NOW)


class Row(NamedTuple):
    """A store, a file of it, a change of it, and the file's content after both."""

    make: Callable[[HomeAssistant, MockConfigEntry], Any]
    stored: Any
    change: Callable[[Any], object]
    joined: Callable[[Any], object]
    is_needed: bool = False
    """Whether the entry waits for the file."""


def count_frame(store: MeterStore) -> None:
    store.memory.counters["0" * 16] = {SYSTEM_TITLE: 5}
    store.schedule_save()


def count_pulses(counter: PulseCounter) -> None:
    counter.meter.feed(b"0\r\n1\r\n1\r\n", 0)
    counter.schedule()


def read_code(progress: LenedaProgress) -> None:
    progress.state.refused["1-1:2.29.0"] = NOW
    progress.schedule()


def send(store: MessageStore) -> None:
    since, outbox = store.state.since, store.state.outbox
    outbox = replace(outbox, day=NOW.date(), sent=outbox.sent + 1)
    since = {Kind.GRID: since.get(Kind.GRID, NOW)}
    store.state = replace(store.state, since=since, outbox=outbox)
    store.schedule()


TOLD = {
    **dump(MessageState({Kind.GRID: NOW - timedelta(days=9), Kind.SILENT: NOW})),
    "outbox": {"day": "2026-11-23", "sent": 2, "waiting": [], "alarmed_at": {}},
    "voltage": {"told_on": "2026-11-23"},
}
STORES: dict[str, Row] = {
    "meter": Row(
        lambda hass, entry: MeterStore(hass, entry.entry_id),
        STORED["meter"],
        count_frame,
        lambda data: len(data["counters"]) == 2,
        is_needed=True,
    ),
    "pulses": Row(PulseCounter, PULSES, count_pulses, lambda data: data["pulses"], is_needed=True),
    "history": Row(
        lambda hass, entry: MeterHistory(hass, entry.entry_id),
        STORED["history"],
        lambda history: history.note_reading(reading()),
        lambda data: (len(data["voltages"]), len(data["reception"]["gaps"])) == (10, 9),
    ),
    "messages": Row(
        lambda hass, entry: MessageStore(hass, entry.entry_id),
        TOLD,
        send,
        lambda data: (
            (data["outbox"]["sent"], data["since"], data["voltage"])
            == (3, {"grid": TOLD["since"]["grid"]}, TOLD["voltage"])
        ),
    ),
    "leneda": Row(
        lambda hass, entry: LenedaProgress(hass, entry.entry_id, {"consumption_point": POINT}),
        STORED["leneda"],
        read_code,
        lambda data: data["codes"].keys() == STORED["leneda"]["codes"].keys(),
    ),
    "retained": Row(
        lambda hass, entry: RetainedTopics(hass, entry.entry_id),
        {"a": ""},
        lambda retained: retained.note_sent("b", "text"),
        lambda data: [*data] == ["a", "b"] and not data["a"] and data["b"],
    ),
}


async def pass_time(hass: HomeAssistant, **time: int) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(**time))
    await hass.async_block_till_done(wait_background_tasks=True)


def content_of(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text())["data"]


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
@pytest.mark.parametrize("name", STORES)
async def test_a_file_that_cannot_be_read_now_is_whole_later(
    hass: HomeAssistant, home: Home, caplog: pytest.LogCaptureFixture, name: str, number: int
) -> None:
    row, entry = STORES[name], make(home, name)
    path = write(hass, entry, name, wrapped(row.stored))
    before = files(path)
    store = row.make(hass, entry)
    with failing(path, number):
        if row.is_needed:
            with pytest.raises(UnreadableNowError):
                await store.async_load()
        else:
            await store.async_load()
            assert read_plain(said(issue_of(hass, entry, "stored_not_read"))["file"]) == str(path)
        row.change(store)
        await store.async_save()
        await pass_time(hass, hours=1, seconds=1)
        await pass_time(hass, hours=2, seconds=2)
    assert files(path) == before
    if row.is_needed:
        # The next set-up tries again, with another store.
        await store.async_close()
        store = row.make(hass, entry)
        await store.async_load()
        row.change(store)
    await pass_time(hass, hours=3, seconds=3)
    await store.async_save()
    assert row.joined(content_of(path))
    assert issue_of(hass, entry, "stored_not_read") is None
    assert len([text for level, text in own_log(caplog) if level == "WARNING"]) == (
        not row.is_needed
    )
    # News in between is not lost, even if the store is closed before the hour has passed.
    if not row.is_needed:
        write(hass, entry, name, wrapped(row.stored))
        store = row.make(hass, entry)
        with failing(path, number):
            await store.async_load()
        row.change(store)
        await store.async_close()
        assert row.joined(content_of(path))
        assert issue_of(hass, entry, "stored_not_read") is None


@pytest.mark.parametrize("name", STORES)
async def test_a_change_after_the_close_is_not_written(
    hass: HomeAssistant, home: Home, name: str
) -> None:
    row, entry = STORES[name], make(home, name)
    path = write(hass, entry, name, wrapped(row.stored))
    store = row.make(hass, entry)
    await store.async_load()
    row.change(store)
    await store.async_close()
    assert row.joined(content_of(path))
    # The next owner of the file.
    write(hass, entry, name, "next")
    for _ in range(2):
        row.change(store)
        store.schedule(max_delay=0.0)
        await store.async_save()
        await store.async_close()
        await pass_time(hass, hours=2)
    assert path.read_text() == "next"
    await store.async_remove()


# Three parts of ten values: each part has all of them.
PARTS = 6


def damaged(data: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield contents of a damaged file: cut, of another version, with wrong or unusual values."""
    whole = json.dumps(wrapped(data))
    yield from (whole[: len(whole) * n // 4] for n in range(4))
    yield from (json.dumps(wrapped(data, version=n)) for n in (0, 2, "1", None))
    values: tuple[object, ...] = (False, 0, "", [], {}, None, float("nan"), "x", [[]], {"x": False})
    for value in values:
        yield json.dumps(wrapped(value))
        for key in data if isinstance(data, dict) else ():
            yield json.dumps(wrapped(data | {key: value}))
            inner = data[key] if isinstance(data[key], dict) else {}
            yield from (
                json.dumps(wrapped(data | {key: inner | {name: value}})) for name in [*inner][:9]
            )


@pytest.mark.parametrize("part", each(PARTS, range(PARTS)))
@pytest.mark.parametrize("name", STORES)
async def test_a_damaged_file_is_kept_and_nothing_raises_later(
    hass: HomeAssistant, home: Home, caplog: pytest.LogCaptureFixture, name: str, part: int
) -> None:
    row, entry = STORES[name], make(home, name)
    for text in [*damaged(row.stored)][part::PARTS]:
        path = write(hass, entry, name, text)
        written = files(path)[path.name]
        caplog.clear()
        store = row.make(hass, entry)
        await store.async_load()
        row.change(store)
        await store.async_close()
        # Home Assistant has not moved the file to a name that would stay for ever.
        kept = {path.name: files(path)[path.name]}
        if [text for level, text in own_log(caplog) if level == "WARNING"]:
            kept[f"{path.name}.unreadable"] = written
        assert files(path) == kept, text
        Path(f"{path}.unreadable").unlink(missing_ok=True)  # noqa: ASYNC240 - a test
        # The new file can be read.
        caplog.clear()
        await row.make(hass, entry).async_load()
        assert own_log(caplog) == [], text


@pytest.mark.parametrize("name", ["meter", "pulses", "quarter_hours"])
async def test_the_entry_waits_for_files_that_its_totals_need(
    hass: HomeAssistant, home: Home, name: str
) -> None:
    entry = make(home, "pulses" if name == "pulses" else "meter")
    write(hass, entry, "pulses", wrapped(PULSES | {"pulses": 12345}))
    write(hass, entry, "meter", wrapped(STORED["meter"]))
    months = path_of(hass, entry, "quarter_hours")
    months.mkdir()
    (months / "2025-07.csv").write_text("start\n")
    path = path_of(hass, entry, name)
    before = {each: each.read_bytes() for each in path.parent.rglob("*") if each.is_file()}
    with failing(path, errno.EIO):
        assert not await set_up_entry(hass, entry)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "stored_not_read"
        await pass_time(hass, minutes=6)
        await unload_entry(hass, entry)
        if name == "pulses":
            # A new total would be written over the count that cannot be read.
            form = await hass.config_entries.options.async_init(entry.entry_id)
            form = await submit(hass, form, {"pulses_per_kwh": 1000, "meter_reading": 18})
            assert form["errors"] == {"base": "stored_not_read"}
    assert {each: each.read_bytes() for each in before} == before
    await load(hass, entry)
    if name == "pulses":
        assert entry.runtime_data.counter.data.pulses == 12345


async def test_a_set_up_that_fails_later_writes_nothing_over_the_next_one(
    hass: HomeAssistant, home: Home
) -> None:
    entry = make(home, "meter")

    async def fail(coordinator: MeterCoordinator) -> None:
        await home.wait_until(lambda: coordinator.readings > 0)
        # Both files have just been written, so the next changes wait.
        for store in (coordinator.records.history, coordinator.records._store):
            store.schedule(max_delay=0.0)
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=1))
            await hass.async_block_till_done()
            store.schedule()
        raise RuntimeError

    with patch("custom_components.smarty_p1.sinks.async_start", fail):
        assert not await set_up_entry(hass, entry)
    await hass.async_block_till_done()
    stores = [path_of(hass, entry, name) for name in ("meter", "history")]
    for path in stores:
        assert path.exists()
        path.write_text("next")
    await pass_time(hass, hours=2)
    assert [path.read_text() for path in stores] == ["next", "next"]
