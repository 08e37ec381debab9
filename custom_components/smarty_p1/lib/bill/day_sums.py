"""Computation of a month's days from its spans and contracts. Days are never stored.

A measured quarter-hour replaces a quarter-hour of the national platform Leneda. Quarter-hours from
either source replace gaps and parts of quarter-hours (`loose_energy_by_day.py`), and can include
shared energy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from itertools import compress, repeat
from typing import NamedTuple

from ..history.calendar import QUARTER_HOUR, day_start
from ..history.month_columns import ORIGINS, MonthColumns
from ..history.quarter_hour import QuarterHour
from ..history.register_amounts import DECIMALS, rounded_market
from ..history.spans import Period, Span
from ..prices.contract import Contract
from ..prices.time_of_use import TimeOfUseSplit, is_second, joined_splits, second_quarters
from .leneda_days import LenedaDays
from .loose_energy_by_day import Piece, RowView
from .month import MARKET_AMOUNTS, ClassExcess, Day, Shared, above_classes
from .sharing import PricedQuarter, shared_of

_NO_MARKET = (0.0,) * 4
_NEVER = datetime.max.replace(tzinfo=UTC)


class KnownDay(NamedTuple):
    """A day, or the part of a day under one contract, with its highest quarter-hour."""

    day: Day
    peak: QuarterHour | None


def days_of(month: MonthColumns, view: RowView, period: Period) -> Iterator[KnownDay]:
    """Yield the days of `period` with known energy. `period` lies within `month`."""
    begin, end = period
    pieces = view.pieces(month, period) if month.loose else {}
    while begin < end:
        part_end = min(view.contracts.part_end(begin), end)
        contracts = view.contracts.between(begin, _NEVER)
        part = _Part(month, view.leneda, contracts, begin, part_end)
        if day := part.known_day(pieces.get(begin, ())):
            yield day
        begin = part_end


class _Part(NamedTuple):
    """Part of a day under one contract. Usually, the whole day has one contract."""

    month: MonthColumns
    leneda: LenedaDays
    contracts: Sequence[Contract]
    """The contract of the part, and all later contracts."""
    begin: datetime
    end: datetime

    @property
    def contract(self) -> Contract:
        """Return the contract of the part."""
        return self.contracts[0]

    def known_day(self, pieces: Sequence[Piece]) -> KnownDay | None:
        """Return the sums and the highest quarter-hour of this `_Part`.

        The sums contain the energies of the quarter-hours and the energies of `pieces`. A piece is
        the energy that a gap or an incomplete quarter-hour has in this `_Part`. Return None if no
        energy is known.
        """
        month, begin = self.month, self.begin
        # A quarter-hour belongs to the contract that holds at its start. So round the begin and the
        # end of this `_Part` up to the start of a quarter-hour.
        first, last = (-((month.first - time) // QUARTER_HOUR) for time in (begin, self.end))
        imported, exported, origins = self._columns(first, last)
        repeated = [span for span in month.repeated if begin <= span.start < self.end]
        energies = _known(imported) + [span.amounts.imported_wh for span in repeated]
        if not energies and not pieces:
            return None
        max_quarter_hours = (self.end - begin) // QUARTER_HOUR
        imported_wh, exported_wh, gap_wh, *_ = zip(*pieces, strict=True) if pieces else [()] * 3
        day = Day(
            start=begin,
            imported_wh=_sum(energies, imported_wh),
            exported_wh=_sum(
                _known(exported),
                month.late_between(first, last),
                [span.amounts.exported_wh for span in repeated],
                exported_wh,
            ),
            gap_wh=_sum(gap_wh),
            quarter_hours=min(len(energies), max_quarter_hours),
            leneda_quarter_hours=len(origins) - origins.count(0),
            estimated_quarter_hours=origins.count(2),
            above=_limited(above_classes(energies, self.contract.reference_kw), max_quarter_hours),
            second=self._second(imported, repeated, energies, pieces),
            shared=self._shared(first, imported),
            **self._market(first, last, repeated, pieces),
        )
        return KnownDay(day, self._peak(first, imported, exported, origins, repeated))

    def _columns(
        self, first: int, last: int
    ) -> tuple[Sequence[float], Sequence[float], bytes | bytearray]:
        month, other = self.month, self.leneda.months.get(self.month.start)
        if other is None:
            return month.imported[first:last], month.exported[first:last], b""
        return month.overlaid(other, first, last)

    def _second(
        self,
        imported: Sequence[float],
        repeated: Iterable[Span],
        energies: Sequence[float],
        pieces: Sequence[Piece],
    ) -> Mapping[str, TimeOfUseSplit]:
        # A forecast uses this day as the model of coming days, which may have a later contract. So
        # also split the energy by the hours of all later contracts.
        every = {hours for contract in self.contracts if (hours := contract.second_hours)}
        if not every or not energies:
            return _of(pieces)
        midnight = day_start(self.begin)
        offset = -((midnight - self.begin) // QUARTER_HOUR)
        splits = {}
        for hours in every:
            is_second_hour = second_quarters(hours, midnight)
            second_wh = sum(_known([*compress(imported, is_second_hour[offset:])]))
            for span in repeated:
                second_wh += span.amounts.imported_wh if is_second(hours, span.start) else 0.0
            splits[hours] = TimeOfUseSplit(sum(energies), second_wh)
        return _of(pieces, splits)

    def _shared(self, first: int, imported: Sequence[float]) -> Shared | None:
        sharing = self.leneda.sharing.get(day_start(self.begin))
        if not sharing:
            return None
        start, end = self.month.first, first + len(imported)
        bought = [column[first:end] if column else repeat(0.0) for column in self.month.market[:2]]
        quarters = [
            PricedQuarter(start + place * QUARTER_HOUR, wh, *market)
            for place, (wh, *market) in enumerate(zip(imported, *bought, strict=False), first)
            if wh == wh  # noqa: PLR0124
        ]
        return shared_of(quarters, sharing, self.contract)

    def _market(
        self, first: int, last: int, repeated: Iterable[Span], pieces: Iterable[Piece]
    ) -> dict[str, float]:
        markets = [span.amounts.market for span in repeated] + [piece.market for piece in pieces]
        columns = self.month.market
        markets.append(tuple([sum(column[first:last]) if column else 0.0 for column in columns]))
        sums = map(sum, zip(_NO_MARKET, *markets, strict=True))
        return dict(zip(MARKET_AMOUNTS, rounded_market(sums), strict=True))

    def _peak(
        self,
        first: int,
        imported: Sequence[float],
        exported: Sequence[float],
        origins: bytes | bytearray,
        repeated: Iterable[Span],
    ) -> QuarterHour | None:
        candidates = [span.quarter_hour for span in repeated]
        highest_wh = max(_known(imported), default=None)
        if highest_wh is not None:
            n = list(imported).index(highest_wh)
            fed_wh = exported[n]
            start = self.month.first + (first + n) * QUARTER_HOUR
            fed_kwh = None if fed_wh != fed_wh else round(fed_wh / 1000, DECIMALS)  # noqa: PLR0124
            mean_kw = round(highest_wh / 250, DECIMALS)
            origin = ORIGINS[origins[n]] if origins else None
            candidates.append(QuarterHour(start, mean_kw, fed_kwh, origin=origin))
        return highest_of(candidates)


def _known(energies_wh: Sequence[float]) -> list[float]:
    return [wh for wh in energies_wh if wh == wh]  # noqa: PLR0124 - False for NaN


def _sum(*energies_wh: Sequence[float]) -> float:
    return round(sum(map(sum, energies_wh)), DECIMALS)


def highest_of(quarters: Iterable[QuarterHour]) -> QuarterHour | None:
    """Return the quarter-hour with the highest power. If several are equal, return the first.

    Return None if there are no quarter-hours.
    """
    return min(quarters, key=lambda quarter: (-quarter.mean_kw, quarter.start), default=None)


def _limited(above: dict[float, ClassExcess], max_count: int) -> dict[float, ClassExcess]:
    """Return `above` with all counts of quarter-hours limited to `max_count`.

    A clock that is set back repeats quarter-hours, so a count can be above the number of
    quarter-hours in the day.
    """
    return {
        kw: ClassExcess(min(excess.quarter_hours, max_count), excess.energy_wh)
        for kw, excess in above.items()
    }


def _of(
    pieces: Sequence[Piece], splits: Mapping[str, TimeOfUseSplit] | None = None
) -> Mapping[str, TimeOfUseSplit]:
    """Return the rounded sums of all splits, keyed by their time-of-use hours.

    A split is an energy and the part of this energy with the second price. `splits` are the splits
    of whole quarter-hours, and each piece in `pieces` has further splits. Splits with the same
    hours are added up. A key is a text with hours, as in `Contract.second_hours`.
    """
    second = reduce(joined_splits, [piece.second for piece in pieces], splits or {})
    return {
        hours: TimeOfUseSplit(round(split.energy_wh, DECIMALS), round(split.second_wh, DECIMALS))
        for hours, split in second.items()
    }
