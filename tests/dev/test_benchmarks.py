"""The benchmarks measure what they say, however slow the machine is."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# In a process of its own: it starts a Home Assistant, which is told to load the entries of entities
# that were enabled so soon again that it is never after what is measured.
COMPARE = """
import asyncio
import homeassistant.config_entries
homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY = 0.01
from dev.bench import compare_states
print(asyncio.run(compare_states(rounds=1))[0])
"""


# It takes ten seconds, and several times that beside other tests.
@pytest.mark.timeout(300)
def test_entries_are_not_loaded_again_while_they_are_measured() -> None:
    end = subprocess.run(
        [sys.executable, "-c", COMPARE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert end.returncode == 0, end.stderr
    assert int(end.stdout) > 20
    assert "Traceback" not in end.stderr
