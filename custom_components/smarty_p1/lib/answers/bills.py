"""Answers with bills, and with the comparison of reference powers."""

from datetime import UTC

from ..advice.class_comparison import Comparison, compare
from ..advice.goal import LAST_YEAR, GoalChoice, goal_of
from ..advice.month_forecast import Lack, estimated
from ..bill.bill import Bill, BillLine
from ..bill.household_state import HouseholdState
from ..bill.month import ClassExcess, Month
from ..history.luxembourg_time import QUARTER_HOUR, local_text
from ..history.month_file_lines import month_name
from ..history.quarter_hour import QuarterHour
from ..history.reading_json import without_unknown
from ..json_types import JsonDict
from ..prices.published_prices import REFERENCE_POWERS, OlderPrices

CURRENT_PRICES = "current"
_PARTS = ("energy", "network", "levies", "surcharge", "feed_in")
_UNPRICED = ("unpriced_kwh", "unpriced_market_kwh", "unpriced_exported_kwh")


def peak_report(peak: QuarterHour | None, decimals: int = 6) -> JsonDict | None:
    """Return the start and the mean power of a peak. Return None if `peak` is None."""
    return peak and {"start": peak.start.isoformat(), "mean_kw": round(peak.mean_kw, decimals)}


def bill_answer(month: Month, household: HouseholdState) -> JsonDict:
    """Return the bill of a month as data."""
    until = min(month.end, household.until)
    due = month.bill(until)
    answer: JsonDict = {
        "month": month_name(month.start),
        **({"since": local_text(since)} if (since := month.since) else {}),
        "until": local_text(until),
        "measured_share": month.measured_share(until),
        **_of_leneda(month),
        "lines": [_line(line) for line in due.lines],
        "parts": without_unknown({name: due.part(name) for name in _PARTS}),
        "net": due.net,
        "vat_base": due.vat_base,
        "vat": due.vat,
        "total": due.total,
        **OlderPrices.answer(due.prices_of),
    }
    if month.start == household.month_start:
        answer |= _estimate(month, household)
    if due.missing:
        answer |= {"missing": list(due.missing), "subtotal": due.subtotal}
    unpriced = {name: getattr(due, name) or None for name in _UNPRICED}
    return answer | without_unknown(unpriced) | _of_sharing(month, due)


def _estimate(month: Month, household: HouseholdState) -> JsonDict:
    """Return the estimate of the current month, or the data that it lacks. Both may be absent."""
    estimate = estimated(household)
    if isinstance(estimate, Lack):
        return {"estimate_lacks": estimate.value}
    if estimate is None:
        return {}
    return {"estimate": estimate._asdict() | OlderPrices.answer(month.bill().prices_of)}


def _line(line: BillLine) -> JsonDict:
    """Return a line of a bill as a dict. Only the line of an `Aid` has a `label` and `has_vat`."""
    fields = line._asdict()
    if line.label is None:
        del fields["label"], fields["has_vat"]
    return fields


def _of_leneda(month: Month) -> dict[str, int]:
    """Return three counts of a month's quarter-hours, or an empty dict.

    The counts are the known quarter-hours, the quarter-hours from Leneda, and the quarter-hours
    that Leneda has estimated. The dict is empty if no quarter-hour is from Leneda.
    """
    sums = month.sums
    counts = {
        "quarter_hours": round(sums.quarter_hours),
        "leneda_quarter_hours": round(sums.leneda),
        "estimated_quarter_hours": round(sums.estimated),
    }
    return counts if sums.leneda else {}


def _of_sharing(month: Month, due: Bill) -> JsonDict:
    """Return the energy from energy sharing, and the line of the energy community's own bill.

    Return an empty dict if Leneda has no data on shared energy for the time of the bill. If its
    data of only this month are lost, the known energy is 0.
    """
    if not due.energy.known_sharing_wh:
        return {"sharing_known_kwh": 0.0} if month.lacks_sharing else {}
    layers = enumerate(due.energy.layers_wh, 1)
    community = {}
    if due.community:
        community = {
            "community": _line(due.community),
            "total_with_community": due.total_with_community,
        }
    return {
        "shared_kwh": _kwh(due.energy.shared_wh),
        "shared_by_layer": {str(layer): kwh for layer, wh in layers if (kwh := _kwh(wh))},
        "sharing_known_kwh": _kwh(due.energy.known_sharing_wh),
        "may_owe_less_network": due.may_owe_less_network,
        **community,
    }


def _kwh(wh: float) -> float:
    return round(wh / 1000, 3)


