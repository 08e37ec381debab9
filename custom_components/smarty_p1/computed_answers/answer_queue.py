"""Queue of users' requests that are expensive to answer. Only one answer is computed at a time.

Any user can request a year of quarter-hours or the simulation of a battery. A few hundred such
requests at the same time would block Home Assistant. So users take turns, one thread computes, and
equal requests share an answer.

Home Assistant encodes a copy of the answer for each request, and keeps the copy in memory until the
client has read it. So the number and the bytes of a user's answers are limited, too.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from homeassistant.components.websocket_api.connection import ActiveConnection, current_connection
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.script import script_stack_cv
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator.garbage_collection import without_collection
from ..lib.bounds import keep_newest
from ..lib.fair_queue import Allowances, BusyError, FairQueue

MAX_WAITING = 8
"""Maximum questions of a user in the queue, equal or not. The question being answered does not
count."""
# Maximum number of waiting questions of all automations together. At midnight, many automations may
# each ask about a meter at the same time.
_MAX_WAITING_OF_AUTOMATIONS = 64
# Bytes of JSON that a user may receive at once, and later on in a second. All cards of a dashboard
# need less than 1 MB, and a year as CSV about 2 MB.
_MAX_BYTES = 16_000_000
_BYTES_PER_S = 100_000
_MAX_KEPT = 32
# Seconds until a computation ends with BusyError. A disk or database that does not respond must not
# block the queue for longer.
_ANSWER_TIMEOUT_S = 60.0

type DataVersion = Callable[[], object]
"""Function that returns the version of the data behind an answer. None prevents caching."""


@dataclass(frozen=True)
class _Answer:
    content: Any
    size: int
    """Number of bytes as JSON."""


@dataclass(eq=False)
class _Work:
    question: Hashable
    make: Callable[[], Awaitable[Any]]
    version: DataVersion
    answer: asyncio.Future[_Answer]
    askers: int = 0
    is_taken: bool = False
    """Whether the computation has begun. It then finishes, even if all askers leave."""


class Answers:
    """Queue of questions, cache of answers, and the thread that computes the answers."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._turns: FairQueue[str | None, _Work] = FairQueue()
        self._works: dict[Hashable, _Work] = {}
        self._allowances: Allowances[str | None] = Allowances(_BYTES_PER_S, _MAX_BYTES)
        self._kept: dict[Hashable, tuple[object, _Answer]] = {}
        self._preparing = Counter[str | None]()
        self._server: asyncio.Task[None] | None = None
        self.executor = ThreadPoolExecutor(1, f"{DOMAIN}_answers")
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, self._async_close)

    @contextmanager
    def preparing(self, user_id: str | None) -> Iterator[None]:
        """Count a question of a user that waits for another service before its turn.

        Raises BusyError if too many questions of the user wait so.
        """
        if self._preparing[user_id] >= _max_waiting(user_id):
            raise BusyError
        self._preparing[user_id] += 1
        try:
            yield
        finally:
            self._preparing -= Counter([user_id])

    async def async_get[T](
        self,
        user_id: str | None,
        question: Hashable,
        make: Callable[[], Awaitable[T]],
        version: DataVersion = lambda: None,
    ) -> T:
        """Wait for the user's turn in the queue, and return the answer that `make` computes.

        The answer is bytes that contain JSON, or can be encoded as JSON. All automations share the
        `user_id` None. The answer is cached for equal questions, as long as `version` returns the
        same version of the data.

        Raises BusyError if the user has too many questions in the queue, if computing takes more
        than a minute, or if the user has received too many bytes. Raises the errors of `make`.
        """
        current = version()
        if current is not None and (kept := self._kept.get(question)) and kept[0] == current:
            return cast("T", self._handed_out(user_id, kept[1]))
        work = self._works.get(question)
        if work is None:
            work = _Work(question, make, version, self._hass.loop.create_future())
        self._turns.wait(user_id, work, _max_waiting(user_id))
        self._works[question] = work
        work.askers += 1
        try:
            with _as_long_as_connected():
                self._serve()
                # If this user stops waiting, do not cancel the computation. Other users may wait
                # for the same answer.
                await asyncio.wait([work.answer])
            return cast("T", self._handed_out(user_id, work.answer.result()))
        finally:
            self._turns.leave(user_id, work)
            work.askers -= 1
            if not work.askers and not work.is_taken:
                del self._works[question]

    @callback
    def _handed_out(self, user_id: str | None, answer: _Answer) -> object:
        """Return the content of an answer. Raises BusyError if the user received too many bytes."""
        self._allowances.spend(user_id, answer.size, self._hass.loop.time())
        return answer.content

    @callback
    def _serve(self) -> None:
        if self._server is None:
            self._server = self._hass.async_create_background_task(
                self._async_serve(), f"{DOMAIN} answers"
            )

    async def _async_serve(self) -> None:
        try:
            while work := self._turns.take_work():
                work.is_taken = True
                await self._async_make(work)
                # A short answer may be computed without any `await`. So let other tasks run before
                # the next answer.
                await asyncio.sleep(0)
        finally:
            self._server = None

    async def _async_make(self, work: _Work) -> None:
        try:
            # Read the version of the data before the computation. If the data change during the
            # computation, the cached answer then counts as outdated.
            version = work.version()
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                content = await work.make()
                # Encode in the thread. Encoding a long answer would block the event loop.
                size = await self._hass.loop.run_in_executor(self.executor, _size_of, content)
        except TimeoutError:
            work.answer.set_exception(BusyError())
        except Exception as err:  # noqa: BLE001 - every error belongs to the askers
            work.answer.set_exception(err)
        else:
            answer = _Answer(content, size)
            work.answer.set_result(answer)
            if version is not None:
                self._keep(work.question, version, answer)
        finally:
            # If all users have stopped waiting, nobody else retrieves an exception of `make`, and
            # asyncio would log the exception. So retrieve it here.
            if not work.answer.cancel():
                work.answer.exception()
            del self._works[work.question]

    @callback
    def _keep(self, question: Hashable, version: object, answer: _Answer) -> None:
        self._kept.pop(question, None)
        self._kept[question] = version, answer
        keep_newest(self._kept, _MAX_KEPT)

    async def _async_close(self, _event: Event) -> None:
        await self._hass.async_add_executor_job(lambda: self.executor.shutdown(cancel_futures=True))


def _max_waiting(user_id: str | None) -> int:
    return _MAX_WAITING_OF_AUTOMATIONS if user_id is None else MAX_WAITING


def _size_of(content: object) -> int:
    return len(content if isinstance(content, bytes) else json_bytes(content))


def asking_connection() -> ActiveConnection | None:
    """Return the websocket connection of the user who asks. Return None if a script asks."""
    return None if script_stack_cv.get() else current_connection.get()


@contextmanager
def _as_long_as_connected() -> Iterator[None]:
    """Cancel the current task when the user's websocket connection closes.

    A script that the user has started is not cancelled.
    """
    connection, task = asking_connection(), asyncio.current_task()
    if connection is None or task is None:
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
    """Return the queue that all users of this Home Assistant share."""
    if _ANSWERS not in hass.data:
        hass.data[_ANSWERS] = Answers(hass)
    return hass.data[_ANSWERS]


async def async_aside[**P, T](
    hass: HomeAssistant, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run `work` in the thread that computes answers, and return its result."""
    work = without_collection(work)
    return await hass.loop.run_in_executor(answers_of(hass).executor, lambda: work(*args, **kwargs))
