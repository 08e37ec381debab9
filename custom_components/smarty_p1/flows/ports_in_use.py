"""Names and users of ports, and the next free port of a gateway.

The user of a port is a config entry or another program.
"""

import asyncio
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from operator import attrgetter
from pathlib import Path

from homeassistant.components.usb import get_serial_by_id
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant

from ..coordinator import has_telegrams
from ..coordinator.entry_types import AnyConfigEntry, active_meters
from ..coordinator.mqtt_port import topic_of
from ..lib.port.hosts import MAX_PORT
from ..lib.port.serial_port import normalise_port

_ALIASES = {"tcp": "socket"}
_URL = re.compile(r"(?P<scheme>[a-z0-9+.-]+)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_GATEWAY = re.compile(r"(?P<prefix>socket://|tcp://|rfc2217://)(?P<host>[^/?#@]+):(?P<port>\d+)")
# Seconds to wait for a connection. The form opens only after this time, so the limit is low.
_LISTENING_TIMEOUT_S = 1.0
_PROCESSES = Path("/proc")


def _is_device(port: str) -> bool:
    """Return whether a port is a device file of this machine. A URL or a topic is not."""
    return not _URL.fullmatch(port) and topic_of(port) is None


async def async_lasting_name(hass: HomeAssistant, text: str) -> str:
    """Return the normalised port. A serial device gets its lasting name in /dev/serial/by-id."""
    port = normalise_port(text)
    return await hass.async_add_executor_job(get_serial_by_id, port) if _is_device(port) else port


def _identity(port: str) -> str:
    """Return a text that is the same for all names of a port."""
    if url := _URL.fullmatch(port):
        scheme = url["scheme"].lower()
        # The address alone identifies the port. So ignore a user name before the address.
        address = url["rest"].rpartition("@")[2] if "?" not in url["rest"] else url["rest"]
        return f"{_ALIASES.get(scheme, scheme)}://{address.lower().rstrip('/')}"
    if topic_of(port) is not None:
        return port
    try:
        return os.path.realpath(port)
    except ValueError:  # the name contains a NUL byte
        return port


def _first_same(port: str, named: Iterable[tuple[str, AnyConfigEntry]]) -> AnyConfigEntry | None:
    """Return the first entry that uses `port`, even under another name of the same device.

    `named` has pairs of a port and the entry that uses it. Return None if no entry uses `port`.
    """
    identity = _identity(port)
    return next((entry for name, entry in named if _identity(name) == identity), None)


async def async_entry_at(
    hass: HomeAssistant, port: str, *, but: str | None = None
) -> AnyConfigEntry | None:
    """Return the enabled entry of this integration that reads a port.

    A port can have several names, so the entry may have stored a different name than `port`. The
    entry with the id `but` is ignored. Return None if no entry reads the port.
    """
    named = [
        (entry.data[CONF_PORT], entry)
        for entry in active_meters(hass)
        if entry.entry_id != but and CONF_PORT in entry.data
    ]
    return await hass.async_add_executor_job(_first_same, port, named)


async def async_name_holder(hass: HomeAssistant, port: str) -> str | None:
    """Return the name of the program or config entry that holds a serial device.

    A program is named with its process id. Return "Home Assistant" if Home Assistant holds the
    device, but no entry has the device in its data. Return None if nobody holds the device.
    """
    if not _is_device(port):
        return None
    pid = await hass.async_add_executor_job(_holder_of, port)
    if pid is None:
        return None
    if pid != os.getpid():
        return f"{await hass.async_add_executor_job(_program_of, pid)} ({pid})"
    return await _async_name_entry(hass, port) or "Home Assistant"


def _holder_of(device: str) -> int | None:
    """Return the id of a process that has opened a device.

    Other processes are preferred to Home Assistant's own process. Return None if no visible process
    has opened the device, or if there is no `/proc`.
    """
    real_path = os.path.realpath(device)
    holders = set()
    for file in _PROCESSES.glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(file.readlink()) == real_path:
                holders.add(int(file.parts[-3]))
    return min(holders, key=lambda pid: (pid == os.getpid(), pid), default=None)


def _program_of(pid: int) -> str:
    program = str(pid)
    with suppress(OSError):
        program = (_PROCESSES / program / "comm").read_text(errors="replace").strip()
    return program


async def _async_name_entry(hass: HomeAssistant, port: str) -> str | None:
    """Return "title (domain)" of an entry that has the serial device `port` in its data.

    Entries of all integrations are searched. Return None if no entry has the device in its data.
    """
    entries = hass.config_entries.async_entries(include_ignore=False, include_disabled=False)
    named = [
        (value, entry)
        for entry in entries
        for value in entry.data.values()
        if isinstance(value, str) and value.startswith("/")
    ]
    entry = await hass.async_add_executor_job(_first_same, port, named)
    return f"{entry.title} ({entry.domain})" if entry else None


async def async_next_gateway_port(entries: Iterable[AnyConfigEntry]) -> str | None:
    """Return the address of the next port at the newest meter's gateway.

    No entry uses this port yet. Its number is higher than the port numbers of all meters at the
    gateway. Return None if no meter is at a gateway, or if no program listens at this port.
    """
    next_port = _next_gateway_port(entries)
    if next_port is None or not await _async_listens(*next_port[1:]):
        return None
    prefix, host, port = next_port
    return f"{'' if prefix == 'socket://' else prefix}{host}:{port}"


async def _async_listens(host: str, port: int) -> bool:
    with suppress(Exception):  # a failed suggestion must not keep the form from opening
        async with asyncio.timeout(_LISTENING_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), port)
            writer.close()
            return True
    return False


def _next_gateway_port(entries: Iterable[AnyConfigEntry]) -> tuple[str, str, int] | None:
    """Return prefix, host and number of the next port at the newest meter's gateway.

    No entry uses this port yet. Its number is higher than the port numbers of all meters at the
    gateway. Return None if no meter is at a gateway, or if the number would be higher than
    MAX_PORT.
    """
    # Addresses in use, each with a flag that says whether a meter uses it. Addresses of pulse
    # readers and tank sensors are listed, too, because they are not free for a meter.
    used = [
        (has_telegrams(entry), gateway)
        for entry in sorted(entries, key=attrgetter("created_at"))
        if (gateway := _GATEWAY.fullmatch(entry.data.get(CONF_PORT, "")))
    ]
    meters = [gateway for is_meter, gateway in used if is_meter]
    if not meters:
        return None
    newest = meters[-1]
    taken = _numbers_at(newest["host"], [gateway for _, gateway in used])
    first = max(_numbers_at(newest["host"], meters)) + 1
    port = next(port for port in count(first) if port not in taken)
    return None if port > MAX_PORT else (newest["prefix"], newest["host"], port)


def _numbers_at(host: str, gateways: Iterable[re.Match[str]]) -> set[int]:
    return {int(gateway["port"]) for gateway in gateways if gateway["host"] == host}
