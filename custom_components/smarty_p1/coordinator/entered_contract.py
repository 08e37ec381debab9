"""Contracts of a meter, as the user has entered them in the options of the meter's entry.

The option CONF_CONTRACTS has a mapping for each contract: its first day, and its terms.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ..const import (
    CONF_AIDS,
    CONF_COMMUNITY_PRICE,
    CONF_CONSUMER_CATEGORY,
    CONF_CONTRACTS,
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
    CONF_PRICES_CONFIRMED,
    CONF_REFERENCE_POWER,
    CONF_SECOND_ENERGY_PRICE,
    CONF_SECOND_PRICE_DAYS,
    CONF_SECOND_PRICE_FROM,
    CONF_SECOND_PRICE_TO,
    CONF_SINCE,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_REPLACES_VARIABLE,
    CONF_VAT,
    CONF_WITH_LEVIES,
    PER_YEAR,
)
from ..lib.history.calendar import LUXEMBOURG
from ..lib.prices.contract import (
    CONSUMER_CATEGORIES,
    METER_SIZES,
    PER_KWH,
    PER_MONTH,
    Aid,
    AidVat,
    Contract,
    Contracts,
)
from ..lib.prices.network_prices import AgreedPrices, price_file
from ..lib.prices.price_file import OlderPrices
from ..lib.prices.time_of_use import time_of_use_hours

DEFAULT_METER_AMPERE = str(METER_SIZES[0])

_MONTHS_A_YEAR = 12
USUAL_EUR_PER_KWH = 1.0
"""Highest usual price of a kWh. A higher price is probably a mistake, so the user is asked."""
_PRICES_OF_KWH = (
    CONF_ENERGY_PRICE,
    CONF_SECOND_ENERGY_PRICE,
    CONF_ENERGY_MARGIN,
    CONF_FEED_IN_PRICE,
    CONF_FEED_IN_MARGIN,
    *(name for name, levy in price_file().levies.items() if levy.per == PER_KWH),
    CONF_COMMUNITY_PRICE,
    CONF_NETWORK_VARIABLE_PRICE,
    CONF_SURCHARGE_PRICE,
)
_CONFIRMED = CONF_HIGH_PRICES_CONFIRMED
# Bills are computed only if the user has entered at least one of these options.
_PRICED = {CONF_REFERENCE_POWER, CONF_ENERGY_PRICE, CONF_ENERGY_PRICE_ENTITY}


type Terms = Mapping[str, Any]
"""Contract in the options: its first day, and its terms."""


def entered_contracts(options: Mapping[str, Any]) -> Sequence[Terms]:
    """Return the contracts in the options, in the order of their first days."""
    contracts: Sequence[Terms] = options.get(CONF_CONTRACTS, ())
    return contracts


def first_day(contract: Terms) -> date | None:
    """Return the first day of a contract. Return None if it holds from the beginning."""
    since: str | None = contract.get(CONF_SINCE)
    return date.fromisoformat(since) if since else None


def in_order(contracts: Iterable[Terms]) -> list[Terms]:
    """Return contracts in the order of their first days."""
    return sorted(contracts, key=lambda contract: first_day(contract) or date.min)


def contracts_of(options: Mapping[str, Any]) -> Contracts:
    """Return the contracts and aids in the options."""
    dated = [(first_day(terms), contract_of(terms)) for terms in entered_contracts(options)]
    return Contracts.of_days(dated, aids_of(options))


def terms_from(options: Mapping[str, Any], day: date) -> list[Terms]:
    """Return the contracts in the options that hold on `day` or later, in their order."""
    contracts = entered_contracts(options)
    begun = sum((first_day(terms) or date.min) <= day for terms in contracts)
    return [*contracts[max(0, begun - 1) :]]


def terms_on(options: Mapping[str, Any], day: date) -> Terms:
    """Return the contract in the options that holds on `day`, {} if none holds."""
    first, *_ = [*terms_from(options, day), {}]
    return first if (first_day(first) or date.min) <= day else {}


def wanted_options(options: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return the options, with all terms that a contract has on `day` or later.

    They decide which entities a meter has, so that an entity for a coming contract exists in time.
    """
    wanted = {**options}
    for terms in terms_from(options, day):
        wanted |= terms
    return wanted


