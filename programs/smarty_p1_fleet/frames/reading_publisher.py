"""Publishing of decoded readings to the listeners in NATS."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from nats.errors import Error as NatsError

from smarty_p1_fleet.collector_client import CollectorClient
from smarty_p1_fleet.jetstream_objects import reading_of
from smarty_p1_gateway.nats.nats_client import publish_command
from smartyp1.p1.telegram import Telegram

_NO_LISTENER = b"NATS/1.0 503"
# Seconds without readings of a meter after NATS has answered that nobody listens to it. Encoding a
# reading, and passing it to the node, costs a collector as much as decrypting its frame.
_PAUSE_S = 15.0


class ReadingPublisher:
    """Publisher of readings through one connection to NATS.

    Readings are copies of the stored values, so the loss of a reading is harmless.
    """

    def __init__(self, nats: CollectorClient) -> None:
        self._nats = nats
        self._inbox = nats.new_inbox()
        self._pauses: dict[str, float] = {}

    async def open(self) -> None:
        """Subscribe to the answers of NATS. Raises NATS's errors."""
        await self._nats.receive(f"{self._inbox}.*", self._on_answer)

    async def publish(self, telegrams: Iterable[Telegram]) -> None:
        """Publish the readings of meters that somebody may listen to."""
        with suppress(NatsError, OSError):
            await self._nats.send(self._commands(telegrams))

    def _commands(self, telegrams: Iterable[Telegram]) -> Iterator[bytes]:
        now = time.monotonic()
        for telegram in telegrams:
            subject = reading_of(telegram.system_title or b"")
            token = subject.rpartition(".")[2]
            if now >= self._pauses.get(token, now):
                data = json.dumps(telegram.as_dict()).encode()
                yield publish_command(subject, data, f"{self._inbox}.{token}")

    def _on_answer(self, subject: bytes, _reply: bytes, _data: bytes, headers: bytes) -> None:
        # Only NATS can answer with a status, and only if nobody listens.
        if headers.startswith(_NO_LISTENER):
            token = subject.rpartition(b".")[2].decode(errors="replace")
            self._pauses[token] = time.monotonic() + _PAUSE_S
