"""What may be committed, and what is kept of it."""

from collections import Counter

import pytest

from smarty_p1_fleet.acknowledged_writes import StoreRestartedError, StoreRun, Write
from smarty_p1_fleet.commit_queue import Batch, CommitQueue
from smarty_p1_fleet.partition_state import PartitionState, StateError, parse_state

TITLE = bytes.fromhex("53414767700410000011223344556677")
OTHER = bytes.fromhex("53414767700410010011223344556677")


def batch(sequence: int, write: Write | None, **counters: int) -> Batch:
    titles = {"one": TITLE, "two": OTHER}
    by_title = {titles[name]: counter for name, counter in counters.items()}
    return Batch(
        sequence,
        f"ack {sequence}",
        sequence / 10,
        sequence / 4,
        by_title,
        Counter(telegram=1),
        write,
    )


def test_a_write_is_committed_when_the_same_process_lived_on_for_long_enough() -> None:
    queue = CommitQueue()
    queue.add(batch(5, Write("100", 50.0), one=7))
    assert queue.pop_kept(None) is None
    assert queue.pop_kept(StoreRun("100", 69.9)) is None
    assert queue.oldest == 0.5
    commit = queue.pop_kept(StoreRun("100", 70.0))
    assert commit is not None
    assert (commit.sequence, commit.ack, commit.counters) == (5, "ack 5", {TITLE: 7})
    assert queue.oldest is None
    assert queue.pop_kept(StoreRun("100", 80.0)) is None


def test_a_restart_of_the_store_is_noticed_at_once() -> None:
    queue = CommitQueue()
    queue.add(batch(5, None))
    queue.check(StoreRun("100", 50.0))
    queue.add(batch(6, Write("100", 50.0), one=7))
    queue.check(None)
    queue.check(StoreRun("100", 50.0))
    with pytest.raises(StoreRestartedError):
        queue.check(StoreRun("200", 51.0))


def test_what_can_be_committed_together_is() -> None:
    queue = CommitQueue()
    queue.add(batch(5, Write("100", 50.0), one=7, two=1))
    queue.add(batch(6, None))
    queue.add(batch(9, Write("100", 51.0), one=8))
    queue.add(batch(12, Write("100", 59.0), one=9))
    commit = queue.pop_kept(StoreRun("100", 75.0))
    assert commit is not None
    assert (commit.sequence, commit.ack, commit.arrived) == (9, "ack 9", 2.25)
    assert commit.counters == {TITLE: 8, OTHER: 1}
    assert commit.outcomes == {"telegram": 3}
    assert queue.oldest == 1.2


def test_what_was_read_again_is_committed_with_what_is_acknowledged() -> None:
    queue = CommitQueue()
    queue.add(batch(5, None))
    again = batch(5, None, one=3)
    again.ack = ""
    queue.add(again)
    commit = queue.pop_kept(None)
    assert commit is not None
    assert (commit.sequence, commit.ack, commit.counters) == (5, "ack 5", {TITLE: 3})


def test_what_was_not_stored_waits_for_what_was_before_it() -> None:
    queue = CommitQueue()
    queue.add(batch(5, Write("100", 50.0)))
    queue.add(batch(6, None))
    assert queue.pop_kept(StoreRun("100", 60.0)) is None


def test_after_a_restart_nothing_is_committed_that_may_be_lost() -> None:
    queue = CommitQueue()
    queue.add(batch(5, Write("100", 50.0)))
    with pytest.raises(StoreRestartedError):
        queue.pop_kept(StoreRun("101", 90.0))


def test_a_state_is_read_as_it_was_kept() -> None:
    state = PartitionState().begun().advanced(40, 1.5, {TITLE: 3})
    state = state.advanced(41, 1795225123.123456, {OTHER: 2**32 - 1})
    text = state.to_json()
    assert text == (
        b'{"epoch":1,"sequence":41,"arrived":1795225123.123456,"counters":'
        b'{"53414767700410000011223344556677":3,"53414767700410010011223344556677":4294967295}}'
    )
    assert parse_state(text) == state


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"epoch":1,"sequence":-1,"counters":{}}',
        b'{"epoch":1,"sequence":1.5,"counters":{}}',
        b'{"epoch":true,"sequence":1,"counters":{}}',
        b'{"epoch":1,"sequence":1,"counters":[]}',
        b'{"epoch":1,"sequence":1,"counters":{"53":1}}',
        b'{"epoch":1,"sequence":1,"counters":{"534147677004100x0011223344556677":1}}',
        b'{"epoch":1,"sequence":1,"counters":{"53414767700410000011223344556677":4294967296}}',
        b'{"epoch":1,"sequence":1,"counters":{"53414767700410000011223344556677":"1"}}',
        b"[" * 100_000,
        b'{"epoch":1,"sequence":1,"counters":{}}' + b" " * 1_000_000,
    ],
    ids=range(15),
)
def test_a_state_that_cannot_be_read_is_no_new_beginning(text: bytes) -> None:
    with pytest.raises(StateError):
        parse_state(text)
