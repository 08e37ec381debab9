"""Worth of a battery: the bills of a year without and with the battery, at today's prices.

    simulate_battery(demand, quarters, Battery(kwh=10, kw=5)).saving_low

- `battery_simulation.py` simulates the battery. The months without and with the battery are billed
  like measured months, once for each reference power.
- The saving is the cost of the year without the battery minus the cost with the battery. The two
  costs may be at different reference powers: each cost is taken at its cheapest reference power. So
  if another reference power is cheaper even without a battery, this advantage does not count as a
  saving of the battery.
- The saving is a range, because some quarter-hours are unknown. The lower end assumes that the
  battery saves nothing in an unknown quarter-hour. The upper end assumes that the battery saves as
  much in an unknown quarter-hour as in a known quarter-hour, on average.
- A published price that ends within a year, such as an aid of the State, is replaced by its
  successor.
- In a month with too few market prices for a bill, energy without a price costs the mean price of
  the year.
- With less than twelve whole months, all amounts are scaled to a year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import floor, sqrt
from typing import NamedTuple

from ..bill.bill import Bill, MonthPrices, compute_bill, lines_of, month_prices, monthly_lines
from ..bill.household_state import HouseholdState
from ..bill.month import NOTHING_ABOVE, Day, Month
from ..bill.month_sums import mean_market_prices
from ..history.market_prices import NO_MARKET_HOURS, MarketHours
from ..history.quarter_hour import QuarterHour
from ..prices.contract import BEGINNING, REFERENCE_POWERS, Contract, Contracts
from ..prices.network_prices import AgreedPrices, prices_of_year_at
from ..prices.price_file import NetworkPrices, OlderPrices
from .battery_day_prices import prices_by_day
from .battery_plan import DayPrices
from .battery_simulation import WH_A_KW, Battery, BatteryDay, BatteryRun, BatteryTrial, DayEnergies
from .months_for_battery import WhatIfError, WhatIfRefusal, WhatIfYear, year_of

_SURCHARGE = lines_of("surcharge")
_FEED_IN = lines_of("feed_in")


class YearCosts(NamedTuple):
    """Costs of a year in EUR. They include VAT if the contract has VAT, and add up to `total`.

    The revenue for exported energy is negative.
    """

    energy: float
    """Cost of all kWh: energy, grid, levies, and the energy community's own bill if its price is
    known."""
    surcharge: float
    feed_in: float
    fixed: float
    total: float

    @property
    def whole(self) -> YearCosts:
        """Return the costs in whole euros. They are rounded so that they still add up to the total.

        `fixed` is rounded first, so that it is equal without and with a battery.
        """
        fixed, total = round(self.fixed), round(self.total)
        parts = self[:3]
        whole = [floor(part) for part in parts]
        order = sorted(range(len(parts)), key=lambda n: whole[n] - parts[n])
        missing = total - fixed - sum(whole)
        for n in range(abs(missing)):
            whole[order[n % len(order)]] += 1 if missing > 0 else -1
        energy, surcharge, feed_in = whole
        return YearCosts(energy, surcharge, feed_in, fixed, total)


class ClassWithBattery(NamedTuple):
    """Yearly costs at one reference power, without and with the battery."""

    without: YearCosts
    with_battery: YearCosts
    cycles: float
    """Full discharges a year."""
    stored_share: float | None
    """Share of the exported energy that the battery stores, None without exports."""


class WhatIf(NamedTuple):
    """Result of the simulation: the worth of a battery."""

    start: datetime
    """Start of the first month, in Luxembourg's time."""
    end: datetime
    measured_days: int
    battery: Battery
    reference_kw: float
    """Present reference power in kW."""
    classes: Mapping[float, ClassWithBattery]
    """Costs by reference power in kW, for reference powers with a known price."""
    cheapest_without: float
    cheapest_with: float
    saving_low: float
    """Lower end of the yearly saving in EUR; below 0 if the battery causes additional cost."""
    saving_high: float
    """Upper end of the yearly saving, if unknown quarter-hours were like known quarter-hours."""
    has_vat: bool
    """Whether the amounts include VAT."""
    hourly_share: float | None
    """Share (0 to 1) of the known quarter-hours that have a market price for import. None if the
    price in the contract does not follow the market."""
    prices_of: OlderPrices | None
    """Older published prices that the costs use for a part of the year, otherwise None."""


