"""What a battery would be worth: the bills of a year with it and without, at today's prices.

    what_if(demand, quarters, Battery(kwh=10, kw=5)).saving_low

- `battery.py` says what it would have done; the months are then billed like any other, with every
  reference power. So what is said without a battery is what the bills say.
- The saving is between the two years each at the reference power that is then the cheapest: what
  another class would save without a battery is not the battery's.
- It is a range. The lower end is the careful one: where energy was drawn and fed in within one
  quarter-hour, the battery gets the difference alone, and where nothing is known, it does nothing.
  The upper end is without that care: both at once, and the hours that are not known as the others.
- Of less than twelve whole months, all amounts are those of a year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from math import floor, sqrt
from typing import NamedTuple

from .battery import WH_A_KW, Battery, BatteryRun, DayWithBattery, run_battery
from .bill import Bill, bill, lines_of
from .contract import BEGINNING, REFERENCE_POWERS, Contract, Contracts
from .demand_snapshot import Demand
from .month import NOTHING_ABOVE, Day, Month, QuarterHour
from .network_prices import AgreedPrices, NetworkPrices, network_prices
from .what_if_year import (
    WhatIfError,
    WhatIfRefusal,
    WhatIfYear,
    year_of,
)

_ENERGY = ("energy", "energy_second", "network_variable", *lines_of("levies"))
_SURCHARGE = lines_of("surcharge")
_FEED_IN = lines_of("feed_in")
_FIXED = ("energy_fee", "discount", "network_fixed", "meter")


class YearCosts(NamedTuple):
    """What a year costs, with VAT; what is paid out is below 0. The parts add up to the total."""

    energy: float
    """Of each kWh: the supplier's, the grid's and the levies."""
    surcharge: float
    feed_in: float
    fixed: float
    total: float

    @property
    def whole(self) -> YearCosts:
        """Return whole euros, by the largest remainder so that they add up, too.

        What is fixed is rounded by itself: it is the same with a battery and without.
        """
        fixed, total = round(self.fixed), round(self.total)
        others = self[:3]
        whole = [floor(each) for each in others]
        order = sorted(range(len(others)), key=lambda n: whole[n] - others[n])
        missing = total - fixed - sum(whole)
        for n in range(abs(missing)):
            whole[order[n % len(order)]] += 1 if missing > 0 else -1
        energy, surcharge, feed_in = whole
        return YearCosts(energy, surcharge, feed_in, fixed, total)


class ClassWithBattery(NamedTuple):
    """A reference power, without the battery and with it."""

    without: YearCosts
    with_battery: YearCosts
    """By the careful reading of the quarter-hours."""
    cycles: float
    """How often a year the whole battery is given out."""
    stored_share: float | None
    """Of what was fed in: what is stored. None where nothing was fed in."""


class WhatIf(NamedTuple):
    """What a battery would be worth."""

    start: datetime
    """Of the first month, in Luxembourg's time."""
    end: datetime
    measured_days: int
    battery: Battery
    reference_kw: float
    """The present one."""
    classes: Mapping[float, ClassWithBattery]
    """By reference power: those whose price is known."""
    cheapest_without: float
    cheapest_with: float
    saving_low: float
    """What the battery saves, each year at its cheapest class; below 0 it costs more."""
    saving_high: float
    """The same without care; never less."""


def what_if(demand: Demand, quarters: Sequence[QuarterHour], battery: Battery) -> WhatIf:
    """Return what a battery would be worth, by the known quarter-hours in the order of their time.

    It takes a tenth of a second: do it where nobody waits. Raises WhatIfError where nothing can be
    said, and ValueError for a battery that cannot be.
    """
    if not battery.is_possible:
        message = "there is no such battery"
        raise ValueError(message)
    contract = demand.contracts.at(demand.until)
    published = network_prices(demand.until)
    own_kw = contract.reference_kw
    if own_kw is None:
        raise WhatIfError(WhatIfRefusal.NO_REFERENCE_POWER)
    if not contract.has_energy_price:
        raise WhatIfError(WhatIfRefusal.NO_ENERGY_PRICE)
    year = year_of(_months_of(demand), quarters, contract)
    if not contract.has_feed_in_price and any(month.exported_kwh for month in year.months):
        raise WhatIfError(WhatIfRefusal.NO_FEED_IN_PRICE)
    trial = _Trial(year, battery, contract, published)
    classes = {}
    for reference_kw in sorted({*REFERENCE_POWERS, own_kw}):
        if found := trial.with_class(reference_kw):
            classes[reference_kw] = found
    if own_kw not in classes:
        raise WhatIfError(WhatIfRefusal.NO_NETWORK_PRICE)
    without = min(classes, key=lambda kw: classes[kw].without.total)
    with_battery = min(classes, key=lambda kw: classes[kw].with_battery.total)
    saving = classes[without].without.total - classes[with_battery].with_battery.total
    return WhatIf(
        start=year.months[0].since or year.months[0].start,
        end=year.months[-1].end,
        measured_days=year.measured_days,
        battery=battery,
        reference_kw=own_kw,
        classes=classes,
        cheapest_without=without,
        cheapest_with=with_battery,
        saving_low=saving,
        saving_high=saving + trial.spared_without_care(with_battery, classes[with_battery]),
    )


def _months_of(demand: Demand) -> Sequence[Month]:
    """Return the twelve months before the running one, as far as anything is known of them."""
    first = demand.month.start.replace(year=demand.month.start.year - 1)
    return [month for month in demand.earlier_months if month.start >= first and month.days]


