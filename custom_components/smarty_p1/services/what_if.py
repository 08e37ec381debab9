"""Action that returns the yearly value of a battery.

Amounts are whole euros a year at current prices, with VAT if the contract has VAT. In `lib/advice`,
`battery_simulation.py` explains how the battery is simulated, and `battery_worth.py` explains why
an amount is a range.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse

from ..answer_queue import async_what_if, books_of
from ..flows.typed_amounts import AmountProblem
from ..lib.advice.battery_simulation import (
    MAX_KW,
    MAX_KWH,
    MAX_RESERVE_SHARE,
    MAX_STANDBY_W,
    MIN_EFFICIENCY,
    MIN_KW,
    MIN_KWH,
)
from ..lib.advice.what_if_year import MIN_DAYS, WhatIfError, WhatIfRefusal
from ..lib.amounts import EUR_PER_KWH, KW, KWH, MAX_CHARS, Amount, AmountError
from ..user_locale import UserLocale, async_user_locale
from .meter_of_call import METER, async_in_turn, async_readable_meter, invalid, number

_PERCENT = 100
_DEFAULT_STANDBY_W = 20
_MAX_FEED_IN_PRICE = 1.0


BATTERY: Mapping[vol.Marker, Any] = {
    vol.Required("kwh"): number(MIN_KWH, MAX_KWH),
    vol.Required("kw"): number(MIN_KW, MAX_KW),
    vol.Optional("efficiency", default=90): number(MIN_EFFICIENCY * _PERCENT, _PERCENT),
    vol.Optional("reserve", default=0): number(0, MAX_RESERVE_SHARE * _PERCENT),
    vol.Optional("standby", default=_DEFAULT_STANDBY_W): number(0, MAX_STANDBY_W),
    vol.Optional("feed_in_price"): number(0, _MAX_FEED_IN_PRICE),
}
"""Part of a schema for a battery and a feed-in price. `efficiency` and `reserve` are in %."""
# Amounts that a person copies from paper can also be texts.
_TYPED: Mapping[str, Amount] = {
    "kwh": Amount(KWH, MAX_KWH, MIN_KWH),
    "kw": Amount(KW, MAX_KW, MIN_KW),
    "feed_in_price": Amount(EUR_PER_KWH, _MAX_FEED_IN_PRICE),
}
SCHEMA = vol.Schema(
    {
        **METER,
        **{
            field: vol.Any(vol.All(str, vol.Length(max=MAX_CHARS)), check)
            if field.schema in _TYPED
            else check
            for field, check in BATTERY.items()
        },
    }
)

REFUSED: Mapping[WhatIfRefusal, str] = {
    WhatIfRefusal.NO_REFERENCE_POWER: "reference_power_missing",
    WhatIfRefusal.NO_ENERGY_PRICE: "energy_price_missing",
    WhatIfRefusal.NO_FEED_IN_PRICE: "feed_in_price_missing",
    WhatIfRefusal.NO_NETWORK_PRICE: "network_price_missing",
    WhatIfRefusal.TOO_FEW_DAYS: "too_few_days",
    WhatIfRefusal.TOO_FEW_PRICED_DAYS: "too_few_priced_days",
}
"""Translation keys of the reasons why the value is unknown."""


async def try_battery(call: ServiceCall) -> ServiceResponse:
    """Return the yearly value of a battery, computed from the last twelve whole months.

    Raises ServiceValidationError if the meter does not exist, if an amount is wrong, if data or a
    price is missing, or if the user has too many questions in the queue. Raises Unauthorized if the
    user may not read the meter.
    """
    coordinator = await async_readable_meter(call)
    locale = await async_user_locale(call.hass, call.context.user_id)
    fields = {
        name: await _async_read(call.hass, name, value, locale) for name, value in call.data.items()
    }
    make = partial(async_what_if, coordinator, fields)
    try:
        return await async_in_turn(call, coordinator, make, partial(books_of, coordinator))
    except WhatIfError as err:
        raise invalid(
            translation_key=REFUSED[err.reason],
            title=coordinator.config_entry.title,
            days=str(err.days),
            least=str(MIN_DAYS),
        ) from None


async def _async_read(
    hass: HomeAssistant, name: str, value: str | float, locale: UserLocale
) -> str | float:
    """Return the number in a typed amount. Return all other values as they are.

    Raises ServiceValidationError if the text is not an amount.
    """
    if name not in _TYPED or not isinstance(value, str):
        return value
    amount = _TYPED[name]
    try:
        return amount.parse(value)
    except AmountError as err:
        problem = AmountProblem.of(err, value, amount.unit)
    label = await locale.async_text(hass, f"services.what_if.fields.{name}.name")
    shown = {problem.key: problem.shown(label, locale)}
    raise invalid(translation_key=problem.key, **shown)
