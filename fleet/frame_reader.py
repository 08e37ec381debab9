"""The frames of a partition, from its durable consumer, in the order of the stream.

Messages are asked for as they are used up. A message that the servers count as delivered may have
been lost on the way, with a connection or a server; the consumer counts what it delivers, so the
gap is seen, and whoever reads opens another consumer behind what it has dealt with. So it is when
the server of the consumer is gone, or was started again and has forgotten what it delivered.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from .meter_sources import Source, source_of
from .subjects import STREAM, consumer_of, frames_of

MOST_NOT_COMMITTED = 20_000
# Longer than a commit takes. What got lost on the way, with nothing after it, comes again then.
_ACK_WAIT = 60.0
_INACTIVE_THRESHOLD = 600.0
_BATCH = 256
# Bounds what waits here of a partition; a message larger than this would never come.
_LEAST_BYTES = 2 * 1024 * 1024
_EXPIRES = 2.0
_MARGIN = 1.0
# Requests without an answer: that the time is over is one, too, when there is nothing to deliver.
_MOST_UNANSWERED = 2
_PAUSE = 0.1
# What comes meanwhile is dealt with together, and by all partitions at the same moment: to wake up
# for each message would cost more than the message.
_GATHER_TIME = 0.4
_AT_END = ("404", "408")
_ACK_PREFIX = "$JS.ACK."
_TOKENS_WITHOUT_DOMAIN = 9
_MORE_TOKENS_WITH_DOMAIN = 2


class FrameMessage(NamedTuple):
    """A message of the stream. `arrived` is when the stream got it (Unix seconds).

    `source` is where it came from, None where nobody asked.
    """

    subject: str
    data: bytes
    sequence: int
    arrived: float
    ack: str
    source: Source | None = None


class GapError(Exception):
    """A message was delivered that did not arrive here, or the consumer has begun anew."""


class FrameReader:
    """Reads the stream from behind a sequence on.

    `is_at_end` says that there was nothing more when it was read last.
    """

    def __init__(self, nats: Client, js: JetStreamContext, partition: int, epoch: int) -> None:
        self.is_at_end = False
        self._nats = nats
        self._js = js
        self._partition = partition
        self._epoch = epoch
        self._name = consumer_of(partition, epoch)
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._name}"
        self._inbox = nats.new_inbox()
        self._most_bytes = max(_LEAST_BYTES, 2 * nats.max_payload)
        self._arrived: deque[Msg] = deque()
        self._has_arrived = asyncio.Event()
        self._has_all = asyncio.Event()
        self._asked_for = 0
        self._asked_until = 0.0
        self._unanswered = 0
        self._sequence = 0
        self._delivered = 0

    async def open(self, sequence: int) -> None:
        """Make the consumer, and ask it for what is behind a sequence of the stream."""
        self._sequence = sequence
        await self._js.add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=self._name,
                filter_subject=frames_of(self._partition),
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=sequence + 1,
                ack_policy=AckPolicy.ALL,
                ack_wait=_ACK_WAIT,
                max_ack_pending=MOST_NOT_COMMITTED,
                inactive_threshold=_INACTIVE_THRESHOLD,
                # What counts is the partition's state: a consumer that dies with its server is made
                # anew elsewhere, and costs the cluster half of what a replicated one does.
                num_replicas=1,
                mem_storage=True,
            ),
        )
        self._subscription = await self._nats.subscribe(self._inbox, cb=self._on_message)

    async def close(self) -> None:
        """Take no more messages."""
        await self._subscription.unsubscribe()

    async def forget_earlier(self) -> None:
        """Delete the consumer of the epoch before."""
        await self._js.delete_consumer(STREAM, consumer_of(self._partition, self._epoch - 1))

    async def acknowledge(self, ack: str) -> None:
        """Acknowledge a message, and all before it."""
        await self._nats.publish(ack)

    async def read(self, timeout: float) -> list[FrameMessage]:  # noqa: ASYNC109 - no failure
        """Return what has come, or comes within a time. Raises GapError, and NATS's errors."""
        # An answer that has waited here may be old.
        is_late = bool(self._arrived)
        self.is_at_end = False
        await self._ask()
        if not self._arrived:
            self._has_arrived.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._has_arrived.wait()
            except TimeoutError:
                return []
        await self._gather()
        messages = []
        while self._arrived:
            if message := self._check(self._arrived.popleft()):
                messages.append(message)
        self.is_at_end &= not is_late
        if not messages and not self._asked_for:
            # The servers say something else than that the time is over: not to ask in a circle.
            await asyncio.sleep(_PAUSE)
        return messages

    async def _gather(self) -> None:
        """Wait for more, unless all that was asked for is here."""
        now = asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_TIME - now % _GATHER_TIME):
                await self._has_all.wait()

    async def _ask(self) -> None:
        if self._arrived:
            return
        now = time.monotonic()
        if self._asked_for > 0:
            if now < self._asked_until + _MARGIN:
                return
            # Its server may be gone, and it with it; or it is this process that was late.
            self._unanswered += 1
            if self._unanswered >= _MOST_UNANSWERED:
                msg = "nobody answers for the consumer"
                raise NatsError(msg)
        expires = 0.0 if self._unanswered else _EXPIRES
        self._asked_for = _BATCH
        self._has_all.clear()
        self._asked_until = now + expires
        request = {
            "batch": _BATCH,
            "max_bytes": self._most_bytes,
            "expires": int(expires * 1e9),
            "no_wait": not expires,
        }
        await self._nats.publish(self._next, json.dumps(request).encode(), self._inbox)

    async def _on_message(self, message: Msg) -> None:
        self._unanswered = 0
        self._arrived.append(message)
        self._has_arrived.set()
        if len(self._arrived) >= self._asked_for or not message.reply:
            self._has_all.set()

    def _check(self, message: Msg) -> FrameMessage | None:
        ack = message.reply
        if not ack.startswith(_ACK_PREFIX):
            self._note_status(message)
            return None
        tokens = ack.split(".")
        at = 4 if len(tokens) == _TOKENS_WITHOUT_DOMAIN else 4 + _MORE_TOKENS_WITH_DOMAIN
        sequence, delivered = int(tokens[at + 1]), int(tokens[at + 2])
        self._asked_for -= 1
        self.is_at_end = False
        self._delivered += 1
        if delivered != self._delivered:
            # A server that was started again begins the consumer again.
            raise GapError
        if sequence <= self._sequence:
            # Delivered again, since it is not acknowledged yet.
            return None
        self._sequence = sequence
        arrived = int(tokens[at + 3]) / 1e9
        source = source_of(message.headers)
        return FrameMessage(message.subject, message.data, sequence, arrived, ack, source)

    def _note_status(self, message: Msg) -> None:
        """Ask again after what the server says instead of messages."""
        self._asked_for = 0
        status = (message.headers or {}).get("Status", "")
        self.is_at_end = status in _AT_END
        if status == "503":
            msg = "there is no such consumer, or no leader for it"
            raise NatsError(msg)
