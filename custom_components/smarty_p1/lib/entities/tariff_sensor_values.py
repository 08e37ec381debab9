"""Values and attributes of the tariff sensors, computed from the meter's demand.

A demand (class `Demand`) has the quarter-hours, months, contracts and market prices of a meter.
"""

from collections import deque
from collections.abc import Callable
from operator import is_

from ..advice.class_comparison import Comparison, compare
from ..advice.month_forecast import Estimate, estimated
from ..bill.bill import Bill, compute_bill
from ..bill.demand_snapshot import Demand
from ..bill.month import Month
from ..bill.months_by_contract import older_prices_of_month
from ..history.quarter_hour import QuarterHour
from ..prices.kwh_price import KwhPrice, price_of_kwh
from ..prices.network_prices import prices_of_year_at
from ..prices.price_file import OlderPrices
from .quarter_hour_power_sensors import Attributes, quarter_hour_attributes

_MAX_METERS = 8


class _CachedResult[T]:
    """Function of a `Demand` with a cache, because several sensors need the same result.

    `depends_on` returns the inputs of the function. The cache has the last _MAX_METERS results,
    because the telegrams of several meters alternate.
    """

    def __init__(
        self, make: Callable[[Demand], T], depends_on: Callable[[Demand], tuple[object, ...]]
    ) -> None:
        self._make = make
        self._depends_on = depends_on
        self._last: deque[tuple[tuple[object, ...], T]] = deque(maxlen=_MAX_METERS)

    def __call__(self, demand: Demand) -> T:
        parts = self._depends_on(demand)
        for inputs, result in self._last:
            if len(parts) == len(inputs) and all(map(is_, parts, inputs)):  # noqa: B912
                return result
        result = self._make(demand)
        self._last.appendleft((parts, result))
        return result


def _bill_of_last_month(demand: Demand) -> Bill | None:
    month = _last_month(demand)
    return None if month is None else compute_bill(month, demand.contracts, month.end)


def _compare(demand: Demand) -> Comparison:
    # Compare only complete months, because the costs of the current month are not complete.
    return compare(demand.earlier_months, demand.contracts, demand.until, is_at_current_prices=True)


def _compared(demand: Demand) -> tuple[object, ...]:
    """Return all inputs of the comparison of reference powers.

    The cached comparison is valid while these inputs stay the same.
    """
    return (
        *demand.earlier_months,
        demand.contracts,
        demand.contracts.at(demand.until),
        prices_of_year_at(demand.until),
    )


def _decisive_months(demand: Demand) -> Attributes:
    comparison = _comparison(demand)
    return {
        "months": [f"{month.start:%Y-%m}" for month in comparison.decisive],
        "prices": "current",
        "about_the_same": comparison.is_about_the_same,
        **OlderPrices.answer(comparison.prices_of),
    }


def _classes(demand: Demand) -> Attributes:
    costs = {
        str(kw): None if total is None else round(total, 2)
        for kw, total in _comparison(demand).totals.items()
    }
    return {**_decisive_months(demand), "classes": costs}


_this_month = _CachedResult(
    lambda demand: compute_bill(demand.month, demand.contracts, demand.until),
    lambda demand: (demand,),
)
_measured_share = _CachedResult(
    lambda demand: demand.month.measured_share(demand.until), lambda demand: (demand,)
)
_estimate = _CachedResult(
    estimated, lambda demand: (demand.known_month, *demand.earlier_months, demand.contracts)
)
_before = _CachedResult(
    _bill_of_last_month, lambda demand: (*demand.earlier_months, demand.contracts)
)
_comparison = _CachedResult(_compare, _compared)
compared_months = _CachedResult(_decisive_months, _compared)
"""Returns, as attributes, the months by which reference powers are compared: the last twelve
complete months."""
classes = _CachedResult(_classes, _compared)
"""Returns, as attributes, the compared months and the cost of each reference power in these
months."""


def _last_month(demand: Demand) -> Month | None:
    """Return the month before the shown month. Return None if it is unknown."""
    months = demand.earlier_months
    return months[-1] if months and months[-1].end == demand.month.start else None


def price(demand: Demand) -> KwhPrice:
    """Return the present prices of an imported and of an exported kWh."""
    return price_of_kwh(demand.contracts, demand.until, demand.market)


def price_attributes(demand: Demand) -> Attributes:
    """Return an attribute with the older published prices that the price of an imported kWh uses.

    Return {} if it uses none.
    """
    return OlderPrices.answer(price(demand).prices_of)


def cost(*parts: str) -> Callable[[Demand], float | None]:
    """Return a function that returns the cost in EUR of `parts` of the month's bill.

    The cost is rounded to whole cents. With more decimals, the sensor of the cost would change with
    almost every telegram.
    """
    return lambda demand: _this_month(demand).part(*parts)


def surcharge(demand: Demand) -> float | None:
    """Return the month's cost in EUR of the energy above the reference power.

    Return None if it is unknown. The result has six decimals. These decimals do not fill the
    database, because the cost changes at most once in a quarter-hour.
    """
    due = _this_month(demand)
    lines = [line for line in due.lines if line.name == "surcharge"]
    if not lines or due.vat_rate is None or "surcharge" in due.missing:
        return None
    return round(sum(line.quantity * line.price for line in lines) * (1 + due.vat_rate), 6)


