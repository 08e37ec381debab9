"""Actions that import quarter-hours from a Leneda file, and remove all imported quarter-hours."""

from pathlib import Path

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from ..coordinator.leneda.file_import import async_import
from ..coordinator.leneda.import_refusal import ImportRefusedError
from ..lib.history.luxembourg_time import LUXEMBOURG
from ..lib.json_types import JsonDict
from ..lib.leneda.portal_file import MAX_EXPORT_SIZE
from .meter_of_call import METER, coordinator_of, invalid

ATTR_PATH = "path"
IMPORT_SCHEMA = vol.Schema({**METER, vol.Required(ATTR_PATH): cv.string})
REMOVE_SCHEMA = vol.Schema(METER)
# Maximum number of characters of the entered path that an error message shows.
_MAX_SHOWN = 200


async def import_quarter_hours(call: ServiceCall) -> ServiceResponse:
    """Import a file from Leneda's portal. Return a summary of the import.

    Raises ServiceValidationError if the meter or the file does not exist, or if the file is
    refused.
    """
    coordinator = coordinator_of(call)
    path: str = call.data[ATTR_PATH]
    try:
        data = await call.hass.async_add_executor_job(_read, call.hass, path)
        summary = await async_import(coordinator.records.leneda, data)
    except ImportRefusedError as err:
        raise invalid(translation_key=err.key, **err.placeholders) from None
    return {
        **summary._asdict(),
        "quantity": summary.quantity.value,
        "start": summary.start.astimezone(LUXEMBOURG).isoformat(),
        "end": summary.end.astimezone(LUXEMBOURG).isoformat(),
    }


async def remove_imported_quarter_hours(call: ServiceCall) -> ServiceResponse:
    """Remove all imported quarter-hours of a meter.

    Return whether Home Assistant's statistics still have some rows that an import had added. Raises
    ServiceValidationError if the meter does not exist, if nothing was imported, if the options have
    a Leneda account, or if the files cannot be read or changed now.
    """
    coordinator = coordinator_of(call)
    try:
        is_gone = await coordinator.records.leneda.async_remove()
    except ImportRefusedError as err:
        raise invalid(translation_key=err.key, **err.placeholders) from None
    except OSError as err:
        raise invalid(translation_key="leneda_not_stored", error=str(err.strerror)) from None
    answer: JsonDict = {"rows_left": not is_gone}
    return answer


def _read(hass: HomeAssistant, name: str) -> bytes:
    """Return the content of a file. Raises ImportRefusedError if the file cannot be read."""
    shown = name[:_MAX_SHOWN]
    if "\0" in name or not hass.config.is_allowed_path(name):
        raise ImportRefusedError(key="path_not_allowed", path=shown)
    path = Path(name)
    try:
        if not path.is_file():
            raise ImportRefusedError(key="file_not_found", path=shown)
        with path.open("rb") as file:
            # Read one byte more than the maximum. The import refuses data that are longer than the
            # maximum, so it also refuses a file of which only this part was read.
            return file.read(MAX_EXPORT_SIZE + 1)
    except OSError as err:
        raise ImportRefusedError(
            key="file_unreadable", path=shown, error=str(err.strerror)
        ) from None
