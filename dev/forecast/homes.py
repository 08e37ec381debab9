"""Simulated homes of the forecast's benchmark: the quarter-hours of three years, and a contract.

A home of `dev.simulator` repeats after 52 weeks. A forecast that knows last year would be exact for
such a home. So the homes of this module never repeat: each has its own weather, habits and
absences, and a quarter of the homes change for good within the judged year.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from math import acos, cos, exp, pi, radians, sin, tan
from random import Random
from typing import NamedTuple

from dev.simulator.randomness import seeded_random
from smartyp1.history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR, day_end
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.prices.contract import Contract

JUDGED_YEAR = 2026
"""Year whose twelve months are forecast. Its prices are published."""
_FIRST_DAY = date(JUDGED_YEAR - 2, 1, 1)
"""Day 0."""
_YEARS = [(date(JUDGED_YEAR - back, 1, 1) - _FIRST_DAY).days for back in (2, 1, 0)]
"""Number of the first day of each simulated year."""
_DAYS = (date(JUDGED_YEAR + 1, 1, 1) - _FIRST_DAY).days
_QUARTERS = 96
_SATURDAY = 5
_LATITUDE = radians(49.6)
CHANGED, NO_LAST_YEAR = "changed", "no last year"
"""Traits of homes that change within the judged year, and of homes without readings before it."""
_CHANGES = ("heat pump", "car", "car sold", "tenant", "sun", "child")


class Home(NamedTuple):
    """A simulated home."""

    traits: str
    """Equipment and change of the home, to be printed."""
    quarter_hours: list[QuarterHour]
    """In the order of time, until the end of the judged year."""
    contract: Contract


@dataclass(frozen=True)
class _House:
    """Equipment and habits of a home. Energies are in Wh, powers in W."""

    base_w: float
    lively_wh: float
    """Energy a day of appliances and lights that depend on the residents."""
    weekdays: tuple[float, ...]
    """Factor of the lively energy for each day of the week."""
    noise: float
    """Standard deviation of the logarithm of a day's lively energy."""
    winter: float
    """Share by which the lively energy is higher in January, and lower in July."""
    shape: tuple[float, ...]
    """Share of the lively energy in each quarter-hour of a day."""
    heat_w_per_k: float = 0.0
    """Electric power of the heating per kelvin below `warm_degrees`, 0 without electric heating."""
    warm_degrees: float = 15.5
    hot_water_wh: float = 0.0
    cooling_w_per_k: float = 0.0
    car_w: float = 0.0
    drives_wh: tuple[float, ...] = ()
    """Mean energy that the car uses, for each day of the week."""
    plugged_in_wh: float = 0.0
    """Missing energy from which on the car is plugged in."""
    car_hour: float = 18.0
    sun_w: float = 0.0
    roof_tilt: float = 30.0
    """In degrees, towards the south."""
    sun_noon: float = 12.5
    """Local hour at which the panels get most sunlight."""
    battery_wh: float = 0.0


class _Weather(NamedTuple):
    degrees: list[float]
    clearness: list[float]
    """Share of the sunlight that reaches the ground, for each day."""


class _Life(NamedTuple):
    """Weather and residents of a home in all simulated years."""

    weather: _Weather
    away: list[bool]
    """Whether nobody is at home, for each day."""
    drift: float
    """Share by which the lively energy grows in a year."""


class _Day(NamedTuple):
    """Conditions of a day."""

    number: int
    felt: float
    """Smoothed temperature in degrees."""
    mood: float
    """Deviation of the lively energy, in standard deviations."""
    level: float
    """Factor of the lively energy."""
    is_away: bool

    @property
    def weekday(self) -> int:
        """Return the day of the week, 0 for Monday."""
        return (_FIRST_DAY + timedelta(self.number)).weekday()


