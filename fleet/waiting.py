"""Titles whose frames no key opens yet: the first sequence of each, in the bucket of the meters.

When there is a key, the title's frames are read again from there. Each collector that sees the key
does so: two write the same. An entry is of one store, and goes when that store has kept the values.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_gateway.nats_requests import STREAM

from .stream import METERS_STREAM, METERS_SUBJECT, subject_of, title_of

MAX_WAITING = 1000
_MAKER_SIZE = 3
_DELETED = {"KV-Operation": "DEL"}
_WRONG_LAST_SEQUENCE = 10071


class Waiting(NamedTuple):
    """Entry of a title: the first sequence that no key opened, and the entry's revision."""

    first: int
    revision: int


class WaitingTitles:
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

    async def get(self, title: bytes) -> Waiting | None:
        """Return a title's entry, None without one. Raises NATS's errors."""
        try:
            entry = await self._bucket().get(self._key(title))
        except KeyNotFoundError:
            return None
        value = entry.value or b""
        # An entry that somebody has spoilt begins with the stream.
        return Waiting(int(value) if value.isdigit() else 1, entry.revision or 0)

    def has_room(self, title: bytes) -> bool:
        """Return whether a title may wait that need not."""
        return _is_of_maker(title) and self.count < MAX_WAITING // 2

    async def note(self, failed: Mapping[bytes, int]) -> None:
        """Let titles wait from the first of their sequences on. Raises NATS's errors.

        An entry that is there gets a new revision: no reader deletes it without these frames.
        """
        for title, sequence in failed.items():
            if not _is_of_maker(title):
                continue
            is_noted = False
            while not is_noted:
                # Another collector was faster: the entry is looked up again.
                with suppress(KeyWrongLastSequenceError):
                    is_noted = await self._note(title, sequence)

    async def _note(self, title: bytes, sequence: int) -> bool:
        known = await self.get(title)
        if known is not None:
            first = str(min(known.first, sequence)).encode()
            await self._bucket().update(self._key(title), first, known.revision)
        elif self.count < MAX_WAITING:
            self.count += 1
            await self._bucket().create(self._key(title), str(sequence).encode())
        return True

    async def settle(self, title: bytes, known: Waiting, first: int | None) -> bool:
        """Let a title wait from another sequence on, or no longer; return False if it has changed.

        Raises NATS's errors.
        """
        key = self._key(title)
        try:
            if first is not None:
                await self._bucket().update(key, str(first).encode(), known.revision)
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


def _is_of_maker(title: bytes) -> bool:
    # Others are noise.
    return title[:_MAKER_SIZE].isalpha()
