"""What a kWh costs: published prices and levies, contracts, market prices of each hour.

Imports `history`. Knows no month and no bill.
"""

from .contract import (
    BEGINNING,
    CONSUMER_CATEGORIES,
    MAX_AID_NAME_LENGTH,
    MAX_AIDS,
    MAX_CONTRACTS,
    METER_SIZES,
    NO_CONTRACT,
    PER_KWH,
    PER_MONTH,
    REFERENCE_POWERS,
    Aid,
    AidVat,
    Contract,
    Contracts,
)
from .contract_start_day import with_entered
from .kwh_price import KwhPrice, excess_price, market_prices_of, price_of_kwh
from .market_price_lists import PricesAhead, agrees, prices_by_quarter, prices_of_attributes
from .network_prices import (
    AgreedPrices,
    network_prices_at,
    price_changes,
    price_file,
    prices_of_year_at,
)
from .past_market_prices import at_stored_level
from .price_file import NetworkPrices, OlderPrices, PriceFile
from .time_of_use import (
    WEEKDAYS,
    TimeOfUseSplit,
    is_second,
    joined_splits,
    parsed,
    second_quarters,
    split,
    time_of_use_hours,
)

__all__ = [
    "BEGINNING",
    "CONSUMER_CATEGORIES",
    "MAX_AIDS",
    "MAX_AID_NAME_LENGTH",
    "MAX_CONTRACTS",
    "METER_SIZES",
    "NO_CONTRACT",
    "PER_KWH",
    "PER_MONTH",
    "REFERENCE_POWERS",
    "WEEKDAYS",
    "AgreedPrices",
    "Aid",
    "AidVat",
    "Contract",
    "Contracts",
    "KwhPrice",
    "NetworkPrices",
    "OlderPrices",
    "PriceFile",
    "PricesAhead",
    "TimeOfUseSplit",
    "agrees",
    "at_stored_level",
    "excess_price",
    "is_second",
    "joined_splits",
    "market_prices_of",
    "network_prices_at",
    "parsed",
    "price_changes",
    "price_file",
    "price_of_kwh",
    "prices_by_quarter",
    "prices_of_attributes",
    "prices_of_year_at",
    "second_quarters",
    "split",
    "time_of_use_hours",
    "with_entered",
]
