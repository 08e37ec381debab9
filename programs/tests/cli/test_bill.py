"""Bills and classes without Home Assistant, from files of Leneda and a contract file."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dev.checkout import PYTHON_PATH
from dev.leneda.export_file import CONSUMPTION, POINT, PRODUCTION, export, file, quarters, row
from dev.testing.table import rows
from dev.testing.times import utc
from smarty_p1_cli.contract_file import parse_contract_file
from smartyp1.amounts import Amount
from smartyp1.prices.contract_terms import CONTRACT_TERMS, Choice, Term
from tests.cli.conftest import Run
from tests.commands.test_command import COMMAND, environment

CONTRACT = "[[contracts]]\nreference_power = 7\nenergy_price = 0.15\nvat = true\n"
MAY = "2025-05-01T00:00:00+02:00"


def powers(days: int, high_kw: str = "9.000") -> list[str]:
    """Return quarter-hours of 0.4 kW, except a higher one a day."""
    return [high_kw if n % 96 == 76 else "0.400" for n in range(days * 96)]


def api_answer(start: str, values: list[str], code: str = CONSUMPTION, **more: object) -> bytes:
    """Return an answer of the API."""
    items = [
        {"startedAt": f"{time:%Y-%m-%dT%H:%M:%SZ}", "value": float(value), "type": "Actual"}
        for time, value in zip(quarters(start, len(values)), values, strict=True)
    ]
    known = {"meteringPointCode": POINT, "obisCode": code, "unit": "kW", "items": items}
    return json.dumps({**known, "intervalLength": "PT15M", **more}).encode()


type Ask = Callable[..., Any]


@cache
def two_months() -> bytes:
    return export(MAY, powers(61))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a contract and with a file of two months, and return it."""
    (tmp_path / "contract.toml").write_text(CONTRACT, "ascii")
    (tmp_path / "leneda.csv").write_bytes(two_months())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(folder: Path, run: Run) -> Ask:
    """Return a function that runs a command with files of Leneda, and returns its JSON."""

    def ask(command: str, *arguments: str, files: Mapping[str, bytes] | None = None) -> Any:  # noqa: ANN401 - JSON
        for name, data in (files or {}).items():
            (folder / name).write_bytes(data)
        ended = run(command, "contract.toml", *(files or ["leneda.csv"]), "--json", *arguments)
        assert (ended.status, ended.errors) == (0, "")
        return json.loads(ended.output)

    return ask


def test_the_bill_of_a_month(ask: Ask) -> None:
    bill = ask("bill", "--month", "2025-05")
    # 31 days: 95 quarter-hours of 0.1 kWh and a high quarter-hour of 2.25 kWh, 0.5 kWh above 7 kW.
    assert [[*line.values()] for line in bill["lines"]] == [
        ["energy", 364.25, "kWh", 0.15, 54.64],
        ["network_fixed", 1.0, "month", 19.27, 19.27],
        ["network_variable", 364.25, "kWh", 0.0759, 27.65],
        ["meter", 1.0, "month", 5.9, 5.9],
        ["surcharge", 15.5, "kWh", 0.1139, 1.77],
    ]
    assert (bill["net"], bill["vat"], bill["total"]) == (109.23, 8.74, 117.97)
    assert (bill["month"], bill["measured_share"]) == ("2025-05", 1.0)


def test_the_bills_of_months_and_of_a_year(ask: Ask) -> None:
    may, june = ask("bill", "--month", "2025-05"), ask("bill")
    assert june["month"] == "2025-06"
    for period in (["--months", "25"], ["--year", "2025"]):
        assert ask("bill", *period) == {"months": [may, june]}
    assert ask("bill", "--months", "1") == {"months": [june]}


