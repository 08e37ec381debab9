"""The units of systemd that are installed by hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# No keys in what a crash leaves behind, and what hangs is started again.
LINES = {"LimitCORE=0", "Type=notify", "WatchdogSec=60", "Restart=always"}


@pytest.mark.parametrize(
    "unit", ["gateway/smarty-p1-gateway.service", "fleet/smarty-p1-collect.service"]
)
def test_a_crash_tells_no_key_and_what_hangs_is_started_again(unit: str) -> None:
    assert {*(ROOT / unit).read_text(encoding="utf-8").splitlines()} >= LINES
