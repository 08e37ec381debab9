"""JetStream objects in NATS: stream of frames, durable consumer, bucket of meters' names."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.errors import Error as NatsError, TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import NotFoundError, ServiceUnavailableError

from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM, SUBJECT
from smartyp1.p1.frame_header import title_text

SUBJECTS = f"{SUBJECT}.*"
METERS = "smarty_p1_meters"
METERS_STREAM = f"KV_{METERS}"
METERS_SUBJECT = f"$KV.{METERS}."
# A collector acknowledges a message 20 to 25 s after it got the message. So with this number, the
# collectors together can get 3,200 messages a second.
MAX_ACK_PENDING = 80_000
MAX_MESSAGE_BYTES = 16 * 1024
"""Maximum size of a message: eight times a telegram with four M-Bus meters.

The limit bounds the space that a meter can fill.
"""
# Seconds after which NATS delivers an unacknowledged message again. A collector acknowledges a
# message about 20 s after writing its values, so this time must be longer.
ACK_WAIT_S = 90.0
# NATS gives each message to the waiting request with the lowest priority. So as long as one
# collector keeps up, it gets all messages, and the others cost nearly nothing. NATS needs a group's
# name.
PRIORITY_GROUP = "collectors"
_FETCH_BATCH = 500
_FETCH_TIMEOUT_S = 5.0
_FETCH_TRIES = 20
_FETCH_PAUSE_S = 0.2
# Seconds without requests after which NATS deletes a consumer that is not durable.
_INACTIVE_S = 60.0
_is_title = re.compile(r"[0-9A-F]{16}").fullmatch
# Consumer that reads a stream once.
_ONCE = ConsumerConfig(
    ack_policy=AckPolicy.NONE, inactive_threshold=_INACTIVE_S, num_replicas=1, mem_storage=True
)


@dataclass
class _PrioritizedConsumerConfig(ConsumerConfig):
    """Configuration of a consumer whose messages go to the request with the lowest priority.

    nats-py does not know these fields.
    """

    priority_groups: tuple[str, ...] = (PRIORITY_GROUP,)
    priority_policy: str = "prioritized"


class StreamSettings(NamedTuple):
    """Configured limits of the stream.

    None stands for the limit of the existing stream, or for the default of a new stream. `replicas`
    also applies to the bucket of meters' names.
    """

    gigabytes: int | None = None
    days: int | None = None
    replicas: int | None = None


def subject_of(title: bytes) -> str:
    """Return the NATS subject of a meter's frames. `title` is the DLMS system title."""
    return f"{SUBJECT}.{title_text(title)}"


def title_of(subject: str) -> bytes | None:
    """Return the system title at the end of `subject`. Return None if it is invalid."""
    digits = subject.rpartition(".")[2]
    return bytes.fromhex(digits) if _is_title(digits) else None


def reading_of(title: bytes) -> str:
    """Return the NATS subject of a meter's decoded readings. `title` is the DLMS system title."""
    return f"smarty_p1.readings.{title_text(title)}"


async def make_consumer(js: JetStreamContext, name: str, titles: tuple[bytes, ...]) -> ConsumerInfo:
    """Create or change the durable consumer `name`.

    All collectors that write to the same VictoriaMetrics share this consumer. With `titles`, it
    delivers only frames of these system titles. Each request must name PRIORITY_GROUP.
    """
    return await js.add_consumer(
        STREAM,
        _PrioritizedConsumerConfig(
            durable_name=name,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=MAX_ACK_PENDING,
            filter_subjects=[subject_of(title) for title in titles] or None,
        ),
    )


async def check_read(js: JetStreamContext, subjects: Iterable[str], start: int, end: int) -> None:
    """Raise NatsError if the stream's leader has a frame of `subjects` from `start` to `end`.

    A reader may get its frames from a node that was started just now, and has not all of them yet.
    """
    for subject in subjects:
        with suppress(NotFoundError):
            message = await js.get_msg(STREAM, seq=start, subject=subject, next=True)
            if (message.seq or 0) <= end:
                raise NatsError("the node that is read has not all frames yet")


async def first_since(
    js: JetStreamContext, title: bytes | None, since: datetime
) -> tuple[int, int, int]:
    """Return the numbers of the first frame since `since` and of the stream's last frame.

    Also return how many frames of the meter are between them. `title` is None for all meters.
    """
    last = (await js.stream_info(STREAM)).state.last_seq
    info = await js.add_consumer(
        STREAM,
        replace(
            _ONCE,
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=since,
            filter_subject=SUBJECTS if title is None else subject_of(title),
        ),
    )
    delivered = info.delivered.stream_seq if info.delivered else 0
    return delivered + 1, last, info.num_pending or 0


async def fetch_messages(subscription: JetStreamContext.PullSubscription, limit: int) -> list[Msg]:
    """Return 1 to `limit` messages that wait for a consumer. Raises NoAnswerError if none arrives.

    NATS answers 503 until all nodes of the cluster know a new consumer. So the function tries
    several times.
    """
    for _ in range(_FETCH_TRIES):
        with suppress(ServiceUnavailableError):
            if messages := await subscription.fetch(limit, timeout=_FETCH_TIMEOUT_S):
                return messages
        await asyncio.sleep(_FETCH_PAUSE_S)
    raise NoAnswerError


async def read_once(
    js: JetStreamContext, stream: str, subjects: Iterable[str], start: int | None = None
) -> AsyncGenerator[list[Msg]]:
    """Yield the messages that `stream` has now, in batches. Raises NATS's errors.

    `start` is the number of the first message. Without it, only the last message of each subject is
    yielded.
    """
    policy = DeliverPolicy.BY_START_SEQUENCE if start else DeliverPolicy.LAST_PER_SUBJECT
    config = replace(_ONCE, deliver_policy=policy, opt_start_seq=start, filter_subjects=[*subjects])
    subscription = await js.pull_subscribe("", stream=stream, config=config)
    try:
        left = (await subscription.consumer_info()).num_pending
        while left:
            messages = await fetch_messages(subscription, min(left, _FETCH_BATCH))
            yield messages
            # Messages may arrive or be deleted meanwhile.
            left = min(left - len(messages), messages[-1].metadata.num_pending)
    finally:
        await subscription.unsubscribe()


async def last_revision(js: JetStreamContext, keys: str) -> int:
    """Return the revision of the newest of the bucket's entries. 0 without entries.

    `keys` is a pattern such as `name.*`. Raises NATS's errors.
    """
    with suppress(NotFoundError):
        return (await js.get_last_msg(METERS_STREAM, f"{METERS_SUBJECT}{keys}")).seq or 0
    return 0


async def read_entries(js: JetStreamContext, keys: str) -> AsyncIterator[tuple[str, bytes, int]]:
    """Yield key, value and revision of the bucket's entries. Raises NATS's errors.

    `keys` is a key, or a pattern such as `name.*`. One consumer reads all entries, which costs NATS
    and the collector less than a request for each entry.
    """
    async for messages in read_once(js, METERS_STREAM, (f"{METERS_SUBJECT}{keys}",)):
        for message in messages:
            if "KV-Operation" not in (message.headers or {}):
                key = message.subject.removeprefix(METERS_SUBJECT)
                yield key, message.data, message.metadata.sequence.stream
