"""Subscription to the plan of a meter's loads."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.loads.shown_plans import HOUSE_PLANS
from tests.ha import billed_month
from tests.ha.dialogs import contract_in
from tests.ha.support import RECORDED, Home, wait_until
from tests.ha.test_planned_loads import CAR, add, clock, house, planned

from .answer_faults import faults
from .conftest import Client, ClientOf, ask, refused, type_of, user_with

__all__ = ["clock", "house"]
pytestmark = RECORDED


async def message(client: Client) -> Any:  # noqa: ANN401 - JSON
    """Return the next message of the subscription."""
    answer = await client.receive_json()
    assert answer["type"] == "event", answer
    assert [*faults(answer["event"], type_of("plan"))] == []
    return answer["event"]


async def until_states(client: Client, *states: str) -> Any:  # noqa: ANN401 - JSON
    """Return the first message in which the loads have these states."""
    while True:
        shown = await message(client)
        if [load["state"] for load in shown["loads"]] == [*states]:
            return shown


async def test_a_plan_comes_at_once_and_each_time_that_it_has_changed(
    house: MockConfigEntry, hass: HomeAssistant, client: Client
) -> None:
    await ask(client, "plan", entry_id=house.entry_id)
    assert await message(client) == {"loads": [], "plan": None, "lack": None}
    await add(hass, house)
    shown = await until_states(client, "planned")
    await planned(hass, next="2026-06-16T20:00:00+00:00")
    [entered], [load] = shown["loads"], shown["plan"]["loads"]
    assert (entered["name"], entered["by"]) == ("Car", "2026-06-17T05:00:00+00:00")
    assert load["name"] == entered["id"]
    assert [run["start"] for run in load["runs"]] == ["2026-06-16T22:00:00+02:00"]
    kwh = [row["loads_kw"].get(entered["id"], 0) / 4 for row in shown["plan"]["quarter_hours"]]
    assert sum(kwh) == pytest.approx(8.8, abs=0.01)
    # The action answers the same about an equal load.
    call = {"loads": [{"kwh": 8.8, "max_kw": 11, "by": "07:00", "entity": CAR["measured_by"]}]}
    plan = await hass.services.async_call(
        "smarty_p1", "get_plan", call, blocking=True, return_response=True
    )
    assert plan is not None
    assert plan["loads"] == [load | {"name": "load"}]
    # An equal plan sends nothing: the next message is that of the disconnected car.
    before = HOUSE_PLANS.value_of(hass, house.entry_id)
    hass.states.async_set(CAR["connected"], "unknown")
    await wait_until(hass, lambda: HOUSE_PLANS.value_of(hass, house.entry_id) is not before)
    hass.states.async_set(CAR["connected"], "off")
    away = await message(client)
    assert [one["state"] for one in away["loads"]] == ["not_connected"]
    assert away["plan"] is None
    hass.states.async_set(CAR["connected"], "on")
    assert await until_states(client, "planned") == shown
    hass.config_entries.async_remove_subentry(house, entered["id"])
    await until_states(client)


async def test_a_subscription_survives_a_reload_and_ends_with_the_right_to_read(
    house: MockConfigEntry, hass: HomeAssistant, client_of: ClientOf
) -> None:
    await add(hass, house)
    await planned(hass, next="2026-06-16T20:00:00+00:00")
    user = user_with(hass, "sensor.smarty_energy_imported")
    client = await client_of(user)
    await ask(client, "plan", entry_id=house.entry_id)
    before = await message(client)
    assert await hass.config_entries.async_reload(house.entry_id)
    assert await until_states(client, "not_planned") == {
        "loads": [before["loads"][0] | {"state": "not_planned", "by": None}],
        "plan": None,
        "lack": None,
    }
    assert await until_states(client, "planned") == before
    user.mock_policy({})
    hass.states.async_set(CAR["connected"], "off")
    assert await message(client) == {"loads": [], "plan": None, "lack": None, "gone": True}
    assert await refused(client, "plan", entry_id=house.entry_id) == "unauthorized"


async def test_without_a_price_the_lack_is_said(
    house: MockConfigEntry, home: Home, client: Client
) -> None:
    contract = {
        name: term for name, term in contract_in(house).items() if "energy_price" not in name
    }
    reading = billed_month.telegram("00:00:05", 0.1)
    await home.again(reading, {"contracts": [contract]})
    home.port.greeting = home.port.next_frame(reading)
    await ask(client, "plan", entry_id=house.entry_id)
    assert await message(client) == {"loads": [], "plan": None, "lack": None}
    await add(home.hass, house)
    shown = await until_states(client, "planned")
    # Reference power and sun still make a plan, but it has no costs to show.
    assert [load["state"] for load in shown["loads"]] == ["planned"]
    assert (shown["lack"], shown["plan"]) == ("no_price", None)


async def test_a_load_that_is_not_ready_does_not_count_as_done(
    house: MockConfigEntry, home: Home, client: Client
) -> None:
    await add(home.hass, house, "appliance")
    await ask(client, "plan", entry_id=house.entry_id)
    await until_states(client, "not_ready")


async def test_an_unknown_meter_has_no_plan(client: Client) -> None:
    assert await refused(client, "plan", entry_id="nobody") == "not_found"
