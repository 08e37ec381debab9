"""Which telegrams of a line are accepted, and what is remembered of them over restarts."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, telegram
from smarty_p1_gateway import ConfigTable, Keys, read_keys
from smarty_p1_gateway.memory_file import Memory
from smarty_p1_gateway.meters import Meter, Meters
from smarty_p1_gateway.port_decoder import PortDecoder
from smartyp1.meter import Reading

OTHER_TITLE = b"SAGgp\x04\x10\x2f"
OTHER_NAME = "SAG1030790002575"
OTHER_KEY = bytes(range(16))
EVERY_KEY = bytes(range(16, 32))
BOTH = f"{TITLE.hex()} {KEY.hex()}\n{OTHER_TITLE.hex()} {OTHER_KEY.hex()}\n"
IMPORTED = "1-0:1.8.0"


class Port:
    """A port that is decoded, and what came of it."""

    def __init__(self, directory: Path, memory: Memory, keys: str = BOTH) -> None:
        path = directory / "keys"
        path.write_text(keys, encoding="ascii")
        path.chmod(0o600)
        read = read_keys(ConfigTable("keys", {"file": str(path)}))
        assert read is not None
        self.meters = Meters(memory)
        self.readings: list[tuple[str | None, float]] = []
        self.flows: Mapping[str, float] = {}
        self.rejections: Counter[str] = Counter()
        self.decoder = self.another(read)
        self.keys = read

    def another(self, keys: Keys) -> PortDecoder:
        """Return another port with the same meters."""
        return PortDecoder("house", keys, self.meters, self._on_reading, self._on_rejection)

    def _on_reading(self, meter: Meter, reading: Reading) -> None:
        value = reading.telegram.objects[IMPORTED]
        assert isinstance(value, float)
        self.readings.append((meter.serial_number, value))
        self.flows = reading.flows

    def _on_rejection(self, reason: str) -> None:
        self.rejections[reason] += 1

    def take(self, data: bytes) -> None:
        self.decoder.take(data)

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.readings]


@contextlib.asynccontextmanager
async def remembering(directory: Path) -> AsyncIterator[Memory]:
    memory = Memory()
    await memory.open(directory / "memory.sqlite3")
    writing = asyncio.create_task(memory.write())
    try:
        yield memory
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await memory.close()


def other(counter: int, kwh: float) -> bytes:
    text = telegram(f"1-0:1.8.0({kwh:010.3f}*kWh)", name=OTHER_NAME)
    return frame(counter, text, key=OTHER_KEY, title=OTHER_TITLE)


@pytest.mark.parametrize("size", [1, 7, 100, 160, 1000, 1480, 100_000])
async def test_every_telegram_in_whatever_pieces(tmp_path: Path, size: int) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        line = b"noise" + b"".join(frame(counter) for counter in range(1, 41))
        for start in range(0, len(line), size):
            port.take(line[start : start + size])
    assert port.readings == [(DEVICE_NAME, float(counter)) for counter in range(1, 41)]
    assert port.rejections["replay"] == 0


async def test_nothing_is_accepted_twice(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.take(frame(1) + frame(3))
        port.take(frame(3) + frame(2) + frame(1))
        assert port.values == [1.0, 3.0]
        assert port.rejections["replay"] == 3
        # Nor at another port.
        port.decoder = port.another(port.keys)
        port.take(frame(3) + frame(4))
        assert port.values == [1.0, 3.0, 4.0]


async def test_nor_after_a_restart_or_a_kill(tmp_path: Path) -> None:
    killed = Memory()
    await killed.open(tmp_path / "memory.sqlite3")
    writing = asyncio.create_task(killed.write())
    Port(tmp_path, killed).take(frame(5))
    await killed.written()
    writing.cancel()  # and nothing is closed
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.decoder.restore(TITLE)
        port.take(frame(4) + frame(5))
        assert port.values == []
        assert port.rejections["replay"] == 2
        port.take(frame(6))
        assert port.values == [6.0]
    await killed.close()


async def test_another_key_counts_anew(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        Port(tmp_path, memory).take(frame(1000))
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory, f"* {OTHER_KEY.hex()}")
        port.decoder.restore(TITLE)
        port.take(frame(1, telegram(f"{IMPORTED}(001001.000*kWh)"), key=OTHER_KEY))
        assert port.values == [1001.0]


async def test_totals_are_held_back_over_a_restart(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        Port(tmp_path, memory).take(frame(1, telegram(f"{IMPORTED}(000100.500*kWh)")))
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        for counter in range(2, 8):
            port.take(frame(counter, telegram(f"{IMPORTED}(000050.000*kWh)")))
        assert port.values == [100.5] * 6
        port.take(frame(8, telegram(f"{IMPORTED}(000050.000*kWh)")))
        assert port.values[-1] == 50.0


async def test_what_flows_survives_a_restart(tmp_path: Path) -> None:
    def captured(minute: int, index: str) -> bytes:
        gas = f"0-1:24.1.0(003)\r\n0-1:24.2.1(26011512{minute:02}00W)({index}*m3)"
        return telegram(f"{IMPORTED}(000100.500*kWh)\r\n0-0:1.0.0(260115120600W)\r\n{gas}")

    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.take(frame(1, captured(0, "00100.000")))
        port.take(frame(2, captured(5, "00100.100")))
        assert list(port.flows.values()) == [1.2]
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.take(frame(3, captured(5, "00100.100")))
        assert list(port.flows.values()) == [1.2]


@pytest.mark.parametrize("keys", [BOTH, f"* {KEY.hex()}\n{OTHER_TITLE.hex()} {OTHER_KEY.hex()}"])
async def test_another_meter_takes_its_place_when_it_keeps_sending(
    tmp_path: Path, keys: str
) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory, keys)
        port.take(frame(1))
        # Three frames until it is looked for, and two that are not yet enough.
        for counter in range(1, 6):
            port.take(other(counter, 7))
        assert port.values == [1.0]
        port.take(frame(2))
        assert port.values == [1.0, 2.0]
        for counter in range(6, 12):
            port.take(other(counter, counter))
        assert port.readings[-1] == (OTHER_NAME, 11.0)
        assert port.rejections["other_meter"] >= 2
        before = len(port.readings)
        port.take(other(12, 12))
        assert len(port.readings) == before + 1


async def test_meters_of_one_key(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory, f"* {KEY.hex()}")
        port.take(frame(1))
        for counter in range(1, 5):
            text = telegram(f"{IMPORTED}(000007.000*kWh)", name=OTHER_NAME)
            port.take(frame(counter, text, title=OTHER_TITLE))
        assert port.readings == [(DEVICE_NAME, 1.0), (OTHER_NAME, 7.0), (OTHER_NAME, 7.0)]


async def test_a_key_opens_the_frames_of_its_meter_alone(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory, f"{TITLE.hex()} {KEY.hex()}")
        port.take(frame(1))
        for counter in range(1, 6):
            port.take(frame(counter, telegram(f"{IMPORTED}(7*kWh)"), title=OTHER_TITLE))
        port.take(frame(2))
        assert port.values == [1.0, 2.0]
        assert port.rejections == {"key_missing": 5}


async def test_a_flood_of_forged_frames_costs_no_true_one(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.take(frame(1))
        for counter in range(2, 60):
            forged = b"".join(
                frame(number, key=EVERY_KEY, title=title)
                for number in range(counter, counter + 8)
                for title in (TITLE, OTHER_TITLE)
            )
            port.take(forged)
            port.take(frame(counter))
        assert port.values == [float(counter) for counter in range(1, 60)]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (f"{OTHER_TITLE.hex()} {OTHER_KEY.hex()}", "there is no key for the meter 5341"),
        (f"{TITLE.hex()} {OTHER_KEY.hex()}", "does not fit its frames"),
        (f"* {OTHER_KEY.hex()}", "does not fit its frames"),
    ],
)
async def test_it_is_said_once_when_there_is_no_key_that_fits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, keys: str, text: str
) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory, keys)
        with caplog.at_level(logging.WARNING):
            for counter in range(1, 20):
                port.take(frame(counter))
    assert port.values == []
    assert [text in record.getMessage() for record in caplog.records] == [True]


async def test_plain_telegrams_are_refused(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.take(frame(1))
        port.take(telegram(f"{IMPORTED}(000009.000*kWh)"))
        assert port.values == [1.0]
        assert port.rejections["downgrade"] == 1


async def test_plain_telegrams_are_refused_before_there_is_a_meter(tmp_path: Path) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        plain = telegram(f"{IMPORTED}(000009.000*kWh)")
        for at in range(0, len(plain) * 2, 7):
            port.take((plain * 2)[at : at + 7])
        assert port.rejections == {"downgrade": 2}
        port.take(frame(1) + plain)
        port.take(plain + frame(2))
        assert port.rejections == {"downgrade": 4}
        assert port.values == [1.0, 2.0]


async def test_what_is_stored_and_damaged_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with remembering(tmp_path) as memory:
        memory.put(f"meter {TITLE.hex().upper()}", lambda: {"totals": [KEY.hex()]})
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory)
        port.take(frame(1))
        assert port.values == [1.0]
    assert "cannot be read" in caplog.text
    assert KEY.hex() not in caplog.text


async def test_a_meter_whose_key_is_gone_makes_room_for_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with remembering(tmp_path) as memory:
        port = Port(tmp_path, memory, f"{OTHER_TITLE.hex()} {OTHER_KEY.hex()}\n")
        port.decoder.restore(TITLE)
        port.take(frame(1) + frame(2))
        assert port.rejections == {"key_missing": 2}
        assert f"there is no key for the meter {TITLE.hex().upper()}" in caplog.text
        for counter in range(1, 5):
            port.take(other(counter, counter))
        assert port.readings == [(OTHER_NAME, 3), (OTHER_NAME, 4)]
