"""Messages of simulated households, which ignore them: how many come, and how many are right."""

from pathlib import Path

import pytest

from smartyp1.messages import MAX_A_DAY, Kind

from .household_years import NUMBERS, row_of, year_of

PAGE = Path(__file__).parents[3] / "docs" / "dashboard.md"


def test_warnings_of_a_month_are_mostly_right() -> None:
    month = year_of(0, 30)
    warnings = month.count(Kind.SOON_ABOVE)
    assert warnings > 5
    assert month.right >= 0.9 * warnings
    assert month.most_a_day <= MAX_A_DAY


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_the_page_has_the_messages_of_a_year(number: int) -> None:
    year = year_of(number)
    assert row_of(number, year) in PAGE.read_text().splitlines()
    assert year.right >= 0.9 * year.count(Kind.SOON_ABOVE)
    assert year.most_a_day <= MAX_A_DAY
