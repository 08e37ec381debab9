"""The boards: what they send, and that it is true."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from dev.simulator import Clock, Meter, PulseBoard, TankBoard, serve
from dev.simulator.boards import TANK_EMPTY_CM, TANK_FULL_CM
from tests.dev.simulator.support import KEY

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "127.0.0.1"


def test_as_many_lines_as_the_meter_counts() -> None:
    board = PulseBoard()
    assert board.due_at(NOON) == b""
    lines = b"".join(board.due_at(NOON + timedelta(minutes=minute)) for minute in range(1, 181))

    counted = [
        board.meter.registers_at(at).imported_kwh for at in (NOON, NOON + timedelta(hours=3))
    ]
    assert re.fullmatch(rb"(\r\n)+", lines)
    assert lines.count(b"\n") == int(counted[1] * 1000) - int(counted[0] * 1000)


def test_a_sensor_with_echoes() -> None:
    board = TankBoard()
    readings = [board.due_at(NOON + timedelta(seconds=tenth / 10)) for tenth in range(600)]

    assert all(re.fullmatch(rb"R[0-9]{3}\r", reading) for reading in readings)
    distances = [int(reading[1:4]) for reading in readings]
    assert len(set(distances)) > 10
    assert median(distances) == pytest.approx(board.distance_cm(NOON), abs=1)
    for hours in range(24 * 9):
        assert TANK_FULL_CM < board.distance_cm(NOON + timedelta(hours=hours)) < TANK_EMPTY_CM


async def test_boards_are_served_behind_the_meters() -> None:
    boards = [PulseBoard(is_counting=True), TankBoard()]
    clock = Clock(NOON, speed=1000)
    async with serve([Meter(1, KEY)], boards=boards, interval=3600, clock=clock) as server:
        assert [board for board, _ in server.board_addresses()] == boards
        (_, [pulse]), (_, [tank]) = server.board_addresses()
        assert [pulse, tank] == [f"socket://{HOST}:{port}" for port in server.ports[1:]]
        for port, pattern in zip(server.ports[1:], (rb"[0-9]+\r\n", rb"R[0-9]{3}\r"), strict=True):
            reader, writer = await asyncio.open_connection(HOST, port)
            async with asyncio.timeout(10):
                assert re.match(pattern, await reader.read(5) + await reader.read(100))
            writer.close()
