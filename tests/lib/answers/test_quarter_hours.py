"""Quarter-hours as JSON, which has a maximum length, and as CSV, which has none."""

import json
from datetime import datetime, timedelta
from itertools import count, takewhile
from random import Random
from zoneinfo import ZoneInfo

import pytest

from dev.testing.times import utc
from smartyp1.answers.quarter_hours import TooLongError, quarter_hours_as_csv, quarter_hours_as_json
from smartyp1.history.quarter_hour import Origin, QuarterHour

MAX_BYTES = 1_000_000
# Midnight in Luxembourg, and both changes of the clock are within the year that follows.
START = utc("2025-02-09 23:00")
YEAR = 366 * 96
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
COVERED, REMAINING = "1-65:1.29.1", "1-65:1.29.9"


def year(
    seed: int, *, is_shared: bool
) -> tuple[list[QuarterHour], dict[str, dict[datetime, float]]]:
    chance = Random(seed)  # noqa: S311 - no secret
    quarters = [
        QuarterHour(
            START + n * timedelta(minutes=15),
            chance.choice([0.0, 4.0, chance.uniform(0, 20)]),
            chance.choice([None, 0.0, chance.uniform(0, 5)]),
            chance.choice([None, chance.uniform(0, 1e-5)]),
            chance.choice([None, chance.uniform(0, 1)]),
            chance.choice([None, *Origin]) if is_shared else None,
        )
        for n in range(YEAR)
    ]
    shared = {
        code: {quarter.start: chance.uniform(0, 5) for quarter in quarters if chance.random() < 0.9}
        for code in (COVERED, REMAINING)
    }
    return quarters, shared if is_shared else {}


@pytest.mark.parametrize("sharing", ["", "shared"])
def test_a_year_as_json_comes_in_parts_of_whole_days(sharing: str) -> None:
    quarters, shared = year(69, is_shared=bool(sharing))
    start, rows, parts = START, [], 0
    while start < quarters[-1].start:
        asked = [quarter for quarter in quarters if quarter.start >= start]
        try:
            answer = quarter_hours_as_json(iter(asked), shared)
        except TooLongError as err:
            end = err.end
            answer = quarter_hours_as_json([q for q in asked if q.start < end], shared)
            next_day = [q for q in asked if q.start < end + timedelta(days=1, hours=1)]
            with pytest.raises(TooLongError):
                quarter_hours_as_json(next_day, shared)
            assert f"{end.astimezone(LUXEMBOURG):%H:%M}" == "00:00"
        else:
            end = quarters[-1].start + timedelta(minutes=15)
        assert len(json.dumps(answer, separators=(",", ":"))) <= MAX_BYTES
        rows += answer["quarter_hours"]
        start, parts = end, parts + 1

    assert [datetime.fromisoformat(row["start"]) for row in rows] == [q.start for q in quarters]
    assert 5 <= parts <= 12


def test_a_long_answer_is_not_made_whole() -> None:
    numbers = count()
    endless = (QuarterHour(START + n * timedelta(minutes=15), 1.0) for n in numbers)
    with pytest.raises(TooLongError):
        quarter_hours_as_json(takewhile(lambda q: q.start.year < 9000, endless), {})
    assert next(numbers) < 96 * 100


def test_a_year_as_csv_is_one_answer() -> None:
    quarters, shared = year(70, is_shared=True)
    lines = quarter_hours_as_csv(iter(quarters), shared)["csv"].splitlines()

    assert len(lines) == 1 + YEAR
    assert lines[0].endswith(f"{COVERED} (kW);{REMAINING} (kW);origin")
