"""Costs of a household's year now and with changes, at today's prices.

    compare_years(state, Changes(loads=[car(kwh=8, kw=11)], battery=Battery(10, 5))).saving

- The present year is the measured year. It never has a change, also not a car that is planned.
- A new contract changes only the prices. Loads and sharing change the energies of the year
  (`what_if_tables.py`). Then `planned_car_year.py` plans a car, and `battery_simulation.py`
  simulates the battery, once for each reference power. `what_if_year.py` bills all years.
- The saving is the cost of the present year minus the cost of the changed year, both at the
  household's own reference power. Another reference power is another change.
- The saving is a range, because some quarter-hours are unknown. One end assumes that the changes
  have no effect in an unknown quarter-hour. The other end assumes that they have the same effect in
  an unknown quarter-hour as in a known quarter-hour, on average.
- The changes apply only to known quarter-hours. All other energy stays unchanged, because its time
  is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from ..bill.household_state import HouseholdState
from ..energy_table.table import Table
from ..energy_table.wall_clock import A_DAY, Floats
from ..history.quarter_hour import WH_A_KW
from ..plan.usual_house import LoadEnergy
from ..prices.contract import BEGINNING
from ..prices.market_price_series import PriceSeries, PriceSources
from ..prices.published_prices import REFERENCE_POWERS
from .battery_simulation import Battery, BatteryQuarters, BatteryRun, BatteryTrial
from .planned_car_year import PlannedCar, planned_by_class
from .what_if_tables import LoadProfile, measured_wh, panels, shared_by, with_energies, with_load
from .what_if_year import (
    WhatIfError,
    WhatIfRefusal,
    WhatIfYear,
    YearCosts,
    YearEnergies,
    prices_by_day,
    year_of,
)

_FEW = 4


class NewContract(NamedTuple):
    """Another supplier's contract."""

    terms: Mapping[str, Any]
    """Terms of a `Contract` that differ from the present contract."""
    market: PriceSeries | None = None
    """Prices of the market that the contract follows, if it follows one."""


class Sharing(NamedTuple):
    """Share in the solar energy of an energy community. It replaces the present sharing."""

    kwp: float
    """Peak power of the community's solar panels."""
    key: float
    """Share (0 to 1) of their energy."""
    price: float
    """Price of a shared kWh in EUR, including VAT."""


class Changes(NamedTuple):
    """Changes of a household. They count together."""

    contract: NewContract | None = None
    loads: Sequence[LoadProfile] = ()
    """Loads in any order, without the planned car. The load of solar panels is below 0."""
    sharing: Sharing | None = None
    battery: Battery | None = None
    car: PlannedCar | None = None
    """Car that follows a plan."""
    own_car: Sequence[LoadEnergy] = ()
    """Measured energy of this car in the past, in place of which it is planned."""
    is_of_few: bool = False
    """Whether only the reference powers of `few_classes` are compared."""
    feed_in_price: float | None = None
    """Price of exported energy now and then, in place of the price in the contract. It can be the
    mean price of a household that also sells to an energy community."""


class BatteryUse(NamedTuple):
    """Use of a battery in a year."""

    cycles: float
    """Full discharges."""
    stored_share: float | None
    """Share of the exported energy that the battery stores, None without exports."""


class ClassYears(NamedTuple):
    """Years at one reference power, now and with the changes."""

    now: YearCosts
    at_once: YearCosts | None
    """Year with the changes, but with the planned car at full power as soon as it is plugged in.
    None without a planned car."""
    then: YearCosts
    energies: YearEnergies
    """Energies with the changes."""
    battery: BatteryUse | None
    """None without a battery."""


class WhatIf(NamedTuple):
    """Comparison of a year with the year as it would be with changes."""

    now: WhatIfYear
    then: WhatIfYear
    """Year with the changes, but without the plan and the battery: these depend on the class."""
    classes: Mapping[float, ClassYears]
    """Years by reference power in kW, for reference powers with a known price."""
    cheapest_now: float
    cheapest_then: float
    saving: float
    """Yearly saving in EUR at the own reference power, below 0 for additional cost, without the
    unknown quarter-hours."""
    saving_elsewhere: float
    """Additional saving if unknown quarter-hours are like known quarter-hours."""


