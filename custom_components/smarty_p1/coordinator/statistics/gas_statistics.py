"""Hourly statistics of a household's gas: volume, energy and cost.

The hours come from the gas meters on the M-Bus, together, so that an exchanged meter makes no gap.
Leneda gives the hours of gas meters that are not on the M-Bus, and of the time before. Rows of
hours that are no longer known stay as they are, with the price and factor of their time.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from ...lib.history.luxembourg_time import (
    HOUR,
    day_end,
    day_start,
    hour_start,
    local_day,
    month_end,
    month_start,
)
from ...lib.history.spans import TimeRange
from ...lib.prices.gas_prices import DatedGasPrices
from ..background_tasks import SupervisedTask
from ..entered_gas_prices import counts_gas_in_m3, gas_prices, kwh_per_m3
from ..entry_types import AnyConfigEntry
from ..stored.gas_water_heat_history import KEPT_HOURS, MediumHistory, parts_by_hour
from ..stored.meter_history import LENEDA_GAS, MeterHistory
from .hourly_statistics import DELAY_S, MAX_DELAY_S, RECORDER, async_has_rows, hour_ranges
from .statistic_ids import GAS, StatisticKind, statistic_id, statistics_key, wanted_kinds
from .statistics_writer import StatisticsWriter

type GasHours = dict[datetime, float]
"""Amounts by the start of the hour in UTC."""


class GasStatistics:
    """Writer of a household's gas statistics. It needs Home Assistant's recorder."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry, history: MeterHistory) -> None:
        self._hass = hass
        self._entry = entry
        self._history = history
        self._lock = asyncio.Lock()
        self._task = SupervisedTask(
            hass,
            entry,
            self._async_write_own,
            "gas statistics",
            first=DELAY_S,
            longest=MAX_DELAY_S,
        )
        self._writer = StatisticsWriter(hass, entry)
        # End of the newest hour that this run has noticed.
        self._until: datetime | None = None

    @property
    def is_possible(self) -> bool:
        """Return whether Home Assistant has a recorder."""
        return RECORDER in self._hass.config.components

    @callback
    def start(self) -> None:
        """Write the known hours when Home Assistant has started, then each hour that has ended."""
        if self.is_possible:
            self._entry.async_on_unload(async_at_started(self._hass, self._started))

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self._entry.async_on_unload(self._history.capture_listeners.add(self._look))
        self._look()

    @callback
    def _look(self) -> None:
        until = end_of_hours(self._history.media)
        # The recorder ends when Home Assistant stops. The next start writes what is missing.
        if until != self._until and not self._hass.is_stopping:
            self._until = until
            self._task.start()

    async def _async_write_own(self) -> None:
        async with self._lock:
            await self._async_write(own_hours(self._history.media), {})

    async def async_add(self, volumes: GasHours, energies: GasHours, factor: float | None) -> None:
        """Write hours from Leneda: m³ and kWh. `factor` is the energy of a m³ in kWh, if known.

        Hours that a meter on the M-Bus has measured stay. Do nothing without a recorder.
        """
        if not self.is_possible:
            return
        async with self._lock:
            own = own_hours(self._history.media)
            leneda = {hour: volumes[hour] for hour in self._unmeasured(volumes) if hour not in own}
            await self._async_write(leneda, energies, factor)

    async def async_remove(self, period: TimeRange) -> None:
        """Remove the rows of a period, except hours that a meter on the M-Bus has measured."""
        if not self.is_possible:
            return
        async with self._lock:
            own = own_hours(self._history.media)
            start, end = period
            hours = [start + n * HOUR for n in range((end - start) // HOUR)]
            await self._async_write(own, {}, periods=hour_ranges(self._unmeasured(hours)))

    def _unmeasured(self, hours: Iterable[datetime]) -> list[datetime]:
        """Return the hours without those of the days that the M-Bus has measured whole.

        The days are known for longer than their hours, whose rows stay.
        """
        measured = {
            day
            for medium in _meters(self._history.media)
            for day, total in medium.days.items()
            if total.seconds >= (day_end(day) - day).total_seconds() - 1
        }
        return [hour for hour in hours if day_start(hour) not in measured]

    async def async_has(self, period: TimeRange) -> bool:
        """Return whether the volume has rows in a period. Return True without a recorder."""
        if not self.is_possible:
            return True
        name = statistic_id(statistics_key(self._entry), StatisticKind.GAS_VOLUME)
        async with self._lock:
            return await async_has_rows(self._hass, name, period)

    async def _async_write(
        self,
        volumes: GasHours,
        energies: GasHours,
        factor: float | None = None,
        periods: Sequence[TimeRange] | None = None,
    ) -> None:
        options = self._entry.options
        factor = kwh_per_m3(options, "gas", "m3", factor)
        known = {hour: energies[hour] for hour in volumes if hour in energies}
        if factor:
            known = {hour: m3 * factor for hour, m3 in volumes.items()} | known
        amounts: Mapping[str, GasHours] = {
            StatisticKind.GAS_VOLUME: volumes,
            StatisticKind.GAS_ENERGY: known,
            StatisticKind.GAS_COST: gas_costs(volumes, gas_prices(options)),
        }
        await self._writer.async_write(wanted_kinds(self._hass, GAS), amounts, periods)


def own_hours(media: Mapping[str, MediumHistory]) -> GasHours:
    """Return the m³ of the hours that have ended, of all gas meters on the M-Bus together.

    Each meter keeps its newest KEPT_HOURS. So hours that a meter in use may have forgotten are left
    out, even if an exchanged meter has them.
    """
    hours: GasHours = {}
    if (until := end_of_hours(media)) is None:
        return hours
    since = until - (KEPT_HOURS - 1) * HOUR
    for medium in _meters(media):
        for hour, total in medium.hours.items():
            if since <= hour < until:
                hours[hour] = hours.get(hour, 0.0) + total.amount
    return dict(sorted(hours.items()))


def end_of_hours(media: Mapping[str, MediumHistory]) -> datetime | None:
    """Return the end of the newest hour that has ended. Return None without a gas meter."""
    ends = [
        max(*medium.hours, hour_start(medium.time))
        for medium in _meters(media)
        if medium.hours and medium.time
    ]
    return max(ends, default=None)


def gas_costs(volumes: GasHours, prices: DatedGasPrices | None) -> GasHours:
    """Return the cost of each hour in EUR: of its gas, and its share of the monthly price.

    An hour has the prices of its day. Hours of a day whose prices are unknown are left out.
    """
    # Two times with the same time zone would be subtracted without the change of the clocks.
    return {
        hour: m3 * price.per_m3
        + price.per_month
        / ((month_end(hour).timestamp() - month_start(hour).timestamp()) / HOUR.total_seconds())
        for hour, m3 in volumes.items()
        if prices and (price := prices.on(local_day(hour)))
    }


def hours_of(spans: Iterable[tuple[datetime, timedelta, float]]) -> GasHours:
    """Return the amounts of spans by hour. A longer span is spread evenly over its hours.

    A span has a start, a length and an amount.
    """
    hours: GasHours = {}
    for start, length, amount in spans:
        for at, part in parts_by_hour(start, start + length, amount):
            hour = hour_start(at)
            hours[hour] = hours.get(hour, 0.0) + part.amount
    return hours


def _meters(media: Mapping[str, MediumHistory]) -> list[MediumHistory]:
    return [
        medium
        for identity, medium in media.items()
        if identity != LENEDA_GAS and counts_gas_in_m3(medium.kind, medium.unit)
    ]
