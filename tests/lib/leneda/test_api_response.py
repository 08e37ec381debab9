"""Answers of the API: tolerant of additional content, strict about kinds.

Answers about gas are amounts of hours, whose unit and interval must be right.
"""

import json
from datetime import timedelta

import pytest

from dev.leneda.export_file import CONSUMPTION, POINT
from dev.testing.times import utc
from smartyp1.json_types import JsonDict
from smartyp1.leneda.api_response import ResponseError, read_time_series
from smartyp1.leneda.gas_response import GAS_ENERGY, STANDARD_VOLUME, read_gas_series
from smartyp1.leneda.measured_and_estimated_rows import LenedaRow, newest

START = utc("2026-11-18 23:00")
END = utc("2026-11-19 23:00")
KNOWN = f"""{{"meteringPointCode": "{POINT}", "obisCode": "1-1:1.29.0", "intervalLength": "PT15M",
"unit": "kW", "items": [
{{"value": 0.412, "startedAt": "2026-11-18T23:00:00Z", "type": "Actual", "version": 1,
"calculated": false}},
{{"value": 3.96, "startedAt": "2026-11-18T23:15:00Z", "type": "Actual", "version": 2,
"calculated": false}}]}}"""


def item(value: object, started_at: object, **more: object) -> dict[str, object]:
    return {"value": value, "startedAt": started_at, "type": "Actual", "version": 1, **more}


def answer(*items: object, **more: object) -> JsonDict:
    return {**json.loads(KNOWN), "items": list(items), **more}


def test_the_known_answer() -> None:
    assert read_time_series(json.loads(KNOWN), CONSUMPTION, START, END) == (
        LenedaRow(utc("2026-11-18 23:00"), 0.412, is_measured=True, version=1),
        LenedaRow(utc("2026-11-18 23:15"), 3.96, is_measured=True, version=2),
    )


def test_items_outside_the_request_are_left_out_and_the_higher_version_counts() -> None:
    found = read_time_series(
        answer(
            item(5, "2026-11-19T01:00:00Z", version=2),
            item(1, "2026-11-19T01:00:00Z"),
            item(2, "2026-11-18T23:00:00Z", type="Estimated"),
            item(3, "2026-11-18T22:45:00Z"),
            item(4, "2026-11-19T23:00:00Z"),
            item(None, "2026-11-19T02:00:00Z"),
            item(6, "2026-11-19T04:00:00+01:00", type=None),
        ),
        CONSUMPTION,
        START,
        END,
    )
    assert [(each.start.hour, each.kw, each.is_measured) for each in found] == [
        (23, 2.0, False),
        (1, 5.0, True),
        (3, 6.0, False),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        "2026-11-19T01:00:00Z",
        item(json.loads("true"), "2026-11-19T01:00:00Z"),
        item("1", "2026-11-19T01:00:00Z"),
        item(-0.1, "2026-11-19T01:00:00Z"),
        item(1000.1, "2026-11-19T01:00:00Z"),
        item(10**400, "2026-11-19T01:00:00Z"),
        item(float("nan"), "2026-11-19T01:00:00Z"),
        item(1, "2026-11-19T01:00:00"),
        item(1, "2026-11-19T01:01:00Z"),
        item(1, "2026-11-19T01:00:00.5Z"),
        item(1, "0001-01-01T00:00:00+02:00"),
        item(1, "yesterday"),
        item(1, 1_795_000_000),
        item(1, "2026-11-19T01:00:00Z", version=True),
        item(1, "2026-11-19T01:00:00Z", version=-1),
        item(1, "2026-11-19T01:00:00Z", version=10**9),
    ],
)
def test_an_odd_item_is_left_out(odd: object) -> None:
    assert read_time_series(answer(odd), CONSUMPTION, START, END) == ()


