"""Accepted telegrams of a line, and the memory of them over restarts."""

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from dev.altered_bytes import ALTERATIONS, Alteration, cut, flipped
from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, telegram
from smarty_p1_gateway import ConfigTable, decoded_meters, decoded_port, read_keys_source
from smarty_p1_gateway.decoded_meters import DecodedMeters
from smarty_p1_gateway.decoded_port import DecodedPort
from smarty_p1_gateway.json_storage import JsonStorage
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.mqtt.mqtt_values_publisher import ValuesPublisher
from smarty_p1_gateway.queue.async_frame_queue import AsyncFrameQueue
from smartyp1.meter.meter_reader import Reading, Reception

OTHER_TITLE = b"SAGgp\x04\x10\x2f"
OTHER_NAME = "SAG1030790002575"
OTHER_KEY = bytes(range(16))
EVERY_KEY = bytes(range(16, 32))
BOTH = f"{TITLE.hex()} {KEY.hex()}\n{OTHER_TITLE.hex()} {OTHER_KEY.hex()}\n"
IMPORTED = "1-0:1.8.0"


class Publisher:
    """Record of the readings to publish."""

    def __init__(self, title: bytes | None) -> None:
        self.title = title
        self.readings: list[tuple[str, float]] = []
        self.peak_kw: float | None = None

    def on_reading(self, reading: Reading, name: str, _reception: Callable[[], Reception]) -> None:
        value = reading.telegram.objects[IMPORTED]
        assert isinstance(value, float)
        self.readings.append((name, value))
        peak = reading.demand and reading.demand.peak
        self.peak_kw = peak.mean_kw if peak else None


class Port:
    """A decoded port, and its results."""

    def __init__(
        self, directory: Path, memory: JsonStorage, keys: str, title: bytes | None
    ) -> None:
        self.memory = memory
        path = directory / "keys"
        path.write_text(keys, "ascii")
        path.chmod(0o600)
        table = ConfigTable("keys", {"file": str(path)})
        known = read_keys_source(table, may_change=False).read_keys()
        self._meters = DecodedMeters(memory, known)
        self._metrics = GatewayMetrics()
        self._published = Publisher(title)
        self.plug_in_elsewhere()

    def plug_in_elsewhere(self) -> None:
        """Go on at another port of the same gateway."""
        publisher = cast("ValuesPublisher", self._published)
        self._decoded = DecodedPort("house", self._meters, publisher, self._metrics)

    def feed(self, data: bytes) -> None:
        self._decoded.feed(data)

    @property
    def readings(self) -> list[tuple[str, float]]:
        return self._published.readings

    @property
    def peak_kw(self) -> float | None:
        return self._published.peak_kw

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.readings]

    @property
    def meter(self) -> tuple[str, str]:
        """Return the title and the name that a metric has of the port's meter."""
        [metric] = [one for one in self._metrics.registry.collect() if "meter_info" in one.name]
        [sample] = metric.samples
        return sample.labels["title"], sample.labels["meter"]

    @property
    def rejections(self) -> Counter[str]:
        samples = [
            sample for metric in self._metrics.rejected.collect() for sample in metric.samples
        ]
        return Counter({sample.labels["reason"]: int(sample.value) for sample in samples})


@asynccontextmanager
async def remembering(directory: Path) -> AsyncIterator[JsonStorage]:
    queue = AsyncFrameQueue(["house"], GatewayMetrics())
    await queue.open(directory / "memory.sqlite3", 1_000_000)
    memory = JsonStorage(queue)
    await memory.open()
    writing = asyncio.create_task(memory.write())
    try:
        yield memory
        await memory.written()
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await memory.close()
        await queue.close()


@asynccontextmanager
async def decoding(
    directory: Path, keys: str = BOTH, title: bytes | None = None
) -> AsyncIterator[Port]:
    """Yield a port that begins with the memory of the last one."""
    async with remembering(directory) as memory:
        yield Port(directory, memory, keys, title)


