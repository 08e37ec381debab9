"""Supervision of listeners and tasks: an unexpected error costs only the part that raised it."""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from .connection_outage import Backoff

LOGGER = logging.getLogger(__name__)

_FIRST_DELAY_S = 1.0
_MAX_DELAY_S = 60.0


class FaultLog:
    """Log of unexpected errors of a meter, port or program.

    For each part and class of error, the first error is logged with its traceback. Of the later
    ones, the 10th, 100th and so on are logged with their number, all others at level DEBUG.
    """

    def __init__(self, name: str, *, hides_texts: bool = False) -> None:
        """Set the name that begins each line. With `hides_texts`, no text of an error is logged."""
        self._name = name
        self._hides_texts = hides_texts
        self._counts = Counter[tuple[str, type[Exception]]]()

    def note_fault(self, part: str, error: Exception, then: str = "all else goes on") -> None:
        """Count an error of `part`, such as a listener or a task, and log it.

        `then` says in the log what happens next.
        """
        kind = part, type(error)
        self._counts[kind] += 1
        count = self._counts[kind]
        names = self._name, part, type(error).__name__
        if count > 1:
            # A number that consists of a 1 and zeros.
            level = logging.ERROR if str(count).rstrip("0") == "1" else logging.DEBUG
            LOGGER.log(level, "%s: error in %s (%s), %d times; %s", *names, count, then)
        elif self._hides_texts:
            places = "".join(traceback.format_tb(error.__traceback__))
            LOGGER.error("%s: error in %s (%s); %s. Place:\n%s", *names, then, places)
        else:
            LOGGER.error("%s: error in %s (%s); %s", *names, then, exc_info=error)

    def call[*Args, R](self, work: Callable[[*Args], R], *args: *Args) -> R | None:
        """Return the result of `work`. If it raises an exception, log it, and return None."""
        try:
            return work(*args)
        except Exception as err:  # noqa: BLE001 - the caller must go on after any error
            self.note_fault(name_of(work), err)
            return None

    async def attempt[*Args, R](
        self, work: Callable[[*Args], Awaitable[R]], *args: *Args
    ) -> R | None:
        """Await the result of `work`. If it raises an exception, log it, and return None."""
        try:
            return await work(*args)
        except Exception as err:  # noqa: BLE001 - the caller must go on after any error
            self.note_fault(name_of(work), err)
            return None

    async def until_done(
        self,
        part: str,
        work: Callable[[], Awaitable[None]],
        *,
        first: float = _FIRST_DELAY_S,
        longest: float = _MAX_DELAY_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Call `work` until it returns.

        Each exception is counted and logged. Then `work` is called again, after `first` seconds.
        The delay doubles after each exception, up to `longest` seconds. It begins anew if `work`
        has run for longer than that. `pause` sleeps for the delay in seconds.
        """
        backoff, clock = Backoff(first, longest), asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await work()
            except Exception as err:  # noqa: BLE001 - the task must go on after any error
                self.note_fault(part, err, "it is tried again")
            else:
                return
            if clock() - began > longest:
                backoff.reset()
            await pause(backoff.next_delay())


def name_of(work: Callable[..., object]) -> str:
    """Return the name of a function or method in the program."""
    inner = work.func if isinstance(work, partial) else work
    return getattr(inner, "__qualname__", type(inner).__name__)


class Listeners[*Args]:
    """Listeners that are called one after the other. A failing listener does not stop the others.

    The arguments are the arguments of each call.
    """

    def __init__(self, faults: FaultLog) -> None:
        self._faults = faults
        self._listeners: list[Callable[[*Args], object]] = []

    def add(self, listener: Callable[[*Args], object]) -> Callable[[], None]:
        """Add a listener. Return a callback that removes the listener."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def call(self, *args: *Args) -> None:
        """Call all listeners."""
        for listener in tuple(self._listeners):
            self._faults.call(listener, *args)
