"""What earlier versions stored: months of excess energies, each with its day and its price."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from operator import itemgetter
from typing import Any

from ..stored_values import Stored, a_count, a_list, a_mapping, a_text
from .calendar import LUXEMBOURG, QUARTER_HOUR, month_start, quarter_start
from .contract import BEGINNING, Contract, Contracts
from .month import Above, Day, Month
from .storage import amount, load_quarter, store_contracts, store_month, utc_time

_MOST_MONTHS = 36
_MOST_QUARTER_HOURS = 10_000
_YEARS = range(1999, 2101)

type _Excess = dict[datetime, tuple[float, float | None]]
type _Since = tuple[datetime, float | None]


def upgraded(data: Stored, contract: Contract) -> dict[str, Any]:
    """Return what version 1 stored in the form of version 2.

    What was above belongs to the reference power of `contract`. Prices become contracts that differ
    in nothing else. Raises ValueError, KeyError or TypeError for what is malformed.
    """
    stored = a_mapping(data)
    # The first of those versions stored the running month alone, and no price.
    months = [*a_list(stored.get("other_months", []), _MOST_MONTHS), stored["month"]]
    loaded = [_load_month(month, contract) for month in months if month is not None]
    running = stored["running"]
    if (running is None) != (not loaded):
        raise ValueError
    prices: list[_Since] = []
    if "price" in stored:
        prices = sorted((each for _, found in loaded for each in found), key=itemgetter(0))
        prices += _load_price(a_mapping(stored["price"]), running)
    contracts = Contracts(((BEGINNING, contract),))
    for number, (since, price) in enumerate(prices):
        priced = replace(contract, surcharge=price)
        contracts = contracts.changed(priced, since if number else BEGINNING)
    return {
        "version": 2,
        "stretches": [_stretch(stored, a_mapping(running), loaded)] if running else [],
        "last_quarter": stored["last_quarter"],
        "contracts": store_contracts(contracts),
        "stored_months": [],
    }


def _stretch(
    stored: dict[str, Stored], running: dict[str, Stored], loaded: list[tuple[Month, list[_Since]]]
) -> dict[str, Any]:
    reading = {"time": running["time"], "imported_wh": running["imported_wh"]}
    *_, (shown, _) = loaded
    return {
        "first": {**reading, "time": running["since"]},
        "reading": reading,
        "since": running["since"],
        "amounts": {
            "imported_wh": running["energy_wh"],
            "is_exported_exact": False,
            "reactive_imported_varh": None,
            "reactive_exported_varh": None,
        },
        "serial_number": stored["serial_number"],
        "month_start": shown.start.isoformat(),
        "months": [store_month(month) for month, _ in loaded],
        "quarter_hours": 0,
    }


def _load_price(stored: dict[str, Stored], running: Stored) -> list[_Since]:
    """Return which price holds now and from which moment another one does."""
    price, before = _price(stored["per_kwh"]), _price(stored["before"])
    since = None if stored["since"] is None else _midnight(stored["since"])
    changed_in = None if stored["changed_in"] is None else utc_time(stored["changed_in"])
    if running is None:
        return [(BEGINNING, price)]
    now = quarter_start(utc_time(a_mapping(running)["time"]))
    if since is not None:
        return [(now, before), (since, price)] if since > now else [(now, price)]
    return [(now + QUARTER_HOUR if now == changed_in else now, price)]


def _load_month(data: Stored, contract: Contract) -> tuple[Month, list[_Since]]:
    """Return a month, and which prices what was above in it had from which moments."""
    stored = a_mapping(data)
    time = utc_time(stored["start"])
    start, peak = month_start(time), load_quarter(stored["peak"])
    energy_wh = amount(stored["excess_wh"])
    if start != time:
        raise ValueError
    if "excess" not in stored:
        found: _Excess = {time: (energy_wh, None)} if energy_wh else {}
        quarter_hours = int(peak is not None)
    else:
        found = _load_excess(a_list(stored["excess"]))
        quarter_hours = a_count(stored["quarter_hours"], _MOST_QUARTER_HOURS)
    own_kw = contract.reference_kw
    month = Month(
        start=start,
        days=tuple(
            Day(start=since, above={} if own_kw is None else {own_kw: Above(0, energy_wh)})
            for since, (energy_wh, _) in sorted(found.items())
        ),
        peak=peak,
        earlier_quarter_hours=quarter_hours,
    )
    return month, [(since, price) for since, (_, price) in found.items()]


def _load_excess(stored: list[Stored]) -> _Excess:
    """Return what was above by when it began. The prices of a day hold one after the other."""
    found: _Excess = {}
    for each in map(a_mapping, stored):
        since = _midnight(each["day"])
        while since in found:
            since += QUARTER_HOUR
        found[since] = amount(each["energy_wh"]), _price(each["price"])
    return found


def _price(stored: Stored) -> float | None:
    return None if stored is None else amount(stored)


def _midnight(stored: Stored) -> datetime:
    day = date.fromisoformat(a_text(stored))
    if day.year not in _YEARS:
        raise ValueError
    return datetime.combine(day, time(), LUXEMBOURG).astimezone(UTC)
