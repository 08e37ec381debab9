"""Whatever stands on the line, it costs little, and no true frame.

What a stream costs is measured in CPU time of this thread, with room for a slow machine: a quarter
of a core at the speed of a P1 port, where the decoder takes a fortieth.
"""

from functools import cache

import pytest
from hypothesis import given, strategies as st

from dev.encoder import KEY, crc, frame, telegram
from smartyp1.p1 import Decoder, Telegram, crc16
from tests.lib.p1.worst_streams import MODES, STREAMS, Cost, in_chunks, made, measure

MICROSECONDS_A_BYTE = 20.0
MAX_CALL = 100_000.0
# All of a stream's longest frames are complete.
SIZE = 40_000
TITLE = b"SAGxy\x00\x00\x01"
TRIES = 3


@cache
def frame_of_messages(size: int, fields: tuple[int, ...]) -> tuple[bytes, bytes]:
    """Return the text and the frame of a telegram with messages of so many digits each."""
    text = telegram(*(f"0-0:96.13.{field}({size * '4'})" for field in fields))
    return text, frame(1, text, title=TITLE)


def is_cheap(cost: Cost) -> bool:
    return cost.a_byte < MICROSECONDS_A_BYTE and cost.longest_call < MAX_CALL


def chunk_sizes(name: str, other: int) -> list[int]:
    """Return a size of chunks for each mode: single bytes, which take long, for one by turns."""
    sizes = [other] * len(MODES)
    sizes[list(STREAMS).index(name) % len(MODES)] = 1
    return sizes


@pytest.mark.parametrize("name", STREAMS)
def test_no_stream_costs_much(name: str) -> None:
    cases = [(mode, 4096) for mode in MODES]
    cases += [(MODES[at], 1) for at, size in enumerate(chunk_sizes(name, 0)) if size]
    for mode, chunk_size in cases:
        costs: list[Cost] = []
        # Another one of the machine's programs may have taken the caches; that does not count.
        while len(costs) < TRIES and not any(map(is_cheap, costs)):
            costs.append(measure(name, mode, chunk_size, SIZE))
        assert any(map(is_cheap, costs)), (mode.name, chunk_size, costs)


@pytest.mark.parametrize("message_size", [0, 1800])
@pytest.mark.parametrize("name", STREAMS)
def test_a_true_frame_behind_the_stream_comes_at_once(name: str, message_size: int) -> None:
    """Frames one in the other end within the true one, with more work than there is for all."""
    text, true = frame_of_messages(message_size, (0,))
    decoder = Decoder(KEY)
    data = made(name, SIZE)
    for start in range(0, len(data), 512):
        decoder.feed(data[start : start + 512])

    assert not any(isinstance(event, Telegram) for event in decoder.feed(true[:-1]))
    [found] = [event for event in decoder.feed(true[-1:]) if isinstance(event, Telegram)]

    assert (found.text, found.system_title) == (text, TITLE)


@pytest.mark.parametrize("name", STREAMS)
def test_the_work_that_is_left_does_not_depend_on_the_chunks(name: str) -> None:
    data = made(name, SIZE // 2)
    for mode, size in zip(MODES, chunk_sizes(name, 7), strict=True):
        whole, in_parts = (Decoder(mode.key, needs_tag=mode.needs_tag) for _ in range(2))
        events = [event for chunk in in_chunks(data, size) for event in in_parts.feed(chunk)]

        assert events == whole.feed(data)


@given(st.binary(max_size=300))
def test_the_checksum(data: bytes) -> None:
    assert crc16(data) == crc(data)
