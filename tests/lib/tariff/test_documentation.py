"""The numbers on the pages of the tariff are those that the integration computes."""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smartyp1.tariff import (
    APPROVED_UNTIL,
    ClassExcess,
    Contract,
    Day,
    DemandMeter,
    Energies,
    Line,
    MarketPrices,
    Month,
    NetworkPrices,
    Shared,
    compare,
    compute_bill,
    lines_of,
    network_prices_at,
    price_of_kwh,
)
from tests.lib.tariff.months import LUXEMBOURG, agreed, local, whole_month

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "tariff.md").read_text(encoding="utf-8")
PAPER = (DOCS / "paper-bill.md").read_text(encoding="utf-8")
ACTIONS = (DOCS / "tariff-actions.md").read_text(encoding="utf-8")
INTEGRATION = DOCS.parent / "custom_components" / "smarty_p1"
TRANSLATIONS = INTEGRATION / "translations"
PRICES = tomllib.loads((INTEGRATION / "lib" / "tariff" / "network_prices.toml").read_text())
# On the page, of a price that is known from one private source only.
MARK = " \N{SUPERSCRIPT ONE}"
FOOTNOTES = f"{MARK}\N{SUPERSCRIPT TWO}"
PARTS = ("energy", "network", "levies", "surcharge", "feed_in")
# Where the lines of the paper are explained in its own languages.
GUIDES = {"fr": "Votre facture, ligne par ligne", "de": "Deine Rechnung, Zeile für Zeile"}
HOUSEHOLD: dict[str, Any] = {
    "reference_kw": 7,
    "energy_price": 0.145,
    "energy_fee": 2.5,
    "discount": 1,
    "feed_in_price": 0.08,
    "has_levies": True,
}


def section(heading: str, page: str = PAGE) -> str:
    """Return what stands below a heading."""
    [found] = re.findall(
        rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL
    )
    return str(found)


def rows(heading: str, page: str = PAGE) -> list[list[str]]:
    """Return the rows of a section's table, without its head and without what makes cells bold."""
    table = re.findall(r"^\|(.*)\|$", section(heading, page), re.MULTILINE)
    return [[cell.strip("*` ") for cell in row.split("|")] for row in table[2:]]


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


def drawn_bill(language: str) -> dict[str, list[str]]:
    """Return what the picture of a bill says: of each line, its texts from left to right."""
    picture = (DOCS / "images" / f"paper-bill-{language}.svg").read_text(encoding="utf-8")
    groups = re.findall(r'<g id="(\w+)"(.*?)</g>', picture, re.DOTALL)
    return {name: re.findall(r">([^<>]+)</text>", group) for name, group in groups}


