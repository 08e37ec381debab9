"""Coordinator of an electricity meter. It stores and shows the readings of the meter's source."""

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from ..const import CONF_MIN_INTERVAL
from ..lib.failure_detection import Condition, Details, FailureState, Rules
from ..lib.fault_log import Listeners
from ..lib.meter.meter_reader import Reading, outlined_reading
from ..lib.min_interval import MinInterval
from ..lib.p1.obis import MESSAGES
from .coordinator_base import DataSource, SourceCoordinator
from .entry_types import AnyConfigEntry
from .loads.limit_enforcer import LimitEnforcer
from .loads.load_records import LoadRecords
from .meter_records import MeterRecords

# Objects whose changes are urgent: messages, breaker and relays. Entities show these changes at
# once, even if the user has set a minimum interval.
_URGENT = (*MESSAGES, "0-0:96.3.10", "0-1:96.3.10", "0-2:96.3.10")


class MeterSource(DataSource, Protocol):
    """Source of the readings of a meter: telegrams, entities of another integration, or Leneda.

    A source passes each reading to `take_reading` or `show_reading` of its coordinator. `rules` say
    when the source fails.
    """

    rules: Rules

    def __init__(self, coordinator: MeterCoordinator) -> None:
        """Prepare the source. The coordinator has its records, but they are not loaded."""


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


def both_clocks(reading: Reading) -> Details:
    """Return the times of both clocks at the reception of a reading, as texts for the user."""
    clocks = (("since", reading.time), ("now", reading.received_at))
    return tuple((name, dt_util.as_local(at).strftime("%Y-%m-%d %H:%M")) for name, at in clocks)


class MeterCoordinator[S: MeterSource = Any](SourceCoordinator[Reading]):
    """Coordinator that passes the readings of one meter to its entities.

    `source` makes the readings, `records` has the stored data of the meter, `load_records` the
    states of its loads, and `limits` enforces the grid operator's limits of them. `data` is the
    last reading that the entities show. Before the first reading, `data` has the objects of the
    last telegram before the restart, but no values. `latest` is the last current reading that was
    received, None before the first one. `reading_listeners` are called with each reading for the
    entities, even if a minimum interval keeps the entities from showing it. `is_decided` is set
    after the first reading or failure.
    """

    def __init__(self, make: type[S], hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry, make.rules)
        self.meter_id = str(entry.unique_id)
        self.records = MeterRecords(hass, entry)
        self.load_records = LoadRecords(hass, entry.entry_id)
        self.limits = LimitEnforcer(hass, entry, self.load_records)
        self.latest: Reading | None = None
        self.reading_listeners = Listeners[Reading](self.faults)
        self.is_decided = asyncio.Event()
        # A form once accepted "nan", which is stored as None.
        self._min_interval: float = entry.options.get(CONF_MIN_INTERVAL) or 0
        self._turns = MinInterval(hass.loop, self._min_interval)
        self._seen_objects: set[str] = set()
        self.source = make(self)
        self.line = self.source.line

    async def async_start(self) -> None:
        """Load the stored data, and start the source."""
        await self.records.async_open()
        self.data = outlined_reading(self.records.memory, dt_util.utcnow())
        self._seen_objects.update(self.data.telegram.objects)
        await self.source.async_start()

    @override
    async def async_close(self) -> None:
        await self.records.async_close()

    @override
    async def async_shutdown(self) -> None:
        """Cancel a delayed update of the entities. Forget the readings, which hold a household."""
        self._turns.cancel()
        self.latest = None
        # The set-up may have failed before the first data.
        if self.data is not None:
            self.data = replace(self.data, demand=None, money=None)
        await super().async_shutdown()

    @override
    @callback
    def on_condition(self, before: Condition) -> None:
        if self.condition.state is not FailureState.WAITING:
            self.is_decided.set()
        if not self.condition.has_value:
            # A delayed update of the entities may still come. It would make the entities available
            # again, so cancel the update.
            self._turns.cancel()
        super().on_condition(before)

    @callback
    def renew_prices(self) -> None:
        """While no readings come, update the entities with the prices of each quarter-hour."""

        @callback
        def renew(now: datetime) -> None:
            if not self.last_update_success and not self.is_closed:
                self.data = replace(self.data, money=self.records.money(now))
                self.async_update_listeners()

        renew(dt_util.utcnow())
        self.config_entry.async_on_unload(
            async_track_utc_time_change(self.hass, renew, minute=range(0, 60, 15), second=0)
        )

    @callback
    def take_reading(self, reading: Reading) -> None:
        """Store, count and report a received reading. Show it unless it came late."""
        self.readings += 1
        self.faults.call(self.records.enter, reading)
        self.faults.call(self.records.schedule_save)
        if reading.is_current:
            self.latest = reading
            self.health.accepted(self.now())
            self.show_reading(reading)
            return
        if self.latest is None:
            self.data = reading
        # A cable has no queue. So telegrams that come late and fast are no backlog of a gateway.
        self.health.accepted_late(
            self.now(),
            reading.time.timestamp(),
            both_clocks(reading),
            may_catch_up=reading.clock.may_be_late,
        )

    @callback
    def show_reading(self, reading: Reading) -> None:
        """Pass a reading to the entities, at the minimum interval, and to `reading_listeners`."""
        # Update the condition first, because the listeners below use it.
        self.check_condition()
        self._turns.offer(partial(self._show, reading), is_urgent=self._is_urgent(reading))
        self.reading_listeners.call(reading)

    def _is_urgent(self, reading: Reading) -> bool:
        """Return whether entities must show a reading at once, in spite of a minimum interval."""
        if not self._min_interval:
            return True
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
