"""The devices, the meter and the meters on its M-Bus channels, and what their entities share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import is_meter
from .coordinator.meter_coordinator import SmartyCoordinator
from .lib.meter.channels import CHANNEL_PREFIX
from .lib.p1 import MBusReading, Telegram

_MAKERS: Mapping[str, str] = {"SAG": "Sagemcom"}
_SHORT_SERIAL_SIZE = 4


def _short(serial_number: str) -> str:
    return serial_number[-_SHORT_SERIAL_SIZE:]


def _is_first(coordinator: SmartyCoordinator) -> bool:
    """Tell whether no other meter was added before; only those after it are named by number."""
    entry = coordinator.config_entry
    return not any(
        is_meter(other) and other.created_at < entry.created_at
        for other in coordinator.hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    )


def meter_device(coordinator: SmartyCoordinator) -> DeviceInfo:
    """Return the device of the electricity meter."""
    # Three letters (FLAG) name the maker: at the beginning of the system title, or, in a plain
    # telegram, of the serial number.
    title = coordinator.data.system_title
    flag = title[:3].decode("latin-1") if title else coordinator.serial_number[:3]
    return DeviceInfo(
        identifiers={(DOMAIN, coordinator.serial_number)},
        translation_key="meter" if _is_first(coordinator) else "another_meter",
        translation_placeholders={"serial": _short(coordinator.serial_number)},
        manufacturer=_MAKERS.get(flag, flag),
        model="Smarty",
        serial_number=coordinator.serial_number,
    )


def mbus_device_id(coordinator: SmartyCoordinator, identity: str) -> str:
    """Return what identifies the device of a meter on an M-Bus channel."""
    return f"{coordinator.serial_number}_{identity}"


def is_in_telegram(coordinator: SmartyCoordinator, device: dr.DeviceEntry) -> bool:
    """Tell whether the device is the electricity meter, or a meter in its last telegram."""
    present = {coordinator.serial_number}
    present.update(mbus_device_id(coordinator, identity) for identity in coordinator.channels)
    return any((DOMAIN, identifier) in device.identifiers for identifier in present)


def forget_entities(
    coordinator: SmartyCoordinator, platform: Platform, keys: Iterable[str]
) -> None:
    """Take entities that the options no longer ask for off the registry."""
    registry = er.async_get(coordinator.hass)
    for key in keys:
        unique_id = f"{coordinator.serial_number}_{key}"
        if entity_id := registry.async_get_entity_id(platform, DOMAIN, unique_id):
            registry.async_remove(entity_id)


class Description(Protocol):
    """What the descriptions of all platforms have in common."""

    def is_sent(self, telegram: Telegram) -> bool:
        """Tell whether the meter sends what the entity shows."""


def add_what_is_sent[D: Description](
    coordinator: SmartyCoordinator,
    descriptions: Iterable[D],
    make: Callable[[SmartyCoordinator, D], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of what the telegram holds, and later those of what it holds by then."""
    missing = list(descriptions)
    references: frozenset[str] = frozenset()

    @callback
    def add_new_entities() -> None:
        nonlocal missing, references
        telegram = coordinator.data
        if telegram.objects.keys() == references:
            return
        references = frozenset(telegram.objects)
        sent = [description for description in missing if description.is_sent(telegram)]
        missing = [description for description in missing if not description.is_sent(telegram)]
        if sent:
            async_add_entities([make(coordinator, description) for description in sent])

    add_new_entities()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(add_new_entities))


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

    def __init__(self, coordinator: SmartyCoordinator, identity: str, key: str) -> None:
        """Take what identifies a meter in `coordinator.channels`."""
        super().__init__(coordinator)
        self._identity = identity
        reading = coordinator.data.channels[coordinator.channels[identity]]
        device_id = mbus_device_id(coordinator, identity)
        self._attr_unique_id = f"{device_id}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, device_id)},
            translation_key=reading.type,
            translation_placeholders={"serial": _short(identity.removeprefix(CHANNEL_PREFIX))},
            serial_number=reading.serial_number,
            via_device_id=dr.async_get_device_id_by_identifier(
                coordinator.hass,
                (DOMAIN, coordinator.serial_number),
                config_entry_id=coordinator.config_entry.entry_id,
            ),
        )

    @property
    def channel(self) -> int | None:
        """Return the channel the meter is on, None when it is not in the last telegram."""
        return self.coordinator.channels.get(self._identity)

    @property
    def reading(self) -> MBusReading | None:
        """Return the meter's reading in the last telegram, None when it is not in it."""
        channel = self.channel
        return None if channel is None else self.coordinator.data.channels[channel]

    @property
    @override
    def available(self) -> bool:
        """Return False also when the meter is gone from the telegram."""
        return super().available and self.channel is not None
