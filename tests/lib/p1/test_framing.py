"""Where a frame ends and begins, at the bounds of sizes and chunks."""

import pytest

from dev.encoder import KEY, frame, telegram
from smartyp1.p1 import MAX_FRAME_SIZE, Decoder, Telegram

# Around the text stand 18 bytes of header and 12 of the tag.
_AROUND = 30


def a_frame_of(size: int) -> bytes:
    missing = size - _AROUND - len(telegram("0-0:96.13.0()"))
    data = frame(7, telegram(f"0-0:96.13.0({'x' * missing})"))
    assert len(data) == size
    return data


@pytest.mark.parametrize(("size", "accepted"), [(32 * 1024, 1), (32 * 1024 + 1, 0)])
def test_the_largest_frame(size: int, accepted: int) -> None:
    assert MAX_FRAME_SIZE == 32 * 1024
    events = Decoder(KEY).feed(a_frame_of(size))
    assert sum(isinstance(event, Telegram) for event in events) == accepted


@pytest.mark.parametrize("quiet", [0, 1, 100, 5000])
@pytest.mark.parametrize("cut", [1, 2, 10, 17])
def test_a_header_that_two_chunks_share_behind_quiet_bytes(quiet: int, cut: int) -> None:
    decoder = Decoder(KEY)
    data = frame(1)
    for _ in range(3):
        assert decoder.feed(bytes(quiet)) == []
    assert decoder.feed(bytes(quiet) + data[:cut]) == []
    [event] = decoder.feed(data[cut:])
    assert isinstance(event, Telegram)
