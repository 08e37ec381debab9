"""The stream and the buckets in NATS, made where they are missing."""

import json
import logging
import re
from dataclasses import replace

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, KeyValueConfig, StorageType, StreamConfig, StreamInfo
from nats.js.errors import (
    APIError,
    BucketNotFoundError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NotFoundError,
)
from nats.js.kv import KeyValue

from .leases import LEASE_TIME
from .metrics import Metrics
from .subjects import LEASES, PARTITIONS, STREAM, STREAM_SUBJECTS
from .unreadable import put_aside

LOGGER = logging.getLogger(__name__)

_REPLICAS = 3
_GIGABYTE = 1024**3
_GIGABYTES = 10
_MAX_AGE = 7 * 86400.0
_DUPLICATE_WINDOW = 600.0
# Twice what a frame can have, and its headers.
_MAX_MESSAGE = 64 * 1024
_COUNT_KEY = "partitions"
_is_count = re.compile(rb"[1-9][0-9]{0,3}").fullmatch


class OtherPartitionsError(Exception):
    """The cluster's collectors were set up with another number of partitions: `number`."""

    def __init__(self, number: object) -> None:
        super().__init__()
        self.number = number


async def make_stream(js: JetStreamContext, gigabytes: int | None) -> StreamInfo:
    """Make the stream of the frames, unless it is there, however it is configured."""
    try:
        return await js.stream_info(STREAM)
    except NotFoundError:
        info = await js.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[STREAM_SUBJECTS],
                num_replicas=_REPLICAS,
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=_MAX_AGE,
                max_bytes=(gigabytes or _GIGABYTES) * _GIGABYTE,
                max_msg_size=_MAX_MESSAGE,
                duplicate_window=_DUPLICATE_WINDOW,
            )
        )
        LOGGER.warning("There was no stream %s: it is made", STREAM)
        return info


async def enlarge_stream(js: JetStreamContext, info: StreamInfo, gigabytes: int | None) -> None:
    """Let the stream hold more, if that is wanted and it is limited to less: nothing gets lost."""
    max_bytes = (gigabytes or 0) * _GIGABYTE
    if not 0 < (info.config.max_bytes or 0) < max_bytes:
        return
    try:
        await js.update_stream(replace(info.config, max_bytes=max_bytes))
    except APIError as error:
        text = "The stream %s stays as small as it is (%s)"
        LOGGER.error(text, STREAM, error.description)  # noqa: TRY400 - it says all
    else:
        LOGGER.warning("The stream %s may hold %d GB now", STREAM, gigabytes)


async def open_leases(js: JetStreamContext) -> KeyValue:
    """Return the bucket of the leases."""
    return await _open(
        js,
        KeyValueConfig(
            bucket=LEASES, ttl=LEASE_TIME, storage=StorageType.MEMORY, replicas=_REPLICAS
        ),
    )


async def open_states(js: JetStreamContext, partitions: int, metrics: Metrics) -> KeyValue:
    """Return the bucket of the partitions' states.

    Raises OtherPartitionsError when it was made for another number of them.
    """
    wanted = json.dumps(partitions).encode()
    bucket = await _open(
        js, KeyValueConfig(bucket=PARTITIONS, storage=StorageType.FILE, replicas=_REPLICAS)
    )
    try:
        entry = await bucket.get(_COUNT_KEY)
    except KeyNotFoundError:
        try:
            await bucket.create(_COUNT_KEY, wanted)
        except KeyWrongLastSequenceError:
            entry = await bucket.get(_COUNT_KEY)
        else:
            return bucket
    content = entry.value or b""
    if not _is_count(content):
        await put_aside(bucket, _COUNT_KEY, content)
        await bucket.update(_COUNT_KEY, wanted, entry.revision)
        metrics.unreadable_states.inc()
        LOGGER.error("The number of partitions in NATS is malformed: it is put aside")
    elif content != wanted:
        raise OtherPartitionsError(content.decode())
    return bucket


async def _open(js: JetStreamContext, config: KeyValueConfig) -> KeyValue:
    try:
        return await js.key_value(config.bucket)
    except BucketNotFoundError:
        bucket = await js.create_key_value(config)
        LOGGER.warning("There was no bucket %s: it is made", config.bucket)
        return bucket
