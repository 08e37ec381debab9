"""A serial port that a real ser2net serves on the network."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from dev.demo.processes import running
from smartyp1.p1 import Decoder, Telegram
from smartyp1.port import open_port
from tests.system.gateway import Gateway
from tests.system.home import Home
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, program, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]

KEY = bytes.fromhex("C0FFEE00112233445566778899AABBCC")


class Cable:
    """The meter's end of a serial line, which loses what nobody takes, as a UART does."""

    def __init__(self, device: Path, meter: RecordingMeter) -> None:
        self.meter = meter
        self._file = os.open(device, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)

    def send_telegram(self) -> str:
        """Send a telegram, and return its text."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._file, self.meter.frame_at(datetime.now(UTC)))
        return self.meter.last_telegram

    async def keep_sending(self) -> None:
        """Send a telegram every second."""
        while True:
            self.send_telegram()
            await asyncio.sleep(1)

    def unplug(self) -> None:
        """Close the line."""
        os.close(self._file)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def devices(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Path]]:
    """Two serial devices that are connected to each other."""
    directory = tmp_path_factory.mktemp("serial")
    ends = [directory / "meter", directory / "gateway"]
    terminals = [f"pty,raw,echo=0,link={end}" for end in ends]
    log = directory / "socat.log"
    async with running(
        "socat", [program("socat"), *terminals], log=log, directory=directory
    ) as socat:

        async def exist() -> bool:
            return all(end.exists() for end in ends)

        await socat.until(exist)
        yield ends


@pytest.fixture(scope="module")
def cable(devices: list[Path]) -> Iterator[Cable]:
    cable = Cable(devices[0], RecordingMeter(1, KEY))
    yield cable
    cable.unplug()


@pytest.fixture(scope="module")
def gateway(devices: list[Path]) -> Gateway:
    return Gateway(devices[1:], devices[1].parent)


async def test_telegrams_come_through_whole(gateway: Gateway, cable: Cable) -> None:
    decoder = Decoder(KEY)
    async with gateway.serving(), open_port(gateway.url(1)) as reader:
        for _ in range(5):
            await asyncio.sleep(0.1)
            sent = cable.send_telegram()
            received: list[Telegram] = []
            async with asyncio.timeout(PATIENCE):
                while not received:
                    events = decoder.feed(await reader.read(65536))
                    received = [event for event in events if isinstance(event, Telegram)]
            assert [telegram.text.decode("ascii") for telegram in received] == [sent]


async def test_home_assistant_reads_through_a_gateway_that_restarts(
    gateway: Gateway, cable: Cable, tmp_path: Path
) -> None:
    sending = asyncio.create_task(cable.keep_sending())
    home = Home(tmp_path, cable.meter)
    try:
        async with gateway.serving():
            await home.start()
            await home.add_meter(gateway.url(1), KEY)
            await until(home.shows_last_telegram, within=PATIENCE)
        async with gateway.serving():
            # The port needs to be found again; a telegram of before the pause proves nothing.
            await home.meter.sends_another(within=PATIENCE)
            await until(home.shows_last_telegram, within=PATIENCE)
            await home.meter.sends_another(within=PATIENCE)
            await until(home.shows_last_telegram, within=PATIENCE)
    finally:
        await home.stop()
        sending.cancel()
