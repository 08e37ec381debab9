"""All that tests touch of Home Assistant and its test kit without a promise that it stays.

Any new version may rename or move these names. Each function says what it is for; no other module
of the tests may use such names (`tests/check/test_private_names.py`).

`scripts/test --next` loads this module before the test kit, which may be older than Home Assistant.
"""

import asyncio
import sqlite3
import sys
import time
from asyncio.timeouts import Timeout
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from heapq import heapify
from types import MethodType
from typing import Any, Literal
from unittest.mock import AsyncMock, patch
from weakref import WeakSet

import probatio
import pytest

# The kit, too, patches Home Assistant in this order, before anything else imports it.
from pytest_homeassistant_custom_component import patch_json  # noqa: F401  # isort: skip
from pytest_homeassistant_custom_component import patch_recorder  # noqa: F401  # isort: skip
from pytest_homeassistant_custom_component import patch_time  # noqa: F401  # isort: skip

from homeassistant.components import logger
from homeassistant.components.calendar import CalendarEntity
from homeassistant.components.logger import helpers
from homeassistant.components.recorder import statistics
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.db_schema import Statistics, StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticData
from homeassistant.components.websocket_api.const import WebSocketCommandHandler
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import event
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import executor
from sqlalchemy.orm import Session

from custom_components.smarty_p1.lib.port import reconnecting_port

# The kit for 2026.10 imports this name, which 2026.11 has in another module.
if not hasattr(logger, "_clear_logger_overwrites"):
    logger._clear_logger_overwrites = helpers._clear_logger_overwrites  # type: ignore[attr-defined]

from pytest_homeassistant_custom_component import common

from smartyp1.json_types import JsonDict, JsonMapping

# What the kit replaces, so that tests store nothing in files.
_STORE = {
    name: getattr(Store, name) for name in ("_async_load", "_async_write_data", "async_remove")
}


_DAY_S = 86_400
# The event loop runs timers by so much too early.
_RESOLUTION_S = 0.001


@contextmanager
def real_store() -> Generator[None]:
    """Let Home Assistant store real files."""
    with patch.multiple(Store, **_STORE):
        yield


@contextmanager
def stored_in_memory() -> Generator[JsonDict]:
    """Yield what is stored, by key, as the test kit does, but with plain functions.

    The kit's mocks with the signatures of the store take a tenth of the time of a short test.
    """

    def patch_plainly(target: str, *, side_effect: object, autospec: bool) -> Any:  # noqa: ANN401
        assert autospec
        return patch(target, side_effect)

    with ExitStack() as stack:
        with patch.object(common, "patch", patch_plainly):
            stored = stack.enter_context(common.mock_storage())
        yield stored


@contextmanager
def jobs_before_the_end() -> Generator[None]:
    """Let the recorder wait for its running jobs before it closes its connection.

    A job that is still running would open a new connection, which nothing closes. Python warns of
    it some tests later.
    """
    close: Any = Recorder._close_connection

    def close_after_jobs(recorder: Recorder) -> None:
        if recorder._db_executor:
            recorder._db_executor.join_threads_or_timeout()
        close(recorder)

    with patch.object(Recorder, "_close_connection", close_after_jobs):
        yield


@contextmanager
def no_open_reads() -> Generator[None]:
    """Let the recorder also end a transaction in which it has only read.

    It reads at the end of an entity that was never recorded. Then it writes nothing, and would
    keep the connection, which all threads share, until the next state is written.
    """
    name = "_event_session_has_pending_writes"

    def has_transaction(recorder: Recorder) -> bool:
        session = recorder.event_session
        return recorder.__dict__[name] or (session is not None and session.in_transaction())

    def set_pending(recorder: Recorder, value: bool) -> None:  # noqa: FBT001 - a property's setter
        recorder.__dict__[name] = value

    with patch.object(Recorder, name, property(has_transaction, set_pending), create=True):
        yield


@contextmanager
def time_for_threads() -> Generator[None]:
    """Give the threads of Home Assistant's executor six times as long to end.

    Many have a few milliseconds each. Home Assistant interrupts a thread that a busy machine has
    not let end in this time, and the test fails because of it.
    """
    with patch.object(executor, "EXECUTOR_SHUTDOWN_TIMEOUT", 60):
        yield


@contextmanager
def timeouts_in_true_time() -> Generator[None]:
    """Let timeouts of asyncio expire in true time only when a test fires later times.

    `async_fire_time_changed` runs each timer of the event loop, and so also those of timeouts of
    jobs that happen to work at that moment, such as a recorder that a busy machine keeps waiting.
    The silence of a port is no job: a test that fires later times means it, too.
    """
    unseen: Any = Timeout
    expire, create = unseen._on_timeout, asyncio.timeout
    silences = WeakSet[Timeout]()

    def note_silence(delay: float | None) -> Timeout:
        timeout = create(delay)
        if sys._getframe(1).f_globals["__name__"] == reconnecting_port.__name__:
            silences.add(timeout)
        return timeout

    def expire_in_time(timeout: Timeout) -> None:
        when = timeout.when()
        is_early = when is not None and when > asyncio.get_running_loop().time() + _RESOLUTION_S
        if is_early and timeout not in silences:
            timeout.reschedule(when)
        else:
            expire(timeout)

    with (
        patch.object(Timeout, "_on_timeout", expire_in_time),
        patch.object(asyncio, "timeout", note_silence),
    ):
        yield


