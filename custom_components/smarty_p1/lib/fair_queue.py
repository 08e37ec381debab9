"""Fair queue: it hands out one piece of work at a time, and its users take turns."""

from collections.abc import Hashable


class BusyError(Exception):
    """Error for a user who already waits for `max_waiting` pieces of work."""


class Turns[User: Hashable, Work: Hashable]:
    """Queue with a waiting line for each user. The users take turns.

    If several users wait for the same work, `take` returns it only once, at the turn of the first
    of these users.
    """

    def __init__(self) -> None:
        # For each user and each waiting work: the number of `wait` calls minus the number of
        # `leave` calls.
        self._lines: dict[User, dict[Work, int]] = {}
        self._served: dict[User, int] = {}
        self._turn = 0

    def wait(self, user: User, work: Work, max_waiting: int) -> None:
        """Append `work` to the line of `user`. Work that is already in the line keeps its place.

        Raises BusyError for new work if the line already has `max_waiting` pieces of work.
        """
        line = self._lines.get(user, {})
        if work not in line and len(line) >= max_waiting:
            raise BusyError
        self._lines[user] = {**line, work: line.get(work, 0) + 1}

    def leave(self, user: User, work: Work) -> None:
        """Undo one `wait` call of `user` for `work`.

        Do nothing if `take` has already returned the work.
        """
        count = self._lines.get(user, {}).get(work, 0)
        if count > 1:
            self._lines[user][work] = count - 1
        elif count:
            self._remove(user, work)

    def take(self) -> Work | None:
        """Return the next work, and remove it from all lines. Return None if no user waits.

        The user whose last turn was the longest ago is next. Return the oldest work of this user.
        """
        if not self._lines:
            return None
        user = min(self._lines, key=lambda candidate: self._served.get(candidate, 0))
        self._turn += 1
        self._served[user] = self._turn
        work = next(iter(self._lines[user]))
        for other in [other for other, line in self._lines.items() if work in line]:
            self._remove(other, work)
        return work

    def _remove(self, user: User, work: Work) -> None:
        del self._lines[user][work]
        if not self._lines[user]:
            del self._lines[user]
