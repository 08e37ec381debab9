"""The market's prices: what states of other entities say, their readings, and their past hours."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.answer_queue import async_market_prices
from custom_components.smarty_p1.coordinator import BooksCoordinator
from custom_components.smarty_p1.coordinator.market_prices import async_market_hours, price_of
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.history.market_prices import MarketPrices
from custom_components.smarty_p1.lib.history.month_columns import Row
from custom_components.smarty_p1.lib.history.register_amounts import Amounts
from custom_components.smarty_p1.lib.history.spans import Span, SpanKind
from custom_components.smarty_p1.lib.prices.contract import Contract, Contracts
from tests.ha.dialogs import contract_in
from tests.ha.support import TELEGRAM, Home, recorder_done

NORDPOOL = "sensor.nord_pool_current_price"
EXPORT = "input_number.export_price"


def market(entry: MockConfigEntry) -> MarketPrices:
    """Return the prices that the last reading was made with."""
    coordinator: SmartyCoordinator = entry.runtime_data
    state = coordinator.books.household.snapshot
    assert state
    return state.market


@pytest.mark.parametrize(
    ("state", "unit", "price"),
    [
        ("0.085", "EUR/kWh", 0.085),
        ("0.085", "€/kWh", 0.085),
        ("0.085", None, 0.085),
        ("0.085", "", 0.085),
        ("85.0", "EUR/MWh", 0.085),
        ("85.0", "€/MWh", 0.085),
        ("8.5", "ct/kWh", 0.085),
        ("8.5", "c/kWh", 0.085),
        ("8.5", "¢/kWh", 0.085),
        ("-12.5", "ct/kWh", -0.125),
        ("0", "EUR/kWh", 0.0),
        ("100", "EUR/kWh", 100.0),
        ("100.1", "EUR/kWh", None),
        ("-100.1", "EUR/kWh", None),
        ("nan", "EUR/kWh", None),
        ("inf", "EUR/MWh", None),
        ("unknown", "EUR/kWh", None),
        ("unavailable", "EUR/kWh", None),
        ("", "EUR/kWh", None),
        ("cheap", "EUR/kWh", None),
        ("0.085", "CHF/kWh", None),
        ("85", "GBP/MWh", None),
        ("0.085", "kWh", None),
        ("0.085", "EUR", None),
    ],
)
def test_what_a_state_says(state: str, unit: str | None, price: float | None) -> None:
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    found = price_of(State(NORDPOOL, state, attributes))
    assert found == (None if price is None else pytest.approx(price))


def test_without_a_state_there_is_no_price() -> None:
    assert price_of(None) is None


async def test_readings_are_made_with_the_prices_of_their_moment(home: Home) -> None:
    home.hass.states.async_set(NORDPOOL, "0.09", {"unit_of_measurement": "EUR/kWh"})
    options = {"energy_price_entity": NORDPOOL, "feed_in_price_entity": EXPORT}
    home.hass.config.currency = "GBP"
    entry = await home.set_up(**options)
    assert market(entry) == (0.09, None)

    home.hass.states.async_set(NORDPOOL, "0.11", {"unit_of_measurement": "EUR/kWh"})
    home.hass.states.async_set(EXPORT, "0.05")
    await home.receive(TELEGRAM.replace("250703103000S", "250703103010S"))
    assert market(entry) == (0.11, 0.05)

    home.hass.states.async_set(NORDPOOL, "unavailable")
    home.hass.states.async_remove(EXPORT)
    await home.receive(TELEGRAM.replace("250703103000S", "250703103020S"))
    assert market(entry) == (None, None)


async def test_an_entity_is_followed_to_another_name(
    hass: HomeAssistant, home: Home, entity_registry: er.EntityRegistry
) -> None:
    def register(unique_id: str) -> str:
        return entity_registry.async_get_or_create(
            "sensor", "nordpool", unique_id, suggested_object_id="price"
        ).entity_id

    chosen = register("chosen")
    hass.states.async_set(chosen, "0.1")
    hass.config.currency = "GBP"
    entry = await home.set_up(energy_price_entity=chosen)
    assert market(entry).energy == 0.1

    entity_registry.async_update_entity(chosen, new_entity_id="sensor.moved")
    hass.states.async_remove(chosen)
    hass.states.async_set("sensor.moved", "0.2")
    await hass.async_block_till_done()
    assert contract_in(entry) == {"energy_price_entity": "sensor.moved"}
    await home.receive(TELEGRAM)
    assert market(entry).energy == 0.2

    # Another one that takes over the old name, and moves on, is not the one that was chosen.
    assert register("other") == chosen
    entity_registry.async_update_entity(chosen, new_entity_id="sensor.other")
    await hass.async_block_till_done()
    assert contract_in(entry) == {"energy_price_entity": "sensor.moved"}
    entity_registry.async_update_entity("sensor.moved", new_entity_id="sensor.moved_again")
    await hass.async_block_till_done()
    assert contract_in(entry) == {"energy_price_entity": "sensor.moved_again"}


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
    await recorder_done(hass)


@pytest.mark.usefixtures("recorder_mock")
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


@pytest.mark.usefixtures("recorder_mock")
async def test_a_fixed_price_that_comes_later_hides_no_hour(hass: HomeAssistant) -> None:
    await record(hass, "price_import", {0: 0.2, 1: 0.2})
    for fixed_since in (START + HOUR, START + 1000 * HOUR):
        contracts = Contracts(((START - HOUR, MARKET), (fixed_since, FIXED)))
        found = await async_market_hours(hass, "SAG1", contracts, START, START + 2 * HOUR)
        known = {time for time, prices in found.items() if any(prices)}
        assert known == {START + n * HOUR for n in range(2) if START + n * HOUR < fixed_since}


@pytest.mark.usefixtures("recorder_mock")
async def test_a_fixed_price_and_another_meter_have_none(hass: HomeAssistant) -> None:
    await record(hass, "price_import", {0: 0.2})
    for serial, contract in (("SAG1", FIXED), ("SAG2", MARKET)):
        contracts = Contracts(((START, contract),))
        assert await async_market_hours(hass, serial, contracts, START, START + HOUR) == {}


@pytest.mark.usefixtures("recorder_mock")
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
            household=SimpleNamespace(columns=row.months),
        ),
    )
    found = await async_market_prices(cast("BooksCoordinator", meter), START, START + 4 * HOUR)
    assert [round(prices.energy or 0, 9) for prices in found.values()] == [0.1] * 4
