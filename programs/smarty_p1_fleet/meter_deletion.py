"""Deletion of a meter from VictoriaMetrics, and from the stream and the bucket in NATS."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import NamedTuple, override

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, NotFoundError

from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.config_table import is_title, raise_config_error, raise_unavailable
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM

from .collector_client import connected
from .collector_config import CollectorConfig
from .jetstream_objects import METERS, METERS_STREAM, METERS_SUBJECT, read_entries, subject_of
from .meter_names import label_of, name_key, owner_at, parse_tenures
from .outage_log import reason
from .store.store_reader import StoreReader, open_reader, selector

# Seconds to wait until VictoriaMetrics has deleted series.
_SETTLED = 3.0
# Maximum number of seconds to wait until collectors have acknowledged the frames that they got.
_MAX_ACKNOWLEDGE_S = 120.0
_LOOK_INTERVAL_S = 1.0
# Series that have both the system title and the name of a meter as labels.
_NAMING = "smarty_p1_(last_seen|frame_counter)"
_LEFT = (
    "Not reached from here: backups of VictoriaMetrics, Prometheus' copy of 15 days, frames that"
    " wait on a gateway's disk, what others have received or exported, and logs. Gateways and"
    " collectors name the title in their metrics until they are restarted. VictoriaMetrics"
    " takes deleted values from its disk when it merges its files."
)


class Holdings(NamedTuple):
    """Amount of a meter's stored data: series, values, messages in the stream, bucket keys."""

    series: int
    values: int
    messages: int
    keys: tuple[str, ...]

    @override
    def __str__(self) -> str:
        """Return the amounts of stored data as a text for the operator."""
        return (
            f"{self.series:,} series with {self.values:,} values in VictoriaMetrics,"
            f" {self.messages:,} messages in the stream,"
            f" {len(self.keys):,} entries in the bucket"
        )


async def forget_meter(
    config: CollectorConfig, meter: str, also: str | None, confirm: Callable[[str], bool]
) -> tuple[str, bool]:
    """Delete the stored data of a meter if `confirm` returns True for a summary of the data.

    `meter` is a system title or a serial number. `also` is another serial number whose series are
    deleted, too. Return a text for the operator, and whether all data is deleted. Raises
    ConfigError and UnavailableError.
    """
    async with connected(config) as js, open_reader(config.store) as reader:
        try:
            task = await _find(config, js, reader, meter, also)
            before = await task.holdings()
        except UnavailableError as error:
            raise_unavailable(f"{error}. Nothing is deleted yet. Repeat this command")
        if not confirm(f"{task}: {before}"):
            return "nothing is deleted", False
        left = await task.delete()
    lines = [f"deleted: {before}"]
    if any(left):
        lines.append(
            f"STILL THERE: {left}. Its gateway still sends, or a collector still has its key:"
            " take the title out of the gateway's rights, reload the collectors, and repeat this"
        )
    return "\n".join([*lines, _LEFT]), not any(left)


async def _read_owners(js: JetStreamContext) -> dict[str, str]:
    """Return the present owner of each name, a system title. The keys are those of the bucket."""
    entries = read_entries(js, "name.*")
    return {key: owner_at(parse_tenures(value), inf) or "" async for key, value, _ in entries}


async def _find(
    config: CollectorConfig, js: JetStreamContext, reader: StoreReader, meter: str, also: str | None
) -> _Forgetting:
    """Find the system title and the names of `meter`. Return the object that deletes the meter.

    Raises ConfigError if the meter is unknown or has a key, or if `also` belongs to another meter.
    """
    bucket = await js.key_value(METERS)
    owners = await _read_owners(js)
    title = owners.get(name_key(meter)) or (meter.upper() if is_title(meter) else None)
    if title is None or not is_title(title):
        raise_config_error("no meter has this name: give its system title (16 hexadecimal digits)")
    if config.keys.key_of(bytes.fromhex(title)):
        raise_config_error(
            f"the meter {title} still has a key in [keys]: what it sends would be stored again."
            " Take its line out on every collector, reload them, and take the title out of its"
            " gateway's rights; then repeat this"
        )
    # If the meter was already deleted from another VictoriaMetrics, the bucket has no entries of
    # the meter any more. So look for the meter's names also in this VictoriaMetrics.
    rows = await reader.series(selector(title, _NAMING, label="title"))
    labels = {title, *(row.get("meter", "") for row in rows)}
    with suppress(KeyNotFoundError):
        labels.add(((await bucket.get(f"meter.{title}")).value or b"").decode(errors="replace"))
    others = {label for label in labels if owners.get(name_key(label), title) != title}
    labels -= others
    left_out = "".join(
        f", without the series of {label}, which belong to the meter {owners[name_key(label)]}"
        for label in sorted(others)
    )
    if also is not None:
        if owners.get(name_key(also), title) != title:
            raise_config_error(
                f"the name given with --series belongs to the meter {owners[name_key(also)]}"
            )
        labels.add(also)
    names = tuple(sorted(key for key, owner in owners.items() if owner == title))
    labels |= {label for key in names if (label := label_of(key))}
    # Drop the empty label. As a selector, it would select all series without a meter.
    series = tuple(sorted(labels - {""}))
    return _Forgetting(js, reader, config.store.name, title, series, names, left_out)