def bills_report(household: HouseholdState, count: int, goal: GoalChoice | None = None) -> JsonDict:
    """Return the newest `count` bills in the order of time, up to the current month's bill.

    The current month's bill also has the `goal` of the household.
    """
    months = household.months[-count:]
    bills = [shown_bill(month, household) for month in months]
    if goal is not None:
        bills[-1]["goal"] = _goal(goal, household)
    return {"months": bills}


def shown_bill(month: Month, household: HouseholdState) -> JsonDict:
    """Return the bill of a month with the values that a card shows beside it."""
    return bill_answer(month, household) | _beside_it(month, household)


def _goal(choice: GoalChoice, household: HouseholdState) -> JsonDict:
    """Return the goal of the current month. Its `total` is None if last year's cost is unknown."""
    is_last_year = choice == LAST_YEAR
    goal = goal_of(choice, household.months, household.until)
    if goal is None:
        return {"is_last_year": is_last_year, "total": None}
    passed_on = goal.passed_on and goal.passed_on.isoformat()
    return {"is_last_year": is_last_year, **goal._asdict(), "passed_on": passed_on}


def _beside_it(month: Month, household: HouseholdState) -> JsonDict:
    """Return the values that a card shows in addition to a month's bill."""
    until = min(month.end, household.until)
    return {
        "start": month.start.isoformat(),
        "end": month.end.isoformat(),
        "imported_kwh": round(month.imported_kwh, 3),
        "exported_kwh": round(month.exported_kwh, 3),
        # Take the last contract of the month. `between` leaves out a contract that begins at the
        # end of the month, because such a contract belongs to the next month.
        "reference_kw": household.contracts.between(month.start, until)[-1].reference_kw,
        "peak": peak_report(month.peak),
        "vat_rate": month.bill(until).vat_rate,
    }


def comparison_report(household: HouseholdState, prices: str) -> JsonDict:
    """Return the cost of each reference power in each known month.

    If `prices` is CURRENT_PRICES, all months have the current prices. Otherwise, each month has the
    prices of its time.
    """
    return _comparison(_compared_by(household, prices), prices)


def _compared_by(household: HouseholdState, prices: str) -> Comparison:
    return compare(
        household.ledger,
        [month.start for month in household.months],
        household.until,
        is_at_current_prices=prices == CURRENT_PRICES,
    )


def _comparison(comparison: Comparison, prices: str) -> JsonDict:
    return {
        "months": [
            {
                "month": month_name(month.start),
                "measured_share": month.measured_share,
                "is_whole": month.is_whole,
                "classes": {str(kw): cost._asdict() for kw, cost in month.classes.items()},
            }
            for month in comparison.months
        ],
        "prices": prices,
        "cheapest": comparison.cheapest,
        "saving_per_year": comparison.saving_per_year,
        "about_the_same": comparison.is_about_the_same,
        **OlderPrices.answer(comparison.prices_of),
    }


def classes_report(household: HouseholdState) -> JsonDict:
    """Return the cost of each reference power at current prices, and the energy above that power.

    Cost and energy are listed by month.
    """
    comparison = _compared_by(household, CURRENT_PRICES)
    totals = comparison.totals
    return {
        **_comparison(comparison, CURRENT_PRICES),
        "reference_kw": household.contracts.at(household.until).reference_kw,
        "vat_rate": household.month.bill(household.until).vat_rate,
        "decisive": [month_name(month.start) for month in comparison.decisive],
        "totals": {str(kw): total and round(total, 2) for kw, total in totals.items()},
        "above": [_above(month, household) for month in household.months],
    }


def _above(month: Month, household: HouseholdState) -> JsonDict:
    """Return a month's energy above each reference power of the tariff and of the contracts."""
    until = min(month.end, max(month.start, household.until))
    start = month.start.astimezone(UTC)
    contracts, sums = household.contracts.between(start, until.astimezone(UTC)), month.sums
    return {
        "month": month_name(month.start),
        "quarter_hours": round(sums.quarter_hours),
        "of_quarter_hours": (until.astimezone(UTC) - start) // QUARTER_HOUR,
        "peak": peak_report(month.peak),
        "classes": {
            str(kw): _counted(above) for kw, above in month.above(*REFERENCE_POWERS).items()
        },
        "contract": {
            "reference_kw": [
                kw for contract in contracts if (kw := contract.reference_kw) is not None
            ],
            **_counted(ClassExcess(round(sums.above), sums.above_wh)),
        },
    }


def _counted(above: ClassExcess) -> JsonDict:
    return {"quarter_hours": above.quarter_hours, "kwh": round(above.energy_wh / 1000, 3)}
