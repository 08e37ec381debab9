"""Simulated Luxembourg "Smarty" meters: their own encoder, a household each, faults on demand.

From the command line, `python -m dev.simulator --meters 2 --fault noise=1/5` serves two meters on
TCP ports 20001 and 20002; their keys are in `smarty-simulator.keys`. `--help` lists all options.

From Python:

    meter = Meter(1, key)
    meter.telegram_at(when)                         # the text
    meter.frame_at(when)                            # enciphered; the frame counter rises

    async with serve([meter], interval=0.05, faults=["flip=0.1"]) as server:
        server.ports                                # one per meter
        server.set_faults("silence")                # and no others; set_faults() heals
        server.push(b"literal bytes")
        server.disconnect()
        await server.stop()
        await server.start()                        # on the same ports, the counter goes on

Readings depend on nothing but the time and the meter's number, so `meter.history(start, end, step)`
returns what the meter would have sent before the simulator was started.
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
