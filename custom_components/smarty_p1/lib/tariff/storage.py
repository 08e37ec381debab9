"""How months, contracts and readings are stored as JSON, and checked when they are read again.

Functions that read raise ValueError, KeyError or TypeError for what is malformed.
"""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from ..stored_values import Stored, a_count, a_flag, a_list, a_mapping, a_number, a_text, a_time
from .calendar import month_start, quarter_start
from .contract import MAX_CONTRACTS, Contract, Contracts
from .kept_months import MAX_MONTHS, KeptMonths
from .meter_clock_jumps import Stretch
from .month import AMOUNTS, Above, Day, Month, QuarterHour
from .register_rises import Amounts, Registers
from .second_hours import Split, parsed

type Stores = dict[str, Any]

_VERSION_OF_MONTHS = 1
_MOST = 1e19
# Each quarter-hour of a month may have a contract of its own.
_MOST_DAYS = 3_000
_MOST_POWERS = 100
_MOST_QUARTER_HOURS_A_DAY = 100

_MAY_BE_NEGATIVE = {"market_cost", "market_revenue"}
_FLAGS = {"has_vat", "replaces_variable", "has_levies"}


def amount(value: Stored, name: str = "") -> float:
    """Return an energy, a power or a price; some may be below 0."""
    return float(a_number(value, -_MOST if name in _MAY_BE_NEGATIVE else 0, _MOST))


def check_version(stored: Stores, known: int) -> None:
    """Raise ValueError for a version that is not known."""
    if a_count(stored["version"]) != known:
        raise ValueError


def utc_time(value: Stored) -> datetime:
    """Return a time in UTC."""
    return a_time(value).astimezone(UTC)


def store_quarter(quarter: QuarterHour | None) -> Stores | None:
    """Return a quarter-hour as JSON knows it."""
    if quarter is None:
        return None
    return {"start": quarter.start.isoformat()} | _known(quarter._asdict(), "start")


def load_quarter(data: Stored) -> QuarterHour | None:
    """Return the quarter-hour of `store_quarter`."""
    if data is None:
        return None
    stored = a_mapping(data)
    start = utc_time(stored.pop("start"))
    if start != quarter_start(start):
        raise ValueError
    return QuarterHour(start, **{name: amount(value) for name, value in stored.items()})


def _known(values: Stores, *others: str) -> Stores:
    return {
        name: value for name, value in values.items() if value is not None and name not in others
    }


def store_month(month: Month) -> Stores:
    """Return a month as JSON knows it."""
    return {
        "start": month.start.isoformat(),
        "peak": store_quarter(month.peak),
        "days": [_store_day(day) for day in month.days],
    }


def _store_day(day: Day) -> Stores:
    amounts = {name: getattr(day, name) for name in AMOUNTS}
    second = {hours: list(each) for hours, each in day.second.items()}
    return {
        "start": day.start.isoformat(),
        "quarter_hours": day.quarter_hours,
        "above": {f"{power:.12g}": list(above) for power, above in day.above.items()},
        **({"second": second} if second else {}),
    } | {name: value for name, value in amounts.items() if value}


def load_month(data: Stored) -> Month:
    """Return the month of `store_month`."""
    stored = a_mapping(data)
    month = Month(
        start=load_month_start(stored["start"]),
        days=tuple(map(_load_day, a_list(stored["days"], _MOST_DAYS))),
        peak=load_quarter(stored["peak"]),
    )
    starts = [day.start for day in month.days]
    is_ordered = starts == sorted(set(starts))
    if not is_ordered or any(map(month.start.__ne__, map(month_start, starts))):
        raise ValueError
    return month


def _load_day(data: Stored) -> Day:
    stored = a_mapping(data)
    start, above = utc_time(stored.pop("start")), a_mapping(stored.pop("above"), _MOST_POWERS)
    quarter_hours = a_count(stored.pop("quarter_hours"), _MOST_QUARTER_HOURS_A_DAY)
    second = a_mapping(stored.pop("second", {}), _MOST_POWERS)
    if start != quarter_start(start) or not stored.keys() <= set(AMOUNTS):
        raise ValueError
    amounts: Stores = {name: amount(value, name) for name, value in stored.items()}
    return Day(
        start=start,
        quarter_hours=quarter_hours,
        above={amount(float(power)): _load_above(each) for power, each in above.items()},
        second={hours: Split(*map(amount, a_list(each, 2))) for hours, each in second.items()},
        **amounts,
    )


def _load_above(data: Stored) -> Above:
    quarter_hours, energy_wh = a_list(data)
    return Above(a_count(quarter_hours, _MOST_QUARTER_HOURS_A_DAY), amount(energy_wh))


