"""Answers about the habits of a household.

- The usual energy and cost from midnight to this time of the day.
- The base load: the power that the household draws at all times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..advice.day_reason import ComparedCosts, DayReason, day_reason
from ..advice.night_base_load import base_load
from ..advice.period_costs import PeriodCosts, costs_between, costs_under, terms_at
from ..advice.solar_house import Supplies, delivered_until
from ..bill.bill_part_sums import month_share
from ..bill.household_state import HouseholdState
from ..bill.ledger import Ledger
from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR, day_end, day_start, quarter_start
from ..json_types import JsonDict
from ..prices.agreed_prices import older_prices_of, price_file
from ..prices.contract import Contracts
from ..prices.kwh_price import price_of_kwh, sum_of_known
from ..prices.published_prices import OlderPrices

_WEEKS = 4
_MIN_DAYS = 2
_HOURS_A_YEAR = 8760
_WEEK = timedelta(weeks=1)
_YEAR = timedelta(days=365)
_MARKET_MONTHS = 12


class SuppliedHouse(NamedTuple):
    """Inverters and batteries of a house. Their energy is known up to `until`, a quarter-hour."""

    supplies: Supplies
    until: datetime


class _UsualDay(NamedTuple):
    """A day up to this time of day: its values, and its costs as billed and under today's terms."""

    shown: Mapping[str, float | None]
    """Values whose means are shown, by the name in the answer."""
    billed: PeriodCosts | None
    under_today: PeriodCosts | None


def usual_report(household: HouseholdState, house: SuppliedHouse | None = None) -> JsonDict:
    """Return the usual energies, highest power and cost from midnight to this time of the day.

    All of them end at the same time, `until`: with a `house`, its energy is known up to this time.
    A usual value is the mean of the same weekday in the last four weeks. The key `usual` is None if
    fewer than two of these four days are known completely. While today's shared energy is unknown,
    the usual cost is the cost without sharing, so that it is comparable with today's cost. `reason`
    is the cause of today's difference, None if no cause explains it.
    """
    household = _shared_as_today(household)
    midnight = day_start(household.time)
    until = max(midnight, house.until) if house else household.time
    now, ledger = until.astimezone(LUXEMBOURG), household.ledger
    past = [(now - timedelta(weeks=week)).astimezone(UTC) for week in range(1, _WEEKS + 1)]
    days = [time for time in past if ledger.is_whole(day_start(time), day_end(time))]
    if len(days) < _MIN_DAYS:
        return {"until": until.isoformat(), "usual": None, "reason": None}
    terms, months = terms_at(ledger.contracts, until), month_share(midnight, until)
    found = [_usual_day(household, house, time, terms, months) for time in days]
    means = _means(found)
    older = OlderPrices.answer(older_prices_of(household.contracts, days))
    house_wh = sum_of_known([means["imported_wh"], means["own_wh"]], 3)
    usual = {"days": len(found), **means, "house_wh": house_wh, **older}
    return {
        "until": until.isoformat(),
        "usual": usual,
        "reason": _reason(household, house, until, found, means["own_wh"]),
    }


def _means(days: Sequence[_UsualDay]) -> dict[str, float | None]:
    """Return the mean of each shown value. A mean is None if the value of a day is unknown."""
    return {name: _mean([day.shown[name] for day in days]) for name in days[0].shown}


def _usual_day(
    household: HouseholdState,
    house: SuppliedHouse | None,
    until: datetime,
    terms: Contracts,
    months: float,
) -> _UsualDay:
    """Return the values of a known day up to the time `until`.

    The fixed prices of today are those of the share `months` of the month.
    """
    ledger, start = household.ledger, day_start(until)
    whole = quarter_start(until)
    energy = ledger.sums(start, whole)
    running = ledger.sums(whole, whole + QUARTER_HOUR)
    share = (until - whole) / QUARTER_HOUR
    peak = ledger.peak(start, whole)
    period = start, until, household.until
    billed = costs_between(ledger, *period)
    shown = {
        "imported_wh": energy.imported_wh + running.imported_wh * share,
        "exported_wh": energy.exported_wh + running.exported_wh * share,
        "peak_kw": peak.mean_kw if peak else 0.0,
        "cost": billed and billed.cost,
        "own_wh": _own_wh(ledger, house, until),
    }
    return _UsualDay(shown, billed, costs_under(terms, months, ledger, period))


