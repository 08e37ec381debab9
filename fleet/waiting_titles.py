"""The titles whose frames nobody could verify yet: where in the stream they begin. No I/O.

There may come a key for them. Then they are read again from there, in their order, before what
comes meanwhile counts; what this has come to is kept with the partition's state.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from smarty_p1_gateway import Keys, MeterKeys
from smartyp1.p1 import Reason, key_fingerprint

from .key_rotation import OLD_KEY

NO_KEY = "no_key"
PASSED_OVER = frozenset((NO_KEY, Reason.TAG.value, Reason.AUTHENTICATION_KEY.value, OLD_KEY))
MOST_WAITING = 256
# After so long a silence, a title waits no more.
_LONGEST = 86_400
_MAKER_SIZE = 3


class Waiting(NamedTuple):
    """Frames of a title, from the sequence `first` to `last`, which arrived at `arrived` (Unix s).

    `frames` is how many were passed over, `tried` what tells the keys under which none is true.
    """

    first: int
    last: int
    frames: int
    arrived: int
    tried: str


class _ReadAgain:
    """How far a title was read again, and what of that must go on to wait."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.mark: int | None = None
        self.count = 0


class WaitingTitles:
    """Those of a partition, a bounded number."""

    def __init__(self, known: Mapping[bytes, Waiting], keys: Keys) -> None:
        """Go on with those of a state."""
        self._keys = keys
        self._known = dict(known)
        self._again: dict[bytes, _ReadAgain] = {}
        self._state: Mapping[bytes, Waiting] | None = known
        self.use(keys)

    @property
    def state(self) -> Mapping[bytes, Waiting]:
        """Return what is to be kept of them."""
        if self._state is None:
            self._state = dict(self._known)
        return self._state

    @property
    def frames(self) -> int:
        """Return how many frames wait."""
        return sum(waiting.frames for waiting in self._known.values())

    def use(self, keys: Keys) -> list[bytes]:
        """Take other keys; return the titles that are to be read again because of them."""
        self._keys = keys
        added = []
        for title in list(self._known):
            own = keys.all_of(title)
            if title in self._again:
                del self._again[title]
                # Of what came meanwhile, nothing was tried with any key.
                self._keep(title, self._known[title]._replace(tried=""))
            waiting = self._known[title]
            if own and _tried(own) != waiting.tried:
                self._again[title] = _ReadAgain(waiting.first)
                added.append(title)
        return added

    def next_again(self) -> tuple[bytes, int, int] | None:
        """Return a title that is read again: where that goes on, and where it ends."""
        for title, again in self._again.items():
            return title, again.position, self._known[title].last
        return None

    def is_read_again(self, title: bytes) -> bool:
        """Return whether a title's frames are to be left for when it is read again."""
        return title in self._again

    def leave(self, title: bytes, sequence: int, arrived: float) -> None:
        """Leave a frame for later."""
        waiting = self._known[title]
        self._keep(
            title, waiting._replace(last=sequence, frames=waiting.frames + 1, arrived=int(arrived))
        )

    def pass_over(self, title: bytes, sequence: int, arrived: float) -> None:
        """Note a frame that could not be verified, in the order of the stream."""
        if again := self._again.get(title):
            again.mark = sequence if again.mark is None else again.mark
            again.count += 1
            return
        if not title[:_MAKER_SIZE].isalpha():
            return
        tried = _tried(self._keys.all_of(title))
        waiting = self._known.get(title)
        if waiting is None:
            if not self._has_room():
                return
            waiting = Waiting(sequence, sequence, 0, 0, tried)
        self._keep(title, Waiting(waiting.first, sequence, waiting.frames + 1, int(arrived), tried))

    def note_verified(self, title: bytes) -> None:
        """Forget what could not be verified: the meter's frames can."""
        if again := self._again.get(title):
            again.mark, again.count = None, 0
        elif title in self._known:
            del self._known[title]
            self._state = None

    def note_read(self, title: bytes, sequences: Iterable[int], *, is_whole: bool) -> None:
        """Note frames that were read again and judged; `is_whole`: there are no more of them."""
        again, waiting = self._again[title], self._known[title]
        for sequence in sequences:
            again.position = sequence + 1
        if not is_whole:
            first = again.position if again.mark is None else again.mark
            self._keep(title, waiting._replace(first=first))
            return
        del self._again[title], self._known[title]
        self._state = None
        if again.mark is not None:
            tried = _tried(self._keys.all_of(title))
            self._keep(title, waiting._replace(first=again.mark, frames=again.count, tried=tried))

    def expire(self, now: float) -> None:
        """Forget what has not been heard of for a day at a moment of the stream (Unix seconds)."""
        for title in [
            one for one, waiting in self._known.items() if waiting.arrived < now - _LONGEST
        ]:
            if title not in self._again:
                del self._known[title]
                self._state = None

    def _keep(self, title: bytes, waiting: Waiting) -> None:
        self._known[title] = waiting
        self._state = None

    def _has_room(self) -> bool:
        """Let the one go, if one must, that is the least likely to be a meter.

        That is the oldest of those with the fewest frames, and without a key before others: whoever
        makes up titles would have to send several frames of each.
        """
        if len(self._known) < MOST_WAITING:
            return True
        others = self._known.keys() - self._again.keys()
        if others:
            del self._known[min(others, key=self._worth)]
        return bool(others)

    def _worth(self, title: bytes) -> tuple[bool, int, int]:
        waiting = self._known[title]
        return bool(waiting.tried), waiting.frames, waiting.arrived


def _tried(keys: Sequence[MeterKeys]) -> str:
    """Return what tells the keys of a meter from others, in whichever order; "" without any."""
    prints = sorted(
        key_fingerprint(each.encryption) + key_fingerprint(each.authentication) for each in keys
    )
    return hashlib.sha256("".join(prints).encode()).hexdigest()[:8] if prints else ""
