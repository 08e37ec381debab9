"""The part of the options' form that is about the tariff: fields, check, what is stored."""

from collections.abc import Container, Mapping
from datetime import date
from typing import Any

import voluptuous as vol
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    EntitySelector,
    EntitySelectorConfig,
)
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_ENERGY_FEE,
    CONF_ENERGY_MARGIN,
    CONF_ENERGY_PRICE,
    CONF_ENERGY_PRICE_ENTITY,
    CONF_FEED_IN_MARGIN,
    CONF_FEED_IN_PRICE,
    CONF_FEED_IN_PRICE_ENTITY,
    CONF_METER_AMPERE,
    CONF_METER_FEE,
    CONF_NETWORK_FIXED_PRICE,
    CONF_NETWORK_VARIABLE_PRICE,
    CONF_REFERENCE_POWER,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_PRICE_SINCE,
    CONF_SURCHARGE_REPLACES_VARIABLE,
    CONF_VAT,
    DOMAIN,
    SECTION_DYNAMIC_PRICE,
    SECTION_FEED_IN,
    SECTION_NETWORK_PRICES,
)
from ..coordinator.contract_options import DEFAULT_METER_AMPERE, contract_of
from ..coordinator.market_prices import MAX_PRICE, PRICE_ENTITIES, unit_factor
from ..lib.entities import CURRENCY
from ..lib.tariff import LUXEMBOURG, MAX_POWER_KW, METER_SIZES, REFERENCE_POWERS
from .form_fields import list_field, number_field

_SECTIONS: Mapping[str, tuple[str, ...]] = {
    SECTION_DYNAMIC_PRICE: (CONF_ENERGY_PRICE_ENTITY, CONF_ENERGY_MARGIN),
    SECTION_FEED_IN: (CONF_FEED_IN_PRICE, CONF_FEED_IN_PRICE_ENTITY, CONF_FEED_IN_MARGIN),
    SECTION_NETWORK_PRICES: (
        CONF_NETWORK_FIXED_PRICE,
        CONF_NETWORK_VARIABLE_PRICE,
        CONF_METER_FEE,
        CONF_SURCHARGE_REPLACES_VARIABLE,
    ),
}
_SECTION_OF = {option: name for name, options in _SECTIONS.items() for option in options}
_TOP = (
    CONF_REFERENCE_POWER,
    CONF_METER_AMPERE,
    CONF_VAT,
    CONF_ENERGY_PRICE,
    CONF_ENERGY_FEE,
    CONF_SURCHARGE_PRICE,
)
# All that is agreed, without the day from which it holds.
_AGREED = (*_TOP, *_SECTION_OF)
_DEFAULTS: Mapping[str, Any] = {
    CONF_METER_AMPERE: DEFAULT_METER_AMPERE,
    CONF_VAT: True,
    CONF_SURCHARGE_REPLACES_VARIABLE: False,
}
_MAX_FEE = 10_000
_PRICE_DOMAINS = (Platform.SENSOR, Platform.NUMBER, "input_number")
# Of the tariff; and prices are approved a year at a time.
_FIRST_YEAR = 2025
_YEARS_AHEAD = 2

type Errors = dict[str, str]


