"""Load that a household has entered, such as a car: its energy a day, its powers, its deadlines.

load = DailyLoad("Car", kwh=12.0, max_kw=11.0, by_workdays=time(7))
load.worth_kwh(left_kwh=3.0), load.deadline(now)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import inf
from typing import Annotated, NamedTuple, final

from ..history.luxembourg_time import DAY, HOUR, in_utc, local_day
from ..stored_json import Mark, Size
from .coming_quarters import PlanLack
from .load_following import LoadOrder
from .next_kwh_price import NO_KWH, Quarter

_WEEK_DAYS = 7
_SATURDAY = 5
_MARGIN = timedelta(minutes=2)
# Energy of a shorter time is worth no start.
_LEAST_TIME = timedelta(minutes=1)
_MIN_HAND = timedelta(hours=1)
# At a low voltage, a charger has up to a tenth less than its nominal power.
_RESERVE = 1.1
_PRICE_DECIMALS = 5
_MAX_RUNS = 400


class DailyLoad(NamedTuple):
    """Load that may pause, and that needs energy until each of its deadlines."""

    name: str
    kwh: float
    """Energy until each deadline."""
    max_kw: float
    min_kw: float = 0.0
    by_workdays: time | None = None
    """Time of its deadline from Monday to Friday, by Luxembourg's clock. None without one."""
    by_weekend: time | None = None
    hours: float | None = None
    """Duration of a load that runs through, such as a dishwasher. None if it may pause."""

    @property
    def has_deadline(self) -> bool:
        """Return whether the household has entered a deadline."""
        return self.by_workdays is not None or self.by_weekend is not None

    def deadline(self, now: datetime) -> datetime:
        """Return the next deadline after `now`, in UTC. Without deadlines, it is midnight."""
        return next(at for at in self._deadlines(now, DAY) if at > now)

    def deadline_after_ready(self, ready: datetime) -> datetime:
        """Return the deadline of an appliance, in UTC. Without deadlines, it has a day."""
        return self.deadline(ready) if self.has_deadline else ready + DAY

    def hand_end(self, now: datetime) -> datetime:
        """Return the time until which a hand at the switch counts that begins now."""
        return min(self.deadline(now + _MIN_HAND), now + DAY)

    def last_deadline(self, now: datetime) -> datetime:
        """Return the last deadline until `now`, in UTC. The energy of a day counts from it on."""
        return next(at for at in self._deadlines(now, -DAY) if at <= now)

    def worth_kwh(self, left_kwh: float) -> float:
        """Return the energy `left_kwh` that it still needs, 0 if that is worth no start."""
        return left_kwh if left_kwh > self.max_kw * _LEAST_TIME / HOUR else 0.0

    def _deadlines(self, now: datetime, step: timedelta) -> Iterator[datetime]:
        """Yield the deadlines of a week and more, from the day of `now` on, by `step`."""
        day = local_day(now)
        for n in range(_WEEK_DAYS + 2):
            if (at := self._deadline_of(day + n * step)) is not None:
                yield at

    def _deadline_of(self, day: date) -> datetime | None:
        by = self.by_weekend if day.weekday() >= _SATURDAY else self.by_workdays
        if not self.has_deadline:
            by = time()
        return None if by is None else in_utc(datetime.combine(day, by))


class LoadState(StrEnum):
    """State of a load, as its plan shows it."""

    PLANNED = "planned"
    RUNNING = "running"
    """The load runs through, and has begun by the plan."""
    BY_HAND = "by_hand"
    """Somebody else has started it."""
    BLOCKED = "blocked"
    """The grid operator limits it."""
    DONE = "done"
    FULL = "full"
    """The car has charged and takes no more."""
    NOT_CONNECTED = "not_connected"
    NOT_READY = "not_ready"
    TRIES_AGAIN = "tries_again"
    """An appliance did not start, and has a second start by the plan."""
    DID_NOT_START = "did_not_start"
    SKIPPED = "skipped"


WAITING = frozenset({LoadState.PLANNED, LoadState.TRIES_AGAIN})
"""States of a load that runs when the plan says so."""


class Run(NamedTuple):
    """Begin and end of a planned run, in UTC."""

    begin: datetime
    end: datetime


