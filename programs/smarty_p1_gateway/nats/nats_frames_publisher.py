"""Publisher of queued frames to a NATS cluster.

The oldest frames of all ports are sent as one atomic batch, or one by one if the cluster refuses
the batch. A frame can reach the stream twice, which is harmless. If the gateway's user has no right
to publish the frames of a meter, these frames are set aside until the user gets the right.
"""

import asyncio
import logging
import re
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import count
from random import uniform
from socket import gethostname
from typing import NoReturn

from nats.errors import Error, TimeoutError as NoAnswerError
from nats.js.errors import APIError, NoStreamResponseError

from smarty_p1_gateway.log_once import LogOnce
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.queue.async_frame_queue import AsyncFrameQueue
from smarty_p1_gateway.queue.frame_queue_on_disk import MIN_METER_FRAMES, WaitingFrame
from smartyp1.bounds import keep_newest
from smartyp1.connection_outage import Backoff, Outage
from smartyp1.p1.frame_header import read_frame, title_text
from smartyp1.task_race import run_until_first_exit

from .nats_acknowledged_publishing import (
    LATE_S,
    MAX_BATCH,
    PATIENCE_S,
    STREAM,
    SUBJECT,
    DeniedError,
    NatsMessage,
    NatsRequests,
)
from .nats_client import NatsClient, error_line, kind_of_loss
from .nats_config import NatsConfig

LOGGER = logging.getLogger(__name__)

# Headers of a message: the names of the gateway and the port that received the frame. These headers
# are not authenticated, and only help people to find the meter.
GATEWAY_HEADER = "Smarty-Gateway"
PORT_HEADER = "Smarty-Port"
FIRST_DELAY = 0.5
MAX_DELAY = 4.0
# Smallest part of `batch_seconds` for which frames are gathered. The part is random. Otherwise,
# gateways that were started together would always send at the same moment.
_MIN_GATHERED = 0.8
_MIN_ENOUGH = 50
# Maximum size of a frame. The stream accepts messages of up to 16 KB, so 1 KB is left for the
# headers.
_MAX_FRAME_BYTES = 15 * 1024
# After a refused batch, frames are sent one by one for this number of seconds.
_BATCH_PAUSE = 10.0
# If a node says for this number of seconds that no stream takes frames, the gateway tries another
# node. A node that has lost its connection to the other nodes still accepts clients. An answer of
# the stream, also a refusal, shows that the node has its connection and is only busy.
_NO_STREAM_S = 10.0
# While NATS refuses the frames of a system title, these frames are set aside. As soon as NATS
# accepts one of them, the rest is sent in groups of this size.
_WINDOW = 8
_CLOSE_TIMEOUT = 2.0
# Seconds between two attempts to publish frames that were set aside because NATS did not accept
# them.
_ASIDE_INTERVAL = 30.0
# Titles with few frames are probably noise. The NATS server logs each refusal, so such titles are
# tried rarely: at a new connection, and then once in this number of intervals, which is once an
# hour.
_NOISE_INTERVALS = 120
_MAX_NAMED_TITLES = 100
_MAX_DENIED = 10_000
_MAX_SIGNS = 64
# Pattern of the server's text that names a denied system title. nats-py changes the text to lower
# case.
_DENIED_TITLE = re.compile(r'violation for publish to "\S+\.([0-9a-f]{16})"', re.IGNORECASE)
_AWAY = "A server of the NATS cluster is away: %s"
_BACK = "The NATS cluster acknowledges frames again"

type _Taken = dict[str, list[tuple[WaitingFrame, NatsMessage | None]]]


