"""Spans as lines of plain text, a file for each month, to which lines are only ever added.

A line has the start, in UTC; the kind and the end of a span that is no quarter-hour; the energies
that came; what the market's prices made of them; the registers at its end; its number; and a check
of all that, without which a line is believed as well. The first line of a file names the columns
and the version of the format. Lines of version 1 have a start and four energies, and no number: of
two about one quarter-hour, the later one counts.

Where a number is missing, lines were lost. The registers around them tell how much energy that was,
which becomes a gap: it is there again once the lines are. So it is with files that were removed on
purpose, but these are not missed: a file beside them has their numbers.
"""

import re
from binascii import crc_hqx
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan
from operator import attrgetter
from typing import NamedTuple

from .calendar import LUXEMBOURG, QUARTER_HOUR, month_start, quarter_start
from .meter_clock_jumps import ReadingSegment
from .register_rises import DECIMALS, Amounts, Registers
from .spans import Kind, MonthColumns, Position, Row, Span, gap_between, position_of

HEADER = (
    "start,span,imported_wh,exported_wh,reactive_imported_varh,reactive_exported_varh,"
    "market_cost,market_wh,market_revenue,market_exported_wh,"
    "imported_register_wh,exported_register_wh,number,check,version=2\n"
)
REMOVED = "removed"
"""The name of the file that has the numbers of removed lines, "1-2976" in each of its own."""
_COLUMNS, _COLUMNS_1 = 13, 5
_MAX_WH = 1e9
_MAX_REGISTER_WH = 1e13
_MAX_NUMBER = 10**12
_YEARS = range(1999, 2101)
# Of an exported energy that came by the end of a quarter-hour, and perhaps before it.
_LATE = "~"
_MIN_MARKET = (-_MAX_WH, 0.0, -_MAX_WH, 0.0)
_SECOND = timedelta(seconds=1)
_VERSION = re.compile(rb"version=([0-9]+)")

type Files = Mapping[str, bytes | None]
"""What files of months hold, by their names, "2026-06"; None for one that cannot be read.

So does the file `REMOVED`."""


class UnknownVersionError(ValueError):
    """The file has a format that is not known."""


def month_name(time: datetime) -> str:
    """Return the year and month of a moment in Luxembourg: "2026-06"."""
    return f"{time.astimezone(LUXEMBOURG):%Y-%m}"


def as_decimal(value: float | None) -> str:
    """Return a number as text, with up to 6 decimals and no exponent; nothing for None."""
    if value is None:
        return ""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def line_of(span: Span) -> str:
    """Return the line of a span."""
    amounts, is_quarter = span.amounts, span.kind is Kind.QUARTER_HOUR
    exported_wh: float | None = amounts.exported_wh
    late = ""
    if is_quarter and not amounts.is_exported_exact:
        late, exported_wh = (_LATE, exported_wh) if exported_wh else ("", None)
    cells = (
        _time(span.start),
        "" if is_quarter else f"{span.kind} {_time(span.end)}",
        as_decimal(amounts.imported_wh),
        late + as_decimal(exported_wh),
        *(map(as_decimal, amounts[3:5]) if is_quarter else ("", "")),
        *(as_decimal(each or None) for each in amounts.market),
        as_decimal(span.imported_register_wh),
        as_decimal(span.exported_register_wh),
        str(span.number),
    )
    text = ",".join(cells)
    return f"{text},{_check(text)}\n"


def _check(text: str) -> str:
    """Return the check of a line, CRC-16.

    It begins with a letter: a line that has lost a comma is then none of those without a check.
    """
    return f"x{crc_hqx(text.encode(), 0):04x}"


def _cells_of(line: str) -> list[str]:
    """Return the cells of a line without its check. Raises ValueError where that is wrong."""
    text, _, check = line.rstrip("\r").rpartition(",")
    cells = text.split(",")
    if len(cells) != _COLUMNS:
        return [*cells, check]
    if check and check != _check(text):
        raise ValueError
    return cells


def _time(time: datetime) -> str:
    utc = time.astimezone(UTC)
    whole = not utc.second and not utc.microsecond
    return utc.isoformat(timespec="minutes" if whole else "auto").replace("+00:00", "Z")


def span_of(line: str, *, is_numbered: bool = True) -> Span:
    """Return the span of a line without its end. Raises ValueError for a line that is none."""
    return _span_of(_cells_of(line), is_numbered=is_numbered)


def _span_of(cells: list[str], *, is_numbered: bool = True) -> Span:
    if len(cells) == _COLUMNS_1:
        cells = [cells[0], "", *cells[1:], *[""] * 6, "0"]
    elif len(cells) != _COLUMNS or (cells[12] == "0") is is_numbered:
        raise ValueError
    start = _parse_time(cells[0])
    kind, _, end_text = cells[1].partition(" ")
    end = _parse_time(end_text) if kind else start + QUARTER_HOUR
    if end < start or (not kind and start != quarter_start(start)):
        raise ValueError
    amounts = _amounts_of(cells, is_quarter=not kind)
    number = int(cells[12])
    if not 0 <= number <= _MAX_NUMBER:
        raise ValueError
    registers = _register(cells[10]), _register(cells[11])
    return Span(start, end, Kind(kind), amounts, *registers, number)


