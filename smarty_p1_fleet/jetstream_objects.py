"""JetStream objects in NATS: stream of frames, durable consumer, bucket of meters' names."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    KeyValueConfig,
    StorageType,
    StreamConfig,
    StreamInfo,
)
from nats.js.errors import (
    APIError,
    BucketNotFoundError,
    NotFoundError,
    ServiceUnavailableError,
)
from nats.js.kv import KeyValue

from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM, SUBJECT

LOGGER = logging.getLogger(__name__)

SUBJECTS = f"{SUBJECT}.*"
METERS = "smarty_p1_meters"
METERS_STREAM = f"KV_{METERS}"
METERS_SUBJECT = f"$KV.{METERS}."
# A collector acknowledges a message 20 to 25 s after it got the message. So with this number, the
# collectors together can get 3,200 messages a second.
MAX_ACK_PENDING = 80_000
GIGABYTE = 1024**3
DAY_S = 86400.0
DEFAULT_GIGABYTES = 10
DEFAULT_DAYS = 7
DEFAULT_REPLICAS = 3
MESSAGES_A_DAY = 9_504
"""Maximum number of a meter's messages per day: one every ten seconds (8,640), plus 10 %."""
MAX_MESSAGE_BYTES = 16 * 1024
"""Maximum size of a message: eight times a telegram with four M-Bus meters.

The limit bounds the space that a meter can fill.
"""
# Seconds after which NATS delivers an unacknowledged message again. A collector acknowledges a
# message about 20 s after writing its values, so this time must be longer.
ACK_WAIT_S = 90.0
# Seconds for which NATS keeps the ids of messages in memory: the shortest time that NATS allows. An
# attacker with a login can send ids of 15 KB each, 100 MB a second. In a longer time, these ids
# could fill the memory.
_DUPLICATE_WINDOW_S = 0.1
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
    return f"{SUBJECT}.{title.hex().upper()}"


def title_of(subject: str) -> bytes | None:
    """Return the system title at the end of `subject`. Return None if it is invalid."""
    digits = subject.rpartition(".")[2]
    return bytes.fromhex(digits) if _is_title(digits) else None


def reading_of(title: bytes) -> str:
    """Return the NATS subject of a meter's decoded readings. `title` is the DLMS system title."""
    return f"smarty_p1.readings.{title.hex().upper()}"


async def make_stream(js: JetStreamContext, settings: StreamSettings) -> StreamInfo:
    """Return the stream of frames. If it is missing, create it."""
    try:
        return await js.stream_info(STREAM)
    except NotFoundError:
        days = settings.days or DEFAULT_DAYS
        info = await js.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[SUBJECTS],
                num_replicas=settings.replicas or DEFAULT_REPLICAS,
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=days * DAY_S,
                max_bytes=(settings.gigabytes or DEFAULT_GIGABYTES) * GIGABYTE,
                max_msg_size=MAX_MESSAGE_BYTES,
                max_msgs_per_subject=days * MESSAGES_A_DAY,
                duplicate_window=_DUPLICATE_WINDOW_S,
                allow_atomic=True,
            )
        )
        LOGGER.warning("There was no stream %s: it is made", STREAM)
        return info


async def change_stream(
    js: JetStreamContext, info: StreamInfo, settings: StreamSettings
) -> StreamInfo:
    """Change the stream in NATS to `settings`. Return the changed stream.

    Its size, age and number of replicas are never reduced. If NATS refuses the change, log the
    error and return the unchanged stream.
    """
    config = _enlarged(info.config, settings)
    days = max(1, round((config.max_age or DEFAULT_DAYS * DAY_S) / DAY_S))
    wanted = replace(
        config,
        subjects=sorted({*(config.subjects or ()), SUBJECTS}),
        allow_atomic=True,
        max_msg_size=MAX_MESSAGE_BYTES,
        duplicate_window=_DUPLICATE_WINDOW_S,
        max_msgs_per_subject=max(days * MESSAGES_A_DAY, config.max_msgs_per_subject),
    )
    return await change_config(js, info, wanted)


async def make_consumer(
    js: JetStreamContext, name: str, titles: tuple[bytes, ...] = ()
) -> ConsumerInfo:
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


