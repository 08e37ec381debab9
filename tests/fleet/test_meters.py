"""Messages of a partition, judged."""

import tracemalloc
from pathlib import Path

import pytest

from dev.encoder import KEY, TITLE, crc, frame
from smarty_p1_fleet.key_rotation import KeyRotations
from smarty_p1_fleet.meters import Meters, MeterWarnings
from smarty_p1_fleet.subjects import partition_of
from smarty_p1_gateway import ConfigTable, Keys, read_keys
from smartyp1.p1 import Telegram, key_fingerprint

DIGITS = TITLE.hex().upper()
SUBJECT = f"smarty_p1.frames.0.{DIGITS}"
# Of another maker, with the same key.
OTHER = b"KFM\0\0\0\0\x07"
FINGERPRINT = bytes.fromhex(key_fingerprint(KEY))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return keys_in(tmp_path, f"{TITLE.hex()} {KEY.hex()}\n{OTHER.hex()} {KEY.hex()}\n")


def keys_in(directory: Path, text: str) -> Keys:
    file = directory / "keys"
    file.touch(mode=0o600)
    file.write_text(text, encoding="ascii")
    found = read_keys(ConfigTable("keys", {"file": str(file)}))
    assert found is not None
    return found


@pytest.fixture
def meters(keys: Keys) -> Meters:
    return Meters(
        0,
        1,
        keys,
        {TITLE + FINGERPRINT: 10},
        KeyRotations({}),
        most_openers=2,
        warnings=MeterWarnings(),
    )


def judge(meters: Meters, subject: str, data: bytes) -> Telegram | str:
    return meters.judge(subject, data, 0.0)


def counter(event: Telegram | str) -> int | str | None:
    return event if isinstance(event, str) else event.frame_counter


def test_only_what_is_new_is_accepted(meters: Meters) -> None:
    judged = [judge(meters, SUBJECT, frame(count)) for count in (9, 10, 11, 11, 10, 12)]
    assert list(map(counter, judged)) == ["replay", "replay", 11, "replay", "replay", 12]
    assert meters.counters == {TITLE + FINGERPRINT: 12}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1_000_000,
        b"/Lux5\\1\r\n\r\n!0000\r\n",
        frame(11)[:-1],
        frame(11) + b"\0",
        b"\0" + frame(11),
        frame(11) + frame(12),
        # A header that wants more than there is.
        frame(11)[:11] + b"\x7f\xff" + frame(11)[13:],
    ],
    ids=range(8),
)
def test_a_message_that_is_not_one_frame_changes_nothing(meters: Meters, data: bytes) -> None:
    assert judge(meters, SUBJECT, data) == "malformed"
    assert counter(judge(meters, SUBJECT, frame(11))) == 11
    assert judge(meters, SUBJECT, data) == "malformed"
    assert counter(judge(meters, SUBJECT, frame(12))) == 12


def test_forged_frames_change_nothing(meters: Meters) -> None:
    for forged in (frame(99, key=bytes(16)), frame(99, authentication_key=bytes(16))):
        assert judge(meters, SUBJECT, forged) in {"tag", "authentication_key"}
    assert counter(judge(meters, SUBJECT, frame(11))) == 11


def test_a_forged_frame_with_the_header_of_another_is_one_that_does_not_verify(
    meters: Meters,
) -> None:
    inner = b"\xdb\x08" + OTHER + b"\x17\x30" + bytes(22)
    forged = frame(11)[:18] + inner + frame(11)[18 + len(inner) :]
    assert judge(meters, SUBJECT, forged) == "tag"
    assert counter(judge(meters, SUBJECT, frame(11))) == 11


@pytest.mark.parametrize("before", [[], [11]])
def test_a_verified_text_that_is_no_telegram_does_not_count(
    meters: Meters, before: list[int]
) -> None:
    """Else what becomes of the next frame would depend on where the partition was begun."""
    assert [counter(judge(meters, SUBJECT, frame(one))) for one in before] == before
    for _ in range(2):
        assert judge(meters, SUBJECT, frame(20, b"no telegram")) == "malformed"
    assert counter(judge(meters, SUBJECT, frame(12))) == 12
    assert meters.counters == {TITLE + FINGERPRINT: 12}


def test_the_subject_must_be_that_of_the_frames_own_title(meters: Meters) -> None:
    assert judge(meters, SUBJECT, frame(1, title=OTHER)) == "wrong_subject"
    other = f"smarty_p1.frames.0.{OTHER.hex().upper()}"
    assert judge(meters, other, frame(11)) == "wrong_subject"
    assert counter(judge(meters, other, frame(1, title=OTHER))) == 1
    assert meters.counters == {TITLE + FINGERPRINT: 10, OTHER + FINGERPRINT: 1}


def test_a_frame_in_another_partition_than_its_own_is_refused(keys: Keys) -> None:
    own = partition_of(DIGITS, 16)
    for partition in range(16):
        meters = Meters(
            partition, 16, keys, {}, KeyRotations({}), most_openers=2, warnings=MeterWarnings()
        )
        event = judge(meters, f"smarty_p1.frames.{partition}.{DIGITS}", frame(1))
        assert counter(event) == (1 if partition == own else "wrong_subject")


