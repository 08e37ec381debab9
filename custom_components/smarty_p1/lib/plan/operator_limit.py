"""Limit of the grid operator, by a relay or another entity whose state may be unknown for a while.

    limit = limit.seen(is_limited=True, now)
    limit.counts

Only a known free state frees. An unknown state keeps the last known one for 15 minutes, and then
limits. A load is free two minutes after the limit has ended, because relays may bounce.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from ..passed_pause import has_passed
from ..stored_json import Mark

_KEPT_FOR = timedelta(minutes=15)
_FREE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class OperatorLimit:
    """What is known of a limit. It is stored, so a restart goes on."""

    counts: bool = False
    """Whether loads are limited now."""
    known_at: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time at which it was last known to be limited or free. Each look moves it."""
    free_since: datetime | None = None
    """Time since which it is free, None while it is limited or was never seen."""

    def seen(self, now: datetime, *, is_limited: bool | None) -> OperatorLimit:
        """Return the limit after a look. `is_limited` is None if the entity tells nothing."""
        if is_limited is None:
            known_at = self.known_at or now
            if not has_passed(known_at, now, _KEPT_FOR):
                return replace(self, known_at=known_at)
            return OperatorLimit(counts=True, known_at=known_at)
        if is_limited:
            return OperatorLimit(counts=True, known_at=now)
        since = self.free_since or now
        counts = self.counts and not has_passed(since, now, _FREE_AFTER)
        return OperatorLimit(counts, now, since)
