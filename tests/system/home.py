"""A real Home Assistant that can be stopped, started and asked."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from dev.demo.client import Client
from dev.demo.home_assistant import Installation
from dev.demo.meter_statistics import DOMAIN, enable, entities_of
from dev.demo.processes import Process
from dev.ports import free_ports
from dev.testing.broker import HOST, Broker
from dev.testing.real_programs import DEMO_PYTHON, PATIENCE, RecordingMeter, until
from smartyp1.json_types import JsonDict, JsonMapping

# Some of the sensors that follow each telegram, and the objects they show.
REFERENCES = {
    "energy_imported": "1-0:1.8.0",
    "energy_exported": "1-0:2.8.0",
    "power_imported": "1-0:1.7.0",
    "power_exported": "1-0:2.7.0",
    "current_l2": "1-0:51.7.0",
    "gas": "0-1:24.2.1",
    "water": "0-2:24.2.1",
    "heat": "0-3:24.2.1",
}

# Seconds until Home Assistant loads an entry again whose entity was enabled.
_RELOADED_AFTER = 30.0


class Home:
    """A Home Assistant, and a meter that it is to read."""

    client: Client
    process: Process
    _enabled = -_RELOADED_AFTER

    def __init__(
        self,
        directory: Path,
        meter: RecordingMeter,
        *,
        python: Path = DEMO_PYTHON,
        environment: Mapping[str, str] | None = None,
        leneda: str | None = None,
    ) -> None:
        self.made = datetime.now(UTC)
        self.meter = meter
        self.directory = directory
        self._python = python
        self._environment = environment
        self.log = directory / "log"
        self._installation = Installation(directory / "config", free_ports(), self.log)
        if leneda:
            self._installation.leneda = leneda
        self._running = AsyncExitStack()
        self._logged_in = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start it."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it, if that was not done."""
        await self.stop()

    def install(self, integration: Path) -> None:
        """Take these files of the integration at the next start, as HACS replaces them."""
        self._installation.integration = integration

    async def start(self) -> None:
        self.process = await self._running.enter_async_context(
            self._installation.process(self._python, environment=self._environment)
        )
        ready = self._installation.ready(self.process)
        self.client = await self._logged_in.enter_async_context(ready)

    async def stop(self) -> None:
        """Stop Home Assistant. A busy machine needs longer than the demo waits before it kills."""
        await self._logged_in.aclose()
        process = getattr(self, "process", None)
        if process and process.status is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
        await self._running.aclose()

    async def add_meter(self, port: str, key: bytes) -> JsonDict:
        """Go through the config flow, and return the new entry."""
        entry = await self.client.run_flow(
            DOMAIN, "meter", port=port, encryption_key=key.hex(), advanced={}
        )
        await enable(self.client, entry["entry_id"], *REFERENCES)
        self._enabled = time.monotonic()
        return entry

    async def until_settled(self) -> None:
        """Wait until Home Assistant will not load the meter again by itself, and it has."""
        if (left := self._enabled + _RELOADED_AFTER - time.monotonic()) > 0:
            await asyncio.sleep(left)
        await until(self.shows_last_telegram)

    async def suggested_port(self) -> str | None:
        """Return the port that the form for another meter suggests; leave the form as it is."""
        flows = "/api/config/config_entries/flow"
        menu = await self.client.post(flows, handler=DOMAIN)
        form = await self.client.post(f"{flows}/{menu['flow_id']}", next_step_id="meter")
        port = next(field for field in form["data_schema"] if field["name"] == "port")
        suggested: str | None = port.get("description", {}).get("suggested_value")
        return suggested

    async def set_options(self, **options: object) -> None:
        """Go through the options flow."""
        entry_id, *_ = await self.client.entries(DOMAIN)
        await self.client.set_options(entry_id, **options)

    async def call(self, entry: JsonMapping, action: str, **data: object) -> Any:  # noqa: ANN401 - JSON
        """Call an action of the integration for a meter, and return its answer."""
        answer = await self.client.command(
            "call_service",
            domain=DOMAIN,
            service=action,
            service_data={"config_entry": entry["entry_id"], **data},
            return_response=True,
        )
        return answer["response"]

    async def entities(self) -> dict[str, str]:
        """Return the meter's entities by their translation keys."""
        entry_id, *_ = await self.client.entries(DOMAIN)
        return await entities_of(self.client, entry_id)

    async def states(self) -> dict[str, str]:
        states = await self.all_states()
        # A new entity may be registered before it has a state.
        none = {"state": "unknown"}
        entities = await self.entities()
        return {key: states.get(name, none)["state"] for key, name in entities.items()}

    async def shows_nothing_but(self, *connections: str) -> bool:
        """Return whether the connection alone is available, in a state of `connections`."""
        states = await self.states()
        return states.pop("connection") in connections and set(states.values()) == {"unavailable"}

    async def all_states(self) -> dict[str, JsonDict]:
        return {state["entity_id"]: state for state in await self.client.get("/api/states")}

    async def shows_last_telegram(self) -> bool:
        """Return whether every sensor shows the meter's last telegram."""
        states = await self.states()
        wanted = {key: self.meter.last_value(name) for key, name in REFERENCES.items()}
        shown = {key: states[key] for key in REFERENCES}
        return not {"unavailable", "unknown"} & set(shown.values()) and wanted == {
            key: float(state) for key, state in shown.items()
        }


async def add_broker(home: Home, broker: Broker) -> None:
    """Set up Home Assistant's own MQTT integration."""
    others = {"set_client_cert": False, "set_ca_cert": "off"}
    await home.client.run_flow(
        "mqtt", broker=HOST, port=broker.port, protocol="5", other_settings=others
    )
