"""What the coordinators of all sources share: readings are pushed, and nothing can be asked."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from .entry_types import AnyConfigEntry
from .setup_retry import limit_wait


class Obstacle(NamedTuple):
    """Why there is no reading: the key of a translated exception and its placeholders."""

    translation_key: str
    placeholders: Mapping[str, str] = {}


class PushCoordinator[D](DataUpdateCoordinator[D]):
    """Pushes the readings of one source to its entities.

    `readings` counts what was received and accepted, `received_at` is when entities were updated
    last, `has_entities` whether there are any.
    """

    config_entry: AnyConfigEntry
    _obstacle: Obstacle

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.readings = 0
        self.has_entities = False
        self.received_at = dt_util.utcnow()
        self._is_closed = False

    @abstractmethod
    async def async_start(self) -> None:
        """Begin to read. Raises ConfigEntryNotReady when that cannot be."""

    async def async_close(self) -> None:
        """Store what is to be remembered, once and for all."""

    def set_closed(self, *, is_closed: bool) -> None:
        """Ignore what is received, or stop ignoring it: no entity may be updated or added."""
        self._is_closed = is_closed

    @override
    async def _async_update_data(self) -> D:
        """Answer a manual refresh with what is known."""
        if not self.last_update_success:
            raise self.explain(UpdateFailed)
        return self.data

    @callback
    def _push(self, data: D) -> None:
        """Update the entities, which may have been unavailable."""
        if self.last_exception and not self.last_update_success:
            LOGGER.info("%s: readings are coming again", self.name)
        self.received_at = dt_util.utcnow()
        self.async_set_updated_data(data)

    def explain[E: HomeAssistantError](self, error: type[E]) -> E:
        """Return the error that says why there is no reading."""
        return error(
            translation_domain=DOMAIN,
            translation_key=self._obstacle.translation_key,
            translation_placeholders=self._placeholders(),
        )

    def _placeholders(self) -> dict[str, str]:
        return dict(self._obstacle.placeholders)

    def _not_ready(self) -> ConfigEntryNotReady:
        """Return the error that ends a set-up, and try again soon."""
        limit_wait(self.hass, self.config_entry)
        return self.explain(ConfigEntryNotReady)
