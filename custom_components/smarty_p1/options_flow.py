"""The dialogue of the options: the tariff, and how often entities are updated."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .const import CONF_MIN_INTERVAL, CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE
from .demand import MAX_POWER_KW, REFERENCE_POWERS

_MAX_INTERVAL = 3600


def _schema(currency: str) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional(CONF_REFERENCE_POWER): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=str(power), label=f"{power} kW")
                        for power in REFERENCE_POWERS
                    ],
                    custom_value=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            vol.Optional(CONF_SURCHARGE_PRICE): NumberSelector(
                NumberSelectorConfig(
                    min=0,
                    max=100,
                    step="any",
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement=f"{currency}/kWh",
                )
            ),
            vol.Required(CONF_MIN_INTERVAL, default=0): NumberSelector(
                NumberSelectorConfig(
                    min=0,
                    max=_MAX_INTERVAL,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement="s",
                )
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


class SmartyOptionsFlow(OptionsFlowWithReload):
    """Change the options of a meter."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options."""
        errors = {}
        shown = dict(self.config_entry.options)
        if CONF_REFERENCE_POWER in shown:
            shown[CONF_REFERENCE_POWER] = f"{shown[CONF_REFERENCE_POWER]:g}"
        if user_input is not None:
            options = dict(user_input)
            if text := options.pop(CONF_REFERENCE_POWER, "").strip():
                power = _read_power(text)
                if power is None:
                    errors[CONF_REFERENCE_POWER] = "reference_power_malformed"
                else:
                    options[CONF_REFERENCE_POWER] = power
            if not errors:
                return self.async_create_entry(data=options)
            shown = user_input
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _schema(self.hass.config.currency), shown
            ),
            errors=errors,
        )
