"""The form of all actions, and the action that returns the current telegram as data."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

import custom_components.smarty_p1

from .meter import OTHER_SERIAL, SERIAL, MeterPort, encipher, with_value
from .support import OTHER_METER, TELEGRAM, Home, let_pass

FOLDER = Path(custom_components.smarty_p1.__file__).parent


async def get_telegram(hass: HomeAssistant, **data: str) -> dict[str, Any]:
    answer = await hass.services.async_call(
        "smarty_p1", "get_telegram", data, blocking=True, return_response=True
    )
    assert answer
    content: dict[str, Any] = json.loads(json.dumps(answer))
    return content


async def test_returns_the_current_telegram(home: Home) -> None:
    await home.set_up()
    await home.receive(with_value(TELEGRAM, "1-0:1.8.0", "(025679.012*kWh)"))

    telegram = await get_telegram(home.hass)

    assert telegram["serial_number"] == SERIAL
    assert telegram["verification"] == "verified"
    assert telegram["frame_counter"] == home.port.counter
    assert telegram["objects"]["1-0:1.8.0"] == 25679.012
    assert telegram["objects"]["0-0:96.13.0"] is None
    assert telegram["channels"]["1"]["value"] == 678.901
    assert telegram["received_at"]


async def test_one_of_two_meters_must_be_named(hass: HomeAssistant, home: Home) -> None:
    await home.set_up()
    async with MeterPort(encipher(OTHER_METER, 1)) as other_port:
        other = home.make_entry(other_port.url, serial=OTHER_SERIAL)
        assert await hass.config_entries.async_setup(other.entry_id)

        assert (await get_telegram(hass, config_entry=other.entry_id))["serial_number"] == (
            OTHER_SERIAL
        )
        with pytest.raises(ServiceValidationError):
            await get_telegram(hass)
        with pytest.raises(ServiceValidationError):
            await get_telegram(hass, config_entry="another")
        await hass.config_entries.async_unload(other.entry_id)


async def test_an_old_telegram_is_not_the_current_one(home: Home) -> None:
    await home.set_up()
    await let_pass(home.hass, 61)

    with pytest.raises(ServiceValidationError, match=r"nothing is received|cannot be read"):
        await get_telegram(home.hass)