class _Changed(NamedTuple):
    """Year at one reference power with the changes."""

    year: WhatIfYear
    battery: BatteryUse | None = None


def compare_years(
    state: HouseholdState, changes: Changes, sources: PriceSources | None = None
) -> WhatIf:
    """Return the last year of a household, and the same year with `changes`.

    `sources` has the market prices of the present contract. Without it, the table has the prices.

    Run this function in an executor, because a battery takes a fifth of a second. Raises
    WhatIfError if the data does not suffice, and ValueError for an impossible battery.
    """
    year = year_of(state, sources, changes.feed_in_price)
    own_wh = measured_wh(year.table, changes.own_car)
    car, own_kw = _planned_car(changes.car, own_wh), year.reference_kw
    before = _under_new_contract(year, changes, sources)
    loaded = at_once = before.changed(reduce(with_load, changes.loads, before.table))
    share = _sharing(year, changes.sharing)
    plan = None
    if car:
        is_new = car.kwh is not None
        car_wh = car.load(year.table.quarter) * year.table.is_shown if is_new else own_wh
        wh = car.at_once(year, car_wh) - own_wh
        at_once = loaded.changed(with_load(loaded.table, lambda _: wh))
        plan = planned_by_class(loaded, car, state.until, car_wh, own_wh)
        # A new car is a load. The plan moves the energy of a measured car.
        loaded = at_once if is_new else loaded
    at_once = share(at_once)
    at_once.check_prices()
    without_plan = _by_class(at_once, changes.battery, state.until)

    def years(kw: float) -> ClassYears | None:
        if plan is None:
            return _years(kw, year, None, without_plan(kw))
        planned = _by_class(share(plan(kw)), changes.battery, state.until)
        return _years(kw, year, without_plan(kw), planned(kw))

    powers = _powers(at_once, is_of_few=changes.is_of_few)
    classes = {kw: of_class for kw in powers if (of_class := years(kw))}
    if own_kw not in classes:
        raise WhatIfError(WhatIfRefusal.NO_NETWORK_PRICE)
    own = classes[own_kw]
    return WhatIf(
        year,
        at_once,
        classes,
        # If another reference power costs the same, the own one stays.
        cheapest_now=min(classes, key=lambda kw: (classes[kw].now.total, kw != own_kw)),
        cheapest_then=min(classes, key=lambda kw: (classes[kw].then.total, kw != own_kw)),
        saving=own.now.total - own.then.total,
        saving_elsewhere=_saving_elsewhere(before, share(loaded), own),
    )


def _planned_car(car: PlannedCar | None, own_wh: Floats) -> PlannedCar | None:
    """Return the planned car. `own_wh` is its measured energy. Raises WhatIfError without any."""
    if car is None or car.kwh is not None:
        return car
    if not own_wh.any():
        raise WhatIfError(WhatIfRefusal.NO_CAR)
    # A car that took more than the typed power has a higher power.
    return car._replace(kw=max(car.kw, float(own_wh.max()) / WH_A_KW))


def _saving_elsewhere(before: WhatIfYear, loaded: WhatIfYear, own: ClassYears) -> float:
    """Return the additional saving if unknown quarter-hours are like known quarter-hours.

    `before` is the year under the new contract. A new contract also counts for energy in unknown
    quarter-hours, so it has no such saving. `loaded` is the year with loads and sharing.
    """
    before_costs = before.costs(before.reference_kw) or own.now
    loaded_costs = loaded.costs(before.reference_kw) or own.then
    # Loads and sharing change each known import. Plan and battery also need the exports.
    effects = (
        (before_costs.total - loaded_costs.total, before.known_import_share),
        (loaded_costs.total - own.then.total, before.known_share),
    )
    return sum(effect / share - effect for effect, share in effects)


def _sharing(year: WhatIfYear, sharing: Sharing | None) -> Callable[[WhatIfYear], WhatIfYear]:
    """Return a function from a year to that year with the new share in a community."""
    if sharing is None:
        return lambda changed: changed
    group_wh, key = -panels(sharing.kwp)(year.table.quarter), sharing.key
    return lambda changed: changed.changed(shared_by(changed.table, group_wh, key))


