"""What an entry can read, and what is different then."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from ..const import CONF_KIND, KIND_METER, KIND_PULSE, KIND_TANK, PLATFORMS
from .demand_memory import DemandStore
from .entry_types import AnyConfigEntry
from .meter_coordinator import SmartyCoordinator
from .meter_memory import MeterStore
from .pulse_coordinator import PulseCoordinator, make_pulse_coordinator
from .pulse_store import PulseStore
from .tank_coordinator import TankCoordinator

type Coordinator = SmartyCoordinator | PulseCoordinator | TankCoordinator
type SmartyConfigEntry = ConfigEntry[Coordinator]


class Kind(NamedTuple):
    """One kind of entry: how its coordinator is made, and which platforms show it."""

    make: Callable[[HomeAssistant, AnyConfigEntry], Coordinator]
    platforms: tuple[Platform, ...]


_KINDS: Mapping[str, Kind] = {
    KIND_METER: Kind(SmartyCoordinator, PLATFORMS),
    KIND_PULSE: Kind(make_pulse_coordinator, (Platform.SENSOR,)),
    KIND_TANK: Kind(TankCoordinator, (Platform.SENSOR,)),
}


def name_of_kind(entry: AnyConfigEntry) -> str:
    """Return what an entry reads."""
    name: str = entry.data.get(CONF_KIND, KIND_METER)
    return name


def kind_of(entry: AnyConfigEntry) -> Kind:
    """Return what is different for an entry."""
    return _KINDS[name_of_kind(entry)]


async def async_forget(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Remove what is stored for an entry, of whatever kind."""
    await DemandStore(hass, entry).async_remove()
    await MeterStore(hass, entry.entry_id).async_remove()
    await PulseStore(hass, entry).async_remove()
