"""The meters of a partition: each message to a verified telegram, or to why it is none.

What becomes of a message depends only on those before it in the stream, so that whoever reads the
partition again comes to the same.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping

from smarty_p1.p1 import (
    MAX_FRAME_SIZE,
    Decoder,
    Frame,
    FrameSplitter,
    Reason,
    Rejection,
    Telegram,
    key_fingerprint,
)
from smarty_p1_gateway import Keys

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
        self._decoders: OrderedDict[bytes, Decoder] = OrderedDict()
        self._titles_with_keys: dict[bytes, bytes] = {}

    def title_with_key(self, title: bytes) -> bytes:
        """Return by what the counter of a meter with a telegram is kept."""
        return self._titles_with_keys[title]

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
        decoder: Decoder | str | None = self._decoders.get(frame.system_title)
        if decoder is None:
            # In another partition its counter is not known.
            if partition_of(title, self._partitions) != self._partition:
                return WRONG_SUBJECT
            decoder = self._make_decoder(frame.system_title)
        if isinstance(decoder, str):
            return decoder
        return self._decode(frame, decoder)

    def _decode(self, frame: Frame, decoder: Decoder) -> Telegram | str:
        title = frame.system_title
        events = decoder.feed(frame.data)
        for event in events:
            # Ciphertext may look like another frame within, which is rejected beside it.
            if isinstance(event, Telegram) and _is_of(event, frame):
                self.counters[self.title_with_key(title)] = frame.frame_counter
                self._keep(title, decoder)
                return event
        reason = MALFORMED
        if len(events) == 1 and isinstance(events[0], Rejection):
            reason = events[0].reason.value
        if reason == REPLAY:
            self._keep(title, decoder)
        else:
            # Nothing of it may be left in the buffer, before the next one.
            self._decoders.pop(title, None)
        return reason

    def _keep(self, title: bytes, decoder: Decoder) -> None:
        if title in self._decoders:
            self._decoders.move_to_end(title)
            return
        if len(self._decoders) >= self._most_decoders:
            self._decoders.popitem(last=False)
        self._decoders[title] = decoder

    def _make_decoder(self, title: bytes) -> Decoder | str:
        keys = self._keys.of(title)
        if keys is None:
            self._on_unknown(title)
            return NO_KEY
        # With a new key, a meter may count anew.
        fingerprint = bytes.fromhex(key_fingerprint(keys.encryption))
        self._titles_with_keys[title] = title + fingerprint
        counter = self.counters.get(title + fingerprint)
        if counter is None and len(self.counters) >= MOST_METERS:
            return TOO_MANY_METERS
        last = {} if counter is None else {title: counter}
        return Decoder(keys.encryption, keys.authentication, last_counters=last)


def _is_of(telegram: Telegram, frame: Frame) -> bool:
    return (telegram.system_title, telegram.frame_counter) == (
        frame.system_title,
        frame.frame_counter,
    )
