"""A house, its meter, and a car at a charger whose values come late: second by second.

The automation sees only Home Assistant's states, as the charger's integration writes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf
from random import Random

from homeassistant.core import HomeAssistant, ServiceCall, State, callback

REFERENCE_KW = 7.0
INTERVAL_S = 10
"""Seconds from one telegram to the next."""
AMPERE_KW = 0.69
"""An ampere on three phases."""
_QUARTER_S = 900
_KILOWATTS = {"unit_of_measurement": "kW"}
CHARGER, CURRENT, SWITCH = "sensor.charger", "number.current", "switch.charger"
NET, AVAILABLE = "sensor.net", "sensor.available"
ENTITIES = (CHARGER, CURRENT, SWITCH, NET, AVAILABLE)


@dataclass(frozen=True)
class Charger:
    """A charger, its integration, and its car. Times are in seconds."""

    period_s: int = INTERVAL_S
    """Between two reads of the power by the integration."""
    reports_same: bool = True
    """Whether a read of the same power is a report."""
    lag_s: int = 0
    """From a setting until the charger follows it."""
    is_shown_late: bool = False
    """Whether a setting is shown only when the charger is read."""
    start_s: int = 0
    """From the end of a pause until the car takes power."""
    ramp_kw: float = inf
    """Change of the car's power in a second."""
    car_kwh: float = inf
    """Energy until the car is full."""
    plugged_in_at: int = 0
    phase_s: int = 0
    """Second of the first read."""
    car_limit_a: float = inf
    decimals: int = 3
    """Of the reported power in kW."""


