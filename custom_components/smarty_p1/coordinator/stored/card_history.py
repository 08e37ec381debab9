"""History of a meter for dashboard cards, in one file. It has data that no entity keeps.

The file is written once an hour, so a crash may lose an hour of the history. No cost is computed
from the history, so this loss is acceptable. After a new event, the file is written sooner: within
five minutes.

The file has several parts, and each gas, water or heat meter is a part of its own. If a part cannot
be read, only this part starts empty.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ...lib.meter.mbus_meters import CHANNEL_PREFIX
from ...lib.meter.meter_reader import Reading
from ...lib.min_interval import MinInterval
from ...lib.p1.value_converters import MBusReading, is_filler
from ...lib.stored_values import checked_list, checked_mapping
from .event_history import EventHistory
from .gas_water_heat_history import MediumHistory
from .reception_history import ReceptionHistory
from .throttled_store import Content, ThrottledStore
from .voltage_extremes import VoltageHistory

SAVE_INTERVAL = 3600.0
EVENT_INTERVAL = 300.0
# Maximum number of M-Bus meters with a history: four on the channels of the M-Bus, and four that
# were replaced.
MAX_METERS = 8
LENEDA_GAS = "leneda_gas"
"""Key of Leneda's gas in `media`. All other keys are identities of M-Bus meters."""
_VOLTAGES = ("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0")
# A meter gives the hour or the day of its last capture, which is never ahead of the electricity
# meter's clock. That clock can have an hour's wrong summer time, and clocks differ by minutes. An
# hour further in the future would get gas too early, and its own gas would then be missing.
_MAX_AHEAD = timedelta(minutes=70)


class MeterHistory(ThrottledStore):
    """History of one meter: voltages, gaps in reception, events, and daily M-Bus consumption."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "history", interval=SAVE_INTERVAL)
        self.voltages = VoltageHistory()
        self.reception = ReceptionHistory()
        self.events = EventHistory()
        self.media: dict[str, MediumHistory] = {}
        self._event_turns = MinInterval(hass.loop, EVENT_INTERVAL)
        self._has_new_event = False
        self._captured: Mapping[int, MBusReading] = {}
        self._capture_listeners: list[Callable[[], None]] = []
        self._is_closed = False

    async def async_load(self) -> None:
        """Load the stored history."""
        stored = await self._async_read(checked_mapping)
        if stored is None:
            return
        # Damaged parts. A dict keeps each name once, in the order in which the names were added.
        damaged: dict[str, None] = {}
        with _noting("voltages", damaged):
            self.voltages = VoltageHistory.from_list(stored["voltages"])
        with _noting("reception", damaged):
            self.reception = ReceptionHistory.from_dict(stored["reception"])
        with _noting("events", damaged):
            self.events = EventHistory.from_dict(stored["events"])
        with _noting("media", damaged):
            for item in checked_list(stored["media"], MAX_METERS):
                with _noting("media", damaged):
                    identity, medium = checked_list(item)
                    self.media[identity] = MediumHistory.from_dict(medium)
        if damaged:
            await self._async_complain(", ".join(damaged))

    @callback
    def async_add_capture_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call the listener after each new capture of an M-Bus meter.

        Return a callback that removes the listener.
        """
        self._capture_listeners.append(listener)
        return lambda: self._capture_listeners.remove(listener)

    @callback
    def note(self, reading: Reading) -> None:
        """Add a reading. A late reading adds only its M-Bus captures, which have their own times.

        This must be fast, because it runs for every telegram.
        """
        if self._is_closed:
            return
        if reading.telegram.channels != self._captured:
            self._note_captures(reading)
            for listener in tuple(self._capture_listeners):
                listener()
        if reading.is_current and self._note_current(reading):
            self._has_new_event = True
            self.schedule(max_delay=self._event_turns.remaining)
        elif not self.is_waiting:
            self.schedule()

    def _note_current(self, reading: Reading) -> bool:
        """Add the voltages, the reception and the events. Return whether an event was added."""
        objects = reading.telegram.objects
        self.voltages.note(reading.received_at.timestamp(), list(map(objects.get, _VOLTAGES)))
        self.reception.note(reading.received_at)
        return self.events.note(reading)

    def _note_captures(self, reading: Reading) -> None:
        before, self._captured = self._captured, reading.telegram.channels
        for identity, channel in reading.channels.items():
            meter = reading.meter(identity)
            if meter is None or meter.time is None:
                continue
            is_counted, time = meter == before.get(channel), meter.time
            is_newest = reading.is_current
            if time > reading.received_at + _MAX_AHEAD:
                # The time of the capture is in the future, so a clock is wrong, usually the
                # meter's. Use the time of reception as the time of the capture.
                time = reading.received_at
                meter = replace(meter, time=time)
                is_newest = False
            medium = self._medium(identity, meter)
            # The broker may deliver a late telegram twice, or after newer telegrams. A computer
            # without a battery-backed clock starts in the past. So add such a capture only if it is
            # newer than the meter's last capture.
            if not is_counted and (is_newest or medium.time is None or time > medium.time):
                medium.note(meter)
        # `_medium` has just moved the meters of this telegram to the end of `media`. So the loop
        # removes the meters at the start, which were read least recently.
        while len(self.media) > MAX_METERS:
            del self.media[next(iter(self.media))]

    def _medium(self, identity: str, meter: MBusReading) -> MediumHistory:
        """Return the history of a meter, an empty one if the meter is new or was replaced."""
        medium = self.media.pop(identity, None)
        if medium is None and identity.startswith(CHANNEL_PREFIX):
            medium = self._medium_of_filler(meter)
        if medium is None or medium.is_replaced_by(meter):
            medium = MediumHistory(meter.type, meter.unit)
        self.media[identity] = medium
        return medium

    def _medium_of_filler(self, meter: MBusReading) -> MediumHistory | None:
        """Return the history of a meter that an earlier version knew by filler."""
        for identity, medium in self.media.items():
            if is_filler(identity) and (medium.kind, medium.unit) == (meter.type, meter.unit):
                return self.media.pop(identity)
        return None

    async def async_close(self) -> None:
        """Save the history one last time, and ignore later readings."""
        self._is_closed = True
        await self.async_save()

    @override
    @callback
    def _content_when_due(self) -> Content:
        if self._has_new_event:
            self._has_new_event = False
            self._event_turns.restart()
        return super()._content_when_due()

    @override
    def _content(self) -> dict[str, Any]:
        return {
            "voltages": self.voltages.as_list(),
            "reception": self.reception.as_dict(),
            "events": self.events.as_dict(),
            "media": [[identity, medium.as_dict()] for identity, medium in self.media.items()],
        }


@contextmanager
def _noting(part: str, damaged: dict[str, None]) -> Iterator[None]:
    """Add `part` to `damaged` if it cannot be loaded. The other parts are still loaded."""
    try:
        yield
    except Exception:  # noqa: BLE001 - a file may hold anything
        damaged[part] = None
