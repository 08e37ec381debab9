"""The bills of the invented household: thirteen months up to Saturday 21 November 2026, 18:38.

Each line is in whole cents of its own, half a cent up; VAT is 8 % of all lines except exports.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from smartyp1.json_types import JsonDict

from .stage import Stage

_CENT = Decimal("0.01")
_PARTS = {
    "energy": "energy",
    "energy_second": "energy",
    "energy_fee": "energy",
    "discount": "energy",
    "network_fixed": "network",
    "network_variable": "network",
    "meter": "network",
    "surcharge": "surcharge",
    "electricity_tax": "levies",
    "compensation": "levies",
    "feed_in": "feed_in",
}
# Drawn, above 7 kW and fed in, in kWh.
_YEAR = {
    "2025-11": ("520.418", "61.2", "38.4"),
    "2025-12": ("655.274", "70.35", "29.6"),
    "2026-01": ("612.05", "48.9", "41.2"),
    "2026-02": ("540.331", "52.125", "88"),
    "2026-03": ("505.9", "81.4", "190.5"),
    "2026-04": ("402.118", "63.3", "330.25"),
    "2026-05": ("301.7", "33.15", "560"),
    "2026-06": ("212.444", "11.2", "930.1"),
    "2026-07": ("268.5", "24.6", "700.75"),
    "2026-08": ("231.02", "7.35", "745.3"),
    "2026-09": ("441.9", "96.85", "260.4"),
    "2026-10": ("560.225", "85.05", "121"),
    "2026-11": ("363.662", "57.812", "48.975"),
}
MONTHS = tuple(_YEAR)
_SO_FAR = Decimal(20 * 1440 + 18 * 60 + 38) / Decimal(30 * 1440)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def line(name: str, quantity: object, price: object, unit: str = "kWh") -> JsonDict:
    """Return a line as the bill has it."""
    exact = Decimal(str(quantity)) * Decimal(str(price))
    return {
        "name": name,
        "quantity": round(float(str(quantity)), 6),
        "unit": unit,
        "price": float(str(price)),
        "amount": float(_cents(-exact if name == "feed_in" else exact)),
    }


def lines(
    kwh: str, above: str, fed_in: str, months: object = 1, year: str = "2026"
) -> list[JsonDict]:
    """Return the lines of a month at the published network prices of its year."""
    is_new = year == "2026"
    return [
        line("energy", kwh, "0.145"),
        line("energy_fee", months, "2.5", "month"),
        line("network_fixed", months, "12.84" if is_new else "19.27", "month"),
        line("network_variable", kwh, "0.051" if is_new else "0.0759"),
        line("meter", months, "5.72" if is_new else "5.9", "month"),
        line("surcharge", above, "0.0765" if is_new else "0.1139"),
        line("electricity_tax", kwh, "0.001"),
        line("compensation", kwh, "0.0077" if is_new else "-0.0376"),
        line("feed_in", fed_in, "0.0782"),
    ]


def bill(
    month: str, found: list[JsonDict], vat_rate: str | None = "0.08", **changes: object
) -> JsonDict:
    """Return a bill of these lines; the parts with VAT take the cent that is left in the energy."""
    net = sum((Decimal(str(each["amount"])) for each in found), Decimal(0))
    parts: dict[str, Decimal] = {}
    for each in found:
        part = _PARTS.get(each["name"], "energy")
        parts[part] = parts.get(part, Decimal(0)) + Decimal(str(each["amount"]))
    fed_in = parts.pop("feed_in", None)
    rate = Decimal(vat_rate or 0)
    vat = _cents((net - (fed_in or 0)) * rate)
    with_vat = {name: _cents(amount * (1 + rate)) for name, amount in parts.items()}
    if fed_in is not None:
        with_vat["feed_in"] = fed_in
    with_vat["energy"] = with_vat.get("energy", Decimal(0)) + net + vat - sum(with_vat.values())
    year, number = int(month[:4]), int(month[5:])
    following = f"{year + number // 12}-{number % 12 + 1:02}"
    kwh = {each["name"]: each["quantity"] for each in found}
    return {
        "month": month,
        "measured_share": 1.0,
        "lines": found,
        "net": float(net),
        "vat_base": float(net - (fed_in or 0)),
        "vat": float(vat),
        "total": float(net + vat),
        "start": f"{month}-01T00:00:00{_offset(number)}",
        "end": f"{following}-01T00:00:00{_offset(number % 12 + 1)}",
        "until": f"{following}-01T00:00:00{_offset(number % 12 + 1)}",
        "imported_kwh": kwh.get("network_variable", 0.0),
        "exported_kwh": kwh.get("feed_in", 0.0),
        "reference_kw": 7.0,
        "peak": None,
        "vat_rate": float(rate),
        "parts": {name: float(amount) for name, amount in with_vat.items()},
    } | changes


def without_energy_price(each: JsonDict) -> JsonDict:
    """Return a bill without a price of its energy: the rest is in `subtotal`."""
    rest = [row for row in each["lines"] if not row["name"].startswith("energy")]
    found = bill(each["month"], rest)
    del found["parts"]["energy"]
    known = {name: each[name] for name in ("until", "measured_share", "imported_kwh")}
    unpriced = {"unpriced_kwh": each["imported_kwh"], "subtotal": found["total"]}
    return found | _NO_TOTAL | known | unpriced | {"missing": ["energy"]}


def without_reference(each: JsonDict) -> JsonDict:
    """Return a bill without a reference power: the energy above it is unknown."""
    found = [row for row in each["lines"] if row["name"] not in {"network_fixed", "surcharge"}]
    missing = ["network_fixed", "surcharge"]
    changes: JsonDict = {"lines": found, "reference_kw": None, "missing": missing, "parts": {}}
    peak = {"start": f"{each['month']}-11T17:15:00+00:00", "mean_kw": 9.44}
    return {**each, **_NO_TOTAL, **changes, "subtotal": 20.0, "peak": peak}


_NO_TOTAL: JsonDict = dict.fromkeys(("net", "vat_base", "vat", "total"))


def _offset(month: int) -> str:
    # Summer time has begun on the 1st of April, and has ended on the 1st of November.
    return "+02:00" if 4 <= month <= 10 else "+01:00"


def running(**changes: Any) -> JsonDict:  # noqa: ANN401 - as of a bill
    """Return the bill of November 2026 so far."""
    found = lines(*_YEAR["2026-11"], months=_SO_FAR)
    share: JsonDict = {"measured_share": 0.998, "until": "2026-11-21T18:38:20+01:00"}
    share["estimate"] = {"total": 145.2, "low": 137.6, "high": 152.8}
    return bill("2026-11", found, **(share | changes))


def earlier() -> list[JsonDict]:
    """Return the twelve bills before it."""
    return [bill(month, lines(*kwh, year=month[:4])) for month, kwh in _YEAR.items()][:-1]


def bills(*of: JsonDict) -> JsonDict:
    """Return the answer: the household's bills, or these."""
    return {"smarty_p1/bill": {"months": list(of) or [*earlier(), running()]}}


async def show(stage: Stage, *cards: str, **given: Any) -> None:  # noqa: ANN401 - as Stage.show
    """Show cards, and wait until each shows its values: a busy machine takes its time."""
    await stage.show(*cards, **given)
    text = ""
    for _ in range(200):
        text = await stage.text()
        if text.strip() and "One moment" not in text and not await _empty(stage, cards):
            return
        await stage.settle()
    pytest.fail(f"It waits for too long: {text}")


async def _empty(stage: Stage, cards: tuple[str, ...]) -> bool:
    heads = [stage.page.locator(card).locator("h2") for card in cards]
    return not all([await head.count() for head in heads])
