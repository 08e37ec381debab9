"""Questions of an assistant, in conversation turns with a stand-in of a language model."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from homeassistant.components.conversation import async_converse
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component

from tests import stand_in_model

type Ask = Callable[..., Awaitable[Any]]

EXPOSED = "sensor.smarty_energy_imported"


@pytest.fixture
async def ask(hass: HomeAssistant) -> Ask:
    """Return a function that asks the model, and returns the answer of the tool that it calls."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    assert await stand_in_model.async_setup(hass, {})

    async def ask(tool: str, context: Context | None = None, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        text = f"smarty_p1__{tool} {json.dumps(arguments)}" if tool != "tools" else tool
        turn = await async_converse(
            hass, text, None, context or Context(), agent_id=stand_in_model.AGENT
        )
        assert turn.response.error_code is None, turn.response.speech
        return json.loads(turn.response.speech["plain"]["speech"])

    return ask


def expose(hass: HomeAssistant, entity_id: str = EXPOSED, *, is_exposed: bool = True) -> None:
    async_expose_entity(hass, "conversation", entity_id, is_exposed)


@pytest.mark.usefixtures("entry")
async def test_tools_are_offered_for_exposed_meters_only(hass: HomeAssistant, ask: Ask) -> None:
    assert not [name for name in await ask("tools") if name.startswith("smarty_p1__")]
    expose(hass)
    assert [name for name in await ask("tools") if name.startswith("smarty_p1__")]


@pytest.mark.usefixtures("entry")
async def test_the_bill_is_that_of_the_card(hass: HomeAssistant, ask: Ask) -> None:
    expose(hass)

    facts = await ask("bill", month="2026-05")

    assert facts["total_eur"] == 87.78
