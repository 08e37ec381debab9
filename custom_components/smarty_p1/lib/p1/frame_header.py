"""Layout of an encrypted frame: general-glo-ciphering, DLMS security suite 0.

| field          | bytes | value                                                      |
|----------------|-------|------------------------------------------------------------|
| tag            | 1     | `DB`                                                       |
| title length   | 1     | `08`                                                       |
| system title   | 8     | 3 letters of the maker, 5 bytes of the meter               |
| length         | 1-3   | BER: `ll`, `81 ll` or `82 hh ll`; of all following bytes   |
| security       | 1     | `30`: authenticated and encrypted                          |
| frame counter  | 4     | big endian                                                 |
| ciphertext     | n     |                                                            |
| GCM tag        | 12    | the first 96 bits of the tag                               |

Source: E-Meter P1 Specification 1.1.3 (Luxmetering), section 3.2.5; DLMS UA Green Book, section
9.2 (security suite 0: AES-128-GCM).
"""

from typing import NamedTuple

HEADER_MARK = b"\xdb\x08"
MAX_HEADER_SIZE = 18
TITLE_SIZE = 8
# Bytes. The longest telegram has six messages of 2,048 hexadecimal digits each, and fits into this
# size.
MAX_FRAME_SIZE = 32 * 1024
SECURITY_CONTROL = 0x30
_SECURITY_AND_COUNTER_SIZE = 5
TAG_SIZE = 12
# The shortest frame has one byte of ciphertext, the "/" of a telegram.
_MIN_LENGTH = _SECURITY_AND_COUNTER_SIZE + 1 + TAG_SIZE

_LENGTH_IN_TWO_BYTES = 0x82
_LENGTH_IN_ONE_BYTE = 0x81
_MAX_SHORT_LENGTH = 0x7F


class Frame(NamedTuple):
    """Whole frame: its bytes, and the fields of its header, which are not verified.

    FrameSplitter sets `is_expected` to True if an earlier frame had the same system title and a
    lower frame counter.
    """

    data: bytes
    system_title: bytes
    frame_counter: int
    is_expected: bool = False


def nonce_and_body(frame: bytes) -> tuple[bytes, bytes]:
    """Return the nonce of a frame, and its bytes behind the header: the ciphertext and the tag.

    The nonce is the system title (8 bytes) and the frame counter (4 bytes). It is unique for every
    frame.
    """
    first_length_byte = frame[10]
    # The header has 16 bytes, with the length in one byte. 0x81 and 0x82 announce one and two more.
    header_size = 16 + max(0, first_length_byte - 0x80)
    return frame[2:10] + frame[header_size - 4 : header_size], frame[header_size:]


def with_mark(data: bytes) -> bytes:
    """Return a frame, or its first bytes, with HEADER_MARK. The line may have lost the mark."""
    return data if data.startswith(HEADER_MARK) else HEADER_MARK + data


def read_frame(data: bytes) -> Frame | None:
    """Return the frame in `data`. Return None if `data` is not exactly one frame.

    A frame whose mark was lost on the line gets it again.
    """
    data = with_mark(data)
    if frame_size(data, 0) != len(data):
        return None
    nonce, _ = nonce_and_body(data)
    return Frame(data, nonce[:8], int.from_bytes(nonce[8:]))


def frame_size(buffer: bytes | bytearray, start: int) -> int:
    """Return the size in bytes of the frame that begins at index `start` with HEADER_MARK.

    Return 0 if the header is invalid. Return MAX_HEADER_SIZE if the header may be incomplete. Every
    frame is longer than this, so the caller can tell this result from a frame's size.
    """
    if start + MAX_HEADER_SIZE > len(buffer):
        return MAX_HEADER_SIZE
    length, size = buffer[start + 10], 11
    if length == _LENGTH_IN_TWO_BYTES:
        length, size = buffer[start + 11] << 8 | buffer[start + 12], 13
    elif length == _LENGTH_IN_ONE_BYTE:
        length, size = buffer[start + 11], 12
    elif length > _MAX_SHORT_LENGTH:
        return 0
    is_header = (
        buffer[start + size] == SECURITY_CONTROL
        and length >= _MIN_LENGTH
        and size + length <= MAX_FRAME_SIZE
    )
    return size + length if is_header else 0


def title_text(title: bytes | None) -> str:
    """Return a system title in 16 hexadecimal digits, "" without one."""
    return (title or b"").hex().upper()
