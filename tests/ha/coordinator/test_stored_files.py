"""Stored files: a meter goes on from them, and no content keeps an entry from working.

What a part of a meter's file may hold is tried without Home Assistant, where its memory is read.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR, Store
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.stored.meter_memory_file import MeterStore
from custom_components.smarty_p1.coordinator.stored.pulse_count_file import PulseCounter
from tests.ha.boards import pulse_entry
from tests.ha.coordinator.test_demand import TARIFF
from tests.ha.meter import KEY, SYSTEM_TITLE
from tests.ha.support import Home, at, issue_of, load, own_log, said

STORED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "stored" / "0.1.0.json").read_text()
)["storage"]
PULSES: dict[str, Any] = {
    "source": "port:ADDRESS",
    "pulses": 5,
    "pulses_per_kwh": 1000.0,
    "base_kwh": 0.0,
    "base_pulses": 0,
    "is_counting": True,
    "ones": 0,
    "count": 9,
    "counted_at": 1795373125.900019,
}
# As they are before the tests' own Home Assistant keeps everything in memory.
REAL = {name: getattr(Store, name) for name in ("_async_load", "_async_write_data", "async_remove")}


@pytest.fixture(autouse=True)
def config_dir(hass: HomeAssistant, tmp_path: Path) -> Generator[None]:
    """Let Home Assistant store real files."""
    hass.config.config_dir = str(tmp_path)
    with patch.multiple(Store, **REAL):
        yield


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
    home.hass.config_entries.async_update_entry(entry, options=options)
    return entry


def wrapped(data: object, **changes: object) -> dict[str, Any]:
    """Return the content of a file as Home Assistant writes it."""
    return {"version": 1, "minor_version": 1, "key": "k", "data": data} | changes


WHOLE: list[object] = [
    *("null", "[{}]", "{", "\x00" * 300, '{"data": {}}', '{"version": "1", "data": {}}'),
    '{"version": 1, "minor_version": 1, "key": "k", "data": {"pulses": NaN}}',
    *(wrapped(data) for data in (None, [1], {}, "x", {"pulses": 5}, {"version": 99})),
]


async def test_whatever_is_in_a_file_is_read_or_put_aside(
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
    # All of it, and one part: the others are good by themselves.
    "meter": [
        [],
        *(STORED["meter"] | {part: []} for part in ("counters", "demand")),
        STORED["meter"] | {"demand": STORED["meter"]["demand"] | {"version": 2}},
    ],
    "messages": [[], {"since": {"grid": 5}}],
    "retained": [["smarty/telegram", None]],
    "pulses": [PULSES | {"pulses": "5"}],
}


@pytest.mark.parametrize(
    ("store", "data"), [(store, data) for store, each in MALFORMED.items() for data in each]
)
async def test_what_cannot_be_read_is_put_aside_and_said_once(
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
    assert said(issue_of(hass, entry, "stored_unreadable"))["file"] == str(path)
    assert await hass.config_entries.async_unload(entry.entry_id)

    # What is written then is read again, and nothing more is said.
    home.port.greeting = b"" if store == "pulses" else home.port.next_frame(at("10:45:10", 102.0))
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert len([text for level, text in own_log(caplog) if level == "WARNING"]) == 1
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert [*files(path)] == []


async def test_pulses_go_on_from_their_file(home: Home) -> None:
    entry = make(home, "pulses")
    write(home.hass, entry, "pulses", wrapped(PULSES))
    counter = PulseCounter(home.hass, entry)
    await counter.async_load()
    counter.meter.feed(b"0\r\n11\r\n", 0)  # the first line may have lost its beginning
    # 5 pulses, the count was 9 and is 11: 7 of 1000 a kWh.
    assert (counter.data.pulses, counter.data.energy_kwh) == (7, 0.007)


async def test_what_is_stored_is_for_home_assistant_only(hass: HomeAssistant, home: Home) -> None:
    entry = make(home, "meter")
    await load(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert path_of(hass, entry, "meter").stat().st_mode & 0o777 == 0o600


async def test_whoever_looks_up_the_counters_changes_nothing(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    entry = make(home, "meter")
    damaged = STORED["meter"] | {"totals": []}
    path = write(home.hass, entry, "meter", wrapped(damaged))
    before = files(path)
    store = MeterStore(home.hass, entry.entry_id)
    assert await store.async_last_counters(bytes.fromhex(KEY)) == {SYSTEM_TITLE: 17}
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
        # What the user has read from the meter.
        assert (counter.data.pulses, counter.data.energy_kwh) == (0, 7.0)
