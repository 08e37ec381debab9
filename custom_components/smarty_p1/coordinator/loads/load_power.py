"""Power of a load by its own sensor, which shows power, or counts energy in steps."""

from datetime import datetime

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util.unit_conversion import EnergyConverter, PowerConverter

from ...lib.history.luxembourg_time import HOUR
from .state_numbers import converted

# A load at full power moves its counter by a step in a time that the step's size decides. Its power
# is zero only after twice this time without a step.
_STEP_TIMES_UNTIL_ZERO = 2


class LoadPower:
    """Power of one load. It needs two states of a sensor that counts energy."""

    def __init__(self, hass: HomeAssistant, entity_id: str | None, max_kw: float) -> None:
        self._hass = hass
        self._entity_id = entity_id
        self._max_kw = max_kw
        self._counted: tuple[datetime, float] | None = None
        self._kw: float | None = None

    @callback
    def measure(self, now: datetime) -> float | None:
        """Return the power in kW, and remember the counter. Return None if the power is unknown.

        Call this in the order of time.
        """
        state = self._hass.states.get(self._entity_id or "")
        if (kw := converted(PowerConverter, state, "kW")) is not None:
            return kw
        total = converted(EnergyConverter, state, "kWh")
        if state is None or total is None:
            self._counted = self._kw = None
            return None
        if self._counted is None or total < self._counted[1]:
            self._counted, self._kw = (now, total), None
            return None
        since, before = self._counted
        # The clock may have been put back.
        hours = abs(now - since) / HOUR
        if total > before:
            self._kw = (total - before) / hours if hours > 0 else self._max_kw
            self._counted = now, total
        elif hours * self._max_kw > _STEP_TIMES_UNTIL_ZERO * _step_kwh(state):
            self._kw = 0.0
        return self._kw


def _step_kwh(state: State) -> float:
    """Return the smallest step of a counter, by the decimals of its state."""
    unit = state.attributes[ATTR_UNIT_OF_MEASUREMENT]
    decimals = len(state.state.partition(".")[2])
    return EnergyConverter.convert(10.0**-decimals, unit, "kWh")
