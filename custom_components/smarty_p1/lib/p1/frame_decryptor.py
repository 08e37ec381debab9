"""Decryption of a frame. The result is its telegram, or a rejection with the reason."""

import hmac
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .checksum import has_valid_crc
from .fast_telegram_parser import FastParser
from .frame_header import MAX_HEADER_SIZE, SECURITY_CONTROL, TAG_SIZE, nonce_and_body
from .keys import DEFAULT_AUTHENTICATION_KEY, KEY_SIZE, KeyFormatError, key_fingerprint
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram, Verification
from .telegram_parser import parse

_FULL_TAG_SIZE = 16
_BLOCK_SIZE = 16
BEGINNING_SIZE = MAX_HEADER_SIZE + _BLOCK_SIZE
_BEGINNING = re.compile(rb"\s*/[A-Za-z]{3}")


class FrameDecryptor:
    """Decryptor for frames under one encryption key and authentication key.

    It accepts a frame only once. `last_counters` has the last accepted frame counter of each DLMS
    system title (8 bytes). `fingerprint` identifies the encryption key without revealing it (see
    `key_fingerprint`).
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
            msg = "a key has 16 bytes"
            raise KeyFormatError(msg)
        self.fingerprint = key_fingerprint(key)
        self.last_counters = dict(last_counters or {})
        self._encrypt = AESGCM(key).encrypt
        self._associated_data = bytes([SECURITY_CONTROL]) + authentication_key
        self._needs_tag = needs_tag
        self._read = FastParser().read

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
            # encryption key is right, so only the authentication key is wrong.
            verification = Verification.CHECKSUM
            is_whole = text.startswith(b"/") and has_valid_crc(text)
            if not is_whole or self._needs_tag:
                return Rejection.of(Reason.AUTHENTICATION_KEY if is_whole else Reason.TAG, nonce)
        title, counter = nonce[:8], int.from_bytes(nonce[8:])
        if counter <= self.last_counters.get(title, -1):
            return Rejection.of(Reason.REPLAY, nonce)
        self.last_counters[title] = counter
        telegram = parse(text, self._read, counter, title, verification)
        return telegram or Rejection.of(Reason.MALFORMED, nonce)

    def may_decrypt(self, beginning: bytes) -> bool:
        """Return whether a frame can contain a new telegram.

        This is a quick check. `beginning` is the first BEGINNING_SIZE bytes of the frame.
        """
        nonce, body = nonce_and_body(beginning)
        if int.from_bytes(nonce[8:]) <= self.last_counters.get(nonce[:8], -1):
            return False
        first_block = self._encrypt(nonce, body[:_BLOCK_SIZE], None)
        return bool(_BEGINNING.match(first_block[:_BLOCK_SIZE]))
