"""Evidence that a load takes no energy: reports that are younger than its order.

    evidence = evidence.seen(now, reported_at, is_on=True, has_power=False)
    evidence.tries, evidence.is_full(now)

Some integrations report every ten minutes, some cars wake late, and some boxes pause for a fuse. So
a report counts if it is younger than the order by the device's usual pause between reports. The
load stays on meanwhile: a try costs no start.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from ..passed_pause import has_passed
from ..stored_json import Mark, Range

_STARTS_WITHIN = timedelta(minutes=5)
_MAX_PAUSE = timedelta(minutes=15)
_TRIED_AGAIN = (timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40))
_FULL_AFTER = timedelta(minutes=40)
_MAX_TRIES = 100


@dataclass(frozen=True)
class Evidence:
    """What is known about a load that was ordered on and takes nothing."""

    pause: Annotated[timedelta, Range(0, _MAX_PAUSE.total_seconds())] = timedelta()
    """Longest time between two reports while the load was on."""
    reported_at: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Last report while the load was on. Each look moves it."""
    on_since: datetime | None = None
    """Time since which it is on and has taken nothing. None while it is off, or takes energy."""
    tries: Annotated[int, Range(0, _MAX_TRIES)] = 0
    """Number of tries in which it has taken nothing."""
    tried_since: datetime | None = None
    """Time of the first of these tries."""
    asked_at: datetime | None = None
    """Time at which it was switched on for the first of these tries."""
    next_at: datetime | None = None
    """Time from which on the next try counts."""

    def seen(
        self, now: datetime, reported_at: datetime | None, *, is_on: bool, has_power: bool | None
    ) -> Evidence:
        """Return it after a look at a load. `has_power` is None if its power is unknown."""
        if has_power:
            return self._reported(reported_at, is_on=is_on).anew()
        if not is_on or has_power is None:
            return replace(self, on_since=None, reported_at=None)
        evidence = _by_clock(self._reported(reported_at, is_on=True), now)
        since = evidence.on_since or now
        evidence = replace(evidence, on_since=since)
        # Some sensors report only changes.
        is_young = has_passed(since, now, _MAX_PAUSE)
        is_young |= reported_at is not None and reported_at >= since + self.pause
        is_early = now < max(since + _STARTS_WITHIN, evidence.next_at or since)
        if is_early or not is_young:
            return evidence
        return _tried(evidence, since, now)

    def is_full(self, now: datetime) -> bool:
        """Return whether a car that has charged takes no more: two tries, 40 minutes apart.

        A car that is on again has some minutes first.
        """
        first, since = self.tried_since, self.on_since or now
        has_tried = self.tries > 1 and has_passed(since, now, _STARTS_WITHIN)
        return has_tried and first is not None and has_passed(first, now, _FULL_AFTER)

    def _reported(self, reported_at: datetime | None, *, is_on: bool) -> Evidence:
        """Return it with the last report, and with the pause before it."""
        if not is_on or reported_at is None:
            return replace(self, reported_at=None)
        passed = reported_at - (self.reported_at or reported_at)
        return replace(
            self, pause=min(_MAX_PAUSE, max(self.pause, passed)), reported_at=reported_at
        )

    def anew(self) -> Evidence:
        """Return it without tries. The usual pause between reports stays known."""
        return replace(self, on_since=None, tries=0, tried_since=None, asked_at=None, next_at=None)


def _by_clock(evidence: Evidence, now: datetime) -> Evidence:
    """Return it without tries that a clock noted that was ahead."""
    was_ahead = now < max(evidence.on_since or now, evidence.tried_since or now)
    return evidence.anew() if was_ahead else evidence


def _tried(evidence: Evidence, since: datetime, now: datetime) -> Evidence:
    """Return it after a try in which it has taken nothing since `since`."""
    wait = _TRIED_AGAIN[min(evidence.tries, len(_TRIED_AGAIN) - 1)]
    return replace(
        evidence,
        tries=min(evidence.tries + 1, _MAX_TRIES),
        tried_since=evidence.tried_since or now,
        asked_at=evidence.asked_at or since,
        next_at=now + wait,
    )
