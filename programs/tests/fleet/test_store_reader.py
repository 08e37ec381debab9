"""Frame counters and values that are read from a store that is made up, and their export."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import cast
from unittest.mock import AsyncMock

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dev.encoder import TITLE
from smarty_p1_fleet.store import export_csv, store_reader
from smarty_p1_fleet.store.export_csv import CsvSpan
from smarty_p1_fleet.store.store_config import StoreConfig
from smarty_p1_fleet.store.store_reader import SeriesLabels, StoreReader
from smarty_p1_fleet.store.store_requests import open_session
from smarty_p1_gateway import ConfigError, UnavailableError

KEY = TITLE, "0badc0de"
SELECTOR = f'smarty_p1_frame_counter{{title="{TITLE.hex().upper()}",key="0badc0de"}}'
NO_CONFIG = cast("StoreConfig", None)
DAY = 86400
# 2026-06-15 00:00 in Luxembourg.
MIDNIGHT = 1_781_474_400


class Counters(StoreReader):
    """A store with counters, which are pairs of time and counter."""

    def __init__(self, *stored: tuple[float, int]) -> None:
        super().__init__(cast("aiohttp.ClientSession", None), "", NO_CONFIG)
        self._stored = stored

    async def _ask(self, path: str, form: Mapping[str, str], status: int = 200) -> bytes:
        assert (path, status) == ("/api/v1/query", 200)
        match = re.fullmatch(r"(\w+)?\(?" + re.escape(SELECTOR) + r"\[(\d+)s\]\)?", form["query"])
        assert match
        at = float(form["time"])
        found = [pair for pair in self._stored if at - int(match[2]) < pair[0] <= at]
        take = {"max_over_time": max, "min_over_time": min, "tlast_over_time": max}
        metric = {"title": TITLE.hex().upper(), "key": "0badc0de"}
        if match[1]:
            column = [pair[match[1] != "tlast_over_time"] for pair in found]
            rows = [{"metric": metric, "value": [at, str(take[match[1]](column))]}] if found else []
        else:
            values = [[at, str(counter)] for at, counter in found]
            rows = [{"metric": metric, "values": values}] if found else []
        return json.dumps({"data": {"result": rows}}).encode()


@pytest.mark.parametrize(
    ("stored", "counters", "lower", "upper"),
    [
        ([(-3600, 10), (-60, 9), (20.5, 11), (3600, 13), (7200, 12)], [(20_500, 11)], 10, 12),
        ([(-300 * DAY, 3), (300 * DAY, 900)], [], 3, 900),
        ([(-365 * DAY, 3), (-DAY, 5), (299 * DAY, 900), (DAY, 7)], [], 5, 7),
        ([(-367 * DAY, 3), (367 * DAY, 900)], [], -1, 2**32),
        ([], [], -1, 2**32),
    ],
)
async def test_the_counters_around_a_range(
    stored: list[tuple[float, int]], counters: list[tuple[int, int]], lower: int, upper: int
) -> None:
    reader = Counters(*((MIDNIGHT + at, counter) for at, counter in stored))
    now = MIDNIGHT + 400 * DAY
    found = await reader.counter_range(KEY, MIDNIGHT, MIDNIGHT + 60, now)
    expected = [(MIDNIGHT * 1000 + at, counter) for at, counter in counters]
    assert found == (expected, lower, upper)


async def test_the_newest_counter_is_of_the_last_year() -> None:
    stored = [(MIDNIGHT - 365 * DAY, 900), (MIDNIGHT + 3000, 7), (MIDNIGHT - 20, 8)]
    assert await Counters(*stored).newest_counter(KEY, MIDNIGHT) == (900, MIDNIGHT + 3000)
    assert await Counters(*stored).newest_counter(KEY, MIDNIGHT + 2 * DAY) == (8, MIDNIGHT + 3000)
    assert await Counters(*stored).newest_counter(KEY, MIDNIGHT + 400 * DAY) is None


async def test_the_counters_of_a_minute_reach_an_hour_ahead() -> None:
    stored = [(MIDNIGHT - 61, 9), (MIDNIGHT - 59, 8), (MIDNIGHT + 3000, 7)]
    found = await Counters(*stored).counters(MIDNIGHT, 60, SELECTOR)
    assert found == {KEY: (8, MIDNIGHT + 3000)}


class Values:
    """A store with the telegrams of one meter, each with the imported energy and a gas index."""

    names: tuple[SeriesLabels, ...] = (
        {"__name__": "smarty_p1_active_energy_imported", "port": "one"},
        {"__name__": "smarty_p1_index", "channel": "1", "type": "gas", "device": "G1"},
    )

    def __init__(self, *times: float) -> None:
        self._times = times

    async def series(self, _: str) -> list[SeriesLabels]:
        return [*self.names]

    async def values(
        self, _: str, start: float, end: float
    ) -> list[tuple[SeriesLabels, dict[int, str]]]:
        times = [at for at in self._times if start <= at <= end]
        return [
            (name, {int(at * 1000): str(number) for at in times})
            for number, name in enumerate(self.names, 4)
        ]


async def test_every_telegram_is_exported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last telegrams are of a meter whose clock is ahead; two values are of other days.
    times = [0.0, 21599.5, 21600.0, DAY - 2000, DAY + 1000, DAY + 2500]
    values = Values(*(MIDNIGHT + at for at in (-0.5, *times, 2 * DAY)))

    @asynccontextmanager
    async def open_reader(_: object) -> AsyncIterator[Values]:
        yield values

    monkeypatch.setattr(export_csv, "open_reader", open_reader)
    monkeypatch.setattr("time.time", lambda: MIDNIGHT + DAY - 1000.0)
    span, path = CsvSpan(date(2026, 6, 15), date(2026, 6, 17)), tmp_path / "file"
    told = await export_csv.write_csv(NO_CONFIG, "SAG1", span, path, every_telegram=True)
    assert told == "6 telegrams are written"
    assert path.read_text("utf-8").splitlines() == [
        "local_time,utc_time,active_energy_imported,index 1 gas G1",
        "2026-06-15T00:00:00+02:00,2026-06-14T22:00:00Z,4,5",
        "2026-06-15T05:59:59.500000+02:00,2026-06-15T03:59:59.500000Z,4,5",
        "2026-06-15T06:00:00+02:00,2026-06-15T04:00:00Z,4,5",
        "2026-06-15T23:26:40+02:00,2026-06-15T21:26:40Z,4,5",
        "2026-06-16T00:16:40+02:00,2026-06-15T22:16:40Z,4,5",
        "2026-06-16T00:41:40+02:00,2026-06-15T22:41:40Z,4,5",
    ]


async def test_an_answer_that_ends_early_is_located_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = StoreReader(cast("aiohttp.ClientSession", None), "", NO_CONFIG)
    answer = b'{"data":[{"title":"534147677004"'
    monkeypatch.setattr(store, "_ask", AsyncMock(return_value=answer))
    with pytest.raises(UnavailableError) as error:
        await store.series(SELECTOR)
    assert str(error.value) == (
        "[store] VictoriaMetrics gave an answer that cannot be read"
        " (JSONDecodeError at character 32 of 32)"
    )


async def test_values_without_their_times_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    store = StoreReader(cast("aiohttp.ClientSession", None), "", NO_CONFIG)
    answer = b'{"data":{"result":[{"metric":{"__name__":"x"},"values":[[1,"2"],[1]]}]}}'
    monkeypatch.setattr(store, "_ask", AsyncMock(return_value=answer))
    with pytest.raises(UnavailableError, match="cannot be read"):
        await store.values(SELECTOR, 0, 1)


async def endless(request: web.Request) -> web.StreamResponse:
    """Send 1 GiB, until the client disconnects."""
    response = web.StreamResponse(headers={"X-Server-Hostname": "one"})
    await response.prepare(request)
    with suppress(ConnectionError):
        for _ in range(1024):
            await response.write(bytes(1024 * 1024))
    return response


@pytest.fixture
async def endless_store() -> AsyncIterator[StoreConfig]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", endless)
    async with TestServer(app) as server:
        yield StoreConfig((f"http://127.0.0.1:{server.port}",))


@pytest.mark.parametrize("is_query", [False, True])
async def test_an_answer_is_read_up_to_its_limit(
    endless_store: StoreConfig,
    monkeypatch: pytest.MonkeyPatch,
    is_query: bool,  # noqa: FBT001
) -> None:
    limit = 4 * 1024 * 1024
    monkeypatch.setattr(store_reader, "_MAX_BYTES", limit)
    received, feed = 0, aiohttp.StreamReader.feed_data

    def count(reader: aiohttp.StreamReader, data: bytes, size: int = 0) -> bool:
        nonlocal received
        received += len(data)
        return feed(reader, data, size)

    monkeypatch.setattr(aiohttp.StreamReader, "feed_data", count)
    async with open_session() as session:
        url = endless_store.urls[0]
        asked = (
            StoreReader(session, url, endless_store).series(SELECTOR)
            if is_query
            else store_reader.find_reader(session, endless_store)
        )
        with pytest.raises(UnavailableError, match="its answer is too long"):
            await asked
    assert limit < received < 1.5 * limit


def test_days_before_1970_have_the_times_of_its_start() -> None:
    assert CsvSpan(date(1, 1, 1), date(1970, 1, 2)).seconds() == (0, 23 * 3600)


@pytest.mark.parametrize(
    ("days", "told"), [(0, "by 3,660 days"), (3660, "there already"), (3661, "by 3,660 days")]
)
async def test_at_most_ten_years_are_exported_into_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, told: str
) -> None:
    monkeypatch.setattr(export_csv, "open_reader", lambda _: nullcontext())
    (tmp_path / "file").touch()
    span = CsvSpan(date(2016, 1, 1), date(2016, 1, 1) + timedelta(days))
    with pytest.raises(ConfigError, match=told):
        await export_csv.write_csv(NO_CONFIG, "", span, tmp_path / "file", every_telegram=True)


def test_an_export_takes_the_configuration_of_a_collector(tmp_path: Path) -> None:
    path = tmp_path / "collect.toml"
    table = '[store]\nurl = "http://127.0.0.1:8428"\nregisters = ["billing"]\n'
    path.write_text(f'{table}[collector]\nname = "one"\n', "utf-8")
    assert export_csv.read_store_config(path).urls == ("http://127.0.0.1:8428",)
