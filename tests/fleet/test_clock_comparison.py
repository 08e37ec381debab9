"""Arrivals that are in doubt while the clocks of NATS and collector differ, and afterwards."""

import pytest

from smarty_p1_fleet.frames import clock_comparison
from smarty_p1_fleet.frames.clock_comparison import ClockComparison

HOUR = 3600.0


class Clocks:
    """This machine's clock, and that of NATS, which is `ahead` of it; `asked` counts questions."""

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
    monkeypatch.setattr(clock_comparison, "time", clocks)
    return clocks


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
async def test_what_came_while_the_clocks_differed_stays_in_doubt(
    clocks: Clocks, ahead: float
) -> None:
    comparison = ClockComparison(clocks.ask)
    before = clocks.now
    await comparison.look()
    assert not await comparison.may_be_wrong(before)
    # A node with a wrong clock becomes the leader. Its first message asks for the time.
    clocks.now, clocks.ahead = clocks.now + 100, ahead
    wrong = clocks.now + ahead
    assert await comparison.may_be_wrong(wrong)
    assert not comparison.do_agree
    # Meanwhile, any arrival is in doubt.
    assert await comparison.may_be_wrong(before)
    clocks.now += 30
    await comparison.look()
    # Another leader is right again.
    clocks.now, clocks.ahead = clocks.now + 10, 50.0
    assert await comparison.may_be_wrong(wrong + 30)
    assert comparison.do_agree
    assert not await comparison.may_be_wrong(clocks.now)
    assert not await comparison.may_be_wrong(wrong + 300)


async def test_a_flood_of_early_telegrams_asks_once_a_second(clocks: Clocks) -> None:
    comparison = ClockComparison(clocks.ask)
    for _ in range(100):
        assert not await comparison.may_be_wrong(0)
        clocks.now += 0.05
    assert clocks.asked <= 6


async def test_a_message_stamped_before_an_earlier_one_is_in_doubt(clocks: Clocks) -> None:
    comparison = ClockComparison(clocks.ask)
    await comparison.look()
    # Just now, the clocks agreed. Then another node becomes the leader.
    comparison.note(clocks.now)
    assert await comparison.may_be_wrong(clocks.now - HOUR)
    # Messages that are delivered again are a little older.
    assert not await comparison.may_be_wrong(clocks.now - 50)
    assert clocks.asked == 1
