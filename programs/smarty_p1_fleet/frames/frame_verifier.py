"""Verification of messages. Each message gives a telegram, or a reason for its rejection."""

import logging
from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from nats.errors import Error as NatsError

from smarty_p1_fleet.jetstream_objects import title_of
from smarty_p1_fleet.meter_names import MeterNames
from smarty_p1_fleet.meter_object_limits import MeterObjectLimits
from smarty_p1_fleet.store.stored_counters import StoredCounters
from smarty_p1_gateway import Keys, UnavailableError
from smarty_p1_gateway.log_once import LogOnce
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.frame_header import read_frame, title_text
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram
from smartyp1.problem import Problem

from .frame_message import FrameMessage
from .frame_order import CLOCK, NewestFrames, Order, TitleWithKey
from .nats_clock_check import NatsClockCheck
from .reread_bookmarks import EARLY, KEY, NOW, OTHER_NAME, is_of_maker

LOGGER = logging.getLogger(__name__)

TELEGRAM = "telegram"
MALFORMED = Reason.MALFORMED.value
FAILED = "failed"
NO_KEY = "no_key"
NO_TIME = "no_time"
CLOCKS_DIFFER = "clocks_differ"
TOO_EARLY = "too_early"
TOO_OLD = "too_old"
WRONG_SUBJECT = "wrong_subject"
# Reasons for which a rejected frame waits for a new key, because a new key can perhaps decrypt the
# frame. An altered frame does not wait: its key is known.
WAITING = frozenset((NO_KEY, Reason.TAG.value, Reason.AUTHENTICATION_KEY.value))
# Maximum number of seconds by which a telegram's time may be later than its arrival. If a meter's
# clock was ahead and is corrected, its telegrams are refused until the clock reaches the last
# accepted time. With this limit, the last accepted time is at most an hour ahead. So telegrams are
# refused for at most an hour.
_MAX_AHEAD_S = 3600
_MAX_AGE_S = 366 * 86400
# A frame that arrives in the stream at most this number of seconds after its time counts as fresh.
# A fresh frame is compared with the frames in VictoriaMetrics only when it is reprocessed, and not
# when it is received.
_MAX_FRESH_S = 60
_DAY_S = 86400
_REFUSED = "A message of the meter %s is refused"
_TEXTS = {
    NO_KEY: "There is no key for the meter %s",
    Reason.TAG.value: "No key opens a frame of the meter %s",
    Reason.ALTERED.value: "The key of the meter %s fits, but bytes of a frame were altered or cut "
    "on the way to its gateway",
    NO_TIME: "A telegram of the meter %s has no time: it is refused",
    CLOCKS_DIFFER: "A telegram of the meter %s is early for the clock of NATS, which differs from "
    "this machine's clock: the telegram waits until the clocks agree",
    CLOCK: "The clock or frame counter of the meter %s was put back: a telegram is refused",
}
# Maximum number of decryptors in memory. A decryptor keeps the layout of its meter's telegrams.
# Meters of one model share a part of it, so 60,000 decryptors take about 600 MB.
_MAX_DECRYPTORS = 60_000
# Reasons why a frame is not verified, the most informative first.
_NOT_VERIFIED = (Reason.ALTERED, Reason.AUTHENTICATION_KEY, Reason.TAG)


class Verdict(NamedTuple):
    """Verdict on a message. `outcome` is TELEGRAM or the reason of the rejection.

    `title` is the system title in the subject, `key` the fingerprint of the key that decrypted the
    telegram. `is_newest` is True if the telegram has the highest frame counter of its meter so far.
    If the frame must be read again later, `why` says when (see `reread_bookmarks`). A late telegram
    must be read again if it was not compared with the stored telegrams, because VictoriaMetrics was
    asked too often for its meter.
    """

    outcome: str
    title: bytes | None = None
    telegram: Telegram | None = None
    key: str = ""
    is_newest: bool = False
    why: str = ""


