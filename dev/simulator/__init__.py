"""Simulated Luxembourg "Smarty" meters with households, and faults of their lines.

From the command line, `python -m dev.simulator --meters 2 --fault noise=1/5` serves two meters on
TCP ports 20001 and 20002. Their keys are in `smarty-simulator.keys`. `--help` lists all options.

From Python:

    meter = Meter(1, key)
    meter.telegram_at(when)                         # the text
    meter.frame_at(when)                            # encrypted; the frame counter rises

    async with serve([meter], interval=0.05, faults=["flip=0.1"]) as server:
        server.ports                                # one per meter
        server.set_faults("silence")                # replaces all faults; set_faults() ends them
        server.push(b"literal bytes")
        server.disconnect()
        await server.stop()
        await server.start()                        # same ports; the counter continues

Readings depend only on the time and the meter's number. So `meter.history(start, end, step)` can
also return readings from before the start of the simulator.
"""

from .boards import Board, PulseBoard, TankBoard
from .clock import Clock
from .faults import FAULTS, Fault
from .house import House
from .line import Pieces
from .meter import CounterExhaustedError, Meter
from .server import PortInUseError, Server, serve

__all__ = [
    "FAULTS",
    "Board",
    "Clock",
    "CounterExhaustedError",
    "Fault",
    "House",
    "Meter",
    "Pieces",
    "PortInUseError",
    "PulseBoard",
    "Server",
    "TankBoard",
    "serve",
]
