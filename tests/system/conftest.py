"""The tests here run real programs, on real sockets of this machine."""

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

# The seven files that take longest come first: each of seven workers begins with one. A file with
# one or two tests takes the next file along to its worker: so three short files follow.
ORDER = (
    "test_entities.py",
    "test_home_assistant.py",
    "test_demo.py",
    "test_boards.py",
    "test_first_clicks.py",
    "test_accessibility.py",
    "test_without_cable.py",
    "test_oldest.py",
    "test_first_day.py",
    "test_the_past.py",
    "test_six_meters.py",
    "test_card_forms.py",
    "test_rows.py",
    "test_messages.py",
    "test_dashboard.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    begin_with(ORDER, items, Path(__file__).parents[1])
