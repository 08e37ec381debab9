"""A battery that a household does not have, and what it would have done with its quarter-hours.

The rule is simple, and knows nothing of what is to come:

1. Own sun first. What would be fed in is stored, as far as power and room go; what would be drawn
   comes out of the battery, at once and as long as there is any.
2. Then below the reference power. What was above it on the worst of the last 14 days is kept for
   the next time, and only that above may use it. It is not kept in the room that the sun of the
   last three days would have filled, so that in summer nothing is, and in a dark winter all.
3. What is kept and missing is charged from the grid, never to above the reference power, and only
   where the surcharge that is spared is more than what is lost on the way.

The battery never feeds in, and is empty at the beginning. Half of its loss is on the way in, half
on the way out. Of a running quarter-hour the rule knows what will have been drawn, as whoever
watches its mean does; the power within is not known, so a peak of seconds counts as its mean.
"""

from collections import deque
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

LEAST_KWH, MOST_KWH = 0.5, 200.0
LEAST_KW, MOST_KW = 0.1, 200.0
LEAST_EFFICIENCY = 0.5
MOST_RESERVE = 0.9

WH_A_KW = 250
"""In a quarter-hour."""
_DAYS_OF_EXCESS = 14
_DAYS_OF_SUN = 3
# Less than that is an error of binary fractions.
_NOTHING_WH = 1e-6


class Battery(NamedTuple):
    """What a battery can do."""

    kwh: float
    """What it holds."""
    kw: float
    """With which power it is charged or discharged at most."""
    efficiency: float = 0.9
    """What comes out of what went in, as a share."""
    reserve: float = 0.0
    """The share that is never taken out."""

    @property
    def is_possible(self) -> bool:
        """Return whether there may be such a one; NaN is none."""
        return (
            LEAST_KWH <= self.kwh <= MOST_KWH
            and LEAST_KW <= self.kw <= MOST_KW
            and LEAST_EFFICIENCY <= self.efficiency <= 1
            and 0 <= self.reserve <= MOST_RESERVE
        )


class DayEnergies(NamedTuple):
    """The known quarter-hours of a day, in the order of their time, in Wh."""

    imported_wh: Sequence[float]
    exported_wh: Sequence[float]


class DayWithBattery(NamedTuple):
    """The same day with a battery."""

    imported_wh: Sequence[float]
    """Of the same quarter-hours; the same object where nothing would be different."""
    stored_wh: float
    """What of the exported energy would have been stored."""


class BatteryRun(NamedTuple):
    """What a battery would have done, day by day."""

    days: Sequence[DayWithBattery]
    stored_wh: float
    """Of what was fed in."""
    charged_wh: float
    """From the grid."""
    given_wh: float
    """To the house."""


def run_battery(
    days: Sequence[DayEnergies],
    battery: Battery,
    reference_kw: float,
    *,
    may_charge: bool,
    is_both_at_once: bool,
) -> BatteryRun:
    """Return what a battery would have done by the rule above.

    `may_charge` says whether charging from the grid is worth it. In a quarter-hour in which energy
    was both drawn and fed in, nobody knows whether that was at the same moment:
    `is_both_at_once` says that the battery could store the one and give the other, and without it
    it gets only the difference.
    """
    one_way = sqrt(battery.efficiency)
    usable_wh = battery.kwh * 1000 * (1 - battery.reserve)
    most_wh = battery.kw * WH_A_KW
    limit_wh = reference_kw * WH_A_KW
    excesses: deque[float] = deque(maxlen=_DAYS_OF_EXCESS)
    suns: deque[float] = deque(maxlen=_DAYS_OF_SUN)
    held_wh = charged_wh = given_wh = 0.0
    found = []
    for day in days:
        kept_wh = _kept_wh(excesses, suns, usable_wh, one_way)
        excesses.append(
            sum([min(wh - limit_wh, most_wh) for wh in day.imported_wh if wh > limit_wh])
        )
        is_idle = held_wh <= _NOTHING_WH and not (kept_wh and may_charge)
        if is_idle and not any(day.exported_wh):
            suns.append(0.0)
            found.append(DayWithBattery(day.imported_wh, 0.0))
            continue

        after: list[float] = []
        stored_wh = sun_wh = 0.0
        for drawn_wh, fed_wh in zip(day.imported_wh, day.exported_wh, strict=True):
            over_wh, wanted_wh, left_wh = drawn_wh - limit_wh, drawn_wh, most_wh
            if fed_wh:
                both_wh = 0.0 if is_both_at_once else min(drawn_wh, fed_wh)
                wanted_wh -= both_wh
                sun_wh += fed_wh - both_wh
                into_wh = min(fed_wh - both_wh, (usable_wh - held_wh) / one_way, left_wh)
                held_wh += into_wh * one_way
                left_wh -= into_wh
                stored_wh += into_wh
            out_wh = (held_wh - kept_wh) * one_way
            if out_wh < over_wh:
                # What is above may use what is kept.
                out_wh = min(held_wh * one_way, over_wh)
            out_wh = min(out_wh, wanted_wh, left_wh)
            if out_wh > 0:
                held_wh -= out_wh / one_way
                given_wh += out_wh
                after.append(drawn_wh - out_wh)
            elif may_charge and held_wh < kept_wh and over_wh < 0:
                into_wh = min((kept_wh - held_wh) / one_way, -over_wh, left_wh)
                held_wh += into_wh * one_way
                charged_wh += into_wh
                after.append(drawn_wh + into_wh)
            else:
                after.append(drawn_wh)
        suns.append(sun_wh)
        found.append(DayWithBattery(after, stored_wh))
    return BatteryRun(found, sum([day.stored_wh for day in found]), charged_wh, given_wh)


def _kept_wh(
    excesses: Sequence[float], suns: Sequence[float], usable_wh: float, one_way: float
) -> float:
    """Return what is kept for what is above, by the days that have ended."""
    if not excesses:
        return 0.0
    return max(0.0, min(max(excesses) / one_way, usable_wh - max(suns) * one_way))
