"""Answers for assistants: few facts, whose names end with their unit.

A language model makes sentences from the facts, in the language of the user. So an answer has no
sentences, and a limited size: long answers are slow, and models overlook parts of them.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from ..bill.bill import to_cents
from ..bill.household_state import HouseholdState
from ..bill.month import Month
from ..history.luxembourg_time import LUXEMBOURG, MONTHS_OF_A_YEAR, day_start, local_text
from ..history.month_file_lines import month_name
from ..history.reading_json import without_unknown
from ..json_types import JsonDict, JsonMapping
from ..plan.daily_load import LoadPlan
from ..prices.kwh_price import sum_of_known
from .days import days_report

MAX_BYTES = 4_000
"""Maximum size of an answer as JSON."""
_PERCENT = 100
_WH_A_KWH = 1000
# Share of today's quarter-hours that must be known, as on the card. On its first day, a meter would
# seem to save.
_MIN_COMPARED_SHARE = 0.9
_ESTIMATED = {"estimated": True}
_USUAL_ENERGIES = ("imported", "exported", "house", "own")


def _known(**facts: object) -> JsonDict:
    """Return the facts without unknown ones, which are None."""
    return without_unknown(facts)


def _facts(report: JsonMapping, *same: str, **names: str) -> JsonDict:
    """Return known values of a report as facts. `names` has the value's name by the fact's name.

    A fact in `same` has the name of its value.
    """
    rows = {name: name for name in same} | names
    return without_unknown({fact: report.get(name) for fact, name in rows.items()})


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * _PERCENT, 2)


def _kwh(wh: float | None) -> float | None:
    return None if wh is None else round(wh / _WH_A_KWH, 3)


def _cents(eur: float | None) -> float | None:
    return None if eur is None else to_cents(eur)


def _highest(peak: JsonMapping | None) -> JsonDict | None:
    if peak is None:
        return None
    start = datetime.fromisoformat(peak["start"]).astimezone(LUXEMBOURG)
    return {"start": start.isoformat(), "mean_kw": round(peak["mean_kw"], 3)}


def bill_facts(bill: JsonMapping) -> JsonDict:
    """Return the facts of a bill from `shown_bill`."""
    return {
        **_facts(
            bill,
            "month",
            "since",
            "until",
            "imported_kwh",
            "exported_kwh",
            "shared_kwh",
            "unpriced_kwh",
            "unpriced_exported_kwh",
            "estimated_quarter_hours",
            total_eur="total",
            total_with_community_eur="total_with_community",
            unknown_prices="missing",
            subtotal_of_known_parts_eur="subtotal",
            parts_with_vat_eur="parts",
            reference_power_kw="reference_kw",
            month_end_lacks="estimate_lacks",
            prices_published_until="prices_of",
        ),
        **_known(
            vat_percent=_percent(bill["vat_rate"]),
            highest_quarter_hour=_highest(bill["peak"]),
            measured_percent=_percent(bill["measured_share"]),
            month_end=_month_end(bill.get("estimate")),
        ),
        "lines_without_vat": [
            _facts(
                line, "name", "label", "quantity", "unit", price_eur="price", amount_eur="amount"
            )
            for line in bill["lines"]
        ],
    }


def _month_end(estimate: JsonMapping | None) -> JsonDict | None:
    if estimate is None:
        return None
    return _ESTIMATED | _facts(
        estimate,
        total_eur="total",
        low_eur="low",
        high_eur="high",
        prices_published_until="prices_of",
    )


def today_facts(household: HouseholdState, usual: JsonMapping, today: date) -> JsonDict:
    """Return the facts of the last known day. `usual` is from `usual_report`.

    Only today is compared with usual days, and only if most of today is known. Both then end at the
    same time: in a house with panels, this is the end of a quarter-hour.
    """
    until = min(household.until, datetime.fromisoformat(usual["until"]))
    if until <= day_start(household.until):
        until = household.until
    report = days_report(replace(household, until=until), household.month.start.date(), date.max)
    day = report["days"][-1]
    is_today = day["day"] == today.isoformat()
    share = day["quarter_hours"] / day["of_quarter_hours"] if day["of_quarter_hours"] else 0.0
    is_compared = is_today and share >= _MIN_COMPARED_SHARE and usual["usual"] is not None
    return {
        **_facts(
            day,
            "day",
            cost_eur="cost",
            consumption_eur="cost_used",
            fixed_prices_eur="cost_fixed",
            above_reference_power_eur="cost_above",
            feed_in_eur="feed_in",
            reference_power_kw="reference_kw",
            prices_published_until="prices_of",
        ),
        **_known(
            is_today=is_today,
            until=local_text(until),
            subtotal_of_known_parts_eur=day["subtotal"] if day["cost"] is None else None,
            imported_kwh=_kwh(day["imported_wh"]),
            exported_kwh=_kwh(day["exported_wh"]),
            highest_quarter_hour=_highest(day["peak"]),
            measured_percent=_percent(share),
            estimated_quarter_hours=day["estimated_quarter_hours"] or None,
        ),
        **(_usual(day, usual["usual"], usual["reason"]) if is_compared else {}),
    }


def _usual(day: JsonMapping, usual: JsonMapping, reason: str | None) -> JsonDict:
    costs = day["cost"], usual["cost"]
    difference = None if None in costs else to_cents(costs[0] - costs[1])
    energies = {f"{name}_kwh": _kwh(usual[f"{name}_wh"]) for name in _USUAL_ENERGIES}
    return {
        "usual_until_now": {
            **_facts(
                usual,
                mean_of_days="days",
                highest_mean_kw="peak_kw",
                prices_published_until="prices_of",
            ),
            **_known(cost_eur=_cents(usual["cost"]), **energies),
        },
        **_known(difference_eur=difference, reason=reason),
    }


def best_start_facts(best: JsonMapping) -> JsonDict:
    """Return the facts of a load's best start, from `best_start_report`."""
    # Without a saving, the reason is arbitrary.
    reason = best["reason"] if best["is_worth_waiting"] else None
    return {
        **_ESTIMATED,
        **_facts(
            best,
            "start",
            "end",
            "is_worth_waiting",
            cost_eur="cost",
            saving_against_now_eur="saving",
            from_own_surplus_kwh="own_kwh",
        ),
        **_known(is_late=best["is_late"] or None, reason=reason),
    }


