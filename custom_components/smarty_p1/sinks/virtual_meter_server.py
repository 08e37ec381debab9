"""Virtual meter that imitates a HomeWizard or Shelly meter for batteries and chargers."""

from functools import partial
from ipaddress import ip_address
from types import ModuleType

from homeassistant.components import network
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.importlib import async_import_module

from ..const import (
    CONF_ANNOUNCED,
    CONF_BATTERIES,
    CONF_ENABLED,
    CONF_LISTEN_ADDRESS,
    CONF_LISTEN_PORT,
    CONF_NO_BATTERIES,
    CONF_SERIAL,
    CONF_SHOWN_AS,
    CONF_SHOWS_TELEGRAM,
    CONF_SILENT,
    CONF_UDP_PORTS,
    LOGGER,
    SECTION_VIRTUAL,
    SHOWN_AS_BOTH,
)
from ..coordinator.background_tasks import SupervisedTask
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.repair_issues import is_raised, raise_issue, set_issue, withdraw_issues
from ..coordinator.telegram_source import TelegramMeter
from ..lib.json_types import JsonMapping
from ..lib.meter.meter_reader import Reading
from ..lib.problem import Problem
from ..lib.virtual.announcements import AnnouncementKind, announcements_of
from ..lib.virtual.virtual_meter import MAX_SILENCE_S, VirtualMeter
from ..lib.virtual_server.server import VirtualServer
from .ignore_virtual_meter import async_ignore, async_stop_ignoring, find_added_entries
from .listening_ports import ListeningPorts, Port
from .shown_clients import VIRTUAL_METERS
from .sink import SinkKind

_PROBLEMS = (Problem.VIRTUAL_METER, Problem.VIRTUAL_BATTERY, Problem.VIRTUAL_METER_ADDED)


def selected_meter_kinds(options: JsonMapping) -> list[AnnouncementKind]:
    """Return the kinds of meter that the options select."""
    shown_as = options[CONF_SHOWN_AS]
    return list(AnnouncementKind) if shown_as == SHOWN_AS_BOTH else [AnnouncementKind(shown_as)]


async def _async_make(coordinator: TelegramMeter, options: JsonMapping) -> VirtualMeterSink | None:
    hass = coordinator.hass
    withdraw_issues(hass, coordinator.config_entry, _PROBLEMS)
    if not options:
        return None
    announced = (
        selected_meter_kinds(options)
        if options.get(CONF_ENABLED) and options.get(CONF_ANNOUNCED)
        else []
    )
    others = set(AnnouncementKind).difference(announced)
    await async_stop_ignoring(hass, others, options[CONF_SERIAL])
    return VirtualMeterSink(coordinator, options, announced) if options[CONF_ENABLED] else None


