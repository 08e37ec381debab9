"""Switch of the wallbox."""

from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from . import Wallbox


class WallboxSwitch(CoordinatorEntity[Wallbox], SwitchEntity):
    """Switch that is on while the wallbox charges."""

    _attr_name = "Wallbox charging"
    _attr_unique_id = "charging"

    @property
    def is_on(self) -> bool:
        """Return whether it charges."""
        return bool(self.coordinator.data["charging"])

    async def async_turn_on(self, **_: object) -> None:
        """Charge."""
        await self._async_set(charging=True)

    async def async_turn_off(self, **_: object) -> None:
        """Stop charging."""
        await self._async_set(charging=False)

    async def _async_set(self, *, charging: bool) -> None:
        wallbox = self.coordinator
        async with wallbox.session.post(wallbox.url, json={"charging": charging}) as answer:
            if answer.status != 200:
                raise HomeAssistantError("refused")
        await wallbox.async_refresh()


async def async_setup_entry(
    _hass: HomeAssistant, entry: ConfigEntry, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switch."""
    add([WallboxSwitch(entry.runtime_data)])
