"""State machine that derives the condition of a source from timed events at the source's port.

    health = Health(METER)
    health.begin(now)
    health.received(now)
    health.rejected(now, ReadingProblem.WRONG_KEY)
    condition = health.condition_at(now)    # again at `health.deadline`, if no event comes earlier

A source is a meter or a board. The module does no I/O and has no clock: times are seconds of a
monotonic clock. `condition_at` returns the same object while nothing has changed. A failing source
reports a change at most once every ten seconds, because an attacker on the line could cause a
change with every byte.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import inf
from typing import Literal, get_args

from .clock_verdict import ClockVerdict, UnreadableClock
from .problem import Problem

PATIENCE = 30.0
"""Seconds to wait for a reading at the start. Without a reading, the source then fails."""
TELL_INTERVAL_S = 10.0
"""Minimum seconds between two reported changes of a failing source."""
NO_READINGS_AFTER = 300.0
"""A repair issue is raised when a source has failed for this number of seconds."""
ENOUGH = 5
"""Minimum number of failures of one kind that proves a lasting cause."""
MIN_DURATION_S = 30.0
"""Failures prove a lasting cause only if they continue for at least this number of seconds."""
_MAX_LOSSES = 2
# A run of failures ends after this number of seconds without a failure. A meter sends at least six
# telegrams in this time, so a lasting cause would have made another telegram fail. The same number
# of seconds has further uses. If no byte comes for this time, a problem found in earlier bytes is
# forgotten. If no late telegram comes for this time, the repair issues about late telegrams end.
# `may_be_false_start` uses it, too.
_MAX_RUN_PAUSE_S = 60.0
# A repair issue about late telegrams is raised after this number of seconds. After a short outage,
# a gateway needs less time to deliver its delayed telegrams, so no issue is raised.
_LATE_PATIENCE_S = 120.0
# A meter that was verified at a port proves for this number of seconds that the port is its port.
# Bytes without a telegram are then altered bytes of the meter, and not bytes of another device.
PROOF_LASTS_S = 86_400.0
# A line is poor if readings have stopped _MIN_STOPS times within this number of seconds.
_MIN_STOPS = 3
_STOPS_WITHIN_S = 3600.0
# A poor line is good again if readings come without a stop for this number of seconds.
_GOOD_AFTER_S = 900.0
# After an outage, a gateway catches up: it delivers delayed telegrams faster than the meter sends
# them. This is assumed if the times in late telegrams advance more than _MIN_CATCH_UP_SPEED times
# as fast as the clock.
_MIN_CATCH_UP_SPEED = 1.2


class FailureState(StrEnum):
    """State of a source: whether readings come from it."""

    WAITING = "waiting"
    RECEIVING = "receiving"
    FAILING = "failing"
    UNSTEADY = "unsteady"
    """Readings stop and come back again and again."""


class ReadingProblem(StrEnum):
    """Problem that prevents readings. If a repair issue has its name, it is a `Problem` instead."""

    NOTHING_RECEIVED = "nothing_received"
    NOT_P1 = "not_p1"
    PORT_NOT_FOUND = "port_not_found"
    PORT_PERMISSION = "port_permission"
    PORT_BUSY = "port_busy"
    PORT_CLOSED = "port_closed"
    PORT_UNREACHABLE = "port_unreachable"
    PORT_SILENT = "port_silent"
    LINK_LOST = "link_lost"
    MQTT_MISSING = "mqtt_missing"
    MQTT_DISCONNECTED = "mqtt_disconnected"
    GATEWAY_OFFLINE = "gateway_offline"
    DAMAGED = "damaged"
    BYTES_AS_TEXT = "bytes_as_text"
    ALTERED_OR_NEW_KEY = "altered_or_new_key"
    REPLAY = "replay"
    WRONG_KEY = "wrong_key"
    OTHER_AUTHENTICATION_KEY = "other_authentication_key"
    KEY_MISSING = "key_missing"
    NO_DEVICE_NAME = "no_device_name"
    SENSOR_SILENT = "sensor_silent"
    NOT_SONAR = "not_sonar"
    NO_PULSE = "no_pulse"
    ENTITY_UNAVAILABLE = "entity_unavailable"
    BROKER_UNAVAILABLE = "broker_unavailable"
    LENEDA_AWAITED = "leneda_awaited"
    ENTITIES_SILENT = "entities_silent"


ObstacleWithIssue = Literal[
    Problem.CATCHING_UP,
    Problem.OTHER_METER,
    Problem.OTHER_METER_UNREADABLE,
    Problem.POOR_LINE,
    Problem.SECURITY_OFF,
    Problem.TELEGRAMS_LATE,
]
"""Problem that prevents readings, and that the user must solve."""
type Obstacle = ReadingProblem | ObstacleWithIssue
"""Problem that prevents readings. The values are also translation keys."""
Repair = Literal[
    ObstacleWithIssue,
    ReadingProblem.WRONG_KEY,
    Problem.CLOCK_UNREADABLE,
    Problem.METER_CLOCK,
    Problem.NO_TELEGRAM,
    Problem.SECURITY_ON,
]
"""Problem that the user must solve. It has a repair issue, or for `WRONG_KEY` a dialog for keys."""

type Details = tuple[tuple[str, str], ...]
"""Pairs of name and value: the placeholders of a translated text."""

PORT_LOST = frozenset(
    {
        ReadingProblem.PORT_NOT_FOUND,
        ReadingProblem.PORT_PERMISSION,
        ReadingProblem.PORT_BUSY,
        ReadingProblem.PORT_CLOSED,
        ReadingProblem.PORT_UNREACHABLE,
        ReadingProblem.PORT_SILENT,
        ReadingProblem.LINK_LOST,
        ReadingProblem.MQTT_MISSING,
        ReadingProblem.MQTT_DISCONNECTED,
        ReadingProblem.GATEWAY_OFFLINE,
    }
)
_OTHER_PROBLEMS = {
    ReadingProblem.SENSOR_SILENT,
    ReadingProblem.NOT_SONAR,
    ReadingProblem.NO_PULSE,
    ReadingProblem.ENTITY_UNAVAILABLE,
    ReadingProblem.BROKER_UNAVAILABLE,
    ReadingProblem.LENEDA_AWAITED,
    ReadingProblem.ENTITIES_SILENT,
}
_OBSTACLES: Sequence[Obstacle] = (*ReadingProblem, *get_args(ObstacleWithIssue))
_PROBLEMS_OF_BYTES = frozenset(_OBSTACLES) - PORT_LOST - _OTHER_PROBLEMS
# Problems that bytes have until a frame shows another one.
_ASSUMED = {ReadingProblem.NOT_P1, ReadingProblem.DAMAGED, ReadingProblem.BYTES_AS_TEXT}
METER_OBSTACLES = tuple(problem.value for problem in _OBSTACLES if problem not in _OTHER_PROBLEMS)
# Repairs of problems.
# Only these: the other problems can end without the user.
_REPAIR_OF: Mapping[Obstacle, Repair] = {
    ReadingProblem.WRONG_KEY: ReadingProblem.WRONG_KEY,
    ReadingProblem.OTHER_AUTHENTICATION_KEY: ReadingProblem.WRONG_KEY,
    Problem.SECURITY_OFF: Problem.SECURITY_OFF,
    ReadingProblem.KEY_MISSING: Problem.SECURITY_ON,
    Problem.OTHER_METER: Problem.OTHER_METER,
    Problem.OTHER_METER_UNREADABLE: Problem.OTHER_METER_UNREADABLE,
}
# When the repair on the left is raised, the repair on the right is withdrawn.
# Only these: the two contradict each other.
_EXCLUDED: Mapping[Repair, Repair] = {
    ReadingProblem.WRONG_KEY: Problem.OTHER_METER_UNREADABLE,
    Problem.OTHER_METER: Problem.OTHER_METER_UNREADABLE,
    Problem.OTHER_METER_UNREADABLE: Problem.OTHER_METER,
    Problem.CATCHING_UP: Problem.TELEGRAMS_LATE,
    Problem.TELEGRAMS_LATE: Problem.CATCHING_UP,
    Problem.CLOCK_UNREADABLE: Problem.METER_CLOCK,
}
_LATE: Sequence[Repair] = (Problem.CATCHING_UP, Problem.TELEGRAMS_LATE)
_MENDED_BY_TELEGRAM: Sequence[Repair] = (*_REPAIR_OF.values(), Problem.NO_TELEGRAM)
_SPECIFIC_REPAIRS = {*_REPAIR_OF.values(), *_LATE, Problem.POOR_LINE}


@dataclass(frozen=True)
class Rules:
    """Rules for a kind of source, such as a meter or a tank board. Times are in seconds."""

    silence: ReadingProblem
    """Problem of a source that has sent nothing."""
    not_understood: ReadingProblem | None = None
    """Problem of a source whose bytes make no reading, None if it is the same."""
    altered: ReadingProblem | None = None
    """The same problem of a source that was proved to send to this port."""
    fresh_for: float = 59.9
    """Seconds for which a reading is shown. Just under a minute, because timers run late."""
    is_open_enough: bool = False
    """Whether an open port counts as a reading, because the next pulse may take hours."""
    holds_open_after: float = 0.0
    """Seconds for which a port must stay open after a loss until it counts as a reading. A gateway
    that serves another client opens the port, too, but closes it at once."""
    patience: float = PATIENCE
    """Seconds to wait for a reading at the start. Without a reading, the source then fails."""


METER = Rules(ReadingProblem.NOTHING_RECEIVED, ReadingProblem.NOT_P1, ReadingProblem.DAMAGED)
TANK = Rules(ReadingProblem.SENSOR_SILENT, ReadingProblem.NOT_SONAR)
PULSE_PORT = Rules(
    ReadingProblem.NO_PULSE,
    fresh_for=30.0,
    is_open_enough=True,
    holds_open_after=5.0,
)
PULSE_ENTITY = Rules(
    ReadingProblem.ENTITY_UNAVAILABLE,
    fresh_for=0.0,
    is_open_enough=True,
)
LENEDA = Rules(ReadingProblem.LENEDA_AWAITED, is_open_enough=True)
# A reading is shown for 620 s. The dialog accepts only entities that report at least every 300 s,
# so a reading stays valid even if one report is missing.
ENTITIES = Rules(
    ReadingProblem.ENTITIES_SILENT,
    fresh_for=620.0,
    patience=620.0,
)
PULSE_TOPIC = Rules(
    ReadingProblem.BROKER_UNAVAILABLE,
    fresh_for=0.0,
    is_open_enough=True,
)


@dataclass(frozen=True)
class Condition:
    """Condition of a source: its state, its problem, and the repairs that it needs."""

    state: FailureState = FailureState.WAITING
    has_value: bool = False
    """Whether the last reading is recent enough to be shown."""
    obstacle: Obstacle | None = None
    """Problem of a failing source, or of a poor line."""
    details: Details = ()
    repairs: Mapping[Repair, Details] = field(default_factory=dict[Repair, Details])


@dataclass
class _FailureRun:
    """Run of failures since the last accepted telegram. Times are in seconds."""

    first: float
    last: float
    counts: dict[Repair, int] = field(default_factory=dict[Repair, int])
    keys_failed_at: float = -inf
    other_sender: bytes | None = None
    has_other_authentication_key: bool = False

    def is_over(self, now: float) -> bool:
        """Return whether the last failure is so old that a new failure starts a new run."""
        return now - self.last >= _MAX_RUN_PAUSE_S

    def count(self, repair: Repair, now: float) -> bool:
        """Count a failure that needs `repair`.

        Return whether the counted failures that need `repair` prove a lasting cause.
        """
        self.last = now
        count = self.counts[repair] = self.counts.get(repair, 0) + 1
        return count >= ENOUGH and now - self.first >= MIN_DURATION_S

    def may_be_false_start(self, now: float) -> bool:
        """Return whether a frame that seems to be of another meter may be bytes of this meter.

        By chance, bytes inside a frame of this meter can look like the start of another meter's
        frame. Such bytes are taken for a frame only if the frame around them was rejected because
        of its keys. So return True for some time after such a rejection. The call also sets `last`,
        so this run of failures lasts longer.
        """
        self.last = now
        return now - self.keys_failed_at < _MAX_RUN_PAUSE_S

    def note_sender(self, sender: bytes | None) -> bool:
        """Note the title of a frame that seems to be of another meter. Return whether it is new.

        Another meter repeats its title. Titles that were altered on the way seldom repeat. So start
        to count again.
        """
        if sender == self.other_sender:
            return False
        self.other_sender = sender
        self.counts.pop(Problem.OTHER_METER_UNREADABLE, None)
        return True

    def judge_keys(self, obstacle: Obstacle, now: float) -> Obstacle:
        """Return the problem with the keys: `obstacle`, or OTHER_AUTHENTICATION_KEY.

        `obstacle` is the problem of the latest failure. OTHER_AUTHENTICATION_KEY is returned if any
        failure since the last accepted telegram had this problem.
        """
        self.keys_failed_at = now
        # Bytes inside a rejected frame of this meter can look like a frame with a random system
        # title. So frames with unknown system titles do not prove that another meter sends. Forget
        # their count.
        self.counts.pop(Problem.OTHER_METER_UNREADABLE, None)
        # OTHER_AUTHENTICATION_KEY means that the encryption key has deciphered a frame, so the
        # encryption key is right. Only the authentication key is wrong then, even if other frames
        # of this run could not be deciphered.
        self.has_other_authentication_key |= obstacle is ReadingProblem.OTHER_AUTHENTICATION_KEY
        return (
            ReadingProblem.OTHER_AUTHENTICATION_KEY
            if self.has_other_authentication_key
            else obstacle
        )


class FailureDetection:
    """Health of one source: it takes the source's events and derives its condition."""

    def __init__(self, rules: Rules, repairs: Mapping[Repair, Details] | None = None) -> None:
        """Start with `repairs`, the repairs that are already open.

        An open repair that is missing in `repairs` cannot be withdrawn later.
        """
        self.deadline = inf
        """Time in seconds at which `condition_at` is due again."""
        self.losses = 0
        """Number of losses and failed openings of the port."""
        self._rules = rules
        self._repairs = dict(repairs or {})
        self.reason: tuple[Obstacle, Details] = (rules.silence, ())
        """Latest problem and its details.

        After an accepted reading, the problem is `rules.silence`. This problem explains why no
        readings come if the source sends nothing more. A problem of received bytes becomes
        `rules.silence` a minute after the last byte.
        """
        self._state = FailureState.WAITING
        self._patient_until = inf
        self._shown_until = -inf
        self._failing_since = inf
        self._tries = 0
        self._is_lost = False
        self._open_counts_at = inf
        self._is_offline = False
        self._has_received = False
        self._bytes_count_until = -inf
        self._run: _FailureRun | None = None
        self._first_late: tuple[float, float] | None = None
        self._late_until = inf
        self._unreadable_clock = UnreadableClock()
        self._proved_until = -inf
        self._looked_state = FailureState.WAITING
        self._stops: deque[float] = deque(maxlen=_MIN_STOPS)
        self._is_poor = False
        self._receiving_since = inf
        self._reported = Condition(repairs=dict(self._repairs))
        self._reported_at = -inf

    def begin(self, now: float, *, has_new_keys: bool = False) -> None:
        """Start to wait for readings, after the set-up or after a change of the port or keys."""
        if has_new_keys:
            self._withdraw(ReadingProblem.WRONG_KEY)
        self._state = FailureState.WAITING
        self._patient_until = now + self._rules.patience
        self._failing_since = inf
        self._tries = 0
        self._is_lost = self._is_offline = False
        self._open_counts_at = inf
        self._has_received = False
        self._run = None
        self.reason = (self._rules.silence, ())
        self._unreadable_clock = UnreadableClock()
        self._end_late()
        self._end_poor()

    def prove(self, until: float) -> None:
        """Record an earlier proof that the source sends to this port. It is valid until `until`."""
        self._proved_until = max(self._proved_until, until)

    def opened(self, now: float) -> None:
        """Record that the port is open, or that the source of pulses is available."""
        if self._rules.is_open_enough:
            self._open_counts_at = now + (self._rules.holds_open_after if self._is_lost else 0)
            self._note_open(now)

    def _note_open(self, now: float) -> None:
        if now >= self._open_counts_at:
            self._open_counts_at = inf
            self._note_reading(now)
            self._shown_until = inf

    def lost(self, now: float, obstacle: ReadingProblem) -> None:
        """Record that the port was lost or could not be opened. `obstacle` is the problem."""
        if self._has_received or obstacle is not ReadingProblem.PORT_SILENT:
            self.reason = (obstacle, ())
        self.losses += 1
        self._tries += 1
        self._is_lost, self._open_counts_at = True, inf
        if self._rules.is_open_enough:
            self._shown_until = min(self._shown_until, now + self._rules.fresh_for)
        # After a lost connection, a gateway may refuse the next connection, because it has not
        # noticed the loss yet. So the source does not fail after a single failed attempt, but after
        # two in a row.
        if self._tries >= _MAX_LOSSES or obstacle is ReadingProblem.PORT_NOT_FOUND:
            self._patient_until = min(self._patient_until, now)

    def away(self, now: float, obstacle: ReadingProblem) -> None:
        """Record that no data will come for now, although the port stays open."""
        self.reason = (obstacle, ())
        if obstacle is ReadingProblem.GATEWAY_OFFLINE:
            # Any client of the MQTT broker can publish again and again that the gateway is offline.
            # So count only the first such message until the next reading.
            if self._is_offline:
                return
            self._is_offline = True
        self.losses += 1
        self._fail(now)

    def back(self) -> None:
        """Record that the port or the gateway is available again, after `lost` or `away`."""
        if self.reason[0] in PORT_LOST:
            self.reason = (self._rules.silence, ())

    def received(self, now: float) -> None:
        """Record that bytes came, whether they are valid or not."""
        self._has_received = True
        self._bytes_count_until = now + _MAX_RUN_PAUSE_S
        if self.reason[0] is self._rules.silence or self.reason[0] in PORT_LOST:
            problem = self._altered(now) or self._rules.not_understood or self._rules.silence
            self.reason = (problem, ())

    def received_unread(self, problem: ReadingProblem) -> None:
        """Record the problem that the last bytes show, although no frame is found in them."""
        if self.reason[0] in _ASSUMED:
            self.reason = (problem, ())

    def accepted(self, now: float) -> None:
        """Record a reading whose time is current."""
        self._note_reading(now)
        self._end_late()
        self._shown_until = now + self._rules.fresh_for

    def accepted_late(
        self, now: float, sent: float, details: Details, *, may_catch_up: bool
    ) -> None:
        """Record a telegram that came late.

        `sent` is the time in the telegram, in seconds. `details` has the times of both clocks as
        texts for the user. `may_catch_up` is False if no gateway stores telegrams of this source.
        """
        self._note_reading(now)
        self._forget_old(now)
        self._late_until = now + _MAX_RUN_PAUSE_S
        first_now, first_sent = self._first_late = self._first_late or (now, sent)
        is_catching_up = may_catch_up and sent - first_sent > _MIN_CATCH_UP_SPEED * (
            now - first_now
        )
        problem: ObstacleWithIssue = (
            Problem.CATCHING_UP if is_catching_up else Problem.TELEGRAMS_LATE
        )
        self.reason = (problem, details)
        if now - first_now >= _LATE_PATIENCE_S and problem not in self._repairs:
            self._raise(problem, details)
        self._fail(now)

    def clock_judged(
        self, now: float, clock: ClockVerdict, details_of: Callable[[], Details] = tuple
    ) -> None:
        """Record the verdict on the clock of a current telegram.

        `details_of` returns the times of both clocks as texts for the user.
        """
        if self._unreadable_clock.note_verdict(clock, now):
            self._raise(Problem.CLOCK_UNREADABLE, ())
        if clock.deviation is None:
            return
        self._withdraw(Problem.CLOCK_UNREADABLE)
        if clock.is_right:
            self._withdraw(Problem.METER_CLOCK)
        elif clock.is_right is False and Problem.METER_CLOCK not in self._repairs:
            minutes = str(round(abs(clock.deviation) / timedelta(minutes=1)))
            self._raise(Problem.METER_CLOCK, (("minutes", minutes), *details_of()))

    def rejected(
        self,
        now: float,
        obstacle: Obstacle,
        details: Details = (),
        sender: bytes | None = None,
    ) -> None:
        """Record a rejected telegram. `obstacle` is its problem, and `sender` its system title.

        A line can be full of rejected telegrams, so this method must be fast.
        """
        repair = _REPAIR_OF.get(obstacle)
        run = self._run_at(now)
        if repair is None:
            self._note_passing(run, obstacle, details)
            return
        run = self._run = run or _FailureRun(now, now)
        if repair is Problem.OTHER_METER_UNREADABLE:
            if run.may_be_false_start(now):
                return
            obstacle = (run.note_sender(sender) and self._altered(now)) or obstacle
        elif repair is ReadingProblem.WRONG_KEY:
            obstacle = run.judge_keys(obstacle, now)
        self.reason = (obstacle, details)
        if run.count(repair, now):
            is_of_keys = repair is ReadingProblem.WRONG_KEY
            self._raise(repair, (("reason", obstacle),) if is_of_keys else details)
            self._fail(now)

    def _note_passing(self, run: _FailureRun | None, obstacle: Obstacle, details: Details) -> None:
        """Note a problem that can end without the user.

        An earlier problem of this run of failures may need the user, so the earlier problem stays
        the reason. NO_DEVICE_NAME is an exception. A telegram without a device name is verified, so
        the earlier problem has ended, and NO_DEVICE_NAME becomes the reason.
        """
        if run is None or obstacle is ReadingProblem.NO_DEVICE_NAME:
            self.reason = (obstacle, details)

    def key_fits(self) -> None:
        """Record that the encryption key fits a frame, although the frame was altered on the way.

        So the keys are not the problem. Withdraw the repair that asks for keys.
        """
        if self._run:
            self._run.counts.pop(ReadingProblem.WRONG_KEY, None)
            if not self._run.counts:
                self._run = None
        self._withdraw(ReadingProblem.WRONG_KEY)

    def _altered(self, now: float) -> ReadingProblem | None:
        """Return the problem of altered bytes, None without a proof that the source sends here."""
        return self._rules.altered if now < self._proved_until else None

    def _run_at(self, now: float) -> _FailureRun | None:
        return None if self._run is None or self._run.is_over(now) else self._run

    def _note_reading(self, now: float) -> None:
        """Record a reading, and withdraw the repairs that it makes unnecessary.

        A reading proves that the port and the keys are right.
        """
        self._run = None
        self._is_lost = self._is_offline = False
        self.reason = (self._rules.silence, ())
        self._state = FailureState.RECEIVING
        self.prove(now + PROOF_LASTS_S)
        self._patient_until = now
        self._failing_since = inf
        self._withdraw(*_MENDED_BY_TELEGRAM)

    def _end_late(self) -> None:
        self._first_late, self._late_until = None, inf
        self._withdraw(*_LATE)

    def _forget_old(self, now: float) -> None:
        """Forget the late telegrams a minute after the last late telegram.

        A problem of received bytes becomes `rules.silence` a minute after the last byte.
        """
        if now >= self._late_until:
            self._end_late()
        if now >= self._bytes_count_until and self.reason[0] in _PROBLEMS_OF_BYTES:
            self.reason = (self._rules.silence, ())

    def _fail(self, now: float) -> None:
        """Stop showing the last reading, and do not wait for another reading."""
        self._shown_until = -inf
        self._patient_until = min(self._patient_until, now)

    def _raise(self, repair: Repair, details: Details) -> None:
        if self._repairs.get(repair) == details:
            return
        self._withdraw(*{_EXCLUDED.get(repair, repair)} - {repair})
        self._repairs[repair] = details

    def _withdraw(self, *repairs: Repair) -> None:
        for repair in repairs:
            self._repairs.pop(repair, None)

    def condition_at(self, now: float) -> Condition:
        """Return the condition at the time `now`.

        The same object is returned while there is no change to report.
        """
        self._forget_old(now)
        self._note_open(now)
        if now >= max(self._patient_until, self._shown_until):
            self._state = FailureState.FAILING
            self._failing_since = min(self._failing_since, now)
        self._judge_line(now)
        if self._state is FailureState.FAILING:
            self._note_no_readings(now)
        condition = self._current_condition(now)
        is_new = condition != self._reported
        is_deferred = is_new and not self._may_report(condition, now)
        if is_new and not is_deferred:
            self._reported, self._reported_at = condition, now
        moments = (
            self._patient_until if self._state is FailureState.WAITING else inf,
            self._shown_until,
            self._open_counts_at,
            self._failing_since + NO_READINGS_AFTER,
            self._good_or_lost_at(),
            self._bytes_count_until,
            self._late_until,
            self._reported_at + TELL_INTERVAL_S if is_deferred else inf,
        )
        self.deadline = min((moment for moment in moments if moment > now), default=inf)
        return self._reported

    def _current_condition(self, now: float) -> Condition:
        state, has_value = self._state, now < self._shown_until
        obstacle, details = self.reason if state is FailureState.FAILING else (None, ())
        if self._is_poor:
            state, obstacle, details = FailureState.UNSTEADY, Problem.POOR_LINE, ()
        return Condition(state, has_value, obstacle, details, dict(self._repairs))

    def _may_report(self, condition: Condition, now: float) -> bool:
        reported = self._reported
        is_urgent = (condition.state, condition.has_value) != (reported.state, reported.has_value)
        return is_urgent or reported.obstacle is None or now - self._reported_at >= TELL_INTERVAL_S

    def _judge_line(self, now: float) -> None:
        """Note whether readings have stopped or come again, and whether the line is poor."""
        before, self._looked_state = self._looked_state, self._state
        if self._state is not before:
            self._receiving_since = now if self._state is FailureState.RECEIVING else inf
            if before is FailureState.RECEIVING and self._state is FailureState.FAILING:
                self._stops.append(now)
                self._is_poor |= (
                    len(self._stops) == _MIN_STOPS and now - self._stops[0] <= _STOPS_WITHIN_S
                )
        if now >= self._good_or_lost_at():
            self._end_poor()
        elif self._is_poor:
            self._repairs[Problem.POOR_LINE] = ()

    def _good_or_lost_at(self) -> float:
        """Return the time in seconds at which a poor line is good again, or counts as lost."""
        if not self._is_poor:
            return inf
        return min(self._receiving_since + _GOOD_AFTER_S, self._failing_since + _STOPS_WITHIN_S)

    def _end_poor(self) -> None:
        self._is_poor = False
        self._stops.clear()
        self._withdraw(Problem.POOR_LINE)

    def _note_no_readings(self, now: float) -> None:
        if now - self._failing_since >= NO_READINGS_AFTER:
            self._withdraw(Problem.NO_TELEGRAM)
            # A specific repair already tells the user the next step, so add no general repair.
            if not self._repairs.keys() & _SPECIFIC_REPAIRS:
                self._repairs[Problem.NO_TELEGRAM] = (("reason", self.reason[0]), *self.reason[1])
