"""A simulated day of a meter that another integration reads, against sums made by hand."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor, pi, sin
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.coordinator.entity_source import BURST_S
from tests.ha.entities import Smarty, set_up
from tests.ha.support import call

DAY = datetime(2026, 6, 20, 22, 0, tzinfo=UTC)
"""Midnight of a summer day in Luxembourg."""
SECONDS = 86_400
QUARTER_HOUR = 900
NIGHT_ENDS, NIGHT_BEGINS = 6 * 3600, 22 * 3600


class House:
    """House with sun. It draws and feeds in, second by second."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        self.imported = [0.0]
        self.exported = [0.0]
        use = 0.3
        cloud = 1.0
        for second in range(SECONDS):
            if second % 60 == 0:
                use = chance.choice([0.15, 0.3, 0.5, 0.9, 2.2, 3.5, 7.0])
                cloud = chance.choice([0.2, 0.5, 0.9, 1.0])
            sun = 5.0 * cloud * max(0.0, sin(pi * (second - 18_000) / 57_600))
            self.imported.append(self.imported[-1] + max(0.0, use - sun) / 3.6)
            self.exported.append(self.exported[-1] + max(0.0, sun - use) / 3.6)

    def mean_w(self, begin: int) -> float:
        """Return the mean power of the quarter-hour that begins at a second of the day."""
        return (self.imported[begin + QUARTER_HOUR] - self.imported[begin]) * 4

    def power_near(self, begin: int) -> float:
        """Return the highest power in W within a minute of a quarter-hour's begin or end."""
        seconds = {
            min(max(0, edge + away), SECONDS - 1)
            for edge in (begin, begin + QUARTER_HOUR)
            for away in range(-60, 61)
        }
        return max((self.imported[second + 1] - self.imported[second]) * 3600 for second in seconds)


@dataclass
class Reader:
    """Integration that reports a house: interval, step of the totals, longest delay."""

    interval: int
    step_wh: int
    delay: float
    skips_same: bool = False
    """Whether it writes no state that is the same as before, as MQTT does."""
    seconds: int = SECONDS
    """How long the day is."""

    def totals(self, house: House, second: int) -> dict[str, str]:
        """Return the totals that the house's meter has at a second of the day.

        The second tariff holds from 22 to 6 o'clock.
        """
        night = house.imported[min(second, NIGHT_ENDS)]
        night += house.imported[max(second, NIGHT_BEGINS)] - house.imported[NIGHT_BEGINS]
        values = {
            "tariff_1": house.imported[second] - night,
            "tariff_2": night,
            "exported": house.exported[second],
        }
        return {
            name: f"{floor(wh / self.step_wh) * self.step_wh / 1000:.3f}"
            for name, wh in values.items()
        }


async def run(smarty: Smarty, house: House, reader: Reader, chance: random.Random) -> None:
    """Report the house. Each report comes some seconds after the meter's telegram."""
    written = reader.totals(house, 0)
    passed = -2.0
    for second in range(0, reader.seconds + 1, reader.interval):
        at = second + chance.uniform(0, reader.delay)
        await smarty.wait_in_trial(at - passed)
        totals = reader.totals(house, second)
        new = [name for name, total in totals.items() if total != written[name]]
        smarty.set(**totals)
        smarty.report(*(new if reader.skips_same else totals))
        await smarty.wait_in_trial(BURST_S)
        written, passed = totals, at + BURST_S


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param(Reader(10, 1, 8.0), id="10 s, 1 Wh", marks=pytest.mark.slow),
        pytest.param(Reader(60, 10, 8.0), id="60 s, 10 Wh", marks=pytest.mark.slow),
        # A night, its end, and the sun of the morning.
        pytest.param(Reader(60, 1, 8.0, skips_same=True, seconds=SECONDS // 2), id="MQTT, 12 h"),
        pytest.param(Reader(60, 1, 8.0, skips_same=True), id="MQTT", marks=pytest.mark.slow),
    ],
)
async def test_quarter_hours_keep_their_promise(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, reader: Reader
) -> None:
    seed = random.randrange(1_000_000)  # noqa: S311 - no secret
    print("seed", seed)  # noqa: T201 - so that it can be tried again
    house = House(seed)
    freezer.move_to(DAY - timedelta(seconds=10))
    smarty = Smarty(hass, freezer)
    smarty.set(**reader.totals(house, 0))
    smarty.report()
    await set_up(hass, smarty)
    await smarty.send(after=6)
    await run(smarty, house, reader, random.Random(seed))  # noqa: S311 - no secret
    await hass.async_block_till_done()

    end = DAY + timedelta(seconds=reader.seconds)
    answer: Any = await call(hass, "get_quarter_hours", start=DAY.isoformat(), end=end.isoformat())
    found = [quarter["imported_kwh"] * 4000 for quarter in answer["quarter_hours"]]
    assert len(found) == reader.seconds // QUARTER_HOUR
    errors = []
    for quarter, watts in enumerate(found):
        begin = quarter * QUARTER_HOUR
        tolerance = 4 * reader.step_wh + house.power_near(begin) * reader.interval / QUARTER_HOUR
        errors.append(abs(watts - house.mean_w(begin)))
        assert errors[-1] <= tolerance + 0.01, quarter
    print(f"mean error {sum(errors) / len(errors):.1f} W, highest {max(errors):.1f} W")  # noqa: T201
    above = sum(max(0, watts - 3000) for watts in found) / 4000
    true = sum(max(0, house.mean_w(n * QUARTER_HOUR) - 3000) for n in range(len(found))) / 4000
    print(f"above 3 kW: {above:.2f} kWh, truly {true:.2f}")  # noqa: T201
    late = house.power_near(reader.seconds - QUARTER_HOUR) * reader.delay / 3600
    assert sum(found) / 4 == pytest.approx(
        house.imported[reader.seconds], abs=2 * reader.step_wh + late
    )
