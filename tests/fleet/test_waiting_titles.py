"""Titles that wait for a key, as whoever asks for metrics sees them."""

import sys
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from dev.encoder import TITLE
from smarty_p1_fleet.waiting_titles import MOST_WAITING, WaitingTitles
from smarty_p1_gateway import Keys


@pytest.fixture
def many_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("many_switches")
def test_they_are_counted_in_another_thread() -> None:
    titles = WaitingTitles({}, Keys({}, None))
    for number in range(MOST_WAITING - 1):
        titles.pass_over(b"SAG\0" + number.to_bytes(4), number, 0.0)
    found: set[tuple[int, int]] = set()
    failed: list[RuntimeError] = []
    is_over = Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                found.add(titles.counts)
            except RuntimeError as error:
                failed.append(error)

    asking = Thread(target=ask)
    asking.start()
    for number in range(2000):
        titles.pass_over(TITLE, number, 0.0)
        assert TITLE in titles.state
        titles.note_verified(TITLE)
        assert TITLE not in titles.state
    is_over.set()
    asking.join()
    assert failed == []
    assert found <= {(MOST_WAITING - 1, MOST_WAITING - 1), (MOST_WAITING, MOST_WAITING)}
