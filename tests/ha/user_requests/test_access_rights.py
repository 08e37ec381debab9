"""docs/rights.md: each line is tried by an administrator, a reader, another user, an automation."""

import re
from collections.abc import Awaitable, Callable, Iterator

import pytest
from homeassistant.components import websocket_api
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from dev.checkout import ROOT
from smartyp1.json_types import JsonDict
from tests.ha.support import smarty_entry, state_of, unload_entry

PAGE = (ROOT / "docs" / "rights.md").read_text("utf-8")
USERS = ("administrator", "reader", "another user", "automation")
FIELDS: dict[str, JsonDict] = {
    "quarter_hours": {"start": "2026-06-15T00:00:00Z"},
    "what_if": {"kind": "car", "kwh": 5, "kw": 3},
    "shares": {"period": "month"},
    "get_best_start": {"kw": 1, "hours": 2},
    "get_plan": {"loads": [{"kwh": 2, "hours": 2}]},
    "get_quarter_hours": {"start": "2026-06-15 00:00:00", "end": "2026-06-16 00:00:00"},
    "import_quarter_hours": {"path": "/nowhere"},
}
COMMAND_FIELDS = FIELDS | {"what_if": {"changes": []}}
NOTHING_TO_DO = (
    "what_if",
    "get_best_start",
    "get_plan",
    "import_quarter_hours",
    "remove_imported_quarter_hours",
)
NAMES = re.compile(r"`(\w+)`")


def table() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each line: its subject, and the answer for each user."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 1 + len(USERS) and cells[0].startswith("**"):
            yield cells[0], tuple(cells[1:])


LINES = dict(table())


def lines_of(kind: str) -> list[tuple[str, str, bool]]:
    """Return each name on the page with each user that can try it, and whether it is allowed."""
    lines = [(what, said) for what, said in LINES.items() if f"{kind}s" in what or kind in what]
    return [
        (name, user, allowed == "yes")
        for what, said in lines
        for name in NAMES.findall(what)
        for user, allowed in zip(USERS, said, strict=True)
        if allowed
    ]


COMMANDS, ACTIONS = lines_of("command"), lines_of("action")


type Connect = Callable[[str], Awaitable[MockHAClientWebSocket]]


@pytest.fixture
def users(hass: HomeAssistant, hass_admin_user: MockUser) -> dict[str, MockUser]:
    reader, other = MockUser().add_to_hass(hass), MockUser().add_to_hass(hass)
    for user, entity_id in ((reader, "sensor.smarty_energy_imported"), (other, "light.hall")):
        user.mock_policy({"entities": {"entity_ids": {entity_id: {"read": True}}}})
    return {"administrator": hass_admin_user, "reader": reader, "another user": other}


@pytest.fixture
def connect(
    hass: HomeAssistant, users: dict[str, MockUser], hass_ws_client: WebSocketGenerator
) -> Connect:
    async def connect(name: str) -> MockHAClientWebSocket:
        refresh = await hass.auth.async_create_refresh_token(users[name], CLIENT_ID)
        return await hass_ws_client(hass, hass.auth.async_create_access_token(refresh))

    return connect


async def bill_for(hass: HomeAssistant, entry: MockConfigEntry, user: MockUser | None) -> None:
    """Ask for a bill as a user, or as an automation."""
    await hass.services.async_call(
        "smarty_p1",
        "get_bill",
        {"config_entry": entry.entry_id},
        blocking=True,
        return_response=True,
        context=Context(user_id=user.id if user else None),
    )


@pytest.mark.usefixtures("entry")
def test_the_page_names_all_commands_and_actions(hass: HomeAssistant) -> None:
    commands = {name for name in hass.data[websocket_api.DOMAIN] if name.startswith("smarty_p1/")}
    assert {f"smarty_p1/{name}" for name, *_ in COMMANDS} == commands
    assert {name for name, *_ in ACTIONS} == hass.services.async_services()["smarty_p1"].keys()


