"""Which partitions belong to this collector: keys in a bucket of NATS, where they expire.

A lease says who should work on a partition, and no more: what keeps two who both believe to have it
from doing harm is the epoch in the partition's state.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from .outage_log import outage_of, reason
from .partition_shares import count_members, share_of, to_release
from .subjects import LEASES

LOGGER = logging.getLogger(__name__)

LEASE_TIME = 10.0
_INTERVAL = 2.0
_MEMBER = "member."
_PARTITION = "partition."
_PREFIX = f"$KV.{LEASES}."
_STREAM = f"KV_{LEASES}"


class _Lease:
    def __init__(self, revision: int, since: float) -> None:
        self.revision = revision
        self.since = since


class Leases:
    """Holds this collector's share of the partitions.

    `on_change` is called with their numbers whenever there are others. `is_in_vain` says that
    nothing was answered for too long.
    """

    def __init__(
        self,
        js: JetStreamContext,
        bucket: KeyValue,
        name: str,
        partitions: int,
        on_change: Callable[[frozenset[int]], None],
    ) -> None:
        self._js = js
        self._bucket = bucket
        self._name = name
        # Tells it from itself before a restart, and from another that was given the same name.
        self._holder = f"{name}/{secrets.token_hex(8)}".encode()
        self._is_new = True
        self._has_namesake = False
        self._partitions = partitions
        self._on_change = on_change
        self._owned: dict[int, _Lease] = {}
        self._told: frozenset[int] | None = None
        self.is_in_vain = False
        self._outage = outage_of("Keeping the leases in NATS")

    async def run(self) -> None:
        """Renew, take and give back, until nothing is answered for as long as leases last.

        Another node, or a bucket that is made anew, may help then.
        """
        worked = time.monotonic()
        while time.monotonic() < worked + LEASE_TIME:
            began = time.monotonic()
            try:
                async with asyncio.timeout(LEASE_TIME / 2):
                    await self._renew()
                    await self._balance()
            except (NatsError, OSError, TimeoutError) as error:
                self._outage.note(reason(error))
            else:
                self._is_new = False
                worked = began
                self._outage.end()
            self._forget_expired()
            self._tell()
            await asyncio.sleep(max(0.2, began + _INTERVAL - time.monotonic()))
        self.is_in_vain = True

    async def is_mine(self, number: int) -> bool:
        """Return whose a partition is in NATS, whatever was known before. Raises NATS's errors."""
        try:
            entry = await self._bucket.get(f"{_PARTITION}{number}")
        except KeyNotFoundError:
            return False
        return entry.value == self._holder

    async def release(self) -> None:
        """Give everything back, so that others need not wait until it expires."""
        self._on_change(frozenset())
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            async with asyncio.timeout(LEASE_TIME / 2):
                # Removed, and not marked as deleted, which others would count as a member.
                await self._js.purge_stream(_STREAM, subject=f"{_PREFIX}{_MEMBER}{self._name}")
                await asyncio.gather(*(self._give_back(number) for number in list(self._owned)))

    async def _renew(self) -> None:
        await self._bucket.put(f"{_MEMBER}{self._name}", b"")
        await asyncio.gather(*(self._renew_one(number) for number in list(self._owned)))
        self._tell()

    async def _renew_one(self, number: int) -> None:
        lease = self._owned[number]
        now = time.monotonic()
        try:
            lease.revision = await self._bucket.update(
                f"{_PARTITION}{number}", self._holder, lease.revision
            )
        except KeyWrongLastSequenceError:
            # It expired, or somebody else has it; or an answer was lost, and it is taken again.
            del self._owned[number]
        else:
            lease.since = now

    async def _balance(self) -> None:
        info = await self._js.stream_info(_STREAM, subjects_filter=f"{_PREFIX}>")
        keys = [subject.removeprefix(_PREFIX) for subject in info.state.subjects or ()]
        share = share_of(self._partitions, count_members(keys, _MEMBER, self._name))
        released = {one: self._owned.pop(one) for one in to_release(self._owned, share)}
        self._tell()
        for number, lease in released.items():
            await self._delete(number, lease)
        wanted = [number for number in range(self._partitions) if number not in self._owned]
        for number in wanted:
            if len(self._owned) >= share:
                break
            await self._acquire(number)

    async def _acquire(self, number: int) -> None:
        """Take a partition that is nobody's, or was this collector's before a restart."""
        key = f"{_PARTITION}{number}"
        now = time.monotonic()
        with contextlib.suppress(KeyWrongLastSequenceError):
            try:
                entry = await self._bucket.get(key)
            except KeyNotFoundError:
                revision = await self._bucket.create(key, self._holder)
            else:
                if not self._may_take_from(entry.value or b""):
                    return
                revision = await self._bucket.update(key, self._holder, entry.revision)
            self._owned[number] = _Lease(revision, now)

    def _may_take_from(self, holder: bytes) -> bool:
        if holder == self._holder:  # an answer was lost
            return True
        if holder.rpartition(b"/")[0] != self._name.encode():
            return False
        if not self._is_new and not self._has_namesake:
            self._has_namesake = True
            LOGGER.error("Another collector is called %s, too: this one waits", self._name)
        # Otherwise two of the same name would take everything from each other forever.
        return self._is_new

    async def _give_back(self, number: int) -> None:
        await self._delete(number, self._owned.pop(number))

    async def _delete(self, number: int, lease: _Lease) -> None:
        with contextlib.suppress(NatsError, TimeoutError):
            await self._bucket.delete(f"{_PARTITION}{number}", last=lease.revision)

    def _forget_expired(self) -> None:
        oldest = time.monotonic() - LEASE_TIME
        for number in [one for one, lease in self._owned.items() if lease.since < oldest]:
            del self._owned[number]

    def _tell(self) -> None:
        """Tell what is owned; not before it is known what is left of what was owned before."""
        owned = frozenset(self._owned)
        if not self._is_new and owned != self._told:
            self._told = owned
            self._on_change(owned)
