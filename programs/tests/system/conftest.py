"""The tests here run real programs, on real sockets of this machine."""

from pathlib import Path

import pytest

from dev.testing.program_fixtures import begin_with, no_traceback_in_logs, patient_time, seen_faults

__all__ = ["no_traceback_in_logs", "patient_time", "seen_faults"]

# The files that take longest come first: each worker begins with one.
ORDER = (
    "test_collect_outages.py",
    "test_fleet_watch.py",
    "test_forget.py",
    "test_fleet_alert_metrics.py",
    "test_collect_keys.py",
    "test_gateway_nats.py",
    "test_fleet_init.py",
    "test_collect.py",
    "test_fleet_alerts.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    begin_with(ORDER, items, Path(__file__).parents[1])
