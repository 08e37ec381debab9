"""Whose turn it is, and how much one may wait for."""

import pytest

from smartyp1.fair_queue import BusyError, Turns


def all_of(turns: Turns[str, str]) -> list[str]:
    """Return the work in the order in which it is taken."""
    return list(iter(turns.take, None))


def test_a_user_with_much_work_lets_the_others_in_between() -> None:
    turns: Turns[str, str] = Turns()
    for work in ("a1", "a2", "a3"):
        turns.wait("anna", work, 8)
    assert turns.take() == "a1"
    turns.wait("ben", "b1", 8)
    turns.wait("ben", "b2", 8)

    assert all_of(turns) == ["b1", "a2", "b2", "a3"]


def test_who_comes_with_one_work_after_the_other_keeps_nobody_waiting() -> None:
    turns: Turns[str, str] = Turns()
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
    turns: Turns[str, str] = Turns()
    for number in range(8):
        turns.wait("anna", f"a{number}", 8)
    with pytest.raises(BusyError):
        turns.wait("anna", "a8", 8)
    turns.wait("anna", "a3", 8)
    turns.wait("ben", "a8", 8)

    assert turns.take() == "a0"
    turns.wait("anna", "a8", 8)
    assert len(all_of(turns)) == 8


def test_the_same_work_of_two_users_is_taken_once() -> None:
    turns: Turns[str, str] = Turns()
    for work in ("a1", "same", "a3"):
        turns.wait("anna", work, 8)
    turns.wait("ben", "same", 8)

    assert all_of(turns) == ["a1", "same", "a3"]


def test_work_stays_until_all_who_wait_for_it_have_left() -> None:
    turns: Turns[str, str] = Turns()
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
