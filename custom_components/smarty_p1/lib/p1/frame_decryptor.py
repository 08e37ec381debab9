"""One encrypted frame -> the telegram in it, or why it is not accepted."""

import hmac
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .checksum import has_valid_crc
from .errors import KeyFormatError
from .fast_telegram_parser import FastParser
from .frame_layout import MAX_HEADER_SIZE, SECURITY_CONTROL, TAG_SIZE, nonce_and_body
from .keys import DEFAULT_AUTHENTICATION_KEY, KEY_SIZE, key_fingerprint
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram, Verification
from .telegram_parser import parse

_FULL_TAG_SIZE = 16
_BLOCK_SIZE = 16
BEGINNING_SIZE = MAX_HEADER_SIZE + _BLOCK_SIZE
_BEGINNING = re.compile(rb"\s*/[A-Za-z]{3}")


class FrameDecryptor:
    """Opens the frames that are sealed with one pair of keys, each once.

    `last_counters` holds the last frame counter of each system title (8 bytes), and `fingerprint`
    what tells the key apart: see `key_fingerprint`.
    """

    def __init__(
        self,
        key: bytes,
        authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
        *,
        last_counters: Mapping[bytes, int] | None = None,
        needs_tag: bool = True,
    ) -> None:
        """Go on from the `last_counters` of an earlier decryptor with the same key.

        Without `needs_tag`, a frame is also accepted when only the CRC of its telegram holds, which
        whoever can write to the line can forge. Raises KeyFormatError when a key has not 16 bytes.
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
        """Return the telegram in a whole frame, or why there is none to accept."""
        nonce, body = nonce_and_body(frame)
        tag = body[-TAG_SIZE:]
        # `AESGCM.decrypt` insists on tags of 128 bits. The cipher is its own inverse, though, and
        # enciphering the text once more gives the whole tag, of which the frame carries 96 bits.
        text = self._encrypt(nonce, body[:-TAG_SIZE], None)[:-_FULL_TAG_SIZE]
        full_tag = self._encrypt(nonce, text, self._associated_data)[-_FULL_TAG_SIZE:]
        verification = Verification.TAG
        if not hmac.compare_digest(full_tag[:TAG_SIZE], tag):
            # Nothing vouches for the text, which serves for diagnosis only.
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
        """Return whether a frame may hold a telegram that is due, judging by its beginning."""
        nonce, body = nonce_and_body(beginning)
        if int.from_bytes(nonce[8:]) <= self.last_counters.get(nonce[:8], -1):
            return False
        first_block = self._encrypt(nonce, body[:_BLOCK_SIZE], None)
        return bool(_BEGINNING.match(first_block[:_BLOCK_SIZE]))
