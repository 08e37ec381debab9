"""The Home Assistant of a run, and what of it shows the numbered meters."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, override

from dev.demo.client import Client
from dev.demo.energy import DOMAIN, entities_of
from dev.demo.home_assistant import Installation
from dev.demo.processes import Process
from dev.ports import free_ports

from .meter import KEY, NumberedMeter
from .watch import Shown, Watch

# The lowest class, and the price of 2025: with them, all there is of the quarter-hour is shown.
TARIFF: Mapping[str, Any] = {
    "reference_power": "3",
    "network_prices": {"surcharge_price": 0.1139},
}
# A state that a meter has not made.
ABSENT = ("unavailable", "unknown")


NUMBER = "power_net"
"""The entity that tells which telegram is shown."""


class Running(NamedTuple):
    """A Home Assistant that has started, and its owner's session."""

    process: Process
    client: Client

    async def add_meter(self, port: str, options: Mapping[str, Any] = TARIFF) -> str:
        """Go through the flows of config and options; return the config entry's id."""
        entry = await self.client.run_flow(
            DOMAIN, "meter", port=port, encryption_key=KEY.hex(), advanced={}
        )
        entry_id = str(entry["entry_id"])
        await self.client.set_options(entry_id, **options)

        async def has_tariff() -> bool:
            return "demand_excess_cost" in await entities_of(self.client, entry_id)

        await self.process.until(has_tariff)
        return entry_id

    @contextlib.asynccontextmanager
    async def watching(self, entry_id: str, meter: NumberedMeter) -> AsyncIterator[MeterWatch]:
        """Watch all entities of a meter until the context ends."""
        entities = await entities_of(self.client, entry_id)
        watch = MeterWatch(entities, meter)
        async with watch.following(self.client, entities.values()):
            yield watch


class MeterWatch(Watch):
    """What is shown of a numbered meter; its entities are named by their translation keys."""

    def __init__(self, entities: dict[str, str], meter: NumberedMeter) -> None:
        super().__init__()
        self.last_telegram = 0.0
        self._entities = entities
        self._meter = meter

    @override
    def on_state(self, entity_id: str, shown: Shown) -> None:
        if entity_id == self._entities[NUMBER] and shown.state not in ABSENT:
            self.last_telegram = shown.written

    def number(self, key: str) -> float | None:
        """Return the state of an entity, None while it is not a number."""
        try:
            return float(self.states[self._entities[key]].state)
        except KeyError, ValueError:
            return None

    def shows_telegram_since(self, moment: float) -> bool:
        """Return whether the shown telegram was sent after a moment."""
        power = self.number(NUMBER)
        return power is not None and self._meter.moments.get(power, 0.0) > moment

    def shows_last_telegram(self) -> bool:
        """Return whether the shown telegram is the last one."""
        return self.number(NUMBER) == self._meter.last_power

    def is_unavailable(self) -> bool:
        """Return whether no entity is available."""
        return {shown.state for shown in self.states.values()} == {"unavailable"}

    def last_written(self) -> float:
        """Return when the last state was written."""
        return max(shown.written for shown in self.states.values())


class Home:
    """A Home Assistant in a directory of its own."""

    def __init__(self, directory: Path, *, recorder: str | None = None) -> None:
        self.log = directory / "home-assistant.log"
        self.storage = directory / "config" / ".storage"
        self._installation = Installation(
            directory / "config", free_ports(), self.log, recorder=recorder
        )

    @contextlib.asynccontextmanager
    async def running(
        self, *, started: bool = True, environment: Mapping[str, str] | None = None
    ) -> AsyncIterator[Running]:
        """Run it until the context ends; `started`: all is set up, else only its API answers."""
        async with self._installation.running(environment=environment) as process:
            session = self._installation.ready if started else self._installation.answering
            async with session(process) as client:
                yield Running(process, client)
