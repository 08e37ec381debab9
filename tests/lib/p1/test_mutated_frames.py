"""Frames mutated at random between intact ones: each intact one comes at once, and nothing else.

The frames are of an encoder that shares no code with the decoder.
"""

from collections.abc import Callable
from itertools import cycle

from hypothesis import example, given, settings, strategies as st

from dev.encoder import KEY, TITLE, frame, telegram
from smartyp1.p1 import Decoder, Telegram
from tests.random_examples import examples

OTHER_KEY = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
FORGED = telegram("1-0:1.8.0(999999.999*kWh)")
# Of different lengths, with rising counters.
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
    """Return where the frames end that stand whole on the line, and their rising counters."""
    ends = []
    for counter, one in FRAMES.items():
        at = data.find(one)
        while at >= 0:
            ends.append((at + len(one), counter))
            at = data.find(one, at + 1)
    rising: list[tuple[int, int]] = []
    for end, counter in sorted(ends):
        if not rising or counter > rising[-1][1]:
            rising.append((end, counter))
    return rising


@settings(max_examples=examples(300))
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