class Car:
    """A charger with its car, and the meter of the house."""

    def __init__(
        self,
        hass: HomeAssistant,
        charger: Charger,
        house_kw: Sequence[float],
        available_kw: float | None = None,
    ) -> None:
        """`house_kw` has the power of the house without the car in each second.

        `available_kw` is the available power, if it does not depend on the energy of the
        quarter-hour.
        """
        self._hass, self._charger, self._house_kw = hass, charger, house_kw
        self.second = 0
        self.settings: list[tuple[int, str, str]] = []
        """Second, entity and state of each setting that changes something."""
        self.above_kwh = self.charged_kwh = 0.0
        self.full_after: int | None = None
        self._set: dict[str, str] = {CURRENT: "16", SWITCH: "on"}
        self._waiting: list[tuple[int, str, str]] = []
        self._followed = dict(self._set)
        self._starts_at = charger.plugged_in_at + charger.start_s
        self._available_kw = available_kw
        self._charger_kw = self._energy_kwh = self._allowed_kw = 0.0
        hass.services.async_register("number", "set_value", self._on_call)
        for service in ("turn_on", "turn_off"):
            hass.services.async_register("homeassistant", service, self._on_call)

    @callback
    def _on_call(self, call: ServiceCall) -> None:
        entity_id = call.data["entity_id"][0]
        state = str(call.data.get("value", call.service.removeprefix("turn_")))
        if self._set[entity_id] != state:
            self.settings.append((self.second, entity_id, state))
        self._set[entity_id] = state
        self._waiting.append((self.second + self._charger.lag_s, entity_id, state))
        if not self._charger.is_shown_late:
            self._show_settings()

    @property
    def pauses(self) -> int:
        """Return how often the automation turned the charger off."""
        return sum(state == "off" for _, _, state in self.settings)

    @callback
    def _show_settings(self) -> None:
        for entity_id, state in self._set.items():
            self._hass.states.async_set(entity_id, state)

    @callback
    def _report(self) -> None:
        """Write the power of the charger, as its integration does after a read."""
        state = str(round(self._charger_kw, self._charger.decimals))
        before: State | None = self._hass.states.get(CHARGER)
        if self._charger.reports_same or before is None or before.state != state:
            self._hass.states.async_set(CHARGER, state, _KILOWATTS)
        if self._charger.is_shown_late:
            self._show_settings()

    @callback
    def _show(self) -> None:
        """Write the powers of the last telegram, and the available power as the sensor does."""
        if self._available_kw is None:
            allowed = floor(self._allowed() * 10) / 10
            if allowed < self._allowed_kw or allowed >= 1.05 * self._allowed_kw:
                self._allowed_kw = allowed
        else:
            # A bit more each time, because the automation looks at each change.
            self._allowed_kw = self._available_kw + self.second // INTERVAL_S % 2 / 10
        until_end = {"until_quarter_hour_ends": self._allowed_kw}
        for entity_id, value, attributes in (
            (NET, self._net_kw, {}),
            (AVAILABLE, min(self._allowed_kw, REFERENCE_KW), until_end),
        ):
            state = str(round(value, 3))
            self._hass.states.async_set(entity_id, state, {**_KILOWATTS, **attributes})

    def _allowed(self) -> float:
        rest_h = max(_QUARTER_S - self.second % _QUARTER_S, 60) / 3600
        return max(0.0, (REFERENCE_KW / 4 - self._energy_kwh) / rest_h)

    @property
    def _net_kw(self) -> float:
        return self._house_kw[min(self.second, len(self._house_kw) - 1)] + self._charger_kw

    @callback
    def appear(self) -> None:
        """Write all states, as when Home Assistant has started."""
        self._show_settings()
        self._report()
        self._show()

    def run_to_next_value(self) -> int:
        """Let time pass until the next telegram or report. Return the seconds."""
        period_s = self._charger.period_s
        to_report = period_s - (self.second - self._charger.phase_s) % period_s
        seconds = min(INTERVAL_S - self.second % INTERVAL_S, to_report)
        self._run(seconds)
        return seconds

    @callback
    def show_values(self) -> None:
        """Write what telegram and charger say in this second."""
        if self.second % INTERVAL_S == 0:
            self._show()
        if (self.second - self._charger.phase_s) % self._charger.period_s == 0:
            self._report()

    def _run(self, seconds: int) -> None:
        """Let time pass for house, charger and car."""
        for _ in range(seconds):
            self._move()
            self._energy_kwh += max(0.0, self._net_kw) / 3600
            self.charged_kwh += self._charger_kw / 3600
            self.second += 1
            if self.full_after is None and self.charged_kwh >= self._charger.car_kwh:
                self.full_after = self.second
            if self.second % _QUARTER_S == 0:
                self.above_kwh += max(0.0, self._energy_kwh - REFERENCE_KW / 4)
                self._energy_kwh = 0.0

    def _move(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.second:
            _, entity_id, state = self._waiting.pop(0)
            if entity_id == SWITCH and state == "on" != self._followed[SWITCH]:
                plugged_in_at = max(self.second, self._charger.plugged_in_at)
                self._starts_at = plugged_in_at + self._charger.start_s
            self._followed[entity_id] = state
        is_on = self._followed[SWITCH] == "on" and self.charged_kwh < self._charger.car_kwh
        current = min(float(self._followed[CURRENT]), self._charger.car_limit_a)
        wanted = current * AMPERE_KW if is_on and self.second >= self._starts_at else 0.0
        most = self._charger.ramp_kw
        # Contactors open at once.
        change = wanted - self._charger_kw if wanted == 0 else min(most, wanted - self._charger_kw)
        self._charger_kw += max(-most, change) if wanted else change


def evening_kw(draw: Random, hours: float) -> list[float]:
    """Return a house from 17:00 on, each second: fridge, kettle, hob, oven, dishwasher, tumbler."""
    seconds = round(hours * 3600)
    load = [draw.uniform(0.25, 0.6)] * seconds

    def run(start: float, length: float, kw: float, on: float = 1.0, period: float = 1.0) -> None:
        for second in range(max(0, round(start)), min(seconds, round(start + length))):
            if (second - start) % period < on:
                load[second] += kw

    run(-draw.uniform(0, 2400), seconds + 2400, 0.09, 900, 2400)
    for _ in range(draw.randint(2, 5)):
        run(draw.uniform(0, seconds), draw.uniform(90, 200), 2.0)
    cooking = draw.uniform(0.3, 1.5) * 3600
    for _ in range(draw.randint(2, 4)):
        period, length = draw.uniform(20, 60), draw.uniform(900, 2700)
        run(
            cooking + draw.uniform(0, 1200),
            length,
            draw.uniform(1.2, 2.2),
            period * draw.uniform(0.3, 0.8),
            period,
        )
    run(cooking, draw.uniform(1800, 3600), 2.4, 45, 100)  # an oven
    dishes = cooking + draw.uniform(1.2, 2.5) * 3600
    for start in (300, 3000):
        run(dishes + start, draw.uniform(600, 1000), 2.0)
    run(draw.uniform(0.5, 4) * 3600, 4500, 2.3, 200, 260)  # a tumbler
    run(
        draw.uniform(-600, 0), seconds + 600, draw.uniform(1.5, 2.5), 1200, draw.uniform(2000, 4000)
    )
    return load
