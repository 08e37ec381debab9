"""Prices and costs of a household after a reading, with the attributes of their sensors."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache, partial
from operator import attrgetter, le
from typing import Any

from ..bill.bill import Bill
from ..bill.household import Household
from ..bill.household_state import HouseholdState
from ..history.luxembourg_time import quarter_start
from ..history.market_prices import NO_PRICES
from ..history.register_amounts import Amounts
from ..meter.money import MoneyValue
from ..prices.agreed_prices import AgreedPrices, price_file
from ..prices.contract import Contract
from ..prices.kwh_price import KwhPrice, price_of_kwh, rounded
from ..prices.published_prices import OlderPrices
from .class_comparison import Comparison, compare
from .month_forecast import Estimate, estimated

type Attributes = dict[str, Any]
type _Moment = tuple[float, float, float]
"""Imported and exported Wh of the running quarter-hour, and the end of the bill in seconds."""


class _Slow:
    """Results that change at most once in a quarter-hour, computed when first asked for."""

    def __init__(self, basis: tuple[object, ...], household: HouseholdState) -> None:
        self.basis = basis
        """Inputs of the results."""
        self.household = household
        # Prices change only at the start of a quarter-hour, or with the market's prices.
        self.price_of = lru_cache(maxsize=2)(partial(price_of_kwh, household.contracts))

    @cached_property
    def comparison(self) -> Comparison:
        """Return the comparison of the reference powers over the last twelve complete months."""
        household = self.household
        # Compare only complete months: the costs of the current month are not complete.
        months = [month.start for month in household.earlier_months]
        return compare(household.ledger, months, household.until, is_at_current_prices=True)

    @cached_property
    def of_months(self) -> Attributes:
        """Return the attributes of the bill's total about its month and the month before."""
        household, months = self.household, self.household.earlier_months
        is_known = months and months[-1].end == household.month_start
        before = months[-1] if is_known else None
        return {
            # Time from which monthly prices count, if it is after the month's start
            **_known(since=household.month.since),
            "last_month": before and before.bill().total,
            "last_month_measured_share": before and before.measured_share(before.end),
        }

    @cached_property
    def share(self) -> Attributes:
        """Return the measured share of the shown month, as attributes."""
        return {"measured_share": self.household.month.measured_share(self.household.until)}

    @cached_property
    def cost_month_end(self) -> MoneyValue:
        """Return the expected total of the month's bill, with its range or its `Lack`."""
        estimate = estimated(self.household)
        # The bill of the whole month may use older published prices than the bill so far.
        shared = self.share | OlderPrices.answer(self.household.month.bill().prices_of)
        if isinstance(estimate, Estimate):
            total, low, high = estimate
            return MoneyValue(total, {"low": low, "high": high, **shared})
        return MoneyValue(None, _known(lacks=estimate and estimate.value) | shared)

    @cached_property
    def cheapest_reference_power(self) -> MoneyValue:
        """Return the reference power in kW with the lowest cost in the last 12 whole months."""
        comparison = self.comparison
        classes = {str(kw): rounded(total, 2) for kw, total in comparison.totals.items()}
        return MoneyValue(comparison.cheapest, {**_compared(comparison), "classes": classes})

    @cached_property
    def saving_per_year(self) -> MoneyValue:
        """Return how much the cheapest reference power would save in a year."""
        comparison = self.comparison
        return MoneyValue(comparison.saving_per_year, _compared(comparison))


class _Costs:
    """Costs after a reading, and after later ones that do not change them."""

    def __init__(self, household: HouseholdState, slow: _Slow) -> None:
        self.bill = household.month.bill(household.until)
        """Bill of the shown month."""
        self._slow = slow

    @property
    def shown(self) -> tuple[object, ...]:
        """Return all that sensors show of the costs."""
        bill, contracts = self.bill, self._slow.household.contracts.entries
        return (
            [line.amount for line in bill.lines],
            bill.missing,
            bill.unpriced_kwh,
            any(of.has_feed_in_price for _, of in contracts) and bill.unpriced_exported_kwh,
        )

    def _shared(self, *parts: str) -> Attributes:
        """Return the attributes of the cost of these parts of the bill."""
        return self._slow.share | OlderPrices.answer(self.bill.older_prices(*parts))

    @cached_property
    def demand_excess_cost(self) -> MoneyValue:
        """Return the cost of the energy above the reference power."""
        return MoneyValue(_surcharge(self.bill), self._shared("surcharge"))

    @cached_property
    def quarter_hours_above(self) -> MoneyValue:
        """Return the number of quarter-hours above the reference power of their day."""
        return MoneyValue(round(self.bill.energy.above), self._slow.share)

    @cached_property
    def cost_energy(self) -> MoneyValue:
        """Return the cost of the energy and the levies."""
        parts = "energy", "levies"
        unpriced = _known(unpriced_kwh=self.bill.unpriced_kwh)
        return MoneyValue(self.bill.part(*parts), self._shared(*parts) | unpriced)

    @cached_property
    def cost_network(self) -> MoneyValue:
        """Return the cost of the grid without the surcharge."""
        return MoneyValue(self.bill.part("network"), self._shared("network"))

    @cached_property
    def feed_in(self) -> MoneyValue:
        """Return the revenue of the exported energy."""
        amount = self.bill.amount("feed_in")
        unpriced = _known(unpriced_kwh=self.bill.unpriced_exported_kwh)
        return MoneyValue(
            None if amount is None else abs(amount) and -amount, self._slow.share | unpriced
        )

    @cached_property
    def cost_total(self) -> MoneyValue:
        """Return the total of the bill."""
        due, older = self.bill, OlderPrices.answer(self.bill.prices_of)
        lacks = _known(missing=due.missing, unpriced_kwh=due.unpriced_kwh)
        return MoneyValue(due.total, self._slow.of_months | self._slow.share | older | lacks)


