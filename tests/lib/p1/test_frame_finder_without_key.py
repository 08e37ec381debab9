"""Frames found without a key: unchanged, with any bytes around them, and bounded."""

import random
from itertools import batched

import pytest

from dev.encoder import KEY, TITLE, frame, telegram
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.frame_finder import FrameSplitter
from smartyp1.p1.frame_header import Frame
from smartyp1.p1.telegram import Telegram


def false_start(rng: random.Random, size: int = 32_000, title: bytes | None = None) -> bytes:
    """Return a header that claims a frame of `size` bytes."""
    length = (size - 13).to_bytes(2)
    return b"\xdb\x08" + (title or rng.randbytes(8)) + b"\x82" + length + b"\x30" + rng.randbytes(4)


def split(data: bytes, size: int) -> list[Frame]:
    splitter = FrameSplitter()
    return [
        found
        for chunk in batched(data, size, strict=False)
        for found in splitter.feed(bytes(chunk))
    ]


@pytest.mark.parametrize("size", [1, 7, 500, 100_000])
def test_chunks_and_bytes_around_make_no_difference(size: int) -> None:
    frames = [frame(counter) for counter in (5, 6, 7)]
    line = b"noise\r\n" + frames[0] + telegram("1-0:1.7.0(00.100*kW)") + frames[1] + frames[2]
    found = split(line + b"\xdb\x08", size)

    assert [one.data for one in found] == frames
    assert [one.system_title for one in found] == [TITLE] * 3
    assert [one.frame_counter for one in found] == [5, 6, 7]
    assert [one.is_expected for one in found] == [False, True, True]


def test_a_false_start_costs_no_frame_and_comes_when_it_is_complete() -> None:
    rng = random.Random(2)  # noqa: S311 - repeatable
    junk = false_start(rng, 300)
    frames = [frame(counter) for counter in range(1, 4)]
    found = FrameSplitter().feed(junk + b"".join(frames))

    assert [one.data for one in found if one.system_title == TITLE] == frames
    [other] = [one.data for one in found if one.system_title != TITLE]
    assert other == (junk + b"".join(frames))[:300]


def test_a_frame_among_many_false_starts_is_not_lost() -> None:
    rng = random.Random(3)  # noqa: S311 - repeatable
    splitter = FrameSplitter()
    splitter.feed(frame(0))
    received, handed_over, lost = 0, 0, 0
    for counter in range(1, 400):
        junk = b"".join(
            false_start(rng, rng.randrange(100, 32_768)) + rng.randbytes(10) for _ in range(40)
        )
        whole = frame(counter)
        found = splitter.feed(junk + whole)
        lost += whole not in [one.data for one in found]
        received += len(junk) + len(whole)
        handed_over += sum(len(one.data) for one in found)

    assert lost == 0
    assert splitter.left_out > 1000
    assert handed_over <= 2 * received + 256 * 1024


def test_many_small_frames_are_bounded_in_number() -> None:
    rng = random.Random(4)  # noqa: S311 - repeatable
    smallest = b"\xdb\x08" + b"%s" + b"\x12\x30" + bytes(17)
    line = b"".join(smallest % rng.randbytes(8) for _ in range(20_000))
    found = FrameSplitter().feed(line)
    assert len(found) <= (2 * len(line) + 256 * 1024) / 256


def test_the_memory_of_a_line_without_frames_is_bounded() -> None:
    rng = random.Random(5)  # noqa: S311 - repeatable
    splitter = FrameSplitter()
    for _ in range(300):
        splitter.feed(b"".join(false_start(rng) for _ in range(30)) + b"\n!ABCD" * 50)
    assert len(splitter._framer.buffer) < 100_000
    assert len(splitter._titles) == 16


def test_a_decoder_accepts_the_same_of_the_frames_as_of_the_line() -> None:
    rng = random.Random(6)  # noqa: S311 - repeatable
    line = bytearray()
    for counter in range(1, 60):
        one = bytearray(frame(counter))
        if counter % 7 == 0:
            one[rng.randrange(len(one))] ^= 1
        if counter % 11 == 0:
            del one[rng.randrange(len(one)) :]
        line += one + rng.randbytes(rng.randrange(5))
    behind, direct = Decoder(KEY), Decoder(KEY)

    sealed = [event for found in split(bytes(line), 99) for event in behind.feed(found.data)]
    plain = direct.feed(bytes(line))
    counters = [
        [event.frame_counter for event in events if isinstance(event, Telegram)]
        for events in (sealed, plain)
    ]
    assert counters[0] == counters[1]
    assert len(counters[0]) > 40


def test_only_a_frame_with_a_higher_counter_is_expected() -> None:
    line = b"".join(frame(counter) for counter in (5, 5, 4, 5, 6))
    found = FrameSplitter().feed(line)
    assert [one.is_expected for one in found] == [False, False, False, False, True]


def test_a_line_that_was_quiet_for_long_saves_nothing_up() -> None:
    rng = random.Random(7)  # noqa: S311 - repeatable
    splitter = FrameSplitter()
    assert splitter.feed(bytes(1_000_000)) == []
    burst = b"".join(false_start(rng) for _ in range(2_000)) + bytes(32_000)
    found = splitter.feed(burst)
    assert sum(len(one.data) for one in found) <= 2 * len(burst) + 256 * 1024


def test_titles_that_repeat_themselves_are_forgotten_first() -> None:
    splitter = FrameSplitter()
    titles = [b"SAGxy\x00\x00" + bytes([number]) for number in range(17)]
    for title in titles[:15]:
        for counter in (1, 2):
            splitter.feed(frame(counter, title=title))
    splitter.feed(frame(1, title=titles[15]) * 9)
    splitter.feed(frame(1, title=titles[16]))

    found = [splitter.feed(frame(3, title=title))[0] for title in (titles[0], titles[15])]
    assert [one.is_expected for one in found] == [True, False]