def _powers(year: WhatIfYear, *, is_of_few: bool) -> Sequence[float]:
    """Return the reference powers with known prices, or few of them."""
    powers = sorted({*REFERENCE_POWERS, year.reference_kw})
    costs = {kw: known for kw in powers if (known := year.costs(kw))}
    return few_classes(costs, year.reference_kw) if is_of_few and costs else [*costs]


def sources_then(change: NewContract | None, own: PriceSources) -> PriceSources:
    """Return the market prices under a new contract. `own` are those of the present contract."""
    if change is None:
        return own
    terms, market = change.terms, change.market
    energy = None if terms.get("energy_margin") is None else market
    feed_in = own.feed_in
    if "feed_in_margin" in terms:
        feed_in = None if terms["feed_in_margin"] is None else market
    return PriceSources(BEGINNING, energy, feed_in)


def _under_new_contract(year: WhatIfYear, changes: Changes, own: PriceSources | None) -> WhatIfYear:
    """Return the year under the changed contract, with the energies of `year`."""
    terms = {**changes.contract.terms} if changes.contract else {}
    if changes.sharing:
        terms["community_price"] = changes.sharing.price
    contract = replace(year.contract, **terms)
    if changes.contract is None:
        return year._replace(prices=year.prices._replace(contract=contract))
    return year.under(contract, sources_then(changes.contract, own or PriceSources(BEGINNING)))


def few_classes(costs: Mapping[float, YearCosts], own_kw: float) -> list[float]:
    """Return at most four of the reference powers in `costs`, whose plans are worth computing.

    They are the own one, the cheapest one without a plan, the next larger one, and smaller ones. A
    plan lowers the power, so it favours smaller ones.
    """
    powers = sorted(costs)
    at = powers.index(min(powers, key=lambda kw: costs[kw].total))
    order = [*dict.fromkeys((own_kw, *powers[at : at + 2], *reversed(powers[:at])))]
    return [kw for kw in powers if kw in order[:_FEW]]


def _years(
    reference_kw: float, now: WhatIfYear, at_once: _Changed | None, then: _Changed
) -> ClassYears | None:
    """Return the years at `reference_kw`. Return None if a price is unknown."""
    costs_now, costs_then = now.costs(reference_kw), then.year.costs(reference_kw)
    if costs_now is None or costs_then is None:
        return None
    costs_at_once = at_once and at_once.year.costs(reference_kw)
    return ClassYears(costs_now, costs_at_once, costs_then, then.year.energies_a_year, then.battery)


def _by_class(
    year: WhatIfYear, battery: Battery | None, moment: datetime
) -> Callable[[float], _Changed]:
    """Return a function from a reference power to the year with a battery.

    Raises ValueError for an impossible battery.
    """
    if battery is None:
        return lambda _kw: _Changed(year)
    if not battery.is_possible:
        raise ValueError("there is no such battery")
    known, table, clock = year.known, year.table, year.clock
    quarters = BatteryQuarters(
        clock.day[known] - clock.day[0],
        clock.quarter[known] * 24 // A_DAY,
        table.imported[known],
        np.nan_to_num(table.exported[known]),
        prices_by_day(year, moment),
    )
    trial = BatteryTrial(quarters, battery, year.prices.excess or 0.0)
    exported_wh = float(quarters.exported_wh.sum())
    years: dict[float | None, _Changed] = {}

    def with_class(reference_kw: float) -> _Changed:
        # A reference power that is never exceeded does not change the simulation. So all such
        # reference powers share one run.
        key = reference_kw if trial.highest_wh > reference_kw * WH_A_KW else None
        if key not in years:
            run = trial.run(reference_kw)
            out_kwh = run.given_wh / sqrt(battery.efficiency) / 1000
            use = BatteryUse(
                cycles=out_kwh / battery.kwh * year.times_a_year,
                stored_share=run.stored_wh / exported_wh if exported_wh else None,
            )
            years[key] = _Changed(year.changed(_with_battery(year, run)), use)
        return years[key]

    return with_class


def _with_battery(year: WhatIfYear, run: BatteryRun) -> Table:
    """Return the year's table with the battery. All other rows stay as they were measured."""
    imported, exported = year.table.imported.copy(), year.table.exported.copy()
    imported[year.known], exported[year.known] = run.imported_wh, run.exported_wh
    return with_energies(year.table, imported, exported)
