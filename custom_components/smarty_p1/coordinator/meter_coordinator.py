"""Coordinator of a meter. It turns the bytes of the meter's port into readings for the entities."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_MIN_INTERVAL,
    CONF_VERIFY,
    DOMAIN,
)
from ..lib.failure_detection import (
    METER,
    PROOF_LASTS_S,
    Condition,
    Details,
    FailureState,
    ReadingProblem,
)
from ..lib.meter.key_proof import KeyProof, Moment
from ..lib.meter.meter_identity import NamedMeter
from ..lib.meter.meter_reader import MeterReader, Reading, Reception, outlined_reading
from ..lib.meter.meter_session import MeterSession, Rejected
from ..lib.meter.object_count_and_rate_limits import shown_name
from ..lib.min_interval import MinInterval
from ..lib.p1.frame_decryptor import FrameDecryptor
from ..lib.p1.keys import DEFAULT_AUTHENTICATION_KEY, parse_key
from ..lib.p1.obis import MESSAGES
from ..lib.p1.rejection_reasons import Reason, Rejection
from ..lib.p1.telegram import Telegram
from ..lib.port.reconnecting_port import SILENCE_TIMEOUT
from .background_tasks import until_shutdown
from .books_coordinator import BooksCoordinator
from .meter_capture import MeterCapture
from .port_connection import PortConnection
from .repair_issues import Problem, set_issue

# Objects whose changes are urgent: messages, breaker and relays. Entities show these changes at
# once, even if the user has set a minimum interval.
_URGENT = (*MESSAGES, "0-0:96.3.10", "0-1:96.3.10", "0-2:96.3.10")
type MeterConfigEntry = ConfigEntry[MeterCoordinator]

REJECTED: Mapping[Reason, ReadingProblem] = {
    Reason.TAG: ReadingProblem.WRONG_KEY,
    Reason.ALTERED: ReadingProblem.DAMAGED,
    Reason.AUTHENTICATION_KEY: ReadingProblem.OTHER_AUTHENTICATION_KEY,
    Reason.REPLAY: ReadingProblem.REPLAY,
    Reason.CRC: ReadingProblem.DAMAGED,
    Reason.DOWNGRADE: ReadingProblem.SECURITY_OFF,
    Reason.KEY_MISSING: ReadingProblem.KEY_MISSING,
    Reason.MALFORMED: ReadingProblem.DAMAGED,
}
_ALTERED = {ReadingProblem.DAMAGED, ReadingProblem.ALTERED_OR_NEW_KEY}
_OF_KEYS = {ReadingProblem.WRONG_KEY, ReadingProblem.OTHER_AUTHENTICATION_KEY}


def stored_keys(data: Mapping[str, Any]) -> tuple[bytes | None, bytes]:
    """Return the encryption key and the authentication key in an entry's data.

    The encryption key is None if it is not set. If no authentication key is set, return the
    published authentication key, which is the same for all meters.
    """
    key = data.get(CONF_ENCRYPTION_KEY)
    authentication_key = data.get(CONF_AUTHENTICATION_KEY)
    return (
        parse_key(key) if key else None,
        parse_key(authentication_key) if authentication_key else DEFAULT_AUTHENTICATION_KEY,
    )


_PROOFS: HassKey[dict[str, KeyProof]] = HassKey(f"{DOMAIN}_key_proofs")


@callback
def note_proof(hass: HomeAssistant, data: Mapping[str, Any], telegram: Telegram) -> None:
    """Record that port and keys in `data` are right, because a dialog has accepted `telegram`.

    The next session of the meter takes this proof.
    """
    key, authentication_key = stored_keys(data)
    proof = KeyProof()
    if key and telegram.system_title:
        now = Moment(dt_util.utcnow(), None)
        proof.accept(telegram, FrameDecryptor(key, authentication_key), now)
    if telegram.serial_number:
        hass.data.setdefault(_PROOFS, {})[telegram.serial_number] = proof


def _urgent_values(reading: Reading) -> tuple[object, ...]:
    """Return the urgent values of a reading. Entities show changes of these values at once.

    A minimum interval does not delay such a change. Registers are not urgent, because they are
    totals: no energy is lost if a total is shown later.
    """
    demand, get = reading.demand, reading.telegram.objects.get
    milestones = demand and (
        demand.last_quarter and demand.last_quarter.start,
        demand.month_start,
        demand.will_exceed,
        demand.running_kw is not None,
    )
    return reading.channels, milestones, *map(get, _URGENT)


def _both_clocks(reading: Reading) -> Details:
    """Return the times of both clocks at the reception of a reading, as texts for the user."""
    clocks = (("since", reading.time), ("now", reading.received_at))
    return tuple((name, dt_util.as_local(at).strftime("%Y-%m-%d %H:%M")) for name, at in clocks)


class MeterCoordinator(BooksCoordinator):
    """Coordinator that passes the readings of one meter to its entities.

    `line` reads the port. `data` is the last reading that the entities show. Before the first
    reading, `data` has the objects of the last telegram before the restart, but no values.
    """

    config_entry: MeterConfigEntry
    serial_number: str
    line: PortConnection

    def __init__(self, hass: HomeAssistant, entry: MeterConfigEntry) -> None:
        self.serial_number = str(entry.unique_id)
        super().__init__(hass, entry, METER, serial_number=shown_name(self.serial_number))
        self.line = PortConnection(self, self._take, silence_timeout=SILENCE_TIMEOUT)
        self.capture = MeterCapture(
            hass, entry, self.line.byte_listeners.add, self._capture_decryptor
        )
        self._session: MeterSession
        self._latest_late: Reading | None = None
        # A form once accepted "nan", which is stored as None.
        self._min_interval: float = entry.options.get(CONF_MIN_INTERVAL) or 0
        self._turns = MinInterval(hass.loop, self._min_interval)
        self._seen_objects: set[str] = set()
        self._is_decided = asyncio.Event()

    @property
    def reception(self) -> Reception:
        """Return the counts of accepted and rejected telegrams."""
        return self._session.reception

    @override
    async def async_start(self) -> None:
        """Load the stored data, and start reading.

        If a user adds a new meter, wait for its first reading.
        """
        await super().async_start()
        memory = self.books.memory
        self.data = outlined_reading(memory, dt_util.utcnow())
        self.books.renew_prices(self)
        self._seen_objects.update(self.data.telegram.objects)
        self._begin_session()
        self.begin()
        if memory.last_telegram:
            # The clock may have been set since, so a time in the future is as old.
            age = abs((dt_util.utcnow() - memory.last_telegram).total_seconds())
            self.health.prove(self.now() + PROOF_LASTS_S - age)
        self.line.start()
        is_new = memory.last_telegram is None and not self.books.has_device
        if is_new and self.hass.state is CoreState.running:
            # The next page of the set-up dialog lists the meter's devices. So wait for the first
            # reading or failure, which takes half a minute at most. The start of Home Assistant
            # must not wait: after a power failure, a meter can still be new.
            with suppress(TimeoutError):
                async with until_shutdown(self.hass):
                    await self._is_decided.wait()

    @callback
    def read_again(self) -> None:
        """Start reading again with the port and the keys that are now in the entry."""
        before = self._keys
        self.line.start()
        self._begin_session()
        self.begin(has_new_keys=self._keys != before)

    def _begin_session(self) -> None:
        entry, memory = self.config_entry, self.books.memory
        self._keys = key, authentication_key = stored_keys(entry.data)
        if proof := self.hass.data.get(_PROOFS, {}).pop(self.meter_id, None):
            memory.key_proof = proof
            self.health.prove(self.now() + PROOF_LASTS_S)
        needs_tag: bool = entry.data.get(CONF_VERIFY, True)
        decryptor = key and FrameDecryptor(
            key,
            authentication_key,
            last_counters=memory.last_counters(key),
            needs_tag=needs_tag,
        )
        limits = self.books.limits()
        meter = NamedMeter(
            self.meter_id, MeterReader(memory, limits, self.books.money), decryptor or None
        )
        self._session = MeterSession(
            meter, limits=limits, prices=self.books.prices_at, may_be_late=self.line.is_topic
        )
        set_issue(self.hass, entry, Problem.NOT_VERIFIED, is_there=not needs_tag)

    @override
    async def async_shutdown(self) -> None:
        """Cancel a delayed update of the entities, and discard the capture."""
        self._turns.cancel()
        self.capture.discard()
        await super().async_shutdown()

    @override
    @callback
    def on_condition(self, before: Condition) -> None:
        if self.condition.state is not FailureState.WAITING:
            self._is_decided.set()
        if not self.condition.has_value:
            # A delayed update of the entities may still come. It would make the entities available
            # again, so cancel the update.
            self._turns.cancel()
        super().on_condition(before)

    @callback
    def _take(self, data: bytes) -> None:
        for event in self._session.feed(data, dt_util.utcnow(), self.now()):
            if isinstance(event, Reading):
                self.faults.call(self._on_reading, event)
            else:
                self.faults.call(self._on_rejected, event)
            self.books.schedule_save()

    @callback
    def _on_rejected(self, rejected: Rejected) -> None:
        # This method runs for each rejected frame, and a port may send nothing else. Keep it fast.
        if isinstance(rejected, Rejection):
            obstacle = self._obstacle_of(rejected, dt_util.utcnow())
            self.health.rejected(self.now(), obstacle, sender=rejected.system_title)
        elif rejected.name is None:
            self.health.rejected(self.now(), ReadingProblem.NO_DEVICE_NAME)
        else:
            self.health.rejected(
                self.now(), ReadingProblem.OTHER_METER, (("found", rejected.name),)
            )

    def _obstacle_of(self, rejection: Rejection, now: datetime) -> ReadingProblem:
        """Return the problem of a rejected frame. Count the frame if it was altered on the way."""
        obstacle, title = REJECTED[rejection.reason], rejection.system_title
        if title and obstacle in _OF_KEYS and self.books.memory.system_title not in {None, title}:
            return ReadingProblem.OTHER_METER_UNREADABLE
        if self._session.are_keys_proved(rejection, now, self.now()):
            if obstacle in _OF_KEYS:
                obstacle = ReadingProblem.ALTERED_OR_NEW_KEY
            elif rejection.reason is Reason.ALTERED:
                self.health.key_fits()
        if obstacle in _ALTERED:
            self.books.history.reception.note_altered(now)
        return obstacle

    @callback
    def _on_reading(self, reading: Reading) -> None:
        self.readings += 1
        self.line.confirm()
        self.faults.call(self.books.enter, reading)
        if not reading.is_current:
            self._on_late(reading)
            return
        self.latest, self._latest_late = reading, None
        self.health.accepted(self.now())
        self.faults.call(self._report_clock, reading)
        # Update the condition first, because the listeners below use it.
        self.look()
        is_urgent = not self._min_interval or self._is_urgent(reading)
        self._turns.offer(partial(self._show, reading), is_urgent=is_urgent)
        self.reading_listeners.call(reading)

    @callback
    def _report_clock(self, reading: Reading) -> None:
        self.health.clock_judged(self.now(), reading.clock, partial(_both_clocks, reading))

    @callback
    def _on_late(self, reading: Reading) -> None:
        """Report a late reading to `health`. Entities do not show its values."""
        self._latest_late = reading
        if self.latest is None:
            self.data = reading
        sent, details = reading.time.timestamp(), _both_clocks(reading)
        # A cable has no queue. So telegrams that come late and fast are no backlog of a gateway.
        may_catch_up = self.line.is_topic
        self.health.accepted_late(self.now(), sent, details, may_catch_up=may_catch_up)

    @callback
    def confirm_clock(self) -> None:
        """Store the deviation of the meter's clock.

        This is called after the user has confirmed that the clock is wrong.
        """
        memory = self.books.memory
        if reading := self._latest_late:
            memory.clock_deviation = reading.clock.deviation
            if not self.line.is_topic:
                memory.clock.deviation = memory.clock_deviation
        self.books.household.meter.confirm_clock()

    def age_of(self, reading: Reading) -> float:
        """Return the age of a reading in seconds.

        Usually, the age counts from the reception. But a gateway or an MQTT broker may hold back a
        telegram. So for a telegram from an MQTT topic, the age counts from the telegram's time.
        This time is corrected by the lag of the meter's clock.
        """
        age = dt_util.utcnow() - reading.received_at + reading.clock.delay
        return max(0.0, age.total_seconds())

    def _is_urgent(self, reading: Reading) -> bool:
        """Return whether entities must show a reading at once, in spite of a minimum interval."""
        makes_entities = not reading.telegram.objects.keys() <= self._seen_objects
        self._seen_objects |= reading.telegram.objects.keys()
        return (
            makes_entities
            or not self.last_update_success
            or _urgent_values(reading) != _urgent_values(self.data)
        )

    @callback
    def _show(self, reading: Reading) -> None:
        if not self.is_closed:
            self.push(reading)

    def _capture_decryptor(self) -> FrameDecryptor | None:
        key, authentication_key = stored_keys(self.config_entry.data)
        return FrameDecryptor(key, authentication_key) if key else None
