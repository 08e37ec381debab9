"""What is told again is counted."""

from dev.fleet.listener import Listener


def test_the_first_moment_counts() -> None:
    listener = Listener()
    listener.note("A", 7, 1.0)
    listener.note("A", 8, 2.0)
    listener.note("A", 7, 3.0)
    assert listener.again == 1
    assert listener.heard == {("A", 7): 1.0, ("A", 8): 2.0}