def contract_fields(open_sections: Container[str]) -> dict[vol.Marker, Any]:
    """Return the fields of the form."""
    price = number_field(MAX_PRICE, f"{CURRENCY}/kWh")
    margin = number_field(MAX_PRICE, f"{CURRENCY}/kWh", least=-MAX_PRICE)
    fee = number_field(_MAX_FEE, CURRENCY)
    entity = EntitySelector(EntitySelectorConfig(domain=list(_PRICE_DOMAINS)))
    yes_or_no = BooleanSelector()
    sizes = zip(METER_SIZES, ("40-50 A", "63-100 A", "≥ 120 A"), strict=True)
    sections = {
        SECTION_DYNAMIC_PRICE: {
            vol.Optional(CONF_ENERGY_PRICE_ENTITY): entity,
            vol.Optional(CONF_ENERGY_MARGIN): margin,
        },
        SECTION_FEED_IN: {
            vol.Optional(CONF_FEED_IN_PRICE): price,
            vol.Optional(CONF_FEED_IN_PRICE_ENTITY): entity,
            vol.Optional(CONF_FEED_IN_MARGIN): margin,
        },
        SECTION_NETWORK_PRICES: {
            vol.Optional(CONF_NETWORK_FIXED_PRICE): fee,
            vol.Optional(CONF_NETWORK_VARIABLE_PRICE): price,
            vol.Optional(CONF_METER_FEE): fee,
            vol.Required(CONF_SURCHARGE_REPLACES_VARIABLE, default=False): yes_or_no,
        },
    }
    return {
        vol.Optional(CONF_REFERENCE_POWER): list_field(
            ((str(power), f"{power} kW") for power in REFERENCE_POWERS), takes_any=True
        ),
        vol.Required(CONF_METER_AMPERE, default=DEFAULT_METER_AMPERE): list_field(
            (str(size), label) for size, label in sizes
        ),
        vol.Optional(CONF_ENERGY_PRICE): price,
        vol.Optional(CONF_ENERGY_FEE): fee,
        vol.Required(CONF_VAT, default=True): yes_or_no,
        **{
            vol.Optional(name): section(
                vol.Schema(fields), {"collapsed": name not in open_sections}
            )
            for name, fields in sections.items()
        },
        vol.Optional(CONF_SURCHARGE_PRICE): price,
        vol.Optional(CONF_SURCHARGE_PRICE_SINCE): DateSelector(),
    }


