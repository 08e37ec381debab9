"""How hours that somebody else has counted come into an entity's long-term statistics.

A row is an hour; its energy is its sum less that of the row before, of the first row less 0. So

- hours before the entity's own begin with a sum of 0, and all own rows are shifted up,
- hours that are missing between own rows go on from the row before, and shift nothing: the row
  after them already holds all that the register has counted, and never gets less than nothing.

The own row in which the first hour began, and one in which a gap begins, are parts of an hour: they
become whole where the hour is known. A `Ledger` says what was done, so that it can be done again,
with other figures, after a crash in between, and be taken back: it is stored before the rows are.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, Self

from ..lib.stored_values import checked_list, checked_mapping

HOUR = timedelta(hours=1)
# 25 months are 18,300 hours; what is older stays in the statistics.
_MAX_HOURS = 250_000
_MAX_RUNS = 20_000
_SAME = 1e-6


class Row(NamedTuple):
    """What is stored of an hour: what has come until its end, and the state there."""

    sum: float
    state: float | None = None
    last_reset: float | None = None
    """As a timestamp."""

    def is_as(self, other: Row | None) -> bool:
        """Return whether there is nothing to write."""
        return (
            other is not None
            and abs(self.sum - other.sum) < _SAME
            and abs((self.state or 0.0) - (other.state or 0.0)) < _SAME
        )

    def risen(self, rise: float) -> Row:
        """Return the row of an hour in which more has come."""
        state = None if self.state is None else self.state + rise
        return Row(self.sum + rise, state, self.last_reset)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was written here into one statistic."""

    first: datetime | None = None
    """The first row of the entity's own."""
    first_sum: float = 0.0
    """Its sum before anything was shifted."""
    first_change: float | None = None
    """What came in the whole of its hour, where that is known."""
    hours: frozenset[datetime] = frozenset()
    """Those that had no row."""
    replaced: Mapping[datetime, Row] = field(default_factory=dict)
    """Own rows that were made whole, as they were, without the shift."""

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored of it."""
        runs: list[list[Any]] = []
        last = None
        for hour in sorted(self.hours):
            if last is not None and hour - last == HOUR:
                runs[-1][1] += 1
            else:
                runs.append([hour.isoformat(), 1])
            last = hour
        return {
            "first": self.first and self.first.isoformat(),
            "first_sum": self.first_sum,
            "first_change": self.first_change,
            "hours": runs,
            "replaced": [[hour.isoformat(), *row] for hour, row in self.replaced.items()],
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self:  # noqa: ANN401 - a file may hold anything
        """Return what was stored. Raises an error for anything else."""
        data = checked_mapping(stored)
        hours: set[datetime] = set()
        for start, count in checked_list(data["hours"], _MAX_RUNS):
            if not 0 < int(count) <= _MAX_HOURS - len(hours):
                raise ValueError
            begin = _time(start)
            hours.update(begin + n * HOUR for n in range(int(count)))
        change = data["first_change"]
        return cls(
            first=data["first"] and _time(data["first"]),
            first_sum=float(data["first_sum"]),
            first_change=None if change is None else float(change),
            hours=frozenset(hours),
            replaced={
                _time(hour): Row(float(total), state, last_reset)
                for hour, total, state, last_reset in checked_list(data["replaced"], _MAX_RUNS)
            },
        )


class Plan(NamedTuple):
    """What is to be done, in this order; each step changes nothing when it has been done."""

    ledger: Ledger
    deleted: tuple[datetime, ...]
    before: Mapping[datetime, Row]
    """The rows before the own ones."""
    first: datetime
    delta: float
    """By which all rows from `first` on are to be shifted."""
    between: Mapping[datetime, Row]
    """The rows in gaps, and own ones made whole, or part of an hour again."""
    waits: bool
    """Whether more is known, of hours after the last own row: there is no telling what they are."""


type StartsAnew = Callable[[datetime], float | None]
"""Returns the timestamp since when an hour's state is counted: it begins with 0 there."""


def plan(
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    known: Mapping[datetime, float],
    starts_anew: StartsAnew | None = None,
) -> Plan | None:
    """Return how whole hours come in; None while the entity has no row of its own.

    Hours that came in before and are not among `known` stay as they are.
    """
    own = _own(rows, ledger)
    if not own:
        return None
    ledger = _begun(rows, ledger, own[0])
    kept = _kept(rows, ledger)
    change = known.get(own[0], ledger.first_change)
    ledger = replace(ledger, first_change=change)
    known = {**kept, **known}
    if change is None:
        # What an import by somebody else has left below 0 is not what came in that hour.
        has_before = any(hour < own[0] for hour in known)
        change = max(0.0, ledger.first_sum) if has_before else ledger.first_sum
    found = _lay_out(rows, ledger, own, known, change, starts_anew)
    return found._replace(waits=any(hour > own[-1] for hour in known))


def plan_back(
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    starts_anew: StartsAnew | None = None,
    *,
    can_delete: bool,
) -> Plan | None:
    """Return how the statistics become what the entity itself has counted.

    Rows that cannot be deleted stay, and nothing comes in them.
    """
    own = _own(rows, ledger)
    if not own or ledger.first != own[0]:
        return None
    ours = ledger.hours & rows.keys()
    known = {} if can_delete else dict.fromkeys(ours, 0.0)
    ledger = replace(ledger, first_change=None)
    found = _lay_out(rows, ledger, own, known, ledger.first_sum, starts_anew)
    return found._replace(deleted=tuple(sorted(ours)) if can_delete else ())


