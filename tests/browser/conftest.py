"""A real Home Assistant with nothing in it, and a meter that waits to be added."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import override

import pytest
import pytest_asyncio
import pytest_socket
from playwright.async_api import Browser

from dev.simulator import Meter, Server
from dev.testing.real_programs import OLDEST_PYTHON, RecordingMeter, module_fixture, program
from tests.system.browser import BROWSERS
from tests.system.conftest import (
    bcrypt_cost,
    enable_event_loop_debug,
    mock_network,
    patient_time,
    pytest_collection_modifyitems,
    sockets,
    sockets_for_fixtures,
    verify_cleanup,
)
from tests.system.home import Home

from .household import browser_running

# Real programs and real sockets, as in the system tests.
__all__ = [
    "bcrypt_cost",
    "enable_event_loop_debug",
    "mock_network",
    "patient_time",
    "pytest_collection_modifyitems",
    "sockets",
    "sockets_for_fixtures",
    "verify_cleanup",
]

KEY = bytes.fromhex("5d1c8ae2f03b4796c5e88a01f2d47b39")
OTHER_KEY = bytes.fromhex("0b2f6e91d85c43a7be1470c92dfa6385")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", type=Path, help="keep the pictures of the pages in a folder")
    parser.addoption(
        "--oldest",
        type=Path,
        help="click in the oldest pages, too: a folder with what requirements/oldest.txt names",
    )


class OpenableMeter(RecordingMeter):
    """A meter whose encryption the operator can switch off."""

    is_open = False

    @override
    def frame_at(self, when: datetime) -> bytes:
        if self.is_open:
            return self.telegram_at(when).encode("ascii")
        return super().frame_at(when)


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--pictures", default=None)
    return folder


@module_fixture
async def browser() -> AsyncIterator[Browser]:
    async with browser_running(program(*BROWSERS)) as browser:
        yield browser


@pytest.fixture(scope="module")
def meter() -> OpenableMeter:
    return OpenableMeter(1, KEY)


@module_fixture
async def line(meter: OpenableMeter) -> AsyncIterator[Server]:
    async with Server([meter, Meter(2, OTHER_KEY)], interval=1) as line:
        yield line


@pytest.fixture(scope="module")
def address(line: Server) -> str:
    """Return where the first meter is read."""
    return f"socket://127.0.0.1:{line.ports[0]}"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["newest", "oldest"])
async def each_home(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    meter: OpenableMeter,
) -> AsyncIterator[Home]:
    """Start the newest Home Assistant, and then the oldest supported version."""
    # The test before has forbidden them.
    pytest_socket.enable_socket()
    home = Home(tmp_path_factory.mktemp("home"), meter)
    if request.param == "oldest":
        packages = request.config.getoption("--oldest", default=None)
        if packages is None:
            pytest.skip("needs --oldest")
        environment = {"PYTHONPATH": str(packages)}
        home = Home(home.directory, meter, python=OLDEST_PYTHON, environment=environment)
    async with home:
        yield home


@module_fixture
async def home(
    tmp_path_factory: pytest.TempPathFactory, meter: OpenableMeter
) -> AsyncIterator[Home]:
    async with Home(tmp_path_factory.mktemp("home"), meter) as home:
        yield home
