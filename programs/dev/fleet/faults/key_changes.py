"""Key files of the collectors, and changes of keys during a run.

One key comes late, and two meters change their keys.
"""

import asyncio
import os
from collections.abc import Sequence, Set as AbstractSet
from pathlib import Path

from dev.fleet.meters import key_of, next_key_of
from dev.reliability.result import tell
from dev.simulator import Meter
from smartyp1.p1.frame_header import title_text

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


class KeyFiles:
    """Key files of all collectors. Each line has a system title and a key."""

    def __init__(self, paths: Sequence[Path], seed: int, count: int) -> None:
        self._paths = paths
        self._seed = seed
        self._count = count
        self._is_late_missing = changes(count)
        self._announced: AbstractSet[int] = frozenset()

    async def change(self, seconds: float) -> None:
        """Change the keys twice in a run of `seconds`. Then wait until cancelled."""
        if changes(self._count):
            await asyncio.sleep(seconds * _FIRST)
            self._is_late_missing = False
            self._announced = {ANNOUNCED}
            self.write()
            tell("the late key is there, and the next one of another meter")
            await asyncio.sleep(seconds * (_LAST - _FIRST))
            self._announced = {ANNOUNCED, SURPRISING}
            self.write()
            tell("the key is there that a meter has had for a while")
        await asyncio.Event().wait()

    def write(self) -> None:
        """Write the files. Only their owner can read them."""
        lines = [
            f"{title_text(Meter(meter).system_title)} {key.hex().upper()}\n"
            for meter in range(1, self._count + 1)
            for key in self._keys_of(meter)
        ]
        for path in self._paths:
            new = path.with_suffix(".new")
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
                file.writelines(lines)
            new.replace(path)

    def _keys_of(self, meter: int) -> list[bytes]:
        if self._is_late_missing and meter == LATE:
            return []
        next_keys = [next_key_of(self._seed, meter)] if meter in self._announced else []
        return [key_of(self._seed, meter), *next_keys]
