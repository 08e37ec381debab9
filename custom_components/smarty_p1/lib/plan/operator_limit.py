"""Log of the grid operator's limits: when each load was limited, and how soon it obeyed.

    log = logged(log, {"car": LimitLook("Car", 4.2, kw=11.0, is_limited=True, counts=True)}, now)

An entry without an end is open. It goes on after a restart, because the log is stored.

A limit comes by a relay or another entity whose state may be unknown for a while. Only a known free
state frees. An unknown state keeps the last known one for 15 minutes, and then limits. A load is
free two minutes after the limit has ended, because relays may bounce.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..passed_pause import has_passed
from ..stored_json import Mark, Size

MAX_LIMITS = 400
"""Number of limits that are kept: the newest ones."""

_KEPT_FOR = timedelta(days=366)
# A charger sets whole amperes at a voltage that varies, and one that is off takes some watts.
_TOLERANCE = 1.05
_STANDBY_KW = 0.1
_STATE_KEPT_FOR = timedelta(minutes=15)
_FREE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class LoggedLimit:
    """Limit of a load by the operator. Powers are in kW, None if they are unknown."""

    load_id: Annotated[str, Size(64)]
    load: Annotated[str, Size(64)]
    """Name of the load."""
    limit_kw: float
    begin: datetime
    kw_before: float | None
    end: datetime | None = None
    kw_after: float | None = None
    """Highest power since it obeyed."""
    obeyed_after: float | None = None
    """Seconds until its power was seen within the limit. None if this was not seen."""


class LimitLook(NamedTuple):
    """Look at a load that the operator may limit."""

    load: str
    limit_kw: float
    """Power that the load may have under the limit."""
    kw: float | None
    """Power of the load, None if it is unknown."""
    is_limited: bool
    """Whether the operator is known to limit it now."""
    counts: bool
    """Whether the load is limited, although the operator's state may be unknown or just free."""
    free_since: datetime | None = None


type LimitLog = tuple[LoggedLimit, ...]
"""Limits in the order of their begin."""


def logged(log: LimitLog, looks: Mapping[str, LimitLook], now: datetime) -> LimitLog:
    """Return the log after a look at all loads that may be limited, by the ids of the loads.

    A limit begins once it is known, and ends when it was first seen to be free. Return the same
    object if nothing has changed.
    """
    opened = _open_ids(log)
    new = [
        LoggedLimit(load_id, look.load, look.limit_kw, now, look.kw)
        for load_id, look in looks.items()
        if look.is_limited and load_id not in opened
    ]
    known = kept((*log, *new), now) if new else log
    after = tuple(_looked(limit, looks.get(limit.load_id), now) for limit in known)
    return log if after == log else after


def kept(log: LimitLog, now: datetime) -> LimitLog:
    """Return the limits of the last year, at most `MAX_LIMITS`."""
    return tuple(limit for limit in log if abs(now - limit.begin) < _KEPT_FOR)[-MAX_LIMITS:]


def joined(older: LimitLog, newer: LimitLog) -> LimitLog:
    """Return a log that goes on with `newer`, which began without `older`."""
    opened = _open_ids(older)
    rest = [limit for limit in newer if limit.end or limit.load_id not in opened]
    return (*older, *rest)[-MAX_LIMITS:]


def _open_ids(log: LimitLog) -> set[str]:
    """Return the ids of the loads that are limited."""
    return {limit.load_id for limit in log if limit.end is None}


def _looked(limit: LoggedLimit, look: LimitLook | None, now: datetime) -> LoggedLimit:
    """Return a limit after a look at its load, None if the load is removed."""
    if limit.end is not None:
        return limit
    if look is None or not look.counts:
        return replace(limit, end=max(limit.begin, (look and look.free_since) or now))
    if look.kw is None:
        return limit
    kw = round(look.kw, 2)
    if limit.obeyed_after is not None:
        return replace(limit, kw_after=max(kw, limit.kw_after or 0.0))
    if kw > limit.limit_kw * _TOLERANCE + _STANDBY_KW:
        return limit
    seconds = max(0.0, (now - limit.begin).total_seconds())
    return replace(limit, kw_after=kw, obeyed_after=seconds)


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
            if not has_passed(known_at, now, _STATE_KEPT_FOR):
                return replace(self, known_at=known_at)
            return OperatorLimit(counts=True, known_at=known_at)
        if is_limited:
            return OperatorLimit(counts=True, known_at=now)
        since = self.free_since or now
        counts = self.counts and not has_passed(since, now, _FREE_AFTER)
        return OperatorLimit(counts, now, since)
