"""Form of a subentry of a meter: name, amounts, and the sensor that measures it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
)
from homeassistant.util import dt as dt_util

from ..const import CONF_MEASURED_BY
from ..coordinator.statistics.load_energy import NoLoadStatisticError, async_load_energies
from ..lib.amounts import Amount
from .dialog_base import Input
from .form_errors import FieldError
from .typed_amounts import TypedAmounts

_MAX_NAME_CHARS = 60
MEASURED = EntitySelector(
    EntitySelectorConfig(
        filter=[
            EntityWithDeviceFilterSelectorConfig(domain="sensor", device_class=kind)
            for kind in ("energy", "power")
        ]
    )
)
"""Field for a sensor of a load's own energy or power."""


def entity_field(*domains: str) -> EntitySelector:
    """Return a field for an entity of these domains."""
    return EntitySelector(EntitySelectorConfig(domain=[*domains]))


def unit_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the unit of an entity's state. Return None if it is unknown."""
    state = hass.states.get(entity_id)
    return state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None


class Page(NamedTuple):
    """Page of a subentry's dialog."""

    step: str
    fields: Mapping[vol.Marker, Any]
    amounts: Mapping[str, Amount]
    """Amounts by field. Other dialogs may share them, so the page need not have all fields."""
    check: Callable[[dict[str, Any]], dict[str, Any]]
    """Function that returns the data to store. Raises FieldError if fields do not fit together."""


class SubentryForm:
    """Form of a dialog that adds a subentry, or changes the given one."""

    def __init__(self, flow: ConfigSubentryFlow, subentry_type: str) -> None:
        self._flow = flow
        self._steps = f"config_subentries.{subentry_type}.step"
        self._amounts = TypedAmounts()
        self._has_asked = False

    async def async_ask(
        self,
        page: Page,
        typed: Input,
        entry: ConfigEntry,
        subentry: ConfigSubentry | None,
    ) -> SubentryFlowResult:
        """Show the page. Store its values if they are right."""
        flow, errors = self._flow, dict[str, str]()
        shown = {CONF_NAME: subentry.title, **subentry.data} if subentry else {}
        if typed is not None:
            try:
                name, data = await self._async_read(page, typed, shown)
            except FieldError as err:
                self._amounts.refused[err.field] = err.key
                errors = await self._amounts.async_shown(flow.hass)
            else:
                if subentry:
                    return flow.async_update_and_abort(entry, subentry, title=name, data=data)
                return flow.async_create_entry(title=name, data=data)
        return flow.async_show_form(
            step_id=page.step,
            data_schema=flow.add_suggested_values_to_schema(
                vol.Schema(dict(page.fields)), shown if typed is None else typed
            ),
            errors=errors,
        )

    async def _async_read(
        self, page: Page, typed: dict[str, Any], before: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """Return name and data of the subentry. Raises FieldError."""
        self._amounts.begin()
        required = {str(name) for name in page.fields if isinstance(name, vol.Required)}
        steps = f"{self._steps}.{page.step}"
        data = self._amounts.read_all(typed, page.amounts, steps, required)
        self._amounts.check()
        name = _name(data)
        data = page.check(data)
        await self._async_check_measured(data, before)
        return name, data

    async def _async_check_measured(
        self, data: Mapping[str, Any], before: Mapping[str, Any]
    ) -> None:
        """Raise FieldError for a sensor without statistics. Ask once for a missing sensor."""
        if source := data.get(CONF_MEASURED_BY):
            now = dt_util.utcnow()
            try:
                await async_load_energies(self._flow.hass, [source], now, now)
            except NoLoadStatisticError:
                raise FieldError(CONF_MEASURED_BY, "load_has_no_statistics") from None
        elif not self._has_asked and (not before or CONF_MEASURED_BY in before):
            self._has_asked = True
            raise FieldError(CONF_MEASURED_BY, "measured_by_missing")


def _name(data: dict[str, Any]) -> str:
    """Return the name in the values, and remove it from them. Raises FieldError."""
    name = " ".join(data.pop(CONF_NAME).split())
    if not name or len(name) > _MAX_NAME_CHARS or not name.isprintable():
        raise FieldError(CONF_NAME, "load_name")
    return name