async def first_since(
    js: JetStreamContext, title: bytes | None, since: datetime
) -> tuple[int, int, int]:
    """Return the numbers of the first frame since `since` and of the stream's last frame.

    Also return how many frames of the meter are between them. `title` is None for all meters.
    """
    last = (await js.stream_info(STREAM)).state.last_seq
    info = await js.add_consumer(
        STREAM,
        ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=since,
            filter_subject=SUBJECTS if title is None else subject_of(title),
            inactive_threshold=_INACTIVE_S,
            num_replicas=1,
            mem_storage=True,
        ),
    )
    delivered = info.delivered.stream_seq if info.delivered else 0
    return delivered + 1, last, info.num_pending or 0


async def open_meters(js: JetStreamContext, settings: StreamSettings) -> KeyValue:
    """Return the bucket of meters' names. If it is missing, create it."""
    try:
        return await js.key_value(METERS)
    except BucketNotFoundError:
        replicas = settings.replicas or DEFAULT_REPLICAS
        bucket = await js.create_key_value(
            KeyValueConfig(bucket=METERS, storage=StorageType.FILE, replicas=replicas)
        )
        LOGGER.warning("There was no bucket %s: it is made", METERS)
        return bucket


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
    js: JetStreamContext, stream: str, subjects: Iterable[str], start: ConsumerConfig
) -> AsyncGenerator[list[Msg]]:
    """Yield the messages that `stream` has now, in batches. Raises NATS's errors.

    `start` names the first message.
    """
    config = replace(
        start,
        filter_subjects=[*subjects],
        ack_policy=AckPolicy.NONE,
        inactive_threshold=_INACTIVE_S,
        num_replicas=1,
        mem_storage=True,
    )
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


async def read_entries(js: JetStreamContext, keys: str) -> AsyncIterator[tuple[str, bytes, int]]:
    """Yield key, value and revision of the bucket's entries. Raises NATS's errors.

    `keys` is a key, or a pattern such as `name.*`. One consumer reads all entries, which costs NATS
    and the collector less than a request for each entry.
    """
    last = ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)
    async for messages in read_once(js, METERS_STREAM, (f"{METERS_SUBJECT}{keys}",), last):
        for message in messages:
            if "KV-Operation" not in (message.headers or {}):
                key = message.subject.removeprefix(METERS_SUBJECT)
                yield key, message.data, message.metadata.sequence.stream


async def replicate_meters(js: JetStreamContext, settings: StreamSettings) -> None:
    """Increase the number of the bucket's replicas to the configured number.

    The number is never reduced.
    """
    info = await js.stream_info(METERS_STREAM)
    await change_config(
        js, info, _enlarged(info.config, StreamSettings(replicas=settings.replicas))
    )


def _enlarged(config: StreamConfig, settings: StreamSettings) -> StreamConfig:
    """Return `config` with each limit raised to the limit in `settings`.

    A limit in `config` that is already higher stays, because a lower limit could delete frames. A
    warning is logged for it.
    """
    for key, limit, unit in (
        ("gigabytes", "max_bytes", GIGABYTE),
        ("days", "max_age", DAY_S),
        ("replicas", "num_replicas", 1),
    ):
        wanted, has = getattr(settings, key), getattr(config, limit) or 0
        if wanted is None or has == wanted * unit:
            continue
        if 0 < has < wanted * unit:
            config = replace(config, **{limit: wanted * unit})
        else:
            text = "%s has more than stream_%s = %d, and keeps it: less could lose frames"
            LOGGER.warning(text, config.name, key, wanted)
    return config


async def change_config(js: JetStreamContext, info: StreamInfo, wanted: StreamConfig) -> StreamInfo:
    """Change a stream to `wanted`. Return the changed stream.

    If NATS refuses the change, log the error and return `info`, the unchanged stream.
    """
    if wanted == info.config:
        return info
    try:
        changed = await js.update_stream(wanted)
    except APIError as error:
        text = "%s stays as it is, not as this collector wants it (%s)"
        LOGGER.error(text, wanted.name, error.description)  # noqa: TRY400
        return info
    LOGGER.warning("%s is changed as this collector wants it", wanted.name)
    return changed
