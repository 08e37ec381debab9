"""Comparison of the clock of NATS, which stamps each message, with this machine's clock.

If the two clocks differ, nobody knows which of them is right. So no telegram is then rejected
because its time is too early.
"""

import json
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from math import inf

from nats.aio.client import Client
from nats.errors import Error as NatsError

from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM

# Largest difference in seconds at which the clocks agree.
MAX_DIFFERENCE_S = 60.0
CLOCKS_INTERVAL_S = 5.0
_MAX_LOOK_AGE_S = 1.0
_TIMEOUT_S = 3.0
_MAX_DIGITS = 26  # of a time with microseconds; NATS gives nanoseconds


async def ask_time(nats: Client) -> float:
    """Return the time of the stream's leader, in Unix seconds. Raises NATS's errors."""
    # The client of the library drops the time from its answers.
    answer = await nats.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=_TIMEOUT_S)
    try:
        stamp = str(json.loads(answer.data)["ts"]).removesuffix("Z")[:_MAX_DIGITS]
        return datetime.fromisoformat(f"{stamp}+00:00").timestamp()
    except ValueError, KeyError, TypeError:
        raise NatsError("the answer has no time") from None


class NatsClockCheck:
    """Comparison of two clocks. `difference_s` is the time of NATS minus this machine's time.

    `ask` returns the time of NATS in Unix seconds.
    """

    def __init__(self, ask: Callable[[], Awaitable[float]]) -> None:
        self.difference_s = 0.0
        self._ask = ask
        self._looked_at = -inf
        # First and last time of NATS at which the clocks differed. Messages that NATS has stamped
        # between these times may have a wrong time, also when the clocks agree again: NATS may have
        # another leader, whose clock is right.
        self._first, self._last = inf, -inf
        self._newest = -inf

    @property
    def do_agree(self) -> bool:
        """Return whether the clocks agreed at the last look."""
        return abs(self.difference_s) <= MAX_DIFFERENCE_S

    def note_arrival(self, arrived: float) -> None:
        """Record the time at which NATS has stored a message (Unix seconds)."""
        self._newest = max(self._newest, arrived)

    async def compare_clocks(self) -> None:
        """Compare the clocks. Raises the errors of `ask`."""
        asked_at = time.time()
        there = await self._ask()
        self._looked_at = time.monotonic()
        self.difference_s = there - (asked_at + time.time()) / 2
        if self.do_agree:
            return
        begin = there - CLOCKS_INTERVAL_S
        is_new = begin > self._last + MAX_DIFFERENCE_S
        self._first = begin if is_new else min(self._first, begin)
        self._last = max(self._last, there)

    async def may_be_wrong(self, arrived: float) -> bool:
        """Return whether the time `arrived`, at which NATS has stored a message, may be wrong.

        Compare the clocks first, unless they were compared just now: a node with a wrong clock has
        perhaps become the leader. Raises the errors of `ask`.
        """
        # The messages of a stream are stamped in order. So a time far before an earlier message's
        # time shows that another leader's clock differs, also if nobody has looked since.
        if arrived < self._newest - MAX_DIFFERENCE_S:
            return True
        if time.monotonic() - self._looked_at > _MAX_LOOK_AGE_S:
            await self.compare_clocks()
        margin = 2 * CLOCKS_INTERVAL_S
        return not self.do_agree or self._first - margin <= arrived <= self._last + margin
