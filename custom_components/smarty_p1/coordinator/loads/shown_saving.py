"""Saving by the plan in the running month, as the sensor of a meter shows it."""

from datetime import datetime
from typing import NamedTuple

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN


class PlanSaving(NamedTuple):
    """Saving of a month in EUR. It is None while a price or the energy of a load is unknown."""

    month_start: datetime
    saving: float | None


_SAVINGS: HassKey[dict[str, PlanSaving]] = HassKey(f"{DOMAIN}_plan_savings")


def saving_signal(entry_id: str) -> str:
    """Return the signal that the saving of a meter has changed."""
    return f"{DOMAIN}_plan_saving_{entry_id}"


def shown_saving(hass: HomeAssistant, entry_id: str) -> PlanSaving | None:
    """Return the saving of a meter. Return None if it is not counted yet."""
    return hass.data.get(_SAVINGS, {}).get(entry_id)


@callback
def show_saving(hass: HomeAssistant, entry_id: str, saving: PlanSaving | None) -> None:
    """Show a new saving of a meter."""
    savings = hass.data.setdefault(_SAVINGS, {})
    if saving is None:
        savings.pop(entry_id, None)
    else:
        savings[entry_id] = saving
    async_dispatcher_send(hass, saving_signal(entry_id))
