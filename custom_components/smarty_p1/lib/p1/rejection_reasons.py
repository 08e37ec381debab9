"""Why something on the line is no reading."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Why bytes that look like a frame or a telegram are not accepted."""

    TAG = "tag"
    """The tag does not verify: another encryption key, or damaged on the way."""
    AUTHENTICATION_KEY = "authentication_key"
    """The tag does not verify but the text is whole: the authentication key differs."""
    REPLAY = "replay"
    """Verified, but the frame counter is not higher than the last one."""
    CRC = "crc"
    """A plain telegram whose checksum is wrong or missing."""
    DOWNGRADE = "downgrade"
    """A plain telegram although a key is set."""
    KEY_MISSING = "key_missing"
    """An encrypted frame although no key is set, or none for its meter."""
    MALFORMED = "malformed"
    """A frame or telegram cut short by the next one, or a verified text that is no telegram."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something on the line that is no reading, and why. Plain text has no counter or title."""

    reason: Reason
    frame_counter: int | None = None
    system_title: bytes | None = None

    @classmethod
    def of(cls, reason: Reason, nonce: bytes) -> Self:
        """Return the rejection of a frame with that nonce."""
        return cls(reason, int.from_bytes(nonce[8:]), nonce[:8])
