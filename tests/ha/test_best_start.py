"""The best start of a load: the action and the command of the card say the same.

The meter of `billed_month` took 0.4 kW at all times in the last 28 days, at 0.21708 EUR a kWh.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from . import billed_month
from .dialogs import contract_in
from .support import Home, refusal
from .websocket.conftest import ask, refused

NOW = datetime(2026, 6, 16, 16, 44, tzinfo=UTC)


type SetClock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Return a function that sets the clock of Home Assistant. Timers go on."""
    return lambda time: monkeypatch.setattr(dt_util, "utcnow", lambda: time)


async def best_start(hass: HomeAssistant, **load: object) -> dict[str, object]:
    answer = await hass.services.async_call(
        "smarty_p1", "get_best_start", load, blocking=True, return_response=True
    )
    assert isinstance(answer, dict)
    return dict(answer)


async def test_action_and_card_name_the_same_start(
    home: Home, hass_ws_client: WebSocketGenerator, entry: MockConfigEntry, clock: SetClock
) -> None:
    # From 22:00 on, a kWh of energy costs 0.08 instead of 0.15: (0.08 + 0.051) * 1.08 = 0.14148.
    contract = contract_in(entry) | {
        "second_energy_price": 0.08,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    client = await hass_ws_client(home.hass)
    clock(NOW)
    answer = await best_start(home.hass, kw=1, hours=2)
    shown = await ask(client, "start_costs", entry_id=entry.entry_id, kw=1, hours=2)
    found = shown["start_costs"]
    assert found["best"] == answer
    assert found["start"] == "2026-06-16T16:30:00+00:00"
    assert answer == {
        "start": "2026-06-16T22:00:00+02:00",
        "end": "2026-06-17T00:00:00+02:00",
        "cost": 0.28,
        "saving": 0.15,
        "is_worth_waiting": True,
        "own_kwh": 0.0,
        "reason": "price",
    }
    # The meter is silent, but the time goes on.
    for hours, best in ((8, "2026-06-17T02:30:00+02:00"), (20, "2026-06-17T22:00:00+02:00")):
        clock(NOW + timedelta(hours=hours))
        shown = await ask(client, "start_costs", entry_id=entry.entry_id, kw=1, hours=2)
        answer = await best_start(home.hass, kw=1, hours=2)
        assert (shown["start_costs"]["best"], answer["start"]) == (answer, best)


async def test_kw_and_hours_are_bounded(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, entry: MockConfigEntry
) -> None:
    client = await hass_ws_client(hass)
    for load in ({"kw": 0.04}, {"kw": 51}, {"hours": 0.2}, {"hours": 25}, {"kw": "nan"}):
        fields = {"kw": 1, "hours": 2} | load
        code = await refused(client, "start_costs", entry_id=entry.entry_id, **fields)
        assert code == "invalid_format"


async def test_without_a_week_of_days_there_is_no_best_start(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, entry: MockConfigEntry, clock: SetClock
) -> None:
    client = await hass_ws_client(hass)
    clock(NOW + timedelta(days=60))
    answer = await ask(client, "start_costs", entry_id=entry.entry_id, kw=1, hours=2)
    assert answer == {"start_costs": None, "lack": "too_few_days"}
    assert await refusal(best_start(hass, kw=1, hours=2)) == "too_few_whole_days"


async def test_without_a_price_there_is_no_best_start(
    home: Home, entry: MockConfigEntry, clock: SetClock
) -> None:
    contract = {name: term for name, term in contract_in(entry).items() if name != "energy_price"}
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [contract]})
    clock(NOW)
    assert await refusal(best_start(home.hass, kw=1, hours=2)) == "coming_price_missing"
