"""Page of the options dialog: its fields, its check, and the options that it stores together."""

from collections.abc import Awaitable, Callable, Container, Mapping
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant

from ...coordinator.entry_types import AnyConfigEntry
from ...lib.json_types import JsonMapping
from ...user_requests.request_fields import SchemaFields
from ...user_requests.user_locale import UserLocale
from ..form_inputs import FormInputs

type Options = dict[str, Any]
type Read = Callable[[HomeAssistant, AnyConfigEntry, Options, FormInputs], Awaitable[Options]]


class OptionsPage(NamedTuple):
    """Page of the options dialog. A name of a step, and what is on its form."""

    step_id: str
    options: Container[str]
    """Options that the page replaces. All others stay."""
    fields: Callable[[HomeAssistant, AnyConfigEntry], SchemaFields]
    async_read: Read
    """Returns the options to store for what the user typed. Adds or raises the errors."""
    shown: Callable[[HomeAssistant, AnyConfigEntry, UserLocale], Mapping[str, Any]]
    """Returns the stored options as the form shows them. Numbers may be amounts of the form."""


def plain_page(step_id: str, fields: SchemaFields) -> OptionsPage:
    """Return a page whose fields are options. Each field that is no amount checks itself."""

    async def read(
        _hass: HomeAssistant, _entry: AnyConfigEntry, typed: Options, inputs: FormInputs
    ) -> Options:
        return inputs.read_all(typed, fields, f"options.step.{step_id}")

    options = {str(marker) for marker in fields}
    return OptionsPage(
        step_id, options, lambda _hass, _entry: fields, read, lambda _hass, entry, _: entry.options
    )


def section_page(
    section: str,
    fields: Callable[[HomeAssistant, AnyConfigEntry], SchemaFields],
    async_read: Read,
    shown: Callable[[JsonMapping], JsonMapping] = dict,
    step_id: str | None = None,
) -> OptionsPage:
    """Return a page whose options are a section, such as an output as in its `SinkKind`."""

    async def read(
        hass: HomeAssistant, entry: AnyConfigEntry, typed: Options, inputs: FormInputs
    ) -> Options:
        read = await async_read(hass, entry, typed, inputs)
        return {section: read} if read else {}

    return OptionsPage(
        step_id or section,
        {section},
        fields,
        read,
        lambda _hass, entry, _: shown(entry.options.get(section, {})),
    )
