"""Bookmarks: meters whose frames the collectors of a store must read again, and from where.

A bookmark is an entry `again.<store>.<system title>` of the bucket of meters. Frames that cannot be
stored yet stay in the stream of frames. Before they are acknowledged, the bookmark of their meter
is set to them. A collector that has read the frames again removes the bookmark, unless another
collector has set it meanwhile: each setting changes its revision.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from smarty_p1_fleet.jetstream_objects import METERS_STREAM, METERS_SUBJECT, read_entries, title_of

# Why frames are read again: when another key comes, when no other meter owns the name any more,
# when the clocks agree, or as soon as possible.
KEY = "key"
NAME = "name"
EARLY = "early"
NOW = "now"
_REASONS = frozenset((KEY, NAME, EARLY, NOW))
ALL = "all"
# Maximum number of keys in a bookmark. A collector has at most two keys of a meter.
_MAX_TRIED = 8
# Number of bookmarks that are set at the same time.
_MAX_UNDERWAY = 32
_MAKER_SIZE = 3
# NATS deletes the mark of a removed bookmark after this number of seconds, because the mark has the
# system title in its subject.
_REMOVED_TTL_S = 60
_REMOVED = {"KV-Operation": "DEL"}
_WRONG_LAST_SEQUENCE = (10071, 10164)


class Bookmark(NamedTuple):
    """Frames of a meter to read again: the first and the last one have these sequence numbers.

    `tried` has the fingerprints of keys that were tried. All waiting frames from `first` to the
    number behind a fingerprint were tried with this key. `owners` has the owners of the names in
    the frames that wait for a name (see `MeterNames.owner_of`).
    """

    first: int
    last: int
    why: frozenset[str]
    tried: Mapping[str, int] = {}
    owners: tuple[str, ...] = ()
    revision: int = 0

    def start(
        self, keys: Collection[str], *, do_clocks_agree: bool, is_name_free: bool = False
    ) -> int | None:
        """Return where a collector whose keys of the meter have these fingerprints must begin.

        `is_name_free` means that another meter owned the name of this meter, and perhaps no longer
        does. Return None if the collector can store none of the frames now.
        """
        if not keys:
            return None
        is_due = NOW in self.why or (EARLY in self.why and do_clocks_agree)
        if is_due or (NAME in self.why and is_name_free):
            return self.first
        begin = min(self.untried(key) for key in keys)
        return begin if KEY in self.why and begin <= self.last else None

    def merged(self, other: Bookmark) -> Bookmark:
        """Return a bookmark for the frames of both, with the revision of this one."""
        first, last = min(self.first, other.first), max(self.last, other.last)
        tried = {}
        for key in (*self.tried, *(key for key in other.tried if key not in self.tried)):
            untried = [mark.untried(key) for mark in (self, other) if not mark.is_tried(key)]
            both = self.tried.get(key, 0), other.tried.get(key, 0)
            tried[key] = min(untried) - 1 if untried else max(both)
        owners = (*(one for one in self.owners if one not in other.owners), *other.owners)[
            -_MAX_TRIED:
        ]
        return self._replace(
            first=first, last=last, why=self.why | other.why, tried=tried, owners=owners
        )

    def is_tried(self, key: str) -> bool:
        """Return whether all frames were tried with a key."""
        return self.tried.get(key, 0) >= self.last

    def untried(self, key: str) -> int:
        """Return the first number at which a frame may be that was not tried with a key."""
        return max(self.first, self.tried.get(key, 0) + 1)

    def to_bytes(self) -> bytes:
        """Return the value of the entry."""
        tried = [pair for pair in self.tried.items() if pair[1] >= self.first][-_MAX_TRIED:]
        why = sorted(self.why)
        return json.dumps([self.first, self.last, why, dict(tried), self.owners]).encode()

    @classmethod
    def parse(cls, value: bytes, revision: int) -> Bookmark:
        """Return the bookmark in an entry. If it is damaged, all frames are read again."""
        try:
            first, last, why, tried, owners = json.loads(value)
            numbers = {str(key): int(number) for key, number in tried.items()}
            reasons = _REASONS.intersection(why)
            return cls(int(first), int(last), reasons, numbers, (*map(str, owners),), revision)
        except ValueError, TypeError, AttributeError:
            return cls(1, 2**63 - 1, frozenset((NOW,)), revision=revision)


class ReadRange(NamedTuple):
    """Frames of a bookmark that were read from `start` to `end` with `keys`.

    `left` are those of them that still wait. `is_whole` means that all frames of the bookmark were
    read that are still in the stream.
    """

    mark: Bookmark
    start: int
    end: int
    keys: Collection[str]
    left: Bookmark | None = None
    is_whole: bool = True

    def rest_of(self, known: Bookmark) -> Bookmark | None:
        """Return what still waits of the bookmark `known`, which may have been set meanwhile."""
        if self.is_whole and known.revision == self.mark.revision:
            # A stream that was made anew has lower numbers than the bookmark.
            known = known._replace(last=min(known.last, self.end))
        if known.first < self.mark.first:
            # Frames before those that were read wait now, too.
            return known
        return self._rest(known) if self.start == self.mark.first else self._all(known)

    def _all(self, known: Bookmark) -> Bookmark:
        """Return what still waits if the first frames of the bookmark were not read."""
        # The frames before `start` were tried with `keys`, unless more of them wait now.
        keys = [key for key in self.keys if known.tried.get(key, 0) >= self.start - 1]
        rest = known.merged(self.left) if self.left else known
        return rest._replace(tried=_moved_back(known.tried, keys, self.end))

    def _rest(self, known: Bookmark) -> Bookmark | None:
        """Return what still waits if the bookmark's frames were read from the first one on."""
        left = self.left
        rest: Bookmark | None = None
        # Another collector has stored the frames before `known`.
        if left and left.last >= known.first:
            rest = left._replace(first=max(left.first, known.first))
        if known.last > self.end:
            later = known._replace(first=max(known.first, self.end + 1))
            rest = later if rest is None else rest.merged(later)
        # A frame that is left, but not in `known`, was stored with a key of another collector. So
        # the frame need not be tried with the keys in `known`.
        tried = _moved_back(known.tried, self.keys, self.end)
        return None if rest is None else rest._replace(tried=tried)


