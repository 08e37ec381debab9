"""What the cluster has: how much of the stream is not committed yet, and which frames."""

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from .intruder import MARK, STREAM
from .truth import digest_of

PARTITIONS = 16
_BUCKET = "smarty_p1_partitions"
_BATCH = 500
_TITLE_DIGITS = 16
ERRORS = (OSError, asyncio.TimeoutError, nats.errors.Error, nats.js.errors.Error)


async def partitions_behind(stream: JetStreamContext) -> list[int]:
    """Return by how much of the stream each partition is not committed to its end."""
    bucket = await stream.key_value(_BUCKET)
    behind = []
    for partition in range(PARTITIONS):
        last = committed = 0
        with contextlib.suppress(nats.js.errors.NotFoundError):
            message = await stream.get_last_msg(STREAM, f"smarty_p1.frames.{partition}.*")
            last = message.seq or 0
        with contextlib.suppress(nats.js.errors.NotFoundError):
            kept = await bucket.get(f"{partition}")
            committed = int(json.loads(kept.value or b"{}")["sequence"])
        behind.append(max(0, last - committed))
    return behind


async def committed_counters(stream: JetStreamContext) -> dict[str, int]:
    """Return the last frame counter that is committed of each meter, by system title."""
    bucket = await stream.key_value(_BUCKET)
    counters: dict[str, int] = {}
    for partition in range(PARTITIONS):
        with contextlib.suppress(nats.js.errors.NotFoundError):
            kept = await bucket.get(f"{partition}")
            found = json.loads(kept.value or b"{}")["counters"]
            # Behind the title stands the fingerprint of the meter's key.
            counters |= {key[:_TITLE_DIGITS]: counter for key, counter in found.items()}
    return counters


async def consumers(stream: JetStreamContext) -> str:
    """Return what the servers know of the consumers that are not at the end, for whoever looks."""
    return "; ".join(
        f"{one.name}: delivered {one.delivered}, acknowledged {one.ack_floor}, "
        f"{one.num_pending} pending, {one.num_waiting} requests"
        for one in await stream.consumers_info(STREAM)
        if one.num_pending or one.num_ack_pending
    )


@dataclass
class Content:
    """What is in the stream: how often each frame that gateways have published, by its digest.

    `bytes_each` is what a message takes there, on average.
    """

    bytes_each: float = 0.0
    frames: Counter[str] = field(default_factory=Counter)
    intruded: int = 0

    @property
    def doubled(self) -> int:
        """Return how many frames are there once more than they should be."""
        return self.frames.total() - len(self.frames)


async def read_stream(stream: JetStreamContext) -> Content:
    """Look at every message in the stream."""
    state = (await stream.stream_info(STREAM)).state
    found = Content(state.bytes / max(1, state.messages))
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE, inactive_threshold=30
    )
    subscription = await stream.pull_subscribe("smarty_p1.frames.>", stream=STREAM, config=config)
    left = state.messages
    while left:
        for message in await subscription.fetch(min(left, _BATCH), timeout=10):
            left -= 1
            if MARK in (message.headers or {}):
                found.intruded += 1
            else:
                found.frames[digest_of(message.data)] += 1
    await subscription.unsubscribe()
    return found
