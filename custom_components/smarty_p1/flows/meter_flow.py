"""What all ways through the dialogue share: a form, one telegram that proves it, what was wrong."""

import asyncio
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_BASE, CONF_PORT

from ..const import (
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    DOCUMENTATION_URL,
    DOMAIN,
    LOGGER,
    SECTION_ADVANCED,
)
from ..coordinator.meter_coordinator import stored_keys
from ..coordinator.stopping import look_until_stop
from ..lib.p1 import Telegram
from ..lib.port import OtherAuthenticationKeyError, PortBusyError, probe, redact_port
from .key_form import ERRORS, form_schema, read_keys
from .port_field import address_error, async_port_selector
from .port_names import async_entry_at, async_lasting_name, async_name_holder

# The texts of errors may use these in whichever form they are shown.
_NO_PLACEHOLDERS = dict.fromkeys(("found", "port", "program", "title"), "")


class MeterFlow(ConfigFlow):
    """A dialogue about one meter: a form, and progress until a telegram has proved it."""

    VERSION = 1

    _telegram: Telegram
    _form_step = "meter"
    _next_step = "confirm"
    _progress_action = "wait_for_telegram"

    def __init__(self) -> None:
        """Start with an empty form."""
        self._port_field: vol.Marker | None = None
        self._choices: set[str] = set()
        self._input: dict[str, Any] = {}
        self._data: dict[str, Any] = {}
        self._errors: dict[str, str] = {}
        self._error_placeholders: dict[str, str] = {}
        self._probe_task: asyncio.Task[Telegram] | None = None

    async def _async_show_form(
        self, placeholders: Mapping[str, str], *, last_step: bool
    ) -> ConfigFlowResult:
        """Show the form of `_form_step` with what was typed before, and what is wrong with it."""
        advanced = self._input.get(SECTION_ADVANCED, {})
        is_advanced_open = any(advanced.values()) or SECTION_ADVANCED in self._errors
        port_field = {}
        if self._port_field:
            port_field[self._port_field] = await async_port_selector(self.hass)
        schema = form_schema(port_field, is_advanced_open=is_advanced_open, choices=self._choices)
        return self.async_show_form(
            step_id=self._form_step,
            data_schema=self.add_suggested_values_to_schema(schema, self._input),
            errors=self._errors,
            description_placeholders={
                **_NO_PLACEHOLDERS,
                "documentation_url": DOCUMENTATION_URL,
                **placeholders,
                **self._error_placeholders,
            },
            last_step=last_step,
        )

    async def _async_read_form(
        self, user_input: dict[str, Any], port: str, present: Mapping[str, Any]
    ) -> bool:
        """Turn what was typed into an entry's data; return False when something is wrong with it.

        `present` are the keys that an empty field stands for.
        """
        self._input = user_input
        keys = read_keys(user_input, present)
        self._errors = dict(keys.errors)
        self._error_placeholders = {}
        if error := address_error(port):
            self._note_error(CONF_PORT, error)
            return False
        port = await async_lasting_name(self.hass, port)
        self._data = {CONF_PORT: port, **keys.data}
        reader = await async_entry_at(self.hass, port, but=self.context.get("entry_id"))
        if reader:
            self._note_error(CONF_PORT, "port_in_use", title=reader.title)
        return not self._errors

    async def async_step_wait_for_telegram(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show progress until the meter has sent a telegram or the reason is known."""
        if self._probe_task is None:
            # Not started eagerly: a task that is done at once would let Home Assistant hand what
            # the user typed to the next step as well, and confirm what was never shown.
            self._probe_task = self.hass.async_create_task(
                look_until_stop(self.hass, self._async_probe()),
                f"{DOMAIN} probe",
                eager_start=False,
            )
        if not self._probe_task.done():
            return self.async_show_progress(
                step_id="wait_for_telegram",
                progress_action=self._progress_action,
                description_placeholders={"port": redact_port(self._data[CONF_PORT])},
                progress_task=self._probe_task,
            )
        task, self._probe_task = self._probe_task, None
        if (err := task.exception()) is None:
            self._telegram = task.result()
            return self.async_show_progress_done(next_step_id=self._next_step)
        await self._async_explain(err)
        return self.async_show_progress_done(next_step_id=self._form_step)

    async def _async_probe(self) -> Telegram:
        """Return the telegram that proves port and keys."""
        return await probe(
            self._data[CONF_PORT],
            *stored_keys(self._data),
            needs_tag=self._data.get(CONF_VERIFY, True),
        )

    async def _async_explain(self, err: BaseException) -> None:
        """Note why no telegram came, and offer what helps."""
        self._errors = {}
        error = next(ERRORS[cls] for cls in type(err).__mro__ if cls in ERRORS)
        placeholders = {"port": redact_port(self._data[CONF_PORT])}
        key = error.key
        match err:
            case PortBusyError():
                if program := await async_name_holder(self.hass, self._data[CONF_PORT]):
                    placeholders["program"] = program
                    key = "port_held"
            case OtherAuthenticationKeyError():
                self._choices.add(CONF_WITHOUT_VERIFICATION)
        if key == "unknown":
            LOGGER.error("Unexpected error while waiting for a telegram", exc_info=err)
        self._note_error(error.field, key, **placeholders)

    def _note_error(self, field: str, key: str, **placeholders: str) -> None:
        has_field = field != CONF_PORT or self._port_field is not None
        self._errors[field if has_field else CONF_BASE] = key
        self._error_placeholders |= placeholders
