"""What is kept of a month, by its days: energies, and how far they were above each class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from .calendar import QUARTER_HOUR, month_end
from .time_of_use import TimeOfUseSplit

_SHARE_DECIMALS = 4
"""A single quarter-hour shows: without one, a month is no whole one, and one is not nothing."""


class Origin(StrEnum):
    """Who else knows a quarter-hour that was not measured here."""

    PLATFORM = "platform"
    """The national platform: the operator has it from the meter."""
    PLATFORM_ESTIMATED = "platform_estimated"
    """The platform, where the operator had no value of the meter, or changed it."""


class QuarterHour(NamedTuple):
    """A complete quarter-hour: when it started, in UTC, its mean imported power, its energies."""

    start: datetime
    mean_kw: float
    exported_kwh: float | None = None
    reactive_imported_kvarh: float | None = None
    reactive_exported_kvarh: float | None = None
    origin: Origin | None = None
    """Whose it is, None where it was measured here."""

    @property
    def imported_kwh(self) -> float:
        """Return the imported energy."""
        return self.mean_kw / 4


class ClassExcess(NamedTuple):
    """How many quarter-hours were above a reference power, and by how much energy in all."""

    quarter_hours: int
    energy_wh: float


NOTHING_ABOVE = ClassExcess(0, 0.0)


class Shared(NamedTuple):
    """What of the imported energy came from energy sharing, in Wh. It is never stored."""

    known_wh: float = 0.0
    """The imported energy of which it is known how much was shared."""
    layer_1_wh: float = 0.0
    layer_2_wh: float = 0.0
    layer_3_wh: float = 0.0
    layer_4_wh: float = 0.0
    other_wh: float = 0.0
    """Of a layer that is not known."""
    second_wh: float = 0.0
    """Of all that is shared, what came in the hours of the second price."""

    @property
    def by_layer_wh(self) -> tuple[float, ...]:
        """Return what the layers 1 to 4 covered."""
        return self[1:5]

    @property
    def all_wh(self) -> float:
        """Return all that was shared."""
        return sum(self[1:6])

    def plus(self, other: Shared) -> Shared:
        """Return what was shared in two periods."""
        return Shared(*(one + another for one, another in zip(self, other, strict=True)))

    def times(self, share: float) -> Shared:
        """Return a share of it."""
        return Shared(*(each * share for each in self))


NO_SHARED = Shared()


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
    """Those that are known from start to end."""
    platform_quarter_hours: int = 0
    """Of these, those that are the platform's."""
    estimated_quarter_hours: int = 0
    """Of these in turn, those that it calls estimated or edited."""
    above: Mapping[float, ClassExcess] = field(default_factory=dict)
    """By reference power: every class that was exceeded, and the connection's own one."""
    second: Mapping[str, TimeOfUseSplit] = field(default_factory=dict)
    """By the hours of a second price."""
    market_cost: float = 0.0
    """The imported energy at the market's prices of its time, without margin."""
    market_wh: float = 0.0
    """The imported energy whose market price was known."""
    market_revenue: float = 0.0
    """The exported energy at the market's prices of its time."""
    market_exported_wh: float = 0.0
    shared: Shared | None = None
    """None where nothing is known of sharing."""


COUNTS = ("quarter_hours", "platform_quarter_hours", "estimated_quarter_hours")
MARKET_AMOUNTS = ("market_cost", "market_wh", "market_revenue", "market_exported_wh")
AMOUNTS = ("imported_wh", "exported_wh", "gap_wh", *MARKET_AMOUNTS)
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
    since: datetime | None = None
    """From when on prices by the month count, if not from its start: nobody read before."""

    @property
    def end(self) -> datetime:
        """Return the midnight at which the next month begins, in Luxembourg's time."""
        return month_end(self.start)

    @property
    def quarter_hours(self) -> int:
        """Return how many are known from start to end."""
        return sum(day.quarter_hours for day in self.days)

    @property
    def platform_quarter_hours(self) -> int:
        """Return how many of these are the platform's."""
        return sum(day.platform_quarter_hours for day in self.days)

    @property
    def estimated_quarter_hours(self) -> int:
        """Return how many of the platform's were not measured either."""
        return sum(day.estimated_quarter_hours for day in self.days)

    @property
    def imported_kwh(self) -> float:
        """Return the energy drawn from the grid."""
        return sum(day.imported_wh for day in self.days) / 1000

    @property
    def exported_kwh(self) -> float:
        """Return the energy fed into the grid."""
        return sum(day.exported_wh for day in self.days) / 1000

    def above(self, reference_kw: float) -> ClassExcess:
        """Return how far the whole month was above a reference power."""
        found = [day.above[reference_kw] for day in self.days if reference_kw in day.above]
        return ClassExcess(
            sum(above.quarter_hours for above in found), sum(above.energy_wh for above in found)
        )

    def measured_share(self, until: datetime) -> float:
        """Return which share of its quarter-hours that have ended was measured, by whomever."""
        return self._share(until, lambda day: day.quarter_hours - day.estimated_quarter_hours)

    def known_share(self, until: datetime) -> float:
        """Return which share is known; the bill has those that the operator has estimated, too."""
        return self._share(until, lambda day: day.quarter_hours)

    def _share(self, until: datetime, count: Callable[[Day], int]) -> float:
        start = self.start.astimezone(UTC)
        ended = (min(until.astimezone(UTC), self.end.astimezone(UTC)) - start) // QUARTER_HOUR
        if ended <= 0:
            return 0.0
        found = sum(count(day) for day in self.days if day.start < until)
        return round(min(1.0, found / ended), _SHARE_DECIMALS)
