"""Any chunks, any damage: the decoder agrees with a slow and obvious decoder."""

import re
from collections.abc import Callable
from itertools import cycle, pairwise

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from hypothesis import example, given, settings, strategies as st

from dev.encoder import KEY, TITLE, frame, telegram
from dev.fuzz import random_input
from dev.fuzz.random_input import Property, run_round
from dev.simulator.frame import AUTHENTICATION_KEY
from dev.simulator.telegram import crc16
from dev.testing.random_examples import examples
from smartyp1.p1.decoder import Decoder, Event
from smartyp1.p1.telegram import Telegram

# A line may have lost the mark of a header.
MARK = rb"(?:\xdb\x08|(?<!\xdb\x08)(?=SAG))"
HEADER = re.compile(MARK + rb"(.{8})(?:\x82(..)|\x81(.)|([\x00-\x7f]))\x30(....)", re.DOTALL)


def open_frame(data: bytes, start: int, end: int) -> tuple[int, bytes] | None:
    """Return the counter and text when `start` to `end` is one frame with a valid tag."""
    header = HEADER.match(data, start, end)
    if header is None:
        return None
    title, long, byte, short, counter = header.groups()
    length = int.from_bytes(long or byte or short)
    if header.end() - 5 + length != end or length < 18:
        return None
    mode = GCM(title + counter, data[end - 12 : end], 12)
    decryptor = Cipher(AES(KEY), mode).decryptor()
    decryptor.authenticate_additional_data(b"\x30" + AUTHENTICATION_KEY)
    text = decryptor.update(data[header.end() : end - 12])
    try:
        decryptor.finalize()
    except InvalidTag:
        return None
    return int.from_bytes(counter), text


def slow_encrypted(data: bytes) -> list[tuple[int | None, bytes]]:
    """Try every end, and for every end every start: the definition of the right result."""
    found: list[tuple[int | None, bytes]] = []
    floor, last = 0, -1
    starts = [match.start() for match in re.finditer(rb"(?=%s)" % MARK, data)]
    for end in range(len(data) + 1):
        for start in starts:
            if floor <= start < end and (opened := open_frame(data, start, end)):
                floor = end
                if opened[0] > last:
                    last = opened[0]
                    found.append(opened)
                break
    return found


def slow_plain(data: bytes) -> list[tuple[int | None, bytes]]:
    """Try every end of a plain telegram, and for every end the latest start that fits."""
    found: list[tuple[int | None, bytes]] = []
    floor = 0
    for mark in re.finditer(rb"\n!(?=(.{4}))", data, re.DOTALL):
        if mark.start() < floor:
            continue
        end = mark.end() + 4
        for start in reversed(range(floor, mark.start())):
            text = data[start:end]
            is_start = re.match(rb"/[A-Za-z]{3}[ -~]{0,128}\r?\n", text)
            if is_start and b"%04X" % crc16(text[:-4]) == mark[1]:
                found.append((None, text))
                floor = end
                break
        else:
            floor = mark.end()
    return found


def fast(data: bytes, cuts: list[int], key: bytes | None) -> list[Event]:
    decoder = Decoder(key)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [event for start, end in pairwise(edges) for event in decoder.feed(data[start:end])]


