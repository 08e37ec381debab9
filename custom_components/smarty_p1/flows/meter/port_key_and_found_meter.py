"""Set-up steps of a meter: ask for port and keys, wait for a telegram, show the found meter."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_PORT, UnitOfVolume
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ...const import (
    CONF_COUNTER_RESET,
    CONF_REMOVE_KEY,
    CONF_SERVICE,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    DOMAIN,
    LOGGER,
    SECTION_ADVANCED,
)
from ...coordinator.entry_types import known_meters
from ...coordinator.mqtt_port import FRAME_LEVEL, STATUS_LEVEL, topic_opener
from ...coordinator.telegram_source import note_proof, stored_keys
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.markdown_text import TextPlaceholders, Verbatim, as_plain
from ...lib.meter.object_count_and_rate_limits import shown_name
from ...lib.p1.line_report import LineReport
from ...lib.p1.telegram import Telegram
from ...lib.port.probing import probe
from ...lib.publish.mqtt_messages import ONLINE
from ...user_requests.user_locale import UserLocale, async_user_locale
from ..dialog_base import DialogSteps
from ..form import Input
from ..ports_in_use import async_next_gateway_port
from ..shared_form_fields import NEW_PORT, async_port_field
from .add_cable_to_meter import CableSteps
from .key_form import key_fields, read_submitted_keys

# Seconds to wait for MQTT messages. This is enough for the retained status messages. The next frame
# may take 10 s to come, but a form cannot wait that long.
LOOK_TIME_S = 1.0
_MAX_TOPICS = 64
_MAX_TOPIC_CHARS = 128


async def async_topics_seen(hass: HomeAssistant) -> list[str]:
    """Return the sorted topics below `smarty_p1` at which gateways publish frames.

    Return [] if Home Assistant has no MQTT integration, or if its broker is disconnected.
    """
    if "mqtt" not in hass.config.components:
        return []
    from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

    if mqtt.DATA_MQTT not in hass.data or not mqtt.is_connected(hass):
        return []
    roots: set[str] = set()

    @callback
    def on_message(message: mqtt.ReceiveMessage) -> None:
        root, _, level = message.topic.rpartition("/")
        is_there = f"/{level}" == FRAME_LEVEL or message.payload == ONLINE.encode()
        is_fit = len(root) <= _MAX_TOPIC_CHARS and root.isprintable()
        if is_there and is_fit and len(roots) < _MAX_TOPICS:
            roots.add(root)

    with ExitStack() as stack:
        try:
            for level in (FRAME_LEVEL, STATUS_LEVEL):
                topic = f"{DOMAIN}/+{level}"
                stack.callback(await mqtt.async_subscribe(hass, topic, on_message, encoding=None))
            await asyncio.sleep(LOOK_TIME_S)
        except HomeAssistantError as err:
            LOGGER.debug("Topics cannot be looked for: %s", err)
    return [f"{root}{FRAME_LEVEL}" for root in sorted(roots)]


# Text for a missing value. Markdown would show a lone hyphen as an empty list, so use a dash.
_NONE = "\N{EN DASH}"


# Checkbox that the form offers after an error, keyed by the error's translation key. Ticking the
# checkbox avoids the error.
_REMEDIES: Mapping[str, str] = {
    "other_authentication_key": CONF_WITHOUT_VERIFICATION,
    "security_switched_off": CONF_REMOVE_KEY,
    "replay": CONF_COUNTER_RESET,
}

type _Find = Callable[[JsonDict], Awaitable[str]]


@dataclass(frozen=True, kw_only=True)
class MeterForm:
    """Form of a meter: its step, port field, suggested values and checkboxes."""

    step_id: str
    port_field: vol.Marker | None = None
    port: str = ""
    """Port to read, unless the user enters another port."""
    service: str | None = None
    """Zeroconf name of the gateway that announces the port."""
    suggested: Mapping[str, Any] = field(default_factory=dict)
    checkboxes: Collection[str] = ()
    """Names of the checkboxes of key_fields() to show from the start."""
    placeholders: TextPlaceholders = field(default_factory=dict)


class MeterSteps(DialogSteps[CableSteps]):
    """Dialog steps that ask for a port and read a meter there."""

    _telegram: Telegram
    # `_data` is the data of the entry that the dialog creates or updates. `_find` reads the port in
    # `_data` and waits for a telegram.
    _data: dict[str, Any]
    _find: _Find

    def __init__(self, flow: ConfigFlow, following: CableSteps) -> None:
        super().__init__(flow, following)
        self._checkboxes: set[str] = set()
        # Report about the port that the user has entered last.
        self._report = LineReport()
        # MQTT topics on which frames of a meter were seen. None means that they were not searched
        # yet.
        self._topics: list[str] | None = None

    async def async_step_meter(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the port and the keys of the meter."""
        suggested = {}
        # Suggest a port only if the form is shown for the first time. Later, the form shows the
        # user's input.
        if user_input is None and (port := await async_next_gateway_port(known_meters(self.hass))):
            suggested[CONF_PORT] = port
        form = MeterForm(step_id="meter", port_field=NEW_PORT, suggested=suggested)
        return await self.async_ask_meter(user_input, form)

    async def async_step_wait_for_telegram(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress until a valid telegram has come, the port has failed, or time is up."""
        entry = self._updated_entry
        return await self._async_look(
            "wait_for_telegram",
            self._data,
            partial(self._find, self._data),
            "wait_for_same_meter" if entry and CONF_PORT in entry.data else None,
            placeholder="port",
        )

    async def async_step_found(self, _user_input: Input = None) -> ConfigFlowResult:
        """Check that the found meter is new. Then ask for its contract."""
        serial_number = str(self._telegram.serial_number)
        await self._async_claim(serial_number)
        outline = await self._async_outline(serial_number)
        return await self.following.async_ask_same_meter(self._data, self._telegram, outline)

    async def async_ask_meter(
        self, user_input: Input, form: MeterForm, find: _Find | None = None
    ) -> ConfigFlowResult:
        """Show the form until its input is valid. Then wait for a telegram at the port.

        `find` takes the entry's data, waits for the telegram, and returns the name of the next
        step.
        """
        read = partial(self._async_read_meter, form)
        if user_input is not None:
            self._report = LineReport()
        if data := await self.form.async_accept(user_input, read):
            self._data, self._find = data, find or self._async_find_new
            return await self.async_step_wait_for_telegram()
        shown, errors = self.form.shown(form.suggested), self.form.inputs.errors
        is_open = any(shown.get(SECTION_ADVANCED, {}).values())
        fields = {}
        if form.port_field:
            if self._topics is None:
                self._topics = await async_topics_seen(self.hass)
            fields[form.port_field] = await async_port_field(self.hass, self._topics)
        self._checkboxes.update(form.checkboxes)
        self._checkboxes.update(_REMEDIES[key] for key in errors.values() if key in _REMEDIES)
        fields |= key_fields(
            is_advanced_open=is_open or SECTION_ADVANCED in errors, choices=self._checkboxes
        )
        return await self.form.async_show(
            form.step_id,
            fields,
            form.suggested,
            {**form.placeholders, "report": await self._async_report()},
            last_step=self._updated_entry is not None,
        )

    async def _async_report(self) -> str:
        """Return the report about a refused port as text to copy. Return "" without bytes."""
        errors = self.form.inputs.errors
        if not (errors and self._report.size):
            return ""
        facts = {"errors": [*errors.values()], **self._report.facts(self.hass.loop.time())}
        text = await self._async_text("common.report_fault")
        return Verbatim(f"\n\n{text}\n\n```\n{json.dumps(facts)}\n```")

    async def _async_read_meter(self, form: MeterForm, typed: JsonDict) -> JsonDict:
        """Turn the entered values into the data of an entry. Raises FieldError."""
        entry = self._updated_entry
        keys = read_submitted_keys(typed, entry.data if entry else {}, self.form.inputs)
        text = typed.get(CONF_PORT, "").strip() or form.port
        port = await self._async_read_port(text, takes_topic=True)
        data = {CONF_PORT: port, **keys}
        if form.service and port == form.port:
            data[CONF_SERVICE] = form.service
        return data

    async def async_prove(
        self,
        data: JsonMapping,
        last_counters: Mapping[bytes, int] | None = None,
        proved_titles: frozenset[bytes] = frozenset(),
        *,
        is_proved_port: bool = False,
    ) -> Telegram:
        """Return the first valid telegram. `data` has the port to read and the keys of the meter.

        The telegram's frame counter is higher than in `last_counters`. The keys are not called
        wrong for the meters with the system titles `proved_titles`. With `is_proved_port`, the
        meter was read at the port in the last 24 hours, so the port is not called another device's.
        Raises a LinkError or P1Error if no valid telegram comes.
        """
        telegram = await probe(
            data[CONF_PORT],
            *stored_keys(data),
            needs_tag=data.get(CONF_VERIFY, True),
            last_counters=last_counters,
            proved_titles=proved_titles,
            is_proved_port=is_proved_port,
            opener=topic_opener(self.hass, data[CONF_PORT]),
            report=self._report,
        )
        note_proof(self.hass, data, telegram)
        return telegram

    async def _async_find_new(self, data: JsonDict) -> str:
        self._telegram = await self.async_prove(data)
        return "found"

    async def _async_outline(self, serial_number: str) -> dict[str, str]:
        """Return placeholders that describe the found meter and the meters on its M-Bus."""
        locale = await async_user_locale(self.hass)
        verification = f"entity.sensor.verification.state.{self._telegram.verification.value}"
        return {
            "serial_number": shown_name(serial_number),
            "verification": await self._async_text(verification),
            "power_imported": self._describe(locale, "1-0:1.7.0", "kW"),
            "power_exported": self._describe(locale, "1-0:2.7.0", "kW"),
            "energy_imported": self._describe(locale, "1-0:1.8.0", "kWh"),
            "energy_exported": self._describe(locale, "1-0:2.8.0", "kWh"),
            "channels": Verbatim(
                await self._async_describe_channels(locale)
                + await self._async_clock_warning(serial_number)
            ),
        }

    async def _async_clock_warning(self, serial_number: str) -> str:
        """Return the beginning of the repair about an unreadable clock, "" for a readable clock."""
        if self._telegram.time is not None:
            return ""
        text = await self._async_text(
            "issues.clock_unreadable.description", name=shown_name(serial_number)
        )
        return "\n\n" + text.partition("\n\n")[0]

    async def _async_describe_channels(self, locale: UserLocale) -> str:
        """Return a Markdown list of the meters on the M-Bus."""
        lines = []
        colon = locale.punctuated(":")
        for channel, reading in self._telegram.channels.items():
            name = await self._async_text(
                f"device.{reading.type}.name",
                serial=as_plain(shown_name(reading.serial_number or "")),
            )
            unit = shown_name(reading.unit or "").replace("m3", UnitOfVolume.CUBIC_METERS)
            index = "" if reading.value is None else f", {_amount(locale, reading.value, unit)}"
            lines.append(f"- M-Bus {channel}{colon}{name.rstrip()}{index}")
        return "\n".join(lines)

    def _describe(self, locale: UserLocale, reference: str, unit: str) -> str:
        value = self._telegram.objects.get(reference)
        return _amount(locale, value, unit) if isinstance(value, float) else _NONE


def _amount(locale: UserLocale, value: float, unit: str) -> str:
    """Return `value` and its unit, with three decimals. If `unit` is "", keep all decimals."""
    return locale.with_unit(f"{value:.3f}", unit) if unit else locale.number(f"{value:.15g}")
