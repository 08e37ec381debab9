"""Prices and costs of a household after a reading, with the attributes of their sensors."""

from datetime import datetime
from typing import Any, NamedTuple

from ..advice.class_comparison import Comparison, compare
from ..advice.month_forecast import Estimate, Lack, estimated
from ..bill.bill import Bill
from ..bill.household import Household
from ..bill.household_state import HouseholdState
from ..bill.month import Month
from ..history.market_prices import NO_PRICES
from ..meter.money import Money, MoneyValue
from ..prices.agreed_prices import AgreedPrices, price_file
from ..prices.kwh_price import price_of_kwh, rounded
from ..prices.published_prices import OlderPrices

type Attributes = dict[str, Any]


class _Slow(NamedTuple):
    """Results that change at most once in a quarter-hour."""

    basis: tuple[object, ...]
    """Inputs of the results."""
    comparison: Comparison
    """Comparison of the reference powers over the last twelve complete months."""
    estimate: Estimate | Lack | None
    total_last_month: float | None
    has_exported: bool


class HouseholdMoney:
    """Money of a household. Results that seldom change are kept until one of their inputs does."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._slow: _Slow | None = None

    def __call__(self, now: datetime | None = None) -> Money | None:
        """Return the money after the last reading. Return None before the first reading.

        While no readings come, `now` is the time of the prices. A price that follows the market is
        then unknown.
        """
        demand = self._household.snapshot
        return _money(demand, self._slow_results(demand), now) if demand else None

    def _slow_results(self, demand: HouseholdState) -> _Slow:
        until, contracts = demand.until, demand.contracts
        basis = (
            contracts,
            contracts.at(until),
            price_file().of_year_at(until),
            demand.version,
            demand.month_start,
        )
        slow = self._slow
        if slow is None or slow.basis != basis:
            before, earlier = _last_month(demand), demand.earlier_months
            slow = self._slow = _Slow(
                basis,
                # Compare only complete months: the costs of the current month are not complete.
                compare(
                    demand.ledger,
                    [month.start for month in earlier],
                    until,
                    is_at_current_prices=True,
                ),
                estimated(demand),
                before.bill().total if before else None,
                any(month.sums.exported_wh for month in earlier),
            )
        return slow


def _money(demand: HouseholdState, slow: _Slow, now: datetime | None) -> Money:
    """Return the money of a month.

    The cost of a part of the bill has whole cents. With more decimals, its sensor would change with
    almost every telegram.
    """
    month, before = demand.month, _last_month(demand)
    due = month.bill(demand.until)
    time, market = (now, NO_PRICES) if now else (demand.until, demand.market)
    price, contract = price_of_kwh(demand.contracts, time, market), demand.contracts.at(time)
    sums = due.energy
    share: Attributes = {"measured_share": month.measured_share(demand.until)}
    share_before = before.measured_share(before.end) if before else None
    feed_in = due.amount("feed_in")
    energy = {**share, **OlderPrices.answer(due.older_prices("energy", "levies"))}
    energy |= _known(unpriced_kwh=due.unpriced_kwh)
    compared = _compared(slow.comparison)
    totals = slow.comparison.totals.items()
    classes = {str(kw): rounded(total, 2) for kw, total in totals}
    return Money(
        price_import=MoneyValue(
            price.imported, OlderPrices.answer(price.prices_of), contract.energy_margin is None
        ),
        price_export=MoneyValue(price.exported, is_of_contract=contract.feed_in_margin is None),
        excess_price=AgreedPrices.at(demand.contracts.at(demand.time), demand.time).excess,
        cost_energy=MoneyValue(due.part("energy", "levies"), energy),
        cost_network=MoneyValue(
            due.part("network"), {**share, **OlderPrices.answer(due.older_prices("network"))}
        ),
        demand_excess_cost=MoneyValue(
            _surcharge(due), {**share, **OlderPrices.answer(due.older_prices("surcharge"))}
        ),
        feed_in=MoneyValue(
            None if feed_in is None else abs(feed_in) and -feed_in,
            {**share, **_known(unpriced_kwh=due.unpriced_exported_kwh)},
        ),
        cost_total=MoneyValue(
            due.total,
            {
                # Time from which monthly prices count, if it is after the month's start
                **_known(since=month.since),
                "last_month": slow.total_last_month,
                **_known(missing=due.missing),
                "last_month_measured_share": share_before,
                **energy,
                **OlderPrices.answer(due.prices_of),
            },
        ),
        cost_month_end=_month_end(demand, slow.estimate, share),
        last_month_measured_share=share_before,
        quarter_hours_above=MoneyValue(round(sums.above), share),
        cheapest_reference_power=MoneyValue(
            slow.comparison.cheapest, {**compared, "classes": classes}
        ),
        saving_per_year=MoneyValue(slow.comparison.saving_per_year, compared),
        has_exported=slow.has_exported or sums.exported_wh > 0,
    )


def _last_month(demand: HouseholdState) -> Month | None:
    """Return the month before the shown month. Return None if it is unknown."""
    months = demand.earlier_months
    return months[-1] if months and months[-1].end == demand.month_start else None


def _known(**attributes: object) -> Attributes:
    """Return the attributes without empty values and zeros."""
    return {name: value for name, value in attributes.items() if value}


def _compared(comparison: Comparison) -> Attributes:
    return {
        "months": [f"{month.start:%Y-%m}" for month in comparison.decisive],
        "prices": "current",
        "about_the_same": comparison.is_about_the_same,
        **OlderPrices.answer(comparison.prices_of),
    }


def _surcharge(due: Bill) -> float | None:
    """Return the month's cost in EUR of the energy above the reference power.

    Return None if it is unknown. The result has six decimals. These decimals do not fill the
    database, because the cost changes at most once in a quarter-hour.
    """
    lines = [line for line in due.lines if line.name == "surcharge"]
    if not lines or due.vat_rate is None or "surcharge" in due.missing:
        return None
    return round(sum(line.quantity * line.price for line in lines) * (1 + due.vat_rate), 6)


def _month_end(
    demand: HouseholdState, estimate: Estimate | Lack | None, share: Attributes
) -> MoneyValue:
    """Return the expected total of the month's bill, with its range or its `Lack`."""
    # The bill of the whole month may use older published prices than the bill so far.
    older = OlderPrices.answer(demand.month.older_prices)
    if isinstance(estimate, Estimate):
        spread = {"low": estimate.low, "high": estimate.high}
        return MoneyValue(estimate.total, {**spread, **share, **older})
    return MoneyValue(None, {**_known(lacks=estimate and estimate.value), **share, **older})
