"""Answer about the energy of a house: what its devices, its base load and the rest used."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ..advice.energy_shares import (
    EnergyShares,
    HouseDevice,
    HouseSources,
    Share,
    energy_shares,
    house_hours,
)
from ..advice.night_base_load import base_load
from ..bill.bill import bill_lines, rounded_to_sum
from ..bill.household_state import HouseholdState
from ..history.luxembourg_time import HOUR, day_start, days_between, local_day
from ..json_types import JsonDict
from ..prices.agreed_prices import older_prices_of
from ..prices.kwh_price import sum_of_known
from ..prices.published_prices import OlderPrices
from .days import days_report

YESTERDAY, MONTH = "yesterday", "month"
# Each line of a bill is rounded at the start and at the end of the period.
_MAX_ROUNDED_EUR = 0.01
_INVERTER, _DEVICES = "inverter", "devices"


def period_of(name: str, household: HouseholdState) -> tuple[datetime, datetime]:
    """Return start and end of yesterday, or of the whole days of the month. Both are midnights."""
    end = day_start(household.time)
    yesterday = day_start(end - HOUR)
    if name == YESTERDAY:
        return yesterday, end
    return min(day_start(household.month_start), end), end


def shares_report(household: HouseholdState, sources: HouseSources, name: str) -> JsonDict:
    """Return the energies and costs of a period.

    `used`, `fixed`, `above` and `feed_in` are sums of the days' bills. A bill rounds its lines. So
    `used` can differ from the costs of the rows by up to a cent a line.

    `name` is YESTERDAY or MONTH. Without an inverter, the energy of a house that exports is not
    known: only its devices are. Costs are None while a price is unknown.
    """
    start, end = period_of(name, household)
    days = days_between(start, end)
    house = house_hours(sources.supplies, household.ledger, start, end, household.until)
    base = base_load(household.ledger.table, household.time, sources)
    shares = energy_shares(house, sources.devices, base and base.kw)
    lack = _lack(shares, sources, has_exported=bool(house.exported.any()))
    lacks_inverter = lack == _INVERTER
    foot = _foot(household, start, end)
    used = foot.pop("used")
    cost = None if used is None or lacks_inverter else round(shares.house.cost, 2)
    # If the hours are not the hours of the bill, no part of the bill is known.
    if cost is not None and abs(used - foot["above"] - cost) > _MAX_ROUNDED_EUR * len(bill_lines()):
        cost = None
    return {
        "period": name,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "house_wh": None if lacks_inverter else round(shares.house.kwh * 1000),
        "cost": cost,
        "always_on_w": base and round(base.kw * 1000),
        "rows": _rows(shares, sources.devices, house.hours, cost, is_whole=lack is None),
        **foot,
        **OlderPrices.answer(None if cost is None else older_prices_of(household.contracts, days)),
        "lack": lack,
    }


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
) -> list[JsonDict]:
    """Return the rows by energy, the rest last. Without `is_whole`, return only the devices.

    `cost` is the sum of all rows. If it is None, the rows have no cost.
    """
    rows = [
        _row(device.name, "device", share) | {"unknown_days": _unknown_days(device, hours)}
        for device, share in zip(devices, shares.devices, strict=True)
    ]
    if is_whole and shares.always_on:
        rows.append(_row(None, "always_on", shares.always_on))
    rows.sort(key=lambda row: -row["wh"])
    if is_whole:
        rows.append(_row(None, "else", shares.rest))
        energies = rounded_to_sum(
            [row["wh"] for row in rows], shares.house.kwh * 1000, parts_per_unit=1
        )
        rows = [row | {"wh": wh} for row, wh in zip(rows, energies, strict=True)]
    rows = [row | {"wh": round(row["wh"])} for row in rows]
    return _with_costs(rows, cost, is_whole=is_whole)


def _with_costs(rows: Sequence[JsonDict], cost: float | None, *, is_whole: bool) -> list[JsonDict]:
    """Return the rows with costs in whole cents. If they are the whole house, they add up."""
    if cost is None:
        return [row | {"cost": None} for row in rows]
    amounts = [row["cost"] for row in rows]
    whole = rounded_to_sum(amounts, cost) if is_whole else amounts
    return [
        row | {"cost": round(amount, 2) or 0.0} for row, amount in zip(rows, whole, strict=True)
    ]


def _unknown_days(device: HouseDevice, hours: Sequence[datetime]) -> int:
    """Return on how many days the recorder lacks an hour of a device. Its energy is in the rest."""
    return len({day_start(hour) for hour in hours if hour.astimezone(UTC) not in device.kwh})


def _foot(household: HouseholdState, start: datetime, end: datetime) -> JsonDict:
    first, last = (local_day(time) for time in (start, end))
    days = days_report(household, first, last)["days"]

    def total(field: str, unknown: float | None = None) -> float | None:
        amounts = [unknown if day[field] is None else day[field] for day in days]
        return sum_of_known(amounts or [unknown], 2)

    return {
        "used": total("cost_used"),
        "fixed": total("cost_fixed"),
        # On a day without a reference power or a feed-in price, nothing is above it or earned.
        "above": total("cost_above", 0.0),
        "feed_in": total("feed_in", 0.0),
    }


def _row(name: str | None, kind: str, share: Share) -> JsonDict:
    return {
        "name": name,
        "kind": kind,
        "wh": share.kwh * 1000,
        "cost": share.cost,
        "own_wh": round(share.own_kwh * 1000),
        "earned": round(share.earned, 2),
    }
