"""Chargers that sleep, refuse, report late or lie, in an evening of a house with changing needs.

The house is that of `test_planned_loads`, with a reference power of 5 kW: energy is cheap from
22:00 to 6:00, and the car needs 8.8 kWh. The charger is simulated here: its own contact, car and
report know nothing of the plan.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from dev.testing.random_examples import each

from . import billed_month, test_planned_loads
from .meter import with_value
from .support import ON_30_NOVEMBER, Home, metadata_of_sums, recorder_done
from .test_planned_loads import SetClock, add

clock = test_planned_loads.clock
house = test_planned_loads.house
pytestmark = ON_30_NOVEMBER

BEGIN = datetime(2026, 6, 16, 19, 45, 30, tzinfo=UTC)
CHEAP = datetime(2026, 6, 16, 20, tzinfo=UTC)
"""22:00 in Luxembourg."""
STEP = timedelta(seconds=30)
HOURS = 2
SWITCH, CURRENT, POWER = "input_boolean.charger", "input_number.current", "sensor.wallbox_power"
REFERENCE_KW = 5.0
FIVE_MINUTES, MAX_STARTS = timedelta(minutes=5), 5
# The last run may not pause while somebody cooks, because no further start is left.
MAX_ABOVE_KWH = 1.0


@dataclass
class LyingCharger:
    """Charger with three phases. Its car takes all that it is offered."""

    wakes: bool = True
    minimum_a: float = 6.0
    """Current below which it does not charge."""
    report_s: int = 30
    switching_s: int = 0
    stays_on: bool = False
    """Whether its switch says on while the contact is open."""
    amperes: float = 16.0
    contact: bool = False
    commands: list[tuple[datetime, bool]] = field(default_factory=list)

    def command(self, now: datetime, *, is_on: bool) -> None:
        self.commands.append((now, is_on))

    def kw(self, now: datetime) -> float:
        """Return the true power."""
        due = [on for at, on in self.commands if at + timedelta(seconds=self.switching_s) <= now]
        contact = bool(due) and due[-1]
        if contact is not self.contact:
            self.contact = contact
        is_charging = contact and self.wakes and self.amperes >= self.minimum_a
        return round(self.amperes * 3 * 0.23, 3) if is_charging else 0.0


CHARGERS = {
    "honest": LyingCharger(),
    "sleeps and does not wake": LyingCharger(wakes=False),
    "refuses below 6 A": LyingCharger(amperes=0.0),
    "reports every 60 seconds": LyingCharger(report_s=60),
    "reports every 90 seconds": LyingCharger(report_s=90),
    "switches slowly": LyingCharger(switching_s=45),
    "says on while off": LyingCharger(stays_on=True),
}


class Evening:
    """House with a charger, whose clock can be moved."""

    def __init__(
        self, home: Home, hass: HomeAssistant, clock: SetClock, charger: LyingCharger
    ) -> None:
        self.house_kw = 0.4
        self.means: dict[datetime, float] = {}
        """Net import of each quarter-hour in kWh."""
        self.car_kwh = 0.0
        self.lowest_a = 32.0
        self.energy_kwh = 8.0
        self._home = home
        self._hass = hass
        self._set_clock = clock
        self._charger = charger
        self._timers = datetime.now(UTC)
        self.now = BEGIN

    async def set_up(self) -> None:
        hass = self._hass
        await async_setup_component(hass, "homeassistant", {})
        await async_setup_component(hass, "input_boolean", {"input_boolean": {"charger": None}})
        current = {"min": 0, "max": 32, "unit_of_measurement": "A"}
        await async_setup_component(hass, "input_number", {"input_number": {"current": current}})
        self._report(0.0)
        metadata = metadata_of_sums(POWER, "kW", "power")
        metadata |= {"mean_type": StatisticMeanType.ARITHMETIC, "has_sum": False}
        start = datetime(2026, 5, 1, tzinfo=UTC)
        async_import_statistics(hass, metadata, [{"start": start, "mean": 0.0}])
        await recorder_done(hass)
        hass.bus.async_listen(EVENT_CALL_SERVICE, self._on_call)

    async def _on_call(self, event: Event) -> None:
        """Obey the plan."""
        given, service = event.data["service_data"], event.data["service"]
        if service == "set_value":
            self._charger.amperes = given["value"]
            self.lowest_a = min(self.lowest_a, given["value"])
        if event.data["domain"] == "homeassistant":
            self._charger.command(self.now, is_on=service == "turn_on")

    def _report(self, kw: float) -> None:
        attributes = {"unit_of_measurement": "kW", "device_class": "power"}
        self._hass.states.async_set(POWER, str(kw), attributes, force_update=True)
        if self._charger.stays_on and self._charger.commands:
            self._hass.states.async_set(SWITCH, "on")

    async def step(self) -> None:
        """Let 30 seconds pass."""
        hass, charger = self._hass, self._charger
        kw = charger.kw(self.now)
        hours = STEP / timedelta(hours=1)
        quarter = self.now.replace(minute=self.now.minute // 15 * 15, second=0)
        self.means[quarter] = self.means.get(quarter, 0.0) + (self.house_kw + kw) * hours
        self.car_kwh += kw * hours
        self.energy_kwh += (self.house_kw + kw) * hours
        self.now += STEP
        self._set_clock(self.now)
        kw = charger.kw(self.now)
        seconds = int((self.now - BEGIN).total_seconds())
        if seconds % charger.report_s == 0:
            self._report(kw)
        await self._receive(self._telegram(self.house_kw + kw))
        if self.now.minute % 15 == 0 and self.now.second == 30:
            self._timers += timedelta(minutes=16)
            async_fire_time_changed(hass, self._timers)
        await hass.async_block_till_done()

    async def _receive(self, text: str) -> None:
        """Send a telegram until it has arrived. Moved timers may close the port for a moment."""
        coordinator = self._home.entry.runtime_data
        before = coordinator.readings
        while coordinator.readings == before:
            await self._home.port.wait_for_clients(1)
            await self._home.port.send_telegram(text)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while coordinator.readings == before:
                        await asyncio.sleep(0.005)

    def _telegram(self, kw: float) -> str:
        local = self.now + timedelta(hours=2)
        text = billed_month.telegram("00:00:00", self.energy_kwh)
        text = with_value(text, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}S)")
        return with_value(text, "1-0:1.7.0", f"({kw:06.3f}*kW)")


@pytest.mark.parametrize("name", each(8, CHARGERS))
async def test_runs_are_long_starts_few_and_the_limit_kept_with_any_charger(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, clock: SetClock, name: str
) -> None:
    charger, random = CHARGERS[name], Random("honest")  # noqa: S311 - no secret
    evening = Evening(home, hass, clock, charger)
    await evening.set_up()
    clock(BEGIN)
    changes = {"switched_by": SWITCH, "power_set_by": CURRENT, "measured_by": POWER}
    await add(hass, house, **changes, min_kw="4.1", max_kw="11")
    while evening.now < BEGIN + timedelta(hours=HOURS):
        if evening.now.second == 30 and evening.now.minute % 7 == 0:
            evening.house_kw = random.choice((0.2, 0.4, 0.4, 0.9, 3.5))
        await evening.step()
    commands = charger.commands
    for (at, was_on), (then, is_on) in pairwise(commands):
        assert is_on is not was_on
        assert then - at >= FIVE_MINUTES
    starts = [at for at, is_on in commands if is_on]
    assert (
        len({at.replace(minute=at.minute // 15, second=0) for at in starts})
        == len(starts)
        <= MAX_STARTS
    )
    assert min(starts) >= CHEAP
    assert evening.lowest_a >= 6
    # Somebody cooks, so the car pauses and starts again.
    assert len(starts) > 1 or not charger.wakes
    # The car charges below the reference power.
    above_kwh = sum(max(0.0, kwh - REFERENCE_KW / 4) for kwh in evening.means.values())
    assert above_kwh <= MAX_ABOVE_KWH
    assert evening.car_kwh >= 5 if charger.wakes else evening.car_kwh == 0
