"""What the dialogues of the small boards share: a form, a look at the source, what was found."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_BASE, CONF_ENTITY_ID, CONF_PORT
from homeassistant.helpers.translation import async_get_translations

from ..const import CONF_TOPIC, DOMAIN, LOGGER
from ..coordinator import is_meter
from ..coordinator.stopping import look_until_stop
from ..lib.port import LinkError, NothingReceivedError, NotP1Error, identify_port, redact_port
from .key_form import ERRORS
from .paused_entry import borrowed_port
from .port_field import address_error
from .port_names import async_entry_at, async_lasting_name

_NO_PLACEHOLDERS = dict.fromkeys(("port", "program", "title"), "")
_SENSOR_ERRORS: Mapping[type[BaseException], str] = {
    NothingReceivedError: "sensor_silent",
    NotP1Error: "not_sonar",
}


class FieldError(Exception):
    """Something is wrong with what was typed: the field, and the key of the text."""

    def __init__(self, field_name: str, key: str, **placeholders: str) -> None:
        """Take what the text wants filled in."""
        super().__init__(key)
        self.field = field_name
        self.key = key
        self.placeholders = placeholders


@dataclass
class Draft:
    """An entry in the making, and the form that it comes from.

    `look` waits for what the source sends, and `tell` gives the step that shows it.
    """

    form_step: str
    input: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Return what pulses or readings come from, without the secrets that some URLs carry."""
        source = str(self.data[self.source_field])
        return redact_port(source) if self.source_field == CONF_PORT else source

    @property
    def unique_id(self) -> str:
        """Return what is the same for two entries of one source."""
        return _unique_id(self.data)

    @property
    def source_field(self) -> str:
        """Return which field says what the source is."""
        return _source_field(self.data)


def _source_field(data: Mapping[str, Any]) -> str:
    return next(name for name in (CONF_PORT, CONF_ENTITY_ID, CONF_TOPIC) if name in data)


def _unique_id(data: Mapping[str, Any]) -> str:
    name = _source_field(data)
    source = str(data[name])
    return f"{name}:{identify_port(source) if name == CONF_PORT else source}"


class BoardFlow(ConfigFlow):
    """A dialogue about a board."""

    _draft: Draft | None = None
    _look_task: asyncio.Task[Any] | None = None

    @property
    def _is_update(self) -> bool:
        return self.source == SOURCE_RECONFIGURE

    def _draft_of(self, form_step: str, user_input: dict[str, Any] | None) -> Draft:
        """Return what is typed now into a form, or was typed before."""
        if self._draft is None or self._draft.form_step != form_step:
            self._draft = Draft(form_step)
            if self._is_update:
                self._draft.input = dict(self._get_reconfigure_entry().data)
                if CONF_PORT in self._draft.input:
                    self._draft.input[CONF_PORT] = redact_port(self._draft.input[CONF_PORT])
        if user_input is not None:
            self._draft.input, self._draft.errors, self._draft.placeholders = user_input, {}, {}
        return self._draft

    def _show_board_form(self, draft: Draft, fields: Mapping[Any, Any]) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=draft.form_step,
            data_schema=self.add_suggested_values_to_schema(vol.Schema(dict(fields)), draft.input),
            errors=draft.errors,
            description_placeholders={
                **_NO_PLACEHOLDERS,
                "example": "192.168.1.50:2001",
                **draft.placeholders,
            },
            last_step=False,
        )

    def _note(self, draft: Draft, error: FieldError) -> None:
        draft.errors = {error.field: error.key}
        draft.placeholders = error.placeholders

    async def _async_read_port(self, text: str) -> str:
        """Return the port that was typed.

        Raises FieldError when it is none, or another entry reads it.
        """
        if self._is_update:
            # What was shown, without its secrets, and left as it is.
            present = self._get_reconfigure_entry().data.get(CONF_PORT, "")
            text = present if text.strip() == redact_port(present) else text
        if error := address_error(text):
            raise FieldError(CONF_PORT, error)
        port = await async_lasting_name(self.hass, text)
        reader = await async_entry_at(self.hass, port, but=self.context.get("entry_id"))
        if reader:
            raise FieldError(CONF_PORT, "port_in_use", title=reader.title)
        return port

    def _check_unused(self, draft: Draft) -> None:
        """Raise FieldError when another entry has the same source, even if it is disabled."""
        for entry in self._async_current_entries(include_ignore=False):
            is_other = entry.entry_id != self.context.get("entry_id") and not is_meter(entry)
            # Unique ids of earlier versions have another form when there is a secret in them.
            if is_other and draft.unique_id in {entry.unique_id, _unique_id(entry.data)}:
                raise FieldError(draft.source_field, "source_in_use", title=entry.title)

    async def _async_look(
        self,
        draft: Draft,
        step: str,
        look: Callable[[], Coroutine[Any, Any, Any]],
        tell: Callable[[Any], str],
    ) -> ConfigFlowResult:
        """Show progress until what the source sends is known; go on with the step for that."""
        if self._look_task is None:
            self._look_task = self.hass.async_create_task(
                look_until_stop(self.hass, self._async_look_undisturbed(look)),
                f"{DOMAIN} {step}",
                eager_start=False,
            )
        if not self._look_task.done():
            return self.async_show_progress(
                step_id=step,
                progress_action=step,
                description_placeholders={"source": draft.source},
                progress_task=self._look_task,
            )
        task, self._look_task = self._look_task, None
        if (err := task.exception()) is None:
            return self.async_show_progress_done(next_step_id=tell(task.result()))
        self._explain_look(draft, err)
        return self.async_show_progress_done(next_step_id=draft.form_step)

    async def _async_look_undisturbed(self, look: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 - whatever it finds
        if not self._is_update:
            return await look()
        async with borrowed_port(self.hass, self._get_reconfigure_entry()):
            return await look()

    def _explain_look(self, draft: Draft, err: BaseException) -> None:
        if isinstance(err, FieldError):
            self._note(draft, err)
        elif key := _SENSOR_ERRORS.get(type(err)):
            self._note(draft, FieldError(CONF_PORT, key))
        elif isinstance(err, LinkError):
            error = next(ERRORS[cls] for cls in type(err).__mro__ if cls in ERRORS)
            self._note(draft, FieldError(CONF_PORT, error.key, port=draft.source))
        else:
            LOGGER.error("Unexpected error while looking at a source", exc_info=err)
            self._note(draft, FieldError(CONF_BASE, "unknown"))

    async def _async_finish(self, draft: Draft, device: str) -> ConfigFlowResult:
        """Create the entry, named as the device is, or change the one that is reconfigured."""
        if self._is_update:
            entry = self._get_reconfigure_entry()
            # What is stored about a source belongs to its unique id, also to an older form of it.
            is_same = _unique_id(entry.data) == draft.unique_id
            return self.async_update_reload_and_abort(
                entry,
                unique_id=entry.unique_id if is_same else draft.unique_id,
                data=draft.data,
                reason="board_reconfigured",
            )
        await self.async_set_unique_id(draft.unique_id, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(
            title=await self._async_new_title(device), data=draft.data, options=draft.options
        )

    async def _async_new_title(self, device: str) -> str:
        """Return a name that no entry has, in the language of the house."""
        names = await async_get_translations(
            self.hass, self.hass.config.language, "device", {DOMAIN}
        )
        name = names[f"component.{DOMAIN}.device.{device}.name"]
        titles = {entry.title for entry in self._async_current_entries(include_ignore=False)}
        numbered = (f"{name} {number}" for number in range(2, len(titles) + 3))
        return next(title for title in (name, *numbered) if title not in titles)
