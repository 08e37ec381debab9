"""Devices and programs that the option `--all` adds to the demo.

They are a pulse reader, a tank sensor, and an MQTT broker to which the telegrams of meter 2 are
published.
"""

import contextlib
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from dev.reliability.process_measurements import is_served
from dev.simulator.boards import PULSES_PER_KWH, TANK_EMPTY_CM, TANK_FULL_CM

from .client import Client, attempt
from .home_assistant import HOST
from .meter_statistics import DOMAIN
from .processes import Process, running
from .progress import Progress
from .state import State

# The port of each meter, board or broker is the port of meter 1 plus a number. Numbers below
# MAX_METERS are for meters.
MAX_METERS = 10
BOARDS = {"pulse": MAX_METERS, "tank": MAX_METERS + 1}
BROKER = "broker"
BROKER_PORT = MAX_METERS + 2

_CONFIGURATION = """\
listener {port} {host}
allow_anonymous true
persistence false
"""
# Options of the simulated tank. Distances are in cm, and the volume is in litres.
_TANK = {
    "distance_empty": TANK_EMPTY_CM,
    "distance_full": TANK_FULL_CM,
    "volume": 5000,
    "shape": "upright",
}
_NO_CERTIFICATES = {"set_client_cert": False, "set_ca_cert": "off"}
_PUBLISHING = {
    "enabled": True,
    "format": "both",
    "retain": False,
    "min_interval": 0,
    "discovery": False,
    "discovery_prefix": "homeassistant",
}


def find_mosquitto() -> str | None:
    """Return the path of the program mosquitto, None if it is not installed."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


class Extras:
    """Optional devices of a demo: pulse reader, tank sensor and MQTT broker."""

    def __init__(self, first_port: int, directory: Path, *, wanted: bool) -> None:
        """Choose the TCP ports. `first_port` is the port of the first meter.

        If `wanted` is False, the demo has no boards and no broker. If mosquitto is not installed,
        the demo has no broker.
        """
        self._program = find_mosquitto() if wanted else None
        self._directory = directory
        self.boards = {kind: first_port + at for kind, at in BOARDS.items()} if wanted else {}
        self.broker_port = first_port + BROKER_PORT if self._program else None

    @property
    def ports(self) -> dict[int, str]:
        """Return the names of the boards and the broker, by TCP port."""
        ports = {port: f"a {kind} board" for kind, port in self.boards.items()}
        return ports | ({self.broker_port: "mosquitto"} if self.broker_port else {})

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[list[Process]]:
        """Run the MQTT broker while the context is active, and yield a list with its process."""
        if not self._program or not self.broker_port:
            yield []
            return
        configuration = self._directory / "mosquitto.conf"
        configuration.write_text(
            _CONFIGURATION.format(port=self.broker_port, host=HOST), encoding="ascii"
        )
        async with running(
            "mosquitto",
            [self._program, "-c", configuration],
            log=self._directory / "mosquitto.log",
            directory=self._directory,
        ) as process:
            port = self.broker_port
            await process.until(lambda: is_served(port))
            yield [process]

    async def add(self, client: Client, state: State, progress: Progress) -> None:
        """Add the boards and the broker that Home Assistant does not have yet."""
        ours, theirs = await client.entries(DOMAIN), await client.entries("mqtt")
        for kind, port in self.boards.items():
            if state.extras.get(kind) not in ours:
                address = f"socket://{HOST}:{port}"
                step = f"adding a {kind} board at {address} with the integration's config flow"
                await attempt(progress, step, partial(_add_board, client, state, kind, address))
        if self.broker_port and state.extras.get(BROKER) not in theirs:
            step = f"adding mosquitto, and publishing meter 2 there: port {self.broker_port}"
            await attempt(progress, step, partial(_add_broker, client, state, self.broker_port))

    def is_served(self, name: str) -> bool:
        """Return whether this demo runs `name`, which is a kind of board, or BROKER."""
        return name in self.boards or (name == BROKER and self.broker_port is not None)


async def _add_broker(client: Client, state: State, port: int) -> None:
    if state.extras.get(BROKER) not in await client.entries("mqtt"):
        broker = await client.run_flow(
            "mqtt", broker=HOST, port=port, protocol="5", other_settings=_NO_CERTIFICATES
        )
        state.extras[BROKER] = broker["entry_id"]
        state.save()
    await client.set_options(state.entries["2"], mqtt=_PUBLISHING)


async def _add_board(client: Client, state: State, kind: str, address: str) -> None:
    if kind == "tank":
        entry = await client.run_flow(DOMAIN, "tank", port=address, **_TANK)
    else:
        entry = await client.run_flow(
            *(DOMAIN, "pulse", "pulse_port"),
            port=address,
            baud_rate="115200",
            pulses_per_kwh=PULSES_PER_KWH,
        )
    state.extras[kind] = entry["entry_id"]
    state.save()
