"""Fixtures of the integration's tests: a meter's port, and entries in a Home Assistant."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import PropertyMock, patch

import pytest
from freezegun.api import freeze_factories
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.coordinator import tank_coordinator
from custom_components.smarty_p1.coordinator.coordinator_base import SourceCoordinator
from custom_components.smarty_p1.coordinator.leneda import (
    client as leneda_client,
    quarter_hour_files as leneda_quarter_hour_files,
)
from custom_components.smarty_p1.coordinator.statistics import meter_statistics
from custom_components.smarty_p1.coordinator.stored import market_price_files, month_files
from custom_components.smarty_p1.coordinator.telegram_source import TelegramSource
from custom_components.smarty_p1.lib.port import port_stream, probing
from custom_components.smarty_p1.lib.port.port_stream import PortStream
from custom_components.smarty_p1.lib.prices import agreed_prices
from custom_components.smarty_p1.lib.prices.published_prices import PublishedPrices
from dev.leneda import Platform
from dev.testing.prices import PRICES
from smartyp1.json_types import JsonDict

from . import billed_month, kit, leneda
from .clock import CLOCK, Clock
from .meter import KEY, SERIAL, EntryMaker, MeterPort
from .refusals import Refusals
from .support import OF_TELEGRAM, Home, Passed, smarty_entry

__all__ = ["EntryMaker"]

agreed_prices.PUBLISHED = PublishedPrices.read(PRICES)

# The test kit logs every statement of the recorder, and each of many entities and loaded modules:
# this costs more time than many a test.
for name in (
    "sqlalchemy.engine",
    "homeassistant.helpers.entity_registry",
    "homeassistant.loader",
    "homeassistant.setup",
):
    logging.getLogger(name).setLevel(logging.WARNING)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "begins_at(time): when a test begins by the computer's clock"
    )


@pytest.fixture(autouse=True)
def computer_clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    """Return the computer's clock. It begins at the time of `TELEGRAM`, or of `begins_at`.

    Tests live at the time of their telegrams: for a time that is more than a day off, the clock of
    a meter is doubtful.
    """
    if request.node.get_closest_marker("freeze_time"):
        yield CLOCK
        return
    begins_at = request.node.get_closest_marker("begins_at")
    with CLOCK.beginning_at(begins_at.args[0] if begins_at else OF_TELEGRAM):
        yield CLOCK


@pytest.fixture(autouse=True, scope="session")
def frequent_commits() -> Generator[None]:
    """Let the recorder commit 20 times a second, or at each event while a test stops the clock.

    Commits at each event, as in other tests of Home Assistant, take half of the time. With rarer
    commits, readers wait: all threads share one connection to a database in memory.
    """
    interval = property(
        lambda _recorder: 0 if freeze_factories else 0.05, lambda _recorder, _seconds: None
    )
    with patch.object(Recorder, "commit_interval", interval, create=True):
        yield


@pytest.fixture(autouse=True, scope="session")
def jobs_before_the_end() -> Generator[None]:
    with kit.jobs_before_the_end():
        yield


@pytest.fixture(autouse=True, scope="session")
def no_open_reads() -> Generator[None]:
    with kit.no_open_reads():
        yield


@pytest.fixture(autouse=True, scope="session")
def time_for_threads() -> Generator[None]:
    with kit.time_for_threads():
        yield


@pytest.fixture(autouse=True, scope="session")
def timeouts_in_true_time() -> Generator[None]:
    with kit.timeouts_in_true_time():
        yield


@pytest.fixture(autouse=True, scope="session")
def timers_in_their_time() -> Generator[None]:
    with kit.timers_in_their_time():
        yield


_UNREAD_EVENTS = [
    "call_service",
    "component_loaded",
    "core_config_updated",
    "device_registry_updated",
    "entity_registry_updated",
    "repairs_issue_registry_updated",
    "service_registered",
    "service_removed",
]


@pytest.fixture
def recorder_config() -> JsonDict:
    """Let the recorder not keep events of a setup, which nothing reads and which are many."""
    return {"exclude": {"event_types": _UNREAD_EVENTS}}


@pytest.fixture
def fast_rows() -> Generator[None]:
    """Let the recorder write rows of statistics by plain SQL: a thousand take a second otherwise.

    For tests of statistics with a long past.
    """
    with kit.fast_rows():
        yield


@pytest.fixture(autouse=True)
def integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find the integration; a recorder starts before everything else."""
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("unloaded_before_recorder")
    elif "async_test_recorder" in request.fixturenames:
        request.getfixturevalue("async_test_recorder")
    request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
