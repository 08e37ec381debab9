"""VictoriaMetrics: values of all partitions are written together, and again until it has them."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp

from .acknowledged_writes import StoreRun, Write
from .metrics import Metrics
from .outage_log import outage_of
from .series_line_protocol import Sample
from .store_config import StoreConfig
from .store_process import (
    DIFFERENT,
    ERRORS,
    StoreError,
    StoreProcess,
    WrongStoreError,
    ask_each,
    check_status,
    host_of,
    open_session,
    why,
)

# The partitions hand in what they have at the same moment, nearly: so a write has all of it.
_GATHER_TIME = 0.02
_MOST_SAMPLES = 2000
_WRITE_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
_ASK_INTERVAL = 2.0
_LONGEST_SILENCE = 20.0
# The start time has whole seconds: another process may have begun and ended in the same one.
_LEAST_UPTIME = 2.0


class _Request(NamedTuple):
    samples: Sequence[Sample]
    written: asyncio.Future[Write]

    def without_delay(self) -> _Request:
        return self._replace(samples=[one._replace(is_new=False) for one in self.samples])


class Store:
    """A VictoriaMetrics of one node, at one address or several.

    `run` is the process that answered last, None while none did yet.
    """

    def __init__(self, config: StoreConfig, metrics: Metrics) -> None:
        self.run: StoreRun | None = None
        self._urls = config.urls
        self._login = config.login
        # The first one that answers.
        self._url = config.urls[0]
        self._host = ""
        self._metrics = metrics
        metrics.watch_store(self.answers)
        self._waiting: list[_Request] = []
        self._is_wanted = asyncio.Event()
        self._run_is_known = asyncio.Event()
        self._writing = outage_of("Writing to VictoriaMetrics")
        self._asking = outage_of("Asking VictoriaMetrics since when it runs")
        self._address = outage_of("One of the addresses of VictoriaMetrics")

    async def serve(self) -> None:
        """Write what is handed in, until cancelled."""
        async with open_session() as session, asyncio.TaskGroup() as group:
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
            except ERRORS as error:
                self._asking.note(why(error))
                await self._asking.wait()
            else:
                self._asking.end()
                await asyncio.sleep(_ASK_INTERVAL)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        self._login.refresh()
        asked_at = time.monotonic()
        try:
            self._url, found = await self._ask_all(session)
        except WrongStoreError:
            self._hold()
            raise
        if self.run is not None and self.run.process != found.name:
            self._metrics.store_restarts.inc()
        if found.uptime < _LEAST_UPTIME:
            self._hold()
            msg = "it was started just now"
            raise StoreError(msg)
        self._host = found.host
        self.run = StoreRun(found.name, asked_at)
        self._run_is_known.set()

    async def _ask_all(self, session: aiohttp.ClientSession) -> tuple[str, StoreProcess]:
        """Return the first address that answers, and which process does: the same at each."""
        answers = await ask_each(session, self._urls, self._login)
        found = [(url, one) for url, one in answers.items() if isinstance(one, StoreProcess)]
        errors = [one for one in answers.values() if isinstance(one, Exception)]
        for error in errors:
            if not found or isinstance(error, WrongStoreError):
                raise error
            self._address.note(why(error))
        if not errors:
            self._address.end()
        if len({process.name for _, process in found}) > 1:
            self._hold()
            raise StoreError(DIFFERENT)
        return found[0]

    def _hold(self) -> None:
        """Write nothing until it is known who takes it."""
        self._run_is_known.clear()
        self.run = None

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
                except ERRORS as error:
                    self._writing.note(why(error))
                    self._metrics.failed_writes.inc()
                    if not isinstance(error, aiohttp.ClientConnectorError):
                        # It may have them, and they are later each time that they are tried.
                        requests = [request.without_delay() for request in requests]
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
            **self._login.options,
        ) as response:
            check_status(response, 204)
            if host_of(response) != self._host:
                msg = "another machine takes the values than tells since when it runs"
                raise StoreError(msg)
        write = Write(run.process, time.monotonic())
        self._metrics.writes.inc()
        for one in requests:
            for sample in one.samples:
                if sample.is_new:
                    self._metrics.delay.observe(now - sample.at_ms / 1000)
            if not one.written.done():
                one.written.set_result(write)
