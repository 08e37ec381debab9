"""The steps that set a meter up: port and keys, a telegram that proves them, which meter it is."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PORT, UnitOfVolume

from ..const import CONF_SERVICE, CONF_VERIFY, CONF_WITHOUT_VERIFICATION, SECTION_ADVANCED
from ..coordinator.meter_coordinator import stored_keys
from ..coordinator.mqtt_port import topic_opener
from ..lib.meter import shown_name
from ..lib.p1 import Telegram
from ..lib.port import OtherAuthenticationKeyError, probe
from .dialog import Dialog, Input
from .form_fields import NEW_PORT, async_port_field
from .meter_keys import key_fields, read_keys
from .ports_in_use import async_next_gateway_port
from .topics_seen import async_topics_seen

# A hyphen alone in its paragraph would be shown as the dot of an empty list.
_NONE = "\N{EN DASH}"


class MeterSteps(Dialog):
    """A meter at a port."""

    _telegram: Telegram
    _progress_action = "wait_for_telegram"
    # What is read unless something else is typed, and the service of a gateway that announces it.
    _known_port = ""
    _service: str | None = None

    def __init__(self) -> None:
        super().__init__()
        # Of the two checkboxes about keys, those that there is a reason to show.
        self._choices: set[str] = set()
        # Where frames are published, once somebody has looked.
        self._topics: list[str] | None = None

    async def async_step_meter(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the port and the keys."""
        if await self._async_accept(user_input, self._async_read_meter):
            return await self.async_step_wait_for_telegram()
        suggested = {}
        # What was typed stays in the form, whatever is wrong with it.
        if user_input is None and (
            port := await async_next_gateway_port(self._async_current_entries(include_ignore=False))
        ):
            suggested[CONF_PORT] = port
        return await self._async_show_meter(NEW_PORT, suggested, step_id="meter")

    async def async_step_wait_for_telegram(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress until the meter has sent a telegram or the reason is known."""
        return await self._async_look(
            "wait_for_telegram",
            self._async_find_meter,
            progress_action=self._progress_action,
            placeholder="port",
        )

    async def async_step_confirm(self, user_input: Input = None) -> ConfigFlowResult:
        """Show which meter was found, then create its entry."""
        telegram = self._telegram
        serial_number = str(telegram.serial_number)
        if user_input is not None:
            return await self._async_create(serial_number, f"Smarty {shown_name(serial_number)}")
        await self.async_set_unique_id(serial_number, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        verification = f"entity.sensor.verification.state.{telegram.verification.value}"
        return self.async_show_form(
            step_id="confirm",
            description_placeholders={
                "serial_number": shown_name(serial_number),
                # Shown as code, which only its own mark ends.
                "identification": telegram.identification.replace("`", "?"),
                "verification": await self._async_text(verification),
                "power_imported": self._describe("1-0:1.7.0", "kW"),
                "power_exported": self._describe("1-0:2.7.0", "kW"),
                "energy_imported": self._describe("1-0:1.8.0", "kWh"),
                "energy_exported": self._describe("1-0:2.8.0", "kWh"),
                "channels": await self._async_describe_channels(),
            },
            last_step=True,
        )

    async def _async_show_meter(
        self,
        port: vol.Marker | None,
        suggested: Mapping[str, Any],
        *,
        step_id: str,
        last_step: bool = False,
        **placeholders: str,
    ) -> ConfigFlowResult:
        """Show the form of a meter, with a field for the port if there is to be one."""
        shown = suggested if self._input is None else self._input
        is_open = any(shown.get(SECTION_ADVANCED, {}).values()) or SECTION_ADVANCED in self._errors
        if port and self._topics is None:
            self._topics = await async_topics_seen(self.hass)
        fields = {port: await async_port_field(self.hass, self._topics or ())} if port else {}
        fields |= key_fields(is_advanced_open=is_open, choices=self._choices)
        return self._show(fields, suggested, step_id=step_id, last_step=last_step, **placeholders)

    async def _async_read_meter(self, user_input: dict[str, Any]) -> None:
        """Turn what was typed into an entry's data. Raises FieldError."""
        entry = self._updated_entry
        keys, self._errors = read_keys(user_input, entry.data if entry else {})
        typed = user_input.get(CONF_PORT, "").strip()
        port = await self._async_read_port(typed or self._known_port, takes_topic=True)
        self._data = {CONF_PORT: port, **keys}
        if self._service and port == self._known_port:
            self._data[CONF_SERVICE] = self._service

    async def _async_find_meter(self) -> str:
        """Wait for the telegram that proves port and keys."""
        try:
            self._telegram = await probe(
                self._data[CONF_PORT],
                *stored_keys(self._data),
                needs_tag=self._data.get(CONF_VERIFY, True),
                opener=topic_opener(self.hass, self._data[CONF_PORT]),
            )
        except OtherAuthenticationKeyError:
            self._choices.add(CONF_WITHOUT_VERIFICATION)
            raise
        return "confirm"

    async def _async_describe_channels(self) -> str:
        """Return a list of the meters on the M-Bus channels, in the language of the house."""
        lines = []
        for channel, reading in self._telegram.channels.items():
            name = (await self._async_text(f"device.{reading.type}.name")).format(
                serial=shown_name(reading.serial_number or "")
            )
            unit = shown_name(reading.unit or "").replace("m3", UnitOfVolume.CUBIC_METERS)
            index = "" if reading.value is None else f", {self._amount(reading.value, unit)}"
            lines.append(f"- M-Bus {channel}: {name.rstrip()}{index}")
        return "\n".join(lines) or _NONE

    def _describe(self, reference: str, unit: str) -> str:
        value = self._telegram.objects.get(reference)
        return self._amount(value, unit) if isinstance(value, float) else _NONE

    def _amount(self, value: float, unit: str) -> str:
        """Return a value with the telegram's three decimals, in the language of the house."""
        text = f"{value:.3f} {unit}" if unit else f"{value:.15g}"
        return text if self.hass.config.language.startswith("en") else text.replace(".", ",")
