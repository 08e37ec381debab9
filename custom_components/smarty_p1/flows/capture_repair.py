"""Repair dialog of a finished capture. It shows the capture, then writes or discards it."""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState

from ..coordinator.entry_types import short_title
from ..coordinator.meter_capture import CaptureRefusedError
from ..coordinator.meter_coordinator import MeterConfigEntry
from ..coordinator.repair_issues import ENTRY_ID


class CaptureRepairFlow(RepairsFlow):
    """Dialog that shows the content of an anonymous capture and asks whether to write the file."""

    async def async_step_init(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the last telegram of the capture, and the choices "write" and "discard"."""
        entry = self._entry()
        ready = entry and entry.runtime_data.capture.look()
        if not entry or not ready:
            return self.async_abort(reason="capture_gone")
        summary = ready.summary
        if not summary.telegrams:
            entry.runtime_data.capture.discard()
            return self.async_abort(reason="capture_empty")
        # The telegram is shown in a Markdown code block, in which only backticks have a meaning. So
        # replace them.
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
        """Write the capture to a file, and show the file's path. Then the repair issue ends."""
        entry = self._entry()
        if not entry:
            return self.async_abort(reason="capture_gone")
        capture = entry.runtime_data.capture
        try:
            path, _ = await capture.async_write()
        except CaptureRefusedError:
            return self.async_abort(reason="capture_gone")
        except OSError as err:
            placeholders = {"path": str(capture.folder), "error": str(err.strerror)}
            return self.async_abort(
                reason="capture_not_written", description_placeholders=placeholders
            )
        return self.async_abort(
            reason="capture_written", description_placeholders={"path": str(path)}
        )

    async def async_step_discard(
        self, _user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Discard the capture."""
        if entry := self._entry():
            entry.runtime_data.capture.discard()
        return self.async_create_entry(data={})

    def _entry(self) -> MeterConfigEntry | None:
        """Return the entry of the meter. Return None if the entry was removed or is not loaded."""
        name = str((self.data or {})[ENTRY_ID])
        entry: MeterConfigEntry | None = self.hass.config_entries.async_get_entry(name)
        return entry if entry and entry.state is ConfigEntryState.LOADED else None
