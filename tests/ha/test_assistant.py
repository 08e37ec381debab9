"""Questions of an assistant, in conversation turns with a stand-in of a language model.

The numbers are those in `billed_month`. The cards get the same numbers by websocket.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import probatio
import pytest
from homeassistant.components.conversation import async_converse
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er, llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator.loads.shown_plans import LOAD_PLANS
from custom_components.smarty_p1.lib.answers.assistant_facts import MAX_BYTES
from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.history.luxembourg_time import QUARTER_HOUR
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.plan.daily_load import LoadState
from custom_components.smarty_p1.llm import async_get_tools
from custom_components.smarty_p1.llm_tools.meter_tool import MeterTool
from custom_components.smarty_p1.llm_tools.questions import QUESTIONS
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict, JsonMapping
from tests import stand_in_model

from .billed_month import telegram
from .clock import CLOCK
from .dialogs import contract_in
from .meter import OTHER_SERIAL, SERIAL, MeterPort, encipher
from .support import OTHER_METER, Home, set_up_entry, unload_entry, wait_until
from .test_what_if import set_up_year
from .websocket.conftest import ask as ask_command, user_with

type Ask = Callable[..., Awaitable[Any]]

DOCS = ROOT / "docs"
PREFIX = "smarty_p1__"
SKIP = "button.second_car_skip_today"
EXPOSED = "sensor.smarty_energy_imported"
ARGUMENTS: Mapping[str, Mapping[str, object]] = {
    "bill": {"month": "2026-05"},
    "compare_months": {},
    "today": {},
    "best_start": {"kw": 1, "hours": 2},
    "plan": {},
    "reference_powers": {},
    "what_if": {"changes": [{"kind": "battery", "kwh": 10, "kw": 5, "standby": 0}]},
    "year": {"year": 2026},
}
NOW = datetime(2026, 6, 15, 22, 0, 5, tzinfo=UTC)
"""Time of the last telegram."""
pytestmark = pytest.mark.begins_at(NOW)


@pytest.fixture
async def ask(hass: HomeAssistant) -> Ask:
    """Return a function that asks the model, and returns the answer of the tool that it calls."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    assert await stand_in_model.async_setup(hass, {})

    async def ask(tool: str, user: MockUser | None = None, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        text = tool if tool == "tools" else f"{PREFIX}{tool} {json.dumps(arguments)}"
        context = Context(user_id=user.id if user else None)
        turn = await async_converse(hass, text, None, context, agent_id=stand_in_model.AGENT)
        assert turn.response.error_code is None, turn.response.speech
        return json.loads(turn.response.speech["plain"]["speech"])

    return ask


@pytest.fixture
async def card(
    hass: HomeAssistant,
    ask: Ask,  # noqa: ARG001 - it registers views, before the web server has a client
    hass_ws_client: WebSocketGenerator,
    entry: MockConfigEntry,
) -> Ask:
    """Return a function that returns the answer which a card gets."""
    client = await hass_ws_client(hass)

    async def get(command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON
        return await ask_command(client, command, entry_id=entry.entry_id, **fields)

    return get


@pytest.fixture
def expose(hass: HomeAssistant, ask: Ask) -> Callable[..., None]:  # noqa: ARG001 - sets up
    def expose(entity_id: str = EXPOSED, *, is_exposed: bool = True) -> None:
        async_expose_entity(hass, "conversation", entity_id, is_exposed)

    return expose


@pytest.fixture
def exposed(entry: MockConfigEntry, expose: Callable[..., None]) -> MockConfigEntry:
    expose()
    return entry


@pytest.fixture
def noon(exposed: MockConfigEntry) -> None:
    """Let 16 June be known until noon, with 0.3 kWh in each quarter-hour instead of 0.1 kWh."""
    midnight = NOW.replace(second=0)
    quarters = [QuarterHour(midnight + n * QUARTER_HOUR, 1.2) for n in range(48)]
    exposed.runtime_data.records.household.set_leneda_days(LenedaDays(quarters))
    CLOCK.move_to(midnight + 48 * QUARTER_HOUR)


async def tools_of(hass: HomeAssistant) -> list[llm.Tool]:
    """Return the tools of the integration that Home Assistant offers."""
    context = llm.LLMContext("test", Context(), "en", "conversation", None)
    api = await llm.async_get_api(hass, "assist", context)
    return [tool for tool in api.tools if PREFIX in tool.name]


async def test_tools_are_offered_for_loaded_exposed_meters_only(
    hass: HomeAssistant, ask: Ask, expose: Callable[..., None], entry: MockConfigEntry
) -> None:
    names = [f"{PREFIX}{name}" for name in ARGUMENTS]

    async def offered() -> list[str]:
        return [name for name in await ask("tools") if name.startswith(PREFIX)]

    assert await offered() == []
    assert (await ask_unoffered(hass, "bill"))["error"] == "not_exposed"
    expose()
    assert await offered() == names
    assert await unload_entry(hass, entry)
    assert await offered() == []
    assert await set_up_entry(hass, entry)
    assert await offered() == names
    expose(is_exposed=False)
    assert await offered() == []


async def ask_unoffered(hass: HomeAssistant, name: str) -> JsonMapping:
    """Call a tool that is not offered any more, as a model may that has seen it before."""
    [question] = [question for question in QUESTIONS if question.name == name]
    context = llm.LLMContext("test", None, "en", "conversation", None)
    tool = MeterTool(question, has_several=False)
    result = await tool.async_call(hass, llm.ToolInput(tool.name, {}), context)
    assert result.error
    return result.data


@pytest.mark.usefixtures("exposed")
async def test_tools_are_read_only_and_few_words(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    tools = await tools_of(hass)

    assert [tool.name for tool in tools] == [f"{PREFIX}{name}" for name in ARGUMENTS]
    for tool in tools:
        assert tool.integration == "smarty_p1"
        assert tool.annotations == llm.ToolAnnotations(
            read_only=True, destructive=False, idempotent=True, open_world=False
        )
    # Home Assistant reports tools that break a rule.
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]
    assert size_of(tools) <= MAX_BYTES


def size_of(tools: list[llm.Tool]) -> int:
    """Return the size of all names, descriptions and schemas, as a client of MCP gets them."""
    listed = [
        {
            "name": tool.name,
            "description": tool.description,
            "inputSchema": probatio.to_openapi(
                tool.parameters,
                custom_serializer=llm.selector_serializer,
                openapi_version="3.1.0",
            ),
        }
        for tool in tools
    ]
    return len(json.dumps(listed).encode())


@pytest.mark.usefixtures("exposed")
async def test_the_bill_is_that_of_the_card(card: Ask, ask: Ask) -> None:
    [may, june] = (await card("bill", months=2))["months"]

    facts = await ask("bill", month="2026-05")
    assert facts["total_eur"] == may["total"] == 87.78
    assert facts["parts_with_vat_eur"] == may["parts"]
    amounts = [line["amount_eur"] for line in facts["lines_without_vat"]]
    assert amounts == [line["amount"] for line in may["lines"]]
    assert facts["imported_kwh"] == 316.6
    assert facts["highest_quarter_hour"]["mean_kw"] == 8
    assert "month_end" not in facts

    facts = await ask("bill")
    assert (facts["month"], facts["total_eur"]) == ("2026-06", june["total"])
    assert facts["month_end"] == {
        "estimated": True,
        **{f"{name}_eur": june["estimate"][name] for name in ("total", "low", "high")},
    }


async def test_a_bill_names_its_unknown_prices(
    home: Home, ask: Ask, expose: Callable[..., None], entry: MockConfigEntry
) -> None:
    contract = contract_in(entry) | {"reference_power": 8.0, "energy_price": None}
    await home.again(telegram("00:00:05", 0.1), {"contracts": [contract]})
    expose()

    facts = await ask("bill", month="2026-05")

    assert "total_eur" not in facts
    assert facts["unknown_prices"] == ["energy", "network_fixed"]
    assert facts["unpriced_kwh"] == 316.6


@pytest.mark.usefixtures("noon")
async def test_today_is_that_of_the_card(card: Ask, ask: Ask) -> None:
    day = (await card("days", start="2026-06-16"))["days"][-1]
    usual = await card("usual")

    facts = await ask("today")

    assert (facts["day"], facts["is_today"]) == ("2026-06-16", True)
    assert facts["cost_eur"] == day["cost"]
    assert facts["imported_kwh"] * 1000 == day["imported_wh"] == 14_400
    assert facts["usual_until_now"]["mean_of_days"] == usual["usual"]["days"] == 4
    assert facts["usual_until_now"]["cost_eur"] == pytest.approx(usual["usual"]["cost"], abs=0.005)
    assert facts["difference_eur"] == pytest.approx(day["cost"] - usual["usual"]["cost"], abs=0.01)
    assert facts["reason"] == usual["reason"] == "more_from_grid"


@pytest.mark.usefixtures("exposed")
async def test_the_best_start_is_that_of_the_action(hass: HomeAssistant, ask: Ask) -> None:
    load = {"kw": 1, "hours": 2}
    best: Any = await hass.services.async_call(
        "smarty_p1", "get_best_start", load, blocking=True, return_response=True
    )

    facts = await ask("best_start", **load)

    assert facts == {
        "meter": "Smarty",
        "estimated": True,
        "start": best["start"],
        "end": best["end"],
        "cost_eur": best["cost"],
        "saving_against_now_eur": best["saving"],
        "is_worth_waiting": best["is_worth_waiting"],
        "from_own_surplus_kwh": best["own_kwh"],
    }


async def test_the_plan_is_that_of_the_card(
    hass: HomeAssistant, home: Home, exposed: MockConfigEntry, ask: Ask
) -> None:
    home.port.greeting = home.port.next_frame(telegram("00:00:05", 0.1))
    assert await ask("plan") == {"meter": "Smarty", "estimated": True, "loads": []}
    car = {"kind": "car", "kwh": 8.0, "max_kw": 8.0, "by_workdays": "07:00:00"}
    for title, skips in (("Car", False), ("Second car", True)):
        subentry = ConfigSubentry(
            data=MappingProxyType(car), subentry_type="load", title=title, unique_id=None
        )
        hass.config_entries.async_add_subentry(exposed, subentry)
        name = subentry.subentry_id
        await wait_until(hass, partial(has_state, hass, name))
        if skips:
            await wait_until(hass, lambda: hass.states.get(SKIP) is not None)
            await hass.services.async_call("button", "press", {"entity_id": SKIP}, blocking=True)
            await wait_until(hass, partial(has_state, hass, name, LoadState.SKIPPED))

    first, second = (await ask("plan"))["loads"]

    assert (first["name"], first["state"]) == ("Car", "planned")
    # From 22:00 on, energy costs less.
    assert first["runs"][0]["start"] >= "2026-06-16T00:00:00+02:00"
    assert first["ready_by"] == "2026-06-16T07:00:00+02:00"
    assert second == {
        "name": "Second car",
        "state": "skipped",
        "runs": [],
        "ready_by": "2026-06-16T07:00:00+02:00",
        "skipped_until": "2026-06-16T07:00:00+02:00",
    }


def has_state(hass: HomeAssistant, load: str, state: LoadState = LoadState.PLANNED) -> bool:
    plan = LOAD_PLANS.value_of(hass, load)
    return plan is not None and plan.state is state


@pytest.mark.usefixtures("exposed")
async def test_the_reference_powers_are_those_of_the_card(card: Ask, ask: Ask) -> None:
    shown = await card("classes")

    facts = await ask("reference_powers")

    assert facts["estimated"] is True
    assert (facts["reference_power_kw"], facts["cheapest_kw"]) == (7, shown["cheapest"])
    assert facts["saving_eur_a_year"] == shown["saving_per_year"] == 60.48
    assert facts["whole_months"] == ["2026-05"]
    totals = {str(row["reference_power_kw"]): row["total_eur"] for row in facts["classes"]}
    assert totals == shown["totals"]
    # Above 3 kW were 12.5 kWh.
    assert facts["classes"][0] == {
        "reference_power_kw": 3,
        "total_eur": 9.04,
        "surcharge_eur": 1.03,
        "above_kwh": 12.5,
    }


async def test_a_year_with_changes_is_that_of_the_card(
    home: Home,
    hass_storage: JsonDict,
    hass_ws_client: WebSocketGenerator,
    ask: Ask,
    expose: Callable[..., None],
) -> None:
    entry = await set_up_year(home, hass_storage)
    expose()
    changes = [
        {"kind": "battery", "kwh": 10, "kw": 5, "standby": 0},
        {"kind": "car", "kwh": 5, "kw": 4},
    ]
    client = await hass_ws_client(home.hass)
    card = await ask_command(client, "what_if", entry_id=entry.entry_id, changes=changes)

    facts = await ask("what_if", changes=changes)

    shown = card["what_if"]
    assert facts["estimated"] is True
    assert facts["saving_eur_a_year"] == shown["saving"]
    for name in ("now", "then"):
        own = shown["classes"][f"{shown['reference_kw']:g}"]
        assert facts[name] == {"cost_eur": own[name], "energy_kwh": shown["energies"][name]}
    best = shown["cheapest"]["then"]
    assert facts["then_cheapest_reference_power"] == {
        "kw": best,
        "saves_more_eur_a_year": own["then"]["total"]
        - shown["classes"][f"{best:g}"]["then"]["total"],
    }
    assert (facts["assumed"]["begin_hour"], facts["assumed"]["reserve"]) == (22, 0)
    assert facts["battery"]["cycles_a_year"] > 100

    # The causes of a change add up to the difference of two bills.
    bills = (await ask_command(client, "bill", entry_id=entry.entry_id, months=3))["months"]
    facts = await ask("compare_months", month="2026-05", before="2026-04")
    assert facts == await ask("compare_months")
    assert facts["month"]["total_eur"] == bills[1]["total"]
    assert facts["before"]["total_eur"] == bills[0]["total"]
    assert facts["difference_eur"] == round(bills[1]["total"] - bills[0]["total"], 2)
    assert round(sum(facts["causes_eur"].values()), 2) == facts["difference_eur"]


@pytest.mark.usefixtures("exposed")
async def test_the_current_month_is_compared_with_the_same_days_of_another(
    card: Ask, ask: Ask
) -> None:
    june = (await card("bill", months=25))["months"][-1]

    facts = await ask("compare_months", month="2026-06")

    assert facts == await ask("compare_months", month="2026-06", before="2026-05")
    # The fifteen days have ended, so they are the bill so far.
    assert facts["month"] == {"month": "2026-06", "total_eur": june["total"]}
    assert facts["only_days_before"] == "2026-06-16"
    # The first 15 days of May: 163 kWh, 2.5 kWh above 7 kW, 20 kWh exported. Grid 12.84 and meter
    # 5.72 EUR a month.
    may = (163 * 0.201 + 2.5 * 0.0765 + (12.84 + 5.72) * 15 / 31) * 1.08 - 20 * 0.06
    assert facts["before"]["total_eur"] == pytest.approx(may, abs=0.01)
    assert facts["difference_eur"] == round(june["total"] - facts["before"]["total_eur"], 2)
    assert round(sum(facts["causes_eur"].values()), 2) == facts["difference_eur"]
    assert (await ask("compare_months", month="2026-06", before="2026-06"))[
        "error"
    ] == "month_unknown"


@pytest.mark.usefixtures("exposed")
async def test_a_year_is_the_totals_of_its_months(card: Ask, ask: Ask) -> None:
    bills = (await card("bill", months=25))["months"]

    facts = await ask("year")

    assert facts == await ask("year", year=2026)
    assert [row["month"] for row in facts["months"]] == ["2026-05", "2026-06"]
    assert [row["total_eur"] for row in facts["months"]] == [bill["total"] for bill in bills]
    assert facts["total_eur"] == round(sum(bill["total"] for bill in bills), 2)
    assert facts["months"][-1]["is_running"]
    refusal = await ask("year", year=2024)
    assert refusal == {"error": "year_unknown", "error_text": "Known years: 2026"}


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("bill", {"month": "2024-01"}, "month_unknown"),
        ("bill", {"month": "x" * 500}, "invalid_arguments"),
        ("bill", {"month": 5}, "invalid_arguments"),
        ("bill", {"command": "delete"}, "invalid_arguments"),
        ("best_start", {}, "invalid_arguments"),
        ("best_start", {"kw": 1, "hours": 1e300}, "invalid_arguments"),
        ("best_start", {"kw": float("nan"), "hours": 2}, "invalid_arguments"),
        ("year", {"year": float("inf")}, "invalid_arguments"),
        ("bill", {"meter": "Another"}, "meter_unknown"),
        ("what_if", {"changes": []}, "invalid_arguments"),
        ("what_if", {"changes": [{"kind": "battery", "kwh": 10}]}, "invalid_arguments"),
        ("what_if", {"changes": [{"kind": "heat_pump", "kwh": -5}]}, "invalid_arguments"),
        ("what_if", {"changes": [{"kind": "heat_pump", "kwh": 1e300}]}, "invalid_arguments"),
        ("what_if", {"changes": [{"kind": "heat_pump", "kwh": 4000}]}, "too_few_days"),
    ],
)
async def test_a_question_that_has_no_answer_is_refused_with_a_reason(
    ask: Ask, tool: str, arguments: dict[str, object], error: str
) -> None:
    refusal = await ask(tool, **arguments)

    assert refusal["error"] == error
    assert 0 < len(refusal["error_text"]) <= 500
    assert SERIAL not in refusal["error_text"]


