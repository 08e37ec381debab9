"""Counters of rejected messages, by meter and reason, for a bounded number of meters."""

from collections import Counter as Counts

from prometheus_client import Counter

from .frame_verifier import MALFORMED, NO_KEY, WRONG_SUBJECT

# Label for frames that arrive after a newer frame of the same meter. Such frames are stored, too.
EARLIER = "earlier"
_OTHER = "other"
# A frame that is rejected for these reasons can come from anybody, because it needs no key. So an
# attacker could invent any number of system titles.
_OF_ANYBODY = frozenset({MALFORMED, NO_KEY, WRONG_SUBJECT})
_MAX_UNKNOWN_TITLES = 200
_MAX_METERS = 1_000


class MeterRejections:
    """Counters of rejected messages, by system title and reason.

    When too many titles are counted, further titles are counted as `other`.
    """

    def __init__(self, counter: Counter, earlier: Counter) -> None:
        """Take the two counters of rejected messages.

        `counter` has the labels `title` and `reason`, and `earlier` has the label `title`.
        """
        self._counter = counter
        self._earlier = earlier
        self._of_anybody: set[tuple[str, str]] = set()
        self._of_meters: set[tuple[str, str]] = set()

    def count(self, rejected: Counts[tuple[str, str]]) -> None:
        """Add numbers of rejected messages to the counters.

        `rejected` has the numbers by system title and reason. The reason EARLIER is counted by a
        separate counter.
        """
        for (title, reason), number in rejected.items():
            shown = title if title and self._is_shown(title, reason) else _OTHER
            if reason == EARLIER:
                self._earlier.labels(shown).inc(number)
            else:
                self._counter.labels(shown, reason).inc(number)

    def _is_shown(self, title: str, reason: str) -> bool:
        is_anybodys = reason in _OF_ANYBODY
        pairs = self._of_anybody if is_anybodys else self._of_meters
        if len(pairs) < (_MAX_UNKNOWN_TITLES if is_anybodys else _MAX_METERS):
            pairs.add((title, reason))
        return (title, reason) in pairs
