"""Frames whose order only the store knows."""

import time
from datetime import UTC, datetime, timedelta
from weakref import WeakSet

import pytest

from dev.altered_bytes import ALTERATIONS, cut, flipped
from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet.frames import frame_verifier
from smarty_p1_fleet.frames.frame_verifier import TELEGRAM, WAITING, FrameVerifier
from smarty_p1_fleet.frames.nats_clock_check import NatsClockCheck
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smarty_p1_gateway import Keys
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.frame_finder import FrameSplitter
from tests.fleet.made_up import Fleet, message

KEYS = Keys({TITLE: KEY}, None)
DAY = 86400
LONG = telegram(f"0-0:96.13.0({'41' * 480})", name="M46")
BEGIN = datetime(2017, 7, 14, tzinfo=UTC).timestamp()


async def verify(verifier: FrameVerifier, counter: int, at: float, arrived: float) -> str:
    """Return the outcome for a frame with a time and an arrival, in seconds after BEGIN."""
    local = datetime.fromtimestamp(BEGIN + at, UTC) + timedelta(hours=2)
    text = telegram(f"0-0:1.0.0({local:%y%m%d%H%M%S}S)", name="M46")
    data = frame(counter, text, key=KEY, title=TITLE)
    return (await verifier.verify(message(data, BEGIN + arrived))).outcome


@pytest.mark.parametrize("begins", [True, False])
async def test_a_clock_that_was_put_back_by_days_is_noticed_after_a_restart(
    fleet: Fleet, *, begins: bool
) -> None:
    fleet.counters.stored = [(100, BEGIN)]
    if begins:
        # The collector starts 36 hours later, when the day's counters no longer have the meter's.
        await fleet.verifier.begin(BEGIN + 1.5 * DAY)
    for number in range(3):
        seconds = 1.5 * DAY + 10 * number
        outcome = await verify(fleet.verifier, 200 + number, seconds - 3 * DAY, seconds)
        assert outcome == "clock"
    assert fleet.counters.asked == 1
    assert await verify(fleet.verifier, 300, 1.6 * DAY, 1.6 * DAY) == TELEGRAM


async def test_altered_frames_do_not_wait_for_a_key(fleet: Fleet) -> None:
    fleet.verifier.use(Keys({TITLE: KEY}, None, {TITLE: bytes(16)}))
    splitter = FrameSplitter()
    line = b"".join(cut(1024)(frame(n, LONG)) for n in range(3))
    frames = [each.data for each in splitter.feed(line)]
    assert len(frames) == 2
    changed = [ALTERATIONS["LF becomes CR LF"](frame(1000, LONG)), frame(1, LONG)[:-1] + b"\xdb"]
    frames += [data[: len(frame(1, LONG))] for data in changed] + [flipped(700)(frame(1, LONG))]
    for data in frames:
        verdict = await fleet.verifier.verify(message(data, BEGIN))
        assert verdict.outcome == "altered"
        assert verdict.outcome not in WAITING
    other = await fleet.verifier.verify(message(frame(1, LONG, key=bytes(range(16))), BEGIN))
    assert other.outcome in WAITING


async def test_frames_of_right_clocks_need_no_question(fleet: Fleet) -> None:
    for counter in (3, 4, 1):
        assert await verify(fleet.verifier, counter, 10 * counter, 40) == TELEGRAM
    assert fleet.counters.asked == 0


async def test_refused_frames_are_refused_after_a_restart_when_the_clock_has_caught_up(
    fleet: Fleet,
) -> None:
    # After the frame 100, the clock was put back by half an hour.
    fleet.counters.stored = [(99, BEGIN - 10), (100, BEGIN), (280, BEGIN + 10)]
    assert await verify(fleet.verifier, 280, 10, 10) == TELEGRAM
    assert await verify(fleet.verifier, 200, -800, 60) == "clock"
    # A late frame that was missing.
    assert await verify(fleet.verifier, 98, -20, 60) == TELEGRAM


async def test_a_time_without_letter_has_its_hour_from_the_counter(fleet: Fleet) -> None:
    begin = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in Luxembourg, for the first time

    async def sent(counter: int, minutes: int, arrived: int) -> float:
        local = begin + timedelta(minutes=minutes, hours=2 if minutes < 60 else 1)
        text = telegram(f"0-0:1.0.0({local:%y%m%d%H%M%S})", name="M46")
        data = frame(counter, text, key=KEY, title=TITLE)
        at = begin + timedelta(minutes=arrived)
        verdict = await fleet.verifier.verify(message(data, at.timestamp()))
        assert verdict.telegram
        assert verdict.telegram.time
        return (verdict.telegram.time - begin).total_seconds() / 60

    # Frames that arrive in order, then with a delay, and then a late frame.
    for counter, minutes, arrived in [
        (1, 50, 50),
        (2, 58, 58),
        (3, 62, 62),
        (5, 90, 300),
        (4, 75, 300),
        (6, 125, 300),
    ]:
        assert await sent(counter, minutes, arrived) == minutes


