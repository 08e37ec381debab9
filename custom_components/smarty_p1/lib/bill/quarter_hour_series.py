"""Series of quarter-hours for charts, and reactive energies, which no bill needs."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..energy_table.table import ORIGINS, RowSource, Table, shown_quarter_hours
from ..energy_table.wall_clock import Floats, quarter_number
from ..history.luxembourg_time import QUARTER_HOUR, month_start
from ..history.month_columns import Columns
from ..history.quarter_hour import WH_A_KW, Origin, QuarterHour
from ..history.register_amounts import DECIMALS
from ..prices.contract import Contracts
from ..prices.published_prices import REFERENCE_POWERS
from .ledger import reference_wh_of
from .leneda_days import LenedaDays

ABOVE_CONTRACT = 16
"""Bit in a result of `QuarterHours.above`: the contract's reference power is exceeded. The four
lower bits are the number of reference powers of the tariff that are exceeded (0 to 10)."""

type _Run = tuple[int, int, Origin]
"""Successive quarter-hours from Leneda: index of the first quarter-hour, count, origin."""


class QuarterHours(NamedTuple):
    """Energies in Wh of successive quarter-hours, NaN where unknown, and their sources."""

    start: datetime
    """Start of the first quarter-hour."""
    imported: Floats
    exported: Floats
    sources: NDArray[np.int8]

    @classmethod
    def of_table(cls, table: Table, start: datetime, end: datetime) -> Self:
        """Return the quarter-hours of a table. Unknown quarter-hours at the end are left out."""
        first = quarter_number(start)
        rows = table.between(start, end)
        rows = rows.where(rows.is_shown)
        place = rows.quarter - first
        count = int(place[-1]) + 1 if len(place) else 0
        imported, exported = np.full((2, count), np.nan)
        sources = np.zeros(count, np.int8)
        imported[place], exported[place] = rows.imported, rows.exported
        sources[place] = rows.source
        return cls(start, imported, exported, sources)

    @property
    def end(self) -> datetime:
        """Return the end of the last quarter-hour."""
        return self.start + len(self.imported) * QUARTER_HOUR

    def between(self, start: datetime, end: datetime) -> QuarterHours:
        """Return the quarter-hours from `start`, which is one of them, to `end`."""
        part = slice(*((time - self.start) // QUARTER_HOUR for time in (start, end)))
        return QuarterHours(start, self.imported[part], self.exported[part], self.sources[part])

    @property
    def mark(self) -> str:
        """Return a checksum of all values."""
        mark = crc32(self.start.isoformat().encode())
        for values in self[1:]:
            mark = crc32(values, mark)
        return f"{mark:08x}"

    def values(self, quantity: str) -> list[int | None]:
        """Return the energy of each quarter-hour in whole Wh.

        An energy is None if it is unknown. `quantity` is "imported" or "exported". For any other
        text, the result is the imported energy minus the exported energy.
        """
        columns = {"imported": self.imported, "exported": self.exported}
        # An unknown exported energy counts as 0.
        return _whole(columns.get(quantity, self.imported - np.nan_to_num(self.exported)))

    def larger(self, above: bytes) -> list[int | None]:
        """Return the larger of imported and exported energy for each quarter-hour, in whole Wh.

        An exported energy has a minus sign. The energy is None if the imported energy is unknown.
        `above` is the result of the method `above`. For a quarter-hour that exceeds a reference
        power, the imported energy is returned even if the exported energy is larger.
        """
        wh, fed_wh = self.imported, self.exported
        is_fed = (fed_wh > wh) & (np.frombuffer(above, np.uint8) == 0)
        return _whole(np.where(is_fed, -fed_wh, wh))

    def above(self, contracts: Contracts) -> bytes:
        """Return for each quarter-hour how many reference powers its imported energy exceeds.

        The result has a byte for each quarter-hour. Only the reference powers of the tariff are
        counted. ABOVE_CONTRACT is added where the energy exceeds the contract's reference power.
        """
        wh = np.nan_to_num(np.round(self.imported, DECIMALS))
        numbers = quarter_number(self.start) + np.arange(len(wh))
        count = np.searchsorted(np.array(REFERENCE_POWERS) * WH_A_KW, wh)
        is_above = wh > reference_wh_of(numbers, contracts)
        return (count + ABOVE_CONTRACT * is_above).astype(np.uint8).tobytes()

    def origins(self) -> Iterator[_Run]:
        """Yield the runs of successive quarter-hours from Leneda that have the same origin."""
        index = 0
        for source, group in groupby(self.sources.tolist()):
            count = len(list(group))
            if origin := ORIGINS.get(source):
                yield index, count, origin
            index += count


def quarter_hours_between(table: Table, start: datetime, end: datetime) -> Iterator[QuarterHour]:
    """Return the quarter-hours that begin at `start` or later and before `end`, in order."""
    return shown_quarter_hours(table.between(start, end))


def measured_between(table: Table, start: datetime, end: datetime) -> Iterator[QuarterHour]:
    """Return the quarter-hours of a period that the meter has measured, in order."""
    return quarter_hours_between(table.where(table.source == RowSource.MEASURED), start, end)


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
