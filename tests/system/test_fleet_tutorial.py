"""The page of the fleet, followed to its end by the script that reads the commands from it."""

import json
import re
from pathlib import Path

import pytest

from dev.demo.home_assistant import ROOT
from dev.demo.processes import running
from tests.system.support import TIMEOUT, processes_mentioning, program

SILENT = {"gateway": "cellar-14", "port": "flat3", "title": "5341476770041533"}


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
async def test_the_page_leads_from_nothing_to_a_picture_and_to_the_silent_meter(
    tmp_path: Path,
) -> None:
    for name in ("victoria-metrics", "prometheus"):
        program(name)
    log = tmp_path / "path.log"
    command: list[str | Path] = [ROOT / "scripts" / "fleet_tutorial"]
    async with running("path", command, log=log, directory=tmp_path) as process:
        status = await process.wait()
    output = log.read_text(encoding="utf-8")
    assert status == 0, output

    parts = re.split(r"^--- \d+ of \d+", output, flags=re.MULTILINE)
    seen = [re.findall(r"^seen: (.*) \S+$", part, re.MULTILINE) for part in parts]
    power, silent = ([*map(json.loads, labels)] for labels in seen if labels)
    assert len({one["meter"] for one in power if one}) == 6
    # Nobody who has the page alone goes into the wrong cellar.
    assert [{name: one[name] for name in SILENT} for one in silent] == [SILENT]
    assert processes_mentioning("fleet-tutorial-") == []
