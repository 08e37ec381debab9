"""A month of a household, as its ledger knows it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from ..energy_table.table import Table
from ..history.luxembourg_time import QUARTER_HOUR, month_end
from ..history.quarter_hour import WH_A_KW, QuarterHour
from ..history.register_amounts import DECIMALS
from .bill import Bill, bill_of, more
from .bill_part_sums import Sums
from .ledger import Ledger

_SHARE_DECIMALS = 4
"""Decimals of a share, so that one quarter-hour of a month (1/2976 = 0.0003) is visible."""


class ClassExcess(NamedTuple):
    """Number of quarter-hours above a reference power, and the energy above that power."""

    quarter_hours: int
    energy_wh: float


def excess_of(
    powers: Sequence[float], table: Table, begin: datetime, end: datetime
) -> Mapping[float, ClassExcess]:
    """Return the excess of each reference power in kW over a period."""
    rows = table.between(begin, end)
    wh = rows.imported[rows.is_whole]
    # Most quarter-hours are below the smallest reference power, so leave them out first.
    wh = wh[wh > min(powers) * WH_A_KW]
    more_wh = {kw: np.maximum(0.0, wh - kw * WH_A_KW) for kw in powers}
    return {
        kw: ClassExcess(int((more > 0).sum()), round(float(more.sum()), DECIMALS))
        for kw, more in more_wh.items()
    }


class Month(NamedTuple):
    """A calendar month in Luxembourg. Its sums and bills are computed for each request."""

    ledger: Ledger
    start: datetime
    """The month's first midnight, in Luxembourg's time."""

    @property
    def end(self) -> datetime:
        """Return the midnight at which the next month begins, in Luxembourg's time."""
        return month_end(self.start)

    @property
    def since(self) -> datetime | None:
        """Return the time from which monthly prices count, None for the start of the month."""
        begin = self.ledger.month_begin(self.start)
        return begin if begin > self.start else None

    @property
    def is_known(self) -> bool:
        """Return whether the month has known energy, even if it is 0."""
        return self.ledger.has_rows(self.start, self.end)

    @property
    def sums(self) -> Sums:
        """Return the sums from the start to the end of the month."""
        return self.ledger.sums(self.start, self.end)

    @property
    def imported_kwh(self) -> float:
        """Return the energy in kWh imported from the grid."""
        return self.sums.imported_wh / 1000

    @property
    def exported_kwh(self) -> float:
        """Return the energy in kWh exported to the grid."""
        return self.sums.exported_wh / 1000

    @property
    def peak(self) -> QuarterHour | None:
        """Return the highest quarter-hour; of equal quarter-hours, the first."""
        return self.ledger.peak(self.start, self.end)

    @property
    def lacks_sharing(self) -> bool:
        """Return whether shared energy is known before the month and after it, but not in it."""
        months = self.ledger.months
        if not months:
            return False
        before, known, after = (
            self.ledger.sums(start, end).known_sharing_wh
            for start, end in (
                (months[0], self.start),
                (self.start, self.end),
                (self.end, month_end(months[-1])),
            )
        )
        return before > 0 and after > 0 and not known

    def bill(self, until: datetime | None = None) -> Bill:
        """Return the bill up to `until`, by default of the whole month."""
        return bill_of(self.ledger, self.start, until or self.end)

    @property
    def rows(self) -> Ledger:
        """Return the ledger of the month alone."""
        return self.ledger.between(self.start, self.end)

    def saving_with(self, table: Table) -> float | None:
        """Return the month's bill minus its bill with `table`, which has changed `rows.table`.

        Return None while a price is unknown.
        """
        after = self._replace(ledger=self.ledger.with_rows(self.start, self.end, table))
        return more(after.bill().total, self.bill().total)

    def above(self, *powers: float) -> Mapping[float, ClassExcess]:
        """Return the excess of each of these reference powers."""
        return excess_of(powers, self.ledger.table, self.start, self.end)

    def measured_share(self, until: datetime) -> float:
        """Return the measured share (0 to 1) of the month's quarter-hours before `until`.

        Quarter-hours that the operator has estimated or edited do not count.
        """
        sums = self._sums_until(until)
        return self._share(until, sums.quarter_hours - sums.estimated)

    def known_share(self, until: datetime) -> float:
        """Return the known share (0 to 1) of the month's quarter-hours before `until`.

        Quarter-hours that the operator has estimated or edited count, too.
        """
        return self._share(until, self._sums_until(until).quarter_hours)

    def _sums_until(self, until: datetime) -> Sums:
        return self.ledger.sums(self.start, max(self.start, min(until, self.end)))

    def _share(self, until: datetime, count: float) -> float:
        start = self.start.astimezone(UTC)
        ended = (min(until.astimezone(UTC), self.end.astimezone(UTC)) - start) // QUARTER_HOUR
        return round(min(1.0, count / ended), _SHARE_DECIMALS) if ended > 0 else 0.0