def simulate_home(name: str, number: int) -> Home:
    """Return the home with this number. `name` is the name of the group, such as `judging`."""
    chance = seeded_random("forecast", name, number)
    house = _house(chance)
    weather = _weather(chance)
    away = _absences(chance)
    houses, change = [house] * _DAYS, ""
    if number % 4 == 0:
        change = chance.choice(_CHANGES)
        first = _YEARS[2] + chance.randrange(10, 350)
        houses[first:] = [_changed(house, change, chance)] * (_DAYS - first)
    # A quarter of the homes have no data of last year: their first reading lies at most four months
    # before the judged year, or in its first months.
    first_day = _YEARS[2] + chance.randrange(-120, 90) if number % 4 == 1 else 0
    drift = chance.gauss(0, 0.05)
    rows = _quarter_hours(houses, _Life(weather, away, drift), first_day, chance)
    traits = [
        kind
        for kind, is_there in (
            ("electric heating", house.heat_w_per_k),
            ("car", house.car_w),
            ("sun", house.sun_w),
            ("battery", house.battery_wh),
            (f"{CHANGED}: {change}", change),
            (NO_LAST_YEAR, first_day),
        )
        if is_there
    ]
    return Home(", ".join(traits) or "plain", list(rows), _contract(house, chance))


def _happens(chance: Random, probability: float) -> bool:
    return chance.random() < probability


def _house(chance: Random) -> _House:
    house = _residents(chance)
    if _happens(chance, 0.35):
        is_pump = _happens(chance, 0.8)
        house = _heated(house, chance) if is_pump else _heated(house, chance, 1.8)
    if _happens(chance, 0.15):
        house = replace(house, cooling_w_per_k=chance.uniform(20, 80))
    if _happens(chance, 0.35):
        house = _with_car(house, chance)
    if _happens(chance, 0.4):
        house = _with_sun(house, chance)
    return house


def _residents(chance: Random) -> _House:
    """Return a home without special equipment."""
    daily_wh = 1000 * chance.lognormvariate(1.8, 0.5)
    morning, evening = chance.uniform(6, 9), chance.uniform(17.5, 21)
    noon = chance.uniform(0, 0.8)
    weights = [
        0.15
        + _bump(quarter / 4, morning, 1.2)
        + noon * _bump(quarter / 4, 12.5, 2.0)
        + 1.8 * _bump(quarter / 4, evening, 2.0)
        for quarter in range(_QUARTERS)
    ]
    weekend = chance.lognormvariate(0.08, 0.22)
    weekdays = [chance.lognormvariate(0, 0.08) for _ in range(5)]
    weekdays += [weekend * chance.lognormvariate(0, 0.08) for _ in range(2)]
    return _House(
        base_w=chance.lognormvariate(5.0, 0.5),
        lively_wh=daily_wh,
        weekdays=tuple(weekdays),
        noise=chance.uniform(0.12, 0.35),
        winter=chance.uniform(0.0, 0.3),
        shape=tuple(weight / sum(weights) for weight in weights),
        hot_water_wh=chance.choice([0, 0, chance.uniform(1500, 5000)]),
    )


def _bump(hour: float, center: float, width: float) -> float:
    return exp(-(((hour - center) / width) ** 2) / 2)


def _heated(house: _House, chance: Random, factor: float = 1.0) -> _House:
    return replace(
        house,
        heat_w_per_k=chance.uniform(25, 90) * factor,
        warm_degrees=chance.uniform(13.5, 17),
        hot_water_wh=chance.uniform(1500, 5000),
    )


def _with_car(house: _House, chance: Random) -> _House:
    daily_wh, weekend = chance.uniform(1500, 10000), chance.lognormvariate(0, 0.5)
    return replace(
        house,
        car_w=chance.choice([2300, 3700, 7400, 11000]),
        drives_wh=(*[daily_wh] * 5, *[daily_wh * weekend] * 2),
        plugged_in_wh=chance.uniform(2000, 30000),
        car_hour=chance.choice([chance.uniform(17, 20), chance.uniform(22, 24)]),
    )


def _with_sun(house: _House, chance: Random) -> _House:
    battery_wh = chance.uniform(4000, 12000) if _happens(chance, 0.3) else 0.0
    return replace(
        house,
        sun_w=chance.uniform(2500, 12000),
        battery_wh=battery_wh,
        roof_tilt=chance.uniform(10, 55),
        sun_noon=chance.gauss(12.8, 0.8),
    )


