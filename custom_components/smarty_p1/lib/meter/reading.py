"""One `Reading` per telegram: its totals settled, its M-Bus meters identified, its quarter-hour."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from ..p1 import MBusReading, Reason, Telegram
from .channels import CHANNEL_PREFIX, channels_by_meter
from .demand import Demand, DemandMeter
from .limits import Limits
from .totals import Totals

IMPORTED_ENERGY = "1-0:1.8.0"
_IMPORTED_POWER = "1-0:1.7.0"
_THRESHOLD = "0-0:17.0.0"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a meter from one telegram, and the only thing that others read.

    `channels` holds the M-Bus channels by what identifies the meters on them. `demand` is None
    before the first telegram ever with a time and the imported energy.
    """

    telegram: Telegram
    channels: Mapping[str, int]
    demand: Demand | None
    received_at: datetime

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

    What must survive a restart is handed in, and stored by its owner: the totals, the demand and
    the channels that had meters with an identifier.
    """

    def __init__(
        self,
        totals: Totals,
        demand_meter: DemandMeter,
        named_channels: set[int] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._totals = totals
        self._demand_meter = demand_meter
        self._named_channels = set() if named_channels is None else named_channels
        self._limits = limits or Limits()
        self._demand = _without_current_values(demand_meter.snapshot)

    def read(self, telegram: Telegram, received_at: datetime) -> Reading:
        """Return what is known after a telegram."""
        telegram = self._limits.apply(telegram)
        settled = self._totals.settle(telegram)
        # The quarter-hour goes without a reading rather than with one that is not of this moment.
        if settled.objects.get(IMPORTED_ENERGY) == telegram.objects.get(IMPORTED_ENERGY):
            self._follow_quarter_hour(telegram)
        return Reading(settled, self._identify_channels(settled), self._demand, received_at)

    def _follow_quarter_hour(self, telegram: Telegram) -> None:
        energy, power, threshold = (
            cast("float | None", telegram.objects.get(reference))
            for reference in (IMPORTED_ENERGY, _IMPORTED_POWER, _THRESHOLD)
        )
        self._demand = self._demand_meter.update(
            telegram.time, energy, power, telegram.serial_number, threshold
        )
        if telegram.time is None or energy is None:
            self._demand = _without_current_values(self._demand)

    def _identify_channels(self, telegram: Telegram) -> dict[str, int]:
        """Return the channels by their meters.

        A meter without identifier on a channel that had one with is not to be trusted.
        """
        channels = channels_by_meter(telegram)
        named = {c for identity, c in channels.items() if not identity.startswith(CHANNEL_PREFIX)}
        self._named_channels |= named
        return {
            identity: channel
            for identity, channel in channels.items()
            if channel in named or channel not in self._named_channels
        }


def _without_current_values(demand: Demand | None) -> Demand | None:
    return demand and replace(
        demand, running_kw=None, projected_kw=None, will_exceed=None, available_kw=None
    )
