"""Source of a meter at a port. It turns the bytes of the port into readings."""

from contextlib import suppress
from datetime import datetime
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_AUTHENTICATION_KEY, CONF_ENCRYPTION_KEY, CONF_VERIFY, DOMAIN
from ..lib.failure_detection import METER, PROOF_LASTS_S, Obstacle, ReadingProblem
from ..lib.json_types import JsonMapping
from ..lib.meter.key_proof import KeyProof, Moment
from ..lib.meter.meter_identity import NamedMeter
from ..lib.meter.meter_reader import MeterReader, Reading, Reception
from ..lib.meter.meter_session import MeterSession, Rejected
from ..lib.meter.object_count_and_rate_limits import shown_name
from ..lib.p1.frame_decryptor import FrameDecryptor
from ..lib.p1.keys import DEFAULT_AUTHENTICATION_KEY, parse_key
from ..lib.p1.line_report import LineReport
from ..lib.p1.rejection_reasons import Reason, Rejection
from ..lib.p1.telegram import Telegram
from ..lib.port.errors import PROBLEM_OF
from ..lib.port.reconnecting_port import SILENCE_TIMEOUT_S
from ..lib.port.unread_bytes import UnreadBytes
from ..lib.problem import Problem
from .background_tasks import until_shutdown
from .meter_coordinator import MeterCoordinator, both_clocks
from .port_connection import PortConnection
from .repair_issues import set_issue

type TelegramMeter = MeterCoordinator[TelegramSource]
type MeterConfigEntry = ConfigEntry[TelegramMeter]

_ALTERED = {ReadingProblem.DAMAGED, ReadingProblem.ALTERED_OR_NEW_KEY}
_OF_KEYS = {ReadingProblem.WRONG_KEY, ReadingProblem.OTHER_AUTHENTICATION_KEY}


def stored_keys(data: JsonMapping) -> tuple[bytes | None, bytes]:
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
LINE_REPORTS: HassKey[dict[str, LineReport]] = HassKey(f"{DOMAIN}_line_reports")
"""Reports about the ports by entry id. They stay when an entry is unloaded or its set-up fails."""


@callback
def note_proof(hass: HomeAssistant, data: JsonMapping, telegram: Telegram) -> None:
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