def test_answers_of_the_api_give_the_same_bill(ask: Ask) -> None:
    asked = ["--months", "2"]
    csv = ask("bill", *asked)
    first, second = powers(61)[: 96 * 40], powers(61)[96 * 30 :]
    later = "2025-05-31T00:00:00+02:00"
    files = {"one": api_answer(MAY, first), "two": api_answer(later, second)}
    assert ask("bill", *asked, files=files) == csv
    # A file of the portal and an answer of the API, in any order.
    files = {"one": export(MAY, first), "two": api_answer(later, second, meteringPointCode=None)}
    assert ask("bill", *asked, files=files) == csv


def test_production_of_two_points_is_added_up(ask: Ask, folder: Path) -> None:
    contract = f"{CONTRACT}feed_in_price = 0.06\n"
    (folder / "contract.toml").write_text(contract, "ascii")
    fed = export(MAY, ["2.000"] * 96, PRODUCTION)
    other = fed.replace(POINT.encode(), POINT[:-1].encode() + b"9")
    files = {"used": two_months(), "fed": fed, "other": other}
    line = ask("bill", "--month", "2025-05", files=files)["lines"][-1]
    assert [*line.values()] == ["feed_in", 96.0, "kWh", 0.06, -5.76]


def test_a_price_follows_the_market(ask: Ask, folder: Path, run: Run) -> None:
    contract = "[[contracts]]\nreference_power = 7\nenergy_margin = 0.01\nvat = true\n"
    (folder / "contract.toml").write_text(contract, "ascii")
    bill = ask("bill", "--month", "2025-05")
    assert (bill["missing"], bill["unpriced_market_kwh"]) == (["energy"], 364.25)
    # Half of a month at 0.10, half at 0.20, with the margin.
    lines = [
        f"{time:%Y-%m-%dT%H:%MZ},{0.1 if n < 1488 else 0.2},"
        for n, time in enumerate(quarters(MAY, 2976))
    ]
    text = "\n".join(["start,price,origin,check,version=1", *lines, ""])
    files = {"leneda.csv": export(MAY, powers(31)), "2025-05.csv": text.encode()}
    bill = ask("bill", files=files)
    # 15.5 days of 11.75 kWh. The high quarter-hour at 19:00 of the middle day comes later.
    [first, *_] = bill["lines"]
    low = 15 * 11.75 + 4.8
    assert first["amount"] == pytest.approx(low * 0.11 + (364.25 - low) * 0.21, abs=0.005)
    assert bill["total"] is not None

    (folder / "2025-05.csv").write_text(f"{text}2025-05-01T12:05Z,0.1,\n", "ascii")
    ended = run("bill", "contract.toml", *files)
    assert ended.errors.startswith("smarty-p1: 2025-05.csv: line 2978 must be such as 2026-06-01T")
    two = f"{contract}feed_in_price_entity = 'sensor.b'\nenergy_price_entity = 'sensor.a'\n"
    (folder / "contract.toml").write_text(two, "ascii")
    ended = run("bill", "contract.toml", *files)
    assert "[[contracts]]: name several price entities, but files have" in ended.errors


def test_the_classes(ask: Ask) -> None:
    report = ask("classes", "--each-month")
    assert [month["month"] for month in report["months"]] == ["2025-05", "2025-06"]
    may = report["months"][0]["classes"]["7"]
    # 19.27 and 15.5 kWh at 0.1139, with 8 %.
    assert (may["excess_kwh"], may["total"]) == (15.5, pytest.approx(22.72, abs=0.01))
    assert ask("classes")["prices"] == "current"


