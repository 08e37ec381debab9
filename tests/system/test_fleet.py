"""A small fleet, of which a part of each kind is killed: nothing is lost, doubled or made up."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest

from dev.demo.home_assistant import ROOT
from dev.demo.processes import running
from dev.fleet.comparison import Sample
from dev.fleet.export import Export
from dev.fleet.fleet import Fleet
from dev.fleet.nats_server import recommended
from dev.fleet.storage import VictoriaMetrics
from dev.fleet.truth import Series
from tests.system.support import program

METERS = 50
ARGUMENTS = ["--meters", f"{METERS}", "--minutes", "1", "--kills", "each"]


# It ends when nothing advances any more; this is only for what nobody thought of.
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_nothing_is_lost(tmp_path: Path) -> None:
    program(recommended())
    program("victoria-metrics")
    log = tmp_path / "fleet.log"
    command: list[str | Path] = [ROOT / "scripts" / "fleet", *ARGUMENTS]
    async with running("fleet", command, log=log, directory=tmp_path) as process:
        await process.wait()
    output = log.read_text(encoding="utf-8")

    found = re.search(r"telegrams: (\d+) sent, (\d+) stored .*, 0 lost, 0 with", output)
    assert found, output
    sent, stored = map(int, found.groups())
    # A meter sends no two in a second: a machine that is late leaves some out.
    assert METERS * 4 < sent <= METERS * 6
    assert stored > sent / 2, output
    for kind in ("NATS node", "VictoriaMetrics", "collector", "gateway"):
        assert f"{kind} 1" in output.partition("killed: ")[2], output
    # How fast a busy machine is says nothing.
    missed = re.findall(r"^MISSED: (.*)$", output, re.MULTILINE)
    assert [figure for figure in missed if not figure.startswith("p95")] == [], output


async def test_what_is_stored_twice_is_there_to_be_found(tmp_path: Path) -> None:
    program(recommended())
    program("victoria-metrics")
    store = Fleet(tmp_path, 2, 60.0, 1).store
    lines = "".join(f"smarty_p1,meter=SAG1 level={value} 1795000000000\n" for value in (1.5, 2.5))
    # What no meter sends.
    lines += "smarty_p1,meter=SAG1,title=1,gateway=a last_seen=1795000000.0 1795000000000\n"
    async with aiohttp.ClientSession() as session:
        async with store, session.post(f"{store.url}/write?precision=ms", data=lines) as answer:
            answer.raise_for_status()
        async with VictoriaMetrics(store.directory, shows_doubles=True) as other:
            samples = await Export(other.url, session).samples("SAG1")
    assert sorted(samples) == [
        Sample(Series("level"), 1795000000000, value) for value in (1.5, 2.5)
    ]


async def test_it_refuses_what_it_does_not_know() -> None:
    refused = await asyncio.create_subprocess_exec(
        ROOT / "scripts" / "fleet", "--meters", "0", stderr=asyncio.subprocess.PIPE
    )
    _, errors = await refused.communicate()
    assert refused.returncode == 2
    assert b"not a number from 1 on" in errors
