"""States of a meter's loads between their plans, in one file. Entities change them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN
from ...lib.plan.house_plan import MAX_LOADS
from ...lib.plan.load_task import LoadTask
from ...lib.stored_json import Size, dump
from ..entry_types import AnyConfigEntry
from ..stored.throttled_store import ThrottledStore

_SAVE_INTERVAL_S = 60.0
_READY_TIMES: HassKey[dict[str, Sequence[datetime]]] = HassKey(f"{DOMAIN}_ready_times")


class LoadTasks(ThrottledStore):
    """States of the loads of one meter, keyed by the ids of their subentries."""

    _type = Annotated[dict[str, LoadTask], Size(MAX_LOADS)]

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "loads", interval=_SAVE_INTERVAL_S)
        self.state: dict[str, LoadTask] = {}
        self._ready_times = hass.data.setdefault(_READY_TIMES, {})

    def of(self, subentry_id: str) -> LoadTask:
        """Return the state of a load. A new load has done nothing yet."""
        return self.state.get(subentry_id, LoadTask())

    @callback
    def put(self, subentry_id: str, task: LoadTask) -> bool:
        """Keep the new state of a load. Return whether it differs in what is stored."""
        before, self.state[subentry_id] = self.of(subentry_id), task
        self._ready_times[subentry_id] = task.ready_at
        is_changed = before is not task and dump(before) != dump(task)
        if is_changed:
            self.schedule()
        return is_changed

    @callback
    def forget_others(self, subentry_ids: Iterable[str]) -> None:
        """Forget the loads that the user has removed."""
        for name in self.state.keys() - {*subentry_ids}:
            del self.state[name]
            self._ready_times.pop(name, None)
            self.schedule()

    @override
    async def _async_join(self, parsed: dict[str, LoadTask]) -> None:
        for name, task in parsed.items():
            self.state[name] = self.state[name].after(task) if name in self.state else task


def ready_times(hass: HomeAssistant, subentry_id: str) -> Sequence[datetime]:
    """Return the known times at which a load was connected or ready, in the order of time."""
    return hass.data.get(_READY_TIMES, {}).get(subentry_id, ())


type ChangeOfTask = Callable[[LoadTask], LoadTask]


def _wish_signal(entry: AnyConfigEntry) -> str:
    return f"{DOMAIN}_wish_of_load_{entry.entry_id}"


@callback
def wish(
    hass: HomeAssistant, entry: AnyConfigEntry, subentry_id: str, change: ChangeOfTask
) -> None:
    """Change the state of a load, as the user wishes. The loads are then planned again."""
    async_dispatcher_send(hass, _wish_signal(entry), subentry_id, change)


@callback
def on_wishes(
    hass: HomeAssistant, entry: AnyConfigEntry, take: Callable[[str, ChangeOfTask], None]
) -> CALLBACK_TYPE:
    """Call `take` with each wish of a user. Return a function that ends this."""
    return async_dispatcher_connect(hass, _wish_signal(entry), take)
