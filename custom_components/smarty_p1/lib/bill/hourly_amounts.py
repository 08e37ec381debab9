"""Energy and costs of each hour of a connection.

The hours are computed from its spans, from Leneda's days and from the contracts. They add up to the
months and to the bills, and are never stored:

- An hour has the energy of its quarter-hours. The energy of a gap is divided in proportion to time.
- A kilowatt-hour costs the price of its time. A market price is the price when it was measured, or
  the mean price of the month, as on the bill. Without such a price, the hour has no cost.
- The bill of a day also has fixed prices, roundings and the surcharge. The surcharge belongs to the
  hour that exceeded the reference power. The rest is shared equally among all hours of the day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from math import inf, isnan
from typing import NamedTuple

from ..history.calendar import QUARTER_HOUR, month_start, quarter_start
from ..history.market_prices import MarketPrices
from ..history.month_columns import Columns, MonthColumns
from ..history.spans import Period, Span, SpanKind
from ..prices.contract import Contracts
from ..prices.kwh_price import excess_price, price_of_kwh
from ..prices.network_prices import AgreedPrices
from ..prices.time_of_use import is_second
from .bill import MonthPrices, month_prices
from .daily_bills import bills_by_day
from .leneda_days import LenedaDays
from .loose_energy_by_day import RowView
from .month import Month
from .sharing import QuarterHourSharing

_HOUR = timedelta(hours=1)
_AT_ZERO = MarketPrices(0.0, 0.0)
_NO_MARKET: tuple[float, ...] = (0.0,) * 4
# Energy in Wh that is lost when amounts are rounded.
_NEGLIGIBLE_WH = 1e-3

type HourlyValues = dict[datetime, float]
"""Values in kWh or EUR by the start of the hour in UTC."""


class HourlyAmounts(NamedTuple):
    """Energies in kWh, and amounts of money in EUR, of ended hours."""

    imported: HourlyValues
    exported: HourlyValues
    cost: HourlyValues
    """Cost of the imported energy with VAT, without monthly prices and surcharge. Shared energy
    costs the price of the grid and the price of the energy community."""
    compensation: HourlyValues
    """Revenue of the exported energy. Hours without a feed-in price are left out."""
    total: HourlyValues
    """Part of the bill. The energy community's own bill is not included."""


def amounts_by_hour(
    columns: Columns,
    leneda: LenedaDays,
    contracts: Contracts,
    months: Iterable[Month],
    until: datetime,
) -> HourlyAmounts:
    """Return the amounts of the hours of `months` that have ended at `until`.

    The months must be computed from the same spans, days and contracts, without the running
    quarter-hour. Its energy would be shared among the hours of the day.
    """
    by_start = {month.start: month for month in months}
    means = {
        start: month_prices(month, contracts, min(until, month.end))
        for start, month in by_start.items()
    }
    sums = _Sums(contracts.with_latest_vat)
    for start, mean in means.items():
        own = columns.get(start) or MonthColumns(start)
        for piece in _quarter_hours(own, leneda):
            sums.add(piece, mean)
    view = RowView(columns, leneda, contracts)
    for piece in _loose_pieces(view, by_start):
        if (start := month_start(piece.start)) in means:
            sums.add(piece, means[start])
    for hour in sums.unpriced:
        sums.cost.pop(hour, None)
    last = until - _HOUR
    return HourlyAmounts(
        imported=_until(last, sums.imported),
        exported=_until(last, sums.exported),
        cost=_until(last, sums.cost),
        compensation=_until(last, sums.compensation),
        total=_totals(by_start.values(), contracts, until, sums),
    )


class _Piece(NamedTuple):
    """Energy between two moments that have the same price."""

    start: datetime
    imported_wh: float
    exported_wh: float
    market: tuple[float, ...] = _NO_MARKET
    is_quarter_hour: bool = False
    covered: QuarterHourSharing | None = None


