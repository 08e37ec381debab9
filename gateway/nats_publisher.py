"""From the queue to a NATS cluster: each frame until the cluster's stream has acknowledged it.

One connection for all ports. Of each port, a frame is sent when the one before is acknowledged, so
that in the stream, too, frame counters rise. What the user may not publish is set aside by system
title, and all of that title with it, until it may.
"""

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from socket import gethostname

from nats.errors import Error, TimeoutError as NoAnswerError
from nats.js.errors import NoStreamResponseError

from smartyp1.backoff import Backoff, Outage
from smartyp1.first_to_end import first_to_end

from .frame_queue_writer import FrameStore
from .metrics import Metrics
from .nats_client import NatsClient
from .nats_config import DEFAULT_INBOX, NatsConfig
from .nats_names import STREAM, Names, names_of
from .nats_requests import FAILURES, TIMEOUT, DeniedError, Requests
from .nats_rows import FIRST_DELAY, LONGEST_DELAY, Rows

LOGGER = logging.getLogger(__name__)

# Where a frame came from, for who looks for a meter; nothing vouches for it.
GATEWAY_HEADER = "Smarty-Gateway"
PORT_HEADER = "Smarty-Port"
# A node that is connected, but has lost the others, acknowledges nothing.
_PATIENCE = 10.0
# Read at once of what is set aside.
_WINDOW = 8
_CLOSE_TIMEOUT = 2.0
# So often it is tried whether the user may publish what is set aside.
_ASIDE_INTERVAL = 30.0
_MOST_NAMED = 100
_MOST_SIGNS = 64
# The subject may be one behind a mapping; the library makes small letters of it.
_DENIED_TITLE = re.compile(r'violation for publish to "\S+\.([0-9a-f]{16})"', re.IGNORECASE)
_DENIED_INBOX = re.compile(r'violation for subscription to "_inbox', re.IGNORECASE)
_AWAY = "A server of the NATS cluster is away: %s"
_BACK = "The NATS cluster acknowledges frames again"


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
        self._origins = {port: _origin(config, port) for port in ports}
        self._is_connected = False
        self._backoff = Backoff(FIRST_DELAY, LONGEST_DELAY)
        # Each kind of failure is said once for each loss: it is tried again and again.
        self._outage = Outage(LOGGER, "%s", _BACK)
        self._no_answer_since: float | None = None
        self._failing: set[str] = set()
        self._requests: Requests | None = None
        self._named: set[str] = set()
        self._inbox = self._next_inbox = config.inbox_prefix
        self._closed = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            client = NatsClient(self._config)
            try:
                await self._serve(client)
            except (Error, OSError, ValueError) as err:
                self._note_away(_words(err))
            finally:
                self._note_connected(is_connected=False)
                with suppress(Error, OSError, TimeoutError):
                    async with asyncio.timeout(_CLOSE_TIMEOUT):
                        await client.close()
            await self._backoff.wait()

    async def finish(self, within: float) -> None:
        """Wait until nothing waits any more: not long, and not while the cluster is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._is_connected and not self._store.is_empty():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)

    async def _serve(self, client: NatsClient) -> None:
        """Publish until the connection is lost. Raises Error, OSError and ValueError."""
        closed = self._closed = asyncio.Event()

        async def on_closed() -> None:
            closed.set()

        self._inbox, self._next_inbox = self._next_inbox, self._config.inbox_prefix
        # A new client for each connection: whatever was under way in the old one is gone with it.
        await client.open(self._on_error, on_closed, reconnect=False, inbox_prefix=self._inbox)
        self._note_connected(is_connected=True)
        self._no_answer_since = None
        requests = self._requests = Requests(client, self._origins)
        await requests.open()
        rows = Rows(self._ports, self._store, requests, self)
        await first_to_end(
            self._wait_for_end(closed),
            requests.give_up(),
            rows.listen(),
            rows.send(),
            self._publish_aside(requests),
        )

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

    async def _publish_aside(self, requests: Requests) -> None:
        """Try again and again to publish what is set aside."""
        while True:
            for port in self._ports:
                for title in self._store.titles_aside(port):
                    await self._publish_title(requests, port, title)
            await asyncio.sleep(_ASIDE_INTERVAL)

    async def _publish_title(self, requests: Requests, port: str, title: str) -> None:
        while frames := await self._store.oldest(port, _WINDOW, title):
            for frame in frames:
                names = names_of(frame.data)
                if names and not await self._publish(requests, port, frame.data, names):
                    return
                await self._store.remove(port, [frame], title)
        await self._store.end_aside(port, title)

    async def _publish(self, requests: Requests, port: str, data: bytes, names: Names) -> bool:
        """Publish a frame, as often as it takes; return False when the user may not."""
        backoff = Backoff(FIRST_DELAY, LONGEST_DELAY)
        while True:
            try:
                await requests.ask(port, names, data)
            except DeniedError:
                return False
            except FAILURES as err:
                self.on_failure(port, names.subject, err)
            else:
                self.on_success(port)
                return True
            await backoff.wait()

    def on_success(self, port: str) -> None:
        """Note a frame that was acknowledged."""
        self._no_answer_since = None
        self._backoff.reset()
        self._published[port].inc()
        self._failing.discard(port)
        if not self._failing:
            self._outage.end()

    def on_failure(self, port: str, subject: str, err: Exception) -> None:
        """Note a frame that was not, and is sent again."""
        self._failing.add(port)
        self._no_answer_since = self._no_answer_since or time.monotonic()
        match err:
            case NoStreamResponseError():
                text = "No stream takes %s: there is none named %s, or it has no leader just now"
                self._outage.note(text % (subject, STREAM), kind="stream")
            case NoAnswerError():
                text = (
                    "No acknowledgement of %s within %s s: there is no stream %s yet, or fewer "
                    "than two of its nodes"
                )
                self._outage.note(text % (subject, TIMEOUT, STREAM), kind="answer")
            case _:
                text = f"The NATS cluster refuses {subject}: {_words(err)}"
                self._outage.note(text, kind="refused")

    async def _on_error(self, err: Exception) -> None:
        """Say what the library tells of: servers that are not reached, and violations."""
        text = _words(err)
        if found := _DENIED_TITLE.search(text):
            self._on_denied(found[1].upper(), text)
        elif "permissions violation" in text.lower():
            self._outage.note(f"The NATS cluster does not allow it: {text}", kind="permission")
            if _DENIED_INBOX.search(text) and self._inbox != DEFAULT_INBOX:
                # Servers that are configured as they used to be allow the common one alone.
                self._next_inbox = DEFAULT_INBOX
                self._closed.set()
        else:
            self._note_away(text)

    def _note_away(self, text: str) -> None:
        # A login that is refused is said, too, where the connection was cut for it.
        kind = "login" if "authorization violation" in text.lower() else "away"
        self._outage.note(_AWAY % text, kind=kind)

    def _on_denied(self, title: str, text: str) -> None:
        if self._requests:
            self._requests.deny(title)
        if title not in self._named and len(self._named) < _MOST_NAMED:
            self._named.add(title)
            more = "frames of this meter are set aside until it does"
            LOGGER.warning("The NATS cluster does not allow it: %s; %s", text, more)

    def _note_connected(self, *, is_connected: bool) -> None:
        for gauge in self._connected:
            gauge.set(is_connected)
        if self._is_connected and not is_connected:
            for counter in self._losses:
                counter.inc()
        self._is_connected = is_connected


def _origin(config: NatsConfig, port: str) -> dict[str, str]:
    """Return the headers that say where a frame came from: by which gateway, and at which port."""
    gateway = config.username or gethostname()
    return {GATEWAY_HEADER: _ascii(gateway), PORT_HEADER: _ascii(port)}


def _ascii(text: str) -> str:
    """Return a text as a header may have it, on one short line."""
    return "".join(
        sign if sign.isascii() and sign.isprintable() else "_" for sign in text[:_MOST_SIGNS]
    )


def _words(err: Exception) -> str:
    """Return the text of an error, which may be the server's: bounded, in one line."""
    text = str(err) or type(err).__name__
    return "".join(sign if sign.isprintable() else " " for sign in text[:200])
