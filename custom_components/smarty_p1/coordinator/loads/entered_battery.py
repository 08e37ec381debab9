"""Battery that the user has entered in a subentry of a meter."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant

from ...const import (
    CONF_CAPACITY,
    CONF_CHARGE,
    CONF_CHARGE_KW,
    CONF_CHARGES_FROM_GRID,
    CONF_DISCHARGE_KW,
    CONF_DISCHARGE_SET_BY,
    CONF_EFFICIENCY,
    CONF_MODE_SET_BY,
    CONF_POSITIVE_CHARGES,
    CONF_POWER_SET_BY,
    SUBENTRY_BATTERY,
)
from ...lib.plan.house_battery import HouseBattery
from ..chosen_entity_ids import ENTITY_FIELDS
from ..entry_types import AnyConfigEntry
from .state_numbers import number_of, number_to_set


class EnteredBattery(NamedTuple):
    """Battery that the user has entered."""

    subentry_id: str
    name: str
    fields: Mapping[str, Any]

    @property
    def entities(self) -> list[str]:
        """Return all entities of other integrations that the battery needs."""
        return [value for name, value in self.fields.items() if name in ENTITY_FIELDS]

    @property
    def is_controlled(self) -> bool:
        """Return whether the plan sets its power or its mode."""
        return CONF_POWER_SET_BY in self.fields or CONF_MODE_SET_BY in self.fields

    @property
    def sign(self) -> int:
        """Return the sign that the powers of its entities have while it charges."""
        return 1 if self.fields[CONF_POSITIVE_CHARGES] else -1

    def now(self, hass: HomeAssistant) -> HouseBattery | None:
        """Return the battery with its present charge. Return None if the charge is unknown."""
        percent = number_of(hass.states.get(self.fields[CONF_CHARGE]))
        if percent is None:
            return None
        kwh = self.fields[CONF_CAPACITY]
        return HouseBattery(
            kwh,
            self.fields[CONF_CHARGE_KW],
            (self.fields[CONF_EFFICIENCY] / 100) ** 0.5,
            kwh * min(100.0, max(0.0, percent)) / 100,
            0.0,
            self.fields[CONF_CHARGES_FROM_GRID],
            self.fields.get(CONF_DISCHARGE_KW),
            self.is_controlled and not self.can_discharge(hass),
        )

    def numbers(self, hass: HomeAssistant, kw: float) -> dict[str, float]:
        """Return the values of its numbers by entity while it is charged with `kw`.

        A second number has the power of discharging. A value is 0 while its entity has no state.
        """
        charge, discharge = map(self.fields.get, (CONF_POWER_SET_BY, CONF_DISCHARGE_SET_BY))
        powers = {charge: kw * self.sign}
        if discharge:
            powers = {charge: max(0.0, kw), discharge: max(0.0, -kw)}
        return {
            name: number_to_set(state, power, power) if (state := hass.states.get(name)) else 0.0
            for name, power in powers.items()
            if name
        }

    def can_discharge(self, hass: HomeAssistant) -> bool:
        """Return whether a number can discharge it. Without one, its mode can only charge."""
        return self.numbers(hass, 0.0) != self.numbers(hass, -1.0)


def entered_battery(entry: AnyConfigEntry) -> EnteredBattery | None:
    """Return the battery of a meter's house. Return None without one."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_BATTERY):
        return EnteredBattery(subentry.subentry_id, subentry.title, subentry.data)
    return None
