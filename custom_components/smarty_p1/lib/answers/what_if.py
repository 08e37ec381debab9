"""Answer with a household's year now and with changes, in euros a year."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..advice.battery_simulation import Battery
from ..advice.solar_yield import SUNNY_DAYS_SOURCE
from ..advice.what_if import Changes, WhatIf, YearEnergies, compare_years
from ..advice.what_if_tables import DEGREES_SOURCE, Load, car, heat_pump, panels
from ..advice.what_if_year import YearCosts
from ..bill.household_state import HouseholdState
from ..history.market_prices import MarketHours
from ..prices.price_file import OlderPrices

CAR, HEAT_PUMP, PANELS, BATTERY = KINDS = "car", "heat_pump", "panels", "battery"
"""Kinds of changes."""
_PERCENT = 100
_DEFAULTS: Mapping[str, Mapping[str, float]] = {
    CAR: {"begin_hour": 22},
    PANELS: {"direction": 180, "tilt": 30},
    BATTERY: {"efficiency": 90, "reserve": 0, "standby": 20},
}
"""Fields of a change that the user need not enter."""

type Fields = Mapping[str, Any]
"""Change of a household: its `kind`, and what the user has entered."""


class Assumption(NamedTuple):
    """Assumption that the user has not entered."""

    key: str
    value: float | str | None = None


def what_if_report(
    state: HouseholdState,
    market: MarketHours,
    changes: Sequence[Fields],
    feed_in_price: float | None = None,
) -> dict[str, Any]:
    """Return the last twelve whole months now and with `changes`. Raises WhatIfError.

    `feed_in_price` replaces the feed-in price in the contract. Amounts are whole euros, and parts
    add up to their totals.
    """
    entered = {
        change["kind"]: {**_DEFAULTS.get(change["kind"], {}), **change} for change in changes
    }
    battery = entered.get(BATTERY)
    result = compare_years(
        state,
        Changes([*_loads(entered)], _battery(battery) if battery else None, feed_in_price),
        market,
    )
    now = result.classes[result.cheapest_now].now.whole
    then = result.classes[result.cheapest_then].then.whole
    saving = round(now.total - then.total)
    ends = saving, saving + round(result.saving_elsewhere)
    return {
        "start": f"{result.start:%Y-%m-%d}",
        "end": f"{result.end:%Y-%m-%d}",
        "measured_days": result.measured_days,
        "known_share": round(result.known_share, 3),
        "reference_kw": result.reference_kw,
        "has_vat": result.has_vat,
        **OlderPrices.answer(result.prices_of),
        "hourly_share": dict.fromkeys(("now", "then"), _share(result.hourly_share)),
        "markets_used": {"now": [], "then": []},
        "saving": {"low": min(ends), "high": max(ends)},
        "cheapest": {"now": result.cheapest_now, "then": result.cheapest_then},
        "energies": {
            "now": _whole_energies(result.energies),
            "then": _whole_energies(result.classes[result.cheapest_then].energies),
        },
        "classes": _classes(result),
        "assumed": [each._asdict() for each in _assumed(changes)],
    }


def _loads(entered: Mapping[str, Fields]) -> Iterator[Load]:
    """Yield the loads of the changes."""
    if of_car := entered.get(CAR):
        yield car(of_car["kwh"], of_car["kw"], of_car["begin_hour"])
    if pump := entered.get(HEAT_PUMP):
        yield heat_pump(pump["kwh"])
    if roof := entered.get(PANELS):
        yield panels(roof["kwp"], roof["direction"], roof["tilt"])


def _battery(fields: Fields) -> Battery:
    return Battery(
        kwh=fields["kwh"],
        kw=fields["kw"],
        efficiency=fields["efficiency"] / _PERCENT,
        reserve=fields["reserve"] / _PERCENT,
        standby_w=fields["standby"],
    )


def _assumed(changes: Iterable[Fields]) -> Iterator[Assumption]:
    """Yield the assumptions in the order of the changes."""
    for change in changes:
        kind = change["kind"]
        for key, value in _DEFAULTS.get(kind, {}).items():
            if key not in change:
                yield Assumption(key, value)
        if kind == CAR:
            yield Assumption("car_every_day")
        if kind == HEAT_PUMP:
            yield Assumption("degree_days", DEGREES_SOURCE)
        if kind == PANELS:
            yield Assumption("sunny_days", SUNNY_DAYS_SOURCE)


def _classes(result: WhatIf) -> dict[str, Any]:
    return {
        f"{kw:g}": {
            "now": _whole(years.now),
            "then": _whole(years.then),
            "battery": years.battery
            and {
                "cycles": round(years.battery.cycles),
                "stored_share": _share(years.battery.stored_share),
            },
        }
        for kw, years in result.classes.items()
    }


def _whole(costs: YearCosts) -> dict[str, int]:
    return {name: round(amount) for name, amount in costs.whole._asdict().items()}


def _whole_energies(energies: YearEnergies) -> dict[str, int]:
    return {name: round(kwh) for name, kwh in energies._asdict().items()}


def _share(share: float | None) -> float | None:
    return share and round(share, 2)
