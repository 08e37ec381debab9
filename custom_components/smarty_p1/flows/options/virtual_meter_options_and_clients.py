"""Options of the virtual meter, and the options page that lists its clients."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address

import voluptuous as vol
from homeassistant.components import network
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode

from ...const import (
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
    SECTION_P1_SERVER,
    SECTION_VIRTUAL,
    SHOWN_AS_BOTH,
)
from ...coordinator.entry_types import AnyConfigEntry
from ...lib.client_admission import plain_address
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.local_network_check import is_private
from ...lib.local_server import EVERY_ADDRESS
from ...lib.markdown_text import Verbatim, as_plain
from ...lib.port.hosts import MAX_PORT
from ...lib.virtual.announcements import AnnouncementKind
from ...lib.virtual.clients import Profile
from ...lib.virtual.device_identity import draw_serial
from ...lib.virtual.virtual_meter import MAX_BATTERIES
from ...lib.virtual_server.server import UDP_PORTS
from ...sinks.shown_clients import ShownClient, clients_of
from ...user_requests.request_fields import SchemaFields
from ...user_requests.user_locale import UserLocale, async_user_locale
from ..form_errors import FormErrors
from ..shared_form_fields import list_field, switches, whole_number_field
from .options_page import section_page
from .publish_options import async_try_to_listen, others_of, sections_of

HTTP_PORT = 80
_EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - a choice
_WILDCARDS = {_EVERY_IPV4, EVERY_ADDRESS}
_MAX_UDP_PORTS = 4
_NONE = "\N{EN DASH}"


def _fields(hass: HomeAssistant, entry: AnyConfigEntry) -> SchemaFields:
    asking = [client.address for client in clients_of(hass, entry)]
    return {
        **switches(CONF_ENABLED),
        vol.Required(CONF_SHOWN_AS, default=SHOWN_AS_BOTH): SelectSelector(
            SelectSelectorConfig(
                options=[*(kind.value for kind in AnnouncementKind), SHOWN_AS_BOTH],
                translation_key="virtual_meter_shown_as",
            )
        ),
        vol.Required(CONF_LISTEN_ADDRESS, default=_EVERY_IPV4): list_field(
            ((address, address) for address in (_EVERY_IPV4, EVERY_ADDRESS)), takes_any=True
        ),
        vol.Required(CONF_LISTEN_PORT, default=HTTP_PORT): whole_number_field(MAX_PORT, minimum=1),
        vol.Optional(CONF_BATTERIES, default=list): _texts(asking),
        vol.Optional(CONF_UDP_PORTS, default=list): _texts(map(str, UDP_PORTS)),
        **switches(CONF_SILENT, CONF_ANNOUNCED, CONF_SHOWS_TELEGRAM),
    }


def _texts(offered: Iterable[str]) -> SelectSelector:
    """Return a form field for several texts. It suggests the texts in `offered`."""
    return SelectSelector(
        SelectSelectorConfig(
            options=list(offered),
            multiple=True,
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def _shown(options: JsonMapping) -> JsonDict:
    ports = [str(port) for port in options.get(CONF_UDP_PORTS, ())]
    return {**options, CONF_UDP_PORTS: ports} if options else {}


async def _async_read(
    hass: HomeAssistant, entry: AnyConfigEntry, typed: JsonMapping, errors: FormErrors
) -> JsonDict:
    """Return the options of the virtual meter to store. Add an error for each invalid value."""
    stored = entry.options.get(SECTION_VIRTUAL, {})
    address, port = typed[CONF_LISTEN_ADDRESS].strip(), int(typed[CONF_LISTEN_PORT])
    batteries = _read_all(typed[CONF_BATTERIES], _read_battery, MAX_BATTERIES)
    if None in batteries:
        errors.refuse(CONF_BATTERIES, "virtual_battery_malformed")
    udp_ports = _read_all(typed[CONF_UDP_PORTS], _read_port, _MAX_UDP_PORTS)
    if None in udp_ports:
        errors.refuse(CONF_UDP_PORTS, "virtual_udp_port_malformed")
    if typed[CONF_ENABLED]:
        if udp_ports and typed[CONF_SHOWN_AS] == AnnouncementKind.HOMEWIZARD:
            errors.refuse(CONF_UDP_PORTS, "virtual_udp_without_shelly")
        _check_ports(hass, entry, address, port, udp_ports, errors)
        # Test only the address, with any free port. Accept a port in use, because the program that
        # uses the port may stop later. A repair issue reports such a port.
        await async_try_to_listen(address, 0)
        if typed[CONF_ANNOUNCED] and ip_address(address).is_loopback:
            errors.refuse(CONF_ANNOUNCED, "virtual_announced_locally")
    no_batteries = set(stored.get(CONF_NO_BATTERIES, ())).difference(batteries)
    return {
        **typed,
        CONF_LISTEN_ADDRESS: address,
        CONF_LISTEN_PORT: port,
        CONF_BATTERIES: list(dict.fromkeys(batteries)),
        CONF_UDP_PORTS: list(dict.fromkeys(udp_ports)),
        CONF_NO_BATTERIES: sorted(no_batteries),
        CONF_SERIAL: stored.get(CONF_SERIAL) or draw_serial(),
    }


def _check_ports(  # noqa: PLR0913, PLR0917 - the meter, its options, and their errors
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    address: str,
    port: int,
    udp_ports: Sequence[int | None],
    errors: FormErrors,
) -> None:
    """Add an error for each port that another virtual meter or a P1 server uses.

    The TCP port `port` may be in use at another address. UDP ports always listen at all addresses,
    so a UDP port in use is always refused.
    """
    others = others_of(hass, entry)
    virtual = sections_of(others, SECTION_VIRTUAL)
    for options in [*virtual, *sections_of([*others, entry], SECTION_P1_SERVER)]:
        addresses = {address, options[CONF_LISTEN_ADDRESS]}
        is_shared = len(addresses) == 1 or addresses & _WILDCARDS
        if is_shared and port == options[CONF_LISTEN_PORT]:
            errors.refuse(CONF_LISTEN_PORT, "p1_port_in_use")
    if any(not set(udp_ports).isdisjoint(options[CONF_UDP_PORTS]) for options in virtual):
        errors.refuse(CONF_UDP_PORTS, "virtual_udp_port_in_use")


async def async_addresses_to_enter(hass: HomeAssistant, entry: AnyConfigEntry) -> str:
    """Return the addresses at which devices on the network reach the virtual meter."""
    options = entry.options.get(SECTION_VIRTUAL, {})
    address = options.get(CONF_LISTEN_ADDRESS, _EVERY_IPV4)
    if address not in _WILDCARDS:
        return str(address)
    adapters = await network.async_get_adapters(hass)
    addresses = [ip["address"] for adapter in adapters for ip in adapter["ipv4"]]
    return ", ".join(own for own in addresses if not ip_address(own).is_loopback) or _NONE


def _read_all[T](
    texts: Sequence[str], read: Callable[[str], T | None], most: int
) -> list[T | None]:
    """Return the values of at most `most` texts, None for a malformed text and in place of more."""
    values = [read(text) for text in texts[:most]]
    return values if len(texts) <= most else [*values, None]


def _read_battery(text: str) -> str | None:
    address = plain_address(text)
    return address if address and is_private(address) else None


def _read_port(text: str) -> int | None:
    is_number = text.strip().isascii() and text.strip().isdecimal()
    port = int(text.strip()[:6]) if is_number else 0
    return port if 1 <= port <= MAX_PORT else None


async def async_client_tables(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, str]:
    """Return the rows of each table of clients as Markdown, keyed by the form's placeholders."""
    clients = clients_of(hass, entry)
    locale = await async_user_locale(hass)
    return {
        name: Verbatim(
            "\n".join(_row(locale, client) for client in clients if client.profile is profile)
            or f"| {_NONE} | {_NONE} | {_NONE} | {_NONE} |"
        )
        for name, profile in (
            ("meters", Profile.METER),
            ("batteries", Profile.BATTERY),
            ("unanswered", Profile.UNANSWERED),
        )
    }


def _row(locale: UserLocale, client: ShownClient) -> str:
    interval = client.poll_interval_s
    every = _NONE if interval is None else locale.with_unit(f"{interval:.1f}", "s")
    last = locale.with_unit(f"{client.last_request_s_ago:.0f}", "s")
    questions = ", ".join(client.questions) or _NONE
    return f"| {as_plain(client.address)} | {as_plain(questions)} | {every} | {last} |"


VIRTUAL_METER = section_page(SECTION_VIRTUAL, _fields, _async_read, _shown)
