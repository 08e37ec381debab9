"""Base of the set-up dialogs: a test of the entered source, and the port or source of an entry.

A step with a form passes the user's input to `Form.async_accept`. If the input is valid, the step
stores it and calls the step that tests the source. The step with the test calls `_async_look`. Home
Assistant then continues with the step that shows the result, or with the form and its errors.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_ENTITY_ID, CONF_PORT
from homeassistant.core import HomeAssistant

from ..const import CONF_TOPIC, DOCUMENTATION_URL, DOMAIN, LOGGER
from ..coordinator.background_tasks import until_shutdown
from ..coordinator.entry_types import AnyConfigEntry, short_title
from ..coordinator.mqtt_port import with_small_prefix
from ..lib.json_types import JsonMapping
from ..lib.markdown_text import in_markdown
from ..lib.port.address_masking import redact_port
from ..lib.port.errors import PortBusyError
from ..user_requests.user_locale import UserLocale, async_user_locale
from .form import Form
from .form_errors import FieldError, check_address, field_error
from .paused_entry import pause_entry
from .ports_in_use import async_entry_at, async_lasting_name, async_name_holder

# Placeholders in the texts of most forms.
_PLACEHOLDERS = {"documentation_url": DOCUMENTATION_URL, "example": "192.168.1.50:2001"}


class Draft(NamedTuple):
    """Data and options of the entry that the dialog will create."""

    data: dict[str, Any]
    options: Mapping[str, Any]


def source_field(data: JsonMapping) -> str:
    """Return the name of the field in `data` that has the source: port, entity or topic."""
    return next(name for name in (CONF_PORT, CONF_ENTITY_ID, CONF_TOPIC) if name in data)


def shown_source(data: JsonMapping) -> str:
    """Return the source of an entry without the secrets that some URLs contain."""
    name = source_field(data)
    source: str = data[name]
    return redact_port(source) if name == CONF_PORT else source


class DialogSteps[N]:
    """Group of steps of the config flow, which add a new entry or update an existing one.

    The flow has the methods `async_step_…` of its groups. `following` is the group that goes on
    with the results of this one, None if this one ends the dialog.
    """

    def __init__(self, flow: ConfigFlow, following: N) -> None:
        self.flow = flow
        self.following = following
        self.form = Form(flow, self._name_updated, _PLACEHOLDERS)
        self._look_task: asyncio.Task[str] | None = None

    @property
    def hass(self) -> HomeAssistant:
        """Return Home Assistant, which the flow does not know before its first step."""
        return self.flow.hass

    @property
    def _updated_entry(self) -> AnyConfigEntry | None:
        """Return the entry that is being reconfigured or that needs new keys.

        Return None if a new entry is added.
        """
        entry_id = self.flow.context.get("entry_id")
        return self.hass.config_entries.async_get_known_entry(entry_id) if entry_id else None

    def _name_updated(self) -> str:
        return short_title(entry) if (entry := self._updated_entry) else ""

    async def _async_read_port(self, text: str, *, takes_topic: bool = False) -> str:
        """Return the entered port or topic. A serial device gets its name in /dev/serial/by-id.

        Raises FieldError if `text` is neither a port nor a topic, or if another entry reads that
        port.
        """
        if entry := self._updated_entry:
            # The form shows the stored port without its secrets. If the user has not changed the
            # shown text, use the stored port.
            current = entry.data.get(CONF_PORT, "")
            text = current if text.strip() == redact_port(current) else text
        if takes_topic:
            text = with_small_prefix(text)
        check_address(text, takes_topic=takes_topic)
        port = await async_lasting_name(self.hass, text)
        if reader := await async_entry_at(self.hass, port, but=self.flow.context.get("entry_id")):
            raise FieldError(CONF_PORT, "port_in_use", title=reader.title)
        return port

    async def _async_look(
        self,
        step: str,
        data: JsonMapping,
        look: Callable[[], Awaitable[str]],
        progress_action: str | None = None,
        placeholder: str = "source",
    ) -> ConfigFlowResult:
        """Show progress until `look` has returned the name of the next step.

        `data` has the source that `look` probes. If `look` raises an error, the dialog shows the
        form again, with this error. `progress_action` is the translation key of the progress text.
        If it is None, the key is the value of `step`. `placeholder` is the name of the placeholder
        that the source replaces in this text.
        """
        if self._look_task is None:
            # With `eager_start`, the task could end at once. Home Assistant would then pass the
            # user's input not only to this step, but also to the next step. The next step shows a
            # result and asks for a confirmation. It would take the input as this confirmation,
            # although the user has not seen the result.
            self._look_task = self.hass.async_create_task(
                self._async_look_undisturbed(look),
                f"{DOMAIN} {step}",
                eager_start=False,
            )
        if not self._look_task.done():
            return self.flow.async_show_progress(
                step_id=step,
                progress_action=progress_action or step,
                description_placeholders=in_markdown({placeholder: shown_source(data)}),
                progress_task=self._look_task,
            )
        task, self._look_task = self._look_task, None
        if (err := task.exception()) is None:
            return self.flow.async_show_progress_done(next_step_id=task.result())
        await self._async_explain(err, data)
        return self.flow.async_show_progress_done(next_step_id=self.form.step_id)

    async def _async_look_undisturbed(self, look: Callable[[], Awaitable[str]]) -> str:
        # Pause the entry even if it reads a different port than the tested port. Both may be the
        # same port under different names.
        pause = pause_entry(self.hass, self._updated_entry)
        try:
            async with until_shutdown(self.hass), pause:
                return await look()
        except TimeoutError:  # raised when Home Assistant stops, and nobody asks for the result
            return self.form.step_id

    async def _async_explain(self, err: BaseException, data: JsonMapping) -> None:
        """Store the reason why the test of the source failed, as an error of the form."""
        error = field_error(err)
        if error.key == "unknown":
            LOGGER.error("Unexpected error while looking at a source", exc_info=err)
        if isinstance(err, PortBusyError) and (
            program := await async_name_holder(self.hass, data[CONF_PORT])
        ):
            error = FieldError(error.field, "port_held", program=program)
        placeholders = {**error.placeholders, "port": shown_source(data)}
        self.form.inputs.refuse(error.field, error.key, **placeholders)

    async def _async_create(
        self,
        unique_id: str,
        title: str,
        draft: Draft,
        last_words: str | None = None,
        **placeholders: str,
    ) -> ConfigFlowResult:
        """Create the entry. Abort if another entry has `unique_id`.

        `last_words` is the translation key of the dialog's final text.
        """
        await self._async_claim(unique_id)
        return self.flow.async_create_entry(
            title=title,
            **draft._asdict(),
            description=last_words,
            description_placeholders=in_markdown(placeholders) or None,
        )

    async def _async_claim(self, unique_id: str) -> None:
        """Give the dialog a unique id. Abort it if an entry has this id."""
        await self.flow.async_set_unique_id(unique_id, raise_on_progress=False)
        self.flow._abort_if_unique_id_configured()  # noqa: SLF001 - made for its subclasses

    async def _async_text(self, key: str, **placeholders: object) -> str:
        """Return a text in the user's language. An example of `key` is `common.grid_exists`."""
        locale = await async_user_locale(self.hass)
        return await locale.async_text(self.hass, key, **placeholders)

    async def _async_stored_name(self, device: str, **placeholders: object) -> str:
        """Return the name of a device in Home Assistant's language, in which names are stored."""
        locale = UserLocale.of_home_assistant(self.hass)
        return await locale.async_text(self.hass, f"device.{device}.name", **placeholders)