def _moved_back(tried: Mapping[str, int], keys: Collection[str], end: int) -> Mapping[str, int]:
    """Return `tried` with `keys`, with which all frames up to `end` were tried, behind the others.

    If there are too many keys, the first ones are dropped.
    """
    others = {key: number for key, number in tried.items() if key not in keys}
    return others | dict.fromkeys(keys, end)


class Bookmarks:
    """Bookmarks of one store. Each method raises NATS's errors."""

    def __init__(
        self, store: str, js: Callable[[], JetStreamContext], bucket: Callable[[], KeyValue]
    ) -> None:
        self._prefix = f"again.{store}."
        self._js = js
        self._bucket = bucket

    def _key(self, title: bytes | None) -> str:
        return self._prefix + (ALL if title is None else title.hex().upper())

    async def revision(self) -> int:
        """Return a number that changes when a bookmark is set or removed."""
        with suppress(NotFoundError):
            subject = f"{METERS_SUBJECT}{self._prefix}*"
            return (await self._js().get_last_msg(METERS_STREAM, subject)).seq or 0
        return 0

    async def all(self) -> dict[bytes | None, Bookmark]:
        """Return the bookmark of each meter by system title. None stands for all meters."""
        marks: dict[bytes | None, Bookmark] = {}
        async for key, value, revision in read_entries(self._js(), f"{self._prefix}*"):
            title = title_of(key)
            if title is not None or key == self._key(None):
                marks[title] = Bookmark.parse(value, revision)
        return marks

    async def get(self, title: bytes | None) -> Bookmark | None:
        """Return the bookmark of a meter, None if it has none."""
        with suppress(KeyNotFoundError):
            entry = await self._bucket().get(self._key(title))
            return Bookmark.parse(entry.value or b"", entry.revision or 0)
        return None

    async def set(self, marks: Mapping[bytes | None, Bookmark]) -> None:
        """Set the bookmarks of meters to these frames, too."""
        limit = asyncio.Semaphore(_MAX_UNDERWAY)

        async def set_one(title: bytes | None, mark: Bookmark) -> None:
            async with limit:
                await self._set(title, mark)

        works = (set_one(title, mark) for title, mark in marks.items())
        results = await asyncio.gather(*works, return_exceptions=True)
        if errors := [result for result in results if isinstance(result, BaseException)]:
            raise errors[0]

    async def _set(self, title: bytes | None, mark: Bookmark) -> None:
        while True:
            with suppress(KeyWrongLastSequenceError):
                if known := await self.get(title):
                    # Set it also if it has the frames already: the other revision tells a
                    # collector that reads them just now.
                    value = known.merged(mark).to_bytes()
                    await self._bucket().update(self._key(title), value, known.revision)
                else:
                    await self._bucket().create(self._key(title), mark.to_bytes())
                return

    async def settle(self, title: bytes | None, reading: ReadRange) -> None:
        """Note that frames were read again. Frames that were set meanwhile stay to be read."""
        while known := await self.get(title):
            rest = reading.rest_of(known)
            try:
                if rest is None:
                    await self._remove(title, known.revision)
                elif rest != known:
                    value = rest.to_bytes()
                    await self._bucket().update(self._key(title), value, known.revision)
            except KeyWrongLastSequenceError:
                continue
            except APIError as error:
                if error.err_code in _WRONG_LAST_SEQUENCE:
                    continue
                raise
            return

    async def _remove(self, title: bytes | None, revision: int) -> None:
        # The library cannot remove an entry of this revision only.
        last = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE: str(revision)}
        await self._js().publish(
            f"{METERS_SUBJECT}{self._key(title)}", headers=_REMOVED | last, msg_ttl=_REMOVED_TTL_S
        )


def is_of_maker(title: bytes) -> bool:
    """Return whether a system title begins with three letters, which name the manufacturer.

    A title without such letters comes from noise or from a forged frame.
    """
    return title[:_MAKER_SIZE].isalpha()
