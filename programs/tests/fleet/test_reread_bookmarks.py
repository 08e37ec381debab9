"""Bookmarks, with a bucket that is made up, and collectors that are killed at any moment."""

import asyncio
import random
from collections.abc import Mapping
from math import inf
from typing import NamedTuple, cast

import pytest
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from dev.testing.random_examples import examples
from smarty_p1_fleet.frames import reread_bookmarks as module
from smarty_p1_fleet.frames.reread_bookmarks import (
    EARLY,
    GONE,
    KEY,
    NOW,
    OTHER_NAME,
    Bookmark,
    Bookmarks,
    ReadRange,
    Tried,
    is_of_maker,
)
from tests.fleet.made_up import Bucket

TITLE = b"SAGgp\x00\x00\x01"
ENTRY = f"again.store.{TITLE.hex().upper()}"


def mark(first: int, last: int, why: str = KEY, time: float = 0) -> Bookmark:
    return Bookmark(first, last, frozenset(why.split()), time)


@pytest.mark.parametrize(
    ("known", "tried", "do_clocks_agree", "start"),
    [
        (mark(5, 9), None, False, 5),
        (mark(5, 9), (5, 9, 1, 0), True, None),
        (mark(7, 9), (5, 9, 1, 0), True, None),
        # Frames that have begun to wait since then are tried a minute later.
        (mark(5, 12), (5, 9, 1, 99), True, None),
        (mark(5, 12), (5, 9, 1, 0), True, 10),
        # An earlier frame waits now, too.
        (mark(3, 9), (5, 9, 1, 99), True, 3),
        (mark(5, 9, EARLY), None, True, 5),
        (mark(5, 9, EARLY), None, False, None),
        (mark(5, 9, f"{KEY} {NOW}"), (5, 9, 1, 99), False, 5),
        (mark(5, 9, OTHER_NAME), (5, 9, 1, 99), True, None),
        (mark(5, 9, OTHER_NAME), (5, 9, 0, 99), True, 5),
        (mark(5, 9, KEY), (5, 9, 0, 99), True, None),
        (mark(5, 9, f"{EARLY} {GONE}"), None, False, None),
    ],
)
def test_frames_are_read_when_something_can_have_changed(
    known: Bookmark, tried: tuple[int, ...] | None, *, do_clocks_agree: bool, start: int | None
) -> None:
    before = Tried(*tried) if tried else None
    assert known.start(before, names=1, do_clocks_agree=do_clocks_agree, now=100) == start


def test_a_bookmark_has_the_time_of_its_first_frame() -> None:
    both = mark(10, 12, KEY, 1000).merged(mark(7, 20, OTHER_NAME, 900))
    assert both == mark(7, 20, f"{KEY} {OTHER_NAME}", 900)
    assert mark(7, 20, OTHER_NAME, 900).merged(mark(10, 12, KEY, 1000)) == both
    assert Bookmark.parse(both.to_bytes(), 3) == both._replace(revision=3)


def test_a_damaged_entry_and_that_of_an_earlier_version_let_everything_be_read() -> None:
    for other in (b"", b"[1]", b'["a", 1, [], 5]', b"[1, 2, [], []]", b'[1, 2, [], {"a": 1}, []]'):
        found = Bookmark.parse(other, 1)
        assert found.start(None, names=0, do_clocks_agree=False, now=0) == 1
        assert found.last > 10**18
    assert [is_of_maker(title) for title in (TITLE, b"\x00AGgp\x00\x00\x01")] == [True, False]


class Frame(NamedTuple):
    """A frame of the stream. Only the key `key` opens it."""

    number: int
    key: str


class KilledError(Exception):
    """A collector is killed."""


