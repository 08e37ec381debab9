"""Any bytes on the line cost little, and no true frame.

The streams are the costliest known ones. An attacker at the line chooses its bytes. A recorded
frame whose text can be guessed gives a key stream. Frames that repeat its counter decipher to any
text that the attacker wants.

The cost of a stream is measured in CPU time of this thread, with room for a slow machine. The limit
is a quarter of a core at the speed of a P1 port, where the decoder takes a fortieth.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from random import Random
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, strategies as st

from dev.encoder import KEY, frame, telegram
from dev.simulator import Meter
from dev.simulator.telegram import crc16 as simulated_crc16
from dev.testing.random_examples import each
from dev.testing.times import utc
from smartyp1.p1.checksum import crc16
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram

_NOON = utc("2025-07-03 10:00")

_MAX_FRAME_BYTES = 32_000
_TITLE = b"SAGgp\x04\x10\x2e"
_COUNTER = (7).to_bytes(4)
_IDENTIFICATION = b"/Lux5\\253694471_M\r\n"


class Mode(NamedTuple):
    """Settings of a decoder."""

    name: str
    key: bytes | None
    needs_tag: bool = True


MODES = (Mode("key", KEY), Mode("no tag needed", KEY, needs_tag=False), Mode("plain", None))


class Cost(NamedTuple):
    """Cost: microseconds a byte, and of the longest call."""

    a_byte: float
    longest_call: float


def _header(length: int, counter: bytes = _COUNTER, title: bytes = _TITLE) -> bytes:
    return b"\xdb\x08" + title + b"\x82" + length.to_bytes(2) + b"\x30" + counter


@cache
def _key_stream() -> bytes:
    """Return the key stream of `_TITLE` and `_COUNTER`, as a recorded frame tells it."""
    return AESGCM(KEY).encrypt(_TITLE + _COUNTER, bytes(_MAX_FRAME_BYTES), None)


def _enciphered(text: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(text, _key_stream(), strict=False))


def _repeating(text: bytes, length: int) -> bytes:
    """Return a beginning of a frame under the recorded counter that deciphers to this text."""
    return _header(length) + _enciphered(text)


def _sealed(text: bytes) -> bytes:
    """Return a plain telegram with its checksum; the text ends before the exclamation mark."""
    return text + b"!%04X" % crc16(text + b"!")


def _whole_frame(size: int) -> bytes:
    """Return a frame under the recorded counter whose text has a checksum, and whose tag not."""
    text = _sealed(_IDENTIFICATION + b"0-0:96.13.0(" + b"4" * size + b")\r\n")
    return _repeating(text, len(text) + 17) + bytes(12)


def _nested_frames() -> bytes:
    """Return frames one in the other, each with a whole telegram's beginning and checksum."""
    start = _IDENTIFICATION[:5]
    return b"".join(_repeating(start, 30_000 - 23 * turn) for turn in range(1200))


def _nested_short_frames() -> bytes:
    """Return the same of up to 2 KiB, which end at the same place."""
    return b"".join(_repeating(b"/Lux", 2020 - 22 * turn) for turn in range(88)) + bytes(60)


def _headers_and_telegrams() -> bytes:
    """Return a long crowd of headers, then a crowd of telegrams, also within a long telegram."""
    headers = b"\xdb\x08\x7d\x82\x7d\x00\x30" * 4600
    telegrams = _sealed(b"/Lux\n") * 800
    return headers + telegrams + _sealed(b"/Lux\n" + headers[:30_000]) + telegrams


def _random(size: int = 65_536) -> bytes:
    return Random(1).randbytes(size)  # noqa: S311 - the same each time


def _telegrams(number: int) -> bytes:
    meter = Meter(1, KEY)
    return b"".join(meter.frame_at(_NOON + timedelta(seconds=10 * at)) for at in range(number))


def _telegram_of(lines: bytes) -> bytes:
    return _sealed(_IDENTIFICATION + b"\r\n" + lines)


def _changing(make: Callable[[int], bytes], number: int = 8) -> bytes:
    """Return telegrams that are no two the same."""
    return b"".join(_telegram_of(make(turn)) for turn in range(number))


