"""Clients of the websocket commands: Home Assistant's own test client, of several users."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from custom_components.smarty_p1.websocket import COMMANDS
from tests.ha import kit
from tests.ha.support import Home

from .answer_faults import faults

type Client = MockHAClientWebSocket
type ClientOf = Callable[[MockUser], Awaitable[Client]]


@pytest.fixture
async def client(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Client:
    """Return a client of an administrator; the commands are there before any meter."""
    assert await async_setup_component(hass, "smarty_p1", {})
    return await hass_ws_client(hass)


class Site(Home):
    """A home whose meter is read, and a client that asks about it."""

    def __init__(self, home: Home, client: Client, entry: MockConfigEntry) -> None:
        super().__init__(home.hass, home.port, home.make_entry)
        self.client = client
        self.entry = entry

    async def ask(self, command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON
        return await ask(self.client, command, entry_id=self.entry.entry_id, **fields)

    async def refused(self, command: str, **fields: object) -> str:
        return await refused(self.client, command, entry_id=self.entry.entry_id, **fields)


@pytest.fixture
def site(home: Home, client: Client, entry: MockConfigEntry) -> Site:
    return Site(home, client, entry)


@pytest.fixture
def client_of(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> ClientOf:
    async def connect(user: MockUser) -> Client:
        token = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
        return await hass_ws_client(hass, hass.auth.async_create_access_token(token))

    return connect


def user_with(hass: HomeAssistant, *entity_ids: str) -> MockUser:
    """Return a user with the right to read only these entities."""
    user = MockUser().add_to_hass(hass)
    may_read = dict.fromkeys(entity_ids, True)
    user.mock_policy({"entities": {"entity_ids": {each: {"read": True} for each in may_read}}})
    return user


async def ask(client: Client, command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON
    await client.send_json_auto_id({"type": f"smarty_p1/{command}", **fields})
    answer = await client.receive_json()
    assert answer["success"], answer
    result = answer["result"]
    if result is not None:
        assert [*faults(result, type_of(command))] == []
    return result


def type_of(command: str) -> type:
    """Return the type of a command's answers."""
    name = f"smarty_p1/{command}"
    return next(kind for each, kind in COMMANDS.items() if kit.command_name(each) == name)


async def refused(client: Client, command: str, **fields: object) -> str:
    await client.send_json_auto_id({"type": f"smarty_p1/{command}", **fields})
    answer = await client.receive_json()
    assert not answer["success"], answer
    code: str = answer["error"]["code"]
    return code
