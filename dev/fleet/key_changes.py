"""Changes of keys during a run: one key comes late, and two meters change their keys."""

import asyncio
import os
from collections.abc import Set as AbstractSet
from pathlib import Path

from dev.reliability.result import tell
from dev.simulator import Meter

from .meters import key_of, next_key_of

# Numbers of three meters. At first, the collectors have no key for LATE. They get the next key for
# ANNOUNCED before this meter uses it. They get the next key for SURPRISING only after this meter
# has begun to use it.
LATE = 1
ANNOUNCED = 2
SURPRISING = 3
MIN_METERS = 3
# Times of three events, as fractions of the run's duration: the key file changes, the keys in the
# meters change, and the key file changes again.
_FIRST, CHANGES_AT, _LAST = 0.25, 0.5, 0.75
# Meters whose telegrams wait for keys. The delays of these telegrams are not measured, because they
# say nothing about the speed of the fleet.
WAITING = frozenset((LATE, SURPRISING))


def changes(count: int) -> bool:
    """Return whether keys change during a run with `count` meters. Three meters are needed."""
    return count >= MIN_METERS


def next_key_of_meter(number: int, count: int, seed: int) -> bytes | None:
    """Return the key that a meter gets during the run, None if the meter keeps its first key."""
    if changes(count) and number in {ANNOUNCED, SURPRISING}:
        return next_key_of(seed, number)
    return None


async def change_keys(path: Path, seed: int, count: int, seconds: float) -> None:
    """Change the key file `path` twice during the run, which takes `seconds`.

    Then wait until cancelled. For a fleet that is too small for changes of keys, only wait.
    """
    if changes(count):
        await asyncio.sleep(seconds * _FIRST)
        write_keys(path, seed, count, announced={ANNOUNCED})
        tell("the late key is there, and the next one of another meter")
        await asyncio.sleep(seconds * (_LAST - _FIRST))
        write_keys(path, seed, count, announced={ANNOUNCED, SURPRISING})
        tell("the key is there that a meter has had for a while")
    await asyncio.Event().wait()


def write_first_keys(path: Path, seed: int, count: int) -> None:
    """Write the key file for the start of a run.

    The key of the meter LATE is missing, unless the fleet is too small for changes of keys.
    """
    write_keys(path, seed, count, absent={LATE} if changes(count) else frozenset())


def write_keys(
    path: Path,
    seed: int,
    count: int,
    *,
    absent: AbstractSet[int] = frozenset(),
    announced: AbstractSet[int] = frozenset(),
) -> None:
    """Write a key file that only its owner can read. Each line has a system title and a key.

    A meter in `absent` gets no line. A meter in `announced` gets a second line with its next key.
    """
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
