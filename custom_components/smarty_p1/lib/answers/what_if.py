"""Answer with the worth of a battery in euros a year."""

from collections.abc import Mapping
from typing import Any

from ..advice.battery_simulation import Battery
from ..advice.battery_worth import simulate_battery
from ..advice.what_if_year import YearCosts
from ..bill.household_state import HouseholdState
from ..history.market_prices import MarketHours
from ..prices.price_file import OlderPrices

_PERCENT = 100


def what_if_report(
    state: HouseholdState, market: MarketHours, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the worth of a battery in the last twelve whole months. Raises WhatIfError.

    `fields` describe the battery. Amounts are whole euros, and parts add up to their totals.
    """
    battery = Battery(
        kwh=fields["kwh"],
        kw=fields["kw"],
        efficiency=fields["efficiency"] / _PERCENT,
        reserve=fields["reserve"] / _PERCENT,
        standby_w=fields["standby"],
    )
    result = simulate_battery(state, battery, market, fields.get("feed_in_price"))
    without = result.classes[result.cheapest_without].without.whole
    with_battery = result.classes[result.cheapest_with].with_battery.whole
    low = round(without.total - with_battery.total)
    return {
        "start": f"{result.start:%Y-%m-%d}",
        "end": f"{result.end:%Y-%m-%d}",
        "measured_days": result.measured_days,
        "reference_kw": result.reference_kw,
        "has_vat": result.has_vat,
        **OlderPrices.answer(result.prices_of),
        "hourly_share": result.hourly_share and round(result.hourly_share, 2),
        "saving": {"low": low, "high": max(low, round(result.saving_high))},
        "cheapest": {"without": result.cheapest_without, "with_battery": result.cheapest_with},
        "classes": {
            f"{kw:g}": {
                "without": _whole(option.without),
                "with_battery": _whole(option.with_battery),
                "cycles": round(option.cycles),
                "stored_share": option.stored_share and round(option.stored_share, 2),
            }
            for kw, option in result.classes.items()
        },
    }


def _whole(costs: YearCosts) -> dict[str, int]:
    return {name: round(amount) for name, amount in costs.whole._asdict().items()}
