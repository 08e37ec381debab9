"""What is kept of a month, by its days: energies, and how far they were above each class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from .calendar import QUARTER_HOUR, month_end
from .second_hours import Split

_SHARE_DECIMALS = 4
"""A single quarter-hour shows: without one, a month is no whole one, and one is not nothing."""


class QuarterHour(NamedTuple):
    """A complete quarter-hour: when it started, in UTC, its mean imported power, its energies."""

    start: datetime
    mean_kw: float
    exported_kwh: float | None = None
    reactive_imported_kvarh: float | None = None
    reactive_exported_kvarh: float | None = None

    @property
    def imported_kwh(self) -> float:
        """Return the imported energy."""
        return self.mean_kw / 4


class Above(NamedTuple):
    """How many quarter-hours were above a reference power, and by how much energy in all."""

    quarter_hours: int
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in Luxembourg, or the part of it from when on another contract holds."""

    start: datetime
    """In UTC."""
    imported_wh: float = 0.0
    exported_wh: float = 0.0
    gap_wh: float = 0.0
    """The part of the imported energy that came while nothing was measured: when is not known."""
    quarter_hours: int = 0
    """Those that were measured from start to end."""
    above: Mapping[float, Above] = field(default_factory=dict)
    """By reference power: every class that was exceeded, and the connection's own one."""
    second: Mapping[str, Split] = field(default_factory=dict)
    """By the hours of a second price."""
    market_cost: float = 0.0
    """The imported energy at the market's prices of its time, without margin."""
    market_wh: float = 0.0
    """The imported energy whose market price was known."""
    market_revenue: float = 0.0
    """The exported energy at the market's prices of its time."""
    market_exported_wh: float = 0.0


AMOUNTS = (
    "imported_wh",
    "exported_wh",
    "gap_wh",
    "market_cost",
    "market_wh",
    "market_revenue",
    "market_exported_wh",
)
"""What of a day is added up, and stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the calendar in Luxembourg."""

    start: datetime
    """Its first midnight, in Luxembourg's time."""
    days: tuple[Day, ...] = ()
    """In the order of their time; those of which nothing is known are missing."""
    peak: QuarterHour | None = None
    """The highest quarter-hour; of equal ones, the first."""
    earlier_quarter_hours: int = 0
    """Quarter-hours counted by versions that did not keep energies."""
    since: datetime | None = None
    """From when on prices by the month count, if not from its start: nobody read before."""

    @property
    def end(self) -> datetime:
        """Return the midnight at which the next month begins, in Luxembourg's time."""
        return month_end(self.start)

    @property
    def quarter_hours(self) -> int:
        """Return how many were measured from start to end."""
        return self.earlier_quarter_hours + sum(day.quarter_hours for day in self.days)

    @property
    def imported_kwh(self) -> float:
        """Return the energy drawn from the grid."""
        return sum(day.imported_wh for day in self.days) / 1000

    @property
    def exported_kwh(self) -> float:
        """Return the energy fed into the grid."""
        return sum(day.exported_wh for day in self.days) / 1000

    def above(self, reference_kw: float) -> Above:
        """Return how far the whole month was above a reference power."""
        found = [day.above[reference_kw] for day in self.days if reference_kw in day.above]
        return Above(
            sum(above.quarter_hours for above in found), sum(above.energy_wh for above in found)
        )

    def measured_share(self, until: datetime) -> float:
        """Return which share of its quarter-hours that have ended was measured."""
        start = self.start.astimezone(UTC)
        ended = (min(until.astimezone(UTC), self.end.astimezone(UTC)) - start) // QUARTER_HOUR
        if ended <= 0:
            return 0.0
        measured = sum(day.quarter_hours for day in self.days if day.start < until)
        return round(min(1.0, measured / ended), _SHARE_DECIMALS)
