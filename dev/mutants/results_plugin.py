"""Plugin of pytest that writes the end of each test to a file, also if pytest is killed later."""

import os
from collections import defaultdict
from pathlib import Path

import pytest

RESULTS = "MUTANTS_RESULTS"
"""Environment variable with the path of the file."""


class _Results:
    """Writes lines with a word, a test and, after `passed`, seconds, separated by tabs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds = defaultdict[str, float](float)

    def _write(self, *words: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\t".join(words) + "\n")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write("started", nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self._write("failed", report.nodeid)
        if report.when == "teardown":
            self._write("ended", report.nodeid, f"{self._seconds.pop(report.nodeid):.2f}")


def pytest_configure(config: pytest.Config) -> None:
    """Register the writer. With several processes, the first one gets the reports of all."""
    if (path := os.environ.get(RESULTS)) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Results(Path(path)))
