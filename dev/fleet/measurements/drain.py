"""Measurement of a backlog: collectors drain a filled stream, while no gateway sends."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

from nats.aio.client import Client

from dev.fleet.faults.intruder import STREAM, SUBJECT
from dev.fleet.fleet import Fleet
from dev.fleet.meters import make_meters
from dev.fleet.stream import CONSUMER, not_acknowledged
from dev.reliability.killable_program import Part
from dev.reliability.result import Result, tell

from .costs import Costs, machine

_BATCH = 500
_STEP = timedelta(seconds=10)


async def drain(directory: Path, meters: int, frames: int) -> Result:
    """Fill the stream with `frames` frames of `meters`, and drain it. Return a report."""
    fleet = Fleet(directory, meters, 0.0, 1, is_attacked=False)
    fleet.keys.write()
    result = Result()
    async with fleet.cluster, fleet.store, await fleet.cluster.connect(outlasts_nodes=True) as nats:
        await fleet.cluster.until_ready()
        js = nats.jetstream(timeout=30)
        await fleet.cluster.make_stream()
        # The first collector creates the consumer.
        async with fleet.collectors[0]:
            await _until(js.consumer_info, STREAM, CONSUMER)
        await _fill(nats, meters, frames)
        tell(f"{frames} frames are in the stream")
        parts: dict[str, list[Part]] = {
            "NATS node": [*fleet.cluster.nodes],
            "VictoriaMetrics": [fleet.store],
            "collector": [*fleet.collectors],
        }
        async with fleet.collectors[0], fleet.collectors[1]:
            costs, begin = Costs(parts), time.monotonic()
            costs.begin()
            while await _written(fleet) < frames and await not_acknowledged(js):
                costs.look()
                await asyncio.sleep(0.5)
            seconds, busy = time.monotonic() - begin, costs.end()
    cores = ", ".join(
        f"{kind} {cost * 1000 / frames:.3f} ms a frame, {cost / seconds:.2f} cores"
        for kind, cost in busy.items()
    )
    result.say(f"drained: {frames / seconds:.0f} frames/s; {cores}")
    mib = ", ".join(f"{kind} {mib:.0f}" for kind, mib in costs.most_mib.items())
    result.say(f"memory at most, MiB: {mib}")
    result.say(f"machine: {machine()}")
    return result


async def _written(fleet: Fleet) -> float:
    """Return the number of telegrams that the collectors have written."""
    name = "smarty_p1_collector_delay_seconds_count"
    return sum((await fleet.metric(fleet.collectors, name)).values())


async def _until(ask: Callable[..., Awaitable[object]], *names: str) -> None:
    while True:
        try:
            await ask(*names)
        except Exception:  # noqa: BLE001 - it is not there yet
            await asyncio.sleep(0.2)
        else:
            return


async def _fill(nats: Client, meters: int, frames: int) -> None:
    """Publish frames of all meters in turn. The last ones are of now."""
    some, rounds = make_meters(1, 1, meters), -(-frames // meters)
    begin = datetime.now(UTC) - rounds * _STEP
    numbers = ((meter, begin + count * _STEP) for count in range(rounds) for meter in some)
    for batch in batched(numbers, _BATCH, strict=False):
        name = f"fill{time.monotonic_ns()}"
        for number, (meter, when) in enumerate(batch, start=1):
            subject = f"{SUBJECT}.{meter.system_title.hex().upper()}"
            headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
            frame = meter.frame_at(when)
            if number < len(batch):
                await nats.publish(subject, frame, headers=headers)
                continue
            headers["Nats-Batch-Commit"] = "1"
            answer = await nats.request(subject, frame, headers=headers, timeout=30)
            if json.loads(answer.data).get("count") != len(batch):
                raise RuntimeError(answer.data)
