"""Market prices of a meter's contracts, measured and ahead."""

from collections.abc import Callable
from datetime import datetime

from ...lib.history.market_prices import MarketPrices
from ...lib.prices.market_price_lists import PricesAhead
from ...lib.prices.market_price_series import sources_at
from ..meter_coordinator import MeterCoordinator
from .prices_ahead import async_prices_ahead


async def async_contract_market_prices(
    coordinator: MeterCoordinator, now: datetime
) -> Callable[[datetime], MarketPrices]:
    """Return a function that takes the start of a quarter-hour and returns its market prices.

    Those of past quarter-hours are the measured ones, unless a list still has them.
    """
    records, series = coordinator.records, dict[str, PricesAhead]()
    market, measured = records.prices, records.household.price_sources

    for entity_id in market.entities_from(now):
        series[entity_id] = await async_prices_ahead(coordinator.hass, entity_id, now)

    def prices(start: datetime) -> MarketPrices:
        entities, past = market.entities_at(start), sources_at(measured, start).prices_at(start)
        return MarketPrices(
            *(
                series.get(entity or "", {}).get(start, before)
                for entity, before in zip(entities, past, strict=True)
            )
        )

    return prices
