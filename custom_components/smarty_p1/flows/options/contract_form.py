"""Contract pages of the options: their fields, their checks, and the options that they store."""

from collections.abc import Container, Iterator, Mapping
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter
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
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_AIDS,
    CONF_COMMUNITY_PRICE,
    CONF_CONSUMER_CATEGORY,
    CONF_DISCOUNT,
    CONF_ENERGY_FEE,
    CONF_ENERGY_FEE_PER,
    CONF_ENERGY_MARGIN,
    CONF_ENERGY_PRICE,
    CONF_ENERGY_PRICE_ENTITY,
    CONF_FEED_IN_MARGIN,
    CONF_FEED_IN_PRICE,
    CONF_FEED_IN_PRICE_ENTITY,
    CONF_HIGH_PRICES_CONFIRMED,
    CONF_METER_AMPERE,
    CONF_METER_FEE,
    CONF_NETWORK_FIXED_PRICE,
    CONF_NETWORK_VARIABLE_PRICE,
    CONF_REFERENCE_POWER,
    CONF_SECOND_ENERGY_PRICE,
    CONF_SECOND_PRICE_DAYS,
    CONF_SECOND_PRICE_FROM,
    CONF_SECOND_PRICE_TO,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_PRICE_SINCE,
    CONF_SURCHARGE_REPLACES_VARIABLE,
    CONF_VAT,
    CONF_WITH_LEVIES,
    DOMAIN,
    PER_YEAR,
    SECTION_AIDS,
    SECTION_DYNAMIC_PRICE,
    SECTION_ENERGY_SHARING,
    SECTION_FEED_IN,
    SECTION_LEVIES,
    SECTION_NETWORK_PRICES,
    SECTION_SECOND_PRICE,
)
from ...coordinator.entered_contract import (
    DEFAULT_METER_AMPERE,
    USUAL_EUR_PER_KWH,
    contract_of,
    contract_since,
    is_awaited,
    unconfirmed_prices,
    with_confirmed_prices,
)
from ...coordinator.market_prices import MAX_PRICE, PRICE_ENTITIES, unit_factor
from ...lib.amounts import EUR_PER_KWH, EUR_PER_MONTH, EUR_PER_YEAR, KW, Amount, amount_text
from ...lib.history.calendar import LUXEMBOURG
from ...lib.history.gap_clock_and_power_limits import MAX_POWER_KW
from ...lib.prices.contract import (
    CONSUMER_CATEGORIES,
    MAX_AID_NAME_LENGTH,
    MAX_AIDS,
    METER_SIZES,
    PER_KWH,
    REFERENCE_POWERS,
    Contract,
)
from ...lib.prices.network_prices import AgreedPrices, price_file
from ...lib.prices.time_of_use import WEEKDAYS
from ...user_locale import UserLocale, async_user_locale
from ..shared_form_fields import ClockField, DayField, list_field
from ..typed_amounts import AmountChoice, AmountField, Place, TypedAmounts

# Year in which the grid tariff with reference power began.
_FIRST_YEAR = 2025
# The contract's first day may lie at most this number of years after the current year. Network
# prices are approved one year ahead, so contracts with known prices begin in the next year at the
# latest. Accept one year more.
_YEARS_AHEAD = 2

_NOON = time(12)

_PRICE = Amount(EUR_PER_KWH, MAX_PRICE)
_MARGIN = Amount(EUR_PER_KWH, MAX_PRICE, -MAX_PRICE)
_MAX_FEE = 10_000
_FEE = Amount(EUR_PER_MONTH, _MAX_FEE)
_FEE_A_YEAR = Amount(EUR_PER_YEAR, _MAX_FEE)
_MONTHLY_LEVY = Amount(EUR_PER_MONTH, _MAX_FEE, -_MAX_FEE)
_PRICE_ENTITY = EntitySelector(
    EntitySelectorConfig(domain=[Platform.SENSOR, Platform.NUMBER, "input_number"])
)
_POWER = Amount(KW, MAX_POWER_KW)
_SIZE = list_field(zip(map(str, METER_SIZES), ("40-50 A", "63-100 A", "≥ 120 A"), strict=True))

