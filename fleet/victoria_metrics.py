"""VictoriaMetrics: values of all partitions are written together, and again until it has them."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp

from .acknowledged_writes import StoreRun, Write
from .metrics import Metrics
from .outage_log import ToldError, outage_of, reason
from .series_line_protocol import Sample

# The partitions hand in what they have at the same moment, nearly: so a write has all of it.
_GATHER_TIME = 0.02
_MOST_SAMPLES = 2000
_WRITE_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
_ASK_TIMEOUT = aiohttp.ClientTimeout(total=5)
_ASK_INTERVAL = 2.0
_LONGEST_SILENCE = 20.0
_LONGEST_ANSWER = 4 * 1024 * 1024
# What is compressed may be any size behind it.
_PLAIN = {"Accept-Encoding": "identity"}
_START_TIME = b"\nprocess_start_time_seconds "
_UPTIME = b"\nvm_app_uptime_seconds "
# The start time has whole seconds: another process may have begun and ended in the same one.
_LEAST_UPTIME = 2.0


class StoreError(ToldError):
    """VictoriaMetrics answered something else than it should."""


class _Request(NamedTuple):
    samples: Sequence[Sample]
    written: asyncio.Future[Write]


class Store:
    """A VictoriaMetrics of one node.

    `run` is the process that answered last, None while none did yet.
    """

    def __init__(self, url: str, metrics: Metrics) -> None:
        self.run: StoreRun | None = None
        self._url = url.rstrip("/")
        self._metrics = metrics
        metrics.watch_store(self.answers)
        self._waiting: list[_Request] = []
        self._is_wanted = asyncio.Event()
        self._run_is_known = asyncio.Event()
        self._writing = outage_of("Writing to VictoriaMetrics")
        self._asking = outage_of("Asking VictoriaMetrics since when it runs")

    async def serve(self) -> None:
        """Write what is handed in, until cancelled."""
        async with _open_session() as session, asyncio.TaskGroup() as group:
            group.create_task(self._ask_again_and_again(session))
            group.create_task(self._write_what_waits(session))

    async def write(self, samples: Sequence[Sample]) -> Write:
        """Return when the values are acknowledged, however long that takes."""
        written: asyncio.Future[Write] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(samples, written))
        self._is_wanted.set()
        return await written

    def answers(self) -> bool:
        """Return whether it answered not long ago."""
        run = self.run
        return run is not None and time.monotonic() - run.alive_at < _LONGEST_SILENCE

    async def _ask_again_and_again(self, session: aiohttp.ClientSession) -> None:
        while True:
            try:
                await self._ask(session)
            except (aiohttp.ClientError, OSError, TimeoutError, StoreError) as error:
                self._asking.note(reason(error))
                await self._asking.wait()
            else:
                self._asking.end()
                await asyncio.sleep(_ASK_INTERVAL)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        asked_at = time.monotonic()
        async with session.get(
            f"{self._url}/metrics", timeout=_ASK_TIMEOUT, allow_redirects=False
        ) as response:
            _check(response, 200)
            text = await _read(response)
        process, uptime = _value_of(_START_TIME, text), _value_of(_UPTIME, text)
        if self.run is not None and self.run.process != process:
            self._metrics.store_restarts.inc()
        if float(uptime) < _LEAST_UPTIME:
            # Until then nothing is written.
            self._run_is_known.clear()
            self.run = None
            msg = "it was started just now"
            raise StoreError(msg)
        self.run = StoreRun(process, asked_at)
        self._run_is_known.set()

    async def _write_what_waits(self, session: aiohttp.ClientSession) -> None:
        while True:
            await self._is_wanted.wait()
            await asyncio.sleep(_GATHER_TIME)
            requests = self._next_requests()
            while True:
                await self._run_is_known.wait()
                # A partition may have been let go meanwhile.
                requests = [request for request in requests if not request.written.done()]
                if not requests:
                    break
                try:
                    await self._post(session, requests)
                except (aiohttp.ClientError, OSError, TimeoutError, StoreError) as error:
                    self._writing.note(reason(error))
                    self._metrics.failed_writes.inc()
                    await self._writing.wait()
                else:
                    self._writing.end()

    def _next_requests(self) -> list[_Request]:
        size = count = 0
        for request in self._waiting:
            if count and size + len(request.samples) > _MOST_SAMPLES:
                break
            size += len(request.samples)
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        if not self._waiting:
            self._is_wanted.clear()
        return taken

    async def _post(self, session: aiohttp.ClientSession, requests: list[_Request]) -> None:
        run = self.run
        if run is None:
            raise StoreError
        now = time.time()
        body = "".join(sample.render(now) for one in requests for sample in one.samples).encode()
        async with session.post(
            f"{self._url}/write",
            params={"precision": "ms"},
            data=body,
            timeout=_WRITE_TIMEOUT,
            allow_redirects=False,
        ) as response:
            _check(response, 204)
        write = Write(run.process, time.monotonic())
        self._metrics.writes.inc()
        for one in requests:
            for sample in one.samples:
                self._metrics.delay.observe(now - sample.at_ms / 1000)
            if not one.written.done():
                one.written.set_result(write)


def _open_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers=_PLAIN, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    )


def _check(response: aiohttp.ClientResponse, status: int) -> None:
    if response.status != status:
        msg = f"it answers with {response.status}"
        raise StoreError(msg)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        msg = "its metrics are compressed"
        raise StoreError(msg)
    parts = bytearray(b"\n")
    async for chunk in response.content.iter_chunked(64 * 1024):
        parts += chunk
        if len(parts) > _LONGEST_ANSWER:
            msg = "its metrics are too long"
            raise StoreError(msg)
    return bytes(parts)


def _value_of(name: bytes, text: bytes) -> str:
    value = text.partition(name)[2].partition(b"\n")[0].strip()
    with contextlib.suppress(ValueError):
        float(value)
        return value.decode()
    msg = f"its metrics have no {name.decode().strip()}: is it VictoriaMetrics?"
    raise StoreError(msg)
