"""Consumption of a household in one day: its electric loads, heat and water."""

from random import Random
from typing import NamedTuple

from .house import House
from .randomness import seeded_random
from .weather import MINUTES, Weather

SLOT = 5
SLOTS = MINUTES // SLOT
COMFORT = 18.0
# Energy in Wh that heats a litre of water by 30 K.
WH_PER_WARM_LITRE = 35


class Appliance(NamedTuple):
    """Electric load of a household. A use begins between the local hours `earliest` and `latest`.

    `weekday` and `weekend` are average numbers of uses per day. A use takes from `shortest` to
    `longest` minutes. `phase` counts from 0.
    """

    weekday: float
    weekend: float
    earliest: float
    latest: float
    shortest: int
    longest: int
    watts: int
    phase: int
    # Cycle of the load during a use: minutes in which it is on, then minutes in which it is off.
    on: int = 1
    off: int = 0


APPLIANCES = {
    "coffee": Appliance(2.0, 2.0, 6.2, 8.5, 5, 9, 1300, 0),
    "kettle": Appliance(2.5, 3.5, 6.5, 21.0, 2, 4, 2100, 1),
    "hair dryer": Appliance(0.8, 0.6, 6.3, 8.0, 4, 8, 1800, 2),
    "microwave": Appliance(1.0, 1.2, 11.5, 20.0, 3, 9, 1250, 1),
    "lunch on the hob": Appliance(0.4, 0.9, 11.3, 12.5, 20, 40, 2400, 1, 4, 2),
    "dinner on the hob": Appliance(0.9, 0.8, 18.0, 19.3, 25, 50, 3100, 1, 5, 2),
    "oven": Appliance(0.4, 0.7, 17.5, 19.0, 35, 70, 2600, 2, 3, 4),
    "dishwasher heating": Appliance(0.7, 0.9, 19.5, 21.5, 16, 22, 1950, 0),
    "washing machine heating": Appliance(0.5, 1.1, 8.0, 18.0, 14, 24, 2050, 2),
    "washing machine turning": Appliance(0.5, 1.1, 8.5, 19.0, 40, 70, 230, 2, 3, 2),
    "tumble dryer": Appliance(0.3, 0.7, 10.0, 20.0, 60, 100, 850, 0),
    "vacuum cleaner": Appliance(0.2, 0.6, 9.0, 18.0, 12, 30, 900, 1),
    "television": Appliance(1.0, 1.6, 18.5, 20.5, 90, 180, 140, 0),
    "computer": Appliance(0.8, 0.8, 8.0, 14.0, 120, 420, 110, 2),
}


class Draw(NamedTuple):
    """Kind of use of a water tap. `times` is the average number of uses per day.

    A use begins between the local hours `earliest` and `latest`, and takes about `litres` of water.
    `warm` says whether the water is heated.
    """

    times: float
    earliest: float
    latest: float
    litres: int
    warm: bool


DRAWS = (
    Draw(2.6, 6.2, 8.2, 55, warm=True),
    Draw(0.7, 19.5, 22.5, 70, warm=True),
    Draw(14.0, 6.0, 23.5, 6, warm=False),
    Draw(6.0, 6.5, 21.5, 4, warm=True),
    Draw(1.3, 8.0, 20.0, 48, warm=False),
)


class Loads(NamedTuple):
    """Powers in W in each minute of a UTC day: of each phase, and of two devices in them."""

    phases: list[list[int]]
    car: list[int]
    boiler: list[int]


def electric_loads(house: House, seed: int, day: int, sky: Weather) -> Loads:
    """Return the loads of a day."""
    chance = seeded_random("loads", seed, day)
    count = house.phases
    phases = [[house.standby * share // 100] * MINUTES for share in _standby_shares(count)]
    to_utc = _to_utc(day)

    fridge = phases[1 % count]
    for start in range(chance.randrange(44), MINUTES, 44):
        _add(fridge, start, 15, 95)
    sockets = phases[2 % count]
    evening = max(sky.sunset, 17 * 60 + to_utc)
    _add(sockets, evening, 23 * 60 + to_utc - evening, round(160 * house.liveliness))

    weekend = day % 7 > 4  # noqa: PLR2004
    for appliance in APPLIANCES.values():
        often = (appliance.weekend if weekend else appliance.weekday) * house.liveliness
        for _ in range(int(often + chance.random())):
            start = _moment(chance, appliance.earliest, appliance.latest) + to_utc
            minutes = chance.randint(appliance.shortest, appliance.longest)
            load, on = phases[appliance.phase % count], appliance.on
            for burst in range(start, start + minutes, on + appliance.off):
                _add(load, burst, min(on, start + minutes - burst), appliance.watts)

    car, boiler = [0] * MINUTES, [0] * MINUTES
    if house.car_power and chance.random() < house.car_evenings:
        start = _moment(chance, 17.6, 20.5) + to_utc
        minutes = round(chance.uniform(8, 28) * 60_000 / house.car_power)
        for load in phases[: house.car_phases]:
            for draw in (load, car):
                _add(draw, start, minutes, house.car_power // house.car_phases)
    if house.boiler_power:
        # Water for the day, warmed at night.
        minutes = seeded_random("boiler", seed, day).randint(60, 110)
        for draw in (phases[0], boiler):
            _add(draw, 2 * 60 + to_utc, minutes, house.boiler_power)
    return Loads(phases, car, boiler)


def warmth_and_water(
    house: House, seed: int, day: int, sky: Weather
) -> tuple[list[int], list[int]]:
    """Return the heat in Wh and the water in litres, for each five minutes of a UTC day."""
    chance = seeded_random("taps", seed, day)
    to_utc = _to_utc(day)
    warmth = [0] * SLOTS
    water = [0] * SLOTS
    need = max(0.0, COMFORT - sky.degrees) * house.heat_loss * SLOT / 60
    for slot in range(SLOTS):
        local_hour = (slot * SLOT - to_utc) / 60 % 24
        if 5.5 <= local_hour < 22.5:  # noqa: PLR2004
            warmth[slot] = int(need * (0.7 + 0.6 * chance.random()))
        elif slot % 9 < 3:  # noqa: PLR2004
            warmth[slot] = int(need)
    for draw in DRAWS:
        for _ in range(int(draw.times * house.liveliness + chance.random())):
            start = _moment(chance, draw.earliest, draw.latest) + to_utc
            litres = round(draw.litres * chance.uniform(0.7, 1.3))
            slot = start % MINUTES // SLOT
            water[slot] += litres
            warmth[slot] += litres * WH_PER_WARM_LITRE if draw.warm else 0
    return warmth, water


def _standby_shares(phases: int) -> tuple[int, ...]:
    return (100,) if phases == 1 else (50, 30, 20)


def _to_utc(day: int) -> int:
    # UTC is local time plus this number of minutes. Summer time applies from day 88 (end of March)
    # to day 297 (end of October).
    return -120 if 88 <= day < 298 else -60  # noqa: PLR2004


def _moment(chance: Random, earliest: float, latest: float) -> int:
    return int(chance.uniform(earliest, latest) * 60)


def _add(load: list[int], start: int, minutes: int, watts: int) -> None:
    for minute in range(max(start, 0), min(start + minutes, MINUTES)):
        load[minute] += watts
