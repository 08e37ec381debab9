"""Turns of users who wait for work, and the bytes that each user may receive."""

import pytest

from smartyp1.fair_queue import Allowances, BusyError, FairQueue


def all_of(turns: FairQueue[str, str]) -> list[str]:
    """Return the work in the order in which it is taken."""
    return list(iter(turns.take, None))


def test_a_user_with_much_work_lets_the_others_in_between() -> None:
    turns: FairQueue[str, str] = FairQueue()
    for work in ("a1", "a2", "a3"):
        turns.wait("anna", work, 8)
    assert turns.take() == "a1"
    turns.wait("ben", "b1", 8)
    turns.wait("ben", "b2", 8)

    assert all_of(turns) == ["b1", "a2", "b2", "a3"]


def test_who_comes_with_one_work_after_the_other_keeps_nobody_waiting() -> None:
    turns: FairQueue[str, str] = FairQueue()
    turns.wait("anna", "a1", 8)
    turns.wait("anna", "a2", 8)
    assert turns.take() == "a1"
    taken = []
    for number in range(3):
        turns.wait("ben", f"b{number}", 8)
        turns.wait("carl", f"c{number}", 8)
        taken.append(turns.take())

    assert "a2" in taken


def test_a_line_has_an_end() -> None:
    turns: FairQueue[str, str] = FairQueue()
    for number in range(8):
        turns.wait("anna", f"a{number}", 8)
    with pytest.raises(BusyError):
        turns.wait("anna", "a8", 8)
    with pytest.raises(BusyError):
        turns.wait("anna", "a3", 8)
    turns.wait("ben", "a8", 8)

    assert turns.take() == "a0"
    turns.wait("anna", "a8", 8)
    assert len(all_of(turns)) == 8


def test_who_waits_for_equal_work_does_not_wait_more_often() -> None:
    turns: FairQueue[str, str] = FairQueue()
    for _ in range(8):
        turns.wait("anna", "same", 8)
    with pytest.raises(BusyError):
        turns.wait("anna", "same", 8)
    for _ in range(8):
        turns.wait("ben", "same", 8)

    assert turns.take() == "same"
    # One answer of each is now in progress.
    for user in ("anna", "ben"):
        turns.wait(user, "same", 8)
        for work in ("same", "other"):
            with pytest.raises(BusyError):
                turns.wait(user, work, 8)
    # Nobody takes work twice, and who has not waited for it has nine askers no more than others.
    for _ in range(8):
        turns.wait("carl", "same", 8)
    with pytest.raises(BusyError):
        turns.wait("carl", "same", 8)
    assert turns.take() is None

    for user, count in (("anna", 9), ("ben", 9), ("carl", 8)):
        for _ in range(count):
            turns.leave(user, "same")
    for _ in range(8):
        turns.wait("anna", "again", 8)


def test_who_leaves_makes_room() -> None:
    turns: FairQueue[str, str] = FairQueue()
    for number in range(8):
        turns.wait("anna", f"a{number}", 8)
    turns.leave("anna", "a5")
    turns.wait("anna", "a0", 8)
    with pytest.raises(BusyError):
        turns.wait("anna", "a0", 8)

    assert all_of(turns) == ["a0", "a1", "a2", "a3", "a4", "a6", "a7"]


def test_bytes_come_back_with_time_and_to_nobody_else() -> None:
    allowances: Allowances[str] = Allowances(rate=100, burst=1600)
    for size in (900, 600):
        allowances.spend("anna", size, 50.0)
    with pytest.raises(BusyError) as refused:
        allowances.spend("anna", 350, 50.0)
    allowances.spend("ben", 1600, 50.0)
    allowances.spend("anna", 100, 50.0)

    # Of the bytes that were missing, 100 have been spent meanwhile.
    again = refused.value.retry_after_s
    assert again == 4
    with pytest.raises(BusyError):
        allowances.spend("anna", 350, 50.0 + 3.4)
    allowances.spend("anna", 350, 50.0 + again)
    # No time has passed for a clock that was put back.
    allowances.spend("anna", 1, 10.0)
    for user in ("anna", "ben"):
        allowances.spend(user, 1600, 500.0)
        with pytest.raises(BusyError):
            allowances.spend(user, 1, 500.0)


def test_an_answer_above_the_whole_allowance_needs_all_of_it() -> None:
    allowances: Allowances[str] = Allowances(rate=100, burst=1600)
    allowances.spend("anna", 100, 0.0)
    with pytest.raises(BusyError) as refused:
        allowances.spend("anna", 2000, 0.0)
    assert refused.value.retry_after_s == 2
    allowances.spend("anna", 2000, 2.0)
    with pytest.raises(BusyError) as refused:
        allowances.spend("anna", 100, 2.0)

    assert refused.value.retry_after_s == 6


def test_the_same_work_of_two_users_is_taken_once() -> None:
    turns: FairQueue[str, str] = FairQueue()
    for work in ("a1", "same", "a3"):
        turns.wait("anna", work, 8)
    turns.wait("ben", "same", 8)

    assert all_of(turns) == ["a1", "same", "a3"]


def test_work_stays_until_all_who_wait_for_it_have_left() -> None:
    turns: FairQueue[str, str] = FairQueue()
    turns.wait("anna", "same", 8)
    turns.wait("anna", "same", 8)
    turns.wait("ben", "same", 8)
    turns.leave("ben", "same")
    turns.leave("anna", "same")
    turns.leave("carl", "same")
    turns.wait("ben", "b", 1)
    assert all_of(turns) == ["same", "b"]
    for _ in range(2):
        turns.wait("anna", "again", 8)
    for _ in range(2):
        turns.leave("anna", "again")

    assert turns.take() is None
