"""Reading and deletion of a meter's values in VictoriaMetrics."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from smarty_p1_gateway import UnavailableError

from .store_config import StoreConfig
from .store_requests import (
    ERRORS,
    StoreProcess,
    WrongStoreError,
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
# Seconds by which a query reaches into the future, because a meter's clock may be an hour ahead.
_AHEAD = 3600

# All labels of a series, including `__name__`.
type Series = Mapping[str, str]


def selector(meter: str, names: str = "smarty_p1_.+", *, label: str = "meter") -> str:
    """Return a selector for the series of `meter` whose names match the pattern `names`.

    `label` is the name of the label that has the value `meter`.
    """
    return f'{{__name__=~"{names}",{label}={json.dumps(meter)}}}'


class StoreReader:
    """Reader of one VictoriaMetrics. Each method raises UnavailableError."""

    def __init__(self, session: aiohttp.ClientSession, url: str, config: StoreConfig) -> None:
        self._session = session
        self._url = url
        self._config = config

    async def series(self, matching: str) -> list[Series]:
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
        asked = {"query": query, "time": str(now + _AHEAD), "nocache": "1"}
        with _as_unavailable():
            rows = json.loads(await self._ask("/api/v1/query", asked))["data"]["result"]
            values = sum(int(float(row["value"][1])) for row in rows)
        return len(await self.series(matching)), values

    async def counters(self, now: float) -> dict[tuple[str, str], tuple[int, float]]:
        """Return highest frame counters and newest times, by system title and key fingerprint.

        Only counters from 24 hours before `now` to an hour after `now` are found. All times are
        Unix seconds.
        """
        columns: list[dict[tuple[str, str], float]] = []
        for function in ("max_over_time", "tlast_over_time"):
            query = f"{function}(smarty_p1_frame_counter[25h])"
            asked = {"query": query, "time": str(now + _AHEAD), "nocache": "1"}
            with _as_unavailable():
                results = json.loads(await self._ask("/api/v1/query", asked))["data"]["result"]
                columns.append(
                    {
                        (row["metric"]["title"], row["metric"]["key"]): float(row["value"][1])
                        for row in results
                    }
                )
        counters, times = columns
        return {at: (int(counter), times[at]) for at, counter in counters.items() if at in times}

    async def at(
        self, query: str, start: float, end: float, step: int
    ) -> dict[str, dict[int, str]]:
        """Return the values of `query` by the name of the series, and then by time (Unix seconds).

        The times go from `start` to `end` in steps of `step` seconds.
        """
        asked = {"query": query, "start": str(start), "end": str(end), "step": str(step)}
        with _as_unavailable():
            text = await self._ask("/api/v1/query_range", {**asked, "nocache": "1"})
            return {
                row["metric"].get("__name__", ""): {int(at): value for at, value in row["values"]}
                for row in json.loads(text)["data"]["result"]
            }

    async def values(
        self, matching: str, start: float, end: float
    ) -> list[tuple[Series, dict[int, str]]]:
        """Return the matching series, each with its unrounded values by time in milliseconds."""
        asked = {"match[]": matching, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        with _as_unavailable():
            lines = (await self._ask("/api/v1/export", asked)).splitlines()
            read: Iterator[Any] = (json.loads(line, parse_float=str) for line in lines)
            return [
                (row["metric"], dict(zip(row["timestamps"], map(str, row["values"]), strict=True)))
                for row in read
            ]

    async def delete(self, matching: str) -> None:
        """Delete the series that match the selector `matching`."""
        form = {"match[]": matching}
        if key := self._config.delete_auth_key:
            form["authKey"] = key
        with _as_unavailable():
            await self._ask("/api/v1/admin/tsdb/delete_series", form, 204)

    async def _ask(self, path: str, form: Mapping[str, str], status: int = 200) -> bytes:
        # Send the query as the body of a POST request, because proxies log URLs. The form names a
        # meter, and may contain `authKey`.
        async with self._session.post(
            f"{self._url}{path}", data=form, timeout=_TIMEOUT, **self._config.login.options
        ) as response:
            check_status(response, status)
            return await read_answer(response, _MAX_BYTES)


@asynccontextmanager
async def open_reader(config: StoreConfig) -> AsyncIterator[StoreReader]:
    """Yield a reader for the first address that answers. Raises UnavailableError if none does."""
    async with open_session() as session:
        with _as_unavailable():
            answers = await ask_each(session, config)
            wrong = [reply for reply in answers.values() if isinstance(reply, Exception)]
            for error in wrong:
                if isinstance(error, WrongStoreError) or len(wrong) == len(answers):
                    raise error
        urls = (url for url, reply in answers.items() if isinstance(reply, StoreProcess))
        yield StoreReader(session, next(urls), config)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except ERRORS as error:
        msg = f"[store] VictoriaMetrics does not do it: {why(error)}"
        raise UnavailableError(msg) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        # Name only the type of the error, because its text may contain a part of the answer.
        name = type(error).__name__
        msg = f"[store] VictoriaMetrics gave an answer that cannot be read ({name})"
        raise UnavailableError(msg) from None