@contextmanager
def timers_in_their_time() -> Generator[None]:
    """Let `async_fire_time_changed` run each timer that is due when it is called.

    The test kit compares, for one timer after the other, how far away both times are by the clock
    of the computer and by that of the event loop. The event loop's clock stands still while a busy
    machine keeps it from running, so a timer would seem to be later than it is.
    """
    unseen: Any = common
    fire = unseen._async_fire_time_changed

    def fire_all_due(hass: HomeAssistant, until: datetime, fire_all: bool) -> None:  # noqa: FBT001 - as in the kit
        loop: Any = hass.loop
        last, moment = until.timestamp(), loop.time() + until.timestamp() - time.time()
        for handle in loop._scheduled:
            point = handle._callback
            if isinstance(point, event._TrackPointUTCTime):
                is_due = point.expected_fire_timestamp <= last
            else:
                is_due = handle._when <= moment
            if is_due:
                handle._when -= _DAY_S
        heapify(loop._scheduled)
        fire(hass, until, fire_all)

    with patch.object(common, "_async_fire_time_changed", fire_all_due):
        yield


_ADD_SHORT_TERM: Any = statistics._insert_statistics


def _sqlite(session: Session) -> sqlite3.Connection:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, sqlite3.Connection)
    return connection


def _row_id(
    session: Session,
    table: type[Statistics | StatisticsShortTerm],
    metadata_id: int,
    start: datetime,
) -> int | None:
    at = metadata_id, start.timestamp()
    query = f"SELECT id FROM {table.__tablename__} WHERE metadata_id = ? AND start_ts = ?"  # noqa: S608
    row = _sqlite(session).execute(query, at).fetchone()
    return row[0] if row else None


def _amounts(row: StatisticData) -> JsonDict:
    reset = row.get("last_reset")
    return {
        **{column: row.get(column) for column in ("mean", "min", "max", "state", "sum")},
        "last_reset_ts": reset.timestamp() if reset else None,
    }


def _add_row(
    session: Session,
    table: type[Statistics | StatisticsShortTerm],
    metadata_id: int,
    row: StatisticData,
    now: float,
) -> object:
    if table is StatisticsShortTerm:
        # Home Assistant uses the new row.
        return _ADD_SHORT_TERM(session, table, metadata_id, row, now)
    values = {
        "metadata_id": metadata_id,
        "created_ts": now,
        "start_ts": row["start"].timestamp(),
        **_amounts(row),
        "mean_weight": row.get("mean_weight"),
    }
    columns = f"({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
    query = f"INSERT INTO {table.__tablename__} {columns}"
    _sqlite(session).execute(query, (*values.values(),))
    return None


def _write_row(
    session: Session, table: type[Statistics | StatisticsShortTerm], row_id: int, row: StatisticData
) -> None:
    values = _amounts(row)
    columns = ", ".join(f"{column} = ?" for column in values)
    query = f"UPDATE {table.__tablename__} SET {columns} WHERE id = ?"  # noqa: S608
    _sqlite(session).execute(query, (*values.values(), row_id))


@contextmanager
def fast_rows() -> Generator[None]:
    """Let the recorder write rows of statistics by plain SQL.

    The recorder's own queries do the same. They take a millisecond a row, and so most of the time
    of these tests.
    """
    if not hasattr(statistics, "_statistics_exists"):
        # 2026.11 writes many rows at once.
        yield
        return
    with (
        patch.object(statistics, "_statistics_exists", _row_id),
        patch.object(statistics, "_insert_statistics", _add_row),
        patch.object(statistics, "_update_statistics", _write_row),
    ):
        yield


def silence_calendars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set no alarms of calendars.

    They ring by the true clock: those of an earlier day would ring without end.
    """
    module = sys.modules[CalendarEntity.__module__]
    monkeypatch.setattr(module, "async_track_point_in_time", lambda *_: lambda: None)


def simplify_shelly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the integration shelly have sensors only, and look for no devices.

    Its cameras need more packages, and its Bluetooth needs an adapter.
    """
    shelly = "homeassistant.components.shelly"
    monkeypatch.setattr(f"{shelly}.PLATFORMS", [Platform.SENSOR])
    monkeypatch.setattr(f"{shelly}.config_flow.async_discovered_service_info", lambda *_: [])
    monkeypatch.setattr(f"{shelly}.config_flow.async_discover_devices", AsyncMock(return_value=[]))


async def leave(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """End what an entry, which is not set up, was told to end."""
    await entry._async_process_on_unload(hass)


def told_at_the_end(entry: ConfigEntry) -> Iterator[object]:
    """Yield the objects with a method that an entry calls when it is unloaded."""
    for end in entry._on_unload or ():
        if isinstance(end, MethodType):
            yield end.__self__


def listener_count(coordinator: DataUpdateCoordinator[Any]) -> int:
    """Return how many entities and others a coordinator tells of its data."""
    return len(coordinator._listeners)


def issue_store(registry: IssueRegistry) -> Store[JsonMapping]:
    """Return the store of the repairs, for the kit to write it."""
    return registry._store


def command_name(command: WebSocketCommandHandler) -> str:
    """Return the type of the requests of a websocket command."""
    name: str = command._ws_command  # type: ignore[attr-defined]
    return name


def command_schema(command: WebSocketCommandHandler) -> probatio.Schema | Literal[False]:
    """Return what checks the requests of a websocket command; False if it has no fields."""
    return command._ws_schema  # type: ignore[attr-defined,no-any-return]
