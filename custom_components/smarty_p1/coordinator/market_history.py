"""Market prices of past hours, from the long-term statistics of a meter's own price entities.

The statistics have the mean price of each hour, including the contract's additions to the market
price. This module subtracts these additions. The meter's own files have no market prices, only the
costs of each day.
"""

from datetime import UTC, datetime

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance

from ..const import DOMAIN
from ..lib.tariff import Contracts, KwhPrice, MarketHours, MarketPrices, market_prices_of
from .garbage_collection import without_collection
from .recorder_writer import RECORDER

_IMPORTED, _EXPORTED = "price_import", "price_export"


async def async_market_hours(
    hass: HomeAssistant, meter_id: str, contracts: Contracts, start: datetime, end: datetime
) -> MarketHours:
    """Return the market prices of a period by hour.

    The result is empty if the contract has fixed prices.
    """
    contract = contracts.latest
    if contract.energy_margin is None and contract.feed_in_margin is None:
        return {}
    registry = er.async_get(hass)
    names = {
        key: registry.async_get_entity_id("sensor", DOMAIN, f"{meter_id}_{key}")
        for key in (_IMPORTED, _EXPORTED)
    }
    ids = {key: name for key, name in names.items() if name}
    if RECORDER not in hass.config.components or not ids:
        return {}
    read = without_collection(_read)
    return await get_instance(hass).async_add_executor_job(read, hass, ids, contracts, start, end)


def _read(
    hass: HomeAssistant,
    names: dict[str, str],
    contracts: Contracts,
    start: datetime,
    end: datetime,
) -> dict[datetime, MarketPrices]:
    rows = statistics_during_period(
        hass, start.astimezone(UTC), end.astimezone(UTC), {*names.values()}, "hour", None, {"mean"}
    )
    means = {
        key: {row["start"]: row.get("mean") for row in rows.get(name, [])}
        for key, name in names.items()
    }
    imported, exported = means.get(_IMPORTED, {}), means.get(_EXPORTED, {})
    prices = {}
    for time in {**imported, **exported}:
        hour = datetime.fromtimestamp(time, UTC)
        price = KwhPrice(imported.get(time), exported.get(time))
        prices[hour] = market_prices_of(price, contracts, hour)
    return prices
