"""The price of a quarter-hour is the state of its source that stood longest in it."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from dev.testing.random_examples import examples
from dev.testing.times import utc
from smartyp1.history.luxembourg_time import QUARTER_HOUR
from smartyp1.prices.market_price_series import PriceOrigin, QuarterPrice
from smartyp1.prices.running_price import RunningPrice

NOON = utc("2026-06-15 10:00")
SECOND = timedelta(seconds=1)

type Reports = list[tuple[float, float | None]]
"""Seconds after noon, and the price that the source then reports."""


def ended(reports: Reports, running: RunningPrice | None = None) -> dict[int, float]:
    """Return the prices of quarter-hours that end with the reports, by the number since noon."""
    running = running or RunningPrice()
    prices = [price for at, value in reports for price in running.report(NOON + at * SECOND, value)]
    assert all(price.origin is PriceOrigin.MEASURED for price in prices)
    return {(price.start - NOON) // QUARTER_HOUR: price.price for price in prices}


@pytest.mark.parametrize(
    ("reports", "price"),
    [
        ([(0, 0.1), (900, 0.3)], 0.1),
        ([(0, 0.1), (400, 0.3), (900, 0.5)], 0.3),
        ([(0, 0.1), (600, -0.2), (900, None)], 0.1),
        # A wrong state for a minute changes nothing. It is counted with its time before.
        ([(0, 0.085), (400, 5.3), (460, 0.085), (900, 0.1)], 0.085),
        ([(0, 0.1), (300, 0.2), (700, 0.1), (900, 0.2)], 0.1),
        # A report counts from the start up to 60 s after it.
        ([(0, 0.1), (60, 0.3), (900, 0.5)], 0.3),
        ([(0, 0.1), (20, None), (55, 0.3), (900, 0.3)], 0.3),
        ([(0, 0.1), (90, 0.3), (900, 0.5)], 0.3),
        # Without a price, the time does not count.
        ([(0, None), (300, 0.2), (900, 0.2)], 0.2),
        ([(0, 0.2), (200, None), (600, 0.5), (900, 0.5)], 0.5),
        ([(0, 0.2), (60, None), (900, None)], None),
        ([(700, 0.4), (900, 0.2)], 0.4),
        ([(0, None), (900, 0.2)], None),
    ],
)
def test_the_price_of_a_quarter_hour(reports: Reports, price: float | None) -> None:
    assert ended(reports) == ({} if price is None else {0: pytest.approx(price)})


@pytest.mark.parametrize("seed", range(examples(8)))
def test_the_longest_of_each_second(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    reports: Reports = sorted(
        [
            (float(at), chance.choice([None, round(chance.uniform(-0.1, 0.5), 3)]))
            for at in chance.sample(range(7200), 12)
        ]
    )
    # The owner reports the state again at each quarter-hour.
    at_ticks = [
        (900.0 * n, next((price for at, price in reversed(reports) if at <= 900 * n), None))
        for n in range(9)
    ]
    seconds: list[float | None] = [None] * 7200
    for at, price in sorted([*reports, *at_ticks], key=lambda report: report[0]):
        start = int(at) // 900 * 900
        first = start if at - start <= 60 else int(at)
        seconds[first:7200] = [price] * (7200 - first)
    expected = {}
    for n in range(8):
        known = [price for price in seconds[n * 900 : n * 900 + 900] if price is not None]
        if known:
            seconds_of = Counter(known)
            longest = max(seconds_of.values())
            [expected[n]] = [price for price, count in seconds_of.items() if count == longest]
    every = sorted([*reports, *at_ticks], key=lambda report: report[0])
    assert ended(every) == expected


def test_the_price_so_far() -> None:
    running = RunningPrice()
    assert running.running() is None
    running.report(NOON, None)
    assert running.running() is None
    running.report(NOON, 0.1)
    assert running.running() == QuarterPrice(NOON, 0.1)
    running.report(NOON + 300 * SECOND, 0.4)
    running.report(NOON + 500 * SECOND, 0.4)
    assert running.running() == QuarterPrice(NOON, 0.1)
    running.report(NOON + 601 * SECOND, 0.4)
    assert running.running() == QuarterPrice(NOON, 0.4)


@pytest.mark.parametrize("back", [1, 500, 5000, 10**7])
def test_a_clock_that_is_set_back_or_ahead_makes_no_price_up(back: int) -> None:
    reports: Reports = [(0, 0.1), (300, 0.1), (300 - back, 0.7), (300 - back, 0.7)]
    assert ended(reports) == {}
    ahead: Reports = [(0, 0.1), (300, 0.1), (300 + 1800 + back, 0.7)]
    assert ended(ahead) == {0: 0.1}


@pytest.mark.parametrize("pause", [1, 100, 500])
def test_the_running_price_survives_a_restart(pause: int) -> None:
    running = RunningPrice()
    assert RunningPrice.from_dict(running.as_dict(NOON)).running() is None
    running.report(NOON, 0.1)
    stored = running.as_dict(NOON + 300 * SECOND)
    begun = RunningPrice.from_dict(stored)
    prices = ended([(300 + pause, 0.4), (900, 0.4)], begun)
    assert prices == {0: 0.4 if 600 - pause > 300 else 0.1}
    # After a longer pause, the time before the pause has the price.
    assert ended([(900 + pause, 0.4)], RunningPrice.from_dict(stored)) == {0: 0.1}
    assert ended([(10**6, 0.4)], RunningPrice.from_dict(stored)) == {0: 0.1}


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2026-06-15T10:01:00+00:00"},
        {"start": "2026-06-15T10:00:00"},
        {"start": None},
        {"stood": [[0.1, -1]]},
        {"stood": [[0.1, 901]]},
        {"stood": [[6.1, 300]]},
        {"stood": [["1", 300]]},
        {"stood": [[float("nan"), 300]]},
        {"stood": [[0.1, 3]] * 101},
    ],
)
def test_a_damaged_state_is_refused(change: dict[str, object]) -> None:
    stored = {"start": NOON.isoformat(), "stood": [[0.1, 300.0]]}
    assert RunningPrice.from_dict(stored).running()
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        RunningPrice.from_dict(stored | change)


def test_a_restless_source_stays_small() -> None:
    running = RunningPrice()
    for second in range(800):
        running.report(NOON + second * SECOND, second / 1000)
    running.report(NOON + 800 * SECOND, 0.5)
    assert len(running.as_dict(NOON + 899 * SECOND)["stood"]) <= 100
    assert running.report(NOON + 900 * SECOND, 0.1) == [QuarterPrice(NOON, 0.5)]
