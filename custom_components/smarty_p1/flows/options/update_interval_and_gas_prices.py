"""Options pages for the update interval, the limit of the plan, and energy and prices of gas.

Each gas price holds from a day on, so that a new price leaves the costs before its day alone.
"""

from collections.abc import Sequence

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import ObjectSelector, ObjectSelectorConfig, ObjectSelectorField

from ...const import (
    CONF_GAS_FIXED_PRICE,
    CONF_GAS_KWH_PER_M3,
    CONF_GAS_PRICE,
    CONF_GAS_PRICES,
    CONF_MIN_INTERVAL,
    CONF_NEVER_ABOVE,
    CONF_SINCE,
)
from ...coordinator import loaded_meter
from ...coordinator.entered_gas_prices import (
    MAX_EUR_PER_M3,
    MAX_EUR_PER_MONTH,
    MAX_KWH_PER_M3,
    MIN_EUR_PER_M3,
    MIN_KWH_PER_M3,
)
from ...coordinator.entry_types import AnyConfigEntry
from ...lib.amounts import EUR_PER_M3, EUR_PER_MONTH, KW, KWH_PER_M3, Amount
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.prices.entered_contract import in_order
from ...user_requests.user_locale import UserLocale
from ..form_inputs import AmountField, FormInputs
from ..shared_form_fields import DayField, whole_number_field
from .amount_rows import AmountRows
from .options_page import OptionsPage, plain_page

_MAX_INTERVAL_S = 3600
_INTERVAL = whole_number_field(_MAX_INTERVAL_S, "s")
# `_BOUNDS` has the plausible ranges, and an error for each.
_MAX_TYPED = 1_000_000
_PRICES = {
    CONF_GAS_PRICE: Amount(EUR_PER_M3, _MAX_TYPED),
    CONF_GAS_FIXED_PRICE: Amount(EUR_PER_MONTH, _MAX_TYPED),
}
_BOUNDS = {
    CONF_GAS_KWH_PER_M3: (MIN_KWH_PER_M3, MAX_KWH_PER_M3, "gas_kwh_per_m3_implausible"),
    CONF_GAS_PRICE: (MIN_EUR_PER_M3, MAX_EUR_PER_M3, "gas_price_implausible"),
    CONF_GAS_FIXED_PRICE: (0.0, MAX_EUR_PER_MONTH, "gas_fixed_price_implausible"),
}
_MAX_PRICES = 100
_PRICE_LIST = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            **{
                name: ObjectSelectorField(selector=AmountField(amount))
                for name, amount in _PRICES.items()
            },
            CONF_SINCE: ObjectSelectorField(selector=DayField()),
        },
        multiple=True,
        label_field=CONF_GAS_PRICE,
        description_field=CONF_SINCE,
        translation_key=CONF_GAS_PRICES,
    )
)

_ROWS = AmountRows(CONF_GAS_PRICES, "gas", _PRICES, (CONF_SINCE,), _MAX_PRICES)
_GAS_OPTIONS = {CONF_GAS_KWH_PER_M3, CONF_GAS_PRICES}
_GAS_FIELDS = {
    vol.Optional(CONF_GAS_KWH_PER_M3): AmountField(Amount(KWH_PER_M3, _MAX_TYPED)),
    vol.Optional(CONF_GAS_PRICES): _PRICE_LIST,
}


def may_need_gas(entry: AnyConfigEntry) -> bool:
    """Return whether the page of gas may be needed: for its options, or for a gas meter."""
    return bool(_GAS_OPTIONS & entry.options.keys()) or _may_have_gas(entry)


def _shown_gas(_hass: HomeAssistant, entry: AnyConfigEntry, locale: UserLocale) -> JsonDict:
    return {**entry.options, CONF_GAS_PRICES: _ROWS.shown(entry, locale)}


async def _async_read_gas(
    _hass: HomeAssistant, _entry: AnyConfigEntry, typed: JsonMapping, inputs: FormInputs
) -> JsonDict:
    """Return the options to store. Add errors for implausible or missing values to `inputs`."""
    read = inputs.read_all(typed, _GAS_FIELDS, "options.step.gas")
    read.pop(CONF_GAS_PRICES, None)
    rows = _ROWS.read_rows(typed, inputs)
    if error := _implausible(read):
        inputs.refuse(CONF_GAS_KWH_PER_M3, error)
    if not inputs.errors and (error := _error_of_prices(rows)):
        inputs.refuse(CONF_GAS_PRICES, error)
    return {**read, CONF_GAS_PRICES: in_order(rows)} if rows else read


def _error_of_prices(rows: Sequence[JsonMapping]) -> str | None:
    if len(rows) > _MAX_PRICES:
        return "too_many_gas_prices"
    if any(CONF_GAS_PRICE not in row for row in rows):
        return "gas_price_missing"
    if len({row.get(CONF_SINCE) for row in rows}) < len(rows):
        return "gas_days_alike"
    return next(filter(None, map(_implausible, rows)), None)


def _implausible(values: JsonMapping) -> str | None:
    """Return the translation key for a value outside its range. Return None without one."""
    for name, (lowest, highest, error) in _BOUNDS.items():
        if name in values and not lowest <= values[name] <= highest:
            return error
    return None


def _may_have_gas(entry: AnyConfigEntry) -> bool:
    """Return True if the entry has a gas meter, or if this is not known yet."""
    if (coordinator := loaded_meter(entry)) is None:
        return True
    kinds = {medium.kind for medium in coordinator.records.history.media.values()}
    return "gas" in kinds or (coordinator.latest is None and not kinds)


GAS = OptionsPage(
    "gas", _GAS_OPTIONS, lambda _hass, _entry: _GAS_FIELDS, _async_read_gas, _shown_gas
)
UPDATES = plain_page("updates", {vol.Required(CONF_MIN_INTERVAL, default=0): _INTERVAL})
PLAN = plain_page(
    "plan",
    {
        vol.Optional(CONF_NEVER_ABOVE): AmountField(Amount(KW, 100, 0.5)),
    },
)
