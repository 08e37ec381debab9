"""The reliability runs, with counts so small that they show little but that they work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dev.demo.home_assistant import ROOT
from dev.demo.processes import Process, running
from tests.system.support import TIMEOUT, program

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(TIMEOUT),
    pytest.mark.slow,
]

RUNS = {
    # How fast a busy machine is says nothing, here and below.
    "ser2net": ["--count", "3", "--late", "60"],
    "half-open": ["--count", "1", "--late", "60"],
    "replug": ["--count", "3", "--late", "60"],
    "junk": ["--count", "12"],
    "day": ["--count", "300"],
    "rows": ["--count", "100"],
    "many": ["--count", "5", "--seconds", "0"],
    "kill": ["--count", "2", "--life", "20"],
}
PROGRAMS = {"ser2net": "ser2net", "half-open": "ser2net", "replug": "socat"}


class Soak:
    """A run that has been started."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def output_when_met(self) -> str:
        """Wait for the end, and return what was printed; the figures must be met."""
        status = await self._process.wait()
        output = self._log.read_text(encoding="utf-8")
        assert status == 0, output
        return output


@contextlib.asynccontextmanager
async def soaking(name: str, arguments: list[str], directory: Path) -> AsyncIterator[Soak]:
    """Run `scripts/soak` as long as the context lasts."""
    log = directory / name
    command: list[str | Path] = [ROOT / "scripts" / "soak", name, *arguments]
    async with running(name, command, log=log, directory=directory) as process:
        yield Soak(process, log)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def soaks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Soak]]:
    """Start all runs at once: most of them wait most of the time."""
    directory = tmp_path_factory.mktemp("soak")
    async with contextlib.AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(soaking(name, arguments, directory))
            for name, arguments in RUNS.items()
        }


@pytest.mark.parametrize("name", RUNS)
async def test_the_figures_are_met(soaks: dict[str, Soak], name: str) -> None:
    if name in PROGRAMS:
        program(PROGRAMS[name])
    assert f"{name}: met" in await soaks[name].output_when_met()


async def test_without_a_name_it_lists_them() -> None:
    listing = await asyncio.create_subprocess_exec(
        ROOT / "scripts" / "soak", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await listing.communicate()
    assert listing.returncode == 0
    assert all(f"{name} " in output.decode() for name in RUNS)
