"""Proof that the keys of a meter are right. It is valid for 24 hours.

While the proof is valid, a frame whose tag is wrong does not prove that the keys are wrong: its
bytes may have been altered on the way. After that time, the meter probably has new keys.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import hour_start
from ..p1.frame_decryptor import FrameDecryptor
from ..p1.frame_header import TITLE_SIZE
from ..p1.keys import FINGERPRINT_SIZE
from ..p1.rejection_reasons import Reason, Rejection
from ..p1.telegram import Telegram, Verification
from ..stored_json import Mark, Size

KEY_PROOF_LASTS = timedelta(hours=24)
# Under a wrong key, 1 of 20,000 frames reads like an altered frame. So a meter with new keys sends
# such a frame every two or three days. A frame after this number of unreadable frames is no proof.
_MAX_UNREADABLE = 2000


class Moment(NamedTuple):
    """Time of an event, by the host's clock and in seconds of a monotonic clock.

    The host's clock may be set, so the monotonic clock decides. After a restart of the program,
    `clock` is None, and the host's clock decides.
    """

    time: datetime
    clock: float | None

    def is_recent(self, now: Moment) -> bool:
        """Return whether the event was in the 24 hours before `now`."""
        if self.clock is not None and now.clock is not None:
            return now.clock - self.clock <= KEY_PROOF_LASTS.total_seconds()
        # If the host's clock was ahead and is corrected, the event is later than `now`.
        return abs(now.time - self.time) <= KEY_PROOF_LASTS


@dataclass
class KeyProof:
    """Last proof that a meter's keys are right.

    The proof belongs to both keys, given by their fingerprint, and to the meter's system title. A
    verified frame proves both keys. A frame that was altered on the way, but whose first block
    decrypts, proves the encryption key.
    """

    keys: Annotated[bytes, Size(FINGERPRINT_SIZE)] | bytes = b""
    """Fingerprint of both keys. It is empty without a proof, as the title."""
    title: Annotated[bytes, Size(TITLE_SIZE)] | bytes = b""
    verified: datetime | None = None
    read: datetime | None = None
    verified_clock: Annotated[float | None, Mark.NOT_STORED] = None
    read_clock: Annotated[float | None, Mark.NOT_STORED] = None
    unreadable: Annotated[int, Mark.NOT_STORED] = 0

    def accept(self, telegram: Telegram, decryptor: FrameDecryptor, now: Moment) -> None:
        """Record an accepted encrypted telegram."""
        self._note_read(decryptor, telegram.system_title or b"", now)
        if telegram.verification is Verification.TAG:
            self.verified, self.verified_clock = now

    def note_rejection(self, rejection: Rejection, decryptor: FrameDecryptor, now: Moment) -> None:
        """Record a rejected frame."""
        if rejection.reason is Reason.TAG:
            self.unreadable += 1
        elif rejection.reason in {Reason.ALTERED, Reason.AUTHENTICATION_KEY}:
            is_by_chance = self.unreadable > _MAX_UNREADABLE
            self.unreadable = 0
            if not is_by_chance:
                self._note_read(decryptor, rejection.system_title or b"", now)

    def covers(self, rejection: Rejection, decryptor: FrameDecryptor, now: Moment) -> bool:
        """Return whether the keys were right for the rejected frame's meter in the last 24 hours.

        A rejection for a wrong authentication key needs a verified frame as proof.
        """
        is_verified = _is_recent(self.verified, self.verified_clock, now)
        if rejection.reason is Reason.AUTHENTICATION_KEY and not is_verified:
            return False
        return rejection.system_title in self.proved_titles(decryptor.keys_fingerprint, now)

    def proved_titles(self, keys: str, now: Moment) -> frozenset[bytes]:
        """Return the system titles for which the keys were right in the last 24 hours.

        `keys` is the fingerprint of both keys.
        """
        is_recent = _is_recent(self.verified, self.verified_clock, now) or _is_recent(
            self.read, self.read_clock, now
        )
        return frozenset((self.title,)) if keys == self.keys.hex() and is_recent else frozenset()

    @property
    def hour(self) -> datetime | None:
        """Return the hour of the last proof. A change of the hour must be stored."""
        return self.read and hour_start(self.read)

    def _note_read(self, decryptor: FrameDecryptor, title: bytes, now: Moment) -> None:
        keys = bytes.fromhex(decryptor.keys_fingerprint)
        if (keys, title) != (self.keys, self.title):
            self.keys, self.title, self.verified = keys, title, None
        self.read, self.read_clock = now
        self.unreadable = 0


def _is_recent(time: datetime | None, clock: float | None, now: Moment) -> bool:
    return time is not None and Moment(time, clock).is_recent(now)
