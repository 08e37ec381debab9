"""Noise of a line, and alterations of its bytes, as gateways, boards and bad cables cause them.

An alteration takes the bytes of one frame, and returns the bytes that arrive.
"""

from collections.abc import Callable
from random import Random

type Alteration = Callable[[bytes], bytes]


def cut(size: int) -> Alteration:
    """Return the alteration by a buffer of `size` bytes that drops all further bytes of a frame."""
    return lambda data: data[:size]


def lost(at: int, number: int = 1) -> Alteration:
    """Return the alteration that loses `number` bytes from index `at` on."""
    return lambda data: data[:at] + data[at:][number:]


def flipped(at: int, bit: int = 0) -> Alteration:
    """Return the alteration that changes one bit of the byte at index `at`."""
    return lambda data: data[:at] + bytes([data[at] ^ 1 << bit]) + data[at:][1:]


ALTERATIONS: dict[str, Alteration] = {
    "telnet mode doubles FF": lambda data: data.replace(b"\xff", b"\xff\xff"),
    "LF becomes CR LF": lambda data: data.replace(b"\n", b"\r\n"),
    "CR LF becomes LF": lambda data: data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"),
    "telnet adds NUL to CR": lambda data: data.replace(b"\r", b"\r\0"),
    "software flow control takes XON and XOFF": lambda data: data.translate(None, b"\x11\x13"),
    "seven data bits": lambda data: bytes(byte & 0x7F for byte in data),
    "Latin-1 becomes UTF-8": lambda data: data.decode("latin-1").encode(),
    "invalid UTF-8 is replaced": lambda data: data.decode(errors="replace").encode(),
    "a buffer of 1024 bytes": cut(1024),
    "a buffer of 256 bytes": cut(256),
    "a lost last byte": lambda data: data[:-1],
    "a lost byte": lost(500),
    "a changed bit": flipped(700),
    "a changed tag": flipped(-1),
}
"""Alterations by their names. All expect frames of more than 1,024 bytes."""


def noise(chance: Random) -> bytes:
    """Return random bytes that contain headers of frames, but no complete frames."""
    return b"".join(
        chance.randbytes(chance.randrange(1, 120)) + _false_header(chance)
        for _ in range(chance.randrange(1, 4))
    ) + chance.randbytes(chance.randrange(1, 60))


def _false_header(chance: Random) -> bytes:
    claimed = chance.choice([b"\xff\xff", b"\x80\x00", chance.randrange(0x8000).to_bytes(2)])
    header = b"\xdb\x08SAG" + chance.randbytes(5) + b"\x82" + claimed
    return header + chance.choice([b"", b"\x30" + chance.randbytes(4)])