def answer(heading: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the answer that a section shows."""
    [found] = re.findall(r"```json\n(.*?)```", section(heading, ACTIONS), re.DOTALL)
    return json.loads(found)


def line_answer(line: Line) -> dict[str, Any]:
    """Return a line that is no aid, as answers have it."""
    shown = line._asdict()
    assert (shown.pop("label"), shown.pop("has_vat")) == (None, line.name != "feed_in")
    return shown


@pytest.fixture
def june() -> Month:
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
    named: dict[str, Callable[[NetworkPrices], float | None]] = {
        "variable price": lambda prices: prices.variable,
        "surcharge": lambda prices: prices.surcharge,
        "3 kW": lambda prices: prices.fixed[3],
        "7 kW": lambda prices: prices.fixed[7],
        "12 kW": lambda prices: prices.fixed[12],
        "17 kW": lambda prices: prices.fixed[17],
        "27 kW": lambda prices: prices.fixed[27],
        "40\N{EN DASH}50 A": lambda prices: prices.meter[40],
        "63\N{EN DASH}100 A": lambda prices: prices.meter[63],
        "from 120 A": lambda prices: prices.meter[120],
        "electricity tax": lambda prices: prices.electricity_tax["A"],
        "compensation mechanism": lambda prices: prices.compensation["A"],
    }
    *shown, (_, days, _, aid) = rows("How the tariff works")
    assert len(shown) == len(named)
    for part, what, in_2025, in_2026 in shown:
        price = named[part if part in named else what.rpartition(": ")[2]]
        found = [network_prices_at(local(f"{year}-01-01")) for year in (2025, 2026)]
        assert [number(in_2025), number(in_2026)] == [price(each) for each in found if each]
    assert days == "from 1 August to 31 December"
    for day in ("2026-08-01", "2026-12-31T23:59"):
        prices = network_prices_at(local(day))
        assert prices
        assert prices.compensation == {"A": number(aid)}
    assert f"approved until {APPROVED_UNTIL:%-d %B %Y}" in PAGE


def test_a_price_of_one_private_source_is_marked() -> None:
    called = {"compensation": "compensation mechanism", "electricity_tax": "electricity tax"}
    doubtful = {
        (called[name], f"{price['from']:%Y}")
        for name in called
        for price in PRICES["prices"][name]["A"]
        if price.get("is_private")
    }
    marked = {
        (part, year)
        for part, _, *cells in rows("How the tariff works")
        for year, cell in zip(("2025", "2026"), cells, strict=True)
        if cell.endswith(MARK)
    }
    assert marked == doubtful
    explained = re.findall(rf"^{MARK.strip()} \*\*(.+?):\*\*", PAGE, re.MULTILINE)
    assert explained == (["Known from one private source only"] if doubtful else [])


def test_the_worked_day() -> None:
    meter = DemandMeter(Contract(reference_kw=7))
    *quarters, others, of_day = rows("A worked day")
    energies = {quarter[0]: quarter for quarter in quarters}
    time, register_kwh = local("2026-06-15"), 1000.0
    demand = meter.update(time, Energies(register_kwh), None, None)
    for _ in range(96):
        clock = time.astimezone(LUXEMBOURG).strftime("%H:%M")
        row = energies.pop(clock, others)
        for _ in range(15):
            time += timedelta(minutes=1)
            register_kwh += number(row[1]) / 15
            demand = meter.update(time, Energies(register_kwh), None, None)
        assert demand
        assert demand.last_quarter
        assert demand.last_quarter.mean_kw == pytest.approx(number(row[2]), abs=0.005)
    assert energies == {}

    assert demand
    day = demand.month.days[0]
    assert day.imported_wh == pytest.approx(number(of_day[1]) * 1000)
    for kw, cell in zip((3, 7, 12), of_day[3:], strict=True):
        assert day.above[kw].energy_wh == pytest.approx(number(cell) * 1000, abs=3)
        of_rows = [number(row[(3, 7, 12).index(kw) + 3]) for row in quarters]
        assert sum(of_rows) == pytest.approx(number(cell))

    kwh, price, euro = re.findall(r"([\d.]+) kWh . ([\d.]+) € = ([\d.]+) €", PAGE)[0]
    above = Day(start=local("2026-06-15"), above={7: ClassExcess(3, number(kwh) * 1000)})
    month = Month(start=demand.month.start, days=(above,))
    surcharge = compute_bill(month, agreed(reference_kw=7), month.end).lines[-1]
    assert surcharge[:5] == ("surcharge", float(kwh), "kWh", float(price), float(euro))


def test_the_worked_month(june: Month) -> None:
    due = compute_bill(june, agreed(**HOUSEHOLD), june.end)
    assert worked_lines() == {
        line.name: (line.quantity, line.price, line.amount) for line in due.lines
    }
    text = " ".join(section("A worked month").split())
    assert f"`net` is all ten lines, {due.net} €" in text
    [(terms, bought)] = re.findall(r"what was bought, (.*?) = ([\d.]+) €", text)
    amounts = [
        number(each) for each in re.findall(r"\N{MINUS SIGN}?[\d.]+", terms.replace(" ", ""))
    ]
    assert sorted(amounts) == sorted(each.amount for each in due.lines if each.name != "feed_in")
    assert sum(amounts) == pytest.approx(number(bought))
    assert answer("`smarty_p1.get_bill`") == {
        "month": f"{june.start:%Y-%m}",
        "measured_share": june.measured_share(june.end),
        "lines": [line_answer(line) for line in due.lines],
        "parts": {name: due.part(name) for name in PARTS},
        "net": due.net,
        "vat_base": due.vat_base,
        "vat": due.vat,
        "total": due.total,
    }
    early = compute_bill(june, agreed(**HOUSEHOLD), local("2026-06-11"))
    assert "12.84 \N{MULTIPLICATION SIGN} 10 ÷ 30 = 4.28 €" in PAGE
    assert [line.amount for line in early.lines if line.name == "network_fixed"] == [4.28]


def test_the_worked_month_with_sharing(june: Month) -> None:
    first, *others = june.days
    shared = Shared(known_wh=350_000, layer_1_wh=100_000)
    month = replace(june, days=(replace(first, shared=shared), *others))
    due = compute_bill(month, agreed(**HOUSEHOLD), month.end)
    *found, (_, _, _, total) = rows("Energy sharing", PAPER)
    assert number(total) == due.total
    lines = {line.name: (line.quantity, line.price, line.amount) for line in due.lines}
    for name, energy, product, amount in found:
        quantity, price = product.split(" \N{MULTIPLICATION SIGN} ")
        assert lines[name] == (number(quantity), number(price), number(amount))
        assert (energy == "what remains") is (lines[name] != worked_lines()[name])
    assert {name: each for name, each in lines.items() if each != worked_lines()[name]}.keys() == {
        name for name, energy, *_ in found if energy == "what remains"
    }
    assert answer("Energy sharing") == {
        "shared_kwh": due.shared.all_wh / 1000,
        "shared_by_layer": {"1": due.shared.layer_1_wh / 1000},
        "sharing_known_kwh": due.shared.known_wh / 1000,
        "may_owe_less_network": due.may_owe_less_network,
    }


@pytest.mark.parametrize("language", GUIDES)
def test_the_paper_bill(june: Month, language: str) -> None:
    due = compute_bill(june, agreed(**HOUSEHOLD), june.end)
    drawn = drawn_bill(language)
    lines = {name: cells for name, cells in drawn.items() if len(cells) > 2}
    assert [cells[0] for cells in lines.values()] == [f"{n}" for n in range(1, len(lines) + 1)]
    assert {name: tuple(map(number, cells[2:])) for name, cells in lines.items()} == {
        line.name: (line.quantity, line.price, line.amount) for line in due.lines
    }
    bought = sum(line.amount for line in due.lines if line.name != "feed_in")
    assert due.vat is not None
    sums = {name: number(cells[-1]) for name, cells in drawn.items() if name not in lines}
    assert sums == {
        "before_vat": pytest.approx(bought),
        "vat": due.vat,
        "with_vat": pytest.approx(bought + due.vat),
        "total": due.total,
    }

    guide = (DOCS / f"{language}.md").read_text(encoding="utf-8")
    order = [(cells[0] if name in lines else "", name) for name, cells in drawn.items()]
    for table in (rows("A worked month"), rows(GUIDES[language], guide)):
        # Some sums are only on paper.
        shown = {name: (number_of, amount) for number_of, _, name, _, *_, amount in table}
        assert [(n, name) for name, (n, _) in shown.items()] == [
            each for each in order if each[1] in shown
        ]
        assert shown.keys() == {*lines, "vat", "total"}
        for name, (_, amount) in shown.items():
            assert number(amount) == number(drawn[name][-1])


@pytest.mark.parametrize(
    ("language", "page", "heading"),
    [("en", "tariff", "A worked month"), *((each, each, GUIDES[each]) for each in GUIDES)],
)
def test_the_options_of_its_lines_are_called_so(language: str, page: str, heading: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| *\d* \|.*$", section(heading, text), re.MULTILINE)
    named = set(re.findall(r"\*([^*|]+)\*", "".join(table)))
    texts = (TRANSLATIONS / f"{language}.json").read_text(encoding="utf-8")
    pages = json.dumps(json.loads(texts)["options"]["step"], ensure_ascii=False)
    assert len(named) >= 12
    assert {
        name for name in named if f': "{name}"' not in pages and f'"name": "{name}"' not in pages
    } == set()


def test_the_classes(june: Month) -> None:
    found = compare([june], agreed(**HOUSEHOLD), june.end)
    [month] = found.months
    for kw, *cells in rows("Which reference power is the cheapest"):
        assert tuple(map(number, cells)) == month.classes[int(number(kw))]
    shown = answer("`smarty_p1.compare_reference_powers`")
    assert (shown["cheapest"], shown["saving_per_year"]) == (found.cheapest, found.saving_per_year)
    [only] = shown["months"]
    for kw, cost in only["classes"].items():
        assert cost == month.classes[int(kw)]._asdict()
    assert f"{found.saving_per_year} € a year" in PAGE.replace("\n", " ")


def test_the_entities(june: Month) -> None:
    contracts = agreed(**HOUSEHOLD)
    due = compute_bill(june, contracts, june.end)
    price = price_of_kwh(contracts, june.start, MarketPrices())
    revenue = due.amount("feed_in")
    assert revenue is not None
    table = rows("The entities")
    shown = {name: value for name, value, _ in table if value}
    assert {name: number(value) for name, value in shown.items()} == {
        "Price of imported energy": price.imported,
        "Price of exported energy": price.exported,
        "Energy cost this month": due.amount(*lines_of("energy", "levies")),
        "Network cost this month": due.amount("network_fixed", "network_variable", "meter"),
        "Surcharge this month": due.amount("surcharge"),
        "Feed-in revenue this month": -revenue,
        "Total cost this month": due.total,
        "Cheapest reference power": 3,
        "Possible saving per year": compare([june], contracts, june.end).saving_per_year,
    }
    for name, parts in (("Energy cost", ("energy", "levies")), ("Network cost", ("network",))):
        [said] = [remark for entity, _, remark in table if entity.startswith(name)]
        assert set(re.findall(r"\w+", said)) - {"and"} == set(lines_of(*parts))
