"""Encrypted bytes -> telegram: the project's decoder and dsmr-parser, tag verified by both."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dsmr_parser import telegram_specifications
from dsmr_parser.clients.telegram_buffer import EncryptedTelegramBuffer
from dsmr_parser.parsers import TelegramParser

from smartyp1.p1 import DEFAULT_AUTHENTICATION_KEY, Decoder, Telegram

from .frames import KEY, in_chunks, literal_series, series

type Chunks = Iterable[bytes]
type Registers = list[float]

FRAMES = 200
SERIES: dict[str, Callable[[int], list[bytes]]] = {
    "the simulator's meter": series,
    "a literal telegram, eleven lines changing": literal_series,
}
AIMS = {64: 60, 1: 12}
"""How many times faster than dsmr-parser, by the bytes a chunk."""
FIRST_AIM = 100
_FIRST_ROUNDS = 200


class Result(NamedTuple):
    """Microseconds a telegram."""

    own: float
    other: float

    @property
    def ratio(self) -> float:
        """Return how many times faster the project's decoder is."""
        return self.other / self.own


def read_with_own(chunks: Chunks) -> Registers:
    """Return the imported energy of every telegram, read by the project's decoder."""
    decoder = Decoder(KEY)
    feed = decoder.feed
    return [
        event.objects["1-0:1.8.0"]  # type: ignore[misc]
        for chunk in chunks
        for event in feed(chunk)
        if isinstance(event, Telegram)
    ]


def read_with_dsmr_parser(chunks: Chunks) -> Registers:
    """Return the imported energy of every telegram, read by dsmr-parser."""
    buffer = EncryptedTelegramBuffer()
    parser = TelegramParser(telegram_specifications.MSN)
    key, authentication_key = KEY.hex(), DEFAULT_AUTHENTICATION_KEY.hex()
    registers = []
    for chunk in chunks:
        buffer.append(chunk)
        for frame in buffer.get_all():
            telegram = parser.parse(frame, key, authentication_key)
            registers.append(float(telegram.ELECTRICITY_IMPORTED_TOTAL.value))
    return registers


def _microseconds(read: Callable[[Chunks], Registers], chunks: Chunks, number: int) -> float:
    start = time.process_time()
    registers = read(chunks)
    took = time.process_time() - start
    if len(registers) != number:
        message = f"{read.__name__} read {len(registers)} of {number} telegrams"
        raise RuntimeError(message)
    return took / number * 1e6


def compare(frames: list[bytes], chunk_size: int, rounds: int) -> Result:
    """Time both readers in turns on the same chunks; the best round of each counts."""
    chunks = [chunk for frame in frames for chunk in in_chunks(frame, chunk_size)]
    if read_with_own(chunks) != read_with_dsmr_parser(chunks):
        message = "the two readers disagree about what the meter says"
        raise RuntimeError(message)
    times = [
        (
            _microseconds(read_with_own, chunks, len(frames)),
            _microseconds(read_with_dsmr_parser, chunks, len(frames)),
        )
        for _ in range(rounds)
    ]
    own, other = (min(column) for column in zip(*times, strict=True))
    return Result(own, other)


def first_telegram(frame: bytes, rounds: int) -> float:
    """Return how many microseconds a new decoder takes for its first telegram."""
    return min(_microseconds(read_with_own, [frame], 1) for _ in range(_FIRST_ROUNDS * rounds))