_PER_MONTH = "month"
_USUAL_EUR_PER_MONTH = 50.0
"""Highest usual price per month. The form asks about a higher one: it may be the bill's total."""
_FEE_PER = SelectSelector(
    SelectSelectorConfig(
        options=[_PER_MONTH, PER_YEAR],
        translation_key=CONF_ENERGY_FEE_PER,
        mode=SelectSelectorMode.DROPDOWN,
    )
)
_CATEGORY = list_field((name, name) for name in CONSUMER_CATEGORIES)
_DAYS = SelectSelector(
    SelectSelectorConfig(
        options=list(WEEKDAYS),
        translation_key="weekdays",
        multiple=True,
        mode=SelectSelectorMode.DROPDOWN,
    )
)


def _required(selector: Selector[Any]) -> ObjectSelectorField:
    return ObjectSelectorField(selector=selector, required=True)


# Some bills print state aids as negative amounts, so accept amounts of either sign.
_AID_AMOUNTS = {"per_kwh": _MARGIN, "per_month": Amount(EUR_PER_MONTH, _MAX_FEE, -_MAX_FEE)}
_AIDS = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            # No field offers choices, because the frontend would not translate the choices.
            "name": _required(TextSelector()),
            **{
                name: ObjectSelectorField(selector=AmountField(amount))
                for name, amount in _AID_AMOUNTS.items()
            },
            "with_vat": ObjectSelectorField(selector=BooleanSelector()),
            "vat_free": ObjectSelectorField(selector=BooleanSelector()),
            "first_day": _required(DayField()),
            "last_day": ObjectSelectorField(selector=DayField()),
        },
        multiple=True,
        label_field="name",
        description_field="first_day",
        translation_key=SECTION_AIDS,
    )
)

_WITH_EXAMPLES = {"amount_malformed", "amount_out_of_range"}
# Rows above MAX_AIDS are refused.
_MAX_ROWS = MAX_AIDS + 1

type Errors = dict[str, str]


class _Field(NamedTuple):
    """Field of the form for one option of the contract."""

    option: str
    asked: Selector[Any] | Amount
    section: str | None = None
    default: str | bool | None = None

    @property
    def selector(self) -> Selector[Any]:
        """Return the field that the form shows."""
        if self.asked is _POWER:
            return AmountChoice(_POWER, REFERENCE_POWERS)
        return AmountField(self.asked) if isinstance(self.asked, Amount) else self.asked

    @property
    def place(self) -> Place:
        """Return the place of this field's amount in the options."""
        if not self.section:
            return Place(self.option, f"options.step.contract.data.{self.option}")
        page = f"options.step.contract_details.sections.{self.section}"
        return Place(self.section, f"{page}.data.{self.option}")

    def asked_of(self, defaults: Mapping[str, Any]) -> vol.Marker:
        """Return the field's marker: required if `defaults` has its option, otherwise optional."""
        if self.option not in defaults:
            return vol.Optional(self.option)
        return vol.Required(self.option, default=defaults[self.option])


class _PriceChoice(NamedTuple):
    """Names of the options for one price: a fixed price, or a price entity and a margin.

    `section` is the section of the form with these options.
    """

    section: str
    price: str
    entity: str
    margin: str


