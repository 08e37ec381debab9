"""The small boards, from bytes on a serial line to states in a real Home Assistant."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dev.demo.client import FlowFailedError
from dev.demo.meter_statistics import DOMAIN, entities_of
from dev.demo.processes import running
from tests.system.broker import HOST, Broker
from tests.system.home import Home, add_broker
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, program, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]

GEOMETRY = {
    "distance_empty": 220,
    "distance_full": 20,
    "volume": 5000,
    "shape": "lying_cylinder",
}


class Wire:
    """A serial line: what is written at the board's end can be read at the other."""

    def __init__(self, directory: Path, name: str) -> None:
        self.port = directory / name
        self._far_end = directory / f"{name}-board"
        self._directory = directory
        self._file = -1

    @contextlib.asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[Wire]:
        """Keep the line as long as the context lasts."""
        ends = [f"pty,raw,echo=0,link={end}" for end in (self.port, self._far_end)]
        log = self._directory / "socat.log"
        async with running(
            "socat", [program("socat"), *ends], log=log, directory=self._directory
        ) as socat:

            async def exist() -> bool:
                return self.port.exists() and self._far_end.exists()

            await socat.until(exist)
            self._file = os.open(self._far_end, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            yield self
            os.close(self._file)

    def send(self, data: bytes) -> None:
        """Send bytes; what nobody takes is lost, as on a UART."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._file, data)

    @contextlib.asynccontextmanager
    async def sending(self, data: bytes, every: float = 0.1) -> AsyncIterator[None]:
        """Send the same again and again as long as the context lasts."""

        async def send() -> None:
            while True:
                self.send(data)
                await asyncio.sleep(every)

        task = asyncio.create_task(send())
        try:
            yield
        finally:
            task.cancel()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wires(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Wire]]:
    directory = tmp_path_factory.mktemp("wires")
    async with contextlib.AsyncExitStack() as stack:
        names = ("count", "tank")
        yield {
            name: await stack.enter_async_context(Wire(directory, name).plugged_in())
            for name in names
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    home = Home(tmp_path_factory.mktemp("home"), RecordingMeter(1))
    try:
        await home.start()
        yield home
    finally:
        await home.stop()


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
        await until(check, within=PATIENCE)
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


async def test_messages_are_pulses(home: Home, tmp_path: Path) -> None:
    log = home.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert " ERROR " not in log
    broker = Broker(tmp_path)
    fields = {"topic": "iot/led", "pulses_per_kwh": 1000}
    async with broker.serving():
        await add_broker(home, broker)
        await publish(broker, "40", "--retain")
        entry = await home.client.run_flow(DOMAIN, "pulse", "pulse_topic", **fields)
        entry_id = entry["entry_id"]

        async def has_counted() -> bool:
            # Home Assistant gathers subscriptions for a while.
            await publish(broker, "42", "--retain")
            return (await states(home, entry_id)).get("pulse_energy") == "0.002"

        await until(has_counted, within=PATIENCE)
    await shows(home, entry_id, pulse_energy="unavailable")
    async with broker.serving():
        await publish(broker, "47", "--retain")
        await shows(home, entry_id, pulse_energy="0.007")


async def publish(broker: Broker, text: str, *options: str) -> None:
    """Publish a message at the topic of the pulses."""
    client = await asyncio.create_subprocess_exec(
        *(program("mosquitto_pub"), "-h", HOST, "-p", f"{broker.port}"),
        *("-t", "iot/led", "-m", text, *options),
    )
    assert await client.wait() == 0
