"""Result of a trial that reads a meter from entities.

The trial finds the longest interval between reports, and the step by which the totals change.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from ..p1 import Telegram
from .reading import IMPORTED_ENERGY

MAX_INTERVAL_S = 300.0
"""Maximum seconds between two reports. With slower entities, quarter-hours would be guesses."""
COARSE_STEP_WH = 100
"""If the totals change in steps of this many Wh or more, quarter-hours are wrong. Days and months
are still right."""
_ENERGIES = (IMPORTED_ENERGY, "1-0:2.8.0")
_POWERS = ("1-0:1.7.0", "1-0:2.7.0")
_STEPS_WH = (1000, 100, 10)
_QUARTER_HOUR_S = 900


class Trial(NamedTuple):
    """Result of a trial that reads a meter from entities."""

    reports: int
    interval_s: float
    """Longest time between two reports."""
    step_wh: int
    """Step of the totals: the largest power of ten in Wh that divides all of them."""
    tolerance_w: int
    """Probable error of a quarter-hour's mean power in W."""


def assess(telegrams: Sequence[Telegram], last_report: datetime | None) -> Trial | None:
    """Return the result of a trial. Return None if there is no interval between two telegrams.

    If the trial has a single telegram, the interval begins at `last_report`, the time of the
    entities' last report before the trial.
    """
    times = [telegram.time for telegram in telegrams if telegram.time]
    if len(times) == 1 and last_report:
        times.insert(0, last_report)
    if len(times) < 2:  # noqa: PLR2004 - an interval has two ends
        return None
    interval = max((after - before).total_seconds() for before, after in pairwise(times))
    step = _step_wh(telegrams)
    tolerance = 4 * step + 1000 * _power_kw(telegrams) * interval / _QUARTER_HOUR_S
    return Trial(len(telegrams), interval, step, round(tolerance))


def _step_wh(telegrams: Sequence[Telegram]) -> int:
    totals = [telegram.objects.get(name) for telegram in telegrams for name in _ENERGIES]
    divisor = gcd(*(round(total * 1000) for total in totals if isinstance(total, float)))
    return next((step for step in _STEPS_WH if divisor and divisor % step == 0), 1)


def _power_kw(telegrams: Sequence[Telegram]) -> float:
    """Return the present power of the connection in kW.

    If no entity shows the power, it is computed from the rise of the imported energy.
    """
    first, last = telegrams[0], telegrams[-1]
    powers = [power for name in _POWERS if isinstance(power := last.objects.get(name), float)]
    if powers:
        return max(powers)
    before, after = (telegram.objects.get(IMPORTED_ENERGY) for telegram in (first, last))
    if not (isinstance(before, float) and isinstance(after, float) and first.time and last.time):
        return 0.0
    hours = (last.time - first.time).total_seconds() / 3600
    return max(0.0, after - before) / hours if hours else 0.0
