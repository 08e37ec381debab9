"""The pages of the options that import the past from files of the national platform."""

import asyncio

import voluptuous as vol
from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import selector
from homeassistant.helpers.translation import async_get_translations

from ..const import DOCUMENTATION_URL, DOMAIN, LOGGER
from ..coordinator.entry_types import short_title
from ..coordinator.leneda_history import Imported
from ..coordinator.leneda_refusals import ImportRefusedError
from ..lib.leneda import MAX_EXPORT_SIZE, Quantity
from ..lib.tariff import LUXEMBOURG
from .form_and_probe import Input

_FILE = "file"
_SCHEMA = vol.Schema(
    {vol.Required(_FILE): selector.FileSelector({"accept": ".csv,text/csv,text/plain"})}
)
# What is shown by the name of the entity that counts it; the rest, of energy sharing, by its code.
_ENTITIES = {
    Quantity.IMPORTED: "energy_imported",
    Quantity.EXPORTED: "energy_exported",
    Quantity.REACTIVE_IMPORTED: "reactive_energy_imported",
    Quantity.REACTIVE_EXPORTED: "reactive_energy_exported",
}


class LenedaFileSteps(OptionsFlow):
    """Ask for one file after the other."""

    _file_id = ""
    _import: asyncio.Task[Imported] | None = None
    _refused: ImportRefusedError | None = None
    _imported: Imported

    async def async_step_leneda_file(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for a file."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="meter_not_running")
        if user_input is not None:
            self._file_id = user_input[_FILE]
            return await self.async_step_leneda_import()
        errors, why = {}, ""
        if refused := self._refused:
            errors[_FILE] = "file_refused"
            why = await self._async_text(f"exceptions.{refused.key}.message", refused.placeholders)
        return self.async_show_form(
            step_id="leneda_file",
            data_schema=_SCHEMA,
            errors=errors,
            description_placeholders={
                "name": short_title(self.config_entry),
                "why": why,
                "documentation_url": f"{DOCUMENTATION_URL}/blob/main/docs/leneda.md",
            },
            last_step=False,
        )

    async def async_step_leneda_import(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress while the file is imported."""
        if self._import is None:
            # Not started eagerly: see `form_and_probe.py`.
            self._import = self.hass.async_create_task(
                self._async_import(), f"{DOMAIN} import", eager_start=False
            )
        if not self._import.done():
            return self.async_show_progress(
                step_id="leneda_import",
                progress_action="leneda_import",
                progress_task=self._import,
            )
        task, self._import = self._import, None
        self._refused = None
        try:
            self._imported = task.result()
        except ImportRefusedError as err:
            self._refused = err
            return self.async_show_progress_done(next_step_id="leneda_file")
        except Exception:  # noqa: BLE001 - whatever it is, the dialog says that it was not imported
            LOGGER.exception("Unexpected error while importing a file")
            self._refused = ImportRefusedError(key="leneda_failed")
            return self.async_show_progress_done(next_step_id="leneda_file")
        return self.async_show_progress_done(next_step_id="leneda_result")

    async def async_step_leneda_result(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show what the file held, and ask for another one."""
        found = self._imported
        register = found.code
        if key := _ENTITIES.get(found.quantity):
            register = await self._async_text(f"entity.sensor.{key}.name", {})
        return self.async_show_menu(
            # Of no day there is nothing to say how many differ.
            step_id="leneda_result" if found.compared_days else "leneda_result_alone",
            menu_options=["leneda_file", "leneda_finish"],
            description_placeholders={
                "register": f"{register} ({found.code})" if key else register,
                "start": f"{found.start.astimezone(LUXEMBOURG):%Y-%m-%d %H:%M}",
                "end": f"{found.end.astimezone(LUXEMBOURG):%Y-%m-%d %H:%M}",
                "quarter_hours": str(found.quarter_hours),
                "estimated": str(found.estimated),
                "holes": str(found.holes),
                "repeated": str(found.repeated),
                "compared_days": str(found.compared_days),
                "differing_days": str(found.differing_days),
            },
        )

    async def async_step_leneda_result_alone(self, user_input: Input = None) -> ConfigFlowResult:
        """Show it of a file none of whose days was measured here."""
        return await self.async_step_leneda_result(user_input)

    async def async_step_leneda_finish(self, _user_input: Input = None) -> ConfigFlowResult:
        """Close the dialog; no option has changed."""
        return self.async_create_entry(data=dict(self.config_entry.options))

    async def _async_import(self) -> Imported:
        data = await self.hass.async_add_executor_job(_uploaded, self.hass, self._file_id)
        imported: Imported = await self.config_entry.runtime_data.books.past.async_import(data)
        return imported

    async def _async_text(self, key: str, placeholders: dict[str, str]) -> str:
        """Return a text of this integration, in the user's language."""
        texts = await async_get_translations(
            self.hass, self.hass.config.language, key.partition(".")[0], {DOMAIN}
        )
        text = texts[f"component.{DOMAIN}.{key}"]
        return text.format_map(placeholders)


def _uploaded(hass: HomeAssistant, file_id: str) -> bytes:
    """Return what was uploaded. Raises ImportRefusedError when it is not there any more."""
    try:
        with process_uploaded_file(hass, file_id) as path, path.open("rb") as file:
            return file.read(MAX_EXPORT_SIZE + 1)
    except (OSError, ValueError) as err:
        raise ImportRefusedError(key="leneda_upload_lost") from err
