"""Reader that restores the spans of a connection (its quarter-hours and gaps) from its month files.

The lines are numbered, so a missing number means that a line was lost. The registers in the lines
before and after it show how much energy was lost. This energy becomes a gap until the line is
restored. The file `REMOVED` has the numbers of lines that were removed on purpose.
"""

import re
from bisect import bisect_right
from datetime import datetime
from itertools import pairwise
from math import inf, nan
from operator import attrgetter
from typing import NamedTuple

from ..stored_values import utc_time
from .luxembourg_time import QUARTER_HOUR, SECOND, month_start
from .month_columns import MonthColumns, Row
from .month_file_lines import LATE, Files, lines_of_file, month_name, span_of_cells, split_line
from .reading_segments import ReadingSegment
from .register_amounts import Registers
from .spans import Span, SpanKind, end_of, gap_between

REMOVED = "removed"
"""Name of the file with the numbers of removed spans. Each line is a range, such as "1-2976"."""


def with_removed(removed: bytes, name: str, data: bytes) -> bytes:
    """Return the new content of the file `REMOVED` when the month file `name` is removed.

    `removed` is the old content. The new content also has the numbers of all spans in `data`, the
    content of the month file.
    """
    numbers: list[range] = []
    runs = (range(run.first, run.last + 1) for run in RowReader({name: data}).runs)
    for block in sorted([*_numbers_of(removed), *runs], key=attrgetter("start")):
        if numbers and block.start <= numbers[-1].stop:
            numbers[-1] = range(numbers[-1].start, max(numbers[-1].stop, block.stop))
        else:
            numbers.append(block)
    return "".join(f"{block.start}-{block.stop - 1}\n" for block in numbers).encode()


def _numbers_of(removed: bytes | None) -> list[range]:
    """Return the ranges of numbers in `removed`, the content of the file `REMOVED`."""
    pairs = re.findall(rb"^([0-9]{1,13})-([0-9]{1,13})$", removed or b"", re.MULTILINE)
    return [range(int(first), int(last) + 1) for first, last in pairs]


class _Run(NamedTuple):
    """Consecutive numbers of spans, and the registers where these spans start and end."""

    first: int
    start: Registers
    last: int
    end: Registers


