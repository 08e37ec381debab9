"""Status of a P1 port. This module uses no I/O, clock or terminal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from smartyp1.p1.decoder import Event
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram
from smartyp1.port.errors import LinkError, PortSilentError
from smartyp1.port.unread_bytes import UnreadBytes


@dataclass
class WatchState:
    """Status of a port. Times are in seconds of a monotonic clock.

    `address` contains no secret.
    """

    address: str
    is_open: bool = False
    error: LinkError | None = None
    received: int = 0
    silent_since: float = 0.0
    searched_since: float = 0.0
    telegram: Telegram | None = None
    telegram_at: float = 0.0
    unread: UnreadBytes = field(default_factory=UnreadBytes)
    """Bytes since the last frame."""
    rejected: Counter[Reason] = field(default_factory=Counter)
    rejection: Reason | None = None
    """Reason of the last rejected frame, None after a telegram."""

    def open(self, now: float) -> None:
        """Record that the port was opened."""
        # A silent port is opened again and again. Opening it does not end the silence, so keep the
        # error.
        if not isinstance(self.error, PortSilentError):
            self.silent_since = self.searched_since = now
            self.error = None
        self.is_open = True

    def lose(self, error: LinkError) -> None:
        """Record that the port was lost or could not be opened."""
        self.is_open = False
        self.error = error

    def receive(self, data: bytes, events: Sequence[Event], now: float) -> None:
        """Record received bytes, and the events that these bytes completed."""
        self.received += len(data)
        self.unread.add_bytes(data, now)
        self.silent_since = now
        self.error = None
        for event in events:
            self.unread.clear()
            if isinstance(event, Rejection):
                self.rejected[event.reason] += 1
                self.rejection = event.reason
            else:
                self.telegram = event
                self.telegram_at = self.searched_since = now
                self.rejection = None
