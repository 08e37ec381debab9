"""Decryption of a frame. The result is its telegram, or a rejection with the reason."""

import hmac
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .checksum import has_valid_crc
from .frame_header import HEADER_MARK, MAX_HEADER_SIZE, SECURITY_CONTROL, TAG_SIZE, nonce_and_body
from .keys import (
    DEFAULT_AUTHENTICATION_KEY,
    KEY_SIZE,
    KeyFormatError,
    key_fingerprint,
    keys_fingerprint,
)
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram, Verification
from .telegram_parser import TelegramParser

_FULL_TAG_SIZE = 16
_BLOCK_SIZE = 16
BEGINNING_SIZE = MAX_HEADER_SIZE + _BLOCK_SIZE
# Size of the header's fields that are equal in all frames of a meter: tag, title length and title.
_CONSTANT_SIZE = 10
_BEGINNING = re.compile(rb"\s*/[A-Za-z]{3}")


class FrameDecryptor:
    """Decryptor for frames under one encryption key and authentication key.

    It accepts a frame only once. `last_counters` has the last accepted frame counter of each DLMS
    system title (8 bytes). `fingerprint` identifies the encryption key without revealing it (see
    `key_fingerprint`), and `keys_fingerprint` identifies both keys.
    """

    def __init__(
        self,
        key: bytes,
        authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
        *,
        last_counters: Mapping[bytes, int] | None = None,
        needs_tag: bool = True,
    ) -> None:
        """Continue after `last_counters`, the counters of an earlier decryptor with the same key.

        If `needs_tag` is False, a frame with a wrong tag is accepted if the CRC of its telegram is
        correct. Anybody with access to the line can forge such a frame.

        Raises KeyFormatError if a key does not have 16 bytes.
        """
        if len(key) != KEY_SIZE or len(authentication_key) != KEY_SIZE:
            raise KeyFormatError("a key has 16 bytes")
        self.fingerprint = key_fingerprint(key)
        self.keys_fingerprint = keys_fingerprint(key, authentication_key)
        self.last_counters = dict(last_counters or {})
        self._encrypt = AESGCM(key).encrypt
        self._associated_data = bytes([SECURITY_CONTROL]) + authentication_key
        self._needs_tag = needs_tag
        self._parse = TelegramParser().parse

    def decrypt(self, frame: bytes) -> Telegram | Rejection:
        """Return the telegram in `frame`, a whole frame.

        If the frame is rejected, return the rejection.
        """
        nonce, body = nonce_and_body(frame)
        tag = body[-TAG_SIZE:]
        # `AESGCM.decrypt` requires a tag of 128 bits, but a frame carries only 96 bits. So encrypt
        # twice: in GCM, encrypting the ciphertext gives the text, and encrypting the text gives the
        # tag.
        text = self._encrypt(nonce, body[:-TAG_SIZE], None)[:-_FULL_TAG_SIZE]
        full_tag = self._encrypt(nonce, text, self._associated_data)[-_FULL_TAG_SIZE:]
        verification = Verification.TAG
        if not hmac.compare_digest(full_tag[:TAG_SIZE], tag):
            # Without a correct tag, nothing proves the sender. But a correct CRC shows that the
            # encryption key is right, and that the text is complete.
            verification = Verification.CHECKSUM
            covered = text.lstrip()  # the CRC begins at `/`
            is_whole = covered.startswith(b"/") and has_valid_crc(covered)
            if not is_whole or self._needs_tag:
                return Rejection.of(_reason(frame, text, is_whole=is_whole), nonce)
        title, counter = nonce[:8], int.from_bytes(nonce[8:])
        if counter <= self.last_counters.get(title, -1):
            return Rejection.of(Reason.REPLAY, nonce)
        self.last_counters[title] = counter
        telegram = self._parse(text, counter, title, verification)
        return telegram or Rejection.of(Reason.MALFORMED, nonce)

    def may_decrypt(self, beginning: bytes) -> bool:
        """Return whether a frame can contain a new telegram.

        This is a quick check. `beginning` is the first BEGINNING_SIZE bytes of the frame.
        """
        nonce, _ = nonce_and_body(beginning)
        return int.from_bytes(nonce[8:]) > self.last_counters.get(nonce[:8], -1) and self.reads(
            beginning
        )

    def reads(self, beginning: bytes) -> bool:
        """Return whether a frame's first block decrypts to the start of a telegram.

        `beginning` is the first BEGINNING_SIZE bytes of the frame.
        """
        nonce, body = nonce_and_body(beginning)
        first_block = self._encrypt(nonce, body[:_BLOCK_SIZE], None)
        return bool(_BEGINNING.match(first_block[:_BLOCK_SIZE]))


def _reason(frame: bytes, text: bytes, *, is_whole: bool) -> Reason:
    """Return the reason why the tag of `frame` is wrong. `text` is the decrypted text."""
    if is_whole and not _ends_in_next_frame(frame):
        return Reason.AUTHENTICATION_KEY
    # Under a wrong key, a text begins like a telegram in 1 of 20,000 frames.
    if _BEGINNING.match(text[:_BLOCK_SIZE]) or _has_parity(frame):
        return Reason.ALTERED
    return Reason.TAG


def _has_parity(frame: bytes) -> bool:
    """Return whether a line with seven data bits has made each eighth bit an even parity."""
    return all(byte.bit_count() % 2 == 0 for byte in frame[len(HEADER_MARK) :])


def _ends_in_next_frame(frame: bytes) -> bool:
    """Return whether the last bytes of `frame` are the beginning of its meter's next frame.

    If bytes were lost on the way, the next frame fills the length in the header of this frame. The
    next frame may have lost its mark.
    """
    constant = frame[:_CONSTANT_SIZE]
    return frame.find(constant[len(HEADER_MARK) :], _CONSTANT_SIZE) > 0 or any(
        frame.endswith(constant[start:end])
        for start in range(len(HEADER_MARK) + 1)
        for end in range(start + 1, _CONSTANT_SIZE)
    )
