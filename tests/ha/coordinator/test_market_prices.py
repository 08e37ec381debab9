"""The market's prices: states of other entities, their readings, and their past hours."""

import pytest
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.market_prices.price_entities import price_of
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.lib.history.market_prices import MarketPrices
from tests.ha.dialogs import contract_in
from tests.ha.support import TELEGRAM, Home

NORDPOOL = "sensor.nord_pool_current_price"
EXPORT = "input_number.export_price"


def market(entry: MockConfigEntry) -> MarketPrices:
    """Return the prices that the last reading was made with."""
    coordinator: MeterCoordinator = entry.runtime_data
    state = coordinator.records.household.snapshot
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
        ("6", "EUR/kWh", 6.0),
        ("85.3", "EUR/kWh", None),
        ("-1", "EUR/kWh", -1.0),
        ("-1001", "EUR/MWh", None),
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
def test_the_price_of_a_state(state: str, unit: str | None, price: float | None) -> None:
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

    # Another entity that takes over the old name, and moves on, is not the chosen entity.
    assert register("other") == chosen
    entity_registry.async_update_entity(chosen, new_entity_id="sensor.other")
    await hass.async_block_till_done()
    assert contract_in(entry) == {"energy_price_entity": "sensor.moved"}
    entity_registry.async_update_entity("sensor.moved", new_entity_id="sensor.moved_again")
    await hass.async_block_till_done()
    assert contract_in(entry) == {"energy_price_entity": "sensor.moved_again"}
