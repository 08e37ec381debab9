"""Action that returns a household's year now and with changes, such as a battery.

Amounts are whole euros a year at current prices, with VAT if the contract has VAT. In `lib/advice`,
`what_if.py` explains how the years are compared, and why an amount is a range.
"""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError

from ..computed_answers.what_if import async_download_prices, async_what_if
from ..coordinator.counted_household import data_version
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.advice.what_if_year import MIN_DAYS, WhatIfError, WhatIfRefusal
from ..lib.amounts import MAX_CHARS, Amount, AmountError
from ..lib.answers.what_if import CONTRACT, KINDS
from ..lib.answers.what_if_changes import (
    ATTR_KIND,
    FIELDS,
    KWH_PRICE,
    lacking_fields,
    unused_fields,
)
from ..lib.json_types import JsonDict, JsonMapping
from ..user_requests.amount_problem import AmountProblem
from ..user_requests.request_fields import SchemaFields, schema_of
from ..user_requests.user_locale import UserLocale, async_user_locale
from .meter_of_call import METER, async_in_turn, async_readable_meter, invalid, preparing

_CHANGES, _FEED_IN_PRICE = "changes", "feed_in_price"
# The action reads amounts itself, because Home Assistant does not translate the errors of a schema.
_TYPED = vol.Any(float, int, vol.All(str, vol.Length(max=MAX_CHARS)))
# In the form, these amounts are fields for numbers.
_NUMBERS = {"begin_hour", "end_hour", "direction", "tilt", "efficiency", "reserve", "standby"}
_CHANGE: SchemaFields = {
    vol.Required(ATTR_KIND): vol.In(KINDS),
    **{
        vol.Optional(name): _TYPED
        if isinstance(term, Amount) and name not in _NUMBERS
        else schema_of(term)
        for fields in FIELDS.values()
        for name, term in fields.all.items()
    },
}
_FIELDS = {str(field) for field in _CHANGE}
SCHEMA = vol.Schema(
    {
        **METER,
        **_CHANGE,
        vol.Optional(_CHANGES, default=[]): vol.All([_CHANGE], vol.Length(max=len(KINDS))),
    }
)

REFUSED: dict[WhatIfRefusal, str] = {
    WhatIfRefusal.NO_REFERENCE_POWER: "reference_power_missing",
    WhatIfRefusal.NO_ENERGY_PRICE: "energy_price_missing",
    WhatIfRefusal.NO_FEED_IN_PRICE: "feed_in_price_missing",
    WhatIfRefusal.NO_NETWORK_PRICE: "network_price_missing",
    WhatIfRefusal.TOO_FEW_DAYS: "too_few_days",
    WhatIfRefusal.TOO_FEW_PRICED_DAYS: "too_few_priced_days",
    WhatIfRefusal.NO_MARKET_PRICES: "no_market_prices",
    WhatIfRefusal.DOWNLOAD_FAILED: "download_failed",
    WhatIfRefusal.NO_CAR: "no_device_energy",
    WhatIfRefusal.CAR_NOT_MEASURED: "car_not_measured",
}
"""Translation keys of the reasons why the costs are unknown."""
OF_MARKET: dict[WhatIfRefusal, str] = {WhatIfRefusal.TOO_FEW_PRICED_DAYS: "too_few_market_days"}
"""Other translation keys if a new contract follows a market."""


async def what_if(call: ServiceCall) -> ServiceResponse:
    """Return the last twelve whole months now and with the changes of a call.

    Raises ServiceValidationError if the meter does not exist, if a change is wrong, if data or a
    price is missing, or if the user has too many questions in the queue. Raises Unauthorized if the
    user may not read the meter.
    """
    coordinator = await async_readable_meter(call)
    changes, price = await _async_changes(call)
    make = partial(async_what_if, coordinator, changes, price)
    try:
        if coordinator.records.household_state:
            with preparing(call):
                await async_download_prices(coordinator, changes)
        return await async_in_turn(call, coordinator, make, partial(data_version, coordinator))
    except WhatIfError as err:
        is_of_market = any("market" in change for change in changes)
        raise refusal_error(
            err, coordinator, REFUSED | OF_MARKET if is_of_market else REFUSED
        ) from None


def refusal_error(
    err: WhatIfError,
    coordinator: MeterCoordinator,
    reasons: Mapping[WhatIfRefusal, str] = REFUSED,
) -> ServiceValidationError:
    """Return the translated error for a year that is unknown."""
    return invalid(
        translation_key=reasons[err.reason],
        title=coordinator.config_entry.title,
        days=str(err.days),
        least=str(MIN_DAYS),
    )


async def _async_changes(call: ServiceCall) -> tuple[list[JsonDict], float | None]:
    """Return the changes of a call, and the feed-in price that replaces the present price.

    Raises ServiceValidationError if a change is wrong.
    """
    form = _Form(call.hass, await async_user_locale(call.hass, call.context.user_id))
    first = {name: value for name, value in call.data.items() if name in _FIELDS}
    # A new contract has a feed-in price of its own. Otherwise, it is the present price.
    price = first.pop(_FEED_IN_PRICE, None) if first[ATTR_KIND] != CONTRACT else None
    typed = first, *call.data[_CHANGES]
    kinds = [change[ATTR_KIND] for change in typed]
    changes = [await form.async_change(change, kinds) for change in typed]
    for kind in {kind for kind in kinds if kinds.count(kind) > 1}:
        raise invalid(translation_key="what_if_twice", kind=await form.async_kind(kind))
    if price is not None:
        price = await form.async_amount(_FEED_IN_PRICE, price, KWH_PRICE)
    return changes, price


class _Form(NamedTuple):
    """Reader of the typed fields of changes. Its errors are in the user's language."""

    hass: HomeAssistant
    locale: UserLocale

    async def async_change(self, typed: JsonMapping, kinds: list[str]) -> JsonDict:
        """Return a change with the numbers of its typed amounts.

        Raises ServiceValidationError if an amount is wrong or missing, or if the kind of the change
        has no such field.
        """
        kind, fields = typed[ATTR_KIND], FIELDS[typed[ATTR_KIND]]
        names = typed.keys() - {ATTR_KIND}
        for key, wrong in (
            ("what_if_unused", unused_fields(kind, names)),
            ("what_if_lacks", lacking_fields(kind, names, kinds)),
        ):
            if wrong:
                labels = ", ".join([await self._async_label(name) for name in sorted(wrong)])
                raise invalid(translation_key=key, kind=await self.async_kind(kind), fields=labels)
        numbers = {
            name: await self.async_amount(name, typed[name], amount)
            for name, amount in fields.amounts.items()
            if name in typed
        }
        return {**typed, **numbers}

    async def async_amount(self, name: str, value: float | str, amount: Amount) -> float:
        """Return the number in a typed amount. Raises ServiceValidationError if there is none."""
        try:
            return amount.parse(value) if isinstance(value, str) else amount.checked(value)
        except AmountError as err:
            problem = AmountProblem.of_error(err, value, amount.unit)
        shown = {problem.key: problem.shown(await self._async_label(name), self.locale)}
        raise invalid(translation_key=problem.key, **shown)

    async def async_kind(self, kind: str) -> str:
        """Return the name of a kind of change."""
        return await self.locale.async_text(self.hass, f"selector.what_if_kind.options.{kind}")

    async def _async_label(self, name: str) -> str:
        return await self.locale.async_text(self.hass, f"services.what_if.fields.{name}.name")
