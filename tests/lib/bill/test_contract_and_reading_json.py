"""Stored content goes on as if nothing had happened; malformed content is refused."""

import json
from binascii import crc_hqx
from functools import cache, reduce
from itertools import product
from operator import getitem
from typing import Any

import pytest

from smartyp1.bill.household import Household
from smartyp1.prices.contract import Contract
from tests.lib.bill.support import PRICE, Connection

# The checksum is the CRC-16 (XMODEM) of these values.
CHECKED = "version", "stretches", "last_quarter", "is_begun_here", "begun", "number", "doubt"


@cache
def stored_house() -> str:
    """Return the stored content of a house."""
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=PRICE)
    house.read()
    house.draw(20, 100)
    return json.dumps(house.meter.as_dict())


def changed(*path: str | int, value: object = ...) -> Any:  # noqa: ANN401 - JSON
    """Return the stored content with another value at a path, or without the value there.

    Its checksum is right.
    """
    content = json.loads(stored_house())
    inner = reduce(getitem, path[:-1], content)
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    if path != ("check",):
        parts = json.dumps([content.get(name) for name in CHECKED], sort_keys=True)
        content["check"] = f"x{crc_hqx(parts.encode(), 0):04x}"
    return content


STRETCH = ("stretches", 0)
PATHS: list[tuple[str | int, ...]] = [
    ("version",),
    ("check",),
    ("stretches",),
    STRETCH,
    (*STRETCH, "first"),
    (*STRETCH, "first", "time"),
    (*STRETCH, "reading"),
    (*STRETCH, "reading", "time"),
    (*STRETCH, "reading", "imported_wh"),
    (*STRETCH, "since"),
    (*STRETCH, "amounts"),
    (*STRETCH, "amounts", "imported_wh"),
    (*STRETCH, "serial_number"),
    (*STRETCH, "month_start"),
    (*STRETCH, "spans"),
    (*STRETCH, "quarter_hours"),
    ("number",),
    ("last_quarter",),
    ("last_quarter", "start"),
    ("last_quarter", "mean_kw"),
]
OPTIONAL = {
    STRETCH,
    (*STRETCH, "amounts", "imported_wh"),
}
TIMES = [
    "",
    "noon",
    "2026-07-15",
    "2026-07-15T10:00:00",  # a time without its zone
    "2026-07-15T10:00:00.5+00:00",  # no boundary, before the quarter-hour
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-07-15T10:21:00+00:00",  # after the reading
]


def assert_malformed(stored: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it says nothing of what is stored
        Household.from_dict(stored, Contract(reference_kw=3))


@pytest.mark.parametrize("path", [path for path in PATHS if path not in OPTIONAL])
def test_missing_content_is_refused(path: tuple[str | int, ...]) -> None:
    assert_malformed(changed(*path))


@pytest.mark.parametrize("value", [True, -1, float("nan"), float("inf"), 10**400, [], {}, "x"])
@pytest.mark.parametrize(
    "path", [path for path in PATHS if path[-1] not in ("version", "serial_number")]
)
def test_content_of_another_kind_is_refused(path: tuple[str | int, ...], value: object) -> None:
    stored = changed(*path, value=value)
    if path[-1] in {"stretches", "spans"} and value == []:
        Household.from_dict(stored, Contract(reference_kw=3))
    else:
        assert_malformed(stored)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((path, time) for path in PATHS if path[-1] in ("start", "since") for time in TIMES),
        # A month begins at a midnight of Luxembourg.
        ((*STRETCH, "month_start"), "2026-07-01T00:00:00+00:00"),
        ((*STRETCH, "month_start"), "2026-07-02T00:00:00+02:00"),
        *product([(*STRETCH, "serial_number")], [1, True, [], {}]),
        *product([("version",)], [0, 4, "1", None, [], {}]),
    ],
)
def test_a_value_that_cannot_be(path: tuple[str | int, ...], value: object) -> None:
    assert_malformed(changed(*path, value=value))


@pytest.mark.parametrize("given", ["exported_wh", "exported_time"])
@pytest.mark.parametrize("reading", ["first", "reading"])
def test_an_exported_energy_has_a_time(reading: str, given: str) -> None:
    place = (*STRETCH, reading)
    known = reduce(getitem, place, json.loads(stored_house()))
    both = known | {"exported_wh": 1000, "exported_time": known["time"]}
    Household.from_dict(changed(*place, value=both), Contract(reference_kw=3))
    del both[given]
    assert_malformed(changed(*place, value=both))
