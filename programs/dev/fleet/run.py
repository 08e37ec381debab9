"""Test run: starts a fleet, sends telegrams, interrupts programs, and compares the values."""

import asyncio
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from nats.js import JetStreamContext

from dev.reliability.program_logs import faults_in_logs
from dev.reliability.result import MissedError, tell
from dev.simulator.randomness import seeded_random

from .costs import Costs
from .faults.intruder import Intruder
from .faults.key_changes import WAITING, changes
from .faults.kills import Killer
from .faults.wrong_clock import disturb_clock
from .findings import Examiner, Findings
from .fleet import Fleet
from .listener import Listener
from .meters import make_meters
from .sent_telegrams import read_record
from .storage import VictoriaMetrics
from .stored_samples import Export
from .stream import ERRORS, Content, consumers, not_acknowledged, read_stream

# Maximum time in seconds to wait until the number of unacknowledged frames falls further. After a
# wrong clock, collectors ask for messages again after three minutes.
_NO_ADVANCE = 240.0
_ANSWERS_WITHIN = 60.0


@dataclass
class Outcome:
    """Outcome of a test run."""

    findings: Findings
    attacks: Counter[str]
    intruder: Intruder
    listener: Listener
    stream: Content
    killer: Killer
    costs: Costs
    busy: dict[str, float]
    """Processor time of each kind of program from the first to the last telegram, in seconds."""
    settled: float
    """Seconds from the last telegram until all telegrams were acknowledged."""
    not_acknowledged: int
    """Number of messages that were not acknowledged in time, -1 if it is unknown."""
    rejected: dict[str, float] = field(default_factory=dict)
    parked: float = 0.0
    """Number of parked frames that collectors have read since their last start."""
    faults: list[str] = field(default_factory=list)
    """Lines of all programs' logs that show a fault."""


async def run_fleet(directory: Path, options: Namespace) -> Outcome:
    """Run a fleet with all its files in `directory`, and return the outcome."""
    fleet = Fleet(directory, options.meters, options.seconds, options.seed)
    async with fleet:
        costs = Costs(fleet.parts)
        killer = Killer(fleet.parts, costs, seeded_random("kills", options.seed))
        # Forged telegrams name a meter that does not exist. If a telegram of this meter is stored,
        # a collector has accepted a forged telegram.
        [phantom] = make_meters(options.seed, options.meters + 1, 1)
        intruder = Intruder(fleet.cluster, phantom, seeded_random("intruder", options.seed))
        listener = Listener()
        async with (
            await fleet.cluster.connect(outlasts_nodes=True) as client,
            await fleet.cluster.connect("listener", outlasts_nodes=True) as listening,
        ):
            await listener.listen(listening)
            await fleet.until_begun()
            tell(f"{options.meters} meters send")
            began = time.monotonic()
            costs.begin()
            stream = client.jetstream(timeout=5)
            async with _in_background(
                costs.watch(),
                intruder.run(),
                fleet.keys.change(options.seconds),
                *([disturb_clock(fleet, stream, options.seconds)] if options.faults else []),
            ):
                await _kill(killer, options)
                await fleet.until_done()
            seconds, busy = time.monotonic() - began, costs.end()
            tell("all telegrams are sent; waiting until they are acknowledged")
            not_acknowledged = await _until_acknowledged(fleet, stream)
            settled = time.monotonic() - began - seconds
            await _answer(lambda: intruder.replay(stream))
            # Also wait for the frames that the attacker has just replayed. If the first wait has
            # failed, keep its result.
            not_acknowledged = not_acknowledged or await _until_acknowledged(fleet, stream)
            content = await _answer(lambda: read_stream(stream))
            rejected = await _answer(
                lambda: fleet.metric(fleet.collectors, "smarty_p1_collector_rejected_total")
            )
            parked = await _answer(
                lambda: fleet.metric(fleet.collectors, "smarty_p1_collector_caught_up_total")
            )
        tell("comparing")
        # Kill VictoriaMetrics before the comparison. Then only values that it has written to its
        # disk count as stored.
        await fleet.store.kill()
        examiner = Examiner(
            [*read_record(fleet.records)],
            killer.interruptions,
            listener.heard,
            passed_on=content.frames.keys() | fleet.kept,
            gateway_of=fleet.gateway_of,
            waiting=WAITING if changes(options.meters) else frozenset(),
        )
        meters = make_meters(options.seed, 1, options.meters)
        async with (
            VictoriaMetrics(fleet.store.directory, shows_doubles=True) as store,
            aiohttp.ClientSession() as session,
        ):
            await examiner.examine(meters, Export(store.url, session))
        return Outcome(
            findings=examiner.findings,
            attacks=examiner.attacks,
            intruder=intruder,
            listener=listener,
            stream=content,
            killer=killer,
            costs=costs,
            busy=busy,
            settled=settled,
            not_acknowledged=not_acknowledged,
            rejected=rejected,
            parked=sum(parked.values()),
            faults=faults_in_logs(directory),
        )


async def _kill(killer: Killer, options: Namespace) -> None:
    match options.kills:
        case "any":
            await killer.run(options.seconds)
        case "each":
            await killer.kill_each_kind(options.seconds / 5)


@asynccontextmanager
async def _in_background(*works: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run the endless coroutines `works` while the context is active."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()


async def _until_acknowledged(fleet: Fleet, stream: JetStreamContext) -> int:
    """Wait until all frames are acknowledged, and return 0.

    If the number of unacknowledged frames has not fallen for _NO_ADVANCE seconds, return this
    number, or -1 if it is unknown.
    """
    minimum, advanced = None, time.monotonic()
    while time.monotonic() < advanced + _NO_ADVANCE:
        with suppress(aiohttp.ClientError, *ERRORS):
            queued = await fleet.metric(fleet.gateways, "smarty_p1_gateway_queue_length")
            # Do not wait for frames with forged system titles. These frames stay set aside in the
            # queue of a gateway, because NATS forbids the gateway to publish them.
            aside = await fleet.metric(fleet.gateways, "smarty_p1_gateway_set_aside")
            behind = await not_acknowledged(stream)
            left = int(sum(queued.values()) - sum(aside.values())) + behind
            if not left:
                return 0
            if minimum is None or left < minimum:
                minimum, advanced = left, time.monotonic()
        await asyncio.sleep(0.5)
    tell(f"not acknowledged: {await consumers(stream)}")
    return minimum or -1


async def _answer[T](ask: Callable[[], Awaitable[T]]) -> T:
    """Call `ask` until it raises no network error, and return its result."""
    end = time.monotonic() + _ANSWERS_WITHIN
    while time.monotonic() < end:
        with suppress(aiohttp.ClientError, *ERRORS):
            return await ask()
        await asyncio.sleep(0.5)
    raise MissedError("a part does not answer")
