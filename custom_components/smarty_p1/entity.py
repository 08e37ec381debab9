"""The devices, the meter and the meters on its M-Bus channels, and what their entities share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import override

from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import SmartyCoordinator
from .p1 import MBusReading, Telegram

_MAKERS: Mapping[str, str] = {"SAG": "Sagemcom"}
_SHORT_SERIAL_SIZE = 4
_CHANNEL = "channel_"
_NEVER = datetime.min.replace(tzinfo=UTC)


def meter_device(coordinator: SmartyCoordinator) -> DeviceInfo:
    """Return the device of the electricity meter."""
    # Three letters (FLAG) name the maker: at the beginning of the system title, or, in a plain
    # telegram, of the serial number.
    title = coordinator.data.system_title
    flag = title[:3].decode("latin-1") if title else coordinator.serial_number[:3]
    return DeviceInfo(
        identifiers={(DOMAIN, coordinator.serial_number)},
        translation_key="meter",
        manufacturer=_MAKERS.get(flag, flag),
        model="Smarty",
        serial_number=coordinator.serial_number,
    )


def mbus_readings(telegram: Telegram) -> dict[str, MBusReading]:
    """Return the readings by what identifies their meters.

    That is the equipment identifier. Only a meter without one is identified by its channel.
    A channel may keep the last index of a meter that has moved to another one: the newest counts.
    """
    oldest_first = sorted(telegram.channels.items(), key=lambda item: item[1].time or _NEVER)
    return {
        reading.serial_number or f"{_CHANNEL}{channel}": reading
        for channel, reading in oldest_first
    }


class SmartyEntity(CoordinatorEntity[SmartyCoordinator]):
    """An entity of the electricity meter."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: SmartyCoordinator, key: str) -> None:
        """Take the part of the unique id that follows the meter's serial number."""
        super().__init__(coordinator)
        self._attr_unique_id = f"{coordinator.serial_number}_{key}"
        self._attr_device_info = meter_device(coordinator)


class MBusEntity(CoordinatorEntity[SmartyCoordinator]):
    """An entity of a meter on an M-Bus channel, whichever channel that is at the moment."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: SmartyCoordinator, identity: str, reading: MBusReading, key: str
    ) -> None:
        """Take what identifies the meter in `mbus_readings`, and its reading."""
        super().__init__(coordinator)
        self._identity = identity
        device_id = f"{coordinator.serial_number}_{identity}"
        self._attr_unique_id = f"{device_id}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, device_id)},
            translation_key=reading.type,
            translation_placeholders={
                "serial": identity.removeprefix(_CHANNEL)[-_SHORT_SERIAL_SIZE:]
            },
            serial_number=reading.serial_number,
            via_device_id=dr.async_get_device_id_by_identifier(
                coordinator.hass,
                (DOMAIN, coordinator.serial_number),
                config_entry_id=coordinator.config_entry.entry_id,
            ),
        )

    @property
    def reading(self) -> MBusReading | None:
        """Return the meter's reading in the last telegram, None when it is not in it."""
        return mbus_readings(self.coordinator.data).get(self._identity)

    @property
    @override
    def available(self) -> bool:
        """Return False also when the meter is gone from the telegram."""
        return super().available and self.reading is not None
