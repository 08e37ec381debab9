"""Changes of keys during a run: one key comes late, and two meters change their keys."""

import asyncio
import os
from collections.abc import Set as AbstractSet
from pathlib import Path

from dev.reliability.result import tell
from dev.simulator import Meter

from .meters import key_of, next_key_of

# Numbers of three meters. LATE has no key at first. For ANNOUNCED, the collectors get the next key
# before the meter uses it. For SURPRISING, the collectors get the next key only after the meter has
# begun to use it.
LATE = 1
ANNOUNCED = 2
SURPRISING = 3
MIN_METERS = 3
# Times of three events, as fractions of the run's duration: the key file changes, the keys in the
# meters change, and the key file changes again.
_FIRST, CHANGES_AT, _LAST = 0.25, 0.5, 0.75
# Meters whose telegrams wait for keys. Their delays tell nothing about the speed of the fleet, so
# they are not measured.
WAITING = frozenset((LATE, SURPRISING))


def changes(count: int) -> bool:
    """Return whether a fleet of `count` meters is large enough for the changes of keys."""
    return count >= MIN_METERS


def next_key_of_meter(number: int, count: int, seed: int) -> bytes | None:
    """Return the key that a meter gets during the run, None if the meter keeps its first key."""
    if changes(count) and number in {ANNOUNCED, SURPRISING}:
        return next_key_of(seed, number)
    return None


async def change_keys(path: Path, seed: int, count: int, seconds: float) -> None:
    """Change the key file `path` twice during the run, which takes `seconds`.

    Then wait until cancelled. For a small fleet, only wait.
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
    """Write the key file as it is at the start of a run. The key of the meter LATE is missing."""
    write_keys(path, seed, count, absent={LATE} if changes(count) else frozenset())


def write_keys(
    path: Path,
    seed: int,
    count: int,
    *,
    absent: AbstractSet[int] = frozenset(),
    announced: AbstractSet[int] = frozenset(),
) -> None:
    """Write a key file that only its owner can read. A line has the system title and a key.

    Meters in `absent` get no line. Meters in `announced` get a second line with their next key.
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
