"""Check the published prices: structure, days, sources, and plausible values.

usage: python -m scripts.check_prices [network_prices.toml]

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

from smartyp1.json_types import JsonMapping

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
    vol.Optional("part"): "network",
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
    prices = dict(_prices(content))
    first = min(line["from"] for name in prices if name[0] == "p" for line in prices[name])
    used = {line["source"] for lines in prices.values() for line in lines}
    return [
        *(
            f"{_named(name, number)}: {fault}"
            for name, lines in prices.items()
            for number in range(len(lines))
            for fault in _wrong_line(name, lines, number, content)
        ),
        *_wrong_levies(content["levies"], first),
        *_not_ascending(content["prices"]["fixed"]),
        *(f"sources.{name}: no line names it" for name in content["sources"] if name not in used),
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


def _prices(content: JsonMapping, before: str = "") -> Iterator[tuple[str, list[Line]]]:
    """Yield the dotted name and the lines of each price and levy."""
    for name, part in content.items():
        if isinstance(part, dict):
            yield from _prices(part, f"{before}{name}.")
        elif isinstance(part, list):
            yield f"{before}{name}", part


def _wrong_line(name: str, lines: list[Line], number: int, content: JsonMapping) -> Iterator[str]:
    """Yield the faults of one line of a price."""
    line, (area, kind, *_) = lines[number], name.split(".")
    start, until, value = line["from"], line.get("until"), line["value"]
    if line["source"] not in content["sources"]:
        yield f"no source is called {line['source']}"
    is_monthly = kind in {"fixed", "meter"} or content["levies"].get(kind, {}).get("per") == "month"
    highest_price = MAX_PER_MONTH if is_monthly else MAX_PER_KWH
    highest = MAX_VAT if kind == "vat" else highest_price
    lowest = -highest if area == "levies" else 0
    if not lowest <= value <= highest:
        yield f"{value} is not from {lowest} to {highest}"
    if until is None:
        # Only the VAT may lack a last day: it holds until a law changes it.
        if kind != "vat":
            yield "no `until`, the last day for which it is published"
    elif until < start:
        yield f"ends on {until}, before it begins"
    elif kind in OF_THE_GRID and "ends" not in line and (until.month, until.day) != (12, 31):
        yield f"{until} is no 31 December"
    if "ends" not in line:
        yield from _wrong_order(start, lines[:number])
    elif not any("ends" not in other and other["from"] <= start for other in lines):
        yield f"no line without `ends` has begun by {start}"


def _wrong_order(start: date, earlier: list[Line]) -> Iterator[str]:
    """Yield the fault of a line that does not begin where the lines before it end."""
    if earlier := [line for line in earlier if "ends" not in line]:
        before, end = earlier[-1]["from"], earlier[-1].get("until")
        if start <= before:
            yield f"begins on {start}, the line before it on {before}: latest last"
        elif end and start <= end:
            yield f"begins on {start}, the line before it holds until {end}"
        elif end and start > end + timedelta(days=1):
            yield f"begins on {start}, the line before it ends on {end}: a gap"


def _wrong_levies(levies: JsonMapping, first: date) -> Iterator[str]:
    """Yield a defect for each levy whose price is unknown on its first or last days."""
    for name, levy in levies.items():
        start, end = levy.get("from", first), levy.get("until", date.max)
        if end < start:
            yield f"levies.{name}: ends on {end}, before it begins"
        lines, place = levy.get(CATEGORIES[0]), f"levies.{name}.{CATEGORIES[0]}"
        if lines is None:
            yield f"levies.{name}: no price of category {CATEGORIES[0]}"
            continue
        begins = lines[0]["from"]
        if begins > start:
            yield (
                f"{_named(place, 0)}: begins on {begins}, but the levy on {start}: the price is"
                f" unknown before. If the levy began on {begins}, write `from` into its table"
            )
        if begins < start:
            yield f"{_named(place, 0)}: begins on {begins}, before the levy begins on {start}"
        for number, line in enumerate(lines):
            if line.get("until", end) > end:
                yield f"{_named(place, number)}: holds until {line['until']}, the levy until {end}"


def _not_ascending(fixed: Mapping[str, list[Line]]) -> Iterator[str]:
    """Yield a defect for each fixed price that is not above the price of a lower reference power.

    The compared price is the price of the next lower reference power on the same day.
    """
    for lower, higher in pairwise(power for power in POWERS if power in fixed):
        for number, line in enumerate(fixed[higher]):
            day, value = line["from"], line["value"]
            held = [
                other["value"]
                for other in fixed[lower]
                if other["from"] <= day <= other.get("until", day)
            ]
            if held and 0 != value <= held[-1]:
                place = _named(f"prices.fixed.{higher}", number)
                yield f"{place}: {value} is not more than {held[-1]} for {lower} kW"


def main() -> int:
    """Check the price file that the command line names, and print its defects."""
    here = Path(__file__).resolve().parents[1] / FILE
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    lines = defects(path.read_text("utf-8"))
    print(*lines or ["no defects"], sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
