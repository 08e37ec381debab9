"""Answers that take long: users take turns, and many questions of a user keep no other waiting."""

import asyncio
import json
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.frontend.storage import async_user_store
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)

from custom_components.smarty_p1.computed_answers import answer_queue, what_if as computed_what_if
from custom_components.smarty_p1.lib.advice.what_if import Changes
from custom_components.smarty_p1.lib.advice.what_if_year import WhatIfError, WhatIfRefusal
from smartyp1.json_types import JsonDict
from tests.ha import billed_month
from tests.ha.support import PATIENCE, wait_until

from .conftest import Client, ClientOf, Site, ask

WHAT_IF = "smarty_p1/what_if"
BUSY = "Too many requests at once. Try again in a few seconds"
MAX_BYTES = 16_000_000


class Desk:
    """Stand-in of the calculation of a battery: counts, and waits until it may go on."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.threads: set[str] = set()
        self.together = self.most_together = 0
        self.is_open = threading.Event()
        self.steps = threading.Semaphore(0)

    def what_if(self, _state: object, changes: Changes, *_: object) -> None:
        assert changes.battery
        self.asked.append(changes.battery.kwh)
        self.threads.add(threading.current_thread().name)
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        while not self.is_open.is_set() and not self.steps.acquire(timeout=0.01):
            pass
        self.together -= 1
        raise WhatIfError(WhatIfRefusal.TOO_FEW_DAYS, 1)


@pytest.fixture
async def desk(hass: HomeAssistant) -> AsyncIterator[Desk]:
    """Replace the calculation by a calculation that waits."""
    desk = Desk()
    module = "custom_components.smarty_p1"
    with patch(f"{module}.lib.answers.what_if.compare_years", desk.what_if):
        yield desk
        desk.is_open.set()
        await hass.async_block_till_done()


def battery(kwh: float) -> JsonDict:
    return {"kind": "battery", "kwh": kwh, "kw": 3}


async def send(client: Client, entry: MockConfigEntry, *sizes: float) -> None:
    """Ask for batteries, without waiting for an answer."""
    for kwh in sizes:
        question = {"type": WHAT_IF, "entry_id": entry.entry_id, "changes": [battery(kwh)]}
        await client.send_json_auto_id(question)


async def call(client: Client, entry: MockConfigEntry, *sizes: float) -> None:
    """Call the action for batteries, without waiting for an answer."""
    for kwh in sizes:
        await client.send_json_auto_id(
            {
                "type": "call_service",
                "domain": "smarty_p1",
                "service": "what_if",
                "service_data": {"config_entry": entry.entry_id, **battery(kwh)},
                "return_response": True,
            }
        )


async def act(
    hass: HomeAssistant, entry: MockConfigEntry, kwh: float, user_id: str | None = None
) -> str:
    """Return why an action for a battery is refused."""
    data = {"config_entry": entry.entry_id, **battery(kwh)}
    context = Context(user_id=user_id)
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(
            "smarty_p1", "what_if", data, blocking=True, return_response=True, context=context
        )
    return str(refused.value)


async def received(client: Client, count: int) -> list[JsonDict]:
    """Return `count` answers in the order in which they come."""
    async with asyncio.timeout(PATIENCE):
        return [await client.receive_json() for _ in range(count)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


def kid(hass: HomeAssistant) -> MockUser:
    """Return a user with the right to read everything, without administration."""
    user = MockUser(name="kid").add_to_hass(hass)
    user.mock_policy({"entities": {"all": {"read": True}}})
    return user


async def test_a_user_waits_for_eight_answers_and_no_more(
    hass: HomeAssistant, client_of: ClientOf, entry: MockConfigEntry, desk: Desk
) -> None:
    client = await client_of(kid(hass))
    await send(client, entry, 5)
    await until(lambda: desk.asked == [5])
    await send(client, entry, *range(6, 30))

    refused = await received(client, 16)
    assert {each["error"]["code"] for each in refused} == {"busy"}
    desk.is_open.set()
    answer_queue = await received(client, 9)
    assert [each["id"] for each in answer_queue] == [
        *range(answer_queue[0]["id"], answer_queue[0]["id"] + 9)
    ]
    assert all(each["success"] for each in answer_queue)
    assert desk.asked == [*range(5, 14)]
    assert desk.most_together == 1
    assert len(desk.threads) == 1
    await send(client, entry, 29)
    assert (await received(client, 1))[0]["success"]


@pytest.mark.parametrize("put", [send, call])
async def test_equal_questions_wait_like_different_ones(
    hass: HomeAssistant,
    client_of: ClientOf,
    entry: MockConfigEntry,
    desk: Desk,
    put: Callable[..., Any],
) -> None:
    user = kid(hass)
    first, second = await client_of(user), await client_of(user)
    await put(first, entry, *[5.0] * 20)
    busy = await received(first, 11)
    await put(second, entry, *[5.0] * 20)
    busy += await received(second, 20)
    code = "busy" if put is send else "invalid_format"
    assert [answer["error"]["code"] for answer in busy] == [code] * 31
    desk.is_open.set()
    answers = await received(first, 9)

    assert all("Too many" not in str(answer) for answer in answers)
    assert desk.asked == [5]
    await put(second, entry, 5.0)
    assert "busy" not in str(await received(second, 1))


# Questions that an action refuses, each with a part of its text in English and in French.
REFUSED: list[tuple[str, JsonDict, str, str]] = [
    (
        "get_quarter_hours",
        {"start": "2026-05-01", "end": "2026-06-10"},
        "As JSON, this period would be longer",
        "En JSON",
    ),
    (
        "get_quarter_hours",
        {"start": "2026-05-02", "end": "2026-05-01"},
        "The end must be after the start",
        "La fin",
    ),
    ("get_bill", {"month": "2020-01"}, "Known months", "Mois connus"),
    ("what_if", battery(5), "measured days", "jours mesurés"),
]


@pytest.mark.parametrize(("action", "data", "english", "french"), REFUSED)
async def test_a_refused_question_is_no_error_of_the_program(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    client_of: ClientOf,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    action: str,
    data: JsonDict,
    english: str,
    french: str,
) -> None:
    user = kid(hass)
    client = await client_of(user)
    data = {"config_entry": entry.entry_id, **data}
    texts = []
    with patch("custom_components.smarty_p1.lib.answers.quarter_hours.MAX_JSON_BYTES", 100):
        for language in ("en", "fr"):
            (await async_user_store(hass, user.id)).data["language"] = {"language": language}
            for _ in range(8):
                await client.send_json_auto_id(
                    {
                        "type": "call_service",
                        "domain": "smarty_p1",
                        "service": action,
                        "service_data": data,
                        "return_response": True,
                    }
                )
            texts.append({each["error"]["message"] for each in await received(client, 8)})
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(
                "smarty_p1", action, data, blocking=True, return_response=True
            )
        # A script may go on after a refusal.
        script = Script(
            hass,
            cv.SCRIPT_SCHEMA(
                [
                    {
                        "action": f"smarty_p1.{action}",
                        "data": data,
                        "response_variable": "answer",
                        "continue_on_error": True,
                    },
                    {"event": "went_on"},
                ]
            ),
            "asks",
            "test",
        )
        went_on = async_capture_events(hass, "went_on")
        before = [record for record in caplog.records if record.levelno >= logging.WARNING]
        await script.async_run(context=Context())
        await hass.async_block_till_done()
    assert len(went_on) == 1
    [own], [translated] = texts
    assert english in own
    assert french in translated
    assert english in str(refused.value)
    assert not [record.getMessage() for record in before]


async def test_all_automations_together_wait_for_64_answers(
    hass: HomeAssistant, entry: MockConfigEntry, desk: Desk
) -> None:
    asked = [asyncio.create_task(act(hass, entry, kwh)) for kwh in (5, 6, 7) * 30]
    await until(lambda: bool(desk.asked))
    desk.is_open.set()

    assert (await asyncio.gather(*asked)).count(BUSY) == 90 - 65


@pytest.mark.parametrize("reading", ["reads", "reads late"])
async def test_a_user_receives_16_mb_and_others_their_own(
    hass: HomeAssistant, client_of: ClientOf, entry: MockConfigEntry, reading: str
) -> None:
    question = {
        "type": "smarty_p1/quarter_hours",
        "entry_id": entry.entry_id,
        "start": "2026-05-01T00:00:00+02:00",
        "quantity": "larger",
    }
    user = kid(hass)
    flooding, same_user = await client_of(user), await client_of(user)
    other = await client_of(kid(hass))
    size = len(json.dumps(await ask(other, "quarter_hours", **question), separators=(",", ":")))
    count = MAX_BYTES // size + 40
    answers: list[JsonDict] = []
    for _ in range(count):
        await flooding.send_json_auto_id(question)
        if reading == "reads":
            answers += await received(flooding, 1)
    answers += await received(flooding, count - len(answers))

    refused = [answer["error"] for answer in answers if not answer["success"]]
    sent = (count - len(refused)) * size
    assert MAX_BYTES - size < sent < MAX_BYTES + 100_000 * PATIENCE
    assert {error["code"] for error in refused} == {"busy"}
    assert re.search(r"ask again in [1-3] seconds", refused[0]["message"])
    # Every second, 0.1 MB come back: a few of these answers.
    for _ in range(40):
        await same_user.send_json_auto_id(question)
    assert not all(answer["success"] for answer in await received(same_user, 40))
    assert await ask(other, "quarter_hours", **question)


async def test_an_unchanged_answer_is_kept_until_the_next_quarter_hour(
    site: Site, desk: Desk
) -> None:
    desk.is_open.set()
    for _ in range(2):
        await send(site.client, site.entry, 5)
        await received(site.client, 1)
        await site.receive(billed_month.telegram("00:00:20", 0.1))
    assert desk.asked == [5]
    await site.receive(billed_month.telegram("00:15:00", 0.2))
    await site.receive(billed_month.telegram("00:30:00", 0.3))
    await send(site.client, site.entry, 5)
    await received(site.client, 1)

    assert desk.asked == [5, 5]


async def test_the_newest_32_answers_are_kept(site: Site, desk: Desk) -> None:
    desk.is_open.set()
    for number in (*range(1, 34), *range(2, 34), 1):
        await send(site.client, site.entry, number)
        await received(site.client, 1)
    assert desk.asked == [*range(1, 34), 1]


@pytest.mark.parametrize("put", [send, call])
async def test_a_closed_connection_waits_no_longer(
    hass: HomeAssistant,
    client_of: ClientOf,
    entry: MockConfigEntry,
    desk: Desk,
    put: Callable[..., Any],
) -> None:
    gone, staying = await client_of(kid(hass)), await client_of(kid(hass))
    await put(gone, entry, *range(5, 14))
    await until(lambda: desk.asked == [5])
    await put(staying, entry, 8, 9)
    await ask(staying, "meters")
    await gone.close()
    # Home Assistant has noticed when the other one's question is the next.
    await asyncio.sleep(0.1)
    desk.is_open.set()
    await received(staying, 2)
    await put(staying, entry, 20)
    await received(staying, 1)

    assert desk.asked == [5, 8, 9, 20]


async def test_an_answer_without_a_waiting_user_is_forgotten(hass: HomeAssistant) -> None:
    answers = answer_queue.answers_of(hass)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        await may_end.wait()

    async def answer(coordinator: str) -> str:
        return coordinator

    def asks(coordinator: str) -> asyncio.Task[str]:
        return asyncio.create_task(answers.async_get("kid", "bill", partial(answer, coordinator)))

    other = asyncio.create_task(answers.async_get("kid", "other", long))
    await begun.wait()
    gone = asks("before a reload")
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    staying = asks("after it")
    may_end.set()
    await other

    assert await staying == "after it"


async def test_repeated_connections_begin_no_second_calculation(
    site: Site, client_of: ClientOf, desk: Desk
) -> None:
    desk.is_open.set()
    user = kid(site.hass)
    reading, has_read = 0, asyncio.Event()

    async def read(*asked: Any) -> Any:  # noqa: ANN401 - as it is asked
        nonlocal reading
        reading += 1
        await has_read.wait()
        return await async_aside(*asked)

    async_aside = answer_queue.async_aside
    with patch.object(computed_what_if, "async_aside", read):
        for kwh in range(5, 9):
            gone = await client_of(user)
            await call(gone, site.entry, kwh)
            await until(lambda: reading > 0)
            await gone.close()
            await asyncio.sleep(0.05)
        assert reading == 1
        await call(site.client, site.entry, 20)
        has_read.set()
        await received(site.client, 1)

    assert desk.asked == [5, 20]


async def test_a_script_goes_on_when_its_user_is_gone(
    hass: HomeAssistant, client_of: ClientOf, entry: MockConfigEntry, desk: Desk
) -> None:
    sequence = [
        {
            "action": "smarty_p1.what_if",
            "data": {"config_entry": entry.entry_id, **battery(5)},
            "response_variable": "answer",
            "continue_on_error": True,
        },
        {"event": "went_on"},
    ]
    assert await async_setup_component(hass, "script", {"script": {"try": {"sequence": sequence}}})
    went_on = async_capture_events(hass, "went_on")
    user = kid(hass)
    user.mock_policy({"entities": True})
    client = await client_of(user)
    await client.send_json_auto_id({"type": "call_service", "domain": "script", "service": "try"})
    await until(lambda: desk.asked == [5])
    await client.close()
    await asyncio.sleep(0.1)
    desk.is_open.set()
    await wait_until(hass, lambda: bool(went_on))


async def test_an_action_of_a_user_with_too_many_waiting_answers_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, desk: Desk
) -> None:
    user = kid(hass)
    asked = [asyncio.create_task(act(hass, entry, kwh, user.id)) for kwh in range(5, 25)]
    automations = [asyncio.create_task(act(hass, entry, kwh)) for kwh in range(25, 45)]
    await until(lambda: bool(desk.asked))
    desk.is_open.set()

    told = await asyncio.gather(*asked)
    assert told.count(BUSY) == 11
    assert BUSY not in await asyncio.gather(*automations)


@pytest.mark.usefixtures("entry")
async def test_no_bill_is_worked_out_in_the_event_loop(hass: HomeAssistant) -> None:
    loop = threading.current_thread()
    threads: list[threading.Thread] = []

    def note(*_args: object, **_kwargs: object) -> None:
        threads.append(threading.current_thread())
        raise RuntimeError

    module = "custom_components.smarty_p1"
    with (
        patch(f"{module}.lib.bill.month.Month.bill", note),
        patch(f"{module}.lib.answers.bills.compare", note),
    ):
        for action in ("get_bill", "compare_reference_powers"):
            with pytest.raises(RuntimeError):
                await hass.services.async_call(
                    "smarty_p1", action, {}, blocking=True, return_response=True
                )
    assert len(threads) == 2
    assert loop not in threads


async def test_an_answer_that_never_comes_keeps_no_other_user_waiting(
    site: Site, desk: Desk
) -> None:
    with patch("custom_components.smarty_p1.computed_answers.answer_queue._ANSWER_TIMEOUT_S", 0.05):
        await send(site.client, site.entry, 5)
        answer = (await received(site.client, 1))[0]
    assert answer["error"]["code"] == "busy"
    desk.is_open.set()
    await send(site.client, site.entry, 6)
    assert (await received(site.client, 1))[0]["success"]
