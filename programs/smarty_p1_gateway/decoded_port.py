"""Decoder of the bytes of one P1 port. It passes the verified readings to the publisher."""

import logging
import time
from datetime import UTC, datetime

from smartyp1.clock_verdict import UnreadableClock
from smartyp1.failure_detection import Obstacle, ReadingProblem
from smartyp1.meter.meter_identity import FirstMeter
from smartyp1.meter.meter_reader import Reading
from smartyp1.meter.meter_session import MeterSession, OtherMeter, Rejected
from smartyp1.p1.frame_header import title_text
from smartyp1.p1.rejection_reasons import Reason
from smartyp1.port.errors import PROBLEM_OF
from smartyp1.port.unread_bytes import UnreadBytes
from smartyp1.problem import Problem

from .decoded_meters import DecodedMeters
from .log_once import LogOnce
from .metrics import GatewayMetrics
from .mqtt.mqtt_values_publisher import ValuesPublisher
from .port_condition import Note

LOGGER = logging.getLogger(__name__)

# Number of consecutive failures with the same DLMS system title after which a message is logged.
# Noise never repeats a title, so two failures show that a key is missing. Frames whose first bytes
# were altered repeat a title, so three failures are needed to show that a key is wrong. A line may
# alter or repeat a few telegrams, so six are needed to show a lasting cause.
# Only these: the others are of plain telegrams, or of bytes without a sure title.
_FAILURES_BEFORE_LOG = {
    Reason.KEY_MISSING: 2,
    Reason.TAG: 3,
    Reason.AUTHENTICATION_KEY: 3,
    Reason.ALTERED: 6,
    Reason.REPLAY: 6,
}
_MAX_WARNINGS = 16
_OTHER_METER = (
    "%s: telegrams of the meter %s, named %s, are not this port's, or the name is another's"
)
_LATE = (
    "%s: the telegrams of the meter %s are old: they say %s, and this computer %s. They are "
    "counted at their own time, and not published. If the meter's clock is wrong, see "
    "gateway-reference.md"
)
_NO_CLOCK = "%s: the telegrams of the meter %s have no time that can be read: no quarter-hours"
# Only these: they are the reasons of _FAILURES_BEFORE_LOG.
_HELP = {
    Reason.KEY_MISSING: "%s: there is no key for the meter %s",
    Reason.TAG: "%s: the key of the meter %s does not fit its frames",
    Reason.AUTHENTICATION_KEY: "%s: the key of the meter %s does not fit its frames",
    Reason.ALTERED: "%s: the key of the meter %s fits, but the bytes of its frames were altered or "
    "cut on the way (telnet mode, software flow control, line-end conversion, a buffer too small, "
    "or a byte lost)",
    Reason.REPLAY: "%s: only old telegrams of the meter %s arrive",
}
_ALTERED_OR_NEW_KEY = (
    "%s: frames of the meter %s cannot be verified, although its key was right in the last 24 "
    "hours: they are altered on the way, or the meter has a new key"
)


class DecodedPort:
    """Decoder of the frames of one port, with the port's metrics and publisher."""

    def __init__(
        self,
        label: str,
        meters: DecodedMeters,
        publisher: ValuesPublisher,
        metrics: GatewayMetrics,
        note: Note = lambda _event: None,
    ) -> None:
        """Take the parts of the gateway. `note` gets what happens, for the port's condition."""
        self._label = label
        self._meters = meters
        self._publisher = publisher
        self._metrics = metrics
        self._rejected = metrics.rejected
        self._telegrams = metrics.telegrams.labels(label)
        self._last_telegram = metrics.start_age(metrics.last_telegram_age, label)
        self._meter = FirstMeter(meters, publisher.title)
        self._session = MeterSession(self._meter)
        self._read = publisher.title
        self._failing: bytes | None = None
        self._failures = 0
        self._note = note
        self._unread = UnreadBytes()
        self._unreadable_clock = UnreadableClock()
        self._log = LogOnce(_MAX_WARNINGS)

    def feed(self, data: bytes) -> bool:
        """Decode the next bytes. Return whether they complete an accepted telegram."""
        has_read, is_due = False, self._unread.add_bytes(data, time.monotonic())
        self._note(lambda health, now: health.received(now))
        for event in self._session.feed(data, datetime.now(UTC), time.monotonic()):
            if isinstance(event, Reading):
                has_read = True
                self._on_reading(event)
            else:
                self._on_rejected(event)
            self._unread.clear()
        if is_due and (problem := self._unread.problem):
            self._note(lambda health, _: health.received_unread(problem))
        return has_read

    def _on_reading(self, reading: Reading) -> None:
        title = reading.telegram.system_title
        if title != self._read:
            self._read = title
            LOGGER.info("%s: the meter is %s", self._label, title_text(title))
        self._telegrams.inc()
        self._failures = 0
        name = self._meters.remember(reading)
        if not reading.is_current:
            times = _minute(reading.time), _minute(reading.received_at)
            self._log.warn(_LATE, self._label, title_text(title), *times, key=(_LATE, title))
            sent = reading.time.timestamp()
            self._note(lambda health, now: health.accepted_late(now, sent, (), may_catch_up=False))
            return
        self._note(lambda health, now: health.accepted(now))
        self._last_telegram["at"] = time.monotonic()
        self._metrics.show_meter(self._label, title or b"", name)
        if self._unreadable_clock.note_verdict(reading.clock, time.monotonic()):
            self._log.warn(_NO_CLOCK, self._label, title_text(title))
        self._publisher.on_reading(reading, name, lambda: self._session.reception)

    def _on_rejected(self, event: Rejected) -> None:
        title, problem = event.system_title, self._problem_of(event)
        self._note(lambda health, now: health.rejected(now, problem, sender=title))
        if isinstance(event, OtherMeter):
            self._rejected.labels(self._label, Problem.OTHER_METER).inc()
            name = "a meter without a name" if event.name is None else event.name
            self._log.warn(_OTHER_METER, self._label, title_text(title), name)
            return
        self._rejected.labels(self._label, event.reason).inc()
        if title is None or event.reason not in _HELP:
            return
        self._failures = self._failures + 1 if title == self._failing else 1
        self._failing = title
        if self._failures == _FAILURES_BEFORE_LOG[event.reason]:
            is_proved = problem is ReadingProblem.ALTERED_OR_NEW_KEY
            text = _ALTERED_OR_NEW_KEY if is_proved else _HELP[event.reason]
            self._log.warn(text, self._label, title_text(title))

    def _problem_of(self, event: Rejected) -> Obstacle:
        if isinstance(event, OtherMeter):
            return Problem.OTHER_METER if event.name else ReadingProblem.NO_DEVICE_NAME
        is_of_keys = event.reason in {Reason.TAG, Reason.AUTHENTICATION_KEY}
        now = datetime.now(UTC)
        if is_of_keys and self._session.are_keys_proved(event, now, time.monotonic()):
            return ReadingProblem.ALTERED_OR_NEW_KEY
        return PROBLEM_OF[event.reason]


def _minute(time_: datetime) -> str:
    return f"{time_.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