def _amounts_of(cells: list[str], *, is_quarter: bool) -> Amounts:
    exported = cells[3]
    is_known = exported != "" or not is_quarter
    market = map(_market_amount, cells[6:10], _MIN_MARKET, strict=True)
    return Amounts(
        _amount(cells[2]),
        _amount(exported.removeprefix(_LATE) or "0"),
        is_known and not exported.startswith(_LATE),
        _amount(cells[4]) if cells[4] else None,
        _amount(cells[5]) if cells[5] else None,
        *market,
    )


def _parse_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None or time.year not in _YEARS:
        raise ValueError
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def _market_amount(text: str, least: float) -> float:
    return _amount(text, least) if text else 0.0


def _amount(text: str, least: float = 0.0) -> float:
    number = float(text)
    if not least <= number <= _MAX_WH:
        raise ValueError
    return number


def _is_plain(cells: list[str]) -> bool:
    """Return whether cells are a quarter-hour whose energies and register are known."""
    is_quarter = len(cells) == _COLUMNS and not cells[1] and cells[10] != ""
    return is_quarter and cells[3][:1] not in {"", _LATE}


def _are_possible(imported_wh: float, exported_wh: float, register_wh: float, number: int) -> bool:
    is_energy = 0 <= imported_wh <= _MAX_WH and 0 <= exported_wh <= _MAX_WH
    return is_energy and 0 <= register_wh <= _MAX_REGISTER_WH and 0 < number <= _MAX_NUMBER


def _market_of(cells: list[str]) -> tuple[float, ...]:
    return tuple(map(_market_amount, cells[6:10], _MIN_MARKET, strict=True))


def _reactive(text: str) -> float | None:
    return float(text) if text else None


def _register(text: str) -> float | None:
    if not text:
        return None
    number = float(text)
    if not 0 <= number <= _MAX_REGISTER_WH:
        raise ValueError
    return number


def lines_of_file(data: bytes) -> list[bytes]:
    """Return the whole lines of a file without its first one; what a kill has torn is none.

    Raises UnknownVersionError for a file of another format.
    """
    header, *lines = data.split(b"\n")
    version = _VERSION.search(header)
    if version and version[1] != b"2":
        raise UnknownVersionError
    if lines and not header.startswith(b"start,"):
        # It may be a line, and it may be damaged.
        lines.insert(0, header)
    return lines[:-1]


def with_removed(removed: bytes, name: str, data: bytes) -> bytes:
    """Return what the file `REMOVED` is to hold once the file of a month is removed, too."""
    reader = RowReader({name: data})
    numbers: list[range] = []
    found = [*_numbers_of(removed), *(range(run.first, run.last + 1) for run in reader.runs)]
    for each in sorted(found, key=attrgetter("start")):
        if numbers and each.start <= numbers[-1].stop:
            numbers[-1] = range(numbers[-1].start, max(numbers[-1].stop, each.stop))
        else:
            numbers.append(each)
    return "".join(f"{each.start}-{each.stop - 1}\n" for each in numbers).encode()


def _numbers_of(removed: bytes | None) -> list[range]:
    """Return the numbers that the file `REMOVED` has."""
    found = re.findall(rb"^([0-9]{1,13})-([0-9]{1,13})$", removed or b"", re.MULTILINE)
    return [range(int(first), int(last) + 1) for first, last in found]


class _Run(NamedTuple):
    """Spans whose numbers follow each other."""

    first: int
    start: Position
    last: int
    end: Position


