"""The dialogue that sets a meter up: the port, the keys, and one telegram that proves them."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple, override

import voluptuous as vol
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_BASE, CONF_PORT
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SerialPortSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.translation import async_get_translations
from probatio import Secret

from .const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    DOCUMENTATION_URL,
    DOMAIN,
    LOGGER,
    SECTION_ADVANCED,
)
from .coordinator import SmartyConfigEntry, stored_keys
from .options_flow import SmartyOptionsFlow
from .p1 import (
    DEFAULT_AUTHENTICATION_KEY,
    DamagedError,
    KeyFormatError,
    KeyMissingError,
    LinkError,
    NoDeviceNameError,
    NothingReceivedError,
    NotP1Error,
    OtherAuthenticationKeyError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    SecurityOffError,
    Telegram,
    WrongKeyError,
    normalise_port,
    parse_key,
    probe,
    redact_port,
)

_NONE = "-"


class FormError(NamedTuple):
    """An error, and the field of the form that it is shown at."""

    field: str
    key: str


# An error at a field of a section is shown only when it names the section itself.
ERRORS: Mapping[type[BaseException], FormError] = {
    PortNotFoundError: FormError(CONF_PORT, "port_not_found"),
    PortPermissionError: FormError(CONF_PORT, "port_permission"),
    PortBusyError: FormError(CONF_PORT, "port_busy"),
    LinkError: FormError(CONF_PORT, "port_unreachable"),
    NothingReceivedError: FormError(CONF_PORT, "nothing_received"),
    NotP1Error: FormError(CONF_PORT, "not_p1"),
    DamagedError: FormError(CONF_PORT, "damaged"),
    KeyMissingError: FormError(CONF_ENCRYPTION_KEY, "key_missing"),
    WrongKeyError: FormError(CONF_ENCRYPTION_KEY, "wrong_key"),
    SecurityOffError: FormError(CONF_ENCRYPTION_KEY, "security_off"),
    OtherAuthenticationKeyError: FormError(SECTION_ADVANCED, "other_authentication_key"),
    NoDeviceNameError: FormError(CONF_BASE, "no_device_name"),
    BaseException: FormError(CONF_BASE, "unknown"),
}

_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))


def _user_schema(*, advanced: bool) -> vol.Schema:
    """Return the form, its advanced section open or collapsed."""
    return vol.Schema(
        {
            vol.Required(CONF_PORT): SerialPortSelector(),
            vol.Optional(Secret(CONF_ENCRYPTION_KEY)): _PASSWORD,
            vol.Optional(SECTION_ADVANCED): section(
                vol.Schema({vol.Optional(Secret(CONF_AUTHENTICATION_KEY)): _PASSWORD}),
                {"collapsed": not advanced},
            ),
        }
    )


def _read_key(text: str) -> bytes | None:
    """Return the key in a field, None when the field is empty. Raises KeyFormatError."""
    return parse_key(text) if text.strip() else None


class SmartyConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set up a meter."""

    VERSION = 1

    _probe_task: asyncio.Task[Telegram] | None = None
    _telegram: Telegram

    def __init__(self) -> None:
        """Start with an empty form."""
        self._input: dict[str, Any] = {}
        self._data: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self._error_placeholders: dict[str, str] = {}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: SmartyConfigEntry) -> OptionsFlow:
        """Return the dialogue of the options."""
        return SmartyOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the port and the keys."""
        if user_input is not None:
            self._input = user_input
            self._errors = {}
            self._error_placeholders = {}
            self._read_input(user_input)
            if not self._errors:
                return await self.async_step_wait_for_telegram()
        advanced = self._input.get(SECTION_ADVANCED, {})
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                _user_schema(advanced=bool(advanced) or SECTION_ADVANCED in self._errors),
                self._input,
            ),
            errors=self._errors,
            description_placeholders={
                "documentation_url": DOCUMENTATION_URL,
                "example": "192.168.1.50:2001",
                "error": "",
                "title": "",
                **self._error_placeholders,
            },
            last_step=False,
        )

    async def async_step_wait_for_telegram(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show progress until the meter has sent a telegram or the reason is known."""
        if self._probe_task is None:
            # Not started eagerly: a task that is done at once would let Home Assistant hand what
            # the user typed to the next step as well, and confirm what was never shown.
            self._probe_task = self.hass.async_create_task(
                probe(self._data[CONF_PORT], *stored_keys(self._data)),
                f"{DOMAIN} probe",
                eager_start=False,
            )
        if not self._probe_task.done():
            return self.async_show_progress(
                step_id="wait_for_telegram",
                progress_action="wait_for_telegram",
                description_placeholders={"port": redact_port(self._data[CONF_PORT])},
                progress_task=self._probe_task,
            )
        task, self._probe_task = self._probe_task, None
        if (err := task.exception()) is None:
            self._telegram = task.result()
            return self.async_show_progress_done(next_step_id="confirm")
        self._fail(err)
        return self.async_show_progress_done(next_step_id="user")

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show which meter was found, then create its entry."""
        serial_number = str(self._telegram.serial_number)
        await self.async_set_unique_id(serial_number, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        if user_input is not None:
            return self.async_create_entry(title=f"Smarty {serial_number}", data=self._data)
        return self.async_show_form(
            step_id="confirm",
            description_placeholders={
                "serial_number": serial_number,
                "identification": self._telegram.identification,
                "power_imported": self._format("1-0:1.7.0", "kW"),
                "power_exported": self._format("1-0:2.7.0", "kW"),
                "energy_imported": self._format("1-0:1.8.0", "kWh"),
                "energy_exported": self._format("1-0:2.8.0", "kWh"),
                "channels": await self._async_describe_channels(),
            },
            last_step=True,
        )

    def _read_input(self, user_input: Mapping[str, Any]) -> None:
        """Turn what the user typed into the entry's data, or note what is wrong with it."""
        port = normalise_port(user_input[CONF_PORT])
        self._data = {CONF_PORT: port}
        for entry in self._async_current_entries(include_ignore=False):
            if entry.disabled_by is None and entry.data[CONF_PORT] == port:
                self._errors[CONF_PORT] = "port_in_use"
                self._error_placeholders["title"] = entry.title
        try:
            key = _read_key(user_input.get(CONF_ENCRYPTION_KEY, ""))
        except KeyFormatError:
            self._errors[CONF_ENCRYPTION_KEY] = "key_malformed"
        else:
            if key == DEFAULT_AUTHENTICATION_KEY:
                self._errors[CONF_ENCRYPTION_KEY] = "key_published"
            elif key:
                self._data[CONF_ENCRYPTION_KEY] = key.hex().upper()
        try:
            key = _read_key(user_input.get(SECTION_ADVANCED, {}).get(CONF_AUTHENTICATION_KEY, ""))
        except KeyFormatError:
            self._errors[SECTION_ADVANCED] = "authentication_key_malformed"
        else:
            if key and key != DEFAULT_AUTHENTICATION_KEY:
                self._data[CONF_AUTHENTICATION_KEY] = key.hex().upper()

    def _fail(self, err: BaseException) -> None:
        """Note why no telegram came."""
        error = next(ERRORS[cls] for cls in type(err).__mro__ if cls in ERRORS)
        if error.key == "unknown":
            LOGGER.error("Unexpected error while waiting for a telegram", exc_info=err)
        self._errors = {error.field: error.key}
        if isinstance(err, LinkError):
            self._error_placeholders = {"error": str(err)}

    def _format(self, reference: str, unit: str) -> str:
        value = self._telegram.objects.get(reference)
        return f"{value} {unit}" if isinstance(value, float) else _NONE

    async def _async_describe_channels(self) -> str:
        """Return a list of the meters on the M-Bus channels, in the language of the house."""
        names = await async_get_translations(
            self.hass, self.hass.config.language, "device", {DOMAIN}
        )
        lines = []
        for channel, reading in self._telegram.channels.items():
            name = names[f"component.{DOMAIN}.device.{reading.type}.name"].format(
                serial=reading.serial_number or ""
            )
            index = "" if reading.value is None else f", {reading.value} {reading.unit or ''}"
            lines.append(f"- M-Bus {channel}: {name.rstrip()}{index.rstrip()}")
        return "\n".join(lines) or _NONE
