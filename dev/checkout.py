"""Folders of a checkout: the integration's project at the top, and the one of the programs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "programs"
PYTHON_PATH = f"{PROGRAMS}:{ROOT}"
"""Folders in which a started Python finds the programs, the simulator and the helpers of tests."""
