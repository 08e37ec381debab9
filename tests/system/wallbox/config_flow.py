"""Dialog that adds the wallbox."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult


class WallboxFlow(ConfigFlow, domain="wallbox_of_test"):
    """Dialog that asks for the port of the wallbox."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the port."""
        if user_input is not None:
            return self.async_create_entry(title="Wallbox", data=user_input)
        return self.async_show_form(step_id="user", data_schema=vol.Schema({"port": int}))
