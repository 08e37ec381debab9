"""Somebody who listens to the decoded readings: what was committed before was a replay."""

import asyncio
import contextlib
import json
import time

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from .stream import ERRORS, committed_counters

SUBJECT = "smarty_p1.readings.*"
_EVERY = 5.0


class Listener:
    """Remembers when it heard of each telegram first.

    `again` counts what was told again because it was not committed when something was killed,
    `replays` what was told although it, or a later one of its meter, was committed already.
    """

    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], float] = {}
        self.again = 0
        self.replays = 0
        self._committed: dict[str, int] = {}

    async def listen(self, client: Client) -> None:
        """Listen from now on."""
        await client.subscribe(SUBJECT, cb=self._on_message)

    async def follow_commits(self, stream: JetStreamContext) -> None:
        """Ask again and again what is committed, until cancelled."""
        while True:
            with contextlib.suppress(*ERRORS):
                await self.note_commits(stream)
            await asyncio.sleep(_EVERY)

    async def note_commits(self, stream: JetStreamContext) -> None:
        """Ask what is committed. Raises OSError and nats.errors.Error."""
        self._committed |= await committed_counters(stream)

    async def _on_message(self, message: Msg) -> None:
        with contextlib.suppress(ValueError, KeyError):
            counter = int(json.loads(message.data)["frame_counter"])
            self.note(message.subject.rpartition(".")[2], counter, time.time())

    def note(self, title: str, counter: int, now: float) -> None:
        """Note a reading that was told at a moment."""
        if counter <= self._committed.get(title, -1):
            self.replays += 1
        elif self.heard.setdefault((title, counter), now) != now:
            self.again += 1
