"""Which meters' messages were rejected, and why: counted for a bounded number of meters."""

from collections import Counter as Counts

from prometheus_client import Counter

from .frame_verifier import MALFORMED, NO_KEY, WRONG_SUBJECT

# Stored, but a later frame of its meter came before: a backlog, or a replay.
EARLIER = "earlier"
_OTHER = "other"
# Whoever may publish any title can make up more of these than there are meters.
_OF_ANYBODY = frozenset({MALFORMED, NO_KEY, WRONG_SUBJECT})
_MAX_UNKNOWN_TITLES = 200
_MAX_METERS = 1_000


class MeterRejections:
    """Counts by system title and reason; what is beyond the bounds is counted as `other`."""

    def __init__(self, counter: Counter, earlier: Counter) -> None:
        """Count with the labels `title` and `reason`; frames that came `earlier` with `title`."""
        self._counter = counter
        self._earlier = earlier
        self._of_anybody: set[tuple[str, str]] = set()
        self._of_meters: set[tuple[str, str]] = set()

    def count(self, rejected: Counts[tuple[str, str]]) -> None:
        """Count messages by their title and why they are rejected."""
        for (title, reason), number in rejected.items():
            shown = title if title and self._is_shown(title, reason) else _OTHER
            if reason == EARLIER:
                self._earlier.labels(shown).inc(number)
            else:
                self._counter.labels(shown, reason).inc(number)

    def _is_shown(self, title: str, reason: str) -> bool:
        is_anybodys = reason in _OF_ANYBODY
        known = self._of_anybody if is_anybodys else self._of_meters
        if len(known) < (_MAX_UNKNOWN_TITLES if is_anybodys else _MAX_METERS):
            known.add((title, reason))
        return (title, reason) in known
