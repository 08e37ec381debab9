"""Answers about gas: amounts of hours, whose unit and interval must be right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smartyp1.leneda import GAS_ENERGY, STANDARD_VOLUME, ResponseError, read_gas_series

START = datetime(2026, 11, 18, 23, tzinfo=UTC)
END = datetime(2026, 11, 19, 23, tzinfo=UTC)


def item(value: object, started_at: object, **more: object) -> dict[str, object]:
    return {"value": value, "startedAt": started_at, "type": "Actual", "version": 1, **more}


def answer(*items: object, **more: object) -> dict[str, Any]:
    known = {"obisCode": STANDARD_VOLUME, "intervalLength": "PT1H", "unit": "Nm3"}
    return {**known, "items": list(items), **more}


def test_hours_in_their_order_the_highest_version_of_each() -> None:
    found = read_gas_series(
        answer(
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


def test_quarter_hours_and_energy() -> None:
    quarter = answer(item(2.5, "2026-11-19T00:15:00Z"), obisCode=GAS_ENERGY, unit="kWh")
    [span] = read_gas_series({**quarter, "intervalLength": "PT15M"}, GAS_ENERGY, START, END)
    assert (span.length, span.amount) == (timedelta(minutes=15), 2.5)
    [span] = read_gas_series({**quarter, "intervalLength": None}, GAS_ENERGY, START, END)
    assert span.length == timedelta(hours=1)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (["Nm3"], "malformed"),
        (answer(items="none"), "malformed"),
        (answer(items=[None] * 20_001), "malformed"),
        (answer(unit=None), "unknown_point"),
        (answer(item(1, "2026-11-19T00:00:00Z"), unit=None), "malformed"),
        (answer(obisCode=GAS_ENERGY), "malformed"),
        (answer(unit="kW"), "wrong_unit"),
        (answer(intervalLength="P1M"), "wrong_interval"),
    ],
)
def test_what_cannot_be_used_is_refused(wrong: object, reason: str) -> None:
    with pytest.raises(ResponseError) as err:
        read_gas_series(wrong, STANDARD_VOLUME, START, END)
    assert err.value.reason == reason


def test_nothing_is_known_yet() -> None:
    assert read_gas_series(answer(items=None), STANDARD_VOLUME, START, END) == []
