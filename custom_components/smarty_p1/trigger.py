"""Triggers for automations: reference power, messages, disturbances, voltages, breaker, relays."""

from typing import ClassVar, override

from homeassistant.components.event.const import ATTR_EVENT_TYPE
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    make_entity_target_state_trigger,
)

from .entities.trigger_and_condition_targets import (
    BREAKER,
    DISTURBANCE,
    MESSAGES,
    RELAYS,
    VALVE,
    WARNING,
    OwnTargets,
    Voltages,
    is_outside_range,
)
from .lib.entities.events import DISTURBANCE as DISTURBANCES


def _warning(to_state: str) -> type[Trigger]:
    base: type[EntityTriggerBase] = make_entity_target_state_trigger(
        Platform.BINARY_SENSOR, to_state
    )

    class WarningTrigger(OwnTargets, base):  # type: ignore[misc, valid-type] # made by a call
        """Trigger that fires when the reference power warning changes to `to_state`.

        The trigger also fires when the warning was unavailable and now has this state. Otherwise,
        an automation would miss a change that happened during an outage, and would for example not
        switch an appliance on again.
        """

        _domain = Platform.BINARY_SENSOR
        _excluded_from_states: ClassVar[frozenset[str]] = frozenset()
        _keys = WARNING

    return WarningTrigger


def _event(keys: frozenset[str], event_type: str) -> type[Trigger]:
    class EventTrigger(OwnTargets, StatelessEntityTriggerBase):
        """Trigger that fires when an event entity fires an event of the type `event_type`."""

        _domain = Platform.EVENT
        _keys = keys

        @override
        def is_valid_state(
            self, state: State, report_not_triggered: NotTriggeredReasonReporter
        ) -> bool:
            return state.attributes.get(ATTR_EVENT_TYPE) == event_type

    return EventTrigger


def _changed(keys: frozenset[str]) -> type[Trigger]:
    class ChangedTrigger(OwnTargets, EntityTriggerBase):
        """Trigger that fires when a sensor changes from one known state to another."""

        _domain = Platform.SENSOR
        _keys = keys
        _schema = ENTITY_STATE_TRIGGER_SCHEMA

    return ChangedTrigger


def _voltage(*, is_outside: bool) -> type[Trigger]:
    class VoltageTrigger(Voltages, EntityTriggerBase):
        """Trigger that fires when a voltage leaves (`is_outside`) or enters the permitted range."""

        @override
        def is_valid_state(
            self, state: State, report_not_triggered: NotTriggeredReasonReporter
        ) -> bool:
            return is_outside_range(state) is is_outside

        @override
        def is_valid_transition(self, from_state: State, to_state: State) -> bool:
            return is_outside_range(from_state) is not is_outside

    return VoltageTrigger


TRIGGERS: dict[str, type[Trigger]] = {
    "reference_power_exceeded_soon": _warning(STATE_ON),
    "reference_power_kept": _warning(STATE_OFF),
    "message_received": _event(MESSAGES, "message"),
    **{f"{kind}_counted": _event(DISTURBANCE, kind) for kind in DISTURBANCES.event_types},
    "voltage_left_range": _voltage(is_outside=True),
    "voltage_back_in_range": _voltage(is_outside=False),
    "breaker_changed": _changed(BREAKER),
    "relay_changed": _changed(RELAYS),
    "valve_changed": _changed(VALVE),
}


async def async_get_triggers(_hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the classes of the triggers by name."""
    return TRIGGERS