@pytest.mark.usefixtures("folder")
def test_the_text_has_the_amounts_of_the_json(run: Run, ask: Ask) -> None:
    files = ["contract.toml", "leneda.csv"]
    bill = ask("bill", "--month", "2025-05")
    text = run("bill", *files, "--month", "2025-05").output
    amounts = [line["amount"] for line in bill["lines"]]
    shown = [float(line.split()[-1]) for line in text.splitlines()[1:-1]]
    assert shown == [*amounts, bill["net"], bill["vat"], bill["total"]]

    bills = ask("bill", "--year", "2025")["months"]
    rows = run("bill", *files, "--year", "2025").output.splitlines()[1:-1]
    totals = [bill["total"] for bill in bills]
    assert [float(row.split()[-1]) for row in rows] == [*totals, round(sum(totals), 2)]

    months = ask("classes")["months"]
    rows = run("classes", *files).output.splitlines()[1 : 1 + len(months)]
    for line, month in zip(rows, months, strict=True):
        costs = [cost["total"] for cost in month["classes"].values()]
        assert line.split() == [
            month["month"],
            *("?" if cost is None else f"{cost:.2f}" for cost in costs),
        ]


def test_a_half_month_is_marked_in_the_classes(folder: Path, run: Run) -> None:
    (folder / "part.csv").write_bytes(export(MAY, powers(50)))
    lines = run("classes", "contract.toml", "part.csv").output.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["2025-05", "2025-06*"]
    assert lines[3] == "* This month is not whole, and does not count."


def test_the_text_of_a_bill_with_feed_in_has_the_taxed_amount(
    folder: Path, run: Run, ask: Ask
) -> None:
    (folder / "contract.toml").write_text(f"{CONTRACT}feed_in_price = 0.06\n", "ascii")
    (folder / "fed.csv").write_bytes(export(MAY, ["1.000"] * 96 * 50, "1-1:2.29.0"))
    files = "leneda.csv", "fed.csv"
    text = run("bill", "contract.toml", *files, "--month", "2025-05").output
    bill = ask("bill", "--month", "2025-05", files={f: (folder / f).read_bytes() for f in files})
    shown = {line.split()[0]: float(line.split()[-1]) for line in text.splitlines()[1:-1]}
    taxed = [line["amount"] for line in bill["lines"] if line["name"] != "feed_in"]
    assert shown["taxed"] == bill["vat_base"] == round(sum(taxed), 2) > shown["net"]
    assert shown["VAT"] == pytest.approx(0.08 * shown["taxed"], abs=0.0051)


def test_the_cheapest_reference_power_can_be_the_own_one(folder: Path, run: Run) -> None:
    (folder / "year.csv").write_bytes(export("2024-12-01T00:00:00+01:00", powers(365)))
    for kw, told in ((3, "3 kW, which is yours."), (7, r"3 kW; it saves \d+\.\d\d EUR a year.")):
        contract = f"[[contracts]]\nreference_power = {kw}\n"
        (folder / "contract.toml").write_text(contract, "ascii")
        text = run("classes", "contract.toml", "year.csv").output
        assert re.search(f"^The cheapest reference power is {told}$", text, re.MULTILINE)


def test_a_bill_shows_its_unknown_amounts(folder: Path, run: Run) -> None:
    (folder / "contract.toml").write_text("[[contracts]]\nreference_power = 7\n", "ascii")
    text = run("bill", "contract.toml", "leneda.csv").output
    assert re.search(r"^  energy +unknown price$", text, re.MULTILINE)
    assert re.search(r"^  total +\?$", text, re.MULTILINE)


