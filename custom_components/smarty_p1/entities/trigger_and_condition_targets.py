"""Entities that the integration's triggers and conditions watch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform, UnitOfElectricPotential
from homeassistant.core import HomeAssistant, State, split_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import ElectricPotentialConverter

from ..const import DOMAIN
from ..coordinator.loads.state_numbers import converted
from ..lib.entities.meter_sensors import VOLTAGE_LIMITS

WARNING = frozenset({"demand_will_exceed"})
MESSAGES = frozenset({"message", *(f"channel_message_{number}" for number in range(1, 6))})
DISTURBANCE = frozenset({"disturbance"})
BREAKER = frozenset({"breaker"})
RELAYS = frozenset({"relay_1", "relay_2"})
VALVE = frozenset({"valve"})
_VOLTAGES = ("voltage_l1", "voltage_l2", "voltage_l3")


class OwnTargets:
    """Mixin that selects this integration's entities with certain translation keys.

    The entities are selected from the target that the user has chosen. Home Assistant's own
    integrations set `_domain_specs` and `_primary_entities_only` as this class does: 2026.11 has no
    other way.
    """

    _hass: HomeAssistant
    _domain: ClassVar[str]
    _domain_specs: Mapping[str, DomainSpec] = MappingProxyType(
        dict.fromkeys((Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR), DomainSpec())
    )
    _keys: ClassVar[frozenset[str]]
    # If the user chooses a device as the target, take all of its entities, and not only the primary
    # ones. `_keys` then selects from these entities.
    _primary_entities_only: ClassVar[bool] = False

    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the ids of the entities that this trigger or condition watches."""
        registry = er.async_get(self._hass)
        return {
            entity_id
            for entity_id in entities
            if split_entity_id(entity_id)[0] == self._domain
            and (entry := registry.async_get(entity_id))
            and entry.platform == DOMAIN
            and entry.translation_key in self._keys
        }


class Voltages(OwnTargets):
    """Mixin that selects the voltages of the phases that the meter has."""

    _domain = Platform.SENSOR
    _keys = frozenset(_VOLTAGES)

    def _should_include(self, state: State) -> bool:
        """Return whether a voltage counts for the behaviors "first", "any" and "all".

        A phase that had less than 50 V for 24 hours does not count.
        """
        entity = er.async_get(self._hass).async_get(state.entity_id)
        entry_id = entity and entity.config_entry_id
        entry = entry_id and self._hass.config_entries.async_get_entry(entry_id)
        if not entity or not entry or entry.state is not ConfigEntryState.LOADED:
            return False
        voltages = entry.runtime_data.records.history.voltages
        phase = _VOLTAGES.index(str(entity.translation_key))
        return _volts(state) is not None and voltages.is_connected(phase, dt_util.utcnow())


def _volts(state: State) -> float | None:
    return converted(ElectricPotentialConverter, state, UnitOfElectricPotential.VOLT)


def is_outside_range(state: State) -> bool | None:
    """Return whether a voltage is outside VOLTAGE_LIMITS.

    Return None if the state is not a voltage.
    """
    low, high = VOLTAGE_LIMITS
    volts = _volts(state)
    return None if volts is None else not low <= volts <= high
