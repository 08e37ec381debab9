"""From the port to the entities: this meter's telegrams, and what is wrong with others."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_MIN_INTERVAL,
    CONF_VERIFY,
    DOMAIN,
    LOGGER,
)
from ..lib.meter import (
    Limits,
    MeterReader,
    MeterSession,
    NamedMeter,
    OtherMeter,
    Reading,
    Reception,
    shown_name,
)
from ..lib.min_interval import MinInterval
from ..lib.p1 import (
    DEFAULT_AUTHENTICATION_KEY,
    MESSAGES,
    Opener,
    Reason,
    Rejection,
    parse_key,
)
from .early_set_up import EarlySetUpCoordinator
from .failure_run import FAILURES, Failure, failure_run_of
from .late_telegram_repairs import LateTelegrams
from .meter_books import MeterBooks
from .meter_capture import MeterCapture
from .push_coordinator import Obstacle
from .repair_issues import Problem, is_raised, raise_issue, withdraw_issues

LONG_ABSENCE = timedelta(hours=1)
CLOCK_TOLERANCE = timedelta(minutes=5)
# A clock at the limit must not raise and close its repair again and again.
_CLOCK_MARGIN = timedelta(minutes=1)

# What is shown at once, however seldom entities are to be updated: texts, breaker, relays.
_URGENT = (*MESSAGES, "0-0:96.3.10", "0-1:96.3.10", "0-2:96.3.10")
_IGNORED = {
    "objects": "%s: more than %d objects that no specification knows; the others are ignored",
    "telegrams": "%s: more than %d telegrams a second without a tag; the others are ignored",
    "meters": "%s: more than %d meters on the M-Bus; the others are ignored until you delete some",
}
type MeterConfigEntry = ConfigEntry[SmartyCoordinator]
type ReadingListener = Callable[[Reading], None]

NO_DEVICE_NAME = Obstacle("no_device_name")
OTHER_METER_UNREADABLE = Obstacle("other_meter_unreadable")
REJECTED: Mapping[Reason, Obstacle] = {
    Reason.TAG: Obstacle("wrong_key"),
    Reason.AUTHENTICATION_KEY: Obstacle("other_authentication_key"),
    Reason.REPLAY: Obstacle("replay"),
    Reason.CRC: Obstacle("damaged"),
    Reason.DOWNGRADE: Obstacle("security_off"),
    Reason.KEY_MISSING: Obstacle("key_missing"),
    Reason.MALFORMED: Obstacle("damaged"),
}
_JUDGED = {reason: (FAILURES.get(reason), obstacle) for reason, obstacle in REJECTED.items()}
_AUTHENTICATION_KEY = REJECTED[Reason.AUTHENTICATION_KEY]
_PROBLEMS: Mapping[Failure, Problem] = {
    Failure.SECURITY_OFF: Problem.SECURITY_OFF,
    Failure.SECURITY_ON: Problem.SECURITY_ON,
    Failure.OTHER_METER: Problem.OTHER_METER,
    Failure.FOREIGN_TITLE: Problem.OTHER_METER_UNREADABLE,
}
_OTHER_METER = {Problem.OTHER_METER, Problem.OTHER_METER_UNREADABLE}
_MENDED_BY_TELEGRAM = (Problem.NO_TELEGRAM, *_PROBLEMS.values())


def stored_keys(data: Mapping[str, Any]) -> tuple[bytes | None, bytes]:
    """Return the encryption key, if there is one, and the authentication key of an entry."""
    key = data.get(CONF_ENCRYPTION_KEY)
    authentication_key = data.get(CONF_AUTHENTICATION_KEY)
    return (
        parse_key(key) if key else None,
        parse_key(authentication_key) if authentication_key else DEFAULT_AUTHENTICATION_KEY,
    )


def _urgent_values(reading: Reading) -> tuple[object, ...]:
    """Return what could be gone by the next telegram that is shown, or is of this moment.

    Registers lose nothing when a telegram is passed over.
    """
    demand, get = reading.demand, reading.telegram.objects.get
    milestones = demand and (
        demand.last_quarter and demand.last_quarter.start,
        demand.month_start,
        demand.will_exceed,
        demand.running_kw is not None,
    )
    return reading.channels, milestones, *map(get, _URGENT)


class SmartyCoordinator(EarlySetUpCoordinator[Reading]):
    """Pushes the readings of one meter to its entities.

    `data` is the last one that was due, `latest` the last one, also when entities are updated
    seldom. Neither is there before the first.
    """

    config_entry: MeterConfigEntry
    not_understood = "not_p1"
    latest: Reading | None = None
    _session: MeterSession

    def __init__(self, hass: HomeAssistant, entry: MeterConfigEntry) -> None:
        super().__init__(hass, entry)
        self.serial_number = str(entry.unique_id)
        self.books = MeterBooks(hass, entry)
        self.capture = MeterCapture(hass, entry, self.async_add_byte_listener, self._capture_opener)
        self._failure_run = failure_run_of(hass, entry)
        self._failing: dict[Failure, Obstacle] = {}
        self._late = LateTelegrams(hass, entry)
        self._min_interval: float = entry.options.get(CONF_MIN_INTERVAL, 0)
        self._turns = MinInterval(hass.loop, self._min_interval)
        self._seen_objects: set[str] = set()
        self._reading_listeners: list[ReadingListener] = []

    @property
    def reception(self) -> Reception:
        """Return how telegrams have been received until now."""
        return self._session.reception

    @override
    async def async_start(self) -> None:
        await self.books.async_open()
        self._is_known = self.books.memory.last_telegram is not None
        self._take_keys()
        self._failure_run.listen(self._on_failing)
        try:
            await super().async_start()
        except ConfigEntryNotReady:
            self._note_absence()
            # The next try reads what is stored; nothing older may be written after that.
            self.set_closed(is_closed=True)
            await self.books.async_flush()
            raise
        await self.books.async_fetch()

    @callback
    def _take_keys(self) -> None:
        """Begin with the keys that the entry has now."""
        needs_tag: bool = self.config_entry.data.get(CONF_VERIFY, True)
        self._session = self._begin_session(
            *stored_keys(self.config_entry.data), needs_tag=needs_tag
        )
        if needs_tag:
            withdraw_issues(self.hass, self.config_entry, [Problem.NOT_VERIFIED])
        else:
            raise_issue(self.hass, self.config_entry, Problem.NOT_VERIFIED)

    @callback
    def read_again(self) -> None:
        """Read from the port, and with the keys, that the entry has now: they may be others."""
        self._take_port()
        self._take_keys()
        self._start_link()

    def _begin_session(
        self, key: bytes | None, authentication_key: bytes, *, needs_tag: bool
    ) -> MeterSession:
        opener = key and Opener(
            key,
            authentication_key,
            last_counters=self.books.memory.last_counters(key),
            needs_tag=needs_tag,
        )
        limits = Limits(self._kept_meters, self._warn_of_ignored)
        meter = NamedMeter(
            self.serial_number, MeterReader(self.books.memory, limits), opener or None
        )
        return MeterSession(
            meter, limits=limits, prices=self.books.prices_at, may_be_late=self._is_topic
        )

    def _capture_opener(self) -> Opener | None:
        key, authentication_key = stored_keys(self.config_entry.data)
        return Opener(key, authentication_key) if key else None

    @override
    async def async_shutdown(self) -> None:
        """Stop waiting for telegrams."""
        self._turns.cancel()
        self.capture.discard()
        self._failure_run.pause()
        await super().async_shutdown()

    async def async_close(self) -> None:
        """Store what is to be remembered, once and for all."""
        await self.books.async_close()

    @callback
    def async_add_reading_listener(self, listener: ReadingListener) -> CALLBACK_TYPE:
        """Call the listener with every reading, however seldom entities are updated.

        Return what ends that.
        """
        self._reading_listeners.append(listener)
        return lambda: self._reading_listeners.remove(listener)

    @override
    def _feed(self, data: bytes) -> None:
        for event in self._session.feed(data, dt_util.utcnow(), self.hass.loop.time()):
            if isinstance(event, Reading):
                self._on_meter_reading(event)
            elif isinstance(event, OtherMeter):
                self._on_other_meter(event)
            else:
                self._on_rejection(event)
            self.books.schedule_save()

    @callback
    def _on_rejection(self, rejection: Rejection) -> None:
        # A line can be full of these: nothing here may take long.
        failure, obstacle = _JUDGED[rejection.reason]
        if failure is None:
            if not self._failure_run:
                self._obstacle = obstacle
            return
        if failure is Failure.KEYS:
            if self._is_foreign(rejection.system_title):
                failure, obstacle = Failure.FOREIGN_TITLE, OTHER_METER_UNREADABLE
            else:
                # False beginnings in its frames seem to have any title.
                self._failure_run.forget(Failure.FOREIGN_TITLE)
                if self._failing.get(failure) is _AUTHENTICATION_KEY:
                    obstacle = _AUTHENTICATION_KEY  # one that deciphers says more than many
        self._note_failure(failure, obstacle)

    def _is_foreign(self, title: bytes | None) -> bool:
        own = self.books.memory.system_title
        return title != own and own is not None and title is not None

    @callback
    def _note_failure(self, failure: Failure, obstacle: Obstacle) -> None:
        self._obstacle = self._failing[failure] = obstacle
        self._failure_run.add(failure)

    @callback
    def _on_failing(self, failure: Failure) -> None:
        """Ask the user for help: what fails so often and for so long does not mend itself."""
        self._obstacle = self._failing[failure]
        if self.readings:
            self._fail()
        self._setup_decided.set()
        problem = _PROBLEMS.get(failure)
        if problem is None:
            self._ask_for_keys()
            return
        if problem in _OTHER_METER:
            # What is known last of the one other meter.
            withdraw_issues(self.hass, self.config_entry, _OTHER_METER - {problem})
        raise_issue(self.hass, self.config_entry, problem, **self._placeholders())

    @callback
    def _ask_for_keys(self) -> None:
        withdraw_issues(self.hass, self.config_entry, [Problem.OTHER_METER_UNREADABLE])
        self._failure_run.has_asked_for_keys = True
        # Does nothing while one is open.
        self.config_entry.async_start_reauth(
            self.hass, data={"reason": self._obstacle.translation_key}
        )

    @callback
    def _on_meter_reading(self, reading: Reading) -> None:
        self._on_reading()
        self._end_failure_run()
        self.books.enter(reading)
        if not reading.is_current:
            self._on_late(reading)
            return
        self.latest = reading
        self._late.end()
        self._check_clock(reading)
        is_urgent = not self._min_interval or self._is_urgent(reading)
        self._turns.offer(partial(self._show, reading), is_urgent=is_urgent)
        for listener in tuple(self._reading_listeners):
            listener(reading)

    @callback
    def _on_late(self, reading: Reading) -> None:
        """Count a reading, and show nothing: what it says is not of now."""
        self._obstacle = self._late.note(reading)
        if self.readings == 1:
            self.data = reading
            self._on_first()
        if self.last_update_success:
            self._fail()

    @callback
    def confirm_clock(self) -> None:
        """Take what the user says: telegrams come in time, and the meter's clock is wrong."""
        reading = self._late.latest
        if reading and reading.telegram.time:
            self.books.memory.clock_deviation = reading.telegram.time - reading.received_at

    def age_of(self, reading: Reading) -> float:
        """Return how many seconds ago a reading was sent.

        It takes no time to come, but at a topic, where a broker may have kept it: there by the
        meter's clock, as far as that is known.
        """
        sent, time = reading.received_at, reading.telegram.time
        if time and self._is_topic:
            sent = min(sent, time - (self.books.memory.clock_deviation or timedelta()))
        return max(0.0, (dt_util.utcnow() - sent).total_seconds())

    @callback
    def _end_failure_run(self) -> None:
        """Withdraw what the failures led to: the port and the keys are right."""
        self._failure_run.end()
        self._failing.clear()
        withdraw_issues(self.hass, self.config_entry, _MENDED_BY_TELEGRAM)
        if self._failure_run.has_asked_for_keys:
            self._failure_run.has_asked_for_keys = False
            for flow in list(self.config_entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    @callback
    def _check_clock(self, reading: Reading) -> None:
        # At a topic, telegrams come late that have waited for the broker.
        time = reading.telegram.time
        if time is None or self._is_topic:
            return
        deviation = abs(time - reading.received_at)
        if deviation <= CLOCK_TOLERANCE - _CLOCK_MARGIN:
            withdraw_issues(self.hass, self.config_entry, [Problem.METER_CLOCK])
        elif deviation > CLOCK_TOLERANCE and not is_raised(
            self.hass, self.config_entry, Problem.METER_CLOCK
        ):
            minutes = str(round(deviation / timedelta(minutes=1)))
            raise_issue(self.hass, self.config_entry, Problem.METER_CLOCK, minutes=minutes)

    @callback
    def _note_absence(self) -> None:
        """Raise an issue when there were telegrams once, and none for long."""
        last = self.books.memory.last_telegram
        if last and dt_util.utcnow() - last >= LONG_ABSENCE:
            raise_issue(self.hass, self.config_entry, Problem.NO_TELEGRAM, port=self.shown_port)

    @override
    @callback
    def _on_stale(self, now: datetime) -> None:
        super()._on_stale(now)
        self._note_absence()

    def _is_urgent(self, reading: Reading) -> bool:
        """Return whether entities are to be updated at once, however seldom they are otherwise."""
        makes_entities = not reading.telegram.objects.keys() <= self._seen_objects
        self._seen_objects |= reading.telegram.objects.keys()
        return (
            makes_entities
            or self.readings == 1
            or not self.last_update_success
            or _urgent_values(reading) != _urgent_values(self.data)
        )

    @callback
    def _show(self, reading: Reading) -> None:
        if not self._is_closed:
            self._push(reading)

    def _kept_meters(self) -> set[str]:
        """Return the meters on the M-Bus that have devices: to delete one makes room."""
        devices = dr.async_entries_for_config_entry(
            dr.async_get(self.hass), self.config_entry.entry_id
        )
        return {
            name.removeprefix(f"{self.serial_number}_")
            for device in devices
            for domain, name in device.identifiers
            if domain == DOMAIN and name != self.serial_number
        }

    @callback
    def _warn_of_ignored(self, kind: str, most: float) -> None:
        LOGGER.warning(_IGNORED[kind], self.config_entry.title, most)

    @override
    @callback
    def _fail(self) -> None:
        # What waits for its turn would make the entities available again.
        self._turns.cancel()
        super()._fail()

    def _on_other_meter(self, other: OtherMeter) -> None:
        if other.name is None:
            self._obstacle = NO_DEVICE_NAME
            return
        obstacle = Obstacle("other_meter", {"found": other.name})
        self._note_failure(Failure.OTHER_METER, obstacle)

    @override
    def _placeholders(self) -> dict[str, str]:
        return {"serial_number": shown_name(self.serial_number), **super()._placeholders()}