def test_the_text_has_the_remarks_of_a_bill(folder: Path, run: Run, ask: Ask) -> None:
    contract = "[[contracts]]\nreference_power = 7\ncommunity_price = 0.1\nenergy_price = 0.15\n"
    (folder / "contract.toml").write_text(contract, "ascii")
    (folder / "shared.csv").write_bytes(export(MAY, ["0.400"] * 96 * 50, "1-65:1.29.3"))
    estimated = row("2025-06-19T00:00:00+02:00", "0.500", "Estimated", "2")
    (folder / "estimated.csv").write_bytes(file(estimated))
    names = ["leneda.csv", "shared.csv", "estimated.csv"]
    lines = run("bill", "contract.toml", *names, "--month", "2025-06").output.splitlines()
    files = {name: (folder / name).read_bytes() for name in names}
    bill = ask("bill", "--month", "2025-06", files=files)
    # 19 of 30 days have 9.6 kWh of the community.
    assert "  shared: 182.400 kWh" in lines
    amount, total = bill["community"]["amount"], bill["total_with_community"]
    assert f"  energy community: {amount:.2f} with VAT, together {total:.2f}" in lines
    assert "  1 of 2880 quarter-hours are estimated by the operator" in lines

    contract = "[[contracts]]\nreference_power = 7\nenergy_margin = 0.01\n"
    (folder / "contract.toml").write_text(contract, "ascii")
    (folder / "day.csv").write_bytes(export(MAY, powers(1)))
    lines = run("bill", "contract.toml", "day.csv").output.splitlines()
    assert "  no estimate of the whole month: it lacks last year" in lines
    assert "  11.750 kWh without a price" in lines


def test_the_example_of_a_contract_is_accepted(folder: Path, run: Run) -> None:
    example = run("bill", "--example")
    assert (example.status, example.errors) == (0, "")
    (folder / "contract.toml").write_text(example.output, "utf-8")
    ended = run("bill", "contract.toml", "leneda.csv")
    assert (ended.status, ended.errors) == (0, "")


AID = "[[aids]]; name = 'Aid'; first_day = 2025-01-01"
# Terms, what their values must be, and values that they must not have.
TERMS = [
    ("energy_price", "a number from 0 to 100 (€/kWh)", "101 -1 nan inf true '0.1' []"),
    ("energy_price", "a number from 0 to 100 (€/kWh)", "1" * 400),
    *rows("""
    energy_margin | a number from -100 to 100 (€/kWh) | -101
    energy_fee | a number from 0 to 10000 (€) | 10001
    reference_power | a number from 0 to 1000 (kW) | 1001 -0.1
    vat   | true or false | 1 'true'
    since | a day from 1999 to 2100 | 1998-12-31 '2025-02-30' 2025 2025-05-17T00:00:00 9999-12-31
    second_price_from | a time of the day | '25:00' 22 2025-01-01
    second_price_days | a list with some of "mon", | [] 'mon' ['day'] [[]]
    consumer_category | one of "A", "B" | 'C' 1 ['A']
    meter_ampere | one of "40", "63", "120" | 41 'x' true 40.0
    energy_price_entity | a text in quotes | '' 1 "a\\u0000"
    """),
    ("energy_price_entity", "a text in quotes", f"'{'x' * 256}'"),
]
REFUSED_CONTRACTS = [
    *rows("""
[[contract]]                   | the file: contract is not known; known are contracts, aids, changes
CONTRACT; energy_prize = 1 | \
    [[contracts]] 1: energy_prize is not known; known are since, reference_power, energy_price
CONTRACT; 'energy\\nprice' = 1 | [[contracts]] 1: a name is not known; known are since
CONTRACT; [[aids]]; since = 1  | [[aids]] 1: since is not known; known are name, per_kwh
                               | [[contracts]]: is missing
contracts = 1                  | contracts: must be a list of tables: begin each with
contracts = [1]                | contracts: must be a list of tables: begin each with
[[contracts]                   | the file: is no TOML:
CONTRACT; since = 2025-05-17; [[contracts]]; since = '2025-05-17' | \
    [[contracts]] 2: has the since 2025-05-17, as another one
CONTRACT; [[changes]]          | [[changes]] 1: kind is missing: it must be one of "contract", "car"
CONTRACT; [[changes]]; kind = 'sun' | [[changes]] 1: kind must be one of "contract", "car"
CONTRACT; [[changes]]; kind = 'battery'; kwh = 10 | [[changes]] 1: kw is missing
CONTRACT; [[changes]]; kind = 'battery'; kwh = 10; kw = 0 | \
    [[changes]] 1: kw must be a number from 0.1 to
CONTRACT; [[changes]]; kind = 'heat_pump'; kwh = 10; kw = 1 | \
    [[changes]] 1: kw is not known; known are kind, kwh
CONTRACT; [[changes]]; kind = 'contract' | [[changes]] 1: energy_price is missing
CONTRACT; [[changes]]; kind = 'contract'; energy_price = 0.1; energy_margin = 0.1 | \
    [[changes]] 1: energy_margin is not used beside the other terms
CONTRACT; [[changes]]; kind = 'heat_pump'; kwh = 1; [[changes]]; kind = 'heat_pump'; kwh = 2 | \
    [[changes]] 2: has the kind heat_pump, as another one
[[contracts]]; reference_power = 0 | [[contracts]] 1: reference_power must be above 0
[[contracts]]; reference_power = 8 | [[contracts]] 1: network_fixed_price is missing
CONTRACT; energy_margin = 0.01 | [[contracts]] 1: has a fixed energy_price and energy_mar
CONTRACT; second_energy_price = 0.1 | [[contracts]] 1: a second price needs energy_price
CONTRACT; [[aids]]; name = 'Aid'; per_kwh = 1 | [[aids]] 1: first_day is missing
CONTRACT; AID                  | [[aids]] 1: needs a short name, per_kwh or per_month
CONTRACT; AID; per_kwh = 0.1; last_day = 2024-01-01 | [[aids]] 1: needs a short name
    """),
    (
        "[[contracts]]; energy_price_entity = '  '",
        "[[contracts]] 1: energy_price_entity must be a ",
    ),
    *(
        (f"[[contracts]]; {name} = {value}", f"[[contracts]] 1: {name} must be {must}")
        for name, must, values in TERMS
        for value in values.split()
    ),
    (f"x = {'9' * 5000}", "the file: has a number with too many digits"),
    ("[" * 20_000, "the file: "),
    (f"# {'x' * 200_000}", "the file: has more than 200000 bytes"),
    ("\udcff", "the file: is no text in UTF-8"),
    ("[[contracts]]; " * 201, "[[contracts]]: is there more than 200 times"),
    ("CONTRACT" + 21 * f"; {AID}", "[[aids]]: is there more than 20 times"),
    (f"CONTRACT; {CONTRACT.replace('7', '12')}", "[[contracts]] 2: has no since, as another one"),
]


