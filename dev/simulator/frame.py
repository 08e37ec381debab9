"""Encoder of encrypted frames (general-glo-ciphering): AES-128-GCM with a tag of 12 bytes."""

from typing import Literal

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

type LengthForm = Literal["short", "81", "82"]

GENERAL_GLO_CIPHERING = 0xDB
AUTHENTICATED_AND_ENCRYPTED = 0x30
AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
# Sizes in bytes: of the system title, of the tag in a frame, and of the full tag from AES-GCM.
TITLE_SIZE = 8
TAG_SIZE = 12
FULL_TAG_SIZE = 16
LAST_COUNTER = 0xFFFF_FFFF


def encipher(  # noqa: PLR0913
    telegram: str,
    *,
    key: bytes,
    system_title: bytes,
    counter: int,
    authentication_key: bytes = AUTHENTICATION_KEY,
    length_form: LengthForm = "82",
) -> bytes:
    """Return an encrypted frame that contains `telegram`.

    `length_form` selects how the length field of the frame is encoded: in one byte ("short"), two
    bytes ("81") or three bytes ("82"). Raises ValueError if the system title does not have 8 bytes,
    or if the length is too large for this form.
    """
    if len(system_title) != TITLE_SIZE:
        raise ValueError(f"a system title has {TITLE_SIZE} bytes, not {len(system_title)}")
    security = bytes([AUTHENTICATED_AND_ENCRYPTED])
    counter_bytes = counter.to_bytes(4)
    sealed = AESGCM(key).encrypt(
        system_title + counter_bytes, telegram.encode("latin-1"), security + authentication_key
    )
    content = security + counter_bytes + sealed[: TAG_SIZE - FULL_TAG_SIZE]
    head = bytes([GENERAL_GLO_CIPHERING, TITLE_SIZE]) + system_title
    return head + _length(len(content), length_form) + content


def _length(size: int, form: LengthForm) -> bytes:
    match form:
        case "short" if size <= 0x7F:  # noqa: PLR2004
            return bytes([size])
        case "81" if size <= 0xFF:  # noqa: PLR2004
            return bytes([0x81, size])
        case "82" if size <= 0xFFFF:  # noqa: PLR2004
            return b"\x82" + size.to_bytes(2)
    raise ValueError(f"{size} bytes do not fit the {form} form of a length")
