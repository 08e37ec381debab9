"""Small boards: from a serial line to states in Home Assistant."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from dev.demo.client import FlowFailedError
from dev.demo.meter_statistics import DOMAIN, entities_of
from dev.demo.processes import Process
from dev.testing.broker import Broker
from dev.testing.real_programs import IN_ONE_LOOP, RecordingMeter, module_fixture, program, until
from tests.system.home import Home, add_broker

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("5A1ED5A1ED5A1ED5A1ED5A1ED5A1ED00")
GEOMETRY = {
    "distance_empty": 220,
    "distance_full": 20,
    "volume": 5000,
    "shape": "lying_cylinder",
}


class Wire:
    """A serial line: bytes written at the board's end can be read at the other end."""

    def __init__(self, directory: Path, name: str) -> None:
        self.port = directory / name
        self._far_end = directory / f"{name}-board"
        self._directory = directory
        self._file = -1

    @asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[Wire]:
        ends = [f"pty,raw,echo=0,link={end}" for end in (self.port, self._far_end)]
        log = self._directory / "socat.log"
        async with Process(
            "socat", [program("socat"), *ends], log=log, directory=self._directory
        ) as socat:

            async def exist() -> bool:
                return self.port.exists() and self._far_end.exists()

            await socat.until(exist)
            self._file = os.open(self._far_end, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            yield self
            os.close(self._file)

    def send(self, data: bytes) -> None:
        """Send bytes; unread bytes are lost, as on a UART."""
        with suppress(BlockingIOError):
            os.write(self._file, data)

    @asynccontextmanager
    async def sending(self, data: bytes, every: float = 0.1) -> AsyncIterator[None]:
        async def send() -> None:
            while True:
                self.send(data)
                await asyncio.sleep(every)

        task = asyncio.create_task(send())
        try:
            yield
        finally:
            task.cancel()


@module_fixture
async def wires(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Wire]]:
    directory = tmp_path_factory.mktemp("wires")
    async with AsyncExitStack() as stack:
        names = ("count", "tank")
        yield {
            name: await stack.enter_async_context(Wire(directory, name).plugged_in())
            for name in names
        }


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path)


@module_fixture
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    async with Home(tmp_path_factory.mktemp("home"), RecordingMeter(1, KEY)) as home:
        yield home


async def states(home: Home, entry_id: str) -> dict[str, str]:
    """Return the states of a board's entities by their translation keys."""
    shown = {state["entity_id"]: state["state"] for state in await home.client.get("/api/states")}
    entities = await entities_of(home.client, entry_id)
    return {key: shown[entity_id] for key, entity_id in entities.items()}


async def shows(home: Home, entry_id: str, **wanted: str) -> None:
    """Wait until entities of a board have these states."""

    async def check() -> bool:
        found = await states(home, entry_id)
        return found.items() >= wanted.items()

    try:
        await until(check)
    except AssertionError:
        pytest.fail(f"{await states(home, entry_id)} instead of {wanted}")


async def test_counts_on_a_line_become_energy(home: Home, wires: dict[str, Wire]) -> None:
    wire = wires["count"]
    fields = {"port": str(wire.port), "baud_rate": "9600", "pulses_per_kwh": 1000}
    async with wire.sending(b"500\r\n"):
        entry = await home.client.run_flow(
            DOMAIN, "pulse", "pulse_port", **fields, meter_reading=1234.5
        )
        entry_id = entry["entry_id"]
        await shows(home, entry_id, pulse_energy="1234.5")
    async with wire.sending(b"\r\n510\r\n"):
        await shows(home, entry_id, pulse_energy="1234.51")
    # The board starts again at 0, in the middle of a line.
    async with wire.sending(b"51\xff\x00\r\nPulse counter 1.0\r\n0\r\n3\r\n", every=3600):
        await shows(home, entry_id, pulse_energy="1234.513")
    with pytest.raises(FlowFailedError, match="port_in_use"):
        await home.client.run_flow(DOMAIN, "pulse", "pulse_port", **fields)


async def test_distances_on_a_line_become_volume(home: Home, wires: dict[str, Wire]) -> None:
    wire = wires["tank"]
    with pytest.raises(FlowFailedError, match="not_sonar"):
        async with wire.sending(b"/KFM5KAIFA-METER\r\n"):
            await home.client.run_flow(DOMAIN, "tank", port=str(wire.port), **GEOMETRY)
    async with wire.sending(b"R120\r"):
        entry = await home.client.run_flow(DOMAIN, "tank", port=str(wire.port), **GEOMETRY)
        await shows(home, entry["entry_id"], tank_level="50.0", tank_volume="2500.0")
    async with wire.sending(b"R765\r"):
        await shows(home, entry["entry_id"], tank_level="unknown", tank_volume="unknown")


async def test_messages_are_pulses(home: Home, broker: Broker) -> None:
    fields = {"topic": "iot/led", "pulses_per_kwh": 1000}
    async with broker.serving():
        await add_broker(home, broker)
        await broker.publish("iot/led", "40")
        entry = await home.client.run_flow(DOMAIN, "pulse", "pulse_topic", **fields)
        entry_id = entry["entry_id"]

        async def has_counted() -> bool:
            # Home Assistant gathers subscriptions for a while.
            await broker.publish("iot/led", "42")
            return (await states(home, entry_id)).get("pulse_energy") == "0.002"

        await until(has_counted)
    await shows(home, entry_id, pulse_energy="unavailable")
    async with broker.serving():
        await broker.publish("iot/led", "47")
        await shows(home, entry_id, pulse_energy="0.007")
