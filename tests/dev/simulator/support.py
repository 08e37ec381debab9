"""An independent reader of frames and telegrams."""

import sys
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from dev.checkout import ROOT

PROJECT = ROOT
FRAMES = PROJECT / "dev" / "frames"
PROGRAM = [sys.executable, "-m", "dev.simulator"]
KEY = bytes.fromhex("0123456789ABCDEF0123456789ABCDEF")
AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
HEAD_SIZE = 13


class Opened(NamedTuple):
    """A frame taken apart, and the bytes behind it."""

    title: bytes
    counter: int
    text: str
    rest: bytes


def size(data: bytes) -> int:
    """Return how many bytes a frame has, by its head."""
    assert data[:2] == b"\xdb\x08"
    assert data[10] == 0x82
    return HEAD_SIZE + int.from_bytes(data[11:HEAD_SIZE])


def open_frame(
    data: bytes, key: bytes = KEY, authentication_key: bytes = AUTHENTICATION_KEY
) -> Opened:
    """Decrypt the frame that the bytes begin with; raise InvalidTag if it is not genuine."""
    end = size(data)
    assert len(data) >= end
    title, security, counter = data[2:10], data[13:14], data[14:18]
    assert security == b"\x30"
    mode = modes.GCM(title + counter, data[end - 12 : end], min_tag_length=12)
    opener = Cipher(algorithms.AES(key), mode).decryptor()
    opener.authenticate_additional_data(security + authentication_key)
    text = opener.update(data[18 : end - 12]) + opener.finalize()
    return Opened(title, int.from_bytes(counter), text.decode("ascii"), data[end:])


def field(text: str, reference: str, index: int = 0) -> str:
    """Return one bracket of a telegram's object."""
    (line,) = [line for line in text.split("\r\n") if line.startswith(reference + "(")]
    return line[len(reference) + 1 : -1].split(")(")[index]
