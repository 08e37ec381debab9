"""The meters of a partition: each message to a verified telegram, or to why it is none.

What becomes of a message depends only on those before it in the stream, so that whoever reads the
partition again comes to the same.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping

from smarty_p1_gateway import Keys
from smartyp1.p1 import Opener, Reason, Rejection, Telegram, key_fingerprint, read_frame

from .key_rotation import KeyRotations
from .partition_state import MOST_METERS
from .subjects import partition_of
from .waiting_titles import NO_KEY

LOGGER = logging.getLogger(__name__)

MALFORMED = Reason.MALFORMED.value
WRONG_SUBJECT = "wrong_subject"
TOO_MANY_METERS = "too_many_meters"
_NOT_VERIFIED = {Reason.TAG, Reason.AUTHENTICATION_KEY}


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
        rotations: KeyRotations,
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
        self._rotations = rotations
        # The one under which the last telegram was comes first.
        self._openers: OrderedDict[bytes, tuple[Opener, ...]] = OrderedDict()

    def use(self, keys: Keys) -> None:
        """Take other keys, and forget what opens the frames of meters that have others now."""
        for title in list(self._openers):
            if self._keys.all_of(title) != keys.all_of(title):
                del self._openers[title]
        self._keys = keys

    def title_with_key(self, title: bytes) -> bytes:
        """Return by what the counter of a meter is kept whose telegram was just judged."""
        return _title_with_key(title, self._openers[title][0])

    def judge(self, subject: str, data: bytes, arrived: float) -> Telegram | str:
        """Return the telegram in a message, or the reason why there is none.

        `arrived` is when the stream got it (Unix seconds).
        """
        frame = read_frame(data)
        if frame is None:
            return MALFORMED
        title = frame.system_title
        digits = title.hex().upper()
        if not subject.endswith(f".{digits}"):
            return WRONG_SUBJECT
        openers: tuple[Opener, ...] | str | None = self._openers.get(title)
        if openers is None:
            # In another partition its counter is not known.
            if partition_of(digits, self._partitions) != self._partition:
                return WRONG_SUBJECT
            openers = self._open(title)
        if isinstance(openers, str):
            return openers
        event = openers[0].open(data)
        if len(openers) > 1 and not _is_verified(event):
            other = openers[1].open(data)
            if _is_verified(other):
                openers, event = openers[::-1], other
        return self._count(title, openers, event, arrived)

    def _count(
        self,
        title: bytes,
        openers: tuple[Opener, ...],
        event: Telegram | Rejection,
        arrived: float,
    ) -> Telegram | str:
        """Return what becomes of what the first of a meter's openers made of a message."""
        if isinstance(event, Telegram) and (reason := self._judge_key(title, openers, arrived)):
            # As with what is no telegram: it was counted here, and is not to count.
            self._openers.pop(title, None)
            return reason
        if isinstance(event, Telegram):
            self.counters[_title_with_key(title, openers[0])] = event.frame_counter or 0
        elif event.reason is Reason.MALFORMED:
            # It was counted here, and would not be by whoever begins behind it.
            self._openers.pop(title, None)
        if isinstance(event, Telegram) or event.reason is Reason.REPLAY:
            self._keep(title, openers)
        return event.reason.value if isinstance(event, Rejection) else event

    def _judge_key(self, title: bytes, openers: tuple[Opener, ...], arrived: float) -> str | None:
        """Return why a telegram under the first of these keys is refused, None if it is not."""
        if len(openers) == 1:
            return None
        lines = [
            title + bytes.fromhex(key_fingerprint(keys.encryption))
            for keys in self._keys.all_of(title)
        ]
        current = _title_with_key(title, openers[0])
        return self._rotations.judge(current, lines, self.counters, arrived)

    def _keep(self, title: bytes, openers: tuple[Opener, ...]) -> None:
        self._openers[title] = openers
        self._openers.move_to_end(title)
        if len(self._openers) > self._most_openers:
            self._openers.popitem(last=False)

    def _open(self, title: bytes) -> tuple[Opener, ...] | str:
        lines = self._keys.all_of(title)
        if not lines:
            self._warnings.warn("There is no key for the meter %s", title)
            return NO_KEY
        openers = []
        for keys in lines:
            opener = Opener(keys.encryption, keys.authentication)
            counter = self.counters.get(_title_with_key(title, opener))
            if counter is not None:
                opener.last_counters[title] = counter
            elif len(self.counters) >= MOST_METERS:
                continue
            openers.append(opener)
        return tuple(openers) or TOO_MANY_METERS


def _is_verified(event: Telegram | Rejection) -> bool:
    return isinstance(event, Telegram) or event.reason not in _NOT_VERIFIED


def _title_with_key(title: bytes, opener: Opener) -> bytes:
    # With a new key, a meter may count anew.
    return title + bytes.fromhex(opener.fingerprint)
