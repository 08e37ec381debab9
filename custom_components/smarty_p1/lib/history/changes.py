"""Versions of data in the order of time, and from when on two versions differ."""

from collections import deque
from datetime import UTC, datetime

_NEVER = datetime.max.replace(tzinfo=UTC)
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_MAX_KEPT = 200


class ChangeLog:
    """Counter of changes, with the start of the period that each of the last ones has changed."""

    def __init__(self) -> None:
        self.version = 0
        self._starts = deque[datetime](maxlen=_MAX_KEPT)

    def note_change(self, start: datetime) -> None:
        """Count a change of the data from `start` on."""
        self.version += 1
        self._starts.append(start)

    def since(self, version: int) -> datetime:
        """Return the time before which nothing has changed since `version`.

        If this is not known any more, it is the earliest possible time.
        """
        count = self.version - version
        if count > len(self._starts):
            return _ALWAYS
        return min(list(self._starts)[len(self._starts) - count :], default=_NEVER)
