"""Writer of the national platform's hourly values into Home Assistant's long-term statistics.

The writer first makes a plan of the changes. Then it puts the changes into the recorder's queue,
one after the other. While the changes wait, the recorder itself only appends rows after the last
row, so the plan stays valid.
"""

import asyncio
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import batched, pairwise
from typing import Any, NamedTuple, override

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.entity_options import is_entity_recorded
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.util.unit_conversion import EnergyConverter

from ..lib.entities import CURRENCY
from ..lib.stored_values import (
    checked_flag,
    checked_list,
    checked_mapping,
    checked_number,
    checked_text,
    checked_time,
)
from .garbage_collection import without_collection
from .running_sum_plan import (
    HOUR,
    Ledger,
    Plan,
    Row,
    StartsAnew,
    plan,
    plan_alone,
    plan_back,
    with_unlisted_hours,
)
from .throttled_store import Content, ThrottledStore

RECORDER = "recorder"
_AT_ONCE = 500
_KWH = UnitOfEnergy.KILO_WATT_HOUR
_EPOCH = datetime(1999, 1, 1, tzinfo=UTC)
# Whether the recorder can delete the rows of a period. Home Assistant 2026.11 is the first version
# with this function.
CAN_DELETE = "start_time" in inspect.signature(Recorder.async_clear_statistics).parameters
_TO_UNIT: dict[str, str] = {EnergyConverter.UNIT_CLASS: _KWH}


class Series(NamedTuple):
    """Hourly energies or costs to write into the statistics of one entity."""

    key: str
    """Key of the quantity. It stays the same when the entity is renamed."""
    statistic_id: str
    hours: Mapping[datetime, float]
    """Energy or cost of each hour, in `unit`."""
    unit: str = _KWH
    starts_anew: StartsAnew | None = None
    is_alone: bool = False
    """Whether Home Assistant writes no rows for the entity. Then `hours` creates its statistics."""
    has_whole_state: bool = False
    """Whether the state of the entity's first own row includes all costs since its reset."""