# All options of the contract, in the order of the form.
_FIELDS = (
    _Field(CONF_REFERENCE_POWER, _POWER),
    _Field(CONF_ENERGY_PRICE, _PRICE),
    _Field(CONF_ENERGY_FEE, _FEE),
    _Field(CONF_ENERGY_FEE_PER, _FEE_PER, default=_PER_MONTH),
    _Field(CONF_DISCOUNT, _FEE),
    _Field(CONF_SECOND_ENERGY_PRICE, _PRICE, SECTION_SECOND_PRICE),
    _Field(CONF_SECOND_PRICE_FROM, ClockField(), SECTION_SECOND_PRICE),
    _Field(CONF_SECOND_PRICE_TO, ClockField(), SECTION_SECOND_PRICE),
    _Field(CONF_SECOND_PRICE_DAYS, _DAYS, SECTION_SECOND_PRICE),
    _Field(CONF_ENERGY_PRICE_ENTITY, _PRICE_ENTITY, SECTION_DYNAMIC_PRICE),
    _Field(CONF_ENERGY_MARGIN, _MARGIN, SECTION_DYNAMIC_PRICE),
    _Field(CONF_FEED_IN_PRICE, _PRICE, SECTION_FEED_IN),
    _Field(CONF_FEED_IN_PRICE_ENTITY, _PRICE_ENTITY, SECTION_FEED_IN),
    _Field(CONF_FEED_IN_MARGIN, _MARGIN, SECTION_FEED_IN),
    _Field(CONF_VAT, BooleanSelector(), SECTION_LEVIES, default=True),
    _Field(CONF_WITH_LEVIES, BooleanSelector(), SECTION_LEVIES, default=True),
    _Field(CONF_CONSUMER_CATEGORY, _CATEGORY, SECTION_LEVIES, default=CONSUMER_CATEGORIES[0]),
    *(
        _Field(name, _MARGIN if levy.per == PER_KWH else _MONTHLY_LEVY, SECTION_LEVIES)
        for name, levy in price_file().levies.items()
    ),
    _Field(CONF_AIDS, _AIDS, SECTION_AIDS),
    _Field(CONF_COMMUNITY_PRICE, _PRICE, SECTION_ENERGY_SHARING),
    _Field(CONF_METER_AMPERE, _SIZE, SECTION_NETWORK_PRICES, default=DEFAULT_METER_AMPERE),
    _Field(CONF_NETWORK_FIXED_PRICE, _FEE, SECTION_NETWORK_PRICES),
    _Field(CONF_NETWORK_VARIABLE_PRICE, _PRICE, SECTION_NETWORK_PRICES),
    _Field(CONF_METER_FEE, _FEE, SECTION_NETWORK_PRICES),
    _Field(CONF_SURCHARGE_PRICE, _PRICE, SECTION_NETWORK_PRICES),
    _Field(
        CONF_SURCHARGE_REPLACES_VARIABLE, BooleanSelector(), SECTION_NETWORK_PRICES, default=False
    ),
)
_SINCE = _Field(CONF_SURCHARGE_PRICE_SINCE, DayField())
_CHOICES = (
    _PriceChoice(
        SECTION_DYNAMIC_PRICE, CONF_ENERGY_PRICE, CONF_ENERGY_PRICE_ENTITY, CONF_ENERGY_MARGIN
    ),
    _PriceChoice(
        SECTION_FEED_IN, CONF_FEED_IN_PRICE, CONF_FEED_IN_PRICE_ENTITY, CONF_FEED_IN_MARGIN
    ),
)
_AMOUNTS = {field.option: field.asked for field in _FIELDS if isinstance(field.asked, Amount)}
_PLACES = {field.option: field.place for field in _FIELDS}
_FIRST = {CONF_REFERENCE_POWER, CONF_ENERGY_PRICE, CONF_FEED_IN_PRICE}
_DEFAULTS = {field.option: field.default for field in _FIELDS if field.default is not None}
_SECTIONS = frozenset(field.section for field in _FIELDS if field.section)
CONTRACT_OPTIONS = {
    *(field.option for field in (*_FIELDS, _SINCE)),
    *PRICE_ENTITIES.values(),
    CONF_HIGH_PRICES_CONFIRMED,
}
"""Options that the contract pages store or remove."""


def contract_fields() -> dict[vol.Marker, Any]:
    """Return the fields of the first page: the values that every bill has."""
    return {field.asked_of(_DEFAULTS): field.selector for field in _FIELDS if not field.section}


def detail_fields(open_sections: Container[str]) -> dict[vol.Marker, Any]:
    """Return the fields of the second page: its sections, and the contract's first day.

    The sections in `open_sections` are open, all others are collapsed.
    """
    form: dict[vol.Marker, Any] = {}
    in_sections = (field for field in _FIELDS if field.section)
    for name, group in groupby(in_sections, attrgetter("section")):
        schema = vol.Schema({field.asked_of(_DEFAULTS): field.selector for field in group})
        form[vol.Optional(name)] = section(schema, {"collapsed": name not in open_sections})
    return form | {_SINCE.asked_of(_DEFAULTS): _SINCE.selector}


