"""State of a meter that survives a restart, in a file of Home Assistant's storage."""

from typing import Any, override

from homeassistant.core import HomeAssistant, callback

from ...lib.bill.household import Household
from ...lib.history.month_file_lines import Files
from ...lib.json_types import JsonDict
from ...lib.meter.meter_memory import MeterMemory
from ...lib.prices.contract import NO_CONTRACTS, Contracts
from ...lib.stored_values import Stored, checked_mapping
from ..garbage_collection import without_collection
from .month_files import MonthFiles
from .throttled_store import ThrottledStore

# Seconds between two writes of the file. Memory cards wear out, so write seldom. A crash loses no
# energy, because gaps of up to a quarter-hour are bridged. But a crash loses the frame counters
# since the last write. So an attacker could replay a frame that came between the last write and the
# crash.
SAVE_INTERVAL_S = 300.0
_PROOFS = ("counters", "key_proof", "last_telegram")


class MeterStore(ThrottledStore):
    """Stored state of one meter: its file, and the monthly files of its quarter-hours."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "meter", interval=SAVE_INTERVAL_S)
        self.quarter_hours = MonthFiles(hass, entry_id)
        self._saved: Any = None
        self.memory = MeterMemory(Household())

    @override
    async def async_load(self, contracts: Contracts = NO_CONTRACTS) -> None:
        """Load the state of the meter, whose energy is billed under `contracts`.

        Raises UnreadableNowError if a file cannot be read now.
        """
        stored = await self._async_read(checked_mapping)
        files = await self.quarter_hours.async_files()
        run = self._hass.async_add_executor_job
        self.memory = await run(_loaded, stored, contracts, files)
        if self.memory.damaged:
            await self._async_complain(", ".join(self.memory.damaged))
        self.loaded.set()
        self.quarter_hours.append(self.household.meter.take_new())
        if self.memory.damaged:
            await self.async_save()
        self._saved = self._news()

    @property
    def household(self) -> Household:
        """Return the household with its quarter-hours, contracts and months."""
        household = self.memory.demand_meter
        assert isinstance(household, Household)  # noqa: S101 - `_loaded` makes no other
        return household

    async def async_proofs(self) -> MeterMemory:
        """Return a memory with the frame counters, the proof of the keys and the last telegram.

        Load nothing else.
        """
        stored = await self._async_read(checked_mapping) or {}
        return MeterMemory.from_dict({name: stored[name] for name in _PROOFS if name in stored})

    async def async_forget_counters(self, key: bytes) -> None:
        """Remove the stored frame counters of a key. Change nothing else."""
        if stored := await self._async_read(checked_mapping):
            memory = MeterMemory.from_dict({"counters": stored.get("counters", {})})
            memory.forget_counters(key)
            await self._store.async_save({**stored, "counters": memory.as_dict()["counters"]})

    @callback
    def schedule_save(self) -> None:
        """Save at once if a quarter-hour or month has ended. Otherwise save within SAVE_INTERVAL_S.

        Replayed frames change nothing, so an attacker who replays frames causes no writing.
        """
        if self.memory.note_period():
            self.schedule(max_delay=0.0)
        elif not self.is_waiting and self._news() != self._saved:
            self.schedule()

    @override
    async def async_write_waiting(self) -> None:
        # The quarter-hours come first: their lines prove what the state says.
        await self.quarter_hours.async_write()
        await super().async_write_waiting()

    @override
    async def async_close(self) -> None:
        await self.quarter_hours.async_close()
        await super().async_close()

    @override
    async def async_remove(self) -> None:
        """Remove all files of the meter, and unreadable files that were renamed."""
        await self.quarter_hours.async_remove()
        await super().async_remove()

    def _news(self) -> object:
        memory = self.memory
        counters = {key: dict(titles) for key, titles in memory.counters.items()}
        return memory.last_telegram, memory.key_proof.hour, counters

    @override
    def _content(self) -> JsonDict:
        self._saved = self._news()
        return {**self.memory.as_dict(), "demand": self.memory.demand_meter.as_dict()}


@without_collection
def _loaded(stored: dict[str, Stored] | None, contracts: Contracts, files: Files) -> MeterMemory:
    """Return the stored state. If it lacks quarter-hours, restore them from `files`."""

    def load_demand(demand: Stored) -> Household:
        return Household.from_dict(demand, contracts, files)

    if stored is not None:
        memory = MeterMemory.from_dict(stored, load_demand)
        if "demand" in stored and "demand_meter" not in memory.damaged:
            return memory
    begun = Household.from_files(contracts, files)
    if stored is None:
        return MeterMemory(begun)
    return MeterMemory.from_dict(stored, load_demand, begun)