frames = st.builds(
    frame,
    st.integers(0, 20),
    st.sampled_from([telegram("1-0:1.8.0(000001.000*kWh)"), telegram(), b"/x", 40 * b"!\r\n"]),
)
plain_telegrams = st.sampled_from(
    [telegram("1-0:1.8.0(000001.000*kWh)"), telegram("0-0:96.13.0(2F41)"), telegram()]
)
headers = st.builds(
    lambda length, counter: b"\xdb\x08" + TITLE + length + b"\x30" + counter.to_bytes(4),
    st.sampled_from([b"\x82\x00\x40", b"\x82\x01\x00", b"\x82\xff\xff", b"\x81\x50", b"\x20"]),
    st.integers(0, 20),
)
noise = st.one_of(
    st.binary(max_size=40),
    headers,
    st.sampled_from([b"\xdb", b"\xdb\x08", b"/Lux5\\x\r\n", b"/", b"\n!", b"\r\n!AB", b"\n!0000"]),
)
wholes = st.one_of(frames, plain_telegrams)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(wholes))
    match draw(st.sampled_from(["cut", "flip", "drop", "insert"])):
        case "cut":
            del data[draw(st.integers(0, len(data) - 1)) :]
        case "flip":
            data[draw(st.integers(0, len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
        case "drop":
            del data[draw(st.integers(0, len(data) - 1))]
        case _:
            data.insert(draw(st.integers(0, len(data))), draw(st.integers(0, 255)))
    return bytes(data)


streams = st.lists(st.one_of(wholes, damaged(), noise), max_size=8).map(b"".join)
cut_points = st.lists(st.integers(0, 5000), max_size=12)


@given(streams, cut_points)
@settings(max_examples=examples(100))
def test_encrypted_frames_come_out_as_defined(data: bytes, cuts: list[int]) -> None:
    expected = [entry for entry in slow_encrypted(data) if entry[1].strip().startswith(b"/")]

    events = fast(data, cuts, KEY)

    found = [(event.frame_counter, event.text) for event in events if isinstance(event, Telegram)]
    assert found == expected


@given(streams, cut_points)
@settings(max_examples=examples(100))
def test_plain_telegrams_come_out_as_defined(data: bytes, cuts: list[int]) -> None:
    events = fast(data, cuts, None)

    found = [(event.frame_counter, event.text) for event in events if isinstance(event, Telegram)]
    assert found == slow_plain(data)


OTHER_KEY = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
FORGED = telegram("1-0:1.8.0(999999.999*kWh)")
# Telegrams of different lengths, with rising counters.
TEXTS = {
    counter: telegram(f"1-0:1.8.0({counter}*kWh)", f"0-0:96.13.0({'41' * (counter % 90)})")
    for counter in range(1, 3000, 61)
}
FRAMES = {counter: frame(counter, text) for counter, text in TEXTS.items()}
MANY = tuple(FRAMES.values())

# A frame, another one, two places in the frame, and some bytes -> a mutation of the frame.
type Mutation = Callable[[bytes, bytes, int, int, bytes], bytes]


def false_header(data: bytes, _other: bytes, at: int, end: int, some: bytes) -> bytes:
    title = TITLE if at % 2 else b"SAG" + some[:5].ljust(5, b"\0")
    header = b"\xdb\x08" + title + b"\x82" + (at * end % 0x10000).to_bytes(2) + b"\x30"[: end % 2]
    return (header + some[: 4 * (end % 2)]) * (1, 3, 50)[at % 3] + data


MUTATIONS: dict[str, Mutation] = {
    "bit": lambda data, _o, at, end, _s: (
        data[:at] + bytes([data[at] ^ 1 << end % 8]) + data[at + 1 :]
    ),
    "overwritten": lambda data, _o, at, _e, some: data[:at] + some + data[at + len(some) :],
    "cut at the tail": lambda data, _o, at, _e, _s: data[:at],
    "cut at the head": lambda data, _o, at, _e, _s: data[at:],
    "cut in the middle": lambda data, _o, at, end, _s: data[:at] + data[end:],
    "insertion": lambda data, _o, at, _e, some: data[:at] + some + data[at:],
    "splice": lambda data, other, at, end, _s: data[:at] + other[end:],
    "glued": lambda data, other, at, end, _s: other[:at] + data + other[at:] * (end % 2),
    "false header": false_header,
    "noise": lambda data, _o, _a, _e, some: some + data + some,
    "replay": lambda data, other, _a, _e, _s: data + other,
    "of another key": lambda data, _o, _a, end, _s: frame(
        (int.from_bytes(data[14:18]), 2**32 - 1)[end % 2], FORGED, key=OTHER_KEY
    ),
    "plain": lambda _d, _o, _a, _e, _s: FORGED,
}
GAPS = (b"", b"", b"\r\n", b"\0", b"\xdb", b"\xdb\x08", b"\n!", b"/")

sizes = st.lists(st.integers(1, 130) | st.sampled_from([1, 512, 60_000]), min_size=1, max_size=3)
places = st.tuples(st.integers(1, 10**6), st.integers(1, 10**6), st.binary(max_size=60))
steps = st.tuples(st.sampled_from([*MUTATIONS]), places, st.sampled_from(GAPS), st.booleans())


def line_of(made: list[tuple[str, tuple[int, int, bytes], bytes, bool]]) -> bytes:
    """Return the bytes of a line: mutated frames of a meter, between some that are intact."""
    frames = iter(MANY)
    data = b""
    for kind, (first, second, some), gap, is_followed in made:
        one = next(frames)
        # For a replay an earlier frame, for a splice of any time.
        other = MANY[first % (MANY.index(one) + 1 if kind == "replay" else len(MANY))]
        size = min(len(one), len(other))
        at = 1 + first % (size - 2)
        end = at + second % (size - at)
        data += MUTATIONS[kind](one, other, at, end, some) + gap
        data += next(frames) if is_followed else b""
    return data


def due(data: bytes) -> list[tuple[int, int]]:
    """Return the ends of the frames on the line, and their rising counters.

    Marks may be missing.
    """
    ends = []
    for counter, one in FRAMES.items():
        at = data.find(one[2:])
        while at >= 0:
            ends.append((at + len(one) - 2, counter))
            at = data.find(one[2:], at + 1)
    rising: list[tuple[int, int]] = []
    for end, counter in sorted(ends):
        if not rising or counter > rising[-1][1]:
            rising.append((end, counter))
    return rising


@settings(max_examples=examples(150))
@given(made=st.lists(steps, max_size=24), sizes=sizes)
@example(made=[(kind, (7, 8, b"\xdb\x08"), b"", True) for kind in MUTATIONS], sizes=[64])
def test_each_intact_frame_comes_at_once_and_nothing_else(
    made: list[tuple[str, tuple[int, int, bytes], bytes, bool]], sizes: list[int]
) -> None:
    data, decoder = line_of(made), Decoder(KEY)
    expected = due(data)
    position = 0
    for size in cycle(sizes):
        if position >= len(data):
            break
        events = decoder.feed(data[position : position + size])
        position += size
        come = [counter for end, counter in expected if position - size < end <= position]
        telegrams = [event for event in events if isinstance(event, Telegram)]

        assert [event.frame_counter for event in telegrams] == come
        assert [event.text for event in telegrams] == [TEXTS[counter] for counter in come]
        assert [event.objects["1-0:1.8.0"] for event in telegrams] == come


@pytest.mark.parametrize("tried", random_input.PROPERTIES, ids=lambda tried: tried.name)
def test_properties_of_the_protocol(tried: Property) -> None:
    assert run_round(tried, 1, 30) >= 30
