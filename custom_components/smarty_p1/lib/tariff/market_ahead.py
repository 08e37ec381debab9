"""The market's prices of the hours to come, as entities and actions of Home Assistant tell them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import isfinite
from operator import itemgetter

from .calendar import QUARTER_HOUR, quarter_start

MAX_ROWS = 600
"""Of one list: four days of quarter-hours, and more."""

_STARTS = ("start", "start_time", "startsAt", "from", "time")
_ENDS = ("end", "end_time", "endsAt", "till", "to")
_PRICES = ("value", "price", "price_per_kwh")
_MAX_LISTS = 8
_MAX_HOURS = timedelta(hours=24)
# Some sensors round what their lists have in full.
_ROUNDING = 0.002

type PricesAhead = dict[datetime, float]
"""Prices of a kWh by the start of their quarter-hours, in UTC."""


def prices_by_quarter(rows: Sequence[object], factor: float, most: float) -> PricesAhead:
    """Return what rows such as `{"start": …, "end": …, "value": …}` say, as prices of a kWh.

    `factor` makes prices of a kWh of their values; one beyond ± `most` is none. A row without an
    end lasts until the next one, the last one as long as that before it. Rows that cannot be
    understood, and quarter-hours that two rows price differently, are left out.
    """
    read = sorted(_read(rows), key=itemgetter(0))
    followings = [*(start for start, _, _ in read[1:]), None]
    lasted = timedelta(0)
    found: PricesAhead = {}
    twice: set[datetime] = set()
    for (start, end, value), following in zip(read, followings, strict=False):
        until = end or following or start + lasted
        price = value * factor
        if not abs(price) <= most or start != quarter_start(start):
            continue
        lasted = min(until - start, _MAX_HOURS)
        for n in range(lasted // QUARTER_HOUR):
            time = start + n * QUARTER_HOUR
            if found.setdefault(time, price) != price:
                twice.add(time)
    for time in twice:
        del found[time]
    return found


def prices_of_attributes(
    attributes: Mapping[str, object], factor: float, now: datetime, price_now: float, most: float
) -> PricesAhead:
    """Return what the lists among an entity's attributes say of the hours to come.

    A list counts when what it says of this moment is what the entity says; one that says nothing of
    it, such as that of tomorrow, when it has the columns of one that counts. So prices with other
    taxes, of other hours or in another unit are not taken for the entity's own.
    """
    known = list(_lists_of(attributes, factor, most))
    good: set[frozenset[str]] = set()
    bad: set[frozenset[str]] = set()
    for columns, ahead in known:
        if (price := ahead.get(quarter_start(now))) is not None:
            (good if agrees(price, price_now) else bad).add(columns)
    found: PricesAhead = {}
    for columns, ahead in known:
        if columns in good - bad:
            found |= ahead
    return found


def _lists_of(
    attributes: Mapping[str, object], factor: float, most: float
) -> Iterator[tuple[frozenset[str], PricesAhead]]:
    """Yield the columns and the prices of the lists that have any."""
    lists = (each for each in attributes.values() if isinstance(each, list | tuple))
    for rows in islice(lists, _MAX_LISTS):
        if ahead := prices_by_quarter(rows, factor, most):
            first = next(row for row in rows if isinstance(row, Mapping))
            yield frozenset(map(str, first)), ahead


def agrees(price: float, price_now: float) -> bool:
    """Return whether a price that was told ahead is the one that holds now."""
    return abs(price - price_now) <= _ROUNDING


def _read(rows: Sequence[object]) -> Iterator[tuple[datetime, datetime | None, float]]:
    for row in islice(rows, MAX_ROWS):
        if not isinstance(row, Mapping):
            continue
        start, end = (_time(_first(row, names)) for names in (_STARTS, _ENDS))
        value = _first(row, _PRICES)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            continue
        if start and (end is None or end > start):
            yield start, end, float(value)


def _first(row: Mapping[object, object], names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if name in row), None)


def _time(value: object) -> datetime | None:
    """Return a time in UTC; one without an offset could be anybody's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None
