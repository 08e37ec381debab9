"""Answers about the habits of a household.

- The usual energy and cost from midnight to this time of the day.
- The base load: the power that the household draws at all times.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from statistics import fmean, median
from typing import Any, NamedTuple

from ..advice.day_reason import PartOfDay, day_reason
from ..advice.night_load import KnownQuarter, known_quarters, night_quarters
from ..advice.solar_house import Supply, delivered_until
from ..bill.household_state import HouseholdState
from ..bill.quarter_hour_views import QuarterHours
from ..history.calendar import LUXEMBOURG, QUARTER_HOUR, day_end, day_start, quarter_start
from ..history.market_prices import NO_PRICES
from ..prices.contract import Contracts
from ..prices.kwh_price import KwhPrice, excess_price, price_of_kwh
from ..prices.network_prices import AgreedPrices, prices_of_year_at
from ..prices.price_file import OlderPrices
from .days import days_report

_WEEKS = 4
_MIN_DAYS = 2
_MEANS = ("imported_wh", "exported_wh", "peak_kw", "cost", "surcharge", "own_wh")
_NIGHTS = 7
_MIN_NIGHTS = 3
_HOURS_A_YEAR = 8760
_A_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_YEAR = timedelta(days=365)
_MARKET_MONTHS = 12


class SuppliedHouse(NamedTuple):
    """Inverters and batteries of a house. Their energy is known up to `until`, a quarter-hour."""

    supplies: Sequence[Supply]
    until: datetime


class _Sums(NamedTuple):
    """Energies and highest power of a part of a day. `weight` is the sum of energy times price."""

    imported_wh: float
    exported_wh: float
    peak_kw: float
    weight: float
    surcharge: float


def usual_report(
    demand: HouseholdState, known: QuarterHours, house: SuppliedHouse | None = None
) -> dict[str, Any]:
    """Return the usual energies, highest power and cost from midnight to this time of the day.

    A usual value is the mean of the same weekday in the last four weeks. The key `usual` is None if
    fewer than two of these four days are known completely. While today's shared energy is unknown,
    the usual cost is the cost without sharing, so that it is comparable with today's cost. `reason`
    is the largest cause of today's difference, None if it is unknown.
    """
    demand = _shared_as_today(demand)
    now = demand.time.astimezone(LUXEMBOURG)
    past = [now - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    first = past[-1].date()
    costs = {
        day["day"]: day for day in days_report(demand, known, first, now.date() + _A_DAY)["days"]
    }
    found = {
        until: sums | {"own_wh": _own_wh(known, house, week)}
        for week, until in enumerate(past, 1)
        if (sums := _until(until, known, demand.contracts, costs.get(until.date().isoformat())))
    }
    if len(found) < _MIN_DAYS:
        return {"until": demand.time.isoformat(), "usual": None, "reason": None}
    means = {name: _mean([day[name] for day in found.values()]) for name in _MEANS}
    reason = _reason(demand, costs.get(now.date().isoformat()), means, _own_wh(known, house))
    del means["surcharge"]
    prices = (AgreedPrices.at(demand.contracts.at(day), day) for day in found)
    older = OlderPrices.answer(OlderPrices.joined(agreed.prices_of for agreed in prices))
    usual = {"days": len(found), **means, "house_wh": _sum(means, "imported_wh", "own_wh"), **older}
    return {"until": demand.time.isoformat(), "usual": usual, "reason": reason}


def _sum(values: Mapping[str, float | None], *names: str) -> float | None:
    known = [value for name in names if (value := values[name]) is not None]
    return round(sum(known), 3) if len(known) == len(names) else None


def _own_wh(known: QuarterHours, house: SuppliedHouse | None, week: int = 0) -> float | None:
    """Return the energy that the house used and did not draw from the grid, from midnight on.

    The day is today or, with `week`, as many weeks ago. It is counted up to the clock time until
    which the energy of the supplies is known. Return None if it is unknown.
    """
    if house is None:
        return None
    until = house.until.astimezone(LUXEMBOURG) - timedelta(weeks=week)
    start, end = day_start(until), until.astimezone(UTC)
    exported_wh = known.values("exported", start, end)
    delivered = delivered_until(house.supplies, start, end, house.until)
    known_wh = [wh for wh in exported_wh if wh is not None]
    if delivered is None or len(known_wh) < (end - start) // QUARTER_HOUR:
        return None
    return delivered * 1000 - sum(known_wh)


def _reason(
    demand: HouseholdState,
    today: dict[str, Any] | None,
    usual: dict[str, float | None],
    own_wh: float | None,
) -> str | None:
    if today is None:
        return None
    names = "imported_wh", "exported_wh", "cost", "surcharge"
    day = _part_of_day([*map((today | {"surcharge": today["cost_above"]}).get, names)], own_wh)
    usual_day = _part_of_day([*map(usual.get, names)], usual["own_wh"])
    return day and usual_day and day_reason(day, usual_day, _mean_price_of_day(demand))


def _part_of_day(values: Sequence[float | None], own_wh: float | None) -> PartOfDay | None:
    """Return a part of a day from energies in Wh and amounts in EUR, None if one is unknown."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    imported_wh, exported_wh, cost, surcharge = known
    own = None if own_wh is None else own_wh / 1000
    return PartOfDay(cost, imported_wh / 1000, exported_wh / 1000, surcharge, own)


