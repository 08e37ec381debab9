"""Dialog steps that add a port and a key to a meter that had no cable before.

The id of a meter with a cable is its serial number. Without a cable, the id is the code of the
metering point or the id of an entity. So the meter gets a new id. The meter's id is a part of the
identifier of its device and of the unique ids of its entities. The new id replaces the old id in
these registry entries. Home Assistant then recognises the same device and entities, so the entity
ids, the history and the statistics stay.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...coordinator import has_no_cable, loaded_meter
from ...coordinator.entry_types import AnyConfigEntry, known_meters, short_title
from ...coordinator.statistics.statistic_ids import with_statistics_key
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.markdown_text import TextPlaceholders, Verbatim, in_markdown
from ...lib.meter.meter_reader import IMPORTED_ENERGY
from ...lib.meter.object_count_and_rate_limits import shown_name
from ...lib.p1.telegram import Telegram
from ..dialog_base import DialogSteps
from ..form import Input
from ..form_errors import FieldError
from .contract_and_dashboard_step import ContractAndDashboardSteps


async def async_add_cable(
    hass: HomeAssistant, entry: AnyConfigEntry, serial_number: str, data: JsonMapping
) -> None:
    """Add a port to a meter that had no cable. Its telegrams are read at this port from now on.

    `data` has the port and the keys. `serial_number` becomes the id of the meter. If the caller is
    cancelled, the change is completed nevertheless.
    """
    # Use a separate task, so that the unloading and the set-up of the entry are not interrupted if
    # the user closes the dialog.
    change = _async_change(hass, entry, serial_number, data)
    await asyncio.shield(hass.async_create_task(change, f"{entry.title} cable"))


async def _async_change(
    hass: HomeAssistant, entry: AnyConfigEntry, serial_number: str, data: JsonMapping
) -> None:
    is_loaded = entry.state is ConfigEntryState.LOADED
    if is_loaded:
        await hass.config_entries.async_unload(entry.entry_id)
    _rename(hass, entry, str(entry.unique_id), serial_number)
    data = with_statistics_key(entry, data)
    hass.config_entries.async_update_entry(entry, unique_id=serial_number, data=data)
    if is_loaded:
        await hass.config_entries.async_setup(entry.entry_id)


@callback
def _rename(hass: HomeAssistant, entry: AnyConfigEntry, before: str, after: str) -> None:
    """Replace the meter's old id `before` by its new id `after` in the registries.

    The identifier of the device and the unique ids of the entities contain the meter's id.
    """
    entities = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
        if entity.unique_id.startswith(f"{before}_"):
            unique_id = f"{after}{entity.unique_id.removeprefix(before)}"
            entities.async_update_entity(entity.entity_id, new_unique_id=unique_id)
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        if (DOMAIN, before) in device.identifiers:
            devices.async_update_device(device.id, new_identifiers={(DOMAIN, after)})


_SAME_METER = "same_meter"
_ANOTHER = "another"


def may_join(entry: AnyConfigEntry, telegram: Telegram) -> bool:
    """Return whether the total energy in a telegram may belong to the meter of `entry`.

    A total that is much higher than the last total of `entry` comes from another meter. The
    statistics would show the difference as energy of a single hour. Return True if one of the
    totals is unknown.
    """
    kwh, coordinator = telegram.objects.get(IMPORTED_ENERGY), loaded_meter(entry)
    if not isinstance(kwh, float) or coordinator is None:
        return True
    return coordinator.records.household.meter.may_continue(telegram.time or dt_util.utcnow(), kwh)


class CableSteps(DialogSteps[ContractAndDashboardSteps]):
    """Dialog steps after a meter was found at a port.

    They ask whether this meter is already in Home Assistant as a meter without a cable.
    """

    _found: tuple[dict[str, Any], Telegram, Mapping[str, str]]
    _joined: dict[str, str]

    async def async_ask_same_meter(
        self, data: JsonDict, telegram: Telegram, outline: TextPlaceholders
    ) -> ConfigFlowResult:
        """Ask whether the meter of `telegram` is already in Home Assistant, but without a cable.

        If Home Assistant has no meter without a cable, ask for the contract of a new meter.
        """
        self._found = data, telegram, outline
        return await self.async_step_same_meter()

    async def async_step_same_meter(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which of the meters without a cable is the meter that was found at the port.

        If the found meter is none of them, ask for the contract of a new meter.
        """
        data, telegram, outline = self._found
        meters = self._without_cable()
        chosen = await self.form.async_accept(user_input, self._async_choose)
        if meters and chosen is None:
            return await self._async_show_meters(meters, telegram)
        if not chosen:
            return await self.following.async_ask(data, telegram, outline)
        await self.async_join(chosen[0], data, telegram)
        return await self.async_step_joined()

    async def _async_choose(self, typed: JsonDict) -> list[AnyConfigEntry]:
        """Return the entry of the chosen meter, [] for a new meter. Raises FieldError."""
        _, telegram, _ = self._found
        chosen = [meter for meter in self._without_cable() if meter.entry_id == typed[_SAME_METER]]
        for entry in chosen:
            if not may_join(entry, telegram):
                raise FieldError(_SAME_METER, "other_total", title=entry.title)
        return chosen

    async def _async_show_meters(
        self, meters: list[AnyConfigEntry], telegram: Telegram
    ) -> ConfigFlowResult:
        default = meters[0].entry_id if len(meters) == 1 else vol.UNDEFINED
        another = await self._async_text("common.another_meter")
        options = [
            *(SelectOptionDict(value=meter.entry_id, label=short_title(meter)) for meter in meters),
            SelectOptionDict(value=_ANOTHER, label=another),
        ]
        field = SelectSelector(SelectSelectorConfig(options=options))
        placeholders = {
            "name": Verbatim(", ".join(map(short_title, meters))),
            "serial_number": shown_name(str(telegram.serial_number)),
        }
        fields = {vol.Required(_SAME_METER, default=default): field}
        return await self.form.async_show("same_meter", fields, {}, placeholders, last_step=False)

    async def async_step_joined(self, _user_input: Input = None) -> ConfigFlowResult:
        """End the dialog with a message: the meter that had no cable is now read at its port."""
        return self.flow.async_abort(
            reason="cable_added", description_placeholders=in_markdown(self._joined)
        )

    def _without_cable(self) -> list[AnyConfigEntry]:
        return [*filter(has_no_cable, known_meters(self.hass))]

    async def async_join(self, entry: AnyConfigEntry, data: JsonDict, telegram: Telegram) -> None:
        """Add the port and the keys in `data` to the meter of `entry`, before the step `joined`."""
        serial_number = str(telegram.serial_number)
        self._joined = {
            "name": Verbatim(short_title(entry)),
            "serial_number": shown_name(serial_number),
        }
        await async_add_cable(self.hass, entry, serial_number, data)
