"""Run of a demo.

It checks the ports, starts all programs, sets up Home Assistant, and stops the programs at the end.
"""

import asyncio
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from dev.arguments import LAST_PORT
from dev.ports import is_free
from dev.simulator.heater import Heater
from smartyp1.prices.contract import Contract
from smartyp1.task_race import run_until_first_exit

from . import inverter
from .client import PASSWORD, USER, Client
from .default_dashboard import URL_PATH, add_overview
from .energy_dashboard import set_up_dashboard
from .home_assistant import HOST, RESTART, Installation
from .inverter import keep_heater_shown, keep_inverter_shown, show_inverter
from .meter_statistics import DOMAIN, entities_of, fill_history, statistics_of, wait_for_values
from .meters import Meters
from .processes import Process
from .simulated_history import store_past
from .simulated_year import Year, simulate_year, store_flows, store_year
from .state import State, UnusableError, clear, lock

_START_TIME = "10 to 60 s, longest the first time"
# Reference power in kW. Meter 1 exceeds it while the household's electric car charges with 11 kW.
REFERENCE_POWER = 7
ENERGY_PRICE = 0.1463
FEED_IN_PRICE = 0.0782
GAS_PRICE = 0.9
GAS_FIXED_PRICE = 16.5
TARIFF = {
    "reference_power": str(REFERENCE_POWER),
    "energy_price": ENERGY_PRICE,
    "feed_in": {"feed_in_price": FEED_IN_PRICE},
    "gas_prices": [{"gas_price": GAS_PRICE, "gas_fixed_price": GAS_FIXED_PRICE}],
    "goal": "last_year",
}
CONTRACT = Contract(
    reference_kw=REFERENCE_POWER,
    energy_price=ENERGY_PRICE,
    feed_in_price=FEED_IN_PRICE,
    has_levies=True,
)


