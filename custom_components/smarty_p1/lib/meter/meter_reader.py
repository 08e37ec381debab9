"""Reading of a meter: one telegram, and values derived from this and earlier telegrams."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..clock_verdict import NO_DOUBT, ClockVerdict
from ..history.market_prices import NO_PRICES, MarketPrices
from ..history.quarter_hour_values import QuarterHourValues
from ..history.register_amounts import Energies
from ..p1.local_time import hour_after, hour_before
from ..p1.rejection_reasons import Reason
from ..p1.telegram import Telegram
from ..p1.value_converters import MBusChannels, MBusReading
from .held_back_totals import Settled
from .meter_memory import MeterMemory
from .money import Money
from .object_count_and_rate_limits import Limits

IMPORTED_ENERGY = "1-0:1.8.0"
EXPORTED_ENERGY = "1-0:2.8.0"
MIN_CONNECTED_VOLTS = 50
"""Minimum voltage of a connected phase. A meter with one phase can send a few volts for others."""
_ENERGIES = (IMPORTED_ENERGY, EXPORTED_ENERGY, "1-0:3.8.0", "1-0:4.8.0")
_IMPORTED_POWER = "1-0:1.7.0"
THRESHOLD = "0-0:17.0.0"
_POWER_DECIMALS = 6


type MoneyOf = Callable[[], Money | None]
"""Function that returns the household's money after the last reading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """State of a meter after one telegram. Sensors and messages use only a Reading.

    `channels` has the M-Bus channel of each M-Bus meter. `flows` has the known flows of the M-Bus
    meters in m³/h or kW. The keys of both are the identities of the M-Bus meters. `demand` is None
    until a telegram has both a time and the imported energy. `money` is None without a household.
    If `is_current` is False, the telegram came late. Its values are recorded for the time in the
    telegram, but are not shown as current values.
    """

    telegram: Telegram
    channels: MBusChannels
    demand: QuarterHourValues | None
    flows: Mapping[str, float]
    received_at: datetime
    clock: ClockVerdict = NO_DOUBT
    money: Money | None = None
    late_captures: Mapping[str, Sequence[MBusReading]] = field(default_factory=dict)
    """Earlier captures of M-Bus meters that were held back until now, keyed by identity."""

    @property
    def is_current(self) -> bool:
        """Return whether the telegram has just been sent."""
        return self.clock.is_current

    @property
    def time(self) -> datetime:
        """Return the time in the telegram. If it has none, return the time of reception."""
        return self.telegram.time or self.received_at

    @property
    def missing_export(self) -> float | None:
        """Return the value to use if the telegram lacks an exported power: 0 or None (unknown).

        If the telegram lacks the exported energy, too, the meter does not count exports, so the
        power is 0. Otherwise, the meter counts exports, and may export although this telegram lacks
        the power. So the power is unknown.
        """
        return None if EXPORTED_ENERGY in self.telegram.objects else 0.0

    def net(self, imported: str, exported: str, missing: float | None) -> float | None:
        """Return the imported minus the exported power of two objects, such as in kW.

        If the telegram lacks the exported power, use `missing`. Return None if the telegram lacks
        the imported power, or if one of the powers is unknown.
        """
        get = self.telegram.objects.get
        plus, minus = get(imported), get(exported, missing)
        if isinstance(plus, float | int) and isinstance(minus, float | int):
            # The difference of two floats has errors in further decimals.
            return round(plus - minus, _POWER_DECIMALS)
        return None

    def meter(self, identity: str) -> MBusReading | None:
        """Return the M-Bus meter with this identity.

        Return None if the telegram has no such meter.
        """
        return self.telegram.channels.get(self.channels.get(identity, 0))


@dataclass(frozen=True, slots=True)
class Reception:
    """Counts of the telegrams that were received from a meter."""

    telegrams: int
    """Accepted telegrams."""
    rejections: Counter[Reason]
    other_meters: Counter[str | None]
    """Number of telegrams from other meters, keyed by the meter's name."""
    ignored: Counter[str]
    """Number of objects, M-Bus meters and telegrams that `Limits` removed, keyed by kind."""
    repeated_objects: Counter[str]
    """Number of telegrams that contain an object more than once, keyed by OBIS reference."""
    totals_held_back: Counter[str]
    """How often a total was held back because it fell or leapt, keyed by OBIS reference."""