@pytest.mark.usefixtures("exposed")
async def test_blank_fields_of_a_model_count_as_missing(ask: Ask) -> None:
    assert await ask("bill", month="", meter=None) == await ask("bill")


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("tool", ARGUMENTS)
async def test_rights_are_those_of_the_actions(
    hass: HomeAssistant, ask: Ask, hass_admin_user: MockUser, tool: str
) -> None:
    arguments = ARGUMENTS[tool]
    everyone = await ask(tool, **arguments)
    assert everyone.get("meter", "Smarty") == "Smarty"
    assert SERIAL not in json.dumps(everyone)
    assert len(json.dumps(everyone)) <= MAX_BYTES

    for user in (hass_admin_user, user_with(hass, EXPOSED)):
        assert await ask(tool, user, **arguments) == everyone
    unknown = MockUser(id="nobody")
    for user in (user_with(hass, "light.hall"), unknown):
        assert (await ask(tool, user, **arguments))["error"] == "unauthorized"


async def test_one_of_several_meters_is_named(
    hass: HomeAssistant,
    home: Home,
    ask: Ask,
    expose: Callable[..., None],
    exposed: MockConfigEntry,
) -> None:
    async with MeterPort(encipher(OTHER_METER, 1)) as other_port:
        other = home.make_entry(other_port.url, serial=OTHER_SERIAL)
        assert await set_up_entry(hass, other)
        await hass.async_block_till_done()
        of_other = er.async_entries_for_config_entry(er.async_get(hass), other.entry_id)
        energy = of_other[0].entity_id

        # The other meter is not exposed: no question about it has an answer.
        assert (await ask("bill", meter="Smarty (2)"))["error"] == "meter_unknown"
        assert (await ask("bill", month="2026-05"))["total_eur"] == 87.78
        expose(energy)
        assert size_of(await tools_of(hass)) <= MAX_BYTES
        names = "Name one of these meters: Smarty, Smarty (2)"
        assert await ask("bill") == {"error": "meter_unknown", "error_text": names}
        assert (await ask("bill", meter="smarty (2)"))["meter"] == "Smarty (2)"
        assert (await ask("bill", meter="Smarty", month="2026-05"))["total_eur"] == 87.78
        # A user with the right to a single meter need not name it, and does not learn of the other.
        user = user_with(hass, EXPOSED)
        assert (await ask("bill", user, month="2026-05"))["total_eur"] == 87.78
        refusal = await ask("bill", user, meter="Smarty (2)")
        assert refusal["error_text"] == "Name one of these meters: Smarty"
        assert exposed.title == f"Smarty {SERIAL}"
        await unload_entry(hass, other)