class PastStatistics(ThrottledStore):
    """Writer of hourly values into the statistics of one meter's entities.

    It stores a `Ledger` of the changes for each entity. `waits` is True while some values are not
    written yet, for example because Home Assistant has written no row for an entity yet.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "past_statistics", interval=0)
        self._ledgers: dict[str, Ledger] = {}
        self._outdated: set[str] = set()
        # Late costs by series and hour, which `_async_undo` takes back.
        self._late: dict[str, dict[datetime, float]] = {}
        self._lock = asyncio.Lock()
        self.waits = False
        self.days_at_once: set[str] = set()
        """Days such as "2026-06-30" to leave out: the bill's total already has their costs."""

    @property
    def is_empty(self) -> bool:
        """Return whether no row was added, and no value waits to be written."""
        return not self.waits and not any(ledger.hours for ledger in self._ledgers.values())

    @property
    def is_outdated(self) -> bool:
        """Return whether some changes are outdated.

        An outdated change has values of a former metering point, and must be undone.
        """
        return bool(self._outdated)

    async def async_load(self) -> None:
        """Load the content of the file."""
        if content := await self._async_read(_parse):
            self._ledgers, self.waits, self.days_at_once, self._outdated, self._late = content

    def knows(self, keys: Iterable[str]) -> bool:
        """Return whether each of the `keys` has a ledger that is not outdated."""
        return all(key in self._ledgers and key not in self._outdated for key in keys)

    async def async_begin(self) -> None:
        """Set and store `waits`, so that the values are written even if Home Assistant restarts."""
        self.waits = True
        await self.async_save()

    async def async_outdate(self) -> None:
        """Mark all changes as outdated, because they contain values of a former metering point.

        The next call of `async_bring_in` first undoes the outdated changes.
        """
        ledgers = self._ledgers.items()
        self._outdated = {key for key, ledger in ledgers if ledger != Ledger()}
        await self.async_begin()

    async def async_forget(self, names: Mapping[str, str]) -> None:
        """Remove the ledgers' file. Clear all statistics that contain only hours from this writer.

        `names` has the ids of the entities, keyed by quantity.
        """
        await self.async_load()
        alone = [name for key, name in names.items() if self._ledgers.get(key, Ledger()).is_alone]
        if alone and RECORDER in self._hass.config.components:
            get_instance(self._hass).async_clear_statistics(alone)
        await self.async_remove()

    def first_hour(self, key: str) -> datetime:
        """Return the hour of the entity's first own row, or the year 9999 if there is none."""
        return self._ledgers.get(key, Ledger()).first or datetime.max.replace(tzinfo=UTC)

    @callback
    def add_late(self, key: str, name: str, costs: Mapping[datetime, float]) -> None:
        """Add late costs to the statistics of the entity `name`.

        Each cost raises the sums of its hour and of all later hours.
        """
        if RECORDER in self._hass.config.components:
            late = self._late.setdefault(key, {})
            for hour, cost in costs.items():
                if round(cost, 2):
                    late[hour] = late.get(hour, 0.0) + cost
                    self._adjust(name, hour, cost)

    @callback
    def _adjust(self, name: str, hour: datetime, cost: float) -> None:
        get_instance(self._hass).async_adjust_statistics(name, hour, cost, CURRENCY)

    async def async_bring_in(self, all_series: Iterable[Series]) -> None:
        """Write the hourly values of all series. Overwrite rows that have other values."""
        async with self._lock:
            await self.async_begin()
            waits = False
            for series in all_series:
                if series.key in self._outdated:
                    await self._async_undo(series)
                is_written = await self._async_apply(series, is_back=False)
                # Do not wait for a series without hours, because it has nothing to write later. Do
                # not wait for an entity that the recorder excludes, because its statistics never
                # begin.
                can_wait = series.hours and self._is_recorded(series.statistic_id)
                waits |= series.key in self._outdated or bool(can_wait and not is_written)
            self.waits = waits
            await self.async_save()

    @property
    def has_alone(self) -> bool:
        """Return whether some entity is alone: its statistics have only rows from this writer.

        Home Assistant writes rows for the entity's own values later, or never.
        """
        return any(ledger.is_alone for ledger in self._ledgers.values())

    async def async_lift(self, names: Mapping[str, str]) -> None:
        """Add the sum of the added hours to the sums of entities that have a first own row now.

        Home Assistant begins the sum of an entity with 0, even if this writer has added earlier
        hours. The entity's first hour would then have a negative energy: minus the energy of all
        added hours. `names` has the ids of the entities, keyed by quantity.
        """
        async with self._lock:
            recorder = get_instance(self._hass)
            for key, name in names.items():
                ledger = self._ledgers.get(key, Ledger())
                if not ledger.is_alone:
                    continue
                read = without_collection(self._read_first)
                found = await recorder.async_add_executor_job(read, name)
                if found is None:
                    continue
                hour, total, unit = found
                self._ledgers[key] = replace(ledger, lifted=total)
                await self.async_save()
                recorder.async_adjust_statistics(name, hour, total, unit)

    def _is_recorded(self, name: str) -> bool:
        return RECORDER in self._hass.config.components and is_entity_recorded(self._hass, name)

    def _read_first(self, name: str) -> tuple[datetime, float, str] | None:
        """Return the hour of an entity's first five-minute row, and the last sum before this hour.

        The third value is the sum's unit. Return None if there is no five-minute row, or no sum
        before its hour.
        """
        recent = statistics_during_period(
            self._hass, _EPOCH, None, {name}, "5minute", _TO_UNIT, {"sum"}
        ).get(name)
        if not recent:
            return None
        hour = datetime.fromtimestamp(recent[0]["start"], UTC).replace(minute=0)
        rows = statistics_during_period(
            self._hass, _EPOCH, hour, {name}, "hour", _TO_UNIT, {"sum"}
        ).get(name, [])
        sums = [total for row in rows if (total := row.get("sum")) is not None]
        _, metadata = get_metadata(self._hass, statistic_ids={name})[name]
        is_energy = metadata["unit_class"] == EnergyConverter.UNIT_CLASS
        unit = _KWH if is_energy else metadata["unit_of_measurement"] or ""
        return (hour, sums[-1], unit) if sums else None

    async def async_take_back(self, all_series: Iterable[Series]) -> bool:
        """Undo all changes to the entities' statistics.

        Return True if no added row is left. If the recorder cannot delete rows, the added rows
        stay, but with an energy of 0.
        """
        async with self._lock:
            self.waits = False
            await self.async_save()
            for series in all_series:
                await self._async_undo(series)
            await self.async_save()
            return not any(ledger.hours for ledger in self._ledgers.values())

    async def _async_undo(self, series: Series) -> None:
        """Undo all changes to the statistics of one entity.

        If the statistics cannot be read, the changes stay.
        """
        if await self._async_apply(series, is_back=True):
            self._outdated.discard(series.key)
            for hour, cost in self._late.pop(series.key, {}).items():
                self._adjust(series.statistic_id, hour, -cost)
            if CAN_DELETE:
                self._ledgers.pop(series.key, None)

    async def _async_apply(self, series: Series, *, is_back: bool) -> bool:
        """Write the statistics of one entity. With `is_back`, undo all changes to its statistics.

        Return False if some values must be written later.
        """
        if RECORDER not in self._hass.config.components:
            return False
        recorder = get_instance(self._hass)
        await _async_until_written(recorder)
        result = await recorder.async_add_executor_job(without_collection(self._read), series)
        if result is None:
            return False
        metadata, rows = result
        ledger = self._ledgers.get(series.key, Ledger())
        planned = await self._hass.async_add_executor_job(
            without_collection(_plan), series, rows, ledger, is_back
        )
        if planned is None:
            return False
        if ledger.first not in {None, planned.ledger.first}:
            # The user has cleared the statistics, so the late costs are not in their sums any more.
            self._late.pop(series.key, None)
        self._ledgers[series.key] = planned.ledger
        await self.async_save()
        await self._async_write(series, metadata, planned)
        return not planned.waits

    def _read(self, series: Series) -> tuple[StatisticMetaData, dict[datetime, Row]] | None:
        """Return the metadata and the rows of the statistic to which `series` belongs.

        If Home Assistant writes no rows for the entity, the statistic may not exist yet. In this
        case, return new metadata and no rows.

        Return None if the statistic does not exist although Home Assistant writes rows for the
        entity. Return None also if the statistic has no sums, or a unit that does not fit `series`.
        """
        name = series.statistic_id
        _, metadata = get_metadata(self._hass, statistic_ids={name}).get(name, (0, None))
        if metadata is None and series.is_alone:
            return _new_metadata(series), {}
        if metadata is None or not metadata["has_sum"] or not _is_in_unit(metadata, series.unit):
            return None
        rows = statistics_during_period(
            self._hass,
            _EPOCH,
            None,
            {name},
            "hour",
            _TO_UNIT,
            {"last_reset", "state", "sum"},
        )
        return metadata, {
            datetime.fromtimestamp(row["start"], UTC): Row(
                total, row.get("state"), row.get("last_reset")
            )
            for row in rows.get(name, [])
            if (total := row.get("sum")) is not None
        }

    async def _async_write(self, series: Series, metadata: StatisticMetaData, to_do: Plan) -> None:
        recorder = get_instance(self._hass)
        for start, end in _runs(to_do.deleted):
            recorder.async_clear_statistics(  # type: ignore[call-arg,unused-ignore]
                [series.statistic_id], start_time=start, end_time=end
            )
        await self._async_import(metadata, to_do.before)
        unit = metadata["unit_of_measurement"] or ""
        for hour, rise in to_do.raises.items():
            recorder.async_adjust_statistics(
                series.statistic_id, hour, rise, _KWH if series.unit == _KWH else unit
            )
        await self._async_import(metadata, to_do.between)
        await _async_until_written(recorder)

    async def _async_import(
        self, metadata: StatisticMetaData, rows: Mapping[datetime, Row]
    ) -> None:
        recorder = get_instance(self._hass)
        # While the recorder writes rows, other tasks have to wait for it. So let it write at most
        # _AT_ONCE rows at a time.
        for part in batched(rows.items(), _AT_ONCE, strict=False):
            statistics = await self._hass.async_add_executor_job(_statistics, metadata, dict(part))
            async_import_statistics(self._hass, metadata, statistics)
            await _async_until_written(recorder)

    @override
    async def async_save(self) -> None:
        ledgers = [*self._ledgers.values()]
        # `Ledger.stored` is computed once and cached. Compute it in the executor, because it takes
        # milliseconds.
        await self._hass.async_add_executor_job(lambda: [ledger.stored for ledger in ledgers])
        await super().async_save()

    @override
    def _content(self) -> Content:
        ledgers = {key: ledger.stored for key, ledger in self._ledgers.items()}
        return {
            "waits": self.waits,
            "months_at_once": sorted(self.days_at_once),
            "outdated": sorted(self._outdated),
            "statistics": ledgers,
            "late": {
                key: {hour.isoformat(): cost for hour, cost in late.items()}
                for key, late in self._late.items()
            },
        }


