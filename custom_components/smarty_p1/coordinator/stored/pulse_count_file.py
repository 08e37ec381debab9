"""Stored count of an entry's pulses. The pulses come from a port, an entity or an MQTT topic."""

import json
from dataclasses import dataclass
from typing import override

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_FIRST_COUNT,
    CONF_FIRST_COUNT_AT,
    CONF_FORMER_SOURCES,
    CONF_MESSAGE,
    CONF_METER_READING,
    CONF_PULSES_PER_KWH,
)
from ...lib.boards.board_message import Counted, MessageForm
from ...lib.boards.pulse_meter import PulseMeter
from ...lib.json_types import JsonDict
from ...lib.stored_json import load
from ...lib.stored_values import Stored, checked_mapping, checked_text
from ..entry_types import AnyConfigEntry
from .throttled_store import ThrottledStore

DEFAULT_PULSES_PER_KWH = 1000.0
# Seconds between two saves. Memory cards wear out, so save seldom. A crash loses the pulses since
# the last save, unless the pulse board itself counts its pulses.
SAVE_INTERVAL_S = 60.0
_ENERGY_DECIMALS = 6
_POWER_DECIMALS = 3
# Values that replace the stored values if the pulses come from a new source. The count of the new
# source is not known yet.
_UNKNOWN_COUNT: JsonDict = {
    "count": None,
    "is_counting": False,
    "ones": 0,
    "recent_pulses": 0,
    "recent_s": 0.0,
}


@dataclass(frozen=True)
class PulseData:
    """Values that a pulse reader's entities show."""

    energy_kwh: float
    power_kw: float | None
    pulses: int


def message_form(entry: AnyConfigEntry) -> MessageForm:
    """Return the form of the messages of an entry's pulse board."""
    stored = entry.data.get(CONF_MESSAGE)
    return load(MessageForm, stored) if stored else MessageForm(Counted.EACH)


class PulseCounter(ThrottledStore):
    """Counter of one entry's pulses. Its count survives restarts of Home Assistant.

    `meter` has the count and the energy. `source` is the unique id of the source of the pulses. If
    the source sends JSON messages, `source` also has the path of the counted value.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry.entry_id, "pulses", interval=SAVE_INTERVAL_S)
        self._pulses_per_kwh: float = entry.options.get(CONF_PULSES_PER_KWH, DEFAULT_PULSES_PER_KWH)
        self._entry = entry
        self._form = message_form(entry)
        self.source = entry.unique_id
        if self._form.path:
            self.source = f"{entry.unique_id} {json.dumps(self._form.path)}"
        self.meter = PulseMeter(self._pulses_per_kwh, self._form)

    @staticmethod
    def now() -> float:
        """Return the time for the pulse meter, in seconds since 1970."""
        return dt_util.utcnow().timestamp()

    @property
    def data(self) -> PulseData:
        """Return the current values for the entities."""
        power = self.meter.power_kw(self.now())
        return PulseData(
            round(self.meter.energy_kwh, _ENERGY_DECIMALS),
            None if power is None else round(power, _POWER_DECIMALS),
            self.meter.pulses,
        )

    @override
    async def async_load(self) -> None:
        """Load the stored count.

        If no count is stored, begin with the meter reading that the user entered in the set-up
        dialog. Raises UnreadableNowError if the file cannot be read now.
        """
        if meter := await self._async_read(self._parse):
            self.meter = meter
        else:
            self.meter.set_energy(self._entry.data.get(CONF_METER_READING, 0.0))
            self._begin_count(self.meter)
        self.loaded.set()

    async def async_set_energy(self, kwh: float) -> None:
        """Set the total to `kwh`, the reading on the meter's display, and store it at once."""
        self.meter.set_energy(kwh)
        await self.async_save()

    @override
    def _parse(self, stored: Stored) -> PulseMeter:
        stored = checked_mapping(stored)
        if (source := stored["source"]) is not None:
            checked_text(source)
        if source in (self.source, *self._entry.data.get(CONF_FORMER_SOURCES, ())):
            return PulseMeter.from_dict(stored, self._pulses_per_kwh, self._form)
        meter = PulseMeter.from_dict(stored | _UNKNOWN_COUNT, self._pulses_per_kwh, self._form)
        self._begin_count(meter)
        return meter

    def _begin_count(self, meter: PulseMeter) -> None:
        """Continue from the count of pulses that the source had during the set-up.

        If the source had no count then, do nothing.
        """
        data = self._entry.data
        if CONF_FIRST_COUNT in data:
            meter.begin_at(data[CONF_FIRST_COUNT], data[CONF_FIRST_COUNT_AT])

    @override
    def _content(self) -> JsonDict:
        return {"source": self.source, **self.meter.as_dict()}
