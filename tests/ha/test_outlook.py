"""The action with the outlook of 48 hours: prices ahead, usual surplus, and rights."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.computed_answers.answer_queue import MAX_WAITING
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict
from tests.json_copy import through_json

from . import billed_month
from .measured import measure
from .support import TELEGRAM, Home

type Begin = Callable[..., Awaitable[MockConfigEntry]]
type Call = Callable[..., Awaitable[Any]]

PAGE = (ROOT / "docs" / "tariff-actions.md").read_text("utf-8")
# Noon in Luxembourg, on the day of the telegrams.
NOW = datetime(2026, 6, 16, 10, 7, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def now(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOW)


@pytest.fixture
def call(hass: HomeAssistant) -> Call:
    """Return a function that asks for the outlook and returns the answer, read from its JSON."""

    async def call(context: Context | None = None, **data: object) -> Any:  # noqa: ANN401 - JSON
        answer = await hass.services.async_call(
            "smarty_p1", "get_outlook", data, blocking=True, return_response=True, context=context
        )
        return through_json(answer)

    return call


@pytest.fixture
def begin(home: Home) -> Begin:
    """Return a function that sets a meter up and gives it a week: 1 kW, and 8 kW from 12:15 on."""

    async def begin(**options: Any) -> MockConfigEntry:  # noqa: ANN401 - options
        entry = await home.set_up(billed_month.telegram("12:00:00", 0), **options)
        noon = NOW.replace(minute=0)
        for day in range(1, 8):
            for n, kw in enumerate((1.0, 8.0)):
                start = noon - timedelta(days=day) + n * QUARTER
                measure(entry, [QuarterHour(start, kw)])
        await home.hass.async_block_till_done()
        return entry

    return begin


async def test_a_fixed_price_and_the_power_left(
    begin: Begin, call: Call, hass_read_only_user: MockUser
) -> None:
    await begin(**billed_month.OPTIONS)

    quarters = (await call(Context(user_id=hass_read_only_user.id)))["quarter_hours"]

    assert len(quarters) == 192
    # (0.15 + 0.0510) * 1.08
    prices = {"price_import": 0.21708, "price_export": 0.06}
    first, second, third = quarters[:3]
    assert first == {
        "start": "2026-06-16T12:00:00+02:00",
        "end": "2026-06-16T12:15:00+02:00",
        **prices,
        "left_kw": 6.0,
    }
    assert second["left_kw"] == -1.0
    assert (third["left_kw"], third["unknown"]) == (None, {"left_kw": "too_few_days"})
    assert quarters[96]["left_kw"] == 6.0
    assert quarters[-1]["end"] == "2026-06-18T12:00:00+02:00"


async def test_the_market_as_far_as_its_entity_knows_it(
    hass: HomeAssistant, begin: Begin, call: Call, freezer: FrozenDateTimeFactory
) -> None:
    await begin(energy_price_entity="sensor.market", energy_margin=0.02)
    start = NOW.replace(minute=0)
    rows = [
        # Some integrations have times that are no text.
        {"start": start + n * 4 * QUARTER, "end": start + (n + 1) * 4 * QUARTER, "value": 10 + n}
        for n in range(2)
    ]
    attributes = {"unit_of_measurement": "ct/kWh", "raw_today": rows}
    hass.states.async_set("sensor.market", "10", attributes)

    def prices(answer: JsonDict) -> list[float | None]:
        return [quarter["price_import"] for quarter in answer["quarter_hours"]]

    found = await call()
    # (0.1 + 0.02 + 0.0510) * 1.08; (0.11 + 0.02 + 0.0510) * 1.08
    assert prices(found)[:9] == [0.18468] * 4 + [0.19548] * 4 + [None]
    unknown = {"price_import": "market_unknown", "price_export": "not_agreed"}
    assert found["quarter_hours"][8]["unknown"] == {**unknown, "left_kw": "not_agreed"}

    # The entity's state differs: its prices ahead are not its own price.
    hass.states.async_set("sensor.market", "12", attributes)
    assert prices(await call())[:2] == [0.20628, None]

    # The next price holds, but the entity has not been updated yet.
    hass.states.async_set("sensor.market", "10", attributes)
    freezer.move_to(start + 4 * QUARTER + timedelta(seconds=5))
    assert prices(await call())[:5] == [0.19548] * 4 + [None]

    # The entity's clock is ahead, so it has reported this price before its quarter-hour.
    freezer.move_to(start + 4 * QUARTER - timedelta(seconds=2))
    hass.states.async_set("sensor.market", "11", attributes)
    freezer.move_to(start + 7 * QUARTER)
    assert prices(await call())[:2] == [0.19548, None]
    freezer.move_to(start + 4 * QUARTER - timedelta(seconds=2))
    assert prices(await call())[1:6] == [0.19548] * 4 + [None]
    # The price of the running quarter-hour is measured.
    hass.states.async_set("sensor.market", "unavailable", attributes)
    assert prices(await call())[:1] == [0.18468]


class NordPool:
    """Home Assistant's own integration: its entity has no list, but there is an action."""

    def __init__(self, hass: HomeAssistant, entities: er.EntityRegistry) -> None:
        entry = MockConfigEntry(domain="nordpool")
        entry.add_to_hass(hass)
        self.entity_id = entities.async_get_or_create(
            "sensor", "nordpool", "GER-current_price", config_entry=entry
        ).entity_id
        hass.states.async_set(self.entity_id, "0.1", {"unit_of_measurement": "EUR/kWh"})
        self.days: list[str] = []
        self.fails = False
        self.answers = asyncio.Event()
        self.answers.set()
        self._entry_id = entry.entry_id
        hass.services.async_register(
            "nordpool", "get_prices_for_date", self._answer, supports_response=SupportsResponse.ONLY
        )

    async def _answer(self, call: ServiceCall) -> JsonDict:
        assert (call.data["config_entry"], call.data["areas"]) == (self._entry_id, ["GER"])
        self.days.append(call.data["date"])
        await self.answers.wait()
        if self.fails:
            raise HomeAssistantError
        if call.data["date"] != "2026-06-16":
            return {"GER": []}
        midnight = datetime(2026, 6, 15, 22, tzinfo=UTC)
        return {
            "GER": [
                {
                    "start": (midnight + n * QUARTER).isoformat(),
                    "end": (midnight + (n + 1) * QUARTER).isoformat(),
                    "price": 100.0 if n < 50 else 120.0,
                }
                for n in range(96)
            ]
        }


