"""Encrypted bytes -> telegram: the project's decoder and dsmr-parser, tag verified by both."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dsmr_parser import telegram_specifications
from dsmr_parser.clients.telegram_buffer import EncryptedTelegramBuffer
from dsmr_parser.parsers import TelegramParser

from smarty_p1.p1 import DEFAULT_AUTHENTICATION_KEY, Decoder, Telegram

from .frames import KEY, in_chunks, series

type Chunks = Iterable[bytes]
type Registers = list[float]

FRAMES = 200
AIMS = {64: 40, 1: 8}


class Result(NamedTuple):
    """Microseconds a telegram, for chunks of so many bytes."""

    chunk_size: int
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


def compare(chunk_size: int, rounds: int) -> Result:
    """Time both readers in turns on the same chunks; the best round of each counts."""
    frames = series(FRAMES)
    chunks = [chunk for frame in frames for chunk in in_chunks(frame, chunk_size)]
    if read_with_own(chunks) != read_with_dsmr_parser(chunks):
        message = "the two readers disagree about what the meter says"
        raise RuntimeError(message)
    times = [
        (
            _microseconds(read_with_own, chunks, FRAMES),
            _microseconds(read_with_dsmr_parser, chunks, FRAMES),
        )
        for _ in range(rounds)
    ]
    own, other = (min(column) for column in zip(*times, strict=True))
    return Result(chunk_size, own, other)
