"""The programs beside a real Home Assistant, on real sockets of this machine."""

from pathlib import Path

import pytest

from dev.testing.program_fixtures import begin_with, no_traceback_in_logs, patient_time, seen_faults
from tests.system.kit_overrides import (
    bcrypt_cost,
    enable_event_loop_debug,
    mock_network,
    sockets,
    sockets_for_fixtures,
    verify_cleanup,
)

__all__ = [
    "bcrypt_cost",
    "enable_event_loop_debug",
    "mock_network",
    "no_traceback_in_logs",
    "patient_time",
    "seen_faults",
    "sockets",
    "sockets_for_fixtures",
    "verify_cleanup",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give programs the time they need."""
    begin_with((), items, Path(__file__).parents[2])
