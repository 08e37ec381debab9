"""Watch of one meter: it passes readings and the time to the decisions, and sends the messages."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import override

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_GOAL, DOMAIN, LOGGER
from ..coordinator import RecordsConfigEntry
from ..coordinator.entry_types import AnyConfigEntry, short_title
from ..coordinator.repair_issues import set_issue, withdraw_issues
from ..coordinator.stored.throttled_store import ThrottledStore
from ..lib.connection_outage import Outage
from ..lib.history.luxembourg_time import LUXEMBOURG, hour_start
from ..lib.messages.goal_watch import goal_outlook
from ..lib.messages.message import HouseholdMessage, Kind
from ..lib.messages.meter_watches import (
    AtReading,
    Facts,
    InMinute,
    MessageState,
    OnDay,
    decide_messages,
)
from ..lib.messages.outbox import admit
from ..lib.meter.meter_reader import Reading
from ..lib.problem import Problem
from .message_options import MessageOptions
from .plan_to_watch import watched_plan
from .report_data import LAST_WAITING_DAY, async_inverters, async_report, is_ready
from .sending import async_send, gone_recipients

_LOOK_INTERVAL = timedelta(minutes=1)
_SAVE_INTERVAL_S = 60.0
_MAX_NAMED = 3
_REPORT_TIME = time(8)
# After that, the report of a Home Assistant that was off is no news.
_LAST_REPORT_DAY = 7


class MessageStore(ThrottledStore):
    """State of a meter's messages, stored in a file."""

    _type = MessageState

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "messages", interval=_SAVE_INTERVAL_S)
        self.state: MessageState = MessageState()

    @override
    async def _async_join(self, parsed: MessageState) -> None:
        self.state = self.state.after(parsed)


