"""Messages to values and acknowledgements, with a cluster and a store that are made up."""

import asyncio
import math
import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from nats.errors import Error as NatsError

from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet.frames import frame_pipeline, new_frames, reading_publisher
from smarty_p1_fleet.frames.frame_verifier import TELEGRAM
from smarty_p1_fleet.frames.reread_bookmarks import Bookmark
from smarty_p1_fleet.store.series_line_protocol import Sample, make_sample
from smarty_p1_fleet.store.store_writer import StoreRun
from smarty_p1_gateway import Keys
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.keys import key_fingerprint
from smartyp1.p1.telegram import Telegram
from tests.fleet.made_up import CAME, Fleet, message, until

OTHER_TITLE = b"SAGgp\x04\x10\x2f"
OTHER = f"smarty_p1.sealed.{OTHER_TITLE.hex().upper()}"
NEW_KEY = bytes(range(16))
# 30 s after the time of the first frame.
LIVE = 1_499_997_640_000_000_000


def sent(
    counter: int, *, key: bytes = KEY, title: bytes = TITLE, second: int | None = None
) -> bytes:
    """Return a frame; each has a time of its own, ten seconds after the one before it."""
    seconds = 10 * counter if second is None else second
    # The stream got the first message at 2017-07-14 02:40 UTC.
    time = f"1707140{4 + seconds // 3600}{seconds // 60 % 60:02}{seconds % 60:02}S"
    text = telegram(f"0-0:1.0.0({time})", f"1-0:1.8.0({counter:06}.000*kWh)", name=f"M{title[-1]}")
    return frame(counter, text, key=key, title=title)


def telegram_of(counter: int) -> Telegram:
    found = FrameDecryptor(KEY).decrypt(sent(counter))
    assert isinstance(found, Telegram)
    return found


def energies(fleet: Fleet) -> list[float]:
    return [
        float(line.partition("active_energy_imported=")[2].partition(",")[0].partition(" ")[0])
        for line in fleet.store.lines()
        if "active_energy_imported=" in line
    ]


async def test_readings_pause_without_a_listener_of_the_meter(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.nats.came = LIVE
    fleet.nats.has_listeners = False
    fleet.start()
    for counter in (1, 2):
        fleet.nats.add(sent(counter))
        await fleet.until_written(counter)
        await until(lambda: len(fleet.nats.readings) == 1)
    # A listener has come, and is noticed after the pause.
    fleet.nats.has_listeners = True
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 31)
    monkeypatch.setattr(reading_publisher, "time", later)
    for counter in (3, 4):
        fleet.nats.add(sent(counter))
        await fleet.until_written(counter)
        await until(lambda: len(fleet.nats.readings) == counter - 1)  # noqa: B023
    assert [counter for _, counter in fleet.nats.readings] == [1, 3, 4]


async def test_a_message_is_acknowledged_when_the_store_has_kept_its_values(fleet: Fleet) -> None:
    fleet.nats.came = LIVE
    for counter in (1, 2, 3):
        fleet.nats.add(sent(counter))
    pipeline = fleet.start()
    await fleet.until_written(3)
    assert energies(fleet) == [1.0, 2.0, 3.0]
    assert fleet.nats.acknowledged == []
    assert fleet.value("telegrams_total") == 0
    assert pipeline.oldest == LIVE / 1e9
    fleet.store.keep()
    await fleet.until_acknowledged(3)
    await until(lambda: pipeline.oldest is None)
    assert fleet.nats.acknowledged == [1, 2, 3]
    assert fleet.value("telegrams_total") == 3
    title = TITLE.hex().upper()
    assert fleet.nats.readings == [(f"smarty_p1.readings.{title}", one) for one in (1, 2, 3)]
    counters = [line for line in fleet.store.lines() if "frame_counter=" in line]
    assert [line.partition(" ")[2].partition(" ")[0] for line in counters] == [
        "frame_counter=1",
        "frame_counter=2",
        "frame_counter=3",
    ]
    assert all(line.startswith(f"smarty_p1,meter=M46,title={title},key=") for line in counters)


