"""Stored frames decode to their makers' values; bounds; frames of lines that share decryptors."""

import gc
import weakref
from collections.abc import Callable
from datetime import datetime

import pytest

from dev.encoder import FRAMES, KEY, TITLE, frame, stored_example, telegram
from smartyp1.p1.decoder import Decoder, LineDecoder
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.frame_header import MAX_FRAME_SIZE, frame_size, read_frame
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram

NAMES = sorted(path.stem for path in FRAMES.glob("*.json"))


def decoder_for(name: str) -> Decoder:
    known = stored_example(name)
    if known.authentication_key is None:
        return Decoder(known.key)
    return Decoder(known.key, known.authentication_key)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 3, 64, 65536])
def test_literal_frame(name: str, size: int) -> None:
    known = stored_example(name)
    decoder = decoder_for(name)

    events = [
        event
        for start in range(0, len(known.data), size)
        for event in decoder.feed(known.data[start : start + size])
    ]

    [telegram] = events
    assert isinstance(telegram, Telegram)
    assert telegram.text.strip().decode() == known.telegram.strip()
    assert telegram.frame_counter == known.frame_counter
    assert telegram.identification == known.telegram.splitlines()[0][1:]
    for what, value in known.expect.items():
        match what:
            case "serial":
                assert telegram.serial_number == value
            case "time":
                assert telegram.time == datetime.fromisoformat(value)
            case "message":
                assert telegram.objects["0-0:96.13.0"] == value
            case "channels":
                readings = telegram.channels.items()
                found = {str(number): [meter.type, meter.value] for number, meter in readings}
                assert found == value
            case _:
                shown = telegram.objects[what]
                assert (list(shown) if isinstance(shown, tuple) else shown) == value


def test_another_authentication_key_differs_from_a_wrong_key() -> None:
    known = stored_example("other_authentication_key")

    assert known.key is not None
    assert Decoder(known.key).feed(known.data) == [
        Rejection(Reason.AUTHENTICATION_KEY, 1000, bytes.fromhex("534147677004102E"))
    ]
    assert Decoder(bytes(16)).feed(known.data) == [
        Rejection(Reason.TAG, 1000, bytes.fromhex("534147677004102E"))
    ]


# The text has 18 bytes of header before it, and 12 bytes of the tag behind it.
_AROUND = 30


def a_frame_of(size: int) -> bytes:
    missing = size - _AROUND - len(telegram("0-0:96.13.0()"))
    data = frame(7, telegram(f"0-0:96.13.0({'x' * missing})"))
    assert len(data) == size
    return data


def a_plain_telegram_of(size: int) -> bytes:
    # The line end after the CRC is no part of a telegram.
    missing = size + 2 - len(telegram("0-0:96.13.0()"))
    data = telegram(f"0-0:96.13.0({'x' * missing})")
    assert len(data) == size + 2
    return data


@pytest.mark.parametrize(("size", "accepted"), [(32 * 1024, 1), (32 * 1024 + 1, 0)])
@pytest.mark.parametrize(("key", "make"), [(KEY, a_frame_of), (None, a_plain_telegram_of)])
def test_the_largest_frame_and_plain_telegram(
    key: bytes | None, make: Callable[[int], bytes], size: int, accepted: int
) -> None:
    assert MAX_FRAME_SIZE == 32 * 1024
    events = Decoder(key).feed(make(size))
    assert sum(isinstance(event, Telegram) for event in events) == accepted


def test_a_header_of_another_security_control_begins_no_frame() -> None:
    data = bytearray(frame(1))
    assert frame_size(data, 0) == len(data)
    data[data.index(0x30)] = 0x31
    assert frame_size(data, 0) == 0


@pytest.mark.parametrize(("length", "size"), [(17, 0), (18, 29)])
def test_a_frame_has_at_least_a_byte_of_a_telegram(length: int, size: int) -> None:
    assert frame_size(frame(1)[:10] + bytes([length, 0x30]) + bytes(length), 0) == size


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


def test_a_frame_that_cannot_be_decrypted_changes_nothing() -> None:
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


def test_a_line_with_keys_refuses_plain_telegrams_of_any_meter() -> None:
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
def test_an_unused_decoder_is_gone_at_once(key: bytes | None) -> None:
    """A decoder that had to be collected would keep its buffer until then."""
    gc.disable()
    try:
        decoder = Decoder(key)
        decoder.feed(frame(1) + telegram() + frame(2)[:40])
        gone = weakref.ref(decoder)
        del decoder
        assert gone() is None
    finally:
        gc.enable()