async def until_acknowledged(js: JetStreamContext, consumer: str) -> bool:
    """Wait until the collectors have acknowledged the frames that the stream has now.

    Until then, they write the values of these frames again if VictoriaMetrics restarts. Return
    False after _MAX_ACKNOWLEDGE_S, for example without a running collector.
    """
    last = (await js.stream_info(STREAM)).state.last_seq
    end = time.monotonic() + _MAX_ACKNOWLEDGE_S
    with suppress(NotFoundError):
        while time.monotonic() < end:
            info = await js.consumer_info(STREAM, consumer)
            if info.ack_floor is None or info.ack_floor.stream_seq >= last:
                return True
            await asyncio.sleep(_LOOK_INTERVAL_S)
    return False


@dataclass(frozen=True, slots=True)
class _Forgetting:
    js: JetStreamContext
    reader: StoreReader
    consumer: str
    title: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    left_out: str

    def __str__(self) -> str:
        labels = ", ".join(label for label in self.labels if label != self.title)
        return f"The meter {self.title}" + (f" ({labels})" if labels else "") + self.left_out

    async def holdings(self) -> Holdings:
        counts = [await self.reader.count(selector(label), time.time()) for label in self.labels]
        return Holdings(
            sum(series for series, _ in counts),
            sum(values for _, values in counts),
            await self._messages(),
            tuple(await self._keys()),
        )

    async def delete(self) -> Holdings:
        """Delete the stored data. Return the remaining data.

        Raises UnavailableError, which names the remaining steps. The entries in the bucket go last:
        after an error, the next call finds the series by them.
        """
        steps = deque(
            (
                ("messages in the stream", self._purge_stream),
                ("wait for frames that collectors hold", self._until_acknowledged),
                ("series in VictoriaMetrics", self._delete_series),
                ("messages that came meanwhile", self._purge_stream),
                ("entries in the bucket", self._purge_keys),
                ("check that nothing is left", self.holdings),
            )
        )
        try:
            while len(steps) > 1:
                await steps[0][1]()
                steps.popleft()
            await asyncio.sleep(_SETTLED)
            return await self.holdings()
        except (NatsError, OSError, UnavailableError) as error:
            to_do = ", ".join(text for text, _ in steps)
            raise_unavailable(f"{reason(error)}. NOT YET DONE: {to_do}. Repeat this command")

    async def _delete_series(self) -> None:
        for label in self.labels:
            await self.reader.delete(selector(label))
        # Metrics of gateways and collectors have the title as a label, and VictoriaMetrics may have
        # scraped them. So delete the series with this label, too.
        await self.reader.delete(selector(self.title, label="title"))

    async def _purge_keys(self) -> None:
        for key in await self._keys():
            # Purge the key instead of deleting it. A delete would leave a marker that contains the
            # title.
            await self.js.purge_stream(METERS_STREAM, subject=f"{METERS_SUBJECT}{key}")

    async def _until_acknowledged(self) -> None:
        await until_acknowledged(self.js, self.consumer)

    async def _messages(self) -> int:
        info = await self.js.stream_info(STREAM, subjects_filter=self._subject)
        return sum((info.state.subjects or {}).values())

    @property
    def _subject(self) -> str:
        return subject_of(bytes.fromhex(self.title))

    async def _purge_stream(self) -> None:
        await self.js.purge_stream(STREAM, subject=self._subject)

    async def _keys(self) -> list[str]:
        keys = set[str]()
        for filtered in (f"meter.{self.title}", f"again.*.{self.title}", *self.names):
            subject = f"{METERS_SUBJECT}{filtered}"
            info = await self.js.stream_info(METERS_STREAM, subjects_filter=subject)
            keys |= {key.removeprefix(METERS_SUBJECT) for key in info.state.subjects or ()}
        return sorted(keys)
