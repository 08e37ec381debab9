"""Connection to a port. After a loss, the port is reopened, with growing delays (back-off)."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..connection_outage import Backoff
from ..fault_log import FaultLog
from ..local_network_check import is_port_of_house
from .address_masking import redact_port
from .errors import LinkError, PortBusyError, PortNotFoundError, PortSilentError
from .port_stream import PortStream
from .serial_port import BAUD_RATE, ByteReader, Opener, open_port

LOGGER = logging.getLogger(__name__)

SILENCE_TIMEOUT_S = 30.0
FIRST_DELAY_S = 1.0
MAX_DELAY_S = 60.0
# A port of the house is opened soon after it is back, because each telegram in between is lost.
MAX_DELAY_IN_HOUSE_S = 15.0
# Seconds to wait after a cable was plugged in. The device appears a moment before the system sets
# its permissions.
_SETTLING_DELAY_S = 0.5


def _exists(path: str) -> bool:
    return Path(path).exists()


class ReconnectingPort:
    """Connection to a port. It passes on the received bytes, and reopens the port after a loss.

    `is_open` says whether the port is open now. The delay between two attempts doubles from 1 s to
    60 s, with random variation. It is at most 15 s for a port of the house, unless another client
    uses the port: two clients that reconnect often would disconnect each other often. Received
    bytes do not prove that a meter sends, so only `confirm` resets the delay. An unexpected error
    counts as a loss, so it does not end the reading.
    """

    def __init__(  # noqa: PLR0913
        self,
        url: str,
        on_data: Callable[[bytes], None],
        on_lost: Callable[[LinkError], None],
        *,
        on_open: Callable[[], None] = lambda: None,
        silence_timeout: float | None = SILENCE_TIMEOUT_S,
        baud_rate: int = BAUD_RATE,
        opener: Opener | None = None,
    ) -> None:
        """Set the callbacks.

        `on_data` gets the received bytes. `on_lost` gets the error when an open port is lost, or
        when the port cannot be opened. `on_open` is called whenever the port was opened. After
        `silence_timeout` seconds without a byte, the port is reopened. If `silence_timeout` is
        None, the port is never reopened because of silence. `opener` replaces `open_port` for
        sources that are neither a device nor a URL.
        """
        self.is_open = False
        self._url = url
        self._on_data = on_data
        self._on_lost = on_lost
        self._on_open = on_open
        self._silence_timeout = silence_timeout
        self._open = opener or partial(open_port, url, baud_rate=baud_rate)
        self._error: LinkError | None = None
        self._is_of_house = is_port_of_house(url)
        shown = redact_port(url)
        self._faults = FaultLog(shown, hides_texts=shown != url)
        self._backoff = Backoff(FIRST_DELAY_S, MAX_DELAY_S)

    def confirm(self) -> None:
        """Reset the delay between attempts. Call this when the received bytes are from a meter."""
        self._backoff.reset()

    async def run(self) -> None:
        """Keep the port open until this task is cancelled."""
        while True:
            try:
                await self._read()
            except LinkError as err:
                self._faults.call(self._on_lost, err)
                self._error = err
                if isinstance(err, PortSilentError):
                    # The port could be opened, and was only silent. So the delay before the next
                    # attempt need not grow.
                    self._backoff.reset()
            except Exception as err:  # noqa: BLE001 - no error may end the reading
                self._faults.note_fault("the reading of the port", err)
                self._faults.call(self._on_lost, LinkError(type(err).__name__))
            if not await self._is_plugged_in_again():
                await asyncio.sleep(self._next_delay())

    def _next_delay(self) -> float:
        delay = self._backoff.next_delay()
        is_short = self._is_of_house and not isinstance(self._error, PortBusyError)
        return min(delay, MAX_DELAY_IN_HOUSE_S) if is_short else delay

    async def _is_plugged_in_again(self) -> bool:
        """If the device is missing, wait until it appears, and return True. Otherwise return False.

        If the result is True, the caller opens the device without the back-off delay.
        """
        if not self._url.startswith("/") or _exists(self._url):
            return False
        if not isinstance(self._error, PortNotFoundError):
            self._faults.call(self._on_lost, PortNotFoundError())
        while not _exists(self._url):  # noqa: ASYNC110 - no event tells when a file appears
            await asyncio.sleep(FIRST_DELAY_S)
        await asyncio.sleep(_SETTLING_DELAY_S)
        return True

    async def _read(self) -> None:
        async with self._open() as reader:
            self.is_open = True
            self._faults.call(self._on_open)
            try:
                await self._hand_over(reader)
            finally:
                self.is_open = False

    async def _hand_over(self, reader: ByteReader) -> None:
        stream = PortStream(reader)
        while True:
            try:
                async with asyncio.timeout(self._silence_timeout):
                    data = await stream.read()
            except TimeoutError as err:
                raise PortSilentError(f"no byte for {self._silence_timeout:.0f} s") from err
            self._faults.call(self._on_data, data)
            await stream.wait()
