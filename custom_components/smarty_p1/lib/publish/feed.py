"""What is told of a meter, and when. Whoever sends the messages only sends them."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from ..meter import Reading, Reception
from ..min_interval import MinInterval
from .messages import Message, MeterMessages
from .publish_format import REPEAT_EVERY


class PublishFeed:
    """Keeps what is to be told next: whether the meter is read, and its newest reading.

    Readings have a turn every `interval` seconds; texts, which could be gone by then, have one at
    once. Every `repeat_every` seconds, one is told with all its values, for those who came later or
    missed a message; 0 has that done each time. Nothing queues: a reading that could not be sent
    makes room for the next one. `wake` is called when there may be something to take. While the
    feed `is_held`, nothing is told but that the meter is not read.
    """

    def __init__(
        self,
        messages: MeterMessages,
        interval: float,
        wake: Callable[[], None],
        reception: Callable[[], Reception],
        repeat_every: float = REPEAT_EVERY,
    ) -> None:
        self.is_held = False
        self._is_online = False
        self._messages = messages
        self._loop = asyncio.get_running_loop()
        self._turns = MinInterval(self._loop, interval)
        self._repeat_every = repeat_every
        self._repeat_at = self._loop.time()
        self._wake = wake
        self._reception = reception
        self._latest: Reading | None = None
        self._waiting: Reading | None = None

    @property
    def is_online(self) -> bool:
        """Return whether the meter is told to be read."""
        return self._is_online and not self.is_held

    def on_reading(self, reading: Reading) -> None:
        """Tell a reading, now or at its turn."""
        self._latest = reading
        if not self._is_online:
            self._is_online = True
            self._wake()
        has_news = self._messages.has_news(reading)
        self._turns.offer(partial(self._offer, reading), is_urgent=has_news)

    def _offer(self, reading: Reading) -> None:
        self._waiting = reading
        self._wake()

    def on_stale(self) -> None:
        """Tell that no readings come any more."""
        self._turns.cancel()
        self._waiting = None
        if self._is_online:
            self._is_online = False
            self._wake()

    def on_connected(self) -> None:
        """Tell everything again: a broker that was restarted may keep nothing."""
        self._messages.begin_anew()
        self._waiting = self._latest if self._is_online else None
        self._wake()

    def repeat_values(self) -> None:
        """Tell all values with the next reading: somebody else has said something there."""
        self._messages.repeat_values()

    def claim(self) -> Reading | None:
        """Return the reading that is due, if there is one: newer ones wait for the next time."""
        reading, self._waiting = self._waiting, None
        return reading

    def put_back(self, reading: Reading) -> None:
        """Have a reading that was claimed told the next time, unless there is a newer one."""
        if self._waiting is None and self._is_online:
            self._waiting = reading
            self._wake()

    def take(self, reading: Reading | None) -> Iterator[Message]:
        """Yield the messages that are due; whoever cannot send one asks for no more."""
        yield from self._messages.availability(is_online=self.is_online)
        if reading is not None and not self.is_held:
            self._turns.restart()
            now = self._loop.time()
            if now >= self._repeat_at:
                self._repeat_at = now + self._repeat_every
                self._messages.repeat_values()
            yield from self._messages.reading(reading, self._reception())

    def close(self) -> None:
        """Offer nothing more."""
        self._turns.cancel()
