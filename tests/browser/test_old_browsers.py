"""The dashboard in old browsers, in which Home Assistant's own pages work, and on old pages."""

import asyncio
import json
import re
import time

import pytest
from playwright.async_api import Browser

from dev.testing.real_programs import IN_ONE_LOOP, module_fixture
from tests.cards.old_chromium import OldChromium, old_chromium
from tests.cards.stage import parts
from tests.system.browser import VISIBLE_TEXT
from tests.system.home import Home

from .conftest import KEY
from .dashboard import CARDS, PASSING, Card
from .household import household
from .test_first_day import FIRST_DAY

pytestmark = [pytest.mark.slow, IN_ONE_LOOP]

PATH = "dashboard-smarty"
# Both versions together fail within some minutes.
SHOWN_WITHIN_S = 90.0
# All cards of a view: cards out of view request nothing.
SIZE = (1024, 1800)


@module_fixture
async def home_with_dashboard(home: Home, address: str) -> Home:
    await home.add_meter(address, KEY)
    client = home.client
    await client.command("lovelace/dashboards/create", url_path=PATH, title="Smarty")
    await client.command(
        "lovelace/config/save", url_path=PATH, config={"strategy": {"type": "custom:smarty-p1"}}
    )
    return home


def logged_in(home: Home) -> str:
    """Return the script that logs a page in."""
    url = home.client.url
    tokens = {
        **home.client.tokens,
        "hassUrl": url,
        "clientId": f"{url}/",
        "expires": int((time.time() + home.client.tokens["expires_in"]) * 1000),
    }
    return f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})"


async def shows_cards(page: OldChromium, *names: str) -> list[Card]:
    """Wait until the cards of a view are there with their values."""
    deadline = time.monotonic() + SHOWN_WITHIN_S
    while True:
        cards = [Card(*card) for card in await page.evaluate(f"({CARDS})()")]
        is_there = [card.name.removeprefix("smarty-p1-") for card in cards] == list(names)
        if is_there and not any(card.is_empty or PASSING.search(card.text) for card in cards):
            return cards
        assert time.monotonic() < deadline, f"never showed {names}: {cards}"
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("version", [87, 102])
async def test_all_views_are_shown(home_with_dashboard: Home, version: int) -> None:
    home = home_with_dashboard
    async with old_chromium(version, SIZE) as page:
        for view, patterns in FIRST_DAY.items():
            await page.opens(f"{home.client.url}/{PATH}/{view}", first=logged_in(home))
            cards = await shows_cards(page, *(name for name, _ in patterns))
            assert all(card.width > 200 and card.height > 60 for card in cards), cards
            text = await page.evaluate(f"({VISIBLE_TEXT})()")
            for wrong in ("Configuration error", "Custom element doesn't exist", "Timeout"):
                assert not re.search(wrong, text), text
            await page.picture(f"chromium-{version}-{view}")
        assert not [error for error in page.errors if "smarty" in error]


async def test_a_page_shows_the_cards_once_their_second_part_has_arrived(
    home_with_dashboard: Home, browser: Browser
) -> None:
    home = home_with_dashboard
    async with household(home.client.url, browser, language="de") as who:
        await who.page.route(f"**/{parts()[1]}", lambda route: route.fulfill(status=404))
        await who.opens(f"/{PATH}/quality")
        await who.sees("Ein Teil der Karten konnte nicht geladen werden")
        notices = who.page.get_by_text("Ein Teil der Karten")
        assert await notices.filter(visible=True).count() == 1
        await who.page.unroute(f"**/{parts()[1]}")
        await who.sees("Alle drei Phasen")
        assert await notices.count() == 0
