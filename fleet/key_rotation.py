"""Which of a meter's two keys is the new one, and until when the old one counts. No I/O, no clock.

What counts are the arrivals in the stream, so that whoever reads it again comes to the same.
"""

import math
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

OLD_KEY = "old_key"
# So long the new one has to verify: frames under the old one may still wait at a gateway.
_OVERLAP = 3600


class Rotation(NamedTuple):
    """When the first telegram under a new key arrived (Unix seconds); `is_done`: an hour ago."""

    since: int
    is_done: bool


class KeyRotations:
    """The new keys of a partition's meters, by title and fingerprint as counters are kept.

    `changed` are those of them that others must know.
    """

    def __init__(
        self, known: Mapping[bytes, Rotation], *, seen: Container[bytes] | None = None
    ) -> None:
        """Go on from what is known; where all that was `seen` is known, nothing changes."""
        self.changed: dict[bytes, Rotation] = {}
        self._known = dict(known)
        self._seen = seen

    def judge(
        self,
        title_with_key: bytes,
        lines: Sequence[bytes],
        counters: Container[bytes],
        arrived: float,
    ) -> str | None:
        """Return why a verified telegram under one of two keys is refused, None if it is not.

        `lines` are both, as the file has them; `counters`: under which there were telegrams.
        """
        seen = counters if self._seen is None else self._seen
        new = max(enumerate(lines), key=lambda line: (self._age(line[1], seen), line[0]))[1]
        rotation = self._known.get(new)
        is_late = rotation is not None and arrived >= rotation.since + _OVERLAP
        if title_with_key != new:
            return OLD_KEY if rotation is not None and rotation.is_done and is_late else None
        if self._seen is not None:
            return None
        if rotation is None:
            self._keep(new, Rotation(int(arrived), is_done=False))
        elif is_late and not rotation.is_done:
            self._keep(new, rotation._replace(is_done=True))
        return None

    def _age(self, title_with_key: bytes, seen: Container[bytes]) -> float:
        """Return what is higher for the newer key; the second line counts where it is the same."""
        if title_with_key not in seen:
            return math.inf
        rotation = self._known.get(title_with_key)
        return rotation.since if rotation else 0.0

    def _keep(self, title_with_key: bytes, rotation: Rotation) -> None:
        self._known[title_with_key] = self.changed[title_with_key] = rotation
