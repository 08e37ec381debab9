"""Bookmarks, with a bucket that is made up, and collectors that are killed at any moment."""

import asyncio
import random
from collections.abc import Mapping
from typing import NamedTuple, cast

import pytest
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from smarty_p1_fleet.frames import reread_bookmarks as module
from smarty_p1_fleet.frames.reread_bookmarks import (
    EARLY,
    KEY,
    NAME,
    NOW,
    Bookmark,
    Bookmarks,
    ReadRange,
    is_of_maker,
)
from tests.fleet.made_up import Bucket
from tests.random_examples import examples

TITLE = b"SAGgp\x00\x00\x01"
ENTRY = f"again.store.{TITLE.hex().upper()}"


def mark(first: int, last: int, why: str = KEY, tried: Mapping[str, int] | None = None) -> Bookmark:
    return Bookmark(first, last, frozenset(why.split()), tried or {})


@pytest.mark.parametrize(
    ("known", "keys", "do_clocks_agree", "start"),
    [
        (mark(5, 9), "", True, None),
        (mark(5, 9), "a", False, 5),
        (mark(5, 9, KEY, {"a": 9}), "a", True, None),
        (mark(5, 9, KEY, {"a": 7}), "a", True, 8),
        # The key that was tried with fewer frames counts.
        (mark(5, 9, KEY, {"a": 9, "b": 6}), "ab", True, 7),
        (mark(5, 9, KEY, {"a": 9}), "ab", True, 5),
        (mark(5, 9, EARLY), "a", True, 5),
        (mark(5, 9, EARLY), "a", False, None),
        (mark(5, 9, EARLY), "", True, None),
        (mark(5, 9, f"{KEY} {NOW}", {"a": 9}), "a", False, 5),
        (mark(5, 9, NAME, {"a": 9}), "a", True, None),
    ],
)
def test_frames_are_read_when_something_can_have_changed(
    known: Bookmark, keys: str, *, do_clocks_agree: bool, start: int | None
) -> None:
    assert known.start(keys, do_clocks_agree=do_clocks_agree) == start


def test_a_frame_that_waits_for_a_name_does_not_wait_for_a_key_too() -> None:
    name = Bookmark(11, 11, frozenset((NAME,)), {"a": 11}, ("M1\nT\n",))
    both = mark(10, 10, KEY, {"a": 10}).merged(name)
    assert both.start("a", do_clocks_agree=True) is None
    assert both.start("a", do_clocks_agree=True, is_name_free=True) == 10
    many = name._replace(owners=tuple(f"M{number}" for number in range(20)))
    assert name.merged(many).owners == many.owners[-8:]


def test_an_entry_stays_short_and_a_damaged_one_lets_everything_be_read() -> None:
    many = {str(number): 9 for number in range(50)}
    kept = Bookmark.parse(mark(5, 9, KEY, {"early": 4, **many}).to_bytes(), 3)
    assert kept == mark(5, 9, KEY, {str(number): 9 for number in range(42, 50)})._replace(
        revision=3
    )
    for damaged in (b"", b"[1]", b'["a", 1, [], {}, []]', b"[1, 2, [], 5, []]", b"\xff"):
        assert Bookmark.parse(damaged, 1).start("a", do_clocks_agree=False) == 1
    assert [is_of_maker(title) for title in (TITLE, b"\x00AGgp\x00\x00\x01")] == [True, False]


@pytest.mark.parametrize("order", range(2))
def test_a_frame_that_was_not_tried_is_tried_although_later_ones_were(order: int) -> None:
    # Another collector, without the key `a`, sets the bookmark of the frame 12 late.
    known, late = mark(10, 15, KEY, {"a": 15}), mark(12, 12, KEY, {"b": 12})
    both = late.merged(known) if order else known.merged(late)
    assert both.start("a", do_clocks_agree=True) == 12
    assert both.start("b", do_clocks_agree=True) == 10
    # A reading with `a` that began behind the frame 12 has not tried it.
    rest = ReadRange(known._replace(last=20), 16, 20, "a").rest_of(
        both._replace(last=20, revision=1)
    )
    assert rest is not None
    assert rest.start("a", do_clocks_agree=True) == 12


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
                tried = dict.fromkeys(keys, frame.number)
                await self.bookmarks().set({TITLE: mark(frame.number, frame.number, KEY, tried)})
            await self.moment()
            self.acknowledged.add(frame.number)

    async def read_again(self, keys: str) -> bool:
        """Read the range of the bookmark. Return whether there was one to read."""
        some = self.bookmarks()
        known = await some.get(TITLE)
        start = known.start(keys, do_clocks_agree=True) if known else None
        if known is None or start is None:
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
                one = mark(frame.number, frame.number, KEY, dict.fromkeys(keys, frame.number))
                left = left.merged(one) if left else one
        reading = ReadRange(known, start, end, keys, left, is_whole=end >= last)
        await some.settle(TITLE, reading)
        return True

    async def run(self) -> None:
        async def collector(keys: str) -> None:
            for _ in range(60):
                try:
                    if self.random.random() < 0.5:
                        number = len(self.frames) + 1
                        self.frames.append(Frame(number, self.random.choice("aabbc")))
                    await self.collect(keys)
                    await self.read_again(keys)
                except KilledError:
                    await asyncio.sleep(0)

        await asyncio.gather(*map(collector, self.keys))

    async def finish(self) -> None:
        """Let all collectors work until no work is left."""
        for _ in range(500):
            is_idle = len(self.acknowledged) == len(self.frames)
            for keys in self.keys:
                try:
                    await self.collect(keys)
                    is_idle &= not await self.read_again(keys)
                except KilledError:
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
        assert left.start("c", do_clocks_agree=True) == left.first
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
    await some.settle(TITLE, ReadRange(known, 10, 50, ["a"]))
    assert bucket.entries == {}
    # During the reading, a frame of the new stream waits.
    await some.set({TITLE: mark(5000, 9000)})
    known = await some.get(TITLE)
    assert known
    await some.set({TITLE: mark(7, 7)})
    await some.settle(TITLE, ReadRange(known, 5000, 50, []))
    assert await some.get(TITLE) == mark(7, 9000)._replace(revision=bucket.entries[ENTRY].revision)


def test_reasons_are_known() -> None:
    assert {KEY, NAME, EARLY, NOW} == module._REASONS
