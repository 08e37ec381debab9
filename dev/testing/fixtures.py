"""Fixtures and settings of the tests of both projects: sockets, Ctrl-C, time on a busy machine."""

import asyncio
import gc
import inspect
import math
import signal
from collections.abc import Callable
from time import CLOCK_MONOTONIC, clock_gettime
from typing import Any

import hypothesis
import pytest

from dev.testing.prices import PRICES
from smartyp1.prices import agreed_prices
from smartyp1.prices.published_prices import PublishedPrices

# New prices in the integration's own file change only the test of that file.
agreed_prices.PUBLISHED = PublishedPrices.read(PRICES)

# A program in the background of a script ignores Ctrl-C, and so would every program started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Collections of young objects take 6 % of the tests' time, and find little.
gc.set_threshold(50_000)

# The time of an example and the choice of examples must not make a test fail only sometimes.
hypothesis.settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run what is marked as slow, too")
    parser.addoption(
        "--store", action="store_true", help="write the frozen files of this version anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: run with --whole only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--whole", default=False):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(autouse=True)
def sockets(request: pytest.FixtureRequest) -> None:
    """Allow sockets in tests; Home Assistant's test kit, where it is installed, forbids them."""
    if request.config.pluginmanager.hasplugin("socket"):
        request.getfixturevalue("socket_enabled")


# How long the event loop may be kept from running before the rest of the time does not count.
_MAX_STEP = 0.02


@pytest.fixture(autouse=True)
def time_for_waiting(request: pytest.FixtureRequest) -> None:
    """Give a test that waits its `patient_time`: a loop for each other test takes time."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("patient_time")


@pytest.fixture
async def patient_time() -> None:
    """Let time pass for the event loop only while it runs.

    On a machine that has no time for the tests, short times would run out before they began. Both
    ends of a connection need the loop in these tests, but its clock would not wait for it.
    """
    loop: Any = asyncio.get_running_loop()
    clock: Callable[[], float] = loop.time
    select = loop._selector.select
    seen = clock(), clock_gettime(CLOCK_MONOTONIC)
    lost = 0.0

    def time() -> float:
        nonlocal lost, seen
        now = clock(), clock_gettime(CLOCK_MONOTONIC)
        step, true_step = now[0] - seen[0], now[1] - seen[1]
        # A test has stopped the clock, and sets it.
        if math.isclose(step, true_step, abs_tol=0.001):
            lost += max(0.0, step - _MAX_STEP)
        seen = now
        return now[0] - lost

    def select_briefly(timeout: float | None) -> object:
        return select(_MAX_STEP if timeout is None else min(timeout, _MAX_STEP))

    loop.slow_callback_duration = math.inf  # the log has no message about a slow machine, either
    loop.time = time
    loop._selector.select = select_briefly


@pytest.fixture
async def enable_event_loop_debug() -> None:
    """Let only a loop's own thread use it. This replaces a fixture of Home Assistant's test kit.

    The kit turns on the whole debug mode, which also stores where each callback comes from. The
    debug mode takes a tenth of the tests' time, and its output is not read.
    """
    loop: Any = asyncio.get_running_loop()
    loop._debug = True
    loop.get_debug = lambda: False
