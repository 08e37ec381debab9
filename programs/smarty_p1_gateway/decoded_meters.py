"""Meters whose telegrams the gateway decodes.

Frame counters, names and monthly peaks survive a restart of the gateway.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from smartyp1.history.month_file_lines import HEADER, as_decimal, month_name
from smartyp1.history.quarter_hour_meter import QuarterHourMeter
from smartyp1.json_types import JsonDict
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.meter.object_count_and_rate_limits import Limits
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.frame_header import title_text
from smartyp1.p1.telegram import Telegram
from smartyp1.passed_pause import has_passed
from smartyp1.publish.topics import level
from smartyp1.stored_values import Stored, checked_list, checked_mapping, checked_text

from .json_storage import JsonStorage
from .key_file import Keys, MeterKeys

LOGGER = logging.getLogger(__name__)

LIMIT_TEXTS = {
    "objects": "%s: more than %d objects that no specification knows; the others are ignored",
    "meters": "%s: more than %d meters on the M-Bus; the others are ignored",
}
_STORED = re.compile(r"meter ([0-9A-F]{16})")
# Maximum number of meters. If one key is for all meters, the owner of this key can invent any
# number of system titles. So the number must be limited.
_MAX_METERS = 1000
# Number of months that are kept for each meter. Earlier months are not published.
_MAX_MONTHS = 2
# Time between two writes of a meter's demand. If the gateway is killed and restarted within ten
# minutes, no quarter-hour is lost, because QuarterHourMeter bridges gaps of up to a quarter-hour.
_DEMAND_INTERVAL = timedelta(minutes=5)


@dataclass(slots=True)
class _Meter:
    reader: MeterReader
    quarter_hours: QuarterHourMeter
    decryptor: FrameDecryptor | None
    """None when the keys no longer contain the meter."""
    name: str | None = None
    """Last serial number that the meter was permitted to use."""
    demand_stored_at: datetime | None = None


class DecodedMeters:
    """Meters of all ports. If a frame arrives at two ports, one of them rejects it as a replay."""

    def __init__(self, memory: JsonStorage, keys: Keys) -> None:
        """Restore the meters that an earlier run has stored."""
        self._memory = memory
        self._keys = keys
        self._meters: dict[bytes, _Meter] = {}
        self._decryptors: dict[MeterKeys, FrameDecryptor] = {}
        # System title of the meter that owns each name. Topics contain the name, so each name has
        # only one owner.
        self._titles: dict[str, bytes] = {}
        for stored in filter(None, map(_STORED.fullmatch, memory.names())):
            self._add(bytes.fromhex(stored[1]))

    def _add(self, title: bytes) -> _Meter:
        """Restore the meter of a verified system title from the memory file, or create it."""
        label = title_text(title)
        demand_meter = self._memory.take_content(f"demand {label}", _restored) or QuarterHourMeter()
        demand_meter.limit_months(_MAX_MONTHS)
        remembered = self._memory.take_content(
            f"meter {label}",
            lambda stored: MeterMemory.from_dict(stored, demand_meter=demand_meter),
        ) or MeterMemory(demand_meter)
        remembered.system_title = title
        for part in remembered.damaged:
            LOGGER.error("The %s stored of meter %s cannot be read, and begin anew", part, label)
        limits = Limits(
            warn=lambda kind, maximum: LOGGER.warning(LIMIT_TEXTS[kind], label, maximum)
        )
        decryptor = self.decryptor_of(title)
        if decryptor and title not in decryptor.last_counters:
            counters = remembered.counters.get(decryptor.fingerprint, {})
            decryptor.last_counters |= {title: counters[title]} if title in counters else {}
        meter = self._meters[title] = _Meter(
            MeterReader(remembered, limits), demand_meter, decryptor
        )
        # A meter's topics contain its serial number or its system title. So no other meter may use
        # either of them as its name.
        for name in (label, remembered.serial_number):
            if name is not None:
                self._titles.setdefault(level(name), title)
        return meter

    def decryptor_of(self, title: bytes) -> FrameDecryptor | None:
        """Return the decryptor for a system title. Return None if there is no key for it.

        Meters with the same keys share one decryptor.
        """
        if meter := self._meters.get(title):
            return meter.decryptor
        keys = self._keys.key_of(title)
        if keys is None:
            return None
        decryptor = self._decryptors.get(keys)
        if decryptor is None:
            decryptor = self._decryptors[keys] = FrameDecryptor(
                keys.encryption, keys.authentication
            )
        return decryptor

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return the reader of a verified telegram's meter.

        Return None for a telegram that was not encrypted, for a telegram of a meter without a key,
        and for a telegram with the serial number of another meter. Return None also if there are
        too many meters.
        """
        title, counter = telegram.system_title, telegram.frame_counter
        if title is None or counter is None:
            return None
        meter = self._meters.get(title)
        if meter is None:
            if len(self._meters) >= _MAX_METERS:
                # The counters of ignored meters would be without number.
                if decryptor := self.decryptor_of(title):
                    decryptor.last_counters.pop(title, None)
                return None
            meter = self._add(title)
        if meter.decryptor is None:
            return None
        remembered = meter.reader.memory
        remembered.note_counter(meter.decryptor, title, counter)
        self._memory.put_content(f"meter {title_text(title)}", remembered.as_dict)
        if meter.name is None or meter.name != telegram.serial_number:
            if not self._may_name(telegram, title, remembered):
                return None
            meter.name = telegram.serial_number
        return meter.reader

    def memory_of(self, title: bytes) -> MeterMemory | None:
        """Return the memory of the meter with the system title `title`, None if it is unknown."""
        meter = self._meters.get(title)
        return None if meter is None else meter.reader.memory

    def _may_name(self, telegram: Telegram, title: bytes, remembered: MeterMemory) -> bool:
        """Return whether a telegram's meter may use the serial number in the telegram.

        A serial number belongs to the first meter that uses it, as long as there is a key for that
        meter.
        """
        name = telegram.serial_number
        if name is None:
            return True
        owner = self._titles.get(level(name), title)
        if owner != title and self._keys.key_of(owner) is not None:
            return False
        if not remembered.is_named(telegram):
            return False
        self._titles[level(name)] = title
        remembered.serial_number = remembered.serial_number or name
        return True

    def remember(self, reading: Reading) -> str:
        """Return the name of the reading's meter: the serial number, or else the system title.

        Also store the meter's demand if a write of the demand is due.
        """
        title = reading.telegram.system_title or b""
        meter = self._meters[title]
        remembered, now = meter.reader.memory, reading.received_at
        stored_at = meter.demand_stored_at
        is_due = has_passed(stored_at, now, _DEMAND_INTERVAL)
        if remembered.note_period() or is_due:
            meter.demand_stored_at = now
            self._store_demand(title, meter.quarter_hours)
        return remembered.serial_number or title_text(title)

    def store(self) -> None:
        """Store the demand of all meters. Call this before the gateway stops."""
        for title, meter in self._meters.items():
            self._store_demand(title, meter.quarter_hours)

    def _store_demand(self, title: bytes, quarter_hours: QuarterHourMeter) -> None:
        if quarter_hours.values is not None:
            make = partial(_stored, quarter_hours)
            self._memory.put_content(f"demand {title_text(title)}", make)


