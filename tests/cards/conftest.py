"""The cards in a real browser, each alone on a page, with data and a clock that the test gives."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from dev.testing.real_programs import program
from tests.system.browser import BROWSERS
from tests.system.conftest import (
    bcrypt_cost,
    enable_event_loop_debug,
    mock_network,
    patient_time,
    sockets,
    sockets_for_fixtures,
    verify_cleanup,
)

from .stage import Stage

# A real browser, as in the system tests.
__all__ = [
    "bcrypt_cost",
    "enable_event_loop_debug",
    "mock_network",
    "patient_time",
    "sockets",
    "sockets_for_fixtures",
    "verify_cleanup",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let all tests use the browser of the session."""
    here = Path(__file__).parent
    for item in items:
        function = getattr(item, "function", None)
        if item.path.is_relative_to(here) and inspect.iscoroutinefunction(function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = program(*BROWSERS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage_of_all(browser: Browser) -> AsyncIterator[Stage]:
    stage = Stage(browser)
    yield stage
    await stage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(stage_of_all: Stage) -> AsyncIterator[Stage]:
    await stage_of_all.begin()
    yield stage_of_all
    assert not stage_of_all.errors
