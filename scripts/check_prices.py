"""Check the published prices: structure, days, sources, and plausible values.

usage: check_prices.py [network_prices.toml]

Prints one line per defect, and exits with status 1 if there is any. A defect names the price and
the position of the value in the price's list. Position 2 is the second value. The head of
network_prices.toml describes how to add a year.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import voluptuous as vol

FILE = Path("custom_components", "smarty_p1", "lib", "prices", "network_prices.toml")
POWERS = ("3", "7", "12", "17", "27", "43", "70", "100", "150", "200")
METERS = ("40", "63", "120")
CATEGORIES = ("A", "B")
UNITS = ("kWh", "month")
# Names of aids that have texts.
AIDS = ("state_aid",)
NAME = re.compile(r"[a-z]+(_[a-z]+)*$")
# Prices that the regulator approves for whole calendar years. Levies and aids are not in this list,
# because they can change within a year.
OF_THE_GRID = ("variable", "surcharge", "fixed", "meter")
MAX_VAT = 0.3
# Highest plausible prices, in EUR per kWh and in EUR per month.
MAX_PER_KWH, MAX_PER_MONTH = 1, 2000

type Line = Mapping[str, Any]


def _checked(is_valid: Callable[[Any], bool], message: str) -> Callable[[object], None]:
    """Return a function that raises vol.Invalid with `message` for a value that is not valid."""

    def check(value: object) -> None:
        if not is_valid(value):
            raise vol.Invalid(message)

    return check


# Compare the exact types, because `isinstance` would accept a datetime as a date, and a bool as an
# int.
DAY = _checked(lambda value: type(value) is date, "no day: write 2027-01-01, without quotes")
NUMBER = _checked(lambda value: type(value) in {int, float} and isfinite(value), "no number")
TEXT = _checked(lambda value: isinstance(value, str) and value.strip() != "", "no text")
TRUE = _checked(lambda value: value is True, "true, or not there")
LINES = vol.All(
    [
        {
            vol.Required("from"): DAY,
            vol.Optional("until"): DAY,
            vol.Required("value"): NUMBER,
            vol.Optional("ends"): vol.In(AIDS, msg=f"none of: {', '.join(AIDS)}"),
            vol.Required("source"): TEXT,
            vol.Optional("is_private"): TRUE,
        }
    ],
    vol.Length(min=1, msg="no line"),
)
LEVY = {
    vol.Required("per"): vol.In(UNITS, msg=f"none of: {', '.join(UNITS)}"),
    vol.Optional("from"): DAY,
    vol.Optional("until"): DAY,
    **{vol.Optional(category): LINES for category in CATEGORIES},
}
SCHEMA = vol.Schema(
    {
        "sources": {str: TEXT},
        "prices": {
            "vat": LINES,
            "variable": LINES,
            "surcharge": LINES,
            "fixed": {vol.Any(*POWERS): LINES},
            "meter": {vol.Any(*METERS): LINES},
        },
        "levies": {vol.Match(NAME, msg="no name: write small_letters"): LEVY},
    },
    required=True,
)


def defects(text: str) -> list[str]:
    """Return all defects of the price file with the content `text`, one line per defect."""
    try:
        content = tomllib.loads(text)
        SCHEMA(content)
    except tomllib.TOMLDecodeError as error:
        return [f"cannot be read: {error}"]
    except vol.MultipleInvalid as error:
        return [f"{_place(detail.path)}: {detail.error_message}" for detail in error.errors]
    grid = dict(_prices(content["prices"]))
    first = min(line["from"] for lines in grid.values() for line in lines)
    levies = {
        f"levies.{name}.{category}": levy[category]
        for name, levy in content["levies"].items()
        for category in CATEGORIES
        if category in levy
    }
    prices = {**grid, **levies}
    return [
        *(defect for name, lines in prices.items() for defect in _wrong_days(name, lines)),
        *(defect for name, lines in prices.items() for defect in _wrong_aids(name, lines)),
        *_wrong_levies(content["levies"], first),
        *(
            defect
            for name, lines in prices.items()
            for defect in _wrong_values(name, lines, _maximum(name, content["levies"]))
        ),
        *_not_ascending(content["prices"]["fixed"]),
        *_wrong_sources(content["sources"], prices),
        *_wrong_ends(grid | levies),
    ]


def _place(path: Sequence[object]) -> str:
    """Return a text with the place of a schema error: price, number of its line, and field."""
    at = next((n for n, part in enumerate(path) if isinstance(part, int)), None)
    price = ".".join(map(str, path[:at])) or "the file"
    if at is None:
        return price
    return ", ".join([_named(price, int(str(path[at]))), *map(str, path[at + 1 :])])


def _named(name: str, number: int) -> str:
    return f"{name}, line {number + 1}"


def _prices(prices: Mapping[str, Any], before: str = "prices") -> Iterator[tuple[str, list[Line]]]:
    for name, content in prices.items():
        if isinstance(content, dict):
            yield from _prices(content, f"{before}.{name}")
        else:
            yield f"{before}.{name}", content


def _wrong_days(name: str, lines: list[Line]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if line.get("until", line["from"]) < line["from"]:
            yield f"{_named(name, number)}: ends on {line['until']}, before it begins"
    numbered = [(number, line) for number, line in enumerate(lines) if "ends" not in line]
    for (_, before), (number, line) in pairwise(numbered):
        place, start, end = _named(name, number), line["from"], before.get("until")
        if start <= before["from"]:
            yield f"{place}: begins on {start}, the line before it on {before['from']}: latest last"
        elif end is not None and start <= end:
            yield f"{place}: begins on {start}, the line before it holds until {end}"
        elif end is not None and start > end + timedelta(days=1):
            yield f"{place}: begins on {start}, the line before it ends on {end}: a gap"


def _wrong_aids(name: str, lines: list[Line]) -> Iterator[str]:
    """Yield a defect for each aid without a last day, or without a price that then holds again."""
    others = [line for line in lines if "ends" not in line]
    for number, line in enumerate(lines):
        if "ends" not in line:
            continue
        if "until" not in line:
            yield f"{_named(name, number)}: an aid that ends needs its last day, `until`"
        if not any(other["from"] <= line["from"] for other in others):
            yield f"{_named(name, number)}: no line without `ends` has begun by {line['from']}"


def _wrong_levies(levies: Mapping[str, Any], first: date) -> Iterator[str]:
    """Yield a defect for each levy whose price is unknown on its first or last days."""
    for name, levy in levies.items():
        start, end = levy.get("from", first), levy.get("until")
        if end is not None and end < start:
            yield f"levies.{name}: ends on {end}, before it begins"
        lines = levy.get(CATEGORIES[0])
        if lines is None:
            yield f"levies.{name}: no price of category {CATEGORIES[0]}"
            continue
        place, begins = f"levies.{name}.{CATEGORIES[0]}", lines[0]["from"]
        if begins > start:
            yield (
                f"{_named(place, 0)}: begins on {begins}, but the levy on {start}: the price is"
                f" unknown before. If the levy began on {begins}, write `from` into its table"
            )
        if begins < start:
            yield f"{_named(place, 0)}: begins on {begins}, before the levy begins on {start}"
        for number, line in enumerate(lines):
            if end is not None and line.get("until", end) > end:
                yield f"{_named(place, number)}: holds until {line['until']}, the levy until {end}"


def _maximum(name: str, levies: Mapping[str, Any]) -> int:
    """Return the highest plausible value of a price."""
    kind = name.split(".")[1]
    is_monthly = kind in {"fixed", "meter"} or levies.get(kind, {}).get("per") == "month"
    return MAX_PER_MONTH if is_monthly else MAX_PER_KWH


def _wrong_values(name: str, lines: list[Line], maximum: int) -> Iterator[str]:
    kind = name.split(".")[1]
    for number, line in enumerate(lines):
        value, place = line["value"], _named(name, number)
        if kind == "vat" and not 0 <= value <= MAX_VAT:
            yield f"{place}: {value} is no share from 0 to {MAX_VAT}"
        elif name.startswith("levies.") and abs(value) > maximum:
            yield f"{place}: {value} is more than {maximum}"
        elif name.startswith("prices.") and kind != "vat" and not 0 <= value <= maximum:
            yield f"{place}: {value} is not from 0 to {maximum}"


def _not_ascending(fixed: Mapping[str, list[Line]]) -> Iterator[str]:
    """Yield a defect for each fixed price that is not above the price of a lower reference power.

    The compared price is the price of the next lower reference power on the same day.
    """
    powers = [power for power in POWERS if power in fixed]
    for lower, higher in pairwise(powers):
        for number, line in enumerate(fixed[higher]):
            other = _on(line["from"], fixed[lower])
            if other is not None and line["value"] <= other and line["value"] != 0:
                place = _named(f"prices.fixed.{higher}", number)
                yield f"{place}: {line['value']} is not more than {other} for {lower} kW"


def _on(day: date, lines: list[Line]) -> float | None:
    held = [line for line in lines if line["from"] <= day <= line.get("until", day)]
    return held[-1]["value"] if held else None


def _wrong_sources(sources: Mapping[str, str], prices: Mapping[str, list[Line]]) -> Iterator[str]:
    used = set()
    for name, lines in prices.items():
        for number, line in enumerate(lines):
            used.add(line["source"])
            if line["source"] not in sources:
                yield f"{_named(name, number)}: no source is called {line['source']}"
    yield from (f"sources.{name}: no line names it" for name in sources if name not in used)


def _wrong_ends(prices: Mapping[str, list[Line]]) -> Iterator[str]:
    """Yield a defect for each line without a last published day, and for a part of a year.

    Only the VAT may lack a last day: it holds until a law changes it.
    """
    for name, lines in prices.items():
        kind = name.split(".")[1]
        for number, line in enumerate(lines):
            until: date | None = line.get("until")
            if until is None and kind != "vat":
                yield f"{_named(name, number)}: no `until`, the last day for which it is published"
            if until is None or kind not in OF_THE_GRID or "ends" in line:
                continue
            if (until.month, until.day) != (12, 31):
                yield f"{_named(name, number)}: {until} is no 31 December"


def main() -> int:
    """Check the price file that the command line names, and print its defects."""
    here = Path(__file__).resolve().parents[1] / FILE
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    lines = defects(path.read_text("utf-8"))
    print(*lines or ["no defects"], sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
