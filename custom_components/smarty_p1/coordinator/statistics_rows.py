"""Plans that add the platform's hours to the long-term statistics of an entity.

A row is an hour. Its energy is its sum less the sum of the row before, or less 0 for the first row.

- Hours before the entity's own rows begin with a sum of 0; all own rows are shifted up.
- Hours missing between own rows continue from the row before, and shift nothing: the sum of the
  next own row already includes them. An hour's energy never becomes negative.

The first own row, and an own row before a gap, cover a part of their hour. They are raised to the
whole hour where the platform knows it. A `Ledger` describes the written rows, so that writing can
be repeated with other values, after a crash, and be reverted. It is stored before the rows.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Self

from ..lib.stored_values import checked_list, checked_mapping

HOUR = timedelta(hours=1)
# 25 months have 18,300 hours; older hours stay in the statistics.
_MAX_HOURS = 250_000
_MAX_RUNS = 20_000
_SAME = 1e-6


class Row(NamedTuple):
    """Stored statistics of an hour: sum and state at its end."""

    sum: float
    state: float | None = None
    last_reset: float | None = None
    """Timestamp."""

    def is_as(self, other: Row | None) -> bool:
        """Return whether the other row is equal up to rounding errors."""
        return (
            other is not None
            and abs(self.sum - other.sum) < _SAME
            and abs((self.state or 0.0) - (other.state or 0.0)) < _SAME
        )

    def risen(self, rise: float) -> Row:
        """Return the row with more energy in its hour."""
        state = None if self.state is None else self.state + rise
        return Row(self.sum + rise, state, self.last_reset)


@dataclass(frozen=True)
class Ledger:
    """Rows that were written into one statistic."""

    first: datetime | None = None
    """Hour of the entity's first own row."""
    first_sum: float = 0.0
    """Sum of the first own row before any shift."""
    first_change: float | None = None
    """Energy of the whole first hour, if known."""
    hours: frozenset[datetime] = frozenset()
    """Hours that had no own row."""
    replaced: Mapping[datetime, Row] = field(default_factory=dict)
    """Own rows before they were raised to the whole hour, without the shift."""

    @cached_property
    def stored(self) -> dict[str, Any]:
        """Return the stored form. The first call takes milliseconds for 25 months of hours."""
        return {
            "first": self.first and self.first.isoformat(),
            "first_sum": self.first_sum,
            "first_change": self.first_change,
            "hours": _runs_of(self.hours),
            "replaced": [[hour.isoformat(), *row] for hour, row in self.replaced.items()],
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self:  # noqa: ANN401 - a file may hold anything
        """Return the ledger of a stored form. Raises an error for anything else."""
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


def _runs_of(hours: Iterable[datetime]) -> list[list[Any]]:
    """Return the start and number of hours of each run without a gap."""
    runs: list[list[Any]] = []
    last = None
    for hour in sorted(hours):
        if last is not None and hour - last == HOUR:
            runs[-1][1] += 1
        else:
            runs.append([hour.isoformat(), 1])
        last = hour
    return runs


class Plan(NamedTuple):
    """Steps of a change, in the order of its fields. Repeating a step changes nothing."""

    ledger: Ledger
    deleted: tuple[datetime, ...]
    before: Mapping[datetime, Row]
    """Rows before the own rows."""
    first: datetime
    delta: float
    """Shift of the sums of all rows from `first` on."""
    between: Mapping[datetime, Row]
    """Rows in gaps, and own rows that change."""
    waits: bool
    """Whether the platform knows hours after the last own row, which must wait for own rows."""


type StartsAnew = Callable[[datetime], float | None]
"""Returns the timestamp since which an hour's state is counted: the state begins there with 0."""


def plan(
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    known: Mapping[datetime, float],
    starts_anew: StartsAnew | None = None,
) -> Plan | None:
    """Return the plan that adds whole hours, None while the entity has no own row.

    Hours that were added before and are not among `known` stay unchanged.
    """
    own = _own(rows, ledger)
    if not own:
        return None
    ledger = _begun(rows, ledger, own[0])
    kept = _kept(rows, ledger)
    change = known.get(own[0], ledger.first_change)
    ledger = replace(ledger, first_change=change)
    energies = {**kept, **known}
    if change is None:
        # Another integration's import may leave a sum below 0, which is no energy of the first
        # hour.
        has_before = any(hour < own[0] for hour in energies)
        change = max(0.0, ledger.first_sum) if has_before else ledger.first_sum
    result = _lay_out(rows, ledger, own, energies, change, starts_anew)
    return result._replace(waits=any(hour > own[-1] for hour in energies))


def plan_back(
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    starts_anew: StartsAnew | None = None,
    *,
    can_delete: bool,
) -> Plan | None:
    """Return the plan that restores the entity's own statistics.

    Without a way to delete rows, the added rows stay with an energy of 0.
    """
    own = _own(rows, ledger)
    if not own or ledger.first != own[0]:
        return None
    ours = ledger.hours & rows.keys()
    energies = {} if can_delete else dict.fromkeys(ours, 0.0)
    ledger = replace(ledger, first_change=None)
    result = _lay_out(rows, ledger, own, energies, ledger.first_sum, starts_anew)
    return result._replace(deleted=tuple(sorted(ours)) if can_delete else ())


def _own(rows: Iterable[datetime], ledger: Ledger) -> list[datetime]:
    return sorted(hour for hour in rows if hour not in ledger.hours)


def _begun(rows: Mapping[datetime, Row], ledger: Ledger, first: datetime) -> Ledger:
    """Return the ledger, or a new one if the statistics were cleared in between."""
    if ledger.first == first:
        return ledger
    return Ledger(first, rows[first].sum, None, ledger.hours & rows.keys())


def _kept(rows: Mapping[datetime, Row], ledger: Ledger) -> dict[datetime, float]:
    """Return the energies of the hours that were written here."""
    ours = ledger.hours | ledger.replaced.keys()
    hours = sorted(rows)
    kept = {hours[0]: rows[hours[0]].sum} if hours and hours[0] in ours else {}
    kept |= {now: rows[now].sum - rows[last].sum for last, now in pairwise(hours) if now in ours}
    return kept


def _lay_out(  # noqa: PLR0913, PLR0917 - what a plan is made of
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    own: list[datetime],
    energies: Mapping[datetime, float],
    first_change: float,
    starts_anew: StartsAnew | None,
) -> Plan:
    first, first_row = own[0], rows[own[0]]
    before = sorted(hour for hour in energies if hour < first)
    last_sum = sum(energies[hour] for hour in before)
    first_sum = last_sum + first_change
    state = 0.0 if starts_anew else max(0.0, (first_row.state or 0.0) - first_sum)
    written = _followed(before, energies, Row(0.0, state), starts_anew)

    shift, new_shift = first_row.sum - ledger.first_sum, first_sum - ledger.first_sum
    own_rows = _shifted(_of(rows, own), -shift) | _of(ledger.replaced, own)
    own_now = _shifted(own_rows, new_shift)
    gaps = _in_gaps(own_now, last_sum, energies, starts_anew)
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
    energies: Mapping[datetime, float],
    starts_anew: StartsAnew | None,
) -> dict[datetime, Row]:
    """Return the rows between own rows, and the raised own rows before gaps.

    `last_sum` is the sum before the first own row.
    """
    rows: dict[datetime, Row] = {}
    hours = list(own)
    # Stored sums have rounding errors: a difference just below 0 is no falling sum.
    never_falls = all(change > -_SAME for change in energies.values())
    for hour, following in pairwise([*hours, hours[-1]]):
        now = own[hour]
        limit = own[following].sum if never_falls else None
        missing = _missing(hour, following, energies)
        whole = last_sum + energies.get(hour, 0.0)
        rise = (whole if limit is None else min(whole, limit)) - now.sum
        if missing and hour != hours[0] and rise > 0:
            now = rows[hour] = now.risen(rise)
        filled = _followed(missing, energies, now, starts_anew, limit)
        rows |= filled
        last_sum = [now, *filled.values()][-1].sum
    return rows