def at(clock: str, kwh: float) -> bytes:
    return telegram(f"0-0:1.0.0(260115{clock}W)", f"{IMPORTED}({kwh:010.3f}*kWh)")


async def test_the_months_peak_survives_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, datetime(2026, 1, 15, 11, 30, tzinfo=UTC))
    async with decoding(tmp_path) as port:
        for counter, (clock, kwh) in enumerate(
            [("120000", 100), ("121500", 102), ("123000", 102.5)], 1
        ):
            port.feed(frame(counter, at(clock, kwh)))
        assert port.peak_kw == 8.0
    async with decoding(tmp_path) as port:
        port.feed(frame(4, at("123010", 102.5)))
        assert port.peak_kw == 8.0


def other(counter: int, kwh: float) -> bytes:
    text = telegram(f"1-0:1.8.0({kwh:010.3f}*kWh)", name=OTHER_NAME)
    return frame(counter, text, key=OTHER_KEY, title=OTHER_TITLE)


async def test_nothing_is_accepted_twice(tmp_path: Path) -> None:
    async with decoding(tmp_path) as port:
        port.feed(frame(1) + frame(3))
        port.feed(frame(3) + frame(2) + frame(1))
        assert port.values == [1.0, 3.0]
        assert port.rejections["replay"] == 3
        # Replays at another port are rejected, too.
        port.plug_in_elsewhere()
        port.feed(frame(3) + frame(4))
        assert port.values == [1.0, 3.0, 4.0]


@pytest.mark.parametrize("keys", [BOTH, f"* {KEY.hex()}\n{OTHER_TITLE.hex()} {OTHER_KEY.hex()}"])
async def test_another_meter_takes_its_place_when_it_keeps_sending(
    tmp_path: Path, keys: str
) -> None:
    async with decoding(tmp_path, keys) as port:
        port.feed(frame(1))
        for counter in range(1, 3):
            port.feed(other(counter, 7))
        assert port.values == [1.0]
        port.feed(frame(2))
        assert port.values == [1.0, 2.0]
        for counter in range(3, 7):
            port.feed(other(counter, counter))
        assert port.readings[2:] == [(OTHER_NAME, 5.0), (OTHER_NAME, 6.0)]
        assert port.rejections == {"other_meter": 4}


async def test_meters_of_one_key(tmp_path: Path) -> None:
    async with decoding(tmp_path, f"* {KEY.hex()}") as port:
        port.feed(frame(1))
        for counter in range(1, 5):
            text = telegram(f"{IMPORTED}(000007.000*kWh)", name=OTHER_NAME)
            port.feed(frame(counter, text, title=OTHER_TITLE))
        assert port.readings == [(DEVICE_NAME, 1.0), (OTHER_NAME, 7.0), (OTHER_NAME, 7.0)]
        assert port.meter == (OTHER_TITLE.hex().upper(), OTHER_NAME)