class _Price(NamedTuple):
    """Prices of a kWh in EUR at one time, with VAT, under one contract."""

    imported: float | None
    """Without the market's price if `is_market`."""
    exported: float | None
    shared: float
    community: float
    excess: float
    reference_wh: float
    vat_rate: float
    is_market: bool
    is_exported_at_market: bool


class _Sums:
    """Sums of the pieces by hour."""

    def __init__(self, contracts: Contracts) -> None:
        self.imported: HourlyValues = defaultdict(float)
        self.exported: HourlyValues = defaultdict(float)
        self.cost: HourlyValues = defaultdict(float)
        self.compensation: HourlyValues = defaultdict(float)
        self.surcharge: HourlyValues = defaultdict(float)
        self.community: HourlyValues = defaultdict(float)
        """Part of `cost` that the energy community bills."""
        self.unpriced: set[datetime] = set()
        """Hours with energy whose price is unknown."""
        self._contracts = contracts
        self._prices: dict[tuple[datetime, bool], _Price] = {}

    def add(self, piece: _Piece, mean: MonthPrices) -> None:
        """Add a piece. `mean` has the mean market prices of its month."""
        hour = piece.start.replace(minute=0, second=0, microsecond=0)
        price = self._price_at(piece.start)
        wh = piece.imported_wh
        self.imported[hour] += wh / 1000
        self.exported[hour] += piece.exported_wh / 1000
        if piece.is_quarter_hour and wh > price.reference_wh:
            self.surcharge[hour] += (wh - price.reference_wh) / 1000 * price.excess
        cost = _cost(piece, price, mean.mean)
        if cost is not None:
            shared_wh = piece.covered.shared(wh).all_wh if piece.covered and wh else 0.0
            if shared_wh:
                community = shared_wh / 1000 * price.community
                self.community[hour] += community
                cost = cost * (1 - shared_wh / wh) + shared_wh / 1000 * price.shared + community
            self.cost[hour] += cost
        elif wh:
            self.unpriced.add(hour)
        if price.exported is not None:
            self.compensation[hour] += _revenue(piece, price.exported, price, mean.mean_sold)

    def _price_at(self, time: datetime) -> _Price:
        contract = self._contracts.at(time)
        hours = contract.second_hours if contract.has_second_price else None
        part = self._contracts.part_start(time)
        key = part, hours is not None and is_second(hours, quarter_start(time))
        if (price := self._prices.get(key)) is None:
            kwh = price_of_kwh(self._contracts, time if hours else part, _AT_ZERO)
            agreed = AgreedPrices.at(contract, part)
            vat_rate = agreed.vat_rate or 0.0
            price = self._prices[key] = _Price(
                imported=kwh.imported,
                exported=kwh.exported,
                shared=(agreed.variable or 0.0) * (1 + vat_rate),
                community=contract.community_price or 0.0,
                excess=excess_price(contract, part) or 0.0,
                reference_wh=inf if contract.reference_kw is None else contract.reference_kw * 250,
                vat_rate=vat_rate,
                is_market=contract.energy_margin is not None,
                is_exported_at_market=contract.feed_in_margin is not None,
            )
        return price


def _cost(piece: _Piece, price: _Price, mean: float | None) -> float | None:
    """Return the cost of the imported energy as if nothing of it was shared, None if unknown."""
    if price.imported is None:
        return None
    cost = piece.imported_wh / 1000 * price.imported
    if not price.is_market:
        return cost
    market_cost, priced_wh, _, _ = piece.market
    # The market amounts of a gap come as a piece without energy, so this can be negative.
    unpriced_wh = piece.imported_wh - priced_wh
    if mean is None and unpriced_wh > _NEGLIGIBLE_WH:
        return None
    return cost + (market_cost + unpriced_wh / 1000 * (mean or 0.0)) * (1 + price.vat_rate)