def simulate_battery(
    demand: HouseholdState,
    quarters: Sequence[QuarterHour],
    battery: Battery,
    market: MarketHours = NO_MARKET_HOURS,
    feed_in_price: float | None = None,
) -> WhatIf:
    """Return the worth of a battery. `quarters` are the known quarter-hours in the order of time.

    `market` has the market's prices of past hours. `feed_in_price` is used in place of the feed-in
    price in the contract. It can be the mean price of a household that also sells to an energy
    community.

    Run this function in an executor, because the simulation takes a fifth of a second. Raises
    WhatIfError if the data does not suffice, and ValueError for an impossible battery.
    """
    if not battery.is_possible:
        message = "there is no such battery"
        raise ValueError(message)
    contract, own_kw = _contract_of(demand, feed_in_price)
    published = prices_of_year_at(demand.until)
    year = year_of(_months_of(demand), quarters, contract, market)
    if not contract.has_feed_in_price and any(month.exported_kwh for month in year.months):
        raise WhatIfError(WhatIfRefusal.NO_FEED_IN_PRICE)
    prices = prices_by_day(year.days, contract, demand.until, published)
    trial = _Trial(year, battery, contract, published, prices)
    classes = {}
    for reference_kw in sorted({*REFERENCE_POWERS, own_kw}):
        if result := trial.with_class(reference_kw):
            classes[reference_kw] = result
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
        saving_high=max(saving, saving + trial.spared_elsewhere(classes[with_battery])),
        has_vat=contract.has_vat,
        hourly_share=year.hourly_share if contract.energy_margin is not None else None,
        prices_of=AgreedPrices(contract, published).prices_of_classes(classes),
    )


def _contract_of(demand: HouseholdState, feed_in_price: float | None) -> tuple[Contract, float]:
    """Return the present contract and its reference power in kW.

    If `feed_in_price` is a number, it replaces the feed-in price in the contract. Raises
    WhatIfError if the reference power or the energy price is unknown.
    """
    contract = demand.contracts.at(demand.until)
    own_kw = contract.reference_kw
    if own_kw is None:
        raise WhatIfError(WhatIfRefusal.NO_REFERENCE_POWER)
    if not contract.has_energy_price:
        raise WhatIfError(WhatIfRefusal.NO_ENERGY_PRICE)
    if feed_in_price is not None:
        contract = replace(contract, feed_in_price=feed_in_price, feed_in_margin=None)
    return contract, own_kw


def _months_of(demand: HouseholdState) -> Sequence[Month]:
    """Return the last twelve months before the current month. Months without days are left out."""
    first = demand.month.start.replace(year=demand.month.start.year - 1)
    return [month for month in demand.earlier_months if month.start >= first and month.days]


class _Run(NamedTuple):
    """Days at one reference power: `before` without the battery, `after` with the battery."""

    before: Sequence[Day]
    battery: BatteryRun
    after: Sequence[Day]


