"""Listener that receives the decoded readings from NATS."""

import json
import time
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg

SUBJECT = "smarty_p1.readings.*"


class Listener:
    """Listener that records the time at which it first receives each reading.

    `heard` has these times in Unix seconds, by system title and frame counter. `again` is the
    number of repeated readings. A reading is repeated if two collectors verify the same frame.
    """

    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], float] = {}
        self.again = 0

    async def listen(self, client: Client) -> None:
        """Subscribe to the decoded readings of all meters."""
        await client.subscribe(SUBJECT, cb=self._on_message)

    async def _on_message(self, message: Msg) -> None:
        with suppress(ValueError, KeyError):
            title = message.subject.rpartition(".")[2]
            counter = int(json.loads(message.data)["frame_counter"])
            now = time.time()
            self.again += self.heard.setdefault((title, counter), now) != now
