"""The units of systemd that are installed by hand."""

import re
from pathlib import Path

import pytest

from dev.demo.home_assistant import ROOT

UNITS = sorted([*ROOT.glob("gateway/*.service"), *ROOT.glob("fleet/*.service")])


def test_there_are_some() -> None:
    assert len(UNITS) == 2


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_crash_leaves_behind_has_no_keys_in_it(unit: Path) -> None:
    service = unit.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0]
    assert re.findall(r"^LimitCORE=(.*)$", service, re.MULTILINE) == ["0"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_hangs_is_started_again(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    assert {"Type=notify", "WatchdogSec=60", "Restart=always"} <= {*lines}
    # A socket of the system has no other family.
    assert "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX" in lines
