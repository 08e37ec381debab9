"""The virtual meter of one port. Needs aiohttp."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from smartyp1.meter import Reading
from smartyp1.stored_values import Stored, a_mapping, a_text
from smartyp1.virtual import VirtualMeter, draw_serial, is_serial
from smartyp1.virtual_server import VirtualServer

from .memory_file import Memory
from .virtual_config import VirtualConfig

LOGGER = logging.getLogger(__name__)

_RETRY_EVERY = 30.0
_NAME = "virtual"


class VirtualPort:
    """Answers with the readings of one port."""

    def __init__(self, config: VirtualConfig, memory: Memory) -> None:
        self._config = config
        serial = memory.read(_NAME, _restore) or draw_serial()
        memory.put(_NAME, lambda: {"serial": serial})
        meter = VirtualMeter(
            serial, config.batteries, is_silent=config.is_silent, on_fast=_tell_of_fast
        )
        self._server = VirtualServer(meter, config.kinds, shows_telegram=config.shows_telegram)

    def on_reading(self, reading: Reading) -> None:
        """Answer with this from now on."""
        self._server.on_reading(reading)

    async def run(self) -> None:
        """Answer until cancelled."""
        try:
            await self._open()
            await asyncio.Event().wait()
        finally:
            await self._server.stop()

    async def _open(self) -> None:
        config = self._config
        everywhere = config.address == "::"
        udp_address = "0.0.0.0" if everywhere else config.address  # noqa: S104 - as it is said
        http = partial(self._server.start_http, None if everywhere else config.address, config.port)
        closed: dict[str, Callable[[], Awaitable[None]]] = {f"TCP {config.port}": http}
        for port in config.udp_ports:
            closed[f"UDP {port}"] = partial(self._server.start_udp, udp_address, port)
        said: set[str] = set()
        while True:
            for name, start in list(closed.items()):
                try:
                    await start()
                except OSError as err:
                    if name not in said:
                        said.add(name)
                        LOGGER.error(  # noqa: TRY400
                            "[virtual] %s of %s cannot be used: %s",
                            name,
                            config.address,
                            err.strerror,
                        )
                else:
                    del closed[name]
                    LOGGER.info("The virtual meter answers at %s of %s", name, config.address)
            if not closed:
                return
            await asyncio.sleep(_RETRY_EVERY)


def _restore(stored: Stored) -> str | None:
    serial: Any = a_text(a_mapping(stored)["serial"])
    return serial if is_serial(serial) else None


def _tell_of_fast(address: str, interval: float) -> None:
    LOGGER.warning(
        "%s asks the virtual meter every %.1f s, oftener than telegrams come. If it is a battery,"
        " it belongs into batteries of [virtual]; if it is a wallbox or a display, it does not",
        address,
        interval,
    )
