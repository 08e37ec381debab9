"""What is known of ports without opening them: their lasting names, who uses them, the next one."""

import os
import re
from collections.abc import Iterable

from homeassistant.components.usb import get_serial_by_id
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..coordinator import is_meter
from ..coordinator.entry_types import AnyConfigEntry
from ..lib.port import normalise_port
from .port_holder import holder_of

_ALIASES = {"tcp": "socket"}
_URL = re.compile(r"(?P<scheme>[a-z0-9+.-]+)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_GATEWAY = re.compile(r"(?P<prefix>socket://|tcp://|rfc2217://)(?P<host>[^/?#@]+):(?P<port>\d+)")
_HIGHEST_PORT = 65535


def is_device(port: str) -> bool:
    """Tell whether a port is a device of this machine, and no URL."""
    return not _URL.fullmatch(port)


async def async_lasting_name(hass: HomeAssistant, text: str) -> str:
    """Return the port that a user means, by a name that it keeps when it is plugged in again."""
    port = normalise_port(text)
    return await hass.async_add_executor_job(get_serial_by_id, port) if is_device(port) else port


def _identity(port: str) -> str:
    """Return what is the same for two names of one port."""
    if url := _URL.fullmatch(port):
        scheme = url["scheme"].lower()
        # Who asks makes no other port of it.
        address = url["rest"].rpartition("@")[2] if "?" not in url["rest"] else url["rest"]
        return f"{_ALIASES.get(scheme, scheme)}://{address.lower().rstrip('/')}"
    try:
        return os.path.realpath(port)
    except ValueError:  # a NUL: no device has such a name
        return port


def _find_same(port: str, others: Iterable[str]) -> set[str]:
    return {other for other in others if _identity(other) == _identity(port)}


async def async_entry_at(
    hass: HomeAssistant, port: str, *, but: str | None = None
) -> AnyConfigEntry | None:
    """Return the entry of this integration that reads a port, whatever name it has there.

    `but` is the id of an entry that does not count, nor do disabled ones.
    """
    entries = [
        entry
        for entry in hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        )
        if entry.entry_id != but and CONF_PORT in entry.data
    ]
    names = await hass.async_add_executor_job(
        _find_same, port, [entry.data[CONF_PORT] for entry in entries]
    )
    return next((entry for entry in entries if entry.data[CONF_PORT] in names), None)


async def async_name_holder(hass: HomeAssistant, port: str) -> str | None:
    """Return who holds a serial device open: another program, or an integration's entry."""
    if not is_device(port):
        return None
    holder = await hass.async_add_executor_job(holder_of, port)
    if holder is None:
        return None
    if holder.pid != os.getpid():
        return f"{holder.program} ({holder.pid})"
    return await _async_name_entry(hass, port) or "Home Assistant"


async def _async_name_entry(hass: HomeAssistant, port: str) -> str | None:
    """Return the title and the domain of an entry that names the device."""
    entries = hass.config_entries.async_entries(include_ignore=False, include_disabled=False)
    names = {
        value: entry
        for entry in entries
        for value in entry.data.values()
        if isinstance(value, str) and value.startswith("/")
    }
    same = await hass.async_add_executor_job(_find_same, port, list(names))
    return next((f"{names[name].title} ({names[name].domain})" for name in same), None)


def next_gateway_port(entries: Iterable[AnyConfigEntry]) -> str | None:
    """Return the first free port above those of meters at the gateway of the newest one."""
    used = [
        (is_meter(entry), gateway)  # a board's port says nothing about meters
        for entry in sorted(entries, key=lambda entry: entry.created_at)
        if (gateway := _GATEWAY.fullmatch(entry.data.get(CONF_PORT, "")))
    ]
    meters = [gateway for is_meter, gateway in used if is_meter]
    if not meters:
        return None
    newest = meters[-1]
    port = max(int(meter["port"]) for meter in meters if meter["host"] == newest["host"]) + 1
    taken = {int(other["port"]) for _, other in used if other["host"] == newest["host"]}
    while port in taken:
        port += 1
    if port > _HIGHEST_PORT:
        return None
    prefix = "" if newest["prefix"] == "socket://" else newest["prefix"]
    return f"{prefix}{newest['host']}:{port}"