@pytest.mark.parametrize(("content", "told"), REFUSED_CONTRACTS, ids=lambda text: repr(text[:60]))
def test_a_contract_that_is_refused(folder: Path, run: Run, content: str, told: str) -> None:
    content = content.replace("CONTRACT", CONTRACT).replace("AID", AID).replace("; ", "\n")
    path = folder / "contract.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    ended = run("bill", "contract.toml", "leneda.csv")
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith(f"smarty-p1: contract.toml: {told}")
    assert ended.errors.count("\n") == 1


def test_a_what_if_is_refused_with_the_reason(folder: Path, run: Run) -> None:
    files = ["contract.toml", "leneda.csv"]
    path, change = folder / "contract.toml", "[[changes]]\nkind = 'heat_pump'\nkwh = 3000\n"
    for contract, options, told in (
        (CONTRACT, [], "the contract file has no [[changes]]; bill --example shows one"),
        (CONTRACT + change, [], "the last twelve whole months have "),
        (CONTRACT + change, ["--feed-in-price", "2"], "--feed-in-price must be from 0 to 1 EUR"),
        (CONTRACT + change, ["--feed-in-price", "nan"], "--feed-in-price must be from 0 to 1 EUR"),
        (
            f"{CONTRACT}[[changes]]\nkind='contract'\nenergy_margin=0.02\nmarket='DE-LU'\n",
            [],
            "the prices of a market are unknown here",
        ),
        (f"[[contracts]]\nvat = true\n{change}", [], "the contract file has no reference_power"),
        (
            f"[[contracts]]\nreference_power = 7\n{change}",
            [],
            "the contract file has no energy_pri",
        ),
    ):
        path.write_text(contract, "ascii")
        ended = run("what-if", *files, *options)
        assert (ended.status, ended.output) == (2, "")
        assert ended.errors.startswith(f"smarty-p1: {told}")


