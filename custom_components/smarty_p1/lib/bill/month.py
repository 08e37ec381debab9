"""Data types of a month and its days: energies, and the excess over each reference power."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from ..history.calendar import QUARTER_HOUR, month_end
from ..history.quarter_hour import QuarterHour
from ..history.register_amounts import DECIMALS, MARKET_DECIMALS
from ..prices.contract import REFERENCE_POWERS
from ..prices.time_of_use import TimeOfUseSplit

_SHARE_DECIMALS = 4
"""Decimals of a share, so that one quarter-hour of a month (1/2976 = 0.0003) is visible."""


class ClassExcess(NamedTuple):
    """Number of quarter-hours above a reference power, and the energy above that power."""

    quarter_hours: int
    energy_wh: float


NOTHING_ABOVE = ClassExcess(0, 0.0)
_MAX_PRICE_FACTOR = 5.0


class Shared(NamedTuple):
    """Imported energy in Wh that comes from energy sharing, and its market cost in EUR.

    These values are never stored.
    """

    known_wh: float = 0.0
    """All imported energy, shared or not, of the time for which sharing is known."""
    layer_1_wh: float = 0.0
    layer_2_wh: float = 0.0
    layer_3_wh: float = 0.0
    layer_4_wh: float = 0.0
    other_wh: float = 0.0
    """Shared energy from an unknown layer."""
    second_wh: float = 0.0
    """Shared energy in the hours of the contract's second price."""
    market_wh: float = 0.0
    """Shared energy with a known market price."""
    market_cost: float = 0.0
    """Cost that the shared energy would have at the market prices then in force, without margin."""

    @property
    def by_layer_wh(self) -> tuple[float, ...]:
        """Return the shared energy of each layer from 1 to 4."""
        return self[1:5]

    @property
    def all_wh(self) -> float:
        """Return the shared energy of all layers, including the unknown layer."""
        return sum(self[1:6])

    def plus(self, other: Shared) -> Shared:
        """Return the sums of this energy and `other`, field by field."""
        return Shared(*(own_wh + other_wh for own_wh, other_wh in zip(self, other, strict=True)))

    def times(self, share: float) -> Shared:
        """Return all energies and the cost multiplied by `share`."""
        return Shared(*(wh * share for wh in self))

    def repriced(self, before: float, after: float) -> Shared:
        """Return this energy, with its market cost multiplied by `after` / `before`.

        `before` and `after` are two mean market prices, or two costs of the same energy. If
        `before` is not above 0, the market cost stays unchanged.
        """
        if before <= 0:
            return self
        # Hours with negative prices can make a day's mean price almost 0. Limit the factor, so that
        # such a day does not outweigh all other days.
        factor = min(_MAX_PRICE_FACTOR, max(0.0, after / before))
        return self._replace(market_cost=self.market_cost * factor)


NO_SHARED = Shared()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in Luxembourg, or the part of a day under one contract. Amounts of money are in EUR."""

    start: datetime
    """In UTC."""
    imported_wh: float = 0.0
    exported_wh: float = 0.0
    gap_wh: float = 0.0
    """Imported energy of gaps between readings. The time of this energy is not known exactly."""
    quarter_hours: int = 0
    """Number of quarter-hours known from start to end."""
    leneda_quarter_hours: int = 0
    """Number of known quarter-hours that come from the platform Leneda."""
    estimated_quarter_hours: int = 0
    """Number of Leneda's quarter-hours that the operator has estimated or edited."""
    above: Mapping[float, ClassExcess] = field(default_factory=dict)
    """Excess, keyed by reference power in kW. `above_each` explains which keys exist."""
    second: Mapping[str, TimeOfUseSplit] = field(default_factory=dict)
    """Imported energy, and the part of it at a second price, keyed by `Contract.second_hours`."""
    market_cost: float = 0.0
    """Cost of the imported energy at the market prices then in force, without margin."""
    market_wh: float = 0.0
    """Imported energy with a known market price."""
    market_revenue: float = 0.0
    """Value of the exported energy at the market prices then in force, without margin."""
    market_exported_wh: float = 0.0
    """Exported energy with a known market price."""
    shared: Shared | None = None
    """None if sharing is unknown."""


