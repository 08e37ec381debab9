"""The steps that change a meter that is set up: reconfigure its port, reauth with new keys."""

from collections.abc import Mapping
from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_REAUTH, ConfigFlowResult
from homeassistant.const import CONF_PORT

from ..const import (
    CONF_ENCRYPTION_KEY,
    CONF_REMOVE_KEY,
    CONF_SERVICE,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    SECTION_ADVANCED,
)
from ..coordinator.entry_types import AnyConfigEntry, short_title
from ..coordinator.repair_issues import Problem, is_raised
from ..lib.meter import shown_name
from ..lib.port import SecurityOffError, identify_port, redact_port
from .dialog import Input
from .error_texts import FieldError
from .form_fields import CURRENT_PORT
from .meter_keys import PUBLISHED_KEY
from .meter_setup import MeterSteps

# Why the coordinator asks for new keys: the field that is to be filled in, and the text there.
_REASONS: Mapping[str, tuple[str, str]] = {
    "wrong_key": (CONF_ENCRYPTION_KEY, "key_renewed"),
    "other_authentication_key": (SECTION_ADVANCED, "other_authentication_key"),
}


class UpdateSteps(MeterSteps):
    """Reauthentication and reconfiguration: the same meter must answer before anything changes."""

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Go on with the form: the keys do not fit any more."""
        if reason := _REASONS.get(entry_data.get("reason", "")):
            self._note(FieldError(*reason))
            if reason[0] == SECTION_ADVANCED:
                self._choices.add(CONF_WITHOUT_VERIFICATION)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the keys."""
        return await self._async_update(
            user_input, self._get_reauth_entry(), step_id="reauth_confirm"
        )

    async def async_step_reconfigure(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the port and the keys."""
        entry = self._get_reconfigure_entry()
        if is_raised(self.hass, entry, Problem.SECURITY_OFF):
            self._choices.add(CONF_REMOVE_KEY)
        return await self._async_update(
            user_input, entry, step_id="reconfigure", port_field=CURRENT_PORT
        )

    async def async_step_updated(self, _user_input: Input = None) -> ConfigFlowResult:
        """Say that it is done: the telegram has changed the entry."""
        is_reauth = self.source == SOURCE_REAUTH
        return self.async_abort(
            reason="reauth_successful" if is_reauth else "reconfigure_successful"
        )

    async def _async_update(
        self,
        user_input: Input,
        entry: AnyConfigEntry,
        *,
        step_id: str,
        port_field: vol.Marker | None = None,
    ) -> ConfigFlowResult:
        port = entry.data[CONF_PORT]
        self._progress_action = "wait_for_same_meter"
        self._known_port, self._service = port, entry.data.get(CONF_SERVICE)
        if await self._async_accept(user_input, self._async_read_meter):
            return await self.async_step_wait_for_telegram()
        suggested: dict[str, Any] = {}
        if identify_port(port) == port:  # no secret goes back to a browser
            suggested[CONF_PORT] = port
        if not entry.data.get(CONF_VERIFY, True):
            self._choices.add(CONF_WITHOUT_VERIFICATION)
            suggested[SECTION_ADVANCED] = {CONF_WITHOUT_VERIFICATION: True}
        return await self._async_show_meter(
            port_field,
            suggested,
            step_id=step_id,
            last_step=True,
            name=short_title(entry),
            serial_number=shown_name(str(entry.unique_id)),
            present_port=redact_port(port),
            published_key=PUBLISHED_KEY,
        )

    @override
    async def _async_find_meter(self) -> str:
        """Change the entry when its own meter has answered."""
        entry = self._updated_entry
        if entry is None:
            return await super()._async_find_meter()
        try:
            await super()._async_find_meter()
        except SecurityOffError:
            self._choices.add(CONF_REMOVE_KEY)
            raise FieldError(CONF_ENCRYPTION_KEY, "security_switched_off") from None
        serial_number = str(self._telegram.serial_number)
        if serial_number != entry.unique_id:
            raise FieldError(CONF_PORT, "other_meter", found=shown_name(serial_number))
        # Here and not in the next step, for that waits for a browser that may be gone.
        self.hass.config_entries.async_update_entry(entry, data=self._data)
        # Another dialog that asks for keys ends: these are right.
        for flow in list(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            if flow["flow_id"] != self.flow_id:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return "updated"