def _revenue(piece: _Piece, kwh_price: float, price: _Price, mean: float | None) -> float:
    """Return the revenue of the exported energy."""
    exported_wh = piece.exported_wh
    if not price.is_exported_at_market:
        return exported_wh / 1000 * kwh_price
    _, _, revenue, priced_wh = piece.market
    if mean is None:  # as on the bill, only the energy with a market price counts
        return priced_wh / 1000 * kwh_price + revenue
    return exported_wh / 1000 * kwh_price + revenue + (exported_wh - priced_wh) / 1000 * mean


def _quarter_hours(own: MonthColumns, leneda: LenedaDays) -> Iterator[_Piece]:
    """Yield the known quarter-hours of a month, measured here or by Leneda."""
    other = leneda.months.get(own.start) or MonthColumns(own.start)
    sharing = _sharing_of(own, leneda)
    columns = own.overlaid(other, 0, own.size)
    for place, (wh, exported_wh, _) in enumerate(zip(*columns, strict=True)):
        if isnan(wh):
            continue
        start = own.first + place * QUARTER_HOUR
        late_wh = own.late_exported.get(place, 0.0)
        energies = wh, late_wh if isnan(exported_wh) else exported_wh
        market = tuple([column[place] if column else 0.0 for column in own.market])
        yield _Piece(start, *energies, market, is_quarter_hour=True, covered=sharing.get(start))
    yield from map(_repeated, own.repeated)


def _repeated(span: Span) -> _Piece:
    """Return the earlier measurement of a quarter-hour that was measured twice."""
    amounts = span.amounts
    energies = amounts.imported_wh, amounts.exported_wh
    return _Piece(span.start, *energies, amounts.market, is_quarter_hour=True)


def _sharing_of(own: MonthColumns, leneda: LenedaDays) -> dict[datetime, QuarterHourSharing]:
    """Return the shared energy of a month by quarter-hour."""
    end = own.first + own.size * QUARTER_HOUR
    days = (day for midnight, day in leneda.sharing.items() if own.first <= midnight < end)
    return {start: covered for day in days for start, covered in day.items()}


def _loose_pieces(view: RowView, months: Iterable[datetime]) -> Iterator[_Piece]:
    """Yield the energy of gaps and incomplete quarter-hours, cut where prices may change."""
    for kind, period, imported_wh, exported_wh, market in view.remainders(months):
        for start, share in _shares(kind, period):
            amounts = [amount * share for amount in market]
            yield _Piece(start, imported_wh * share, exported_wh * share, tuple(amounts))


def _shares(kind: SpanKind, period: Period) -> Iterator[tuple[datetime, float]]:
    """Yield the parts of a period, each with its share of the period's time.

    A gap is cut at quarter-hours. A part of a quarter-hour lies within one.
    """
    start, end = period
    if end <= start or kind is not SpanKind.GAP:
        yield start, 1.0
        return
    begin = start
    while begin < end:
        part_end = min(end, quarter_start(begin) + QUARTER_HOUR)
        yield begin, (part_end - begin) / (end - start)
        begin = part_end


def _totals(
    months: Iterable[Month], contracts: Contracts, until: datetime, sums: _Sums
) -> HourlyValues:
    """Return the part of the bill that each ended hour has. Days with an unknown cost are left out.

    The hours of a day add up to the day's part of the bill.
    """
    totals: HourlyValues = {}
    for month in months:
        for day, end, before, due in bills_by_day(month, contracts, until):
            if before.total is None or due.total is None:
                continue
            hours = [day + n * _HOUR for n in range(-((day - end) // _HOUR))]
            own = [
                sums.cost.get(hour, 0.0)
                - sums.community.get(hour, 0.0)
                - sums.compensation.get(hour, 0.0)
                + sums.surcharge.get(hour, 0.0)
                for hour in hours
            ]
            rest = (due.total - before.total - sum(own)) / ((end - day) / _HOUR)
            totals.update(
                (hour, amount + rest)
                for hour, amount in zip(hours, own, strict=True)
                if hour + _HOUR <= until
            )
    return totals


def _until(last: datetime, values: HourlyValues) -> HourlyValues:
    return {hour: value for hour, value in values.items() if hour <= last}
