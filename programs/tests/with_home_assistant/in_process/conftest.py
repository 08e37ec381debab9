"""The programs beside the integration in a Home Assistant within the process of the tests."""

from tests.ha.conftest import (
    computer_clock,
    frequent_commits,
    integration,
    jobs_before_the_end,
    no_open_reads,
    passing_time,
    pytest_configure,
    quarter_hours_folder,
    recorder_config,
    time_for_threads,
    timeouts_in_true_time,
    timers_in_their_time,
    unloaded_before_recorder,
)

__all__ = [
    "computer_clock",
    "frequent_commits",
    "integration",
    "jobs_before_the_end",
    "no_open_reads",
    "passing_time",
    "pytest_configure",
    "quarter_hours_folder",
    "recorder_config",
    "time_for_threads",
    "timeouts_in_true_time",
    "timers_in_their_time",
    "unloaded_before_recorder",
]