def test_the_text_of_a_what_if_has_the_amounts_of_the_json(folder: Path, run: Run) -> None:
    contract = f"{CONTRACT}[[changes]]\nkind = 'battery'\nkwh = 10\nkw = 5\n"
    (folder / "contract.toml").write_text(contract, "ascii")
    (folder / "year.csv").write_bytes(export("2024-12-01T00:00:00+01:00", powers(330)))
    files = ["contract.toml", "year.csv"]
    report = json.loads(run("what-if", *files, "--json").output)
    lines = run("what-if", *files).output.splitlines()
    shown = [line.rsplit(maxsplit=2) for line in lines[3:8]]
    own = report["classes"][f"{report['reference_kw']:g}"]
    now, then = own["now"], own["then"]
    assert [[name.strip(), *amounts] for name, *amounts in shown] == [
        [part.replace("_", " "), str(now[part]), str(then[part])] for part in now
    ]
    # At the own reference power, its losses cost more than the few peaks.
    more = then["total"] - now["total"]
    assert [*report["saving"].values()] == [-more, -more]
    assert f"It costs {more} EUR more a year." in lines
    assert lines[2].split() == ["class", "7", "kW", "7", "kW"]
    # Another reference power is another change.
    best = report["cheapest"]["then"]
    less = then["total"] - report["classes"][f"{best:g}"]["then"]["total"]
    assert best == 3
    assert f"Then, with 3 kW: {less} EUR less a year." in lines


def test_the_text_of_a_plan_has_three_years(folder: Path, run: Run) -> None:
    changes = "[[changes]]\nkind = 'car'\nkwh = 10\nkw = 11\nbegin_hour = 18\n"
    changes += "[[changes]]\nkind = 'plan'\n"
    (folder / "contract.toml").write_text(CONTRACT + changes, "ascii")
    (folder / "year.csv").write_bytes(export("2024-12-01T00:00:00+01:00", powers(365)))
    files = ["contract.toml", "year.csv"]
    own = json.loads(run("what-if", *files, "--json").output)["classes"]["7"]
    lines = run("what-if", *files).output.splitlines()
    totals = [own[year]["total"] for year in ("now", "at_once", "then")]
    assert lines[1].split() == ["now", "at", "once", "then"]
    assert [*map(int, lines[7].split()[1:])] == totals
    saved = totals[1] - totals[2]
    assert saved > 0
    assert f"With the plan instead of at once: {saved} EUR less a year." in lines


def values_of(term: Term) -> Iterator[str]:
    """Yield values of a term of a contract, as TOML."""
    match term:
        case Amount():
            yield "0.25"
        case Choice(texts, is_list):
            yield from (f"['{text}']" if is_list else f"'{text}'" for text in texts)
        case _:
            yield {bool: "true", str: "'sensor.a'", date: "2025-01-01", time: "21:00:00"}[term]
            yield {bool: "false", str: "'sensor.b'", date: "2025-01-02", time: "22:00:00"}[term]


# A term that counts only beside others.
BESIDE = {
    **dict.fromkeys(
        ("second_energy_price", "second_price_days"),
        "energy_price = 0.1\nsecond_energy_price = 0.1\nsecond_price_days = ['mon']\n",
    ),
    **dict.fromkeys(
        ("second_price_from", "second_price_to"),
        "energy_price = 0.1\nsecond_energy_price = 0.1\nsecond_price_from = 01:00:00\n"
        "second_price_to = 02:00:00\n",
    ),
    "reference_power": "network_fixed_price = 1\n",
    "energy_fee_per": "energy_fee = 12\n",
}


