"""One `Reading` per telegram: totals settled, M-Bus meters identified, quarter-hour, flows."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..p1 import MBusReading, Reason, Telegram
from ..tariff import NO_PRICES, Demand, Energies, MarketPrices
from .mbus_channels import CHANNEL_PREFIX, channels_by_meter
from .meter_memory import MeterMemory
from .telegram_limits import Limits

IMPORTED_ENERGY = "1-0:1.8.0"
_ENERGIES = (IMPORTED_ENERGY, "1-0:2.8.0", "1-0:3.8.0", "1-0:4.8.0")
_IMPORTED_POWER = "1-0:1.7.0"
_THRESHOLD = "0-0:17.0.0"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a meter from one telegram, and the only thing that others read.

    `channels` holds the M-Bus channels by what identifies the meters on them. `demand` is None
    before the first telegram ever with a time and the imported energy. `flows` holds what flows
    through those meters, in m³/h or kW, where that is known. One that is not `is_current` came so
    late that it counts only where its own time puts it, and says nothing of now.
    """

    telegram: Telegram
    channels: Mapping[str, int]
    demand: Demand | None
    flows: Mapping[str, float]
    received_at: datetime
    is_current: bool = True

    @property
    def time(self) -> datetime:
        """Return the telegram's own time; of one without, when it was received."""
        return self.telegram.time or self.received_at

    def meter(self, identity: str) -> MBusReading | None:
        """Return a meter on the M-Bus, None when it is not in the telegram."""
        return self.telegram.channels.get(self.channels.get(identity, 0))


@dataclass(frozen=True, slots=True)
class Reception:
    """How the telegrams of a meter have been received until now."""

    telegrams: int
    """Those that were accepted."""
    rejections: Counter[Reason]
    other_meters: Counter[str | None]
    """The telegrams of other meters, by their names."""
    ignored: Counter[str]
    """What `Limits` removed."""
    totals_held_back: Counter[str]
    """How often a total wanted to fall, by the reference of the object."""


class MeterReader:
    """Makes the readings of one meter from its telegrams.

    What must survive a restart is in its `memory`; `limits` say what is too much of a telegram.
    """

    def __init__(self, memory: MeterMemory | None = None, limits: Limits | None = None) -> None:
        self.memory = memory or MeterMemory()
        self.limits = limits or Limits()
        self._identified_in: Mapping[int, MBusReading] = {}
        self._channels: Mapping[str, int] = {}
        self._demand = _without_current_values(self.memory.demand_meter.snapshot)

    def read(
        self,
        telegram: Telegram,
        received_at: datetime,
        market: MarketPrices = NO_PRICES,
        *,
        is_current: bool = True,
    ) -> Reading:
        """Return what is known after a telegram, which came at the market's prices."""
        telegram = self.limits.apply(telegram)
        settled = self.memory.totals.settle(telegram)
        # The quarter-hour goes without a reading rather than with one that is not of this moment.
        if settled.objects.get(IMPORTED_ENERGY) == telegram.objects.get(IMPORTED_ENERGY):
            self._follow_quarter_hour(telegram, settled, market)
        channels = self._identify_channels(settled)
        flows = self.memory.flow_rates.update(settled, channels, received_at)
        return Reading(settled, channels, self._demand, flows, received_at, is_current)

    def _follow_quarter_hour(
        self, telegram: Telegram, settled: Telegram, market: MarketPrices
    ) -> None:
        get: Callable[[str], Any] = telegram.objects.get
        registers = [get(each) for each in _ENERGIES]
        if settled is not telegram:
            # Nor with another register that is not of this moment.
            accepted = map(settled.objects.get, _ENERGIES)
            pairs = zip(registers, accepted, strict=True)
            registers = [value if value == other else None for value, other in pairs]
        energies = Energies(*registers)
        self._demand = self.memory.demand_meter.update(
            telegram.time,
            energies,
            get(_IMPORTED_POWER),
            telegram.serial_number,
            get(_THRESHOLD),
            market,
        )
        if telegram.time is None or energies.imported_kwh is None:
            self._demand = _without_current_values(self._demand)

    def _identify_channels(self, telegram: Telegram) -> Mapping[str, int]:
        """Return the channels by their meters.

        A meter without identifier on a channel that had one with is not to be trusted.
        """
        if telegram.channels == self._identified_in:
            return self._channels
        channels = channels_by_meter(telegram)
        named = {c for identity, c in channels.items() if not identity.startswith(CHANNEL_PREFIX)}
        self.memory.named_channels |= named
        self._identified_in = telegram.channels
        self._channels = {
            identity: channel
            for identity, channel in channels.items()
            if channel in named or channel not in self.memory.named_channels
        }
        return self._channels


def outlined_reading(memory: MeterMemory, now: datetime) -> Reading:
    """Return a reading without a value, of the objects and M-Bus meters that a meter had last.

    It says which entities there are before the first telegram, and is not of now.
    """
    outline = memory.outline
    return Reading(
        outline.telegram(memory.serial_number, memory.system_title),
        outline.identities,
        _without_current_values(memory.demand_meter.snapshot),
        {},
        now,
        is_current=False,
    )


def _without_current_values(demand: Demand | None) -> Demand | None:
    return demand and replace(
        demand, running_kw=None, projected_kw=None, will_exceed=None, available_kw=None
    )
