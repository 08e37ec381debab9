"""For any bytes on the line: true frames come out at once, and nothing else comes out."""

import random
import tracemalloc
from itertools import product

import pytest

from dev.encoder import KEY, TITLE, frame, stored_example, telegram
from dev.simulator.frame import AUTHENTICATION_KEY
from dev.testing.random_examples import each
from smartyp1.p1.decoder import Decoder, Event
from smartyp1.p1.keys import KeyFormatError
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram

RANDOM = random.Random(20250101)  # noqa: S311 - noise that is the same each time
# Claims 32,000 bytes: a length that a frame can have.
LONG_FALSE_START = b"\xdb\x08" + TITLE + b"\x82\x7d\x00\x30\x00\x00\x00\x01"
# Frame counters under which a telegram's tag has DB 08 in it, and the distance from its end.
TAGS_WITH_MARK = ((92459, 2), (69502, 3), (11697, 4), (14114, 5), (95450, 6), (30012, 13))


def counters(events: list[Event]) -> list[int | None]:
    return [event.frame_counter for event in events if isinstance(event, Telegram)]


def reasons(events: list[Event]) -> list[Reason]:
    return [event.reason for event in events if isinstance(event, Rejection)]


OTHER = b"SAGgp\x04\x10\x2f"
LONG = frame(5, telegram("0-0:96.13.0(" + 2048 * "41" + ")"))
PLAIN = stored_example("plain").data
UNSUMMED = telegram("1-0:1.8.0(1*kWh)")[:-6]
NO_TELEGRAMS = (b"x", b"\r\n", b"1-0:1.8.0(1*kWh)", 300 * b"\xff")


def with_security(control: int) -> bytes:
    """Return a frame that claims another security than authenticated encryption."""
    data = frame(1)
    return data[:13] + bytes([control]) + data[14:]


# Input, and output: counters of telegrams; for a rejection, the reason before the counter.
STORIES = {
    # The cut frame took the next frame's first bytes for its own.
    "a frame cut short is reported once the next one proves it": [
        (frame(1)[:-20] + frame(2), "altered:1 2"),
        (frame(3)[:40] + frame(4), "altered:3 4"),
        (LONG[:40] + frame(6), "altered:5 6"),
    ],
    "glued frames, and frames glued to noise": [
        (frame(1) + frame(2) + b"\xdb" + frame(3) + b"\xdb\x08" + frame(4), "1 2 3 4")
    ],
    "any security but authenticated encryption is no frame": [
        *((with_security(control), "malformed:None") for control in (0x00, 0x10, 0x20, 0x31, 0xB0)),
        (frame(2), "2"),
    ],
    "replayed frames are refused": [
        (frame(10) + frame(12), "10 12"),
        (frame(12) + frame(11) + frame(13), "replay:12 replay:11 13"),
    ],
    "another system title counts by itself": [
        (frame(10) + frame(3, title=OTHER) + frame(11), "10 3 11"),
        (frame(3, title=OTHER) + frame(10), "replay:3 replay:10"),
    ],
    "the first and the last counter": [
        (frame(0) + frame(0xFFFFFFFF) + frame(0), "0 4294967295 replay:0")
    ],
    "a plain telegram is not accepted once a key is set": [(PLAIN + frame(1), "downgrade:None 1")],
    "a verified text that is no telegram": [
        (frame(n, text), f"malformed:{n}") for n, text in enumerate(NO_TELEGRAMS)
    ],
    "the valid tag outranks the checksum": [(frame(1, UNSUMMED + b"0000\r\n"), "1")],
    "nothing is fed": [(b"", ""), (frame(1), "1"), (b"", "")],
}
PLAIN_STORY = [
    (frame(1) + PLAIN, "key_missing:1 None"),
    (UNSUMMED + b"\r\n" + UNSUMMED + b"0000\r\n", "crc:None crc:None"),
]


@pytest.mark.parametrize(
    ("key", "story"),
    [*((KEY, story) for story in STORIES.values()), (None, PLAIN_STORY)],
    ids=[*STORIES, "without a key"],
)
def test_the_events_of_a_line(key: bytes | None, story: list[tuple[bytes, str]]) -> None:
    decoder = Decoder(key)
    for data, expected in story:
        events = decoder.feed(data)
        reasons = [f"{e.reason}:" if isinstance(e, Rejection) else "" for e in events]
        told = [f"{reason}{e.frame_counter}" for reason, e in zip(reasons, events, strict=True)]
        assert " ".join(told) == expected
        assert all(e.frame_counter is None or e.system_title in {TITLE, OTHER} for e in events)


