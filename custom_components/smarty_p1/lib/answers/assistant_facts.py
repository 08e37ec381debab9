"""Answers for assistants: few facts, whose names end with their unit.

A language model makes sentences from the facts, in the language of the user. So an answer has no
sentences, and a limited size: long answers are slow, and models overlook parts of them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ..bill.bill import to_cents
from ..bill.household_state import HouseholdState
from ..bill.month import Month
from ..history.luxembourg_time import LUXEMBOURG, MONTHS_OF_A_YEAR, local_text
from ..history.month_file_lines import month_name
from ..prices.kwh_price import sum_of_known

MAX_BYTES = 4_000
"""Maximum size of an answer as JSON."""
_PERCENT = 100
_WH_A_KWH = 1000
# Share of today's quarter-hours that must be known, as on the card. On its first day, a meter would
# seem to save.
_MIN_COMPARED_SHARE = 0.9


def _known(**facts: object) -> dict[str, Any]:
    """Return the facts without unknown ones, which are None."""
    return {name: value for name, value in facts.items() if value is not None}


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * _PERCENT, 2)


def _kwh(wh: float | None) -> float | None:
    return None if wh is None else round(wh / _WH_A_KWH, 3)


def _cents(eur: float | None) -> float | None:
    return None if eur is None else to_cents(eur)


def _highest(peak: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if peak is None:
        return None
    start = datetime.fromisoformat(peak["start"]).astimezone(LUXEMBOURG)
    return {"start": start.isoformat(), "mean_kw": round(peak["mean_kw"], 3)}


def bill_facts(bill: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a bill from `shown_bill`."""
    return _known(
        month=bill["month"],
        since=bill.get("since"),
        until=bill["until"],
        total_eur=bill["total"],
        total_with_community_eur=bill.get("total_with_community"),
        unknown_prices=bill.get("missing"),
        subtotal_of_known_parts_eur=bill.get("subtotal"),
        vat_percent=_percent(bill["vat_rate"]),
        parts_with_vat_eur=bill["parts"],
        imported_kwh=bill["imported_kwh"],
        exported_kwh=bill["exported_kwh"],
        shared_kwh=bill.get("shared_kwh"),
        unpriced_kwh=bill.get("unpriced_kwh"),
        unpriced_exported_kwh=bill.get("unpriced_exported_kwh"),
        reference_power_kw=bill["reference_kw"],
        highest_quarter_hour=_highest(bill["peak"]),
        measured_percent=_percent(bill["measured_share"]),
        estimated_quarter_hours=bill.get("estimated_quarter_hours"),
        month_end=_month_end(bill.get("estimate")),
        month_end_lacks=bill.get("estimate_lacks"),
        prices_published_until=bill.get("prices_of"),
        lines_without_vat=[_line(line) for line in bill["lines"]],
    )


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return _known(
        name=line["name"],
        label=line.get("label"),
        quantity=line["quantity"],
        unit=line["unit"],
        price_eur=line["price"],
        amount_eur=line["amount"],
    )


