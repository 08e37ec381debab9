"""Answers about a household as lines of text, and texts of refusals in English."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from smartyp1.json_types import JsonMapping

type _Bill = Mapping[str, Any]

_NAME_CHARS = 28
_UNKNOWN = "?"
_TEXTS = Path(__file__).parents[1] / "smarty_p1_gateway/texts/translations/en.json"


def bill_text(bill: _Bill) -> str:
    """Return the text of a bill."""
    return "\n".join(_bill_lines(bill))


def _bill_lines(bill: _Bill) -> Iterator[str]:
    yield f"Bill of {bill['month']}, {_period(bill)}, {bill['measured_share']:.1%} measured"
    for line in bill["lines"]:
        name = line.get("label") or line["name"].replace("_", " ")
        of_unit = f"{line['quantity']:12.3f} {line['unit']:5} x {line['price']:10.6f}"
        yield f"  {name:{_NAME_CHARS}} {of_unit} {line['amount']:10.2f}"
    for name in bill.get("missing", ()):
        yield f"  {name.replace('_', ' '):{_NAME_CHARS}} unknown price"
    keys = {"net": "net", "vat_base": "taxed", "vat": "VAT", "total": "total"}
    if bill.get("vat_base") == bill.get("net"):
        del keys["vat_base"]
    for key, name in {**keys, "subtotal": "subtotal"}.items():
        if key in bill:
            yield f"  {name:{_NAME_CHARS}} {_eur(bill[key]):>43}"
    yield from _remarks(bill)
    yield from _older(bill)
    yield "Amounts are in EUR."


def _remarks(bill: _Bill) -> Iterator[str]:
    """Yield what a bill says besides its lines and sums."""
    if estimate := bill.get("estimate"):
        whole, low, high = (_eur(estimate[key]) for key in ("total", "low", "high"))
        yield f"  whole month, estimated: {whole} (from {low} to {high})"
    if lacks := bill.get("estimate_lacks"):
        yield f"  no estimate of the whole month: it lacks {lacks.replace('_', ' ')}"
    if count := bill.get("estimated_quarter_hours"):
        yield f"  {count} of {bill['quarter_hours']} quarter-hours are estimated by the operator"
    instead = "without a price" if bill.get("missing") else "at a stand-in price"
    for key, what in (
        ("unpriced_kwh", instead),
        ("unpriced_exported_kwh", "to the grid, without a known price"),
    ):
        if kwh := bill.get(key):
            yield f"  {kwh:.3f} kWh {what}"
    if kwh := bill.get("shared_kwh"):
        yield f"  shared: {kwh:.3f} kWh"
    if community := bill.get("community"):
        amount, total = _eur(community["amount"]), _eur(bill["total_with_community"])
        yield f"  energy community: {amount} with VAT, together {total}"


def _period(bill: _Bill) -> str:
    until = f"until {bill['until'][:16]}"
    return f"from {bill['since'][:16]} {until}" if "since" in bill else until


def _eur(amount: float | None) -> str:
    return _UNKNOWN if amount is None else f"{amount:.2f}"


def _older(answer: JsonMapping) -> Iterator[str]:
    older = dict(answer.get("prices_of", {}))
    ended = older.pop("ended", {})
    older.pop("newer_known", None)
    for kind, day in older.items():
        yield f"  {kind}: prices are known until {day}, and used for later days, too"
    for name, day in ended.items():
        yield f"  {name.replace('_', ' ')}: its last day is {day}"


def year_text(bills: Sequence[_Bill]) -> str:
    """Return a table of bills, with their sum."""
    keys = ("net", "vat", "total")
    lines = [f"{'month':9}{'measured':>9}" + "".join(f"{key:>11}" for key in keys)]
    for bill in bills:
        amounts = "".join(f"{_eur(bill[key]):>11}" for key in keys)
        lines.append(f"{bill['month']:9}{bill['measured_share']:9.1%}{amounts}")
    sums = []
    for key in keys:
        amounts_known = [bill[key] for bill in bills if bill[key] is not None]
        sums.append(sum(amounts_known) if len(amounts_known) == len(bills) else None)
    lines.append(f"{'sum':18}" + "".join(f"{_eur(total):>11}" for total in sums))
    return "\n".join([*lines, "Amounts are in EUR."])


def comparison_text(report: JsonMapping) -> str:
    """Return a table of the costs at each reference power, a line for each month."""
    months = report["months"]
    powers = [*months[-1]["classes"]] if months else []
    lines = ["month   " + "".join(f"{f'{kw} kW':>9}" for kw in powers)]
    for month in months:
        costs = (_eur(month["classes"][kw]["total"]) for kw in powers)
        mark = " " if month["is_whole"] else "*"
        lines.append(f"{month['month']}{mark}" + "".join(f"{cost:>9}" for cost in costs))
    if not all(month["is_whole"] for month in months):
        lines.append("* This month is not whole, and does not count.")
    lines.append(_cheapest(report["cheapest"], report["saving_per_year"]))
    lines += _older(report)
    return "\n".join([*lines, "Amounts are in EUR: fixed price and surcharge."])


def _cheapest(kw: int | None, saving: float | None) -> str:
    if kw is None:
        return "The cheapest reference power is unknown: there is too little data."
    saved = f"; it saves {saving:.2f} EUR a year" if saving else ""
    is_own = ", which is yours" if saving == 0 else ""
    return f"The cheapest reference power is {kw:g} kW{is_own}{saved}."


def what_if_text(report: JsonMapping) -> str:
    """Return a table of a year's costs by part, now and with the changes, at the own class."""
    classes, best = report["classes"], report["cheapest"]["then"]
    own = classes[f"{report['reference_kw']:g}"]
    years = [year for year in ("now", "at_once", "then") if year in own]
    lines = [
        f"Year from {report['start']} to {report['end']}, {report['measured_days']} days measured",
        f"  {'':12}" + "".join(f"{year.replace('_', ' '):>10}" for year in years),
        f"  {'class':12}" + f"{f'{report["reference_kw"]:g} kW':>10}" * len(years),
    ]
    for part in own["now"]:
        amounts = "".join(f"{own[year][part]:>10}" for year in years)
        lines += [f"  {part.replace('_', ' '):12}{amounts}"]
    low, high = report["saving"]["low"], report["saving"]["high"]
    lines.append(_saving(low, high))
    then = own["then"]["total"]
    if "at_once" in own:
        lines.append(_less("With the plan instead of at once", own["at_once"]["total"] - then))
    if less := then - classes[f"{best:g}"]["then"]["total"]:
        lines.append(_less(f"Then, with {best:g} kW", less))
    lines += _older(report)
    lines += [f"  assumed: {_assumed(assumption)}" for assumption in report["assumed"]]
    return "\n".join([*lines, "Amounts are whole EUR a year, at today's prices."])


def _saving(low: int, high: int) -> str:
    if high <= 0 and low < 0:
        more = f"{-low}" if low == high else f"{-high} to {-low}"
        return f"It costs {more} EUR more a year."
    return f"It saves {low if low == high else f'{low} to {high}'} EUR a year."


def _less(change: str, euros: int) -> str:
    return f"{change}: {abs(euros)} EUR {'less' if euros >= 0 else 'more'} a year."


def _assumed(assumption: JsonMapping) -> str:
    value = "" if assumption["value"] is None else f" {assumption['value']}"
    return f"{assumption['key'].replace('_', ' ')}{value}"


def text_of_error(key: str, **placeholders: str) -> str:
    """Return the text of an error that the integration translates."""
    return _messages()[key]["message"].format(**placeholders)


@cache
def _messages() -> dict[str, dict[str, str]]:
    messages: dict[str, dict[str, str]] = json.loads(_TEXTS.read_text("utf-8"))["exceptions"]
    return messages
