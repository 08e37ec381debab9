"""What was stored goes on as if nothing had happened; what is malformed is refused."""

import json
from collections.abc import Mapping
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from smartyp1.tariff import (
    Contract,
    DemandMeter,
    QuarterHour,
)
from tests.lib.tariff.support import PRICE, Connection, at


def restart(house: Connection) -> None:
    house.contract = Contract(reference_kw=3, surcharge=PRICE)
    house.restart()


def stored_house() -> Connection:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=PRICE)
    house.read()
    house.draw(20, 100)
    return house


def test_what_is_stored() -> None:
    assert stored_house().meter.as_dict() == {
        "version": 3,
        "number": 1,
        "is_begun_here": True,
        "begun": {"time": "2026-07-15T10:00:00+00:00", "imported_wh": 25_653_000},
        "stretches": [
            {
                "first": {"time": "2026-07-15T10:00:00+00:00", "imported_wh": 25_653_000},
                "reading": {"time": "2026-07-15T10:20:00+00:00", "imported_wh": 25_655_000},
                "since": "2026-07-15T10:15:00+00:00",
                "amounts": {
                    "imported_wh": 500.0,
                    "exported_wh": 0.0,
                    "is_exported_exact": False,
                    "reactive_imported_varh": None,
                    "reactive_exported_varh": None,
                    "market_cost": 0.0,
                    "market_wh": 0.0,
                    "market_revenue": 0.0,
                    "market_exported_wh": 0.0,
                },
                "serial_number": "SAG1030790002574",
                "month_start": "2026-07-01T00:00:00+02:00",
                "spans": [],
                "quarter_hours": 1,
            }
        ],
        "last_quarter": {"start": "2026-07-15T10:00:00+00:00", "mean_kw": 6.0},
        "contracts": [
            {
                "since": "1999-01-01T00:00:00+00:00",
                "reference_kw": 3,
                "meter_ampere": 40,
                "has_vat": True,
                "replaces_variable": False,
                "surcharge": 0.1139,
            }
        ],
    }


def test_a_restart_is_a_gap_like_any_other() -> None:
    house = stored_house()

    restart(house)
    assert house.meter.snapshot
    assert house.meter.snapshot.excess_kwh == 0.75
    assert house.meter.snapshot.projected_kw is None

    # Home Assistant comes back after 5 minutes; 500 + 500 + 5 * 40 Wh = 1200 Wh -> 4.8 kW
    house.after(300, 500)
    demand = house.draw(5, 40)
    assert demand.last_quarter == QuarterHour(at("2026-07-15T12:15:00S"), 4.8)
    assert demand.excess_kwh == 1.2  # 0.75 + (4.8 - 3) / 4

    # After an hour it knows the month, and not the quarter-hours between.
    restart(house)
    demand = house.after(3600, 9000)
    assert demand.measured_since == house.time
    assert demand.last_quarter == QuarterHour(at("2026-07-15T12:15:00S"), 4.8)
    assert demand.peak == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)
    assert demand.excess_kwh == 1.2


def without(data: Mapping[str, Any], *path: str | int) -> dict[str, Any]:
    changed = json.loads(json.dumps(data))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return dict(changed)


def replaced(data: Mapping[str, Any], value: object, *path: str | int) -> dict[str, Any]:
    changed = json.loads(json.dumps(data))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return dict(changed)


def within(data: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    return reduce(getitem, path, data)


STRETCH = ("stretches", 0)
PATHS: list[tuple[str | int, ...]] = [
    ("version",),
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
    (*STRETCH, "amounts", "market_wh"),
    (*STRETCH, "serial_number"),
    (*STRETCH, "month_start"),
    (*STRETCH, "spans"),
    (*STRETCH, "quarter_hours"),
    ("number",),
    ("last_quarter",),
    ("last_quarter", "start"),
    ("last_quarter", "mean_kw"),
    ("contracts",),
    ("contracts", 0),
    ("contracts", 0, "since"),
    ("contracts", 0, "reference_kw"),
]
OPTIONAL = {
    STRETCH,
    (*STRETCH, "amounts", "imported_wh"),
    (*STRETCH, "amounts", "market_wh"),
    ("contracts", 0, "reference_kw"),
}
TIMES = [
    "",
    "noon",
    "2026-07-15",
    "2026-07-15T10:00:00",  # of no time zone
    "2026-07-15T10:00:00.5+00:00",  # no boundary, before the quarter-hour
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-07-15T10:21:00+00:00",  # after the reading
]


def assert_malformed(stored: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it says nothing of what is stored
        DemandMeter.from_dict(stored, Contract(reference_kw=3))


@pytest.mark.parametrize("path", [path for path in PATHS if path not in OPTIONAL])
def test_what_is_missing(path: tuple[str | int, ...]) -> None:
    assert_malformed(without(stored_house().meter.as_dict(), *path))


@pytest.mark.parametrize("value", [True, -1, float("nan"), float("inf"), 10**400, [], {}, "x"])
@pytest.mark.parametrize(
    "path", [path for path in PATHS if path[-1] not in ("version", "serial_number")]
)
def test_what_is_of_another_kind(path: tuple[str | int, ...], value: object) -> None:
    if path[-1] in {"stretches", "spans"} and value == []:
        return  # nothing was counted
    assert_malformed(replaced(stored_house().meter.as_dict(), value, *path))


def test_a_month_begins_at_a_midnight_of_luxembourg() -> None:
    stored = stored_house().meter.as_dict()
    for time in ("2026-07-01T00:00:00+00:00", "2026-07-02T00:00:00+02:00"):
        assert_malformed(replaced(stored, time, *STRETCH, "month_start"))


@pytest.mark.parametrize("value", [1, True, [], {}])
def test_a_serial_number_that_is_no_text(value: object) -> None:
    assert_malformed(replaced(stored_house().meter.as_dict(), value, *STRETCH, "serial_number"))


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize(
    "path", [path for path in PATHS if path[-1] in ("start", "since") and path[0] != "contracts"]
)
def test_times_that_cannot_be(path: tuple[str | int, ...], time: str) -> None:
    assert_malformed(replaced(stored_house().meter.as_dict(), time, *path))


@pytest.mark.parametrize("given", ["exported_wh", "exported_time"])
@pytest.mark.parametrize("reading", ["first", "reading"])
def test_an_exported_energy_has_a_time(reading: str, given: str) -> None:
    stored = stored_house().meter.as_dict()
    place = (*STRETCH, reading)
    exported = {"exported_wh": 1000, "exported_time": within(stored, (*place, "time"))}
    both = replaced(stored, within(stored, place) | exported, *place)
    assert_malformed_if(both, is_malformed=False)
    assert_malformed(without(both, *place, given))


def test_too_many_contracts() -> None:
    stored = stored_house().meter.as_dict()
    [contract] = stored["contracts"]
    for number, is_malformed in ((200, False), (201, True)):
        contracts = [
            contract | {"since": f"2026-01-01T{minute // 60:02}:{minute % 60:02}:00+00:00"}
            for minute in range(number)
        ]
        changed = replaced(stored, contracts, "contracts")
        assert_malformed_if(changed, is_malformed=is_malformed)


def assert_malformed_if(stored: object, *, is_malformed: bool) -> None:
    if is_malformed:
        assert_malformed(stored)
    else:
        DemandMeter.from_dict(stored, Contract(reference_kw=3))


@pytest.mark.parametrize("version", [0, 4, "1", None, [], {}])
def test_other_versions(version: object) -> None:
    assert_malformed(replaced(stored_house().meter.as_dict(), version, "version"))
