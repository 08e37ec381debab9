"""Year of a planned car at a few reference powers, for the comparison of reference powers.

It takes seconds. So it is computed only if a user asks for it, in the queue of answers, and kept
for the day.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from datetime import time
from functools import partial
from typing import Any, NamedTuple

from homeassistant.helpers.json import json_bytes_sorted
from homeassistant.util import dt as dt_util

from ..coordinator.counted_household import household_state_of
from ..coordinator.loads.entered_loads import EnteredLoad, entered_cars
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.advice.what_if_year import WhatIfError, WhatIfRefusal, last_twelve_months
from ..lib.answers.what_if import PLAN
from ..lib.answers.what_if_changes import ATTR_KIND
from ..lib.history.luxembourg_time import local_day
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.plan.usual_house import LoadEnergy
from .answer_queue import DataVersion
from .what_if import async_car_energy, async_what_if

# Power of a charger that is named with its energy only.
_USUAL_KW = 11.0
_PHASES = 3
_WEEK_DAYS, _WORKDAYS = 7, 5


class PlannedClasses(NamedTuple):
    """Question for the queue of answers."""

    question: Hashable
    make: Callable[[], Awaitable[dict[str, Any]]]
    version: DataVersion
    """Version of the answer, which is that of the day."""

    @classmethod
    def of_entered_car(
        cls, coordinator: MeterCoordinator, typed: Mapping[str, float]
    ) -> PlannedClasses:
        """Return the question about the entered car. `typed` are values in place of its own."""
        entered = next(iter(entered_cars(coordinator.config_entry)), None)

        def version() -> object:
            household, today = coordinator.records.household_state, local_day(dt_util.utcnow())
            return household and (household.contracts, household.month_start, today, entered)

        question = "planned_classes", coordinator.config_entry.entry_id, json_bytes_sorted(typed)
        return cls(question, partial(_async_planned, coordinator, entered, typed), version)


async def _async_planned(
    coordinator: MeterCoordinator, entered: EnteredLoad | None, typed: Mapping[str, float]
) -> JsonDict:
    """Return the car, its year, and the classes at which it must charge on one phase.

    The measured energy of the car is planned, or typed energy in place of it. Raises WhatIfError
    without a car, if the data of the meter do not suffice, and for a car that may have been charged
    here without being measured: the year has its energy already.
    """
    source = entered.measured_by if entered else None
    energies = await async_car_energy(coordinator, source) if source else ()
    is_measured = any(any(energy.hours.values()) for energy in energies)
    car = {"kw": _USUAL_KW, "min_kw": 0.0, **_fields(entered, energies), **typed}
    if reason := _refusal(coordinator, entered, car, is_measured=is_measured):
        raise WhatIfError(reason)
    # Without typed energy, the measured energy of each night is planned.
    planned = car.keys() - ({"kwh"} - typed.keys() if is_measured else set())
    change = {ATTR_KIND: PLAN, **{name: car[name] for name in planned}}
    year = await async_what_if(coordinator, [change], own_car=energies, is_of_few=True)
    return {
        "car": {
            "name": entered and entered.load.name,
            "is_measured": is_measured,
            **{name: round(car[name], 2) for name in ("kwh", "kw", "min_kw")},
        },
        "year": year,
        "one_phase": _one_phase(year["classes"], car["min_kw"], entered),
    }


def _one_phase(powers: Iterable[str], min_kw: float, entered: EnteredLoad | None) -> list[float]:
    """Return the reference powers in kW at which the car must charge on one phase."""
    phases = entered.phases if entered else _PHASES
    return [kw for kw in map(float, powers) if min_kw / phases <= kw < min_kw]


def _refusal(
    coordinator: MeterCoordinator,
    entered: EnteredLoad | None,
    car: JsonMapping,
    *,
    is_measured: bool,
) -> WhatIfRefusal | None:
    """Return why the year of a car is unknown, None if it is known."""
    _, end = last_twelve_months(household_state_of(coordinator))
    if entered and not is_measured and not entered.is_new(end):
        return WhatIfRefusal.CAR_NOT_MEASURED
    return None if "kwh" in car else WhatIfRefusal.NO_CAR


def _fields(entered: EnteredLoad | None, energies: Sequence[LoadEnergy]) -> JsonDict:
    """Return the fields of the entered car. A measured car has its mean energy."""
    if entered is None:
        return {}
    load = entered.load
    hours = [_hour(load.by_workdays)] * _WORKDAYS + [_hour(load.by_weekend)] * 2
    if not load.has_deadline:
        hours = [0.0] * _WEEK_DAYS
    fields: JsonDict = {"kw": load.max_kw, "min_kw": load.min_kw, "end_hours": tuple(hours)}
    # The one energy is that of this car. An energy without a rise is not measured.
    if kwh := next((energy.hours for energy in energies if any(energy.hours.values())), None):
        nights = sum(hour is not None for hour in hours) / _WEEK_DAYS * len(kwh) / 24
        fields["kwh"] = sum(max(0.0, of_hour) for of_hour in kwh.values()) / nights
    elif load.kwh:
        fields["kwh"] = load.kwh
    return fields


def _hour(by: time | None) -> float | None:
    return None if by is None else by.hour + by.minute / 60
