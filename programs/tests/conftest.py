"""Fixtures and settings of all tests."""

from dev.testing.fixtures import (
    enable_event_loop_debug,
    patient_time,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    sockets,
    time_for_waiting,
)

__all__ = [
    "enable_event_loop_debug",
    "patient_time",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "sockets",
    "time_for_waiting",
]
