"""What the coordinators of all sources of pulses share: the count, and when to show it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..lib.boards import PulseMeter, Pulses
from .entry_types import AnyConfigEntry
from .pulse_store import PulseStore

# Entities are not updated more often, however fast the LED blinks; and the power falls so often.
UPDATE_INTERVAL = timedelta(seconds=5)
_DECIMALS = 3


@dataclass(frozen=True)
class PulseData:
    """What the entities of a pulse reader show."""

    energy_kwh: float
    power_kw: float | None
    pulses: int


class PulseTally:
    """Counts the pulses of one config entry; calls `show` with what is to be shown."""

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, show: Callable[[PulseData], None]
    ) -> None:
        """Start without pulses."""
        self._hass = hass
        self._entry = entry
        self._show = show
        self._store = PulseStore(hass, entry)
        self._shown: PulseData | None = None
        self._next_update = 0.0

    @staticmethod
    def now() -> float:
        """Return the time as the reader wants it."""
        return dt_util.utcnow().timestamp()

    @property
    def meter(self) -> PulseMeter:
        """Return the pulses."""
        return self._store.meter

    @property
    def data(self) -> PulseData:
        """Return what is known at the moment."""
        power = self.meter.power_kw(self.now())
        return PulseData(
            round(self.meter.energy_kwh, _DECIMALS + 3),
            None if power is None else round(power, _DECIMALS),
            self.meter.pulses,
        )

    async def async_start(self) -> None:
        """Go on where the last run left off, and let the power fall while no pulse comes."""
        await self._store.async_load()
        self._entry.async_on_unload(
            async_track_time_interval(
                self._hass, self._on_tick, UPDATE_INTERVAL, cancel_on_shutdown=True
            )
        )

    async def async_close(self) -> None:
        """Store the pulses, once and for all."""
        await self._store.async_save()

    @callback
    def rename_source(self, unique_id: str) -> None:
        """Know that pulses come from where they came from, by another name."""
        self._store.source = unique_id

    @callback
    def take(self, events: list[Pulses]) -> None:
        """Take what the source says."""
        if events:
            self._store.schedule_save()
            if self._hass.loop.time() >= self._next_update:
                self.show()

    async def async_set_energy(self, kwh: float) -> None:
        """Set the total to what the meter shows, and store it: nobody wants to type it again."""
        self.meter.set_energy(kwh)
        self.show()
        await self._store.async_save()

    @callback
    def show(self) -> None:
        """Show what is known at the moment."""
        self._next_update = self._hass.loop.time() + UPDATE_INTERVAL.total_seconds()
        self._shown = self.data
        self._show(self._shown)

    @callback
    def _on_tick(self, _now: datetime) -> None:
        if self._shown and self.data != self._shown:
            self.show()
