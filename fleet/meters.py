"""The meters of a partition: each message to a verified telegram, or to why it is none.

What becomes of a message depends only on those before it in the stream, so that whoever reads the
partition again comes to the same.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping

from smarty_p1_gateway import Keys
from smartyp1.p1 import Opener, Reason, Rejection, Telegram, read_frame

from .partition_state import MOST_METERS
from .subjects import partition_of

LOGGER = logging.getLogger(__name__)

MALFORMED = Reason.MALFORMED.value
WRONG_SUBJECT = "wrong_subject"
NO_KEY = "no_key"
TOO_MANY_METERS = "too_many_meters"


class MeterWarnings:
    """Says of each meter once what is wrong with it."""

    _MOST_SAID = 1000

    def __init__(self) -> None:
        self._said: set[tuple[str, bytes]] = set()

    def warn(self, text: str, title: bytes, *more: object) -> None:
        """Log a text with a meter, unless it was, or there are too many."""
        if (text, title) in self._said or len(self._said) >= self._MOST_SAID:
            return
        self._said.add((text, title))
        LOGGER.warning(text, title.hex().upper(), *more)


class Meters:
    """Opens the messages of one partition, with a bounded number of openers kept warm."""

    def __init__(  # noqa: PLR0913
        self,
        partition: int,
        partitions: int,
        keys: Keys,
        counters: Mapping[bytes, int],
        *,
        most_openers: int,
        warnings: MeterWarnings,
    ) -> None:
        """Go on from the last frame counters: see PartitionState."""
        self.counters = dict(counters)
        self._partition = partition
        self._partitions = partitions
        self._keys = keys
        self._most_openers = most_openers
        self._warnings = warnings
        self._openers: OrderedDict[bytes, Opener] = OrderedDict()

    def title_with_key(self, title: bytes) -> bytes:
        """Return by what the counter of a meter is kept whose telegram was just judged."""
        return _title_with_key(title, self._openers[title])

    def judge(self, subject: str, data: bytes) -> Telegram | str:
        """Return the telegram in a message, or the reason why there is none."""
        frame = read_frame(data)
        if frame is None:
            return MALFORMED
        title = frame.system_title
        digits = title.hex().upper()
        if not subject.endswith(f".{digits}"):
            return WRONG_SUBJECT
        opener: Opener | str | None = self._openers.get(title)
        if opener is None:
            # In another partition its counter is not known.
            if partition_of(digits, self._partitions) != self._partition:
                return WRONG_SUBJECT
            opener = self._open(title)
        if isinstance(opener, str):
            return opener
        event = opener.open(data)
        if isinstance(event, Telegram):
            self.counters[_title_with_key(title, opener)] = frame.frame_counter
        elif event.reason is Reason.MALFORMED:
            # It was counted here, and would not be by whoever begins behind it.
            self._openers.pop(title, None)
        if isinstance(event, Telegram) or event.reason is Reason.REPLAY:
            self._keep(title, opener)
        return event.reason.value if isinstance(event, Rejection) else event

    def _keep(self, title: bytes, opener: Opener) -> None:
        self._openers[title] = opener
        self._openers.move_to_end(title)
        if len(self._openers) > self._most_openers:
            self._openers.popitem(last=False)

    def _open(self, title: bytes) -> Opener | str:
        keys = self._keys.of(title)
        if keys is None:
            self._warnings.warn("There is no key for the meter %s", title)
            return NO_KEY
        opener = Opener(keys.encryption, keys.authentication)
        counter = self.counters.get(_title_with_key(title, opener))
        if counter is not None:
            opener.last_counters[title] = counter
        elif len(self.counters) >= MOST_METERS:
            return TOO_MANY_METERS
        return opener


def _title_with_key(title: bytes, opener: Opener) -> bytes:
    # With a new key, a meter may count anew.
    return title + bytes.fromhex(opener.fingerprint)
