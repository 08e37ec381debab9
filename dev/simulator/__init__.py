"""Simulated Luxembourg "Smarty" meters with households.

From the command line, `python -m dev.simulator --meters 2` serves two meters on TCP ports 20001 and
20002. Their keys are in `smarty-simulator.keys`. `--help` lists all options.

From Python:

    meter = Meter(1, key)
    meter.telegram_at(when)                         # the text
    meter.frame_at(when)                            # encrypted; the frame counter rises

    async with Server([meter], interval=0.05) as server:
        server.ports                                # one per meter
        server.silence()                            # from now on, only pushed bytes are sent
        server.push(b"literal bytes")
        await server.stop()
        await server.start()                        # same ports; the counter continues

Readings depend only on the time and the meter's number.
"""

from .house import House
from .meter import CounterExhaustedError, Meter
from .server import PortInUseError, Server

__all__ = ["CounterExhaustedError", "House", "Meter", "PortInUseError", "Server"]
