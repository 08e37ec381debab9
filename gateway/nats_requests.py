"""Messages to the stream, each until it is acknowledged, refused or given up.

The library's own requests have a task, a timer and several wake-ups each. Here a message costs what
it takes to write it down, and all that are sent in one go leave in one piece.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import NamedTuple, override

from nats.aio.msg import Msg
from nats.errors import Error, TimeoutError as NoAnswerError
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError

from .nats_client import NatsClient
from .nats_names import STREAM, Names

TIMEOUT = 3.0
_LOOK_INTERVAL = 0.5
_NO_RESPONDERS = "503"
# The last ones are those of an answer that is no acknowledgement.
FAILURES = (Error, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class DeniedError(Exception):
    """The user may not publish this meter's frames."""


class NotAcknowledgedError(Error):
    """What was answered is no acknowledgement of the stream."""

    @override
    def __str__(self) -> str:
        return "the answer is no acknowledgement"


type Outcome = Exception | None
"""None: it was acknowledged. Otherwise DeniedError, or one of FAILURES."""


class _Underway(NamedTuple):
    title: str
    give_up_at: float
    on_end: Callable[[Outcome], None]


class Requests:
    """Messages that are under way on one connection.

    `origins` are the headers that say where the frames of each port come from.
    """

    def __init__(self, client: NatsClient, origins: Mapping[str, Mapping[str, str]]) -> None:
        self._client = client
        self._origins = origins
        self._clock = asyncio.get_running_loop().time
        self._inbox = client.new_inbox()
        self._numbers = count()
        # In the order in which they were sent.
        self._underway: dict[str, _Underway] = {}

    @property
    def count(self) -> int:
        """Return how many are under way."""
        return len(self._underway)

    async def open(self) -> None:
        """Listen to what is acknowledged. Raises NATS's errors."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._on_message)

    async def send(
        self, port: str, names: Names, data: bytes, on_end: Callable[[Outcome], None]
    ) -> None:
        """Send a frame of a port, and say later what became of it, once. Raises OSError."""
        token = str(next(self._numbers))
        self._underway[token] = _Underway(names.title, self._clock() + TIMEOUT, on_end)
        headers: dict[str, str] = {
            Header.MSG_ID: names.message_id,
            Header.EXPECTED_STREAM: STREAM,
            **self._origins[port],
        }
        try:
            await self._client.publish(names.subject, data, f"{self._inbox}.{token}", headers)
        except FAILURES as err:
            self._end(token, err)

    async def ask(self, port: str, names: Names, data: bytes) -> None:
        """Send a frame, and wait until it is acknowledged.

        Raises DeniedError, FAILURES and OSError.
        """
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def on_end(outcome: Outcome) -> None:
            if not ended.done():
                ended.set_result(outcome)

        await self.send(port, names, data, on_end)
        if outcome := await ended:
            raise outcome

    def deny(self, title: str) -> None:
        """End what is under way of a meter: the server says that it may not be."""
        for token in [one for one, underway in self._underway.items() if underway.title == title]:
            self._end(token, DeniedError())

    async def give_up(self) -> None:
        """End what nobody answers, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL)
            now = self._clock()
            for token, underway in list(self._underway.items()):
                if underway.give_up_at > now:
                    break
                self._end(token, NoAnswerError())

    async def _on_message(self, message: Msg) -> None:
        token = message.subject.rpartition(".")[2]
        if token in self._underway:
            self._end(token, _outcome_of(message))

    def _end(self, token: str, outcome: Outcome) -> None:
        if underway := self._underway.pop(token, None):
            underway.on_end(outcome)


def _outcome_of(message: Msg) -> Outcome:
    try:
        _check(message)
    except FAILURES as err:
        return err
    return None


def _check(message: Msg) -> None:
    """Raise what an answer says unless it is an acknowledgement."""
    if (message.headers or {}).get(Header.STATUS) == _NO_RESPONDERS:
        raise NoStreamResponseError
    answer = json.loads(message.data)
    if "error" in answer:
        APIError.from_error(answer["error"])
    if answer["stream"] != STREAM or answer["seq"] <= 0:
        raise NotAcknowledgedError
