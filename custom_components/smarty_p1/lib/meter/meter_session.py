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

from ..clock_verdict import MAX_DEVIATION, ClockVerdict
from ..history.market_prices import NO_PRICES, MarketPrices
from ..p1.decoder import LineDecoder
from ..p1.frame_decryptor import FrameDecryptor
from ..p1.line_report import LineReport
from ..p1.rejection_reasons import Reason, Rejection
from ..p1.telegram import Telegram
from .key_proof import KeyProof, Moment
from .meter_identity import WhichMeter
from .meter_memory import MeterMemory
from .meter_reader import MeterReader, Reading, Reception
from .object_count_and_rate_limits import Limits, shown_name

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
    contradict the known deviation of the meter's clock (`meter_clock.py`). All frames are added to
    `report`.
    """

    def __init__(
        self,
        which_meter: WhichMeter,
        *,
        limits: Limits | None = None,
        prices: Callable[[Telegram], MarketPrices] = lambda _telegram: NO_PRICES,
        may_be_late: bool = False,
        report: LineReport | None = None,
    ) -> None:
        self._decoder = LineDecoder(which_meter.decryptor_of, which_meter.title)
        self._decoder.report = report
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
        """Return the counts of telegrams at this port. Its counters go on counting."""
        reader = self._reader
        return Reception(
            telegrams=self._telegrams,
            rejections=self._rejections,
            other_meters=self._other_meters,
            ignored=(reader or self).limits.ignored,
            repeated_objects=self._repeated_objects,
            totals_held_back=reader.memory.totals.falls if reader else Counter(),
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
                    proof[0].note_rejection(event, proof[1], Moment(now, clock))
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
        verdict = self._judge_clock(telegram.time, now, reader.memory)
        prices = self._prices(telegram) if verdict.is_current else NO_PRICES
        reading = reader.read_telegram(telegram, now, prices, verdict)
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

    def _judge_clock(
        self, time: datetime | None, now: datetime, memory: MeterMemory
    ) -> ClockVerdict:
        """Return the verdict on the time of a telegram, and learn the deviation of the clock."""
        if time is None:
            return ClockVerdict(may_be_late=self._may_be_late)
        ahead = time - now
        if not self._may_be_late:
            is_current = memory.clock.note_time(time, now)
            if is_current:
                memory.clock_deviation = ahead
            return ClockVerdict(ahead, is_current)
        # No telegram is sent in the future. If the telegram's corrected time lies in the future,
        # the stored deviation is wrong. Either the user confirmed the deviation while the telegrams
        # were late, or the clock was set.
        known = memory.clock_deviation
        if known is not None and ahead - known > MAX_DEVIATION:
            known = memory.clock_deviation = None
        # A clock with an unknown deviation counts as exact.
        is_current = (known or timedelta()) - ahead <= MAX_DEVIATION
        if is_current:
            memory.clock_lag.note_times(now.timestamp(), time.timestamp())
        lag = memory.clock_lag.seconds(None if known is None else -known.total_seconds())
        delay = max(timedelta(), -ahead - timedelta(seconds=lag))
        return ClockVerdict(ahead, is_current, may_be_late=True, delay=delay)

    def _other(self, telegram: Telegram) -> OtherMeter:
        name = telegram.serial_number and shown_name(telegram.serial_number)
        is_new = name not in self._other_meters
        is_too_much = is_new and name and len(self._other_meters) >= _MAX_OTHER_METERS
        self._other_meters[_FURTHER_METERS if is_too_much else name] += 1
        return OtherMeter(telegram.serial_number, name, telegram.system_title)