class MeterReader:
    """Reader that makes the readings of one meter from its telegrams.

    `memory` has the state that must survive a restart. `limits` removes surplus objects and M-Bus
    meters from a telegram. `money_of` returns the household's money after each reading.
    """

    def __init__(
        self,
        memory: MeterMemory | None = None,
        limits: Limits | None = None,
        money_of: MoneyOf = lambda: None,
    ) -> None:
        self.memory = memory or MeterMemory()
        self.limits = limits or Limits()
        self._money_of = money_of
        self._demand = _without_current_values(self.memory.demand_meter.values)
        self._last_time = self._demand and self._demand.time

    def read_telegram(
        self,
        telegram: Telegram,
        received_at: datetime,
        market: MarketPrices = NO_PRICES,
        clock: ClockVerdict = NO_DOUBT,
    ) -> Reading:
        """Return the reading for a telegram.

        `market` has the market prices at the telegram's time. `clock` is the verdict on this time.
        """
        telegram = self.with_known_hour(telegram, received_at)
        self._last_time = telegram.time
        mbus = self.memory.mbus_meters
        channels = mbus.identify(telegram)
        limited = self.limits.apply(telegram, channels)
        if limited is not telegram:
            telegram = limited
            channels = {name: at for name, at in channels.items() if at in telegram.channels}
        telegram = mbus.complete(telegram, channels)
        settled = self.memory.totals.settle(telegram, received_at, channels, clock)
        telegram = settled.telegram
        mbus.note_readings(settled.readings, channels)
        # The true energy is unknown while a value is held back. So do not use this telegram for the
        # quarter-hours.
        if IMPORTED_ENERGY not in settled.held:
            self._follow_quarter_hour(settled, market, clock)
        flows = self.memory.flow_rates.update(telegram, channels, received_at)
        return Reading(
            telegram,
            channels,
            self._demand,
            flows,
            received_at,
            clock,
            self._money_of(),
            settled.late_captures,
        )

    def with_known_hour(self, telegram: Telegram, received_at: datetime) -> Telegram:
        """Return the telegram with times in the right one of October's two equal hours.

        Only times without the letters S and W change. The telegram's own time then lies in the hour
        that follows the last telegram.
        """
        if telegram.time is not None and telegram.is_hour_open:
            last, time = self._last_time, telegram.time
            telegram = telegram.at(
                hour_after(time, last) if last else hour_before(time, received_at)
            )
        if telegram.is_capture_hour_open:
            telegram = telegram.with_known_captures(telegram.time or received_at)
        return telegram

    def _follow_quarter_hour(
        self, settled: Settled, market: MarketPrices, clock: ClockVerdict
    ) -> None:
        telegram, demand = settled.telegram, self.memory.demand_meter
        if not clock.is_far:
            for time, imported_kwh in settled.late.get(IMPORTED_ENERGY, ()):
                demand.count_telegram(time, Energies(imported_kwh), None, telegram.serial_number)
        get: Callable[[str], Any] = telegram.objects.get
        # The last accepted total of a register is outdated while its value is held back, so pass
        # None as the energy of the register.
        energies = Energies(*[None if name in settled.held else get(name) for name in _ENERGIES])
        demand.count_telegram(
            telegram.time,
            energies,
            get(_IMPORTED_POWER),
            telegram.serial_number,
            get(THRESHOLD),
            market,
            clock,
        )
        self._demand = self.memory.demand_meter.values
        if telegram.time is None or energies.imported_kwh is None:
            self._demand = _without_current_values(self._demand)


def outlined_reading(memory: MeterMemory, now: datetime, money: Money | None = None) -> Reading:
    """Return a reading with the last telegram's objects and M-Bus meters, but without their values.

    After a restart, this reading tells which entities exist. The reading is not current.
    """
    outline = memory.outline
    return Reading(
        outline.telegram(memory.serial_number, memory.system_title),
        outline.identities,
        _without_current_values(memory.demand_meter.values),
        {},
        now,
        clock=ClockVerdict(is_current=False),
        money=money,
    )


def _without_current_values(demand: QuarterHourValues | None) -> QuarterHourValues | None:
    return demand and demand._replace(
        running_kw=None, projected_kw=None, will_exceed=None, available_kw=None
    )