async def test_after_a_restored_store_recorded_frames_are_stored_at_their_own_time(
    fleet: Fleet,
) -> None:
    # The store is empty, and the frames are replayed three weeks after they were sent.
    for counter in range(1, 4):
        at = 10 * counter
        text = telegram(f"0-0:1.0.0(1707140200{at:02}S)", name="M46")
        data = frame(counter, text, key=KEY, title=TITLE)
        verdict = await fleet.verifier.verify(message(data, BEGIN + 21 * DAY))
        assert verdict.telegram
        assert make_sample(verdict.telegram).at_ms == (BEGIN + at) * 1000
    # The meter's own frames go on, and an older frame is refused afterwards.
    assert await verify(fleet.verifier, 100, 21 * DAY, 21 * DAY) == TELEGRAM


@pytest.mark.parametrize("is_reader", [False, True])
async def test_a_counter_that_was_reset_counts_once_the_stored_ones_are_deleted(
    fleet: Fleet, *, is_reader: bool
) -> None:
    fleet.counters.stored = [(4_000_000, BEGIN)]
    assert await verify(fleet.verifier, 4_000_001, 10, 10) == TELEGRAM
    assert await verify(fleet.verifier, 1, 20, 20) == "clock"
    reader = fleet.new_verifier(KEYS, is_reader=True)
    assert await verify(reader, 1, 20, 20) == "clock"
    fleet.counters.stored = []
    restarted = fleet.new_verifier(KEYS, is_reader=is_reader)
    for counter in (1, 2, 3):
        at = 10 + 10 * counter
        assert await verify(restarted, counter, at, at + DAY * is_reader) == TELEGRAM


async def test_a_reader_that_begins_among_refused_frames_refuses_them(fleet: Fleet) -> None:
    fleet.counters.stored = [(99, BEGIN - 10), (100, BEGIN), (280, BEGIN + 10)]
    reader = fleet.new_verifier(KEYS, is_reader=True)
    assert await verify(reader, 150, -1300, 500) == "clock"
    assert await verify(reader, 279, -10, 1790) == "clock"
    assert await verify(reader, 280, 10, 1810) == TELEGRAM


async def test_beyond_the_limit_only_the_meters_beyond_it_need_new_decryptors(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    in_memory = WeakSet[FrameDecryptor]()

    def make(key: bytes, authentication_key: bytes) -> FrameDecryptor:
        made.append(number)
        in_memory.add(decryptor := FrameDecryptor(key, authentication_key))
        return decryptor

    monkeypatch.setattr(frame_verifier, "FrameDecryptor", make)
    monkeypatch.setattr(frame_verifier, "_MAX_DECRYPTORS", 3)
    titles = [b"SAG" + bytes([5, 6, 7, 8, number]) for number in range(5)]
    verifier = fleet.new_verifier(Keys(dict.fromkeys(titles, KEY), None))
    for number in (0, 1, 2, 3, 4) * 3:
        subject = f"smarty_p1.sealed.{titles[number].hex().upper()}"
        await verifier.verify(message(frame(1, title=titles[number]), BEGIN, subject=subject))
        assert len(in_memory) <= 3
    assert made == [0, 1, 2, 3, 4, 2, 3, 4, 2, 3, 4]


async def test_a_thousand_warnings_are_enough(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        for number in range(1002):
            await fleet.verifier.verify(
                message(b"", BEGIN, subject=f"smarty_p1.sealed.{number:016X}")
            )
    assert len(caplog.messages) == 1000


async def test_a_time_is_doubtful_for_as_long_as_the_clocks_differed() -> None:
    ahead = iter((1000.0, 1030.0))

    async def ask() -> float:
        return time.time() + next(ahead, 0.0)

    clocks, now = NatsClockCheck(ask), time.time()
    for _ in range(3):
        await clocks.compare_clocks()
    assert clocks.do_agree
    assert [await clocks.may_be_wrong(now + s) for s in (980, 1000, 1035, 1050)] == [
        *(False, True, True, False),
    ]
