"""The series of all consumption and of all production, where only the parts of them are known.

A quarter-hour that is known by energy sharing alone has what the supplier bills (or buys), and what
each layer covers (or takes): together they are the total. A layer that has no row has nothing. The
layers alone are no total: the rest may be anything.
"""

from collections.abc import Mapping, Sequence

from .registers import CODES, COVERED, SHARED, Quantity
from .rows import Row, added_up

_PARTS = {
    Quantity.IMPORTED: (Quantity.REMAINING, *COVERED),
    Quantity.EXPORTED: (Quantity.SOLD, *SHARED),
}


def with_totals(platform: Mapping[str, Sequence[Row]]) -> Mapping[str, Sequence[Row]]:
    """Return the rows of each code, those of a total filled up with the sums of its parts."""
    found = dict(platform)
    for total, (rest, *layers) in _PARTS.items():
        known = platform.get(CODES[total], ())
        starts = {row.start for row in known}
        rests = {row.start for row in platform.get(CODES[rest], ())} - starts
        if not rests:
            continue
        parts = (platform.get(CODES[part], ()) for part in (rest, *layers))
        sums = added_up(*([row for row in rows if row.start in rests] for rows in parts))
        found[CODES[total]] = sorted((*known, *sums))
    return found
