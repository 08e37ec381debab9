"""History of a meter for dashboard cards, in one file. It has data that no entity keeps.

The file is written once an hour, so a crash may lose an hour of the history. No cost is computed
from the history, so this loss is acceptable. After a new event, the file is written sooner: within
five minutes.

The file has several parts, and each gas, water or heat meter is a part of its own. If a part cannot
be read, only this part starts empty.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import override

from homeassistant.core import HomeAssistant, callback

from ...lib.bounds import keep_newest
from ...lib.fault_log import FaultLog, Listeners
from ...lib.json_types import JsonDict
from ...lib.meter.meter_reader import Reading
from ...lib.min_interval import MinInterval
from ...lib.p1.value_converters import MBusReading
from ...lib.stored_values import Stored, checked_list, checked_mapping, checked_text
from .event_history import EventHistory
from .gas_water_heat_history import MediumHistory
from .reception_history import ReceptionHistory
from .throttled_store import Content, ThrottledStore
from .voltage_extremes import VoltageHistory

SAVE_INTERVAL_S = 3600.0
EVENT_INTERVAL_S = 300.0
# Maximum number of M-Bus meters with a history: four on the channels of the M-Bus, and four that
# were replaced.
MAX_METERS = 8
LENEDA_GAS = "leneda_gas"
"""Key of Leneda's gas in `media`. All other keys are identities of M-Bus meters."""
_VOLTAGES = ("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0")


class _Parts:
    """Parts of a stored history. A part that cannot be read is empty, and `damaged` has its name.

    Each M-Bus meter is a part of its own.
    """

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self.voltages = VoltageHistory()
        self.reception = ReceptionHistory()
        self.events = EventHistory()
        self.media: dict[str, MediumHistory] = {}
        # A dict keeps each name once, in the order in which the names were added.
        self.damaged: dict[str, None] = {}
        with self._noting("voltages"):
            self.voltages = VoltageHistory.from_list(stored["voltages"])
        with self._noting("reception"):
            self.reception = ReceptionHistory.from_dict(stored["reception"])
        with self._noting("events"):
            self.events = EventHistory.from_dict(stored["events"])
        with self._noting("media"):
            for item in checked_list(stored["media"], MAX_METERS):
                with self._noting("media"):
                    identity, medium = checked_list(item)
                    self.media[checked_text(identity)] = MediumHistory.from_dict(medium)

    @contextmanager
    def _noting(self, part: str) -> Iterator[None]:
        """Add `part` to `damaged` if it cannot be loaded. The other parts are still loaded."""
        try:
            yield
        except Exception:  # noqa: BLE001 - a file may hold anything
            self.damaged[part] = None


class MeterHistory(ThrottledStore):
    """History of one meter: voltages, gaps in reception, events, and daily M-Bus consumption.

    `capture_listeners` are called after each new capture of an M-Bus meter.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "history", interval=SAVE_INTERVAL_S)
        self.voltages = VoltageHistory()
        self.reception = ReceptionHistory()
        self.events = EventHistory()
        self.media: dict[str, MediumHistory] = {}
        self._event_turns = MinInterval(hass.loop, EVENT_INTERVAL_S)
        self._has_new_event = False
        self._captured: Mapping[int, MBusReading] = {}
        self.capture_listeners = Listeners[()](FaultLog(f"History of {entry_id}"))
        # First reading that came before the file could be read.
        self._first: Reading | None = None

    @override
    def _parse(self, stored: Stored) -> _Parts:
        return _Parts(checked_mapping(stored))

    @override
    async def _async_join(self, parsed: _Parts) -> None:
        if parsed.damaged:
            await self._async_complain(", ".join(parsed.damaged))
        self.voltages = parsed.voltages.join_newer(self.voltages)
        self.reception = parsed.reception.join_newer(self.reception)
        self.events = parsed.events.join_newer(self.events, self._first)
        media = {
            name: medium.join_newer(self.media.pop(name, None))
            for name, medium in parsed.media.items()
        }
        self.media = media | self.media
        self._forget_media()
        self._first = None
        if parsed.damaged:
            self.loaded.set()
            await self.async_save()

    @callback
    def note_reading(self, reading: Reading) -> None:
        """Add a reading. A late reading adds only its M-Bus captures, which have their own times.

        This must be fast, because it runs for every telegram.
        """
        if reading.telegram.channels != self._captured:
            self._note_captures(reading)
            self.capture_listeners.call()
        if reading.is_current and self._note_current(reading):
            self._has_new_event = True
            self.schedule(max_delay=self._event_turns.remaining)
        elif not self.is_waiting:
            self.schedule()

    def _note_current(self, reading: Reading) -> bool:
        """Add the voltages, the reception and the events. Return whether an event was added."""
        if not self.loaded.is_set() and self._first is None:
            self._first = reading
        objects = reading.telegram.objects
        self.voltages.note_voltages(
            reading.received_at.timestamp(), list(map(objects.get, _VOLTAGES))
        )
        self.reception.note_telegram(reading.received_at)
        return self.events.note_reading(reading)

    def _note_captures(self, reading: Reading) -> None:
        before, self._captured = self._captured, reading.telegram.channels
        for identity, channel in reading.channels.items():
            meter = reading.meter(identity)
            if meter is None or meter.time is None:
                continue
            is_counted = meter == before.get(channel)
            time = reading.clock.captured_at(meter.time, reading.received_at)
            is_newest = reading.is_current and time == meter.time
            meter = replace(meter, time=time)
            medium = self._medium(identity, meter)
            for late in reading.late_captures.get(identity, ()):
                if medium.time and late.time and late.time > medium.time:
                    medium.note_capture(late)
            # The broker may deliver a late telegram twice, or after newer telegrams. A computer
            # without a battery-backed clock starts in the past. So add such a capture only if it is
            # newer than the meter's last capture.
            if not is_counted and (is_newest or medium.time is None or time > medium.time):
                medium.note_capture(meter)
        self._forget_media()

    def _forget_media(self) -> None:
        # `_medium` moves the meters of a telegram to the end of `media`. So the loop removes the
        # meters at the start, which were read least recently.
        keep_newest(self.media, MAX_METERS)

    def _medium(self, identity: str, meter: MBusReading) -> MediumHistory:
        """Return the history of a meter, an empty one if the meter is new or was replaced."""
        medium = self.media.pop(identity, None)
        if medium is None or medium.note_kind(meter):
            medium = MediumHistory(meter.type, meter.unit)
        self.media[identity] = medium
        return medium

    @override
    @callback
    def _content_when_due(self) -> Content:
        if self._has_new_event:
            self._has_new_event = False
            self._event_turns.restart()
        return super()._content_when_due()

    @override
    def _content(self) -> JsonDict:
        return {
            "voltages": self.voltages.as_list(),
            "reception": self.reception.as_dict(),
            "events": self.events.as_dict(),
            "media": [[identity, medium.as_dict()] for identity, medium in self.media.items()],
        }
