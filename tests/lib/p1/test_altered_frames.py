"""A frame that was altered on the way is told apart from a frame under another key."""

import pytest

from dev.alterations import ALTERATIONS, Alteration, cut, flipped, lost
from dev.encoder import KEY, TITLE, frame, telegram
from smartyp1.p1.decoder import Decoder, Event
from smartyp1.p1.frame_decryptor import FrameDecryptor
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
def test_headers_that_were_altered_are_told(name: str) -> None:
    events = line(ALTERATIONS[name])

    assert events == [Rejection(Reason.MALFORMED)] * 40


@pytest.mark.parametrize("at", [*range(5, 14), 20])
def test_a_byte_that_every_header_loses_is_told(at: int) -> None:
    told = reasons(line(lost(at)))

    assert len(told) >= 38
    assert set(told) <= {Reason.MALFORMED, Reason.TAG, Reason.ALTERED}
    assert set(told) == {Reason.MALFORMED} or at > 12


@pytest.mark.parametrize("size", [READABLE, 30, 64, 100, 1000, *range(1100, 1121)])
def test_a_cut_frame_is_told_with_the_header_of_the_next(size: int) -> None:
    decoder = Decoder(KEY)
    short = cut(size)
    assert len(frame(1, TEXT)) > 1100
    assert decoder.feed(short(frame(1, TEXT))) == []

    told = decoder.feed(frame(2, TEXT)[:32])

    assert told == [Rejection(Reason.ALTERED, 1, TITLE)]
    assert [type(event) for event in decoder.feed(frame(2, TEXT)[32:])] == [Telegram]


def test_wherever_a_frame_is_altered_the_key_is_doubted_only_at_its_beginning() -> None:
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


def test_another_key_is_told_as_another_key() -> None:
    assert set(reasons(line(bytes, key=OTHER_KEY))) == {Reason.TAG}
    assert set(reasons(line(ALTERATIONS["LF becomes CR LF"], key=OTHER_KEY))) == {Reason.TAG}
    own = FrameDecryptor(KEY).decrypt(frame(1, TEXT, authentication_key=OTHER_KEY))
    assert own == Rejection(Reason.AUTHENTICATION_KEY, 1, TITLE)


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b" "])
def test_a_blank_line_before_a_telegram_changes_nothing(blank: bytes) -> None:
    own = frame(1, blank + TEXT, authentication_key=OTHER_KEY)
    assert FrameDecryptor(KEY).decrypt(own) == Rejection(Reason.AUTHENTICATION_KEY, 1, TITLE)
    telegram = FrameDecryptor(KEY, needs_tag=False).decrypt(own)
    assert isinstance(telegram, Telegram)
    assert telegram.verification is Verification.CHECKSUM


def test_a_lost_tag_does_not_matter_without_verification() -> None:
    decoder = Decoder(KEY, needs_tag=False)
    short = frame(1, TEXT)[:-3]

    [event] = decoder.feed(short + frame(2, TEXT)[:3])

    assert isinstance(event, Telegram)
    assert event.text == TEXT