class NatsPublisher:
    """Publisher of the frames of all P1 ports to a NATS cluster."""

    def __init__(
        self,
        config: NatsConfig,
        ports: Sequence[str],
        queue: AsyncFrameQueue,
        metrics: GatewayMetrics,
    ) -> None:
        self._config = config
        self._ports = ports
        self._queue = queue
        self._metrics = metrics
        self._published = {port: metrics.published.labels(port) for port in ports}
        # All ports share one connection.
        self._losses = metrics.broker_losses.labels("")
        self._connected = metrics.broker_connected.labels("")
        self._origins = {port: _origin(config, port) for port in ports}
        self._batch_seconds = config.batch_seconds
        self._enough = self._enough_at = min(MAX_BATCH, max(_MIN_ENOUGH, len(ports)))
        self._is_connected = False
        # Several kinds of failure can occur in one outage. Each kind is logged once.
        self._outage = Outage("%s", _BACK, first=FIRST_DELAY, longest=MAX_DELAY)
        self._no_answer_since: float | None = None
        # Numbers of acknowledged frames that are still in the queue, because an older frame of
        # their port was not acknowledged.
        self._acknowledged: set[int] = set()
        self._requests: NatsRequests | None = None
        self._log = LogOnce(_MAX_NAMED_TITLES)
        self._denied: dict[str, None] = {}
        self._wanted: set[str] = set()
        # Maximum number of frames in a batch (see `_adapt_limit`).
        self._limit = MAX_BATCH
        self._no_batch_until = 0.0
        self._gathering: asyncio.Timeout | None = None
        self._is_finishing = False

    async def run(self) -> None:
        """Publish queued frames until cancelled."""
        while True:
            client = NatsClient(self._config)
            try:
                await self._serve(client)
            except (Error, OSError, ValueError) as err:
                self._note_away(error_line(err))
            finally:
                self._note_connected(is_connected=False)
                client.abort()
                with suppress(Error, OSError, TimeoutError):
                    async with asyncio.timeout(_CLOSE_TIMEOUT):
                        await client.close()
            await self._outage.wait()

    async def finish(self, within: float) -> None:
        """Wait until the queue is empty, at most `within` seconds.

        Without a connection, end at once.
        """
        self._is_finishing = True
        if self._gathering and not self._gathering.expired():
            self._gathering.reschedule(asyncio.get_running_loop().time())
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._is_connected and not self._queue.is_empty():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)

    async def _serve(self, client: NatsClient) -> None:
        """Publish until the connection is lost. Raises Error, OSError and ValueError."""
        # Each connection has a client of its own. So no acknowledgement for a message of an earlier
        # connection can arrive here.
        await client.open(self._on_error)
        self._note_connected(is_connected=True)
        self._no_answer_since = None
        requests = self._requests = NatsRequests(client, self._on_late)
        await requests.open()
        self._wanted = set(self._ports)
        await run_until_first_exit(
            self._wait_for_end(client.ended), self._send(requests), self._send_aside(requests)
        )

    async def _wait_for_end(self, ended: asyncio.Event) -> None:
        """Raise Error if `ended` is set, or if no stream takes frames for _NO_STREAM_S seconds."""
        while not ended.is_set():
            since = self._no_answer_since
            if since is not None and time.monotonic() - since > _NO_STREAM_S:
                raise Error(f"no stream for {_NO_STREAM_S:.0f} s: another node is tried")
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await ended.wait()
        raise Error("the connection was closed")

    async def _send(self, requests: NatsRequests) -> None:
        """Send queued frames until cancelled."""
        backoff = Backoff(FIRST_DELAY, MAX_DELAY)
        while True:
            if not self._wanted:
                self._wanted.update(await self._queue.wait_for_any())
                await self._gather()
            if await self._send_batch(requests, await self._take()):
                backoff.reset()
            else:
                await backoff.wait()

    async def _gather(self) -> None:
        """Wait until there are enough frames for a batch, but at most `batch_seconds`."""
        if self._is_finishing:
            return
        seconds = self._batch_seconds * uniform(_MIN_GATHERED, 1.0)  # noqa: S311 - no secret
        try:
            async with asyncio.timeout(seconds) as self._gathering:
                self._wanted.update(await self._queue.wait_for_any(self._enough_at))
        except TimeoutError:
            self._wanted.update(self._queue.take_news())
        finally:
            self._gathering = None

    async def _take(self) -> _Taken:
        """Return the oldest frames of the ports in `_wanted`, each with its message.

        The message is None for a frame that is too long or invalid, or was acknowledged before.
        Such a frame is removed later without being sent. A frame whose system title NATS refuses is
        set aside, and is not returned.
        """
        self._enough_at = self._queue.written + self._enough
        ports = sorted(self._wanted)[: self._limit]
        window = max(1, self._limit // len(ports))
        batches = await self._queue.exchange({}, ports, window)
        self._wanted.difference_update(ports)
        taken: _Taken = {}
        for port, frames in batches.items():
            if len(frames) == window:
                self._wanted.add(port)
            for frame in frames:
                is_sent = frame.number in self._acknowledged
                message = None if is_sent else self._message_of(port, frame.data)
                if message and self._is_aside(port, _title_of(message)):
                    # The queue can set aside only the oldest frame of a port. So first send the
                    # frames before this one. A later call then sets this one aside.
                    if taken.get(port):
                        self._wanted.add(port)
                        break
                    await self._queue.set_aside(port, _title_of(message), frame)
                else:
                    taken.setdefault(port, []).append((frame, message))
        return taken

    def _is_aside(self, port: str, title: str) -> bool:
        return title in self._denied or title in self._queue.titles_aside(port)

    def _message_of(self, port: str, data: bytes) -> NatsMessage | None:
        frame = read_frame(data)
        if frame is None or len(data) > _MAX_FRAME_BYTES:
            text = "%s: what waited in the queue is no frame, or too long, and is dropped"
            LOGGER.error(text, port)
            self._metrics.dropped.labels(port).inc()
            return None
        subject = _subject_of(title_text(frame.system_title))
        return NatsMessage(subject, frame.data, self._origins[port])

    async def _send_batch(self, requests: NatsRequests, taken: _Taken) -> bool:
        """Send frames, and remove the acknowledged ones. Return False after an error.

        A missing right to publish a meter's frames is not an error. Raises Error if the node did
        not answer.
        """
        messages = [message for some in taken.values() for _, message in some if message]
        now = time.monotonic()
        if messages and now >= self._no_batch_until:
            refusal = await requests.send_batch(messages)
            self._metrics.batches.labels("refused" if refusal else "accepted").inc()
            if refusal is None:
                messages = []
            elif isinstance(refusal, NoAnswerError):
                self._on_no_answer()
            elif any(_title_of(message) in self._denied for message in messages):
                # If NATS denies the frames of one system title, it refuses the whole batch. So send
                # the frames of all other system titles again, in a new batch.
                self._wanted.update(taken)
                return True
            else:
                self._no_batch_until = now + _BATCH_PAUSE
                LOGGER.debug("A batch was refused (%s): frames go one by one", error_line(refusal))
        outcomes = await requests.send_each(messages)
        pairs = zip(messages, outcomes, strict=True)
        failed = {id(message): (message, outcome) for message, outcome in pairs if outcome}
        elapsed = time.monotonic() - now
        await self._settle(taken, failed)
        errors = [pair for pair in failed.values() if not isinstance(pair[1], DeniedError)]
        if any(isinstance(error, NoAnswerError) for _, error in errors):
            self._on_no_answer()
        if errors:
            self._on_failure(errors[0][0].subject, errors[0][1])
        elif taken and not failed:
            self._on_success()
            self._adapt_limit(elapsed)
        return not errors

    def _on_no_answer(self) -> NoReturn:
        """Leave the node. The frames stay in the queue."""
        self._adapt_limit(PATIENCE_S)
        raise Error(f"no answer within {PATIENCE_S:.0f} s: another node is tried")

    def _adapt_limit(self, elapsed: float) -> None:
        """Change the maximum size of a batch after frames were acknowledged in `elapsed` seconds.

        If `elapsed` is at most a third of LATE_S, the maximum is doubled. With a higher `elapsed`,
        it grows by fewer frames: from two thirds on, by one frame. If the acknowledgement was late,
        it is halved. So on a slow line or with a busy cluster, the batches stay so small that they
        are acknowledged before LATE_S.
        """
        if elapsed > LATE_S:
            self._limit = max(1, self._limit // 2)
            return
        growth = int(self._limit * min(1, 2 - 3 * elapsed / LATE_S))
        self._limit = min(MAX_BATCH, self._limit + max(1, growth))

    async def _settle(self, taken: _Taken, failed: Collection[int]) -> None:
        """For each port, remove the frames before its first failed frame.

        If no frame of a port failed, remove all its frames. The acknowledged frames after a failed
        frame are noted in `_acknowledged`. `failed` has the ids of the messages that failed.
        """
        gone: dict[str, list[WaitingFrame]] = {}
        for port, some in taken.items():
            first = (at for at, (_, message) in enumerate(some) if id(message) in failed)
            count = next(first, len(some))
            gone[port] = [frame for frame, _ in some[:count]]
            sent = {
                frame.number for frame, message in some if message and id(message) not in failed
            }
            self._published[port].inc(len(sent))
            self._acknowledged |= sent
            self._acknowledged -= {frame.number for frame in gone[port]}
            if count < len(some):
                self._wanted.add(port)
        await self._queue.exchange(gone, (), 0)

    async def _send_aside(self, requests: NatsRequests) -> None:
        """Every _ASIDE_INTERVAL, try again to publish the frames that NATS has refused."""
        for attempt in count():
            min_frames = MIN_METER_FRAMES if attempt % _NOISE_INTERVALS else 0
            for port in self._ports:
                for title in self._queue.titles_aside(port, min_frames):
                    await self._send_title(requests, port, title)
            await asyncio.sleep(_ASIDE_INTERVAL)

    async def _send_title(self, requests: NatsRequests, port: str, title: str) -> None:
        self._denied.pop(title, None)
        # Perhaps NATS still refuses the title, so try a single frame first.
        window = 1
        while frames := await self._queue.oldest(port, window, title):
            messages = [
                NatsMessage(_subject_of(title), frame.data, self._origins[port]) for frame in frames
            ]
            if any(await requests.send_each(messages)):
                return
            await self._queue.remove(port, frames, title)
            self._published[port].inc(len(frames))
            window = _WINDOW
        await self._queue.run_in_thread(lambda queue: queue.end_aside(port, title))

    def _on_success(self) -> None:
        """End the outage, because frames were acknowledged."""
        self._no_answer_since = None
        self._outage.end()

    def _on_failure(self, subject: str, err: Exception) -> None:
        """Log that a frame was not acknowledged. The frame stays in the queue."""
        is_answer = isinstance(err, APIError)
        self._no_answer_since = None if is_answer else self._no_answer_since or time.monotonic()
        match err:
            case NoStreamResponseError():
                text = "No stream takes %s: there is none named %s, or it has no leader just now"
                self._outage.note_failure(text % (subject, STREAM), kind="stream")
            case _:
                text = f"The NATS cluster refuses {subject}: {error_line(err)}"
                self._outage.note_failure(text, kind="refused")

    def _on_late(self, subject: str) -> None:
        text = (
            "No acknowledgement of %s within %s s: the cluster is busy, has no stream %s yet or "
            "fewer than two of its nodes, or the line is slow"
        )
        self._outage.note_failure(text % (subject, LATE_S, STREAM), kind="answer")

    async def _on_error(self, err: Exception) -> None:
        """Handle an error of nats-py: an unreachable server, or a missing right."""
        text = error_line(err)
        if match := _DENIED_TITLE.search(text):
            self._on_denied(match[1].upper(), text)
        elif "permissions violation" in text.lower():
            self._outage.note_failure(
                f"The NATS cluster does not allow it: {text}", kind="permission"
            )
        else:
            self._note_away(text)

    def _note_away(self, text: str) -> None:
        self._outage.note_failure(_AWAY % text, kind=kind_of_loss(text))

    def _on_denied(self, title: str, text: str) -> None:
        self._denied[title] = None
        keep_newest(self._denied, _MAX_DENIED)
        if self._requests:
            self._requests.deny(_subject_of(title))
        more = "frames of this meter are set aside until it does"
        self._log.warn("The NATS cluster does not allow it: %s; %s", text, more, key=title)

    def _note_connected(self, *, is_connected: bool) -> None:
        self._connected.set(is_connected)
        self._losses.inc(self._is_connected and not is_connected)
        self._is_connected = is_connected


def _subject_of(title: str) -> str:
    return f"{SUBJECT}.{title}"


def _title_of(message: NatsMessage) -> str:
    return message.subject.rpartition(".")[2]


def _origin(config: NatsConfig, port: str) -> Mapping[str, str]:
    """Return the NATS headers with the names of the gateway and the port."""
    gateway = config.username or gethostname()
    return {GATEWAY_HEADER: _ascii(gateway), PORT_HEADER: _ascii(port)}


def _ascii(text: str) -> str:
    """Return a text as a short ASCII line for a header."""
    return "".join(
        sign if sign.isascii() and sign.isprintable() else "_" for sign in text[:_MAX_SIGNS]
    )
