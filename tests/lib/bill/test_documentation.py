"""The numbers on the pages of the tariff are the results of the integration."""

import json
import re
import tomllib
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from dev.checkout import ROOT
from smartyp1.advice.class_comparison import compare
from smartyp1.bill.bill import BillLine
from smartyp1.json_types import JsonDict
from smartyp1.prices import agreed_prices
from smartyp1.prices.contract import PER_KWH, Aid, AidVat, Contract, Contracts
from tests.lib.bill.months import Known, agreed, bill, local, shared, whole_month

DOCS = ROOT / "docs"
PAGE = (DOCS / "tariff.md").read_text("utf-8")
PAPER = (DOCS / "paper-bill.md").read_text("utf-8")
ACTIONS = (DOCS / "tariff-actions.md").read_text("utf-8")
CARD_TEXTS = json.loads(
    (DOCS.parent / "frontend" / "src" / "texts" / "bill.json").read_text("utf-8")
)["en"]
# On the page, of a price that is known from one private source only.
MARK = " \N{SUPERSCRIPT ONE}"
FOOTNOTES = f"{MARK}\N{SUPERSCRIPT TWO}"
PARTS = ("energy", "network", "levies", "surcharge", "feed_in")
HOUSEHOLD: JsonDict = {
    "reference_kw": 7,
    "energy_price": 0.145,
    "energy_fee": 2.5,
    "discount": 1,
    "feed_in_price": 0.08,
    "has_levies": True,
}


def section(heading: str, page: str = PAGE) -> str:
    """Return the text below a heading."""
    [found] = re.findall(
        rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL
    )
    return str(found)


def all_rows(heading: str, page: str = PAGE) -> list[list[str]]:
    """Return the head and the rows of a section's table, without the marks of bold cells."""
    head, _, *table = re.findall(r"^\|(.*)\|$", section(heading, page), re.MULTILINE)
    return [[cell.strip("*` ") for cell in row.split("|")] for row in (head, *table)]


def rows(heading: str, page: str = PAGE) -> list[list[str]]:
    """Return the rows of a section's table, without its head and the marks of bold cells."""
    return all_rows(heading, page)[1:]


def number(cell: str) -> float:
    digits = re.sub(r" (kWh|month|mois|Monat|kW|€)$", "", cell.rstrip(FOOTNOTES)).replace(
        "\N{MINUS SIGN}", "-"
    )
    return float(digits.replace(",", "."))


def worked_lines() -> dict[str, tuple[float, float, float]]:
    """Return quantity, price and amount of each line of the worked month."""
    lines = {}
    for _, _, name, _, product, amount in rows("A worked month"):
        if product:
            quantity, price = product.split(" \N{MULTIPLICATION SIGN} ")
            lines[name] = (number(quantity), number(price), number(amount))
    return lines