@pytest.mark.parametrize("size", range(1, 24))
@pytest.mark.parametrize(("counter", "from_end"), TAGS_WITH_MARK)
def test_a_frame_whose_tag_holds_the_mark_of_a_frame(
    counter: int, from_end: int, size: int
) -> None:
    data = frame(counter, telegram())
    assert data.rindex(b"\xdb\x08") == len(data) - from_end
    decoder = Decoder(KEY)
    decoder.feed(bytes(5000))  # enough to trim the buffer behind the frame
    line = data + frame(counter + 1) + frame(counter + 2)

    chunks = (line[start : start + size] for start in range(0, len(line), size))
    events = [event for chunk in chunks for event in decoder.feed(chunk)]

    assert counters(events) == [counter, counter + 1, counter + 2]
    assert reasons(events) == []


@pytest.mark.parametrize("size", [1, 5, 6, 64])
def test_a_downgrade_is_noticed_with_its_last_digit(size: int) -> None:
    decoder = Decoder(KEY)
    plain = stored_example("plain").data.rstrip()

    events = [
        event
        for start in range(0, len(plain), size)
        for event in decoder.feed(plain[start : start + size])
    ]

    assert events == [Rejection(Reason.DOWNGRADE)]


def test_plain_telegrams_among_noise() -> None:
    first, second = telegram("1-0:1.8.0(1*kWh)"), telegram("1-0:1.8.0(2*kWh)")
    damaged = bytearray(first)
    damaged[60] ^= 1
    decoder = Decoder(None)

    events = decoder.feed(
        b"ab\n" + first + b"\x00/Lux" + bytes(damaged) + second[:50] + second + b"!" + first
    )

    values = [
        event.objects["1-0:1.8.0"] if isinstance(event, Telegram) else event.reason
        for event in events
    ]
    assert values == [1.0, Reason.CRC, Reason.MALFORMED, 2.0, 1.0]


NOISE = [
    RANDOM.randbytes(65536),
    LONG_FALSE_START + bytes(200),
    LONG_FALSE_START + bytes(60),
    LONG_FALSE_START,
    b"\xdb\x08" + TITLE + b"\x82\xff\xff\x30",
    b"\xdb\x08",
    b"\n!",
    b"/Lux5\\253694471_M\r\n" + 200 * b"1-0:1.8.0(1)\r\n",
    b"/",
    b"\0",
]


@pytest.mark.parametrize("case", each(3, [*product(NOISE, (KEY, None))]))
def test_memory_stays_bounded_under_endless_noise(case: tuple[bytes, bytes | None]) -> None:
    pattern, key = case
    stream = (pattern * (65536 // len(pattern) + 1))[:65536]
    Decoder(key).feed(stream)  # objects that the interpreter makes once and keeps
    tracemalloc.start()
    try:
        decoder = Decoder(key)
        for size in (65536, 997):
            for start in range(0, len(stream), size):
                decoder.feed(stream[start : start + size])
            assert tracemalloc.get_traced_memory()[0] < 65536
    finally:
        tracemalloc.stop()


def test_keys_of_a_wrong_size() -> None:
    for key, authentication_key in ((b"", AUTHENTICATION_KEY), (KEY, b"x"), (bytes(32), KEY)):
        with pytest.raises(KeyFormatError):
            Decoder(key, authentication_key)


@pytest.mark.parametrize("quiet", [0, 1_000_000])
@pytest.mark.parametrize("size", [2_000, 32_000])
def test_the_work_that_candidates_cause_is_bounded_by_the_bytes_received(
    size: int, quiet: int
) -> None:
    """A candidate begins every 7 bytes; together they ask for far more work than 128 bytes each."""
    step = b"\xdb\x08\x00\x82" + (size - 13).to_bytes(2) + b"\x30"
    line = step * 10_000 + bytes(size)
    decoder = Decoder(KEY)
    assert decoder.feed(bytes(quiet)) == []  # silence saves no work up
    found = decoder.feed(line)
    assert set(reasons(found)) == {Reason.TAG}
    work = len(found) * size
    assert 120 * (len(line) - size) < work <= 128 * len(line) + 512 * 1024


@pytest.mark.parametrize(("counter", "may_be_new"), [(1, False), (2, True)])
def test_repeats_of_the_last_counter_can_use_up_one_half_only(
    counter: int, *, may_be_new: bool
) -> None:
    """The beginning of a telegram under the last counter is no new telegram."""
    true, size = frame(1), 16 * 1024
    start = b"\xdb\x08" + TITLE + b"\x82" + (size - 13).to_bytes(2) + b"\x30"
    beginning = frame(counter)[18:34]
    starts = (start + counter.to_bytes(4) + beginning) * 100
    decoder = Decoder(KEY)
    assert counters(decoder.feed(true)) == [1]
    found = decoder.feed(starts + bytes(size))
    one_half = 256 * 1024 + 128 * len(starts)
    assert (len(found) * size > one_half + size) == may_be_new
