"""Access to the sources that the user has entered in the settings of the Energy dashboard."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant

if TYPE_CHECKING:
    from homeassistant.components.energy.data import EnergyManager, SourceType

ENERGY = "energy"


async def async_energy_manager(hass: HomeAssistant) -> EnergyManager | None:
    """Return the manager of the Energy dashboard, None if Home Assistant has no such dashboard."""
    if ENERGY not in hass.config.components:
        return None
    # Import here, because Home Assistant may have no Energy dashboard.
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    return await async_get_manager(hass)


def stored_sources(manager: EnergyManager) -> list[SourceType]:
    """Return the sources that the user has entered for the Energy dashboard, perhaps none."""
    return list((manager.data or manager.default_preferences())["energy_sources"])
