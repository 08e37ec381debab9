"""Daily plan of a simulated battery: limits of its stored energy in each hour.

The plan is made at two in the afternoon, when the market's prices of the next day are known. It is
computed backwards, from the last hour of the next day.

The battery's usable energy is divided into 20 equal parts. The plan computes the value of each part
in EUR per kWh. The energy in a part will replace import in a later hour, so its value is the price
of that import. But perhaps the battery can still charge this energy before that later hour, at a
lower cost than the import. Then the value is only the cost of charging.

The import and the export expected in an hour of the day are the means of the last seven days. The
energy expected above the reference power comes from the last 14 days.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

PLANNED_AT = 14
"""Hour of the day, in Luxembourg, at which the plan is made. The market's prices of the next day
are known from 13:00 on."""

_HOURS = 24
_DAYS_OF_ENERGY = 7
_DAYS_OF_EXCESS = 14
_PARTS = 20
# The plan multiplies the probability of an excess over the reference power by this factor, so that
# it keeps less energy for the excess. The probability is uncertain, because it comes from only 14
# days. Energy that is kept for an excess cannot replace other import.
_CAUTION = 0.7
# Weight from 0 to 1. A plan ends at the second midnight after it was made. It needs a value for the
# energy that is still stored at that midnight. The plan uses the weighted mean of two values:
#
# - the value of stored energy that the previous plan computed for the first midnight after it was
#   made, with the weight _REMEMBERED;
# - the value of stored energy in the cheapest hour of the new plan.
_REMEMBERED = 0.8
# Difference in EUR per kWh. Two values that differ by less count as equal.
_EQUAL = 1e-7


class DayPrices(NamedTuple):
    """Prices in EUR per kWh for each hour of Luxembourg's clock. Import prices include VAT."""

    imported: Sequence[float]
    exported: Sequence[float]

    @property
    def are_flat(self) -> bool:
        """Return whether the import price and the export price each stay the same all day."""
        return all(min(prices) == max(prices) for prices in self)


