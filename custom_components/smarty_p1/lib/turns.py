"""Turns of users who wait for work that is done one at a time."""

from collections.abc import Hashable


class BusyError(Exception):
    """A user waits for as much as one may wait for."""


class Turns[User: Hashable, Work: Hashable]:
    """The work that users wait for: a line for each of them, and the order of their turns.

    Two users may wait for the same work. It is done once, at the turn of the first of them.
    """

    def __init__(self) -> None:
        # How often each user waits for each work.
        self._lines: dict[User, dict[Work, int]] = {}
        self._served: dict[User, int] = {}
        self._turn = 0

    def wait(self, user: User, work: Work, most: int) -> None:
        """Put work at the end of a user's line; work that is in it already stays where it is.

        Raises BusyError when the user waits for so much other work already.
        """
        line = self._lines.get(user, {})
        if work not in line and len(line) >= most:
            raise BusyError
        self._lines[user] = {**line, work: line.get(work, 0) + 1}

    def leave(self, user: User, work: Work) -> None:
        """Take back one `wait` of a user, unless the work has been taken."""
        count = self._lines.get(user, {}).get(work, 0)
        if count > 1:
            self._lines[user][work] = count - 1
        elif count:
            self._remove(user, work)

    def take(self) -> Work | None:
        """Return the next work and remove it from all lines; None when nobody waits.

        It is the oldest one of the user whose last turn was the longest ago.
        """
        if not self._lines:
            return None
        user = min(self._lines, key=lambda each: self._served.get(each, 0))
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
