"""Session of one port: it makes the readings of the port's meter from the received bytes.

    session = MeterSession(NamedMeter(serial_number, MeterReader(memory), FrameDecryptor(key)))
    for event in session.feed(data, datetime.now(UTC), time.monotonic()):
        if isinstance(event, Reading): ...

The module does no I/O and has no clock: the caller passes the times.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..history.market_prices import NO_PRICES, MarketPrices
from ..p1.decoder import LineDecoder
from ..p1.frame_decryptor import FrameDecryptor
from ..p1.rejection_reasons import Reason, Rejection
from ..p1.telegram import Telegram
from .key_proof import KeyProof, Moment
from .meter_identity import WhichMeter
from .meter_reader import MeterReader, Reading, Reception
from .object_count_and_rate_limits import Limits, shown_name

MAX_AGE = timedelta(minutes=5)
"""Maximum age of a current telegram. Long enough for meter clocks with an unknown deviation."""


def is_recent(time: datetime, now: datetime, clock_deviation: timedelta | None) -> bool:
    """Return whether a telegram with the time `time` is at most MAX_AGE old at `now`.

    `clock_deviation` is the time by which the meter's clock is ahead. If it is None, the clock
    counts as exact.
    """
    return now - (time - (clock_deviation or timedelta())) <= MAX_AGE


# Maximum number of other meters that are counted by name. All further meters are counted together,
# because an attacker could forge any number of names.
_MAX_OTHER_METERS = 16
_FURTHER_METERS = "further meters"
# Maximum number of repeated objects that are counted by reference.
_MAX_REPEATED_OBJECTS = 64


@dataclass(frozen=True, slots=True)
class OtherMeter:
    """Rejected telegram: it is not from the port's meter, or it has a wrong serial number.

    `serial_number` is the text in the telegram. `name` is the same text without unsafe characters.
    """

    serial_number: str | None
    name: str | None
    system_title: bytes | None


type Rejected = Rejection | OtherMeter


class MeterSession:
    """Session that makes readings from the bytes of one port.

    `prices` returns the market prices at the time of a telegram. `limits` restricts the rate of
    plain telegrams. With `may_be_late`, telegrams can come late, so the time in a telegram tells
    its age. Without it, telegrams come directly from the meter. They are current unless they
    contradict the known deviation of the meter's clock (`meter_clock.py`).
    """

    def __init__(
        self,
        which_meter: WhichMeter,
        *,
        limits: Limits | None = None,
        prices: Callable[[Telegram], MarketPrices] = lambda _telegram: NO_PRICES,
        may_be_late: bool = False,
    ) -> None:
        self._decoder = LineDecoder(which_meter.decryptor_of, which_meter.title)
        self._which_meter = which_meter
        self.limits = limits or Limits()
        self._prices = prices
        self._may_be_late = may_be_late
        self._reader: MeterReader | None = None
        self._telegrams = 0
        self._rejections: Counter[Reason] = Counter()
        self._other_meters: Counter[str | None] = Counter()
        self._repeated_objects: Counter[str] = Counter()

    @property
    def reception(self) -> Reception:
        """Return the counts of accepted and rejected telegrams at this port."""
        reader = self._reader
        return Reception(
            telegrams=self._telegrams,
            rejections=self._rejections.copy(),
            other_meters=self._other_meters.copy(),
            ignored=(reader or self).limits.ignored.copy(),
            repeated_objects=self._repeated_objects.copy(),
            totals_held_back=reader.memory.totals.falls.copy() if reader else Counter(),
        )

    def feed(self, data: bytes, now: datetime, clock: float) -> Iterator[Reading | Rejected]:
        """Yield the readings and rejections that `data` completes.

        `now` is the time of reception. `clock` is the same moment in seconds of a monotonic clock.
        The rate limit for plain telegrams and the proof of the keys need `clock`.
        """
        for event in self._decoder.feed(data):
            if isinstance(event, Rejection):
                self._rejections[event.reason] += 1
                if proof := self._proof_of(event.system_title):
                    proof[0].note(event, proof[1], Moment(now, clock))
                yield event
            elif judged := self._judge(event, now, clock):
                yield judged

    def are_keys_proved(self, rejection: Rejection, now: datetime, clock: float) -> bool:
        """Return whether the keys were right for the rejected frame's meter in the last 24 hours.

        `now` and `clock` are the time of reception, as for `feed`.
        Then a frame that the keys do not verify was altered on the way, or the meter has new keys.
        """
        proof = self._proof_of(rejection.system_title)
        return proof is not None and proof[0].covers(rejection, proof[1], Moment(now, clock))

    def _proof_of(self, title: bytes | None) -> tuple[KeyProof, FrameDecryptor] | None:
        """Return the proof of the keys of a meter, and the decryptor with its present keys."""
        decryptor_of = self._which_meter.decryptor_of
        if title is None or decryptor_of is None:
            return None
        memory, decryptor = self._which_meter.memory_of(title), decryptor_of(title)
        if memory is None or decryptor is None:
            return None
        return memory.key_proof, decryptor

    def _judge(
        self, telegram: Telegram, now: datetime, clock: float
    ) -> Reading | OtherMeter | None:
        if not self.limits.has_turn(telegram, clock):
            return None
        reader = self._which_meter.reader_of(telegram)
        if reader is None:
            return self._other(telegram)
        telegram = reader.with_known_hour(telegram, now)
        is_current = self._is_current(telegram, now, reader)
        prices = self._prices(telegram) if is_current else NO_PRICES
        reading = reader.read(telegram, now, prices, is_current=is_current)
        # Count the telegram only after it was read. A telegram that raised an error must not count.
        self._reader = reader
        reader.memory.last_telegram = now
        if proof := self._proof_of(telegram.system_title):
            proof[0].accept(telegram, proof[1], Moment(now, clock))
        self._telegrams += 1
        for reference in telegram.repeated:
            is_counted = reference in self._repeated_objects
            if is_counted or len(self._repeated_objects) < _MAX_REPEATED_OBJECTS:
                self._repeated_objects[reference] += 1
        return reading

    def _is_current(self, telegram: Telegram, now: datetime, reader: MeterReader) -> bool:
        if telegram.time is None:
            return True
        if not self._may_be_late:
            if not reader.memory.clock.is_current(telegram.time, now):
                return False
            reader.memory.clock_deviation = telegram.time - now
            return True
        deviation = reader.memory.clock_deviation
        # No telegram is sent in the future. If the telegram's corrected time lies in the future,
        # the stored deviation is wrong. Either the user confirmed the deviation while the telegrams
        # were late, or the clock was set.
        if deviation is not None and telegram.time - deviation - now > MAX_AGE:
            deviation = reader.memory.clock_deviation = None
        return is_recent(telegram.time, now, deviation)

    def _other(self, telegram: Telegram) -> OtherMeter:
        name = telegram.serial_number and shown_name(telegram.serial_number)
        is_new = name not in self._other_meters
        is_too_much = is_new and name and len(self._other_meters) >= _MAX_OTHER_METERS
        self._other_meters[_FURTHER_METERS if is_too_much else name] += 1
        return OtherMeter(telegram.serial_number, name, telegram.system_title)
