"""Faults on the line between a meter and its reader. Tests and users can enable them."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import NamedTuple, Self

from .meter import Meter
from .randomness import seeded_random

FAULTS = {
    "noise": "random bytes before a frame, among them false headers that claim up to 64 KiB",
    "cut-tail": "the end of the frame is missing",
    "cut-middle": "a piece out of the middle of the frame is missing",
    "flip": "one bit of the frame is wrong",
    "other-key": "from then on, frames are enciphered with another key",
    "other-authentication-key": "from then on, frames carry tags of another authentication key",
    "plain": "the telegram comes unenciphered",
    "no-p1": "lines of another device instead of the frame",
    "replay": "an earlier frame comes again behind the frame",
    "silence": "nothing comes, the connection stays",
    "close": "the connection is closed behind the frame",
}
LASTING = {"other-key", "other-authentication-key"}
REMEMBERED_FRAMES = 20


class Delivery(NamedTuple):
    """Bytes that a port sends at once. If `close` is True, it then closes the connection."""

    data: bytes
    close: bool = False


class Fault(NamedTuple):
    """Fault that affects every frame, every Nth frame, or each frame with a probability.

    After a fault in LASTING has affected a frame, it affects all later frames, too.
    """

    name: str
    every: int = 1
    probability: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fault that `text` describes. Raises ValueError for other texts.

        The text is `NAME`, `NAME=0.2` (a probability) or `NAME=1/5` (every fifth frame).
        """
        name, _, often = text.partition("=")
        if name not in FAULTS:
            message = f"there is no fault {name!r}; known are {', '.join(FAULTS)}"
            raise ValueError(message)
        try:
            if often.startswith("1/"):
                fault = cls(name, every=int(often[2:]))
            else:
                fault = cls(name, probability=float(often or 1))
        except ValueError:
            fault = cls(name, every=0)
        if fault.every < 1 or not 0 <= fault.probability <= 1:
            message = f"{name}: {often!r} is neither a probability like 0.2 nor a rate like 1/5"
            raise ValueError(message)
        return fault


class FaultyPort:
    """Port that sends a meter's frames with faults. Equal seeds give equal random faults."""

    def __init__(self, faults: Iterable[Fault | str] = (), seed: int = 0) -> None:
        self._faults = [Fault.parse(f) if isinstance(f, str) else f for f in faults]
        self._chance = seeded_random("faults", seed)
        self._other_key = seeded_random("other key", seed).randbytes(16)
        self._frames = 0
        self._lasting: set[str] = set()
        self._sent: deque[bytes] = deque(maxlen=REMEMBERED_FRAMES)

    def deliver(self, meter: Meter, when: datetime) -> Delivery:
        """Return the bytes that the port sends for the next frame of `meter`.

        The bytes have those faults of the port that affect this frame. `when` is the time of the
        reading in the frame.
        """
        self._frames += 1
        struck = {fault.name for fault in self._faults if self._strikes(fault)}
        self._lasting |= struck & LASTING
        close = "close" in struck
        if "silence" in struck:
            return Delivery(b"", close)

        if "no-p1" in struck:
            data = other_device(self._chance)
        elif "plain" in struck:
            data = meter.telegram_at(when).encode("ascii")
        else:
            data = meter.frame_at(
                when,
                key=self._other_key if "other-key" in self._lasting else None,
                authentication_key=(
                    self._other_key if "other-authentication-key" in self._lasting else None
                ),
            )
        earlier = self._chance.choice(self._sent) if "replay" in struck and self._sent else b""
        self._sent.append(data)
        for name, damage in DAMAGES.items():
            if name in struck:
                data = damage(data, self._chance)
        if "noise" in struck:
            data = noise(self._chance) + data
        return Delivery(data + earlier, close)

    def _strikes(self, fault: Fault) -> bool:
        return self._frames % fault.every == 0 and self._chance.random() < fault.probability


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


def other_device(chance: Random) -> bytes:
    """Return lines of a device that is not a meter."""
    return b"".join(
        f"node={node} temp={chance.uniform(-5, 30):.1f} hum={chance.randint(20, 95)}\r\n".encode()
        for node in range(1, 9)
    )


def cut_tail(data: bytes, chance: Random) -> bytes:
    """Return `data` without a random number of bytes at the end."""
    return data[: chance.randrange(1, len(data))]


def cut_middle(data: bytes, chance: Random) -> bytes:
    """Return `data` without some bytes at a random place in the middle."""
    start = chance.randrange(1, len(data) - 1)
    return data[:start] + data[chance.randrange(start + 1, len(data)) :]


def flip(data: bytes, chance: Random) -> bytes:
    """Return `data` with one inverted bit at a random place."""
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


DAMAGES = {"cut-tail": cut_tail, "cut-middle": cut_middle, "flip": flip}