def test_nothing_yet() -> None:
    assert read_time_series(answer(), CONSUMPTION, START, END) == ()


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (answer(intervalLength=None, unit=None), "unknown_point"),
        (None, "malformed"),
        ([], "malformed"),
        (answer(items={}), "malformed"),
        (answer(unit=5), "malformed"),
        (answer(item(1, "2026-11-19T01:00:00Z"), unit=None), "malformed"),
        (answer(obisCode="1-1:2.29.0"), "malformed"),
        (answer(items=[None] * 200_001), "malformed"),
        (answer(unit="kWh"), "wrong_unit"),
        (answer(intervalLength="PT1H"), "wrong_interval"),
        (answer(intervalLength=["PT15M"]), "wrong_interval"),
    ],
)
def test_the_error_of_a_malformed_answer_names_no_point(odd: object, reason: str) -> None:
    with pytest.raises(ResponseError) as caught:
        read_time_series(odd, CONSUMPTION, START, END)
    assert caught.value.reason == reason
    assert POINT not in repr(caught.value)


def test_a_series_that_is_read_again() -> None:
    def row(kw: float, version: int) -> LenedaRow:
        return LenedaRow(START, kw, is_measured=True, version=version)

    assert newest([row(1, 2)], [row(2, 1)]) == (row(1, 2),)
    assert newest([row(1, 2)], [row(2, 2)]) == (row(2, 2),)
    assert newest([row(1, 2)], [row(2, 3)], []) == (row(2, 3),)


def gas_answer(*items: object, **more: object) -> JsonDict:
    known = {"obisCode": STANDARD_VOLUME, "intervalLength": "PT1H", "unit": "Nm3"}
    return {**known, "items": list(items), **more}


def test_hours_of_gas_in_their_order_the_highest_version_of_each() -> None:
    found = read_gas_series(
        gas_answer(
            item(0.5, "2026-11-19T01:00:00Z", version=2),
            item(9, "2026-11-19T01:00:00Z"),
            item(0.25, "2026-11-18T23:00:00Z"),
            item(1, "2026-11-18T22:00:00Z"),
            item(1, "2026-11-19T23:00:00Z"),
            item(None, "2026-11-19T02:00:00Z"),
            item(-1, "2026-11-19T03:00:00Z"),
            item(value=True, started_at="2026-11-19T04:00:00Z"),
            item(1e9, "2026-11-19T05:00:00Z"),
            item(1, "yesterday"),
            item(1, "2026-11-19T06:00:00Z", version="2"),
            "text",
        ),
        STANDARD_VOLUME,
        START,
        END,
    )
    assert [tuple(span) for span in found] == [
        (START, timedelta(hours=1), 0.25),
        (START + timedelta(hours=2), timedelta(hours=1), 0.5),
    ]


@pytest.mark.parametrize(
    ("interval", "minutes"), [("PT15M", 15), ("PT60M", 60), ("PT1H", 60), (None, 60)]
)
def test_quarter_hours_and_energy_of_gas(interval: str | None, minutes: int) -> None:
    quarter = gas_answer(item(2.5, "2026-11-19T00:15:00Z"), obisCode=GAS_ENERGY, unit="kWh")
    [span] = read_gas_series({**quarter, "intervalLength": interval}, GAS_ENERGY, START, END)
    assert (span.length, span.amount) == (timedelta(minutes=minutes), 2.5)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (["Nm3"], "malformed"),
        (gas_answer(items="none"), "malformed"),
        (gas_answer(items=[None] * 20_001), "malformed"),
        (gas_answer(unit=None), "unknown_point"),
        (gas_answer(item(1, "2026-11-19T00:00:00Z"), unit=None), "malformed"),
        (gas_answer(obisCode=GAS_ENERGY), "malformed"),
        (gas_answer(unit="kW"), "wrong_unit"),
        (gas_answer(intervalLength="P1M"), "wrong_interval"),
    ],
)
def test_another_answer_about_gas_is_refused(wrong: object, reason: str) -> None:
    with pytest.raises(ResponseError) as err:
        read_gas_series(wrong, STANDARD_VOLUME, START, END)
    assert err.value.reason == reason


def test_no_gas_is_known_yet() -> None:
    assert read_gas_series(gas_answer(items=None), STANDARD_VOLUME, START, END) == []
