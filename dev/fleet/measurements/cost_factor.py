"""Comparison of a fleet's processor time with the lowest cost of the same frames and lines.

Both are measured in one run, without attackers, after the start. A scrape of all gateways and
collectors every 15 seconds is included.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp

from dev.fleet.certificates import Certificates
from dev.fleet.cluster import NatsCluster
from dev.fleet.fleet import Fleet, Program
from dev.fleet.storage import VictoriaMetrics
from dev.fleet.truth import Sent, read_record
from dev.reliability.killable_program import Part
from dev.reliability.result import Result, tell

from .costs import Costs, machine

# Seconds after the first telegram. Until then, programs read names and learn layouts.
_START_S = 40.0
_SCRAPE_INTERVAL_S = 15.0


async def measure(directory: Path, meters: int, seconds: float) -> Result:
    """Measure the floor and the fleet for `seconds` each. Return a report with the factor."""
    result = Result()
    for folder in ("floor/script", "fleet"):
        (directory / folder).mkdir(parents=True)
    floor = await _measure_floor(directory / "floor", meters, seconds)
    fleet = await _measure_fleet(directory / "fleet", meters, seconds)
    for name, costs in (("floor", floor), ("fleet", fleet)):
        parts = ", ".join(f"{kind} {cost:.2f}" for kind, cost in costs.items())
        result.say(f"{name}, ms of CPU a telegram: {sum(costs.values()):.2f}; {parts}")
    result.say(f"factor: {sum(fleet.values()) / sum(floor.values()):.2f}, with {meters} meters")
    result.say(f"machine: {machine()}")
    return result


async def _measure_floor(directory: Path, meters: int, seconds: float) -> dict[str, float]:
    certificates = Certificates(directory / "certificates")
    cluster = NatsCluster(
        directory, {}, certificates.nodes, routes=certificates.routes, tls=certificates.context
    )
    store = VictoriaMetrics(directory / "victoria-metrics")
    script_directory = directory / "script"
    command: list[str | Path] = [sys.executable, "-P", "-m", "dev.fleet.measurements.floor"]
    command += ["--servers", *cluster.urls]
    command += [f"--ca-file={certificates.ca_file}", f"--store={store.url}"]
    command += [f"--count={meters}", f"--seconds={_START_S + seconds + 5}"]
    script = Part(command, script_directory, lambda: True)
    async with cluster, store:
        await cluster.until_ready()
        tell(f"floor: {meters} meters")
        async with script:
            parts: dict[str, list[Part]] = {
                "NATS node": [*cluster.nodes],
                "VictoriaMetrics": [store],
                "script": [script],
            }
            costs = Costs(parts)
            await asyncio.sleep(_START_S)
            costs.begin()
            await asyncio.sleep(seconds)
            busy = costs.end()
    telegrams = meters * seconds / 10
    return {kind: cost * 1000 / telegrams for kind, cost in busy.items()}


async def _measure_fleet(directory: Path, meters: int, seconds: float) -> dict[str, float]:
    fleet = Fleet(directory, meters, _START_S + seconds + 5, 1, is_attacked=False)
    async with fleet:
        await fleet.until_begun()
        tell(f"fleet: {meters} meters")
        async with _scraping([*fleet.gateways, *fleet.collectors]):
            costs = Costs(fleet.parts)
            await asyncio.sleep(_START_S)
            begin = time.time()
            costs.begin()
            await asyncio.sleep(seconds)
            busy, end = costs.end(), time.time()
    moments = [event.moment for event in read_record(fleet.records) if isinstance(event, Sent)]
    telegrams = sum(begin <= moment < end for moment in moments)
    return {kind: cost * 1000 / telegrams for kind, cost in busy.items()}


@contextlib.asynccontextmanager
async def _scraping(programs: Sequence[Program]) -> AsyncIterator[None]:
    """Read the metrics of `programs` every 15 seconds while the context is active."""

    async def scrape() -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                for program in programs:
                    await program.metrics(session)
                await asyncio.sleep(_SCRAPE_INTERVAL_S)

    task = asyncio.create_task(scrape())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