async def unloaded_before_recorder(recorder_mock: Recorder) -> AsyncGenerator[None]:
    """Unload the entries before the recorder ends, as Home Assistant does.

    The test kit ends the recorder first. Any later reading from it would fail.
    """
    yield
    entries = recorder_mock.hass.config_entries
    for entry in entries.async_loaded_entries(DOMAIN):
        await entries.async_unload(entry.entry_id)


@pytest.fixture
def hass_storage() -> Generator[JsonDict]:
    """Yield what is stored, by key."""
    with kit.stored_in_memory() as stored:
        yield stored


@pytest.fixture
def without_hourly_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write no hourly statistics of electricity.

    For tests with a recorder and a long past, if they are not about statistics: five seconds each.
    """
    monkeypatch.setattr(meter_statistics, "wanted_kinds", lambda _hass, _kinds: ())


@pytest.fixture(autouse=True)
def quarter_hours_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the files of the quarter-hours be in a folder of the test's own."""
    for files in (month_files, leneda_quarter_hour_files, market_price_files):
        monkeypatch.setattr(files, "STORAGE_DIR", str(tmp_path / ".storage"))


@pytest.fixture(autouse=True)
def passing_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock by which sources are judged go on with `let_pass`."""
    monkeypatch.setattr(Passed, "seconds", 0.0)
    now = SourceCoordinator.now
    monkeypatch.setattr(SourceCoordinator, "now", lambda source: now(source) + Passed.seconds)


@pytest.fixture
def everything_enabled() -> Generator[None]:
    """Let Home Assistant enable all entities, also those disabled by default."""
    with patch.object(
        Entity, "entity_registry_enabled_default", new_callable=PropertyMock, return_value=True
    ):
        yield


class _ImpatientStream(PortStream):
    """A stream that gives up when nothing comes."""

    async def read(self) -> bytes:
        reading = asyncio.create_task(super().read())
        try:
            # Turns of the loop, not seconds: on a busy machine, they take as long as the sending.
            for _ in range(30):
                if (await asyncio.wait([reading], timeout=0.01))[0]:
                    return await reading
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        raise TimeoutError


@pytest.fixture
def short_wait() -> Generator[None]:
    """Let dialogs give up as soon as a port has sent all its bytes."""
    with patch.object(probing, "PortStream", _ImpatientStream):
        yield


@pytest.fixture
async def port() -> AsyncGenerator[MeterPort]:
    """Return a port that is silent until a test sends."""
    async with MeterPort() as server:
        yield server


@pytest.fixture
def make_entry(hass: HomeAssistant) -> EntryMaker:
    """Return a function that adds an entry, not set up yet."""

    def make(
        url: str, *, key: str | None = KEY, serial: str = SERIAL, **data: str | bool
    ) -> MockConfigEntry:
        entry = smarty_entry(
            title=f"Smarty {serial}",
            unique_id=serial,
            data={"port": url, **data, **({"encryption_key": key} if key else {})},
        )
        entry.add_to_hass(hass)
        return entry

    return make


@pytest.fixture
def home(hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> Home:
    return Home(hass, port, make_entry)


@pytest.fixture
def refuses(hass: HomeAssistant, subtests: pytest.Subtests) -> Refusals:
    """Return a function that types rows into a form that refuses them."""
    return Refusals(hass, subtests)


@pytest.fixture
async def entry(home: Home, hass_storage: JsonDict) -> MockConfigEntry:
    """Return the entry of a meter with one month and a half behind it."""
    return await billed_month.set_up(home, hass_storage)


@pytest.fixture
def fast_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a port be read as fast as its sender writes."""
    monkeypatch.setattr(port_stream, "MAX_BYTES_A_SECOND", 1e9)


@pytest.fixture
def short_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sources that wait for a reading fail soon."""
    for owner, name in ((TelegramSource, "rules"), (tank_coordinator, "TANK")):
        monkeypatch.setattr(owner, name, replace(getattr(owner, name), patience=0.3))


@pytest.fixture
async def platform(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Platform]:
    """Return a national platform that knows one point: half a kilowatt at all times."""
    async with Platform(key=leneda.KEY, energy_id=leneda.ENERGY_ID) as platform:
        platform.series[leneda.POINT, leneda.IMPORTED] = lambda _start: 0.5
        monkeypatch.setattr(leneda_client, "BASE_URL", platform.url)
        yield platform


@pytest.fixture
async def frontend(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set up the frontend, whose pages are not in the test environment."""
    pages = SimpleNamespace(where=lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "hass_frontend", pages)
    assert await async_setup_component(hass, "frontend", {})
