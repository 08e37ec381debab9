"""Form of a dialog: its fields, the values that the user has typed, and all errors at once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigSubentryFlow, OptionsFlow
from homeassistant.const import CONF_BASE
from homeassistant.data_entry_flow import FlowHandler, FlowResult, section

from ..lib.json_types import JsonDict, JsonMapping
from ..lib.markdown_text import Verbatim, in_markdown
from ..user_requests.user_locale import async_user_locale
from .form_inputs import FormInputs, amounts_in

# Values of a submitted form, None before the form was shown.
type Input = JsonDict | None


def add_steps(flow: FlowHandler[Any, Any, Any], *groups: object) -> None:
    """Give a flow the steps of groups as its own, because Home Assistant looks for them there."""
    for group in groups:
        for name in dir(group):
            if name.startswith("async_step_"):
                setattr(flow, name, getattr(group, name))


class Form[R: FlowResult[Any, Any]]:
    """Forms of one dialog, one after another. A new form forgets the values of the one before.

    A step calls `async_accept` with the user's input. If a value is wrong, or if nothing was
    submitted yet, the step calls `async_show`.
    """

    def __init__(
        self,
        flow: FlowHandler[Any, R, Any],
        edited: Callable[[], str],
        placeholders: Mapping[str, str] = {},
    ) -> None:
        """`edited` returns the name of the edited entry or subentry, "" for a new one.

        `placeholders` are in the texts of all forms.
        """
        self._flow = flow
        self._edited = edited
        self._placeholders = placeholders
        self.step_id = ""
        self.typed: Input = None
        self.inputs = FormInputs()
        self._is_wrong = False

    async def async_accept[T](
        self, typed: Input, read: Callable[[JsonDict], Awaitable[T]]
    ) -> T | None:
        """Return the result of `read` for the typed values.

        Return None if nothing was submitted yet, or if a value is wrong.
        """
        if typed is None:
            if self._is_wrong and isinstance(self._flow, (OptionsFlow, ConfigSubentryFlow)):
                # A card reads the form again, to see whether the stored values have changed.
                self._forget()
            return None
        self.typed = typed
        self.inputs.begin()
        with self.inputs.noting():
            accepted = await read(typed)
        self._is_wrong = bool(self.inputs.errors)
        return None if self._is_wrong else accepted

    def _forget(self) -> None:
        self.typed, self._is_wrong = None, False
        self.inputs.begin()

    def shown(self, suggested: JsonMapping) -> JsonMapping:
        """Return the typed values. If nothing was submitted yet, return the suggested values."""
        return suggested if self.typed is None else self.typed

    async def async_changing(self) -> dict[str, str]:
        """Return the placeholder `changing`: a sentence that names what is edited, "" if new."""
        if not (name := self._edited()):
            return {"changing": ""}
        locale = await async_user_locale(self._flow.hass)
        text = await locale.async_text(self._flow.hass, "common.changing", name=name)
        return {"changing": Verbatim(f"{text}\n\n")}

    def show_menu(self, step_id: str, steps: list[str], placeholders: Mapping[str, str] = {}) -> R:
        """Show a menu of steps. Its text may name what is edited."""
        shown = in_markdown({"name": Verbatim(self._edited()), **placeholders})
        return self._flow.async_show_menu(
            step_id=step_id, menu_options=steps, description_placeholders=shown
        )

    async def async_show(
        self,
        step_id: str,
        fields: Mapping[Any, Any],
        suggested: Mapping[str, Any] = {},
        placeholders: Mapping[str, str] = {},
        *,
        last_step: bool = True,
    ) -> R:
        """Show a form with its errors, and with the typed or else the suggested values."""
        if self.step_id not in {"", step_id}:
            self._forget()
        self.step_id = step_id
        hass, places = self._flow.hass, _places(fields)
        errors = await self.inputs.async_shown(hass)
        if self.typed is None:
            suggested = (await async_user_locale(hass)).amounts(suggested, amounts_in(fields))
        return self._flow.async_show_form(
            step_id=step_id,
            data_schema=self._flow.add_suggested_values_to_schema(
                vol.Schema(dict(fields)), self.shown(suggested)
            ),
            errors={places.get(name, CONF_BASE): errors[name] for name in reversed(errors)},
            description_placeholders={
                **self._placeholders,
                **in_markdown({"name": Verbatim(self._edited()), **placeholders}),
                # The texts of errors are no Markdown.
                **self.inputs.placeholders,
            },
            last_step=last_step,
        )


def _places(fields: Mapping[Any, Any]) -> dict[str, str]:
    """Return the field or section at which the error of each field is shown."""
    places = {str(marker): str(marker) for marker in fields}
    for marker, field in fields.items():
        if isinstance(field, section):
            places |= dict.fromkeys(map(str, field.schema.schema), str(marker))
    return places
