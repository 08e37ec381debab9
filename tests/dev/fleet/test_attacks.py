"""What is sent on purpose is what it is meant to be: refused for one reason each."""

from datetime import UTC, datetime
from random import Random

import pytest

from dev.fleet.attacks import FORGED, counter_of, forge, title_of
from dev.fleet.meters import key_of, make_meters
from smartyp1.p1 import Decoder, Rejection, Telegram

WHEN = datetime(2026, 7, 4, 10, 17, 33, tzinfo=UTC)


def test_a_frame_is_read_as_the_simulator_makes_it() -> None:
    [meter] = make_meters(1, 5, 1)
    meter.next_counter = 4711
    frame = meter.frame_at(WHEN)
    assert title_of(frame) == meter.system_title
    assert counter_of(frame) == 4711


@pytest.mark.parametrize("kind", FORGED)
def test_no_forged_frame_is_accepted_and_none_does_harm(kind: str) -> None:
    chance = Random(3)  # noqa: S311
    meter, other = make_meters(1, 5, 2)
    frame = meter.frame_at(WHEN)
    for _ in range(20):
        forged = forge(kind, frame, other.telegram_at(WHEN), other.system_title, chance)
        assert forged != frame
        owner = other if kind == "title" else meter
        assert title_of(forged) == owner.system_title
        decoder = Decoder(key_of(1, owner.number))
        assert all(isinstance(event, Rejection) for event in decoder.feed(forged))
        [telegram] = decoder.feed(owner.frame_at(WHEN))
        assert isinstance(telegram, Telegram)
