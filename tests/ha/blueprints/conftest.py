"""An automation from a blueprint."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component

from dev.checkout import ROOT

FOLDER = ROOT / "blueprints" / "automation" / "smarty_p1"
# Turns of the event loop, from a state to the last of the calls that it leads to.
_TURNS = 30

type Use = Callable[..., Any]


@pytest.fixture
async def use(hass: HomeAssistant, tmp_path: Path) -> AsyncGenerator[Use]:
    """Return a function that makes an automation from a blueprint with these inputs."""

    async def make(name: str, **inputs: object) -> None:
        shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "smarty_p1")
        hass.config.config_dir = str(tmp_path)
        use_blueprint = {"path": f"smarty_p1/{name}.yaml", "input": inputs}
        config = {"automation": {"use_blueprint": use_blueprint}}
        assert await async_setup_component(hass, "automation", config)
        await hass.async_block_till_done()
        if hass.state is CoreState.not_running:
            await hass.async_start()
            await settle()
        [state] = hass.states.async_all("automation")
        assert state.state == "on"

    yield make
    data = {"entity_id": "all"}
    await hass.services.async_call("automation", "turn_off", data, blocking=True)


def memory_text(states: Mapping[str, str]) -> str:
    """Return the text that the blueprints store for loads that they switched off.

    It has six digits of a hash of each load, and the state before.
    """
    return ",".join(
        f"{hashlib.md5(load.encode()).hexdigest()[:6]}={state}"  # noqa: S324 - no secret
        for load, state in states.items()
    )


async def settle() -> None:
    """Let Home Assistant do all that is possible now, without waiting for delays."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
