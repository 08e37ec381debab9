"""Series of total consumption and production, if the platform Leneda knows only their parts.

With energy sharing, the total is the supplier's part plus the parts of the layers. A layer without
a row counts as 0. If the supplier's part has no row, the total is unknown.
"""

from collections.abc import Mapping, Sequence

from .measured_and_estimated_rows import Row, added_up
from .series_codes import CODES, COVERED, SHARED, Quantity

_PARTS = {
    Quantity.IMPORTED: (Quantity.REMAINING, *COVERED),
    Quantity.EXPORTED: (Quantity.SOLD, *SHARED),
}


def with_totals(platform: Mapping[str, Sequence[Row]]) -> Mapping[str, Sequence[Row]]:
    """Return the rows of each code. Missing rows of a total are computed from its parts."""
    rows_by_code = dict(platform)
    for total, (rest, *layers) in _PARTS.items():
        total_rows = platform.get(CODES[total], ())
        starts = {row.start for row in total_rows}
        rests = {row.start for row in platform.get(CODES[rest], ())} - starts
        if not rests:
            continue
        parts = (platform.get(CODES[part], ()) for part in (rest, *layers))
        sums = added_up(*([row for row in rows if row.start in rests] for rows in parts))
        rows_by_code[CODES[total]] = sorted((*total_rows, *sums))
    return rows_by_code