def total(demand: Demand) -> float | None:
    """Return the total of the current month's bill in EUR. Return None if unknown."""
    return _this_month(demand).total


def month_end(demand: Demand) -> float | None:
    """Return the expected total of the whole month's bill in EUR.

    Return None without an estimate.
    """
    estimate = _estimate(demand)
    return estimate.total if isinstance(estimate, Estimate) else None


def month_end_attributes(demand: Demand) -> Attributes:
    """Return the month's measured share, and the range of the estimate or its `Lack`.

    If the bill of the whole month will use older published prices, return these, too.
    """
    estimate = _estimate(demand)
    own: Attributes = {}
    if isinstance(estimate, Estimate):
        own = {"low": estimate.low, "high": estimate.high}
    elif estimate:
        own = {"lacks": estimate.value}
    older = older_prices_of_month(demand.month, demand.contracts)
    return {**own, **measured_share(demand), **OlderPrices.answer(older)}


def feed_in(demand: Demand) -> float | None:
    """Return the month's payment in EUR for the exported energy. Return None if unknown."""
    amount = _this_month(demand).amount("feed_in")
    return None if amount is None else abs(amount) and -amount


def measured_share(demand: Demand) -> Attributes:
    """Return an attribute with the share (0 to 1) of the current month that was measured."""
    return {"measured_share": _measured_share(demand)}


def cost_attributes(*parts: str) -> Callable[[Demand], Attributes]:
    """Return a function that returns the attributes of the cost of `parts` of the month's bill.

    The attributes are the month's measured share, and the older published prices that these parts
    use, if any.
    """
    return lambda demand: {
        **measured_share(demand),
        **OlderPrices.answer(_this_month(demand).older_prices(*parts)),
    }


def energy_attributes(demand: Demand) -> Attributes:
    """Return the attributes of the cost of energy and levies, plus up to two energies in kWh.

    "unpriced_kwh" is the imported energy with an unknown price. "unsplit_kwh" is the energy whose
    time of use is unknown. An energy of 0 is left out.
    """
    due = _this_month(demand)
    unsplit = {"unsplit_kwh": due.unsplit_kwh} if due.unsplit_kwh else {}
    attributes = cost_attributes("energy", "levies")(demand)
    return _with_unpriced(attributes, due.unpriced_kwh) | unsplit


def feed_in_attributes(demand: Demand) -> Attributes:
    """Return attributes: the month's measured share, and the exported kWh without a price."""
    return _with_unpriced(measured_share(demand), _this_month(demand).unpriced_exported_kwh)


def total_attributes(demand: Demand) -> Attributes:
    """Return the attributes of the month's total.

    The attributes are:

    - the result of `energy_attributes`;
    - "missing", the names of the bill's lines whose price is unknown (only if a price is unknown);
    - "last_month", last month's total in EUR, None if unknown;
    - "last_month_measured_share", the share (0 to 1) of last month that was measured;
    - "since", the time from which monthly prices count (only if it is after the month's start).
    """
    before, month, due = _before(demand), _last_month(demand), _this_month(demand)
    since = demand.month.since
    return {
        **({"since": since} if since else {}),
        "last_month": before.total if before else None,
        **({"missing": due.missing} if due.missing else {}),
        "last_month_measured_share": month.measured_share(month.end) if month else None,
        **energy_attributes(demand),
        **OlderPrices.answer(due.prices_of),
    }


def _with_unpriced(attributes: Attributes, unpriced_kwh: float) -> Attributes:
    return {**attributes, "unpriced_kwh": unpriced_kwh} if unpriced_kwh else attributes


def peak_last_month(demand: Demand) -> QuarterHour | None:
    """Return the quarter-hour with the highest mean power in the month before the shown month.

    Return None if that month is unknown or has no quarter-hour.
    """
    month = _last_month(demand)
    return month.peak if month else None


def peak_last_month_attributes(demand: Demand) -> Attributes:
    """Return the attributes of last month's peak, and the measured share of last month."""
    month = _last_month(demand)
    share = month.measured_share(month.end) if month else None
    return {**quarter_hour_attributes(peak_last_month(demand)), "measured_share": share}


def peak_12_months(demand: Demand) -> QuarterHour | None:
    """Return the quarter-hour with the highest mean power in the last twelve months.

    The current month counts as one of them. Return None if no quarter-hour is known.
    """
    month_start = demand.month.start
    year_before = month_start.replace(year=month_start.year - 1)
    months = (*demand.earlier_months, demand.month)
    peaks = [month.peak for month in months if month.start > year_before and month.peak]
    return max(peaks, key=lambda peak: peak.mean_kw, default=None)


def quarter_hours_above(demand: Demand) -> int:
    """Return how many quarter-hours of the current month are above the reference power.

    The reference power may change during the month. Each day is compared with the contract of that
    day.
    """
    own = ((demand.contracts.at(day.start).reference_kw, day) for day in demand.month.days)
    return sum(day.above[kw].quarter_hours for kw, day in own if kw is not None and kw in day.above)


def cheapest(demand: Demand) -> int | None:
    """Return the reference power in kW with the lowest cost in the last 12 whole months.

    Return None if unknown.
    """
    return _comparison(demand).cheapest


def saving(demand: Demand) -> float | None:
    """Return the yearly saving in EUR at the cheapest reference power. Return None if unknown."""
    return _comparison(demand).saving_per_year
