"""A small fleet: nothing is lost, doubled or made up.

A part of each kind is killed, a node's clock is wrong, keys differ, and a tenant is removed.
"""

import re
from pathlib import Path

import pytest

from dev.demo.home_assistant import ROOT
from dev.demo.processes import running
from dev.fleet.nats_server import recommended
from tests.system.support import program

METERS = 50
ARGUMENTS = ["--meters", f"{METERS}", "--minutes", "1", "--kills", "each", "--faults"]


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
