"""Keys that change in the middle of a run: one comes late, and two meters get others."""

import asyncio
import os
from collections.abc import Set as AbstractSet
from pathlib import Path

from dev.reliability.result import tell
from dev.simulator import Meter

from .meters import key_of, next_key_of

# Whose key is not there at first; whose next one is known before it counts, and only afterwards.
LATE = 1
ANNOUNCED = 2
SURPRISING = 3
MIN_METERS = 3
# In shares of the run: meters get their next keys between the two changes of the file.
_FIRST, CHANGES_AT, _LAST = 0.25, 0.5, 0.75
# What is stored of them when their keys come says nothing about how fast the fleet is.
WAITING = frozenset((LATE, SURPRISING))


def changes(count: int) -> bool:
    """Return whether keys change in a fleet of so many meters."""
    return count >= MIN_METERS


def next_key_of_meter(number: int, count: int, seed: int) -> bytes | None:
    """Return the key that a meter gets in the middle, None if it keeps its own."""
    if changes(count) and number in {ANNOUNCED, SURPRISING}:
        return next_key_of(seed, number)
    return None


async def change_keys(path: Path, seed: int, count: int, seconds: float) -> None:
    """Write other keys while the meters send for so many seconds; then wait for the end."""
    if changes(count):
        await asyncio.sleep(seconds * _FIRST)
        write_keys(path, seed, count, announced={ANNOUNCED})
        tell("the late key is there, and the next one of another meter")
        await asyncio.sleep(seconds * (_LAST - _FIRST))
        write_keys(path, seed, count, announced={ANNOUNCED, SURPRISING})
        tell("the key is there that a meter has had for a while")
    await asyncio.Event().wait()


def write_first_keys(path: Path, seed: int, count: int) -> None:
    """Write the keys with which a run begins."""
    write_keys(path, seed, count, absent={LATE} if changes(count) else frozenset())


def write_keys(
    path: Path,
    seed: int,
    count: int,
    *,
    absent: AbstractSet[int] = frozenset(),
    announced: AbstractSet[int] = frozenset(),
) -> None:
    """Write the keys of all meters by system title, for the collectors and nobody else."""
    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        for number in range(1, count + 1):
            if number in absent:
                continue
            keys = [key_of(seed, number)]
            if number in announced:
                keys.append(next_key_of(seed, number))
            title = Meter(number).system_title.hex().upper()
            file.writelines(f"{title} {key.hex().upper()}\n" for key in keys)
    new.replace(path)