type HourLimits = tuple[float, float, float, float]
"""Four levels of a battery's stored energy in an hour, in Wh. Above the first level, the battery
gives energy to the house. Below the second level, it charges from the grid. Below the third level,
it stores solar energy. Above the fourth level, it gives energy to the house only to lower an excess
over the reference power."""
_NO_LIMITS: HourLimits = (0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class _Event:
    """Consecutive hours of a day in which energy was imported above the reference power."""

    hour: int
    """First hour of the event, from 0 to 23."""
    above_wh: float = 0.0
    beside_wh: float = 0.0
    """Energy in Wh that the battery could replace, imported below the reference power in these
    hours."""


class BatteryPlan:
    """Planner of one battery. It remembers the household's last days and the last plan."""

    def __init__(
        self, usable_wh: float, most_wh: float, limit_wh: float, one_way: float, surcharge: float
    ) -> None:
        """Prepare the first plan.

        `usable_wh` is the usable capacity. `most_wh` is the energy of an hour at the battery's
        maximum power, and `limit_wh` the energy of an hour at the reference power. `one_way` is the
        efficiency of charging, and also of discharging. `surcharge` is the additional price of
        energy above the reference power, in EUR per kWh with VAT.
        """
        self._usable_wh = usable_wh
        self._most_wh = most_wh
        self._limit_wh = limit_wh
        self._one_way = one_way
        self._surcharge = surcharge
        self._is_noted = False
        self._drawn, self._fed = [0.0] * _HOURS, [0.0] * _HOURS
        self._drawn_days: deque[Sequence[float]] = deque(maxlen=_DAYS_OF_ENERGY)
        self._fed_days: deque[Sequence[float]] = deque(maxlen=_DAYS_OF_ENERGY)
        self._event: _Event | None = None
        self._events: list[_Event] = []
        self._event_days: deque[Sequence[_Event]] = deque(maxlen=_DAYS_OF_EXCESS)
        self._at_midnight: list[float] | None = None

    def note(self, hour: int, drawn_wh: float, fed_wh: float, above_wh: float) -> None:
        """Record the energies in Wh of one hour of the day. `hour` is from 0 to 23.

        `drawn_wh` was imported below the reference power. `above_wh` is the import above the
        reference power, limited to the battery's power. `fed_wh` was exported.
        """
        self._is_noted = True
        self._fed[hour] = fed_wh
        if not above_wh:
            self._drawn[hour] = drawn_wh
            self._event = None
            return
        if self._event is None:
            self._event = _Event(hour)
            self._events.append(self._event)
        self._event.above_wh += above_wh
        self._event.beside_wh += max(0.0, min(drawn_wh, self._most_wh - above_wh))

    def limits(self, today: DayPrices, tomorrow: DayPrices) -> Sequence[HourLimits]:
        """Plan the 24 hours from PLANNED_AT on. Return a list with the limits of each hour.

        The index is the hour of the day in Luxembourg (0 to 23). Hours before PLANNED_AT are
        tomorrow's hours.
        """
        self._end_day()
        events = self._expected_events()
        if tomorrow == today and today.are_flat and not events:
            # All hours have the same price, and no excess is expected. So the only decision is
            # whether it pays to store solar energy.
            is_worth_it = today.imported[0] * self._one_way**2 > today.exported[0]
            self._at_midnight = None
            return [(0.0, 0.0, self._usable_wh if is_worth_it else 0.0, 0.0)] * _HOURS
        part_wh, one_way = self._usable_wh / _PARTS, self._one_way
        surcharge = self._surcharge * one_way
        needed, sunny, free = self._expected_parts()

        # `cheapest` is the value of stored energy in the cheapest hour: the price of import minus
        # the loss of discharging, minus two tolerances. Without the tolerances, a battery without
        # losses would charge energy that nobody needs later.
        cheapest = min(*today.imported[PLANNED_AT:], *tomorrow.imported) * one_way - 2 * _EQUAL
        values = self._last_values(cheapest)
        limits = [_NO_LIMITS] * _HOURS
        for n in range(2 * _HOURS - 1, PLANNED_AT - 1, -1):
            hour = n % _HOURS
            imported, exported = tomorrow if n >= _HOURS else today
            price = imported[hour]
            saving, bought = -price * one_way, -price / one_way
            sold = -exported[hour] / one_way
            spare_to = bisect_left(values, saving - surcharge)
            if hour in events:
                values = _with_event(values, events[hour], saving, surcharge)
            # The loop goes backwards in time. At first, `values` are the values that the battery's
            # parts have after this hour. If this hour can fill n parts, the n most valuable parts
            # need not be full before this hour. So replace the n highest values by the cost of
            # filling, if this cost is lower. Solar energy comes first, so that the grid fills only
            # parts that solar energy does not fill.
            give_to = bisect_left(values, saving - _EQUAL)
            store_to = bisect_right(values, sold + _EQUAL)
            values = _filled(values, sold, min(sunny[hour], store_to), store_to)
            charge_to = bisect_right(values, bought + _EQUAL)
            values = _filled(values, bought, min(free[hour], charge_to), charge_to)
            if n < _HOURS + PLANNED_AT:
                limits[hour] = (
                    give_to * part_wh,
                    charge_to * part_wh,
                    store_to * part_wh,
                    spare_to * part_wh,
                )
            # The house is expected to need the energy of `needed[hour]` parts in this hour. The
            # value of such a part is the price of the import that it replaces.
            values = _with(values, saving, needed[hour])
            if n == _HOURS:
                self._at_midnight = values
        return limits

    def _last_values(self, cheapest: float) -> list[float]:
        """Return the values that the battery's 20 parts have after the last planned hour.

        The values are in EUR per stored kWh. The returned values are negated, because `bisect`
        needs an ascending list and the part with the highest value must come first. The argument
        `cheapest` is not negated. It is the value of a stored kWh in the cheapest hour of the plan.
        """
        before = self._at_midnight or [-cheapest] * _PARTS
        return [-cheapest + (value + cheapest) * _REMEMBERED for value in before]

    def _end_day(self) -> None:
        """Add the energies since the last plan to `_drawn_days`, `_fed_days` and `_event_days`.

        Do nothing if no energies were recorded.
        """
        if self._is_noted:
            self._drawn_days.append(tuple(self._drawn))
            self._fed_days.append(tuple(self._fed))
            self._event_days.append(self._events)
            self._events = []
            self._is_noted = False

    def _expected_parts(self) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        """Return three lists with a number of parts for each hour of the day (0 to 23).

        A part is a twentieth of the battery's usable energy.

        - The first list has the parts whose energy the household needs.
        - The second list has the parts that solar energy can fill.
        - The third list has the parts that the grid can fill below the reference power.
        """
        one_way, drawn = self._one_way, _means(self._drawn_days)
        return (
            self._parts([min(wh, self._most_wh) / one_way for wh in drawn]),
            self._parts([min(wh, self._most_wh) * one_way for wh in _means(self._fed_days)]),
            self._parts(
                [max(0.0, min(self._most_wh, self._limit_wh - wh)) * one_way for wh in drawn]
            ),
        )

    def _expected_events(self) -> Mapping[int, tuple[float, int, int]]:
        """Return the expected excesses over the reference power, keyed by their first hour.

        An hour is from 0 to 23. An excess has three values:

        - the probability of the excess, lowered by `_CAUTION`;
        - the number of parts whose energy replaces the import above the reference power;
        - the number of parts whose energy can replace import below the reference power in the same
          hours.

        A part is a twentieth of the battery's usable energy.
        """
        by_hour: dict[int, list[_Event]] = {}
        for day in self._event_days:
            for event in day:
                by_hour.setdefault(event.hour, []).append(event)
        expectations = {}
        for hour, events in by_hour.items():
            part_wh = len(events) * self._one_way * self._usable_wh / _PARTS
            expectations[hour] = (
                min(1.0, len(events) / len(self._event_days)) * _CAUTION,
                max(1, round(sum([event.above_wh for event in events]) / part_wh)),
                round(sum([event.beside_wh for event in events]) / part_wh),
            )
        return expectations

    def _parts(self, energies_wh: Sequence[float]) -> Sequence[int]:
        """Convert the energy of each hour to a whole number of parts.

        The remainder of an hour is added to the next hour.
        """
        part_wh = self._usable_wh / _PARTS
        sums = [round(wh / part_wh) for wh in accumulate(energies_wh, initial=0.0)]
        return [after - before for before, after in pairwise(sums)]


def _means(days: Collection[Sequence[float]]) -> Sequence[float]:
    """Return the mean energy of each hour of the day, 0 without days."""
    return [sum(hours) / len(days) for hours in zip(*days, strict=True)] or [0.0] * _HOURS


def _with(values: list[float], value: float, parts: int) -> list[float]:
    """Return the sorted list `values` with `value` inserted `parts` times, cut to 20 values.

    All values are negated (see `_last_values`), so the list begins with the highest value. The
    battery has 20 parts, so only the first 20 values are kept.
    """
    if not parts:
        return values
    k = bisect_left(values, value)
    return (values[:k] + [value] * parts + values[k:])[:_PARTS]


def _with_event(
    values: list[float], event: tuple[float, int, int], saving: float, surcharge: float
) -> list[float]:
    """Return the value of each part of the battery at the start of an hour with a possible excess.

    A part is a twentieth of the battery's usable energy. An excess is import above the reference
    power. `event` is an excess as `_expected_events` returns it. The result is the weighted mean of
    two lists: the values if the excess happens, and the values if it does not happen. The weight of
    the first list is the probability of the excess.

    `saving` is the value of a part that replaces import below the reference power. A part that
    replaces import above the reference power is worth `surcharge` more. All values are negated (see
    `_last_values`), and so is `saving`.
    """
    chance, above, beside = event
    event_values = _with(_with(values, saving - surcharge, above), saving, beside)
    return [
        value + (other - value) * chance for value, other in zip(values, event_values, strict=True)
    ]


def _filled(values: list[float], cost: float, parts: int, index: int) -> list[float]:
    """Return the value of each part of the battery at the start of an hour that can fill parts.

    `values` are the values at the end of the hour. `parts` is the number of parts that can be
    filled, and `cost` the cost of filling them, in EUR per kWh. All values and `cost` are negated
    (see `_last_values`), so `values` begins with the most valuable parts. The first `parts` values
    are removed, and `cost` is inserted `parts` times before the value at `index`.
    """
    if not parts:
        return values
    return values[parts:index] + [cost] * parts + values[index:]
