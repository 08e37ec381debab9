"""Contracts of a household as a person has entered them: in options, or in a contract file.

The key `contracts` has a mapping for each contract: its first day `since`, and its terms.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ..amounts import EUR_PER_KWH, Amount
from ..history.luxembourg_time import MONTHS_OF_A_YEAR, local_day
from ..json_types import JsonDict, JsonMapping, without
from .agreed_prices import AgreedPrices, price_file
from .contract import MAX_AID_NAME_LENGTH, PER_KWH, PER_MONTH, Aid, AidVat, Contract, Contracts
from .contract_terms import AID_AMOUNTS, CONTRACT_TERMS
from .published_prices import CONSUMER_CATEGORIES, METER_SIZES, REFERENCE_POWERS, OlderPrices
from .time_of_use import time_of_use_hours

DEFAULT_METER_AMPERE = str(METER_SIZES[0])

USUAL_EUR_PER_KWH = 1.0
"""Highest usual price of a kWh. A higher price is probably a mistake, so the user is asked."""
_PRICES_OF_KWH = tuple(
    name
    for name, term in CONTRACT_TERMS.items()
    if isinstance(term, Amount) and term.unit is EUR_PER_KWH
)
# Prices of a kWh above the usual price. The user has confirmed each of them.
_CONFIRMED = "high_prices_confirmed"
# Option with each term of a `Contract` that is taken as it was entered.
_TERM_OPTIONS: Mapping[str, str] = {
    "reference_kw": "reference_power",
    "has_vat": "vat",
    "replaces_variable": "surcharge_replaces_variable",
    "second_price": "second_energy_price",
    "network_fixed": "network_fixed_price",
    "network_variable": "network_variable_price",
    "surcharge": "surcharge_price",
    **{
        name: name
        for name in ("discount", "meter_fee", "community_price", *price_file().enterable_levies)
    },
}
# Bills are computed only if the user has entered at least one of these options.
_PRICED = {"reference_power", "energy_price", "energy_price_entity"}


type Terms = Mapping[str, Any]
"""Contract in the options: its first day, and its terms."""


def entered_contracts(options: JsonMapping) -> Sequence[Terms]:
    """Return the contracts in the options, in the order of their first days."""
    contracts: Sequence[Terms] = options.get("contracts", ())
    return contracts


def first_day(contract: Terms) -> date | None:
    """Return the first day of a contract. Return None if it holds from the beginning."""
    since: str | None = contract.get("since")
    return date.fromisoformat(since) if since else None


def in_order(contracts: Iterable[Terms]) -> list[Terms]:
    """Return contracts in the order of their first days."""
    return sorted(contracts, key=lambda contract: first_day(contract) or date.min)


def contracts_of(options: JsonMapping) -> Contracts:
    """Return the contracts and aids in the options."""
    dated = [(first_day(terms), contract_of(terms)) for terms in entered_contracts(options)]
    return Contracts.of_days(dated, aids_of(options))


def terms_from(options: JsonMapping, day: date) -> list[Terms]:
    """Return the contracts in the options that hold on `day` or later, in their order."""
    contracts = entered_contracts(options)
    begun = sum((first_day(terms) or date.min) <= day for terms in contracts)
    return [*contracts[max(0, begun - 1) :]]


def terms_on(options: JsonMapping, day: date) -> Terms:
    """Return the contract in the options that holds on `day`, {} if none holds."""
    first, *_ = [*terms_from(options, day), {}]
    return first if (first_day(first) or date.min) <= day else {}


def wanted_options(options: JsonMapping, day: date) -> JsonDict:
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
        options, "energy_price", "energy_price_entity", "energy_margin"
    )
    feed_in_price, feed_in_margin = _price_or_margin(
        options, "feed_in_price", "feed_in_price_entity", "feed_in_margin"
    )
    category = options.get("consumer_category")
    terms = {term: options[option] for term, option in _TERM_OPTIONS.items() if option in options}
    return Contract.of_terms(
        {
            **terms,
            "meter_ampere": int(options.get("meter_ampere", DEFAULT_METER_AMPERE)),
            "energy_price": energy_price,
            "energy_margin": energy_margin,
            "energy_fee": _monthly_fee(options),
            "second_hours": time_of_use_hours(
                options.get("second_price_from"),
                options.get("second_price_to"),
                options.get("second_price_days", ()),
            ),
            "feed_in_price": feed_in_price,
            "feed_in_margin": feed_in_margin,
            # Treat False like a missing option. Both mean that the bill has no separate lines for
            # the levies.
            "has_levies": options.get("with_levies") or None,
            "consumer_category": None if category == CONSUMER_CATEGORIES[0] else category,
        }
    )


def prices_to_replace(moment: datetime, options: JsonMapping) -> OlderPrices | None:
    """Return the published prices that bills at `moment` use after their last published day.

    Return None if the user has accepted older prices for the year of `moment`, or if no bills are
    computed.
    """
    day = local_day(moment)
    terms = terms_on(options, day)
    if options.get("prices_confirmed") == day.year or _PRICED.isdisjoint(terms):
        return None
    return AgreedPrices.of_contract(contract_of(terms), moment).prices_of


def high_prices(options: JsonMapping) -> list[float]:
    """Return all prices of a kWh in the options that are above USUAL_EUR_PER_KWH, sorted."""
    prices = [terms.get(term) for terms in entered_contracts(options) for term in _PRICES_OF_KWH]
    prices += [aid.get("per_kwh") for aid in options.get("aids", ())]
    return sorted({price for price in prices if price and abs(price) > USUAL_EUR_PER_KWH})


def with_confirmed_prices(options: JsonMapping, confirmed: Iterable[float]) -> JsonDict:
    """Return the options, with the mark that the user has also confirmed these high prices."""
    marked = without(options, {_CONFIRMED})
    known = {*options.get(_CONFIRMED, ()), *confirmed}
    if left := [price for price in high_prices(marked) if price in known]:
        marked[_CONFIRMED] = left
    return marked


def unconfirmed_prices(options: JsonMapping) -> list[float]:
    """Return the prices above USUAL_EUR_PER_KWH that the user has not confirmed, sorted."""
    confirmed = options.get(_CONFIRMED, ())
    return [price for price in high_prices(options) if price not in confirmed]


def aids_of(options: JsonMapping) -> tuple[Aid, ...]:
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
        for aid in options.get("aids", ())
        for amount, unit in (("per_kwh", PER_KWH), ("per_month", PER_MONTH))
        if aid.get(amount)
    )


def tidy_aid(aid: JsonMapping) -> JsonDict:
    """Return an aid with positive amounts, and without amounts of zero."""
    others = without(aid, AID_AMOUNTS)
    amounts = {name: abs(aid[name]) for name in AID_AMOUNTS if aid.get(name)}
    return {**others, "name": aid["name"].strip(), **amounts}


def is_aid_possible(aid: JsonMapping) -> bool:
    """Return whether an aid has a name, an amount, and a last day that is not before its first."""
    return (
        0 < len(aid["name"].strip()) <= MAX_AID_NAME_LENGTH
        and any(aid.get(name) for name in AID_AMOUNTS)
        and aid["first_day"] <= (aid.get("last_day") or aid["first_day"])
    )


def has_price_of_power(terms: Terms) -> bool:
    """Return whether the fixed price of the reference power is published, or in `terms`."""
    is_published = terms.get("reference_power", REFERENCE_POWERS[0]) in REFERENCE_POWERS
    return is_published or "network_fixed_price" in terms


def is_second_price_whole(terms: Terms) -> bool:
    """Return True if the second price is complete, or if all of its terms are empty.

    The second price is complete if the first energy price is entered, too, and either hours or
    days.
    """
    start, end = terms.get("second_price_from"), terms.get("second_price_to")
    has_hours = start is not None or end is not None
    has_days = "second_price_days" in terms
    if "second_energy_price" not in terms:
        return not has_hours and not has_days
    if "energy_price" not in terms:
        return False
    if has_hours:
        return start is not None and end is not None and start != end
    return has_days


def _vat_of(aid: JsonMapping) -> AidVat:
    if aid.get("vat_free"):
        return AidVat.NONE
    return AidVat.INCLUDED if aid.get("with_vat") else AidVat.EXCLUDED


def _monthly_fee(options: JsonMapping) -> float | None:
    fee: float | None = options.get("energy_fee")
    if fee is None or options.get("energy_fee_per") != "year":
        return fee
    return round(fee / MONTHS_OF_A_YEAR, 6)


def _price_or_margin(
    options: JsonMapping, price: str, entity: str, margin: str
) -> tuple[float | None, float | None]:
    """Return the fixed price and None. If an entity has the price, return None and the margin.

    The margin is added to the price of the entity. The entity of an old contract may be unknown.
    """
    if entity in options or (margin in options and price not in options):
        return None, options.get(margin, 0.0)
    return options.get(price), None
