"""Frames opened one by one, and by lines that share their decryptors."""

import gc
import weakref

import pytest

from dev.encoder import KEY, TITLE, frame, telegram
from smartyp1.p1 import (
    Decoder,
    FrameDecryptor,
    LineDecoder,
    Reason,
    Rejection,
    Telegram,
    read_frame,
)

OTHER_KEY = bytes(range(16, 32))
OTHER = b"KFM\0\0\0\0\x07"
STRANGER = b"SAG\0\0\0\0\x09"


@pytest.fixture
def decryptors() -> dict[bytes, FrameDecryptor]:
    return {TITLE: FrameDecryptor(KEY), OTHER: FrameDecryptor(OTHER_KEY)}


def told(events: list[Telegram | Rejection]) -> list[tuple[bytes | None, int | None, object]]:
    return [
        (event.system_title, event.frame_counter, getattr(event, "reason", None))
        for event in events
    ]


def test_what_cannot_be_opened_changes_nothing() -> None:
    decryptor = FrameDecryptor(KEY, last_counters={TITLE: 4})
    refused = [
        frame(9, key=OTHER_KEY),
        frame(9, authentication_key=bytes(16)),
        frame(4),
    ]

    assert told([decryptor.decrypt(one) for one in refused]) == [
        (TITLE, 9, Reason.TAG),
        (TITLE, 9, Reason.AUTHENTICATION_KEY),
        (TITLE, 4, Reason.REPLAY),
    ]
    assert decryptor.last_counters == {TITLE: 4}


def test_meters_on_one_line_are_opened_with_their_own_keys(
    decryptors: dict[bytes, FrameDecryptor],
) -> None:
    line = LineDecoder(decryptors.get)
    frames = [
        frame(1),
        frame(1, key=OTHER_KEY, title=OTHER),
        # Sealed with a key that there is, under the title of another meter.
        frame(2, key=KEY, title=OTHER),
        frame(3, title=STRANGER),
        frame(2),
    ]

    assert told(line.feed(b"".join(frames))) == [
        (TITLE, 1, None),
        (OTHER, 1, None),
        (OTHER, 2, Reason.TAG),
        (STRANGER, 3, Reason.KEY_MISSING),
        (TITLE, 2, None),
    ]
    assert decryptors[TITLE].last_counters == {TITLE: 2}


def test_lines_that_share_decryptors_accept_a_frame_on_one_of_them(
    decryptors: dict[bytes, FrameDecryptor],
) -> None:
    first, second = LineDecoder(decryptors.get), LineDecoder(decryptors.get)

    assert told(first.feed(frame(1)[:50])) == []
    assert told(second.feed(frame(1))) == [(TITLE, 1, None)]
    assert told(first.feed(frame(1)[50:])) == [(TITLE, 1, Reason.REPLAY)]
    decryptors[TITLE].last_counters = {}
    assert told(first.feed(frame(1))) == [(TITLE, 1, None)]


def test_a_line_with_keys_refuses_plain_telegrams_whoever_has_them() -> None:
    text = telegram("1-0:1.7.0(00.100*kW)")

    assert LineDecoder(lambda _: None).feed(text) == [Rejection(Reason.DOWNGRADE)]
    [plain] = LineDecoder(None).feed(text)
    assert isinstance(plain, Telegram)


def test_only_a_frame_alone_is_read_as_a_frame() -> None:
    data = frame(7)
    found = read_frame(data)

    assert found is not None
    assert (found.data, found.system_title, found.frame_counter) == (data, TITLE, 7)
    for other in (b"", b"\xdb\x08", data[:-1], data[1:], data + b"\0", b"\0" + data, data * 2):
        assert read_frame(other) is None


@pytest.mark.parametrize("key", [KEY, None])
def test_a_decoder_that_nobody_needs_is_gone_at_once(key: bytes | None) -> None:
    """One that had to be collected would keep its buffer until then."""
    gc.disable()
    try:
        decoder = Decoder(key)
        decoder.feed(frame(1) + telegram() + frame(2)[:40])
        gone = weakref.ref(decoder)
        del decoder
        assert gone() is None
    finally:
        gc.enable()
