"""Memories of the loads of a meter, in one file. Entities change them."""

from collections.abc import Callable, Iterable
from typing import Annotated, override

from homeassistant.core import HomeAssistant, callback

from ...lib.fault_log import FaultLog, Listeners
from ...lib.plan.house_plan import MAX_LOADS
from ...lib.plan.load_memory import LoadMemory
from ...lib.stored_json import Size, dump
from ..stored.throttled_store import ThrottledStore

_SAVE_INTERVAL_S = 60.0

type ChangeOfMemory = Callable[[LoadMemory], LoadMemory]


class LoadMemories(ThrottledStore):
    """Memories of the loads of one meter, keyed by the ids of their subentries.

    `wishes` are called with each change of a load's state that the user wishes.
    """

    _type = Annotated[dict[str, LoadMemory], Size(MAX_LOADS)]

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "loads", interval=_SAVE_INTERVAL_S)
        self.state: dict[str, LoadMemory] = {}
        self.wishes = Listeners[str, ChangeOfMemory](FaultLog(f"Loads of {entry_id}"))

    def of(self, subentry_id: str) -> LoadMemory:
        """Return the state of a load. A new load has done nothing yet."""
        return self.state.get(subentry_id, LoadMemory())

    @callback
    def put(self, subentry_id: str, memory: LoadMemory) -> bool:
        """Keep the new state of a load. Return whether it differs in what is stored."""
        before, self.state[subentry_id] = self.of(subentry_id), memory
        is_changed = before is not memory and dump(before) != dump(memory)
        if is_changed:
            self.schedule()
        return is_changed

    @callback
    def forget_others(self, subentry_ids: Iterable[str]) -> None:
        """Forget the loads that the user has removed."""
        for name in self.state.keys() - {*subentry_ids}:
            del self.state[name]
            self.schedule()

    @override
    async def _async_join(self, parsed: dict[str, LoadMemory]) -> None:
        for name, memory in parsed.items():
            self.state[name] = self.state[name].after(memory) if name in self.state else memory
