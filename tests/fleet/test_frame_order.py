"""Counter and time of a meter, which rise together."""

import logging
from secrets import randbelow

import pytest

from dev.simulator.randomness import seeded_random
from smarty_p1_fleet.frame_order import Newest, Order

LOGGER = logging.getLogger(__name__)
METER = (b"SAGgp\x04\x10\x2e", "print")
NEWEST, EARLIER, REFUSED = Order.NEWEST, Order.EARLIER, Order.REFUSED
# Every ten seconds; after the 100th, the clock is put back by half an hour. A frame at the very
# second of the 100th would be accepted, and is left out.
BEFORE = [(counter, 10_000.0 + 10 * counter) for counter in range(1, 101)]
PUT_BACK = [(counter, 10_000.0 + 10 * counter - 1800) for counter in range(101, 280)]
AFTER = [(counter, 10_000.0 + 10 * counter - 1800) for counter in range(281, 321)]


@pytest.mark.parametrize(
    ("known", "frame", "order"),
    [
        ((5, 100.0), (6, 110.0), NEWEST),
        ((5, 100.0), (6, 100.0), NEWEST),
        # The clock is right within five seconds.
        ((5, 100.0), (6, 95.0), NEWEST),
        ((5, 100.0), (6, 94.0), REFUSED),
        ((5, 100.0), (4, 90.0), EARLIER),
        ((5, 100.0), (5, 100.0), EARLIER),
        ((5, 100.0), (4, 105.0), EARLIER),
        ((5, 100.0), (4, 106.0), REFUSED),
    ],
)
def test_a_frame_beside_the_highest_counter(
    known: tuple[int, float], frame: tuple[int, float], order: Order
) -> None:
    newest = Newest()
    assert newest.judge(METER, *known) is NEWEST
    assert newest.judge(METER, *frame) is order


def test_another_key_counts_anew() -> None:
    newest = Newest()
    newest.judge(METER, 1_000_000, 100.0)
    assert newest.judge((METER[0], "other"), 1, 110.0) is NEWEST
    assert newest.judge(METER, 1_000_001, 110.0) is NEWEST


def test_it_goes_on_from_what_an_earlier_process_has_stored() -> None:
    newest = Newest()
    newest.begin(METER, 100, 1000.0)
    newest.begin(METER, 50, 5000.0)
    assert newest.judge(METER, 101, 900.0) is REFUSED
    assert newest.judge(METER, 101, 1010.0) is NEWEST


@pytest.mark.parametrize("how", ["in order", "all again", "newest first", "shuffled"])
def test_a_clock_that_was_put_back_writes_nothing_at_the_times_of_others(how: str) -> None:
    newest = Newest()
    frames = BEFORE + PUT_BACK + AFTER
    seed = randbelow(2**32)
    LOGGER.warning("seed %d", seed)
    accepted = [one for one in frames if newest.judge(METER, *one) is not REFUSED]
    match how:
        case "all again":
            accepted += [one for one in frames if newest.judge(METER, *one) is not REFUSED]
        case "newest first":
            accepted += [one for one in frames[::-1] if newest.judge(METER, *one) is not REFUSED]
        case "shuffled":
            seeded_random("newest", seed).shuffle(frames)
            accepted += [one for one in frames if newest.judge(METER, *one) is not REFUSED]
    assert {*accepted} == {*BEFORE, *AFTER}
    assert len(BEFORE + AFTER) <= len(accepted)
