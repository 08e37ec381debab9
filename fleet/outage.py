"""One line in the log when something is lost, one when it is back, and longer and longer delays."""

import asyncio
import logging
from random import uniform

from nats.errors import Error as NatsError

LOGGER = logging.getLogger(__name__)
_FIRST_DELAY = 0.2
# What comes meanwhile is late by as much.
_LONGEST_DELAY = 2.0


class ToldError(Exception):
    """What went wrong; the log has its text."""


class Outage:
    """Whether something is lost at the moment."""

    def __init__(self, what: str) -> None:
        """Name what may be lost, as the log says it."""
        self._what = what
        self._delay = 0.0

    def note(self, error: BaseException) -> None:
        """Note that it failed; what the system or HTTP says of it may have an address in it."""
        if not self._delay:
            text = str(error) if isinstance(error, (NatsError, ToldError)) else ""
            reason = "".join(sign if sign.isprintable() else " " for sign in text[:200])
            reason = reason or type(error).__name__
            LOGGER.warning("%s failed (%s), and is tried again", self._what, reason)
            self._delay = _FIRST_DELAY

    async def wait(self) -> None:
        """Wait before the next try."""
        await asyncio.sleep(self._delay * uniform(0.7, 1.3))  # noqa: S311 - no secret
        self._delay = min(2 * self._delay, _LONGEST_DELAY)

    def end(self) -> None:
        """Note that it works."""
        if self._delay:
            LOGGER.warning("%s works again", self._what)
            self._delay = 0.0
