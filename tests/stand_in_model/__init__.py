"""Stand-in of a language model: a conversation agent that calls tools of Home Assistant.

A test writes the call of the model: "smarty_p1__bill {}". The agent asks Home Assistant for the
tools of Assist, calls the tool, and answers with its result as JSON. To "tools", it answers with
the names of all tools.
"""

import json
from typing import Any, Literal, override

from homeassistant.components import conversation
from homeassistant.components.conversation.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent, llm

DOMAIN = "stand_in_model"
AGENT = "conversation.stand_in_model"


async def async_setup(hass: HomeAssistant, _config: dict[str, Any]) -> bool:
    """Add the agent."""
    await hass.data[DATA_COMPONENT].async_add_entities([StandInModel()])
    return True


class StandInModel(conversation.ConversationEntity):
    """Agent that calls the tool which the user names."""

    _attr_unique_id = DOMAIN
    _attr_name = "Stand-in model"
    entity_id = AGENT

    @property
    @override
    def supported_languages(self) -> list[str] | Literal["*"]:
        """Return the mark of all languages."""
        return "*"

    @override
    async def _async_handle_message(
        self, user_input: conversation.ConversationInput, chat_log: conversation.ChatLog
    ) -> conversation.ConversationResult:
        """Call the tool, and answer with its result."""
        context = user_input.as_llm_context(DOMAIN)
        await chat_log.async_provide_llm_data(context, llm.LLM_API_ASSIST)
        assert chat_log.llm_api
        if user_input.text == "tools":
            answer: object = [tool.name for tool in chat_log.llm_api.tools]
        else:
            name, _, arguments = user_input.text.partition(" ")
            call = llm.ToolInput(name, json.loads(arguments or "{}"))
            content = conversation.AssistantContent(self.entity_id, tool_calls=[call])
            results = chat_log.async_add_assistant_content(content)
            [answer] = [result.result.data async for result in results]
        text = json.dumps(answer, ensure_ascii=False)
        chat_log.async_add_assistant_content_without_tools(
            conversation.AssistantContent(self.entity_id, content=text)
        )
        response = intent.IntentResponse(language=user_input.language)
        response.async_set_speech(text)
        return conversation.ConversationResult(response, chat_log.conversation_id)