async def _async_until_written(recorder: Recorder) -> None:
    """Wait until the recorder has carried out all tasks that were queued before this call."""
    # If the queue is empty, `Recorder.async_block_till_done` can return at once, although the
    # recorder is still carrying out a task. The caller would then read the statistics before the
    # task has written its rows. So queue a task, and wait for its end.
    written = recorder.hass.loop.create_future()
    recorder.queue_task(SynchronizeTask(written))
    await written


def _parse(
    stored: Any,  # noqa: ANN401 - a file may hold anything
) -> tuple[dict[str, Ledger], bool, set[str], set[str], dict[str, dict[datetime, float]]]:
    data = checked_mapping(stored)
    ledgers = {
        key: Ledger.from_dict(record) for key, record in checked_mapping(data["statistics"]).items()
    }
    return (
        ledgers,
        checked_flag(data["waits"]),
        {*map(checked_text, checked_list(data["months_at_once"]))},
        {*map(checked_text, checked_list(data.get("outdated", [])))},
        {
            key: {
                checked_time(hour): checked_number(cost)
                for hour, cost in checked_mapping(late).items()
            }
            for key, late in checked_mapping(data.get("late", {})).items()
        },
    )


def _plan(
    series: Series,
    rows: Mapping[datetime, Row],
    ledger: Ledger,
    is_back: bool,  # noqa: FBT001 - an executor's argument
) -> Plan | None:
    if is_back:
        return plan_back(rows, ledger, series.starts_anew, can_delete=CAN_DELETE)
    if series.is_alone and (alone := with_unlisted_hours(rows, ledger)):
        return plan_alone(rows, alone, series.hours)
    has_whole_state = series.has_whole_state
    return plan(rows, ledger, series.hours, series.starts_anew, has_whole_state=has_whole_state)


