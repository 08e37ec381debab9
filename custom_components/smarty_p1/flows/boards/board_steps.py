"""Dialog steps that pulse readers and tank sensors share."""

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PORT

from ...coordinator import has_records
from ...coordinator.entry_types import known_meters
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.port.address_masking import identify_port, redact_port
from ..dialog_base import DialogSteps, Draft, source_field
from ..form_errors import FieldError


def _unique_id(data: JsonMapping) -> str:
    """Return the unique id of an entry with this data.

    Different spellings of a port give the same id.
    """
    name = source_field(data)
    source = str(data[name])
    return f"{name}:{identify_port(source) if name == CONF_PORT else source}"


class BoardSteps(DialogSteps[None]):
    """Dialog steps of a board, which is a pulse reader or a tank sensor."""

    @property
    def _suggested_source(self) -> JsonDict:
        """Return the data of the reconfigured entry, to suggest them in the form.

        A secret in a URL is masked. Return {} if a new entry is added.
        """
        suggested = dict(entry.data) if (entry := self._updated_entry) else {}
        if CONF_PORT in suggested:
            suggested[CONF_PORT] = redact_port(suggested[CONF_PORT])
        return suggested

    def _check_unused(self, data: JsonMapping) -> None:
        """Raise FieldError if another pulse reader or tank, disabled or not, has this source."""
        unique_id = _unique_id(data)
        for entry in known_meters(self.hass):
            is_other = entry.entry_id != self.flow.context.get("entry_id") and not has_records(
                entry
            )
            if is_other and unique_id == entry.unique_id:
                raise FieldError(source_field(data), "source_in_use", title=entry.title)

    async def _async_finish(self, device: str, draft: Draft) -> ConfigFlowResult:
        """Create an entry with the name of the device, or update the reconfigured entry."""
        unique_id = _unique_id(draft.data)
        if entry := self._updated_entry:
            return self.flow.async_update_reload_and_abort(
                entry,
                unique_id=unique_id,
                data=draft.data,
                reason="board_reconfigured",
            )
        return await self._async_create(unique_id, await self._async_new_title(device), draft)

    async def _async_new_title(self, device: str) -> str:
        """Return a new title in Home Assistant's language. No entry has this title yet."""
        name = await self._async_stored_name(device)
        titles = {entry.title for entry in known_meters(self.hass)}
        numbered = (f"{name} {number}" for number in range(2, len(titles) + 3))
        return next(title for title in (name, *numbered) if title not in titles)
