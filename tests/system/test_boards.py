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
from tests.system.browser import BROWSERS, frontend
from tests.system.home import Home
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
        names = ("count", "pulse", "tank")
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


async def add_pulse_reader(home: Home, wire: Wire, **more: object) -> str:
    """Set a pulse reader up at the end of a wire."""
    fields = {"port": str(wire.port), "baud_rate": "9600", "pulses_per_kwh": 1000} | more
    entry = await home.client.run_flow(DOMAIN, "pulse", "pulse_port", **fields)
    entry_id: str = entry["entry_id"]
    return entry_id


async def test_a_running_count_becomes_energy(home: Home, wires: dict[str, Wire]) -> None:
    wire = wires["count"]
    async with wire.sending(b"500\r\n"):
        entry_id = await add_pulse_reader(home, wire, meter_reading=1234.5)
        await shows(home, entry_id, pulse_energy="1234.5")
        # The first line may have lost its first digits; the next is one to count from.
        await asyncio.sleep(1)
    for count in (501, 505, 510):
        # So long that it hardly matters when a busy machine reads a line a little late.
        await asyncio.sleep(4)
        wire.send(b"%d\r\n" % count)
    await shows(home, entry_id, pulse_energy="1234.51")
    power = float((await states(home, entry_id))["pulse_power"])
    assert 0 < power < 18  # 5 pulses in four seconds: 4.5 kW, if the machine reads them in time

    # The board starts again at 0, in the middle of a line.
    wire.send(b"51\xff\x00\r\nPulse counter 1.0\r\n0\r\n3\r\n")
    await shows(home, entry_id, pulse_energy="1234.513")

    await home.stop()
    await home.start()
    async with wire.sending(b"20\r\n"):
        await shows(home, entry_id, pulse_energy="1234.53")

    await home.client.set_options(entry_id, pulses_per_kwh=500, meter_reading=2000)
    await shows(home, entry_id, pulse_energy="2000.0")
    wire.send(b"21\r\n22\r\n")
    await shows(home, entry_id, pulse_energy="2000.004")


async def test_lines_are_pulses(home: Home, wires: dict[str, Wire]) -> None:
    wire = wires["pulse"]
    async with wire.sending(b"\r\n", every=1):
        entry_id = await add_pulse_reader(home, wire)
        await shows(home, entry_id, pulse_energy="0.0")
    before = round(1000 * float((await states(home, entry_id))["pulse_energy"]))
    for line in (b"pulse\r\n", b"\r\n", b"blink 7\r\n"):
        await asyncio.sleep(1.5)
        wire.send(line)

    async def has_counted() -> bool:
        energy = float((await states(home, entry_id))["pulse_energy"])
        return before + 3 <= round(1000 * energy) <= before + 5

    await until(has_counted, within=PATIENCE)
    first = float((await states(home, entry_id))["pulse_power"])

    async def has_fallen() -> bool:
        return float((await states(home, entry_id))["pulse_power"]) < first / 2

    await until(has_fallen, within=PATIENCE)
    with pytest.raises(FlowFailedError, match="port_in_use"):
        await add_pulse_reader(home, wire)


async def test_a_tank(home: Home, wires: dict[str, Wire]) -> None:
    wire = wires["tank"]
    with pytest.raises(FlowFailedError, match="not_sonar"):
        async with wire.sending(b"/KFM5KAIFA-METER\r\n"):
            await home.client.run_flow(DOMAIN, "tank", port=str(wire.port), **GEOMETRY)
    async with wire.sending(b"R120\r"):
        entry = await home.client.run_flow(DOMAIN, "tank", port=str(wire.port), **GEOMETRY)
        await shows(home, entry["entry_id"], tank_level="50.0", tank_volume="2500.0")
    async with wire.sending(b"R070\rR070\rR200\r\x00\xff"):
        await shows(home, entry["entry_id"], tank_level="80.4", tank_volume="4022.0")
    async with wire.sending(b"R765\r"):
        await shows(home, entry["entry_id"], tank_level="unknown", tank_volume="unknown")
    async with wire.sending(b"R018\r"):
        await shows(home, entry["entry_id"], tank_level="100.0", tank_volume="5000.0")


async def test_the_dialogs(home: Home) -> None:
    async with frontend(home.client, program(*BROWSERS)) as pages:
        await pages.shows_dialog(
            *("LED pulse reader", "A serial port or network gateway"),
            texts=("Port of the pulse board", "Baud rate", "1000 imp/kWh", "kWh"),
            screenshot="pulse-reader",
        )
        await pages.shows_dialog(
            "Rainwater tank",
            texts=("MaxBotix XL-MaxSonar", "Distance when empty", "Horizontal cylinder", "cm"),
            screenshot="rainwater-tank",
        )


async def test_nothing_went_wrong(home: Home) -> None:
    log = home.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert " ERROR " not in log


async def test_messages_are_pulses(home: Home, tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    others = {"set_client_cert": False, "set_ca_cert": "off"}
    fields = {"topic": "iot/led", "pulses_per_kwh": 1000}
    async with broker.serving():
        await home.client.run_flow(
            "mqtt", broker=HOST, port=broker.port, protocol="5", other_settings=others
        )
        await publish(broker, "40", "--retain")
        entry = await home.client.run_flow(DOMAIN, "pulse", "pulse_topic", **fields)
        entry_id = entry["entry_id"]
        await asyncio.sleep(3)  # Home Assistant gathers subscriptions for a while
        await publish(broker, "42", "--retain")
        await shows(home, entry_id, pulse_energy="0.002")
    await shows(home, entry_id, pulse_energy="unavailable")
    async with broker.serving():
        await shows(home, entry_id, pulse_energy="0.002")
        await publish(broker, "47", "--retain")
        await shows(home, entry_id, pulse_energy="0.007")


async def publish(broker: Broker, text: str, *options: str) -> None:
    """Publish a message at the topic of the pulses."""
    client = await asyncio.create_subprocess_exec(
        *(program("mosquitto_pub"), "-h", HOST, "-p", f"{broker.port}"),
        *("-t", "iot/led", "-m", text, *options),
    )
    assert await client.wait() == 0
