"""Contract pages of the options: their fields, their checks, and the contract that they store."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from ...const import CONF_AIDS, CONF_SINCE, DOMAIN
from ...coordinator.market_prices.price_entities import unit_factor
from ...lib.amounts import EUR_PER_KWH, EUR_PER_MONTH, EUR_PER_YEAR, KW, Amount, amount_text
from ...lib.history.luxembourg_time import LUXEMBOURG
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.prices.agreed_prices import AgreedPrices, price_file
from ...lib.prices.contract import MAX_CONTRACTS, Contract
from ...lib.prices.contract_terms import CONTRACT_TERMS, FEE_PER_YEAR, POWER, USUAL_EUR_PER_MONTH
from ...lib.prices.entered_contract import (
    DEFAULT_METER_AMPERE,
    USUAL_EUR_PER_KWH,
    Terms,
    entered_contracts,
    first_day,
    has_price_of_power,
    is_second_price_whole,
    unconfirmed_prices,
)
from ...lib.prices.published_prices import CONSUMER_CATEGORIES, METER_SIZES, REFERENCE_POWERS
from ...lib.prices.time_of_use import WEEKDAYS
from ...user_requests.request_fields import SchemaFields
from ...user_requests.user_locale import UserLocale, async_user_locale
from ..form_inputs import AmountChoice, AmountField, FormInputs, Place
from ..shared_form_fields import ClockField, DayField, list_field
from .state_aids_form import prices_of_aids

# Year in which the grid tariff with reference power began.
_FIRST_YEAR = 2025
# The contract's first day may lie at most this number of years after the current year. Network
# prices are approved one year ahead, so contracts with known prices begin in the next year at the
# latest. Accept one year more.
_YEARS_AHEAD = 2

_NOON = time(12)

_WITH_EXAMPLES = {"amount_malformed", "amount_out_of_range"}
_PER_MONTH = "month"
# The first page has the values that every bill has.
_FIRST_PAGE = ("reference_power", "energy_price", "energy_fee", "energy_fee_per", "discount")
# Sections of the second page, each with its options.
_SECTIONS: Mapping[str, Sequence[str]] = {
    "second_price": (
        "second_energy_price",
        "second_price_from",
        "second_price_to",
        "second_price_days",
    ),
    "dynamic_price": ("energy_price_entity", "energy_margin"),
    "feed_in": ("feed_in_price", "feed_in_price_entity", "feed_in_margin"),
    "levies": ("vat", "with_levies", "consumer_category", *price_file().enterable_levies),
    "energy_sharing": ("community_price",),
    "network_prices": (
        "meter_ampere",
        "network_fixed_price",
        "network_variable_price",
        "meter_fee",
        "surcharge_price",
        "surcharge_replaces_variable",
    ),
}
_FIRST = ("reference_power", "energy_price", "feed_in_price")
_DEFAULTS: Mapping[str, str | bool] = {
    "energy_fee_per": _PER_MONTH,
    "vat": True,
    "with_levies": True,
    "consumer_category": CONSUMER_CATEGORIES[0],
    "meter_ampere": DEFAULT_METER_AMPERE,
    "surcharge_replaces_variable": False,
}
# Fields of the first day, and of terms with usual values.
_FIELDS_OF_TERMS: Mapping[str, Selector[Any]] = {
    CONF_SINCE: DayField(),
    "reference_power": AmountChoice(POWER, REFERENCE_POWERS),
    "energy_fee_per": SelectSelector(
        SelectSelectorConfig(
            options=[_PER_MONTH, "year"],
            translation_key="energy_fee_per",
            mode=SelectSelectorMode.DROPDOWN,
        )
    ),
    "second_price_days": SelectSelector(
        SelectSelectorConfig(
            options=list(WEEKDAYS),
            translation_key="weekdays",
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    ),
    "consumer_category": list_field((name, name) for name in CONSUMER_CATEGORIES),
    "meter_ampere": list_field(
        zip(map(str, METER_SIZES), ("40-50 A", "63-100 A", "≥ 120 A"), strict=True)
    ),
}
# Fields of all other terms that are no amounts, by kind of term.
_FIELDS_OF_KINDS: Mapping[object, Selector[Any]] = {
    bool: BooleanSelector(),
    time: ClockField(),
    str: EntitySelector(
        EntitySelectorConfig(domain=[Platform.SENSOR, Platform.NUMBER, "input_number"])
    ),
}


class EditedContract(NamedTuple):
    """Contract that a dialog adds or edits, and the other contracts in the options."""

    stored: Terms = MappingProxyType({})
    """Stored terms: those of the edited contract, or of the contract that the form began with."""
    others: Sequence[Terms] = ()


class _PriceChoice(NamedTuple):
    """Names of the options for one price: a fixed price, or a price entity and a margin.

    `section` is the section of the form with these options.
    """

    section: str
    price: str
    entity: str
    margin: str


_CHOICES = (
    _PriceChoice("dynamic_price", "energy_price", "energy_price_entity", "energy_margin"),
    _PriceChoice("feed_in", "feed_in_price", "feed_in_price_entity", "feed_in_margin"),
)
_AMOUNTS = {name: term for name, term in CONTRACT_TERMS.items() if isinstance(term, Amount)}
_SECTION_OF = {option: name for name, options in _SECTIONS.items() for option in options}
_PLACES = {option: Place(option, f"options.step.contract.data.{option}") for option in _FIRST_PAGE}
_PLACES |= {
    option: Place(name, f"options.step.contract_details.sections.{name}.data.{option}")
    for option, name in _SECTION_OF.items()
}
"""Place of each term in the options, for the messages about its amount."""


def _fields(options: Iterable[str]) -> SchemaFields:
    """Return a field for each option, which is required if it has a default value."""
    return {
        vol.Required(option, default=_DEFAULTS[option])
        if option in _DEFAULTS
        else vol.Optional(option): _selector(option)
        for option in options
    }


def _selector(option: str) -> Selector[Any]:
    if option in _FIELDS_OF_TERMS:
        return _FIELDS_OF_TERMS[option]
    term = CONTRACT_TERMS[option]
    return AmountField(term) if isinstance(term, Amount) else _FIELDS_OF_KINDS[term]


def contract_fields() -> SchemaFields:
    """Return the fields of the first page: the values that every bill has."""
    return _fields(_FIRST_PAGE)


def detail_fields(open_sections: Container[str]) -> SchemaFields:
    """Return the fields of the second page: its sections, and the contract's first day.

    The sections in `open_sections` are open, all others are collapsed.
    """
    sections = {
        vol.Optional(name): section(
            vol.Schema(_fields(options)), {"collapsed": name not in open_sections}
        )
        for name, options in _SECTIONS.items()
    }
    return {**sections, **_fields([CONF_SINCE])}


def shown_contract(contract: Terms, locale: UserLocale) -> JsonDict:
    """Return a stored contract as the form shows it, with the terms in their sections."""
    shown: JsonDict = {name: {} for name in _SECTIONS}
    values = locale.amounts(contract, _AMOUNTS)
    if "reference_power" in values:
        values["reference_power"] += f" {KW.symbol}"  # as in the list
    for option, value in values.items():
        name = _SECTION_OF.get(option)
        (shown[name] if name else shown)[option] = value
    return shown


def check_first_page(typed: JsonMapping, inputs: FormInputs) -> None:
    """Add the errors of the first page to `inputs`."""
    read = _read_amounts(typed, inputs, _PLACES)
    if not inputs.errors:
        _ask_about_prices(read, inputs, _PLACES)


def read_contract(
    hass: HomeAssistant,
    edited: EditedContract,
    typed: JsonMapping,
    inputs: FormInputs,
) -> JsonDict:
    """Return the contract to store, {} for an empty one. Add the errors to `inputs`.

    A section that `typed` lacks keeps its stored terms. A price that is unusually high is an error
    once.
    """
    read = _read_amounts(_submitted(typed, edited.stored), inputs, _PLACES)
    if inputs.errors:
        # The other checks would take a wrong amount for an empty field.
        return {}
    _check_terms(hass, edited.stored, read, inputs)
    # The form always has a value for "with_levies", because it is a checkbox. This value alone
    # does not mean that the user has entered a contract. If no other option differs from its
    # default, store nothing.
    read.setdefault("with_levies", _DEFAULTS["with_levies"])
    defaults = {**_DEFAULTS, "with_levies": read["with_levies"]}
    if all(defaults.get(option) == value for option, value in read.items()):
        read = {}
    since = typed.get(CONF_SINCE)
    if error := _error_of_day(edited, since, is_empty=not read):
        inputs.refuse(CONF_SINCE, error)
    if inputs.errors:
        return {}
    if since is not None:
        read = {CONF_SINCE: since, **read}
    _ask_about_prices(read, inputs, _PLACES)
    _ask_about_fixed_price(read, inputs)
    return read


def first_contract_fields() -> SchemaFields:
    """Return the fields of the contract step in the set-up: the minimum for a bill."""
    return _fields(_FIRST)


def read_first_contract(typed: JsonMapping, inputs: FormInputs) -> JsonDict:
    """Return the contract to store from the set-up's form. Add the form's errors to `inputs`.

    The contract gets no first day, because a meter's first contract applies to all recorded months.
    """
    places = {option: Place(option, f"config.step.contract.data.{option}") for option in _FIRST}
    # The form does not ask for the fixed price of the grid.
    places["network_fixed_price"] = places["reference_power"]
    read = _read_amounts({name: typed[name] for name in _FIRST if name in typed}, inputs, places)
    if inputs.errors or not read:
        return {}
    _check_reference_power(read, inputs, places)
    if not inputs.errors:
        _ask_about_prices(read, inputs, places)
    return {**_DEFAULTS, **read}


def _submitted(typed: JsonMapping, stored: Terms) -> JsonDict:
    """Return the terms of a submitted form. A section that it lacks keeps its stored terms."""
    return {
        option: source[option]
        for option in _PLACES
        if option
        in (source := typed.get(_SECTION_OF[option], stored) if option in _SECTION_OF else typed)
    }


def _check_terms(
    hass: HomeAssistant,
    stored: Terms,
    read: JsonDict,
    inputs: FormInputs,
) -> None:
    """Add errors of terms that do not belong together. Remove an empty list of days."""
    for choice in _CHOICES:
        if error := _price_error(hass, stored, read, choice):
            inputs.refuse(choice.section, error)
    _check_reference_power(read, inputs, _PLACES)
    _check_second_price(read, inputs)


def _read_amounts(typed: JsonMapping, inputs: FormInputs, places: Mapping[str, Place]) -> JsonDict:
    """Return `typed` with numbers instead of typed amounts.

    Empty and wrong amounts are left out.
    """
    read = dict(typed)
    per_year = typed.get("energy_fee_per") == "year"
    for option in filter(typed.__contains__, _AMOUNTS):
        amount = FEE_PER_YEAR if per_year and option == "energy_fee" else _AMOUNTS[option]
        value = inputs.read_amount(places[option], read.pop(option), amount)
        if value is not None:
            read[option] = value
    # The message about a wrong power gives examples, and does not repeat the text.
    is_zero = read.get("reference_power") == 0
    if is_zero or inputs.errors.get("reference_power") in _WITH_EXAMPLES:
        inputs.drop(places["reference_power"])
        inputs.refuse("reference_power", "reference_power_malformed")
    return read


def _ask_about_prices(read: JsonMapping, inputs: FormInputs, places: Mapping[str, Place]) -> None:
    """Ask about each price of a kWh, and each monthly price, above the highest usual one."""
    for place, price in _prices_of_kwh(read, places):
        inputs.ask_about_unusual(place, price, EUR_PER_KWH, USUAL_EUR_PER_KWH)
    for option in _AMOUNTS.keys() & read.keys() - {"network_fixed_price"}:
        if _AMOUNTS[option].unit is EUR_PER_MONTH:
            is_per_year = option == "energy_fee" and read.get("energy_fee_per") == "year"
            unit, months = (EUR_PER_YEAR, 12) if is_per_year else (EUR_PER_MONTH, 1)
            inputs.ask_about_unusual(
                places[option], read[option], unit, USUAL_EUR_PER_MONTH * months
            )


def _prices_of_kwh(
    contract: JsonMapping, places: Mapping[str, Place]
) -> Iterator[tuple[Place, float]]:
    """Yield each price of a kWh in a contract, with its place in the form."""
    for option, amount in _AMOUNTS.items():
        if option in contract and amount.unit is EUR_PER_KWH:
            yield places[option], contract[option]


async def async_list_high_prices(hass: HomeAssistant, options: JsonMapping) -> str:
    """Return a Markdown list of the high prices in the options that are not confirmed."""
    locale = await async_user_locale(hass)
    unconfirmed = unconfirmed_prices(options)
    contracts = entered_contracts(options)
    prices = [price for terms in contracts for price in _prices_of_kwh(terms, _PLACES)]
    prices += prices_of_aids(options.get(CONF_AIDS, ()))
    return "\n".join(
        [
            f"- {await place.async_name(hass, locale)}{locale.punctuated(':')}"
            f"**{locale.with_unit(amount_text(price), EUR_PER_KWH.symbol)}**"
            for place, price in dict.fromkeys(prices)
            if price in unconfirmed
        ]
    )


def _ask_about_fixed_price(read: JsonMapping, inputs: FormInputs) -> None:
    """Ask about a fixed price of the grid above the published price of its reference power."""
    since = first_day(read)
    # A power between two reference powers counts as the higher one.
    power = read.get("reference_power", REFERENCE_POWERS[-1])
    reference_kw = next((kw for kw in REFERENCE_POWERS if kw >= power), None)
    # A contract without own prices has the published prices.
    published = AgreedPrices.of_contract(
        Contract(), datetime.combine(since, _NOON, LUXEMBOURG) if since else dt_util.utcnow()
    ).fixed(reference_kw)
    own = read.get("network_fixed_price")
    inputs.ask_about_unusual(_PLACES["network_fixed_price"], own, EUR_PER_MONTH, published)


def _check_reference_power(
    read: JsonMapping, inputs: FormInputs, places: Mapping[str, Place]
) -> None:
    """Add an error if the reference power has no published price, and no price was entered."""
    if not has_price_of_power(read):
        inputs.refuse(places["network_fixed_price"].field, "reference_power_without_price")


def _check_second_price(read: JsonDict, inputs: FormInputs) -> None:
    """Add an error if the second price is incomplete. Remove an empty list of days."""
    if not read.get("second_price_days"):
        read.pop("second_price_days", None)
    if not is_second_price_whole(read):
        inputs.refuse("second_price", "second_price_incomplete")


def _price_error(
    hass: HomeAssistant, stored: Terms, read: JsonMapping, choice: _PriceChoice
) -> str | None:
    """Return the translation key of a price's error. Return None if the price is valid.

    The entity of an old contract may be unknown, so a stored margin may lack it.
    """
    entity_id = read.get(choice.entity)
    if entity_id is None:
        is_new = choice.margin in read and read[choice.margin] != stored.get(choice.margin)
        is_new |= choice.entity in stored
        return "margin_without_entity" if choice.margin in read and is_new else None
    if choice.price in read:
        return "two_prices"
    registered = er.async_get(hass).async_get(entity_id)
    if registered and registered.platform == DOMAIN:
        return "price_entity_own"
    state = hass.states.get(entity_id)
    if state is None:
        return "price_entity_missing"
    if unit_factor(state) is None:
        return "price_entity_unit"
    return None


def _error_of_day(edited: EditedContract, since: str | None, *, is_empty: bool) -> str | None:
    """Return the translation key of an error of a contract's first day. Return None if it may be.

    Only one contract has no day: it holds from the beginning.
    """
    if len(edited.others) >= MAX_CONTRACTS - 1:
        return "too_many_contracts"
    if since in [contract.get(CONF_SINCE) for contract in edited.others]:
        return "day_taken" if since else "day_missing"
    if since is None:
        return None
    if is_empty:
        return "day_without_change"
    is_plausible = since == edited.stored.get(CONF_SINCE) or _is_plausible(since)
    return None if is_plausible else "surcharge_day_implausible"


def _is_plausible(day: str) -> bool:
    """Return whether `day` is from `_FIRST_YEAR` to the end of the year after next."""
    latest = dt_util.now(LUXEMBOURG).year + _YEARS_AHEAD
    return _FIRST_YEAR <= date.fromisoformat(day).year <= latest
