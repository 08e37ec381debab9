"""Fair queue: users take turns with work that is done one piece at a time."""

from collections.abc import Hashable


class BusyError(Exception):
    """Error: the user already waits for the maximum of work."""


class Turns[User: Hashable, Work: Hashable]:
    """Queue of work with a line for every user, served in turns.

    If two users wait for the same work, the work is done once, at the earlier turn.
    """

    def __init__(self) -> None:
        # For every user and work: the number of `wait` calls that are still open.
        self._lines: dict[User, dict[Work, int]] = {}
        self._served: dict[User, int] = {}
        self._turn = 0

    def wait(self, user: User, work: Work, max_waiting: int) -> None:
        """Append work to a user's line; work that is already in the line keeps its place.

        Raises BusyError when the line already holds `max_waiting` other pieces of work.
        """
        line = self._lines.get(user, {})
        if work not in line and len(line) >= max_waiting:
            raise BusyError
        self._lines[user] = {**line, work: line.get(work, 0) + 1}

    def leave(self, user: User, work: Work) -> None:
        """Undo one `wait` of a user, unless the work has been taken."""
        count = self._lines.get(user, {}).get(work, 0)
        if count > 1:
            self._lines[user][work] = count - 1
        elif count:
            self._remove(user, work)

    def take(self) -> Work | None:
        """Return the next work and remove it from all lines. Return None without waiting users.

        The next work is the oldest of the user whose last turn was the longest ago.
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