def _objects(turn: int, size: int, ending: bytes) -> bytes:
    return b"".join(
        b"%d-%d:%d.8.%d" % (turn, at % 200, at // 200, turn) + ending for at in range(size)
    )


STREAMS: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: bytes(4096),
    "random bytes": _random,
    "telegrams of a meter": lambda: _telegrams(6),
    "first byte of a header": lambda: b"\xdb",
    "mark of a header": lambda: b"\xdb\x08",
    "headers of 18 bytes": lambda: _header(_MAX_FRAME_BYTES),
    "headers every 7 bytes": lambda: b"\xdb\x08\x7d\x82\x7d\x00\x30",
    "headers every 7 bytes, 4 KiB": lambda: b"\xdb\x08\x7d\x82\x10\x00\x30",
    "headers every 7 bytes, 256 bytes": lambda: b"\xdb\x08\x7d\x82\x01\x00\x30",
    "headers every 4 bytes": lambda: b"\xdb\x08\x7f\x30",
    "headers every 4 bytes, shortest": lambda: b"\xdb\x08\x12\x30",
    "headers every 4 bytes among line ends": lambda: (
        b"\xdb\x08\x21\x30\n!" * 3 + b"\xdb\x08\x12\x30"
    ),
    "system titles": lambda: b"SAG\1\1\1\1\1\x82\x7d\x00\x30",
    "system titles, 256 bytes": lambda: b"SAG\1\1\1\1\1\x82\x01\x00\x30",
    "letters of system titles": lambda: b"SAG",
    "letters and lengths": lambda: b"SAG\x82",
    "lengths": lambda: b"\x82",
    "lengths and counters": lambda: b"\x82\x7d\x00\x30\x00\x00",
    "recorded counter, without marks": lambda: _repeating(b"/Lux", 2035)[2:],
    "headers of all lengths": lambda: b"".join(map(_header, range(_MAX_FRAME_BYTES, 18, -18))),
    "headers that end together": lambda: (
        b"".join(map(_header, range(_MAX_FRAME_BYTES, 18, -18))) + bytes(1000)
    ),
    "recorded counter, a slash": lambda: _repeating(b"/", _MAX_FRAME_BYTES),
    "recorded counter, four letters": lambda: _repeating(b"/Lux", _MAX_FRAME_BYTES),
    "recorded counter, 4 KiB": lambda: _repeating(b"/Lux", 4096),
    "recorded counter, 1 KiB": lambda: _repeating(b"/Lux", 1024),
    "recorded counter, identification": lambda: _repeating(_IDENTIFICATION, _MAX_FRAME_BYTES),
    "recorded counter, one in the other": _nested_frames,
    "recorded counter, one in the other, short": _nested_short_frames,
    "recorded counter, 2 KiB": lambda: _repeating(b"/Lux", 2035),
    "recorded counter, line ends": lambda: _repeating(b"\r\n", _MAX_FRAME_BYTES),
    "recorded counter, whole short texts": lambda: _whole_frame(1),
    "recorded counter, whole long texts": lambda: _whole_frame(30_000),
    "ends of telegrams": lambda: b"\n!",
    "slashes": lambda: b"/",
    "slashes and line ends": lambda: b"/\n!",
    "almost identifications": lambda: b"/Lux",
    "long almost identifications": lambda: b"/Lux" + b"x" * 120,
    "identifications": lambda: b"/Lux\n",
    "identifications, then an end": lambda: b"/Lux\n" * 6000 + b"!0000",
    "identifications and ends": lambda: b"/Lux\n!0000",
    "line ends": lambda: b"\n",
    "shortest telegrams": lambda: _sealed(b"/Lux\n"),
    "shortest telegrams and headers": lambda: (
        _sealed(b"/Lux\n") + b"\xdb\x08\x7d\x82\x7d\x00\x30" * 3
    ),
    "headers, then shortest telegrams": _headers_and_telegrams,
    "a header, then shortest telegrams": lambda: (
        _header(_MAX_FRAME_BYTES) + _sealed(b"/Lux\n") * 300
    ),
    "a header, then ends of telegrams": lambda: _header(_MAX_FRAME_BYTES) + b"\n!" * 300,
    "telegrams without a checksum": lambda: _telegram_of(b"1-0:1.8.0(1*kWh)\r\n" * 20)[:-4],
    "longest telegram": lambda: _telegram_of(b"0-0:96.13.0(" + b"4" * 31_000 + b")\r\n"),
    "telegrams of line ends": lambda: _changing(lambda turn: b"\n" * (1500 + turn)),
    "telegrams of long line ends": lambda: _changing(lambda turn: b"\n" * (30_000 + turn), 2),
    "telegrams of brackets": lambda: _changing(lambda turn: b"(%d)\n" % turn * 1000),
    "telegrams of objects": lambda: _changing(lambda turn: _objects(turn, 2000, b"()\n")),
    "telegrams of one object": lambda: _changing(lambda turn: b"1-0:1.8.0(%d)\n" % turn * 2000),
    "telegrams of numbers": lambda: _changing(lambda turn: _objects(turn, 1500, b"(1*kWh)\n")),
    "objects of many values": lambda: _changing(
        lambda turn: b"1-1:31.4.0(%d" % turn + b")(" * 12_000 + b")\n"
    ),
    "unknown objects of many values": lambda: _changing(
        lambda turn: b"9-9:31.4.0(%d" % turn + b")(" * 12_000 + b")\n"
    ),
    "half a message": lambda: _changing(
        lambda turn: b"0-0:96.13.0(%d" % turn + b"41" * 12_000 + b"x)\n"
    ),
    "long numbers": lambda: _changing(lambda turn: b"1-0:1.8.0(%d" % turn + b"9" * 24_000 + b")\n"),
    "lines without an end": lambda: _changing(lambda turn: b"%d" % turn + b"1" * 24_000 + b"\n"),
    "opening brackets": lambda: _changing(lambda turn: b"%d" % turn + b"(" * 24_000 + b"\n"),
}