@pytest.fixture
def nord_pool(hass: HomeAssistant, entity_registry: er.EntityRegistry) -> NordPool:
    return NordPool(hass, entity_registry)


async def test_nord_pool_is_asked_once_a_day_and_for_tomorrow_again_after_a_while(
    nord_pool: NordPool, begin: Begin, call: Call, freezer: FrozenDateTimeFactory
) -> None:
    nord_pool.fails = True
    await begin(energy_price_entity=nord_pool.entity_id, vat=False)
    first, second, *_ = (await call())["quarter_hours"]
    assert (first["price_import"], second["price_import"]) == (0.151, None)

    nord_pool.fails = False
    nord_pool.days.clear()
    freezer.tick(900)
    for _ in range(2):
        found = [quarter["price_import"] for quarter in (await call())["quarter_hours"]]
        # From 12:15 on, a quarter-hour at 0.1, and to midnight 46 at 0.12.
        assert found == [0.151] + [0.171] * 46 + [None] * 145
    # Prices of the 17th are published on the 16th at 12:45.
    assert nord_pool.days == ["2026-06-16"]
    for days in (["2026-06-17"], ["2026-06-17"] * 2):
        freezer.tick(1800)
        await call()
        await call()
        assert nord_pool.days[1:] == days


async def begin_without_answers(
    nord_pool: NordPool, begin: Begin, freezer: FrozenDateTimeFactory
) -> str:
    """Set a meter up that Nord Pool has not answered yet, and lets wait from now on."""
    nord_pool.fails = True
    meter: str = (await begin(energy_price_entity=nord_pool.entity_id, vat=False)).entry_id
    nord_pool.fails = False
    nord_pool.days.clear()
    nord_pool.answers.clear()
    freezer.tick(900)
    return meter


def action_on(meter: str, service: str, **fields: object) -> JsonDict:
    """Return a request of a card that calls an action."""
    data = {"config_entry": meter, **fields}
    called = {"domain": "smarty_p1", "service": service, "service_data": data}
    return {"type": "call_service", **called, "return_response": True}


