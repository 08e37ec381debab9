"""The meters that are decoded, and what is remembered of each over restarts."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from smartyp1.meter import Limits, MeterMemory, MeterReader, Reading
from smartyp1.p1 import FrameDecryptor, Telegram
from smartyp1.publish import level
from smartyp1.stored_values import Stored, checked_list, checked_mapping, checked_text
from smartyp1.tariff import HEADER, DemandMeter, as_decimal, month_name

from .key_file import Keys, MeterKeys
from .memory_file import Memory

LOGGER = logging.getLogger(__name__)

LIMIT_TEXTS = {
    "objects": "%s: more than %d objects that no specification knows; the others are ignored",
    "meters": "%s: more than %d meters on the M-Bus; the others are ignored",
}
_STORED = re.compile(r"meter ([0-9A-F]{16})")
# Whoever has a key that is every meter's can seal frames with any title.
_MAX_METERS = 1000
# Nothing of earlier ones is published.
_MAX_MONTHS = 2
# Gaps of up to a quarter-hour are bridged, so a kill costs nothing.
_DEMAND_INTERVAL = timedelta(minutes=5)


@dataclass(slots=True)
class _Meter:
    reader: MeterReader
    decryptor: FrameDecryptor | None
    """None when its key is gone."""
    name: str | None = None
    """As it was said last, and allowed."""
    demand_stored_at: datetime | None = None


class DecodedMeters:
    """The meters of all ports: a frame that came at one port is a replay at any other."""

    def __init__(self, memory: Memory, keys: Keys) -> None:
        """Go on where an earlier run has ended."""
        self._memory = memory
        self._keys = keys
        self._meters: dict[bytes, _Meter] = {}
        self._decryptors: dict[MeterKeys, FrameDecryptor] = {}
        # Whose name it is, as it is shown, or what stands in its place.
        self._titles: dict[str, bytes] = {}
        for stored in filter(None, map(_STORED.fullmatch, memory.names())):
            self._add(bytes.fromhex(stored[1]))

    def _add(self, title: bytes) -> _Meter:
        """Go on with a meter, or begin: somebody with its key has verified its frames."""
        label = title.hex().upper()
        demand_meter = self._memory.read(f"demand {label}", _restored) or DemandMeter()
        demand_meter.keep(_MAX_MONTHS)
        remembered = self._memory.read(
            f"meter {label}",
            lambda stored: MeterMemory.from_dict(stored, demand_meter=demand_meter, title=title),
        ) or MeterMemory(demand_meter)
        remembered.system_title = title
        for part in remembered.damaged:
            LOGGER.error("The %s stored of meter %s cannot be read, and begin anew", part, label)
        limits = Limits(warn=lambda kind, most: LOGGER.warning(LIMIT_TEXTS[kind], label, most))
        decryptor = self.decryptor_of(title)
        if decryptor and title not in decryptor.last_counters:
            counters = remembered.counters.get(decryptor.fingerprint, {})
            decryptor.last_counters |= {title: counters[title]} if title in counters else {}
        meter = self._meters[title] = _Meter(MeterReader(remembered, limits), decryptor)
        # What stands for a meter that says no name is its own, too.
        for name in (label, remembered.serial_number):
            if name is not None:
                self._titles.setdefault(level(name), title)
        return meter

    def decryptor_of(self, title: bytes) -> FrameDecryptor | None:
        """Return what opens the frames of a system title: one decryptor for each pair of keys."""
        if meter := self._meters.get(title):
            return meter.decryptor
        keys = self._keys.of(title)
        if keys is None:
            return None
        decryptor = self._decryptors.get(keys)
        if decryptor is None:
            decryptor = self._decryptors[keys] = FrameDecryptor(
                keys.encryption, keys.authentication
            )
        return decryptor

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return what reads a verified telegram, None when it names what is another meter's."""
        title, counter = telegram.system_title, telegram.frame_counter
        if title is None or counter is None:
            return None
        meter = self._meters.get(title)
        if meter is None:
            if len(self._meters) >= _MAX_METERS:
                self._forget(title)
                return None
            meter = self._add(title)
        if meter.decryptor is None:
            return None
        remembered = meter.reader.memory
        remembered.note_counter(meter.decryptor, title, counter)
        self._memory.put(f"meter {title.hex().upper()}", remembered.as_dict)
        if meter.name is None or meter.name != telegram.serial_number:
            if not self._may_name(telegram, title, remembered):
                return None
            meter.name = telegram.serial_number
        return meter.reader

    def _forget(self, title: bytes) -> None:
        """Keep nothing of a title that is too many."""
        if decryptor := self.decryptor_of(title):
            decryptor.last_counters.pop(title, None)

    def _may_name(self, telegram: Telegram, title: bytes, remembered: MeterMemory) -> bool:
        """Return whether the name in a telegram is its own meter's, or nobody's yet.

        It is somebody's for as long as there is a key for that meter.
        """
        name = telegram.serial_number
        if name is None:
            return True
        owner = self._titles.get(level(name), title)
        if owner != title and self._keys.of(owner) is not None:
            return False
        if not remembered.is_named(telegram):
            return False
        self._titles[level(name)] = title
        remembered.serial_number = remembered.serial_number or name
        return True

    def remember(self, reading: Reading) -> str:
        """Have stored what a reading has come to; return the name of its meter."""
        title = reading.telegram.system_title or b""
        meter = self._meters[title]
        remembered, now = meter.reader.memory, reading.received_at
        stored_at = meter.demand_stored_at
        is_due = stored_at is None or not timedelta() <= now - stored_at < _DEMAND_INTERVAL
        if remembered.has_period_ended() or is_due:
            meter.demand_stored_at = now
            self._store_demand(title, remembered)
        return remembered.serial_number or title.hex().upper()

    def store(self) -> None:
        """Store everything: this is the end."""
        for title, meter in self._meters.items():
            self._store_demand(title, meter.reader.memory)

    def _store_demand(self, title: bytes, remembered: MeterMemory) -> None:
        if remembered.demand_meter.snapshot is not None:
            make = partial(_stored, remembered.demand_meter)
            self._memory.put(f"demand {title.hex().upper()}", make)


def _stored(meter: DemandMeter) -> dict[str, Any]:
    """Return what must survive a restart: of the row, no more is published than the peak."""
    meter.take_new()
    peak = meter.snapshot.peak if meter.snapshot else None
    if peak is None:
        return meter.as_dict()
    line = f"{peak.start.isoformat()},{as_decimal(peak.mean_kw * 250)},,,\n"
    return {**meter.as_dict(), "peak": [month_name(peak.start), line]}


def _restored(stored: Stored) -> DemandMeter:
    """Return the meter of `_stored`. Raises ValueError for what is malformed."""
    content = checked_mapping(stored)
    files = {}
    if "peak" in content:
        name, line = map(checked_text, checked_list(content.pop("peak"), 2))
        files[name] = (HEADER + line).encode()
    return DemandMeter.from_dict(content, files=files)
