"""Reader of a contract file: TOML with the contracts and aids of a household.

The lists `contracts` and `aids`, and the names of their terms, are those of the meter's options in
Home Assistant. So the file becomes these options, and the library makes the contracts of them. The
list `changes` is that of the action `what_if`.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple, NoReturn

from smartyp1.amounts import Amount
from smartyp1.answers.what_if import KINDS
from smartyp1.answers.what_if_changes import ATTR_KIND, FIELDS, lacking_fields, unused_fields
from smartyp1.prices.contract import MAX_AIDS, MAX_CONTRACTS, Contracts
from smartyp1.prices.contract_terms import (
    AID_TERMS,
    CONTRACT_TERMS,
    FIRST_DAY,
    MAX_TEXT_CHARS,
    Choice,
    Term,
)
from smartyp1.prices.entered_contract import (
    contracts_of,
    has_price_of_power,
    high_prices,
    is_aid_possible,
    is_second_price_whole,
    tidy_aid,
)
from smartyp1.prices.published_prices import REFERENCE_POWERS
from smartyp1.stored_values import YEARS, checked_flag, checked_number

MAX_CONTRACT_BYTES = 200_000
_LISTS: Mapping[str, tuple[Mapping[str, Term], int]] = {
    "contracts": (CONTRACT_TERMS, MAX_CONTRACTS),
    "aids": (AID_TERMS, MAX_AIDS),
    "changes": ({ATTR_KIND: Choice(KINDS)}, len(KINDS)),
}
# An error message quotes an unknown name only if this pattern matches.
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,40}")

type _Table = dict[str, Any]


class ContractFileError(Exception):
    """Error for a contract file that is refused. Its text names the fault and its place."""


class ContractFile(NamedTuple):
    """Content of a contract file."""

    contracts: Contracts
    changes: Sequence[_Table]
    """Changes of a what-if."""
    high_prices: Sequence[float]
    """Prices of a kWh that are unusually high."""


FILE_MARKET = "price file"
"""Name of the market whose prices the given files have."""
_MARGINS = {"energy_margin", "feed_in_margin"}


def parse_contract_file(data: bytes) -> ContractFile:
    """Return the content of a contract file. Raises ContractFileError."""
    content = _toml(data)
    _refuse_unknown(content, _LISTS, "the file")
    options = {name: _read_list(name, content.get(name, [])) for name in _LISTS}
    if not options["contracts"]:
        _fail("[[contracts]]", "is missing: the file needs one contract at least")
    _refuse_twice("contracts", FIRST_DAY, options["contracts"])
    _refuse_twice("changes", ATTR_KIND, options["changes"])
    entities = {
        value
        for contract in options["contracts"]
        for name, value in contract.items()
        if name.endswith("_price_entity")
    }
    if len(entities) > 1:
        _fail("[[contracts]]", "name several price entities, but files have the prices of one")
    return ContractFile(contracts_of(options), options["changes"], high_prices(options))


def _refuse_twice(name: str, key: str, tables: Sequence[_Table]) -> None:
    values = [table.get(key) for table in tables]
    for number, value in enumerate(values, 1):
        if value in values[: number - 1]:
            shown = f"no {key}" if value is None else f"the {key} {value}"
            _fail(f"[[{name}]] {number}", f"has {shown}, as another one")


def _toml(data: bytes) -> _Table:
    if len(data) > MAX_CONTRACT_BYTES:
        _fail("the file", f"has more than {MAX_CONTRACT_BYTES} bytes")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _fail("the file", "is no text in UTF-8")
    except tomllib.TOMLDecodeError as err:
        _fail("the file", f"is no TOML: {err}")
    except ValueError, RecursionError:
        _fail("the file", "has a number with too many digits in it, or too many brackets")


def _read_list(name: str, tables: object) -> list[_Table]:
    terms, highest = _LISTS[name]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        _fail(name, f"must be a list of tables: begin each with the line [[{name}]]")
    if len(tables) > highest:
        _fail(f"[[{name}]]", f"is there more than {highest} times")
    places = {f"[[{name}]] {number}": table for number, table in enumerate(tables, 1)}
    if name == "changes":
        return [_read_change(place, places) for place in places]
    check = _check_contract if name == "contracts" else _checked_aid
    return [check(_read_table(place, terms, table), place) for place, table in places.items()]


def _read_change(place: str, places: Mapping[str, _Table]) -> _Table:
    """Return a change of a what-if. Its kind decides on its other terms."""
    table = places[place]
    beside = [str(other.get(ATTR_KIND)) for other in places.values()]
    kinds = _LISTS["changes"][0]
    if ATTR_KIND not in table:
        _fail(place, f"{ATTR_KIND} is missing: it must be {_kind(kinds[ATTR_KIND])}")
    kind = _read_table(place, kinds, {ATTR_KIND: table[ATTR_KIND]})[ATTR_KIND]
    change = _read_table(place, {**kinds, **FIELDS[kind].all}, table)
    for names, fault in (
        (unused_fields(kind, table.keys() - kinds), "is not used beside the other terms"),
        (lacking_fields(kind, table.keys(), beside) - {"market"}, "is missing"),
    ):
        for name in sorted(names):
            _fail(place, f"{name} {fault}")
    # The given price file is the market, so its name does not matter.
    return change | {"market": FILE_MARKET} if table.keys() & _MARGINS else change


def _read_table(place: str, terms: Mapping[str, Term], table: _Table) -> _Table:
    """Return the terms of a table as the options of Home Assistant have them."""
    _refuse_unknown(table, terms, place)
    return {name: _read_term(place, name, terms[name], value) for name, value in table.items()}


def _refuse_unknown(table: Mapping[str, object], known: Mapping[str, object], place: str) -> None:
    for name in table:
        if name not in known:
            shown = name if _PLAIN.fullmatch(name) else "a name"
            _fail(place, f"{shown} is not known; known are {', '.join(known)}")


def _read_term(place: str, name: str, term: Term, value: object) -> object:
    """Return a value as the options of Home Assistant have it. Raises ContractFileError."""
    try:
        match term:
            case Amount():
                return float(checked_number(value, term.minimum, term.maximum))
            case Choice():
                return _choice(term, value)
            case _:
                return _READERS[term][0](value)
    except ValueError:
        _fail(place, f"{name} must be {_kind(term)}")


def _kind(term: Term) -> str:
    match term:
        case Amount():
            return f"a number from {term.minimum:g} to {term.maximum:g} ({term.unit.symbol})"
        case Choice():
            texts = ", ".join(f'"{text}"' for text in term.texts)
            return f"a list with some of {texts}" if term.is_list else f"one of {texts}"
        case _:
            return _READERS[term][1]


def _choice(choice: Choice, value: object) -> object:
    match value:
        case [_, *_] if choice.is_list and all(text in choice.texts for text in value):
            return [text for text in choice.texts if text in value]
        case int() | str() if not choice.is_list and str(value) in choice.texts:
            return str(value)
    raise ValueError


def _text(value: object) -> str:
    if isinstance(value, str) and value.isprintable():
        text = value.strip()
        if 0 < len(text) <= MAX_TEXT_CHARS:
            return text
    raise ValueError


def _day(value: object) -> str:
    day = date.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(day, date) or isinstance(day, datetime) or day.year not in YEARS:
        raise ValueError
    return day.isoformat()


def _clock(value: object) -> str:
    clock = time.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(clock, time) or clock.tzinfo:
        raise ValueError
    return clock.isoformat()


_READERS: Mapping[object, tuple[Callable[[object], object], str]] = {
    bool: (checked_flag, "true or false"),
    str: (_text, f"a text in quotes with 1 to {MAX_TEXT_CHARS} characters"),
    date: (_day, f"a day from {YEARS[0]} to {YEARS[-1]} such as 2026-01-31"),
    time: (_clock, "a time of the day such as 22:00:00"),
}


def _check_contract(terms: _Table, place: str) -> _Table:
    """Return `terms`. Raises ContractFileError for terms that do not belong together."""
    if terms.get("reference_power") == 0:
        _fail(place, f"reference_power must be above 0, such as {REFERENCE_POWERS[0]}")
    if not has_price_of_power(terms):
        powers = ", ".join(map(str, REFERENCE_POWERS))
        _fail(
            place,
            "network_fixed_price is missing: prices are published for a reference_power of"
            f" {powers} kW only",
        )
    for kind in ("energy", "feed_in"):
        of_market = [name for name in (f"{kind}_price_entity", f"{kind}_margin") if name in terms]
        if f"{kind}_price" in terms and of_market:
            _fail(place, f"has a fixed {kind}_price and {of_market[0]}: only one of them holds")
    if not is_second_price_whole(terms):
        _fail(
            place,
            "a second price needs energy_price, second_energy_price, and second_price_days or two"
            " different times second_price_from and second_price_to",
        )
    return terms


def _checked_aid(aid: _Table, place: str) -> _Table:
    """Return an aid with positive amounts. Raises ContractFileError if it cannot be."""
    for name in ("name", "first_day"):
        if name not in aid:
            _fail(place, f"{name} is missing")
    if not is_aid_possible(aid):
        _fail(
            place,
            "needs a short name, per_kwh or per_month, and a last_day that is not before first_day",
        )
    return tidy_aid(aid)


def _fail(place: str, fault: str) -> NoReturn:
    raise ContractFileError(f"{place}: {fault}") from None
