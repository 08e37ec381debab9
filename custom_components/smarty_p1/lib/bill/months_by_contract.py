"""Division of a month into parts in which contract, published prices and aids do not change.

A monthly price is spread over the days, as on a bill: every day has the same share of the month,
even a day of 23 or 25 hours. The current day counts in proportion to the time that has passed.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import attrgetter
from typing import NamedTuple

from ..prices.contract import Aid, Contracts
from ..prices.network_prices import AgreedPrices, network_prices_at, price_changes
from ..prices.price_file import NetworkPrices, OlderPrices
from ..prices.time_of_use import TimeOfUseSplit
from .month import NO_SHARED, Day, Month, Shared
from .period_sums import BillPart, Sums, month_share

_start_of = attrgetter("start")


class MonthPart(NamedTuple):
    """A part of a month under one contract and one set of prices, with its days."""

    part: BillPart
    days: Sequence[Day]

    def above_kwh(self, reference_kw: float) -> float:
        """Return the energy in kWh above `reference_kw`."""
        days = self.days
        return (
            sum([day.above[reference_kw].energy_wh for day in days if reference_kw in day.above])
            / 1000
        )


def parts_of(
    month: Month, contracts: Contracts, until: datetime, published: NetworkPrices | None = None
) -> list[MonthPart]:
    """Return the parts of `month` from its start to `until`, at least one part.

    If a contract lacks a price of the grid or a levy, the published price of each day is used. If
    `published` is given, its prices replace the published prices of all days. All parts have VAT if
    the latest contract has VAT.
    """
    contracts = contracts.with_latest_vat
    first = month.since or month.start.astimezone(UTC)
    end = max(min(until, month.end.astimezone(UTC)), first)
    begins = [first, *_changes(contracts, first, end, published)]
    ends = [*begins[1:], end]
    bounds = [bisect_left(month.days, begin, key=_start_of) for begin in begins[1:]]
    bounds = [0, *bounds, len(month.days)]
    return [
        _part(
            AgreedPrices(contracts.at(begin), published or network_prices_at(begin)),
            contracts.aids_at(begin),
            month.days[bounds[n] : bounds[n + 1]],
            month_share(begin, ends[n]),
        )
        for n, begin in enumerate(begins)
    ]


def older_prices_of_month(month: Month, contracts: Contracts) -> OlderPrices | None:
    """Return the older published prices that the bill of the whole month will use, if any."""
    parts = parts_of(month, contracts, month.end)
    return OlderPrices.joined(part.prices.prices_of for part, _ in parts)


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
    contract, kw = prices.contract, prices.contract.reference_kw
    above = [day.above[kw].energy_wh for day in days if kw in day.above] if kw else []
    sums, unsplit_wh = _sums_of(days)._replace(above_wh=sum(above)), 0.0
    if (hours := contract.second_hours) and contract.has_second_price:
        splits = [_supplied(day, hours) for day in days if hours in day.second]
        second_wh = max(0.0, sum([split.second_wh for split in splits]))
        unsplit_wh = max(0.0, sums.supplied_wh - sum([split.energy_wh for split in splits]))
        sums = sums._replace(second_wh=second_wh)
    return MonthPart(BillPart(prices, aids, months, sums, unsplit_wh), days)


def _sums_of(days: Sequence[Day]) -> Sums:
    """Return the sums of days that need no contract."""
    shared = reduce(Shared.plus, [day.shared for day in days if day.shared], NO_SHARED)
    priced = [_priced(day) for day in days]
    return Sums(
        imported_wh=sum([day.imported_wh for day in days]),
        exported_wh=sum([day.exported_wh for day in days]),
        priced_wh=sum([wh for wh, _ in priced]),
        market_cost=sum([cost for _, cost in priced]),
        priced_exported_wh=sum([day.market_exported_wh for day in days]),
        market_revenue=sum([day.market_revenue for day in days]),
        layer_1_wh=shared.layer_1_wh,
        layer_2_wh=shared.layer_2_wh,
        layer_3_wh=shared.layer_3_wh,
        layer_4_wh=shared.layer_4_wh,
        other_layer_wh=shared.other_wh,
        known_sharing_wh=shared.known_wh,
    )


def _priced(day: Day) -> tuple[float, float]:
    """Return the day's energy with a known market price, in Wh, and the cost of this energy.

    Shared energy is left out, because the supplier does not bill it.
    """
    if not day.shared:
        return day.market_wh, day.market_cost
    wh = day.market_wh - day.shared.market_wh
    cost = day.market_cost - day.shared.market_cost
    # The market price of a gap between readings is known only for the gap as a whole. So
    # `day.shared.market_wh` lacks the shared energy of the gap, and `wh` can exceed the supplied
    # energy. In this case, return the supplied energy at the same mean price.
    supplied_wh = max(0.0, day.imported_wh - day.shared.all_wh)
    return (wh, cost) if wh <= supplied_wh else (supplied_wh, cost * supplied_wh / wh)


def _supplied(day: Day, hours: str) -> TimeOfUseSplit:
    """Return the day's billed energy, and the part of it at the second price.

    Shared energy is left out. `hours` is the text with the hours of the second price.
    """
    split, shared = day.second[hours], day.shared
    if not shared:
        return split
    return TimeOfUseSplit(split.energy_wh - shared.all_wh, split.second_wh - shared.second_wh)
