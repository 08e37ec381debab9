"""The frame counters of a cluster: saved to a file, and loaded into another one or another account.

The file has the state of a partition on each line. Of these, counters, times and changes of keys
are loaded and nothing else: another stream has other sequences.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from .config import CollectorConfig
from .key_rotation import Rotation
from .metrics import Metrics
from .nats_stream import open_states
from .one_connection import API_TIMEOUT, connected
from .partition_state import PartitionState, parse_state
from .subjects import PARTITIONS, STREAM, frames_of, partition_of

_TITLE_SIZE = 8


async def save_counters(config: CollectorConfig, path: Path) -> str:
    """Write the counters of all meters to a file; return what is to be told of it.

    Raises UnavailableError.
    """
    async with connected(config) as nats:
        js = nats.jetstream(timeout=API_TIMEOUT)
        bucket = await js.key_value(PARTITIONS)
        states = [(await _read(bucket, number))[0] for number in range(config.partitions)]
        behind = 0
        for number, state in enumerate(states):
            with suppress(NotFoundError):
                last = await js.get_last_msg(STREAM, frames_of(number))
                behind += (last.seq or 0) > state.sequence
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.writelines(state.to_json() + b"\n" for state in states)
            file.flush()
            os.fsync(file.fileno())
    count = sum(len(state.counters) for state in states)
    if behind:
        return f"{count} counters are saved; of {behind} partitions, not all frames are read yet"
    return f"{count} counters are saved; all frames are read"


async def load_counters(config: CollectorConfig, path: Path) -> str:
    """Raise the counters of all meters to those of a file; return what is to be told of it.

    Raises UnavailableError.
    """
    counters: list[dict[bytes, int]] = [{} for _ in range(config.partitions)]
    times: list[dict[bytes, int]] = [{} for _ in range(config.partitions)]
    rotations: list[dict[bytes, Rotation]] = [{} for _ in range(config.partitions)]
    async with connected(config) as nats:
        js = nats.jetstream(timeout=API_TIMEOUT)
        with path.open("rb") as file:
            for line in file:
                saved = parse_state(line)
                # Perhaps of another number of partitions.
                for key, counter in saved.counters.items():
                    number = partition_of(key[:_TITLE_SIZE].hex().upper(), config.partitions)
                    counters[number][key] = max(counter, counters[number].get(key, 0))
                    if (time := saved.times.get(key, 0)) > times[number].get(key, 0):
                        times[number][key] = time
                    if key in saved.rotations:
                        rotations[number][key] = saved.rotations[key]
        bucket = await open_states(js, config.partitions, Metrics(), config.stream)
        for number in range(config.partitions):
            await _raise(bucket, number, counters[number], times[number], rotations[number])
    return f"{sum(map(len, counters))} counters are loaded"


async def _raise(
    bucket: KeyValue,
    number: int,
    counters: Mapping[bytes, int],
    times: Mapping[bytes, int],
    rotations: Mapping[bytes, Rotation],
) -> None:
    """Raise the counters in the state of a partition, whoever else writes there."""
    while True:
        state, revision = await _read(bucket, number)
        # Whoever works there begins again, with these.
        raised = _raised(state, counters, times).begun()
        raised = raised.with_keys_changed(state.waiting, {**rotations, **state.rotations})
        with suppress(KeyWrongLastSequenceError):
            if revision is None:
                await bucket.create(str(number), raised.to_json())
            else:
                await bucket.update(str(number), raised.to_json(), revision)
            return


async def _read(bucket: KeyValue, number: int) -> tuple[PartitionState, int | None]:
    try:
        entry = await bucket.get(str(number))
    except KeyNotFoundError:
        return PartitionState(), None
    return parse_state(entry.value or b""), entry.revision


def _raised(
    state: PartitionState, counters: Mapping[bytes, int], times: Mapping[bytes, int]
) -> PartitionState:
    """Return the state with higher counters and times, where these are."""
    highest = {key: max(one, state.counters.get(key, 0)) for key, one in counters.items()}
    newest = {key: max(one, state.times.get(key, 0)) for key, one in times.items()}
    return state.advanced(state.sequence, state.arrived, highest, newest)
