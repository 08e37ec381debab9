"""A frame that was altered on the way is distinguished from a frame under another key."""

import random
from itertools import batched

import pytest

from dev.altered_bytes import ALTERATIONS, Alteration, cut, flipped, lost
from dev.encoder import KEY, TITLE, frame, telegram
from smartyp1.p1.decoder import Decoder, Event, LineDecoder
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.frame_finder import FrameSplitter
from smartyp1.p1.frame_header import read_frame
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram, Verification

TEXT = telegram("1-0:1.8.0(000001.000*kWh)", f"0-0:96.13.0({'41' * 480})")
OTHER_KEY = bytes(range(16))
# Header, and the four encrypted bytes that show whether the key is right.
READABLE = 18 + 4
# Alterations that leave no header of a frame.
NO_HEADER = {"seven data bits", "Latin-1 becomes UTF-8", "invalid UTF-8 is replaced"}


def line(alteration: Alteration, *, key: bytes = KEY, frames: int = 40) -> list[Event]:
    decoder = Decoder(KEY)
    sent = [alteration(frame(n, TEXT, key=key)) for n in range(1000, 1000 + frames)]
    return [event for data in sent for event in decoder.feed(data)]


def reasons(events: list[Event]) -> list[Reason | None]:
    return [event.reason if isinstance(event, Rejection) else None for event in events]


@pytest.mark.parametrize("name", sorted(ALTERATIONS.keys() - NO_HEADER - {"a changed tag"}))
def test_altered_frames_are_no_reason_to_doubt_the_key(name: str) -> None:
    told = reasons(line(ALTERATIONS[name]))

    assert len(told) >= 38
    assert told.count(Reason.ALTERED) + told.count(None) >= 0.9 * len(told)
    assert Reason.AUTHENTICATION_KEY not in told


@pytest.mark.parametrize("name", sorted(NO_HEADER))
def test_altered_headers_are_rejected_as_malformed(name: str) -> None:
    events = line(ALTERATIONS[name])

    assert events == [Rejection(Reason.MALFORMED)] * 40


@pytest.mark.parametrize("at", [*range(5, 14), 20])
def test_the_loss_of_a_byte_in_every_header_is_reported(at: int) -> None:
    told = reasons(line(lost(at)))

    assert len(told) >= 38
    assert set(told) <= {Reason.MALFORMED, Reason.TAG, Reason.ALTERED}
    assert set(told) == {Reason.MALFORMED} or at > 12


# Alterations of the mark: a byte or both are lost, changed or preceded by another byte.
MARKS: dict[str, Alteration] = {
    "both lost": lost(0, 2),
    "the first lost": lost(0),
    "the second lost": lost(1),
    **{f"the first, bit {bit}": flipped(0, bit) for bit in range(8)},
    **{f"the second, bit {bit}": flipped(1, bit) for bit in range(8)},
    "replaced": lambda data: b"\0\0" + data[2:],
    "moved": lambda data: data[:2] + b"\0" + data[2:],
    "of seven bits": lambda data: b"\x5b" + data[1:],
}
# Lengths of one, two and three bytes.
BODIES = [telegram(), telegram("1-0:1.8.0(000001.000*kWh)", f"0-0:96.13.0({'41' * 20})"), TEXT]


@pytest.mark.parametrize("body", range(len(BODIES)))
@pytest.mark.parametrize("name", MARKS)
def test_a_frame_whose_mark_alone_is_lost_is_read(name: str, body: int) -> None:
    text, alteration = BODIES[body], MARKS[name]
    frames = [frame(counter, text) for counter in range(1, 13)]
    for period in (1, 2, 3):
        sent = [one if counter % period else alteration(one) for counter, one in enumerate(frames)]
        for size in (1, 7, 100_000):
            decoder, splitter = Decoder(KEY), FrameSplitter()
            chunks = [bytes(chunk) for chunk in batched(b"".join(sent), size, strict=False)]
            events = [event for chunk in chunks for event in decoder.feed(chunk)]
            passed = [found.data for chunk in chunks for found in splitter.feed(chunk)]
            assert reasons(events) == [None] * len(frames)
            assert passed == frames


def test_a_frame_without_its_mark_is_judged_as_any_other() -> None:
    data = frame(1, TEXT)[2:]
    assert reasons(Decoder(bytes(16)).feed(data)) == [Reason.TAG]
    assert reasons(LineDecoder(lambda _: None).feed(data)) == [Reason.KEY_MISSING]
    # The message of a broker may have one, too.
    whole = read_frame(data)
    assert whole is not None
    assert whole.data == b"\xdb\x08" + data


@pytest.mark.parametrize("number", range(3, 60))
def test_a_longer_loss_of_the_start_is_reported_while_the_length_is_left(
    number: int,
) -> None:
    told = reasons(line(lost(0, number), frames=10))
    expected = [Reason.MALFORMED] * 9 if number <= 10 else []
    assert told == expected
    # The next intact frame is read.
    decoder = Decoder(KEY)
    decoder.feed(lost(0, number)(frame(1, TEXT)))
    assert reasons(decoder.feed(frame(2, TEXT))) == [None]


