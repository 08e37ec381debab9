"""Spans as lines of plain text, a file for each month, to which lines are only ever added.

A line has the start, in UTC; the kind and the end of a span that is no quarter-hour; the energies
that came; what the market's prices made of them; the registers at its end; and its number. The
first line of a file names the columns and the version of the format. Lines of version 1 have a
start and four energies, and no number: of two about one quarter-hour, the later one counts.

Where a number is missing, lines were lost. The registers around them tell how much energy that was,
which becomes a gap: it is there again once the lines are.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan
from operator import attrgetter
from typing import NamedTuple

from .calendar import LUXEMBOURG, QUARTER_HOUR, month_start, quarter_start
from .register_rises import DECIMALS, Amounts
from .spans import Kind, MonthColumns, Position, Row, Span, gap_between

HEADER = (
    "start,span,imported_wh,exported_wh,reactive_imported_varh,reactive_exported_varh,"
    "market_cost,market_wh,market_revenue,market_exported_wh,"
    "imported_register_wh,exported_register_wh,number,version=2\n"
)
HEADER_1 = "start,imported_wh,exported_wh,reactive_imported_varh,reactive_exported_varh\n"
"""The first line of a file of version 1."""
_COLUMNS, _COLUMNS_1 = 13, 5
_MAX_WH = 1e9
_MAX_REGISTER_WH = 1e13
_MAX_NUMBER = 10**12
_YEARS = range(1999, 2101)
# Of an exported energy that came by the end of a quarter-hour, and perhaps before it.
_LATE = "~"
_MIN_MARKET = (-_MAX_WH, 0.0, -_MAX_WH, 0.0)
_SECOND = timedelta(seconds=1)


type Files = Mapping[str, bytes | None]
"""What files of months hold, by their names, "2026-06"; None for one that cannot be read."""


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
    return ",".join(cells) + "\n"


def _time(time: datetime) -> str:
    utc = time.astimezone(UTC)
    whole = not utc.second and not utc.microsecond
    return utc.isoformat(timespec="minutes" if whole else "auto").replace("+00:00", "Z")


def span_of(line: str, *, is_numbered: bool = True) -> Span:
    """Return the span of a line without its end. Raises ValueError for a line that is none."""
    cells = line.split(",")
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
    if b"version=" in header and f"{header.decode(errors='replace')}\n" != HEADER:
        raise UnknownVersionError
    if lines and header.decode(errors="replace") + "\n" not in {HEADER, HEADER_1}:
        # It may be a line, and it may be damaged.
        lines.insert(0, header)
    return lines[:-1]


class _Run(NamedTuple):
    """Spans whose numbers follow each other."""

    first: int
    start: Position
    last: int
    end: Position


class RowReader:
    """Makes a row of the lines of files, given month by month.

    `damaged` are the months in whose files lines are damaged, or lost. `new` are the spans after
    the one with the given number, which came after the state was stored that the number is of.
    `end` is where the last one ends.
    """

    def __init__(self, number: int | None = None) -> None:
        self.row = Row()
        self.damaged: set[str] = set()
        self.new: list[Span] = []
        self.lost: Span | None = None
        self.end: Position | None = None
        self._number = inf if number is None else number
        self._runs: list[_Run] = []

    def read(self, name: str, data: bytes | None) -> None:
        """Read the file of a month, "2026-06", or as much of its end as there is."""
        month: MonthColumns | None = None
        try:
            lines = [] if data is None else lines_of_file(data)
        except UnknownVersionError:
            data, lines = None, []
        if data is None:
            self.damaged.add(name)
        for line in lines:
            try:
                text = line.decode("ascii")
                month = month or self._month_of(text, name)
                self._take(text, month)
            except TypeError, ValueError:  # also what is no text, or a time of no time zone
                self.damaged.add(name)

    def _month_of(self, text: str, name: str) -> MonthColumns:
        start = span_of(text).start
        if month_name(start) != name:
            raise ValueError
        return self.row.month(start)

    def _take(self, text: str, month: MonthColumns) -> None:
        cells = text.split(",")
        if _is_plain(cells):
            self._take_plain(text, cells, month)
        else:
            self._take_span(span_of(text), month)

    def _take_plain(self, text: str, cells: list[str], month: MonthColumns) -> None:
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
        if month.is_known(place) or number > self._number:
            self._take_span(span_of(text), month)
            return
        end = Position(start + QUARTER_HOUR, register_wh, _register(cells[11]))
        if self._goes_on(number, end) or self._note(span_of(text)):
            month.put(place, imported_wh, exported_wh, market, reactive_varh=reactive)

    def _goes_on(self, number: int, end: Position) -> bool:
        """Return whether a span follows the last one, and note that."""
        if not self._runs or self._runs[-1].last + 1 != number:
            return False
        first, begin, *_ = self._runs[-1]
        self._runs[-1] = _Run(first, begin, number, end)
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
        if any(run.first <= number <= run.last for run in self._runs):
            return False
        amounts = span.amounts
        start, end = _positions(span, amounts)
        if not self._goes_on(number, end):
            self._runs.append(_Run(number, start, number, end))
        self.row.number = max(self.row.number, number)
        return True

    def close(self, first: Position | None = None, state: Position | None = None) -> None:
        """Make gaps of lost lines.

        Where a state is stored, `first` is the first position that it knows, and `state` the one
        where it goes on. What is lost before that is `lost`: it is to be added to the row.
        """
        runs = sorted(self._runs)
        for before, after in pairwise(runs):
            if after.first > before.last + 1 and (gap := self._gap(before.end, after.start)):
                self.row.put(gap)
        known = 0
        if runs:
            known, self.end = runs[-1].last, runs[-1].end
        if first and state and known < self._number < inf:
            self.lost = self._gap(self.end or first, state)
        self.row.number = known if self._number == inf else max(known, int(self._number))
        self.new.sort(key=attrgetter("number"))

    def _gap(self, before: Position, after: Position) -> Span | None:
        """Return what came between two lines, if that is known, and note that others are lost."""
        gap = gap_between(before, after)
        has_energy = gap and (gap.amounts.imported_wh or gap.amounts.exported_wh)
        if has_energy or after.time - before.time >= _SECOND:
            self.damaged.add(month_name(before.time))
        return gap if has_energy else None


def _positions(span: Span, amounts: Amounts) -> tuple[Position, Position]:
    """Return the registers at the start and at the end of a span; NaN where they are unknown."""
    imported_wh, exported_wh = span.imported_register_wh, span.exported_register_wh
    if imported_wh is None:
        imported_wh = nan
    before_wh = None if exported_wh is None else exported_wh - amounts.exported_wh
    return (
        Position(span.start, imported_wh - amounts.imported_wh, before_wh),
        Position(span.end, imported_wh, exported_wh),
    )