def _new_metadata(series: Series) -> StatisticMetaData:
    """Return the same metadata as Home Assistant creates for a sensor of energy or costs."""
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=None,
        source=RECORDER,
        statistic_id=series.statistic_id,
        unit_class=EnergyConverter.UNIT_CLASS if series.unit == _KWH else None,
        unit_of_measurement=series.unit,
    )


def _is_in_unit(metadata: StatisticMetaData, unit: str) -> bool:
    if unit == _KWH:
        return metadata["unit_class"] == EnergyConverter.UNIT_CLASS
    return metadata["unit_of_measurement"] == unit


def _statistics(metadata: StatisticMetaData, rows: Mapping[datetime, Row]) -> list[StatisticData]:
    """Return the rows in the unit of the statistic.

    Rows in another unit would make Home Assistant rewrite all rows of the statistic.
    """
    factor = 1.0
    if metadata["unit_class"] == EnergyConverter.UNIT_CLASS:
        factor = EnergyConverter.convert(1.0, _KWH, metadata["unit_of_measurement"])
    return [_statistic(hour, row, factor) for hour, row in rows.items()]


def _statistic(hour: datetime, row: Row, factor: float) -> StatisticData:
    statistic = StatisticData(start=hour, sum=row.sum * factor)
    if row.state is not None:
        statistic["state"] = row.state * factor
    if row.last_reset is not None:
        statistic["last_reset"] = datetime.fromtimestamp(row.last_reset, UTC)
    return statistic


def _runs(hours: tuple[datetime, ...]) -> list[tuple[datetime, datetime]]:
    """Return the start and the end of each run of consecutive hours. `hours` must be sorted."""
    if not hours:
        return []
    breaks = [(last, now) for last, now in pairwise(hours) if now - last != HOUR]
    starts = [hours[0], *(now for _, now in breaks)]
    ends = [*(last + HOUR for last, _ in breaks), hours[-1] + HOUR]
    return list(zip(starts, ends, strict=True))