def made(name: str, size: int) -> bytes:
    """Return `size` bytes of a stream."""
    pattern = STREAMS[name]()
    return (pattern * (size // len(pattern) + 1))[:size]


def in_chunks(data: bytes, size: int) -> list[bytes]:
    """Return the bytes in chunks of a size."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def measure(name: str, mode: Mode, chunk_size: int, size: int) -> Cost:
    """Feed `size` bytes of a stream to a decoder, and return the cost."""
    chunks = in_chunks(made(name, size), chunk_size)
    feed = Decoder(mode.key, needs_tag=mode.needs_tag).feed
    clock = time.thread_time_ns
    longest = 0
    start = last = clock()
    for chunk in chunks:
        feed(chunk)
        now = clock()
        longest = max(longest, now - last)
        last = now
    return Cost((last - start) / 1000 / size, longest / 1000)


MICROSECONDS_A_BYTE = 20.0
MAX_CALL = 100_000.0
# All of a stream's longest frames are complete.
SIZE = 40_000
TITLE = b"SAGxy\x00\x00\x01"
TRIES = 3


@cache
def frame_of_messages(size: int, fields: tuple[int, ...]) -> tuple[bytes, bytes]:
    """Return the text and the frame of a telegram with messages of `size` digits each."""
    text = telegram(*(f"0-0:96.13.{field}({size * '4'})" for field in fields))
    return text, frame(1, text, title=TITLE)


def is_cheap(cost: Cost) -> bool:
    return cost.a_byte < MICROSECONDS_A_BYTE and cost.longest_call < MAX_CALL


def chunk_sizes(name: str, other: int) -> list[int]:
    """Return a size of chunks for each mode: single bytes, which take long, for one by turns."""
    sizes = [other] * len(MODES)
    sizes[list(STREAMS).index(name) % len(MODES)] = 1
    return sizes


@pytest.mark.parametrize("name", each(6, STREAMS))
def test_no_stream_costs_much(name: str) -> None:
    cases = [(mode, 4096) for mode in MODES]
    cases += [(MODES[at], 1) for at, size in enumerate(chunk_sizes(name, 0)) if size]
    for mode, chunk_size in cases:
        costs: list[Cost] = []
        # Another program of the machine may have taken the caches; such a try does not count.
        while len(costs) < TRIES and not any(map(is_cheap, costs)):
            costs.append(measure(name, mode, chunk_size, SIZE))
        assert any(map(is_cheap, costs)), (mode.name, chunk_size, costs)


@pytest.mark.parametrize("message_size", [0, 1800])
@pytest.mark.parametrize("name", each(6, STREAMS))
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


@pytest.mark.parametrize("name", each(6, STREAMS))
def test_the_work_that_is_left_does_not_depend_on_the_chunks(name: str) -> None:
    data = made(name, SIZE // 2)
    for mode, size in zip(MODES, chunk_sizes(name, 7), strict=True):
        whole, in_parts = (Decoder(mode.key, needs_tag=mode.needs_tag) for _ in range(2))
        events = [event for chunk in in_chunks(data, size) for event in in_parts.feed(chunk)]

        assert events == whole.feed(data)


@given(st.binary(max_size=300))
def test_the_checksum(data: bytes) -> None:
    assert crc16(data) == simulated_crc16(data)