async def _async_forget(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Make Home Assistant stop ignoring the virtual meter of a removed entry."""
    if options := entry.options.get(SECTION_VIRTUAL):
        await async_stop_ignoring(hass, list(AnnouncementKind), options[CONF_SERIAL])


class VirtualMeterSink:
    """Virtual meter of an entry, with its ports, its announcement and its repair issues."""

    def __init__(
        self,
        coordinator: TelegramMeter,
        options: JsonMapping,
        announced: list[AnnouncementKind],
    ) -> None:
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._entry = coordinator.config_entry
        self._name = coordinator.name
        self._serial: str = options[CONF_SERIAL]
        self._address: str = options[CONF_LISTEN_ADDRESS]
        self._announced = announced
        self._no_batteries = set(options[CONF_NO_BATTERIES])
        self._meter = VirtualMeter(
            self._serial,
            options[CONF_BATTERIES],
            is_silent=options[CONF_SILENT],
            on_fast=self._ask_about,
        )
        self._server = VirtualServer(
            self._meter, selected_meter_kinds(options), shows_telegram=options[CONF_SHOWS_TELEGRAM]
        )
        self._http_port: int = options[CONF_LISTEN_PORT]
        http = partial(self._server.start_http, self._address, self._http_port)
        ports = [Port(self._http_port, http)]
        ports += [Port(n, partial(self._server.start_udp, n)) for n in options[CONF_UDP_PORTS]]
        self._ports = ListeningPorts(
            coordinator, Problem.VIRTUAL_METER, self._address, ports, self._announce_if_open
        )
        self._unannounced = [*announced]
        self._announcement = SupervisedTask(
            self._hass, self._entry, self._announce, "the announcement of the virtual meter"
        )
        self._own_addresses: set[str] = set()
        self._has_warned = False

    async def async_start(self, latest: Reading | None) -> None:
        """Open the ports. A background task announces the meter and retries ports that failed."""
        hass, entry = self._hass, self._entry
        for adapter in await network.async_get_adapters(hass):
            self._own_addresses.update(ip["address"] for ip in adapter["ipv4"])
            self._own_addresses.update(ip["address"] for ip in adapter["ipv6"])
        meters = hass.data.setdefault(VIRTUAL_METERS, {})
        meters[entry.entry_id] = self._meter
        entry.async_on_unload(partial(meters.__delitem__, entry.entry_id))
        if latest:
            self.on_reading(latest)
        self._look_for_added()
        entry.async_on_unload(
            async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._on_entry_changed)
        )
        await self._ports.async_open()

    async def async_stop(self) -> None:
        """Close the ports."""
        await self._server.stop()
        withdraw_issues(self._hass, self._entry, _PROBLEMS)

    @callback
    def on_reading(self, reading: Reading) -> None:
        """Answer clients with `reading` from now on, unless the reading is too old."""
        age = self._coordinator.source.age_of(reading)
        if age > MAX_SILENCE_S and not self._has_warned:
            self._has_warned = True
            LOGGER.warning(
                "%s: telegrams come %.0f s late, or a clock is wrong: the virtual meter does not"
                " answer with those that are older than %.0f s",
                self._name,
                age,
                MAX_SILENCE_S,
            )
        self._server.on_reading(reading, age)

    @callback
    def _announce_if_open(self) -> None:
        """Announce the virtual meter in the background, if its HTTP port is open."""
        closed = {port.number for port in self._ports.closed}
        if self._unannounced and self._http_port not in closed:
            self._announcement.start()

    async def _announce(self) -> None:
        if "zeroconf" not in self._hass.config.components:
            LOGGER.warning("%s: without zeroconf, the virtual meter is not announced", self._name)
            return
        mdns = await _async_import_mdns(self._hass)
        for kind in tuple(self._unannounced):
            # Make Home Assistant ignore the service before announcing it. Otherwise, Home Assistant
            # would discover its own virtual meter within seconds, and offer it to the user.
            is_ignored = await async_ignore(self._hass, kind, self._serial)
            for announcement in announcements_of(kind, self._serial) if is_ignored else ():
                await mdns.async_announce(
                    self._hass, self._entry, announcement, self._address, self._http_port
                )
            self._unannounced.remove(kind)

    @callback
    def _on_entry_changed(self, change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        if entry.domain not in {"homewizard", "shelly"}:
            return
        self._look_for_added()
        if change is ConfigEntryChange.REMOVED and self._announced:
            self._entry.async_create_task(self._hass, self._ignore_again())

    async def _ignore_again(self) -> None:
        for kind in self._announced:
            await async_ignore(self._hass, kind, self._serial)

    @callback
    def _look_for_added(self) -> None:
        """Raise a repair issue if a user has added the virtual meter to this Home Assistant.

        Otherwise, withdraw the issue.
        """
        titles = [entry.title for entry in find_added_entries(self._hass, self._serial)]
        problem, added = Problem.VIRTUAL_METER_ADDED, ", ".join(titles)
        set_issue(self._hass, self._entry, problem, is_there=titles, added=added)

    def _ask_about(self, address: str, interval: float) -> bool:
        """Raise a repair issue that asks whether a client is a battery.

        Return True if the issue is raised now. Return True without an issue if the user has already
        answered that the client is not a battery. Return False without an issue in two cases:

        - The user has not answered the question about another client yet.
        - The client runs on this machine, and a user has added the virtual meter to Home Assistant.
          So the client may be Home Assistant itself.
        """
        if address in self._no_batteries:
            return True
        is_here = address in self._own_addresses or ip_address(address).is_loopback
        if (is_here and any(find_added_entries(self._hass, self._serial))) or is_raised(
            self._hass, self._entry, Problem.VIRTUAL_BATTERY
        ):
            return False
        raise_issue(
            self._hass,
            self._entry,
            Problem.VIRTUAL_BATTERY,
            address=address,
            seconds=f"{interval:.1f}",
        )
        return True


async def _async_import_mdns(hass: HomeAssistant) -> ModuleType:
    # Import only if a service is announced, because zeroconf takes time to load.
    return await async_import_module(hass, f"{__package__}.mdns_announcement")


KIND = SinkKind(SECTION_VIRTUAL, _async_make, _async_forget)
