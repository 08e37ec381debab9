"""Turns of users that wait for work, and the bytes that each user may receive."""

import pytest

from smartyp1.fair_queue import Allowances, BusyError, FairQueue

MAX_WAITING = 8
# Users that wait for work, get a refusal or leave; then the next taken work, or all work to the
# end.
STORIES = {
    "a user with much work lets the others in between": [
        *("anna waits a1 a2 a3", "next taken a1", "ben waits b1 b2", "all taken b1 a2 b2 a3"),
    ],
    "a line has an end": [
        *("anna waits a0 a1 a2 a3 a4 a5 a6 a7", "anna refused a8 a3", "ben waits a8"),
        *("next taken a0", "anna waits a8", "all taken a8 a1 a2 a3 a4 a5 a6 a7"),
    ],
    "who waits for equal work does not wait more often": [
        *("anna waits same*8", "anna refused same", "ben waits same*8", "next taken same"),
        # A single answer of each user is now in progress.
        *("anna waits same", "anna refused same other", "ben waits same", "ben refused same other"),
        # A newcomer to the work has nine askers at most, like the others; the work is taken once.
        *("carl waits same*8", "carl refused same", "all taken"),
        *("anna leaves same*9", "ben leaves same*9", "carl leaves same*8", "anna waits again*8"),
    ],
    "who leaves makes room": [
        *("anna waits a0 a1 a2 a3 a4 a5 a6 a7", "anna leaves a5", "anna waits a0"),
        *("anna refused a0", "all taken a0 a1 a2 a3 a4 a6 a7"),
    ],
    "the same work of two users is taken once": [
        *("anna waits a1 same a3", "ben waits same", "all taken a1 same a3"),
    ],
    "work stays until all who wait for it have left": [
        *("anna waits same*2", "ben waits same", "ben leaves same", "anna leaves same"),
        *("carl leaves same", "ben waits b*8", "all taken same b"),
        *("anna waits again*2", "anna leaves again*2", "all taken"),
    ],
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_turns(story: list[str]) -> None:
    turns: FairQueue[str, str] = FairQueue()
    for event in story:
        who, verb, *words = event.split()
        times = [(work, int(count or 1)) for work, _, count in (w.partition("*") for w in words)]
        works = [work for work, count in times for _ in range(count)]
        if verb == "taken":
            taken = [turns.take_work()] if who == "next" else list(iter(turns.take_work, None))
            assert taken == works, event
            continue
        for work in works:
            match verb:
                case "waits":
                    turns.wait(who, work, MAX_WAITING)
                case "leaves":
                    turns.leave(who, work)
                case _:
                    with pytest.raises(BusyError):
                        turns.wait(who, work, MAX_WAITING)


def test_a_user_with_one_work_after_the_other_keeps_no_other_waiting() -> None:
    turns: FairQueue[str, str] = FairQueue()
    turns.wait("anna", "a1", 8)
    turns.wait("anna", "a2", 8)
    assert turns.take_work() == "a1"
    taken = []
    for number in range(3):
        turns.wait("ben", f"b{number}", 8)
        turns.wait("carl", f"c{number}", 8)
        taken.append(turns.take_work())

    assert "a2" in taken


def test_bytes_come_back_with_time_and_to_no_other_user() -> None:
    allowances: Allowances[str] = Allowances(rate=100, burst=1600)
    for size in (900, 600):
        allowances.spend("anna", size, 50.0)
    with pytest.raises(BusyError) as refused:
        allowances.spend("anna", 350, 50.0)
    allowances.spend("ben", 1600, 50.0)
    allowances.spend("anna", 100, 50.0)

    # Of the missing bytes, 100 have been spent since then.
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
