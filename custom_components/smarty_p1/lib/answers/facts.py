"""Answers for assistants: few facts, in names that end with their unit.

An assistant makes sentences from them. So they have no sentences, and are short: a long answer
fills the memory of a language model.
"""

import json
from collections.abc import Mapping
from typing import Any

MAX_BYTES = 4_000
"""Maximum size of an answer as JSON."""
_PERCENT = 100


def bill_facts(bill: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a bill from `shown_bill`."""
    facts = {
        "month": bill["month"],
        "since": bill.get("since"),
        "until": bill["until"],
        "total_eur": bill["total"],
        "total_with_community_eur": bill.get("total_with_community"),
        "unknown_prices": bill.get("missing"),
        "subtotal_of_known_parts_eur": bill.get("subtotal"),
        "vat_percent": _percent(bill["vat_rate"]),
        "parts_with_vat_eur": bill["parts"],
        "lines_without_vat": [_line(line) for line in bill["lines"]],
        "imported_kwh": bill["imported_kwh"],
        "exported_kwh": bill["exported_kwh"],
        "shared_kwh": bill.get("shared_kwh"),
        "unpriced_kwh": bill.get("unpriced_kwh"),
        "unpriced_exported_kwh": bill.get("unpriced_exported_kwh"),
        "reference_power_kw": bill["reference_kw"],
        "highest_quarter_hour": bill["peak"],
        "measured_percent": _percent(bill["measured_share"]),
        "estimated_quarter_hours": bill.get("estimated_quarter_hours"),
        "month_end": _estimate(bill.get("estimate")),
        "month_end_lacks": bill.get("estimate_lacks"),
        "prices_of": bill.get("prices_of"),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "name": line["name"],
        "label": line.get("label"),
        "quantity": line["quantity"],
        "unit": line["unit"],
        "price_eur": line["price"],
        "amount_eur": line["amount"],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _estimate(estimate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    amounts = {f"{name}_eur": estimate[name] for name in ("total", "low", "high")}
    older = {"prices_of": estimate["prices_of"]} if "prices_of" in estimate else {}
    return {"estimated": True, **amounts, **older}


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * _PERCENT, 2)


def shortened(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that have at most `MAX_BYTES` as JSON.

    Longer lists lose their last rows. `left_out` then has the number of these rows, by list.
    """
    short, left_out = dict(facts), dict[str, int]()
    while len(json.dumps(short, ensure_ascii=False).encode()) > MAX_BYTES:
        name = max(
            (name for name, value in short.items() if isinstance(value, list) and value),
            key=lambda name: len(json.dumps(short[name])),
        )
        short[name] = short[name][:-1]
        left_out[name] = left_out.get(name, 0) + 1
        short["left_out"] = left_out
    return short
