"""Creation and enlargement of the stream of frames and of the bucket, with the operator's login.

Collectors have no right to change them. So a stolen collector cannot limit, seal or purge them.
"""

import logging
from dataclasses import replace

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, KeyValueConfig, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

from smarty_p1_gateway.config_table import raise_unavailable
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM

from .collector_client import connected
from .collector_config import CollectorConfig
from .jetstream_objects import MAX_MESSAGE_BYTES, METERS, METERS_STREAM, SUBJECTS, StreamSettings

LOGGER = logging.getLogger(__name__)

_GIGABYTE = 1024**3
_DAY_S = 86400.0
_DEFAULT_GIGABYTES = 10
_DEFAULT_DAYS = 7
_DEFAULT_REPLICAS = 3
# Maximum number of a meter's messages per day: one every ten seconds (8,640), plus 10 %.
_MESSAGES_A_DAY = 9_504
# Seconds for which NATS keeps the ids of messages in memory: the shortest time that NATS allows. An
# attacker with a login can send ids of 15 KB each, 100 MB a second. In a longer time, these ids
# could fill the memory.
_DUPLICATE_WINDOW_S = 0.1
_OPERATOR = "operator"


async def make_stream(config: CollectorConfig, *, password: str | None = None) -> str:
    """Create or enlarge the stream of frames and the bucket. Return a text for the operator.

    With `password`, log in as the operator, who is not the user in `config`.
    Raises UnavailableError.
    """
    if password is not None:
        inbox = f"_INBOX_{_OPERATOR}"
        login = replace(config.nats, username=_OPERATOR, password=password, inbox_prefix=inbox)
        config = config._replace(nats=login)
    async with connected(config) as js:
        info = await make_objects(js, config.stream)
    limits = info.config
    return (
        f"{STREAM}: {limits.num_replicas} replicas, {(limits.max_bytes or 0) / _GIGABYTE:g} GB,"
        f" {(limits.max_age or 0) / _DAY_S:g} days, {info.state.messages:,} messages"
    )


async def make_objects(js: JetStreamContext, settings: StreamSettings) -> StreamInfo:
    """Create or enlarge the stream of frames and the bucket. Return the stream.

    Raises NATS's errors and UnavailableError.
    """
    info = await _make_frames(js, settings)
    await _make_meters(js, settings)
    return info


async def _make_frames(js: JetStreamContext, settings: StreamSettings) -> StreamInfo:
    """Create the stream of frames, or change it to `settings`. Return the stream."""
    try:
        return await change_frames(js, await js.stream_info(STREAM), settings)
    except NotFoundError:
        new = StreamConfig(
            name=STREAM,
            num_replicas=settings.replicas or _DEFAULT_REPLICAS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.OLD,
            max_age=(settings.days or _DEFAULT_DAYS) * _DAY_S,
            max_bytes=(settings.gigabytes or _DEFAULT_GIGABYTES) * _GIGABYTE,
        )
        info = await js.add_stream(_with_limits(new))
        LOGGER.warning("There was no stream %s: it is made", STREAM)
        return info


async def change_frames(
    js: JetStreamContext, info: StreamInfo, settings: StreamSettings
) -> StreamInfo:
    """Change the stream in NATS to `settings`. Return the changed stream.

    Its size, age and number of replicas are never reduced. Raises UnavailableError.
    """
    return await _change(js, info, _with_limits(_enlarged(info.config, settings)))


def _with_limits(config: StreamConfig) -> StreamConfig:
    """Return `config` with the subjects and the limits that each stream of frames has."""
    days = max(1, round((config.max_age or _DEFAULT_DAYS * _DAY_S) / _DAY_S))
    return replace(
        config,
        subjects=sorted({*(config.subjects or ()), SUBJECTS}),
        allow_atomic=True,
        max_msg_size=MAX_MESSAGE_BYTES,
        duplicate_window=_DUPLICATE_WINDOW_S,
        max_msgs_per_subject=max(days * _MESSAGES_A_DAY, config.max_msgs_per_subject or 0),
    )


async def _make_meters(js: JetStreamContext, settings: StreamSettings) -> None:
    """Create the bucket of meters' names, or increase the number of its replicas."""
    try:
        info = await js.stream_info(METERS_STREAM)
    except NotFoundError:
        replicas = settings.replicas or _DEFAULT_REPLICAS
        await js.create_key_value(
            KeyValueConfig(bucket=METERS, storage=StorageType.FILE, replicas=replicas)
        )
        LOGGER.warning("There was no bucket %s: it is made", METERS)
        return
    # The marks of removed bookmarks are deleted after some time.
    wanted = replace(info.config, allow_msg_ttl=True)
    await _change(js, info, _enlarged(wanted, StreamSettings(replicas=settings.replicas)))


def _enlarged(config: StreamConfig, settings: StreamSettings) -> StreamConfig:
    """Return `config` with each limit raised to the limit in `settings`.

    A limit in `config` that is already higher stays, because a lower limit could delete frames. A
    warning is logged for it.
    """
    for key, limit, unit in (
        ("gigabytes", "max_bytes", _GIGABYTE),
        ("days", "max_age", _DAY_S),
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


async def _change(js: JetStreamContext, info: StreamInfo, wanted: StreamConfig) -> StreamInfo:
    """Change a stream to `wanted`. Return the changed stream.

    Raises UnavailableError if NATS refuses the change.
    """
    if wanted == info.config:
        return info
    try:
        changed = await js.update_stream(wanted)
    except APIError as error:
        raise_unavailable(
            f"{wanted.name} stays as it is: NATS refuses the change ({error.description})"
        )
    LOGGER.warning("%s is changed as the configuration wants it", wanted.name)
    return changed
