"""From a key of Leneda to last month's bill, by clicks alone: each one is counted."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
import pytest_socket
from playwright.async_api import Browser

from dev.leneda import Platform
from dev.testing.real_programs import IN_ONE_LOOP, until
from smartyp1.history.luxembourg_time import LUXEMBOURG
from tests.system.home import Home

from .conftest import OpenableMeter
from .dashboard import cards_of, shows_cards
from .household import Household, household
from .steps import NAME
from .test_first_clicks import fill
from .test_the_past import POINT, midnight

pytestmark = IN_ONE_LOOP

API_KEY = "1f3a5c7e9b2d4f608a1c3e5d7f9b2a4c"
ENERGY_ID = "LUXE-AB-CD-12345"
MAX_CLICKS = 15
MAX_S = 600.0
_FLOW = "panel.config.integrations.config_flow"


@pytest_asyncio.fixture(loop_scope="module")
async def home(
    tmp_path_factory: pytest.TempPathFactory, meter: OpenableMeter
) -> AsyncIterator[Home]:
    """Start a Home Assistant that asks a platform of the test: 0.8 kW at all times."""
    pytest_socket.enable_socket()
    async with Platform(key=API_KEY, energy_id=ENERGY_ID) as platform:
        platform.series[POINT, "1-1:1.29.0"] = lambda _start: 0.8
        directory = tmp_path_factory.mktemp("home")
        async with Home(directory, meter, leneda=platform.url) as home:
            yield home


async def test_last_months_bill_after_few_clicks(
    home: Home, browser: Browser, pictures: Path | None
) -> None:
    async with household(home.client.url, browser, pictures=pictures, sidebar="docked") as who:
        page, own, frontend = who.page, who.texts.own, who.texts.of_frontend
        await who.counts_clicks()
        await who.opens("/config/integrations/dashboard")
        began = time.monotonic()

        await _enter_account(who)
        await who.presses(frontend(f"{_FLOW}.next"))
        # 24 hours of 0.8 kW.
        await who.sees(own("config.step.contract.title"), POINT, "19.2 kWh")
        await who.takes_picture("leneda-found", of=who.dialog)
        await fill(page.locator("[name=energy_price] input").last, "0,1463")
        await who.sees(own("config.step.contract.data.fill_energy"), "Energy imported")
        await who.presses(frontend(f"{_FLOW}.submit"))
        await who.sees("Your meter is set up.", "shows the days up to yesterday")
        await page.get_by_role("link", name="Smarty", exact=True).last.click()
        await shows_cards(who, "now", "today")
        await until(_says(who, "now", r"^Yesterday until the end of .* 19\.2 kWh"))
        await who.takes_picture("yesterday")
        # No tab of the present, and none of quality.
        tabs = [tab.strip() for tab in await page.get_by_role("tab").all_inner_texts()]
        assert tabs == ["Yesterday", "Bill", "Year"]
        await page.get_by_role("tab", name="Bill").click()
        await until(_says(who, "bill", "from Leneda"))
        earlier = page.locator("smarty-p1-bill").get_by_role("button", name="Previous month").first
        await until(earlier.is_enabled)
        await earlier.click()
        # On the first day of a month, the last known day is of the month before.
        before = datetime.now(LUXEMBOURG).day == 1
        last, this = midnight(before + 1), midnight(before)
        kwh = (this.timestamp() - last.timestamp()) / 3600 * 0.8
        await until(_says(who, "bill", re.escape(f"{kwh:.2f}")), within=MAX_S)
        await who.takes_picture("bill")
        [grid] = (await home.client.command("energy/get_prefs"))["energy_sources"]
        key = sha256(POINT.encode()).hexdigest()[:8]
        assert grid["stat_energy_from"] == f"smarty_p1:{key}_imported"
        assert grid["stat_cost"] == f"smarty_p1:{key}_cost"

        assert await who.clicks() <= MAX_CLICKS
        assert time.monotonic() - began <= MAX_S
        assert not [error for error in who.errors if "/api/brands/" not in error]


async def _enter_account(who: Household) -> None:
    """Open the dialog, choose Leneda, and type the account."""
    page, own, frontend = who.page, who.texts.own, who.texts.of_frontend
    await who.presses(frontend("panel.config.integrations.add_integration"))
    await fill(page.locator("dialog-add-integration input").first, "smarty")
    await page.locator("dialog-add-integration").get_by_text(NAME, exact=True).click()
    await who.sees(own("config.step.user.title"))
    await who.chooses(own("config.step.user.menu_options.leneda"))
    await who.sees(own("config.step.leneda.title"))
    typed = {"api_key": API_KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
    for name, text in typed.items():
        await fill(page.locator(f"[name={name}] input").last, text)


def _says(who: Household, name: str, pattern: str) -> Callable[[], Awaitable[bool]]:
    """Return a function that checks whether a card has a text."""

    async def says() -> bool:
        cards = {card.name: card.text for card in await cards_of(who)}
        return bool(re.search(pattern, cards.get(f"smarty-p1-{name}", "").replace("\u00a0", " ")))

    return says
