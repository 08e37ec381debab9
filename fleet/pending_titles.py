"""DLMS system titles with pending frames, as entries of a bucket in NATS.

A frame is pending if no key decrypts it yet. A late frame is also pending if it arrived with too
many other late frames, which may be replays. Such frames are reprocessed later, so that a flood of
replays does not delay other meters.

An entry has the sequence number of the title's first pending frame. A collector with a key reads
the title's frames again from that frame on. If two collectors do so at the same time, both write
the same values, which is harmless. An entry belongs to one VictoriaMetrics. The entry is deleted
when this VictoriaMetrics has the values of all its frames on disk.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_gateway.key_file import MeterKeys
from smarty_p1_gateway.nats_acknowledged_publishing import STREAM
from smartyp1.p1 import key_fingerprint

from .jetstream_objects import METERS_STREAM, METERS_SUBJECT, read_entries, subject_of, title_of

LOGGER = logging.getLogger(__name__)

MAX_WAITING = 1000
_MAKER_SIZE = 3
_DELETED = {"KV-Operation": "DEL"}
_WRONG_LAST_SEQUENCE = 10071
_DUE = "due"
_NONE_TRIED = "-"
_MAX_DIGITS = 20  # a sequence number of NATS has 64 bits, so at most 20 digits


class PendingFrames(NamedTuple):
    """Entry of a system title. `first` is the sequence number of its first pending frame.

    `tried` is the fingerprint of the keys that were tried. With `is_due`, the frames must be read
    again, even if no other keys were added. `revision` is the entry's revision in NATS.
    """

    first: int
    tried: str
    is_due: bool = False
    revision: int = 0

    def to_bytes(self) -> bytes:
        """Return the entry in the form in which the bucket stores it."""
        return " ".join([str(self.first), self.tried, *[_DUE] * self.is_due]).encode()

    def merged(self, other: PendingFrames) -> PendingFrames:
        """Return an entry for the frames of this entry and of `other`.

        If the two entries differ in `tried`, no keys count as tried in the returned entry.
        """
        return self._replace(
            first=min(self.first, other.first),
            tried=self.tried if self.tried == other.tried else _NONE_TRIED,
            is_due=self.is_due or other.is_due,
        )

    @classmethod
    def parse(cls, value: bytes, revision: int) -> PendingFrames:
        """Return the entry with the stored bytes `value`.

        If `value` is damaged, `first` is 1, so that all frames of the title are read again.
        """
        first, tried, due = [*value.decode(errors="replace").split(" "), "", "", ""][:3]
        is_number = first.isdecimal() and len(first) <= _MAX_DIGITS
        return cls(int(first) if is_number else 1, tried, due == _DUE, revision)


class PendingTitles:
    """Pending system titles of one VictoriaMetrics, as entries of a bucket in NATS.

    `count` is the number of titles that `titles` last returned, plus the titles added since then.
    """

    def __init__(
        self, store: str, js: Callable[[], JetStreamContext], bucket: Callable[[], KeyValue]
    ) -> None:
        self.count = 0
        self._is_full = False
        # Whether the last search of `_displace` found no entry to delete. `titles` resets this
        # flag.
        self._has_no_tried = False
        self._store = store
        self._js = js
        self._bucket = bucket

    def _key(self, title: bytes) -> str:
        return f"waiting.{self._store}.{title.hex().upper()}"

    async def titles(self) -> list[bytes]:
        """Return all pending system titles of this VictoriaMetrics. Raises NATS's errors."""
        subject = f"{METERS_SUBJECT}{self._key(b'')}*"
        info = await self._js().stream_info(METERS_STREAM, subjects_filter=subject)
        titles = [title for key in info.state.subjects or () if (title := title_of(key))]
        self.count = len(titles)
        self._has_no_tried = False
        return titles

    async def entries(self) -> dict[bytes, PendingFrames]:
        """Return the entries of all pending system titles. Raises NATS's errors."""
        return {
            title: PendingFrames.parse(value, revision)
            async for key, value, revision in read_entries(self._js(), f"{self._key(b'')}*")
            if (title := title_of(key))
        }

    async def get(self, title: bytes) -> PendingFrames | None:
        """Return the entry of a system title. Return None if it has no entry.

        Raises NATS's errors.
        """
        try:
            entry = await self._bucket().get(self._key(title))
        except KeyNotFoundError as error:
            if error.entry is not None:
                # A collector deletes an entry, and then purges the delete marker. Here, a collector
                # has stopped after the deletion and before the purge. So purge the marker now.
                await self._purge(self._key(title), error.entry.revision or 0)
            return None
        return PendingFrames.parse(entry.value or b"", entry.revision or 0)

    def has_room(self, title: bytes) -> bool:
        """Return whether late frames of `title` that a key decrypts may become pending.

        At most half of the MAX_WAITING entries are used for such frames. The other half is reserved
        for titles whose frames no key decrypts. Return False for a title that does not begin with
        the letters of a manufacturer.
        """
        return _is_of_maker(title) and self.count < MAX_WAITING // 2

    async def note(self, failed: Mapping[bytes, PendingFrames]) -> None:
        """Create or update the entry of each title in `failed`. Raises NATS's errors.

        A title that does not begin with the letters of a manufacturer gets no entry. If MAX_WAITING
        entries exist, a further title gets an entry only if no key was tried for it, and only in
        place of an old entry. `_displace` deletes the old entry.
        """
        for title, wanted in failed.items():
            is_noted = not _is_of_maker(title)
            while not is_noted:
                # If another collector changes the entry before this update, the update fails. Then
                # look the entry up again.
                with suppress(KeyWrongLastSequenceError):
                    is_noted = await self._note(title, wanted)

    async def _note(self, title: bytes, wanted: PendingFrames) -> bool:
        entry = await self.get(title)
        if entry is None:
            if wanted.tried == _NONE_TRIED and self.count >= MAX_WAITING:
                await self._displace()
            if self.count < MAX_WAITING:
                self.count += 1
                self._is_full = False
                await self._bucket().create(self._key(title), wanted.to_bytes())
            elif not self._is_full:
                # Forged titles would fill the log, so log the first title only.
                self._is_full = True
                text = (
                    "%d titles wait already: frames of %s and further ones will not be read again"
                )
                LOGGER.error(text, self.count, title.hex().upper())
            return True
        # If the entry is due, another task may be reading its frames. At its end, the other task
        # deletes the entry if the entry's revision is still the same. So update the entry even if
        # its content stays the same: the update changes the revision.
        changed = entry.merged(wanted)
        if changed != entry or entry.is_due:
            await self._bucket().update(self._key(title), changed.to_bytes(), entry.revision)
        return True

    async def _displace(self) -> None:
        """Delete the oldest entry for which keys were tried in vain, if there is such an entry.

        The frames of this entry are probably damaged frames of a meter whose key is right. Entries
        that are due, and entries for which no key was tried yet, are kept.
        """
        if self._has_no_tried:
            return
        tried = [
            (entry.first, title, entry)
            for title, entry in (await self.entries()).items()
            if entry.tried != _NONE_TRIED and not entry.is_due
        ]
        self._has_no_tried = not tried
        if tried:
            _, title, entry = min(tried)
            self.count -= await self._replace(title, entry, None)
            text = "%s has frames that no key opens, and gives its place to a title without a key"
            LOGGER.warning(text, title.hex().upper())

    async def begin(self, title: bytes, known: PendingFrames, tried: str) -> PendingFrames | None:
        """Mark an entry as due, and store the fingerprint of the keys to try.

        `known` is the entry of `title`, and `tried` is the fingerprint. Return the new entry, or
        None if another collector has changed the entry. Raises NATS's errors.
        """
        wanted = known._replace(tried=tried, is_due=True)
        if wanted == known:
            return known
        with suppress(KeyWrongLastSequenceError):
            value = wanted.to_bytes()
            revision = await self._bucket().update(self._key(title), value, known.revision)
            return wanted._replace(revision=revision)
        return None

    async def settle(self, title: bytes, known: PendingFrames, first: int | None) -> bool:
        """Store that the first pending frame of `title` now has the sequence number `first`.

        The entry is then no longer due. If `first` is None, delete the entry. `known` is the entry
        as it was last read. Return False if another collector has changed the entry since then.
        Raises NATS's errors.
        """
        wanted = None if first is None else PendingFrames(first, known.tried)
        return await self._replace(title, known, wanted)

    async def _replace(
        self, title: bytes, known: PendingFrames, wanted: PendingFrames | None
    ) -> bool:
        """Replace the entry `known` by `wanted`. If `wanted` is None, delete the entry.

        Return False if another collector has changed the entry since it was read.
        """
        key = self._key(title)
        try:
            if wanted is not None:
                await self._bucket().update(key, wanted.to_bytes(), known.revision)
                return True
            subject = f"{METERS_SUBJECT}{key}"
            headers = _DELETED | {"Nats-Expected-Last-Subject-Sequence": str(known.revision)}
            marker = await self._js().publish(subject, b"", headers=headers)
            await self._purge(key, marker.seq)
        except APIError as error:
            if error.err_code != _WRONG_LAST_SEQUENCE:
                raise
            return False
        return True

    async def _purge(self, key: str, marker: int) -> None:
        """Purge a delete marker.

        The marker's subject contains the system title. Without the purge, `titles` would still
        return this title.
        """
        subject = f"{METERS_SUBJECT}{key}"
        await self._js().purge_stream(METERS_STREAM, seq=marker + 1, subject=subject)

    async def expire(self, first_sequence: int) -> None:
        """Delete the entries of the titles that have no frames in the stream any more.

        If only the first pending frames of a title have left the stream, the entry's `first`
        becomes `first_sequence`, the stream's first sequence number. Perhaps none of the title's
        remaining frames is pending, so a task must read these frames and delete the entry. After
        keys were tried, the task starts only if the entry is due. So such an entry becomes due.
        Raises the errors of NATS.
        """
        for title, entry in (await self.entries()).items():
            if entry.first < first_sequence:
                info = await self._js().stream_info(STREAM, subjects_filter=subject_of(title))
                is_due = entry.is_due or entry.tried != _NONE_TRIED
                left = entry._replace(first=first_sequence, is_due=is_due)
                await self._replace(title, entry, left if info.state.subjects else None)


def print_of(keys: Sequence[MeterKeys]) -> str:
    """Return a fingerprint of a meter's keys. Return "-" without keys.

    The order of the keys has no effect.
    """
    prints = sorted(
        key_fingerprint(key.encryption) + key_fingerprint(key.authentication) for key in keys
    )
    return hashlib.sha256("".join(prints).encode()).hexdigest()[:8] if prints else _NONE_TRIED


def _is_of_maker(title: bytes) -> bool:
    # A system title begins with three letters that name the manufacturer. A title without such
    # letters comes from noise or from a forged frame.
    return title[:_MAKER_SIZE].isalpha()