async def test_the_commands(entry: MockConfigEntry, connect: Connect) -> None:
    clients = {user: await connect(user) for user in USERS[:3]}
    for name, user, is_allowed in COMMANDS:
        meter = {} if name == "meters" else {"entry_id": entry.entry_id}
        question = {"type": f"smarty_p1/{name}", **meter, **COMMAND_FIELDS.get(name, {})}
        await clients[user].send_json_auto_id(question)
        answer = await clients[user].receive_json()
        while answer["type"] != "result":
            answer = await clients[user].receive_json()
        if name == "meters":
            assert len(answer["result"]["meters"]) == is_allowed, user
        else:
            assert answer["success"] is is_allowed, (name, user)
            assert is_allowed or answer["error"]["code"] == "unauthorized", (name, user)
        assert is_allowed or entry.title not in str(answer)


async def test_home_assistants_own_commands_answer_every_user(
    hass: HomeAssistant, entry: MockConfigEntry, connect: Connect
) -> None:
    assert await async_setup_component(hass, "config", {})
    client = await connect("another user")
    energy = "sensor.smarty_energy_imported"
    state = state_of(hass, energy)
    assert entry.unique_id
    for command, fields, shown in (
        ("config/device_registry/list", {}, entry.unique_id),
        ("config/entity_registry/list", {}, entry.unique_id),
        ("render_template", {"template": f"is {{{{ states('{energy}') }}}}"}, f"is {state.state}"),
    ):
        assert f"`{command}`" in PAGE
        await client.send_json_auto_id({"type": command, **fields})
        answer = await client.receive_json()
        if command == "render_template":
            answer = await client.receive_json()
        assert shown in str(answer), command


async def test_the_actions(
    hass: HomeAssistant, entry: MockConfigEntry, users: dict[str, MockUser]
) -> None:
    for name, user, is_allowed in ACTIONS:
        for meter in ({"config_entry": entry.entry_id}, {}):
            refusal: HomeAssistantError | None = None
            try:
                answer = await hass.services.async_call(
                    "smarty_p1",
                    name,
                    {**meter, **FIELDS.get(name, {})},
                    blocking=True,
                    return_response=True,
                    context=Context(user_id=users[user].id if user in users else None),
                )
            except HomeAssistantError as err:
                refusal = err
            assert isinstance(refusal, Unauthorized) is not is_allowed, (name, user)
            # No row exists to import or to remove, and too few for a battery.
            if is_allowed and name not in NOTHING_TO_DO:
                assert answer, (name, user)
                assert refusal is None


async def test_a_meter_without_entities_is_read_by_users_with_the_right_to_everything(
    hass: HomeAssistant, users: dict[str, MockUser], connect: Connect
) -> None:
    assert await async_setup_component(hass, "smarty_p1", {})
    smarty_entry(title="New", unique_id="SAG1", data={"port": "x"}).add_to_hass(hass)
    users["reader"].mock_policy({"entities": True})
    for user, count in (("administrator", 1), ("reader", 1), ("another user", 0)):
        client = await connect(user)
        await client.send_json_auto_id({"type": "smarty_p1/meters"})
        assert len((await client.receive_json())["result"]["meters"]) == count, user


async def test_no_command_or_action_takes_an_entry_that_is_no_meter(
    hass: HomeAssistant, users: dict[str, MockUser], connect: Connect
) -> None:
    assert await async_setup_component(hass, "smarty_p1", {})
    other = MockConfigEntry(domain="sun", title="The sun")
    other.add_to_hass(hass)
    client = await connect("administrator")
    await client.send_json_auto_id({"type": "smarty_p1/bill", "entry_id": other.entry_id})
    assert (await client.receive_json())["error"]["code"] == "not_found"
    for user, error in (
        ("administrator", ServiceValidationError),
        ("another user", Unauthorized),
        ("automation", ServiceValidationError),
    ):
        with pytest.raises(error):
            await bill_for(hass, other, users.get(user))


async def test_an_action_of_a_user_that_is_gone(
    hass: HomeAssistant, entry: MockConfigEntry, users: dict[str, MockUser]
) -> None:
    await hass.auth.async_remove_user(users["reader"])
    with pytest.raises(Unauthorized):
        await bill_for(hass, entry, users["reader"])


async def test_a_user_learns_nothing_of_a_meter_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, users: dict[str, MockUser]
) -> None:
    await unload_entry(hass, entry)
    with pytest.raises(Unauthorized):
        await bill_for(hass, entry, users["another user"])