@pytest.mark.parametrize("name", CONTRACT_TERMS)
def test_each_term_changes_the_contract(name: str) -> None:
    beside = "".join(
        line
        for line in BESIDE.get(name, "").splitlines(keepends=True)
        if not line.startswith(f"{name} ")
    )
    read = {
        parse_contract_file(f"[[contracts]]\n{beside}{name} = {value}\n".encode()).contracts
        for value in (*values_of(CONTRACT_TERMS[name]),)
    }
    default = "[[contracts]]\n" + BESIDE.get(name, beside)
    read.add(parse_contract_file(default.encode()).contracts)
    assert len(read) > 1


def test_an_unusual_price_gives_a_warning(folder: Path, run: Run) -> None:
    path = folder / "contract.toml"
    path.write_text(CONTRACT.replace("0.15", "15"), "ascii")
    ended = run("bill", "contract.toml", "leneda.csv")
    assert ended.status == 0
    told = "smarty-p1: contract.toml: a price of 15 EUR/kWh is unusually high: check it\n"
    assert ended.errors == told


def refused_files() -> Iterator[tuple[bytes, str]]:
    """Yield files without a series of quarter-hours, and the message for each."""
    yield b"", "There are no quarter-hours in this file."
    yield b"a,b\n1,2\n", "This table is not an export of quarter-hours from Leneda."
    yield export(MAY, ["0.400"] * 4)[:-9], "The last line is incomplete."
    yield export(MAY, ["0.400"], "1-1:9.9.9"), "The OBIS code 1-1:9.9.9 is not known."
    yield export(MAY, ["0.400"], "7-1:99.23.17"), "This file is about gas (7-1:99.23.17)"
    yield export(MAY, ["900.000"] * 16), "Line "
    yield b"0" * 20_000_001, "The file is larger than 20\u00a0MB."
    yield b"{", "it is no answer of Leneda's API"
    yield b"[1]", "it is no answer of Leneda's API"
    yield b"[" * 100_000, "it is no answer of Leneda's API"
    yield b'{"obisCode": ' + b"9" * 5_000 + b"}", "it is no answer of Leneda's API"
    yield api_answer(MAY, [], unit=None), "Leneda knew no such metering point"
    yield api_answer(MAY, ["1"], unit="kWh"), "its values are not the mean power"
    yield api_answer(MAY, ["1"], intervalLength="PT1H"), "its values are not of quarter-hours"
    yield api_answer(MAY, ["1"], "7-1:99.23.17"), "This file is about gas (7-1:99.23.17)"
    yield api_answer(MAY, ["1"], "1-1:9.9.9"), "The OBIS code 1-1:9.9.9 is not known."
    yield api_answer(MAY, ["1"], "x\n" * 99), "it is no answer of Leneda's API"


