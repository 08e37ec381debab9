"""The content of what a battery would be worth."""

from collections.abc import Mapping
from typing import Any

from ..tariff import (
    Battery,
    Demand,
    MarketHours,
    QuarterHours,
    WhatIf,
    YearCosts,
    older_prices,
    simulate_battery,
)

_PERCENT = 100


def what_if_report(
    demand: Demand, known: QuarterHours, market: MarketHours, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a battery would be worth, by the last twelve whole months. Raises WhatIfError."""
    quarters = known.between(known.start, demand.month.start)
    price = fields.get("feed_in_price")
    return what_if_answer(simulate_battery(demand, quarters, battery_of(fields), market, price))


def battery_of(fields: Mapping[str, Any]) -> Battery:
    """Return the battery that is asked about."""
    return Battery(
        kwh=fields["kwh"],
        kw=fields["kw"],
        efficiency=fields["efficiency"] / _PERCENT,
        reserve=fields["reserve"] / _PERCENT,
        standby_w=fields["standby"],
    )


def what_if_answer(found: WhatIf) -> dict[str, Any]:
    """Return what a battery would be worth, in whole euros that add up."""
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