def load_facts(name: str, plan: LoadPlan | None, planned: JsonMapping) -> JsonDict:
    """Return the facts of an entered load. `planned` is its row in the plan of the house."""
    if plan is None:
        return {"name": name, "state": "not_planned"}
    waits = bool(plan.runs) and not plan.runs_now
    return {
        "name": name,
        "state": plan.state,
        **_known(
            runs=[{"start": local_text(start), "end": local_text(end)} for start, end in plan.runs],
            waits_for=planned.get("reason") if waits else None,
            saving_against_now_eur=planned.get("saving"),
            ready_by=plan.by and local_text(plan.by),
            missing_then_kwh=plan.missing_kwh or None,
            takes_energy_up_to_eur_a_kwh=plan.shown_limit_price,
            by_hand_until=plan.hand_until and local_text(plan.hand_until),
            skipped_until=plan.skipped_until and local_text(plan.skipped_until),
        ),
    }


def class_facts(report: JsonMapping) -> JsonDict:
    """Return the facts of the comparison of reference powers, from `classes_report`."""
    decisive = [month for month in report["months"] if month["month"] in report["decisive"]]

    def facts_of_class(kw: str, total: float | None) -> JsonDict:
        months = [month["classes"][kw] for month in decisive]
        return _known(
            reference_power_kw=int(kw),
            total_eur=total,
            surcharge_eur=_total(months, "surcharge"),
            above_kwh=_total(months, "excess_kwh"),
        )

    return {
        **_ESTIMATED,
        **_facts(
            report,
            "prices",
            reference_power_kw="reference_kw",
            cheapest_kw="cheapest",
            saving_eur_a_year="saving_per_year",
            is_about_the_same="about_the_same",
            prices_published_until="prices_of",
            whole_months="decisive",
        ),
        **_known(vat_percent=_percent(report["vat_rate"])),
        "classes": [facts_of_class(kw, total) for kw, total in report["totals"].items()],
    }


