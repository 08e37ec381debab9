"""Price file: published prices of the grid and of the levies, by day.

A price has lines, each with its days. After the last day of its newest line, a price is unknown;
the newest line stays in use, and its amounts say so (`OlderPrices`). A line of an aid (`ends`)
replaces the other lines on its days. When it has ended, the other lines hold again.
"""

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self

from ..history.luxembourg_time import DAY, midnight
from ..json_types import JsonDict, JsonMapping

REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
"""Reference powers of the tariff, in kW."""
METER_SIZES = (40, 63, 120)
"""Price classes of meters. The number is the smallest current of the class, in ampere."""
CONSUMER_CATEGORIES = ("A", "B")
"""Categories of the levies: A up to 25,000 kWh a year, B above."""
_YEAR = timedelta(days=365)


class Days(NamedTuple):
    """Days on which something holds, up to and including `last`."""

    first: date = date.min
    last: date = date.max

    def hold_on(self, day: date) -> bool:
        """Return whether `day` is one of the days."""
        return self.first <= day <= self.last

    @property
    def changes(self) -> Iterator[date]:
        """Yield the first day, and the day after the last day, if the days have an end there."""
        if self.first > date.min:
            yield self.first
        if self.last < date.max:
            yield self.last + DAY


class OlderPrices(NamedTuple):
    """Published prices that an amount uses after the last day for which they are published."""

    until: Mapping[str, date]
    """That day, for each kind of price: `grid`, `levies` or `vat`."""
    ended: Mapping[str, date]
    """Last day of each aid that lowered one of these prices, such as `state_aid`."""
    has_newer: bool = False
    """Whether newer prices are published, although the amount does not use them.

    This can occur only in yearly amounts, which use today's prices for the whole year.
    """

    @classmethod
    def joined(cls, parts: Iterable[OlderPrices | None]) -> OlderPrices | None:
        """Return the older prices of several amounts together. Return None if they have none.

        If prices of the same kind are published until different days, the first day counts.
        """
        until: dict[str, date] = {}
        ended: dict[str, date] = {}
        has_newer = False
        for part in parts:
            if part is None:
                continue
            for kind, day in part.until.items():
                until[kind] = min(day, until.get(kind, day))
            for aid, day in part.ended.items():
                ended[aid] = max(day, ended.get(aid, day))
            has_newer |= part.has_newer
        return cls(until, ended, has_newer) if until or ended else None

    @staticmethod
    def answer(older: OlderPrices | None) -> JsonDict:
        """Return `older` as a part of an answer, or an empty dict for None.

        For example `{"prices_of": {"grid": "2026-12-31", "ended": {"state_aid": "2026-12-31"}}}`.
        """
        if older is None:
            return {}
        fields: JsonDict = {kind: f"{day}" for kind, day in older.until.items()}
        if older.ended:
            fields["ended"] = {aid: f"{day}" for aid, day in older.ended.items()}
        if older.has_newer:
            fields["newer_known"] = True
        return {"prices_of": fields}


class NetworkPrices(NamedTuple):
    """Published prices of a day, in EUR without VAT."""

    known: Mapping[str, float]
    """Published prices by their keys (`price_key`), per imported kWh or per month.

    A levy is below 0 if it is paid to the household. `vat` is the rate of the VAT: 0.08 is 8 %."""
    levied: Collection[str]
    """Names of the levies that are levied on this day."""
    older: Mapping[str, OlderPrices]
    """Prices that are no longer published, by their keys."""

    def price(self, *key: float | str) -> float | None:
        """Return the price whose key has these parts, as in `price_key`. None if unknown."""
        return self.known.get(price_key(*key))


class Levy(NamedTuple):
    """Levy on the bill of each household, or a further component of the grid's price."""

    per: str
    """`PER_KWH` or `PER_MONTH`. A levy counts for the kWh of the supplier, a component for all."""
    days: Days
    part: str
    """Part of the bill: `levies` or `network`."""


def _days_of(entry: JsonMapping) -> Days:
    return Days(entry.get("from", date.min), entry.get("until", date.max))


@lru_cache(maxsize=256)
def price_key(*parts: float | str) -> str:
    """Return the key of a published price, such as `fixed.7` (kW) or `levies.compensation.A`."""
    return ".".join(f"{part:g}" if isinstance(part, float) else f"{part}" for part in parts)


class _Line(NamedTuple):
    days: Days
    value: float
    ends: str | None


"""Price of a day, None if it is unknown, and what is older about it."""