class _Trial:
    """Simulation of one battery in one year. `with_class` runs it for any reference power."""

    def __init__(
        self,
        year: WhatIfYear,
        battery: Battery,
        contract: Contract,
        published: NetworkPrices,
        prices: Sequence[DayPrices],
    ) -> None:
        self._year = year
        self._battery = battery
        self._contract = contract
        self._published = published
        self._prices = AgreedPrices(contract, published)
        self._mean = mean_market_prices(day.day for day in year.days)
        self._hours = contract.second_hours if contract.has_second_price else None
        surcharge, vat_rate = self._prices.surcharge_on_top, self._prices.vat_rate
        self._trial = BatteryTrial(
            [
                BatteryDay(day.energies, day.hours, day_prices)
                for day, day_prices in zip(year.days, prices, strict=True)
            ],
            battery,
            (surcharge or 0.0) * (1 + (vat_rate or 0.0)),
        )
        self._runs: dict[float | None, _Run] = {}

    def with_class(self, reference_kw: float) -> ClassWithBattery | None:
        """Return the costs of the year at `reference_kw`. Return None if a price is unknown."""
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

    def spared_elsewhere(self, result: ClassWithBattery) -> float:
        """Return the additional yearly saving in EUR in the unknown quarter-hours.

        The battery is assumed to save as much in an unknown quarter-hour as in a known
        quarter-hour, on average. Return 0 if all quarter-hours are known.
        """
        saved = result.without.total - result.with_battery.total
        return saved / (self._year.known_share or 1.0) - saved

    def _with(self, reference_kw: float) -> Contract:
        fixed = self._prices.fixed(reference_kw)
        return replace(self._contract, reference_kw=reference_kw, network_fixed=fixed)

    def _run(self, reference_kw: float) -> _Run:
        # A reference power that is never exceeded does not change the simulation. So all such
        # reference powers share one run.
        is_exceeded = self._trial.highest_wh > reference_kw * WH_A_KW or any(
            day.day.above.get(reference_kw, NOTHING_ABOVE).energy_wh for day in self._year.days
        )
        key = reference_kw if is_exceeded else None
        if key not in self._runs:
            run = self._trial.run(reference_kw)
            before = [day.energies for day in self._year.days]
            self._runs[key] = _Run(
                self._changed(before, reference_kw), run, self._changed(run.days, reference_kw)
            )
        return self._runs[key]

    def _changed(self, days: Sequence[DayEnergies], reference_kw: float) -> Sequence[Day]:
        both = zip(self._year.days, days, strict=True)
        return [day.changed(energies, reference_kw, self._hours) for day, energies in both]

    def _costs(self, contract: Contract, days: Sequence[Day]) -> YearCosts | None:
        """Return the costs of a year from the bills of all months.

        Return None if a price is unknown.
        """
        bills = self._bills(contract, days)
        known = [(bill.total_with_community, bill.total) for bill in bills]
        totals = [
            total if with_community is None else with_community
            for with_community, total in known
            if total is not None
        ]
        if len(totals) < len(bills):
            return None
        times = self._year.times_a_year
        total = round(sum(totals) * times, 2)
        surcharge, feed_in, fixed = (
            round(_amount(bills, *names) * times, 2)
            for names in (_SURCHARGE, _FEED_IN, monthly_lines())
        )
        # Compute the energy's cost as the rest of the total, so that the rounded amounts add up to
        # the total.
        energy = round(total - surcharge - feed_in - fixed, 2)
        return YearCosts(energy, surcharge, feed_in, fixed, total)

    def _bills(self, contract: Contract, days: Sequence[Day]) -> list[Bill]:
        contracts = Contracts(((BEGINNING, contract),))
        return [
            compute_bill(
                month, contracts, month.end, self._published, self._month_prices(month, contracts)
            )
            for month in self._year.months_of(days)
        ]

    def _month_prices(self, month: Month, contracts: Contracts) -> MonthPrices | None:
        """Return the mean market prices of `month`.

        If a mean price of the month is unknown, use the mean price of the year. Return None if no
        price follows the market.
        """
        if self._contract.energy_margin is None and self._contract.feed_in_margin is None:
            return None
        mean, mean_sold, _ = month_prices(month, contracts, month.end)
        return MonthPrices(
            self._mean.energy if mean is None else mean,
            self._mean.feed_in if mean_sold is None else mean_sold,
            self._prices.vat_rate,
        )


def _amount(bills: Sequence[Bill], *names: str) -> float:
    """Return the total cost of the lines `names` on all bills."""
    return sum([bill.amount(*names) or 0.0 for bill in bills])
