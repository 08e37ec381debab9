"""From the bytes of a port to the readings of its meter: whoever has the key trusts nobody else.

All bytes go to the decoder of the port's meter, whatever else is on the line. Which meter that is,
the first telegram says, and it is remembered. Another one takes its place after three telegrams of
its own in a row: it was exchanged. It is looked for only while the port has no meter yet, or frames
come that are said to be another one's.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from smartyp1.meter import Reading, Reception, shown_name
from smartyp1.p1 import (
    Decoder,
    Event,
    Frame,
    FrameSplitter,
    Reason,
    Rejection,
    Telegram,
    key_fingerprint,
)

from .keys import Keys
from .meters import Meter, Meters

LOGGER = logging.getLogger(__name__)

OTHER_METER = "other_meter"
# So many telegrams or frames of another meter, and none of this one between them.
_ENOUGH = 3
_MOST_DECODERS = 4
_MOST_NAMES = 16
_NO_KEY = "%s: there is no key for the meter %s"
_WRONG_KEY = "%s: the key of the meter %s does not fit its frames"
_BAD_KEYS = (Reason.TAG, Reason.AUTHENTICATION_KEY)


class _Opened(NamedTuple):
    """A decoder, and what tells its key apart."""

    decoder: Decoder
    fingerprint: str


class PortDecoder:
    """Decodes what one port sends.

    `on_reading` is called with the meter and its reading, `on_rejection` with a reason.
    """

    def __init__(
        self,
        label: str,
        keys: Keys,
        meters: Meters,
        on_reading: Callable[[Meter, Reading], None],
        on_rejection: Callable[[str], None],
    ) -> None:
        self._label = label
        self._keys = keys
        self._meters = meters
        self._on_reading = on_reading
        self._on_rejection = on_rejection
        self._title: bytes | None = None
        self._own: _Opened | None = None
        # It has accepted a telegram, so it sees all that is on the line.
        self._is_proven = False
        self._search: FrameSplitter | None = FrameSplitter()
        # While there is no meter yet: it finds the plain telegrams, which are refused.
        self._plain: Decoder | None = Decoder(None)
        # What the search tries, by system title; the one used least recently goes first.
        self._tried: dict[bytes, _Opened] = {}
        self._other_title = b""
        self._others = 0
        self._failing_title = b""
        self._failures = 0
        self._has_warned_of_key = False
        self._telegrams = 0
        self._rejections: Counter[Reason] = Counter()
        self._other_meters: Counter[str | None] = Counter()

    def restore(self, title: bytes) -> None:
        """Begin with the meter of an earlier run."""
        self._adopt(title)
        if self._own is None:
            return  # its key is gone, so the search must tell what is on the line
        self._is_proven = True
        self._search = None
        counter = self._meters.of(title).last_counter(self._own.fingerprint)
        self._own.decoder.last_counters = {} if counter is None else {title: counter}

    def reception(self, meter: Meter) -> Reception:
        """Return how telegrams have been received at this port until now."""
        return Reception(
            telegrams=self._telegrams,
            rejections=self._rejections.copy(),
            other_meters=self._other_meters.copy(),
            ignored=meter.limits.ignored.copy(),
            totals_held_back=meter.totals.falls.copy(),
        )

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        # First: it may end a frame that began before the own decoder did.
        if self._search:
            for frame in self._search.feed(data):
                self._try(frame)
        if self._plain:
            for event in self._plain.feed(data):
                if isinstance(event, Telegram):
                    self._reject(Rejection(Reason.DOWNGRADE))
        if own := self._own:
            for event in own.decoder.feed(data):
                if self._judge(event, own):
                    self._is_proven = True
                    self._search = None
                    self._tried.clear()

    def _open(self, title: bytes) -> _Opened | None:
        """Return a decoder for the frames of a meter, None without its key."""
        keys = self._keys.of(title)
        if keys is None:
            return None
        fingerprint = key_fingerprint(keys.encryption)
        return _Opened(Decoder(keys.encryption, keys.authentication), fingerprint)

    def _adopt(self, title: bytes) -> None:
        """Take a meter, which was verified, for the port's."""
        self._title = title
        self._is_proven = False
        self._own = self._open(title)
        self._plain = None if self._own else Decoder(None)

    def _try(self, frame: Frame) -> None:
        """Find out whether a frame is one of a meter whose key there is."""
        title = frame.system_title
        if title == self._title and self._is_proven:
            return  # it is judged already
        opened = self._tried.pop(title, None) or self._open(title)
        if opened is None:
            self._reject(Rejection(Reason.KEY_MISSING, frame.frame_counter, title))
            if frame.is_expected:
                self._warn_of_key(_NO_KEY, title)
            return
        self._tried[title] = opened
        while len(self._tried) > _MOST_DECODERS:
            del self._tried[next(iter(self._tried))]
        for event in opened.decoder.feed(frame.data):
            self._judge(event, opened)

    def _judge(self, event: Event, opened: _Opened) -> bool:
        """Return whether it is the last telegram of the port's meter, by its own decoder."""
        if isinstance(event, Telegram):
            return self._on_telegram(event, opened)
        self._reject(event)
        if event.reason in _BAD_KEYS and event.system_title:
            self._look_at(event.system_title, opened)
        return False

    def _reject(self, rejection: Rejection) -> None:
        self._rejections[rejection.reason] += 1
        self._on_rejection(rejection.reason)

    def _look_at(self, title: bytes, opened: _Opened) -> None:
        """Find out why frames do not verify: the wrong key, or another meter."""
        # Noise never has the same title twice.
        self._failures = self._failures + 1 if title == self._failing_title else 1
        self._failing_title = title
        if self._failures < _ENOUGH:
            return
        if title == self._title or not self._own:
            self._warn_of_key(_WRONG_KEY, title)
        elif self._search is None:
            keys = self._keys.of(title)
            if keys is None:
                self._warn_of_key(_NO_KEY, title)
            elif key_fingerprint(keys.encryption) != opened.fingerprint:
                self._search = FrameSplitter()

    def _warn_of_key(self, text: str, title: bytes) -> None:
        if not self._has_warned_of_key:
            self._has_warned_of_key = True
            LOGGER.warning(text, self._label, title.hex().upper())

    def _on_telegram(self, telegram: Telegram, opened: _Opened) -> bool:
        title, counter = telegram.system_title, telegram.frame_counter
        if title is None or counter is None:
            return False  # plain: a decoder with a key lets none pass
        if self._keys.of(title) is None:
            # Sealed with the key of another meter, which is that one's alone.
            self._reject(Rejection(Reason.KEY_MISSING, counter, title))
            return False
        meter = self._meters.of(title)
        if not meter.accepts(opened.fingerprint, counter):
            if opened is self._own and title == self._title and not self._is_proven:
                return counter == meter.last_counter(opened.fingerprint)  # the search had it
            self._reject(Rejection(Reason.REPLAY, counter, title))
            return False
        if self._title not in (None, title) and not self._takes_over(telegram, title):
            return False
        if self._title != title:
            LOGGER.info("%s: the meter is %s", self._label, title.hex().upper())
            self._adopt(title)
        self._others = self._failures = 0
        self._has_warned_of_key = False
        self._telegrams += 1
        self._on_reading(meter, meter.read(telegram, datetime.now(UTC)))
        return opened is self._own

    def _takes_over(self, telegram: Telegram, title: bytes) -> bool:
        """Return whether another meter has sent often enough to be the port's."""
        self._others = self._others + 1 if title == self._other_title else 1
        self._other_title = title
        if self._others >= _ENOUGH:
            return True
        name = telegram.serial_number and shown_name(telegram.serial_number)
        if name in self._other_meters or len(self._other_meters) < _MOST_NAMES:
            self._other_meters[name] += 1
        self._on_rejection(OTHER_METER)
        return False
