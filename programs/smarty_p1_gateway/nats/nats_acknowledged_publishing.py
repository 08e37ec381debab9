"""Publishing of frames with acknowledgement, one by one or in atomic batches (ADR-50 of NATS).

nats-py has no batches, and each of its requests costs a task, a timer and several wake-ups. So this
module receives the acknowledgements itself.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import batched, count
from typing import NamedTuple, override

from nats.aio.msg import Msg
from nats.errors import Error, MaxPayloadError, TimeoutError as NoAnswerError
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError

from smartyp1.json_types import JsonDict

from .nats_client import NatsClient, publish_command

STREAM = "smarty_p1_frames"
SUBJECT = "smarty_p1.sealed"
# After LATE_S seconds, an acknowledgement is late, but still counts: a busy cluster stores each
# message, and a repetition would only add to its work. After PATIENCE_S seconds, the message is
# lost: the leader of the stream has changed, or the node has lost its connection to other nodes.
LATE_S = 3.0
PATIENCE_S = 30.0
# Maximum number of messages in a batch. The NATS server sets this limit.
MAX_BATCH = 1000
_MAX_UNDERWAY = 256
_NO_RESPONDERS = "503"
# Errors of a request. nats-py raises Error. The other errors come from parsing an answer that is no
# acknowledgement.
FAILURES = (Error, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class DeniedError(Exception):
    """Error for a user who has no right to publish the frames of a meter."""


class NotAcknowledgedError(Error):
    """Error for an answer that is not an acknowledgement of the stream."""

    @override
    def __str__(self) -> str:
        return "the answer is no acknowledgement"


type Outcome = Exception | None
"""Outcome of a published message: None if acknowledged, else DeniedError or one of FAILURES."""


class NatsMessage(NamedTuple):
    """Message to publish, with a frame."""

    subject: str
    data: bytes
    headers: Mapping[str, str]


class NatsRequests:
    """Unacknowledged messages of one NATS connection to STREAM.

    `on_late` gets the subject of a message whose acknowledgement is late.
    """

    def __init__(
        self,
        client: NatsClient,
        on_late: Callable[[str], None],
    ) -> None:
        self._client = client
        self._on_late = on_late
        self._inbox = client.new_inbox()
        self._numbers = count()
        self._underway: dict[str, tuple[Collection[str], asyncio.Future[Msg]]] = {}

    async def open(self) -> None:
        """Subscribe to the acknowledgements. Raises NATS's errors."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._on_message)

    async def send_batch(self, messages: Sequence[NatsMessage]) -> Outcome:
        """Publish `messages` as an atomic batch. Return the outcome of the batch.

        Raises OSError.
        """
        [outcome] = await self._send([messages], are_batches=True)
        return outcome

    async def send_each(self, messages: Sequence[NatsMessage]) -> list[Outcome]:
        """Publish `messages` one by one. Return the outcome of each message. Raises OSError."""
        outcomes: list[Outcome] = []
        for some in batched(messages, _MAX_UNDERWAY, strict=False):
            outcomes += await self._send([(message,) for message in some], are_batches=False)
        return outcomes

    async def _send(
        self, groups: Sequence[Sequence[NatsMessage]], *, are_batches: bool
    ) -> list[Outcome]:
        """Publish groups of messages with one acknowledgement each. Return their outcomes."""
        answers: dict[str, asyncio.Future[Msg]] = {}
        commands: list[bytes] = []
        for messages in groups:
            token = self._inbox.rpartition(".")[2] + str(next(self._numbers))
            answers[token] = asyncio.get_running_loop().create_future()
            self._underway[token] = {message.subject for message in messages}, answers[token]
            if any(len(message.data) > self._client.max_payload for message in messages):
                self._end(token, MaxPayloadError())
            else:
                commands += self._commands(messages, token, is_batch=are_batches)
        try:
            await self._client.send(commands)
            await self._wait(dict(zip(answers.values(), groups, strict=True)))
        except Error as err:
            for token in answers:
                self._end(token, err)
        finally:
            for token in answers:
                self._underway.pop(token, None)
        return [
            self._outcome_of(
                answer, {"batch": token, "count": len(messages)} if are_batches else {}
            )
            for (token, answer), messages in zip(answers.items(), groups, strict=True)
        ]

    def _commands(
        self, messages: Sequence[NatsMessage], token: str, *, is_batch: bool
    ) -> Iterator[bytes]:
        """Yield the commands that publish a group. Its last message is to be acknowledged."""
        for number, message in enumerate(messages, start=1):
            headers, reply = {**message.headers}, ""
            if is_batch:
                headers |= {Header.BATCH_ID: token, Header.BATCH_SEQUENCE: str(number)}
            if number == len(messages):
                reply = f"{self._inbox}.{token}"
                headers |= {Header.BATCH_COMMIT: "1"} if is_batch else {}
            yield publish_command(message.subject, message.data, reply, headers)

    async def _wait(self, answers: Mapping[asyncio.Future[Msg], Sequence[NatsMessage]]) -> None:
        """Wait for answers, at most PATIENCE_S. Each answer has the messages of its group."""
        _, late = await asyncio.wait(answers, timeout=LATE_S)
        if late:
            self._on_late(answers[next(iter(late))][0].subject)
            await asyncio.wait(late, timeout=PATIENCE_S - LATE_S)

    def deny(self, subject: str) -> None:
        """End the wait for each message or batch with the subject `subject`.

        The outcome is DeniedError. NATS does not answer such messages, so without this call, the
        wait would last until the timeout.
        """
        for token in [key for key, (found, _) in self._underway.items() if subject in found]:
            self._end(token, DeniedError())

    async def _on_message(self, message: Msg) -> None:
        token = message.subject.rpartition(".")[2]
        if underway := self._underway.pop(token, None):
            underway[1].set_result(message)

    def _end(self, token: str, error: Exception) -> None:
        if underway := self._underway.pop(token, None):
            underway[1].set_exception(error)

    def _outcome_of(self, answer: asyncio.Future[Msg], wanted: Mapping[str, object]) -> Outcome:
        """Return the outcome of a group. Its acknowledgement has the fields `wanted`."""
        try:
            # A server that does not know batches stores the messages one by one, and acknowledges
            # only the last message. Its answer names no batch, so do not count the batch as
            # acknowledged.
            if not wanted.items() <= self._check(answer).items():
                raise NotAcknowledgedError
        except (DeniedError, *FAILURES) as err:
            return err
        return None

    def _check(self, answer: asyncio.Future[Msg]) -> Mapping[str, object]:
        """Return the content of an acknowledgement. Raises DeniedError or an error in FAILURES."""
        if not answer.done():
            raise NoAnswerError
        message = answer.result()
        if (message.headers or {}).get(Header.STATUS) == _NO_RESPONDERS:
            raise NoStreamResponseError
        content: JsonDict = json.loads(message.data)
        if "error" in content:
            APIError.from_error(content["error"])
        if content["stream"] != STREAM or content["seq"] <= 0:
            raise NotAcknowledgedError
        return content
