"""P1 port of a simulated meter. In each interval, it sends a frame to all connected lines."""

import asyncio
from collections.abc import Iterable

from .clock import Clock
from .faults import Delivery, Fault, FaultyPort
from .line import Line
from .meter import CounterExhaustedError, Meter


class Outlet:
    """P1 port of a simulated meter.

    Like a real P1 port, it sends nothing while no line is connected.
    """

    def __init__(self, meter: Meter, clock: Clock, interval: float) -> None:
        self.meter = meter
        self.lines: set[Line] = set()
        self._clock = clock
        self._interval = interval
        self._port = FaultyPort(seed=meter.number)

    def set_faults(self, faults: Iterable[Fault | str]) -> None:
        """Replace all faults of the port. The next frame is the first with the new faults."""
        self._port = FaultyPort(faults, seed=self.meter.number)

    def plug_in(self, line: Line) -> None:
        """Connect a line. The line gets a frame at once, and then each following frame."""
        self.lines.add(line)
        self._offer_frame([line])

    def unplug(self, line: Line) -> None:
        """Disconnect a line. The line gets no more frames."""
        self.lines.discard(line)

    def push(self, data: bytes) -> None:
        """Send `data` to all connected lines, without any change."""
        for line in self.lines:
            line.offer(Delivery(data))

    async def run(self) -> None:
        """Send a frame in each interval, until cancelled."""
        now = asyncio.get_running_loop().time
        due = now()
        while True:
            # If this program could not run for a while, skip the missed intervals.
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
