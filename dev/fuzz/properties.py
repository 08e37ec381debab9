"""Fuzz properties of the decoder, the parsers, and the readers of keys and ports.

The properties must hold for any bytes and any texts.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from dev.encoder import KEY, TITLE, frame
from dev.simulator.telegram import crc16
from smartyp1.p1.checksum import has_valid_crc
from smartyp1.p1.decoder import Decoder, Event
from smartyp1.p1.keys import KeyFormatError, parse_key
from smartyp1.p1.obis import CHANNELS
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram, Verification
from smartyp1.p1.telegram_parser import TelegramParser
from smartyp1.p1.value_converters import Capture, MBusReading
from smartyp1.port.address_masking import redact_port
from smartyp1.port.serial_port import normalise_port

_REFERENCE = re.compile(r"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}", re.ASCII)
# Maximum size of the decoder's buffer: 32 KiB for the longest frame, and 4 KiB for older bytes that
# the decoder has not dropped yet.
_MAX_BUFFER_BYTES = (32 + 4) * 1024
_MAX_WAITING_BYTES = 128 * 1024


def check_feed(data: bytes, sizes: Sequence[int]) -> None:
    """Check that a decoder returns the same events for `data` in chunks and in one piece."""
    for key, needs_tag in ((KEY, True), (KEY, False), (None, True)):
        events = decode(key, [data], needs_tag=needs_tag)
        assert decode(key, in_chunks(data, sizes), needs_tag=needs_tag) == events
        check_events(events, encrypted=key is not None, needs_tag=needs_tag)


def decode(key: bytes | None, chunks: Iterable[bytes], *, needs_tag: bool = True) -> list[Event]:
    """Feed `chunks` to a new decoder, and return its events."""
    decoder = Decoder(key, needs_tag=needs_tag)
    events: list[Event] = []
    for chunk in chunks:
        events += decoder.feed(chunk)
        framer = decoder._framer
        assert len(framer.buffer) < _MAX_BUFFER_BYTES
        assert framer._waiting.itemsize * len(framer._waiting) < _MAX_WAITING_BYTES
    return events


def in_chunks(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Cut bytes into chunks, and return the chunks.

    `sizes` has the sizes of the chunks in bytes. After the last size, the first size is used again.
    A chunk of size 0 is empty. If all sizes are 0, each chunk has one byte.
    """
    chunks = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)] if any(sizes) else 1
        chunks.append(data[at : at + size])
        at += size
        turn += 1
    return chunks


