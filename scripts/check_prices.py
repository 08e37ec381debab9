"""Check the published prices: structure, days, sources, and plausible values.

usage: check_prices.py [network_prices.toml]

Prints one line per defect, and exits with status 1 if there is any. A defect names the price and
the position of the value in the price's list. Position 2 is the second value. The head of
network_prices.toml describes how to add a year.
"""

import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import voluptuous as vol

FILE = Path("custom_components", "smarty_p1", "lib", "tariff", "network_prices.toml")
POWERS = ("3", "7", "12", "17", "27", "43", "70", "100", "150", "200")
METERS = ("40", "63", "120")
CATEGORIES = ("A", "B")
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
            vol.Required("source"): TEXT,
            vol.Optional("is_private"): TRUE,
        }
    ],
    vol.Length(min=1, msg="no line"),
)
SCHEMA = vol.Schema(
    {
        "approved_until": DAY,
        "sources": {str: TEXT},
        "prices": {
            "vat": LINES,
            "variable": LINES,
            "surcharge": LINES,
            "fixed": {vol.Any(*POWERS): LINES},
            "meter": {vol.Any(*METERS): LINES},
            "electricity_tax": {vol.Any(*CATEGORIES): LINES},
            "compensation": {vol.Any(*CATEGORIES): LINES},
        },
    },
    required=True,
)


def defects(text: str) -> list[str]:
    """Return all defects of the price file with the content `text`, one line per defect.

    If the file is no valid TOML or has a wrong structure, return only these defects.
    """
    try:
        content = tomllib.loads(text)
        SCHEMA(content)
    except tomllib.TOMLDecodeError as error:
        return [f"cannot be read: {error}"]
    except vol.MultipleInvalid as error:
        return [f"{_place(detail.path)}: {detail.error_message}" for detail in error.errors]
    prices = dict(_prices(content["prices"]))
    return [
        *(defect for name, lines in prices.items() for defect in _wrong_days(name, lines)),
        *(defect for name, lines in prices.items() for defect in _wrong_values(name, lines)),
        *_not_ascending(content["prices"]["fixed"]),
        *_wrong_sources(content["sources"], prices),
        *_wrong_approval(content["approved_until"], prices),
    ]


def _place(path: Sequence[object]) -> str:
    """Return a text with the place of a schema error: price, number of its line, and field.

    `path` has the keys and indexes that lead to the error.
    """
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
    for number, (before, line) in enumerate(pairwise(lines), 1):
        place, start, end = _named(name, number), line["from"], before.get("until")
        if start <= before["from"]:
            yield f"{place}: begins on {start}, the line before it on {before['from']}: latest last"
        elif end is not None and start <= end:
            yield f"{place}: begins on {start}, the line before it holds until {end}"
        elif end is not None and start > end + timedelta(days=1):
            yield f"{place}: begins on {start}, the line before it ends on {end}: a gap"


def _wrong_values(name: str, lines: list[Line]) -> Iterator[str]:
    kind = name.split(".")[1]
    maximum = MAX_PER_MONTH if kind in {"fixed", "meter"} else MAX_PER_KWH
    for number, line in enumerate(lines):
        value, place = line["value"], _named(name, number)
        if kind == "vat" and not 0 <= value <= MAX_VAT:
            yield f"{place}: {value} is no share from 0 to {MAX_VAT}"
        elif kind == "compensation" and abs(value) > maximum:
            yield f"{place}: {value} is more than {maximum}"
        elif kind not in {"vat", "compensation"} and not 0 < value <= maximum:
            yield f"{place}: {value} is not above 0 and up to {maximum}"


def _not_ascending(fixed: Mapping[str, list[Line]]) -> Iterator[str]:
    """Yield a defect for each fixed price that is not above the price of a lower reference power.

    The compared price is the price of the next lower reference power on the same day.
    """
    powers = [power for power in POWERS if power in fixed]
    for lower, higher in pairwise(powers):
        for number, line in enumerate(fixed[higher]):
            other = _on(line["from"], fixed[lower])
            if other is not None and line["value"] <= other:
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


def _wrong_approval(until: date, prices: Mapping[str, list[Line]]) -> Iterator[str]:
    if (until.month, until.day) != (12, 31):
        yield f"approved_until: {until} is no 31 December"
    of_the_grid = {
        name: lines for name, lines in prices.items() if name.split(".")[1] in OF_THE_GRID
    }
    for name, lines in of_the_grid.items():
        for number, line in enumerate(lines):
            if line["from"] > until:
                yield f"{_named(name, number)}: begins after approved_until, {until}"
        if lines[-1]["from"].year < until.year and "until" not in lines[-1]:
            yield f"{_named(name, len(lines) - 1)}: the last one, and none begins in {until.year}"


def main() -> int:
    """Check the price file that the command line names, and print its defects.

    The default is the price file of the integration. Return the exit status.
    """
    here = Path(__file__).resolve().parents[1] / FILE
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    lines = defects(path.read_text(encoding="utf-8"))
    print(*lines or ["no defects"], sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
