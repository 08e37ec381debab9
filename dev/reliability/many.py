"""Many meters on one Home Assistant, each with a telegram a second."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import override

from dev.demo.energy import DOMAIN
from dev.simulator import serve

from .home import ABSENT, NUMBER, Home, Running
from .meter import NumberedMeter
from .process import cpu_seconds, resident_mib
from .result import Result
from .watch import Shown, Watch

INTERVAL = 1.0
MEDIAN_MS = 50.0
PATIENCE = 120.0
# How long the start is given to settle.
REST = 15.0
# How long latencies are collected.
SECONDS = 60.0
_NUMBER = f"_{NUMBER}"


class _Latencies(Watch):
    """How long after its last byte each telegram was in the states.

    The meters are found by their entities of the power on L1.
    """

    def __init__(self, meters: Mapping[str, NumberedMeter]) -> None:
        super().__init__()
        self.milliseconds: list[float] = []
        self._meters = meters

    @override
    def on_state(self, entity_id: str, shown: Shown) -> None:
        if (meter := self._meters.get(entity_id)) and shown.state not in ABSENT:
            sent = meter.moments[float(shown.state)]
            self.milliseconds.append((shown.written - sent) * 1000)

    def shows_all(self) -> bool:
        """Return whether each meter has a power, and every entity is available."""
        shown = {entity_id: state.state for entity_id, state in self.states.items()}
        return shown.keys() >= self._meters.keys() and "unavailable" not in shown.values()


async def many(directory: Path, count: int, seconds: float) -> Result:
    """Read many meters, each with a telegram a second, on one Home Assistant."""
    result = Result()
    meters = {meter.device_name: meter for meter in map(NumberedMeter, range(1, count + 1))}
    now = datetime.now(UTC)
    for meter in meters.values():
        # The first question takes longest: nobody is to wait for it later.
        meter.registers_at(now)
    place = Home(directory)
    async with _serving([*meters.values()]) as ports:
        async with place.running() as home:
            await home.add_meter(ports[0])
        _multiply_entry(place, dict(zip(meters, ports, strict=True)))
        async with place.running() as home:
            entities = await _enabled_entities(home)
            powers = {
                entity_id: meters[unique_id.removesuffix(_NUMBER)]
                for entity_id, unique_id in entities.items()
                if unique_id.endswith(_NUMBER)
            }
            result.say(f"{len(powers)} meters with {len(entities)} enabled entities")
            result.want(f"{count} meters", holds=len(powers) == count)
            watch = _Latencies(powers)
            async with watch.following(home.client, entities):
                await watch.until("every state", watch.shows_all, within=PATIENCE)
            if seconds:
                watch = _Latencies(powers)
                async with watch.following(home.client, powers):
                    await _measure(result, home, watch, seconds)
    return result


async def _measure(result: Result, home: Running, watch: _Latencies, seconds: float) -> None:
    await asyncio.sleep(REST)
    watch.milliseconds.clear()
    pid, own = home.process.pid, os.getpid()
    start, busy, own_busy = time.monotonic(), cpu_seconds(pid), cpu_seconds(own)
    await asyncio.sleep(seconds)
    passed = time.monotonic() - start
    result.say(
        f"last byte to state of {len(watch.milliseconds)} telegrams: "
        f"median {median(watch.milliseconds):.1f} ms, "
        f"95 of 100 within {quantiles(watch.milliseconds, n=20)[-1]:.1f} ms, "
        f"longest {max(watch.milliseconds):.0f} ms"
    )
    result.say(
        f"Home Assistant: {(cpu_seconds(pid) - busy) / passed:.0%} of a core, "
        f"{resident_mib(pid):.0f} MiB; simulator and this program: "
        f"{(cpu_seconds(own) - own_busy) / passed:.0%} of a core"
    )
    expected = len(watch.states) * passed / INTERVAL
    result.want("every telegram shown", holds=len(watch.milliseconds) >= 0.99 * expected)
    result.want(f"median below {MEDIAN_MS:.0f} ms", holds=median(watch.milliseconds) < MEDIAN_MS)


@contextlib.asynccontextmanager
async def _serving(meters: list[NumberedMeter]) -> AsyncIterator[list[str]]:
    """Serve each meter in its own part of the second, as meters do that know nothing of others."""
    async with contextlib.AsyncExitStack() as stack:
        ports = []
        for meter in meters:
            line = await stack.enter_async_context(serve([meter], interval=INTERVAL))
            ports += [port for _, addresses in line.addresses() for port in addresses]
            await asyncio.sleep(INTERVAL / len(meters))
        yield ports


def _multiply_entry(place: Home, ports: dict[str, str]) -> None:
    """Copy the config entry of the one meter that was added, once for each other meter."""
    path = place.storage / "core.config_entries"
    content = json.loads(path.read_text(encoding="utf-8"))
    entries = content["data"]["entries"]
    pattern = next(entry for entry in entries if entry["domain"] == DOMAIN)
    entries += [
        {
            **pattern,
            "entry_id": f"meter{number}",
            "title": f"{pattern['title']} {number}",
            "unique_id": device_name,
            "data": {**pattern["data"], "port": port},
        }
        for number, (device_name, port) in enumerate(ports.items(), 1)
        if device_name != pattern["unique_id"]
    ]
    path.write_text(json.dumps(content), encoding="utf-8")


async def _enabled_entities(home: Running) -> dict[str, str]:
    """Return the enabled entities of all meters: entity id -> unique id."""
    return {
        entity["entity_id"]: entity["unique_id"]
        for entity in await home.client.command("config/entity_registry/list")
        if entity["platform"] == DOMAIN and not entity["disabled_by"]
    }
