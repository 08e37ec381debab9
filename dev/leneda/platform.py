"""Simulated server of Leneda's API. It can produce all faults that a client must survive."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple, Self

from aiohttp import web

from dev.simulator.telegram import LUXEMBOURG
from smartyp1.json_types import JsonDict

CODES = {
    **{f"1-1:{n}.29.0": "kW" for n in (1, 2)},
    **{f"1-1:{n}.29.0": "kVAR" for n in (3, 4)},
    **{f"1-65:{n}.29.{layer}": "kW" for n in (1, 2) for layer in (1, 2, 3, 4, 9)},
    "7-1:99.23.17": "Nm3",
    "7-20:99.33.17": "kWh",
}
"""OBIS codes of electricity and gas in Leneda's documentation, with their units."""
QUARTER_HOUR = timedelta(minutes=15)

type Read = Callable[[datetime], float | None]


class Fault(StrEnum):
    """Fault of all answers to queries for time series."""

    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TOO_MANY = "too_many"
    SERVER = "server"
    SLOW = "slow"
    BROKEN_JSON = "broken_json"
    NO_OBJECT = "no_object"
    TOO_LARGE = "too_large"
    ENDLESS = "endless"
    """An answer of 1 GiB whose length no header says."""
    INFLATED = "inflated"
    """A compressed answer that has 1 GiB when it is decompressed."""
    REDIRECT = "redirect"
    DISCONNECTED = "disconnected"


_STATUS = {
    Fault.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Fault.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Fault.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.SERVER: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_BODY = {Fault.BROKEN_JSON: '{"unit": "kW", "items": [', Fault.NO_OBJECT: '["kW"]'}
_LARGE_BODY_BYTES = 20_000_000
_BLOCK = bytes(1024 * 1024)
_LONG_BODY_BLOCKS = 1024
_ELSEWHERE = "/elsewhere"


class Request(NamedTuple):
    """Query for a time series: metering point, OBIS code, start and end."""

    point: str
    code: str
    start: datetime
    end: datetime


class Platform:
    """Simulated server of Leneda's API. It listens on a TCP port while the context is active.

    The default `port` 0 means any free port. `known_until` is the end of the available values. If
    it is None, values are available until the last midnight. `version` is a function that returns
    the version number of a quarter-hour's value. `is_estimated` is a function that returns whether
    a quarter-hour's value is estimated.
    """

    def __init__(self, *, key: str, energy_id: str, port: int = 0) -> None:
        self.key = key
        self.energy_id = energy_id
        self.series: dict[tuple[str, str], Read] = {}
        self.requests: list[Request] = []
        self.refused = 0
        self.followed = 0
        """Number of followed redirections."""
        self.fault: Fault | None = None
        self.known_until: datetime | None = None
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.version: Callable[[datetime], int] = lambda _start: 1
        self.is_estimated: Callable[[datetime], bool] = lambda _start: False
        self._port = port
        self._released = asyncio.Event()
        self._runner: web.AppRunner

    async def __aenter__(self) -> Self:
        """Start the server."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/api/metering-points/{point}/time-series", self._time_series),
                web.get(f"/api{_ELSEWHERE}", self._follow),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop the server. Also end the answers that the fault `Fault.SLOW` delays."""
        self._released.set()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Return the URL of the API. The paths of the API are below it."""
        return f"http://127.0.0.1:{self._port}/api"

    def _check(self, request: web.Request) -> None:
        keys = request.headers.get("X-API-KEY"), request.headers.get("X-ENERGY-ID")
        if keys != (self.key, self.energy_id):
            self.refused += 1
            raise web.HTTPUnauthorized

    async def _time_series(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        query = request.query
        requested = Request(
            request.match_info["point"],
            query["obisCode"],
            _moment(query["startDateTime"]),
            _moment(query["endDateTime"]),
        )
        self.requests.append(requested)
        if self.fault:
            return await self._failing(request, requested, self.fault)
        return web.json_response(self._answer(requested))

    def _answer(self, requested: Request) -> JsonDict:
        read = self.series.get((requested.point, requested.code))
        starts = _quarter_hours(requested.start, min(requested.end, self._until()))
        # A series of gas has values of hours, not of quarter-hours. So keep only starts of hours.
        is_gas = requested.code.startswith("7-")
        interval = "PT1H" if is_gas else "PT15M"
        if is_gas:
            starts = (start for start in starts if not start.minute)
        items = list(self._items(read, starts)) if read else []
        return {
            "meteringPointCode": requested.point,
            "obisCode": requested.code,
            "intervalLength": interval if read else None,
            "unit": CODES[requested.code] if read else None,
            "items": items,
        }

    def _items(self, read: Read, starts: Iterable[datetime]) -> Iterator[JsonDict]:
        for start in starts:
            value = read(start)
            yield {
                "value": value if value is None else round(value, 3),
                "startedAt": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "type": "Estimated" if self.is_estimated(start) else "Actual",
                "version": self.version(start),
                "calculated": False,
            }

    def _until(self) -> datetime:
        if self.known_until:
            return self.known_until
        return _midnight(self.now().astimezone(LUXEMBOURG).date())

    async def _failing(
        self, request: web.Request, requested: Request, fault: Fault
    ) -> web.StreamResponse:
        if status := _STATUS.get(fault):
            return web.json_response({"message": "no"}, status=status)
        if body := _BODY.get(fault):
            return web.Response(text=body, content_type="application/json")
        if fault is Fault.REDIRECT:
            raise web.HTTPFound(self.url + _ELSEWHERE)
        if fault is Fault.DISCONNECTED:
            assert request.transport  # noqa: S101 - the request has just arrived
            request.transport.abort()
        if fault is Fault.TOO_LARGE:
            text = json.dumps(self._answer(requested)).ljust(_LARGE_BODY_BYTES)
            return web.Response(text=text, content_type="application/json")
        if fault in {Fault.ENDLESS, Fault.INFLATED}:
            return await self._send_long_body(request, is_compressed=fault is Fault.INFLATED)
        await self._released.wait()
        return web.Response()

    async def _send_long_body(
        self, request: web.Request, *, is_compressed: bool
    ) -> web.StreamResponse:
        """Send a body of 1 GiB, until the client disconnects."""
        headers = {"Content-Encoding": "gzip"} if is_compressed else {}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        block = gzip.compress(_BLOCK) if is_compressed else _BLOCK
        with suppress(ConnectionError):
            for _ in range(_LONG_BODY_BLOCKS):
                await response.write(block)
        return response

    async def _follow(self, _request: web.Request) -> web.Response:
        self.followed += 1
        return web.json_response({"unit": "kW", "items": []})


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LUXEMBOURG).astimezone(UTC)


def _quarter_hours(start: datetime, end: datetime) -> Iterator[datetime]:
    start += -(start - datetime.min.replace(tzinfo=UTC)) % QUARTER_HOUR
    while start < end:
        yield start
        start += QUARTER_HOUR
