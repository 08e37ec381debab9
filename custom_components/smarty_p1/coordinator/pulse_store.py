"""The pulses of one config entry, kept over restarts of Home Assistant."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_FIRST_COUNT, CONF_FIRST_COUNT_AT, CONF_METER_READING, CONF_PULSES_PER_KWH
from ..lib.boards import PulseMeter
from ..lib.stored_values import Stored, a_count, a_flag, a_mapping, a_number, a_text
from .entry_types import AnyConfigEntry
from .throttled_store import SparingStore

DEFAULT_PULSES_PER_KWH = 1000.0
# A crash costs what a board does not count itself; a memory card wears out.
SAVE_INTERVAL = 60.0
_LEAST_PER_KWH = 1e-6
# What a running count says nothing about that comes from elsewhere.
_UNKNOWN_COUNT: dict[str, Any] = {"count": None, "is_counting": False, "ones": 0}
_SHAPE: Mapping[str, Callable[[Stored], object]] = {
    "source": lambda value: value is None or a_text(value),
    "pulses": a_count,
    "pulses_per_kwh": lambda value: a_number(value, _LEAST_PER_KWH),
    "base_kwh": a_number,
    "base_pulses": a_count,
    "is_counting": a_flag,
    "ones": a_count,
    "count": lambda value: value is None or a_count(value),
    "counted_at": lambda value: a_number(value, 0),
}


class PulseStore:
    """The memory of one pulse reader: `meter` is what is known of it, and `source` whose it is."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Take the pulses per kWh from the entry's options."""
        self._store = SparingStore(
            hass, f"{entry.entry_id}.pulses", self._as_dict, interval=SAVE_INTERVAL
        )
        self._pulses_per_kwh: float = entry.options.get(CONF_PULSES_PER_KWH, DEFAULT_PULSES_PER_KWH)
        self._first_reading: float = entry.data.get(CONF_METER_READING, 0.0)
        self._first_count: tuple[int, float] | None = None
        if CONF_FIRST_COUNT in entry.data:
            self._first_count = entry.data[CONF_FIRST_COUNT], entry.data[CONF_FIRST_COUNT_AT]
        self.source = entry.unique_id
        self.meter = PulseMeter(self._pulses_per_kwh)

    async def async_load(self) -> None:
        """Go on where the last run of Home Assistant left off."""
        if meter := await self._store.async_load(self._parse):
            self.meter = meter
        else:
            self.meter.set_energy(self._first_reading)
            self._begin_count(self.meter)

    def _parse(self, data: Stored) -> PulseMeter:
        stored = a_mapping(data)
        for name, check in _SHAPE.items():
            check(stored[name])
        if stored["base_pulses"] > stored["pulses"]:
            raise ValueError
        if stored["source"] == self.source:
            return PulseMeter.from_dict(stored, self._pulses_per_kwh)
        meter = PulseMeter.from_dict(stored | _UNKNOWN_COUNT, self._pulses_per_kwh)
        self._begin_count(meter)
        return meter

    def _begin_count(self, meter: PulseMeter) -> None:
        """Count from what the dialogue has shown."""
        if self._first_count:
            meter.begin_at(*self._first_count)

    @callback
    def schedule_save(self) -> None:
        """Save soon, but not more than once a minute."""
        self._store.schedule()

    async def async_save(self) -> None:
        """Save at once."""
        await self._store.async_save()

    async def async_remove(self) -> None:
        """Forget everything, with the config entry."""
        await self._store.async_remove()

    def _as_dict(self) -> dict[str, Any]:
        return {"source": self.source, **self.meter.as_dict()}