def shown_contract(options: Mapping[str, Any], locale: UserLocale) -> dict[str, Any]:
    """Return the stored contract as the form shows it, with the options in their sections."""
    shown: dict[str, Any] = {name: {} for name in _SECTIONS}
    values = locale.amounts(options, _AMOUNTS)
    if CONF_REFERENCE_POWER in values:
        values[CONF_REFERENCE_POWER] += f" {KW.symbol}"  # as in the list
    if CONF_AIDS in values:
        values[CONF_AIDS] = [locale.amounts(aid, _AID_AMOUNTS) for aid in values[CONF_AIDS]]
    for option, _, name, _ in _FIELDS:
        if option in values:
            (shown[name] if name else shown)[option] = values[option]
    # Show the contract's first day only if it is in the future. A day in the past belongs to an
    # earlier change of the contract.
    if is_awaited(options):
        shown[CONF_SURCHARGE_PRICE_SINCE] = options[CONF_SURCHARGE_PRICE_SINCE]
    return shown


def read_first_page(typed: Mapping[str, Any], amounts: TypedAmounts) -> Errors:
    """Return the errors of the first page."""
    read, errors = _read_amounts(typed, amounts, _PLACES)
    if not errors:
        _ask_about_prices(read, amounts, _PLACES)
        errors |= amounts.errors
    return errors


def read_contract(
    hass: HomeAssistant,
    stored: Mapping[str, Any],
    typed: Mapping[str, Any],
    amounts: TypedAmounts,
    places: Mapping[str, Place] = _PLACES,
) -> tuple[dict[str, Any], Errors]:
    """Return the contract options to store, and the errors of the `typed` values.

    A section that `typed` lacks keeps its stored options. A price that is unusually high is an
    error once.
    """
    read = {}
    for option, _, name, _ in _FIELDS:
        source = typed.get(name, stored) if name else typed
        if option in source:
            read[option] = source[option]
    read, errors = _read_amounts(read, amounts, places)
    if errors:
        # The other checks would take a wrong amount for an empty field.
        return {}, errors
    for choice in _CHOICES:
        if error := _price_error(hass, read, choice):
            errors[choice.section] = error
    _check_reference_power(read, errors, places)
    _check_second_price(read, errors)
    _check_aids(read, errors)
    read.setdefault(CONF_WITH_LEVIES, _DEFAULTS[CONF_WITH_LEVIES])
    # The form always has a value for CONF_WITH_LEVIES, because it is a checkbox. This value alone
    # does not mean that the user has entered a contract. If no other option differs from its
    # default, store nothing.
    defaults = {**_DEFAULTS, CONF_WITH_LEVIES: read[CONF_WITH_LEVIES]}
    if all(defaults.get(option) == value for option, value in read.items()):
        read = {}
    _read_since(read, stored, _entered_day(read, stored, typed), errors)
    if errors:
        return {}, errors
    _ask_about_prices(read, amounts, places)
    _ask_about_fixed_price(read, amounts, places)
    # If these questions are no errors, the user has just confirmed all high prices.
    return with_confirmed_prices(read), amounts.errors


def first_contract_fields() -> dict[vol.Marker, Any]:
    """Return the fields of the contract step in the set-up: the minimum for a bill."""
    return {
        vol.Optional(field.option): field.selector for field in _FIELDS if field.option in _FIRST
    }


def read_first_contract(
    hass: HomeAssistant, typed: Mapping[str, Any], amounts: TypedAmounts
) -> tuple[dict[str, Any], Errors]:
    """Return the contract options to store from the set-up's form, and the form's errors.

    The contract gets no first day, because a meter's first contract applies to all recorded months.
    """
    whole: dict[str, Any] = {name: {} for name in _SECTIONS}
    for option, _, name, _ in _FIELDS:
        for source in (typed, _DEFAULTS):
            if option in source:
                (whole[name] if name else whole)[option] = source[option]
                break
    places = {option: Place(option, f"config.step.contract.data.{option}") for option in _FIRST}
    # The form does not ask for the fixed price of the grid.
    places[CONF_NETWORK_FIXED_PRICE] = places[CONF_REFERENCE_POWER]
    return read_contract(hass, {}, whole, amounts, _PLACES | places)


