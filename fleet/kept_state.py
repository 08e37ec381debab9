"""The state of a partition as it is kept in the cluster, and who may write it."""

import logging
import time
from dataclasses import replace

from nats.errors import Error as NatsError
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from .commit_queue import Commit
from .metrics import Metrics
from .partition_state import PartitionState, StateError, parse_state
from .unreadable import put_aside

LOGGER = logging.getLogger(__name__)

# Where nothing is committed, somebody else's hand is noticed then.
_CHECK_INTERVAL = 20.0


class KeptState:
    """What is kept of a partition, as far as this collector knows: `known`."""

    def __init__(self, number: int, metrics: Metrics) -> None:
        self.known = PartitionState()
        self._key = str(number)
        self._metrics = metrics
        # None while the bucket has none.
        self._revision: int | None = None
        self._checked = time.monotonic()

    async def read(self, states: KeyValue) -> PartitionState:
        """Return what is kept; of what cannot be read, what this collector knows."""
        try:
            entry = await states.get(self._key)
        except KeyNotFoundError:
            self._revision = None
            return PartitionState()
        self._revision = revision = entry.revision or 0
        content = entry.value or b""
        try:
            return parse_state(content)
        except StateError as error:
            await put_aside(states, self._key, content)
            self._metrics.unreadable_states.inc()
            LOGGER.error(  # noqa: TRY400 - it says all
                "Partition %s: %s: it is put aside, and %s",
                self._key,
                error,
                "what this collector knows counts"
                if self.known.epoch
                else "the stream is read from its beginning",
            )
            # A revision is higher than any epoch: nobody reads with the same.
            return replace(self.known, epoch=revision)

    async def begin(self, states: KeyValue, found: PartitionState) -> None:
        """Begin an epoch: whoever still works in an earlier one can no longer commit."""
        await self._keep(states, found.begun())

    async def commit(self, states: KeyValue, commit: Commit) -> None:
        """Keep what is stored for good."""
        await self._keep(
            states,
            self.known.advanced(
                commit.sequence, commit.arrived, commit.counters, commit.times
            ).with_keys_changed(commit.waiting, commit.rotations),
        )

    async def _keep(self, states: KeyValue, state: PartitionState) -> None:
        content = state.to_json()
        if self._revision is None:
            self._revision = await states.create(self._key, content)
        else:
            self._revision = await states.update(self._key, content, self._revision)
        self.known = state
        self._checked = time.monotonic()

    async def check(self, states: KeyValue) -> None:
        """Raise an error of NATS when, for some time, somebody else has written."""
        if time.monotonic() - self._checked < _CHECK_INTERVAL:
            return
        self._checked = time.monotonic()
        entry = await states.get(self._key)
        if entry.revision != self._revision:
            msg = "its state in NATS was changed"
            raise NatsError(msg)
