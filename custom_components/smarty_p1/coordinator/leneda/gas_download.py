"""Download of gas consumption from Leneda, the national platform: volume and energy by the hour.

The consumption is requested only if the user has entered a metering point of gas. Nothing is
requested if the electricity meter reads a gas meter on its M-Bus, because the values of that gas
meter come earlier. A gas meter without values for two weeks counts as removed from the M-Bus. The
last two weeks are requested again each time, because the operator can correct their values later.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from ...const import CONF_GAS_POINT
from ...lib.history.luxembourg_time import day_end, day_start
from ...lib.leneda.gas_response import GAS_ENERGY, STANDARD_VOLUME, GasSpan, read_gas_series
from ..entered_gas_prices import counts_gas_in_m3
from ..statistics.gas_statistics import GasStatistics, hours_of
from ..stored.gas_water_heat_history import KEPT_DAYS, MediumHistory, Sum, add_to_day
from ..stored.meter_history import LENEDA_GAS, MeterHistory
from .client import NO_SERIES, Account, LenedaError, SeriesRequest, async_series
from .quarter_hour_files import digest_of

_RECENT = timedelta(days=14)
_PIECE = timedelta(days=29)
_KEPT = timedelta(days=KEPT_DAYS - 1)
# Minimum volume in m³ for computing the energy of a cubic metre. A smaller volume would give an
# inexact result.
_MIN_VOLUME = 1.0


# Its text would have the API key of the account.
@dataclass(repr=False)
class LenedaGas:
    """Download of a household's gas consumption into the history of the electricity meter."""

    hass: HomeAssistant
    account: Account
    history: MeterHistory
    statistics: GasStatistics
    pause: Callable[[], Awaitable[None]]
    """Called before each request."""

    @property
    def _point(self) -> str:
        return digest_of(self.account.get(CONF_GAS_POINT, ""))

    @property
    def has_former_point(self) -> bool:
        """Return whether the stored consumption is from another metering point.

        The user has then changed the metering point since the last download.
        """
        medium = self.history.media.get(LENEDA_GAS)
        return medium is not None and medium.point not in {"", self._point}

    async def async_leave_former_point(self) -> None:
        """Remove Leneda's gas consumption if it is from another metering point."""
        medium = self.history.media.get(LENEDA_GAS)
        if medium is None or not self.has_former_point:
            return
        if medium.days and CONF_GAS_POINT in self.account:
            # First the rows, then the history. If Home Assistant crashes in between, the next start
            # repeats both.
            await self.statistics.async_remove((min(medium.days), day_end(max(medium.days))))
        self.forget()

    async def async_refresh(self, now: datetime) -> None:
        """Request the last two weeks, and older days that the history lacks. Raises LenedaError.

        The consumption of a former metering point is removed first.
        """
        await self.async_leave_former_point()
        media = self.history.media
        if self._has_meter(now) or CONF_GAS_POINT not in self.account:
            self.forget()
            return
        today = day_start(now)
        medium = media.get(LENEDA_GAS) or MediumHistory("gas", "m3")
        medium.point = self._point
        if medium.days and not await self.statistics.async_has(
            (first := min(medium.days), day_end(first))
        ):
            # The statistics were cleared, or the database is another one. The history has no
            # hours, so request them again.
            medium.days = {}
        await self._async_add_recent(medium, today)
        while medium.days and (end := min(medium.days)) > today - _KEPT:
            if not await self._async_add(medium, day_start(end - _PIECE), end):
                break

    def _has_meter(self, now: datetime) -> bool:
        """Return whether the electricity meter itself reads a gas meter.

        A gas meter in the history counts only if it has a value of the last two weeks, because the
        history keeps former gas meters.
        """
        return any(
            identity != LENEDA_GAS
            and counts_gas_in_m3(medium.kind, medium.unit)
            and medium.time is not None
            and medium.time > now - _RECENT
            for identity, medium in self.history.media.items()
        )

    async def _async_add_recent(self, medium: MediumHistory, today: datetime) -> None:
        """Add the last two weeks before `today`.

        If the newest day in the history is older, add all days since that day, the oldest first. So
        if a request fails, the next download continues at the same day.
        """
        newest = max(medium.days, default=today)
        start = day_start(max(today - _KEPT, min(today - _RECENT, newest)))
        while start < today:
            end = min(today, day_start(start + _PIECE))
            await self._async_add(medium, start, end)
            start = end

    def forget(self) -> None:
        """Remove the gas consumption that Leneda has sent from the history."""
        self.history.media.pop(LENEDA_GAS, None)

    async def _async_add(self, medium: MediumHistory, start: datetime, end: datetime) -> bool:
        """Request and add the days of a period. Return whether Leneda has values of this period."""
        volumes = await self._async_series(STANDARD_VOLUME, start, end)
        if not volumes:
            return False
        energies = await self._async_series(GAS_ENERGY, start, end)
        kwh_per_m3 = _kwh_per_m3(volumes, energies) or medium.kwh_per_m3
        # First the rows, then the days, which tell the next download what is known.
        await self.statistics.async_add(hours_of(volumes), hours_of(energies), kwh_per_m3)
        medium.replace_days(_day_sums(volumes))
        last = volumes[-1].start + volumes[-1].length
        # The energy of a cubic metre changes with the gas, so the newest period decides it. An
        # older period decides it only if no newer period has given a value.
        if medium.kwh_per_m3 is None or medium.time is None or last >= medium.time:
            medium.kwh_per_m3 = kwh_per_m3
        medium.time = max(medium.time or start, last)
        self.history.media[LENEDA_GAS] = medium
        self.history.schedule()
        return True

    async def _async_series(self, code: str, start: datetime, end: datetime) -> list[GasSpan]:
        """Request the values of a period. Return [] if Leneda refuses the code."""
        await self.pause()
        request = SeriesRequest(self.account[CONF_GAS_POINT], code, start, end)
        try:
            return await async_series(self.hass, self.account, request, read_gas_series)
        except LenedaError as err:
            if err.reason not in NO_SERIES:
                raise
            return []


def _day_sums(spans: list[GasSpan]) -> dict[datetime, Sum]:
    sums: dict[datetime, Sum] = {}
    for start, length, amount in spans:
        add_to_day(sums, start, Sum(amount, length.total_seconds()))
    return sums


def _kwh_per_m3(volumes: list[GasSpan], energies: list[GasSpan]) -> float | None:
    """Return the energy of a cubic metre in kWh.

    It is computed from the intervals that have both a volume and an energy. Return None if their
    volumes add up to less than _MIN_VOLUME.
    """
    by_start = {span.start: span.amount for span in volumes}
    both = [(by_start[span.start], span.amount) for span in energies if span.start in by_start]
    volume = sum(m3 for m3, _ in both)
    return round(sum(kwh for _, kwh in both) / volume, 4) if volume >= _MIN_VOLUME else None
