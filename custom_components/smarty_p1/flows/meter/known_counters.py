"""Last frame counters of an entry's meter and proof of its keys, in memory or in its file."""

from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...coordinator import loaded_meter
from ...coordinator.entry_types import AnyConfigEntry
from ...coordinator.stored.meter_memory_file import MeterStore
from ...coordinator.telegram_source import stored_keys
from ...lib.json_types import JsonMapping
from ...lib.meter.key_proof import Moment
from ...lib.meter.meter_memory import MeterMemory
from ...lib.p1.keys import keys_fingerprint


def _memory(entry: AnyConfigEntry) -> MeterMemory | None:
    meter = loaded_meter(entry)
    return meter.records.memory if meter else None


async def _async_proofs(hass: HomeAssistant, entry: AnyConfigEntry) -> MeterMemory:
    return _memory(entry) or await MeterStore(hass, entry.entry_id).async_proofs()


async def async_last_counters(
    hass: HomeAssistant, entry: AnyConfigEntry, key: bytes
) -> dict[bytes, int]:
    """Return the last frame counters of the entry's meter, keyed by system title.

    A probe of a port needs these counters to reject replayed frames.
    """
    return (await _async_proofs(hass, entry)).last_counters(key)


async def async_proved_titles(
    hass: HomeAssistant, entry: AnyConfigEntry, data: JsonMapping
) -> frozenset[bytes]:
    """Return the system titles for which the keys in `data` were right in the last 24 hours.

    A probe of a port does not call the keys wrong for these meters.
    """
    key, authentication_key = stored_keys(data)
    if key is None:
        return frozenset()
    now = Moment(dt_util.utcnow(), entry.runtime_data.now() if _memory(entry) else None)
    proof = (await _async_proofs(hass, entry)).key_proof
    return proof.proved_titles(keys_fingerprint(key, authentication_key), now)


async def async_is_proved_port(
    hass: HomeAssistant, entry: AnyConfigEntry, data: JsonMapping
) -> bool:
    """Return whether the entry's meter was read at the port in `data` in the last 24 hours."""
    if entry.data.get(CONF_PORT) != data[CONF_PORT]:
        return False
    last = (await _async_proofs(hass, entry)).last_telegram
    return last is not None and Moment(last, None).is_recent(Moment(dt_util.utcnow(), None))


async def async_forget_counters(hass: HomeAssistant, entry: AnyConfigEntry, key: bytes) -> None:
    """Forget the last frame counters of the entry's meter under `key`."""
    if memory := _memory(entry):
        memory.forget_counters(key)
    else:
        await MeterStore(hass, entry.entry_id).async_forget_counters(key)
