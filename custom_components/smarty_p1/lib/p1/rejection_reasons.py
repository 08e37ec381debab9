"""Reasons why bytes on the line are rejected."""

from dataclasses import dataclass
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
