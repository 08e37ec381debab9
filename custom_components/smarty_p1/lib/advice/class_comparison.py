"""Cost of the past months at each reference power, and the cheapest reference power.

    compare(ledger, months, until).cheapest

A reference power of the tariff is called a class. A smaller class has a lower fixed price, but the
surcharge applies to more energy. The last 12 whole months decide which class is the cheapest. If
fewer whole months are known, the total costs are the costs of these months; only the saving is
scaled to a year. Amounts include VAT if the contract does. Each month has the prices of its time,
or all months have the current prices. Current prices say more about the coming months.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ..bill.bill import to_cents
from ..bill.bill_part_sums import BillPart
from ..bill.ledger import Ledger
from ..bill.month import ClassExcess, Month, excess_of
from ..history.luxembourg_time import MONTHS_OF_A_YEAR
from ..prices.agreed_prices import AgreedPrices, price_file
from ..prices.kwh_price import sum_of_known
from ..prices.published_prices import REFERENCE_POWERS, OlderPrices

MONTHS_TO_JUDGE_BY = 12
_WHOLE = 0.99
# Smallest saving in EUR a year that makes a change of the reference power worthwhile.
_WORTH_A_YEAR = 5


class ClassCost(NamedTuple):
    """Energy above one reference power in a month, and the cost of this reference power in EUR.

    A cost is None if one of its prices is unknown.
    """

    excess_kwh: float
    fixed: float | None
    surcharge: float | None
    total: float | None


class MonthComparison(NamedTuple):
    """Cost of each reference power in one month."""

    start: datetime
    """The month's first midnight, in Luxembourg's time."""
    measured_share: float
    is_whole: bool
    """Whether the month has ended, and at least 99 % of its quarter-hours were measured."""
    classes: Mapping[int, ClassCost]


class Comparison(NamedTuple):
    """Comparison of all reference powers of the tariff over several months."""

    months: tuple[MonthComparison, ...]
    decisive: tuple[MonthComparison, ...]
    """Whole months by which the reference powers are judged, at most the last 12."""
    totals: Mapping[int, float | None]
    """Cost of each reference power in the decisive months; empty without such a month."""
    cheapest: int | None
    """The cheapest reference power in kW; None while no total is known."""
    saving_per_year: float | None
    """Yearly saving in EUR at the cheapest reference power; None if unknown."""
    prices_of: OlderPrices | None
    """Older published prices that the costs use. None if they use none.

    At current prices, these are also the prices that are published for a part of the coming year.
    """

    @property
    def is_about_the_same(self) -> bool | None:
        """Return whether the saving is too small for a change of the reference power.

        Return None if the saving is unknown.
        """
        return None if self.saving_per_year is None else self.saving_per_year < _WORTH_A_YEAR


def compare(
    ledger: Ledger,
    months: Sequence[datetime],
    until: datetime,
    *,
    is_at_current_prices: bool = False,
) -> Comparison:
    """Return the comparison of all reference powers over `months`.

    `months` are first midnights in the order of time. The last month may still be running; `until`
    is the end of its readings. If `is_at_current_prices` is True, the prices that hold at `until`
    are used for all months. Otherwise, each month has the prices that held in that month.
    """
    own = ledger.contracts.at(until)
    current = AgreedPrices(own, price_file().of_year_at(until)) if is_at_current_prices else None
    parts = {start: _parts(Month(ledger, start), until, current) for start in months}
    prices = [part.prices for of_month in parts.values() for part, _ in of_month]
    # All parts have the current prices, if these are used.
    prices_of = OlderPrices.joined(map(_older, prices[:1] if current else prices))
    compared = tuple(
        _compare_month(Month(ledger, start), of_month, until) for start, of_month in parts.items()
    )
    return _judged(compared, own.reference_kw, prices_of)


def _judged(
    compared: tuple[MonthComparison, ...], own_kw: float | None, prices_of: OlderPrices | None
) -> Comparison:
    decisive = tuple(month for month in compared if month.is_whole)[-MONTHS_TO_JUDGE_BY:]
    totals = _totals(decisive)
    known_totals = {kw: total for kw, total in totals.items() if total is not None}
    cheapest = min(known_totals, key=known_totals.__getitem__, default=None)
    saving, own = None, [total for kw, total in known_totals.items() if kw == own_kw]
    if own:
        more = own[0] - min(known_totals.values())
        saving = to_cents(more / len(decisive) * MONTHS_OF_A_YEAR)
    return Comparison(compared, decisive, totals, cheapest, saving, prices_of)


def _totals(months: Sequence[MonthComparison]) -> dict[int, float | None]:
    """Return the total cost of each reference power over `months`, {} without months."""
    powers = REFERENCE_POWERS if months else ()
    return {kw: sum_of_known([month.classes[kw].total for month in months], 9) for kw in powers}


type _Part = tuple[BillPart, Mapping[float, ClassExcess]]
"""Part of a month, and its excess of each reference power of the tariff."""


def _parts(month: Month, until: datetime, current: AgreedPrices | None) -> list[_Part]:
    """Return the parts of a month. `current` are the prices of all parts, if given."""
    ledger = month.ledger
    begin, end = ledger.month_begin(month.start), month.end
    parts = ledger.timed_parts(begin, max(begin, min(until, end)), max(begin, end))
    return [
        (
            part._replace(prices=current or part.prices),
            excess_of(REFERENCE_POWERS, ledger.table, start, last),
        )
        for start, last, part in parts
    ]


def _older(prices: AgreedPrices) -> OlderPrices | None:
    """Return the older published prices that the comparison of all reference powers uses."""
    lines = "network_fixed", *prices.surcharge_lines
    return OlderPrices.joined(prices.at_power(kw).older(lines) for kw in REFERENCE_POWERS)


def _compare_month(month: Month, parts: Sequence[_Part], until: datetime) -> MonthComparison:
    measured_share = month.measured_share(until)
    return MonthComparison(
        start=month.start,
        measured_share=measured_share,
        is_whole=month.end <= until and measured_share >= _WHOLE,
        classes={kw: _class_cost(kw, parts) for kw in REFERENCE_POWERS},
    )


def _class_cost(kw: int, parts: Sequence[_Part]) -> ClassCost:
    above_kwh = [excess[kw].energy_wh / 1000 for _, excess in parts]
    prices = [part.prices for part, _ in parts]
    fixed = _cost([part.months for part, _ in parts], [price.fixed(kw) for price in prices], prices)
    surcharge = _cost(above_kwh, [price.surcharge_on_top for price in prices], prices)
    total = sum_of_known([fixed, surcharge], 9)
    return ClassCost(round(sum(above_kwh), 3), fixed, surcharge, total)


def _cost(
    quantities: Sequence[float], units: Sequence[float | None], prices: Sequence[AgreedPrices]
) -> float | None:
    """Return the cost with VAT of quantities at the prices of their units, None if unknown."""
    costs = [
        None if unit is None or of.vat_rate is None else quantity * unit * (1 + of.vat_rate)
        for quantity, unit, of in zip(quantities, units, prices, strict=True)
    ]
    total = sum_of_known(costs)
    return total and to_cents(total)
