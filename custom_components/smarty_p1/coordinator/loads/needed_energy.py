"""Energy that a load still needs, and the record of the energy that it has got."""

from contextlib import suppress
from datetime import datetime

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ...const import DOMAIN
from ...lib.plan.load_record import LoadRecord
from ..statistics.load_energy import NoLoadStatisticError, async_load_energies
from .entered_loads import EnteredLoad
from .lost_entities import lost_entities

PLANNED_POWER = "planned_power"
"""Key of the sensor whose statistics are the plan's own record of a load."""


class UnknownNeedError(Exception):
    """Error for a load whose needed energy is unknown now, or whose entities are lost.

    Its text is the id of the entity that should tell the energy. It is empty for lost entities.
    """


async def async_needed(
    hass: HomeAssistant,
    subentry_id: str,
    entered: EnteredLoad,
    record: LoadRecord,
    now: datetime,
) -> tuple[float, str | None]:
    """Return the energy in kWh that a load needs until its deadline, and the id of its statistics.

    The energy of a day counts from the last deadline on. A sensor that tells nothing is no loss:
    then the last charge, the entered energy, and the plan's own count are believed. The id is None
    if nothing is recorded yet. Raises UnknownNeedError.
    """
    if lost_entities(hass, entered.commanded, now):
        raise UnknownNeedError
    since = record.period_of(entered.load, now).since
    control, own_id = record.control, f"{subentry_id}_{PLANNED_POWER}"
    own_kwh = control.own_kwh if control.own_since == since else 0.0
    planned_power = er.async_get(hass).async_get_entity_id(Platform.SENSOR, DOMAIN, own_id)
    used_kwh, source = own_kwh, None
    for statistic in filter(None, (entered.measured_by, planned_power)):
        with suppress(NoLoadStatisticError):
            (energy,) = await async_load_energies(hass, [statistic], since, now)
            used_kwh, source = sum(energy.quarters.values()), statistic
            break
    if source != entered.measured_by or source is None:
        # The recorder may leave out the plan's own sensor, and does not know when a load was away.
        used_kwh = own_kwh if entered.is_controlled else max(used_kwh, own_kwh)
    left_kwh = entered.needed_kwh(hass)
    if left_kwh is None:
        left_kwh = _remembered_kwh(entered, record, used_kwh, own_kwh)
    return entered.load.worth_kwh(left_kwh), source


def _remembered_kwh(
    entered: EnteredLoad, record: LoadRecord, used_kwh: float, own_kwh: float
) -> float:
    """Return the energy that is left of the last charge, otherwise of the entered energy."""
    if record.charge:
        return record.charge.left_kwh(own_kwh)
    if entered.energy_from and not entered.load.kwh:
        raise UnknownNeedError(entered.energy_from)
    return entered.load.kwh - used_kwh