class FrameVerifier:
    """Verifier of messages. The frames of a meter can come in any order.

    With `is_reader`, the verifier is for frames that are reprocessed. It compares each of these
    frames with the frames in VictoriaMetrics. Without `is_reader`, it compares a frame only if the
    frame is late, and if the meter's frames in memory do not show the order of the frame. For each
    meter, the number of these comparisons is limited, because a flood of replays from one meter
    would delay all meters.
    """

    def __init__(  # noqa: PLR0913
        self,
        keys: Keys,
        names: MeterNames,
        limits: MeterObjectLimits,
        log: LogOnce,
        stored: StoredCounters,
        *,
        clocks: NatsClockCheck,
        is_reader: bool,
    ) -> None:
        self._newest = NewestFrames(-inf if is_reader else inf)
        self._stored = stored
        self._clocks = clocks
        self._is_reader = is_reader
        self._keys = keys
        self._names = names
        self._limits = limits
        self._log = log
        # For each meter: its decryptors. The decryptor of the meter's last telegram comes first,
        # because it probably fits the meter's next telegram, too.
        self._decryptors: dict[bytes, tuple[FrameDecryptor, ...]] = {}

    async def begin(self, now: float) -> None:
        """Read the frame counters of the 24 hours before `now` (Unix seconds).

        Raises UnavailableError.
        """
        self._note(await self._stored.all(now))
        self._newest.known_since = now - _DAY_S

    async def catch_up(self, seconds: float) -> None:
        """Read the frame counters that other collectors have stored in the last `seconds`.

        Raises UnavailableError.
        """
        self._note(await self._stored.recent(seconds))

    def _note(self, counters: Mapping[TitleWithKey, tuple[int, float]]) -> None:
        for title_with_key, (counter, time) in counters.items():
            self._newest.begin(title_with_key, counter, time)

    def use(self, keys: Keys) -> None:
        """Replace the keys. Drop the decryptors of the meters whose keys have changed."""
        self._names.drop()
        for title in list(self._decryptors):
            if self._keys.all_of(title) != keys.all_of(title):
                del self._decryptors[title]
        self._keys = keys

    async def verify(self, message: FrameMessage) -> Verdict:
        """Return the verdict on a message. Raises NATS's errors and UnavailableError.

        If the verification fails for any other reason, log the error, and return the outcome
        FAILED.
        """
        if not self._is_reader:
            self._clocks.note_arrival(message.arrived)
        try:
            verdict = await self._verify_message(message)
        except NatsError, OSError, TimeoutError, UnavailableError:
            raise
        except Exception:
            # Reject the message. Otherwise, NATS would deliver it again for ever.
            LOGGER.exception("A message at %s cannot be verified", message.sequence)
            return Verdict(FAILED)
        if verdict.telegram is None and verdict.outcome != Problem.OTHER_METER:
            text = _TEXTS.get(verdict.outcome, f"{_REFUSED} ({verdict.outcome})")
            self._log.warn(text, title_text(verdict.title))
        return verdict

    async def _verify_message(self, message: FrameMessage) -> Verdict:
        title = title_of(message.subject)
        frame = read_frame(message.data)
        if title is None or (frame is not None and frame.system_title != title):
            return Verdict(WRONG_SUBJECT, title)
        if frame is None:
            return Verdict(MALFORMED, title)
        decryptors = self._decryptors_of(title)
        if not decryptors:
            return _not_opened(NO_KEY, title)
        decryptor, event = _open(decryptors, frame.data)
        if isinstance(event, Rejection):
            return _not_opened(event.reason.value, title)
        if decryptor is not decryptors[0]:
            self._decryptors[title] = (
                decryptor,
                *(candidate for candidate in decryptors if candidate is not decryptor),
            )
        return await self._verify_telegram(title, event, decryptor.fingerprint, message)

    async def _verify_telegram(
        self, title: bytes, telegram: Telegram, key: str, message: FrameMessage
    ) -> Verdict:
        sent, arrived = telegram.time, message.arrived
        if sent is None:
            return Verdict(NO_TIME, title)
        if telegram.is_hour_open:
            counter = telegram.frame_counter or 0
            sent = self._newest.in_order((title, key), counter, sent, arrived)
            telegram = telegram.at(sent)
        if telegram.is_capture_hour_open:
            telegram = telegram.with_known_captures(sent)
        time = sent.timestamp()
        if not arrived - _MAX_AGE_S <= time <= max(arrived, message.latest) + _MAX_AHEAD_S:
            return await self._out_of_time(title, time, arrived)
        if not await self._names.may_write(telegram):
            return Verdict(Problem.OTHER_METER.value, title, why=OTHER_NAME)
        order = await self._order((title, key), telegram.frame_counter or 0, time, arrived)
        if order is Order.REFUSED:
            return Verdict(CLOCK, title)
        bounded = self._limits.apply(telegram)
        why = NOW if order is Order.UNKNOWN else ""
        return Verdict(TELEGRAM, title, bounded, key, order is Order.NEWEST, why)

    async def _out_of_time(self, title: bytes, time: float, arrived: float) -> Verdict:
        """Return the verdict on a telegram whose time does not fit its arrival."""
        if time < arrived:
            return Verdict(TOO_OLD, title)
        # A frame that is read again is compared with the present time of this machine, too.
        if (
            not self._clocks.do_agree
            if self._is_reader
            else await self._clocks.may_be_wrong(arrived)
        ):
            return Verdict(CLOCKS_DIFFER, title, why=EARLY)
        return Verdict(TOO_EARLY, title)

    async def _order(
        self, title_with_key: TitleWithKey, counter: int, time: float, arrived: float
    ) -> Order:
        """Return the order of a frame. If memory does not show the order, ask VictoriaMetrics.

        Return UNKNOWN if VictoriaMetrics was asked too often for the meter.
        """
        if self._is_reader and not await self._stored.fits(title_with_key, counter, time):
            return Order.REFUSED
        is_fresh = arrived - time <= _MAX_FRESH_S
        order = self._newest.order_of(title_with_key, counter, time, is_asked=is_fresh)
        if order is Order.UNKNOWN:
            if newest := await self._stored.newest(title_with_key):
                self._newest.begin(title_with_key, *newest)
            order = self._newest.order_of(title_with_key, counter, time, is_asked=True)
        if order is Order.OLD and not is_fresh:
            is_right = await self._stored.fits(
                title_with_key, counter, time, is_limited=not self._is_reader
            )
            if is_right is None:
                return Order.UNKNOWN
            return Order.EARLIER if is_right else Order.REFUSED
        return order

    def _decryptors_of(self, title: bytes) -> tuple[FrameDecryptor, ...]:
        decryptors = self._decryptors.get(title)
        if decryptors is None:
            decryptors = tuple(
                FrameDecryptor(keys.encryption, keys.authentication)
                for keys in self._keys.all_of(title)
            )
            if not decryptors:
                return ()
            if len(self._decryptors) >= _MAX_DECRYPTORS:
                # Meters send in turn. If the oldest entry were dropped, each frame of all meters
                # would need a new decryptor, which costs ten times as much. So drop the newest
                # entry: only the meters beyond the maximum then need new decryptors.
                self._decryptors.popitem()
            self._decryptors[title] = decryptors
        return decryptors


def _not_opened(reason: str, title: bytes) -> Verdict:
    """Return the verdict on a frame that no key has decrypted, for `reason`."""
    return Verdict(reason, title, why=KEY if reason in WAITING and is_of_maker(title) else "")


def _open(
    decryptors: tuple[FrameDecryptor, ...], data: bytes
) -> tuple[FrameDecryptor, Telegram | Rejection]:
    """Decrypt a frame with the first decryptor that fits. Return the decryptor and the result.

    If no decryptor fits, return the most informative rejection.
    """
    rejections: list[tuple[FrameDecryptor, Rejection]] = []
    for decryptor in decryptors:
        # NATS may deliver a frame twice, and the decryptor would reject the repetition as a replay.
        # Writing the frame's values again is harmless, so forget the last counters.
        decryptor.last_counters.clear()
        event = decryptor.decrypt(data)
        if isinstance(event, Telegram) or event.reason not in _NOT_VERIFIED:
            return decryptor, event
        rejections.append((decryptor, event))
    return min(rejections, key=lambda rejection: _NOT_VERIFIED.index(rejection[1].reason))