class TelegramSource:
    """Source that makes readings from the telegrams at the entry's port. `line` reads the port."""

    rules = METER

    def __init__(self, coordinator: MeterCoordinator) -> None:
        self._coordinator = coordinator
        self._hass, self._entry = coordinator.hass, coordinator.config_entry
        self._records = coordinator.records
        coordinator.placeholders["serial_number"] = shown_name(coordinator.meter_id)
        self.line = PortConnection(coordinator, self._take, silence_timeout=SILENCE_TIMEOUT_S)
        self._session: MeterSession
        self.report: LineReport
        self._unread = UnreadBytes()
        self._late: Reading | None = None

    @property
    def reception(self) -> Reception:
        """Return the counts of accepted and rejected telegrams."""
        return self._session.reception

    async def async_start(self) -> None:
        """Start reading. If a user adds a new meter, wait for its first reading."""
        coordinator, memory = self._coordinator, self._records.memory
        coordinator.renew_prices()
        self._begin_session()
        coordinator.begin()
        if memory.last_telegram:
            # The clock may have been set since, so a future time counts like a past one.
            age = abs((dt_util.utcnow() - memory.last_telegram).total_seconds())
            coordinator.health.prove(coordinator.now() + PROOF_LASTS_S - age)
        self.line.start()
        is_new = memory.last_telegram is None and not self._records.has_device
        if is_new and self._hass.state is CoreState.running:
            # The next page of the set-up dialog lists the meter's devices. So wait for the first
            # reading or failure, which takes half a minute at most. The start of Home Assistant
            # must not wait: after a power failure, a meter can still be new.
            with suppress(TimeoutError):
                async with until_shutdown(self._hass):
                    await coordinator.is_decided.wait()

    @callback
    def read_again(self) -> None:
        """Start reading again with the port and the keys that are now in the entry."""
        before = self._keys
        self.line.start()
        self._begin_session()
        self._coordinator.begin(has_new_keys=self._keys != before)

    def _begin_session(self) -> None:
        coordinator, entry, memory = self._coordinator, self._entry, self._records.memory
        self._keys = key, authentication_key = stored_keys(entry.data)
        if proof := self._hass.data.get(_PROOFS, {}).pop(coordinator.meter_id, None):
            memory.key_proof = proof
            coordinator.health.prove(coordinator.now() + PROOF_LASTS_S)
        needs_tag: bool = entry.data.get(CONF_VERIFY, True)
        decryptor = key and FrameDecryptor(
            key,
            authentication_key,
            last_counters=memory.last_counters(key),
            needs_tag=needs_tag,
        )
        limits = self._records.limits()
        meter = NamedMeter(
            coordinator.meter_id,
            MeterReader(memory, limits, self._records.money),
            decryptor or None,
        )
        self.report = LineReport()
        self._hass.data.setdefault(LINE_REPORTS, {})[entry.entry_id] = self.report
        self._session = MeterSession(
            meter,
            limits=limits,
            prices=self._records.prices_at,
            may_be_late=self.line.is_topic,
            report=self.report,
        )
        set_issue(self._hass, entry, Problem.NOT_VERIFIED, is_there=not needs_tag)

    @callback
    def _take(self, data: bytes) -> bool:
        coordinator = self._coordinator
        has_event = is_to_be_checked = False
        self.report.add_bytes(len(data), coordinator.now())
        is_due = self._unread.add_bytes(data, coordinator.now())
        for event in self._session.feed(data, dt_util.utcnow(), coordinator.now()):
            has_event = True
            if isinstance(event, Reading):
                coordinator.faults.call(self._on_reading, event)
                # A current reading was checked when it was shown.
                is_to_be_checked |= not event.is_current
            else:
                coordinator.faults.call(self._on_rejected, event)
                self._records.schedule_save()
                is_to_be_checked = True

        if has_event:
            self._unread.clear()
        elif is_due and (problem := self._unread.problem):
            coordinator.health.received_unread(problem)
        return is_to_be_checked

    @callback
    def _on_rejected(self, rejected: Rejected) -> None:
        # This method runs for each rejected frame, and a port may send nothing else. Keep it fast.
        health, now = self._coordinator.health, self._coordinator.now()
        if isinstance(rejected, Rejection):
            obstacle = self._obstacle_of(rejected, dt_util.utcnow())
            health.rejected(now, obstacle, sender=rejected.system_title)
        elif rejected.name is None:
            health.rejected(now, ReadingProblem.NO_DEVICE_NAME)
        else:
            health.rejected(now, Problem.OTHER_METER, (("found", rejected.name),))

    def _obstacle_of(self, rejection: Rejection, now: datetime) -> Obstacle:
        """Return the problem of a rejected frame. Count the frame if it was altered on the way."""
        obstacle, title = PROBLEM_OF[rejection.reason], rejection.system_title
        if (
            title
            and obstacle in _OF_KEYS
            and self._records.memory.system_title not in {None, title}
        ):
            return Problem.OTHER_METER_UNREADABLE
        if self._session.are_keys_proved(rejection, now, self._coordinator.now()):
            if obstacle in _OF_KEYS:
                obstacle = ReadingProblem.ALTERED_OR_NEW_KEY
            elif rejection.reason is Reason.ALTERED:
                self._coordinator.health.key_fits()
        if obstacle in _ALTERED:
            self._records.history.reception.note_altered(now)
        return obstacle

    @callback
    def _on_reading(self, reading: Reading) -> None:
        self.line.confirm()
        self._late = None if reading.is_current else reading
        coordinator = self._coordinator
        if reading.is_current:
            judged = coordinator.now(), reading.clock, partial(both_clocks, reading)
            coordinator.faults.call(coordinator.health.clock_judged, *judged)
        coordinator.take_reading(reading)

    @callback
    def confirm_clock(self) -> None:
        """Take the deviation of the late reading as that of the meter's clock.

        The user has confirmed that the clock is wrong.
        """
        memory = self._records.memory
        if reading := self._late:
            memory.clock_deviation = reading.clock.deviation
            # Telegrams of a topic are compared with `clock_deviation`, others with `clock`.
            if not self.line.is_topic:
                memory.clock.deviation = memory.clock_deviation
        self._records.household.meter.confirm_clock()

    def age_of(self, reading: Reading) -> float:
        """Return the age of a reading in seconds.

        Usually, the age counts from the reception. But a gateway or an MQTT broker may hold back a
        telegram. So for a telegram from an MQTT topic, the age counts from the telegram's time.
        This time is corrected by the lag of the meter's clock.
        """
        age = dt_util.utcnow() - reading.received_at + reading.clock.delay
        return max(0.0, age.total_seconds())
