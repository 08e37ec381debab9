"""Whether VictoriaMetrics has surely kept what it acknowledged. No I/O, no clock.

It writes to the disk what it has in memory every few seconds: after it was killed, up to 9 s of
what it had acknowledged were gone. So a write counts once the same process has lived on for longer.
"""

from dataclasses import dataclass

KEPT_AFTER = 20.0


class StoreRestartedError(Exception):
    """The store was restarted after a write, and may have lost it."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write that was acknowledged: by which process of the store, and when (monotonic)."""

    process: str
    at: float


@dataclass(frozen=True, slots=True)
class StoreRun:
    """A process of the store, and when it surely still lived (monotonic)."""

    process: str
    alive_at: float

    def keeps(self, write: Write) -> bool:
        """Return whether a write is on the disk by now. Raises StoreRestartedError."""
        if write.process != self.process:
            raise StoreRestartedError
        return self.alive_at - write.at >= KEPT_AFTER
