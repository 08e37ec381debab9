"""The meters that are decoded, and what is remembered of each over restarts.

These are the last frame counter under each key, so that recorded frames are never accepted again;
the totals that were accepted; the quarter-hours; and the flows through the meters on the M-Bus.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from smartyp1.meter import FlowRates, Limits, MeterReader, Reading, Totals
from smartyp1.p1 import CHANNELS, FINGERPRINT_SIZE, Telegram
from smartyp1.stored_values import Stored, a_count, a_list, a_mapping, a_text, some_bytes
from smartyp1.tariff import DemandMeter

from .memory_file import Memory

LOGGER = logging.getLogger(__name__)

_MOST_KEYS = 16
_MAX_COUNTER = (1 << 32) - 1
# Gaps of up to a quarter-hour are bridged, so a kill costs nothing.
_DEMAND_INTERVAL = timedelta(minutes=5)
LIMIT_TEXTS = {
    "objects": "%s: more than %d objects that no specification knows; the others are ignored",
    "meters": "%s: more than %d meters on the M-Bus; the others are ignored",
}


class Meter:
    """One meter, known by its system title (8 bytes)."""

    def __init__(self, title: bytes, memory: Memory) -> None:
        """Begin where an earlier run ended."""
        self.title = title
        self.serial_number: str | None = None
        self.totals = Totals()
        self.limits = Limits(warn=self._warn)
        self._memory = memory
        self._counters: dict[str, int] = {}
        self._named_channels: set[int] = set()
        self._flow_rates = FlowRates()
        memory.read(self._name, self._restore)
        demand_meter = memory.read(self._demand_name, DemandMeter.from_dict)
        self._demand_meter = demand_meter or DemandMeter()
        self._reader = MeterReader(
            self.totals,
            self._demand_meter,
            self._named_channels,
            self.limits,
            self._flow_rates,
        )
        self._demand = self._demand_meter.snapshot
        self._demand_stored_at: datetime | None = None

    @property
    def _name(self) -> str:
        return f"meter {self.title.hex().upper()}"

    @property
    def _demand_name(self) -> str:
        return f"demand {self.title.hex().upper()}"

    def last_counter(self, fingerprint: str) -> int | None:
        """Return the last frame counter under a key, None when there was none."""
        return self._counters.get(fingerprint)

    def accepts(self, fingerprint: str, counter: int) -> bool:
        """Return whether a counter is higher than the last one under a key, and note it if so."""
        if counter <= self._counters.get(fingerprint, -1):
            return False
        # The key used least recently is forgotten first.
        self._counters.pop(fingerprint, None)
        self._counters[fingerprint] = counter
        while len(self._counters) > _MOST_KEYS:
            del self._counters[next(iter(self._counters))]
        self._memory.put(self._name, self._as_dict)
        return True

    def read(self, telegram: Telegram, received_at: datetime) -> Reading:
        """Return what is known after a telegram."""
        if self.serial_number is None:
            self.serial_number = telegram.serial_number
        reading = self._reader.read(telegram, received_at)
        self._memory.put(self._name, self._as_dict)
        self._store_demand(received_at)
        return reading

    def _store_demand(self, now: datetime) -> None:
        demand, before = self._demand_meter.snapshot, self._demand
        if demand is None or demand is before:
            return
        has_ended = before is None or before.last_quarter != demand.last_quarter
        stored_at = self._demand_stored_at
        self._demand = demand
        if has_ended or stored_at is None or not 0 <= (now - stored_at) / _DEMAND_INTERVAL < 1:
            self._demand_stored_at = now
            self._memory.put(self._demand_name, self._demand_meter.as_dict)

    def store(self) -> None:
        """Store what is not stored with each telegram, too."""
        if self._demand_meter.snapshot is not None:
            self._memory.put(self._demand_name, self._demand_meter.as_dict)

    def _as_dict(self) -> dict[str, Any]:
        return {
            "serial_number": self.serial_number,
            "counters": self._counters,
            "totals": self.totals.as_dict(),
            "named_channels": sorted(self._named_channels),
            "flows": self._flow_rates.as_list(),
        }

    def _restore(self, data: Stored) -> None:
        stored = a_mapping(data)
        counters = {
            some_bytes(fingerprint, FINGERPRINT_SIZE).hex(): a_count(counter, _MAX_COUNTER)
            for fingerprint, counter in a_mapping(stored["counters"], _MOST_KEYS).items()
        }
        # They are good by themselves.
        self._counters = counters
        serial_number = stored["serial_number"]
        totals = Totals.from_dict(a_mapping(stored["totals"]))
        channels = {a_count(each, max(CHANNELS)) for each in a_list(stored["named_channels"])}
        # Not in the files of earlier versions.
        flow_rates = FlowRates.from_list(stored.get("flows", []))
        self.serial_number = None if serial_number is None else a_text(serial_number)
        self.totals = totals
        self._named_channels = channels
        self._flow_rates = flow_rates

    def _warn(self, kind: str, most: float) -> None:
        LOGGER.warning(LIMIT_TEXTS[kind], self.serial_number or self.title.hex().upper(), most)


class Meters:
    """The meters of all ports: a frame that came at one port is a replay at any other."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        # By topic, whose word the broker keeps there: cables may be swapped, or a meter read twice.
        self.speakers: dict[str, object] = {}
        self._meters: dict[bytes, Meter] = {}

    def of(self, title: bytes) -> Meter:
        """Return a meter, whose frames somebody with its key has verified."""
        meter = self._meters.get(title)
        if meter is None:
            meter = self._meters[title] = Meter(title, self.memory)
        return meter

    def store(self) -> None:
        """Store everything: this is the end."""
        for meter in self._meters.values():
            meter.store()
