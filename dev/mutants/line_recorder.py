"""Plugin of pytest that notes the lines of the programs that each test executes.

Only lines of functions count: others run when a module is imported, and so before any test.
"""

import functools
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from types import CodeType

import pytest

type Lines = dict[str, set[int]]
"""Line numbers by file."""

_MONITORING = sys.monitoring
_TOOL = _MONITORING.COVERAGE_ID
_IS_FUNCTION = 1  # inspect.CO_OPTIMIZED
_CACHED_TYPE = type(functools.cache(len))


class LineRecorder:
    """Recorder of one process, for some files. It passes each test's outcome to `tell`."""

    def __init__(self, root: str, programs: Iterable[str], tell: Callable[..., None]) -> None:
        self._root, self._programs = os.path.realpath(root), {*programs}
        self._tell = tell
        self._file_of = functools.cache(self._find_file)
        self._lines: Lines = defaultdict(set)
        # Lines of fixtures that are made once for several tests, and of modules' imports.
        self._shared: Lines = defaultdict(set)
        self._has_failed = False
        _MONITORING.use_tool_id(_TOOL, "mutants")
        _MONITORING.register_callback(_TOOL, _MONITORING.events.PY_START, self._on_start)
        _MONITORING.register_callback(_TOOL, _MONITORING.events.LINE, self._on_line)
        _MONITORING.set_events(_TOOL, _MONITORING.events.PY_START)

    def _find_file(self, path: str) -> str | None:
        file = os.path.relpath(os.path.realpath(path), self._root)
        return file if file in self._programs else None

    def _on_start(self, code: CodeType, _offset: int) -> object:
        if code.co_flags & _IS_FUNCTION and self._file_of(code.co_filename):
            _MONITORING.set_local_events(_TOOL, code, _MONITORING.events.LINE)
        return _MONITORING.DISABLE

    def _on_line(self, code: CodeType, line: int) -> object:
        if file := self._file_of(code.co_filename):
            self._lines[file].add(line)
        return _MONITORING.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None]:
        """Note the lines of a fixture for several tests."""
        if fixturedef.scope == "function":
            return (yield)
        lines, self._lines = self._lines, self._shared
        _MONITORING.restart_events()
        try:
            return (yield)
        finally:
            self._lines = lines
            _MONITORING.restart_events()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None]:
        """Note the lines of a test."""
        self._clear_caches()
        self._lines, self._has_failed = defaultdict(set), False
        _MONITORING.restart_events()
        begin = _idle_clock()
        try:
            return (yield)
        finally:
            seconds = _idle_clock() - begin
            both = {
                file: [*self._lines[file] | self._shared[file]]
                for file in {*self._lines, *self._shared}
            }
            self._tell("ran", item.nodeid, (seconds, not self._has_failed, both))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self._has_failed |= report.failed

    def _clear_caches(self) -> None:
        """Let each test run cached functions of the programs as if it were the first one."""
        for module in list(sys.modules.values()):
            if (getattr(module, "__file__", None) or "").startswith(self._root):
                for value in list(vars(module).values()):
                    if isinstance(value, _CACHED_TYPE):
                        value.cache_clear()


def _idle_clock() -> float:
    """Return seconds without those in which this thread waited for a core."""
    waited_ns = int(Path("/proc/thread-self/schedstat").read_text("ascii").split()[1])
    return time.monotonic() - waited_ns / 1e9
