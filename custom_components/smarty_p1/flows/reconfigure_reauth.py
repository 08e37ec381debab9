"""The steps that change a meter that is set up: new keys when they fail, another port."""

from collections.abc import Mapping
from typing import Any, override

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
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.repair_issues import Problem, is_raised
from ..lib.meter import shown_name
from ..lib.p1 import DEFAULT_AUTHENTICATION_KEY, Telegram
from ..lib.port import SecurityOffError, identify_port, redact_port
from .key_form import PRESENT_PORT, OtherMeterError
from .meter_flow import MeterFlow
from .paused_entry import borrowed_port

# Why the coordinator asks for new keys: the field that is to be filled in, and the text there.
_REASONS: Mapping[str, tuple[str, str]] = {
    "wrong_key": (CONF_ENCRYPTION_KEY, "key_renewed"),
    "other_authentication_key": (SECTION_ADVANCED, "other_authentication_key"),
}


class UpdateSteps(MeterFlow):
    """Reauthentication and reconfiguration: the same meter must answer before anything changes."""

    # None while a meter is added.
    _entry: AnyConfigEntry | None = None

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin because the keys do not fit any more."""
        self._begin_update(self._get_reauth_entry(), form_step="reauth_confirm")
        if reason := _REASONS.get(entry_data.get("reason", "")):
            self._note_error(*reason)
            if reason[0] == SECTION_ADVANCED:
                self._choices.add(CONF_WITHOUT_VERIFICATION)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the keys."""
        return await self._async_update(self._get_reauth_entry(), user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the port and the keys."""
        entry = self._get_reconfigure_entry()
        if self._entry is None:
            self._begin_update(entry, form_step="reconfigure")
            self._port_field = PRESENT_PORT
            port = entry.data[CONF_PORT]
            if identify_port(port) == port:  # no secret goes back to a browser
                self._input[CONF_PORT] = port
            if is_raised(self.hass, entry, Problem.SECURITY_OFF):
                self._choices.add(CONF_REMOVE_KEY)
        return await self._async_update(entry, user_input)

    async def async_step_updated(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that it is done: the telegram has changed the entry."""
        if self.source == SOURCE_REAUTH:
            return self.async_abort(reason="reauth_successful")
        return self.async_abort(reason="reconfigure_successful")

    def _begin_update(self, entry: AnyConfigEntry, *, form_step: str) -> None:
        self._entry = entry
        self._form_step = form_step
        self._next_step = "updated"
        self._progress_action = "wait_for_same_meter"
        if not entry.data.get(CONF_VERIFY, True):
            self._choices.add(CONF_WITHOUT_VERIFICATION)
            self._input[SECTION_ADVANCED] = {CONF_WITHOUT_VERIFICATION: True}

    async def _async_update(
        self, entry: AnyConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        data = entry.data
        port = data[CONF_PORT]
        if user_input is not None:
            typed = user_input.get(CONF_PORT, "").strip()
            if typed in {"", redact_port(port)}:
                typed = port
            if await self._async_read_form(user_input, typed, data):
                if CONF_SERVICE in data and self._data[CONF_PORT] == port:
                    self._data[CONF_SERVICE] = data[CONF_SERVICE]
                return await self.async_step_wait_for_telegram()
        return await self._async_show_form(
            {
                "name": entry.title,
                "serial_number": str(entry.unique_id),
                "present_port": redact_port(port),
                "published_key": DEFAULT_AUTHENTICATION_KEY.hex().upper(),
            },
            last_step=True,
        )

    @override
    async def _async_probe(self) -> Telegram:
        """Change the entry when its own meter has answered, and set it up again in any case."""
        if self._entry is None:
            return await super()._async_probe()
        # Also when another port is tried: it may be the same one by another address.
        async with borrowed_port(self.hass, self._entry):
            telegram = await super()._async_probe()
            if telegram.serial_number != self._entry.unique_id:
                raise OtherMeterError(str(telegram.serial_number))
            # Here and not in the next step, for that waits for a browser that may be gone.
            self.hass.config_entries.async_update_entry(self._entry, data=self._data)
            self._call_off_reauth(self._entry)
        return telegram

    def _call_off_reauth(self, entry: AnyConfigEntry) -> None:
        """End another dialogue that asks for keys: these are right."""
        for flow in list(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            if flow["flow_id"] != self.flow_id:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    @override
    async def _async_explain(self, err: BaseException) -> None:
        await super()._async_explain(err)
        if isinstance(err, OtherMeterError):
            self._error_placeholders["found"] = shown_name(err.serial_number)
        elif isinstance(err, SecurityOffError) and self._entry:
            self._choices.add(CONF_REMOVE_KEY)
            self._errors = {CONF_ENCRYPTION_KEY: "security_switched_off"}