class _Price(NamedTuple):
    """Lines of one price, in the order of their first days."""

    kind: str
    lines: Sequence[_Line]
    aids: Sequence[_Line]

    @classmethod
    def read(cls, kind: str, dated: Sequence[JsonMapping]) -> Self:
        lines = [_Line(_days_of(line), line["value"], line.get("ends")) for line in dated]
        return cls(
            kind, [line for line in lines if not line.ends], [line for line in lines if line.ends]
        )

    def used(self, first: date, last: date) -> tuple[float | None, OlderPrices | None]:
        """Return the price of the days from `first` to `last`. It is the same for all these days.

        It is the price of `first`, but an aid that ends before `last` is left out.
        """
        aid = next((aid for aid in reversed(self.aids) if aid.days.hold_on(first)), None)
        if aid and aid.days.last >= last:
            return aid.value, None
        line = next((line for line in reversed(self.lines) if line.days.first <= first), None)
        if line is None:
            return None, None
        if line.days.last < last:
            has_newer = first < self.lines[-1].days.first
            older = OlderPrices({self.kind: line.days.last}, self._ended(line, first), has_newer)
            return line.value, older
        # An aid that ends within the days of a yearly amount is left out of this amount.
        return line.value, OlderPrices({}, self._ended(line, first)) if aid else None

    def _ended(self, line: _Line, day: date) -> Mapping[str, date]:
        """Return the last day of each aid that began with `line` or later, by `day`."""
        return {
            aid.ends: aid.days.last
            for aid in self.aids
            if aid.ends and line.days.first <= aid.days.first <= day
        }


class _Timeline(NamedTuple):
    """Prices by the moment from which they hold."""

    starts: Sequence[datetime]
    prices: Sequence[NetworkPrices]
    before: NetworkPrices
    """Prices before the first moment."""

    def at(self, moment: datetime) -> NetworkPrices:
        index = bisect_right(self.starts, moment)
        return self.prices[index - 1] if index else self.before


@dataclass(frozen=True, slots=True, eq=False)
class PublishedPrices:
    """Published prices of all days. `network_prices.toml` describes the format of their file."""

    levies: Mapping[str, Levy]
    """Levies by name, in the order of a bill."""
    _by_day: _Timeline
    _by_year: _Timeline

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the content of the price file `text`, which `scripts/check_prices.py` accepts."""
        content = tomllib.loads(text)
        levies = {
            name: Levy(entry["per"], _days_of(entry), entry.get("part", "levies"))
            for name, entry in content["levies"].items()
        }
        prices = {
            key: _Price.read("vat" if key == "vat" else "grid", lines)
            for key, lines in _lists(content["prices"])
        } | {
            price_key("levies", name, category): _Price.read(
                "grid" if levies[name].part == "network" else "levies", entry[category]
            )
            for name, entry in content["levies"].items()
            for category in entry.keys() & set(CONSUMER_CATEGORIES)
        }
        lines = (line for price in prices.values() for line in (*price.lines, *price.aids))
        days = _changes(lines)
        first = min(days)
        days |= _changes(levies.values())
        # The prices of a year change with each price, and a year before each change.
        days_of_years = days | {day - _YEAR + DAY for day in days}

        def timeline(days: set[date], length: timedelta) -> _Timeline:
            ordered = sorted(day for day in days if day >= first)
            return _Timeline(
                [midnight(day) for day in ordered],
                [_prices_on(prices, levies, day, day + length - DAY) for day in ordered],
                _prices_on(prices, levies, first - DAY, first - DAY),
            )

        return cls(levies, timeline(days, DAY), timeline(days_of_years, _YEAR))

    @property
    def enterable_levies(self) -> Sequence[str]:
        """Return the names of the levies that a contract may have at a price of its own."""
        return [name for name, levy in self.levies.items() if levy.part == "levies"]

    def at(self, moment: datetime) -> NetworkPrices:
        """Return the published prices at `moment`."""
        return self._by_day.at(moment)

    def of_year_at(self, moment: datetime) -> NetworkPrices:
        """Return the published prices at `moment`, for a yearly amount from `moment` on.

        An aid that ends within the year is left out. `older` has the prices that are published for
        a part of the year only.
        """
        return self._by_year.at(moment)

    def changes(self, start: datetime, end: datetime) -> Sequence[datetime]:
        """Return, in UTC, the midnights between `start` and `end` at which prices change."""
        starts = self._by_day.starts
        return starts[bisect_right(starts, start) : bisect_left(starts, end)]


def _changes(dated: Iterable[_Line | Levy]) -> set[date]:
    return {day for of in dated for day in of.days.changes}


def _lists(prices: JsonMapping, *before: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the key and the lines of each price of the grid, and of the VAT."""
    for name, content in prices.items():
        if isinstance(content, dict):
            yield from _lists(content, *before, name)
        else:
            yield price_key(*before, name), content


def _prices_on(
    prices: Mapping[str, _Price], levies: Mapping[str, Levy], first: date, last: date
) -> NetworkPrices:
    """Return the prices of `first`, for the days from `first` to `last`."""
    used = {key: price.used(first, last) for key, price in prices.items()}
    known = {key: value for key, (value, _) in used.items() if value is not None}
    older = {key: old for key, (_, old) in used.items() if old}
    older |= _changing_levies(levies, first, last)
    levied = [name for name, levy in levies.items() if levy.days.hold_on(first)]
    return NetworkPrices(known, levied, older)


def _changing_levies(
    levies: Mapping[str, Levy], first: date, last: date
) -> Mapping[str, OlderPrices]:
    """Return that the levies are older after the first day on which one begins or ends, if any."""
    changed = [day for day in _changes(levies.values()) if first < day <= last]
    if not changed:
        return {}
    return {"levies": OlderPrices({"levies": min(changed) - DAY}, {}, has_newer=True)}
