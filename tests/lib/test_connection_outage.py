"""Retries after a failure: delays, lines of the log, and the budget."""

import asyncio
import logging

import pytest

from smartyp1.connection_outage import Backoff, Budget, Outage


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace each wait, and return its seconds."""
    found: list[float] = []

    async def sleep(delay: float) -> None:
        found.append(delay)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


async def test_delays_double_up_to_the_longest_and_begin_anew(slept: list[float]) -> None:
    backoff = Backoff(1, 6)
    for _ in range(5):
        await backoff.wait()
    backoff.reset()
    await backoff.wait()
    for delay, expected in zip(slept, [1, 2, 4, 6, 6, 1], strict=True):
        assert 0.8 * expected <= delay <= 1.2 * expected


async def test_not_all_come_back_at_the_same_moment(slept: list[float]) -> None:
    for _ in range(20):
        await Backoff(1, 6).wait()
    assert len(set(slept)) > 10


async def test_the_log_has_one_line_for_the_loss_and_one_for_the_return(
    caplog: pytest.LogCaptureFixture, slept: list[float]
) -> None:
    caplog.set_level(logging.INFO)
    outage = Outage("%s is away: %s", "%s is there again", "port", first=1, longest=2)
    outage.end()
    for reason in ("refused", "no route", "refused"):
        outage.note_failure(reason)
        assert outage.is_lost
        await outage.wait()
    outage.end()
    outage.end()
    assert not outage.is_lost
    outage.note_failure("once more")
    await outage.wait()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "port is away: refused"),
        ("INFO", "port is there again"),
        ("WARNING", "port is away: once more"),
    ]
    assert slept[-1] <= 1.2


def test_of_each_kind_of_failure_the_log_has_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outage = Outage("%s", "back")
    for kind in ("away", "refused", "away", "refused"):
        outage.note_failure(f"it is {kind}", kind=kind)
    outage.end()
    assert caplog.messages == ["it is away", "it is refused", "back"]


def test_a_budget_is_full_at_first_and_never_more_than_that() -> None:
    budget = Budget(2, 10, at=100)
    assert budget.left(100) == 10
    budget.spend(4)
    assert budget.left(101) == 8
    assert budget.left(500) == 10


def test_a_negative_budget_has_to_be_earned_first() -> None:
    budget = Budget(2, 10)
    budget.spend(16)
    assert budget.left(0) == -6
    assert budget.left(2) == -2
    assert budget.left(4) == 2
