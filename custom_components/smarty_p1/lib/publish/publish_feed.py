"""Feed of the messages about a meter.

It decides when a message is due, and sends nothing itself.
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from ..meter.meter_reader import Reading, Reception
from ..min_interval import MinInterval
from .mqtt_messages import Message, MeterMessages
from .publish_format import REPEAT_EVERY_S


class PublishFeed:
    """Feed of the messages that are due: the meter's availability, and its newest reading.

    A reading is due every `interval` seconds, and at once if it has a new message of the grid
    operator. Every `repeat_every` seconds (0: with every reading), all values are sent, even
    unchanged ones, for subscribers that missed a message. A newer reading replaces a reading that
    could not be sent, so no queue grows. `wake` is called when messages can be due. While `is_held`
    is True, the only message of the feed is that the meter is offline.
    """

    def __init__(
        self,
        messages: MeterMessages,
        interval: float,
        wake: Callable[[], None],
        reception: Callable[[], Reception],
        repeat_every: float = REPEAT_EVERY_S,
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
        """Return whether the meter is to be announced as online."""
        return self._is_online and not self.is_held

    def on_reading(self, reading: Reading) -> None:
        """Take a new reading.

        The reading becomes due now if the interval is over, if it ends an outage, or if it has a
        new message of the grid operator. If the interval ends within half a second, the reading
        becomes due then. Otherwise it is dropped.
        """
        self._latest = reading
        is_urgent = not self._is_online or self._messages.has_news(reading)
        if not self._is_online:
            self._is_online = True
            self._wake()
        self._turns.offer(partial(self._offer, reading), is_urgent=is_urgent)

    def _offer(self, reading: Reading) -> None:
        self._waiting = reading
        self._wake()

    def on_stale(self) -> None:
        """Make the meter's offline message due, because readings no longer come."""
        self._turns.cancel()
        self._waiting = None
        if self._is_online:
            self._is_online = False
            self._wake()

    def on_connected(self) -> None:
        """Make all messages due again, because a broker that was restarted retains nothing."""
        self._messages.begin_anew()
        self._waiting = self._latest if self._is_online else None
        self._wake()

    def repeat_values(self) -> None:
        """Send all values with the next reading, because another program wrote to their topics."""
        self._messages.repeat_values()

    def claim(self) -> Reading | None:
        """Return the reading that is due, or None. After this call, no reading is due."""
        reading, self._waiting = self._waiting, None
        return reading

    def put_back(self, reading: Reading) -> None:
        """Undo `claim`: make `reading` due again, unless a newer reading is due."""
        if self._waiting is None and self._is_online:
            self._waiting = reading
            self._wake()

    def take_messages(self, reading: Reading | None) -> Iterator[Message]:
        """Yield the availability message if it is due, and then the messages about `reading`.

        `reading` is the result of `claim`. A message counts as sent when the caller requests the
        next message. So a caller that cannot send a message must stop the iteration.
        """
        yield from self._messages.availability(is_online=self.is_online)
        if reading is not None and not self.is_held:
            now = self._loop.time()
            if now >= self._repeat_at:
                self._repeat_at = now + self._repeat_every
                self._messages.repeat_values()
            yield from self._messages.reading(reading, self._reception())

    def take_outdated(self) -> set[str]:
        """Return topics with retained messages of earlier runs that are no longer used, once."""
        outdated, self._messages.outdated = self._messages.outdated, set()
        return outdated

    def close(self) -> None:
        """Cancel the reading that waits for the end of the interval."""
        self._turns.cancel()
