"""The frame around an encrypted telegram: general-glo-ciphering, DLMS security suite 0.

| field          | bytes | value                                                      |
|----------------|-------|------------------------------------------------------------|
| tag            | 1     | `DB`                                                       |
| title length   | 1     | `08`                                                       |
| system title   | 8     | 3 letters of the maker, 5 bytes of the meter               |
| length         | 1-3   | BER: `ll`, `81 ll` or `82 hh ll`; of all that follows      |
| security       | 1     | `30`: authenticated and encrypted                          |
| frame counter  | 4     | big endian                                                 |
| ciphertext     | n     |                                                            |
| GCM tag        | 12    | the first 96 bits of the tag                               |

Source: E-Meter P1 Specification 1.1.3 (Luxmetering), section 3.2.5; DLMS UA Green Book, section
9.2 (security suite 0: AES-128-GCM).
"""

import re
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import KeyFormatError

DEFAULT_AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
"""The authentication key that the specification publishes for all meters (section 3.4.1)."""

KEY_SIZE = 16
BLOCK_SIZE = 16
TAG_SIZE = 12
_FULL_TAG_SIZE = 16
SECURITY_CONTROL = b"\x30"
HEADER_MARK = b"\xdb\x08"
MAX_HEADER_SIZE = 18
# Six messages of 2,048 bytes in hexadecimal and the rest of a telegram stay below this.
MAX_FRAME_SIZE = 32 * 1024
_SECURITY_AND_COUNTER_SIZE = 5
# Nothing shorter than "/" and the tag can be a telegram.
_MIN_LENGTH = _SECURITY_AND_COUNTER_SIZE + 1 + TAG_SIZE

_HEADER = re.compile(
    rb"\xdb\x08.{8}(?:\x82(..)|\x81(.)|([\x00-\x7f]))\x30.{4}",
    re.DOTALL,
)
_KEY_PREFIX = re.compile(r"\s*0[xX]")
_KEY_SEPARATORS = re.compile(r"[\s:\-]")


def parse_key(text: str) -> bytes:
    """Return the 16 bytes of a key typed or pasted as 32 hexadecimal digits.

    Blanks, colons, dashes and a leading `0x` are ignored, upper and lower case are the same.

    Raises KeyFormatError, which does not repeat the text.
    """
    digits = _KEY_SEPARATORS.sub("", _KEY_PREFIX.sub("", text, count=1))
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", digits, re.ASCII):
        msg = "a key has 32 hexadecimal digits (0-9, A-F)"
        raise KeyFormatError(msg)
    return bytes.fromhex(digits)


def read_header(buffer: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return the sizes of the header that begins at `start`, and of its whole frame, in bytes.

    None when these bytes are no header.
    """
    match = _HEADER.match(buffer, start)
    if match is None:
        return None
    length = int.from_bytes(match[match.lastindex or 0])
    size = match.end() - start
    frame_size = size - _SECURITY_AND_COUNTER_SIZE + length
    if length < _MIN_LENGTH or frame_size > MAX_FRAME_SIZE:
        return None
    return size, frame_size


def read_nonce(frame: bytes, header_size: int) -> bytes:
    """Return system title and frame counter (8 and 4 bytes): what makes each frame unique."""
    return frame[2:10] + frame[header_size - 4 : header_size]


class FrameCipher:
    """Verifies and deciphers frames with one pair of keys."""

    def __init__(self, key: bytes, authentication_key: bytes) -> None:
        """Take keys of 16 bytes each. Raises KeyFormatError for any other length."""
        if len(key) != KEY_SIZE or len(authentication_key) != KEY_SIZE:
            msg = "a key has 16 bytes"
            raise KeyFormatError(msg)
        self._encrypt = AESGCM(key).encrypt
        self._associated_data = SECURITY_CONTROL + authentication_key

    def decipher(self, ciphertext: bytes, nonce: bytes) -> bytes:
        """Return the text of a ciphertext or of its beginning; nothing vouches for it."""
        return self._encrypt(nonce, ciphertext, None)[:-_FULL_TAG_SIZE]

    def open(self, frame: bytes, header_size: int, nonce: bytes) -> tuple[bytes, bool]:
        """Return the text of a whole `frame` and whether its tag vouches for it.

        The text of a frame that is not vouched for serves for diagnosis only.
        """
        ciphertext = frame[header_size:-TAG_SIZE]
        # `AESGCM.decrypt` insists on tags of 128 bits. The cipher is its own inverse, though, and
        # enciphering the text once more gives the whole tag, of which the frame carries 96 bits.
        text = self._encrypt(nonce, ciphertext, None)[:-_FULL_TAG_SIZE]
        full_tag = self._encrypt(nonce, text, self._associated_data)[-_FULL_TAG_SIZE:]
        return text, compare_digest(full_tag[:TAG_SIZE], frame[-TAG_SIZE:])