async def test_while_nord_pool_is_slow_other_questions_are_answered(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    nord_pool: NordPool,
    begin: Begin,
    freezer: FrozenDateTimeFactory,
) -> None:
    meter = await begin_without_answers(nord_pool, begin, freezer)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(action_on(meter, "get_outlook"))
    await client.send_json_auto_id({"type": "smarty_p1/last_hour", "entry_id": meter})
    assert "net" in (await client.receive_json())["result"]
    assert nord_pool.days == ["2026-06-16"]
    nord_pool.answers.set()
    assert (await client.receive_json())["result"]["response"]["quarter_hours"]


async def test_too_many_waiting_questions_of_a_user_for_nord_pool_are_refused(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    nord_pool: NordPool,
    begin: Begin,
    freezer: FrozenDateTimeFactory,
) -> None:
    meter = await begin_without_answers(nord_pool, begin, freezer)
    client = await hass_ws_client(hass)
    loads, half = [{"kwh": 2, "hours": 2}], MAX_WAITING // 2
    for action in (
        action_on(meter, "get_outlook"),
        action_on(meter, "get_plan", loads=loads),
        action_on(meter, "get_best_start", kw=1, hours=2),
    ):
        for _ in range(half):
            await client.send_json_auto_id(action)
    for _ in range(half):
        assert "Too many requests" in (await client.receive_json())["error"]["message"]
    nord_pool.answers.set()
    answers = [await client.receive_json() for _ in range(MAX_WAITING)]
    assert sum(answer["success"] for answer in answers) == half
    # The meter is new.
    assert all("days" in answer["error"]["message"] for answer in answers if "error" in answer)


async def test_emhass_and_evcc_can_read_the_outlook(
    hass: HomeAssistant, begin: Begin, call: Call
) -> None:
    options = {"energy_price": 0.15, "feed_in_price_entity": "sensor.market", "vat": False}
    await begin(**options)
    assert (await call(format="evcc"))["feedin"] == []
    assert (await call(format="emhass")).keys() == {"load_cost_forecast"}

    hass.states.async_set("sensor.market", "0.1", {"unit_of_measurement": "EUR/kWh"})
    emhass = await call(format="emhass")
    assert len(emhass["load_cost_forecast"]) == 192
    assert list(emhass["load_cost_forecast"].items())[1] == ("2026-06-16T12:15:00+02:00", 0.201)
    # A price that is not known is left out: EMHASS would refuse all of them.
    assert emhass["prod_price_forecast"] == {"2026-06-16T12:00:00+02:00": 0.1}

    evcc = await call(format="evcc")
    start, end = "2026-06-16T12:00:00+02:00", "2026-06-16T12:15:00+02:00"
    assert evcc["grid"][0] == {"start": start, "end": end, "value": 0.201}
    assert len(evcc["grid"]) == 192
    assert evcc["feedin"] == [{"start": start, "end": end, "value": 0.1}]


async def test_before_anything_was_counted(home: Home, call: Call) -> None:
    await home.set_up(TELEGRAM.replace("(250703103000S)", "()"))
    with pytest.raises(HomeAssistantError, match="nothing has been counted"):
        await call()


def example(heading: str) -> Any:  # noqa: ANN401 - YAML
    """Return the first example below a heading of the page of the actions."""
    section = PAGE.partition(f"\n### {heading}\n")[2]
    return yaml.safe_load(section.partition("```yaml\n")[2].partition("```")[0])


async def test_the_examples_on_the_page(
    hass: HomeAssistant, begin: Begin, call: Call, aioclient_mock: AiohttpClientMocker
) -> None:
    await begin(**billed_month.OPTIONS)
    config = example("EMHASS")
    aioclient_mock.post("http://localhost:5000/action/dayahead-optim", text="planned")
    assert await async_setup_component(hass, "rest_command", config)
    assert await async_setup_component(hass, "script", config)

    await hass.services.async_call("script", "plan_the_day", blocking=True)

    [(_method, _url, body, headers)] = aioclient_mock.mock_calls
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == await call(format="emhass")

    forecast = example("evcc")["tariffs"]["grid"]["forecast"]
    assert forecast["uri"].endswith("/api/services/smarty_p1/get_outlook?return_response")
    answer = await call(**json.loads(forecast["body"]))
    assert forecast["jq"] == ".service_response.grid | tostring"
    assert len(answer["grid"]) == 192
