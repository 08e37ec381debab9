"""Costs of a fleet's programs: processor time and memory.

If a program was restarted, its processor time is the sum of all its processes.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress

from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import cpu_seconds, resident_mib

_EVERY = 1.0


class Costs:
    """Measurement of the processor time and memory that each kind of program uses."""

    def __init__(self, parts: dict[str, list[Part]]) -> None:
        self.most_mib: dict[str, float] = defaultdict(float)
        self._parts = parts
        self._seconds: dict[str, dict[int, float]] = defaultdict(dict)
        self._before: dict[str, float] = {}

    async def watch(self) -> None:
        """Read the kernel's counters every second, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_EVERY)

    def look(self) -> None:
        """Read the kernel's counters of all programs.

        Call this method also just before a program is killed, because the kernel then removes the
        program's counters.
        """
        for kind, parts in self._parts.items():
            mib = 0.0
            for part in parts:
                with suppress(OSError):
                    self._seconds[kind][part.pid] = cpu_seconds(part.pid)
                    mib += resident_mib(part.pid)
            self.most_mib[kind] = max(self.most_mib[kind], mib)

    def begin(self) -> None:
        """Begin a measurement of the processor time. The method `end` returns its result."""
        self.look()
        self._before = self._sums()

    def end(self) -> dict[str, float]:
        """Return the processor time since the call of `begin`, in seconds, by kind of program."""
        self.look()
        return {kind: sum_ - self._before.get(kind, 0.0) for kind, sum_ in self._sums().items()}

    def _sums(self) -> dict[str, float]:
        return {kind: sum(seconds.values()) for kind, seconds in self._seconds.items()}
