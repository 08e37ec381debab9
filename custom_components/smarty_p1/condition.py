"""Conditions for automations: reference power, voltages, breaker, relays and valve."""

from typing import override

from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.condition import (
    Condition,
    EntityConditionBase,
    make_entity_state_condition,
)

from .entities.trigger_and_condition_targets import (
    BREAKER,
    RELAYS,
    VALVE,
    WARNING,
    OwnTargets,
    Voltages,
    is_outside_range,
)

_CONNECTED = "connected"


class _OwnCondition(OwnTargets, EntityConditionBase):
    """Condition about entities of this integration that have certain translation keys."""

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        # If no entity is available, the list is empty, and the condition must not be met. But Home
        # Assistant's check would return True for an empty list.
        return bool(states) and super()._check_all_match_state(states)


def _state(domain: Platform, keys: frozenset[str], state: str) -> type[Condition]:
    base: type[EntityConditionBase] = make_entity_state_condition(domain, state)

    class StateCondition(_OwnCondition, base):  # type: ignore[misc, valid-type] # made by a call
        """Condition that entities have the state `state`."""

        _domain = domain
        _keys = keys

    return StateCondition


def _voltage(*, is_outside: bool) -> type[Condition]:
    class VoltageCondition(Voltages, _OwnCondition):
        """Condition that voltages are outside (`is_outside`) or inside the permitted range."""

        @property
        @override
        def needs_polling(self) -> bool:
            # A phase without voltage is left out after a day, although no state changes then.
            return True

        @override
        def is_valid_state(self, entity_state: State) -> bool:
            return is_outside_range(entity_state) is is_outside

    return VoltageCondition


CONDITIONS: dict[str, type[Condition]] = {
    "is_reference_power_exceeded_soon": _state(Platform.BINARY_SENSOR, WARNING, STATE_ON),
    "is_reference_power_kept": _state(Platform.BINARY_SENSOR, WARNING, STATE_OFF),
    "is_voltage_out_of_range": _voltage(is_outside=True),
    "is_voltage_in_range": _voltage(is_outside=False),
    "is_breaker_connected": _state(Platform.SENSOR, BREAKER, _CONNECTED),
    "is_relay_connected": _state(Platform.SENSOR, RELAYS, _CONNECTED),
    "is_valve_open": _state(Platform.SENSOR, VALVE, _CONNECTED),
}


async def async_get_conditions(_hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the classes of the conditions by name."""
    return CONDITIONS
