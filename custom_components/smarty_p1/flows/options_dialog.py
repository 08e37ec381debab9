"""Base of the options dialogs: a page with what was typed, and with its errors."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload

from ..coordinator.entry_types import short_title
from ..lib.markdown_text import Verbatim, in_markdown
from .typed_amounts import TypedAmounts

_FIRST_PAGES = {"contract", "contract_edit"}


class OptionsDialog(OptionsFlowWithReload):
    """Options dialog of an entry."""

    def __init__(self) -> None:
        self._amounts = TypedAmounts()

    @property
    def _name(self) -> str:
        return Verbatim(short_title(self.config_entry))

    async def _async_show(
        self,
        page: str,
        fields: Mapping[vol.Marker, Any],
        shown: Mapping[str, Any] | None = None,
        **placeholders: str,
    ) -> ConfigFlowResult:
        """Show a page with the errors that were found on it. Then forget them."""
        errors = await self._amounts.async_shown(self.hass)
        self._amounts.begin()
        return self.async_show_form(
            step_id=page,
            data_schema=self.add_suggested_values_to_schema(vol.Schema(dict(fields)), shown),
            errors=errors,
            description_placeholders=in_markdown({"name": self._name, **placeholders}),
            last_step=page not in _FIRST_PAGES,
        )