class Demo:
    """Demo: a simulated meter and a Home Assistant. One directory contains all their data."""

    def __init__(self, options: Namespace) -> None:
        """Take the options of the command line."""
        self.was_ready = False
        self._options = options
        self._directory: Path = options.state.resolve()
        self._port: int = options.port
        self._lock: IO[str] | None = None
        self._state = State(self._directory)
        # Computation of the simulated year of a new meter 1.
        self._computing: asyncio.Task[Year] | None = None

    def check(self) -> None:
        """Check the directory and the ports, lock the directory, and store the demo's new state.

        With `--fresh`, ignore the stored state, and delete the files of earlier demos after the
        checks. Raises UnusableError if the demo cannot start.
        """
        options, fresh = self._options, self._options.fresh
        # Lock the directory before checking the ports. If another demo already runs in this
        # directory, the error must name that demo, and not the ports that it uses.
        if self._directory.is_dir():
            self._claim()
        state = State(self._directory) if fresh else State.load(self._directory)
        if state.entry and options.meter_port not in (None, state.meter_port):
            raise UnusableError(
                f"Home Assistant knows the meters at port {state.meter_port} and following; "
                "--fresh lets it forget that"
            )
        state.meter_port = options.meter_port or state.meter_port
        meter_ports = _ports(state)
        if max(meter_ports) > LAST_PORT:
            raise UnusableError(f"there is no port above {LAST_PORT} for the second meter")
        if self._port in meter_ports:
            raise UnusableError(
                f"port {self._port} cannot be a meter's and Home Assistant's at once"
            )
        _check_free(self._port, "Home Assistant", "--port chooses another")
        # Home Assistant has stored the port of the meter that an earlier run has added. So other
        # ports are only possible together with --fresh.
        remedy = f"{'--fresh ' if state.entry else ''}--meter-port chooses others"
        for port in meter_ports:
            _check_free(port, "a meter", remedy)

        if not self._lock:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._claim()
        if fresh:
            clear(self._directory)
        state.save()
        self._state = state

    def _claim(self) -> None:
        self._lock = lock(self._directory, f"http://{HOST}:{self._port}")

    async def run(self) -> None:
        """Start all programs, and print the progress.

        Then run until the task is cancelled. Restart Home Assistant if a user asks for it. Raises
        ProcessEndedError if a program ends for another reason.
        """
        state = self._state
        state.heater.append(datetime.now(UTC).isoformat(timespec="seconds"))
        state.save()
        meters = Meters(
            _ports(state),
            self._options.interval,
            self._directory,
            first=state.first_meter,
            heater=Heater(tuple(map(datetime.fromisoformat, state.heater))),
        )
        log = self._directory / "home-assistant.log"
        home = Installation(self._directory / "config", self._port, log)
        _say("starting a simulated meter, and one that you can add yourself", "2 to 10 s")
        try:
            async with meters.process() as simulator:
                if not state.entry:
                    # Compute the year while Home Assistant starts.
                    self._computing = asyncio.create_task(self._compute_year(meters))
                while True:
                    await self._run_until_restart(home, meters, simulator)
                    _say("Home Assistant was asked to restart")
        finally:
            _say("stopped")

    async def _run_until_restart(
        self, home: Installation, meters: Meters, simulator: Process
    ) -> None:
        """Run Home Assistant until a user asks for its restart.

        Raises ProcessEndedError if Home Assistant or the simulator ends for another reason.
        """
        if self._state.entry:
            await self._store_flows(meters)
        _say("starting Home Assistant", _START_TIME)
        async with home.process() as process:
            async with home.ready(process) as client:
                shown = [asyncio.create_task(keep_heater_shown(client, meters.heater))]
                try:
                    await self._set_up(client, meters)
                    await self._announce(client, meters)
                    inverter_shown = keep_inverter_shown(client, meters.meter(1))
                    shown.append(asyncio.create_task(inverter_shown))
                    await run_until_first_exit(simulator.wait(), process.wait())
                finally:
                    for task in shown:
                        task.cancel()
                    await asyncio.gather(*shown, return_exceptions=True)
            if simulator.status is not None:
                raise simulator.ended()
            if process.status != RESTART:
                raise process.ended()

    async def _set_up(self, client: Client, meters: Meters) -> None:
        """Set up the meter and the dashboards that Home Assistant does not have yet.

        Import the simulated history. Users can look as soon as the meter and its dashboard are
        there.
        """
        is_new = await self._add_meter(client, meters)
        await add_overview(client)
        _say(f"open {client.url}   user {USER}, password {PASSWORD}")
        if is_new:
            await self._store_year(client, meters)
        entry_id = self._state.entry
        _say("filling the Energy dashboard", "5 to 60 s")
        await show_inverter(client, meters.meter(1))
        # New entities appear with the first telegram, so wait for it.
        await wait_for_values(client, [(await entities_of(client, entry_id))["energy_imported"]])
        entities = await entities_of(client, entry_id) | inverter.ENTITIES
        # The integration writes `total` as the last one of electricity, and `gas_cost` of gas.
        statistics = await statistics_of(client, meters.meter(1), wanted={"total", "gas_cost"})
        await set_up_dashboard(client, entities, statistics)
        if hours := await fill_history(client, entities, meters.meter(1)):
            _say(f"filled the Energy dashboard with {hours} hours of simulated history")
            # A page that is open already has asked about the devices before they were there. It
            # asks again when the meter is loaded again.
            await client.post(f"/api/config/config_entries/entry/{entry_id}/reload")

    async def _add_meter(self, client: Client, meters: Meters) -> bool:
        """Add meter 1, unless Home Assistant has it. Return whether it is new, without a history.

        A user may have removed the meter, and added it again by hand.
        """
        entry_id = await _entry_of(client, meters.meter(1).device_name)
        is_new = entry_id is None
        if entry_id is None:
            address, key = meters.address(1), meters.key(1)
            _say(f"adding the meter at {address} with the integration's config flow", "1 to 10 s")
            fields = {"port": address, "encryption_key": key, "advanced": {}}
            entry_id = str((await client.run_flow(DOMAIN, "meter", **fields))["entry_id"])
        self._state.entry = entry_id
        self._state.save()
        return is_new

    async def _compute_year(self, meters: Meters) -> Year:
        now = datetime.now(UTC)
        return await asyncio.to_thread(simulate_year, meters.meter(1), CONTRACT, now)

    async def _store_year(self, client: Client, meters: Meters) -> None:
        """Store a contract and a simulated year for the first meter."""
        entry_id = self._state.entry
        _say(
            f"storing a simulated year with a reference power of {REFERENCE_POWER} kW and prices",
            "5 to 20 s",
        )
        year = await (self._computing or self._compute_year(meters))
        self._computing = None
        # Disable the entry until the year is stored. Otherwise, the sensor of this month's costs
        # would start near 0, and the statistics would later count the stored costs as new costs.
        await client.command("config_entries/disable", entry_id=entry_id, disabled_by="user")
        await client.set_options(entry_id, **TARIFF)
        await asyncio.to_thread(store_year, self._directory / "config", entry_id, year)
        await self._store_flows(meters)
        past = self._directory / "config", entry_id, meters.meter(1), datetime.now(UTC)
        await asyncio.to_thread(store_past, *past)
        await client.command("config_entries/disable", entry_id=entry_id, disabled_by=None)

    async def _store_flows(self, meters: Meters) -> None:
        now, config = datetime.now(UTC), self._directory / "config"
        await asyncio.to_thread(store_flows, config, self._state.entry, meters.meter(1), now)

    async def _announce(self, client: Client, meters: Meters) -> None:
        self.was_ready = True
        if not await _entry_of(client, meters.meter(2).device_name):
            _say("to try the dialog, add the integration once more: Smart meter (P1)")
            _say(f"    port {meters.address(2)}   key {meters.key(2)}")
        _say(f"the dashboard of the meter: {client.url}/{URL_PATH}")
        _say(f"the Energy dashboard: {client.url}/energy")
        _say("everything is simulated, also the past year, the inverter and the battery")
        _say("Ctrl-C stops everything")
        _say(f"ready: {client.url}   user {USER}, password {PASSWORD}")


def _say(text: str, usual: str = "") -> None:
    """Print a line of the demo. `usual` says how long the step of this line usually takes."""
    print(f"demo: {text} (usually {usual})" if usual else f"demo: {text}", flush=True)


def _ports(state: State) -> range:
    """Return the TCP ports of the meter, and of a meter that the user can add."""
    return range(state.meter_port, state.meter_port + 2)


async def _entry_of(client: Client, serial_number: str) -> str | None:
    """Return the id of the config entry that has the meter with this serial number, if any."""
    entries = await client.entries(DOMAIN)
    for device in await client.command("config/device_registry/list"):
        if device["serial_number"] == serial_number:
            return next((entry for entry in device["config_entries"] if entry in entries), None)
    return None


def _check_free(port: int, program: str, remedy: str) -> None:
    if not is_free(port):
        raise UnusableError(f"port {port}, for {program}, is in use, or not allowed; {remedy}")
