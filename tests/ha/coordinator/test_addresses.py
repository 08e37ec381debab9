"""No secret in an address reaches a person, at any place that shows, logs or raises the address."""

import json
import logging
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from tests.ha.boards import pulse_entry, tank_entry
from tests.ha.dialogs import (
    advance,
    confirm,
    is_created,
    is_done,
    reconfigure,
    settle,
    start,
    submit,
    suggested,
)
from tests.ha.meter import KEY, MeterPort, stored_frame
from tests.ha.support import Home, set_up_entry

SECRET = "s3cret"
ADDRESSES = [
    "socket://user:s3cret@127.0.0.1:{port}",
    "socket://127.0.0.1:{port}?token=s3cret",
    "socket://user:a@s3cret@127.0.0.1:{port}/?token=s3cret#s3cret",
]
NOWHERE = [
    *(address.format(port=1) for address in ADDRESSES),
    "user:s3cret@127.0.0.1:1",
    "socket//user:s3cret@127.0.0.1:1",
    "socket://user:s3cret@[127.0.0.1:1",
    "socket://user%3As3cret%40127.0.0.1:1",
    "socket://127.0.0.1:s3cret@x",
    "unknown://user:s3cret@127.0.0.1:1",
    "esphome://127.0.0.1:1/?key=s3cret&port_name=P1",
]


def shown(result: ConfigFlowResult) -> str:
    """Return the texts that a dialog shows in a browser."""
    values = suggested(result) if result.get("data_schema") else {}
    return f"{values} {result.get('description_placeholders')} {result.get('errors')}"


async def everything_told(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the texts of diagnostics, system information, repairs, states and the entry's page."""
    assert await async_setup_component(hass, "system_health", {})
    health = await get_system_health_info(hass, "smarty_p1")
    told: list[Any] = [
        await async_get_config_entry_diagnostics(hass, entry),
        {key: value for key, value in health.items() if isinstance(value, str)},
        [issue.translation_placeholders for issue in ir.async_get(hass).issues.values()],
        [state.as_dict() for state in hass.states.async_all()],
        entry.reason,
        entry.title,
    ]
    told += [await value for value in health.values() if not isinstance(value, str | int)]
    return json.dumps(told, default=str)


async def test_a_meter_that_is_read(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    home.port.greeting = stored_frame("three_phase_gas_water_heat")
    url = ADDRESSES[-1].format(port=home.port.port)

    form = await start(home.hass)
    result = await advance(home.hass, form, {"port": url, "encryption_key": KEY})
    told = [shown(result)]
    result = await settle(home.hass, result)
    told.append(shown(result))
    await confirm(home.hass, result)
    [entry] = home.hass.config_entries.async_entries("smarty_p1")
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["port"] == url
    told.append(shown(await reconfigure(home.hass, entry)))
    told.append(shown(await start(home.hass)))
    await home.port.stop()
    await home.let_pass(3700)
    told.append(await everything_told(home.hass, entry))
    told.append(str(entry.runtime_data.last_exception))

    assert str(home.port.port) in told[-1]
    assert not [text for text in told if SECRET in text]
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("url", NOWHERE)
async def test_a_port_that_cannot_be_opened(
    home: Home, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    entry = home.make_entry(url)
    assert await set_up_entry(home.hass, entry)
    await home.let_pass(301)
    form = await reconfigure(home.hass, entry)
    told = [shown(form)]
    result = await submit(home.hass, form, {})
    told += [shown(result), await everything_told(home.hass, entry)]

    assert result["errors"]
    assert ir.async_get(home.hass).issues
    assert not [text for text in told if SECRET in text]
    # The log of asyncio names the host, if its debugging is on; it does not count.
    logged = [record for record in caplog.records if record.name != "asyncio"]
    assert logged
    assert SECRET not in "".join(map(logging.Formatter().format, logged))


@pytest.mark.parametrize("kind", ["pulse", "tank"])
async def test_a_board_keeps_its_address_and_does_not_show_it(home: Home, kind: str) -> None:
    home.port.greeting = b"\r\n" if kind == "pulse" else b"R100\rR100\r" * 20
    url = ADDRESSES[-1].format(port=home.port.port)
    if kind == "pulse":
        entry = pulse_entry(home.hass, port=url, baud_rate=9600)
        form = await reconfigure(home.hass, entry, "pulse_port")
    else:
        entry = tank_entry(home.hass, url)
        form = await reconfigure(home.hass, entry)
    unique_id = entry.unique_id
    user_input = {key: value for key, value in suggested(form).items() if value is not None}
    assert SECRET not in shown(form)

    result = await submit(home.hass, form, user_input)
    assert SECRET not in shown(result)
    result = await submit(home.hass, result, {})

    assert is_done(result, "board_reconfigured")
    assert entry.data["port"] == url
    # The stored files of the board belong to the unique id.
    assert entry.unique_id == unique_id
    assert SECRET not in await everything_told(home.hass, entry)


async def test_a_new_board_is_known_by_an_address_without_a_secret(
    hass: HomeAssistant, port: MeterPort
) -> None:
    port.greeting = b"\r\n"
    url = ADDRESSES[0].format(port=port.port)
    form = await start(hass, "pulse", "pulse_port")
    result = await submit(hass, form, {"port": url, "baud_rate": "9600", "pulses_per_kwh": 1000.0})
    result = await advance(hass, result, {})

    assert is_created(result)
    assert result["result"].unique_id == f"port:socket://REDACTED@127.0.0.1:{port.port}"


@pytest.mark.parametrize(
    ("current", "other"),
    [
        ("socket://user:s3cret@gateway:1", "socket://user:another@gateway:1"),
        ("socket://user:s3cret@gateway:1", "gateway:1"),
        ("socket://gateway:1?token=s3cret", "socket://gateway:1?token=another"),
        ("esphome://gw:1?port_name=P1&key=a", "esphome://gw:1?port_name=P1&key=b"),
    ],
)
async def test_one_board_is_not_set_up_twice_with_two_secrets(
    hass: HomeAssistant, current: str, other: str
) -> None:
    pulse_entry(hass, port=current, baud_rate=9600)
    form = await start(hass, "pulse", "pulse_port")
    typed = {"port": other, "baud_rate": "9600", "pulses_per_kwh": 1000.0}
    result = await submit(hass, form, typed)

    assert result["errors"]
    assert result["errors"]["port"] in {"source_in_use", "port_in_use"}
