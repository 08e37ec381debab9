"""What is told again is a replay only when it was committed before."""

from dev.fleet.listener import Listener


def test_only_what_was_committed_can_be_a_replay() -> None:
    listener = Listener()
    listener.note("A", 7, 1.0)
    listener.note("A", 8, 2.0)
    listener.note("A", 7, 3.0)
    assert (listener.again, listener.replays) == (1, 0)
    assert listener.heard == {("A", 7): 1.0, ("A", 8): 2.0}

    listener._committed = {"A": 7}
    listener.note("A", 8, 4.0)
    assert (listener.again, listener.replays) == (2, 0)
    listener.note("A", 7, 5.0)
    listener.note("A", 6, 6.0)
    listener.note("B", 1, 7.0)
    assert (listener.again, listener.replays) == (2, 2)
