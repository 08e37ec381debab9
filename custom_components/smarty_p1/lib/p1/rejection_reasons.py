"""Reasons why bytes on the line are rejected."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Reason why bytes that look like a frame or a telegram are rejected."""

    TAG = "tag"
    """The frame's tag is wrong, and its first block does not decrypt to the start of a telegram.

    The encryption key is another one, or the first bytes of the frame were altered on the way."""
    ALTERED = "altered"
    """The frame's tag is wrong, but its first block decrypts to the start of a telegram.

    The encryption key is right, so other bytes of the frame were altered or cut on the way."""
    ALTERED_OR_NEW_KEY = "altered_or_new_key"
    """The tag is wrong, but the keys were right for this meter in the last 24 hours.

    The frame was altered on the way, or the meter has new keys. Only MeterSession and `probe` give
    this reason, because a decoder has no clock."""
    AUTHENTICATION_KEY = "authentication_key"
    """The tag is wrong but the CRC is correct: the meter uses another authentication key."""
    REPLAY = "replay"
    """The tag is correct, but the frame counter is not higher than the last accepted counter."""
    CRC = "crc"
    """The checksum of a plain telegram is wrong or missing."""
    DOWNGRADE = "downgrade"
    """The telegram is plain text, although a key is set."""
    KEY_MISSING = "key_missing"
    """The frame is encrypted, but no key is set for its meter."""
    MALFORMED = "malformed"
    """The header of a frame is damaged, a new frame or telegram has cut the bytes short, or a
    verified text is not a telegram."""


ALTERED = frozenset((Reason.ALTERED, Reason.ALTERED_OR_NEW_KEY, Reason.CRC, Reason.MALFORMED))
"""Reasons that count as altered or cut on the way."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rejected frame or plain text. The counter and the system title are None for plain text."""

    reason: Reason
    frame_counter: int | None = None
    system_title: bytes | None = None

    @classmethod
    def of(cls, reason: Reason, nonce: bytes) -> Self:
        """Return the rejection of a frame. `nonce` is its system title and frame counter."""
        return cls(reason, int.from_bytes(nonce[8:]), nonce[:8])

    def under_proved_keys(self) -> Self:
        """Return the rejection of a frame whose keys were right for its meter in the last 24 hours.

        Such keys are not called wrong.
        """
        if self.reason not in {Reason.TAG, Reason.AUTHENTICATION_KEY}:
            return self
        return replace(self, reason=Reason.ALTERED_OR_NEW_KEY)