class RowReader:
    """Makes a row of the lines of files.

    `damaged` are the months in whose files lines are damaged, or lost. `new` are the spans after
    the one with the given number, which came after the state was stored that the number is of.
    `end` is where the last one ends. `runs` are the numbers that there are, in their order.
    """

    def __init__(self, files: Files, number: int | None = None) -> None:
        self.row = Row()
        self.damaged: set[str] = set()
        self.new: list[Span] = []
        self.lost: Span | None = None
        self.end: Position | None = None
        self.runs: list[_Run] = []
        self._number = inf if number is None else number
        self._removed = _numbers_of(files.get(REMOVED))
        for name in sorted(files.keys() - {REMOVED}):
            self._read(name, files[name])

    def _read(self, name: str, data: bytes | None) -> None:
        """Read the file of a month, or as much of its end as there is."""
        month: MonthColumns | None = None
        try:
            lines = [] if data is None else lines_of_file(data)
        except UnknownVersionError:
            data, lines = None, []
        if data is None:
            self.damaged.add(name)
        for line in lines:
            try:
                cells = _cells_of(line.decode("ascii"))
                month = month or self._month_of(cells, name)
                self._take(cells, month)
            except TypeError, ValueError:  # also what is no text, or a time of no time zone
                self.damaged.add(name)

    def _month_of(self, cells: list[str], name: str) -> MonthColumns:
        start = _span_of(cells).start
        if month_name(start) != name:
            raise ValueError
        return self.row.month(start)

    def _take(self, cells: list[str], month: MonthColumns) -> None:
        if _is_plain(cells):
            self._take_plain(cells, month)
        else:
            self._take_span(_span_of(cells), month)

    def _take_plain(self, cells: list[str], month: MonthColumns) -> None:
        """Take a line as nearly all are: a year has 35,000 of them."""
        start = datetime.fromisoformat(cells[0])
        passed = start - month.first
        place, rest = divmod(passed.days * 86_400 + passed.seconds, 900)
        imported_wh, exported_wh = float(cells[2]), float(cells[3])
        register_wh, number = float(cells[10]), int(cells[12])
        market = _market_of(cells) if cells[7] or cells[9] else None
        reactive = _reactive(cells[4]), _reactive(cells[5])
        energies = imported_wh, exported_wh, register_wh
        if rest or not 0 <= place < month.most or not _are_possible(*energies, number):
            raise ValueError
        end = Position(start + QUARTER_HOUR, register_wh, _register(cells[11]))
        if month.is_known(place) or number > self._number or not self._goes_on(number, end):
            self._take_span(_span_of(cells), month)
            return
        month.put(place, imported_wh, exported_wh, market, reactive_varh=reactive)

    def _goes_on(self, number: int, end: Position) -> bool:
        """Return whether a span follows the last one, and note that."""
        if not self.runs or self.runs[-1].last + 1 != number:
            return False
        first, begin, *_ = self.runs[-1]
        self.runs[-1] = _Run(first, begin, number, end)
        return True

    def _take_span(self, span: Span, month: MonthColumns) -> None:
        if span.kind is Kind.QUARTER_HOUR:
            place = month.place_of(span.start)
        elif month_start(span.start) != month.start:
            raise ValueError
        if span.number:
            if not self._note(span):
                return
            if span.number > self._number:
                self.new.append(span)
            self.row.put(span)
        elif span.kind is Kind.QUARTER_HOUR:
            amounts = span.amounts
            exported_wh = amounts.exported_wh if amounts.is_exported_exact else nan
            reactive = amounts.reactive_imported_varh, amounts.reactive_exported_varh
            month.put(place, amounts.imported_wh, exported_wh, reactive_varh=reactive)

    def _note(self, span: Span) -> bool:
        """Return whether a number is new; a line that was written twice is there once."""
        number = span.number
        start, end = _positions(span)
        if not self._goes_on(number, end):
            index = bisect_right(self.runs, number, key=attrgetter("first"))
            if index and number <= self.runs[index - 1].last:
                return False
            self.runs.insert(index, _Run(number, start, number, end))
        return True

    def close(self, begun: Registers | None = None, state: ReadingSegment | None = None) -> None:
        """Make gaps of lost lines.

        The row began at `begun`, and the stored state goes on with a segment. What is lost before
        that is `lost`: it is to be added to the row.
        """
        known, self.end = (self.runs[-1].last, self.runs[-1].end) if self.runs else (0, None)
        runs = self.runs
        if not runs and state:
            first = position_of(state.first)
            runs = [_Run(int(self._number) + 1, first, 0, first)]
        if begun:
            runs = [_Run(0, position_of(begun), 0, position_of(begun)), *runs]
        self._put_gaps(runs)
        if state and known < self._number < inf:
            self.lost = self._gap(self.end or position_of(state.first), state.position)
        self.row.number = known if self._number == inf else max(known, int(self._number))
        self.new.sort(key=attrgetter("number"))

    def _put_gaps(self, runs: list[_Run]) -> None:
        for before, after in pairwise(runs):
            first, last = before.last + 1, after.first - 1
            is_lost = not any(each.start <= last and first < each.stop for each in self._removed)
            if first <= last and (gap := self._gap(before.end, after.start, is_lost=is_lost)):
                self.row.put(gap)

    def _gap(self, before: Position, after: Position, *, is_lost: bool = True) -> Span | None:
        """Return what came between two lines, if that is known, and note that others are lost."""
        gap = gap_between(before, after)
        has_energy = gap and (gap.amounts.imported_wh or gap.amounts.exported_wh)
        if is_lost and (has_energy or after.time - before.time >= _SECOND):
            self.damaged.add(month_name(before.time))
        return gap if has_energy else None


def _positions(span: Span) -> tuple[Position, Position]:
    """Return the registers at the start and at the end of a span; NaN where they are unknown."""
    amounts = span.amounts
    imported_wh, exported_wh = span.imported_register_wh, span.exported_register_wh
    if imported_wh is None:
        imported_wh = nan
    before_wh = None if exported_wh is None else exported_wh - amounts.exported_wh
    return (
        Position(span.start, imported_wh - amounts.imported_wh, before_wh),
        Position(span.end, imported_wh, exported_wh),
    )
