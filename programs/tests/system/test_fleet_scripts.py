"""The scripts of a fleet: nothing is lost, doubled or made up in a small one; and its tutorial."""

import json
import re
from pathlib import Path

import pytest

from dev.checkout import PROGRAMS
from dev.demo.processes import Process
from dev.fleet.nats_server import recommended
from dev.testing.real_programs import processes_mentioning, program

METERS = 50
ARGUMENTS = ["--meters", f"{METERS}", "--minutes", "1", "--kills", "each", "--faults"]


async def run(directory: Path, script: str, *arguments: str) -> tuple[int, str]:
    """Run a script to its end; return its status and its output."""
    log = directory / "log"
    command: list[str | Path] = [PROGRAMS / "scripts" / script, *arguments]
    async with Process(script, command, log=log, directory=directory) as process:
        status = await process.wait()
    return status, log.read_text("utf-8")


# The script ends when nothing advances any more; the time limit is for the unexpected.
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_nothing_is_lost(tmp_path: Path) -> None:
    program(recommended())
    program("victoria-metrics")
    _, output = await run(tmp_path, "fleet", *ARGUMENTS)

    found = re.search(r"telegrams: (\d+) sent, (\d+) stored .*, 0 lost, 0 with", output)
    assert found, output
    sent, stored = map(int, found.groups())
    # A meter sends no two in a second: a machine that is late leaves some out.
    assert METERS * 4 < sent <= METERS * 6
    assert stored > sent / 2, output
    for kind in ("NATS node", "VictoriaMetrics", "collector", "gateway"):
        assert f"{kind} 1" in output.partition("killed: ")[2], output
    # The speed of a busy machine proves nothing.
    missed = re.findall(r"^MISSED: (.*)$", output, re.MULTILINE)
    assert [figure for figure in missed if not figure.startswith("p95")] == [], output


SILENT = {"gateway": "cellar-14", "port": "flat3", "title": "5341476770041533"}


@pytest.mark.slow
async def test_the_page_leads_from_nothing_to_a_picture_and_to_the_silent_meter(
    tmp_path: Path,
) -> None:
    for name in ("victoria-metrics", "prometheus"):
        program(name)
    status, output = await run(tmp_path, "fleet_tutorial")
    assert status == 0, output

    parts = re.split(r"^--- \d+ of \d+", output, flags=re.MULTILINE)
    seen = [re.findall(r"^seen: (.*) \S+$", part, re.MULTILINE) for part in parts]
    power, silent = ([*map(json.loads, labels)] for labels in seen if labels)
    assert len({one["meter"] for one in power if one}) == 6
    # The page alone is enough to find the right cellar.
    assert [{name: one[name] for name in SILENT} for one in silent] == [SILENT]
    assert processes_mentioning("fleet-tutorial-") == []
