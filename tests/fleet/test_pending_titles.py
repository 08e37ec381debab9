"""Entries of titles whose frames wait, in a bucket that is made up."""

import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from dev.encoder import TITLE
from smarty_p1_fleet.pending_titles import MAX_WAITING, PendingFrames, PendingTitles
from tests.fleet.made_up import Bucket

KEY = f"waiting.store.{TITLE.hex().upper()}"


class JetStream:
    """A stream of frames, and the stream behind a bucket."""

    def __init__(self, bucket: Bucket, subjects: dict[str, int]) -> None:
        self.bucket, self.subjects = bucket, subjects

    async def stream_info(self, *_: str, **__: str) -> SimpleNamespace:
        return SimpleNamespace(state=SimpleNamespace(subjects=self.subjects))

    async def publish(self, subject: str, *_: bytes, **__: object) -> SimpleNamespace:
        del self.bucket.entries[subject.removeprefix("$KV.smarty_p1_meters.")]
        return SimpleNamespace(seq=1)

    async def purge_stream(self, *_: str, **__: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    bucket = Bucket()

    async def read(*_: object) -> AsyncIterator[tuple[str, bytes, int]]:
        for key, entry in [*bucket.entries.items()]:
            yield key, entry.value, entry.revision

    monkeypatch.setattr("smarty_p1_fleet.pending_titles.read_entries", read)
    return bucket


def titles_of(bucket: Bucket, subjects: dict[str, int]) -> PendingTitles:
    js = cast("JetStreamContext", JetStream(bucket, subjects))
    return PendingTitles("store", lambda: js, lambda: cast("KeyValue", bucket))


@pytest.mark.parametrize(
    ("value", "frames", "left"),
    [
        # The damaged frame has left the stream, the meter sends on: a reader finds what waits.
        (b"5 0badc0de", {"x": 1}, b"10 0badc0de due"),
        (b"5 0badc0de due", {"x": 1}, b"10 0badc0de due"),
        # Nothing to read with, until a key is there.
        (b"5 -", {"x": 1}, b"10 -"),
        (b"5 0badc0de", {}, None),
        (b"10 0badc0de", {"x": 1}, b"10 0badc0de"),
    ],
)
async def test_an_entry_whose_first_frame_has_left_the_stream_is_read_or_deleted(
    bucket: Bucket, value: bytes, frames: dict[str, int], left: bytes | None
) -> None:
    bucket.put(KEY, value)
    await titles_of(bucket, frames).expire(10)
    assert [entry.value for entry in bucket.entries.values()] == ([] if left is None else [left])


async def test_a_title_without_a_key_takes_the_place_of_damaged_frames(bucket: Bucket) -> None:
    entries = {1: b"9 -", 2: b"8 0badc0de", 3: b"7 0badc0de", 4: b"6 0badc0de due"}
    for number, value in entries.items():
        bucket.put(f"waiting.store.{(TITLE[:7] + bytes([number])).hex().upper()}", value)
    titles = titles_of(bucket, {})
    for number, tried in ((5, "0badc0de"), (6, "-"), (7, "-"), (8, "-")):
        titles.count = MAX_WAITING
        await titles.note({TITLE[:7] + bytes([number]): PendingFrames(20, tried)})
    left = {bytes.fromhex(key[-2:])[0]: entry.value for key, entry in bucket.entries.items()}
    assert left == {1: b"9 -", 4: b"6 0badc0de due", 6: b"20 -", 7: b"20 -"}


async def test_the_first_title_that_has_no_room_is_logged(
    bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "smarty_p1_fleet")
    titles = titles_of(bucket, {})
    titles.count = MAX_WAITING
    for number in range(3):
        await titles.note({TITLE[:7] + bytes([number]): PendingFrames(1, "-")})
    assert bucket.entries == {}
    assert len(caplog.messages) == 1
    assert (TITLE[:7] + b"\0").hex().upper() in caplog.text
