"""Search for a meter at a new address that the meter's gateway has announced.

If the meter sends frames at this address, its entry gets the new address.

Anybody on the network can announce anything, at any rate. So an announcement only tells where to
search. An entry whose port delivers telegrams keeps its port. An entry without telegrams changes
its port only after its meter has sent a frame at the new address. The entry's key must verify that
frame, and the frame must be newer than all earlier frames.
"""

import asyncio

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ...const import CONF_VERIFY, DOMAIN, LOGGER
from ...coordinator.entry_types import AnyConfigEntry
from ...coordinator.stored.throttled_store import UnreadableNowError
from ...coordinator.telegram_source import stored_keys
from ...lib.p1.keys import P1Error
from ...lib.port.probing import probe
from ..paused_entry import pause_entry
from ..ports_in_use import async_entry_at
from .known_counters import async_last_counters

# Seconds between two probes of an announced address.
PROBE_INTERVAL_S = 60.0
# Maximum number of probes after an announcement.
PROBES = 10


class _Follower:
    """Announced ports, keyed by entry id, and a lock that permits one probe at a time."""

    def __init__(self) -> None:
        self.ports: dict[str, str] = {}
        self.lock = asyncio.Lock()


_FOLLOWER: HassKey[_Follower] = HassKey(f"{DOMAIN}_gateway_follower")


@callback
def follow(hass: HomeAssistant, entry: AnyConfigEntry, port: str) -> None:
    """Look for an entry's meter at `port` while the entry's own port delivers no telegrams."""
    if not _can_be_proved(entry):
        LOGGER.debug("%s: only a key can prove that its gateway has moved", entry.title)
        return
    follower = hass.data.setdefault(_FOLLOWER, _Follower())
    is_looking = entry.entry_id in follower.ports
    follower.ports[entry.entry_id] = port
    # A search that is running takes the new port for its next probe. So repeated announcements
    # cause no additional probes.
    if not is_looking:
        hass.async_create_background_task(
            _async_search(hass, entry, follower), f"{DOMAIN} gateway of {entry.title}"
        )


def _can_be_proved(entry: AnyConfigEntry) -> bool:
    """Return whether a verified telegram can prove that it is from the entry's meter."""
    key, _ = stored_keys(entry.data)
    return key is not None and entry.data.get(CONF_VERIFY, True) and not entry.disabled_by


def _is_delivering(entry: AnyConfigEntry) -> bool:
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.last_update_success


async def _async_search(hass: HomeAssistant, entry: AnyConfigEntry, follower: _Follower) -> None:
    try:
        for _ in range(PROBES):
            port = follower.ports[entry.entry_id]
            if (
                not hass.config_entries.async_get_entry(entry.entry_id)
                or not _can_be_proved(entry)
                or entry.data[CONF_PORT] == port
            ):
                return
            if not _is_delivering(entry):
                async with follower.lock:
                    if await _async_answers(hass, entry, port):
                        _move(hass, entry, port)
                        return
            await asyncio.sleep(PROBE_INTERVAL_S)
    finally:
        del follower.ports[entry.entry_id]


async def _async_answers(hass: HomeAssistant, entry: AnyConfigEntry, port: str) -> bool:
    """Return whether the entry's own meter sends new frames at a port."""
    data = entry.data
    key, authentication_key = stored_keys(data)
    assert key  # noqa: S101 - _can_be_proved() has required a key
    reader = await async_entry_at(hass, port, but=entry.entry_id)
    if reader and _is_delivering(reader):
        return False
    # Two gateways may have swapped their addresses, so another entry may use the port. A gateway
    # serves only one client, so pause that entry.
    async with pause_entry(hass, reader):
        try:
            counters = await async_last_counters(hass, entry, key)
            telegram = await probe(port, key, authentication_key, last_counters=counters)
        except (P1Error, UnreadableNowError) as err:
            LOGGER.debug("%s: no answer at an announced port: %s", entry.title, type(err).__name__)
            return False
    return (
        telegram.serial_number == entry.unique_id
        and entry.data == data
        and not entry.disabled_by
        and not _is_delivering(entry)
    )


@callback
def _move(hass: HomeAssistant, entry: AnyConfigEntry, port: str) -> None:
    LOGGER.info("%s: its meter answers at another address now, and is read there", entry.title)
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_PORT: port})
    if entry.state is not ConfigEntryState.NOT_LOADED:
        hass.config_entries.async_schedule_reload(entry.entry_id)
