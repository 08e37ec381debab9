"""The dialogs of issues, each a menu of its ways out."""

from typing import Any

from homeassistant.components.repairs import (
    RepairsFlowContext,
    RepairsFlowResult,
    repairs_flow_manager,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component


async def open_repair(hass: HomeAssistant, issue_id: str) -> RepairsFlowResult:
    assert await async_setup_component(hass, "repairs", {})
    repairs = repairs_flow_manager(hass)
    assert repairs
    return await repairs.async_init("smarty_p1", context=RepairsFlowContext(issue_id=issue_id))


async def repair_text(hass: HomeAssistant, issue_id: str, name: str) -> str:
    """Return a text that the dialog of an issue shows in the place of a placeholder."""
    dialog = await open_repair(hass, issue_id)
    return (dialog["description_placeholders"] or {})[name]


async def fill_in(
    hass: HomeAssistant, form: RepairsFlowResult, typed: dict[str, Any]
) -> RepairsFlowResult:
    """Return what the dialog of an issue shows after its form."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    result = await repairs.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done()
    return result


async def choose(hass: HomeAssistant, menu: RepairsFlowResult, step: str) -> RepairsFlowResult:
    return await fill_in(hass, menu, {"next_step_id": step})
