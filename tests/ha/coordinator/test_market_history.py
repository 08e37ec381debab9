"""The market's prices of past hours, by the statistics of the price entities in a real recorder."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.smarty_p1.answer_queue import async_market_prices
from custom_components.smarty_p1.coordinator import BooksCoordinator
from custom_components.smarty_p1.coordinator.market_prices import async_market_hours
from custom_components.smarty_p1.lib.history import Amounts, Row, Span, SpanKind
from custom_components.smarty_p1.lib.prices import Contract, Contracts

pytestmark = pytest.mark.usefixtures("recorder_mock")

START = datetime(2026, 6, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
# 0.051 for the grid, and 8 % of VAT.
MARKET = Contract(reference_kw=7, energy_margin=0.03, feed_in_margin=-0.01)
FIXED = Contract(reference_kw=7, energy_price=0.15, feed_in_price=0.06)


async def record(hass: HomeAssistant, key: str, means: dict[int, float]) -> None:
    registry = er.async_get(hass)
    entity = registry.async_get_or_create("sensor", "smarty_p1", f"SAG1_{key}")
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.ARITHMETIC,
        has_sum=False,
        name=None,
        source="recorder",
        statistic_id=entity.entity_id,
        unit_class=None,
        unit_of_measurement="EUR/kWh",
    )
    rows = [{"start": START + n * HOUR, "mean": mean} for n, mean in means.items()]
    async_import_statistics(hass, metadata, rows)  # type: ignore[arg-type]
    await async_wait_recording_done(hass)


async def test_what_the_contract_adds_is_taken_off_again(hass: HomeAssistant) -> None:
    await record(
        hass, "price_import", {-1: 9.0, 0: (0.1 + 0.081) * 1.08, 2: (-0.02 + 0.081) * 1.08}
    )
    await record(hass, "price_export", {0: 0.09, 1: 0.05})
    contracts = Contracts(((datetime(2020, 1, 1, tzinfo=UTC), MARKET),))
    found = await async_market_hours(hass, "SAG1", contracts, START, START + 4 * HOUR)
    assert {
        (time - START) // HOUR: tuple(price and round(price, 9) for price in prices)
        for time, prices in found.items()
    } == {0: (0.1, 0.1), 1: (None, 0.06), 2: (-0.02, None)}

    # Before the contract followed the market, its price says nothing of it.
    later = Contracts(((datetime(2020, 1, 1, tzinfo=UTC), FIXED), (START + 2 * HOUR, MARKET)))
    found = await async_market_hours(hass, "SAG1", later, START, START + 4 * HOUR)
    known = {time for time, prices in found.items() if any(prices)}
    assert known == {START + 2 * HOUR}


async def test_a_fixed_price_that_comes_later_hides_no_hour(hass: HomeAssistant) -> None:
    await record(hass, "price_import", {0: 0.2, 1: 0.2})
    for fixed_since in (START + HOUR, START + 1000 * HOUR):
        contracts = Contracts(((START - HOUR, MARKET), (fixed_since, FIXED)))
        found = await async_market_hours(hass, "SAG1", contracts, START, START + 2 * HOUR)
        known = {time for time, prices in found.items() if any(prices)}
        assert known == {START + n * HOUR for n in range(2) if START + n * HOUR < fixed_since}


async def test_a_fixed_price_and_another_meter_have_none(hass: HomeAssistant) -> None:
    await record(hass, "price_import", {0: 0.2})
    for serial, contract in (("SAG1", FIXED), ("SAG2", MARKET)):
        contracts = Contracts(((START, contract),))
        assert await async_market_hours(hass, serial, contracts, START, START + HOUR) == {}


async def test_a_margin_entered_later_moves_no_market_price(hass: HomeAssistant) -> None:
    # The price was recorded with a margin of 0.01.
    await record(hass, "price_import", dict.fromkeys(range(4), (0.1 + 0.01 + 0.051) * 1.08))
    row = Row()
    for n in range(16):
        amounts = Amounts(100.0, 0.0, market_cost=0.01, market_wh=100.0)
        start = START + n * HOUR / 4
        row.add(Span(start, start + HOUR / 4, SpanKind.QUARTER_HOUR, amounts))
    meter = SimpleNamespace(
        hass=hass,
        meter_id="SAG1",
        books=SimpleNamespace(
            demand=SimpleNamespace(contracts=Contracts(((START, MARKET),))),
            memory=SimpleNamespace(demand_meter=SimpleNamespace(columns=row.months)),
        ),
    )
    found = await async_market_prices(cast("BooksCoordinator", meter), START, START + 4 * HOUR)
    assert [round(prices.energy or 0, 9) for prices in found.values()] == [0.1] * 4
