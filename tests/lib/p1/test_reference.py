"""Any chunks, any damage: the decoder agrees with a slow and obvious one."""

import re
from itertools import pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from hypothesis import given, settings, strategies as st

from dev.encoder import AUTHENTICATION_KEY, KEY, TITLE, crc, frame, telegram
from smartyp1.p1 import Decoder, Event, Telegram
from tests.random_examples import examples

HEADER = re.compile(rb"\xdb\x08(.{8})(?:\x82(..)|\x81(.)|([\x00-\x7f]))\x30(....)", re.DOTALL)


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
    """Try every end, and for every end every start: the definition of what must come out."""
    found: list[tuple[int | None, bytes]] = []
    floor, last = 0, -1
    starts = [match.start() for match in re.finditer(rb"(?=\xdb\x08)", data)]
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
            if is_start and b"%04X" % crc(text[:-4]) == mark[1]:
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


@given(streams, cut_points, st.sampled_from([KEY, None]))
@settings(max_examples=examples(100))
def test_any_chunking_gives_the_same_result(
    data: bytes, cuts: list[int], key: bytes | None
) -> None:
    whole = fast(data, [], key)

    assert fast(data, cuts, key) == whole
    assert fast(data, list(range(len(data))), key) == whole
