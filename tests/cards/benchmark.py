"""Print the time of the dashboard's cards in a browser whose processor is slowed four times.

`scripts/bench` runs this program last. It needs Chromium, and a machine with nothing else to do.
"""

import asyncio
import gzip
import os
import sys
from datetime import datetime
from typing import override

from playwright.async_api import Page, Route, async_playwright

from smartyp1.json_types import JsonDict
from tests.cards.house_all import Placed, views
from tests.cards.stage import CARDS, NOW, Stage, parts
from tests.system.browser import executable

SLOWED = 4
ROUNDS = 7

# Time goes on, from the time of the house. Each drawing on a canvas is noted.
_SETTING = """{
const Real = Date;
const ahead = NOW - Real.now();
window.Date = class extends Real {
    constructor(...of) { if (of.length) super(...of); else super(Real.now() + ahead); }
    static now() { return Real.now() + ahead; }
};
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...of) {
    draw.apply(this, of);
    window.isDrawn = true;
};
}"""
# Wait for the end of the frame in which each card shows its values.
_PAINT = """async (cards) => {
    // The first use of it loads the data of all languages, which the frontend has done by then.
    new Intl.DateTimeFormat("en").format();
    await import("/smarty-p1.js?measured");
    for (const [type, config] of cards) await stage.put(type, config);
    await new Promise((resolve) => {
        const isReady = ({ shadowRoot }) => {
            const text = shadowRoot?.textContent.trim() ?? "";
            const isDrawn = !shadowRoot?.querySelector("canvas") || window.isDrawn;
            return text.length > 60 && !text.includes("One moment") && isDrawn;
        };
        const look = () => {
            if ([...document.querySelectorAll("main > *")].every(isReady)) setTimeout(resolve);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    return performance.now() - window.begun;
}"""


class Bench(Stage):
    """A page whose clock is the machine's, and whose cards come when they are asked for."""

    @override
    async def install_clock(self, page: Page) -> None:
        await page.add_init_script(_SETTING.replace("NOW", str(int(NOW.timestamp() * 1000))))
        first = parts()[0]
        source = (CARDS / first).read_text("utf-8")

        async def serve(route: Route) -> None:
            body = f"window.begun = performance.now();{source}"
            await route.fulfill(body=body, content_type="text/javascript")

        # The page itself does not load the cards.
        await page.route(
            "**/smarty-p1.js", lambda route: route.fulfill(content_type="text/javascript")
        )
        await page.route(f"**/{first}", serve)

    @override
    async def load(self, page: Page, last: str = "") -> None:
        """Wait for no card: the cards are loaded when they are measured."""

    @override
    async def set_clock(self, page: Page, now: datetime) -> None:
        """Leave it."""

    @override
    async def settle(self) -> None:
        await asyncio.sleep(0.1)

    async def paints(self, cards: list[Placed]) -> float:
        """Return how many ms all cards take, from the execution of the first part on."""
        answers: JsonDict = {}
        for card in cards:
            answers |= card.answers
        await self.show(answers=answers, width=1280)
        # A card below the window asks for nothing.
        await self.page.set_viewport_size({"width": 1280, "height": 4000})
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        painted: float = await self.page.evaluate(_PAINT, [(one.type, one.config) for one in cards])
        await self.close()
        return painted


async def main() -> None:
    """Measure everything, and print a table."""
    path = executable() or sys.exit("there is no browser; scripts/test installs one")
    files = [(CARDS / name).read_bytes() for name in parts()]
    sizes = "; ".join(
        f"{len(part) // 1000}, {len(gzip.compress(part)) // 1000} kB" for part in files
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        load = f"load {os.getloadavg()[0]:.1f}"
        print(f"\nChromium {browser.version}, slowed {SLOWED} times, {load}\n")
        print(
            "| what | figure | aim |\n|---|---:|---:|\n"
            f"| parts for new, then for old browsers, with gzip | {sizes} | |"
        )
        for name, cards in views().items():
            ms = min([await Bench(browser).paints(cards) for _ in range(ROUNDS)])
            print(f"| executed to painted: {name} | {ms:.0f} ms | 100 ms |", flush=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
