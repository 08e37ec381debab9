"""Plans that add the national platform's hours to the long-term statistics of an entity.

A row of the statistics is an hour with a running sum. The energy of an hour is its sum minus the
sum of the previous row. A row that the entity itself has written is called an own row.

- Hours before the oldest own row are added with sums that begin at 0. Then the sums of all own rows
  are raised.
- Hours that are missing between own rows are added with sums that continue from the previous row.
  The next own row stays as it is, because its sum already includes the missing hours. No hour gets
  a negative energy.
- An entity can lose its count during a gap. After 10 days of silence, Home Assistant begins the sum
  of an entity with 0 again. At each start of Home Assistant, the costs of the Energy dashboard
  begin with 0 again. The first own row after such a gap is called a restart. Its sum lacks the
  missing hours. So the sums of the restart and of all later rows are raised.
- The entity of a meter without a cable has no own rows, so all hours are added. When the meter gets
  a cable, the entity begins to count, and its sum begins at 0. The sum of the added hours,
  `lifted`, is then added to the entity's sum. This is done before the entity's first hour becomes a
  row.

An entity may have counted only a part of an hour. This is possible in the oldest own row, in a
restart, and in an own row before a gap. If the platform knows the energy of the whole hour, the row
is raised to this energy.

A `Ledger` lists all changes, so that they can be corrected or undone later. The ledger is stored
before the rows are written, because Home Assistant may crash in between. For a raised own row, the
ledger has the energy of the hour instead of the sum, because a user can adjust the sums of many
rows at once.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple, Self

from ..lib.stored_values import checked_list, checked_mapping

HOUR = timedelta(hours=1)
# Maximum number of hours in a stored ledger. A ledger with more hours counts as damaged. The
# platform's 25 months have 18,300 hours. But rows that are older than 25 months stay in the
# statistics and in the ledger, so the ledger can grow for many years.
_MAX_HOURS = 250_000
_MAX_RUNS = 20_000
_SAME = 1e-6


class Row(NamedTuple):
    """Row of the statistics: the sum and the state at the end of an hour."""

    sum: float
    state: float | None = None
    last_reset: float | None = None
    """Timestamp in seconds at which the state was last 0."""

    def is_as(self, other: Row | None) -> bool:
        """Return whether both rows are equal apart from rounding errors."""
        return (
            other is not None
            and abs(self.sum - other.sum) < _SAME
            and abs((self.state or 0.0) - (other.state or 0.0)) < _SAME
        )

    def risen(self, rise: float) -> Row:
        """Return this row with its sum and its state raised by `rise`."""
        state = None if self.state is None else self.state + rise
        return Row(self.sum + rise, state, self.last_reset)


class Restart(NamedTuple):
    """First row that Home Assistant wrote after a gap in which the entity has lost its sum."""

    change: float
    """Sum of this row minus the sum of the previous own row, both before all changes."""
    energy: float
    """Energy of the whole hour, or the part that the entity has counted."""


@dataclass(frozen=True)
class Ledger:
    """Changes to the statistics of one entity: added rows, and changed own rows."""

    first: datetime | None = None
    """Hour of the first row that the entity itself has written."""
    first_sum: float = 0.0
    """Sum of the entity's own row of the hour `first`, before all changes."""
    first_change: float | None = None
    """Energy of the whole hour `first`, None if unknown."""
    hours: frozenset[datetime] = frozenset()
    """Hours whose rows were added, because the entity had no row of its own for them."""
    lifted: float | None = None
    """Sum of the added hours, if this sum was added to the entity's own sums; otherwise None."""
    raised: Mapping[datetime, Row] = field(default_factory=dict)
    """Own rows whose energy was raised to the energy of the whole hour, as they were before.

    The sum of such a row is stored as the difference from the sum of the previous own row.
    """
    restarts: Mapping[datetime, Restart] = field(default_factory=dict)
    """Restarts, keyed by the hour of their row. The sums of this row and of all later rows were
    raised."""

    @property
    def is_alone(self) -> bool:
        """Return whether the statistics have added rows, but no row that the entity wrote."""
        return bool(self.hours) and self.first is None and self.lifted is None

    @cached_property
    def stored(self) -> dict[str, Any]:
        """Return the ledger as JSON values.

        The first call takes milliseconds. Later calls return the cached result.
        """
        return {
            "first": self.first and self.first.isoformat(),
            "first_sum": self.first_sum,
            "first_change": self.first_change,
            "hours": _runs_of(self.hours),
            "lifted": self.lifted,
            "raised": [[hour.isoformat(), *row] for hour, row in self.raised.items()],
            "restarts": [[hour.isoformat(), *restart] for hour, restart in self.restarts.items()],
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self:  # noqa: ANN401 - a file may hold anything
        """Return the ledger from `stored`, the result of the property `stored`.

        Malformed data can raise any exception.
        """
        data = checked_mapping(stored)
        hours: set[datetime] = set()
        for start, count in checked_list(data["hours"], _MAX_RUNS):
            if not 0 < int(count) <= _MAX_HOURS - len(hours):
                raise ValueError
            begin = _time(start)
            hours.update(begin + n * HOUR for n in range(int(count)))
        change, lifted = data["first_change"], data.get("lifted")
        return cls(
            first=data["first"] and _time(data["first"]),
            first_sum=float(data["first_sum"]),
            first_change=None if change is None else float(change),
            hours=frozenset(hours),
            lifted=None if lifted is None else float(lifted),
            # An earlier version stored the original sums of raised own rows under the key
            # `replaced`. A user may have adjusted the statistics since then, so these sums may be
            # wrong. Ignore them: the rows keep their present sums.
            raised={
                _time(hour): Row(float(change), state, last_reset)
                for hour, change, state, last_reset in checked_list(
                    data.get("raised", []), _MAX_RUNS
                )
            },
            restarts={
                _time(hour): Restart(float(change), float(energy))
                for hour, change, energy in checked_list(data.get("restarts", []), _MAX_RUNS)
            },
        )


def _runs_of(hours: Iterable[datetime]) -> list[list[Any]]:
    """Return the first hour and the number of hours of each run of consecutive hours."""
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
    """Changes to the statistics of one entity, in the order in which they must be made."""

    ledger: Ledger
    deleted: tuple[datetime, ...]
    before: Mapping[datetime, Row]
    """Rows to write before the entity's first own row."""
    raises: Mapping[datetime, float]
    """Numbers to add to the sums of all rows from an hour on."""
    between: Mapping[datetime, Row]
    """Rows to write: new rows between the entity's own rows, and own rows that change."""
    waits: bool
    """Whether some hours cannot be written yet, because they come after the entity's last own
    row."""


type StartsAnew = Callable[[datetime], float | None]
"""Function that takes an hour and returns the timestamp of the last reset of the state to 0."""


def plan(
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    known: Mapping[datetime, float],
    starts_anew: StartsAnew | None = None,
    *,
    has_whole_state: bool = False,
) -> Plan | None:
    """Return the plan that adds the hours in `known` to an entity with rows of its own.

    `known` has the energy of each complete hour. Hours that were added earlier stay, even if
    `known` lacks them. With `has_whole_state`, all sums are raised so that the hours since the
    reset of the first own row's state add up to this state. Return None if the entity has not
    written any row itself.
    """
    own = _own(rows, ledger)
    if not own:
        return None
    ledger = _begun(rows, ledger, own[0])
    if has_whole_state or (starts_anew and known.get(own[0], inf) < ledger.first_sum):
        # The first row of the total cost can contain the costs of earlier days, too, if Leneda sent
        # these days just before. So do not replace this row by the cost of its own hour.
        known = {**known}
        known.pop(own[0], None)
    energies = {**_kept(rows, ledger), **known}
    change = known.get(own[0], ledger.first_change)
    if has_whole_state and starts_anew and starts_anew(own[0]) == rows[own[0]].last_reset:
        change = _uncounted(rows[own[0]], own[0], energies)
    ledger = replace(ledger, first_change=change)
    if change is None:
        change = _own_change(own[0], ledger, energies)
    counted = _counted(rows, ledger, own)
    restarts = {**ledger.restarts, **_restarts(counted, ledger, energies, starts_anew)}
    result = _lay_out(rows, ledger, own, energies, change, starts_anew, restarts)
    return result._replace(waits=any(hour > own[-1] for hour in energies))


def _uncounted(row: Row, hour: datetime, energies: Mapping[datetime, float]) -> float:
    """Return the state of `row` minus the energies of the hours from its reset up to `hour`.

    Home Assistant records only changes of a state. So the costs that the first state had already,
    and only these costs, must come from `energies` and from the change of the first own row.
    """
    since = row.last_reset or 0.0
    return (row.state or 0.0) - sum(
        energy for start, energy in energies.items() if since <= start.timestamp() and start < hour
    )


def _own_change(first: datetime, ledger: Ledger, energies: Iterable[datetime]) -> float:
    """Return the part of the hour `first` that the entity itself has counted."""
    # Usually, the sum of the first row is the energy of its hour. But after an import by another
    # integration, this sum can be negative, and then it is not an energy. So use 0 instead.
    has_before = any(hour < first for hour in energies)
    return max(0.0, ledger.first_sum) if has_before else ledger.first_sum


def plan_alone(
    rows: Mapping[datetime, Row], ledger: Ledger, known: Mapping[datetime, float]
) -> Plan | None:
    """Return the plan that adds the hours in `known` to an entity without rows of its own.

    All rows in `rows`, the entity's present statistics, were added by earlier plans. They stay,
    even if `known` lacks their hours. Return None if there are no hours to write.
    """
    energies = {**_kept(rows, ledger), **known}
    written = _followed(sorted(energies), energies, Row(0.0, 0.0), None)
    if not written:
        return None
    return Plan(
        ledger=replace(ledger, hours=ledger.hours | written.keys()),
        deleted=(),
        before=_to_write(written, rows),
        raises={},
        between={},
        waits=False,
    )


def with_unlisted_hours(rows: Mapping[datetime, Row], ledger: Ledger) -> Ledger | None:
    """Return the ledger with all hours in `rows`. Return None if the entity has rows of its own.

    The ledger may lack hours, because its file may be damaged, or older than the database. A row
    whose state and sum are equal was added by `plan_alone`, so its hour belongs in the ledger. A
    row whose state and sum differ is an own row, because its state is the meter's total.
    """
    unlisted = rows.keys() - ledger.hours
    if all(row.is_as(row._replace(state=row.sum)) for row in _of(rows, unlisted).values()):
        return replace(ledger, hours=ledger.hours | unlisted)
    return None


def plan_back(
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    starts_anew: StartsAnew | None = None,
    *,
    can_delete: bool,
) -> Plan | None:
    """Return the plan that undoes the changes in `ledger`.

    If Home Assistant can delete rows (`can_delete`), the added rows are deleted. Otherwise, the
    added rows stay, but with an energy of 0. Return None if nothing was changed.
    """
    own, ours = _own(rows, ledger), ledger.hours & rows.keys()
    deleted = tuple(sorted(ours)) if can_delete else ()
    energies = {} if can_delete else dict.fromkeys(ours, 0.0)
    if ledger == Ledger():
        return None
    if not own and can_delete:
        return Plan(ledger, deleted, {}, raises={}, between={}, waits=False)
    if not own:
        return plan_alone(rows, ledger, energies)
    ledger = replace(_begun(rows, ledger, own[0]), first_change=None)
    result = _lay_out(rows, ledger, own, energies, ledger.first_sum, starts_anew, {})
    return result._replace(deleted=deleted)


def _own(rows: Iterable[datetime], ledger: Ledger) -> list[datetime]:
    return sorted(hour for hour in rows if hour not in ledger.hours)


def _begun(rows: Mapping[datetime, Row], ledger: Ledger, first: datetime) -> Ledger:
    """Return `ledger` if it begins at the hour `first`. Otherwise, return a new ledger.

    `first` is the hour of the first row that the entity itself has written. This hour changes if
    the statistics are cleared.
    """
    if ledger.first == first:
        return ledger
    total, hours = rows[first].sum, ledger.hours & rows.keys()
    # The writer stores `lifted`, the sum of the added hours, in the ledger. Only then does the
    # writer add `lifted` to the row's sum. If the row's sum is below `lifted`, Home Assistant must
    # have crashed between these two steps. Otherwise, subtract `lifted` to get the entity's own
    # sum.
    lifted = ledger.lifted or 0.0
    return Ledger(first, total - lifted if total > lifted - _SAME else total, None, hours)


def _kept(rows: Mapping[datetime, Row], ledger: Ledger) -> dict[datetime, float]:
    """Return the energy of each hour whose row, according to `ledger`, was added or raised."""
    ours = ledger.hours | ledger.raised.keys()
    hours = sorted(rows)
    kept = {hours[0]: rows[hours[0]].sum} if hours and hours[0] in ours else {}
    kept |= {now: rows[now].sum - rows[last].sum for last, now in pairwise(hours) if now in ours}
    return kept | {hour: restart.energy for hour, restart in ledger.restarts.items()}


class _Counted(NamedTuple):
    """Own rows of the entity, as they were before any change by this module."""

    rows: dict[datetime, Row]
    shifts: dict[datetime, float]
    """Shift of each row's sum, keyed by the row's hour. From the first row on, and from each
    restart on, all rows were shifted by one number."""


def _counted(rows: Mapping[datetime, Row], ledger: Ledger, own: list[datetime]) -> _Counted:
    shift = rows[own[0]].sum - ledger.first_sum
    result = _Counted({own[0]: rows[own[0]]._replace(sum=ledger.first_sum)}, {own[0]: shift})
    for last, hour in pairwise(own):
        row, last_sum = rows[hour], result.rows[last].sum
        if restart := ledger.restarts.get(hour):
            shift = row.sum - last_sum - restart.change
        if hour in ledger.raised:
            row = ledger.raised[hour]
            row = row._replace(sum=last_sum + row.sum)
        else:
            row = row._replace(sum=row.sum - shift)
        result.rows[hour], result.shifts[hour] = row, shift
    return result


def _restarts(
    counted: _Counted,
    ledger: Ledger,
    energies: Mapping[datetime, float],
    starts_anew: StartsAnew | None,
) -> dict[datetime, Restart]:
    """Return the restarts, keyed by hour.

    A restart is found only after a gap for which `energies` has at least one hour.
    """
    restarts: dict[datetime, Restart] = {}
    own = counted.rows
    for last, hour in pairwise(own):
        if not (missing := _missing(last, hour, energies)):
            continue
        change = own[hour].sum - own[last].sum
        # The costs of hours can be negative, so the sum can fall by `fall`. If it falls by more,
        # the entity has lost its count, and has begun with 0 again.
        fall = sum(min(0.0, energies.get(start, 0.0)) for start in (last, *missing, hour))
        since = own[hour].last_reset
        # A reset of the state during the gap also means that the entity has lost its count.
        is_reset = since != own[last].last_reset and not _is_regular(since, starts_anew)
        has_fallen = change < fall - _SAME
        if starts_anew:
            # A correction by Leneda can lower the costs, too. A lost sum is far lower than before.
            sum_before, sum_now = (own[at].sum + counted.shifts[at] for at in (last, hour))
            has_fallen &= abs(sum_now) < abs(sum_before) / 2
        # If the gap follows the entity's first hour, the entity may have stopped within this hour.
        # The energy after the stop is then counted twice: in the energy of the whole first hour,
        # and in the next own row. So the next own row becomes a restart with the energy of its own
        # hour. This does not apply to costs, because the next row can contain the costs of earlier
        # days.
        is_begun = last in {ledger.first, *restarts, *ledger.restarts}
        is_doubled = all((is_begun, hour in energies, not starts_anew))
        if any((has_fallen, is_reset, is_doubled)):
            energy = energies.get(hour, max(0.0, change))
            # A sum that began with 0 again does not include the rises of the rows before the gap.
            is_low = has_fallen and hour not in ledger.restarts
            shift = counted.shifts[hour] if is_low else 0.0
            restarts[hour] = Restart(change + shift, energy)
    return restarts


def _is_regular(since: float | None, starts_anew: StartsAnew | None) -> bool:
    """Return whether a beginning with 0 at `since` is normal, as for the costs of a month."""
    if since is None or starts_anew is None:
        return since is None
    return starts_anew(datetime.fromtimestamp(since, UTC)) == since


def _lay_out(  # noqa: PLR0913, PLR0917 - the parts of a plan
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    own: list[datetime],
    energies: Mapping[datetime, float],
    first_change: float,
    starts_anew: StartsAnew | None,
    restarts: Mapping[datetime, Restart],
) -> Plan:
    first, first_row = own[0], rows[own[0]]
    before = sorted(hour for hour in energies if hour < first)
    last_sum = sum(energies[hour] for hour in before)
    first_sum = last_sum + first_change
    state = 0.0 if starts_anew else max(0.0, (first_row.state or 0.0) - first_sum)
    written = _followed(before, energies, Row(0.0, state), starts_anew)

    counted = _counted(rows, ledger, own)
    begins = {**restarts, first: Restart(0.0, first_change)}
    own_now, gaps = _in_gaps(counted.rows, begins, last_sum, energies, starts_anew)
    raises = _raises(counted, own_now)
    between = _of(own_now, ledger.raised) | gaps
    restarts = {**ledger.restarts, **restarts}
    raised = {**ledger.raised, **_changes(counted.rows, gaps)}
    return Plan(
        ledger=replace(
            ledger,
            hours=ledger.hours | set(before) | (between.keys() - own_now.keys()),
            raised={hour: row for hour, row in raised.items() if hour not in restarts},
            restarts=restarts,
        ),
        deleted=(),
        before=_to_write(written, rows),
        raises=raises,
        between=_to_write(between, _raised(rows, raises)),
        waits=False,
    )


def _changes(own: Mapping[datetime, Row], hours: Container[datetime]) -> dict[datetime, Row]:
    """Return the rows of `hours`, each with the rise of the sum since the previous row in `own`."""
    return {
        now: own[now]._replace(sum=own[now].sum - own[last].sum)
        for last, now in pairwise(own)
        if now in hours
    }


def _raises(counted: _Counted, wanted: Mapping[datetime, Row]) -> dict[datetime, float]:
    """Return the rises, keyed by hour, that give the entity's own rows their wanted sums.

    A rise is a number that is added to the sums of all rows from its hour on.
    """
    raises: dict[datetime, float] = {}
    for hour, row in counted.rows.items():
        rise = wanted[hour].sum - row.sum - counted.shifts[hour] - sum(raises.values())
        if abs(rise) >= _SAME:
            raises[hour] = rise
    return raises


def _in_gaps(
    own: Mapping[datetime, Row],
    restarts: Mapping[datetime, Restart],
    last_sum: float,
    energies: Mapping[datetime, float],
    starts_anew: StartsAnew | None,
) -> tuple[dict[datetime, Row], dict[datetime, Row]]:
    """Return the rows in `own` with their new sums, and the rows to write for the gaps.

    `own` has the rows that the entity itself has written, and `last_sum` is the sum of the row
    before them. `restarts` has the hours of the rows whose sum began anew, including the first row
    of `own`. The sums of such a row and of all later rows are raised, so that they continue from
    the previous row. Each hour of a gap gets a new row if its energy is known. In the last hour
    before a gap, the entity may have counted only a part of the energy. So the row of this hour is
    raised to the energy of the whole hour.
    """
    rows: dict[datetime, Row] = {}
    hours = list(own)
    shift = 0.0
    own_now: dict[datetime, Row] = {}
    # Stored sums have rounding errors. So an energy just below 0 does not mean that the sum falls.
    never_falls = all(change > -_SAME for change in energies.values())
    for hour, following in pairwise([*hours, hours[-1]]):
        if restart := restarts.get(hour):
            shift = last_sum + energies.get(hour, restart.energy) - own[hour].sum
        now = own_now[hour] = own[hour]._replace(sum=own[hour].sum + shift)
        has_limit = never_falls and following not in restarts
        limit = own[following].sum + shift if has_limit else None
        missing = _missing(hour, following, energies)
        # If the energy of the hour is unknown, the sum of the row stays.
        whole = last_sum + energies.get(hour, -inf)
        rise = (whole if limit is None else min(whole, limit)) - now.sum
        if missing and not restart and rise > 0:
            now = rows[hour] = now.risen(rise)
        filled = _followed(missing, energies, now, starts_anew, limit)
        rows |= filled
        last_sum = [now, *filled.values()][-1].sum
    return own_now, rows


def _raised(rows: Mapping[datetime, Row], raises: Mapping[datetime, float]) -> dict[datetime, Row]:
    """Return the rows as they are after the rises in `raises`.

    A rise is added to the sums of all rows from its hour on.
    """
    return {
        hour: row._replace(sum=row.sum + sum(by for start, by in raises.items() if start <= hour))
        for hour, row in rows.items()
    }


def _of(rows: Mapping[datetime, Row], hours: Iterable[datetime]) -> dict[datetime, Row]:
    """Return the rows of the given hours. Hours without a row are left out."""
    return {hour: rows[hour] for hour in hours if hour in rows}


def _missing(hour: datetime, following: datetime, energies: Container[datetime]) -> list[datetime]:
    """Return the hours after `hour` and before `following` whose energy is in `energies`."""
    hours = (hour + n * HOUR for n in range(1, (following - hour) // HOUR))
    return [start for start in hours if start in energies]


def _to_write(wanted: Mapping[datetime, Row], rows: Mapping[datetime, Row]) -> dict[datetime, Row]:
    """Return the rows in `wanted` that are missing or different in `rows`, sorted by time."""
    return {hour: row for hour, row in sorted(wanted.items()) if not row.is_as(rows.get(hour))}


def _followed(
    hours: Iterable[datetime],
    energies: Mapping[datetime, float],
    last: Row,
    starts_anew: StartsAnew | None,
    limit: float | None = None,
) -> dict[datetime, Row]:
    """Return a row for each hour in `hours`. The sums continue from `last`.

    `energies` has the energy of each hour. If `limit` is a number, no sum exceeds it. For an hour,
    `starts_anew` returns the time at which the state was last reset to 0.
    """
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
