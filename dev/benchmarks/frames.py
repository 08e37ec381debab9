"""Telegrams as meters send them one after the other."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dev.simulator import Meter
from dev.simulator.frame import encipher
from dev.simulator.telegram import crc16

KEY = bytes.fromhex("AABBCCDDEEFF00112233445566778899")
START = datetime(2025, 7, 3, 10, 0, tzinfo=UTC)
INTERVAL = timedelta(seconds=10)
# A telegram that was made independently of this project, and the lines of it that change.
_LITERAL = Path(__file__).parents[2] / "dev/frames/three_phase_gas_water_heat.json"
_CHANGING = (
    "1-0:1.8.0", "1-0:1.7.0", "1-0:9.7.0", "1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0",
    "1-0:31.7.0", "1-0:21.7.0", "1-0:41.7.0", "0-1:24.2.1", "0-0:1.0.0",
)  # fmt: skip


def series(number: int) -> list[bytes]:
    """Return so many frames of the simulator's meter at noon: with gas, water, heat and sun."""
    meter = Meter(1, KEY)
    return [meter.frame_at(START + index * INTERVAL) for index in range(number)]


def literal_series(number: int) -> list[bytes]:
    """Return so many frames of a literal telegram of which the digits of eleven lines change."""
    frame = json.loads(_LITERAL.read_text(encoding="utf-8"))
    title = bytes.fromhex(frame["system_title"])
    body = frame["telegram"].rpartition("!")[0].replace("\n", "\r\n").replace("\r\r", "\r") + "!"
    frames = []
    for counter in range(1, number + 1):
        text = body
        for reference in _CHANGING:
            text = _with_other_digits(text, reference, counter)
        text += f"{crc16(text.encode()):04X}\r\n"
        frames.append(encipher(text, key=KEY, system_title=title, counter=counter))
    return frames


def _with_other_digits(text: str, reference: str, counter: int) -> str:
    """Return a telegram with another number (of a time, other minutes and seconds) in a line."""
    if reference == "0-0:1.0.0":
        time = START + counter * INTERVAL
        return re.sub(r"(?<=0-0:1\.0\.0\()\d{12}", f"{time:%y%m%d%H%M%S}", text)
    before, digits, after = re.split(rf"(?<={re.escape(reference)}\()((?:\d+S\)\()?[\d.]+)", text)
    last = f"{int(digits[-1]) + counter:d}"[-1]
    return before + digits[:-1] + last + after


def in_chunks(frame: bytes, size: int) -> list[bytes]:
    """Cut a frame as a serial port or gateway delivers it."""
    return [frame[start : start + size] for start in range(0, len(frame), size)]
