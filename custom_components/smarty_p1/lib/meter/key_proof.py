"""Proof that the keys of a meter are right. It is valid for 24 hours.

While the proof is valid, a frame whose tag is wrong does not prove that the keys are wrong: bytes of
the frame may have been altered on the way. After that time, the meter probably has new keys.
"""

from datetime import datetime, timedelta
from typing import Self

from ..p1 import (
    FINGERPRINT_SIZE,
    FrameDecryptor,
    Reason,
    Rejection,
    Telegram,
    Verification,
)
from ..stored_values import Stored, checked_mapping, checked_time, some_bytes

KEY_PROOF_LASTS = timedelta(hours=24)
_TITLE_SIZE = 8
# Under a wrong key, 1 of 20,000 frames reads like an altered frame. So a meter with new keys sends
# such a frame every two or three days. A frame after this number of unreadable frames is no proof.
_MAX_UNREADABLE = 2000


class KeyProof:
    """Time of the last proof that a meter's keys are right.

    The proof belongs to both keys, given by their fingerprint, and to the meter's system title.
    `verified_at` is the time of the last verified frame. `read_at` is the time of the last frame
    that the encryption key decrypted, whether the frame was verified or altered.
    """

    def __init__(
        self,
        keys: str = "",
        title: bytes = b"",
        verified_at: datetime | None = None,
        read_at: datetime | None = None,
    ) -> None:
        self._keys = keys
        self._title = title
        self._verified_at = verified_at
        self._read_at = read_at
        self._unreadable = 0

    def accept(self, telegram: Telegram, decryptor: FrameDecryptor, now: datetime) -> None:
        """Record an accepted encrypted telegram."""
        self._note_read(decryptor, telegram.system_title or b"", now)
        if telegram.verification is Verification.TAG:
            self._verified_at = now

    def note(self, rejection: Rejection, decryptor: FrameDecryptor, now: datetime) -> None:
        """Record a rejected frame."""
        if rejection.reason is Reason.TAG:
            self._unreadable += 1
        elif rejection.reason in {Reason.ALTERED, Reason.AUTHENTICATION_KEY}:
            is_by_chance = self._unreadable > _MAX_UNREADABLE
            self._unreadable = 0
            if not is_by_chance:
                self._note_read(decryptor, rejection.system_title or b"", now)

    def covers(self, rejection: Rejection, decryptor: FrameDecryptor, now: datetime) -> bool:
        """Return whether the keys were right for the rejected frame's meter in the last 24 hours.

        The authentication key is right if a frame was verified. If a frame was decrypted, only the
        encryption key is right.
        """
        if rejection.reason is Reason.AUTHENTICATION_KEY and not _is_recent(self._verified_at, now):
            return False
        return rejection.system_title in self.proved_titles(decryptor.keys_fingerprint, now)

    def proved_titles(self, keys: str, now: datetime) -> frozenset[bytes]:
        """Return the system titles for which the keys were right in the last 24 hours.

        `keys` is the fingerprint of both keys.
        """
        is_recent = _is_recent(self._verified_at, now) or _is_recent(self._read_at, now)
        return frozenset((self._title,)) if keys == self._keys and is_recent else frozenset()

    @property
    def hour(self) -> datetime | None:
        """Return the hour of the last proof. A change of the hour must be stored."""
        return self._read_at and self._read_at.replace(minute=0, second=0, microsecond=0)

    def _note_read(self, decryptor: FrameDecryptor, title: bytes, now: datetime) -> None:
        keys = decryptor.keys_fingerprint
        if (keys, title) != (self._keys, self._title):
            self._keys, self._title, self._verified_at = keys, title, None
        self._read_at = now
        self._unreadable = 0

    def as_dict(self) -> dict[str, Stored]:
        """Return the proof as JSON values."""
        return {
            "keys": self._keys,
            "title": self._title.hex(),
            "verified_at": self._verified_at and self._verified_at.isoformat(),
            "read_at": self._read_at and self._read_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the proof from the result of `as_dict`. Raises ValueError for malformed data."""
        data = checked_mapping(stored)
        if not data["keys"]:
            return cls()
        keys = some_bytes(data["keys"], FINGERPRINT_SIZE).hex()
        title = some_bytes(data["title"], _TITLE_SIZE)
        times = [
            None if data[name] is None else checked_time(data[name])
            for name in ("verified_at", "read_at")
        ]
        return cls(keys, title, *times)


def _is_recent(time: datetime | None, now: datetime) -> bool:
    # If the host's clock was ahead and is corrected, `time` is later than `now`.
    return time is not None and abs(now - time) <= KEY_PROOF_LASTS
