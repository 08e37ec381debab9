"""From the integrations page to both dashboards, filled: each click is counted."""

import re
from pathlib import Path

from playwright.async_api import Browser, Locator

from dev.testing.real_programs import IN_ONE_LOOP
from tests.system.home import Home

from .conftest import KEY
from .dashboard import shows_cards
from .household import household
from .steps import NAME, pick_reference_power

pytestmark = IN_ONE_LOOP

MAX_CLICKS = 15
_FLOW = "panel.config.integrations.config_flow"
_IS_DRAWN = "async (image) => { await image.decode(); return image.naturalWidth > 0; }"


async def fill(field: Locator, text: str) -> None:
    await field.click()
    await field.page.keyboard.type(text)


async def test_a_newcomer_sees_both_dashboards_after_few_clicks(
    each_home: Home, address: str, browser: Browser, pictures: Path | None
) -> None:
    home = each_home
    async with household(home.client.url, browser, pictures=pictures, sidebar="docked") as who:
        page, own, frontend = who.page, who.texts.own, who.texts.of_frontend
        await who.counts_clicks()
        await who.opens("/config/integrations/dashboard")

        await who.presses(frontend("panel.config.integrations.add_integration"))
        await fill(page.locator("dialog-add-integration input").first, "smarty")
        await page.locator("dialog-add-integration").get_by_text(NAME, exact=True).click()
        await who.sees(own("config.step.user.title"))
        await who.chooses(own("config.step.user.menu_options.meter"))
        await who.sees(own("config.step.meter.title"))
        await who.picks(page.locator("ha-selector-select").first, address)
        await fill(page.locator("[name=encryption_key] input").last, KEY.hex())
        await who.presses(frontend(f"{_FLOW}.next"))
        await who.sees(
            own("config.step.contract.title"),
            "SAG10307",
            own("config.step.contract.data.fill_energy"),
            "Energy imported (by hour, corrected), Cost of imported energy (by hour, corrected), "
            "Energy exported (by hour, corrected), Feed-in revenue (by hour, corrected), Net power",
            "Gas volume (by hour, corrected), Gas meter 7401 Flow rate",
            "Water meter 7402, Water meter 7402 Flow rate",
        )
        assert await page.locator("ha-markdown-element img").first.evaluate(_IS_DRAWN)
        await who.takes_picture("contract", of=who.dialog)
        await pick_reference_power(who, "7")
        await fill(page.locator("[name=energy_price] input").last, "0.1463")
        await fill(page.locator("[name=feed_in_price] input").last, "0,0600 €/kWh")
        await who.takes_picture("contract-end", of=who.dialog)
        await who.presses(frontend(f"{_FLOW}.submit"))
        await who.sees("Your meter is set up.", "shows its first bar shortly after")
        await who.takes_picture("added", of=who.dialog)
        await page.get_by_role("link", name="Smarty", exact=True).last.click()
        now, so_far, *_ = await shows_cards(who, "now", "so-far", "today", "where", "plan")
        # The simulated house may draw as much as its roof gives.
        shown = r"^(?:(?:From|To) the grid .* \d\.\d kW|Nothing from the grid .* 0\.0 kW)"
        assert re.search(shown, now.text)
        assert "€ today so far" in so_far.text
        await page.locator("ha-sidebar").get_by_text("Energy", exact=True).click()
        # Bars come with the statistics of the hour; their sources are there.
        await who.sees("Energy distribution", "Grid total", "Gas total", "Water total")

        assert await who.clicks() <= MAX_CLICKS
        # Without the internet, others' icons are missing.
        assert not [error for error in who.errors if "/api/brands/" not in error]
