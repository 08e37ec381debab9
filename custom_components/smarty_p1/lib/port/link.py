"""A port that is opened again whenever it is lost, each time after a longer delay (back-off)."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..backoff import Backoff
from .bytes_a_second import ReadLimit
from .errors import LinkError, PortNotFoundError, PortSilentError
from .serial_port import BAUD_RATE, ByteReader, Opener, open_port, read_chunk

SILENCE_TIMEOUT = 30.0
FIRST_DELAY = 1.0
MAX_DELAY_S = 60.0
# The system gives a new device its owner and its names a moment after the device itself.
_SETTLING_DELAY = 0.5


def _exists(path: str) -> bool:
    return Path(path).exists()


class Link:
    """Keeps a port open, hands over its bytes, and opens it again when it is lost.

    `is_open`: whether it is open at the moment.

    The delay between tries doubles from 1 s to 60 s, with jitter, until `confirm` is called: bytes
    alone do not prove that it is the meter that answers.
    """

    def __init__(  # noqa: PLR0913
        self,
        url: str,
        on_data: Callable[[bytes], None],
        on_lost: Callable[[LinkError], None],
        *,
        on_open: Callable[[], None] = lambda: None,
        silence_timeout: float | None = SILENCE_TIMEOUT,
        baud_rate: int = BAUD_RATE,
        opener: Opener | None = None,
    ) -> None:
        """Call `on_data` with received bytes, `on_lost` at each loss or failed try, and `on_open`.

        A connection without a byte for `silence_timeout` seconds is opened anew; None waits on.
        What is no device and no URL has an `opener` of its own.
        """
        self.is_open = False
        self._url = url
        self._on_data = on_data
        self._on_lost = on_lost
        self._on_open = on_open
        self._silence_timeout = silence_timeout
        self._open = opener or partial(open_port, url, baud_rate=baud_rate)
        self._is_missing = False
        self._backoff = Backoff(FIRST_DELAY, MAX_DELAY_S)

    def confirm(self) -> None:
        """Start anew with the shortest delay, for what is received is what was expected."""
        self._backoff.reset()

    async def run(self) -> None:
        """Serve the port until cancelled."""
        while True:
            try:
                await self._read()
            except LinkError as err:
                self._on_lost(err)
                self._is_missing = isinstance(err, PortNotFoundError)
                if isinstance(err, PortSilentError):
                    # It was open for long enough: what it says next should be heard.
                    self._backoff.reset()
            if not await self._is_plugged_in_again():
                await self._backoff.wait()

    async def _is_plugged_in_again(self) -> bool:
        """Wait for a device that is not there; return False when this does not apply.

        A cable that is put back is read at once, however long it was away.
        """
        if not self._url.startswith("/") or _exists(self._url):
            return False
        if not self._is_missing:
            self._on_lost(PortNotFoundError())
        while not _exists(self._url):  # noqa: ASYNC110 - nothing tells when a file appears
            await asyncio.sleep(FIRST_DELAY)
        await asyncio.sleep(_SETTLING_DELAY)
        return True

    async def _read(self) -> None:
        async with self._open() as reader:
            self.is_open = True
            self._on_open()
            try:
                await self._hand_over(reader)
            finally:
                self.is_open = False

    async def _hand_over(self, reader: ByteReader) -> None:
        limit = ReadLimit()
        while True:
            try:
                async with asyncio.timeout(self._silence_timeout):
                    data = await read_chunk(reader)
            except TimeoutError as err:
                msg = f"no byte for {self._silence_timeout:.0f} s"
                raise PortSilentError(msg) from err
            self._on_data(data)
            await limit.wait(len(data))
