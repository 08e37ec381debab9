"""Options pages for importing quarter-hours from files of Leneda, the national platform."""

import asyncio

import voluptuous as vol
from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import selector

from ...const import DOCUMENTATION_URL, DOMAIN, LOGGER
from ...coordinator.leneda.file_import import ImportSummary, async_import
from ...coordinator.leneda.import_refusal import ImportRefusedError
from ...lib.history.luxembourg_time import LUXEMBOURG
from ...lib.leneda.portal_file import MAX_EXPORT_SIZE
from ...lib.leneda.series_codes import Quantity
from ...lib.markdown_text import Verbatim
from ...user_requests.user_locale import async_user_locale
from ..form import Form, Input

_FILE = "file"
_FIELDS = {vol.Required(_FILE): selector.FileSelector({"accept": ".csv,text/csv,text/plain"})}
# Translation key of the entity that counts each quantity.
# Only these: a quantity of energy sharing has no entity, so the form shows its code.
_ENTITIES = {
    Quantity.IMPORTED: "energy_imported",
    Quantity.EXPORTED: "energy_exported",
    Quantity.REACTIVE_IMPORTED: "reactive_energy_imported",
    Quantity.REACTIVE_EXPORTED: "reactive_energy_exported",
}


class LenedaFileSteps:
    """Dialog steps that import files from Leneda, one after the other."""

    _file_id = ""
    _import: asyncio.Task[ImportSummary] | None = None
    _imported: ImportSummary

    def __init__(self, flow: OptionsFlow, form: Form[ConfigFlowResult]) -> None:
        """Show `form` in the options dialog `flow`."""
        self._flow = flow
        self._form = form

    async def async_step_leneda_file(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for a file. Show why the previous file was refused."""
        if self._flow.config_entry.state is not ConfigEntryState.LOADED:
            return self._flow.async_abort(reason="meter_not_running")
        if user_input is not None:
            self._file_id = user_input[_FILE]
            return await self.async_step_leneda_import()
        link = {"documentation_url": Verbatim(f"{DOCUMENTATION_URL}/blob/main/docs/leneda.md")}
        return await self._form.async_show("leneda_file", _FIELDS, {}, link, last_step=False)

    async def async_step_leneda_import(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress while the file is imported."""
        if self._import is None:
            # Never start the task eagerly. If it ended at once, Home Assistant would also pass the
            # user's input to the next step.
            self._import = self._flow.hass.async_create_task(
                self._async_import(), f"{DOMAIN} import", eager_start=False
            )
        if not self._import.done():
            return self._flow.async_show_progress(
                step_id="leneda_import",
                progress_action="leneda_import",
                progress_task=self._import,
            )
        task, self._import = self._import, None
        self._form.inputs.begin()
        try:
            self._imported = task.result()
        except ImportRefusedError as err:
            refused = err
        except Exception:  # noqa: BLE001 - the dialog reports every error as a failed import
            LOGGER.exception("Unexpected error while importing a file")
            refused = ImportRefusedError(key="leneda_failed")
        else:
            return self._flow.async_show_progress_done(next_step_id="leneda_result")
        locale = await async_user_locale(self._flow.hass)
        key = f"exceptions.{refused.key}.message"
        why = await locale.async_text(self._flow.hass, key, **refused.placeholders)
        self._form.inputs.refuse(_FILE, "file_refused", why=why)
        return self._flow.async_show_progress_done(next_step_id="leneda_file")

    async def async_step_leneda_result(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show a summary of the imported file, and offer to import another file."""
        imported = self._imported
        locale = await async_user_locale(self._flow.hass)
        start, end = (at.astimezone(LUXEMBOURG) for at in (imported.start, imported.end))
        register = imported.code
        if key := _ENTITIES.get(imported.quantity):
            register = await locale.async_text(self._flow.hass, f"entity.sensor.{key}.name")
        return self._form.show_menu(
            # The text of "leneda_result" says how many days differ. If no day was compared, show
            # another text.
            "leneda_result" if imported.compared_days else "leneda_result_alone",
            ["leneda_file", "leneda_finish"],
            {
                "register": f"{register} ({imported.code})" if key else register,
                "start": f"{locale.day(start)} {start:%H:%M}",
                "end": f"{locale.day(end)} {end:%H:%M}",
                "quarter_hours": str(imported.quarter_hours),
                "estimated": str(imported.estimated),
                "holes": str(imported.holes),
                "repeated": str(imported.repeated),
                "too_old": str(imported.too_old),
                "compared_days": str(imported.compared_days),
                "differing_days": str(imported.differing_days),
            },
        )

    async_step_leneda_result_alone = async_step_leneda_result

    async def async_step_leneda_finish(self, _user_input: Input = None) -> ConfigFlowResult:
        """Close the dialog without changing the options."""
        return self._flow.async_create_entry(data=dict(self._flow.config_entry.options))

    async def _async_import(self) -> ImportSummary:
        data = await self._flow.hass.async_add_executor_job(
            _uploaded, self._flow.hass, self._file_id
        )
        return await async_import(self._flow.config_entry.runtime_data.records.leneda, data)


def _uploaded(hass: HomeAssistant, file_id: str) -> bytes:
    """Return the first `MAX_EXPORT_SIZE + 1` bytes of the uploaded file.

    The importer refuses a file of more than MAX_EXPORT_SIZE bytes. Raises ImportRefusedError if the
    file is gone.
    """
    try:
        with process_uploaded_file(hass, file_id) as path, path.open("rb") as file:
            return file.read(MAX_EXPORT_SIZE + 1)
    except (OSError, ValueError) as err:
        raise ImportRefusedError(key="leneda_upload_lost") from err
