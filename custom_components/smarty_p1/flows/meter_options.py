"""The dialog of the options: the tariff, how often entities are updated, and publishing."""

from collections.abc import Container, Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.data_entry_flow import section

from ..const import CONF_MIN_INTERVAL, CONF_PRICES_CONFIRMED, SECTION_MQTT, SECTION_P1_SERVER
from ..coordinator.entry_types import short_title
from .error_texts import FieldError
from .form_fields import number_field
from .publish_options import (
    async_read_p1_server,
    defaults,
    mqtt_schema,
    p1_server_schema,
    read_mqtt,
)
from .tariff_options import Errors, contract_fields, filled_sections, read_contract, shown_contract

_MAX_INTERVAL = 3600
_PUBLISHING = (SECTION_P1_SERVER, SECTION_MQTT)
_OTHERS = (CONF_MIN_INTERVAL, *_PUBLISHING)
# What stays when the form does not speak of it.
_KEPT = (CONF_PRICES_CONFIRMED, *_PUBLISHING)


def _schema(port: int, open_sections: Container[str]) -> vol.Schema:
    """Return the form."""
    publishing = {SECTION_P1_SERVER: p1_server_schema(port), SECTION_MQTT: mqtt_schema()}
    return vol.Schema(
        {
            **contract_fields(open_sections),
            vol.Required(CONF_MIN_INTERVAL, default=0): number_field(
                _MAX_INTERVAL, "s", is_whole=True
            ),
            **{
                vol.Optional(name): section(schema, {"collapsed": name not in open_sections})
                for name, schema in publishing.items()
            },
        }
    )


class SmartyOptionsFlow(OptionsFlowWithReload):
    """Change the options of a meter."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        errors: Errors = {}
        stored = self.config_entry.options
        others = {name: stored[name] for name in _OTHERS if name in stored}
        shown = shown_contract(stored) | others
        if user_input is not None:
            options = await self._async_read(user_input, errors)
            if not errors:
                return self.async_create_entry(data=options)
            shown = user_input
        suggested = defaults(self.hass, self.config_entry)
        open_sections = errors.keys() | filled_sections(shown)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _schema(suggested.port, open_sections), shown
            ),
            errors=errors,
            description_placeholders={
                "name": short_title(self.config_entry),
                "topic": suggested.topic,
                "board_topic": suggested.smartyreader_topic,
            },
        )

    async def _async_read(self, user_input: Mapping[str, Any], errors: Errors) -> dict[str, Any]:
        """Return what is stored of what the user typed, and note what is wrong with it."""
        entry = self.config_entry
        options = {name: entry.options[name] for name in _KEPT if name in entry.options}
        options |= read_contract(self.hass, entry.options, user_input, errors)
        options[CONF_MIN_INTERVAL] = user_input[CONF_MIN_INTERVAL]
        try:
            if typed := user_input.get(SECTION_P1_SERVER):
                options[SECTION_P1_SERVER] = await async_read_p1_server(self.hass, entry, typed)
        except FieldError as err:
            errors[err.field] = err.key
        try:
            if typed := user_input.get(SECTION_MQTT):
                options[SECTION_MQTT] = read_mqtt(self.hass, entry, typed)
        except FieldError as err:
            errors[err.field] = err.key
        return options
