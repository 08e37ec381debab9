"""Reload of the meters' keys when their file changes, or on SIGHUP."""

import asyncio
import logging
from collections.abc import Callable

from smarty_p1_gateway import ConfigError, Keys, KeysSource

from .metrics import CollectorMetrics

LOGGER = logging.getLogger(__name__)

_INTERVAL_S = 2.0


class KeysWatch:
    """Watcher of a source of keys (a file or a command). `keys` are the current keys."""

    def __init__(
        self, source: KeysSource, signature: object, keys: Keys, metrics: CollectorMetrics
    ) -> None:
        """Watch `source`, from which `keys` were just read.

        `signature` is the signature that `source` had before the reading.
        """
        self.keys = keys
        self._source = source
        self._signature = signature
        self._metrics = metrics
        self._is_wanted = asyncio.Event()
        metrics.keys.set(keys.count)

    def want(self) -> None:
        """Make `run` reload the keys at once, even if the source has not changed."""
        self._is_wanted.set()

    async def run(self, on_change: Callable[[Keys], None]) -> None:
        """Call `on_change` with the keys after each reload, until this task is cancelled.

        A changed file is perhaps incomplete. So the keys are read only after the file has stayed
        the same for _INTERVAL_S.
        """
        before = self._signature
        while True:
            is_wanted = await self._wait()
            # The file may be on a network disk that hangs. So ask for it in a thread.
            now = await asyncio.to_thread(self._source.signature)
            if is_wanted or (now != self._signature and now == before and now is not None):
                self._signature = now
                await self._read(on_change)
            before = now

    async def _wait(self) -> bool:
        try:
            async with asyncio.timeout(_INTERVAL_S):
                await self._is_wanted.wait()
        except TimeoutError:
            return False
        self._is_wanted.clear()
        return True

    async def _read(self, on_change: Callable[[Keys], None]) -> None:
        try:
            # Reading 300,000 keys takes a second, and a command may take longer. So read the keys
            # in a thread.
            keys = await asyncio.to_thread(self._source.read_keys)
        except ConfigError as error:
            self._metrics.failed_key_reads.inc()
            self._metrics.keys_unreadable.set(1)
            text = "The keys cannot be read again, and the previous keys stay in use: %s"
            LOGGER.error(text, error)  # noqa: TRY400 - it says all
            return
        LOGGER.info("The keys of %d meters are read", keys.count)
        self._metrics.key_reads.inc()
        self._metrics.keys_unreadable.set(0)
        self._metrics.keys.set(keys.count)
        self.keys = keys
        on_change(keys)