class _Run(NamedTuple):
    """What a battery would have done at a reference power, and the days that this makes."""

    before: Sequence[Day]
    battery: BatteryRun
    after: Sequence[Day]


class _Trial:
    """A year with a battery, at one reference power after the other."""

    def __init__(
        self,
        year: WhatIfYear,
        battery: Battery,
        contract: Contract,
        published: NetworkPrices | None,
    ) -> None:
        self._year = year
        self._battery = battery
        self._contract = contract
        self._published = published
        self._prices = AgreedPrices(contract, published)
        self._hours = contract.second_hours if contract.has_second_price else None
        self._days = [known.energies for known in year.days]
        self._highest_wh = max([max(day.imported_wh, default=0.0) for day in self._days])
        self._has_both = any(
            drawn_wh and fed_wh for day in self._days for drawn_wh, fed_wh in zip(*day, strict=True)
        )
        self._runs: dict[float | None, _Run] = {}

    def with_class(self, reference_kw: float) -> ClassWithBattery | None:
        """Return the year with a class; None where a price of it is not known."""
        run, contract = self._run(reference_kw), self._with(reference_kw)
        without, after = self._costs(contract, run.before), self._costs(contract, run.after)
        if without is None or after is None:
            return None
        out_kwh = run.battery.given_wh / sqrt(self._battery.efficiency) / 1000
        exported_wh = self._year.exported_wh
        return ClassWithBattery(
            without=without,
            with_battery=after,
            cycles=out_kwh / self._battery.kwh * self._year.times_a_year,
            stored_share=run.battery.stored_wh / exported_wh if exported_wh else None,
        )

    def spared_without_care(self, reference_kw: float, careful: ClassWithBattery) -> float:
        """Return how much more a battery saves with a class where all that is unknown helps it."""
        best = careful.with_battery
        if self._has_both:
            run = self._with_battery(reference_kw, is_both_at_once=True)
            days = self._changed(run.days, reference_kw)
            best = self._costs(self._with(reference_kw), days) or best
        # As if what is not known were like what is.
        saved = (careful.without.total - best.total) / (self._year.known_share or 1.0)
        return max(0.0, saved - (careful.without.total - careful.with_battery.total))

    def _with(self, reference_kw: float) -> Contract:
        fixed = self._prices.fixed(reference_kw)
        return replace(self._contract, reference_kw=reference_kw, network_fixed=fixed)

    def _run(self, reference_kw: float) -> _Run:
        # Where nothing is above, it does not matter of how much.
        is_exceeded = self._highest_wh > reference_kw * WH_A_KW or any(
            known.day.above.get(reference_kw, NOTHING_ABOVE).energy_wh for known in self._year.days
        )
        key = reference_kw if is_exceeded else None
        if key not in self._runs:
            run = self._with_battery(reference_kw, is_both_at_once=False)
            unchanged = [DayWithBattery(day.imported_wh, 0.0) for day in self._days]
            self._runs[key] = _Run(
                self._changed(unchanged, reference_kw), run, self._changed(run.days, reference_kw)
            )
        return self._runs[key]

    def _with_battery(self, reference_kw: float, *, is_both_at_once: bool) -> BatteryRun:
        return run_battery(
            self._days,
            self._battery,
            reference_kw,
            may_charge=self._may_charge,
            is_both_at_once=is_both_at_once,
        )

    def _changed(self, days: Sequence[DayWithBattery], reference_kw: float) -> Sequence[Day]:
        both = zip(self._year.days, days, strict=True)
        return [known.changed(each, reference_kw, self._hours) for known, each in both]

    @cached_property
    def _may_charge(self) -> bool:
        """Return whether the surcharge of a kWh is more than what is lost in charging it."""
        bills = self._bills(self._contract, [known.day for known in self._year.days])
        kwh = sum([month.imported_kwh for month in self._year.months])
        more, vat_rate = self._prices.surcharge_on_top, self._prices.vat_rate
        if not kwh or more is None or vat_rate is None:
            return False
        lost = 1 / self._battery.efficiency - 1
        return more * (1 + vat_rate) > lost * _amount(bills, *_ENERGY) / kwh

    def _costs(self, contract: Contract, days: Sequence[Day]) -> YearCosts | None:
        """Return the bills of the months together, None where a price is not known."""
        bills = self._bills(contract, days)
        totals = [each.total for each in bills if each.total is not None]
        if len(totals) < len(bills):
            return None
        times = self._year.times_a_year
        total = round(sum(totals) * times, 2)
        surcharge, feed_in, fixed = (
            round(_amount(bills, *names) * times, 2) for names in (_SURCHARGE, _FEED_IN, _FIXED)
        )
        # Each is rounded: what is left of that is on the largest one.
        energy = round(total - surcharge - feed_in - fixed, 2)
        return YearCosts(energy, surcharge, feed_in, fixed, total)

    def _bills(self, contract: Contract, days: Sequence[Day]) -> list[Bill]:
        contracts = Contracts(((BEGINNING, contract),))
        return [
            bill(month, contracts, month.end, self._published)
            for month in self._year.months_of(days)
        ]


def _amount(bills: Sequence[Bill], *names: str) -> float:
    """Return what lines cost with VAT, on all bills together."""
    return sum([each.amount(*names) or 0.0 for each in bills])