class RowReader:
    """Reader of a connection's spans from its month files. `row` has the restored spans.

    `damaged` has the months with damaged or lost lines. `number` is the number of the last span
    that the stored state includes. `new` has the later spans. `end` has the registers at the end of
    the last span. `runs` has the numbers of all spans as ranges, in ascending order.
    """

    def __init__(self, files: Files, number: int | None = None) -> None:
        self.row = Row()
        self.damaged: set[str] = set()
        self.new: list[Span] = []
        self.lost: Span | None = None
        self.end: Registers | None = None
        self.runs: list[_Run] = []
        self._gaps: dict[int, Span] = {}
        """Gaps by their numbers. `close` puts the gaps into the row when all lines are known."""
        self._number = inf if number is None else number
        self._removed = _numbers_of(files.get(REMOVED))
        for name in sorted(files.keys() - {REMOVED}):
            self._read(name, files[name])

    def _read(self, name: str, data: bytes) -> None:
        """Read a month file. Record the month as damaged if the file or a line is unreadable."""
        try:
            lines = lines_of_file(data)
            start = utc_time(f"{name}-01T12:00Z")
        except ValueError:
            self.damaged.add(name)
            return
        month = self.row.month(start) if lines else MonthColumns(month_start(start))
        for line in lines:
            try:
                self._take(line.decode("ascii"), month)
            except TypeError, ValueError:  # TypeError for a time without zone, ValueError otherwise
                self.damaged.add(name)

    def _take(self, line: str, month: MonthColumns) -> None:
        cells, is_checked = split_line(line)
        is_plain = is_checked and not cells[1] and cells[3][:1] not in {"", LATE} and cells[6]
        if not is_plain or not self._take_plain(cells, month):
            self._take_span(span_of_cells(cells), month)

    def _take_plain(self, cells: list[str], month: MonthColumns) -> bool:
        """Put the measured quarter-hour of a line into `month` without making a `Span`.

        A year has 35,000 quarter-hours. It would take a long time to make a `Span` for each of
        them. If the line is newer than the stored state, repeated or out of order, change nothing
        and return False. The caller must then pass the line to `_take_span`.
        """
        start = datetime.fromisoformat(cells[0])
        passed = start - month.first
        place = (passed.days * 86_400 + passed.seconds) // 900
        if not 0 <= place < month.size:
            raise ValueError
        number = int(cells[8])
        end = Registers(start + QUARTER_HOUR, float(cells[6]), _float(cells[7]))
        if number > self._number or month.is_known(place) or not self._goes_on(number, end):
            return False
        reactive = _float(cells[4]), _float(cells[5])
        month.put(place, float(cells[2]), float(cells[3]), reactive_varh=reactive)
        return True

    def _goes_on(self, number: int, end: Registers) -> bool:
        """Return whether `number` directly follows the last range of numbers in `runs`.

        If it follows, add `number` to this range, so that `end` is the new end of the range.
        """
        if not self.runs or self.runs[-1].last + 1 != number:
            return False
        first, begin, *_ = self.runs[-1]
        self.runs[-1] = _Run(first, begin, number, end)
        return True

    def _take_span(self, span: Span, month: MonthColumns) -> None:
        if month_start(span.start) != month.start:
            raise ValueError
        if not self._note(span):
            return
        if span.number > self._number:
            self.new.append(span)
        if span.kind is SpanKind.GAP:
            self._gaps[span.number] = span
        else:
            self.row.put(span)

    def _note(self, span: Span) -> bool:
        """Record the number of a span. Return False if the number is recorded already."""
        number = span.number
        start, end = _positions(span)
        if span.kind is SpanKind.GAP or not self._goes_on(number, end):
            index = bisect_right(self.runs, number, key=attrgetter("first"))
            if index and number <= self.runs[index - 1].last:
                return False
            self.runs.insert(index, _Run(number, start, number, end))
        return True

    def close(self, begun: Registers | None = None, segment: ReadingSegment | None = None) -> None:
        """Add a gap for each range of missing span numbers. Call this after all files were read.

        `begun` is the first reading of the connection, at the start of the first span. `segment` is
        the stored segment of readings after the last span. If energy was lost between the last line
        and this segment, `lost` is set to a gap with this energy.
        """
        self._clip_gaps()
        last_number, self.end = (self.runs[-1].last, self.runs[-1].end) if self.runs else (0, None)
        runs = self.runs
        if not runs and segment:
            first = segment.first
            runs = [_Run(int(self._number) + 1, first, 0, first)]
        if begun:
            runs = [_Run(0, begun, 0, begun), *runs]
        self._put_gaps(runs)
        if segment and last_number < self._number < inf:
            self.lost = self._gap(self.end or segment.first, segment.position)
        self.row.number = (
            last_number if self._number == inf else max(last_number, int(self._number))
        )
        self.new.sort(key=attrgetter("number"))
        # When the row has too many months, `Row` removes one of them. It removes the first month in
        # this dict, unless another month has less than a day of quarter-hours. So sort the dict, so
        # that the oldest month comes first.
        self.row.months = dict(sorted(self.row.months.items()))

    def _clip_gaps(self) -> None:
        """Add the gaps from the files to the restored spans.

        If lines were restored after a gap was written, they can cover the beginning of the gap. So
        shorten such a gap.
        """
        for index, (before, after) in enumerate(pairwise(self.runs), 1):
            gap = self._gaps.get(after.first)
            if gap is None or not gap.start < before.end.time <= gap.end:
                continue
            rest = gap_between(before.end, end_of(gap))
            if rest and rest.amounts.imported_wh < gap.amounts.imported_wh:
                self._gaps[after.first] = rest._replace(number=after.first)
                self.runs[index] = after._replace(start=before.end)
        for gap in self._gaps.values():
            self.row.put(gap)

    def _put_gaps(self, runs: list[_Run]) -> None:
        for before, after in pairwise(runs):
            first, last = before.last + 1, after.first - 1
            is_lost = not any(block.start <= last and first < block.stop for block in self._removed)
            if first <= last and (gap := self._gap(before.end, after.start, is_lost=is_lost)):
                self.row.put(gap)

    def _gap(self, before: Registers, after: Registers, *, is_lost: bool = True) -> Span | None:
        """Return the gap between two positions. Return None if the gap has no energy.

        With `is_lost`, the gap comes from lost lines, so its month is added to `damaged`.
        """
        gap = gap_between(before, after)
        has_energy = gap and (gap.amounts.imported_wh or gap.amounts.exported_wh)
        if is_lost and (has_energy or after.time - before.time >= SECOND):
            self.damaged.add(month_name(before.time))
        return gap if has_energy else None


def _float(text: str) -> float | None:
    return float(text) if text else None


def _positions(span: Span) -> tuple[Registers, Registers]:
    """Return the registers at the start and at the end of a span.

    If the register of imported energy is unknown, its value is NaN.
    """
    amounts = span.amounts
    imported_wh, exported_wh = span.imported_register_wh, span.exported_register_wh
    if imported_wh is None:
        imported_wh = nan
    before_wh = None if exported_wh is None else exported_wh - amounts.exported_wh
    return (
        Registers(span.start, imported_wh - amounts.imported_wh, before_wh),
        Registers(span.end, imported_wh, exported_wh),
    )