# Readable bytes of a header without its mark, and the number of ten frames that reveal it. A single
# title could be noise, a title with a length could not.
@pytest.mark.parametrize(("readable", "told"), [(3, 0), (7, 0), (8, 9), (10, 10), (11, 10)])
def test_a_readable_title_is_reported_as_malformed_before_any_bytes(
    readable: int, told: int
) -> None:
    chance = random.Random(5)  # noqa: S311 - no secret
    sent = [frame(counter, TEXT)[2:][:readable] + chance.randbytes(600) for counter in range(1, 11)]
    for size in (1, 7, 100_000):
        chunks = batched(b"".join(sent), size, strict=False)
        decoder = Decoder(KEY)
        events = [event for chunk in chunks for event in decoder.feed(bytes(chunk))]
        assert reasons(events) == [Reason.MALFORMED] * told


@pytest.mark.parametrize("missing", range(1, 40))
@pytest.mark.parametrize("lost_at_start", [0, 1, 2, 3, 10, 30])
def test_a_loss_at_the_end_and_at_the_next_start_is_never_called_another_key(
    missing: int, lost_at_start: int
) -> None:
    decoder = Decoder(KEY)
    frames = [frame(counter, TEXT)[:-missing][lost_at_start:] for counter in range(1, 9)]
    told = reasons([event for data in frames for event in decoder.feed(data)])

    assert set(told) <= {Reason.ALTERED, Reason.MALFORMED}
    assert [*map(type, decoder.feed(frame(9, TEXT)))][-1] is Telegram


@pytest.mark.parametrize("at", range(2, 10))
def test_a_known_meter_is_not_called_another_when_its_title_is_altered(at: int) -> None:
    own = FrameDecryptor(KEY)
    for decryptor_of in (lambda _: own, lambda title: own if title == TITLE else None):
        decoder = LineDecoder(decryptor_of)
        assert reasons(decoder.feed(frame(1, TEXT))) == [None]
        own.last_counters.clear()
        for line in (decoder, LineDecoder(decryptor_of, TITLE)):
            event = line.feed(flipped(at, at % 5)(frame(2, TEXT)))
            assert event in ([Rejection(Reason.ALTERED, 2, TITLE)], [Rejection(Reason.MALFORMED)])
    other = frame(3, TEXT, key=OTHER_KEY, title=b"SAG\0\0\0\0\x09")
    assert reasons(Decoder(KEY, title=TITLE).feed(other)) == [Reason.TAG]


@pytest.mark.parametrize(
    "text",
    [
        b"[12:00:01] MESSAGE: 50 of 60 received, USAGE 82\r\n" * 40,
        telegram(f"0-0:96.13.0({b'MESSAGE: 120 SAG 12345@0'.hex()})"),
        b"SAG\r\n\r\n50 SAG12345x0 ABC\x82",
        b"\x82" * 3000,
    ],
)
def test_other_bytes_are_no_header(text: bytes) -> None:
    for key in (KEY, None):
        events = [event for event in Decoder(key).feed(text) if isinstance(event, Rejection)]
        assert {event.reason for event in events} <= {Reason.DOWNGRADE}
    assert FrameSplitter().feed(text) == []


@pytest.mark.parametrize("size", [READABLE, 30, 64, 100, 1000, *range(1100, 1121)])
def test_a_cut_frame_is_reported_with_the_header_of_the_next(size: int) -> None:
    decoder = Decoder(KEY)
    short = cut(size)
    assert len(frame(1, TEXT)) > 1100
    assert decoder.feed(short(frame(1, TEXT))) == []

    told = decoder.feed(frame(2, TEXT)[:32])

    assert told == [Rejection(Reason.ALTERED, 1, TITLE)]
    assert [type(event) for event in decoder.feed(frame(2, TEXT)[32:])] == [Telegram]


def test_an_altered_frame_raises_doubt_about_the_key_only_by_its_beginning() -> None:
    size = len(frame(1, TEXT))
    for at in range(READABLE, size - 12):
        for alteration in (lost(at), flipped(at, at % 8)):
            decoder = Decoder(KEY)
            line = alteration(frame(2, TEXT)) + frame(3) + frame(4)
            first, *others = decoder.feed(line)
            assert [type(event) for event in others] == [Telegram, Telegram], at
            assert isinstance(first, Telegram) or first.reason in {
                Reason.ALTERED,
                # The checksum does not cover the last two bytes of the text.
                *({Reason.AUTHENTICATION_KEY} if at >= size - 14 else ()),
            }, at


def test_another_key_is_reported_as_another_key() -> None:
    for alter in (bytes, ALTERATIONS["LF becomes CR LF"]):
        assert set(reasons(line(alter, key=OTHER_KEY))) == {Reason.TAG}
    own = frame(1, TEXT, authentication_key=OTHER_KEY)
    assert FrameDecryptor(KEY).decrypt(own) == Rejection(Reason.AUTHENTICATION_KEY, 1, TITLE)


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b" "])
def test_a_blank_line_before_a_telegram_changes_nothing(blank: bytes) -> None:
    own = frame(1, blank + TEXT, authentication_key=OTHER_KEY)
    assert FrameDecryptor(KEY).decrypt(own) == Rejection(Reason.AUTHENTICATION_KEY, 1, TITLE)
    telegram = FrameDecryptor(KEY, needs_tag=False).decrypt(own)
    assert isinstance(telegram, Telegram)
    assert telegram.verification is Verification.CHECKSUM


def test_a_tag_that_lost_bytes_does_not_matter_without_verification() -> None:
    feed = Decoder(KEY, needs_tag=False).feed
    # The first frame takes the mark of the second one.
    data = frame(1)[:-2] + frame(2)

    assert [event.frame_counter for event in feed(data[:50]) + feed(data[50:])] == [1, 2]
