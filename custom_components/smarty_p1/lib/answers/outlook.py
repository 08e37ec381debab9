"""Answers with prices of the next 48 hours: as data, or as forecasts that EMHASS and evcc read.

EMHASS and evcc accept no unknown price. So their forecasts leave out quarter-hours without a price.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from ..history.luxembourg_time import local_text
from ..history.market_prices import MarketPrices
from ..history.quarter_hour import QuarterHour
from ..json_types import JsonDict
from ..plan.usual_house import usual_house
from ..prices.contract import Contracts
from ..prices.published_prices import OlderPrices
from .price_outlook import ComingQuarterHour, quarter_hours_ahead

LOOKED_BACK = timedelta(weeks=4)
"""Past whose usual import counts."""
FORMAT_JSON = "json"
FORMAT_EMHASS = "emhass"
FORMAT_EVCC = "evcc"


def outlook_report(
    name: str,
    now: datetime,
    contracts: Contracts,
    market: Callable[[datetime], MarketPrices],
    past: Iterable[QuarterHour],
) -> JsonDict:
    """Return the prices of each quarter-hour in the next 48 hours.

    `name` is a format of `OUTLOOK_FORMATS`. `market` returns the market's prices. With FORMAT_JSON,
    the result also has the reference power minus the usual import of each quarter-hour. The usual
    import is the mean over the quarter-hours in `past` at the same time of day.
    """
    return OUTLOOK_FORMATS[name]([*quarter_hours_ahead(now, contracts, market, usual_house(past))])


def _as_json(quarters: Sequence[ComingQuarterHour]) -> JsonDict:
    return {
        **OlderPrices.answer(quarters[-1].price.prices_of),
        "quarter_hours": [
            {
                "start": local_text(quarter.start),
                "end": local_text(quarter.end),
                "price_import": quarter.price.imported,
                "price_export": quarter.price.exported,
                "left_kw": quarter.left_kw,
                **({"unknown": dict(quarter.unknown)} if quarter.unknown else {}),
            }
            for quarter in quarters
        ],
    }


def _as_emhass(quarters: Sequence[ComingQuarterHour]) -> JsonDict:
    """Return the runtime parameters of EMHASS.

    Empty lists are left out, because EMHASS refuses them.
    """
    imported = {local_text(quarter.start): quarter.price.imported for quarter in quarters}
    exported = {local_text(quarter.start): quarter.price.exported for quarter in quarters}
    lists = {"load_cost_forecast": imported, "prod_price_forecast": exported}
    forecasts = {
        name: {start: price for start, price in prices.items() if price is not None}
        for name, prices in lists.items()
    }
    return {name: prices for name, prices in forecasts.items() if prices}


def _as_evcc(quarters: Sequence[ComingQuarterHour]) -> JsonDict:
    """Return the forecasts that evcc reads as tariffs."""

    def rates(price: Callable[[ComingQuarterHour], float | None]) -> list[JsonDict]:
        return [
            {"start": local_text(quarter.start), "end": local_text(quarter.end), "value": value}
            for quarter in quarters
            if (value := price(quarter)) is not None
        ]

    return {
        "grid": rates(lambda quarter: quarter.price.imported),
        "feedin": rates(lambda quarter: quarter.price.exported),
    }


OUTLOOK_FORMATS = {FORMAT_JSON: _as_json, FORMAT_EMHASS: _as_emhass, FORMAT_EVCC: _as_evcc}
