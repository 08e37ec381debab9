"""The reliability runs, with counts so small that they show little but that they work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from demo.home_assistant import ROOT
from demo.processes import Process, running
from tests.system.support import program

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

RUNS = {
    "ser2net": ["--count", "3"],
    "half-open": ["--count", "1"],
    "replug": ["--count", "3"],
    "day": ["--count", "300"],
    # How fast a busy machine is says nothing.
    "many": ["--count", "5", "--seconds", "0"],
    "kill": ["--count", "2"],
}
PROGRAMS = {"ser2net": "ser2net", "half-open": "ser2net", "replug": "socat"}


class Soak:
    """A run that has been started."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def met(self) -> tuple[bool, str]:
        """Wait for its end; return whether it has met its figures, and what it has printed."""
        status = await self._process.wait()
        return status == 0, self._log.read_text(encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def soaks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Soak]]:
    """All runs at once: most of them wait most of the time."""
    directory = tmp_path_factory.mktemp("soak")
    async with contextlib.AsyncExitStack() as stack:
        soaks = {}
        for name, arguments in RUNS.items():
            log = directory / name
            command: list[str | Path] = [ROOT / "scripts" / "soak", name, *arguments]
            process = await stack.enter_async_context(
                running(name, command, log=log, directory=directory)
            )
            soaks[name] = Soak(process, log)
        yield soaks


@pytest.mark.parametrize("name", RUNS)
async def test_the_figures_are_met(soaks: dict[str, Soak], name: str) -> None:
    if name in PROGRAMS:
        program(PROGRAMS[name])
    is_met, output = await soaks[name].met()
    assert is_met, output


async def test_it_lists_its_runs() -> None:
    listing = await asyncio.create_subprocess_exec(
        ROOT / "scripts" / "soak", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await listing.communicate()
    assert listing.returncode == 0
    assert all(f"{name} " in output.decode() for name in RUNS)
