"""Answer about the energy of a house: what its devices, its base load and the rest used."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..advice.energy_shares import (
    EnergyShares,
    HouseDevice,
    HouseSources,
    Share,
    always_on_kw,
    energy_shares,
    house_hours,
)
from ..advice.night_load import night_quarters
from ..bill.household_state import HouseholdState
from ..bill.quarter_hour_views import QuarterHours
from ..history.calendar import LUXEMBOURG, day_end, day_start
from ..prices.network_prices import AgreedPrices
from ..prices.price_file import OlderPrices
from .days import days_report

YESTERDAY, MONTH = "yesterday", "month"
_HOUR = timedelta(hours=1)
_NIGHTS = 7
_INVERTER, _DEVICES = "inverter", "devices"


def period_of(name: str, demand: HouseholdState) -> tuple[datetime, datetime]:
    """Return start and end of yesterday, or of the whole days of the month. Both are midnights."""
    end = day_start(demand.time)
    yesterday = day_start(end - _HOUR)
    if name == YESTERDAY:
        return yesterday, end
    return min(day_start(demand.month_start), end), end


def shares_report(
    demand: HouseholdState, known: QuarterHours, sources: HouseSources, name: str
) -> dict[str, Any]:
    """Return the energies and costs of a period. The costs and the foot add up to its bill.

    `name` is YESTERDAY or MONTH. Without an inverter, the energy of a house that exports is not
    known: only its devices are. Costs are None while a price is unknown.
    """
    start, end = period_of(name, demand)
    hours = [start + n * _HOUR for n in range((end - start) // _HOUR)]
    house = house_hours(sources, demand.ledger, demand.until, hours)
    nights = _nights(known, start if name == MONTH else end - timedelta(days=_NIGHTS), end)
    base_kw = always_on_kw(nights, sources.devices)
    shares = energy_shares(hours, house, sources.devices, base_kw)
    lack = _lack(shares, sources, has_exported=any(map(house.exported.get, hours)))
    is_blind = lack == _INVERTER
    foot = _foot(demand, known, start, end)
    used = foot.pop("used")
    cost = None if used is None or is_blind else round(used - foot["above"], 2)
    return {
        "period": name,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "house_wh": None if is_blind else round(shares.house.kwh * 1000),
        "cost": cost,
        "always_on_w": None if base_kw is None else round(base_kw * 1000),
        "rows": _rows(shares, sources.devices, hours, cost, is_whole=lack is None),
        **foot,
        **({} if cost is None else _older_prices(demand, start, end)),
        "lack": lack,
    }


def _older_prices(demand: HouseholdState, start: datetime, end: datetime) -> dict[str, Any]:
    """Return the older published prices that the period's costs use, {} if they use none."""
    days = [start]
    while (following := day_end(days[-1])) < end:
        days.append(following)
    prices = (AgreedPrices.at(demand.contracts.at(day), day).prices_of for day in days)
    return OlderPrices.answer(OlderPrices.joined(prices))


def _lack(shares: EnergyShares, sources: HouseSources, *, has_exported: bool) -> str | None:
    """Return why the rest is unknown, None if it is known."""
    if has_exported and not sources.supplies:
        return _INVERTER
    return _DEVICES if shares.is_impossible else None


def _rows(
    shares: EnergyShares,
    devices: Sequence[HouseDevice],
    hours: Sequence[datetime],
    cost: float | None,
    *,
    is_whole: bool,
) -> list[dict[str, Any]]:
    """Return the rows by energy, the rest last. Without `is_whole`, return only the devices.

    `cost` is the sum of all rows. If it is None, the rows have no cost.
    """
    rows = [
        _row(device.name, "device", share, cost) | {"unknown_days": _unknown_days(device, hours)}
        for device, share in zip(devices, shares.devices, strict=True)
    ]
    if is_whole and shares.always_on:
        rows.append(_row(None, "always_on", shares.always_on, cost))
    rows.sort(key=lambda row: -row["wh"])
    if is_whole:
        rest = _row(None, "else", shares.rest, cost)
        if cost is not None:
            # The bill rounds its lines. The cents that the hours lack belong to the rest.
            rest["cost"] = round(cost - sum(row["cost"] for row in rows), 2) or 0.0
        rows.append(rest)
    return rows


def _unknown_days(device: HouseDevice, hours: Sequence[datetime]) -> int:
    """Return on how many days the recorder lacks an hour of a device. Its energy is in the rest."""
    return len({day_start(hour) for hour in hours if hour.astimezone(UTC) not in device.kwh})


def _nights(
    known: QuarterHours, start: datetime, end: datetime
) -> list[tuple[float, list[datetime]]]:
    """Return the lowest mean power in kW and the hours of each known night."""
    nights = []
    midnight = day_start(start)
    while midnight < end:
        if quarters := night_quarters(known, midnight):
            lowest = min(quarter.imported_wh for quarter in quarters) / 250
            hours = sorted({quarter.start.replace(minute=0) for quarter in quarters})
            nights.append((lowest, hours))
        midnight = day_end(midnight)
    return nights


def _foot(
    demand: HouseholdState, known: QuarterHours, start: datetime, end: datetime
) -> dict[str, Any]:
    first, last = (time.astimezone(LUXEMBOURG).date() for time in (start, end))
    days = days_report(demand, known, first, last)["days"]
    names = {
        "used": "cost_used",
        "fixed": "cost_fixed",
        "above": "cost_above",
        "feed_in": "feed_in",
    }
    foot: dict[str, Any] = {}
    for name, field in names.items():
        amounts = [day[field] for day in days]
        foot[name] = None if None in amounts or not days else round(sum(amounts), 2)
    # Without a feed-in price or a reference power, nothing is earned, and nothing is above it.
    return foot | {name: foot[name] or 0.0 for name in ("above", "feed_in")}


def _row(name: str | None, kind: str, share: Share, energy_cost: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "wh": round(share.kwh * 1000),
        "cost": None if energy_cost is None else round(share.cost, 2),
        "own_wh": round(share.own_kwh * 1000),
        "earned": round(share.earned, 2),
    }
