"""Years of quarter-hours, made for the tests, and the state of a meter after them."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from math import cos, pi

from smartyp1.advice.what_if import WhatIf
from smartyp1.bill.energy_sharing import QuarterHourSharing
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.market_price_series import PriceSeries, PriceSources
from tests.lib.bill.months import LUXEMBOURG, local

FIRST, END = "2025-11-01", "2026-11-01"

type Powers = Callable[[int, int], tuple[float, float]]
"""The Wh that are drawn and fed in, by the day of the year and the quarter-hour of the day."""


def quarter_hours(powers: Powers, first: str = FIRST, end: str = END) -> list[QuarterHour]:
    """Return quarter-hours that the platform has measured, of whole days in Luxembourg."""
    found: list[QuarterHour] = []
    for time, day, n in _places(first, end):
        drawn_wh, fed_wh = powers(day, n)
        found.append(QuarterHour(time, drawn_wh / 250, fed_wh / 1000, origin=Origin.LENEDA))
    return found


@cache
def _places(first: str, end: str) -> list[tuple[datetime, int, int]]:
    """Return when each quarter-hour begins, the number of its day, and its number in the day."""
    found: list[tuple[datetime, int, int]] = []
    time, until = local(first), local(end)
    date, day, n = None, -1, 0
    while time < until:
        today = time.astimezone(LUXEMBOURG).date()
        if today != date:
            date, day, n = today, day + 1, 0
        found.append((time, day, n))
        n += 1
        time += timedelta(minutes=15)
    return found


def household_after(
    quarters: Iterable[QuarterHour],
    contract: Contract,
    until: str = END,
    sharing: Mapping[datetime, QuarterHourSharing] | None = None,
    prices: PriceSeries | None = None,
) -> HouseholdState:
    """Return the state of a meter whose past is these quarter-hours, with the prices of a market.

    `sharing` has the shared energy of quarter-hours.
    """
    meter, quarters = Household(contract), tuple(quarters)
    if prices:
        meter.set_prices([PriceSources(BEGINNING, prices, prices)])
    meter.set_leneda_days(LenedaDays(quarters, sharing) if sharing else _leneda_days(quarters))
    meter.count_telegram(local(until) + timedelta(days=5), Energies(1000.0, 0.0), None, "SAG1")
    household = meter.snapshot
    assert household
    return household


@lru_cache(4)
def _leneda_days(quarters: tuple[QuarterHour, ...]) -> LenedaDays:
    return LenedaDays(quarters)


def household(seed: int, *, sun_kw: float, car_kw: float, heat_kw: float) -> Powers:
    """Return a year of a household at random: sun, clouds, cooking, a car, a heat pump."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    clouds = [dice.random() for _ in range(366)]
    meals = [(dice.randint(44, 52), dice.randint(68, 80)) for _ in range(366)]
    cars = [dice.randint(66, 84) if dice.random() < 0.4 else 96 for _ in range(366)]

    def powers(day: int, n: int) -> tuple[float, float]:
        winter = cos((day - 75) / 365 * 2 * pi)
        kw = 0.3 * dice.uniform(0.5, 1.5)
        kw += sum(dice.uniform(0.5, 3) for meal in meals[day] if meal <= n < meal + 4)
        kw += car_kw if cars[day] <= n < cars[day] + 8 else 0
        kw += max(0.0, winter) * heat_kw * dice.choice((0, 0, 1, 2))
        height = 1 - (((n + 0.5) / 4 - 13) / (6 - 2 * winter)) ** 2
        sun = sun_kw * max(0.0, height) * (0.6 - 0.3 * winter) * (1.1 - clouds[day])
        both = min(kw, sun) * dice.random() * 0.2
        return (max(0.0, kw - sun) + both) * 250, (max(0.0, sun - kw) + both) * 250

    return powers


def energies_of(quarters: Sequence[QuarterHour]) -> tuple[list[float], list[float]]:
    """Return the drawn and the fed-in energies in kWh."""
    return [quarter.imported_kwh for quarter in quarters], [
        quarter.exported_kwh or 0.0 for quarter in quarters
    ]


def low(found: WhatIf) -> float:
    """Return the lower end of the saving."""
    return found.saving + min(0.0, found.saving_elsewhere)


def high(found: WhatIf) -> float:
    """Return the upper end of the saving."""
    return found.saving + max(0.0, found.saving_elsewhere)
