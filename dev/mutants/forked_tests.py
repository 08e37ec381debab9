"""Tests in a fork of this process, which has imported their packages, but nothing of the project.

So each fork imports the files of its tree, with the mutant, in less than a second.
"""

import gc
import importlib
import json
import math
import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .line_recorder import LineRecorder

PROJECT = ("custom_components", "smartyp1", "smarty_p1_", "dev", "tests", "scripts")
KIT = "pytest_homeassistant_custom_component.plugins"
_MAX_BYTES = 8 << 30
# A test may take so many times its usual time, and so many more seconds.
_TIMES, _MORE_S = 5, 10
# Seconds for the import of files, and for a test whose time is not known.
_IMPORT_S, _MAX_RECORDED_S = 10, 100
_ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:random_order")


class Event(NamedTuple):
    """Message of a fork: begin, failed, ran, modules or end."""

    kind: str
    test: str = ""
    content: Any = None


class _Reporter:
    """Plugin of pytest that runs the wanted tests in their order, and tells what happens."""

    def __init__(self, wanted: Sequence[str], pipe: int) -> None:
        self._order = {name: place for place, name in enumerate(wanted)}
        self._pipe = pipe

    def tell(self, *event: object) -> None:
        """Write an event as a line."""
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(self._pipe, data) :]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._order:
            wanted = [item for item in items if item.nodeid in self._order]
            items[:] = sorted(wanted, key=lambda item: self._order[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.tell("begin", nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.tell("failed", report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.tell("failed", report.nodeid)


def run_tests(
    project: Path,
    files: Sequence[str],
    seconds: Mapping[str, float],
    *,
    has_kit: bool,
    recorded: Collection[str] | None = None,
) -> Iterator[Event]:
    """Run tests of some files in a fork, and yield its events. A hang and a crash are failures.

    `seconds` has the wanted tests in their order; without any, all tests of the files run. Of files
    that are `recorded`, the events have the executed lines.
    """
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        _run(project, files, _Reporter(list(seconds), writing), has_kit=has_kit, recorded=recorded)
    os.close(writing)
    running = files[0]
    try:
        for event in _events(reading, seconds):
            yield event
            running = event.test if event.kind == "begin" else running
            if event.kind == "end":
                return
        yield Event("failed", running, "hang or crash")
    finally:
        os.close(reading)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def limit_s(seconds: float) -> float:
    """Return how long a test may take on this machine, which other programs may keep busy."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return (_MORE_S + _TIMES * seconds) * max(1.0, load)


def _events(pipe: int, seconds: Mapping[str, float]) -> Iterator[Event]:
    rest = b""
    begin = time.monotonic()
    until = begin + limit_s(_IMPORT_S)
    # A mutant may make each test slower. Then the others are left out.
    last = begin + limit_s(sum(seconds.values()) + _IMPORT_S) if seconds else math.inf
    while (left := until - time.monotonic()) > 0:
        if time.monotonic() > last:
            yield Event("end")
            return
        if not select.select([pipe], [], [], left)[0]:
            return
        if not (data := os.read(pipe, 1 << 16)):
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield (event := Event(*json.loads(line)))
            if event.kind == "begin":
                until = time.monotonic() + limit_s(seconds.get(event.test, _MAX_RECORDED_S))


def _run(
    project: Path,
    files: Sequence[str],
    reporter: _Reporter,
    *,
    has_kit: bool,
    recorded: Collection[str] | None,
) -> None:
    os.setsid()
    try:
        _enter(project)
        records = recorded is not None
        sys.dont_write_bytecode = not records
        plugins: list[object] = [reporter]
        if recorded is not None:
            plugins.append(LineRecorder(f"{project}", recorded, reporter.tell))
        options = [*_ARGUMENTS, *([] if records else ["-x"])]
        options += [] if has_kit else ["-p", "no:homeassistant"]
        pytest.main([*options, *files], plugins=plugins)
        if records:
            reporter.tell("modules", "", list(sys.modules))
        reporter.tell("end")
    finally:
        os._exit(0)


def _enter(project: Path) -> None:
    """Let this process use the files of a copied project, and no standard output."""
    with Path(os.devnull).open("r+b") as nothing:
        for stream in (0, 1, 2):
            os.dup2(nothing.fileno(), stream)
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places = [f"{project}", f"{project.parent}"]
    sys.path[:] = [*places, *(place for place in sys.path if place not in before)]
    os.environ["PYTHONPATH"] = os.pathsep.join(places)
    os.chdir(project)
    for name in [name for name in sys.modules if name.startswith(PROJECT)]:
        del sys.modules[name]
    importlib.invalidate_caches()


def import_packages(names: Iterable[str]) -> None:
    """Import modules of packages, so that forks have them."""
    for name in names:
        if not name.startswith(PROJECT):
            with suppress(Exception), warnings.catch_warnings(action="ignore"):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()
