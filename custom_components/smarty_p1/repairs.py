"""The way out of a repair issue: the dialog that changes port and keys."""

from typing import override

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    FlowType,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .coordinator.repair_issues import ENTRY_ID


class ReconfigureRepairFlow(ConfirmRepairFlow):
    """Explain, then go on with reconfiguring; the issue goes when the meter is read again."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Say what happened and what can be done about it."""
        if user_input is None:
            return await super().async_step_confirm()
        entry_id = str((self.data or {})[ENTRY_ID])
        if self.hass.config_entries.async_get_entry(entry_id) is None:
            return self.async_abort(reason="entry_removed")
        flow = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry_id}
        )
        return self.async_abort(
            reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, flow["flow_id"])
        )


async def async_create_fix_flow(
    _hass: HomeAssistant, _issue_id: str, _data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the dialog of an issue."""
    return ReconfigureRepairFlow()
