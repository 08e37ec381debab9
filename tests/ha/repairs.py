"""The dialogs of issues, each a menu of its ways out."""

from homeassistant.components.repairs import (
    RepairsFlowContext,
    RepairsFlowResult,
    repairs_flow_manager,
)
from homeassistant.core import HomeAssistant


async def open_repair(hass: HomeAssistant, issue_id: str) -> RepairsFlowResult:
    """Open the dialog of an issue."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    return await repairs.async_init("smarty_p1", context=RepairsFlowContext(issue_id=issue_id))


async def choose(hass: HomeAssistant, menu: RepairsFlowResult, step: str) -> RepairsFlowResult:
    """Choose one way out."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    result = await repairs.async_configure(menu["flow_id"], {"next_step_id": step})
    await hass.async_block_till_done()
    return result
