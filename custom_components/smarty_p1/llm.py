"""Platform of Home Assistant's `llm` integration: tools that answer questions about a meter.

Home Assistant offers the tools to conversation agents, and to programs that use its MCP server.
"""

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext

from .llm_tools.exposed_meters import exposed_meters
from .llm_tools.meter_tool import MeterTool
from .llm_tools.questions import QUESTIONS


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tools for the exposed meters. Return None if no loaded meter is exposed.

    Only the API of Assist has the tools. Otherwise, a client of several APIs would get them twice.
    """
    if api_id != LLM_API_ASSIST:
        return None
    meters = exposed_meters(hass, llm_context.assistant)
    if not meters:
        return None
    return LLMTools([MeterTool(question, has_several=len(meters) > 1) for question in QUESTIONS])
