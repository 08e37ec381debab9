"""From the queue to a NATS cluster: each frame until the cluster's stream has acknowledged it.

One connection for all ports. Of each port, a frame is sent when the one before is acknowledged, so
that in the stream, too, frame counters rise.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from random import uniform

from nats.errors import Error, TimeoutError as NoAnswerError
from nats.js.api import Header
from nats.js.client import JetStreamContext
from nats.js.errors import NoStreamResponseError

from smarty_p1.p1 import FrameSplitter

from .frame_queue import WaitingFrame
from .frame_store import FrameStore
from .metrics import Metrics
from .nats_client import NatsClient
from .nats_config import NatsConfig

LOGGER = logging.getLogger(__name__)

STREAM = "smarty_p1_frames"
SUBJECT = "smarty_p1.sealed"
_TIMEOUT = 3.0
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 4.0
# A node that is connected, but has lost the others, acknowledges nothing.
_PATIENCE = 10.0
# Read from the queue at once, of each port.
_WINDOW = 8
# Sent and not acknowledged, of all ports.
_MOST_UNDERWAY = 256
_CLOSE_TIMEOUT = 2.0
# The last ones are those of an answer that is no acknowledgement.
_FAILURES = (Error, ValueError, KeyError, TypeError, AttributeError)
_AWAY = "A server of the NATS cluster is away: %s"


class NatsPublisher:
    """Publishes the frames of all ports."""

    def __init__(
        self, config: NatsConfig, ports: Sequence[str], store: FrameStore, metrics: Metrics
    ) -> None:
        self._config = config
        self._ports = ports
        self._store = store
        self._published = {port: metrics.published.labels(port) for port in ports}
        self._losses = [metrics.broker_losses.labels(port) for port in ports]
        self._connected = [metrics.broker_connected.labels(port) for port in ports]
        self._underway = asyncio.Semaphore(_MOST_UNDERWAY)
        self._is_connected = False
        self._delay = _FIRST_DELAY
        self._no_answer_since: float | None = None
        self._failing: set[str] = set()
        self._complaints: set[str] = set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            client = NatsClient(self._config)
            try:
                await self._serve(client)
            except (Error, OSError, ValueError) as err:
                self._complain("away", _AWAY, _words(err))
            finally:
                self._note_connected(is_connected=False)
                with suppress(Error, OSError, TimeoutError):
                    async with asyncio.timeout(_CLOSE_TIMEOUT):
                        await client.close()
            await asyncio.sleep(self._delay * uniform(0.2, 1))  # noqa: S311 - no secret
            self._delay = min(2 * self._delay, _LONGEST_DELAY)

    async def finish(self, within: float) -> None:
        """Wait until nothing waits any more: not long, and not while the cluster is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._is_connected and not self._store.is_empty():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)

    async def _serve(self, client: NatsClient) -> None:
        """Publish until the connection is lost. Raises Error, OSError and ValueError."""
        closed = asyncio.Event()

        async def on_closed() -> None:
            closed.set()

        # A new client for each connection: whatever was under way in the old one is gone with it.
        await client.open(self._on_error, on_closed, reconnect=False)
        self._note_connected(is_connected=True)
        self._no_answer_since = None
        jetstream = client.jetstream(timeout=_TIMEOUT)
        workers = [
            asyncio.ensure_future(self._publish_all(jetstream, port)) for port in self._ports
        ]
        watch = asyncio.ensure_future(self._wait_for_end(closed))
        try:
            done, _ = await asyncio.wait([watch, *workers], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (watch, *workers):
                task.cancel()
            await asyncio.gather(watch, *workers, return_exceptions=True)

    async def _wait_for_end(self, closed: asyncio.Event) -> None:
        """Wait until the connection is closed, or of no use."""
        while not closed.is_set():
            since = self._no_answer_since
            if since is not None and time.monotonic() - since > _PATIENCE:
                msg = f"no answer within {_PATIENCE:.0f} s: another node is tried"
                raise Error(msg)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await closed.wait()
        msg = "the connection was closed"
        raise Error(msg)

    async def _publish_all(self, jetstream: JetStreamContext, port: str) -> None:
        while True:
            while frames := await self._store.oldest(port, _WINDOW):
                for frame in frames:
                    await self._publish(jetstream, port, frame)
                    await self._store.remove(port, [frame])
            await self._store.wait(port)

    async def _publish(self, jetstream: JetStreamContext, port: str, frame: WaitingFrame) -> None:
        """Publish a frame, as often as it takes: the stream drops what it has already."""
        names = _name(frame.data)
        if names is None:
            LOGGER.error("%s: what waited in the queue is no frame, and is dropped", port)
            return
        subject, message_id = names
        delay = _FIRST_DELAY
        while True:
            try:
                async with self._underway:
                    await jetstream.publish(
                        subject, frame.data, stream=STREAM, headers={Header.MSG_ID: message_id}
                    )
            except _FAILURES as err:
                self._on_failure(port, subject, err)
            else:
                self._on_success(port)
                return
            await asyncio.sleep(delay * uniform(0.5, 1))  # noqa: S311 - no secret
            delay = min(2 * delay, _LONGEST_DELAY)

    def _on_success(self, port: str) -> None:
        self._no_answer_since = None
        self._delay = _FIRST_DELAY
        self._published[port].inc()
        self._failing.discard(port)
        if self._complaints and not self._failing:
            self._complaints.clear()
            LOGGER.warning("The NATS cluster acknowledges frames again")

    def _on_failure(self, port: str, subject: str, err: Exception) -> None:
        self._failing.add(port)
        self._no_answer_since = self._no_answer_since or time.monotonic()
        match err:
            case NoStreamResponseError():
                text = "No stream takes %s: there is none named %s, or it has no leader just now"
                self._complain("stream", text, subject, STREAM)
            case NoAnswerError():
                self._complain("answer", "No acknowledgement of %s within %s s", subject, _TIMEOUT)
            case _:
                self._complain("refused", "The NATS cluster refuses %s: %s", subject, _words(err))

    async def _on_error(self, err: Exception) -> None:
        """Say what the library tells of: servers that are not reached, and violations."""
        text = _words(err)
        if "permissions violation" in text.lower():
            # It must also be allowed to subscribe to _INBOX.>, where acknowledgements come.
            self._complain("permission", "The NATS cluster does not allow it: %s", text)
        else:
            self._complain("away", _AWAY, text)

    def _complain(self, kind: str, text: str, *values: object) -> None:
        """Log once for each loss: it is tried again and again."""
        level = logging.DEBUG if kind in self._complaints else logging.WARNING
        self._complaints.add(kind)
        LOGGER.log(level, text, *values)

    def _note_connected(self, *, is_connected: bool) -> None:
        for gauge in self._connected:
            gauge.set(is_connected)
        if self._is_connected and not is_connected:
            for counter in self._losses:
                counter.inc()
        self._is_connected = is_connected


def _name(data: bytes) -> tuple[str, str] | None:
    """Return a frame's subject and message id, None when it is no frame.

    The id is system title and frame counter, and what tells frames with the same header apart:
    one that was damaged or forged must not keep the true one out of the stream.
    """
    for frame in FrameSplitter().feed(data):
        if frame.data == data:
            title = frame.system_title.hex().upper()
            digest = sha256(data).hexdigest()[:16]
            return f"{SUBJECT}.{title}", f"{title}-{frame.frame_counter}-{digest}"
    return None


def _words(err: Exception) -> str:
    """Return the text of an error, which may be the server's: bounded, in one line."""
    text = str(err) or type(err).__name__
    return "".join(sign if sign.isprintable() else " " for sign in text[:200])