class World:
    """A stream of one meter's frames, its bucket, and collectors with different keys."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.frames: list[Frame] = []
        self.stored: set[int] = set()
        self.acknowledged: set[int] = set()
        self.bucket = Bucket()
        self.keys = self.random.sample(["a", "b", "ab", "", "b", "a"], self.random.randint(2, 4))
        self.kills = 0.04
        # Frames that each collector has tried with its keys. They are in its memory only.
        self.tried: dict[int, Tried] = {}

    def bookmarks(self) -> Bookmarks:
        """Return the bookmarks of a collector that can be killed at each request."""
        return Bookmarks(
            "store", lambda: cast("JetStreamContext", self), lambda: cast("KeyValue", self)
        )

    async def moment(self) -> None:
        """Let others work, or be killed."""
        for _ in range(self.random.randint(0, 3)):
            await asyncio.sleep(0)
        if self.random.random() < self.kills:
            raise KilledError

    async def get(self, key: str) -> object:
        await self.moment()
        return await self.bucket.get(key)

    async def create(self, key: str, value: bytes) -> None:
        await self.moment()
        await self.bucket.create(key, value)
        await self.moment()

    async def update(self, key: str, value: bytes, last: int) -> None:
        await self.moment()
        await self.bucket.update(key, value, last)
        await self.moment()

    async def publish(self, _: str, *, headers: Mapping[str, str], msg_ttl: int) -> None:
        assert msg_ttl
        await self.moment()
        self.bucket.remove(ENTRY, int(headers["Nats-Expected-Last-Subject-Sequence"]))
        await self.moment()

    async def collect(self, keys: str) -> None:
        """Take new frames, and the frames that a killed collector has not acknowledged."""
        left = [frame for frame in self.frames if frame.number not in self.acknowledged]
        for frame in left[: self.random.randint(1, 5)]:
            await self.moment()
            if frame.key in keys:
                self.stored.add(frame.number)
            else:
                await self.bookmarks().set({TITLE: mark(frame.number, frame.number)})
            await self.moment()
            self.acknowledged.add(frame.number)

    async def read_again(self, who: int, keys: str) -> bool:
        """Read the range of the bookmark. Return whether there was one to read."""
        some = self.bookmarks()
        known, tried = await some.get(TITLE), self.tried.get(who)
        if known is None or not keys:
            return False
        start = known.start(tried, names=0, do_clocks_agree=True, now=inf)
        if start is None:
            return False
        left: Bookmark | None = None
        last = min(known.last, len(self.frames))
        limit = self.random.choice((3, 1000))
        read = [frame for frame in self.frames if start <= frame.number <= last][:limit]
        end = read[-1].number if len(read) == limit else last
        for frame in read:
            await self.moment()
            if frame.key in keys:
                self.stored.add(frame.number)
            else:
                one = mark(frame.number, frame.number)
                left = left.merged(one) if left else one
        reading = ReadRange(known, start, end, left, is_whole=end >= last)
        await some.settle(TITLE, reading)
        self.tried[who] = reading.tried(tried, 0, 0)
        return True

    async def run(self) -> None:
        async def collector(who: int, keys: str) -> None:
            for _ in range(60):
                try:
                    if self.random.random() < 0.5:
                        number = len(self.frames) + 1
                        self.frames.append(Frame(number, self.random.choice("aabbc")))
                    await self.collect(keys)
                    await self.read_again(who, keys)
                except KilledError:
                    self.tried.pop(who, None)
                    await asyncio.sleep(0)

        await asyncio.gather(*(collector(*pair) for pair in enumerate(self.keys)))

    async def finish(self) -> None:
        """Let all collectors work, without kills, until no work is left."""
        self.kills = 0
        for _ in range(500):
            is_idle = len(self.acknowledged) == len(self.frames)
            for who, keys in enumerate(self.keys):
                try:
                    await self.collect(keys)
                    is_idle &= not await self.read_again(who, keys)
                except KilledError:
                    self.tried.pop(who, None)
                    is_idle = False
            if is_idle:
                return
        pytest.fail("the collectors read frames again and again")


@pytest.mark.parametrize("seed", range(examples(40)))
async def test_no_kill_loses_a_frame_and_nothing_is_read_for_ever(seed: int) -> None:
    world = World(seed)
    await world.run()
    await world.finish()
    known = {key for keys in world.keys for key in keys}
    assert world.stored == {frame.number for frame in world.frames if frame.key in known}
    waiting = {frame.number for frame in world.frames} - world.stored
    found = await world.bucket.get(ENTRY) if ENTRY in world.bucket.entries else None
    left = Bookmark.parse(found.value, found.revision) if found else None
    # Waiting frames are in the bookmark, and the new key reads all of them.
    if waiting:
        assert left is not None
        assert left.first <= min(waiting) <= max(waiting) <= left.last
        world.keys.append("abc")
        await world.finish()
        assert world.stored == {frame.number for frame in world.frames}
    assert ENTRY not in world.bucket.entries


async def test_a_bookmark_of_a_stream_that_was_made_anew_goes() -> None:
    world = World(1)
    bucket, world.kills = world.bucket, 0
    some = world.bookmarks()
    await some.set({TITLE: mark(10, 9000)})
    known = await some.get(TITLE)
    assert known
    await some.settle(TITLE, ReadRange(known, 10, 50))
    assert bucket.entries == {}
    # During the reading, a frame of the new stream waits.
    await some.set({TITLE: mark(5000, 9000)})
    known = await some.get(TITLE)
    assert known
    await some.set({TITLE: mark(7, 7)})
    await some.settle(TITLE, ReadRange(known, 5000, 50))
    assert await some.get(TITLE) == mark(7, 9000)._replace(revision=bucket.entries[ENTRY].revision)


def test_reasons_are_known() -> None:
    assert {KEY, OTHER_NAME, EARLY, NOW, GONE} == module._REASONS
