"""Status of a P1 port. This module uses no I/O, clock or terminal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from smartyp1 import p1, port


@dataclass
class WatchState:
    """Status of a port. Times are in seconds of a monotonic clock.

    `address` contains no secret.
    """

    address: str
    is_open: bool = False
    error: port.LinkError | None = None
    received: int = 0
    silent_since: float = 0.0
    searched_since: float = 0.0
    telegram: p1.Telegram | None = None
    telegram_at: float = 0.0
    rejected: Counter[p1.Reason] = field(default_factory=Counter)
    rejection: p1.Reason | None = None
    """Reason of the last rejected frame, None after a telegram."""

    def open(self, now: float) -> None:
        """Record that the port was opened."""
        # A silent port is opened again and again. Opening it does not end the silence, so keep the
        # error.
        if not isinstance(self.error, port.PortSilentError):
            self.silent_since = self.searched_since = now
            self.error = None
        self.is_open = True

    def lose(self, error: port.LinkError) -> None:
        """Record that the port was lost or could not be opened."""
        self.is_open = False
        self.error = error

    def receive(self, size: int, events: Sequence[p1.Event], now: float) -> None:
        """Record `size` received bytes, and the events that these bytes completed."""
        self.received += size
        self.silent_since = now
        self.error = None
        for event in events:
            if isinstance(event, p1.Rejection):
                self.rejected[event.reason] += 1
                self.rejection = event.reason
            else:
                self.telegram = event
                self.telegram_at = self.searched_since = now
                self.rejection = None
