"""Messages of the streams of frames, as the collectors use them."""

from math import inf
from typing import NamedTuple

from nats.aio.msg import Msg

from .meter_sources import Source, read_source

_TOKENS_WITHOUT_DOMAIN = 9
_MORE_TOKENS_WITH_DOMAIN = 2


class FrameMessage(NamedTuple):
    """Message with a frame, as a collector got it.

    `arrived` is the time at which it reached the stream (Unix seconds). This time may be wrong: the
    message has perhaps arrived as late as `latest`.
    """

    subject: str
    data: bytes
    sequence: int
    arrived: float
    is_redelivered: bool
    source: Source
    latest: float = -inf

    @property
    def identity(self) -> tuple[int, float]:
        """Return the message's sequence number and arrival, which together identify the message.

        The sequence number is not enough, because a stream that was deleted and created again
        numbers its messages from 1 again.
        """
        return self.sequence, self.arrived


def read_message(message: Msg) -> FrameMessage:
    """Return a message of a stream that nats-py has parsed. Its source is unknown."""
    return _read(message.subject, message.reply, message.data, Source())


def read_delivery(subject: bytes, reply: bytes, data: bytes, headers: bytes) -> FrameMessage:
    """Return a message of a stream, as NATS sends it. `reply` begins with STORED_PREFIX."""
    source = read_source(headers)
    return _read(subject.decode(errors="replace"), reply.decode(), bytes(data), source)


def _read(subject: str, reply: str, data: bytes, source: Source) -> FrameMessage:
    # The reply subject contains the metadata of the message.
    tokens = reply.split(".")
    at = 4 if len(tokens) == _TOKENS_WITHOUT_DOMAIN else 4 + _MORE_TOKENS_WITH_DOMAIN
    deliveries, sequence, _, nanoseconds = map(int, tokens[at : at + 4])
    return FrameMessage(subject, data, sequence, nanoseconds / 1e9, deliveries > 1, source)