def _changed(house: _House, change: str, chance: Random) -> _House:
    if change == "heat pump":
        return _heated(house, chance)
    if change == "car":
        return _with_car(house, chance)
    if change == "car sold":
        return replace(house, car_w=0.0)
    if change == "sun":
        return _with_sun(house, chance)
    if change == "child":
        return replace(house, lively_wh=house.lively_wh * chance.uniform(1.15, 1.5))
    other = _residents(chance)
    if house.heat_w_per_k:
        other = _heated(other, chance)
    if _happens(chance, 0.3):
        other = _with_car(other, chance)
    return replace(
        other,
        sun_w=house.sun_w,
        battery_wh=house.battery_wh,
        roof_tilt=house.roof_tilt,
        sun_noon=house.sun_noon,
    )


def _weather(chance: Random) -> _Weather:
    """Return the weather of all days. Warm, cold, clear and dull days follow each other."""
    degrees, clearness = [], []
    mean, swing = chance.uniform(8.5, 10.7), chance.uniform(7.8, 9.6)
    coldest = chance.uniform(8, 32)
    day_part = slow_part = sky = 0.0
    for number in range(-60, _DAYS):
        day_part = 0.78 * day_part + chance.gauss(0, 3.2 * 0.626)
        slow_part = 0.97 * slow_part + chance.gauss(0, 1.5 * 0.243)
        sky = 0.4 * sky + chance.gauss(0, 0.917)
        if number >= 0:
            season = cos(2 * pi * (number - coldest) / 365.25)
            degrees.append(mean - swing * season + day_part + slow_part)
            middle = -0.1 - 0.75 * cos(2 * pi * (number + 10) / 365.25)
            clearness.append(0.1 + 0.9 / (1 + exp(-(middle + 1.3 * sky))))
    return _Weather(degrees, clearness)


def _absences(chance: Random) -> list[bool]:
    """Return for each day whether nobody is at home."""
    away = [False] * _DAYS
    week_ends = chance.uniform(0, 0.12)
    for year in _YEARS:
        trips = [(chance.gauss(213, 18), chance.choice([0, 7, 10, 14, 21]))]
        trips += [
            (middle + chance.gauss(0, 8), chance.choice([0, 0, 4, 7]))
            for middle in (47, 97, 303, 360)
        ]
        for middle, length in trips:
            first = year + round(middle)
            for number in range(max(first, 0), min(first + length, _DAYS)):
                away[number] = True
    for number in range(_DAYS - 1):
        is_saturday = (_FIRST_DAY + timedelta(number)).weekday() == _SATURDAY
        if is_saturday and _happens(chance, week_ends):
            away[number] = away[number + 1] = True
    return away


def _quarter_hours(
    houses: list[_House], life: _Life, first_day: int, chance: Random
) -> Iterator[QuarterHour]:
    """Yield the quarter-hours from the day with the number `first_day` on."""
    weather, away, drift = life
    mood, stored_wh, missing_wh, felt = 0.0, 0.0, 0.0, weather.degrees[0]
    for number, house in enumerate(houses):
        # A building cools down in days, so the heating follows a smoothed temperature.
        felt += 0.5 * (weather.degrees[number] - felt)
        mood = 0.3 * mood + chance.gauss(0, 0.954)
        day = _Day(number, felt, mood, 1 + drift * number / 365, is_away=away[number])
        load = _load(house, day, chance)
        if house.car_w and not away[number]:
            missing_wh += house.drives_wh[day.weekday] * chance.lognormvariate(-0.3, 0.8)
            if missing_wh > house.plugged_in_wh:
                _charge(load, house, missing_wh, chance)
                missing_wh = 0.0
        sun = _sunlight(house, number, weather.clearness[number], chance)
        start, end = _bounds(number)
        count = (end - start) // QUARTER_HOUR
        for quarter in range(count):
            # On the days with 92 and 100 quarter-hours, the last ones are left out or repeated.
            place = min(quarter, _QUARTERS - 1)
            net = load[place] - sun[place]
            if house.battery_wh:
                into = max(-stored_wh, min(-net, house.battery_wh - stored_wh, 1000), -1000)
                stored_wh += into
                net += into
            if number >= first_day:
                imported, exported = max(net, 0.0), max(-net, 0.0)
                yield QuarterHour(
                    start + quarter * QUARTER_HOUR, round(imported / 250, 3), exported / 1000
                )


