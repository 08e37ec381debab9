"""Exchange of meters: the name (serial number) of a system title goes to another title.

At no time do two titles write to one series. The entry of the name has the time of the old title's
last stored telegram: up to this time, the name is the old title's, and afterwards the new title's.
Between both, nobody owns the name for some seconds, until no collector has an older copy of it.
"""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from smarty_p1_gateway.config_table import raise_config_error, raise_unavailable
from smartyp1.p1.frame_header import title_text

from .collector_client import connected
from .collector_config import CollectorConfig
from .jetstream_objects import METERS, first_since
from .meter_deletion import until_acknowledged
from .meter_names import (
    NAMES_INTERVAL_S,
    Tenure,
    meter_key,
    name_key,
    parse_tenures,
    tenures_to_bytes,
)
from .store.store_reader import StoreReader, open_reader, selector

# Minimum time in seconds for which the old title must have been silent.
_MIN_SILENCE_S = 300.0
# Collectors look at the entries every NAMES_INTERVAL_S, and may wait for the answer.
_COLLECTORS_LOOK_S = 3 * NAMES_INTERVAL_S
_COUNTERS_S = 366 * 86400.0


async def exchange_meter(config: CollectorConfig, old: bytes, new: bytes) -> str:
    """Give the name of the system title `old` to the title `new`. Return a text for the operator.

    With the same title twice, its next serial number becomes its name. Raises ConfigError and
    UnavailableError, for example if frames of the old title still arrive.
    """
    title, successor = title_text(old), title_text(new)
    async with connected(config) as js, open_reader(config.store) as reader:
        bucket = await js.key_value(METERS)
        label = (await _get(bucket, meter_key(title)))[0].decode(errors="replace")
        if not label:
            raise_config_error(f"{title} owns no serial number: nothing is to be done")
        if old == new:
            await bucket.put(meter_key(title), b"")
            return f"{title} gets the next serial number that it sends"
        since = await _give(js, bucket, reader, config.store.name, label, title, successor)
    return (
        f"{label} belongs to {successor}, for telegrams after"
        f" {since.astimezone():%Y-%m-%d %H:%M:%S %Z}. Those that wait are stored within a minute."
        f" Later frames of {title} wait"
    )


async def _give(  # noqa: PLR0913, PLR0917
    js: JetStreamContext,
    bucket: KeyValue,
    reader: StoreReader,
    consumer: str,
    label: str,
    title: str,
    successor: str,
) -> datetime:
    """Give the name `label` to `successor`. Return the time of the last telegram of `title`."""
    key = name_key(label)
    value, revision = await _get(bucket, key)
    *earlier, last = parse_tenures(value) or (Tenure(""),)
    if last.title != title:
        raise_config_error(f"{label} belongs to the meter {last.title or 'that sends it next'}")
    began = datetime.now(UTC)
    silent_since = began - timedelta(seconds=_MIN_SILENCE_S)
    if await _has_frame(js, title, silent_since):
        raise_unavailable(
            f"{title} still sends: its last frame is not {_MIN_SILENCE_S:.0f} s old. Nothing is"
            " changed. Take the old meter away, or its title out of fleet.toml, and repeat this"
        )
    if not await until_acknowledged(js, consumer):
        raise_unavailable("the collectors do not acknowledge frames. Nothing is changed")
    times = await reader.counters(
        time.time(), _COUNTERS_S, selector(title, "smarty_p1_frame_counter", label="title")
    )
    until = max((moment for _, moment in times.values()), default=0.0)
    # The name of an exchange that was interrupted has no owner since then.
    ended = (*earlier, Tenure(title, min(last.until, until)))
    revision = await bucket.update(key, tenures_to_bytes(ended), revision)
    await asyncio.sleep(_COLLECTORS_LOOK_S)
    if await _has_frame(js, title, silent_since):
        await bucket.update(key, value, revision)
        raise_unavailable(f"{title} has sent a frame just now: it keeps {label}")
    if (await _get(bucket, meter_key(successor)))[0] not in {b"", label.encode()}:
        await bucket.put(meter_key(successor), label.encode())
    await bucket.update(key, tenures_to_bytes((*ended, Tenure(successor))), revision)
    return datetime.fromtimestamp(ended[-1].until, UTC)


async def _has_frame(js: JetStreamContext, title: str, since: datetime) -> bool:
    return (await first_since(js, bytes.fromhex(title), since))[2] > 0


async def _get(bucket: KeyValue, key: str) -> tuple[bytes, int]:
    """Return the value and the revision of an entry."""
    with suppress(KeyNotFoundError):
        entry = await bucket.get(key)
        return entry.value or b"", entry.revision or 0
    return b"", 0
