"""The dialogs of issues, each a menu of its ways out."""

from homeassistant.components.repairs import (
    RepairsFlowContext,
    RepairsFlowResult,
    repairs_flow_manager,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component


async def open_repair(hass: HomeAssistant, issue_id: str) -> RepairsFlowResult:
    """Open the dialog of an issue."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    return await repairs.async_init("smarty_p1", context=RepairsFlowContext(issue_id=issue_id))


async def repair_text(hass: HomeAssistant, issue_id: str, name: str) -> str:
    """Return a text that the dialog of an issue shows in the place of a placeholder."""
    assert await async_setup_component(hass, "repairs", {})
    dialog = await open_repair(hass, issue_id)
    return (dialog["description_placeholders"] or {})[name]


async def choose(hass: HomeAssistant, menu: RepairsFlowResult, step: str) -> RepairsFlowResult:
    """Choose one way out."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    result = await repairs.async_configure(menu["flow_id"], {"next_step_id": step})
    await hass.async_block_till_done()
    return result
