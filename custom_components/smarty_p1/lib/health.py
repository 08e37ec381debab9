"""The condition of a source: events at its port, with their seconds -> one condition.

    health = Health(METER)
    health.begin(now)
    health.rejected(now, Obstacle.WRONG_KEY)
    condition = health.look(now)    # again at `health.deadline`, if nothing happens before

It does no I/O and has no clock: times are seconds of a clock that only goes forward. `look` returns
the same object while there is nothing new to tell. While a source fails, news are told every ten
seconds at most: anybody who writes to the line can make some with every byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

PATIENCE = 30.0
"""Seconds from the begin until a source without a reading fails."""
TELL_INTERVAL = 10.0
NO_READINGS_AFTER = 300.0
"""Seconds of failing until a repair says so."""
ENOUGH = 5
"""Failures of one kind that must have a reason."""
MIN_DURATION_S = 30.0
"""Seconds since the first failure of any kind until there must be a reason."""
CLOCK_TOLERANCE = 300.0
# A clock at the limit must not raise and close its repair again and again.
_CLOCK_RIGHT = 240.0
_MAX_LOSSES = 2
# Seconds, in which a meter sends six telegrams: a later failure has another reason.
_RUN_PAUSE = 60.0
# A gateway that was away for some minutes has caught up by then.
_LATE_PATIENCE = 120.0
# So much faster than time itself passes the time of what has waited.
_CATCHES_UP = 1.2


class State(StrEnum):
    """Whether readings come."""

    WAITING = "waiting"
    RECEIVING = "receiving"
    FAILING = "failing"


class ReadingProblem(StrEnum):
    """Why there is no reading; also the translation keys."""

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
    REPLAY = "replay"
    WRONG_KEY = "wrong_key"
    OTHER_AUTHENTICATION_KEY = "other_authentication_key"
    SECURITY_OFF = "security_off"
    KEY_MISSING = "key_missing"
    OTHER_METER = "other_meter"
    OTHER_METER_UNREADABLE = "other_meter_unreadable"
    NO_DEVICE_NAME = "no_device_name"
    CATCHING_UP = "catching_up"
    TELEGRAMS_LATE = "telegrams_late"
    SENSOR_SILENT = "sensor_silent"
    NOT_SONAR = "not_sonar"
    NO_PULSE = "no_pulse"
    ENTITY_UNAVAILABLE = "entity_unavailable"
    BROKER_UNAVAILABLE = "broker_unavailable"


class Repair(StrEnum):
    """A request to the user; all but `KEYS` are also the keys of repair issues."""

    KEYS = "keys"
    """A dialog asks for the keys."""
    OTHER_METER = "other_meter"
    OTHER_METER_UNREADABLE = "other_meter_unreadable"
    SECURITY_OFF = "security_off"
    SECURITY_ON = "security_on"
    CATCHING_UP = "catching_up"
    TELEGRAMS_LATE = "telegrams_late"
    NO_TELEGRAM = "no_telegram"
    METER_CLOCK = "meter_clock"


type Details = tuple[tuple[str, str], ...]
"""The placeholders of a text."""

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
_OF_BOARDS = {
    ReadingProblem.SENSOR_SILENT,
    ReadingProblem.NOT_SONAR,
    ReadingProblem.NO_PULSE,
    ReadingProblem.ENTITY_UNAVAILABLE,
    ReadingProblem.BROKER_UNAVAILABLE,
}
METER_OBSTACLES = tuple(each.value for each in ReadingProblem if each not in _OF_BOARDS)
# What fails so often and for so long does not mend itself.
_FAILURES: Mapping[ReadingProblem, Repair] = {
    ReadingProblem.WRONG_KEY: Repair.KEYS,
    ReadingProblem.OTHER_AUTHENTICATION_KEY: Repair.KEYS,
    ReadingProblem.SECURITY_OFF: Repair.SECURITY_OFF,
    ReadingProblem.KEY_MISSING: Repair.SECURITY_ON,
    ReadingProblem.OTHER_METER: Repair.OTHER_METER,
    ReadingProblem.OTHER_METER_UNREADABLE: Repair.OTHER_METER_UNREADABLE,
}
# What a repair contradicts.
_EXCLUDED: Mapping[Repair, Repair] = {
    Repair.KEYS: Repair.OTHER_METER_UNREADABLE,
    Repair.OTHER_METER: Repair.OTHER_METER_UNREADABLE,
    Repair.OTHER_METER_UNREADABLE: Repair.OTHER_METER,
    Repair.CATCHING_UP: Repair.TELEGRAMS_LATE,
    Repair.TELEGRAMS_LATE: Repair.CATCHING_UP,
}
_LATE = (Repair.CATCHING_UP, Repair.TELEGRAMS_LATE)
_MENDED_BY_TELEGRAM = (*_FAILURES.values(), Repair.NO_TELEGRAM)
_SAY_WHY = {*_FAILURES.values(), *_LATE}


@dataclass(frozen=True)
class Rules:
    """The differences between kinds of sources; times in seconds."""

    silence: ReadingProblem
    """The obstacle of a source that has sent nothing."""
    not_understood: ReadingProblem
    """The obstacle of a source whose bytes make no reading."""
    fresh_for: float = 59.9
    """How long a reading is shown: a minute at most, and timers are late by a moment."""
    is_open_enough: bool = False
    """Whether an open port is a reading: a pulse may be long in coming."""


METER = Rules(ReadingProblem.NOTHING_RECEIVED, ReadingProblem.NOT_P1)
TANK = Rules(ReadingProblem.SENSOR_SILENT, ReadingProblem.NOT_SONAR)
PULSE_PORT = Rules(
    ReadingProblem.NO_PULSE, ReadingProblem.NO_PULSE, fresh_for=30.0, is_open_enough=True
)
PULSE_ENTITY = Rules(
    ReadingProblem.ENTITY_UNAVAILABLE,
    ReadingProblem.ENTITY_UNAVAILABLE,
    fresh_for=0.0,
    is_open_enough=True,
)
PULSE_TOPIC = Rules(
    ReadingProblem.BROKER_UNAVAILABLE,
    ReadingProblem.BROKER_UNAVAILABLE,
    fresh_for=0.0,
    is_open_enough=True,
)


@dataclass(frozen=True)
class Condition:
    """How a source is doing."""

    state: State = State.WAITING
    has_value: bool = False
    """Whether the last reading is shown: a while longer where another port is just opened."""
    obstacle: ReadingProblem | None = None
    """Why it is failing."""
    details: Details = ()
    repairs: Mapping[Repair, Details] = field(default_factory=dict[Repair, Details])


@dataclass
class _Run:
    """The failures since the last accepted telegram."""

    first: float
    last: float
    counts: dict[Repair, int] = field(default_factory=dict[Repair, int])
    keys_failed_at: float = -inf
    has_other_authentication_key: bool = False

    def is_over(self, now: float) -> bool:
        """Return whether the last failure is too long ago for another one to belong to it."""
        return now - self.last >= _RUN_PAUSE

    def count(self, repair: Repair, now: float) -> bool:
        """Count a failure; return whether there must be a reason."""
        self.last = now
        count = self.counts[repair] = self.counts.get(repair, 0) + 1
        return count >= ENOUGH and now - self.first >= MIN_DURATION_S

    def is_of_own(self, now: float) -> bool:
        """Return whether a frame with another title may be a false beginning in the meter's own."""
        self.last = now
        return now - self.keys_failed_at < _RUN_PAUSE

    def of_keys(self, obstacle: ReadingProblem, now: float) -> ReadingProblem:
        """Return what a failure says of the keys, by all failures of the run."""
        self.keys_failed_at = now
        # False beginnings in its frames seem to have any title.
        self.counts.pop(Repair.OTHER_METER_UNREADABLE, None)
        # One that deciphers says more than many.
        self.has_other_authentication_key |= obstacle is ReadingProblem.OTHER_AUTHENTICATION_KEY
        return (
            ReadingProblem.OTHER_AUTHENTICATION_KEY
            if self.has_other_authentication_key
            else obstacle
        )