COUNTS = ("quarter_hours", "leneda_quarter_hours", "estimated_quarter_hours")
MARKET_AMOUNTS = ("market_cost", "market_wh", "market_revenue", "market_exported_wh")
AMOUNTS = dict.fromkeys(("imported_wh", "exported_wh", "gap_wh"), DECIMALS) | dict(
    zip(MARKET_AMOUNTS, MARKET_DECIMALS, strict=True)
)
"""Fields of `Day` that are added up, and their decimal places.

Version 2 of the stored state contains these fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month in Luxembourg."""

    start: datetime
    """The month's first midnight, in Luxembourg's time."""
    days: tuple[Day, ...] = ()
    """Days in time order, without unknown days."""
    peak: QuarterHour | None = None
    """The highest quarter-hour; of equal quarter-hours, the first."""
    since: datetime | None = None
    """Time from which monthly prices count, None for the start of the month."""

    @property
    def end(self) -> datetime:
        """Return the midnight at which the next month begins, in Luxembourg's time."""
        return month_end(self.start)

    @property
    def quarter_hours(self) -> int:
        """Return the number of quarter-hours whose energy is known from start to end."""
        return sum(day.quarter_hours for day in self.days)

    @property
    def leneda_quarter_hours(self) -> int:
        """Return the number of known quarter-hours that come from the platform Leneda."""
        return sum(day.leneda_quarter_hours for day in self.days)

    @property
    def estimated_quarter_hours(self) -> int:
        """Return the number of platform quarter-hours that the operator has estimated or edited."""
        return sum(day.estimated_quarter_hours for day in self.days)

    @property
    def imported_kwh(self) -> float:
        """Return the energy in kWh imported from the grid."""
        return sum(day.imported_wh for day in self.days) / 1000

    @property
    def exported_kwh(self) -> float:
        """Return the energy in kWh exported to the grid."""
        return sum(day.exported_wh for day in self.days) / 1000

    def above(self, reference_kw: float) -> ClassExcess:
        """Return how many quarter-hours exceeded `reference_kw`, and by how much energy in all."""
        excesses = [day.above[reference_kw] for day in self.days if reference_kw in day.above]
        return ClassExcess(
            sum(above.quarter_hours for above in excesses),
            sum(above.energy_wh for above in excesses),
        )

    def measured_share(self, until: datetime) -> float:
        """Return the measured share (0 to 1) of the month's quarter-hours before `until`.

        Quarter-hours that the operator has estimated or edited do not count.
        """
        return self._share(until, lambda day: day.quarter_hours - day.estimated_quarter_hours)

    def known_share(self, until: datetime) -> float:
        """Return the known share (0 to 1) of the month's quarter-hours before `until`.

        Quarter-hours that the operator has estimated or edited count, too.
        """
        return self._share(until, lambda day: day.quarter_hours)

    def _share(self, until: datetime, count: Callable[[Day], int]) -> float:
        start = self.start.astimezone(UTC)
        ended = (min(until.astimezone(UTC), self.end.astimezone(UTC)) - start) // QUARTER_HOUR
        if ended <= 0:
            return 0.0
        total = sum(count(day) for day in self.days if day.start < until)
        return round(min(1.0, total / ended), _SHARE_DECIMALS)


_MIN_CLASS_WH = REFERENCE_POWERS[0] * 250


def above_each(energy_wh: float, own_kw: float | None) -> dict[float, ClassExcess]:
    """Return the energy of a quarter-hour above each reference power that it exceeds.

    The keys are reference powers in kW. `own_kw` is the contract's reference power. If a reference
    power of the tariff is not a key, the quarter-hour does not exceed it. All other powers differ:
    without a key, the excess over such a power is unknown. So if `own_kw` is not a reference power
    of the tariff, it is always a key, even without an excess.
    """
    return above_classes([energy_wh], own_kw)


def above_classes(energies_wh: Sequence[float], own_kw: float | None) -> dict[float, ClassExcess]:
    """Return the total excess of some quarter-hours over each reference power.

    The keys and `own_kw` have the same meaning as in `above_each`.
    """
    excesses: dict[float, ClassExcess] = {}
    if not energies_wh:
        return excesses
    if max(energies_wh) > _MIN_CLASS_WH:
        for reference_kw in REFERENCE_POWERS:
            above = _above_one(energies_wh, reference_kw)
            if not above.quarter_hours:
                break
            excesses[reference_kw] = above
    if own_kw is not None and own_kw not in REFERENCE_POWERS:
        excesses[own_kw] = _above_one(energies_wh, own_kw)
    return excesses


def _above_one(energies_wh: Sequence[float], kw: float) -> ClassExcess:
    excesses_wh = [wh - kw * 250 for wh in energies_wh if wh > kw * 250]
    return ClassExcess(len(excesses_wh), round(sum(excesses_wh), DECIMALS))
