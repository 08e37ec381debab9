"""Series of quarter-hours for charts, and reactive energies, which no bill needs."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from zlib import crc32

import numpy as np

from ..history.calendar import QUARTER_HOUR, month_start
from ..history.month_columns import Columns
from ..history.quarter_hour import WH_A_KW, Origin, QuarterHour
from ..history.register_amounts import DECIMALS
from ..past.table import ORIGINS, Table, quarter_hours_of
from ..past.wall_clock import Floats, number_from, number_of
from ..prices.contract import REFERENCE_POWERS, Contracts
from .ledger import reference_wh_of
from .leneda_days import LenedaDays

ABOVE_CONTRACT = 16
"""Bit in a result of `QuarterHours.above`: the contract's reference power is exceeded. The four
lower bits are the number of reference powers of the tariff that are exceeded (0 to 10)."""

type Run = tuple[int, int, Origin]
"""Successive quarter-hours from Leneda: index of the first quarter-hour, count, origin."""


class QuarterHours:
    """Energies of successive quarter-hours of a table. The first quarter-hour begins at `start`."""

    def __init__(self, table: Table, start: datetime, end: datetime) -> None:
        """Take the quarter-hours from `start` to `end`.

        Unknown quarter-hours at the end are left out.
        """
        self.start = start
        self._first = number_of(start)
        rows = table.between(self._first, number_of(end))
        rows = rows.where(rows.is_shown)
        place = rows.quarter - self._first
        count = int(place[-1]) + 1 if len(place) else 0
        self._imported, self._exported = np.full((2, count), np.nan)
        self._sources = np.zeros(count, np.int8)
        self._imported[place], self._exported[place] = rows.imported, rows.exported
        self._sources[place] = rows.source

    @property
    def end(self) -> datetime:
        """Return the end of the last quarter-hour."""
        return self.start + len(self._imported) * QUARTER_HOUR

    def mark(self, today: datetime) -> str:
        """Return a checksum that changes if a value before `today` changes."""
        part = self._slice(self.start, today)
        mark = crc32(self.start.isoformat().encode())
        for values in (self._imported[part], self._exported[part], self._sources[part]):
            mark = crc32(values, mark)
        return f"{mark:08x}"

    def values(self, quantity: str, start: datetime, end: datetime) -> list[int | None]:
        """Return the energy of each quarter-hour from `start` to `end`, in whole Wh.

        An energy is None if it is unknown. `quantity` is "imported" or "exported". For any other
        text, the result is the imported energy minus the exported energy.
        """
        part = self._slice(start, end)
        imported, exported = self._imported[part], self._exported[part]
        columns = {"imported": imported, "exported": exported}
        # An unknown exported energy counts as 0.
        return _whole(columns.get(quantity, imported - np.nan_to_num(exported)))

    def larger(self, start: datetime, above: bytes) -> list[int | None]:
        """Return the larger of imported and exported energy for each quarter-hour, in whole Wh.

        An exported energy has a minus sign. The energy is None if the imported energy is unknown.
        The argument `above` is the result of the method `above` for the same `start`. For a
        quarter-hour that exceeds a reference power, the imported energy is returned even if the
        exported energy is larger.
        """
        first = self._slice(start, self.end).start
        part = slice(first, first + len(above))
        wh, fed_wh = self._imported[part], self._exported[part]
        is_fed = (fed_wh > wh) & (np.frombuffer(above, np.uint8) == 0)
        return _whole(np.where(is_fed, -fed_wh, wh))

    def above(self, start: datetime, end: datetime, contracts: Contracts) -> bytes:
        """Return for each quarter-hour how many reference powers its imported energy exceeds.

        The result has a byte for each quarter-hour. Only the reference powers of the tariff are
        counted. ABOVE_CONTRACT is added where the energy exceeds the contract's reference power.
        """
        part = self._slice(start, end)
        wh = np.nan_to_num(np.round(self._imported[part], DECIMALS))
        reference_wh = reference_wh_of(self._first + np.arange(part.start, part.stop), contracts)
        count = np.searchsorted(np.array(REFERENCE_POWERS) * WH_A_KW, wh)
        return (count + ABOVE_CONTRACT * (wh > reference_wh)).astype(np.uint8).tobytes()

    def origins(self, start: datetime, end: datetime) -> Iterator[Run]:
        """Yield the runs of successive quarter-hours from Leneda that have the same origin.

        A run has the index of its first quarter-hour counted from `start`, its length, and its
        origin.
        """
        index = 0
        for source, group in groupby(self._sources[self._slice(start, end)].tolist()):
            count = len(list(group))
            if origin := ORIGINS.get(source):
                yield index, count, origin
            index += count

    def _slice(self, start: datetime, end: datetime) -> slice:
        first, last = ((time - self.start) // QUARTER_HOUR for time in (start, end))
        first = max(0, first)
        return slice(first, max(first, min(last, len(self._imported))))


def quarter_hours_between(table: Table, start: datetime, end: datetime) -> Iterator[QuarterHour]:
    """Return the quarter-hours that begin at `start` or later and before `end`, in order."""
    return quarter_hours_of(table.between(number_from(start), number_from(end)))


def with_reactive(
    quarters: Iterable[QuarterHour], columns: Columns, leneda: LenedaDays
) -> Iterator[QuarterHour]:
    """Yield `quarters` with their reactive energies from their meter's spans or from Leneda."""
    for quarter in quarters:
        if quarter.origin:
            kvarh = leneda.reactive_at(quarter.start)
        else:
            kvarh = columns[month_start(quarter.start)].reactive_at(quarter.start)
        yield quarter._replace(reactive_imported_kvarh=kvarh[0], reactive_exported_kvarh=kvarh[1])


def _whole(energies: Floats) -> list[int | None]:
    return [None if wh != wh else round(wh) for wh in energies.tolist()]  # noqa: PLR0124 - NaN