def store_contracts(contracts: Contracts) -> list[Stores]:
    """Return contracts as JSON knows them."""
    return [
        {"since": since.isoformat()}
        | _known({field.name: getattr(contract, field.name) for field in fields(contract)})
        for since, contract in contracts.entries
    ]


def load_contracts(data: Stored) -> Contracts:
    """Return the contracts of `store_contracts`."""
    found = [_load_contract(each) for each in a_list(data, MAX_CONTRACTS)]
    starts = [since for since, _ in found]
    if not found or starts != sorted(set(starts)):
        raise ValueError
    return Contracts(tuple(found))


def _load_contract(data: Stored) -> tuple[datetime, Contract]:
    stored = a_mapping(data)
    since = utc_time(stored.pop("since"))
    values: Stores = {}
    for name, value in stored.items():
        if name in _FLAGS:
            values[name] = a_flag(value)
        elif name == "consumer_category":
            values[name] = a_text(value)
        elif name == "second_hours":
            parsed(a_text(value))
            values[name] = value
        elif name == "meter_ampere":
            values[name] = a_count(value)
        else:
            values[name] = float(a_number(value, 0 if name == "reference_kw" else -_MOST, _MOST))
    return since, Contract(**values)


def store_registers(registers: Registers) -> Stores:
    """Return registers as JSON knows it."""
    exported_time = registers.exported_time and registers.exported_time.isoformat()
    return _known(
        registers._asdict() | {"time": registers.time.isoformat(), "exported_time": exported_time}
    )


def load_registers(data: Stored) -> Registers:
    """Return the registers of `store_registers`."""
    stored = a_mapping(data)
    time, exported_time = utc_time(stored.pop("time")), stored.pop("exported_time", None)
    values: Stores = {name: a_count(each, _MOST) for name, each in stored.items()}
    if exported_time is not None:
        values["exported_time"] = utc_time(exported_time)
    registers = Registers(time, **values)
    if (registers.exported_wh is None) != (registers.exported_time is None):
        raise ValueError
    return registers


def store_stretch(stretch: Stretch, without: Collection[Month] = ()) -> Stores:
    """Return a stretch as JSON knows it, without some months."""
    return {
        "first": store_registers(stretch.first),
        "reading": store_registers(stretch.last),
        "since": stretch.since.isoformat(),
        "amounts": store_amounts(stretch.amounts),
        "serial_number": stretch.serial_number,
        "month_start": stretch.month_start.isoformat(),
        "months": [
            store_month(month) for month in stretch.kept.months.values() if month not in without
        ],
        "quarter_hours": stretch.quarter_hours,
    }


def load_stretch(data: Stored) -> Stretch:
    """Return the stretch of `store_stretch`."""
    stored = a_mapping(data)
    serial_number = stored["serial_number"]
    stretch = Stretch(
        first=load_registers(stored["first"]),
        last=load_registers(stored["reading"]),
        since=utc_time(stored["since"]),
        serial_number=None if serial_number is None else a_text(serial_number),
        month_start=load_month_start(stored["month_start"]),
        amounts=load_amounts(stored["amounts"]),
        kept=KeptMonths(_load_months(stored["months"])),
        quarter_hours=a_count(stored["quarter_hours"]),
    )
    time = stretch.last.time
    if not max(quarter_start(time), stretch.first.time) <= stretch.since <= time:
        raise ValueError
    return stretch


def load_month_start(data: Stored) -> datetime:
    """Return a midnight at which a month begins in Luxembourg."""
    time = a_time(data)
    start = month_start(time)
    if start != time:
        raise ValueError
    return start


def store_months(months: Iterable[Month]) -> Stores:
    """Return months that have ended as JSON knows them."""
    return {"version": _VERSION_OF_MONTHS, "months": [store_month(month) for month in months]}


def load_months(data: Stored) -> tuple[Month, ...]:
    """Return the months of `store_months`. Raises ValueError for data that is malformed."""
    try:
        stored = a_mapping(data)
        check_version(stored, _VERSION_OF_MONTHS)
        return tuple(_load_months(stored["months"]))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as err:
        raise ValueError from err


def _load_months(data: Stored) -> list[Month]:
    months = [load_month(each) for each in a_list(data, MAX_MONTHS)]
    if len({month.start for month in months}) != len(months):
        raise ValueError
    return months


def store_amounts(amounts: Amounts) -> Stores:
    """Return amounts as JSON knows them."""
    return amounts._asdict()


def load_amounts(data: Stored) -> Amounts:
    """Return the amounts of `store_amounts`."""
    stored = a_mapping(data)
    is_exact = a_flag(stored.pop("is_exported_exact"))
    values: Stores = {name: _amount_or_none(value, name) for name, value in stored.items()}
    return Amounts(is_exported_exact=is_exact, **values)


def _amount_or_none(value: Stored, name: str) -> float | None:
    if value is None and name.startswith("reactive"):
        return None
    return amount(value, name)
