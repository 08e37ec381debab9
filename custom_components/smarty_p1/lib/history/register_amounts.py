"""Rises of the energy registers from one reading to the next."""

from datetime import datetime, timedelta
from typing import NamedTuple, Self

from .gap_clock_and_power_limits import CLOCK_TOLERANCE, MAX_GAP, most_wh
from .quarter_hour import StoredAmount

DECIMALS = 6
"""Decimal places of stored energies: finer than a register's steps, coarser than float errors."""


class Energies(NamedTuple):
    """Values of the registers 1-0:1.8.0, 2.8.0, 3.8.0 and 4.8.0 in a telegram.

    A value is None if it is unknown.
    """

    imported_kwh: float | None
    exported_kwh: float | None = None
    reactive_imported_kvarh: float | None = None
    reactive_exported_kvarh: float | None = None


class Registers(NamedTuple):
    """Values in Wh and varh of a meter's energy registers at one time.

    `exported_wh` is the last known exported energy. `exported_time` is the time of the telegram
    that contained this energy.
    """

    time: datetime
    imported_wh: StoredAmount
    exported_wh: StoredAmount | None = None
    exported_time: datetime | None = None
    reactive_imported_varh: StoredAmount | None = None
    reactive_exported_varh: StoredAmount | None = None

    @classmethod
    def of(cls, time: datetime, energies: Energies, last: Registers | None) -> Self | None:
        """Return the registers of a telegram.

        If the exported energy is missing, take it from `last`, the previous registers. Return None
        if the imported energy is missing or negative.
        """
        imported, exported, *reactive = map(_thousandths, energies)
        if imported is None:
            return None
        exported_wh: float | None = exported
        exported_time = None if exported is None else time
        if exported_time is None and last:
            exported_wh, exported_time = last.exported_wh, last.exported_time
        return cls(time, imported, exported_wh, exported_time, *reactive)

    def at(self, time: datetime) -> Registers:
        """Return the same registers at another time."""
        is_exported_new = self.exported_time == self.time
        return self._replace(
            time=time, exported_time=time if is_exported_new else self.exported_time
        )


def _thousandths(value: float | None) -> int | None:
    return round(value * 1000) if value is not None and value >= 0 else None


class Rise(NamedTuple):
    """Rise of the energy registers between two readings, in Wh and varh.

    `exported_wh` is 0 if the rise of the exported energy is unknown. A telegram may lack the
    exported energy; its reading then has the exported energy of an earlier telegram.
    `is_exported_exact` is True if the rise is known and both telegrams have the exported energy.
    The rise of a reactive energy is None if it is unknown.
    """

    imported_wh: float
    exported_wh: float
    is_exported_exact: bool
    reactive_imported_varh: float | None
    reactive_exported_varh: float | None

    @classmethod
    def between(cls, before: Registers, after: Registers) -> Self:
        """Return the rise from the reading `before` to the reading `after` of the same meter."""
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


def _risen(before: float | None, after: float | None, passed: timedelta) -> float | None:
    if before == after:
        return None if after is None else 0
    if before is None or after is None or not 0 <= after - before <= most_wh(abs(passed)):
        return None
    return after - before


def is_bridged(before: Registers, after: Registers) -> bool:
    """Return whether two readings are close enough to interpolate the energy between them."""
    passed = after.time - before.time
    rise_wh = after.imported_wh - before.imported_wh
    return -CLOCK_TOLERANCE <= passed <= MAX_GAP and 0 <= rise_wh <= most_wh(passed)


class Amounts(NamedTuple):
    """Energies of a period. A reactive energy is None where unknown."""

    imported_wh: StoredAmount = 0.0
    exported_wh: StoredAmount = 0.0
    is_exported_exact: bool = True
    reactive_imported_varh: StoredAmount | None = 0.0
    reactive_exported_varh: StoredAmount | None = 0.0

    def plus(self, rise: Rise, share: float) -> Amounts:
        """Return the sum of these amounts and the part `share` (0 to 1) of `rise`."""
        return Amounts(
            self.imported_wh + rise.imported_wh * share,
            self.exported_wh + rise.exported_wh * share,
            self.is_exported_exact and rise.is_exported_exact,
            _plus(self.reactive_imported_varh, rise.reactive_imported_varh, share),
            _plus(self.reactive_exported_varh, rise.reactive_exported_varh, share),
        )

    def rounded(self) -> Amounts:
        """Return the energies rounded to `DECIMALS`, as they are stored."""
        imported_varh, exported_varh = self.reactive_imported_varh, self.reactive_exported_varh
        return Amounts(
            round(self.imported_wh, DECIMALS),
            round(self.exported_wh, DECIMALS),
            self.is_exported_exact,
            None if imported_varh is None else round(imported_varh, DECIMALS),
            None if exported_varh is None else round(exported_varh, DECIMALS),
        )

    def totals(self) -> tuple[float, float | None, float | None, float | None]:
        """Return the fields of a `QuarterHour`: mean power in kW, then energies in kWh and kvarh.

        An energy is None if it is unknown or inexact.
        """
        return (
            round(self.imported_wh * 4 / 1000, DECIMALS),
            round(self.exported_wh / 1000, DECIMALS) if self.is_exported_exact else None,
            _kilo(self.reactive_imported_varh),
            _kilo(self.reactive_exported_varh),
        )


def _kilo(value: float | None) -> float | None:
    return None if value is None else round(value / 1000, DECIMALS)


def _plus(total: float | None, rise: float | None, share: float) -> float | None:
    return None if total is None or rise is None else total + rise * share
