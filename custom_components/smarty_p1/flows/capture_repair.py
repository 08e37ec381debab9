"""The dialog of a capture that has ended: what its file would hold, and whether it is written."""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState

from ..coordinator.entry_types import short_title
from ..coordinator.meter_capture import CaptureRefusedError
from ..coordinator.meter_coordinator import MeterConfigEntry
from ..coordinator.repair_issues import ENTRY_ID


class CaptureRepairFlow(RepairsFlow):
    """Show what an anonymous capture would hold as a file, and have it written or not."""

    async def async_step_init(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show it, and offer both."""
        entry = self._entry()
        ready = entry and entry.runtime_data.capture.look()
        if not entry or not ready:
            return self.async_abort(reason="capture_gone")
        summary = ready.summary
        if not summary.telegrams:
            entry.runtime_data.capture.discard()
            return self.async_abort(reason="capture_empty")
        # In a block of code, nothing but its end means anything.
        lines = "\n".join(summary.last_telegram).replace("`", "'")
        return self.async_show_menu(
            step_id="init",
            menu_options=["write", "discard"],
            description_placeholders={
                "name": short_title(entry),
                "telegrams": str(summary.telegrams),
                "telegram": f"```\n{lines}\n```",
                "folder": str(entry.runtime_data.capture.folder),
            },
        )

    async def async_step_write(
        self, _user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Write the file, and say where it is; the issue goes with that."""
        entry = self._entry()
        if not entry:
            return self.async_abort(reason="capture_gone")
        capture = entry.runtime_data.capture
        try:
            path, _ = await capture.async_write()
        except CaptureRefusedError:
            return self.async_abort(reason="capture_gone")
        except OSError as err:
            told = {"path": str(capture.folder), "error": str(err.strerror)}
            return self.async_abort(reason="capture_not_written", description_placeholders=told)
        return self.async_abort(
            reason="capture_written", description_placeholders={"path": str(path)}
        )

    async def async_step_discard(
        self, _user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Forget it."""
        if entry := self._entry():
            entry.runtime_data.capture.discard()
        return self.async_create_entry(data={})

    def _entry(self) -> MeterConfigEntry | None:
        """Return the entry of the meter, None when it is gone, or not loaded."""
        name = str((self.data or {})[ENTRY_ID])
        entry: MeterConfigEntry | None = self.hass.config_entries.async_get_entry(name)
        return entry if entry and entry.state is ConfigEntryState.LOADED else None