async def test_a_key_opens_the_frames_of_its_meter_alone(tmp_path: Path) -> None:
    async with decoding(tmp_path, f"{TITLE.hex()} {KEY.hex()}") as port:
        port.feed(frame(1))
        for counter in range(1, 6):
            port.feed(frame(counter, telegram(f"{IMPORTED}(7*kWh)"), title=OTHER_TITLE))
        port.feed(frame(2))
        assert port.values == [1.0, 2.0]
        assert port.rejections == {"key_missing": 5}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (f"{OTHER_TITLE.hex()} {OTHER_KEY.hex()}", "there is no key for the meter 5341"),
        (f"{TITLE.hex()} {OTHER_KEY.hex()}", "does not fit its frames"),
        (f"* {OTHER_KEY.hex()}", "does not fit its frames"),
        (f"* {KEY.hex()}", "only old telegrams of the meter 5341"),
    ],
)
async def test_a_missing_key_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, keys: str, text: str
) -> None:
    async with decoding(tmp_path, keys) as port:
        with caplog.at_level(logging.WARNING):
            for counter in (30, *range(1, 20)):
                port.feed(frame(counter))
    assert len(port.values) <= 1
    assert [text in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("alteration", "text", "at"),
    [
        (ALTERATIONS["LF becomes CR LF"], "altered or cut on the way", 6),
        (cut(256), "altered or cut on the way", 7),
        (flipped(18), "altered on the way, or the meter has a new key", 3),
        (flipped(-1), "altered on the way, or the meter has a new key", 3),
    ],
)
async def test_altered_frames_are_named_altered_after_a_restart_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, alteration: Alteration, text: str, at: int
) -> None:
    long = telegram(f"{IMPORTED}(000001.000*kWh)", f"0-0:96.13.0({'41' * 480})")
    async with decoding(tmp_path) as port:
        port.feed(frame(1))
    async with decoding(tmp_path) as port:
        with caplog.at_level(logging.WARNING):
            # Fewer altered frames before a good one do not count.
            for number in (*range(2 - at, 0), *range(1, 21)):
                port.feed(alteration(frame(1000 + number, long)))
                if number == -1:
                    port.feed(frame(1000, long))
                assert (text in caplog.text) == (number >= at)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [text in warning.getMessage() for warning in warnings] == [True]
    assert "does not fit" not in caplog.text
    assert port.rejections.total() >= 16


async def test_a_damaged_memory_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with remembering(tmp_path) as memory:
        memory.put_content(f"meter {TITLE.hex().upper()}", lambda: {"totals": [KEY.hex()]})
    async with decoding(tmp_path) as port:
        port.feed(frame(1))
        assert port.values == [1.0]
    assert "cannot be read" in caplog.text
    assert KEY.hex() not in caplog.text


async def test_a_meter_whose_key_is_gone_makes_room_for_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with decoding(tmp_path, f"{OTHER_TITLE.hex()} {OTHER_KEY.hex()}\n", TITLE) as port:
        port.feed(frame(1) + frame(2))
        assert port.rejections == {"key_missing": 2}
        assert f"there is no key for the meter {TITLE.hex().upper()}" in caplog.text
        for counter in range(1, 5):
            port.feed(other(counter, counter))
        assert port.readings == [(OTHER_NAME, 3), (OTHER_NAME, 4)]


def named(name: str, counter: int, **sealed: bytes) -> bytes:
    return frame(counter, telegram(f"{IMPORTED}(999999.999*kWh)", name=name), **sealed)


OF_OTHER = {"key": OTHER_KEY, "title": OTHER_TITLE}


async def test_a_key_does_not_vouch_for_the_name_of_another_meter(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with decoding(tmp_path) as port:
        port.feed(frame(1))
        port.plug_in_elsewhere()
        # The other meter uses the name in its first telegram, and again after a name of its own.
        for counter in range(1, 6):
            port.feed(named(DEVICE_NAME, counter, **OF_OTHER))
        port.feed(other(6, 6))
        for counter in range(7, 11):
            port.feed(named(DEVICE_NAME, counter, **OF_OTHER))
        assert port.readings == [(DEVICE_NAME, 1.0), (OTHER_NAME, 6.0)]
        assert port.rejections == {"other_meter": 9}
        said = [record for record in caplog.records if DEVICE_NAME in record.getMessage()]
        assert [OTHER_TITLE.hex().upper() in record.getMessage() for record in said] == [True]


async def test_another_meter_is_not_read_after_a_restart(tmp_path: Path) -> None:
    async with decoding(tmp_path) as port:
        port.feed(frame(1))
        port.plug_in_elsewhere()
        port.feed(other(1, 1))
    async with decoding(tmp_path, title=OTHER_TITLE) as port:
        for counter in range(2, 8):
            port.feed(named(DEVICE_NAME, counter, **OF_OTHER))
            port.feed(named("SAG1030790002576", counter + 10, **OF_OTHER))
        assert port.readings == []
        port.feed(other(18, 9))
        assert port.readings == [(OTHER_NAME, 9.0)]


@pytest.mark.parametrize("name", [TITLE.hex().upper(), "SAG10/30"])
async def test_another_meter_with_the_substitute_of_the_name_is_not_read(
    tmp_path: Path, name: str
) -> None:
    """A meter without a name is named by its title; a slash and a question mark are the same."""
    async with decoding(tmp_path) as port:
        own = telegram(f"{IMPORTED}(000001.000*kWh)", name="SAG10#30")
        port.feed(frame(1, own))
        port.plug_in_elsewhere()
        port.feed(named(name, 1, **OF_OTHER))
        assert port.readings == [("SAG10#30", 1.0)]


async def test_a_name_is_free_again_when_the_key_of_its_meter_is_gone(tmp_path: Path) -> None:
    async with decoding(tmp_path) as port:
        port.feed(frame(1))
    async with decoding(tmp_path, f"{OTHER_TITLE.hex()} {OTHER_KEY.hex()}") as port:
        port.feed(named(DEVICE_NAME, 1, **OF_OTHER))
        assert port.readings == [(DEVICE_NAME, 999999.999)]


async def test_a_key_of_every_meter_makes_no_meters_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded_meters, "_MAX_METERS", 4)
    async with decoding(tmp_path, f"* {KEY.hex()}") as port:
        port.feed(frame(1))
        for number in range(10):
            port.feed(frame(1, title=b"SAG" + number.to_bytes(5)))
        port.feed(frame(2))
        assert port.values == [1.0, 2.0]
    async with remembering(tmp_path) as memory:
        assert sum(name.startswith("meter ") for name in memory.names()) == 4


