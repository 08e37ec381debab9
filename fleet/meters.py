"""The meters of a partition: each message to a verified telegram, or to why it is none.

What becomes of a message depends only on those before it in the stream, so that whoever reads the
partition again comes to the same.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from smarty_p1_gateway import Keys
from smartyp1.p1 import (
    MAX_FRAME_SIZE,
    Decoder,
    Frame,
    FrameSplitter,
    Reason,
    Rejection,
    Telegram,
    key_fingerprint,
)

from .partition_state import MOST_METERS
from .subjects import partition_of

LOGGER = logging.getLogger(__name__)

MALFORMED = Reason.MALFORMED.value
REPLAY = Reason.REPLAY.value
WRONG_SUBJECT = "wrong_subject"
NO_KEY = "no_key"
TOO_MANY_METERS = "too_many_meters"


class UnknownMeters:
    """Says once of each meter that there is no key for it."""

    _MOST_NAMED = 1000

    def __init__(self) -> None:
        self._named: set[bytes] = set()

    def note(self, title: bytes) -> None:
        """Log a meter, unless it was, or there are too many."""
        if title in self._named or len(self._named) >= self._MOST_NAMED:
            return
        self._named.add(title)
        LOGGER.warning("There is no key for the meter %s", title.hex().upper())


class _Opened(NamedTuple):
    """A decoder, and by what the counter of its meter is kept."""

    decoder: Decoder
    title_with_key: bytes


class Meters:
    """Decodes the messages of one partition, with a bounded number of decoders kept warm."""

    def __init__(  # noqa: PLR0913
        self,
        partition: int,
        partitions: int,
        keys: Keys,
        counters: Mapping[bytes, int],
        *,
        most_decoders: int,
        on_unknown: Callable[[bytes], None],
    ) -> None:
        """Go on from the last frame counters: see PartitionState."""
        self.counters = dict(counters)
        self._partition = partition
        self._partitions = partitions
        self._keys = keys
        self._most_decoders = most_decoders
        self._on_unknown = on_unknown
        self._opened: OrderedDict[bytes, _Opened] = OrderedDict()

    def title_with_key(self, title: bytes) -> bytes:
        """Return by what the counter of a meter is kept whose telegram was just judged."""
        return self._opened[title].title_with_key

    def judge(self, subject: str, data: bytes) -> Telegram | str:
        """Return the telegram in a message, or the reason why there is none."""
        # The whole message must be one frame: what is left over would wait for the next one.
        found = FrameSplitter().feed(data) if len(data) <= MAX_FRAME_SIZE else ()
        frame = next((one for one in found if len(one.data) == len(data)), None)
        if frame is None:
            return MALFORMED
        title = frame.system_title.hex().upper()
        if not subject.endswith(f".{title}"):
            return WRONG_SUBJECT
        opened: _Opened | str | None = self._opened.get(frame.system_title)
        if opened is None:
            # In another partition its counter is not known.
            if partition_of(title, self._partitions) != self._partition:
                return WRONG_SUBJECT
            opened = self._open(frame.system_title)
        if isinstance(opened, str):
            return opened
        return self._decode(frame, opened)

    def _decode(self, frame: Frame, opened: _Opened) -> Telegram | str:
        title = frame.system_title
        events = opened.decoder.feed(frame.data)
        for event in events:
            # Ciphertext may look like another frame within, which is rejected beside it.
            if isinstance(event, Telegram) and _is_of(event, frame):
                self.counters[opened.title_with_key] = frame.frame_counter
                self._keep(title, opened)
                return event
        reason = MALFORMED
        if len(events) == 1 and isinstance(events[0], Rejection):
            reason = events[0].reason.value
        if reason == REPLAY:
            self._keep(title, opened)
        else:
            # Nothing of it may be left in the buffer, before the next one.
            self._opened.pop(title, None)
        return reason

    def _keep(self, title: bytes, opened: _Opened) -> None:
        if title in self._opened:
            self._opened.move_to_end(title)
            return
        if len(self._opened) >= self._most_decoders:
            self._opened.popitem(last=False)
        self._opened[title] = opened

    def _open(self, title: bytes) -> _Opened | str:
        keys = self._keys.of(title)
        if keys is None:
            self._on_unknown(title)
            return NO_KEY
        # With a new key, a meter may count anew.
        title_with_key = title + bytes.fromhex(key_fingerprint(keys.encryption))
        counter = self.counters.get(title_with_key)
        if counter is None and len(self.counters) >= MOST_METERS:
            return TOO_MANY_METERS
        last = {} if counter is None else {title: counter}
        decoder = Decoder(keys.encryption, keys.authentication, last_counters=last)
        return _Opened(decoder, title_with_key)


def _is_of(telegram: Telegram, frame: Frame) -> bool:
    return (telegram.system_title, telegram.frame_counter) == (
        frame.system_title,
        frame.frame_counter,
    )
