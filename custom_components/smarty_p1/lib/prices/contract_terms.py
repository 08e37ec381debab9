"""Terms of a contract that a person enters, each with its kind and its bounds.

The options of a meter and the tables of a contract file have these names.
"""

from collections.abc import Mapping
from datetime import date, time
from typing import NamedTuple

from ..amounts import EUR_PER_KWH, EUR_PER_MONTH, EUR_PER_YEAR, KW, Amount
from ..history.gap_clock_and_power_limits import MAX_POWER_KW
from .agreed_prices import price_file
from .contract import PER_KWH, PER_MONTH
from .published_prices import CONSUMER_CATEGORIES, METER_SIZES
from .time_of_use import WEEKDAYS

_MAX_PRICE = 100.0
_MAX_FEE = 10_000
USUAL_EUR_PER_MONTH = 50.0
"""Highest usual price per month. The form asks about a higher one: it may be the bill's total."""

PRICE = Amount(EUR_PER_KWH, _MAX_PRICE)
MARGIN = Amount(EUR_PER_KWH, _MAX_PRICE, -_MAX_PRICE)
FEE = Amount(EUR_PER_MONTH, _MAX_FEE)
FEE_PER_YEAR = Amount(EUR_PER_YEAR, _MAX_FEE)
MONTHLY = Amount(EUR_PER_MONTH, _MAX_FEE, -_MAX_FEE)
POWER = Amount(KW, MAX_POWER_KW)


class Choice(NamedTuple):
    """Term with a fixed set of texts."""

    texts: tuple[str, ...]
    is_list: bool = False
    """Whether the term is a list of these texts."""


type Term = Amount | Choice | type[bool | str | date | time]
"""Kind of a term: an amount, a choice, a flag, a text, a day, or a time of the day."""

FIRST_DAY = "since"
MAX_TEXT_CHARS = 255
"""Maximum length of a text, such as the id of a price entity."""
CONTRACT_TERMS: Mapping[str, Term] = {
    FIRST_DAY: date,
    "reference_power": POWER,
    "energy_price": PRICE,
    "energy_fee": FEE,
    "energy_fee_per": Choice((PER_MONTH, "year")),
    "discount": FEE,
    "second_energy_price": PRICE,
    "second_price_from": time,
    "second_price_to": time,
    "second_price_days": Choice(WEEKDAYS, is_list=True),
    "energy_price_entity": str,
    "energy_margin": MARGIN,
    "feed_in_price": PRICE,
    "feed_in_price_entity": str,
    "feed_in_margin": MARGIN,
    "vat": bool,
    "with_levies": bool,
    "consumer_category": Choice(CONSUMER_CATEGORIES),
    **{
        name: MARGIN if price_file().levies[name].per == PER_KWH else MONTHLY
        for name in price_file().enterable_levies
    },
    "community_price": PRICE,
    "meter_ampere": Choice(tuple(map(str, METER_SIZES))),
    "network_fixed_price": FEE,
    "network_variable_price": PRICE,
    "meter_fee": FEE,
    "surcharge_price": PRICE,
    "surcharge_replaces_variable": bool,
}
"""Terms of a contract by name, in the order of the form."""
# Some bills print state aids as negative amounts, so amounts of either sign are accepted.
AID_AMOUNTS: Mapping[str, Amount] = {"per_kwh": MARGIN, "per_month": MONTHLY}
AID_TERMS: Mapping[str, Term] = {
    "name": str,
    **AID_AMOUNTS,
    "with_vat": bool,
    "vat_free": bool,
    "first_day": date,
    "last_day": date,
}
"""Terms of an aid by name, in the order of the form."""