async def test_a_collector_whose_store_is_silent_leaves_messages_to_others(fleet: Fleet) -> None:
    fleet.store.is_silent = True
    fleet.nats.add(sent(1))
    pipeline = fleet.start()
    await asyncio.sleep(0.2)
    assert pipeline.oldest is None
    fleet.store.is_silent = False
    await fleet.until_written(1)


async def test_values_that_a_store_may_have_lost_are_written_again_before_the_acknowledgement(
    fleet: Fleet,
) -> None:
    fleet.nats.add(sent(1))
    fleet.start()
    await fleet.until_written(1)
    fleet.store.run = StoreRun("200", 1000.0)
    await fleet.until_written(2)
    # The time of the second write is the first process's: 0.0.
    assert [len(write) for write in fleet.store.writes] == [1, 1]
    assert [sample.is_new for sample in fleet.store.samples] == [True, False]
    await fleet.until_acknowledged(1)


async def test_a_repeated_frame_is_written_unchanged_and_harms_nothing(fleet: Fleet) -> None:
    fleet.nats.came = LIVE
    for counter in (1, 2, 1, 2):
        fleet.nats.add(sent(counter))
    fleet.nats.add(sent(3), deliveries=2)
    fleet.start()
    await fleet.until_written(5)
    assert energies(fleet) == [1.0, 2.0, 1.0, 2.0, 3.0]
    assert [sample.is_new for sample in fleet.store.samples] == [True, True, False, False, False]
    assert len({line for line in fleet.store.lines() if "frame_counter" in line}) == 3
    assert fleet.value("redelivered_total") == 1
    fleet.store.keep()
    await fleet.until_acknowledged(5)
    assert fleet.value("meter_earlier_total", title=TITLE.hex().upper()) == 2
    assert [counter for _, counter in fleet.nats.readings] == [1, 2]


async def test_each_write_of_a_telegram_has_the_same_delay_and_a_copy_has_none(
    fleet: Fleet,
) -> None:
    fleet.nats.came = LIVE
    fleet.nats.add(sent(1))
    fleet.nats.add(sent(1))
    fleet.start()
    await fleet.until_written(2)
    # The store may have lost the values, so NATS delivers the frames again.
    fleet.store.run = StoreRun("200", 1000.0)
    await fleet.until_written(4)
    delays = [line for line in fleet.store.lines() if "storage_delay=30.0 " in line]
    assert (len(delays), "storage_delay" in fleet.store.samples[1].text) == (1, False)


async def test_late_telegrams_are_stored_but_not_published(fleet: Fleet) -> None:
    fleet.nats.came = LIVE + 35 * 10**9
    for counter in (1, 2):
        fleet.nats.add(sent(counter))
    fleet.start()
    await fleet.until_written(2)
    await until(lambda: len(fleet.nats.readings) == 1)
    assert [counter for _, counter in fleet.nats.readings] == [2]


async def test_a_message_that_comes_again_while_it_is_held_is_held_once(fleet: Fleet) -> None:
    for counter in (1, 2):
        fleet.nats.add(sent(counter))
    fleet.start()
    await fleet.until_written(2)
    # The store takes writes, but cannot confirm that it has kept them.
    for deliveries in (2, 3):
        for counter in (1, 2):
            fleet.nats.add(sent(counter), deliveries=deliveries, sequence=counter)
    fleet.nats.add(sent(3))
    await fleet.until_written(3)
    assert energies(fleet) == [1.0, 2.0, 3.0]
    assert fleet.value("redelivered_total") == 4
    fleet.store.keep()
    await fleet.until_acknowledged(3)
    # The last delivery is acknowledged, and a message that comes after that is a new one.
    assert [reply.split(".")[4] for reply in fleet.nats.replies] == ["3", "3", "1"]
    fleet.nats.add(sent(1), deliveries=4, sequence=1)
    await until(lambda: len(fleet.nats.acknowledged) == 4)
    assert fleet.value("telegrams_total") == 4