def _total(rows: Sequence[JsonMapping], name: str) -> float | None:
    return sum_of_known([row.get(name) for row in rows], 3)


def what_if_facts(report: JsonMapping) -> JsonDict:
    """Return the facts of a year with changes, from `what_if_report`.

    The years have the household's own reference power. Another one may then be the cheapest.
    """
    best = report["cheapest"]["then"]
    own, cheapest = (report["classes"][f"{kw:g}"] for kw in (report["reference_kw"], best))
    years = {
        name: {
            "cost_eur": own[name],
            **_known(energy_kwh=report["energies"].get(name)),
        }
        for name in ("now", "at_once", "then")
        if name in own
    }
    return {
        **_ESTIMATED,
        **_facts(
            report,
            "has_vat",
            first_day="start",
            before_day="end",
            reference_power_kw="reference_kw",
            saving_eur_a_year="saving",
            prices_published_until="prices_of",
        ),
        **years,
        **_known(
            known_percent=_percent(report["known_share"]),
            battery=_battery(own["battery"]),
        ),
        "then_cheapest_reference_power": {
            "kw": best,
            "saves_more_eur_a_year": own["then"]["total"] - cheapest["then"]["total"],
        },
        # An assumption without a value holds.
        "assumed": {
            item["key"]: True if item["value"] is None else item["value"]
            for item in report["assumed"]
        },
    }


def _battery(battery: JsonMapping | None) -> JsonDict | None:
    if battery is None:
        return None
    return _known(cycles_a_year=battery["cycles"], stored_percent=_percent(battery["stored_share"]))


def years_of(household: HouseholdState) -> dict[int, list[Month]]:
    """Return the known months by year."""
    years: dict[int, list[Month]] = {}
    for month in household.months:
        years.setdefault(month.start.year, []).append(month)
    return years


def year_facts(household: HouseholdState, year: int = 0) -> JsonDict:
    """Return the totals of each known month of a year.

    With a `year` of 0, return the current month and the twelve months before it.
    """
    months = years_of(household)[year] if year else household.months[-MONTHS_OF_A_YEAR - 1 :]
    rows = [year_month(month, household) for month in months]
    return {
        "until": local_text(min(months[-1].end, household.until)),
        **_known(
            total_eur=_total(rows, "total_eur"),
            imported_kwh=_total(rows, "imported_kwh"),
            exported_kwh=_total(rows, "exported_kwh"),
        ),
        "months": rows,
    }


def year_month(month: Month, household: HouseholdState) -> JsonDict:
    """Return a month's amounts in EUR and energies in kWh. Unknown ones are left out."""
    until = min(month.end, household.until)
    due, share = month.bill(until), month.measured_share(until)
    return _known(
        month=month_name(month.start),
        total_eur=due.total,
        total_with_community_eur=due.total_with_community if due.energy.shared_wh else None,
        imported_kwh=round(month.imported_kwh, 3),
        exported_kwh=round(month.exported_kwh, 3),
        measured_percent=_percent(share) if share < 1 else None,
        is_running=month.end > household.until or None,
    )


def compared_month(month: Month, total: float, end: datetime) -> JsonDict:
    """Return the cost of a month up to `end`, and how much of this time was measured."""
    share = month.measured_share(end)
    percent = _percent(share) if share < 1 else None
    return _known(month=month_name(month.start), total_eur=total, measured_percent=percent)


def shortened(facts: JsonMapping) -> JsonDict:
    """Return facts that have at most `MAX_BYTES` as JSON.

    Long lists lose their last rows. `left_out` then has the number of these rows, by list.
    """
    short, left_out = dict(facts), dict[str, int]()
    while _size(short) > MAX_BYTES:
        lists = {name: value for name, value in short.items() if isinstance(value, list)}
        name = max(lists, key=lambda name: _size(lists[name]))
        short[name] = lists[name][:-1]
        left_out[name] = left_out.get(name, 0) + 1
        short["left_out"] = left_out
    return short


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
