"""Content of an answer about the worth of a battery in euros a year."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..tariff import (
    Battery,
    Demand,
    MarketHours,
    QuarterHour,
    YearCosts,
    older_prices,
    simulate_battery,
)

_PERCENT = 100


def what_if_report(
    demand: Demand,
    quarters: Sequence[QuarterHour],
    market: MarketHours,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the worth of a battery by the last twelve whole months. Raises WhatIfError.

    Amounts are whole euros; parts add up to their totals.
    """
    battery = Battery(
        kwh=fields["kwh"],
        kw=fields["kw"],
        efficiency=fields["efficiency"] / _PERCENT,
        reserve=fields["reserve"] / _PERCENT,
        standby_w=fields["standby"],
    )
    found = simulate_battery(demand, quarters, battery, market, fields.get("feed_in_price"))
    without = found.classes[found.cheapest_without].without.whole
    with_battery = found.classes[found.cheapest_with].with_battery.whole
    low = round(without.total - with_battery.total)
    return {
        "start": f"{found.start:%Y-%m-%d}",
        "end": f"{found.end:%Y-%m-%d}",
        "measured_days": found.measured_days,
        "reference_kw": found.reference_kw,
        "has_vat": found.has_vat,
        **older_prices(found.prices_of),
        "hourly_share": found.hourly_share and round(found.hourly_share, 2),
        "saving": {"low": low, "high": max(low, round(found.saving_high))},
        "cheapest": {"without": found.cheapest_without, "with_battery": found.cheapest_with},
        "classes": {
            f"{kw:g}": {
                "without": _whole(each.without),
                "with_battery": _whole(each.with_battery),
                "cycles": round(each.cycles),
                "stored_share": each.stored_share and round(each.stored_share, 2),
            }
            for kw, each in found.classes.items()
        },
    }


def _whole(costs: YearCosts) -> dict[str, int]:
    return {name: round(amount) for name, amount in costs.whole._asdict().items()}