def answer(heading: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the answer that a section shows."""
    [found] = re.findall(r"```json\n(.*?)```", section(heading, ACTIONS), re.DOTALL)
    return json.loads(found)


def line_answer(line: BillLine) -> JsonDict:
    """Return a line that is no aid, as answers have it."""
    shown = line._asdict()
    assert (shown.pop("label"), shown.pop("has_vat")) == (None, line.name != "feed_in")
    return shown


@pytest.fixture
def june() -> Known:
    """Return the worked month."""
    above: dict[float, float] = {
        int(number(kw)): number(kwh)
        for kw, kwh, *_ in rows("Which reference power is the cheapest")
    }
    quantities = {name: quantity for name, (quantity, *_) in worked_lines().items()}
    return whole_month(
        "2026-06",
        30,
        kwh=quantities["network_variable"],
        above=above,
        exported_wh=quantities["feed_in"] * 1000,
    )


def test_the_prices() -> None:
    """The page has the whole price file of the integration: each year, price, levy and aid."""
    content = tomllib.loads(agreed_prices.PRICE_FILE.read_text("utf-8"))
    prices, levies = content["prices"], content["levies"]
    named: dict[str, list[JsonDict]] = {
        "variable price": prices["variable"],
        "surcharge": prices["surcharge"],
        "40\N{EN DASH}50 A": prices["meter"]["40"],
        "63\N{EN DASH}100 A": prices["meter"]["63"],
        "from 120 A": prices["meter"]["120"],
        **{f"{kw} kW": prices["fixed"][str(kw)] for kw in (3, 7, 12, 17, 27)},
    }
    for name, levy in levies.items():
        named[CARD_TEXTS[name].lower()] = [line for line in levy["A"] if "ends" not in line]
        named |= {_days_of(line): [line] for line in levy["A"] if "ends" in line}
    [_, _, *years], *shown = all_rows("How the tariff works")
    assert years == sorted({f"{line['from']:%Y}" for line in prices["variable"]})
    told = set()
    for part, what, *cells in shown:
        name = part if part in named else what.rpartition(": ")[2]
        told.add(name)
        expected = {f"{line['from']:%Y}": line["value"] for line in named[name]}
        assert [number(cell) if cell else None for cell in cells] == [
            expected.get(year) for year in years
        ]
    assert told == named.keys()
    assert f"published until {prices['variable'][-1]['until']:%-d %B %Y}" in PAGE


def _days_of(line: JsonDict) -> str:
    return f"from {line['from']:%-d %B} to {line['until']:%-d %B}"


def test_the_worked_month(june: Known) -> None:
    due = bill(june, agreed(**HOUSEHOLD), june.end)
    assert worked_lines() == {
        line.name: (line.quantity, line.price, line.amount) for line in due.lines
    }
    text = " ".join(section("A worked month").split())
    assert f"`net` is the sum of all ten lines, {due.net} €" in text
    [(terms, bought)] = re.findall(r"of lines 1 to 9: (.*?) = ([\d.]+) €", text)
    amounts = [
        number(each) for each in re.findall(r"\N{MINUS SIGN}?[\d.]+", terms.replace(" ", ""))
    ]
    assert sorted(amounts) == sorted(each.amount for each in due.lines if each.name != "feed_in")
    assert sum(amounts) == pytest.approx(number(bought))
    assert answer("`smarty_p1.get_bill`") == {
        "month": f"{june.start:%Y-%m}",
        "until": june.end.isoformat(),
        "measured_share": 1.0,
        "lines": [line_answer(line) for line in due.lines],
        "parts": {name: due.part(name) for name in PARTS},
        "net": due.net,
        "vat_base": due.vat_base,
        "vat": due.vat,
        "total": due.total,
    }
    early = bill(june, agreed(**HOUSEHOLD), local("2026-06-11"))
    assert "12.84 \N{MULTIPLICATION SIGN} 10 ÷ 30 = 4.28 €" in PAGE
    assert [line.amount for line in early.lines if line.name == "network_fixed"] == [4.28]


def test_the_worked_month_with_sharing(june: Known) -> None:
    first, *others = june.days
    month = june._replace(days=(shared(first, 100), *others))
    due = bill(month, agreed(**HOUSEHOLD), month.end)
    *found, (_, _, _, total) = rows("Energy sharing", PAPER)
    assert number(total) == due.total
    lines = {line.name: (line.quantity, line.price, line.amount) for line in due.lines}
    for name, energy, product, amount in found:
        quantity, price = product.split(" \N{MULTIPLICATION SIGN} ")
        assert lines[name] == (number(quantity), number(price), number(amount))
        assert (energy == "not shared") is (lines[name] != worked_lines()[name])
    assert {name: each for name, each in lines.items() if each != worked_lines()[name]}.keys() == {
        name for name, energy, *_ in found if energy == "not shared"
    }
    assert answer("Energy sharing") == {
        "shared_kwh": due.energy.shared_wh / 1000,
        "shared_by_layer": {"1": due.energy.layer_1_wh / 1000},
        "sharing_known_kwh": due.energy.known_sharing_wh / 1000,
        "may_owe_less_network": due.may_owe_less_network,
    }


def test_the_aid_on_a_line_of_its_own_is_taken_off_once() -> None:
    text = " ".join(section("The State's aid of 2026", PAPER).split())
    [(compensation, day, amount)] = re.findall(
        r"enter (\S+) as \*Compensation mechanism\*, which \*Applies from\* (.*?),"
        r" and your own aid of (\S+) € per kilowatt-hour, with VAT",
        text,
    )
    first_day = datetime.strptime(day, "%d %B %Y").date()  # noqa: DTZ007 - a day without a time
    contract = Contract.of_terms({**HOUSEHOLD, "compensation": number(compensation)})
    aid = Aid("aid", first_day, None, number(amount), PER_KWH, AidVat.INCLUDED)
    contracts = Contracts.of_days([(None, Contract.of_terms(HOUSEHOLD)), (first_day, contract)])
    for month in (whole_month(f"2026-{n:02}", 30, kwh=100.0) for n in range(7, 12)):
        due = bill(month, replace(contracts, aids=(aid,)), month.end)
        prices = {line.name: line.price for line in due.lines}
        assert prices["compensation"] == number(compensation)
        assert ("aid_per_kwh" in prices) is (month.start.month >= first_day.month)


def test_the_classes(june: Known) -> None:
    found = compare(june.within(agreed(**HOUSEHOLD)).ledger, [june.start], june.end)
    [month] = found.months
    for kw, *cells in rows("Which reference power is the cheapest"):
        assert tuple(map(number, cells)) == month.classes[int(number(kw))]
    shown = answer("`smarty_p1.compare_reference_powers`")
    assert (shown["cheapest"], shown["saving_per_year"]) == (found.cheapest, found.saving_per_year)
    [only] = shown["months"]
    for kw, cost in only["classes"].items():
        assert cost == month.classes[int(kw)]._asdict()
    assert f"{found.saving_per_year} € a year" in PAGE.replace("\n", " ")
