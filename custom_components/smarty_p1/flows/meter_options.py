"""The dialog of the options: the tariff, how often entities are updated, and publishing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import DateSelector
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_MIN_INTERVAL,
    CONF_REFERENCE_POWER,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_PRICE_SINCE,
    SECTION_MQTT,
    SECTION_P1_SERVER,
)
from ..lib.meter import LUXEMBOURG, MAX_POWER_KW, REFERENCE_POWERS
from ..publish.publish_form import (
    OptionError,
    async_read_p1_server,
    defaults,
    mqtt_schema,
    p1_server_schema,
    read_mqtt,
)
from .form_fields import list_field, number_field

_MAX_INTERVAL = 3600
# Of the tariff; and prices are approved a year at a time.
_FIRST_YEAR = 2025
_YEARS_AHEAD = 2


def _schema(currency: str, port: int, errors: Mapping[str, str]) -> vol.Schema:
    """Return the form, those of its sections open that hold an error."""
    return vol.Schema(
        {
            vol.Optional(CONF_REFERENCE_POWER): list_field(
                ((str(power), f"{power} kW") for power in REFERENCE_POWERS), takes_any=True
            ),
            vol.Optional(CONF_SURCHARGE_PRICE): number_field(100, f"{currency}/kWh"),
            vol.Optional(CONF_SURCHARGE_PRICE_SINCE): DateSelector(),
            vol.Required(CONF_MIN_INTERVAL, default=0): number_field(
                _MAX_INTERVAL, "s", is_whole=True
            ),
            vol.Optional(SECTION_P1_SERVER): section(
                p1_server_schema(port), {"collapsed": SECTION_P1_SERVER not in errors}
            ),
            vol.Optional(SECTION_MQTT): section(
                mqtt_schema(), {"collapsed": SECTION_MQTT not in errors}
            ),
        }
    )


def _read_power(text: str) -> float | None:
    """Return a typed power in kW, None when it is none."""
    try:
        power = float(text.lower().removesuffix("kw").strip().replace(",", "."))
    except ValueError:
        return None
    return power if 0 < power <= MAX_POWER_KW else None


def _is_plausible(day: str) -> bool:
    """Return whether a price may hold from a day: since the tariff began, or soon."""
    latest = dt_util.now(LUXEMBOURG).year + _YEARS_AHEAD
    return _FIRST_YEAR <= date.fromisoformat(day).year <= latest


class SmartyOptionsFlow(OptionsFlowWithReload):
    """Change the options of a meter."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        errors: dict[str, str] = {}
        shown = dict(self.config_entry.options)
        if CONF_REFERENCE_POWER in shown:
            shown[CONF_REFERENCE_POWER] = f"{shown[CONF_REFERENCE_POWER]:g}"
        # The day is about the price that is entered with it: one that is past is not shown again.
        since = shown.get(CONF_SURCHARGE_PRICE_SINCE, "")
        if since <= dt_util.now(LUXEMBOURG).date().isoformat():
            shown.pop(CONF_SURCHARGE_PRICE_SINCE, None)
        if user_input is not None:
            options = await self._async_read(user_input, errors)
            if not errors:
                return self.async_create_entry(data=options)
            shown = user_input
        suggested = defaults(self.hass, self.config_entry)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _schema(self.hass.config.currency, suggested.port, errors), shown
            ),
            errors=errors,
            description_placeholders={
                "topic": suggested.topic,
                "board_topic": suggested.smartyreader_topic,
            },
        )

    async def _async_read(
        self, user_input: Mapping[str, Any], errors: dict[str, str]
    ) -> dict[str, Any]:
        """Return what is stored of what the user typed, and note what is wrong with it."""
        # A section that is not sent stays as it is.
        sections = {SECTION_P1_SERVER, SECTION_MQTT} & self.config_entry.options.keys()
        kept = {name: self.config_entry.options[name] for name in sections}
        options = kept | dict(user_input)
        if text := options.pop(CONF_REFERENCE_POWER, "").strip():
            power = _read_power(text)
            if power is None:
                errors[CONF_REFERENCE_POWER] = "reference_power_malformed"
            else:
                options[CONF_REFERENCE_POWER] = power
        entry = self.config_entry
        if CONF_SURCHARGE_PRICE_SINCE not in options:
            options |= self._since_of(options.get(CONF_SURCHARGE_PRICE))
        elif CONF_SURCHARGE_PRICE not in options:
            errors[CONF_SURCHARGE_PRICE] = "surcharge_price_missing"
        elif not _is_plausible(options[CONF_SURCHARGE_PRICE_SINCE]):
            errors[CONF_SURCHARGE_PRICE_SINCE] = "surcharge_day_implausible"
        if typed := user_input.get(SECTION_P1_SERVER):
            try:
                options[SECTION_P1_SERVER] = await async_read_p1_server(self.hass, entry, typed)
            except OptionError as err:
                errors[SECTION_P1_SERVER] = err.key
        if typed := user_input.get(SECTION_MQTT):
            try:
                options[SECTION_MQTT] = read_mqtt(self.hass, entry, typed)
            except OptionError as err:
                errors[SECTION_MQTT] = err.key
        return options

    def _since_of(self, price: float | None) -> dict[str, str]:
        """Return the day from which a price holds that stays as it was."""
        options = self.config_entry.options
        is_same = price is not None and price == options.get(CONF_SURCHARGE_PRICE)
        since = options.get(CONF_SURCHARGE_PRICE_SINCE)
        return {CONF_SURCHARGE_PRICE_SINCE: since} if is_same and since else {}
