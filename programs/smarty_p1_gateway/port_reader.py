"""Reader of a P1 port. It reopens a lost port."""

import logging
from collections.abc import Callable, Sequence

from smartyp1.connection_outage import Outage
from smartyp1.fault_log import FaultLog
from smartyp1.port.errors import LinkError
from smartyp1.port.reconnecting_port import ReconnectingPort

from .gateway_config import PortConfig
from .metrics import GatewayMetrics
from .port_condition import Note

LOGGER = logging.getLogger(__name__)

# Number of bytes without an accepted frame after which a warning is logged. Eight of the longest
# telegrams fit into this number of bytes, so a few damaged telegrams cause no warning.
_MAX_UNREADABLE_BYTES = 16 * 1024
_LOST = "%s: %s (%s)"
_BACK = "%s: frames are coming again"
_NOTHING = "%s: %d KiB came without a frame that is accepted; `smarty-p1 watch` says what they are"


type PortListener = Callable[[bytes], bool]
"""Function that takes the next bytes of a port. It returns whether they complete a frame."""


class PortReader:
    """Reader of one port. It passes the received bytes to listeners.

    A listener that fails costs only the bytes that it got.
    """

    def __init__(
        self,
        port: PortConfig,
        listeners: Sequence[PortListener],
        metrics: GatewayMetrics,
        note: Note = lambda _event: None,
    ) -> None:
        self._port = port
        self._listeners = listeners
        self._bytes = metrics.bytes.labels(port.label)
        self._is_open = metrics.port_open.labels(port.label)
        self._losses = metrics.port_losses.labels(port.label)
        self._outage = Outage(_LOST, _BACK, port.label)
        self._faults = FaultLog(port.label)
        self._in_vain = 0
        self._note = note
        self._link = ReconnectingPort(
            port.address, self._on_data, self._on_lost, on_open=lambda: self._is_open.set(1)
        )

    async def run(self) -> None:
        """Read the port until cancelled."""
        self._note(lambda health, now: health.begin(now))
        await self._link.run()

    def _on_lost(self, error: LinkError) -> None:
        self._is_open.set(0)
        self._losses.inc()
        self._note(lambda health, now: health.lost(now, error.problem))
        self._outage.note_failure(error, type(error).__name__)

    def _on_data(self, data: bytes) -> None:
        self._bytes.inc(len(data))
        are_right = [self._faults.call(listener, data) for listener in self._listeners]
        if True not in are_right:
            before, self._in_vain = self._in_vain, self._in_vain + len(data)
            if before < _MAX_UNREADABLE_BYTES <= self._in_vain:
                LOGGER.warning(_NOTHING, self._port.label, _MAX_UNREADABLE_BYTES // 1024)
            return
        self._in_vain = 0
        self._outage.end()
        self._link.confirm()