def test_a_meter_without_a_key_is_told_of_once(
    meters: Meters, caplog: pytest.LogCaptureFixture
) -> None:
    title = b"SAG\0\0\0\0\x01"
    subject = f"smarty_p1.frames.0.{title.hex().upper()}"
    for _ in range(2):
        assert judge(meters, subject, frame(1, title=title)) == "no_key"
    assert caplog.messages == ["There is no key for the meter 5341470000000001"]
    assert meters.counters == {TITLE + FINGERPRINT: 10}


def test_with_a_new_key_a_meter_may_count_anew(tmp_path: Path, meters: Meters) -> None:
    assert counter(judge(meters, SUBJECT, frame(11))) == 11
    new = bytes(15) + b"\1"
    keys = keys_in(tmp_path, f"{TITLE.hex()} {new.hex()}\n")
    then = Meters(
        0, 1, keys, meters.counters, KeyRotations({}), most_openers=2, warnings=MeterWarnings()
    )
    judged = [judge(then, SUBJECT, frame(count, key=new)) for count in (1, 2, 1)]
    assert list(map(counter, judged)) == [1, 2, "replay"]
    # Should the old key come back, what was recorded under it is refused.
    keys = keys_in(tmp_path, f"{TITLE.hex()} {KEY.hex()}\n")
    again = Meters(
        0, 1, keys, then.counters, KeyRotations({}), most_openers=2, warnings=MeterWarnings()
    )
    assert list(map(counter, (judge(again, SUBJECT, frame(n)) for n in (11, 12)))) == ["replay", 12]


def test_a_decoder_that_was_forgotten_goes_on_from_the_last_counter(keys: Keys) -> None:
    meters = Meters(0, 1, keys, {}, KeyRotations({}), most_openers=1, warnings=MeterWarnings())
    other = f"smarty_p1.frames.0.{OTHER.hex().upper()}"
    for count in (5, 6):
        assert counter(judge(meters, SUBJECT, frame(count))) == count
        assert counter(judge(meters, other, frame(count, title=OTHER))) == count
        assert judge(meters, SUBJECT, frame(count)) == "replay"


def test_there_are_so_many_meters_in_a_partition_and_those_go_on(keys: Keys) -> None:
    others = {b"SAG\1" + number.to_bytes(4) + FINGERPRINT: 1 for number in range(19_999)}
    meters = Meters(0, 1, keys, others, KeyRotations({}), most_openers=2, warnings=MeterWarnings())
    assert counter(judge(meters, SUBJECT, frame(1))) == 1
    assert len(meters.counters) == 20_000
    other = f"smarty_p1.frames.0.{OTHER.hex().upper()}"
    assert judge(meters, other, frame(1, title=OTHER)) == "too_many_meters"
    assert counter(judge(meters, SUBJECT, frame(2))) == 2
    assert len(meters.counters) == 20_000


def test_made_up_titles_take_no_room_where_a_key_is_for_every_meter(tmp_path: Path) -> None:
    keys = keys_in(tmp_path, f"* {KEY.hex()}\n")
    meters = Meters(0, 1, keys, {}, KeyRotations({}), most_openers=2, warnings=MeterWarnings())
    made_up = [(f"x.{number:016X}", b"\xdb\x08" + number.to_bytes(8)) for number in range(4000)]
    rest = b"\x20\x30" + bytes(31)
    for subject, _ in made_up:
        partition_of(subject.removeprefix("x."), 1)  # which remembers some, and no more
    tracemalloc.start()
    try:
        for subject, head in made_up:
            assert judge(meters, subject, head + rest) == "tag"
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()
    assert counter(judge(meters, SUBJECT, frame(11))) == 11


def test_a_frame_whose_ciphertext_looks_like_another_frame_is_accepted(meters: Meters) -> None:
    inner = b"\xdb\x08" + OTHER + b"\x1f\x30" + bytes(30)
    count, text = text_enciphered_to(inner)
    data = frame(count, text)
    assert inner in data
    assert counter(judge(meters, SUBJECT, data)) == count
    assert counter(judge(meters, SUBJECT, frame(count + 1))) == count + 1


def text_enciphered_to(wanted: bytes) -> tuple[int, bytes]:
    """Return a frame counter, and a telegram whose ciphertext then has those bytes in it."""
    before, after = b"/Lux5\\1\r\n\r\n0-0:96.13.0(", b")\r\n!"
    count = 11
    while True:
        # What zeros are enciphered to is what the cipher adds to each text.
        enciphered = frame(count, before + bytes(len(wanted)) + after)
        start = len(enciphered) - 12 - len(after) - len(wanted)
        added = enciphered[start : start + len(wanted)]
        message = bytes(a ^ b for a, b in zip(wanted, added, strict=True))
        if not set(message) & set(b"\r\n"):
            break
        count += 1
    text = before + message + after
    return count, text + b"%04X\r\n" % crc(text)
