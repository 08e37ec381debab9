"""Interruptions of programs during a run. A program is killed, or paused for some seconds."""

import asyncio
import math
import signal
import time
from collections import Counter
from dataclasses import dataclass
from random import Random

from dev.fleet.costs import Costs
from dev.reliability.killable_program import Part
from dev.reliability.result import tell

_EVERY_S = 10.0
# Shortest and longest duration of an interruption, in seconds.
_DOWN = (1.0, 5.0)
# On average, every fifth interruption is a pause of the program. All other interruptions are kills.
_STOP_ONE_OF = 5


@dataclass
class Interruption:
    """Kill or pause of a program. It lasts from `moment` to `back`, in Unix seconds."""

    kind: str
    number: int
    was_killed: bool
    moment: float
    back: float = math.inf


class Killer:
    """Test part that interrupts programs, one at a time."""

    def __init__(self, parts: dict[str, list[Part]], costs: Costs, chance: Random) -> None:
        self.interruptions: list[Interruption] = []
        self._parts = [
            (kind, number, part) for kind, some in parts.items() for number, part in enumerate(some)
        ]
        self._costs = costs
        self._chance = chance

    async def run(self, seconds: float) -> None:
        """Kill or pause a random program every _EVERY_S seconds. Return after `seconds`."""
        end = time.monotonic() + seconds
        due = time.monotonic() + _EVERY_S
        while due < end:
            await asyncio.sleep(due - time.monotonic())
            kind, number, part = self._chance.choice(self._parts)
            await self._interrupt(
                kind, number, part, kill=bool(self._chance.randrange(_STOP_ONE_OF))
            )
            due = max(due + _EVERY_S, time.monotonic())

    async def kill_each_kind(self, pause: float) -> None:
        """Kill one program of each kind, in random order. Wait `pause` seconds before each kill."""
        kinds = [*dict.fromkeys(kind for kind, _, _ in self._parts)]
        self._chance.shuffle(kinds)
        for wanted in kinds:
            await asyncio.sleep(pause)
            some = [part for part in self._parts if part[0] == wanted]
            await self._interrupt(*self._chance.choice(some), kill=True)

    async def _interrupt(self, kind: str, number: int, part: Part, *, kill: bool) -> None:
        down = self._chance.uniform(*_DOWN)
        self._costs.look()
        moment = time.time()
        interruption = Interruption(kind, number, kill, moment)
        self.interruptions.append(interruption)
        if kill:
            await part.kill()
            await asyncio.sleep(down)
            await part.start()
        else:
            part.send(signal.SIGSTOP)
            await asyncio.sleep(down)
            part.send(signal.SIGCONT)
        interruption.back = time.time()
        word = "killed, back" if kill else "stopped, goes on"
        tell(f"{kind} {number + 1} {word} after {interruption.back - moment:.1f} s")

    def told(self) -> str:
        """Return a text for the report: how often each kind of program was killed and paused."""
        killed = Counter(outage.kind for outage in self.interruptions if outage.was_killed)
        stopped = Counter(outage.kind for outage in self.interruptions if not outage.was_killed)
        kinds = dict.fromkeys(kind for kind, _, _ in self._parts)
        return ", ".join(
            f"{kind} {killed[kind]}" + (f" (and {stopped[kind]} stopped)" if stopped[kind] else "")
            for kind in kinds
        )