def _shifted(rows: Mapping[datetime, Row], by: float) -> dict[datetime, Row]:
    return {hour: row._replace(sum=row.sum + by) for hour, row in rows.items()}


def _of(rows: Mapping[datetime, Row], hours: Iterable[datetime]) -> dict[datetime, Row]:
    """Return the existing rows of some hours."""
    return {hour: rows[hour] for hour in hours if hour in rows}


def _missing(hour: datetime, following: datetime, energies: Container[datetime]) -> list[datetime]:
    """Return the known hours between two rows."""
    hours = (hour + n * HOUR for n in range(1, (following - hour) // HOUR))
    return [start for start in hours if start in energies]


def _to_write(wanted: Mapping[datetime, Row], rows: Mapping[datetime, Row]) -> dict[datetime, Row]:
    """Return the rows that are missing or different, in the order of time."""
    return {hour: row for hour, row in sorted(wanted.items()) if not row.is_as(rows.get(hour))}


def _followed(
    hours: Iterable[datetime],
    energies: Mapping[datetime, float],
    last: Row,
    starts_anew: StartsAnew | None,
    limit: float | None = None,
) -> dict[datetime, Row]:
    """Return a row for each hour, continuing from the last row."""
    rows = {}
    for hour in hours:
        total = last.sum + energies[hour]
        if limit is not None:
            total = max(last.sum, min(total, limit))
        since = starts_anew(hour) if starts_anew else None
        state = last.state or 0.0
        if since is not None and since != last.last_reset:
            state = 0.0
        last = rows[hour] = Row(total, state + total - last.sum, since)
    return rows


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
