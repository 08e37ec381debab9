"""Year of a planned car at a few reference powers, for the comparison of reference powers.

It takes seconds. So it is computed only if a user asks for it, in the queue of answers, and kept
for the day.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import time
from functools import partial
from typing import Any, NamedTuple

from homeassistant.helpers.json import json_bytes_sorted
from homeassistant.util import dt as dt_util

from ..const import CONF_LOAD_KIND, LOAD_CAR, SUBENTRY_LOAD
from ..coordinator.loads.entered_loads import EnteredLoad, entered_loads, subentries_of
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.advice.what_if_year import WhatIfError, WhatIfRefusal
from ..lib.answers.what_if import PLAN
from ..lib.answers.what_if_changes import ATTR_KIND
from ..lib.history.luxembourg_time import local_day
from ..lib.plan.usual_house import LoadEnergy
from .answer_queue import DataVersion
from .what_if import async_car_energy, async_what_if

# Power of a charger that is named with its energy only.
_USUAL_KW = 11.0
_PHASES = 3
_WEEK_DAYS, _SATURDAY = 7, 5


class PlannedClasses(NamedTuple):
    """Question for the queue of answers."""

    question: Hashable
    make: Callable[[], Awaitable[dict[str, Any]]]
    version: DataVersion
    """Version of the answer, which is that of the day."""

    @classmethod
    def of(cls, coordinator: MeterCoordinator, typed: Mapping[str, float]) -> PlannedClasses:
        """Return the question about the entered car. `typed` are values in place of its own."""
        entered = _entered_car(coordinator)

        def version() -> object:
            demand, today = coordinator.records.demand, local_day(dt_util.utcnow())
            return demand and (demand.contracts, demand.month_start, today, entered)

        question = "planned_classes", coordinator.config_entry.entry_id, json_bytes_sorted(typed)
        return cls(question, partial(_async_planned, coordinator, entered, typed), version)


def _entered_car(coordinator: MeterCoordinator) -> EnteredLoad | None:
    """Return the first car that the user has entered."""
    entry = coordinator.config_entry
    loads = entered_loads(entry)
    cars = (
        loads[subentry.subentry_id]
        for subentry in subentries_of(entry, SUBENTRY_LOAD)
        if subentry.data.get(CONF_LOAD_KIND) == LOAD_CAR
    )
    return next(cars, None)


async def _async_planned(
    coordinator: MeterCoordinator, entered: EnteredLoad | None, typed: Mapping[str, float]
) -> dict[str, Any]:
    """Return the car, its year, and the classes at which it must charge on one phase.

    Raises WhatIfError without a car, and if the data of the meter do not suffice.
    """
    energies: Sequence[LoadEnergy] = ()
    if entered and entered.measured_by:
        energies = await async_car_energy(coordinator, entered.measured_by)
    car = {ATTR_KIND: PLAN, "kw": _USUAL_KW, "min_kw": 0.0, **_fields(entered, energies), **typed}
    if "kwh" not in car:
        raise WhatIfError(WhatIfRefusal.NO_CAR)
    year = await async_what_if(coordinator, [car], own_car=energies, is_of_few=True)
    phases = entered.phases if entered else _PHASES
    return {
        "car": {
            "name": entered and entered.load.name,
            "is_measured": bool(energies),
            **{name: round(car[name], 2) for name in ("kwh", "kw", "min_kw")},
        },
        "year": year,
        "one_phase": [
            kw for kw in map(float, year["classes"]) if car["min_kw"] / phases <= kw < car["min_kw"]
        ],
    }


def _fields(entered: EnteredLoad | None, energies: Sequence[LoadEnergy]) -> dict[str, Any]:
    """Return the fields of the entered car. A car by its charge needs its mean measured energy."""
    if entered is None:
        return {}
    load = entered.load
    hours = [_hour(load.by_workdays)] * _SATURDAY + [_hour(load.by_weekend)] * 2
    if not load.has_deadline:
        hours = [0.0] * _WEEK_DAYS
    fields: dict[str, Any] = {"kw": load.max_kw, "min_kw": load.min_kw, "end_hours": tuple(hours)}
    if load.kwh:
        fields["kwh"] = load.kwh
    elif known := [energy.hours for energy in energies if any(energy.hours.values())]:
        [kwh] = known
        nights = sum(hour is not None for hour in hours) / _WEEK_DAYS * len(kwh) / 24
        fields["kwh"] = sum(max(0.0, of_hour) for of_hour in kwh.values()) / nights
    return fields


def _hour(by: time | None) -> float | None:
    return None if by is None else by.hour + by.minute / 60
