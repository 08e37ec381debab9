"""Fair queue of work for many users, and the bytes that each user may receive."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil

from .connection_outage import Budget


@dataclass(eq=False)
class BusyError(Exception):
    """Error for a user who asks for too much at once."""

    retry_after_s: int | None = None
    """Whole seconds after which to ask again. None means a few seconds."""


class FairQueue[User: Hashable, Work: Hashable]:
    """Queue with a waiting line for each user. The users take turns.

    If several users wait for the same work, `take_work` returns it only once, at the turn of the
    first of these users. Work is in progress from its `take_work` until the next one.
    """

    def __init__(self) -> None:
        # For each user and each waiting work: the number of `wait` calls minus the number of
        # `leave` calls.
        self._lines: dict[User, dict[Work, int]] = {}
        # For each user: the same number for all work, with the work in progress.
        self._askers: Counter[User] = Counter()
        self._in_progress: Work | None = None
        self._served_together: set[User] = set()
        self._served: dict[User, int] = {}
        self._turn = 0

    def wait(self, user: User, work: Work, max_waiting: int) -> None:
        """Append `work` to the line of `user`. Work that is already in the line keeps its place.

        Work that is in progress is not appended, but `user` waits for it, too. Raises BusyError if
        the user already waits `max_waiting` times, also if all wait for the same work. If the user
        waited in line for the work in progress, one of these times does not count: it soon ends.
        """
        ending = int(user in self._served_together)
        if self._askers[user] - ending >= max_waiting:
            raise BusyError
        self._askers[user] += 1
        if work != self._in_progress:
            line = self._lines.setdefault(user, {})
            line[work] = line.get(work, 0) + 1

    def leave(self, user: User, work: Work) -> None:
        """Undo one `wait` call of `user` for `work`. Call this also after the end of the work."""
        if self._askers[user] > 1:
            self._askers[user] -= 1
        else:
            del self._askers[user]
        count = self._lines.get(user, {}).get(work, 0)
        if count > 1:
            self._lines[user][work] = count - 1
        elif count:
            self._remove(user, work)

    def take_work(self) -> Work | None:
        """Return the next work, and remove it from all lines. Return None if no user waits.

        The user whose last turn was the longest ago is next. Return the oldest work of this user.
        """
        self._in_progress = None
        self._served_together = set()
        if not self._lines:
            return None
        user = min(self._lines, key=lambda candidate: self._served.get(candidate, 0))
        self._turn += 1
        self._served[user] = self._turn
        work = self._in_progress = next(iter(self._lines[user]))
        self._served_together = {other for other, line in self._lines.items() if work in line}
        for other in self._served_together:
            self._remove(other, work)
        return work

    def _remove(self, user: User, work: Work) -> None:
        del self._lines[user][work]
        if not self._lines[user]:
            del self._lines[user]


class Allowances[User: Hashable]:
    """Bytes that each user may receive: `burst` bytes at once, and `rate` bytes a second later on.

    The parameter `at` is the current time in seconds.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._budgets: dict[User, Budget] = {}

    def spend(self, user: User, size: int, at: float) -> None:
        """Subtract `size` bytes from the allowance of `user`.

        An answer that is larger than the whole allowance needs the whole allowance. Raises
        BusyError, and subtracts nothing, if fewer bytes are left.
        """
        # A full budget is like a new one. So keep only the others.
        self._budgets = {
            other: budget
            for other, budget in self._budgets.items()
            if budget.left(at) < self._burst
        }
        budget = self._budgets.get(user) or Budget(self._rate, self._burst, at)
        missing = min(size, self._burst) - budget.left(at)
        if missing > 0:
            raise BusyError(1 + ceil(missing / self._rate))
        budget.spend(size)
        self._budgets[user] = budget