def _month_end(estimate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    return _known(
        estimated=True,
        total_eur=estimate["total"],
        low_eur=estimate["low"],
        high_eur=estimate["high"],
        prices_published_until=estimate.get("prices_of"),
    )


def today_facts(
    day: Mapping[str, Any], usual: Mapping[str, Any], today: date, until: str
) -> dict[str, Any]:
    """Return the facts of the last known day, from `days_report` and `usual_report`.

    Only today is compared with usual days, and only if most of today is known.
    """
    is_today = day["day"] == today.isoformat()
    share = day["quarter_hours"] / day["of_quarter_hours"] if day["of_quarter_hours"] else 0.0
    is_compared = is_today and share >= _MIN_COMPARED_SHARE and usual["usual"] is not None
    return _known(
        day=day["day"],
        is_today=is_today,
        until=until,
        cost_eur=day["cost"],
        subtotal_of_known_parts_eur=day["subtotal"] if day["cost"] is None else None,
        consumption_eur=day["cost_used"],
        fixed_prices_eur=day["cost_fixed"],
        above_reference_power_eur=day["cost_above"],
        feed_in_eur=day["feed_in"],
        imported_kwh=_kwh(day["imported_wh"]),
        exported_kwh=_kwh(day["exported_wh"]),
        reference_power_kw=day["reference_kw"],
        highest_quarter_hour=_highest(day["peak"]),
        measured_percent=_percent(share),
        estimated_quarter_hours=day["estimated_quarter_hours"] or None,
        prices_published_until=day.get("prices_of"),
        **(_usual(day, usual["usual"], usual["reason"]) if is_compared else {}),
    )


def _usual(day: Mapping[str, Any], usual: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
    costs = day["cost"], usual["cost"]
    difference = None if None in costs else to_cents(costs[0] - costs[1])
    return {
        "usual_until_now": _known(
            mean_of_days=usual["days"],
            cost_eur=_cents(usual["cost"]),
            imported_kwh=_kwh(usual["imported_wh"]),
            exported_kwh=_kwh(usual["exported_wh"]),
            house_kwh=_kwh(usual["house_wh"]),
            own_kwh=_kwh(usual["own_wh"]),
            highest_mean_kw=usual["peak_kw"],
            prices_published_until=usual.get("prices_of"),
        ),
        **_known(difference_eur=difference, reason=reason),
    }


def best_start_facts(best: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a load's best start, from `best_start_report`."""
    return _known(
        estimated=True,
        start=best["start"],
        end=best["end"],
        cost_eur=best["cost"],
        saving_against_now_eur=best["saving"],
        is_worth_waiting=best["is_worth_waiting"],
        is_late=best["is_late"] or None,
        from_own_surplus_kwh=best["own_kwh"],
        # Without a saving, the reason is arbitrary.
        reason=best["reason"] if best["is_worth_waiting"] else None,
    )


def class_facts(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the comparison of reference powers, from `classes_report`."""
    decisive = [month for month in report["months"] if month["month"] in report["decisive"]]
    return _known(
        estimated=True,
        reference_power_kw=report["reference_kw"],
        cheapest_kw=report["cheapest"],
        saving_eur_a_year=report["saving_per_year"],
        is_about_the_same=report["about_the_same"],
        prices=report["prices"],
        prices_published_until=report.get("prices_of"),
        vat_percent=_percent(report["vat_rate"]),
        whole_months=report["decisive"],
        classes=[
            _known(
                reference_power_kw=int(kw),
                total_eur=total,
                surcharge_eur=sum_of_known(
                    [month["classes"][kw]["surcharge"] for month in decisive], 3
                ),
                above_kwh=sum_of_known(
                    [month["classes"][kw]["excess_kwh"] for month in decisive], 3
                ),
            )
            for kw, total in report["totals"].items()
        ],
    )


def _total(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    return sum_of_known([row.get(name) for row in rows], 3)


def what_if_facts(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a year with changes, from `what_if_report`.

    Both years have the reference power that is then the cheapest.
    """
    years = {
        name: {
            "reference_power_kw": report["cheapest"][name],
            "cost_eur": report["classes"][f"{report['cheapest'][name]:g}"][name],
            "energy_kwh": report["energies"][name],
        }
        for name in ("now", "then")
    }
    battery = report["classes"][f"{report['cheapest']['then']:g}"]["battery"]
    return _known(
        estimated=True,
        first_day=report["start"],
        before_day=report["end"],
        known_percent=_percent(report["known_share"]),
        reference_power_kw=report["reference_kw"],
        has_vat=report["has_vat"],
        saving_eur_a_year=report["saving"],
        **years,
        battery=_battery(battery) if battery else None,
        assumed={item["key"]: item["value"] or True for item in report["assumed"]},
        prices_published_until=report.get("prices_of"),
    )


def _battery(battery: Mapping[str, Any]) -> dict[str, Any]:
    return _known(cycles_a_year=battery["cycles"], stored_percent=_percent(battery["stored_share"]))


def years_of(demand: HouseholdState) -> dict[int, list[Month]]:
    """Return the known months by year."""
    years: dict[int, list[Month]] = {}
    for month in demand.months:
        years.setdefault(month.start.year, []).append(month)
    return years


def year_facts(demand: HouseholdState, year: int = 0) -> dict[str, Any]:
    """Return the totals of each known month of a year.

    With a `year` of 0, return the current month and the twelve months before it.
    """
    months = years_of(demand)[year] if year else demand.months[-MONTHS_OF_A_YEAR - 1 :]
    rows = [year_month(month, demand) for month in months]
    return {
        "until": local_text(min(months[-1].end, demand.until)),
        **_known(
            total_eur=_total(rows, "total_eur"),
            imported_kwh=_total(rows, "imported_kwh"),
            exported_kwh=_total(rows, "exported_kwh"),
        ),
        "months": rows,
    }


def year_month(month: Month, demand: HouseholdState) -> dict[str, Any]:
    """Return the totals of a month."""
    until = min(month.end, demand.until)
    due, share = month.bill(until), month.measured_share(until)
    return _known(
        month=month_name(month.start),
        total_eur=due.total,
        total_with_community_eur=due.total_with_community if due.energy.shared_wh else None,
        imported_kwh=round(month.imported_kwh, 3),
        exported_kwh=round(month.exported_kwh, 3),
        measured_percent=_percent(share) if share < 1 else None,
        is_running=month.end > demand.until or None,
    )


def compared_month(month: Month, total: float, end: datetime) -> dict[str, Any]:
    """Return the cost of a month up to `end`, and how much of this time was measured."""
    share = month.measured_share(end)
    percent = _percent(share) if share < 1 else None
    return _known(month=month_name(month.start), total_eur=total, measured_percent=percent)


def shortened(facts: Mapping[str, Any]) -> dict[str, Any]:
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
