"""Market prices from costs. Month files of an earlier version have costs instead of prices."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from ..history.luxembourg_time import QUARTER_HOUR, quarter_start
from ..history.month_file_lines import Files, cells_of, lines_of_file, span_of_cells
from ..history.spans import Span
from .market_price_series import QuarterPrice, is_price

_COSTS = slice(6, 10)
# A stored cost is rounded, so the quotient of a smaller energy has a large error.
_MIN_WH = 0.1

type _Totals = dict[datetime, list[float]]


def prices_of_costs(files: Files) -> tuple[list[QuarterPrice], list[QuarterPrice]]:
    """Return the market prices of imported and of exported energy in month files with costs.

    The price of a quarter-hour is the sum of its costs, divided by the energy that has these costs.
    """
    bought: _Totals = defaultdict(lambda: [0.0, 0.0])
    sold: _Totals = defaultdict(lambda: [0.0, 0.0])
    for name in sorted(files):
        for span, (cost, wh, revenue, exported_wh) in _spans_with_costs(files[name]):
            start = quarter_start(span.start.astimezone(UTC))
            if span.end > start + QUARTER_HOUR:
                continue
            for totals, amounts in ((bought, (cost, wh)), (sold, (revenue, exported_wh))):
                totals[start] = [sum(pair) for pair in zip(totals[start], amounts, strict=True)]
    return [*_quotients(bought)], [*_quotients(sold)]


def _spans_with_costs(data: bytes) -> Iterable[tuple[Span, list[float]]]:
    try:
        lines = lines_of_file(data)
    except ValueError:
        return
    for line in lines:
        try:
            cells, _ = cells_of(line.decode("ascii"))
            if any(cells[_COSTS]):
                yield span_of_cells(cells), [float(cell or 0) for cell in cells[_COSTS]]
        except TypeError, ValueError:  # TypeError for a time without zone, ValueError otherwise
            continue


def _quotients(totals: _Totals) -> Iterable[QuarterPrice]:
    for start in sorted(totals):
        cost, wh = totals[start]
        if wh >= _MIN_WH and is_price(price := round(cost / wh * 1000, 9)):
            yield QuarterPrice(start, price)
