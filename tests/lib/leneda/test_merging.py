"""Quarter-hours of both origins side by side."""

from datetime import UTC, datetime, timedelta

from smartyp1.leneda import Row, merged
from smartyp1.tariff import Origin, QuarterHour
from tests.lib.leneda.writing import CONSUMPTION, PRODUCTION

START = datetime(2026, 11, 18, 23, tzinfo=UTC)


def row(n: int, kw: float, *, is_measured: bool = True) -> Row:
    return Row(START + n * timedelta(minutes=15), kw, is_measured)


def own(n: int, kw: float) -> QuarterHour:
    return QuarterHour(START + n * timedelta(minutes=15), kw)


def test_own_ones_count_and_the_others_have_their_origin() -> None:
    found = merged(
        [own(3, 3.0), own(1, 1.0)],
        {
            CONSUMPTION: [row(0, 8.0), row(1, 9.0), row(2, 8.0, is_measured=False), row(4, 2.0)],
            PRODUCTION: [row(0, 2.0), row(1, 4.0), row(4, 1.0, is_measured=False), row(5, 3.0)],
            "1-1:3.29.0": [row(0, 0.4)],
            "1-65:1.29.9": [row(6, 1.0)],
        },
    )
    assert [(each, each.origin) for each in found] == [
        ((START, 8.0, 0.5, 0.1, None), Origin.PLATFORM),
        (own(1, 1.0), None),
        (own(2, 8.0), Origin.PLATFORM_ESTIMATED),
        (own(3, 3.0), None),
        ((own(4, 0).start, 2.0, 0.25, None, None), Origin.PLATFORM_ESTIMATED),
    ]


def test_nothing_is_nothing() -> None:
    assert merged([], {}) == []
    assert merged([own(1, 1.0)], {PRODUCTION: [row(2, 1.0)]}) == [own(1, 1.0)]
