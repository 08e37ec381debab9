"""Telegrams as a meter sends them one after the other: the simulator's household at noon."""

from datetime import UTC, datetime, timedelta

from dev.simulator import Meter

KEY = bytes.fromhex("AABBCCDDEEFF00112233445566778899")
START = datetime(2025, 7, 3, 10, 0, tzinfo=UTC)
INTERVAL = timedelta(seconds=10)


def series(number: int) -> list[bytes]:
    """Return so many encrypted frames of a three-phase meter with gas, water, heat and sun."""
    meter = Meter(1, KEY)
    return [meter.frame_at(START + index * INTERVAL) for index in range(number)]


def in_chunks(frame: bytes, size: int) -> list[bytes]:
    """Cut a frame as a serial port or gateway delivers it."""
    return [frame[start : start + size] for start in range(0, len(frame), size)]
