"""The logbook says what a message says."""

from datetime import timedelta

import pytest
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from .meter import with_value
from .support import TELEGRAM, Home


@pytest.mark.usefixtures("recorder_mock")
async def test_a_message_is_in_the_logbook_in_its_own_words(
    home: Home, hass_ws_client: WebSocketGenerator
) -> None:
    begin = dt_util.utcnow() - timedelta(minutes=1)
    home.hass.config.components.add("frontend")  # which the test kit does not install
    assert await async_setup_component(home.hass, "logbook", {})
    home.hass.config.components.remove("frontend")
    await home.set_up()
    for text in ("Kontroll den 3. Juli", "x" * 900):
        await home.receive(with_value(TELEGRAM, "0-0:96.13.0", f"({text.encode().hex().upper()})"))
    await async_wait_recording_done(home.hass)

    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": begin.isoformat()})
    entries = (await client.receive_json())["result"]

    own = [entry for entry in entries if entry.get("message")]
    assert [entry["message"] for entry in own] == ["“Kontroll den 3. Juli”", f"“{'x' * 255}”"]
    for entry in own:
        assert entry["entity_id"].startswith("event.smarty")
        assert entry["name"].startswith("Smarty")
