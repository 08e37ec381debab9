"""Dialog steps that change a meter: its port by reconfiguration, its keys by reauthentication."""

from collections.abc import Iterable, Mapping
from functools import partial

import voluptuous as vol
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_PORT

from ...const import (
    CONF_COUNTER_RESET,
    CONF_ENCRYPTION_KEY,
    CONF_REMOVE_KEY,
    CONF_SERVICE,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    SECTION_ADVANCED,
)
from ...coordinator.entry_types import AnyConfigEntry, known_meters
from ...coordinator.repair_issues import is_raised
from ...coordinator.statistics.statistic_ids import with_statistics_key
from ...coordinator.telegram_source import stored_keys
from ...lib.failure_detection import ReadingProblem
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.meter.object_count_and_rate_limits import shown_name
from ...lib.port.address_masking import identify_port, redact_port
from ...lib.port.errors import ProbeError
from ...lib.problem import Problem
from ..dialog_base import DialogSteps
from ..form import Input
from ..form_errors import FieldError
from ..shared_form_fields import CURRENT_PORT, NEW_PORT
from .add_cable_to_meter import may_join
from .key_form import PUBLISHED_KEY
from .known_counters import (
    async_forget_counters,
    async_is_proved_port,
    async_last_counters,
    async_proved_titles,
)
from .port_key_and_found_meter import MeterForm, MeterSteps

# For each reason why new keys are needed: the field of the form at which the error is shown, and
# the translation key of the error.
_REASONS: Mapping[str, tuple[str, str]] = {
    "wrong_key": (CONF_ENCRYPTION_KEY, "key_renewed"),
    "other_authentication_key": (SECTION_ADVANCED, "other_authentication_key"),
}


def _form(
    entry: AnyConfigEntry,
    step_id: str,
    port_field: vol.Marker | None = None,
    checkboxes: Iterable[str] = (),
) -> MeterForm:
    port = entry.data[CONF_PORT]
    suggested: JsonDict = {}
    checkboxes = {*checkboxes}
    if identify_port(port) == port:  # suggest the port only if it holds no secret
        suggested[CONF_PORT] = port
    if not entry.data.get(CONF_VERIFY, True):
        checkboxes.add(CONF_WITHOUT_VERIFICATION)
        suggested[SECTION_ADVANCED] = {CONF_WITHOUT_VERIFICATION: True}
    return MeterForm(
        step_id=step_id,
        port_field=port_field,
        port=port,
        service=entry.data.get(CONF_SERVICE),
        suggested=suggested,
        checkboxes=checkboxes,
        placeholders={
            "serial_number": shown_name(str(entry.unique_id)),
            "present_port": redact_port(port),
            "published_key": PUBLISHED_KEY,
        },
    )


class ReconfigureSteps(DialogSteps[MeterSteps]):
    """Dialog steps that change an entry, but only after a valid telegram has come."""

    @property
    def _entry(self) -> AnyConfigEntry:
        return self.hass.config_entries.async_get_known_entry(self.flow.context["entry_id"])

    async def async_step_reauth(self, entry_data: JsonMapping) -> ConfigFlowResult:
        """Show the form with the reason why new keys are needed."""
        if reason := _REASONS.get(entry_data.get("reason", "")):
            self.following.form.inputs.refuse(*reason)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the new keys of the meter."""
        entry = self._entry
        form = _form(entry, "reauth_confirm")
        return await self.following.async_ask_meter(
            user_input, form, partial(self._async_find_same, entry)
        )

    async def async_reconfigure(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the port and the keys of the meter."""
        entry = self._entry
        checkboxes = {
            CONF_REMOVE_KEY: is_raised(self.hass, entry, Problem.SECURITY_OFF),
            CONF_COUNTER_RESET: entry.state is ConfigEntryState.LOADED
            and entry.runtime_data.condition.obstacle is ReadingProblem.REPLAY,
        }
        needed = [name for name, is_needed in checkboxes.items() if is_needed]
        form = _form(entry, "reconfigure", CURRENT_PORT, needed)
        return await self.following.async_ask_meter(
            user_input, form, partial(self._async_find_same, entry)
        )

    async def async_step_add_cable(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the port and the key of a meter that has no cable yet."""
        entry = self._entry
        form = MeterForm(step_id="add_cable", port_field=NEW_PORT)
        return await self.following.async_ask_meter(
            user_input, form, partial(self._async_find_cable, entry)
        )

    async def async_step_updated(self, _user_input: Input = None) -> ConfigFlowResult:
        """End the dialog with a success message.

        `_async_find_same` has already updated the entry.
        """
        is_reauth = self.flow.source == SOURCE_REAUTH
        return self.flow.async_abort(
            reason="reauth_successful" if is_reauth else "reconfigure_successful"
        )

    async def _async_find_cable(self, entry: AnyConfigEntry, data: JsonDict) -> str:
        """Wait for a telegram, and add the port and the keys in `data` to the config entry.

        Return the name of the next step. Raises FieldError for a telegram of a meter that another
        config entry reads.
        """
        telegram = await self.following.async_prove(data)
        for other in known_meters(self.hass):
            if other.unique_id == telegram.serial_number:
                raise FieldError(CONF_PORT, "port_in_use", title=other.title)
        if not may_join(entry, telegram):
            raise FieldError(CONF_PORT, "other_total", title=entry.title)
        cable = self.following.following
        await cable.async_join(entry, data, telegram)
        return "joined"

    async def _async_find_same(self, entry: AnyConfigEntry, data: JsonDict) -> str:
        """Wait for a telegram, update the entry, and return the name of the next step.

        Raises FieldError for a telegram of another meter. Raises a ProbeError if no telegram is
        newer than the last one, unless the user has stated that the frame counter was reset.
        """
        key, _ = stored_keys(data)
        is_reset = bool(
            self.following.form.typed and self.following.form.typed.get(CONF_COUNTER_RESET)
        )
        known = {} if is_reset or not key else await async_last_counters(self.hass, entry, key)
        proved = await async_proved_titles(self.hass, entry, data)
        is_proved_port = await async_is_proved_port(self.hass, entry, data)
        try:
            telegram = await self.following.async_prove(
                data, known, proved, is_proved_port=is_proved_port
            )
        except ProbeError as err:
            if err.problem is not Problem.SECURITY_OFF:
                raise
            raise FieldError(CONF_ENCRYPTION_KEY, "security_switched_off") from None
        serial_number = str(telegram.serial_number)
        if serial_number != entry.unique_id:
            raise FieldError(CONF_PORT, "other_meter", found=shown_name(serial_number))
        if is_reset and key:
            await async_forget_counters(self.hass, entry, key)
        # Update the entry now, because the next step runs only if the browser is still open.
        self.hass.config_entries.async_update_entry(entry, data=with_statistics_key(entry, data))
        # The entry has correct keys again, so end other dialogs that ask for its keys.
        for flow in list(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            if flow["flow_id"] != self.flow.flow_id:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return "updated"
