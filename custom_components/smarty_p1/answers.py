"""Long answers to users: they are made one at a time in the whole of Home Assistant.

Any user may ask for a year of quarter-hours or the worth of a battery. Made all at once, a few
hundred of them would keep Home Assistant from everything else. So users take turns, one thread does
the work, and equal questions get one answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from homeassistant.components.websocket_api.connection import current_connection
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.script import script_stack_cv
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator.meter_coordinator import SmartyCoordinator
from .lib.fair_queue import BusyError, Turns
from .lib.tariff import Demand, QuarterHours, day_start

MAX_WAITING = 8
"""Answers that a user may wait for, beside the one that is being made."""
# All automations together; a night's may ask for each of many meters at the same moment.
_MAX_WAITING_OF_AUTOMATIONS = 64
_MAX_KEPT = 32
# A disk or a database that does not answer keeps nobody else waiting for longer.
_PATIENCE = 60.0
_SHOWN = timedelta(days=400)

type Books = Callable[[], object]
"""Returns a mark of what an answer is made of; None if the answer is not to be kept."""


@dataclass(eq=False)
class _Work:
    question: Hashable
    make: Callable[[], Awaitable[Any]]
    books: Books
    answer: asyncio.Future[Any]
    askers: int = 0
    is_taken: bool = False
    """Whether it is its turn: it is then made to its end, and nothing else beside it."""


class Answers:
    """The answers that are waited for, and the thread that makes them."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._turns: Turns[str | None, _Work] = Turns()
        self._works: dict[Hashable, _Work] = {}
        self._kept: dict[Hashable, tuple[object, Any]] = {}
        self._server: asyncio.Task[None] | None = None
        self.executor = ThreadPoolExecutor(1, f"{DOMAIN}_answers")
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, self._async_close)

    async def async_get[T](
        self,
        user_id: str | None,
        question: Hashable,
        make: Callable[[], Awaitable[T]],
        books: Books = lambda: None,
    ) -> T:
        """Return the answer to a question when it is the user's turn; automations have no user.

        An answer is kept, and given to all who ask the same, as long as `books` returns an equal
        mark. Raises BusyError when the user waits for `MAX_WAITING` others already, or it takes a
        minute to make, and what `make` raises.
        """
        mark = books()
        if mark is not None and (kept := self._kept.get(question)) and kept[0] == mark:
            return cast("T", kept[1])
        work = self._works.get(question)
        if work is None:
            work = _Work(question, make, books, self._hass.loop.create_future())
        if not work.is_taken:
            most = _MAX_WAITING_OF_AUTOMATIONS if user_id is None else MAX_WAITING
            self._turns.wait(user_id, work, most)
        self._works[question] = work
        work.askers += 1
        try:
            with _as_long_as_connected():
                self._serve()
                # An asker that is cancelled must not cancel the answer of the others.
                await asyncio.wait([work.answer])
            return cast("T", work.answer.result())
        finally:
            self._turns.leave(user_id, work)
            work.askers -= 1
            if not work.askers and not work.is_taken:
                del self._works[question]

    @callback
    def _serve(self) -> None:
        if self._server is None:
            self._server = self._hass.async_create_background_task(
                self._async_serve(), f"{DOMAIN} answers"
            )

    async def _async_serve(self) -> None:
        try:
            while work := self._turns.take():
                work.is_taken = True
                await self._async_make(work)
                # A short answer awaits nothing: other tasks must run between two of them.
                await asyncio.sleep(0)
        finally:
            self._server = None

    async def _async_make(self, work: _Work) -> None:
        try:
            # Taken first: a change during the work makes this an old answer.
            mark = work.books()
            async with asyncio.timeout(_PATIENCE):
                answer = await work.make()
        except TimeoutError:
            work.answer.set_exception(BusyError())
        except Exception as err:  # noqa: BLE001 - whatever it is, those who asked are told
            work.answer.set_exception(err)
        else:
            work.answer.set_result(answer)
            if mark is not None:
                self._keep(work.question, mark, answer)
        finally:
            # asyncio reports an exception that nobody retrieves: all askers may have left.
            if not work.answer.cancel():
                work.answer.exception()
            del self._works[work.question]

    @callback
    def _keep(self, question: Hashable, mark: object, answer: object) -> None:
        self._kept.pop(question, None)
        self._kept[question] = mark, answer
        while len(self._kept) > _MAX_KEPT:
            del self._kept[next(iter(self._kept))]

    async def _async_close(self, _event: Event) -> None:
        await self._hass.async_add_executor_job(lambda: self.executor.shutdown(cancel_futures=True))


@contextmanager
def _as_long_as_connected() -> Iterator[None]:
    """Cancel the current task when the connection on which a user has asked is closed.

    A script is not cancelled: it goes on when the user who started it has left.
    """
    connection, task = current_connection.get(), asyncio.current_task()
    if connection is None or task is None or script_stack_cv.get():
        yield
        return
    place = object()
    connection.subscriptions[place] = task.cancel
    try:
        yield
    finally:
        connection.subscriptions.pop(place, None)


_ANSWERS: HassKey[Answers] = HassKey(f"{DOMAIN}_answers")


@callback
def answers_of(hass: HomeAssistant) -> Answers:
    """Return the answers of this Home Assistant."""
    if _ANSWERS not in hass.data:
        hass.data[_ANSWERS] = Answers(hass)
    return hass.data[_ANSWERS]


async def async_aside[**P, T](
    hass: HomeAssistant, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Return what a function returns that runs in the one thread for answers."""
    return await hass.loop.run_in_executor(answers_of(hass).executor, lambda: work(*args, **kwargs))


async def async_known_quarter_hours(coordinator: SmartyCoordinator, demand: Demand) -> QuarterHours:
    """Return the quarter-hours of 400 days up to the running one, of both origins."""
    meter = coordinator.books.memory.demand_meter
    end = demand.quarter_start
    start = day_start(end - _SHOWN)
    # A thread goes through it while the meter goes on.
    columns = dict(meter.columns)
    return await async_aside(coordinator.hass, QuarterHours, columns, meter.past, start, end)


@callback
def books_of(coordinator: SmartyCoordinator) -> object:
    """Return a mark that is another one with each quarter-hour, contract and change of the past."""
    demand = coordinator.books.demand
    past = coordinator.books.memory.demand_meter.past
    return demand and (demand.contracts, past, demand.last_quarter, demand.month.start)