def _own_wh(ledger: Ledger, house: SuppliedHouse | None, until: datetime) -> float | None:
    """Return the energy that the house used and did not draw from the grid, from midnight on.

    Return None if it is unknown.
    """
    if house is None:
        return None
    start = day_start(until)
    delivered = delivered_until(house.supplies, start, until, house.until)
    if delivered is None or not ledger.is_whole(start, until):
        return None
    if ledger.lacks_exports(start, until):
        return None
    return delivered * 1000 - ledger.sums(start, until).exported_wh


def _reason(
    household: HouseholdState,
    house: SuppliedHouse | None,
    until: datetime,
    usual: Sequence[_UsualDay],
    usual_own_wh: float | None,
) -> DayReason | None:
    """Return the cause of today's difference at the time `until`."""
    ledger = household.ledger_with_running
    now = costs_between(ledger, day_start(until), until, household.until)
    billed = [day.billed for day in usual if day.billed]
    under_today = [day.under_today for day in usual if day.under_today]
    if now is None or not len(billed) == len(under_today) == len(usual):
        return None
    own_wh, own = _own_wh(household.ledger, house, until), None
    if own_wh is not None and usual_own_wh is not None:
        own = own_wh / 1000, usual_own_wh / 1000
    return day_reason(
        ComparedCosts(now, PeriodCosts.mean(under_today), PeriodCosts.mean(billed), own)
    )


def _shared_as_today(household: HouseholdState) -> HouseholdState:
    """Return `household`, without the shared energy of all days if today's is unknown."""
    today, ledger = day_start(household.time), household.ledger
    if ledger.sums(today, day_end(today)).known_sharing_wh or not ledger.all.known_sharing_wh:
        return household
    return replace(household, ledger=ledger.without_sharing())


def _mean(values: Sequence[float | None]) -> float | None:
    total = sum_of_known(values)
    return None if total is None else round(total / len(values), 3)


def base_load_report(household: HouseholdState) -> JsonDict:
    """Return the base load and its cost as `always_on`, None if the base load is unknown."""
    return {"always_on": _always_on(household)}


def _always_on(household: HouseholdState) -> JsonDict | None:
    """Return the base load and its cost per year. Return None if the base load is unknown.

    The base load is the power that a household draws at all times. The lowest mean power of a
    quarter-hour from 2:00 to 5:00 is the value of a night. The base load is the median of these
    values over the last seven nights.
    """
    base = base_load(household.ledger.table, household.time)
    if base is None:
        return None
    price, older = _mean_price(household)
    cost = None if price is None else round(base.kw * _HOURS_A_YEAR * price, -1)
    answer = {"w": round(base.kw * 1000), "nights": base.nights, "cost_per_year": cost}
    return answer | OlderPrices.answer(older)


def _mean_price(household: HouseholdState) -> tuple[float | None, OlderPrices | None]:
    """Return the mean price in EUR of an imported kWh, and the older published prices that it uses.

    The mean price is None if a price is unknown.

    The price of a kWh can depend on the hour and on the weekday. So the result is the mean over all
    quarter-hours of the coming week.

    The caller computes the cost of a whole year from this price. So aids that end within a year are
    left out. If the price follows the market, the market price is assumed to be the mean of the
    last twelve months, weighted by the imported energy.
    """
    first = household.months[-_MARKET_MONTHS:][0].start
    market = household.ledger.sums(first, household.month.end).market_prices
    now = quarter_start(household.time)
    aids, published = household.contracts.aids_at(now + _YEAR), price_file().of_year_at(now)
    contracts = replace(household.contracts, aids=aids, published=published)
    prices = [
        price_of_kwh(contracts, now + n * QUARTER_HOUR, market)
        for n in range(_WEEK // QUARTER_HOUR)
    ]
    total = sum_of_known([price.imported for price in prices])
    mean = None if total is None else total / len(prices)
    return mean, None if mean is None else prices[0].prices_of
