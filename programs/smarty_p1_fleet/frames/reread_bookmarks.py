"""Bookmarks: meters whose frames the collectors of a store must read again, and from where.

A bookmark is an entry `again.<store>.<system title>` of the bucket of meters. Frames that cannot be
stored yet stay in the stream of frames. Before they are acknowledged, the bookmark of their meter
is set to them. A collector that has read the frames again removes the bookmark, unless another
collector has set it meanwhile: each setting changes its revision.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf
from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_fleet.jetstream_objects import METERS_SUBJECT, last_revision, read_entries, title_of
from smartyp1.p1.frame_header import title_text

# Why frames are read again: when another key comes, when no other meter owns the name any more,
# when the clocks agree, or as soon as possible. GONE notes that a part of them has left the stream.
KEY = "key"
OTHER_NAME = "name"
EARLY = "early"
NOW = "now"
GONE = "gone"
_REASONS = frozenset((KEY, OTHER_NAME, EARLY, NOW, GONE))
ALL_METERS = "all"
# Seconds after which a collector tries frames that have begun to wait since its last reading.
# Another collector, which has other keys, has let them wait.
_RETRY_INTERVAL_S = 60.0
# Number of bookmarks that are set at the same time.
_MAX_UNDERWAY = 32
_MAKER_SIZE = 3
# NATS deletes the mark of a removed bookmark after this number of seconds, because the mark has the
# system title in its subject.
_REMOVED_TTL_S = 60
_REMOVED = {"KV-Operation": "DEL"}
_WRONG_LAST_SEQUENCE = (10071, 10164)


class Tried(NamedTuple):
    """Frames of a meter that a collector has tried, at `moment` of the monotonic clock.

    `names` is the number of changes of names that the collector knew.
    """

    first: int
    last: int
    names: int
    moment: float

    def are_names_old(self, mark: Bookmark, names: int) -> bool:
        """Return whether names have changed since then, and frames of `mark` wait for a name."""
        return OTHER_NAME in mark.why and self.names != names


class Bookmark(NamedTuple):
    """Frames of a meter to read again: the first and the last one have these sequence numbers.

    `why` has the reasons. `time` is the arrival of the first frame (Unix seconds).
    """

    first: int
    last: int
    why: frozenset[str]
    time: float = 0.0
    revision: int = 0

    def start(
        self, tried: Tried | None, *, names: int, do_clocks_agree: bool, now: float
    ) -> int | None:
        """Return where a collector that has tried the frames `tried` must begin.

        Return None if it can store none of the frames now.
        """
        if NOW in self.why or (EARLY in self.why and do_clocks_agree):
            return self.first
        if not self.why & {KEY, OTHER_NAME}:
            return None
        if tried is None or self.first < tried.first or tried.are_names_old(self, names):
            return self.first
        is_due = self.last > tried.last and now > tried.moment + _RETRY_INTERVAL_S
        return max(self.first, tried.last + 1) if is_due else None

    def merged(self, other: Bookmark) -> Bookmark:
        """Return a bookmark for the frames of both, with the revision of this one."""
        earlier = min(self, other)
        last, why = max(self.last, other.last), self.why | other.why
        return self._replace(first=earlier.first, time=earlier.time, last=last, why=why)

    def to_bytes(self) -> bytes:
        """Return the value of the entry."""
        return json.dumps([self.first, self.last, sorted(self.why), self.time]).encode()

    @classmethod
    def parse(cls, value: bytes, revision: int) -> Bookmark:
        """Return the bookmark in an entry. If it is damaged, all frames are read again."""
        try:
            first, last, why, time = json.loads(value)
            reasons = _REASONS.intersection(why)
            return cls(int(first), int(last), reasons, float(time), revision)
        except ValueError, TypeError:
            return cls(1, 2**63 - 1, frozenset((NOW,)), revision=revision)


class ReadRange(NamedTuple):
    """Frames of a bookmark that were read from `start` to `end`.

    `left` are those of them that still wait. `is_whole` means that all frames of the bookmark were
    read that are still in the stream.
    """

    mark: Bookmark
    start: int
    end: int
    left: Bookmark | None = None
    is_whole: bool = True

    def tried(self, before: Tried | None, names: int, moment: float) -> Tried:
        """Return the frames that the collector has tried after this reading."""
        first = before.first if before and before.first < self.start else self.start
        return Tried(first, self.end, names, moment if self.is_whole else -inf)

    def rest_of(self, known: Bookmark) -> Bookmark | None:
        """Return what still waits of the bookmark `known`, which may have been set meanwhile."""
        if self.is_whole and known.revision == self.mark.revision:
            # A stream that was made anew has lower numbers than the bookmark.
            known = known._replace(last=min(known.last, self.end))
        if known.first < self.start:
            # Frames before those that were read wait, too.
            return known
        left, rest = self.left, None
        # Another collector has stored the frames before `known`.
        if left and left.last >= known.first:
            why = left.why | known.why & {GONE}
            rest = left._replace(first=max(left.first, known.first), why=why)
        if known.last > self.end:
            later = known._replace(first=max(known.first, self.end + 1))
            rest = later if rest is None else rest.merged(later)
        return rest


type BookmarksByTitle = dict[bytes | None, Bookmark]


class Bookmarks:
    """Bookmarks of one store. Each method raises NATS's errors."""

    def __init__(
        self, store: str, js: Callable[[], JetStreamContext], bucket: Callable[[], KeyValue]
    ) -> None:
        self._prefix = f"again.{store}."
        self._js = js
        self._bucket = bucket

    def _key(self, title: bytes | None) -> str:
        return self._prefix + (ALL_METERS if title is None else title_text(title))

    async def revision(self) -> int:
        """Return a number that changes when a bookmark is set or removed."""
        return await last_revision(self._js(), f"{self._prefix}*")

    async def all(self) -> BookmarksByTitle:
        """Return the bookmark of each meter by system title. None stands for all meters."""
        marks: BookmarksByTitle = {}
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
            if await self.replace(title, known, reading.rest_of(known)):
                return

    async def replace(self, title: bytes | None, known: Bookmark, rest: Bookmark | None) -> bool:
        """Set the bookmark `known` to `rest`. With `rest` None, remove it.

        Return False, and change nothing, if another collector has changed it meanwhile.
        """
        try:
            if rest is None:
                await self._remove(title, known.revision)
            elif rest != known:
                await self._bucket().update(self._key(title), rest.to_bytes(), known.revision)
        except KeyWrongLastSequenceError:
            return False
        except APIError as error:
            if error.err_code in _WRONG_LAST_SEQUENCE:
                return False
            raise
        return True

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