async def async_watch_messages(hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
    """Start to watch a meter, if the user has turned a switch on. Unloading the entry ends it."""
    store, options = MessageStore(hass, entry.entry_id), MessageOptions.of(entry)
    if not options.kinds:
        withdraw_issues(hass, entry, [Problem.RECIPIENT_GONE])
        # A switch that is turned on later begins anew.
        await store.async_remove()
        return
    entry.async_on_unload(store.async_close)
    await store.async_load()
    now = dt_util.utcnow()
    state = store.state.switched(options.kinds, now)
    if state != store.state:
        store.state = state
        await store.async_save()
    _MeterWatch(hass, entry, store).start()


async def async_forget_messages(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Remove the stored file of a removed entry."""
    await MessageStore(hass, entry.entry_id).async_remove()


class _MeterWatch:
    """Watch of one meter."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RecordsConfigEntry,
        store: MessageStore,
    ) -> None:
        self._hass = hass
        self.entry = entry
        self.store = store
        self._heard_at = entry.runtime_data.now()
        self._has_heard = entry.runtime_data.readings > 0
        self._looked_at: Reading | None = None
        self._read_at = entry.runtime_data.records.history.reception.last
        self._goal_looked_at: datetime | None = None
        self._sun_looked_on: date | None = None
        self.report_tried_in: datetime | None = None
        """Hour of the last attempt to make a report that is still owed."""
        self._faults = entry.runtime_data.faults
        name = short_title(entry)
        self._outage = Outage("%s: no message to %s (%s)", "%s: messages arrive again", name)

    @property
    def options(self) -> MessageOptions:
        """Return the present options. The recipients change when the user renames them."""
        return MessageOptions.of(self.entry)

    def start(self) -> None:
        """Listen to readings and to the time, until the entry is unloaded."""
        unload = self.entry.async_on_unload
        coordinator = self.entry.runtime_data
        watches = self._hass.data.setdefault(_WATCHES, {})
        watches[self.entry.entry_id] = self
        unload(partial(watches.__delitem__, self.entry.entry_id))
        unload(coordinator.reading_listeners.add(self._on_reading))
        unload(
            async_track_time_interval(
                self._hass, self._async_look, _LOOK_INTERVAL, cancel_on_shutdown=True
            )
        )

    @callback
    def _on_reading(self, reading: Reading) -> None:
        """Ask the decisions about a reading. It runs for every telegram, so it must be fast."""
        self._heard_at, self._has_heard = self.entry.runtime_data.now(), True
        before, self._read_at = self._read_at, dt_util.utcnow()
        # While Home Assistant starts, the recipients may not be there yet. A later reading still
        # shows a new text or count.
        if self._hass.state is not CoreState.running:
            return
        looked_at, self._looked_at = self._looked_at, reading
        times, records = (before, self._read_at), self.entry.runtime_data.records
        facts = AtReading(
            reading, looked_at, times, lambda: records.household_state, self._may_send
        )
        if due := self._look(facts):
            self._deliver(due)

    def _look(self, facts: Facts) -> Sequence[HouseholdMessage]:
        """Return the messages that are due by these facts, and keep the new state.

        The state already says that these messages are sent.
        """
        self.store.state, due, is_to_store = decide_messages(self.store.state, facts, self._faults)
        if is_to_store:
            self.store.schedule()
        return due

    async def _async_look(self, _now: datetime) -> None:
        """Ask the decisions about the time. Home Assistant calls it each minute."""
        if self._hass.state is not CoreState.running:
            return
        # A report takes long to make, and an alarm must not wait for it.
        due = self._faults.call(self._due_in_minute) or ()
        if due or self.store.state.outbox.waiting:
            self._deliver(due)
        self._faults.call(self._check_recipients)
        await self._faults.attempt(self._async_report)
        for ask in (self._async_sun, self._async_goal):
            if later := await self._faults.attempt(ask):
                self._deliver(later)

    def _due_in_minute(self) -> Sequence[HouseholdMessage]:
        coordinator, state = self.entry.runtime_data, self.store.state
        records = coordinator.records
        type_of = records.memory.mbus_meters.type_of
        return self._look(
            InMinute(
                dt_util.utcnow(),
                timedelta(seconds=coordinator.now() - self._heard_at),
                self._has_heard,
                records.history.reception.last,
                coordinator.condition,
                {name: type_of(new) for name, new in records.exchanged_meters.items()},
                partial(watched_plan, self._hass, self.entry),
                state.since,
                self._may_send,
            )
        )

    @property
    def _may_send(self) -> bool:
        """Return whether news that are not urgent may be sent now."""
        return self.store.state.outbox.may_send(_now(), self.options.quiet)

    async def _async_sun(self) -> Sequence[HouseholdMessage]:
        """Ask about the panels, once a day after the quiet hours."""
        now = _now()
        is_quiet = now.time() < _REPORT_TIME or self.options.quiet.contain(now.time())
        if is_quiet or now.date() == self._sun_looked_on or self.store.state.part("sun") is None:
            return ()
        self._sun_looked_on = now.date()
        inverters = await async_inverters(self._hass, self.entry, now)
        return self._look(OnDay(inverters, now))

    async def _async_goal(self) -> Sequence[HouseholdMessage]:
        """Ask about the goal, once an hour."""
        choice, household = (
            self.entry.options.get(CONF_GOAL),
            self.entry.runtime_data.records.household_state,
        )
        now = hour_start(dt_util.utcnow())
        is_on = self.store.state.part("goal") is not None
        if not is_on or choice is None or household is None or now == self._goal_looked_at:
            return ()
        self._goal_looked_at = now
        outlook = await self._hass.async_add_executor_job(goal_outlook, household, choice)
        return self._look(outlook) if outlook else ()

    async def _async_report(self) -> None:
        """Send the report about the last month, one for all meters with the same recipients."""
        now = _now()
        is_early = now.day == 1 and now.time() < _REPORT_TIME
        if is_early or self.options.quiet.contain(now.time()):
            return
        watches, hour = self._owing_watches(now.date()), hour_start(now)
        # A report takes long to make: after a failure, wait until the next hour.
        if watches and all(watch.report_tried_in != hour for watch in watches):
            await self._async_make_report(watches, hour)

    async def _async_make_report(self, watches: list[_MeterWatch], hour: datetime) -> None:
        """Make and send the report of some meters."""
        today, is_first_try = hour.date(), not any(watch.report_tried_in for watch in watches)
        for watch in watches:
            watch.report_tried_in = hour
        try:
            report = await async_report(self._hass, [watch.entry for watch in watches], today)
        except Exception as err:  # noqa: BLE001 - one fault must not cost the report of a month
            if is_first_try:
                LOGGER.error("%s: no monthly report yet", short_title(self.entry), exc_info=err)
            if today.day <= LAST_WAITING_DAY:
                return
            report = None
        # Meanwhile, a meter may have been unloaded, or an earlier attempt may have ended.
        if self._owing_watches(today) != watches:
            return
        # Store first: after a crash, a report is rather missing than sent twice.
        for watch in watches:
            watch.report_tried_in = None
            watch.store.state = replace(watch.store.state, reported_in=today.replace(day=1))
            await self._faults.attempt(watch.store.async_save)
        if report:
            await self._async_send([report])

    def _owing_watches(self, today: date) -> list[_MeterWatch]:
        """Return this watch, and those that share its recipients and so its report.

        Return [] if this watch owes no report, or if the last month of a meter is not complete.
        """
        recipients = {*self.options.recipients}
        watches = [
            watch
            for watch in self._hass.data.get(_WATCHES, {}).values()
            if {*watch.options.recipients} == recipients and watch.owes_report(today)
        ]
        is_due = self in watches and all(is_ready(watch.entry, today) for watch in watches)
        return watches if is_due else []

    def owes_report(self, today: date) -> bool:
        """Return whether the report about the last month has not been sent yet."""
        state = self.store.state
        if Kind.MONTHLY_REPORT not in state.since or state.reported_in is None:
            return False
        return state.reported_in < today.replace(day=1) and today.day <= _LAST_REPORT_DAY

    @callback
    def _deliver(self, due: Iterable[HouseholdMessage]) -> None:
        """Send the messages that may be sent now. The others wait, or are dropped.

        A look that ends after the unload sends nothing: the next watch would send it again.
        """
        if self.store.is_closed:
            return
        state = self.store.state
        outbox, messages = admit(state.outbox, due, _now(), self.options.quiet)
        self.store.state = replace(state, outbox=outbox)
        if messages or due:
            self.entry.async_create_task(self._hass, self._async_send(messages), "messages")

    async def _async_send(self, messages: Iterable[HouseholdMessage]) -> None:
        # Store first: after a crash, a message is rather missing than sent twice.
        await self._faults.attempt(self.store.async_save)
        await asyncio.gather(
            *(self._faults.attempt(self._async_send_one, message) for message in messages)
        )

    async def _async_send_one(self, message: HouseholdMessage) -> None:
        failed = await async_send(self._hass, self.entry, self.options.recipients, message)
        for entity_id, error in failed.items():
            self._outage.note_failure(entity_id, error, kind=entity_id)
        if not failed:
            self._outage.end()

    @callback
    def _check_recipients(self) -> None:
        gone = gone_recipients(self._hass, self.options.recipients)
        problem, names = Problem.RECIPIENT_GONE, ", ".join(gone[:_MAX_NAMED])
        set_issue(self._hass, self.entry, problem, is_there=gone, entities=names)


# Watches of all loaded meters by entry id: the meters of a house have one report.
_WATCHES: HassKey[dict[str, _MeterWatch]] = HassKey(f"{DOMAIN}_message_watches")


def _now() -> datetime:
    """Return the time in Luxembourg, whatever the time zone of Home Assistant is."""
    return dt_util.utcnow().astimezone(LUXEMBOURG)