@final
@dataclass(frozen=True)
class LoadPlan:
    """Plan of a load, as its entities show it. If no new one comes, its runs are followed."""

    runs: Annotated[tuple[Run, ...], Size(_MAX_RUNS)] = ()
    """Its runs from the time of the plan on."""
    limit_price: Annotated[float, Mark.NOT_STORED] = -inf
    """Price in EUR of the dearest planned kWh, minus infinity without one."""
    missing_kwh: float = 0.0
    """Energy that does not fit in before the deadline."""
    planned_at: Annotated[datetime, Mark.NOT_STORED] = datetime(1970, 1, 1, tzinfo=UTC)
    """Time of the plan. A plan out of the file is an old one."""
    quarter: Annotated[Quarter | None, Mark.NOT_STORED] = None
    """Prices of the quarter-hour in which it was planned. None without energy to plan."""
    planned_kwh: float = 0.0
    """Energy in this quarter-hour."""
    mean_kw: float = 0.0
    """Mean power of its runs."""
    left_kwh: float = 0.0
    by: datetime | None = None
    given_kw: float | None = None
    """Power that the load is given now, None if the plan only tells."""
    state: LoadState = LoadState.PLANNED
    is_at_once: bool = False
    """Whether it gets its full power now, at any price."""
    lacks: Annotated[frozenset[PlanLack], Mark.NOT_STORED] = frozenset()
    """Data that the plan goes without."""
    once_by: datetime | None = None
    """Deadline that the user has set for once."""
    is_certain: bool = False
    """Whether all prices until its deadline are known."""
    hand_until: datetime | None = None
    """Time until which the user's hand at the switch counts, None without one."""
    skipped_until: datetime | None = None
    more_eur: float | None = None
    """Cost of a start at once on top of the plan before it. None if it is unknown."""

    @property
    def planned_kw(self) -> float:
        """Return the power that the load is given now, otherwise that of the plan."""
        return self.planned_kwh * 4 if self.given_kw is None else self.given_kw

    def order(self, now: datetime, left_kwh: float, taken_kwh: float, max_kw: float) -> LoadOrder:
        """Return the part of the plan in its quarter-hour, in which it has `taken_kwh`.

        A load that has just enough time until its deadline for `left_kwh` has its last chance.
        """
        is_late = self.is_at_once or self._is_last_chance(now, left_kwh, max_kw)
        is_last = left_kwh > NO_KWH and is_late
        most_kwh = taken_kwh + (left_kwh if left_kwh > NO_KWH else 0.0)
        pause = timedelta.max if self.next_start is None else self.next_start - now
        return LoadOrder(self.limit_price, self.planned_kwh, most_kwh, is_last, pause)

    def run_kw(self, now: datetime, left_kwh: float, max_kw: float) -> float:
        """Return the power in kW without a new plan: that of its runs, until `left_kwh` is used.

        At the last chance before the deadline, it is `max_kw`.
        """
        if left_kwh <= NO_KWH:
            return 0.0
        if self._is_last_chance(now, left_kwh, max_kw):
            return max_kw
        is_run = any(run.begin <= now < run.end for run in self.runs)
        return min(self.mean_kw, max_kw) if is_run else 0.0

    def _is_last_chance(self, now: datetime, left_kwh: float, max_kw: float) -> bool:
        """Return whether a load has just enough time until its deadline for its energy."""
        needed = timedelta(hours=_RESERVE * left_kwh / max_kw) + _MARGIN
        return self.by is not None and now < self.by <= now + needed

    @property
    def runs_now(self) -> bool:
        """Return whether the load runs in the quarter-hour of the plan."""
        return bool(self.runs) and self.runs[0].begin <= self.planned_at

    @property
    def runs_by_plan(self) -> bool:
        """Return whether the plan gives the load power, or tells that it should run now."""
        if self.given_kw is None:
            return self.runs_now
        return self.given_kw > 0 and self.state is not LoadState.BY_HAND

    @property
    def shown_limit_price(self) -> float | None:
        """Return the limit price in EUR. Return None without one, or if prices are not known."""
        is_known = self.limit_price > -inf and PlanLack.PRICE not in self.lacks
        return round(self.limit_price, _PRICE_DECIMALS) if is_known else None

    @property
    def next_start(self) -> datetime | None:
        """Return the start of the next run that has not begun, None without one."""
        return next((run.begin for run in self.runs if run.begin > self.planned_at), None)
