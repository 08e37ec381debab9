"""The programs beside a real Home Assistant, on real sockets of this machine."""

from pathlib import Path

import pytest

from dev.testing.program_fixtures import begin_with, no_traceback_in_logs, patient_time, seen_faults

__all__ = ["no_traceback_in_logs", "patient_time", "seen_faults"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give programs the time they need."""
    begin_with((), items, Path(__file__).parents[2])