def _stored(meter: QuarterHourMeter) -> JsonDict:
    """Return the state of a QuarterHourMeter in the form to store.

    Of the month's quarter-hours, only the peak is stored, because only the peak is published.
    """
    meter.take_new()
    # `number` is the number of the last span in a meter's files. The gateway writes no such
    # files, so it stores 0. With a higher number, the restored meter would look for all spans
    # up to this number in the files, and count the missing spans as lost.
    stored = meter.as_dict(number=0)
    peak = meter.values.peak if meter.values else None
    if peak is None:
        return stored
    line = f"{peak.start.isoformat()},{as_decimal(peak.mean_kw * 250)},,,\n"
    return {**stored, "peak": [month_name(peak.start), line]}


def _restored(stored: Stored) -> QuarterHourMeter:
    """Return the meter whose state is `stored`, a result of `_stored`.

    Raises ValueError if `stored` is malformed.
    """
    content = checked_mapping(stored)
    files = {}
    if "peak" in content:
        name, line = map(checked_text, checked_list(content.pop("peak"), 2))
        start, imported_wh, *_ = line.split(",")
        # The other columns are unknown, and the last column is the number of the span.
        files[name] = f"{HEADER}{start},,{imported_wh}{',' * 6}1\n".encode()
    return QuarterHourMeter.from_dict(content, files)
