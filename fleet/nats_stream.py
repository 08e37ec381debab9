"""The stream and the buckets in NATS, made where they are missing."""

import json
import logging
import re
from dataclasses import replace
from typing import NamedTuple

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
_DAY = 86400.0
_DAYS = 7
# What a setting is called in a stream, and how much one of it is there.
_LIMITS = {"gigabytes": "max_bytes", "days": "max_age", "replicas": "num_replicas"}
_UNITS = {"gigabytes": _GIGABYTE, "days": _DAY, "replicas": 1}
_DUPLICATE_WINDOW = 600.0
# Twice what a frame can have, and its headers.
_MAX_MESSAGE = 64 * 1024
_COUNT_KEY = "partitions"
_is_count = re.compile(rb"[1-9][0-9]{0,3}").fullmatch


class StreamSettings(NamedTuple):
    """What the configuration says of the stream and its buckets, None for nothing."""

    gigabytes: int | None = None
    days: int | None = None
    replicas: int | None = None


class OtherPartitionsError(Exception):
    """The cluster's collectors were set up with another number of partitions: `number`."""

    def __init__(self, number: object) -> None:
        super().__init__()
        self.number = number


async def make_stream(js: JetStreamContext, settings: StreamSettings) -> StreamInfo:
    """Make the stream of the frames, unless it is there, however it is configured."""
    try:
        return await js.stream_info(STREAM)
    except NotFoundError:
        info = await js.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[STREAM_SUBJECTS],
                num_replicas=settings.replicas or _REPLICAS,
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=(settings.days or _DAYS) * _DAY,
                max_bytes=(settings.gigabytes or _GIGABYTES) * _GIGABYTE,
                max_msg_size=_MAX_MESSAGE,
                duplicate_window=_DUPLICATE_WINDOW,
            )
        )
        LOGGER.warning("There was no stream %s: it is made", STREAM)
        return info


async def enlarge(js: JetStreamContext, info: StreamInfo, settings: StreamSettings) -> None:
    """Let a stream hold more, for longer, on more nodes, where that is wanted: nothing gets lost.

    Where less is wanted, it stays as it is: frames might go that nobody has read.
    """
    config = info.config
    for key, unit in _UNITS.items():
        wanted, has = getattr(settings, key), getattr(config, _LIMITS[key]) or 0
        if wanted is None or has == wanted * unit:
            continue
        if not 0 < has < wanted * unit:
            text = "%s has more than stream_%s = %d, and keeps it: less could lose frames"
            LOGGER.warning(text, config.name, key, wanted)
            continue
        larger = replace(config, **{_LIMITS[key]: wanted * unit})
        try:
            await js.update_stream(larger)
        except APIError as error:
            text = "%s stays as small as it is, without stream_%s = %d (%s)"
            LOGGER.error(text, config.name, key, wanted, error.description)  # noqa: TRY400
        else:
            config = larger
            LOGGER.warning("%s has stream_%s = %d now", config.name, key, wanted)


async def replicate_buckets(js: JetStreamContext, settings: StreamSettings) -> None:
    """Put the buckets on as many nodes as the stream, if that is wanted and they are on fewer."""
    for bucket in (PARTITIONS, LEASES):
        info = await js.stream_info(f"KV_{bucket}")
        await enlarge(js, info, StreamSettings(replicas=settings.replicas))


async def open_leases(js: JetStreamContext, settings: StreamSettings) -> KeyValue:
    """Return the bucket of the leases."""
    return await _open(
        js,
        KeyValueConfig(
            bucket=LEASES,
            ttl=LEASE_TIME,
            storage=StorageType.MEMORY,
            replicas=settings.replicas or _REPLICAS,
        ),
    )


async def open_states(
    js: JetStreamContext, partitions: int, metrics: Metrics, settings: StreamSettings
) -> KeyValue:
    """Return the bucket of the partitions' states.

    Raises OtherPartitionsError when it was made for another number of them.
    """
    wanted = json.dumps(partitions).encode()
    bucket = await _open(
        js,
        KeyValueConfig(
            bucket=PARTITIONS,
            storage=StorageType.FILE,
            replicas=settings.replicas or _REPLICAS,
        ),
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