def check_endless(pattern: bytes, sizes: Sequence[int]) -> None:
    """Feed about 100 kB of a repeated pattern, and then a frame. The decoder must find the frame.

    Check also that the decoder never stores too many bytes, with and without a key.
    """
    data = pattern * (100_000 // len(pattern))
    text = b"/Lux5\r\n\r\n!\r\n"
    events = decode(KEY, [*in_chunks(data, [*sizes, 4096]), frame(1, text, title=b"OTHER\0\0\1")])
    assert isinstance(events[-1], Telegram)
    assert events[-1].text == text
    decode(None, in_chunks(data, [*sizes, 4096]))


def check_events(events: Iterable[Event], *, encrypted: bool, needs_tag: bool = True) -> None:
    """Check that each event is of a documented type and has fields of documented types.

    `encrypted` says whether the decoder has a key, `needs_tag` whether it requires valid tags.
    """
    for event in events:
        if isinstance(event, Telegram):
            check_telegram(event)
            assert event.verification in _verifications(encrypted=encrypted, needs_tag=needs_tag)
            assert (event.frame_counter is not None) is encrypted
            assert (event.system_title is not None) is encrypted
            continue
        assert isinstance(event, Rejection)
        assert isinstance(event.reason, Reason)
        assert (event.frame_counter is None) is (event.system_title is None)
        if event.frame_counter is not None:
            assert 0 <= event.frame_counter < 2**32
            assert len(event.system_title or b"") == 8


def _verifications(*, encrypted: bool, needs_tag: bool) -> set[Verification]:
    """Return the possible values of `Telegram.verification`."""
    if not encrypted:
        return {Verification.PLAIN}
    return {Verification.TAG} if needs_tag else {Verification.TAG, Verification.CHECKSUM}


def check_telegram(telegram: Telegram) -> None:
    """Check that every value of a telegram is of a documented type and can be written as JSON."""
    assert type(telegram.identification) is str
    assert type(telegram.text) is bytes
    _check_type(telegram.serial_number, str)
    _check_scalar(telegram.time)
    _check_type(telegram.time, datetime)
    for reference, value in telegram.objects.items():
        assert _REFERENCE.fullmatch(reference)
        if type(value) is Capture:
            _check_capture(value)
        elif type(value) is tuple:
            for part in value:
                _check_scalar(part)
        else:
            _check_scalar(value)
    for channel, reading in telegram.channels.items():
        assert channel in CHANNELS
        _check_reading(reading)
    as_dict = telegram.as_dict()
    assert json.loads(json.dumps(as_dict, allow_nan=False)) == json.loads(json.dumps(as_dict))


def _check_type(value: object, expected: type) -> None:
    assert value is None or type(value) is expected


def _check_scalar(value: object) -> None:
    assert value is None or type(value) in {float, int, str, datetime}
    if isinstance(value, float):
        assert math.isfinite(value)
    if isinstance(value, datetime):
        assert value.utcoffset() is not None


def _check_capture(capture: Capture) -> None:
    for value, expected in zip(capture, (datetime, float, str), strict=True):
        _check_type(value, expected)
        _check_scalar(value)


def _check_reading(reading: MBusReading) -> None:
    assert type(reading.type) is str
    _check_type(reading.serial_number, str)
    _check_type(reading.value, float)
    _check_type(reading.unit, str)
    _check_type(reading.time, datetime)
    _check_type(reading.valve, int)


def check_texts(texts: Sequence[bytes], sizes: Sequence[int]) -> None:
    """Read the consecutive telegrams `texts`. A parser must return the same as a new one."""
    parser = TelegramParser()
    expected: list[Telegram | None] = []
    for counter, text in enumerate(texts):
        expected.append(TelegramParser().parse(text, counter, TITLE, Verification.TAG))
        # Compare texts, because `==` would accept 1 for 1.0, and -0.0 for 0.0.
        found = parser.parse(text, counter, TITLE, Verification.TAG)
        assert repr(found) == repr(expected[-1])
        assert has_valid_crc(text) is _has_valid_crc(text)
        check_feed(text, sizes)
    frames = b"".join(frame(counter, text) for counter, text in enumerate(texts))
    events = decode(KEY, in_chunks(frames, sizes))
    check_events(events, encrypted=True)
    # Ignore events with another system title. By chance, a long ciphertext may contain the header
    # of a frame with such a title, and the decoder then returns a rejection.
    assert [event for event in events if event.system_title == TITLE] == [
        telegram or Rejection(Reason.MALFORMED, counter, TITLE)
        for counter, telegram in enumerate(expected)
    ]


def _has_valid_crc(text: bytes) -> bool:
    body, mark, digits = text.rpartition(b"!")
    return bool(mark) and digits[:4] == f"{crc16(body + mark):04X}".encode()


def check_key(text: str) -> None:
    """Check that reading `text` returns a key or raises an error that does not quote `text`."""
    try:
        key = parse_key(text)
    except KeyFormatError as err:
        assert err.__cause__ is None
        assert err.__context__ is None
        assert len(text) < 4 or text not in str(err)
        return
    assert type(key) is bytes
    assert len(key) == 16
    assert parse_key(key.hex()) == key
    assert key.hex() in re.sub(r"[^0-9a-f]", "", text.lower().replace("0x", "", 1))


def check_port(text: str) -> None:
    """Check that normalising the address of a port a second time does not change the address."""
    port = normalise_port(text)
    assert normalise_port(port) == port
    shown = redact_port(port)
    assert redact_port(shown) == shown


def check_secret_port(port: tuple[str, str]) -> None:
    """Check that a redacted address does not contain its secret."""
    url, secret = port
    assert secret in url
    assert secret not in redact_port(normalise_port(url))
