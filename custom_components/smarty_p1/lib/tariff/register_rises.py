"""What the registers of energy say: how they rose from one reading to the next."""

from datetime import datetime, timedelta
from typing import NamedTuple, Self

from .calendar import QUARTER_HOUR
from .contract import MarketPrices

MAX_GAP = QUARTER_HOUR
"""Readings farther apart than this are not bridged."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a meter's clock is set back when it is corrected, and not set anew."""
MAX_POWER_KW = 1000.0
"""More than any low-voltage connection draws: a register that rises faster has leapt."""

DECIMALS = 6
"""Of what is kept: far below what a register resolves, far above errors of binary fractions."""

_HOUR = timedelta(hours=1)


class Energies(NamedTuple):
    """The registers of a telegram: 1-0:1.8.0, 2.8.0, 3.8.0 and 4.8.0; None is not known."""

    imported_kwh: float | None
    exported_kwh: float | None = None
    reactive_imported_kvarh: float | None = None
    reactive_exported_kvarh: float | None = None


class Registers(NamedTuple):
    """The registers at a time, in thousandths of what `Energies` has.

    A register of the exported energy that the telegram lacked is that of `exported_time`.
    """

    time: datetime
    imported_wh: float
    exported_wh: float | None = None
    exported_time: datetime | None = None
    reactive_imported_varh: int | None = None
    reactive_exported_varh: int | None = None

    @classmethod
    def of(cls, time: datetime, energies: Energies, last: Registers | None) -> Self | None:
        """Return the reading of a telegram after the last one of the same meter, if there is one.

        Without a possible imported energy there is none.
        """
        imported, exported, *reactive = map(_thousandths, energies)
        if imported is None:
            return None
        exported_wh: float | None = exported
        exported_time = None if exported is None else time
        if exported_time is None and last:
            exported_wh, exported_time = last.exported_wh, last.exported_time
        return cls(time, imported, exported_wh, exported_time, *reactive)


def _thousandths(value: float | None) -> int | None:
    return round(value * 1000) if value is not None and value >= 0 else None


class Rise(NamedTuple):
    """By how much the registers rose; None is not known.

    `exported_wh` is what came since that register was last known, and `is_exported_exact` whether
    it was known at both readings.
    """

    imported_wh: float
    exported_wh: float
    is_exported_exact: bool
    reactive_imported_varh: float | None
    reactive_exported_varh: float | None

    @classmethod
    def between(cls, before: Registers, after: Registers) -> Self:
        """Return the rise from one reading to the next one of the same meter."""
        exported = None
        if before.exported_time and after.exported_time:
            passed = after.exported_time - before.exported_time
            exported = _risen(before.exported_wh, after.exported_wh, passed)
        is_exact = (
            exported is not None
            and before.exported_time == before.time
            and after.exported_time == after.time
        )
        passed = after.time - before.time
        return cls(
            after.imported_wh - before.imported_wh,
            exported or 0,
            is_exact,
            _risen(before.reactive_imported_varh, after.reactive_imported_varh, passed),
            _risen(before.reactive_exported_varh, after.reactive_exported_varh, passed),
        )


def most_wh(passed: timedelta) -> float:
    """Return more than any connection carries in some time.

    The clock may have been corrected meanwhile, so some more time may really have passed.
    """
    return MAX_POWER_KW * 1000 * ((passed + CLOCK_TOLERANCE) / _HOUR)


def _risen(before: float | None, after: float | None, passed: timedelta) -> float | None:
    if before == after:
        return None if after is None else 0
    if before is None or after is None or not 0 <= after - before <= most_wh(abs(passed)):
        return None
    return after - before


def is_bridged(before: Registers, after: Registers) -> bool:
    """Return whether it is known how the energy between two readings is spread over the time."""
    passed = after.time - before.time
    rise_wh = after.imported_wh - before.imported_wh
    return -CLOCK_TOLERANCE <= passed <= MAX_GAP and 0 <= rise_wh <= most_wh(passed)


class Amounts(NamedTuple):
    """What came in a quarter-hour, or in a part of it."""

    imported_wh: float = 0.0
    exported_wh: float = 0.0
    is_exported_exact: bool = True
    reactive_imported_varh: float | None = 0.0
    reactive_exported_varh: float | None = 0.0
    market_cost: float = 0.0
    market_wh: float = 0.0
    market_revenue: float = 0.0
    market_exported_wh: float = 0.0

    def plus(self, rise: Rise, share: float, market: MarketPrices) -> Amounts:
        """Return this with a share of what came between two readings, at the market's prices."""
        imported_wh, exported_wh = rise.imported_wh * share, rise.exported_wh * share
        cost, priced_wh, revenue, priced_exported_wh = self[5:]
        if market.energy is not None:
            cost += imported_wh / 1000 * market.energy
            priced_wh += imported_wh
        if market.feed_in is not None:
            revenue += exported_wh / 1000 * market.feed_in
            priced_exported_wh += exported_wh
        return Amounts(
            self.imported_wh + imported_wh,
            self.exported_wh + exported_wh,
            self.is_exported_exact and rise.is_exported_exact,
            _plus(self.reactive_imported_varh, rise.reactive_imported_varh, share),
            _plus(self.reactive_exported_varh, rise.reactive_exported_varh, share),
            cost,
            priced_wh,
            revenue,
            priced_exported_wh,
        )

    @property
    def market(self) -> tuple[float, ...]:
        """Return the cost at the market's prices, its energy, the revenue, and its energy."""
        return self[5:]

    def rounded(self) -> Amounts:
        """Return what is kept of it."""
        imported_varh, exported_varh = self.reactive_imported_varh, self.reactive_exported_varh
        return Amounts(
            round(self.imported_wh, DECIMALS),
            round(self.exported_wh, DECIMALS),
            self.is_exported_exact,
            None if imported_varh is None else round(imported_varh, DECIMALS),
            None if exported_varh is None else round(exported_varh, DECIMALS),
            *[round(each, DECIMALS) for each in self.market],
        )

    def totals(self) -> tuple[float, float | None, float | None, float | None]:
        """Return the mean imported power of a whole quarter-hour, in kW, and the other energies."""
        return (
            round(self.imported_wh * 4 / 1000, DECIMALS),
            round(self.exported_wh / 1000, DECIMALS) if self.is_exported_exact else None,
            _kilo(self.reactive_imported_varh),
            _kilo(self.reactive_exported_varh),
        )


def _kilo(value: float | None) -> float | None:
    return None if value is None else round(value / 1000, DECIMALS)


def _plus(known: float | None, rise: float | None, share: float) -> float | None:
    return None if known is None or rise is None else known + rise * share
