"""Simulated meters of a fleet, and their keys.

Many meters share the simulated consumption of one household. So thousands of meters need little
processor time.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import override

from dev.simulator import House, Meter
from dev.simulator.house import HOUSES
from dev.simulator.household import Household
from dev.simulator.randomness import seeded_random
from dev.simulator.telegram_values import Reading

# Every third meter has gas, water and heat meters on its M-Bus.
_PIPED = 3
# Many meters share a household, because computing the day of a household takes a long time. These
# meters show the household's readings with different delays, which are multiples of 5 minutes.
_SHIFT = timedelta(minutes=5)
_SHIFTS = 570


@cache
def _household(kind: int, *, is_piped: bool) -> Household:
    return Household(_house(kind, is_piped=is_piped), kind)


def _house(kind: int, *, is_piped: bool) -> House:
    return replace(HOUSES[kind], media=("gas", "water", "heat") if is_piped else ())


class FleetMeter(Meter):
    """Simulated meter of a fleet. Meters are numbered from 1."""

    def __init__(self, number: int, key: bytes) -> None:
        kind, is_piped = number % len(HOUSES), number % _PIPED == 0
        super().__init__(number, key, house=_house(kind, is_piped=is_piped))
        self.household = _household(kind, is_piped=is_piped)
        self._shift = number // len(HOUSES) % _SHIFTS * _SHIFT

    @override
    def reading_at(self, when: datetime) -> Reading:
        return replace(super().reading_at(when - self._shift), time=when)


def make_meters(seed: int, first: int, count: int) -> list[FleetMeter]:
    """Return `count` simulated meters with consecutive numbers. The first number is `first`."""
    return [FleetMeter(number, key_of(seed, number)) for number in range(first, first + count)]


def key_of(seed: int, number: int) -> bytes:
    """Return the first encryption key of a meter (16 bytes). The same `seed` gives the same key."""
    return seeded_random("fleet", seed, number).randbytes(16)


def next_key_of(seed: int, number: int) -> bytes:
    """Return the next encryption key of a meter (16 bytes). The same `seed` gives the same key."""
    return seeded_random("next key", seed, number).randbytes(16)
