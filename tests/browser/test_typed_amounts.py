"""Prices typed as printed on a bill, in each language: each is stored as meant."""

import json
from typing import Any

import pytest

from dev.demo.meter_statistics import DOMAIN
from dev.simulator import Server
from tests.system.home import Home
from tests.system.support import PATIENCE, TIMEOUT, until

from .conftest import KEY
from .household import Household, household
from .steps import open_options, pick_reference_power, save_options, show_details

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]

# For each language: energy price, fee, fixed price of the grid, and both readings of 1.450.
TYPED = {
    "en": ("0.1450", "2.5", "€12.84", "“1.450” = 1.45 / 1450"),
    "fr": ("0,1450 €/kWh", "2,50 €/mois", "12,84\u202f€", "« 1.450 » = 1,45 / 1450"),
    "de": ("14,5 ct/kWh", "EUR 2,50", "12,84 €/Monat", "„1.450“ = 1,45 / 1450"),
    "lb": ("0,145", " 2,5 ", "12.84", "„1.450“ = 1,45 / 1450"),
    "pt": ("14,50\u00a0cêntimos", "2,50 € por mês", "€ 12,84", "«1.450» = 1,45 / 1450"),
}
STORED = {"energy_price": 0.145, "energy_fee": 2.5, "network_fixed_price": 12.84}


def stored_of(home: Home) -> dict[str, Any]:
    """Return the options of the only meter as Home Assistant has stored them."""
    path = home.directory / "config" / ".storage" / "core.config_entries"
    entries = json.loads(path.read_text(encoding="utf-8"))["data"]["entries"]
    [options] = [entry["options"] for entry in entries if entry["domain"] == DOMAIN]
    return {name: options.get(name) for name in STORED}


async def type_into(who: Household, name: str, text: str) -> None:
    """Type into a field as a person does, key by key; what is in it goes."""
    field = who.page.locator(f"[name={name}] input").last
    await field.click()
    await who.page.keyboard.press("Control+A")
    await who.page.keyboard.press("Delete")
    await who.page.keyboard.type(text)


@pytest.mark.parametrize(
    "languages", [("en", "de"), pytest.param(("fr", "lb", "pt"), marks=pytest.mark.slow)]
)
async def test_each_language_types_its_prices(
    home: Home, line: Server, browser: str, languages: tuple[str, ...]
) -> None:
    _, (address, *_) = next(iter(line.addresses()))
    if not await home.client.entries(DOMAIN):
        await home.add_meter(str(address), KEY)
    [entry_id] = await home.client.entries(DOMAIN)
    for language in languages:
        price, fee, fixed_price, readings = TYPED[language]
        async with household(home.client.url, browser, language=language) as who:
            own = who.texts.own
            await open_options(who)
            await pick_reference_power(who, "7")
            await type_into(who, "energy_price", "1.450")
            await type_into(who, "energy_fee", fee)
            await who.presses(who.texts.of_frontend("panel.config.integrations.config_flow.next"))
            label = own("options.step.contract.data.energy_price")
            item = f"{label}: {readings}"
            error = own("options.error.amount_ambiguous").replace("{amount_ambiguous}", item)
            await who.sees(error)
            await type_into(who, "energy_price", price)
            await show_details(who)
            network_prices = own("options.step.contract_details.sections.network_prices.name")
            await who.page.get_by_text(network_prices, exact=True).first.click()
            await type_into(who, "network_fixed_price", fixed_price)
            await save_options(who)
            await until(lambda: _is_stored(home), within=PATIENCE)
            # In the next language, everything is typed again.
            assert stored_of(home) == STORED, language
            assert not who.errors
        await home.client.set_options(entry_id, network_prices={})
        await until(lambda: _is_empty(home), within=PATIENCE)


async def _is_stored(home: Home) -> bool:
    return stored_of(home)["network_fixed_price"] is not None


async def _is_empty(home: Home) -> bool:
    return not any(stored_of(home).values())
