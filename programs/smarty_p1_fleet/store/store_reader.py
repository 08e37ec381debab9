"""Reading and deletion of a meter's values in VictoriaMetrics."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp

from smarty_p1_fleet.frames.frame_order import TitleWithKey
from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.config_table import raise_unavailable
from smartyp1.p1.frame_header import title_text

from .store_config import StoreConfig
from .store_requests import (
    ERRORS,
    NotAllowedError,
    ask_each,
    check_status,
    open_session,
    read_answer,
    why,
)

_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=5)
_MAX_BYTES = 256 * 1024 * 1024
# Length of the range in a query: 30 years, longer than any retention. A longer range could begin
# before 1970, and would then find nothing.
_RANGE = "30y"
# Number of steps in one query: 31 days of quarter-hours. VictoriaMetrics returns at most 30,000
# values of a series in answer to a query.
_MAX_STEPS = 2976
# Seconds by which a query reaches into the future, because a meter's clock may be an hour ahead.
_AHEAD = 3600
_COUNTER = "smarty_p1_frame_counter"
# Lengths in seconds of the ranges in which counters are searched. The first range, 25 hours, is
# enough for a meter that sends every day. The second range costs more, so it is used only if the
# first has no counter. It is longer than the age of any accepted frame.
_COUNTER_RANGES = (90_000, 366 * 86400)
_NO_COUNTER = 2**32  # above all frame counters, which have 32 bits

# All labels of a series, including `__name__`.
type SeriesLabels = Mapping[str, str]


class CounterRange(NamedTuple):
    """Stored frame counters of a meter in a range of time.

    `counters` are pairs of time (Unix milliseconds) and counter, in any order. `lower` is the
    highest counter before the range, or -1. `upper` is the lowest counter after the range, or
    _NO_COUNTER.
    """

    counters: Sequence[tuple[int, int]]
    lower: int
    upper: int


class ReadingNotAllowedError(UnavailableError):
    """Error for a request that VictoriaMetrics refuses. Perhaps the login may only write."""


def selector(meter: str, names: str = "smarty_p1_.+", *, label: str = "meter") -> str:
    """Return a selector for the series of `meter` whose names match the pattern `names`.

    `label` is the name of the label that has the value `meter`.
    """
    return f'{{__name__=~"{names}",{label}={json.dumps(meter)}}}'


@dataclass
class StoreReader:
    """Reader of one VictoriaMetrics. Each method raises UnavailableError."""

    session: aiohttp.ClientSession
    url: str
    config: StoreConfig

    async def series(self, matching: str) -> list[SeriesLabels]:
        """Return all series that match the selector `matching`, however old their values are."""
        asked = {"match[]": matching, "start": "1"}
        with _as_unavailable():
            answer = json.loads(await self._ask("/api/v1/series", asked))
            return [dict(labels) for labels in answer["data"]]

    async def count(self, matching: str, now: float) -> tuple[int, int]:
        """Return the number of matching series, and the number of all their values.

        `now` is the present time in Unix seconds.
        """
        query = f"count_over_time({matching}[{_RANGE}]) keep_metric_names"
        rows = await self._query(query, now + _AHEAD)
        with _as_unavailable():
            values = sum(int(float(row["value"][1])) for row in rows)
        return len(await self.series(matching)), values

    async def counters(
        self, now: float, seconds: float, matching: str = _COUNTER
    ) -> dict[TitleWithKey, tuple[int, float]]:
        """Return each meter's highest frame counter, and the latest time of any of its counters.

        The counter and the time may come from two different frames. The keys of the dict are system
        title and key fingerprint. Only counters from `seconds` before `now` to an hour after `now`
        that match the selector `matching` are found. All times are Unix seconds.
        """
        columns: list[dict[TitleWithKey, float]] = []
        for function in ("max_over_time", "tlast_over_time"):
            query = f"{function}({matching}[{seconds + _AHEAD:.0f}s])"
            rows = await self._query(query, now + _AHEAD)
            column: dict[TitleWithKey, float] = {}
            with _as_unavailable():
                for row in rows:
                    labels, value = row["metric"], float(row["value"][1])
                    # If the serial number of a meter has changed, the meter has two series. Take
                    # the highest value.
                    if title := _bytes_of(labels["title"]):
                        at = title, labels["key"]
                        column[at] = max(value, column.get(at, value))
            columns.append(column)
        counters, times = columns
        return {at: (int(counter), times[at]) for at, counter in counters.items() if at in times}

    async def newest_counter(
        self, title_with_key: TitleWithKey, now: float
    ) -> tuple[int, float] | None:
        """Return a meter's highest frame counter, and the latest time of any of its counters.

        The counter and the time may come from two different frames. Only counters from a year
        before `now` to an hour after `now` are found. Return None if no counter is found. All times
        are Unix seconds.
        """
        matching = _counters_of(title_with_key)
        return (await self.counters(now, _COUNTER_RANGES[-1], matching)).get(title_with_key)

    async def counter_range(
        self, title_with_key: TitleWithKey, start: float, end: float, now: float
    ) -> CounterRange:
        """Return a meter's frame counters from `start` to `end` (Unix seconds).

        The result also has the nearest counters before and after this time. `now` is the present
        time.
        """
        query = f"{_counters_of(title_with_key)}[{end - start + 1:.0f}s]"
        rows = await self._query(query, end)
        with _as_unavailable():
            # If the serial number of a meter has changed, the meter has two series.
            stored = {
                (round(float(at) * 1000), int(float(counter)))
                for row in rows
                for at, counter in row["values"]
            }
        lower = upper = None
        for seconds in _COUNTER_RANGES:
            if lower is None:
                lower = await self._counter("max_over_time", title_with_key, start, seconds)
            at = min(end + seconds, now + _AHEAD)
            if upper is None and at > end:
                upper = await self._counter("min_over_time", title_with_key, at, at - end)
        return CounterRange(
            [*stored],
            -1 if lower is None else int(lower),
            _NO_COUNTER if upper is None else int(upper),
        )

    async def _counter(
        self, function: str, title_with_key: TitleWithKey, at: float, seconds: float
    ) -> float | None:
        """Return the result of `function` for a meter's counters in the `seconds` before `at`.

        `function` is a function of VictoriaMetrics, such as `max_over_time`. Return None if no
        counter is stored.
        """
        query = f"{function}({_counters_of(title_with_key)}[{seconds:.0f}s])"
        rows = await self._query(query, at)
        with _as_unavailable():
            values = [float(row["value"][1]) for row in rows]
        best = min if function == "min_over_time" else max
        return best(values, default=None)

    async def _query(self, query: str, at: float) -> list[Any]:
        asked = {"query": query, "time": f"{at:.3f}", "nocache": "1"}
        with _as_unavailable():
            rows: list[Any] = json.loads(await self._ask("/api/v1/query", asked))["data"]["result"]
            return rows

    async def at(self, query: str, start: int, end: int, step: int) -> dict[str, dict[int, str]]:
        """Return the values of `query` at the times from `start` to `end`, every `step` seconds.

        The keys of the outer dict are the names of the series. The keys of the inner dicts are
        times in Unix seconds.
        """
        found: dict[str, dict[int, str]] = {}
        for begin in range(start, end + 1, _MAX_STEPS * step):
            last = min(begin + (_MAX_STEPS - 1) * step, end)
            asked = {"query": query, "start": f"{begin}", "end": f"{last}", "step": f"{step}"}
            with _as_unavailable():
                text = await self._ask("/api/v1/query_range", {**asked, "nocache": "1"})
                for row in json.loads(text)["data"]["result"]:
                    values = found.setdefault(row["metric"].get("__name__", ""), {})
                    values.update((int(at), value) for at, value in row["values"])
        return found

    async def values(
        self, matching: str, start: float, end: float
    ) -> list[tuple[SeriesLabels, dict[int, str]]]:
        """Return the matching series, each with its unrounded values by time in milliseconds."""
        # This format is one JSON document. Of the usual format, which has a line for each series,
        # nobody would notice that the last lines are missing.
        asked = {"match[]": matching, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        with _as_unavailable():
            text = await self._ask("/api/v1/export", {**asked, "format": "promapi"})
            return [
                (row["metric"], {round(at * 1000): value for at, value in row["values"]})
                for row in json.loads(text)["data"]["result"]
            ]

    async def delete(self, matching: str) -> None:
        """Delete the series that match the selector `matching`."""
        form = {"match[]": matching}
        if key := self.config.delete_auth_key:
            form["authKey"] = key
        with _as_unavailable():
            await self._ask("/api/v1/admin/tsdb/delete_series", form, 204)

    async def _ask(self, path: str, form: Mapping[str, str], status: int = 200) -> bytes:
        # Send the query as the body of a POST request, because proxies log URLs. The query (`form`)
        # names a meter, and may contain `authKey`. Send the body in chunks: if vmauth knows its
        # length, vmauth sometimes ends the answer after the first 4 KiB, and reports no error.
        async with self.session.post(
            f"{self.url}{path}",
            data=form,
            chunked=True,
            timeout=_TIMEOUT,
            **self.config.login.options,
        ) as response:
            check_status(response, status)
            return await read_answer(response, _MAX_BYTES)


@asynccontextmanager
async def open_reader(config: StoreConfig) -> AsyncIterator[StoreReader]:
    """Yield a reader with its own HTTP session. Raises UnavailableError."""
    async with open_session() as session:
        yield await find_reader(session, config)


async def find_reader(session: aiohttp.ClientSession, config: StoreConfig) -> StoreReader:
    """Return a reader for the first address that answers.

    Raises UnavailableError if no address answers, or if a program other than single-node
    VictoriaMetrics answers at any address.
    """
    with _as_unavailable():
        url, _ = (await ask_each(session, config)).first()
    return StoreReader(session, url, config)


def _bytes_of(title: str) -> bytes:
    """Return a system title as bytes. Return b"" for a label that is not a system title."""
    with suppress(ValueError):
        return bytes.fromhex(title)
    return b""


def _counters_of(title_with_key: TitleWithKey) -> str:
    title, key = title_with_key
    return f'{_COUNTER}{{title="{title_text(title)}",key={json.dumps(key)}}}'


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except ERRORS as error:
        msg = f"[store] VictoriaMetrics does not do it: {why(error)}"
        kind = ReadingNotAllowedError if isinstance(error, NotAllowedError) else UnavailableError
        raise kind(msg) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        # Name only the type of the error, because its text may contain a part of the answer.
        name = type(error).__name__
        if isinstance(error, json.JSONDecodeError):
            name += f" at character {error.pos} of {len(error.doc)}"
        raise_unavailable(f"[store] VictoriaMetrics gave an answer that cannot be read ({name})")