def _mean_price_of_day(demand: HouseholdState) -> KwhPrice:
    """Return the mean price of a kWh today, at the mean market prices of the month."""
    market = demand.month.sums.market_prices
    start = day_start(demand.time)
    prices = [
        price_of_kwh(demand.contracts, start + n * QUARTER_HOUR, market)
        for n in range((day_end(demand.time) - start) // QUARTER_HOUR)
    ]
    imported = [price.imported for price in prices if price.imported is not None]
    exported = [price.exported for price in prices if price.exported is not None]
    return KwhPrice(
        fmean(imported) if len(imported) == len(prices) else None,
        fmean(exported) if exported else None,
    )


def _shared_as_today(demand: HouseholdState) -> HouseholdState:
    """Return `demand`, without the shared energy of all days if today's is unknown."""
    today, ledger = day_start(demand.time), demand.ledger
    if ledger.sums(today, day_end(today)).known_sharing_wh or not ledger.all.known_sharing_wh:
        return demand
    return replace(demand, ledger=ledger.without_sharing())


def _until(
    until: datetime, known: QuarterHours, contracts: Contracts, costs: dict[str, Any] | None
) -> dict[str, float | None] | None:
    """Return the energies, the highest power and the cost of a day from midnight to `until`.

    `costs` has the costs of the whole day. Return None if `costs` is None, or if a quarter-hour of
    the day is unknown.
    """
    start, end = day_start(until), day_end(until)
    quarters = known_quarters(known, start, end)
    if costs is None or len(quarters) < (end - start) // QUARTER_HOUR or None in quarters:
        return None
    part = _sums(_part(quarters, start, until), contracts)
    day = _sums(((quarter, 1.0) for quarter in quarters if quarter), contracts)
    used, fixed, sold = costs["cost_used"], costs["cost_fixed"], costs["feed_in"]
    cost = None
    if used is not None and fixed is not None:
        # Compute the part of the day's costs that belongs to the time before `until`. The cost of
        # the used energy is divided in proportion to energy times price. The fixed costs are
        # divided in proportion to time.
        cost = used * _ratio(part.weight, day.weight) + fixed * ((until - start) / (end - start))
        cost += (sold or 0.0) * _ratio(part.exported_wh, day.exported_wh)
    return {
        "imported_wh": part.imported_wh,
        "exported_wh": part.exported_wh,
        "peak_kw": part.peak_kw,
        "cost": cost,
        "surcharge": part.surcharge,
    }


def _part(
    quarters: Sequence[KnownQuarter | None], start: datetime, until: datetime
) -> Iterator[tuple[KnownQuarter, float]]:
    """Yield the known quarter-hours that begin before `until`.

    Each quarter-hour comes with the share (0 to 1) of its time that lies before `until`. `quarters`
    begin at `start`.
    """
    for n, quarter in enumerate(quarters):
        share = min(1.0, (until - start) / QUARTER_HOUR - n)
        if quarter and share > 0:
            yield quarter, share


def _sums(parts: Iterator[tuple[KnownQuarter, float]], contracts: Contracts) -> _Sums:
    imported = exported = peak = weight = surcharge = 0.0
    for (start, wh, fed_wh), share in parts:
        contract = contracts.at(start)
        price = price_of_kwh(contracts, start, NO_PRICES).imported
        above_wh = max(0.0, wh - (contract.reference_kw or 0.0) * 250)
        # A price that follows the market is unknown, because past market prices are not stored.
        # Without a price, all kWh have the same weight.
        more = above_wh * (excess_price(contract, start) or 0.0)
        surcharge += more / 1000 * share
        weight += (wh if price is None else wh * price + more) * share
        imported += wh * share
        exported += fed_wh * share
        peak = max(peak, wh / 250) if share == 1 else peak
    return _Sums(imported, exported, peak, weight, surcharge)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return round(sum(numbers) / len(numbers), 3) if len(numbers) == len(values) else None


def highlights_report(demand: HouseholdState, known: QuarterHours) -> dict[str, Any]:
    """Return the base load of the household."""
    return {"always_on": _always_on(demand, known)}


def _always_on(demand: HouseholdState, known: QuarterHours) -> dict[str, Any] | None:
    """Return the base load and its cost per year. Return None if the base load is unknown.

    The base load is the power that a household draws at all times. The lowest mean power of a
    quarter-hour from 2:00 to 5:00 is the value of a night. The base load is the median of these
    values over the last seven nights.
    """
    today = day_start(demand.time)
    midnights = [day_start(today - timedelta(days=n) + timedelta(hours=12)) for n in range(_NIGHTS)]
    nights = [night for midnight in midnights if (night := night_quarters(known, midnight))]
    # If a household exports energy at night, it probably has a battery. A battery can supply the
    # base load, so the meter does not show the base load.
    if len(nights) < _MIN_NIGHTS or any(quarter.exported_wh for quarter in chain(*nights)):
        return None
    least = [min(quarter.imported_wh for quarter in night) / 250 for night in nights]
    kw = round(median(least), 2)
    price, older = _mean_price(demand)
    cost = None if price is None else round(kw * _HOURS_A_YEAR * price, -1)
    answer = {"w": round(kw * 1000), "nights": len(least), "cost_per_year": cost}
    return answer | OlderPrices.answer(older)


def _mean_price(demand: HouseholdState) -> tuple[float | None, OlderPrices | None]:
    """Return the mean price in EUR of an imported kWh, and the older published prices that it uses.

    The mean price is None if a price is unknown.

    The price of a kWh can depend on the hour and on the weekday. So the result is the mean over all
    quarter-hours of the coming week.

    The caller computes the cost of a whole year from this price. So aids that end within a year are
    left out. If the price follows the market, the market price is assumed to be the mean of the
    last twelve months, weighted by the imported energy.
    """
    first = demand.months[-_MARKET_MONTHS:][0].start
    market = demand.ledger.sums(first, demand.month.end).market_prices
    now = quarter_start(demand.time)
    contracts = replace(demand.contracts, aids=demand.contracts.aids_at(now + _YEAR))
    published = prices_of_year_at(now)
    prices = [
        price_of_kwh(contracts, now + n * QUARTER_HOUR, market, published)
        for n in range(_WEEK // QUARTER_HOUR)
    ]
    known_prices = [price.imported for price in prices if price.imported is not None]
    mean = fmean(known_prices) if len(known_prices) == len(prices) else None
    return mean, None if mean is None else prices[0].prices_of
