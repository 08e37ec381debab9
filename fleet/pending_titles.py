"""Titles whose frames no key opens yet: the first sequence of each, in the bucket of the meters.

When there is a key, the title's frames are read again from there. Each collector that sees the key
does so: two write the same. An entry is of one store, and goes when that store has kept the values.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_gateway.key_file import MeterKeys
from smarty_p1_gateway.nats_requests import STREAM
from smartyp1.p1 import key_fingerprint

from .stream import METERS_STREAM, METERS_SUBJECT, subject_of, title_of

MAX_WAITING = 1000
_MAKER_SIZE = 3
_DELETED = {"KV-Operation": "DEL"}
_WRONG_LAST_SEQUENCE = 10071
_DUE = "due"


class PendingFrames(NamedTuple):
    """Entry of a title: the first sequence that waits, and the print of the keys that were tried.

    `is_due`: it is to be read, whatever was tried. `revision` is that of the entry.
    """

    first: int
    tried: str
    is_due: bool = False
    revision: int = 0

    def to_bytes(self) -> bytes:
        """Return it as the bucket has it."""
        return " ".join([str(self.first), self.tried, *[_DUE] * self.is_due]).encode()

    @classmethod
    def parse(cls, value: bytes, revision: int) -> PendingFrames:
        """Return what the bucket has; an entry that somebody has spoilt begins with the stream."""
        first, tried, due = [*value.decode(errors="replace").split(" "), "", "", ""][:3]
        return cls(int(first) if first.isdecimal() else 1, tried, due == _DUE, revision)


class PendingTitles:
    """Entries of one store; `count` is how many there were when they were listed last."""

    def __init__(
        self, store: str, js: Callable[[], JetStreamContext], bucket: Callable[[], KeyValue]
    ) -> None:
        self.count = 0
        self._store = store
        self._js = js
        self._bucket = bucket

    def _key(self, title: bytes) -> str:
        return f"waiting.{self._store}.{title.hex().upper()}"

    async def titles(self) -> list[bytes]:
        """Return the titles that wait. Raises NATS's errors."""
        subject = f"{METERS_SUBJECT}{self._key(b'')}*"
        info = await self._js().stream_info(METERS_STREAM, subjects_filter=subject)
        found = [title for one in info.state.subjects or () if (title := title_of(one))]
        self.count = len(found)
        return found

    async def get(self, title: bytes) -> PendingFrames | None:
        """Return a title's entry, None without one. Raises NATS's errors."""
        try:
            entry = await self._bucket().get(self._key(title))
        except KeyNotFoundError:
            return None
        return PendingFrames.parse(entry.value or b"", entry.revision or 0)

    def has_room(self, title: bytes) -> bool:
        """Return whether a title may wait that need not."""
        return _is_of_maker(title) and self.count < MAX_WAITING // 2

    async def note(self, failed: Mapping[bytes, PendingFrames]) -> None:
        """Let titles wait from some sequences on. Raises NATS's errors."""
        for title, wanted in failed.items():
            is_noted = not _is_of_maker(title)
            while not is_noted:
                # Another collector was faster: the entry is looked up again.
                with suppress(KeyWrongLastSequenceError):
                    is_noted = await self._note(title, wanted)

    async def _note(self, title: bytes, wanted: PendingFrames) -> bool:
        known = await self.get(title)
        if known is None:
            if self.count < MAX_WAITING:
                self.count += 1
                await self._bucket().create(self._key(title), wanted.to_bytes())
            return True
        # A reader deletes only the revision that it knows: while one may be at work, or has tried
        # other keys, the entry gets another revision, and stays for these frames.
        changed = wanted._replace(
            first=min(known.first, wanted.first),
            is_due=known.is_due or wanted.is_due,
            revision=known.revision,
        )
        if changed != known or known.is_due:
            await self._bucket().update(self._key(title), changed.to_bytes(), known.revision)
        return True

    async def begin(self, title: bytes, known: PendingFrames, tried: str) -> PendingFrames | None:
        """Return the entry as its reader wants it, None if it has changed. Raises NATS's errors."""
        wanted = known._replace(tried=tried, is_due=True)
        if wanted == known:
            return known
        with suppress(KeyWrongLastSequenceError):
            value = wanted.to_bytes()
            revision = await self._bucket().update(self._key(title), value, known.revision)
            return wanted._replace(revision=revision)
        return None

    async def settle(self, title: bytes, known: PendingFrames, first: int | None) -> bool:
        """Let a title wait from another sequence on, or no longer; return False if it has changed.

        Raises NATS's errors.
        """
        key = self._key(title)
        try:
            if first is not None:
                value = PendingFrames(first, known.tried).to_bytes()
                await self._bucket().update(key, value, known.revision)
                return True
            subject = f"{METERS_SUBJECT}{key}"
            headers = _DELETED | {"Nats-Expected-Last-Subject-Sequence": str(known.revision)}
            marker = await self._js().publish(subject, b"", headers=headers)
            # Otherwise the mark of the deletion stays, with the title in it.
            await self._js().purge_stream(METERS_STREAM, seq=marker.seq + 1, subject=subject)
        except APIError as error:
            if error.err_code != _WRONG_LAST_SEQUENCE:
                raise
            return False
        return True

    async def expire(self, first_sequence: int) -> None:
        """Forget titles that wait for what the stream, which begins there, has no longer.

        Raises NATS's errors.
        """
        for title in await self.titles():
            known = await self.get(title)
            if known is not None and known.first < first_sequence:
                info = await self._js().stream_info(STREAM, subjects_filter=subject_of(title))
                await self.settle(title, known, first_sequence if info.state.subjects else None)


def print_of(keys: Sequence[MeterKeys]) -> str:
    """Return what tells the keys of a meter from others, in whichever order; "-" without any."""
    prints = sorted(
        key_fingerprint(each.encryption) + key_fingerprint(each.authentication) for each in keys
    )
    return hashlib.sha256("".join(prints).encode()).hexdigest()[:8] if prints else "-"


def _is_of_maker(title: bytes) -> bool:
    # Others are noise.
    return title[:_MAKER_SIZE].isalpha()
