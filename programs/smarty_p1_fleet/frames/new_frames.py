"""New frames: the messages of the durable consumer, which all collectors of a store share."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from zlib import crc32

from nats.errors import ConnectionClosedError, Error as NatsError

from smarty_p1_fleet.collector_client import STORED_PREFIX, CollectorClient
from smarty_p1_fleet.jetstream_objects import PRIORITY_GROUP
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.store.store_writer import WRITE_INTERVAL_S
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM

from .frame_message import FrameMessage, read_delivery

_BATCH = 1000
_EXPIRES = 2.0
_MARGIN = 1.0
# Number of unanswered requests after which the collector reconnects, because the consumer has
# perhaps moved to another node.
_MAX_UNANSWERED = 3
_PAUSE = 0.1
# NATS distinguishes this number of priorities.
_PRIORITIES = 10
_AT_END = (b"404", b"408")


class NewFrames:
    """Messages that a collector has got and not settled. It outlasts connections to NATS.

    The collector's `name` decides whether this or another collector of the same consumer gets
    messages if both can. While `may_take` returns False, the others get all messages.
    """

    def __init__(
        self, metrics: CollectorMetrics, may_take: Callable[[], bool], name: str = ""
    ) -> None:
        self._priority = crc32(name.encode()) % _PRIORITIES
        self._metrics = metrics
        self._may_take = may_take
        self._nats: CollectorClient | None = None
        self._arrived: deque[FrameMessage] = deque()
        # Unsettled messages. The key is the message's `identity`. The value is the subject to
        # which the acknowledgement is sent. NATS delivers an unacknowledged message again, with a
        # new subject for the acknowledgement. Only the subject of the last delivery is kept.
        self._held: dict[tuple[int, float], bytes] = {}
        self._has_arrived = asyncio.Event()
        self._is_used_up = asyncio.Event()
        self._is_answered = asyncio.Event()
        self._left = 0
        self._lost: NatsError | None = None
        self._is_refused = False

    @property
    def oldest(self) -> float | None:
        """Return when the oldest message arrived that no pipeline has taken. Any thread can ask."""
        return next((message.arrived for message in list(self._arrived)[:1]), None)

    async def take_messages(self) -> list[FrameMessage]:
        """Return the next messages. Wait for more of them, up to the time of the next write."""
        await self._has_arrived.wait()
        if len(self._arrived) < _BATCH:
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(WRITE_INTERVAL_S - now % WRITE_INTERVAL_S)
        taken = [self._arrived.popleft() for _ in range(min(_BATCH, len(self._arrived)))]
        if not self._arrived:
            self._has_arrived.clear()
        self._is_used_up.set()
        return taken

    async def settle(self, messages: Sequence[FrameMessage], *, is_done: bool) -> None:
        """Acknowledge messages, or with `is_done` False, let NATS deliver them again at once."""
        if self._nats is None:
            raise ConnectionClosedError
        replies = [reply for message in messages if (reply := self._held.get(message.identity))]
        await self._nats.acknowledge(replies, is_done=is_done)
        for message in messages:
            self._held.pop(message.identity, None)

    async def fetch(self, nats: CollectorClient, consumer: str) -> None:
        """Request messages as fast as a pipeline takes them, until cancelled.

        Raises NATS's errors.
        """
        self._nats, self._lost = nats, None
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"
        wanted: dict[str, object] = {"batch": _BATCH, "expires": int(_EXPIRES * 1e9)}
        wanted |= {"group": PRIORITY_GROUP, "priority": self._priority}
        request, inbox = json.dumps(wanted).encode(), nats.new_inbox()
        subscription = await nats.receive(inbox, self._on_message)
        unanswered = 0
        try:
            while True:
                while len(self._arrived) >= _BATCH:
                    self._is_used_up.clear()
                    await self._is_used_up.wait()
                if not self._may_take():
                    await asyncio.sleep(_PAUSE)
                    continue
                self._left = _BATCH
                self._is_answered.clear()
                await nats.publish(subject, request, inbox)
                try:
                    async with asyncio.timeout(_EXPIRES + _MARGIN):
                        await self._is_answered.wait()
                    unanswered = 0
                except TimeoutError:
                    unanswered += 1
                if self._lost is not None:
                    raise self._lost
                if self._is_refused:
                    # NATS can answer the next request with the same status at once. So pause, to
                    # prevent a busy loop.
                    self._is_refused = False
                    await asyncio.sleep(_PAUSE)
                if unanswered >= _MAX_UNANSWERED:
                    raise NatsError("nobody answers for the consumer")
        finally:
            with suppress(NatsError, OSError):
                await subscription.unsubscribe()

    def _on_message(self, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        if not reply.startswith(STORED_PREFIX):
            self._on_status(headers)
            return
        frame = read_delivery(subject, reply, data, headers)
        if frame.is_redelivered:
            self._metrics.redelivered.inc()
        if frame.identity not in self._held:
            self._arrived.append(frame)
            self._has_arrived.set()
        self._held[frame.identity] = reply
        self._left -= 1
        if self._left <= 0:
            self._is_answered.set()

    def _on_status(self, headers: bytes) -> None:
        """Handle a status message of NATS, such as `NATS/1.0 408 Request Timeout`."""
        _, status, text, *_ = *headers.partition(b"\r\n")[0].split(b" ", 2), b"", b""
        if status == b"503" or b"deleted" in text.lower():
            self._lost = NatsError("there is no such consumer, or no leader for it")
        self._is_refused = status not in _AT_END
        self._is_answered.set()
