"""Division of a month into parts in which contract, published prices and aids do not change.

A monthly price is spread over the days, as on a bill: every day has the same share of the month,
even a day of 23 or 25 hours. The current day counts in proportion to the time that has passed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from ..history.calendar import month_end
from ..prices.contract import Aid, Contract, Contracts
from ..prices.network_prices import AgreedPrices, network_prices_at, price_changes
from ..prices.price_file import NetworkPrices, OlderPrices
from ..prices.time_of_use import TimeOfUseSplit
from .month import NO_SHARED, Day, Month, Shared

_start_of = attrgetter("start")


class MonthPart(NamedTuple):
    """A part of a month under one contract and one set of prices."""

    contract: Contract
    prices: AgreedPrices
    aids: Sequence[Aid]
    days: Sequence[Day]
    months: float
    """Length of the part, as a share of the month."""
    imported_kwh: float
    exported_kwh: float
    shared: Shared
    supplied_kwh: float
    """Imported energy that the supplier bills: all but shared energy."""

    @property
    def split(self) -> TimeOfUseSplit:
        """Return the energy that the supplier bills, and the part of it at the second price.

        Energy whose time of use is unknown is left out.
        """
        hours = self.contract.second_hours
        splits = (
            [_supplied(day, hours) for day in self.days if hours in day.second] if hours else []
        )
        return TimeOfUseSplit(
            sum([split.energy_wh for split in splits]),
            max(0.0, sum([split.second_wh for split in splits])),
        )

    def above_kwh(self, reference_kw: float | None) -> float:
        """Return the energy in kWh above `reference_kw`. Return 0 for None."""
        if reference_kw is None:
            return 0.0
        kw, days = reference_kw, self.days
        return sum([day.above[kw].energy_wh for day in days if kw in day.above]) / 1000


def parts_of(
    month: Month, contracts: Contracts, until: datetime, published: NetworkPrices | None = None
) -> list[MonthPart]:
    """Return the parts of `month` from its start to `until`, at least one part.

    If a contract lacks a price of the grid or a levy, the published price of each day is used. If
    `published` is given, its prices replace the published prices of all days. All parts have VAT if
    the latest contract has VAT.
    """
    contracts = contracts.with_latest_vat
    midnights = _midnights(month.start)
    first = month.since or midnights[0]
    end = max(min(until, midnights[-1]), first)
    begins = [first, *_changes(contracts, first, end, published)]
    passed = [_days_before(time, midnights) for time in (*begins, end)]
    bounds = [bisect_left(month.days, begin, key=_start_of) for begin in begins[1:]]
    bounds = [0, *bounds, len(month.days)]
    return [
        _part(
            AgreedPrices(contracts.at(begin), published or network_prices_at(begin)),
            contracts.aids_at(begin),
            month.days[bounds[n] : bounds[n + 1]],
            (passed[n + 1] - passed[n]) / (len(midnights) - 1),
        )
        for n, begin in enumerate(begins)
    ]


def older_prices_of_month(month: Month, contracts: Contracts) -> OlderPrices | None:
    """Return the older published prices that the bill of the whole month will use, if any."""
    parts = parts_of(month, contracts, month.end)
    return OlderPrices.joined(part.prices.prices_of for part in parts)


def _changes(
    contracts: Contracts, first: datetime, end: datetime, published: NetworkPrices | None
) -> list[datetime]:
    """Return the times from `first` to `end` at which contracts, aids or published prices change.

    If `published` is given, its prices hold for all days, so changes of published prices do not
    count.
    """
    changes = {since for since, _ in contracts.entries if first < since < end}
    changes |= contracts.aid_changes(first, end)
    if published is None:
        changes.update(price_changes(first, end))
    return sorted(changes)


def _part(
    prices: AgreedPrices, aids: Sequence[Aid], days: Sequence[Day], months: float
) -> MonthPart:
    shared_energies = [day.shared for day in days if day.shared]
    shared = Shared(*map(sum, zip(*shared_energies, strict=True))) if shared_energies else NO_SHARED
    imported_kwh = sum([day.imported_wh for day in days]) / 1000
    return MonthPart(
        contract=prices.contract,
        prices=prices,
        aids=aids,
        days=days,
        months=months,
        imported_kwh=imported_kwh,
        exported_kwh=sum([day.exported_wh for day in days]) / 1000,
        shared=shared,
        supplied_kwh=max(0.0, imported_kwh - shared.all_wh / 1000),
    )


def _supplied(day: Day, hours: str) -> TimeOfUseSplit:
    """Return the day's billed energy, and the part of it at the second price.

    Shared energy is left out. `hours` is the text with the hours of the second price.
    """
    split, shared = day.second[hours], day.shared
    if not shared:
        return split
    return TimeOfUseSplit(split.energy_wh - shared.all_wh, split.second_wh - shared.second_wh)


@lru_cache(maxsize=64)
def _midnights(start: datetime) -> tuple[datetime, ...]:
    """Return the midnights of the month that begins at `start`, and the midnight at its end.

    All midnights are in UTC.
    """
    # Both times have the same time zone, so Python subtracts them by the wall clock. Each day has
    # 24 hours then, even when the clocks change.
    days = (month_end(start) - start).days
    return tuple((start + timedelta(days=day)).astimezone(UTC) for day in range(days + 1))


def _days_before(time: datetime, midnights: tuple[datetime, ...]) -> float:
    """Return how many days of the month lie before `time`. A partial day is a fraction."""
    day = bisect_right(midnights, time) - 1
    if not 0 <= day < len(midnights) - 1:
        return max(day, 0)
    return day + (time - midnights[day]) / (midnights[day + 1] - midnights[day])