class Health:
    """The events of one source, and the condition that follows from them."""

    def __init__(self, rules: Rules, repairs: Mapping[Repair, Details] | None = None) -> None:
        """Begin with the repairs that stand from before: no other one is ever withdrawn."""
        self.deadline = inf
        """When to look again at the latest."""
        self.losses = 0
        """How often the port was lost or could not be opened."""
        self._rules = rules
        self._repairs = dict(repairs or {})
        self._reason: tuple[ReadingProblem, Details] = (rules.silence, ())
        self._state = State.WAITING
        self._patient_until = inf
        self._shown_until = -inf
        self._failing_since = inf
        self._tries = 0
        self._is_offline = False
        self._has_received = False
        self._run: _Run | None = None
        self._first_late: tuple[float, float] | None = None
        self._told = Condition(repairs=dict(self._repairs))
        self._told_at = -inf

    @property
    def reason(self) -> tuple[ReadingProblem, Details]:
        """Why there is no reading, or would be none now."""
        return self._reason

    # Events.

    def begin(self, now: float, *, has_new_keys: bool = False) -> None:
        """Begin to read: after the set-up, at another port, with other keys."""
        if has_new_keys:
            self._withdraw(Repair.KEYS)
        self._state = State.WAITING
        self._patient_until = now + PATIENCE
        self._failing_since = inf
        self._tries = 0
        self._is_offline = False
        self._has_received = False
        self._run = None
        self._reason = (self._rules.silence, ())

    def opened(self, now: float) -> None:
        """Note that the port is open; for pulses, that what counts them is there."""
        if self._rules.is_open_enough:
            self._note_reading(now)
            self._shown_until = inf

    def lost(self, now: float, obstacle: ReadingProblem) -> None:
        """Note that the port was lost, or could not be opened."""
        if self._has_received or obstacle is not ReadingProblem.PORT_SILENT:
            self._reason = (obstacle, ())
        self.losses += 1
        self._tries += 1
        if self._rules.is_open_enough:
            self._shown_until = min(self._shown_until, now + self._rules.fresh_for)
        # The second try is for gateways that have not noticed yet that the last connection is
        # closed.
        if self._tries >= _MAX_LOSSES or obstacle is ReadingProblem.PORT_NOT_FOUND:
            self._patient_until = min(self._patient_until, now)

    def away(self, now: float, obstacle: ReadingProblem) -> None:
        """Note that nothing will come for now, although the port stays open."""
        self._reason = (obstacle, ())
        if obstacle is ReadingProblem.GATEWAY_OFFLINE:
            # Anybody on the broker may say it often: only an accepted reading contradicts it.
            if self._is_offline:
                return
            self._is_offline = True
        self.losses += 1
        self._fail(now)

    def back(self) -> None:
        """Note that something may come again."""
        if self._reason[0] in PORT_LOST:
            self._reason = (self._rules.silence, ())

    def received(self) -> None:
        """Note that bytes came, whatever they are."""
        self._has_received = True
        if self._reason[0] is self._rules.silence or self._reason[0] in PORT_LOST:
            self._reason = (self._rules.not_understood, ())

    def accepted(self, now: float) -> None:
        """Note a reading of now."""
        self._note_reading(now)
        self._first_late = None
        self._withdraw(*_LATE)
        self._shown_until = now + self._rules.fresh_for

    def accepted_late(self, now: float, sent: float, since: str) -> None:
        """Note a telegram that was sent long ago, in seconds of any clock, and when in words."""
        self._note_reading(now)
        first_now, first_sent = self._first_late = self._first_late or (now, sent)
        is_catching_up = sent - first_sent > _CATCHES_UP * (now - first_now)
        details = (("since", since),)
        if is_catching_up:
            self._reason, repair = (ReadingProblem.CATCHING_UP, details), Repair.CATCHING_UP
        else:
            self._reason, repair = (ReadingProblem.TELEGRAMS_LATE, details), Repair.TELEGRAMS_LATE
        if now - first_now >= _LATE_PATIENCE and repair not in self._repairs:
            self._raise(repair, details)
        self._fail(now)

    def clock_checked(self, deviation: float) -> None:
        """Note how many seconds the meter's clock is wrong."""
        if abs(deviation) <= _CLOCK_RIGHT:
            self._withdraw(Repair.METER_CLOCK)
        elif abs(deviation) > CLOCK_TOLERANCE and Repair.METER_CLOCK not in self._repairs:
            self._raise(Repair.METER_CLOCK, (("minutes", str(round(abs(deviation) / 60))),))

    def rejected(self, now: float, obstacle: ReadingProblem, details: Details = ()) -> None:
        """Note a telegram that was not accepted, and why.

        A line can be full of these: nothing here may take long.
        """
        repair = _FAILURES.get(obstacle)
        run = self._run_at(now)
        if repair is None:
            # That of a run says more; that there is no name is known of a telegram that verifies.
            if run is None or obstacle is ReadingProblem.NO_DEVICE_NAME:
                self._reason = (obstacle, details)
            return
        run = self._run = run or _Run(now, now)
        if repair is Repair.OTHER_METER_UNREADABLE and run.is_of_own(now):
            return
        if repair is Repair.KEYS:
            obstacle = run.of_keys(obstacle, now)
        self._reason = (obstacle, details)
        if run.count(repair, now):
            self._raise(repair, (("reason", obstacle),) if repair is Repair.KEYS else details)
            self._fail(now)

    def _run_at(self, now: float) -> _Run | None:
        return None if self._run is None or self._run.is_over(now) else self._run

    def _note_reading(self, now: float) -> None:
        """Withdraw what the failures led to: the port and the keys are right."""
        self._run = None
        self._is_offline = False
        self._reason = (self._rules.silence, ())
        self._state = State.RECEIVING
        self._patient_until = now
        self._failing_since = inf
        self._withdraw(*_MENDED_BY_TELEGRAM)

    def _fail(self, now: float) -> None:
        """Show nothing more, and say why."""
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

    # The condition.

    def look(self, now: float) -> Condition:
        """Return the condition now; the same object while there is nothing new to tell."""
        if now >= max(self._patient_until, self._shown_until):
            self._state = State.FAILING
            self._failing_since = min(self._failing_since, now)
        if self._state is State.FAILING:
            self._note_no_readings(now)
        found = self._found(now)
        is_told_later = found != self._told and not self._may_tell(now)
        if not is_told_later and found != self._told:
            self._told, self._told_at = found, now
        moments = (
            self._patient_until if self._state is State.WAITING else inf,
            self._shown_until,
            self._failing_since + NO_READINGS_AFTER,
            self._told_at + TELL_INTERVAL if is_told_later else inf,
        )
        self.deadline = min((moment for moment in moments if moment > now), default=inf)
        return self._told

    def _found(self, now: float) -> Condition:
        obstacle, details = self._reason if self._state is State.FAILING else (None, ())
        has_value = now < self._shown_until
        return Condition(self._state, has_value, obstacle, details, dict(self._repairs))

    def _may_tell(self, now: float) -> bool:
        goes_on_failing = self._state is self._told.state is State.FAILING
        return not goes_on_failing or now - self._told_at >= TELL_INTERVAL

    def _note_no_readings(self, now: float) -> None:
        if now - self._failing_since >= NO_READINGS_AFTER:
            self._withdraw(Repair.NO_TELEGRAM)
            # One that says what to do says more.
            if not self._repairs.keys() & _SAY_WHY:
                self._repairs[Repair.NO_TELEGRAM] = (("reason", self._reason[0]), *self._reason[1])
