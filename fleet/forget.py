"""Everything of one meter is deleted: from VictoriaMetrics, the stream and the state."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from smarty_p1_gateway import ConfigError

from .config import CollectorConfig
from .meter_names import label_of, name_key
from .metrics import Metrics
from .nats_stream import open_states
from .one_connection import API_TIMEOUT, connected
from .partition_state import PartitionState, parse_state
from .store_reader import StoreReader, open_reader, selector
from .subjects import LEASES, PARTITIONS, STREAM, partition_of
from .unreadable import aside_key

_IS_TITLE = re.compile(r"[0-9A-Fa-f]{16}").fullmatch
_KEYS = f"$KV.{PARTITIONS}."
_KEYS_STREAM = f"KV_{PARTITIONS}"
_NAMES = "name."
_BATCH = 256
# A collector looks whether somebody has written every twenty seconds.
_NOTICED_WITHIN = 90.0
_LOOK_INTERVAL = 0.5
# What VictoriaMetrics has just got is found after a moment.
_SETTLED = 3.0
_LEFT = (
    "Not reached from here: backups of VictoriaMetrics, frames that wait on a gateway's disk, what"
    " others have received or exported, and logs. Gateways and collectors name the title in their"
    " metrics until they are restarted. VictoriaMetrics takes deleted values from its disk when it"
    " merges its files."
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is of a meter. `keys` are those of the bucket, but for the partition's state.

    `entries` are those in that state: counters, changes of keys, and whether frames wait for a key.
    """

    series: int
    values: int
    messages: int
    entries: int
    keys: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is left."""
        return self == Holdings(0, 0, 0, 0, ())

    def __str__(self) -> str:
        """Return it as it is told."""
        return (
            f"{self.series:,} series with {self.values:,} values in VictoriaMetrics,"
            f" {self.messages:,} messages in the stream,"
            f" {self.entries + len(self.keys):,} entries in the state"
        )


async def forget(
    config: CollectorConfig, meter: str, also: str | None, confirm: Callable[[str], bool]
) -> tuple[str, bool]:
    """Delete everything of a meter, by system title or serial number, if that is confirmed.

    `also` is a serial number whose series are the meter's, too. Return what is to be told, and
    whether nothing is left. Raises ConfigError and UnavailableError.
    """
    async with connected(config) as nats, open_reader(config.store) as reader:
        js = nats.jetstream(timeout=API_TIMEOUT)
        task = await _find(config, js, reader, meter, also)
        before = await task.holdings()
        if not confirm(f"{task}: {before}"):
            return "nothing is deleted", False
        is_noticed = await task.delete()
        left = await task.holdings()
    told = [f"deleted: {before}"]
    if not is_noticed:
        told.append(
            f"The collector of partition {task.number} has not begun it anew: is it hanging?"
        )
    if not left.is_empty:
        told.append(
            f"STILL THERE: {left}. Its gateway still sends, or a collector still has its key:"
            " take the title out of the gateway's rights, reload the collectors, and repeat this"
        )
    return "\n".join([*told, _LEFT]), is_noticed and left.is_empty


async def _find(
    config: CollectorConfig, js: JetStreamContext, reader: StoreReader, meter: str, also: str | None
) -> _Forgetting:
    """Return what is to be done. Raises ConfigError when the meter is unknown, or has a key."""
    await js.key_value(PARTITIONS)  # it is made nowhere by looking
    bucket = await open_states(js, config.partitions, Metrics(), config.stream)
    owners = {key: owner async for key, owner in _read_names(js)}
    title = owners.get(name_key(meter)) or (meter.upper() if _IS_TITLE(meter) else None)
    if title is None or not _IS_TITLE(title):
        msg = "no meter has this name: give its system title (16 hexadecimal digits)"
        raise ConfigError(msg)
    if config.keys.of(bytes.fromhex(title)):
        msg = (
            f"the meter {title} still has a key in [keys]: what it sends would be stored again."
            " Take its line out on every collector, reload them, and take the title out of its"
            " gateway's rights; then repeat this"
        )
        raise ConfigError(msg)
    labels = {title, meter if owners.get(name_key(meter)) == title else title}
    with suppress(KeyNotFoundError):
        labels.add(((await bucket.get(f"meter.{title}")).value or b"").decode(errors="replace"))
    if also is not None:
        if owners.get(name_key(also), title) != title:
            msg = f"the name given with --series belongs to the meter {owners[name_key(also)]}"
            raise ConfigError(msg)
        labels.add(also)
    names = tuple(sorted(key for key, owner in owners.items() if owner == title))
    labels |= {label for key in names if (label := label_of(key))}
    # An entry that is empty names nobody; it would stand for all series without a meter.
    series = tuple(sorted(labels - {""}))
    number = partition_of(title, config.partitions)
    return _Forgetting(js, bucket, reader, title, series, names, number)


async def _read_names(js: JetStreamContext) -> AsyncIterator[tuple[str, str]]:
    """Yield each key of a name, and the title whose it is."""
    subject = f"{_KEYS}{_NAMES}*"
    with suppress(NotFoundError):
        info = await js.stream_info(_KEYS_STREAM, subjects_filter=subject)
        left = sum((info.state.subjects or {}).values())
        if not left:
            return
        subscription = await js.pull_subscribe(
            subject,
            stream=_KEYS_STREAM,
            config=ConsumerConfig(
                ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.LAST_PER_SUBJECT
            ),
        )
        try:
            while left > 0:
                for message in await subscription.fetch(min(_BATCH, left)):
                    left -= 1
                    yield message.subject.removeprefix(_KEYS), message.data.decode(errors="replace")
        finally:
            await subscription.unsubscribe()


@dataclass(frozen=True, slots=True)
class _Forgetting:
    js: JetStreamContext
    bucket: KeyValue
    reader: StoreReader
    title: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    number: int

    def __str__(self) -> str:
        others = ", ".join(label for label in self.labels if label != self.title)
        return f"The meter {self.title}" + (f" ({others})" if others else "")

    async def holdings(self) -> Holdings:
        counts = [await self.reader.count(selector(one), time.time()) for one in self.labels]
        state, _ = await self._state()
        title = bytes.fromhex(self.title)
        return Holdings(
            sum(series for series, _ in counts),
            sum(values for _, values in counts),
            await self._messages(),
            sum(key.startswith(title) for key in chain(state.counters, state.rotations))
            + (title in state.waiting),
            tuple(await self._keys()),
        )

    async def delete(self) -> bool:
        """Delete it; return whether the partition's collector has taken notice."""
        await self._purge_stream()
        epoch = await self._drop_counters()
        is_noticed = await self._is_noticed(epoch)
        # Until then, a telegram may have been on its way.
        await asyncio.sleep(_SETTLED)
        for label in self.labels:
            await self.reader.delete(selector(label))
        # What gateways and collectors say of themselves is stored beside it, if it is scraped.
        await self.reader.delete(selector(self.title, label="title"))
        await self._purge_stream()
        for key in await self._keys():
            # Removed, and not marked as deleted: the mark would have the title in it.
            await self.js.purge_stream(_KEYS_STREAM, subject=f"{_KEYS}{key}")
        await asyncio.sleep(_SETTLED)
        return is_noticed

    async def _messages(self) -> int:
        info = await self.js.stream_info(STREAM, subjects_filter=self._subject)
        return sum((info.state.subjects or {}).values())

    @property
    def _subject(self) -> str:
        # Whoever may publish frames may have done so past the mapping, into any partition.
        return f"smarty_p1.frames.*.{self.title}"

    async def _purge_stream(self) -> None:
        await self.js.purge_stream(STREAM, subject=self._subject)

    async def _keys(self) -> list[str]:
        found = []
        for filtered in (f"*.{self.title}", *self.names):
            info = await self.js.stream_info(_KEYS_STREAM, subjects_filter=f"{_KEYS}{filtered}")
            found += [subject.removeprefix(_KEYS) for subject in info.state.subjects or ()]
        with suppress(KeyNotFoundError):
            key = aside_key(str(self.number))
            if self.title.encode() in ((await self.bucket.get(key)).value or b"").upper():
                found.append(key)
        return sorted(set(found))

    async def _state(self) -> tuple[PartitionState, int | None]:
        try:
            entry = await self.bucket.get(str(self.number))
        except KeyNotFoundError:
            return PartitionState(), None
        return parse_state(entry.value or b""), entry.revision

    async def _drop_counters(self) -> int:
        """Write the state without the meter, in a new epoch: who works there begins again."""
        title = bytes.fromhex(self.title)
        while True:
            state, revision = await self._state()
            if revision is None:
                return 0
            kept = replace(
                state,
                counters={one: at for one, at in state.counters.items() if one[:8] != title},
                times={one: at for one, at in state.times.items() if one[:8] != title},
                waiting={one: since for one, since in state.waiting.items() if one != title},
                rotations={one: at for one, at in state.rotations.items() if one[:8] != title},
            ).begun()
            with suppress(KeyWrongLastSequenceError):
                await self.bucket.update(str(self.number), kept.to_json(), revision)
                return kept.epoch

    async def _is_noticed(self, epoch: int) -> bool:
        """Wait until the partition is begun anew, unless it is nobody's."""
        end = time.monotonic() + _NOTICED_WITHIN
        while time.monotonic() < end:
            state, revision = await self._state()
            if revision is None or state.epoch > epoch or not await self._is_leased():
                return True
            await asyncio.sleep(_LOOK_INTERVAL)
        return False

    async def _is_leased(self) -> bool:
        try:
            leases = await self.js.key_value(LEASES)
            await leases.get(f"partition.{self.number}")
        except NotFoundError:
            return False
        return True
