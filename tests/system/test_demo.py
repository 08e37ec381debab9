"""`scripts/demo` as its user sees it: its output, its dashboard, and the files that stay behind."""

import asyncio
import re
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dev.checkout import ROOT
from dev.demo.client import Client
from dev.demo.meter_statistics import DOMAIN
from dev.ports import free_ports
from dev.testing.real_programs import (
    IN_ONE_LOOP,
    PATIENCE,
    addresses_listening_on,
    module_fixture,
    processes_mentioning,
    until,
    wanted_version,
)

pytestmark = IN_ONE_LOOP

READY_WITHIN = 1200.0


class RunningDemo:
    """A started `scripts/demo`, with its printed lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def says(self, text: str, *, within: float = READY_WITHIN) -> str:
        assert self.process.stdout
        async with asyncio.timeout(within):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line)
                if text in line:
                    return line
        pytest.fail(f"it never said {text!r}, but:\n{''.join(self.lines)}")

    async def ends(self, *, within: float = PATIENCE) -> int:
        async with asyncio.timeout(within):
            output, _ = await self.process.communicate()
        self.lines += output.decode().splitlines(keepends=True)
        status = self.process.returncode
        assert status is not None
        return status

    @property
    def output(self) -> str:
        return "".join(self.lines)


class Place:
    """A directory and ports that a demo may use again and again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_ports()
        self.meter_port = free_ports(2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def demo(self, *options: str) -> AsyncIterator[RunningDemo]:
        """Run the demo, from a directory that has nothing to do with it."""
        process = await asyncio.create_subprocess_exec(
            *(f"{ROOT}/scripts/demo", "--state", f"{self.directory}", "--interval", "2"),
            *("--port", f"{self.port}", "--meter-port", f"{self.meter_port}", *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd="/",
        )
        try:
            yield RunningDemo(process)
        finally:
            if process.returncode is None:
                process.terminate()
                await process.communicate()

    async def is_deserted(self) -> bool:
        return not processes_mentioning(self.directory)

    async def is_inhabited(self) -> bool:
        """Return whether a Home Assistant runs there."""
        return any("homeassistant" in command for command in processes_mentioning(self.directory))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("demo"))


@module_fixture
async def demo(place: Place) -> AsyncIterator[RunningDemo]:
    async with place.demo("--fresh") as demo:
        await demo.says("ready: ")
        yield demo


async def test_the_demo_prints_its_address_and_its_login(place: Place, demo: RunningDemo) -> None:
    ready = demo.lines[-1]
    assert place.url in ready
    assert "user demo, password demo" in ready
    assert "simulated history" in demo.output
    async with Client.logged_in(place.url) as client:
        assert (await client.get("/api/config"))["version"] == wanted_version("demo")
        assert len(await client.entries(DOMAIN)) == 1
    # The demo can be reached from this machine only.
    for port in (place.port, place.meter_port):
        assert addresses_listening_on(port) == ["127.0.0.1"]


async def test_the_key_is_kept_to_its_owner(place: Place, demo: RunningDemo) -> None:
    key_file = place.directory / "keys"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    key, key_to_try = key_file.read_text("ascii").split()
    assert re.fullmatch("[0-9A-F]{32}", key)
    logs = [path.read_text("utf-8") for path in place.directory.glob("*.log")]
    assert logs
    assert not [text for text in (demo.output, *logs) if key.lower() in text.lower()]
    assert not [text for text in logs if key_to_try.lower() in text.lower()]


@pytest.mark.usefixtures("demo")
async def test_the_energy_dashboard_is_valid(place: Place) -> None:
    async with Client.logged_in(place.url) as client:
        found = await client.command("energy/validate")
        assert not [issue for source in found["energy_sources"] for issue in source]
        sources = (await client.command("energy/get_prefs"))["energy_sources"]
        assert all("stat_rate" in source for source in sources)
        (entry_id,) = await client.entries(DOMAIN)
        cost: str = sources[0]["stat_cost"]
        assert cost.startswith(f"{DOMAIN}:")
        for name in (cost, cost.removesuffix("cost") + "total"):

            async def has_a_year_of_costs(name: str = name) -> bool:
                rows = await client.statistics(name, days=366)
                # A year of some hundred euros; the recorder takes its time to write them.
                return bool(rows) and 300 < rows[-1]["sum"] - rows[0]["sum"] < 3000

            await until(has_a_year_of_costs, within=READY_WITHIN)
        # The simulated year has the contract in the options: the levies are due for all energy.
        bills = await client.command("smarty_p1/bill", entry_id=entry_id, months=2)
        for bill in bills["months"]:
            kwh = {line["name"]: line["quantity"] for line in bill["lines"]}
            assert kwh["electricity_tax"] == kwh["energy"]


@pytest.mark.usefixtures("demo")
async def test_two_demos_do_not_share_a_directory(place: Place) -> None:
    other_ports = ("--port", f"{free_ports()}", "--meter-port", f"{free_ports()}")
    async with place.demo("--fresh", *other_ports) as second:
        assert await second.ends() == 1
    assert f"another demo is running: {place.url} (process " in second.output
    assert f"{place.directory}" in second.output
    for remedy in ("Use that one", "Ctrl-C", "--state"):
        assert remedy in second.output
    assert (place.directory / "keys").exists()


async def test_sigterm_ends_everything(place: Place, demo: RunningDemo) -> None:
    demo.process.send_signal(signal.SIGTERM)
    assert await demo.ends() == 0
    assert await place.is_deserted()


@pytest.mark.slow
async def test_a_later_start_adds_nothing(place: Place) -> None:
    async with place.demo() as later:
        await later.says("ready: ")
    assert "adding" not in later.output
    assert await place.is_deserted()


@pytest.mark.slow
async def test_nothing_stays_of_a_start_that_is_killed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    async with place.demo() as demo:
        await demo.says("starting Home Assistant")
        await until(place.is_inhabited, within=READY_WITHIN)
        demo.process.kill()
        assert await demo.ends() != 0
        await until(place.is_deserted)
