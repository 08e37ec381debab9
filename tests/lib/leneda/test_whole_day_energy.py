"""Energy by the day; one of which a part is missing does not count."""

from datetime import UTC, datetime

import pytest

from smartyp1.leneda import LenedaRow, last_days_of
from tests.lib.leneda.writing import quarters


def rows(start: str, count: int, kw: float) -> list[LenedaRow]:
    return [LenedaRow(time, kw, is_measured=True) for time in quarters(start, count)]


@pytest.mark.parametrize(
    ("midnight", "count"),
    [
        ("2025-03-30T00:00:00+01:00", 92),
        ("2025-06-30T00:00:00+02:00", 96),
        ("2025-10-26T00:00:00+02:00", 100),
    ],
)
def test_the_last_whole_day_of_sharing(midnight: str, count: int) -> None:
    start = datetime.fromisoformat(midnight).astimezone(UTC)
    known = rows(midnight, count + 95, 0.4)
    found = last_days_of({"1-65:1.29.9": known, "1-65:2.29.1": known[1:90], "1-1:1.29.0": known})
    assert found == {"1-65:1.29.9": (start, pytest.approx(count / 10), count)}