async def test_tools_are_offered_by_the_api_of_assist_only(
    hass: HomeAssistant, exposed: MockConfigEntry
) -> None:
    context = llm.LLMContext("test", Context(), "en", "conversation", None)
    assert exposed
    assert async_get_tools(hass, context, "assist")
    assert async_get_tools(hass, context, "homeassistant") is None
    assert async_get_tools(hass, replace(context, assistant="cloud.alexa"), "assist") is None


@pytest.mark.usefixtures("noon")
async def test_the_page_shows_true_answers(ask: Ask) -> None:
    page = (DOCS / "assistant.md").read_text("utf-8")
    _, _, questions = page.partition("## Five questions\n")
    examples = re.findall(
        r'^\*\*"([^"]+)"\*\* .*?`smarty_p1__(\w+)`.*?`(\{.*?\})`.*?```json\n(.*?)```',
        questions,
        re.MULTILINE | re.DOTALL,
    )
    assert len(examples) == 5
    for question, tool, arguments, shown in examples:
        answer = await ask(tool, **json.loads(arguments))
        assert set_of(json.loads(shown)) <= set_of(answer), question
    named = set(re.findall(r"`smarty_p1__(\w+)`", page))
    assert named == {question.name for question in QUESTIONS}


def set_of(value: object, path: str = "") -> set[tuple[str, object]]:
    """Return all numbers, texts and flags of an answer, each with its path."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = dict(enumerate(value)).items()
    else:
        return {(path, value)}
    return {leaf for name, part in parts for leaf in set_of(part, f"{path}/{name}")}
