"""A month by its days: energies, and the excess over each class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from .calendar import QUARTER_HOUR, month_end
from .time_of_use import TimeOfUseSplit

_SHARE_DECIMALS = 4
"""Decimals of a share: enough for one quarter-hour of a month to show."""


class Origin(StrEnum):
    """Origin of a quarter-hour that was not measured here."""

    PLATFORM = "platform"
    """The national platform, with a value that the operator has read from the meter."""
    PLATFORM_ESTIMATED = "platform_estimated"
    """The platform, with a value that the operator has estimated or changed."""


class QuarterHour(NamedTuple):
    """A complete quarter-hour: its start in UTC, its mean imported power, its energies."""

    start: datetime
    mean_kw: float
    exported_kwh: float | None = None
    reactive_imported_kvarh: float | None = None
    reactive_exported_kvarh: float | None = None
    origin: Origin | None = None
    """The origin, None for a measured quarter-hour."""

    @property
    def imported_kwh(self) -> float:
        """Return the imported energy."""
        return self.mean_kw / 4


class ClassExcess(NamedTuple):
    """Number of quarter-hours above a reference power, and their energy above it."""

    quarter_hours: int
    energy_wh: float


NOTHING_ABOVE = ClassExcess(0, 0.0)


class Shared(NamedTuple):
    """Imported energy from energy sharing, in Wh. It is never stored."""

    known_wh: float = 0.0
    """Imported energy with a known shared part."""
    layer_1_wh: float = 0.0
    layer_2_wh: float = 0.0
    layer_3_wh: float = 0.0
    layer_4_wh: float = 0.0
    other_wh: float = 0.0
    """Shared energy of an unknown layer."""
    second_wh: float = 0.0
    """Shared energy in the hours of the second price."""

    @property
    def by_layer_wh(self) -> tuple[float, ...]:
        """Return the shared energy of the layers 1 to 4."""
        return self[1:5]

    @property
    def all_wh(self) -> float:
        """Return the shared energy of all layers."""
        return sum(self[1:6])

    def plus(self, other: Shared) -> Shared:
        """Return the shared energy of two periods."""
        return Shared(*(own_wh + other_wh for own_wh, other_wh in zip(self, other, strict=True)))

    def times(self, share: float) -> Shared:
        """Return a share of the shared energy."""
        return Shared(*(wh * share for wh in self))


NO_SHARED = Shared()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in Luxembourg, or the part of a day under one contract."""

    start: datetime
    """In UTC."""
    imported_wh: float = 0.0
    exported_wh: float = 0.0
    gap_wh: float = 0.0
    """The part of the imported energy that came in gaps, at an unknown time."""
    quarter_hours: int = 0
    """Number of quarter-hours known from start to end."""
    platform_quarter_hours: int = 0
    """Number of quarter-hours of the platform among them."""
    estimated_quarter_hours: int = 0
    """Number of the platform's estimated or edited quarter-hours."""
    above: Mapping[float, ClassExcess] = field(default_factory=dict)
    """Excess by reference power: of every exceeded class, and of the contract."""
    second: Mapping[str, TimeOfUseSplit] = field(default_factory=dict)
    """Energy by the hours of a second price."""
    market_cost: float = 0.0
    """The imported energy at the market's prices of its time, without margin."""
    market_wh: float = 0.0
    """The imported energy whose market price was known."""
    market_revenue: float = 0.0
    """The exported energy at the market's prices of its time."""
    market_exported_wh: float = 0.0
    shared: Shared | None = None
    """None where sharing is unknown."""


COUNTS = ("quarter_hours", "platform_quarter_hours", "estimated_quarter_hours")
MARKET_AMOUNTS = ("market_cost", "market_wh", "market_revenue", "market_exported_wh")
AMOUNTS = ("imported_wh", "exported_wh", "gap_wh", *MARKET_AMOUNTS)
"""Amounts of a day that are added up, and were stored by version 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the calendar in Luxembourg."""

    start: datetime
    """Its first midnight, in Luxembourg's time."""
    days: tuple[Day, ...] = ()
    """In the order of time, without unknown days."""
    peak: QuarterHour | None = None
    """The highest quarter-hour; of equal quarter-hours, the first."""
    since: datetime | None = None
    """Time from which prices by the month count, if that is after the start of the month."""

    @property
    def end(self) -> datetime:
        """Return the midnight at which the next month begins, in Luxembourg's time."""
        return month_end(self.start)

    @property
    def quarter_hours(self) -> int:
        """Return the number of quarter-hours known from start to end."""
        return sum(day.quarter_hours for day in self.days)

    @property
    def platform_quarter_hours(self) -> int:
        """Return the number of quarter-hours of the platform."""
        return sum(day.platform_quarter_hours for day in self.days)

    @property
    def estimated_quarter_hours(self) -> int:
        """Return the number of the platform's estimated or edited quarter-hours."""
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
        """Return the excess of the whole month over a reference power."""
        excesses = [day.above[reference_kw] for day in self.days if reference_kw in day.above]
        return ClassExcess(
            sum(above.quarter_hours for above in excesses),
            sum(above.energy_wh for above in excesses),
        )

    def measured_share(self, until: datetime) -> float:
        """Return the share of ended quarter-hours that was measured, here or by the operator."""
        return self._share(until, lambda day: day.quarter_hours - day.estimated_quarter_hours)

    def known_share(self, until: datetime) -> float:
        """Return the share of ended quarter-hours that is known, with the operator's estimates."""
        return self._share(until, lambda day: day.quarter_hours)

    def _share(self, until: datetime, count: Callable[[Day], int]) -> float:
        start = self.start.astimezone(UTC)
        ended = (min(until.astimezone(UTC), self.end.astimezone(UTC)) - start) // QUARTER_HOUR
        if ended <= 0:
            return 0.0
        total = sum(count(day) for day in self.days if day.start < until)
        return round(min(1.0, total / ended), _SHARE_DECIMALS)