@pytest.mark.parametrize(("content", "told"), refused_files(), ids=lambda value: repr(value)[:50])
def test_a_file_that_is_refused(folder: Path, run: Run, content: bytes, told: str) -> None:
    (folder / "bad").write_bytes(content)
    ended = run("classes", "contract.toml", "leneda.csv", "bad")
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith(f"smarty-p1: bad: {told}")
    assert POINT not in ended.errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("bill", "no file: give the files of Leneda and a contract file; --example prints one"),
        ("bill leneda.csv", "no contract file: give one, whose name ends with .toml"),
        ("bill contract.toml contract.toml leneda.csv", "2 contract files: give one"),
        ("classes contract.toml", "give 1 to 1000 files of Leneda; 0 were given"),
        ("bill contract.toml gone.csv", "cannot read gone.csv: No such file"),
        ("bill gone.toml leneda.csv", "cannot read gone.toml: No such file"),
        ("bill contract.toml .", "cannot read .: Is a directory"),
        ("bill contract.toml fed.csv", "the files have no consumption: give the file of 1-1:1.29"),
        ("bill contract.toml leneda.csv other.csv", "the consumption is of 2 metering points"),
        ("bill contract.toml much.csv", "the files have more energy than a household can use"),
        (
            "bill contract.toml leneda.csv --month 2024-01",
            "There is no data for the month 2024-01. Known months: 2025-05, 2025-06.",
        ),
        ("bill contract.toml leneda.csv --year 2024", "There is no data for the month 2024."),
    ],
)
def test_a_question_without_an_answer(folder: Path, run: Run, arguments: str, told: str) -> None:
    (folder / "fed.csv").write_bytes(export(MAY, ["0.400"] * 96, PRODUCTION))
    other = export(MAY, ["0.400"] * 96, "1-65:1.29.9").replace(b'1",', b'9",')
    (folder / "other.csv").write_bytes(other)
    if "much" in arguments:
        much = api_answer("2024-01-01T00:00:00+01:00", ["999.999"] * 40_000)
        (folder / "much.csv").write_bytes(much)
    ended = run(*arguments.split())
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith(f"smarty-p1: {told}")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--month=2025-13", "it must be a month such as 2026-06"),
        ("--month=x", "it must be a month such as 2026-06"),
        ("--year=25", "it must be a year such as 2026"),
        ("--months=26", "it must be a number from 1 to 25"),
        ("--months=0", "it must be a number from 1 to 25"),
    ],
)
def test_an_option_that_is_refused(run: Run, option: str, told: str) -> None:
    ended = run("bill", option)
    assert (ended.status, ended.output) == (2, "")
    assert told in ended.errors


def test_without_numpy_the_extra_is_named_and_decode_works(folder: Path) -> None:
    (folder / "numpy.py").write_text("raise ModuleNotFoundError(name='numpy')", "ascii")
    own = environment(PYTHONPATH=f"{folder}:{PYTHON_PATH}")
    for arguments, told in (
        (
            "bill contract.toml leneda.csv",
            b"smarty-p1: bills need numpy: install smarty-p1 with its extra [bill]",
        ),
        ("bill --example", b""),
        ("decode -", b"no telegram in 0 bytes"),
    ):
        result = subprocess.run(
            [*COMMAND, *arguments.split()],
            input=b"",
            env=own,
            capture_output=True,
            cwd=folder,
            check=False,
        )
        assert result.stderr.rstrip() == told


def test_a_year_that_costs_more_is_no_saving(folder: Path, run: Run) -> None:
    contract = f"{CONTRACT}[[changes]]\nkind = 'car'\nkwh = 10\nkw = 5\n"
    (folder / "contract.toml").write_text(contract, "ascii")
    # The files end with a month, so this month counts.
    (folder / "year.csv").write_bytes(export("2024-12-01T00:00:00+01:00", powers(365)))
    files = ["contract.toml", "year.csv"]
    report = json.loads(run("what-if", *files, "--json").output)
    assert (report["start"], report["end"], report["measured_days"]) == (
        "2024-12-01", "2025-12-01", 365,
    )  # fmt: skip
    more = -report["saving"]["low"]
    assert f"It costs {more} EUR more a year." in run("what-if", *files).output.splitlines()


def test_the_prices_of_a_file_are_those_of_the_market(folder: Path, run: Run) -> None:
    times = (utc("2024-11-30 23:00") + n * timedelta(minutes=15) for n in range(35_200))
    lines = [f"{time:%Y-%m-%dT%H:%MZ},0.05,\n" for time in times]
    (folder / "prices.csv").write_text("start,price,origin\n" + "".join(lines), "ascii")
    change = "[[changes]]\nkind = 'contract'\nenergy_margin = 0.02\n"
    (folder / "contract.toml").write_text(CONTRACT + change, "ascii")
    (folder / "year.csv").write_bytes(export("2024-12-01T00:00:00+01:00", powers(365)))
    report = json.loads(run("what-if", "contract.toml", "year.csv", "prices.csv", "--json").output)
    assert report["hourly_share"]["then"] == 1
