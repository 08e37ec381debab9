"""Costs of a household's year now and with changes, at today's prices.

    compare_years(state, Changes(loads=[car(kwh=8, kw=11)], battery=Battery(10, 5))).saving

- A new contract changes only the prices. Loads and sharing change the energies of the year
  (`what_if_tables.py`). Then `planned_car_year.py` plans a car, and `battery_simulation.py`
  simulates the battery, once for each reference power. `what_if_year.py` bills both years.
- The saving is the cost of the present year minus the cost of the changed year. The two costs may
  be at different reference powers: each cost is taken at its cheapest reference power. So if
  another reference power is cheaper even without a change, this advantage does not count as a
  saving of the change.
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
from .what_if_tables import Load, measured_wh, panels, shared_by, with_energies, with_load
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
    loads: Sequence[Load] = ()
    """Loads in any order. The load of solar panels is below 0."""
    sharing: Sharing | None = None
    battery: Battery | None = None
    car: PlannedCar | None = None
    """Car that follows a plan. Now, it charges with full power as soon as it is plugged in."""
    own_car: Sequence[LoadEnergy] = ()
    """Measured energy of the car in the past, in place of which it is planned anew."""
    is_as_measured: bool = False
    """Whether the present year is as it was measured, and each night needs its measured energy."""
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
    then: YearCosts
    energies: YearEnergies
    """Energies with the changes."""
    battery: BatteryUse | None
    """None without a battery."""


class WhatIf(NamedTuple):
    """Comparison of a year with the year as it would be with changes."""

    now: WhatIfYear
    then: WhatIfYear
    """Year with the changes, but not of the planned car and the battery: these depend on the class.
    """
    classes: Mapping[float, ClassYears]
    """Years by reference power in kW, for reference powers with a known price."""
    cheapest_now: float
    cheapest_then: float
    saving: float
    """Yearly saving in EUR, below 0 for additional cost, without the unknown quarter-hours."""
    saving_elsewhere: float
    """Additional saving if unknown quarter-hours are like known quarter-hours."""


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
    now = _year_now(year, changes, own_wh)
    before = _under_new_contract(now, changes, sources)
    table = _under_new_contract(year, changes, sources).table
    table = reduce(with_load, changes.loads, table)
    if changes.sharing:
        group_wh = -panels(changes.sharing.kwp)(table.quarter)
        table = shared_by(table, group_wh, changes.sharing.key)
    then = before.changed(table)
    then.check_prices()
    changed = _changed_by_class(then, changes, state.until, own_wh)
    costs = _costs_by_class(now, is_of_few=changes.is_of_few)
    years = {kw: _years(of_now, changed(kw), kw) for kw, of_now in costs.items()}
    classes = {kw: of_class for kw, of_class in years.items() if of_class}
    if now.reference_kw not in classes:
        raise WhatIfError(WhatIfRefusal.NO_NETWORK_PRICE)
    cheapest_now = min(classes, key=lambda kw: classes[kw].now.total)
    cheapest_then = min(classes, key=lambda kw: classes[kw].then.total)
    of_class = classes[cheapest_then]
    # A new contract also counts for energy in unknown quarter-hours, so it has no such effect.
    before_costs = before.costs(cheapest_then) or of_class.now
    without = then.costs(cheapest_then) or of_class.then
    # Loads and sharing change each known import. Battery and planned car also need the exports.
    effects = (
        (before_costs.total - without.total, now.known_import_share),
        (without.total - of_class.then.total, now.known_share),
    )
    return WhatIf(
        now,
        then,
        classes,
        cheapest_now,
        cheapest_then,
        saving=classes[cheapest_now].now.total - of_class.then.total,
        saving_elsewhere=sum(effect / share - effect for effect, share in effects),
    )


def _year_now(year: WhatIfYear, changes: Changes, own_wh: Floats) -> WhatIfYear:
    """Return the year with which a planned car is compared: as it was, or with the car at once.

    Raises WhatIfError if the car took no energy in the year as it was.
    """
    if changes.is_as_measured and not own_wh.any():
        raise WhatIfError(WhatIfRefusal.NO_CAR)
    if changes.car is None or changes.is_as_measured:
        return year
    return changes.car.at_once(year, own_wh)


def _costs_by_class(year: WhatIfYear, *, is_of_few: bool) -> Mapping[float, YearCosts]:
    """Return the costs of `year` at each reference power with known prices, or at few of them."""
    powers = sorted({*REFERENCE_POWERS, year.reference_kw})
    costs = {kw: known for kw in powers if (known := year.costs(kw))}
    if not is_of_few or not costs:
        return costs
    return {kw: costs[kw] for kw in few_classes(costs, year.reference_kw)}


def _changed_by_class(
    year: WhatIfYear, changes: Changes, moment: datetime, own_wh: Floats
) -> Callable[[float], tuple[WhatIfYear, BatteryUse | None]]:
    """Return a function from a reference power to the year with the planned car and the battery.

    Raises ValueError for an impossible battery.
    """
    plan = None
    if changes.car:
        plan = planned_by_class(
            year, changes.car, moment, own_wh, is_as_measured=changes.is_as_measured
        )
    if plan is None and changes.battery:
        return _battery_by_class(year, changes.battery, moment)

    def changed(reference_kw: float) -> tuple[WhatIfYear, BatteryUse | None]:
        planned = plan(reference_kw) if plan else year
        if changes.battery is None:
            return planned, None
        return _battery_by_class(planned, changes.battery, moment)(reference_kw)

    return changed


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
    costs_now: YearCosts,
    changed: tuple[WhatIfYear, BatteryUse | None],
    reference_kw: float,
) -> ClassYears | None:
    """Return the years at `reference_kw`. Return None if a price is unknown."""
    then, battery = changed
    costs_then = then.costs(reference_kw)
    if costs_then is None:
        return None
    return ClassYears(costs_now, costs_then, then.energies_a_year, battery)


def _battery_by_class(
    year: WhatIfYear, battery: Battery, moment: datetime
) -> Callable[[float], tuple[WhatIfYear, BatteryUse]]:
    """Return a function from a reference power to the year with a battery.

    Raises ValueError for an impossible battery.
    """
    if not battery.is_possible:
        message = "there is no such battery"
        raise ValueError(message)
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
    years: dict[float | None, tuple[WhatIfYear, BatteryUse]] = {}

    def with_class(reference_kw: float) -> tuple[WhatIfYear, BatteryUse]:
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
            years[key] = year.changed(_with_battery(year, run)), use
        return years[key]

    return with_class


def _with_battery(year: WhatIfYear, run: BatteryRun) -> Table:
    """Return the year's table with the battery. All other rows stay as they were measured."""
    imported, exported = year.table.imported.copy(), year.table.exported.copy()
    imported[year.known], exported[year.known] = run.imported_wh, run.exported_wh
    return with_energies(year.table, imported, exported)