def _own(rows: Iterable[datetime], ledger: Ledger) -> list[datetime]:
    return sorted(hour for hour in rows if hour not in ledger.hours)


def _begun(rows: Mapping[datetime, Row], ledger: Ledger, first: datetime) -> Ledger:
    """Return the ledger, or a new one when the statistics have been begun anew."""
    if ledger.first == first:
        return ledger
    return Ledger(first, rows[first].sum, None, ledger.hours & rows.keys())


def _kept(rows: Mapping[datetime, Row], ledger: Ledger) -> dict[datetime, float]:
    """Return what came in the hours that were written here."""
    ours = ledger.hours | ledger.replaced.keys()
    hours = sorted(rows)
    kept = {hours[0]: rows[hours[0]].sum} if hours and hours[0] in ours else {}
    kept |= {now: rows[now].sum - rows[last].sum for last, now in pairwise(hours) if now in ours}
    return kept


def _lay_out(  # noqa: PLR0913, PLR0917 - what a plan is made of
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    own: list[datetime],
    known: Mapping[datetime, float],
    first_change: float,
    starts_anew: StartsAnew | None,
) -> Plan:
    first, first_row = own[0], rows[own[0]]
    before = sorted(hour for hour in known if hour < first)
    last_sum = sum(known[hour] for hour in before)
    first_sum = last_sum + first_change
    state = 0.0 if starts_anew else max(0.0, (first_row.state or 0.0) - first_sum)
    written = _followed(before, known, Row(0.0, state), starts_anew)

    shift, new_shift = first_row.sum - ledger.first_sum, first_sum - ledger.first_sum
    own_rows = _shifted(_of(rows, own), -shift) | _of(ledger.replaced, own)
    own_now = _shifted(own_rows, new_shift)
    gaps = _in_gaps(own_now, last_sum, known, starts_anew)
    between = _of(own_now, ledger.replaced) | gaps
    delta = first_sum - first_row.sum
    return Plan(
        ledger=replace(
            ledger,
            hours=ledger.hours | set(before) | (between.keys() - own_rows.keys()),
            replaced={**ledger.replaced, **_of(own_rows, gaps)},
        ),
        deleted=(),
        before=_to_write(written, rows),
        first=first,
        delta=0.0 if abs(delta) < _SAME else delta,
        between=_to_write(between, _shifted(rows, delta)),
        waits=False,
    )


def _in_gaps(
    own: Mapping[datetime, Row],
    last_sum: float,
    known: Mapping[datetime, float],
    starts_anew: StartsAnew | None,
) -> dict[datetime, Row]:
    """Return the rows between own ones, and the own rows that become whole where a gap begins.

    `last_sum` is what has come before the first own row.
    """
    found: dict[datetime, Row] = {}
    hours = list(own)
    # Differences of stored sums have rounding errors, and an energy must not fall.
    never_falls = all(change > -_SAME for change in known.values())
    for hour, following in pairwise([*hours, hours[-1]]):
        now = own[hour]
        most = own[following].sum if never_falls else None
        missing = _missing(hour, following, known)
        whole = last_sum + known.get(hour, 0.0)
        rise = (whole if most is None else min(whole, most)) - now.sum
        if missing and hour != hours[0] and rise > 0:
            now = found[hour] = now.risen(rise)
        filled = _followed(missing, known, now, starts_anew, most)
        found |= filled
        last_sum = [now, *filled.values()][-1].sum
    return found


def _shifted(rows: Mapping[datetime, Row], by: float) -> dict[datetime, Row]:
    return {hour: row._replace(sum=row.sum + by) for hour, row in rows.items()}


def _of(rows: Mapping[datetime, Row], hours: Iterable[datetime]) -> dict[datetime, Row]:
    """Return the rows of some hours, as far as there are any."""
    return {hour: rows[hour] for hour in hours if hour in rows}


def _missing(hour: datetime, following: datetime, known: Container[datetime]) -> list[datetime]:
    """Return the known hours between two rows."""
    hours = (hour + n * HOUR for n in range(1, (following - hour) // HOUR))
    return [each for each in hours if each in known]


def _to_write(wanted: Mapping[datetime, Row], rows: Mapping[datetime, Row]) -> dict[datetime, Row]:
    """Return the rows that are not there as they should be, in the order of time."""
    return {hour: row for hour, row in sorted(wanted.items()) if not row.is_as(rows.get(hour))}


def _followed(
    hours: Iterable[datetime],
    known: Mapping[datetime, float],
    last: Row,
    starts_anew: StartsAnew | None,
    most: float | None = None,
) -> dict[datetime, Row]:
    """Return a row for each hour, which goes on from the last one."""
    found = {}
    for hour in hours:
        total = last.sum + known[hour]
        if most is not None:
            total = max(last.sum, min(total, most))
        since = starts_anew(hour) if starts_anew else None
        state = last.state or 0.0
        if since is not None and since != last.last_reset:
            state = 0.0
        last = found[hour] = Row(total, state + total - last.sum, since)
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
