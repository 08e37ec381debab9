"""Dialog of a load, such as a car: its energy, powers, deadlines and its own measurement."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    TextSelector,
)
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_BY_WEEKEND,
    CONF_BY_WORKDAYS,
    CONF_CONNECTED,
    CONF_LOAD_KWH,
    CONF_LOAD_MAX_KW,
    CONF_LOAD_MIN_KW,
    CONF_MEASURED_BY,
    CONF_PHASES,
    CONF_POWER_SET_BY,
    CONF_SWITCHED_BY,
    SUBENTRY_LOAD,
)
from ..coordinator.statistics.load_energy import NoLoadStatisticError, async_load_energies
from ..lib.amounts import KW, KWH, Amount
from ..lib.markdown_text import in_markdown
from ..lib.plan.house_plan import MAX_LOADS
from .dialog_base import Input
from .form_errors import FieldError
from .shared_form_fields import ClockField, whole_number_field
from .typed_amounts import AmountField, TypedAmounts

_PAGE = "config_subentries.load.step.user"
_MAX_NAME_CHARS = 60
_AMOUNTS = {
    CONF_LOAD_KWH: Amount(KWH, 200, 0.1),
    CONF_LOAD_MAX_KW: Amount(KW, 50, 0.1),
    CONF_LOAD_MIN_KW: Amount(KW, 50),
}
_REQUIRED = (CONF_LOAD_KWH, CONF_LOAD_MAX_KW)
_MEASURED = EntitySelector(
    EntitySelectorConfig(
        filter=[
            EntityWithDeviceFilterSelectorConfig(domain="sensor", device_class=kind)
            for kind in ("energy", "power")
        ]
    )
)
_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Required(CONF_NAME): TextSelector(),
    vol.Required(CONF_LOAD_KWH): AmountField(_AMOUNTS[CONF_LOAD_KWH]),
    vol.Required(CONF_LOAD_MAX_KW): AmountField(_AMOUNTS[CONF_LOAD_MAX_KW]),
    vol.Optional(CONF_LOAD_MIN_KW): AmountField(_AMOUNTS[CONF_LOAD_MIN_KW]),
    vol.Optional(CONF_BY_WORKDAYS): ClockField(),
    vol.Optional(CONF_BY_WEEKEND): ClockField(),
    vol.Required(CONF_MEASURED_BY): _MEASURED,
    vol.Optional(CONF_CONNECTED): EntitySelector(
        EntitySelectorConfig(domain=["binary_sensor", "input_boolean"])
    ),
    vol.Optional(CONF_SWITCHED_BY): EntitySelector(
        EntitySelectorConfig(domain=["switch", "input_boolean"])
    ),
    vol.Optional(CONF_POWER_SET_BY): EntitySelector(
        EntitySelectorConfig(domain=["number", "input_number"])
    ),
    vol.Required(CONF_PHASES, default=3): whole_number_field(3, minimum=1),
}


class LoadFlow(ConfigSubentryFlow):
    """Dialog that adds a load to a meter, or changes one."""

    def __init__(self) -> None:
        self._amounts = TypedAmounts()

    async def async_step_user(self, user_input: Input = None) -> SubentryFlowResult:
        """Ask for the load."""
        entry = self._get_entry()
        if len([*entry.get_subentries_of_type(SUBENTRY_LOAD)]) >= MAX_LOADS:
            return self.async_abort(
                reason="too_many_loads",
                description_placeholders=in_markdown({"most": str(MAX_LOADS)}),
            )
        return await self._async_ask(user_input, {})

    async def async_step_reconfigure(self, user_input: Input = None) -> SubentryFlowResult:
        """Ask for changes of the load."""
        subentry = self._get_reconfigure_subentry()
        return await self._async_ask(user_input, {CONF_NAME: subentry.title, **subentry.data})

    async def _async_ask(self, typed: Input, suggested: Mapping[str, Any]) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if typed is not None:
            self._amounts.begin()
            try:
                name, data = await self._async_read(typed)
            except FieldError as err:
                errors = self._amounts.errors | {err.field: err.key}
            else:
                return self._done(name, data)
        is_new = self.source != SOURCE_RECONFIGURE
        return self.async_show_form(
            step_id="user" if is_new else "reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(dict(_FIELDS)), suggested if typed is None else typed
            ),
            errors=errors,
            description_placeholders=in_markdown(await self._amounts.async_placeholders(self.hass)),
        )

    async def _async_read(self, typed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return name and data of the load. Raises FieldError."""
        data = self._amounts.read_all(typed, _AMOUNTS, _PAGE, _REQUIRED)
        self._amounts.check()
        name = " ".join(data.pop(CONF_NAME).split())
        if not name or len(name) > _MAX_NAME_CHARS or not name.isprintable():
            raise FieldError(CONF_NAME, "load_name")
        if data.get(CONF_LOAD_MIN_KW, 0.0) > data[CONF_LOAD_MAX_KW]:
            raise FieldError(CONF_LOAD_MIN_KW, "above_maximum_power")
        now = dt_util.utcnow()
        try:
            await async_load_energies(self.hass, [data[CONF_MEASURED_BY]], now, now)
        except NoLoadStatisticError:
            raise FieldError(CONF_MEASURED_BY, "load_has_no_statistics") from None
        return name, data

    def _done(self, name: str, data: dict[str, Any]) -> SubentryFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_entry(), self._get_reconfigure_subentry(), title=name, data=data
            )
        return self.async_create_entry(title=name, data=data)