async def test_a_frame_without_a_verdict_is_counted_named_once_and_acknowledged(
    fleet: Fleet, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_time = frame(9, telegram("1-0:1.8.0(000001.000*kWh)", name="M46"))
    messages = [
        (b"", "malformed"),
        (b"\xdb" + bytes(200), "malformed"),
        (sent(1)[:-1], "malformed"),
        (sent(1, title=OTHER_TITLE), "wrong_subject"),
        (sent(1, key=bytes(16)), "tag"),
        (no_time, "no_time"),
        # Two hours ahead of its arrival, and 366 days behind.
        (sent(8, second=7300), "too_early"),
        (frame(2, telegram("0-0:1.0.0(160712043000S)", name="M46")), "too_old"),
    ]
    for data, _ in messages:
        fleet.nats.add(data)
        fleet.nats.add(data)
    fleet.nats.add(sent(1), "smarty_p1.sealed.no_title")
    fleet.nats.add(sent(1, title=OTHER_TITLE), OTHER)
    fleet.start()
    count = fleet.nats.count
    await fleet.until_acknowledged(count)
    assert fleet.store.writes == []
    for reason in {reason for _, reason in messages} - {"wrong_subject"}:
        assert fleet.value("rejected_total", reason=reason) == 2 * [
            one for _, one in messages
        ].count(reason)
    assert fleet.value("rejected_total", reason="wrong_subject") == 3
    assert fleet.value("rejected_total", reason="no_key") == 1
    assert caplog.text.count("has no time: it is refused") == 1
    assert caplog.text.count("of the meter 534147677004102E is refused (malformed)") == 1
    assert caplog.text.count("No key opens a frame of the meter 534147677004102E") == 1

    monkeypatch.setattr(fleet.verifier, "_verify_message", AsyncMock(side_effect=RecursionError))
    fleet.nats.add(sent(1))
    await fleet.until_acknowledged(count + 1)
    assert fleet.value("rejected_total", reason="failed") == 1


async def test_a_telegram_that_cannot_be_written_out_holds_up_no_other(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def make(telegram: Telegram, *rest: Any, **more: Any) -> Sample:  # noqa: ANN401
        if telegram.objects["1-0:1.8.0"] == 2.0:
            raise KeyError
        return make_sample(telegram, *rest, **more)

    monkeypatch.setattr(frame_pipeline, "make_sample", make)
    for counter in (1, 2, 3):
        fleet.nats.add(sent(counter))
    fleet.start()
    await fleet.until_written(2)
    fleet.store.keep()
    await fleet.until_acknowledged(3)
    assert energies(fleet) == [1.0, 3.0]
    assert "error in FramePipeline._sample (KeyError)" in caplog.text


async def test_junk_behind_a_telegram_is_acknowledged_before_the_store_has_kept_that(
    fleet: Fleet,
) -> None:
    # Unacknowledged messages are bounded over all collectors: a flood would hold up other meters.
    fleet.nats.add(sent(2))
    fleet.nats.add(b"junk")
    fleet.nats.add(sent(3, second=10))
    pipeline = fleet.start()
    await fleet.until_acknowledged(2)
    assert fleet.nats.acknowledged == [2, 3]
    assert fleet.value("rejected_total", reason="malformed") == 1
    assert (fleet.value("rejected_total", reason="clock"), fleet.value("telegrams_total")) == (1, 0)
    assert pipeline.oldest == CAME / 1e9


async def test_two_keys_of_a_meter_count_until_a_line_goes(fleet: Fleet) -> None:
    fleet.verifier.use(Keys({TITLE: KEY}, None, {TITLE: NEW_KEY}))
    for counter, key in ((1, KEY), (2, NEW_KEY), (3, KEY), (4, NEW_KEY)):
        fleet.nats.add(sent(counter, key=key))
    fleet.start()
    await fleet.until_written(4)
    assert energies(fleet) == [1.0, 2.0, 3.0, 4.0]
    fleet.verifier.use(Keys({TITLE: NEW_KEY}, None))
    fleet.nats.add(sent(5, key=KEY))
    fleet.nats.add(sent(6, key=NEW_KEY))
    await fleet.until_written(5)
    assert energies(fleet)[4:] == [6.0]
    fleet.store.keep()
    await fleet.until_acknowledged(6)
    assert fleet.value("rejected_total", reason="tag") == 1
    # The operator hears of it, and nothing is lost: the frame waits.
    title = TITLE.hex().upper()
    assert fleet.value("meter_rejected_total", title=title, reason="tag") == 1
    assert fleet.bookmarks.shown == {TITLE: (5, 5, "key")}


async def test_a_frame_without_its_key_has_a_bookmark_before_it_is_acknowledged(
    fleet: Fleet,
) -> None:
    fleet.bookmarks.failures = 2
    fleet.nats.add(sent(1, title=OTHER_TITLE), OTHER)
    fleet.nats.add(sent(2, key=NEW_KEY))
    # A title of no maker is noise.
    noise = bytes(8)
    fleet.nats.add(sent(1, title=noise), f"smarty_p1.sealed.{noise.hex()}")
    fleet.nats.add(sent(3))
    fleet.start()
    await fleet.until_written(1)
    fleet.store.keep()
    # Bookmarks that cannot be set hold up no telegram.
    await fleet.until_acknowledged(1)
    assert (fleet.nats.acknowledged, fleet.bookmarks.marks) == ([4], {})
    await fleet.until_acknowledged(4)
    assert fleet.bookmarks.marks == {
        OTHER_TITLE: Bookmark(1, 1, frozenset(("key",)), CAME / 1e9),
        TITLE: Bookmark(2, 2, frozenset(("key",)), (CAME + 1) / 1e9),
    }


async def test_a_flood_of_replays_waits_and_holds_up_no_other_frame(fleet: Fleet) -> None:
    fleet.verifier.use(Keys({TITLE: KEY, OTHER_TITLE: KEY}, None))
    fleet.nats.add(sent(2))
    for _ in range(300):
        fleet.nats.add(sent(1))
    fleet.nats.add(sent(1, title=OTHER_TITLE), OTHER)
    fleet.start()
    await fleet.until_written(1 + 100 + 1)
    await fleet.until_acknowledged(200)
    assert fleet.nats.acknowledged == [*range(102, 302)]
    assert fleet.bookmarks.shown == {TITLE: (102, 301, "now")}
    fleet.store.keep()
    await fleet.until_acknowledged(302)


async def test_late_frames_that_are_not_compared_now_wait(fleet: Fleet) -> None:
    fleet.counters.is_limit_reached = True
    fleet.nats.add(sent(9))
    fleet.nats.add(sent(1))
    fleet.nats.add(sent(2), deliveries=2)
    fleet.start()
    await fleet.until_acknowledged(2)
    await fleet.until_written(1)
    # Their acknowledgement does not wait for the store.
    assert {*fleet.nats.acknowledged} == {2, 3}
    assert fleet.bookmarks.shown == {TITLE: (2, 3, "now")}
    assert energies(fleet) == [9.0]
    reader = fleet.new_verifier(Keys({TITLE: KEY}, None), is_reader=True)
    verdict = await reader.verify(message(sent(1)))
    assert (verdict.outcome, verdict.why) == (TELEGRAM, "")


async def test_the_first_frame_of_a_leader_with_a_slow_clock_waits(fleet: Fleet) -> None:
    fleet.nats.came = LIVE
    fleet.nats.add(sent(1))
    fleet.start()
    await fleet.until_written(1)
    fleet.nats.came -= 3_700_000_000_000
    fleet.nats.add(sent(2))
    await until(lambda: TITLE in fleet.bookmarks.marks)
    assert fleet.bookmarks.shown == {TITLE: (2, 2, "early")}
    # The frame is verified with the time at which it is read again.
    reader = fleet.new_verifier(fleet.verifier._keys, is_reader=True)
    stamp = fleet.nats.came / 1e9
    verdict = await reader.verify(message(sent(2), stamp, latest=LIVE / 1e9))
    assert (verdict.outcome, verdict.why) == (TELEGRAM, "")
    early = await reader.verify(message(sent(9, second=7300), stamp, latest=LIVE / 1e9))
    assert (early.outcome, early.why) == ("too_early", "")


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
async def test_nothing_is_too_early_while_the_clocks_differ(fleet: Fleet, ahead: float) -> None:
    fleet.ahead = ahead
    # Two hours ahead of its arrival.
    fleet.nats.add(sent(8, second=7300))
    fleet.start()
    await fleet.until_acknowledged(1)
    assert fleet.bookmarks.shown == {TITLE: (1, 1, "early")}
    assert fleet.value("rejected_total", reason="clocks_differ") == 1
    # A collector reads the frame again while the clocks still differ.
    reader = fleet.new_verifier(Keys({TITLE: KEY}, None), is_reader=True)
    data = sent(8, second=7300)
    assert (await reader.verify(message(data))).why == "early"
    # When the clocks agree again, the frame is verified with the present time, too.
    fleet.ahead = math.copysign(55.0, ahead)
    await fleet.clocks.compare_clocks()
    assert fleet.clocks.do_agree
    assert (await reader.verify(message(data))).outcome == "too_early"
    verdict = await reader.verify(message(data, latest=time.time()))
    assert verdict.outcome == TELEGRAM


async def test_a_backlog_in_order_is_no_flood(fleet: Fleet) -> None:
    for counter in range(1, 301):
        fleet.nats.add(sent(counter))
    fleet.start()
    await fleet.until_written(300)
    assert fleet.bucket.entries.keys() == {"name.M46", f"meter.{TITLE.hex().upper()}"}


async def test_acknowledgements_wait_for_a_connection(fleet: Fleet) -> None:
    fleet.nats.add(sent(1))
    fleet.start()
    await fleet.until_written(1)
    fleet.nats.is_connected = False
    fleet.store.keep()
    fleet.nats.add(sent(2))
    await fleet.until_written(2)
    assert fleet.nats.acknowledged == []
    fleet.nats.is_connected = True
    await fleet.until_acknowledged(2)


async def test_a_consumer_without_an_answer_is_left(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_EXPIRES", "_MARGIN"):
        monkeypatch.setattr(new_frames, name, 0.01)
    fleet.start()
    with pytest.raises(NatsError, match="nobody answers for the consumer"):
        await fleet.fetching
    assert len(fleet.nats.delivering) == 3


async def test_after_a_pause_a_collector_knows_the_frames_that_others_stored(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_pipeline, "_MAX_IDLE_S", 0.0)
    # Another collector has stored the 50th frame. Then the meter's clock was set back.
    stored = telegram_of(50).time
    assert stored
    fleet.counters.recent_ones = {(TITLE, key_fingerprint(KEY)): (50, stored.timestamp())}
    fleet.counters.failures = 1
    fleet.start()
    fleet.nats.add(sent(60, second=100))
    await until(lambda: fleet.value("rejected_total", reason="clock") == 1)
    fleet.nats.add(sent(61))
    await fleet.until_written(1)
    assert len(fleet.counters.caught_up) == 2


async def test_a_collector_without_a_pause_asks_no_store(fleet: Fleet) -> None:
    fleet.start()
    fleet.nats.add(sent(1))
    await fleet.until_written(1)
    assert fleet.counters.caught_up == []


async def test_a_frame_waits_while_the_store_does_not_answer(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    fleet.counters.failures = 2
    loop = asyncio.get_running_loop()
    begin = loop.time()
    # Half an hour before its arrival.
    fleet.nats.add(sent(60))
    fleet.start()
    await fleet.until_written(1)
    assert fleet.counters.asked == 3
    # 0.2 and 0.4 s, less 20 % at most.
    assert loop.time() - begin >= 0.48
    assert "Judging frames failed (it is away), and is tried again" in caplog.text
