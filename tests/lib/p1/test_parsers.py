"""The fast parser, which remembers the last telegram, finds what the plain one finds."""

import pytest
from hypothesis import given, settings, strategies as st

from smartyp1.p1 import OBJECTS
from smartyp1.p1.fast_parser import FastParser
from smartyp1.p1.parser import parse
from tests.lib.p1.encoder import FRAMES, literal, telegram

LITERALS = [literal(path.stem).telegram.encode() for path in sorted(FRAMES.glob("*.json"))]
# With CRLF, as on the line; its files have LF.
WITH_RETURNS = [text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for text in LITERALS]
# What a digit may become so that the rest still looks the same, and what looks different.
SIGNS = b"0123456789:;<=>?/.-*()!SWA\r\n\0\xb2"


def assert_agreement(texts: list[bytes]) -> None:
    fast = FastParser()
    for text in texts:
        # What equals may differ in type, and 0.0 equals -0.0.
        assert repr(fast.parse(text)) == repr(parse(text))


@st.composite
def mutated(draw: st.DrawFn, text: bytes) -> bytes:
    """Return a text of which some bytes were replaced, put in or left out, or none."""
    data = bytearray(text)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data) - 1))
        new = draw(st.sampled_from(SIGNS))
        match draw(st.sampled_from(["replace", "replace", "replace", "insert", "leave out"])):
            case "replace":
                data[at] = new
            case "insert":
                data.insert(at, new)
            case _:
                del data[at]
    return bytes(data)


@st.composite
def with_other_digits(draw: st.DrawFn, text: bytes) -> bytes:
    """Return a text with other digits in some places, as the next telegram of a meter has them."""
    data = bytearray(text)
    places = [at for at, byte in enumerate(data) if byte in b"0123456789"]
    for at in draw(st.lists(st.sampled_from(places), max_size=8)):
        data[at] = draw(st.sampled_from(b"0123456789"))
    return bytes(data)


numbers = st.builds(
    "{}{}{}".format,
    st.sampled_from(["0", "000", "00.000", "1", "25653", "25654", "000025.653", "-1", ""]),
    st.sampled_from(["*", ""]),
    st.sampled_from(["kWh", "Wh", "kW", "W", "m3", ""]),
)
times = st.sampled_from(["250703103000S", "250703103001S", "632525252525W", "251026020000W"])
captures = st.builds("{})({}".format, times, numbers)
values = st.one_of(numbers, times, captures, st.text("0aä*():. ", max_size=12))
references = st.one_of(
    st.sampled_from(sorted(OBJECTS)),
    st.sampled_from(
        ["9-9:1.2.3", "9-9:1.2.4", "0-1:24.2.1", "0-1:96.1.0", "0-1:24.1.0", "1-0:1.8"]
    ),
)
lines = st.builds("{}({})".format, references, values)
telegrams = st.one_of(
    st.lists(lines, max_size=12).map(lambda lines: telegram(*lines)),
    st.sampled_from([*LITERALS, *WITH_RETURNS, b"", b"/", b"x", b"\r\n /Lux5\r1-0:1.8.0(1)"]),
)


@given(st.lists(telegrams, min_size=2, max_size=4))
def test_any_telegrams(texts: list[bytes]) -> None:
    assert_agreement(texts)


@given(telegrams.filter(lambda text: len(text) > 1), st.data())
@settings(max_examples=300)
def test_telegrams_of_which_some_bytes_differ(first: bytes, data: st.DataObject) -> None:
    second = data.draw(mutated(first))
    third = data.draw(
        st.sampled_from([first, second]).flatmap(mutated) if second else st.just(first)
    )
    assert_agreement([first, second, third, first])


@pytest.mark.parametrize("first", WITH_RETURNS, ids=range(len(WITH_RETURNS)))
@given(st.data())
@settings(max_examples=20)
def test_telegrams_in_which_digits_change(first: bytes, data: st.DataObject) -> None:
    texts = [first]
    for _ in range(4):
        texts.append(data.draw(with_other_digits(texts[-1])))
    assert_agreement(texts)


def test_every_byte_of_a_telegram_replaced() -> None:
    """What is remembered is of the whole telegram, which comes before and after each."""
    text = literal("three_phase_gas_water_heat").telegram.replace("\n", "\r\n").encode()
    fast = FastParser()
    for at, byte in enumerate(text):
        # Half of a byte may be the same: what tells a digit from others is the other half.
        for new in {byte ^ 1, byte ^ 0x10, ord(":")} - {byte}:
            other = text[:at] + bytes([new]) + text[at + 1 :]
            fast.parse(text)
            assert repr(fast.parse(other)) == repr(parse(other)), (at, new)


@pytest.mark.parametrize(
    "lines",
    [
        # The second of two lines of an object counts, also when the first has changed.
        [("1-0:1.8.0(1)", "1-0:1.8.0(2)"), ("1-0:1.8.0(3)", "1-0:1.8.0(2)")],
        # A unit of the same length, and one that was not there.
        [("1-0:1.8.0(25653*kWh)",), ("1-0:1.8.0(25653*kVA)",), ("1-0:1.8.0(25653*Wh)",)],
        # A meter on the M-Bus that was not there, by the time of its capture alone.
        [
            ("0-1:24.1.0(003)", "0-1:24.2.1(632525252525S)(1.0*m3)", "0-2:96.1.0(58)"),
            ("0-1:24.1.0(003)", "0-1:24.2.1(250703103000S)(1.0*m3)", "0-2:96.1.0(58)"),
        ],
    ],
)
def test_what_may_not_be_taken_from_the_telegram_before(lines: list[tuple[str, ...]]) -> None:
    texts = [telegram(*some) for some in lines]
    assert_agreement([*texts, *reversed(texts)])
