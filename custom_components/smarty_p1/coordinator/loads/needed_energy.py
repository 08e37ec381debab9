"""Energy that a load still needs, and the record of the energy that it has got."""

from datetime import datetime

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ...const import DOMAIN
from ..statistics.load_energy import NoLoadStatisticError, async_load_energies
from .entered_loads import EnteredLoad
from .lost_entities import lost_entities

PLANNED_POWER = "planned_power"
"""Key of the sensor whose statistics are the plan's own record of a load."""


class UnknownNeedError(Exception):
    """Error for a load whose needed energy is unknown now, or whose entities are lost."""


async def async_needed(
    hass: HomeAssistant, subentry_id: str, entered: EnteredLoad, since: datetime, now: datetime
) -> tuple[float, str | None]:
    """Return the energy in kWh that a load needs until its deadline, and the id of its record.

    The energy of a day counts from `since` on.
    The record is the sensor that measures the load. Without such a sensor, the plan believes that
    the load has got its planned power. The id is None if nothing is recorded yet. Raises
    UnknownNeedError.
    """
    if lost_entities(hass, entered.entities, now):
        raise UnknownNeedError
    used_kwh, own_id = 0.0, f"{subentry_id}_{PLANNED_POWER}"
    record = entered.measured_by or er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, own_id
    )
    if record:
        try:
            (energy,) = await async_load_energies(hass, [record], since, now)
        except NoLoadStatisticError:
            if entered.measured_by:
                raise UnknownNeedError from None
            record = None
        else:
            used_kwh = sum(energy.quarters.values())
    needed_kwh = entered.needed_kwh(hass)
    if needed_kwh is not None:
        return needed_kwh, record
    if entered.energy_from and not entered.load.kwh:
        raise UnknownNeedError
    return entered.load.left_kwh(used_kwh), record
