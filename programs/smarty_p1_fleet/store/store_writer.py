"""Writer to VictoriaMetrics. It repeats each write until VictoriaMetrics acknowledges the write.

VictoriaMetrics flushes its memory to the disk every few seconds. In tests, a kill lost the values
of up to 9 s, although they were acknowledged. So a write counts as kept (on disk) only if the
process that acknowledged the write still runs 20 s later.
"""

import asyncio
import gzip
import time
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

import aiohttp

from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.outage_log import outage_of

from .series_line_protocol import Sample
from .store_config import StoreConfig
from .store_requests import (
    DIFFERENT,
    ERRORS,
    StoreError,
    WrongStoreError,
    ask_each,
    check_status,
    host_of,
    open_session,
    why,
)

KEPT_AFTER = 20.0
# Seconds between two writes. Each write has fixed costs in VictoriaMetrics, so messages are
# gathered for one write.
WRITE_INTERVAL_S = 0.4
# A thousand telegrams have 1.5 MB of text, and 0.13 MB compressed with this level. So a line with
# 40 kbit/s can send them within _WRITE_TIMEOUT.
_COMPRESSION_LEVEL = 3
_WRITE_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
# Each answer has some hundred metrics, so it costs as much as the values of many telegrams.
_ASK_INTERVAL = 5.0
_MAX_SILENCE_S = 20.0
# VictoriaMetrics must have run for this number of seconds before values are written. It reports its
# start time in whole seconds, so two processes that start within one second cannot be told apart.
# If the first of them took values and lost them, the restart would not be noticed. So a process
# gets values only when no further process can have the same start time.
_MIN_UPTIME_S = 2.0


class StoreRestartedError(Exception):
    """Error for a restart of VictoriaMetrics. The restart has perhaps lost a write."""


class Write(NamedTuple):
    """Acknowledged write to VictoriaMetrics.

    `process` is the name of the VictoriaMetrics process. `at` is the monotonic time of the
    acknowledgement in seconds.
    """

    process: str
    at: float


class StoreRun(NamedTuple):
    """Name of a VictoriaMetrics process, and the time of the last request that it answered.

    `alive_at` is the monotonic time in seconds at which this request was sent.
    """

    process: str
    alive_at: float


class Store:
    """Writer to a single-node VictoriaMetrics, which has one address or several.

    `run` is the process that answered last. It is None while the process is not identified, for
    example until the first answer.
    """

    def __init__(self, config: StoreConfig, metrics: CollectorMetrics) -> None:
        self.run: StoreRun | None = None
        self._config = config
        # Address to which values are written: the first address that answered at the last `_ask`.
        self._url = config.urls[0]
        self._host = ""
        self._metrics = metrics
        metrics.store_answers.set_function(self.answers)
        self._run_is_known = asyncio.Event()
        self._writing = outage_of("Writing to VictoriaMetrics")
        self._asking = outage_of("Asking VictoriaMetrics since when it runs")
        self._address = outage_of("One of the addresses of VictoriaMetrics")
        self._session: aiohttp.ClientSession

    async def serve(self) -> None:
        """Ask VictoriaMetrics every _ASK_INTERVAL which process it is, until cancelled."""
        async with open_session() as self._session:
            while True:
                try:
                    await self._ask()
                except ERRORS as error:
                    self._asking.note_failure(why(error))
                    await self._asking.wait()
                else:
                    self._asking.end()
                    await asyncio.sleep(_ASK_INTERVAL)

    def answers(self) -> bool:
        """Return whether VictoriaMetrics has answered in the last _MAX_SILENCE_S seconds."""
        run = self.run
        return run is not None and time.monotonic() - run.alive_at < _MAX_SILENCE_S

    def keeps(self, write: Write) -> bool:
        """Return whether `write` is on disk.

        Raises StoreRestartedError if VictoriaMetrics has restarted since it acknowledged `write`.
        """
        run = self.run
        if run is not None and write.process != run.process:
            raise StoreRestartedError
        return run is not None and run.alive_at - write.at >= KEPT_AFTER

    async def until_known(self) -> None:
        """Wait until VictoriaMetrics has answered and its process is identified."""
        await self._run_is_known.wait()

    async def write(self, samples: Sequence[Sample]) -> Write:
        """Write `samples`. Retry without limit until VictoriaMetrics acknowledges the write."""
        while True:
            await self._run_is_known.wait()
            try:
                write = await self._post(samples)
            except ERRORS as error:
                self._writing.note_failure(why(error))
                self._metrics.failed_writes.inc()
                await self._writing.wait()
            else:
                self._writing.end()
                return write

    async def _ask(self) -> None:
        await asyncio.to_thread(self._config.login.refresh)
        asked_at = time.monotonic()
        try:
            answers = await ask_each(self._session, self._config)
        except WrongStoreError as error:
            self._hold(error)
        self._url, process = answers.first()
        for fault in answers.errors:
            self._address.note_failure(why(fault))
        if not answers.errors:
            self._address.end()
        if answers.are_different:
            self._hold(StoreError(DIFFERENT))
        if process.uptime < _MIN_UPTIME_S:
            self._hold(StoreError("it was started just now"))
        self._host = process.host
        self.run = StoreRun(process.name, asked_at)
        self._run_is_known.set()

    def _hold(self, error: StoreError) -> NoReturn:
        """Stop writing until the process of VictoriaMetrics is identified again. Raise `error`."""
        self._run_is_known.clear()
        self.run = None
        raise error

    async def _post(self, samples: Sequence[Sample]) -> Write:
        run = self.run
        if run is None:
            raise StoreError
        now = time.time()
        text = "".join(sample.text for sample in samples)
        options = self._config.login.options.copy()
        options["headers"] = {**options["headers"], "Content-Encoding": "gzip"}
        async with self._session.post(
            f"{self._url}/write",
            params={"precision": "ms"},
            data=gzip.compress(text.encode(), _COMPRESSION_LEVEL),
            timeout=_WRITE_TIMEOUT,
            **options,
        ) as response:
            check_status(response, 204)
            # The host that takes the values must be the host of the identified process. With
            # `metrics_url`, this check is impossible, because a proxy with another host name
            # answers the write.
            if not self._config.metrics_url and host_of(response) != self._host:
                raise StoreError("another machine takes the values than tells since when it runs")
        for sample in samples:
            if sample.is_new:
                self._metrics.delay.observe(now - sample.at_ms / 1000)
        return Write(run.process, time.monotonic())