def _bounds(number: int) -> tuple[datetime, datetime]:
    day = _FIRST_DAY + timedelta(number)
    start = datetime.combine(day, time(), LUXEMBOURG).astimezone(UTC)
    return start, day_end(start)


def _load(house: _House, day: _Day, chance: Random) -> list[float]:
    """Return the consumed energy of each quarter-hour of a day in Wh."""
    season = cos(2 * pi * (day.number - 10) / 365.25)
    lively_wh = house.lively_wh * day.level * house.weekdays[day.weekday]
    lively_wh *= (1 + house.winter * season) * exp(house.noise * day.mood)
    heat_wh = (
        house.heat_w_per_k
        * max(0.0, house.warm_degrees - day.felt)
        * 24
        * (1.1 if day.felt < 0 else 1.0)
    )
    water_wh = house.hot_water_wh * (1 + 0.15 * season) * chance.uniform(0.8, 1.2)
    cool_wh = house.cooling_w_per_k * max(0.0, day.felt - 20) * 12
    if day.is_away:
        lively_wh, water_wh, cool_wh, heat_wh = 0.05 * lively_wh, 0.0, 0.0, 0.8 * heat_wh
    even_wh = (house.base_w * 24 + heat_wh) / _QUARTERS
    load = [even_wh + lively_wh * share for share in house.shape]
    for _ in range(6):
        # Appliances draw their energy in a few quarter-hours.
        load[int(chance.triangular(24, 92, 76))] += 0.05 * lively_wh
    for quarter in range(48, 80):
        load[quarter] += cool_wh / 32
    for quarter in range(16, 24):
        load[quarter] += water_wh / 8
    return load


def _charge(load: list[float], house: _House, left_wh: float, chance: Random) -> None:
    """Add the charging of a car to the quarter-hours of a day, for at most 24 hours."""
    first = int((house.car_hour + chance.gauss(0, 0.7)) * 4)
    for quarter in range(first, first + _QUARTERS):
        part_wh = min(left_wh, house.car_w / 4)
        load[quarter % _QUARTERS] += part_wh
        left_wh -= part_wh


def _sunlight(house: _House, number: int, clearness: float, chance: Random) -> list[float]:
    """Return the produced energy of each quarter-hour of a day in Wh."""
    if not house.sun_w:
        return [0.0] * _QUARTERS
    declination = -radians(23.44) * cos(2 * pi * (number + 10) / 365.25)
    half_day = acos(-tan(_LATITUDE) * tan(declination))
    # A roof that is tilted towards the south gets as much light as flat ground further south.
    flat = _LATITUDE - radians(house.roof_tilt)
    produced = []
    for quarter in range(_QUARTERS):
        angle = 2 * pi * (quarter / 4 - house.sun_noon) / 24
        light = sin(flat) * sin(declination) + cos(flat) * cos(declination) * cos(angle)
        is_day = abs(angle) < half_day and light > 0
        clouds = clearness * chance.uniform(0.7, 1.3) if is_day else 0.0
        produced.append(0.85 * house.sun_w / 4 * light * min(clouds, 1.0) if is_day else 0.0)
    return produced


def _contract(house: _House, chance: Random) -> Contract:
    return Contract(
        reference_kw=chance.choice([3, 7, 7, 12] if house.car_w or house.heat_w_per_k else [3, 7]),
        energy_price=round(chance.uniform(0.12, 0.2), 4),
        energy_fee=2.5,
        feed_in_price=round(chance.uniform(0.03, 0.15), 4),
        has_levies=True,
    )