def shown_contract(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of what is stored, by its sections."""
    shown = {option: options[option] for option in _TOP if option in options}
    if CONF_REFERENCE_POWER in shown:
        shown[CONF_REFERENCE_POWER] = f"{shown[CONF_REFERENCE_POWER]:g}"
    # The day belongs to the changes entered with it, so a past one is not shown again.
    if _is_awaited(options):
        shown[CONF_SURCHARGE_PRICE_SINCE] = options[CONF_SURCHARGE_PRICE_SINCE]
    for name, names in _SECTIONS.items():
        shown[name] = {option: options[option] for option in names if option in options}
    return shown


def filled_sections(shown: Mapping[str, Any]) -> set[str]:
    """Return the sections that say something, of what the form shows."""
    return {
        name
        for name in _SECTIONS
        if any(value != _DEFAULTS.get(option) for option, value in shown.get(name, {}).items())
    }


def read_contract(
    hass: HomeAssistant, stored: Mapping[str, Any], typed: Mapping[str, Any], errors: Errors
) -> dict[str, Any]:
    """Return what is stored of what the user typed, and note what is wrong with it.

    A section that is not sent stays as it is.
    """
    sources: dict[str, Mapping[str, Any]] = dict.fromkeys(_TOP, typed)
    sources |= {option: typed.get(name, stored) for option, name in _SECTION_OF.items()}
    read = {option: source[option] for option, source in sources.items() if option in source}
    _read_power(read, errors)
    _check_energy_price(hass, read, errors)
    _check_feed_in_price(hass, read, errors)
    if all(_DEFAULTS.get(option) == value for option, value in read.items()):
        read = {}
    _read_since(read, stored, typed.get(CONF_SURCHARGE_PRICE_SINCE), errors)
    return read


def _read_power(read: dict[str, Any], errors: Errors) -> None:
    """Replace what was typed as the reference power by its number."""
    text: str = read.pop(CONF_REFERENCE_POWER, "").strip()
    if not text:
        return
    try:
        power = float(text.lower().removesuffix("kw").strip().replace(",", "."))
    except ValueError:
        power = 0.0
    if 0 < power <= MAX_POWER_KW:
        read[CONF_REFERENCE_POWER] = power
    else:
        errors[CONF_REFERENCE_POWER] = "reference_power_malformed"


def _check_energy_price(hass: HomeAssistant, read: Mapping[str, Any], errors: Errors) -> None:
    if CONF_ENERGY_PRICE_ENTITY in read and CONF_ENERGY_PRICE in read:
        errors[SECTION_DYNAMIC_PRICE] = "two_prices"
    elif error := _entity_error(hass, read, CONF_ENERGY_PRICE_ENTITY, CONF_ENERGY_MARGIN):
        errors[SECTION_DYNAMIC_PRICE] = error


def _check_feed_in_price(hass: HomeAssistant, read: Mapping[str, Any], errors: Errors) -> None:
    if CONF_FEED_IN_PRICE_ENTITY in read and CONF_FEED_IN_PRICE in read:
        errors[SECTION_FEED_IN] = "two_prices"
    elif error := _entity_error(hass, read, CONF_FEED_IN_PRICE_ENTITY, CONF_FEED_IN_MARGIN):
        errors[SECTION_FEED_IN] = error


def _entity_error(
    hass: HomeAssistant, read: Mapping[str, Any], option: str, margin: str
) -> str | None:
    """Return what is wrong with the entity of a price."""
    entity_id = read.get(option)
    if entity_id is None:
        return "margin_without_entity" if margin in read else None
    registered = er.async_get(hass).async_get(entity_id)
    if registered and registered.platform == DOMAIN:
        return "price_entity_own"
    state = hass.states.get(entity_id)
    if state is None:
        return "price_entity_missing"
    if unit_factor(state) is None:
        return "price_entity_unit"
    return None


def _read_since(
    read: dict[str, Any], stored: Mapping[str, Any], since: str | None, errors: Errors
) -> None:
    """Note the day from which the contract holds, or what is wrong with it."""
    before, after = {**_DEFAULTS, **stored}, {**_DEFAULTS, **read}
    changed = {option for option in _AGREED if before.get(option) != after.get(option)}
    is_entity_alone = bool(changed) and contract_of(stored) == contract_of(read)
    if since is None:
        # What stays as it is keeps its day.
        is_other = changed and not is_entity_alone
        since = None if is_other else stored.get(CONF_SURCHARGE_PRICE_SINCE)
    elif not read:
        errors[CONF_SURCHARGE_PRICE_SINCE] = "day_without_change"
    elif changed == {CONF_SURCHARGE_PRICE} and CONF_SURCHARGE_PRICE not in read:
        errors[CONF_SURCHARGE_PRICE] = "surcharge_price_missing"
    elif is_entity_alone and not _is_awaited(stored):
        # It would become the day of margin and fees, which hold already.
        errors[CONF_SURCHARGE_PRICE_SINCE] = "day_of_entity"
    elif not _is_plausible(since):
        errors[CONF_SURCHARGE_PRICE_SINCE] = "surcharge_day_implausible"
    if since is not None:
        read[CONF_SURCHARGE_PRICE_SINCE] = since
    # Until then, what held before goes on, at the prices that it followed.
    holds = changed and not _is_awaited(stored)
    for option, before_change in PRICE_ENTITIES.items():
        if entity_id := stored.get(option if holds else before_change):
            read[before_change] = entity_id


def _is_awaited(options: Mapping[str, Any]) -> bool:
    """Return whether the day has not come yet from which something holds."""
    since: str = options.get(CONF_SURCHARGE_PRICE_SINCE, "")
    return since > dt_util.now(LUXEMBOURG).date().isoformat()


def _is_plausible(day: str) -> bool:
    """Return whether a contract may hold from a day: since the tariff began, or soon."""
    latest = dt_util.now(LUXEMBOURG).year + _YEARS_AHEAD
    return _FIRST_YEAR <= date.fromisoformat(day).year <= latest
