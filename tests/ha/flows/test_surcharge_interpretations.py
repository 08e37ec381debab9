"""The two readings of the surcharge stand side by side, where one of them is chosen."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.dialogs import open_details
from tests.ha.support import Home, at

UNKNOWN = dict.fromkeys(("above", "on_top", "instead", "difference"), "\N{EN DASH}")


async def readings(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    placeholders = (await open_details(hass, entry))["description_placeholders"]
    assert placeholders
    return {name: placeholders[name] for name in UNKNOWN}


@pytest.mark.parametrize("replaces", [False, True])
async def test_both_readings_and_their_difference(home: Home, *, replaces: bool) -> None:
    prices = {"network_variable_price": 0.1, "surcharge_price": 0.15}
    options = {"reference_power": 3.0, "vat": True, "surcharge_replaces_variable": replaces}
    entry = await home.set_up(at("10:15:00", 100.0), **prices, **options)

    # 10.75 kWh in a quarter-hour are 43 kW: 10 kWh above 3 kW.
    await home.receive(at("10:30:00", 110.75))

    # On top: 10.75 x 0.10 + 10 x 0.15 = 1.08 + 1.50; instead: 0.75 x 0.10 + 1.50 = 0.08 + 1.50.
    # With 8 % VAT: 2.58 x 1.08 = 2.79 and 1.58 x 1.08 = 1.71.
    expected = {"above": "10.00 kWh", "on_top": "2.79 €", "instead": "1.71 €"}
    expected |= {"difference": "1.08 €"}
    for language, mark in {"en-GB": ".", "de": ",", "fr": ",", "lb": ",", "pt": ","}.items():
        home.hass.config.language = language
        assert await readings(home.hass, entry) == {
            name: text.replace(".", mark) for name, text in expected.items()
        }
    # While the meter is not read, nothing is known.
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert await readings(home.hass, entry) == UNKNOWN


async def test_without_a_reference_power_nothing_is_known(home: Home) -> None:
    entry = await home.set_up()
    assert await readings(home.hass, entry) == UNKNOWN