class _KeptCosts:
    """Costs after the readings of a quarter-hour, the same object while they stay the same.

    It holds `_Slow`, and `_Slow` does not hold it. A cycle would keep the household until Python's
    garbage collector runs.
    """

    def __init__(self, slow: _Slow) -> None:
        self.slow = slow
        self._costs: _Costs | None = None
        self._first = self._last = (0.0, 0.0, 0.0)

    def after(self, household: HouseholdState) -> _Costs:
        """Return the costs after a reading."""
        now = _moment(household)
        if self._costs and _is_each_up_to(self._first, now) and _is_each_up_to(now, self._last):
            return self._costs
        is_slow = self._costs and _is_each_up_to(now, _later(self._last))
        self._costs, self._first, self._last = _Costs(household, self.slow), now, now
        # A large load changes a cent at each reading, so then a second bill would be of no use.
        if is_slow:
            # Each cost depends on one of the three numbers, and with it only rises or only falls.
            # So if later costs are the same, all costs between are.
            imported, exported, until = last = _later(now)
            later = replace(
                household,
                until=datetime.fromtimestamp(until, UTC),
                values=household.values._replace(running=Amounts(imported, exported)),
            )
            if _Costs(later, self.slow).shown == self._costs.shown:
                self._last = last
        return self._costs


class HouseholdMoney:
    """Money of a household. Results that seldom change are kept until one of their inputs does."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._costs: _KeptCosts | None = None

    def __call__(self, now: datetime | None = None) -> MoneyOfReading | None:
        """Return the money after the last reading. Return None before the first reading.

        While no readings come, `now` is the time of the prices. A price that follows the market is
        then unknown.
        """
        if (household := self._household.snapshot) is None:
            return None
        start = quarter_start(household.until)
        basis = (
            household.ledger,
            price_file(),
            household.month_start,
            household.values.measured_since,
            start,
            # The price of a part of the month that begins at `start` counts only after `start`.
            household.until > start,
        )
        if self._costs is None or self._costs.slow.basis != basis:
            self._costs = _KeptCosts(_Slow(basis, household))
        return MoneyOfReading(household, self._costs, now)

    def forget(self) -> None:
        """Forget the household of a meter that is unloaded."""
        self._household.forget()
        self._costs = None


class MoneyOfReading:
    """Money after a reading. Prices are in EUR per kWh, costs in EUR of the shown month.

    Both have VAT if the contract has it. The cost of a part of the bill has whole cents. With more
    decimals, its sensor would change with almost every telegram.
    """

    cheapest_reference_power = property(attrgetter("_slow.cheapest_reference_power"))
    cost_energy = property(attrgetter("_costs.cost_energy"))
    cost_month_end = property(attrgetter("_slow.cost_month_end"))
    cost_network = property(attrgetter("_costs.cost_network"))
    cost_total = property(attrgetter("_costs.cost_total"))
    demand_excess_cost = property(attrgetter("_costs.demand_excess_cost"))
    feed_in = property(attrgetter("_costs.feed_in"))
    quarter_hours_above = property(attrgetter("_costs.quarter_hours_above"))
    saving_per_year = property(attrgetter("_slow.saving_per_year"))

    def __init__(self, household: HouseholdState, costs: _KeptCosts, now: datetime | None) -> None:
        self._household, self._slow, self._kept_costs = household, costs.slow, costs
        self._time, self._market = (now, NO_PRICES) if now else (household.until, household.market)

    @cached_property
    def _costs(self) -> _Costs:
        return self._kept_costs.after(self._household)

    @property
    def _price(self) -> KwhPrice:
        return self._slow.price_of(quarter_start(self._time), self._market)

    @cached_property
    def _contract(self) -> Contract:
        return self._household.contracts.at(self._time)

    @cached_property
    def price_import(self) -> MoneyValue:
        """Return the price of an imported kWh."""
        price, is_of_contract = self._price, self._contract.energy_margin is None
        return MoneyValue(price.imported, OlderPrices.answer(price.prices_of), is_of_contract)

    @cached_property
    def price_export(self) -> MoneyValue:
        """Return the price of an exported kWh."""
        is_of_contract = self._contract.feed_in_margin is None
        return MoneyValue(self._price.exported, {}, is_of_contract)

    @cached_property
    def excess_price(self) -> float | None:
        """Return the cost of a kWh above the reference power, in addition to its other prices."""
        return AgreedPrices.of_contracts(self._household.contracts, self._household.time).excess

    @property
    def last_month_measured_share(self) -> float | None:
        """Return the share (0 to 1) of last month that was measured."""
        share: float | None = self._slow.of_months["last_month_measured_share"]
        return share

    @cached_property
    def has_exported(self) -> bool:
        """Return whether the household has exported energy in any month."""
        return any(month.sums.exported_wh for month in self._household.months)


def _moment(household: HouseholdState) -> _Moment:
    """Return what readings change."""
    running = household.values.running or Amounts()
    return running.imported_wh, running.exported_wh, household.until.timestamp()


def _later(moment: _Moment) -> _Moment:
    """Return a moment some readings later, if little energy flows."""
    imported_wh, exported_wh, seconds = moment
    return imported_wh + 4, exported_wh + 4, seconds + 64


def _is_each_up_to(numbers: _Moment, limits: _Moment) -> bool:
    return all(map(le, numbers, limits))  # noqa: B912 - both have three


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
