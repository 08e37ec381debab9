"""A meter's P1 port: makes frames at its pace and puts them on every line plugged in."""

import asyncio
from collections.abc import Iterable

from .clock import Clock
from .faults import Delivery, Fault, FaultyPort
from .line import Line
from .meter import CounterExhaustedError, Meter


class Outlet:
    """The port of one meter; it is silent, like a real one, while nothing is plugged in."""

    def __init__(self, meter: Meter, clock: Clock, interval: float) -> None:
        self.meter = meter
        self.lines: set[Line] = set()
        self._clock = clock
        self._interval = interval
        self._port = FaultyPort(seed=meter.number)

    def set_faults(self, faults: Iterable[Fault | str]) -> None:
        """Switch to these faults, and no others, from the next frame on."""
        self._port = FaultyPort(faults, seed=self.meter.number)

    def plug_in(self, line: Line) -> None:
        """Send the line a frame at once, and then every following one."""
        self.lines.add(line)
        self._offer_frame([line])

    def unplug(self, line: Line) -> None:
        """Send the line no more."""
        self.lines.discard(line)

    def push(self, data: bytes) -> None:
        """Put literal bytes on every line."""
        for line in self.lines:
            line.offer(Delivery(data))

    async def run(self) -> None:
        """Offer a frame every interval, for ever."""
        now = asyncio.get_running_loop().time
        due = now()
        while True:
            # What was missed while the machine slept stays missed.
            due = max(due + self._interval, now())
            await asyncio.sleep(due - now())
            self._offer_frame(self.lines)

    def _offer_frame(self, lines: Iterable[Line]) -> None:
        if not lines:
            return
        try:
            delivery = self._port.deliver(self.meter, self._clock.now())
        except CounterExhaustedError:
            return
        for line in lines:
            line.offer(delivery)
