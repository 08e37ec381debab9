"""Reader of the NATS stream: its messages, and the number of unacknowledged messages."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from .faults.intruder import MARK, STREAM
from .sent_telegrams import digest_of

CONSUMER = "store"
_BATCH = 500
ERRORS = (OSError, asyncio.TimeoutError, nats.errors.Error, nats.js.errors.Error)


async def not_acknowledged(stream: JetStreamContext) -> int:
    """Return the number of messages in the stream that collectors have not acknowledged yet."""
    # The collectors' login may ask for this consumer, but not for a list of consumers.
    info = await stream.consumer_info(STREAM, CONSUMER)
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def consumers(stream: JetStreamContext) -> str:
    """Return a text for the log. It describes the consumers that have unacknowledged messages."""
    return "; ".join(
        f"{consumer.name}: delivered {consumer.delivered}, acknowledged {consumer.ack_floor}, "
        f"{consumer.num_pending} pending, {consumer.num_waiting} requests"
        for consumer in await stream.consumers_info(STREAM)
        if consumer.num_pending or consumer.num_ack_pending
    )


@dataclass
class Content:
    """Content of the NATS stream.

    `bytes_each` is the average size of a message in bytes. `intruded` is the number of messages
    that the attacker published. `frames` counts all other messages by the digest of their frame.
    """

    bytes_each: float = 0.0
    frames: Counter[str] = field(default_factory=Counter)
    intruded: int = 0

    @property
    def doubled(self) -> int:
        """Return the number of messages that repeat the frame of an earlier message."""
        return self.frames.total() - len(self.frames)


async def read_stream(stream: JetStreamContext) -> Content:
    """Read all messages of the stream, and return its content."""
    state = (await stream.stream_info(STREAM)).state
    content = Content(state.bytes / max(1, state.messages))
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE, inactive_threshold=30
    )
    subscription = await stream.pull_subscribe("smarty_p1.sealed.>", stream=STREAM, config=config)
    left = state.messages
    while left:
        for message in await subscription.fetch(min(left, _BATCH), timeout=10):
            left -= 1
            if MARK in (message.headers or {}):
                content.intruded += 1
            else:
                content.frames[digest_of(message.data)] += 1
    await subscription.unsubscribe()
    return content
