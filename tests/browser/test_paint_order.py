"""What a page paints first: the card of the present power, or tiles of the same meter."""

import asyncio
import statistics

import pytest
from playwright.async_api import Page, Route

from tests.system.home import Home
from tests.system.support import TIMEOUT

from .conftest import KEY
from .household import household

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]

TILES = 28
ROUNDS = 3
LATE_S = 3
DASHBOARD = "paint-order"
# In each frame, look which of them show a value. A value is painted with the frame after it.
WATCH = """{
    const all = (root, name, found = []) => {
        for (const node of root.querySelectorAll("*")) {
            if (node.localName === name) found.push(node);
            else if (node.shadowRoot) all(node.shadowRoot, name, found);
        }
        return found;
    };
    const inside = (root) => [...(root?.querySelectorAll("*:not(style)") ?? [])];
    const textOf = (node) => [...inside(node.shadowRoot), ...inside(node)]
        .map((part) => (part.shadowRoot ? textOf(part) : "") + part.textContent)
        .join(" ");
    const numberOf = (card) => card.shadowRoot.querySelector(".big")?.textContent ?? "";
    const shows = (node) => node.getBoundingClientRect().height > 0 && /\\d/.test(textOf(node));
    const painted = (window.painted = {});
    const note = (key) => requestAnimationFrame((frame) => (painted[key] ??= frame));
    const look = () => {
        const cards = painted.now ? [] : all(document, "smarty-p1-now");
        if (cards.some((card) => /\\d/.test(numberOf(card)))) note("now");
        const tiles = painted.tiles ? [] : all(document, "hui-tile-card").filter(shows);
        if (tiles.length === TILES) note("tiles");
        if (!painted.now || !painted.tiles) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}""".replace("TILES", str(TILES))


async def painted(page: Page, url: str) -> float:
    """Return by how many ms the card is painted before the last tile, 0 in the same frame."""
    await page.goto(url, wait_until="domcontentloaded")
    await page.wait_for_function("painted.now && painted.tiles")
    times = await page.evaluate("painted")
    return float(times["tiles"] - times["now"])


async def test_the_present_power_is_painted_no_later_than_the_tiles_of_its_meter(
    home: Home, address: str, browser: str
) -> None:
    await home.add_meter(address, KEY)
    await home.until_settled()
    states = await home.states()
    numbers = {
        name
        for key, name in (await home.entities()).items()
        if name.startswith("sensor.") and states[key].replace(".", "").isdigit()
    }
    chosen = [*sorted(numbers)] * TILES
    tiles = [{"type": "tile", "entity": name} for name in chosen[:TILES]]
    sections = [
        {"type": "grid", "cards": [{"type": "custom:smarty-p1-now"}]},
        {"type": "grid", "cards": tiles},
    ]
    view = {"type": "sections", "path": "all", "sections": sections}
    create = "lovelace/dashboards/create"
    await home.client.command(create, url_path=DASHBOARD, title="Order", mode="storage")
    config = {"views": [view]}
    await home.client.command("lovelace/config/save", url_path=DASHBOARD, config=config)

    url = f"{home.client.url}/{DASHBOARD}/all"
    async with household(home.client.url, browser, size=(1280, 2400)) as who:
        await who.page.add_init_script(WATCH)
        # From the second time on, the browser knows that the dashboard has the card.
        await painted(who.page, url)
        leads = [await painted(who.page, url) for _ in range(ROUNDS)]
        assert statistics.median(leads) >= 0, leads

        # The measurement notices a card that is late.
        async def delay(route: Route) -> None:
            await asyncio.sleep(LATE_S)
            await route.continue_()

        await who.page.route("**/cards/**", delay)
        await who.page.route("**/smarty-p1*.js*", delay)
        assert await painted(who.page, url) < 0
        assert not who.errors