class Clock:
    """Clocks of the computer, which do not run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        self.now_ = now
        monkeypatch.setattr(decoded_port, "datetime", self)
        monkeypatch.setattr(time, "monotonic", self.seconds)

    def now(self, _zone: object) -> datetime:
        """Return the time of the computer."""
        return self.now_

    def seconds(self) -> float:
        """Return the seconds of a monotonic clock."""
        return self.now_.timestamp()


async def test_after_a_restored_file_recorded_frames_are_stored_and_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(monkeypatch, datetime(2026, 1, 15, 11, tzinfo=UTC))
    async with decoding(tmp_path) as port:
        for counter in range(1, 27):
            local = clock.now_ + timedelta(hours=1)
            port.feed(frame(counter, sent(f"{local:%y%m%d%H%M%S}W", counter)))
            clock.now_ += timedelta(hours=1)
        assert len(port.values) == 26
    clock.now_ += timedelta(days=21)
    async with decoding(tmp_path) as port:
        caplog.clear()
        for counter in range(100, 120):
            port.feed(frame(counter, sent(f"2601170000{counter - 100:02}W", counter)))
        assert port.values == []
        [message] = [record.message for record in caplog.records if "are old" in record.message]
        assert TITLE.hex().upper() in message
        assert "they say 2026-01-16 23:00 UTC, and this computer 2026-02-06 13:00 UTC" in message
        port.feed(frame(120, sent("260206140000W", 200)))
        assert port.values == [200.0]
    # The operator makes the gateway forget the clock.
    with closing(sqlite3.connect(tmp_path / "memory.sqlite3")) as database, database:
        database.execute(
            "UPDATE memory SET content = json_remove(content, '$.clock') WHERE name = ?",
            [f"meter {TITLE.hex().upper()}"],
        )
    async with decoding(tmp_path) as port:
        port.feed(frame(121, sent("260117010000W", 201)))
        assert port.values == [201.0]


async def test_a_clock_that_cannot_be_read_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(monkeypatch, datetime(2026, 1, 15, 11, tzinfo=UTC))
    async with decoding(tmp_path) as port:
        for counter in range(1, 20):
            port.feed(frame(counter))
            assert ("have no time" in caplog.text) is (counter > 6)
            clock.now_ += timedelta(seconds=10)
        assert caplog.text.count("have no time") == 1
        assert len(port.values) == 19


def sent(clock: str, kwh: float) -> bytes:
    return telegram(f"0-0:1.0.0({clock})", f"{IMPORTED}({kwh:010.3f}*kWh)")