def _read_amounts(
    typed: Mapping[str, Any], amounts: TypedAmounts, places: Mapping[str, Place]
) -> tuple[dict[str, Any], Errors]:
    """Return `typed` with numbers instead of typed amounts, and the errors of the amounts.

    Empty and wrong amounts are left out.
    """
    read = dict(typed)
    per_year = typed.get(CONF_ENERGY_FEE_PER) == PER_YEAR
    for option in filter(typed.__contains__, _AMOUNTS):
        amount = _FEE_A_YEAR if per_year and option == CONF_ENERGY_FEE else _AMOUNTS[option]
        value = amounts.read(places[option], read.pop(option), amount)
        if value is not None:
            read[option] = value
    if CONF_AIDS in typed:
        read[CONF_AIDS] = [
            _read_aid(aid, row, amounts) for row, aid in enumerate(typed[CONF_AIDS][:_MAX_ROWS], 1)
        ]
    errors = amounts.errors
    # The message about a wrong power gives examples.
    is_zero = read.get(CONF_REFERENCE_POWER) == 0
    if is_zero or errors.get(CONF_REFERENCE_POWER) in _WITH_EXAMPLES:
        errors[CONF_REFERENCE_POWER] = "reference_power_malformed"
    return read, errors


def _read_aid(aid: Mapping[str, Any], row: int, amounts: TypedAmounts) -> dict[str, Any]:
    read = dict(aid)
    for name in filter(aid.__contains__, _AID_AMOUNTS):
        value = amounts.read(_place_in_aid(name, row), read.pop(name), _AID_AMOUNTS[name])
        if value is not None:
            read[name] = value
    return read


def _place_in_aid(name: str, row: int) -> Place:
    label = f"selector.{SECTION_AIDS}.fields.{name}.name"
    return Place(SECTION_AIDS, label, _PLACES[CONF_AIDS].label, row)


def _ask_about_prices(
    read: Mapping[str, Any], amounts: TypedAmounts, places: Mapping[str, Place]
) -> None:
    """Ask about each price of a kWh, and each monthly price, above the highest usual one."""
    for place, price in _prices_of_kwh(read, places):
        amounts.ask(place, price, EUR_PER_KWH, USUAL_EUR_PER_KWH)
    for option in _AMOUNTS.keys() & read.keys() - {CONF_NETWORK_FIXED_PRICE}:
        if _AMOUNTS[option].unit is EUR_PER_MONTH:
            is_per_year = option == CONF_ENERGY_FEE and read.get(CONF_ENERGY_FEE_PER) == PER_YEAR
            unit, months = (EUR_PER_YEAR, 12) if is_per_year else (EUR_PER_MONTH, 1)
            amounts.ask(places[option], read[option], unit, _USUAL_EUR_PER_MONTH * months)
    for row, aid in enumerate(read.get(CONF_AIDS, ()), 1):
        place = _place_in_aid("per_month", row)
        amounts.ask(place, aid.get("per_month"), EUR_PER_MONTH, _USUAL_EUR_PER_MONTH)


def _prices_of_kwh(
    contract: Mapping[str, Any], places: Mapping[str, Place]
) -> Iterator[tuple[Place, float]]:
    """Yield each price of a kWh in a contract, with its place in the form."""
    for option, amount in _AMOUNTS.items():
        if option in contract and amount.unit is EUR_PER_KWH:
            yield places[option], contract[option]
    for row, aid in enumerate(contract.get(CONF_AIDS, ()), 1):
        if "per_kwh" in aid:
            yield _place_in_aid("per_kwh", row), aid["per_kwh"]


async def async_list_high_prices(hass: HomeAssistant, options: Mapping[str, Any]) -> str:
    """Return a Markdown list of the high prices in the options that are not confirmed."""
    locale = await async_user_locale(hass)
    unconfirmed = unconfirmed_prices(options)
    return "\n".join(
        [
            f"- {await place.async_name(hass, locale)}: "
            f"**{amount_text(price, locale.decimal_mark)} {EUR_PER_KWH.symbol}**"
            for place, price in _prices_of_kwh(options, _PLACES)
            if price in unconfirmed
        ]
    )


