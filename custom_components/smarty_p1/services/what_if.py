"""The action that returns what a battery would be worth.

Amounts are in whole euros a year, with VAT if the contract has it, at the prices that hold now. The
rule of the battery and the range are explained in `battery.py` and `what_if.py` of `lib/tariff`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError

from ..answers import async_aside, books_of
from ..const import DOMAIN
from ..coordinator.collector_pause import without_collection
from ..coordinator.market_history import async_market_hours
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import (
    LEAST_DAYS,
    LEAST_EFFICIENCY,
    LEAST_KW,
    LEAST_KWH,
    MAX_STANDBY_W,
    MOST_KW,
    MOST_KWH,
    MOST_RESERVE,
    Battery,
    WhatIf,
    WhatIfError,
    WhatIfRefusal,
    YearCosts,
    older_prices,
    what_if,
)
from .bill import demand_of
from .meter_of_call import METER, async_in_turn, async_readable_meter, invalid

_PERCENT = 100
_DEFAULT_STANDBY_W = 20
_MAX_FEED_IN_PRICE = 1.0


def _number(least: float, most: float) -> vol.All:
    return vol.All(vol.Coerce(float), vol.Range(min=least, max=most))


BATTERY: Mapping[vol.Marker, Any] = {
    vol.Required("kwh"): _number(LEAST_KWH, MOST_KWH),
    vol.Required("kw"): _number(LEAST_KW, MOST_KW),
    vol.Optional("efficiency", default=90): _number(LEAST_EFFICIENCY * _PERCENT, _PERCENT),
    vol.Optional("reserve", default=0): _number(0, MOST_RESERVE * _PERCENT),
    vol.Optional("standby", default=_DEFAULT_STANDBY_W): _number(0, MAX_STANDBY_W),
    vol.Optional("feed_in_price"): _number(0, _MAX_FEED_IN_PRICE),
}
"""The part of a schema that says which battery, and what is paid for the sun; shares are in %."""
SCHEMA = vol.Schema({**METER, **BATTERY})

REFUSED: Mapping[WhatIfRefusal, str] = {
    WhatIfRefusal.NO_REFERENCE_POWER: "reference_power_missing",
    WhatIfRefusal.NO_ENERGY_PRICE: "energy_price_missing",
    WhatIfRefusal.NO_FEED_IN_PRICE: "feed_in_price_missing",
    WhatIfRefusal.NO_NETWORK_PRICE: "network_price_missing",
    WhatIfRefusal.TOO_FEW_DAYS: "too_few_days",
    WhatIfRefusal.TOO_FEW_PRICED_DAYS: "too_few_priced_days",
}
"""Which text says why nothing can be said."""


async def try_battery(call: ServiceCall) -> ServiceResponse:
    """Return what a battery would be worth, by the quarter-hours of the last twelve whole months.

    Raises ServiceValidationError when there is no such meter, something is missing that is needed,
    or the user waits for too many answers, Unauthorized when the user may not read the meter, and
    HomeAssistantError when the stored files cannot be read.
    """
    coordinator = await async_readable_meter(call)
    make = partial(_async_tried, call, coordinator)
    return await async_in_turn(call, coordinator, make, partial(books_of, coordinator))


async def _async_tried(call: ServiceCall, coordinator: SmartyCoordinator) -> dict[str, Any]:
    demand = demand_of(coordinator)
    start = demand.month.start.replace(year=demand.month.start.year - 1)
    try:
        quarters, _ = await coordinator.books.past.async_quarter_hours(start, demand.month.start)
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="quarter_hours_unreadable",
            translation_placeholders={"error": str(err.strerror)},
        ) from err
    market = await async_market_hours(
        call.hass, coordinator.serial_number, demand.contracts, start, demand.month.start
    )
    tried = without_collection(what_if)
    try:
        found = await async_aside(
            call.hass,
            tried,
            demand,
            quarters,
            battery_of(call.data),
            market,
            call.data.get("feed_in_price"),
        )
    except WhatIfError as err:
        raise invalid(
            translation_key=REFUSED[err.reason],
            title=coordinator.config_entry.title,
            days=str(err.days),
            least=str(LEAST_DAYS),
        ) from None
    return what_if_answer(found)


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
