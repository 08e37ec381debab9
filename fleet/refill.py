"""A VictoriaMetrics that has lost values gets them again: all partitions are read once more.

Meanwhile there are no frame counters but those of the stream; those from before are loaded at the
end, so that nothing older than the stream is ever let in.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from smarty_p1_gateway import ConfigError, UnavailableError

from .config import CollectorConfig
from .move_counters import load_counters, save_counters
from .one_connection import API_TIMEOUT, connected
from .partition_state import PartitionState, parse_state
from .subjects import PARTITIONS, STREAM, frames_of

_LOOK_INTERVAL = 5.0


async def refill(config: CollectorConfig, path: Path, tell: Callable[[str], None]) -> str:
    """Let the collectors read the stream from its beginning; return what is told at the end.

    The counters are in the file `path` meanwhile. Raises ConfigError and UnavailableError.
    """
    if path.exists():  # noqa: ASYNC240 - nothing waits yet
        msg = (
            f"{path} is there already: if it is from a refill that did not end, give it to"
            " `collect --load-counters` when all frames are read; otherwise name another file"
        )
        raise ConfigError(msg)
    saved = await save_counters(config, path)
    async with connected(config) as nats:
        js = nats.jetstream(timeout=API_TIMEOUT)
        bucket = await js.key_value(PARTITIONS)
        first = (await js.stream_info(STREAM)).state.first_seq
        ends = [await _last(js, number) for number in range(config.partitions)]
        for number in range(config.partitions):
            await _begin_anew(bucket, number, max(first - 1, 0))
    tell(f"{saved}. The collectors read the stream from its beginning: leave them running")
    await _until(config, lambda number, state: state.sequence >= ends[number])
    epochs = [state.epoch for state in await _read_states(config)]
    loaded = await load_counters(config, path)
    # To load them begins an epoch. Who works there judges with the counters that it has, until it
    # takes notice and begins another one.
    await _until(config, lambda number, state: state.epoch > epochs[number] + 1)
    return f"all that was in the stream is written; {loaded}"


async def _until(config: CollectorConfig, holds: Callable[[int, PartitionState], bool]) -> None:
    while True:
        # A node that is restarted meanwhile does not matter.
        with suppress(UnavailableError):
            if all(holds(*one) for one in enumerate(await _read_states(config))):
                return
        await asyncio.sleep(_LOOK_INTERVAL)


async def _read_states(config: CollectorConfig) -> list[PartitionState]:
    async with connected(config) as nats:
        js = nats.jetstream(timeout=API_TIMEOUT)
        bucket = await js.key_value(PARTITIONS)
        return [await _read(bucket, number) for number in range(config.partitions)]


async def _read(bucket: KeyValue, number: int) -> PartitionState:
    with suppress(KeyNotFoundError):
        return parse_state((await bucket.get(str(number))).value or b"")
    return PartitionState()


async def _last(js: JetStreamContext, number: int) -> int:
    """Return the last sequence of a partition, 0 without any."""
    with suppress(NotFoundError):
        return (await js.get_last_msg(STREAM, frames_of(number))).seq or 0
    return 0


async def _begin_anew(bucket: KeyValue, number: int, sequence: int) -> None:
    """Let a partition be read from behind a sequence, by whoever works there."""
    while True:
        try:
            entry = await bucket.get(str(number))
        except KeyNotFoundError:
            return
        state = PartitionState(parse_state(entry.value or b"").epoch, sequence).begun()
        with suppress(KeyWrongLastSequenceError):
            await bucket.update(str(number), state.to_json(), entry.revision)
            return