def _ask_about_fixed_price(
    read: Mapping[str, Any], amounts: TypedAmounts, places: Mapping[str, Place]
) -> None:
    """Ask about a fixed price of the grid above the published price of its reference power."""
    since = contract_since(read)
    # A power between two reference powers counts as the higher one.
    power = read.get(CONF_REFERENCE_POWER, REFERENCE_POWERS[-1])
    reference_kw = next((kw for kw in REFERENCE_POWERS if kw >= power), None)
    # A contract without own prices has the published prices.
    published = AgreedPrices.at(
        Contract(), datetime.combine(since, _NOON, LUXEMBOURG) if since else dt_util.utcnow()
    ).fixed(reference_kw)
    own = read.get(CONF_NETWORK_FIXED_PRICE)
    amounts.ask(places[CONF_NETWORK_FIXED_PRICE], own, EUR_PER_MONTH, published)


def _check_reference_power(
    read: Mapping[str, Any], errors: Errors, places: Mapping[str, Place]
) -> None:
    """Add an error if the reference power has no published price, and no price was entered."""
    is_published = read.get(CONF_REFERENCE_POWER, REFERENCE_POWERS[0]) in REFERENCE_POWERS
    if not is_published and CONF_NETWORK_FIXED_PRICE not in read:
        errors[places[CONF_NETWORK_FIXED_PRICE].field] = "reference_power_without_price"


def _check_second_price(read: dict[str, Any], errors: Errors) -> None:
    """Add an error if the second price is incomplete. Remove an empty list of days."""
    if not read.get(CONF_SECOND_PRICE_DAYS):
        read.pop(CONF_SECOND_PRICE_DAYS, None)
    if not _is_second_price_whole(read):
        errors[SECTION_SECOND_PRICE] = "second_price_incomplete"


def _is_second_price_whole(read: Mapping[str, Any]) -> bool:
    """Return True if the second price is complete, or if all of its fields are empty.

    The second price is complete if the first energy price is entered, too, and either hours or
    days.
    """
    start, end = read.get(CONF_SECOND_PRICE_FROM), read.get(CONF_SECOND_PRICE_TO)
    has_hours = start is not None or end is not None
    has_days = CONF_SECOND_PRICE_DAYS in read
    if CONF_SECOND_ENERGY_PRICE not in read:
        return not has_hours and not has_days
    if CONF_ENERGY_PRICE not in read:
        return False
    if has_hours:
        return start is not None and end is not None and start != end
    return has_days


def _check_aids(read: dict[str, Any], errors: Errors) -> None:
    """Check the state aids and rebates in `read`, and make their amounts positive.

    Add an error to `errors` if an aid is malformed, or if there are too many aids.
    """
    aids = [_with_whole_days(aid) for aid in read.pop(CONF_AIDS, [])]
    if len(aids) > MAX_AIDS:
        errors[SECTION_AIDS] = "too_many_aids"
    elif not all(map(_is_possible, aids)):
        errors[SECTION_AIDS] = "aid_malformed"
    elif aids:
        read[CONF_AIDS] = [
            {
                **{name: value for name, value in aid.items() if name not in _AID_AMOUNTS},
                "name": aid["name"].strip(),
                **{name: abs(aid[name]) for name in _AID_AMOUNTS if aid.get(name)},
            }
            for aid in aids
        ]


def _with_whole_days(aid: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: DayField()(aid[name]) for name in ("first_day", "last_day") if aid.get(name)}
    return {**aid, **days}


def _is_possible(aid: Mapping[str, Any]) -> bool:
    return (
        0 < len(aid["name"].strip()) <= MAX_AID_NAME_LENGTH
        and any(aid.get(name) for name in _AID_AMOUNTS)
        and aid["first_day"] <= (aid.get("last_day") or aid["first_day"])
    )


def _price_error(hass: HomeAssistant, read: Mapping[str, Any], choice: _PriceChoice) -> str | None:
    """Return the translation key of a price's error. Return None if the price is valid."""
    entity_id = read.get(choice.entity)
    if entity_id is None:
        return "margin_without_entity" if choice.margin in read else None
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


