"""Run of a demo.

It checks the ports, starts all programs, sets up Home Assistant, and stops the programs at the end.
"""

import asyncio
import contextlib
import socket
import time
from argparse import Namespace
from asyncio import FIRST_COMPLETED
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from dev.simulator import Meter
from dev.simulator.heater import Heater
from smartyp1.prices.contract import Contract

from . import inverter
from .client import PASSWORD, USER, Client, attempt
from .default_dashboard import URL_PATH, add_overview
from .energy_dashboard import set_up_dashboard
from .home_assistant import HOST, RESTART, Installation
from .inverter import keep_heater_shown, keep_inverter_shown, show_inverter
from .leneda import ACCOUNT, platform_of
from .meter_statistics import (
    DOMAIN,
    entities_of,
    fill_history,
    flows_of,
    statistics_of,
    wait_for_values,
)
from .meters import Meters
from .optional_devices import MAX_METERS, Extras
from .processes import Process
from .progress import Progress
from .simulated_history import store_past
from .simulated_year import Year, simulate_year, store_flows, store_year
from .state import State, UnusableError, clear, lock
from .virtual_meter import add_virtual, virtual_port

LAST_PORT = 65535
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
    """Demo: simulated meters and a Home Assistant. One directory contains all their data."""

    def __init__(self, options: Namespace) -> None:
        """Take the options of the command line."""
        self.was_ready = False
        self._options = options
        self._directory: Path = options.state.resolve()
        self._port: int = options.port
        self._deadline: float | None = None
        self._lock: IO[str] | None = None
        self._state = State(self._directory)
        self._progress = Progress()
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
        if state.entries and options.meter_port not in (None, state.meter_port):
            message = (
                f"Home Assistant knows the meters at port {state.meter_port} and following; "
                "--fresh lets it forget that"
            )
            raise UnusableError(message)
        state.meters = options.meters or max(state.meters, 2 if options.all else 1)
        state.meter_port = options.meter_port or state.meter_port
        if options.all and not MAX_METERS > state.meters > 1:
            message = f"with --all there are 2 to {MAX_METERS - 1} meters"
            raise UnusableError(message)
        extras = Extras(state.meter_port, self._directory, wanted=options.all)
        meter_ports = _ports(state)
        virtual = [virtual_port(state.meter_port)] if options.virtual else []
        if max([*meter_ports, *extras.ports, *virtual]) > LAST_PORT:
            message = f"there are no ports above {LAST_PORT} for so many meters"
            raise UnusableError(message)
        if self._port in [*meter_ports, *extras.ports, *virtual]:
            message = f"port {self._port} cannot be a meter's and Home Assistant's at once"
            raise UnusableError(message)
        _check_free(self._port, "Home Assistant", "--port chooses another")
        # Home Assistant has stored the ports of the meters that earlier runs have added. So other
        # ports are only possible together with --fresh.
        remedy = f"{'--fresh ' if state.entries else ''}--meter-port chooses others"
        for port, program in (dict.fromkeys(meter_ports, "a meter") | extras.ports).items():
            _check_free(port, program, remedy)

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

        Then run until the task is cancelled or the configured time is over. Restart Home Assistant
        if a user asks for it. Raises ProcessEndedError if a program ends for another reason.
        """
        state = self._state
        state.heater.append(datetime.now(UTC).isoformat(timespec="seconds"))
        state.save()
        extras = Extras(state.meter_port, self._directory, wanted=self._options.all)
        meters = Meters(
            _ports(state),
            self._options.interval,
            self._directory,
            first=state.first_meter,
            boards=extras.boards,
            heater=Heater(tuple(map(datetime.fromisoformat, state.heater))),
        )
        log = self._directory / "home-assistant.log"
        home = Installation(self._directory / "config", self._port, log)
        several = "s"[: state.meters > 1]
        self._progress.begin(
            f"starting {state.meters} simulated meter{several}, and one that you can add yourself",
            "2 to 10 s",
        )
        try:
            async with (
                self._progress.signs_of_life(),
                meters.serving() as simulator,
                extras.serving() as brokers,
                contextlib.AsyncExitStack() as stack,
            ):
                others = [simulator, *brokers]
                if self._options.leneda:
                    platform = await stack.enter_async_context(platform_of(meters.meter(1)))
                    home.leneda = platform.url
                    self._progress.say(f"a simulated Leneda answers at {platform.url}")
                if "1" not in state.entries:
                    # Compute the year while Home Assistant starts.
                    self._computing = asyncio.create_task(self._compute_year(meters))
                while await self._runs_into_restart(home, meters, extras, others):
                    self._progress.say("Home Assistant was asked to restart")
        finally:
            self._progress.say("stopped")

    async def _runs_into_restart(
        self, home: Installation, meters: Meters, extras: Extras, others: list[Process]
    ) -> bool:
        """Run Home Assistant. Return True if a user asks for its restart.

        Return False when the time of the demo is over. Raises ProcessEndedError if Home Assistant
        or one of the `others` ends for another reason.
        """
        if entry_id := self._state.entries.get("1"):
            await self._store_flows(meters, entry_id)
        self._progress.begin("starting Home Assistant", _START_TIME)
        async with home.running() as process:
            async with home.ready(process) as client:
                shown = [asyncio.create_task(keep_heater_shown(client, meters.heater))]
                try:
                    await self._set_up(client, meters, extras)
                    await self._announce(client, meters)
                    if self._options.minutes and not self._deadline:
                        self._deadline = time.monotonic() + self._options.minutes * 60
                    inverter_shown = keep_inverter_shown(client, meters.meter(1))
                    shown.append(asyncio.create_task(inverter_shown))
                    ended = await _first_to_end([*others, process], self._deadline)
                finally:
                    for task in shown:
                        task.cancel()
                    await asyncio.gather(*shown, return_exceptions=True)
            if not ended:
                self._progress.say(f"{self._options.minutes:g} minutes are over")
                return False
            if ended is process and process.status == RESTART:
                return True
            raise ended.ended()

    async def _set_up(self, client: Client, meters: Meters, extras: Extras) -> None:
        """Set up the meters, boards, broker and dashboards that Home Assistant does not have yet.

        Disable the entries of devices that this demo does not run, and import the simulated
        history. Users can look as soon as the meters and their dashboard are there.
        """
        progress, state = self._progress, self._state
        is_new = await self._add_meters(client, meters)
        await add_overview(client)
        progress.say(f"open {client.url}   user {USER}, password {PASSWORD}")
        if is_new:
            await self._store_year(client, meters)
        first = state.entries["1"]
        if self._options.leneda:
            step = "entering a key of Leneda in the options of meter 1"
            await attempt(progress, step, partial(client.set_options, first, **ACCOUNT))
        if self._options.virtual:
            await add_virtual(client, first, state.meter_port, progress)
        await extras.add(client, state, progress)
        entries = await client.entries(DOMAIN) | await client.entries("mqtt")
        served = {
            entry_id: (f"meter {number}", int(number) <= state.meters)
            for number, entry_id in state.entries.items()
        }
        for name, entry_id in state.extras.items():
            served[entry_id] = (f"the {name}", extras.is_served(name))
        for entry_id, (name, serve) in served.items():
            if entry_id in entries:
                await self._enable(client, entries[entry_id], name, serve=serve)
        progress.begin("filling the Energy dashboard", "5 to 20 s")
        await show_inverter(client, meters.meter(1))
        # New entities appear with the first telegram, so wait for it.
        await wait_for_values(client, [(await entities_of(client, first))["energy_imported"]])
        entities = await entities_of(client, first) | await flows_of(client, first)
        entities |= inverter.ENTITIES
        await self._set_up_energy(client, entities, meters.meter(1))
        if hours := await fill_history(client, entities, meters.meter(1)):
            progress.say(f"filled the Energy dashboard with {hours} hours of simulated history")
            # A page that is open already has asked about the devices before they were there. It
            # asks again when the meter is loaded again.
            await client.post(f"/api/config/config_entries/entry/{first}/reload")

    async def _set_up_energy(self, client: Client, entities: dict[str, str], meter: Meter) -> None:
        """Set up the Energy dashboard, unless it has sources already."""
        # The integration writes `total` as the last one of electricity, and `gas_cost` of gas.
        statistics = await statistics_of(client, meter, wanted={"total", "gas_cost"})
        is_new = await set_up_dashboard(client, entities, statistics)
        if is_new and self._state.meters > 1:
            sources = [entities["production"], entities["discharged"]]
            await client.set_options(self._state.entries["1"], sun_sources=sources)

    async def _add_meters(self, client: Client, meters: Meters) -> bool:
        """Add the meters that Home Assistant does not have yet. Meters are numbered from 1.

        A user may have added a meter by hand. Return whether meter 1 is new, and has no history.
        """
        is_first_new = False
        entries = await client.entries(DOMAIN)
        for number in range(1, self._state.meters + 1):
            if self._state.entries.get(str(number)) in entries:
                continue
            entry = await self._added_by_hand(client, meters.meter(number).device_name)
            if not entry:
                address, key = meters.address(number), meters.key(number)
                self._progress.begin(
                    f"adding meter {number} at {address} with the integration's config flow",
                    "1 to 10 s",
                )
                fields = {"port": address, "encryption_key": key, "advanced": {}}
                entry = await client.run_flow(DOMAIN, "meter", **fields)
                is_first_new = is_first_new or number == 1
            self._state.entries[str(number)] = entry["entry_id"]
            self._state.save()
        return is_first_new

    async def _compute_year(self, meters: Meters) -> Year:
        now = datetime.now(UTC)
        return await asyncio.to_thread(simulate_year, meters.meter(1), CONTRACT, now)

    async def _store_year(self, client: Client, meters: Meters) -> None:
        """Store a contract and a simulated year for the first meter."""
        entry_id = self._state.entries["1"]
        self._progress.begin(
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
        await self._store_flows(meters, entry_id)
        past = self._directory / "config", entry_id, meters.meter(1), datetime.now(UTC)
        await asyncio.to_thread(store_past, *past)
        await client.command("config_entries/disable", entry_id=entry_id, disabled_by=None)

    async def _store_flows(self, meters: Meters, entry_id: str) -> None:
        now, config = datetime.now(UTC), self._directory / "config"
        await asyncio.to_thread(store_flows, config, entry_id, meters.meter(1), now)

    async def _added_by_hand(self, client: Client, serial_number: str) -> dict[str, Any] | None:
        """Return the config entry of a meter that a user has added by hand."""
        entries = await client.entries(DOMAIN)
        for device in await client.command("config/device_registry/list"):
            if device["serial_number"] == serial_number:
                for entry_id in device["config_entries"]:
                    if entry_id in entries:
                        return entries[entry_id]
        return None

    async def _enable(
        self, client: Client, entry: dict[str, Any], name: str, *, serve: bool
    ) -> None:
        """Enable a config entry if `serve` is True. Otherwise disable the entry."""
        if serve == (entry["disabled_by"] is None):
            return
        is_served = "served again" if serve else "not served this time: disabled"
        self._progress.begin(f"{name} is {is_served}")
        await client.command(
            "config_entries/disable",
            entry_id=entry["entry_id"],
            disabled_by=None if serve else "user",
        )

    async def _announce(self, client: Client, meters: Meters) -> None:
        say = self._progress.say
        self.was_ready = True
        further = len(meters.ports)
        if not await self._added_by_hand(client, meters.meter(further).device_name):
            say("to try the dialog, add the integration once more: Smart meter (P1)")
            say(f"    port {meters.address(further)}   key {meters.key(further)}")
        say(f"the dashboard of the meters: {client.url}/{URL_PATH}")
        say(f"the Energy dashboard: {client.url}/energy")
        say("everything is simulated, also the past year, the inverter and the battery")
        say("Ctrl-C stops everything")
        say(f"ready: {client.url}   user {USER}, password {PASSWORD}")


def _ports(state: State) -> range:
    """Return the TCP ports of all meters. The last port is for a meter that the user can add."""
    return range(state.meter_port, state.meter_port + state.meters + 1)


async def _first_to_end(processes: list[Process], deadline: float | None) -> Process | None:
    """Wait until a process ends or the deadline comes."""
    waiting = {asyncio.create_task(process.wait()): process for process in processes}
    timeout = deadline and max(0, deadline - time.monotonic())
    try:
        done, _ = await asyncio.wait(waiting, timeout=timeout, return_when=FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return waiting[done.pop()] if done else None


def _check_free(port: int, program: str, remedy: str) -> None:
    with socket.socket() as probe:
        # Set SO_REUSEADDR, so that connections of the last demo that are still closing do not block
        # the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = f"port {port}, for {program}, cannot be used: {error.strerror}; {remedy}"
            raise UnusableError(message) from None
