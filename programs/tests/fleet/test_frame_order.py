"""Counter and time of a meter, which rise together."""

import logging
from secrets import randbelow

import pytest

from dev.simulator.randomness import seeded_random
from smarty_p1_fleet.frames import nats_clock_check
from smarty_p1_fleet.frames.frame_order import NewestFrames, Order
from smarty_p1_fleet.frames.nats_clock_check import NatsClockCheck

LOGGER = logging.getLogger(__name__)
METER = (b"SAGgp\x04\x10\x2e", "print")
NEWEST, EARLIER, OLD, REFUSED = Order.NEWEST, Order.EARLIER, Order.OLD, Order.REFUSED
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
        ((5, 100.0), (4, 90.0), OLD),
        ((5, 100.0), (5, 100.0), EARLIER),
        ((5, 100.0), (4, 105.0), OLD),
        ((5, 100.0), (4, 106.0), REFUSED),
    ],
)
def test_a_frame_beside_the_highest_counter(
    known: tuple[int, float], frame: tuple[int, float], order: Order
) -> None:
    newest = NewestFrames()
    assert newest.order_of(METER, *known) is NEWEST
    assert newest.order_of(METER, *frame) is order


def test_another_key_counts_anew() -> None:
    newest = NewestFrames()
    newest.order_of(METER, 1_000_000, 100.0)
    assert newest.order_of((METER[0], "other"), 1, 110.0) is NEWEST
    assert newest.order_of(METER, 1_000_001, 110.0) is NEWEST


def test_the_order_goes_on_from_frames_that_an_earlier_process_stored() -> None:
    newest = NewestFrames()
    newest.begin(METER, 100, 1000.0)
    newest.begin(METER, 50, 5000.0)
    assert newest.order_of(METER, 101, 900.0) is REFUSED
    assert newest.order_of(METER, 101, 1010.0) is NEWEST


@pytest.mark.parametrize("how", ["in order", "all again", "newest first", "shuffled"])
def test_a_clock_that_was_put_back_writes_nothing_at_the_times_of_others(how: str) -> None:
    newest = NewestFrames()
    frames = BEFORE + PUT_BACK + AFTER
    seed = randbelow(2**32)
    LOGGER.warning("seed %d", seed)
    accepted = [frame for frame in frames if newest.order_of(METER, *frame) is not REFUSED]
    match how:
        case "all again":
            accepted += [frame for frame in frames if newest.order_of(METER, *frame) is not REFUSED]
        case "newest first":
            accepted += [
                frame for frame in frames[::-1] if newest.order_of(METER, *frame) is not REFUSED
            ]
        case "shuffled":
            seeded_random("newest", seed).shuffle(frames)
            accepted += [frame for frame in frames if newest.order_of(METER, *frame) is not REFUSED]
    assert {*accepted} == {*BEFORE, *AFTER}
    assert len(BEFORE + AFTER) <= len(accepted)


def test_two_workers_refuse_again_a_frame_that_either_has_refused() -> None:
    workers = NewestFrames(), NewestFrames()
    refused = [
        frame
        for number, frame in enumerate(BEFORE + PUT_BACK + AFTER)
        if workers[number % 2].order_of(METER, *frame) is REFUSED
    ]
    # At the end, either worker may take a frame that is not 5 s before its own last frame.
    assert {*refused} >= {*PUT_BACK[:-1]}
    for worker in workers:
        assert {worker.order_of(METER, *frame) for frame in refused[:-2]} == {REFUSED}


def test_a_worker_that_saw_none_of_the_refused_frames_refuses_them() -> None:
    newest = NewestFrames()
    for frame in BEFORE + AFTER:
        newest.order_of(METER, *frame)
    assert {newest.order_of(METER, *frame) for frame in PUT_BACK} == {REFUSED}
    assert {newest.order_of(METER, *frame) for frame in AFTER} == {EARLIER}
    assert {newest.order_of(METER, *frame) for frame in BEFORE[:-1]} == {OLD}


def test_a_meter_without_a_known_frame_is_to_be_asked_for() -> None:
    newest = NewestFrames(1000.0)
    assert newest.order_of(METER, 7, 999.0) is Order.UNKNOWN
    assert newest.order_of(METER, 7, 1000.0) is NEWEST
    other = METER[0], "other"
    assert newest.order_of(other, 7, 999.0, is_asked=True) is NEWEST


HOUR = 3600.0


class Clocks:
    """Clocks of this machine and of NATS, which is `ahead`; `asked` counts questions."""

    def __init__(self) -> None:
        self.now, self.ahead, self.asked = 1_000_000.0, 0.0, 0

    async def ask(self) -> float:
        self.asked += 1
        return self.now + self.ahead

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(nats_clock_check, "time", clocks)
    return clocks


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
async def test_arrivals_while_the_clocks_differed_stay_in_doubt(
    clocks: Clocks, ahead: float
) -> None:
    comparison = NatsClockCheck(clocks.ask)
    before = clocks.now
    await comparison.compare_clocks()
    assert not await comparison.may_be_wrong(before)
    # A node with a wrong clock becomes the leader. Its first message asks for the time.
    clocks.now, clocks.ahead = clocks.now + 100, ahead
    wrong = clocks.now + ahead
    assert await comparison.may_be_wrong(wrong)
    assert not comparison.do_agree
    # Until the clocks agree, any arrival is in doubt.
    assert await comparison.may_be_wrong(before)
    clocks.now += 30
    await comparison.compare_clocks()
    # Another leader is right again.
    clocks.now, clocks.ahead = clocks.now + 10, 50.0
    assert await comparison.may_be_wrong(wrong + 30)
    assert comparison.do_agree
    assert not await comparison.may_be_wrong(clocks.now)
    assert not await comparison.may_be_wrong(wrong + 300)


async def test_a_flood_of_early_telegrams_asks_once_a_second(clocks: Clocks) -> None:
    comparison = NatsClockCheck(clocks.ask)
    for _ in range(100):
        assert not await comparison.may_be_wrong(0)
        clocks.now += 0.05
    assert clocks.asked <= 6


async def test_a_message_stamped_before_an_earlier_one_is_in_doubt(clocks: Clocks) -> None:
    comparison = NatsClockCheck(clocks.ask)
    await comparison.compare_clocks()
    # Just now, the clocks agreed. Then another node becomes the leader.
    comparison.note_arrival(clocks.now)
    assert await comparison.may_be_wrong(clocks.now - HOUR)
    # Messages that are delivered again are a little older.
    assert not await comparison.may_be_wrong(clocks.now - 50)
    assert clocks.asked == 1
