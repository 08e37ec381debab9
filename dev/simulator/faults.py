"""Bytes that arrive wrong, at random: noise of the line, and damaged frames."""

from random import Random


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


def cut_tail(data: bytes, chance: Random) -> bytes:
    """Return `data` without a random number of bytes at the end."""
    return data[: chance.randrange(1, len(data))]


def cut_middle(data: bytes, chance: Random) -> bytes:
    """Return `data` without some bytes at a random place in the middle."""
    start = chance.randrange(1, len(data) - 1)
    return data[:start] + data[chance.randrange(start + 1, len(data)) :]


def flip(data: bytes, chance: Random, start: int = 0, end: int | None = None) -> bytes:
    """Return `data` with one inverted bit at a random place from `start` to before `end`."""
    place = chance.randrange(start, len(data) if end is None else end)
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
