"""Records of the loads and the battery of a meter, in one file with one owner, the planner."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, override

from homeassistant.core import HomeAssistant, callback

from ...lib.fault_log import FaultLog, Listeners
from ...lib.plan.house_plan import MAX_LOADS
from ...lib.plan.limit_log import MAX_LIMITS, LimitLog
from ...lib.plan.load_control import LoadControl
from ...lib.plan.load_record import LoadRecord
from ...lib.stored_json import Size, dump
from ..stored.throttled_store import ThrottledStore

_SAVE_INTERVAL_S = 60.0
# A removed load is kept until it is seen off.
_MAX_RECORDS = 2 * MAX_LOADS

type ChangeOfRecord = Callable[[LoadRecord], LoadRecord]


@dataclass(frozen=True)
class EarlierLimit:
    """Limit as earlier versions store it. They refuse a file without its field."""

    counts: bool = False
    free_since: datetime | None = None


@dataclass(frozen=True)
class LoadFile:
    """Content of the file, keyed by the ids of the subentries."""

    loads: Annotated[dict[str, LoadRecord], Size(_MAX_RECORDS)] = field(default_factory=dict)
    batteries: Annotated[dict[str, LoadControl], Size(_MAX_RECORDS)] = field(default_factory=dict)
    limits: Annotated[dict[str, EarlierLimit], Size(_MAX_RECORDS)] = field(default_factory=dict)
    limit_log: Annotated[LimitLog, Size(MAX_LIMITS)] = ()
    """Log of an earlier version. It goes over to a file of its own, and stays for a step back."""


class LoadRecords(ThrottledStore):
    """Records of the loads of one meter, keyed by the ids of their subentries.

    `wishes` are called with each change of a load's record that the user wishes.
    """

    _type = LoadFile
    state: LoadFile

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "loads", interval=_SAVE_INTERVAL_S)
        self.state = LoadFile()
        self.wishes = Listeners[str, ChangeOfRecord](FaultLog(f"Loads of {entry_id}"))

    def record_of(self, subentry_id: str) -> LoadRecord:
        """Return the record of a load. A new load has done nothing yet."""
        return self.state.loads.get(subentry_id, LoadRecord())

    def control_of(self, subentry_id: str) -> LoadControl:
        """Return the orders to the entities of a load or battery."""
        battery = self.state.batteries.get(subentry_id)
        return self.record_of(subentry_id).control if battery is None else battery

    @callback
    def put_record(self, subentry_id: str, record: LoadRecord) -> bool:
        """Keep the new record of a load. Return whether its stored content has changed."""
        before, self.state.loads[subentry_id] = self.record_of(subentry_id), record
        return self._changed(before, record)

    @callback
    def count(self, subentry_id: str, record: LoadRecord) -> None:
        """Keep the record of a load with its counted energy."""
        if record.control.own_kwh != self.record_of(subentry_id).control.own_kwh:
            self.schedule()
        self.state.loads[subentry_id] = record

    @callback
    def put_control(self, subentry_id: str, control: LoadControl, *, is_battery: bool) -> bool:
        """Keep the orders to a load or battery. Return whether their stored content has changed."""
        if not is_battery:
            return self.put_record(
                subentry_id, replace(self.record_of(subentry_id), control=control)
            )
        before = self.state.batteries.get(subentry_id, LoadControl())
        self.state.batteries[subentry_id] = control
        return self._changed(before, control)

    def _changed(self, before: object, after: object) -> bool:
        """Return whether the stored content has changed. If so, schedule writing the file."""
        is_changed = before != after and dump(before) != dump(after)
        if is_changed:
            self.schedule()
        return is_changed

    @callback
    def forget_others(self, subentry_ids: Iterable[str]) -> None:
        """Forget the loads and batteries that the user has removed, once nothing is left to do.

        The file of more records could not be read again. So of the others, the newest ones stay.
        """
        kept = {*subentry_ids}
        for records in (self.state.loads, self.state.batteries):
            removed = [name for name in records if name not in kept]
            left = [name for name in removed if self.control_of(name).entities][-MAX_LOADS:]
            for name in {*removed}.difference(left):
                del records[name]
                self.schedule()

    @override
    async def _async_join(self, parsed: LoadFile) -> None:
        state = self.state
        for name, record in parsed.loads.items():
            state.loads[name] = (
                self.record_of(name).after(record) if name in state.loads else record
            )
        batteries = parsed.batteries | state.batteries
        self.state = replace(state, batteries=batteries, limit_log=parsed.limit_log)