def _entered_day(
    read: Mapping[str, Any], stored: Mapping[str, Any], typed: Mapping[str, Any]
) -> str | None:
    """Return the first day that the user has entered for the contract.

    Aids have days of their own. So a day that was entered only with aids must not move the last
    change of the contract: return None.
    """
    has_changed_aids = read.get(CONF_AIDS) != stored.get(CONF_AIDS)
    if has_changed_aids and not _changed(stored, read) and not is_awaited(stored):
        return None
    return typed.get(CONF_SURCHARGE_PRICE_SINCE)


def _read_since(
    read: dict[str, Any], stored: Mapping[str, Any], since: str | None, errors: Errors
) -> None:
    """Store the first day of the contract in `read`, or add an error to `errors`.

    `since` is the day that the user has entered, or None.
    """
    changed = _changed(stored, read)
    is_entity_alone = bool(changed) and contract_of(stored) == contract_of(read)
    waits = is_awaited(stored)
    if since is not None:
        is_entity_now = is_entity_alone and not waits
        errors |= _errors_of_day(read, since, changed, is_entity_now=is_entity_now)
    elif not changed or is_entity_alone:
        # The contract keeps its first day if nothing changed, or if only the price entity changed.
        since = stored.get(CONF_SURCHARGE_PRICE_SINCE)
    if since is not None:
        read[CONF_SURCHARGE_PRICE_SINCE] = since
    is_same_day = since == stored.get(CONF_SURCHARGE_PRICE_SINCE)
    _read_entities_before(
        read,
        stored,
        is_replaced=bool(changed) and not waits,
        is_entity_alone=is_entity_alone and waits and is_same_day,
    )


def _read_entities_before(
    read: dict[str, Any],
    stored: Mapping[str, Any],
    *,
    is_replaced: bool,
    is_entity_alone: bool,
) -> None:
    """Store in `read` the price entities of the previous contract.

    The previous contract applies until the first day of the new contract in `read`. With
    `is_replaced`, the contract in `stored` is the previous contract, so take its price entities.
    Otherwise, `stored` already has the previous contract's price entities in separate options. Keep
    these entities.

    With `is_entity_alone`, the user has changed only a price entity of a contract that begins in
    the future. If the previous contract has the same old entity, put the new entity into the
    previous contract, too.
    """
    for option, before_change in PRICE_ENTITIES.items():
        entity_id = stored.get(option if is_replaced else before_change)
        if is_entity_alone and entity_id == stored.get(option):
            entity_id = read.get(option)
        if entity_id:
            read[before_change] = entity_id


def _changed(stored: Mapping[str, Any], read: Mapping[str, Any]) -> set[str]:
    """Return the names of the contract options whose values have changed."""
    before, after = {**_DEFAULTS, **stored}, {**_DEFAULTS, **read}
    # An aid has a first and a last day of its own, so a changed aid does not begin a new contract.
    names = {name for name, *_ in _FIELDS} - {CONF_AIDS}
    return {name for name in names if before.get(name) != after.get(name)}


def _errors_of_day(
    read: Mapping[str, Any], since: str, changed: set[str], *, is_entity_now: bool
) -> dict[str, str]:
    """Return the errors of `since`, the first day of a changed contract.

    The errors are translation keys, keyed by the field of the form.
    """
    if not read:
        return {CONF_SURCHARGE_PRICE_SINCE: "day_without_change"}
    if changed == {CONF_SURCHARGE_PRICE} and CONF_SURCHARGE_PRICE not in read:
        return {SECTION_NETWORK_PRICES: "surcharge_price_missing"}
    if is_entity_now:
        # The user has changed only the price entity, but has entered a first day. This day would
        # apply to the whole contract, also to its margin and fees, which are unchanged and valid
        # already. So refuse the day.
        return {CONF_SURCHARGE_PRICE_SINCE: "day_of_entity"}
    if not _is_plausible(since):
        return {CONF_SURCHARGE_PRICE_SINCE: "surcharge_day_implausible"}
    return {}


def _is_plausible(day: str) -> bool:
    """Return whether `day` is from `_FIRST_YEAR` to the end of the year after next."""
    latest = dt_util.now(LUXEMBOURG).year + _YEARS_AHEAD
    return _FIRST_YEAR <= date.fromisoformat(day).year <= latest