def contract_of(options: Terms) -> Contract:
    """Return the contract with the terms in `options`. A price that was not entered is None."""
    energy_price, energy_margin = _price_or_margin(
        options, CONF_ENERGY_PRICE, CONF_ENERGY_PRICE_ENTITY, CONF_ENERGY_MARGIN
    )
    feed_in_price, feed_in_margin = _price_or_margin(
        options, CONF_FEED_IN_PRICE, CONF_FEED_IN_PRICE_ENTITY, CONF_FEED_IN_MARGIN
    )
    category = options.get(CONF_CONSUMER_CATEGORY)
    own_levies = {name: options.get(name) for name in price_file().levies}
    terms = Contract(
        reference_kw=options.get(CONF_REFERENCE_POWER),
        meter_ampere=int(options.get(CONF_METER_AMPERE, DEFAULT_METER_AMPERE)),
        has_vat=options.get(CONF_VAT, True),
        replaces_variable=options.get(CONF_SURCHARGE_REPLACES_VARIABLE, False),
        energy_price=energy_price,
        energy_margin=energy_margin,
        energy_fee=_monthly_fee(options),
        discount=options.get(CONF_DISCOUNT),
        second_price=options.get(CONF_SECOND_ENERGY_PRICE),
        second_hours=time_of_use_hours(
            options.get(CONF_SECOND_PRICE_FROM),
            options.get(CONF_SECOND_PRICE_TO),
            options.get(CONF_SECOND_PRICE_DAYS, ()),
        ),
        feed_in_price=feed_in_price,
        feed_in_margin=feed_in_margin,
        network_fixed=options.get(CONF_NETWORK_FIXED_PRICE),
        network_variable=options.get(CONF_NETWORK_VARIABLE_PRICE),
        surcharge=options.get(CONF_SURCHARGE_PRICE),
        meter_fee=options.get(CONF_METER_FEE),
        # Treat False like a missing option. Both mean that the bill has no separate lines for the
        # levies.
        has_levies=options.get(CONF_WITH_LEVIES) or None,
        consumer_category=None if category == CONSUMER_CATEGORIES[0] else category,
        community_price=options.get(CONF_COMMUNITY_PRICE),
    ).terms
    return Contract.of_terms(terms | own_levies)


def prices_to_replace(moment: datetime, options: Mapping[str, Any]) -> OlderPrices | None:
    """Return the published prices that bills at `moment` use after their last published day.

    Return None if the user has accepted older prices for the year of `moment`, or if no bills are
    computed.
    """
    day = moment.astimezone(LUXEMBOURG).date()
    terms = terms_on(options, day)
    if options.get(CONF_PRICES_CONFIRMED) == day.year or _PRICED.isdisjoint(terms):
        return None
    return AgreedPrices.at(contract_of(terms), moment).prices_of


def high_prices(options: Mapping[str, Any]) -> list[float]:
    """Return all prices of a kWh in the options that are above USUAL_EUR_PER_KWH, sorted."""
    prices = [terms.get(term) for terms in entered_contracts(options) for term in _PRICES_OF_KWH]
    prices += [aid.get("per_kwh") for aid in options.get(CONF_AIDS, ())]
    return sorted({price for price in prices if price and abs(price) > USUAL_EUR_PER_KWH})


def with_confirmed_prices(
    options: Mapping[str, Any], confirmed: Iterable[float] = ()
) -> dict[str, Any]:
    """Return the options, with the mark that the user has also confirmed these high prices."""
    marked = {name: value for name, value in options.items() if name != _CONFIRMED}
    known = {*options.get(_CONFIRMED, ()), *confirmed}
    if left := [price for price in high_prices(marked) if price in known]:
        marked[_CONFIRMED] = left
    return marked


def unconfirmed_prices(options: Mapping[str, Any]) -> list[float]:
    """Return the prices above USUAL_EUR_PER_KWH that the user has not confirmed, sorted."""
    confirmed = options.get(_CONFIRMED, ())
    return [price for price in high_prices(options) if price not in confirmed]


def aids_of(options: Mapping[str, Any]) -> tuple[Aid, ...]:
    """Return the state aids and rebates in the options.

    An option with an amount per kWh and an amount per month is returned as two aids.
    """
    return tuple(
        Aid(
            name=aid["name"],
            first_day=date.fromisoformat(aid["first_day"]),
            last_day=date.fromisoformat(aid["last_day"]) if aid.get("last_day") else None,
            amount=aid[amount],
            unit=unit,
            vat=_vat_of(aid),
        )
        for aid in options.get(CONF_AIDS, ())
        for amount, unit in (("per_kwh", PER_KWH), ("per_month", PER_MONTH))
        if aid.get(amount)
    )


def _vat_of(aid: Mapping[str, Any]) -> AidVat:
    if aid.get("vat_free"):
        return AidVat.NONE
    return AidVat.INCLUDED if aid.get("with_vat") else AidVat.EXCLUDED


def _monthly_fee(options: Mapping[str, Any]) -> float | None:
    fee: float | None = options.get(CONF_ENERGY_FEE)
    if fee is None or options.get(CONF_ENERGY_FEE_PER) != PER_YEAR:
        return fee
    return round(fee / _MONTHS_A_YEAR, 6)


def _price_or_margin(
    options: Mapping[str, Any], price: str, entity: str, margin: str
) -> tuple[float | None, float | None]:
    """Return the fixed price and None. If an entity has the price, return None and the margin.

    The margin is added to the price of the entity. The entity of an old contract may be unknown.
    """
    if entity in options or (margin in options and price not in options):
        return None, options.get(margin, 0.0)
    return options.get(price), None
