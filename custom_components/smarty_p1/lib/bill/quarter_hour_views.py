"""Series of quarter-hours for charts and for battery simulations.

Each quarter-hour was measured by the meter, or comes from the national platform Leneda.
"""

from array import array
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from math import isnan
from zlib import crc32

from ..history.calendar import QUARTER_HOUR, month_end, month_start
from ..history.month_columns import ORIGINS, MonthColumns
from ..history.quarter_hour import Origin, QuarterHour
from ..history.register_amounts import DECIMALS
from ..prices.contract import REFERENCE_POWERS, Contracts
from .ledger import WH_A_KW
from .leneda_days import LenedaDays

ABOVE_CONTRACT = 16
"""Bit in a result of `QuarterHours.above`: the contract's reference power is exceeded. The four
lower bits are the number of reference powers of the tariff that are exceeded (0 to 10)."""

type Run = tuple[int, int, Origin]
"""Successive quarter-hours from Leneda: index of the first quarter-hour, count, origin."""


class QuarterHours:
    """Energies in Wh of successive quarter-hours. The first quarter-hour begins at `start`."""

    def __init__(
        self,
        columns: Mapping[datetime, MonthColumns],
        leneda: LenedaDays,
        start: datetime,
        end: datetime,
    ) -> None:
        """Take the quarter-hours from `start`, which is a midnight, to `end`.

        Unknown quarter-hours at the end are left out.
        """
        self.start = start
        self._imported = array("d")
        self._exported = array("d")
        self._origins = bytearray()
        time = start
        while time < end:
            month = month_start(time)
            until = min(end, month_end(month).astimezone(start.tzinfo))
            own = columns.get(month) or MonthColumns(month)
            other = leneda.months.get(month) or MonthColumns(month)
            first, last = ((moment - own.first) // QUARTER_HOUR for moment in (time, until))
            imported, exported, origins = own.overlaid(other, first, last)
            self._imported.extend(imported)
            self._exported.extend(exported)
            self._origins += origins
            time = until
        count = len(self._imported)
        while count and isnan(self._imported[count - 1]):
            count -= 1
        for column in (self._imported, self._exported, self._origins):
            del column[count:]

    @property
    def end(self) -> datetime:
        """Return the end of the last quarter-hour."""
        return self.start + len(self._imported) * QUARTER_HOUR

    def mark(self, today: datetime) -> str:
        """Return a checksum that changes if a value before `today` changes."""
        part = self._slice(self.start, today)
        mark = crc32(self.start.isoformat().encode())
        for values in (self._imported[part], self._exported[part], self._origins[part]):
            mark = crc32(values, mark)
        return f"{mark:08x}"

    def values(self, quantity: str, start: datetime, end: datetime) -> list[int | None]:
        """Return the energy of each quarter-hour from `start` to `end`, in whole Wh.

        An energy is None if it is unknown. `quantity` is "imported" or "exported". For any other
        text, the result is the imported energy minus the exported energy.
        """
        part = self._slice(start, end)
        imported, exported = self._imported[part], self._exported[part]
        exact = {"imported": imported, "exported": exported}.get(quantity)
        if exact is None:
            exact = array("d", map(_net, imported, exported, strict=True))
        return [None if isnan(wh) else round(wh) for wh in exact]

    def larger(self, start: datetime, above: bytes) -> list[int | None]:
        """Return the larger of imported and exported energy for each quarter-hour, in whole Wh.

        An exported energy has a minus sign. The energy is None if the imported energy is unknown.
        The argument `above` is the result of the method `above` for the same `start`. For a
        quarter-hour that exceeds a reference power, the imported energy is returned even if the
        exported energy is larger.
        """
        first = self._slice(start, self.end).start
        part = slice(first, first + len(above))
        columns = zip(self._imported[part], self._exported[part], above, strict=True)
        return [
            None if isnan(wh) else -round(fed_wh) if fed_wh > wh and not mark else round(wh)
            for wh, fed_wh, mark in columns
        ]

    def above(self, start: datetime, end: datetime, contracts: Contracts) -> bytes:
        """Return for each quarter-hour how many reference powers its imported energy exceeds.

        The result has a byte for each quarter-hour. Only the reference powers of the tariff are
        counted. ABOVE_CONTRACT is added where the energy exceeds the contract's reference power.
        """
        part = self._slice(start, end)
        marks = bytearray(part.stop - part.start if part.stop > part.start else 0)
        references = [contract.reference_kw for _, contract in contracts.entries]
        least_wh = min([REFERENCE_POWERS[0], *(kw for kw in references if kw)]) * 250
        for index, imported_wh in enumerate(self._imported[part]):
            # Most quarter-hours are far below `least_wh`, so this check comes first. An unknown
            # energy (NaN) fails the check, too.
            if imported_wh > least_wh:
                time = self.start + (part.start + index) * QUARTER_HOUR
                kw = contracts.at(time).reference_kw
                marks[index] = _mark_of(round(imported_wh, DECIMALS), kw)
        return bytes(marks)

    def origins(self, start: datetime, end: datetime) -> Iterator[Run]:
        """Yield the runs of successive quarter-hours from Leneda that have the same origin.

        A run has the index of its first quarter-hour counted from `start`, its length, and its
        origin.
        """
        index = 0
        for code, group in groupby(self._origins[self._slice(start, end)]):
            count = len(list(group))
            if origin := ORIGINS[code]:
                yield index, count, origin
            index += count

    def peak(self, start: datetime, end: datetime) -> QuarterHour | None:
        """Return the quarter-hour with the highest imported energy.

        If several are equal, return the first. Return None if no energy is known.
        """
        part = self._slice(start, end)
        pairs = [(wh, -n) for n, wh in enumerate(self._imported[part], part.start) if not isnan(wh)]
        if not pairs:
            return None
        wh, n = max(pairs)
        return QuarterHour(self.start - n * QUARTER_HOUR, wh * 4 / 1000)

    def _slice(self, start: datetime, end: datetime) -> slice:
        first, last = ((time - self.start) // QUARTER_HOUR for time in (start, end))
        return slice(max(0, first), max(0, min(last, len(self._imported))))


def quarter_hours_between(
    columns: Mapping[datetime, MonthColumns], leneda: LenedaDays, start: datetime, end: datetime
) -> Iterator[QuarterHour]:
    """Yield the quarter-hours that begin at `start` or later and before `end`, in order.

    `leneda` has Leneda's data. A quarter-hour that was not measured is taken from `leneda`.
    """
    for month in sorted({*columns, *leneda.months}):
        own, other = (of.get(month) or MonthColumns(month) for of in (columns, leneda.months))
        # A quarter-hour that began before the period is not part of the period. So round up to the
        # start of the next quarter-hour.
        first, last = (-((own.first - time) // QUARTER_HOUR) for time in (start, end))
        for place in range(max(0, first), min(last, own.size)):
            if own.is_known(place):
                yield own.quarter_hour_at(place)
            elif other.is_known(place):
                yield other.quarter_hour_at(place)


def _mark_of(imported_wh: float, kw: float | None) -> int:
    count = sum(imported_wh > power * WH_A_KW for power in REFERENCE_POWERS)
    return count | ABOVE_CONTRACT if kw is not None and imported_wh > kw * WH_A_KW else count


def _net(imported_wh: float, exported_wh: float) -> float:
    """Return imported minus exported energy. An unknown exported energy counts as 0."""
    return imported_wh if isnan(exported_wh) else imported_wh - exported_wh
