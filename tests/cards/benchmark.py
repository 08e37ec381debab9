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
# Return the ms until the end of the frame in which the first card shows its sentence, of the one in
# which each does, and of the one in which each has drawn its chart too: since the execution of the
# first part, or since the answers come. They come once all cards have asked and the page is idle.
_PAINT = """async (cards) => {
    // The first use of it loads the data of all languages, which the frontend has done by then.
    new Intl.DateTimeFormat("en").format();
    const { hass, hass: { connection } } = stage;
    const { sendMessagePromise: ask, subscribeMessage: subscribe } = connection;
    let comes;
    const opened = new Promise((resolve) => comes = resolve);
    const isHeld = ({ type }) => ISHELD && type !== "smarty_p1/meters";
    connection.sendMessagePromise = hass.callWS = async (message) => {
        const answer = ask(message);
        if (isHeld(message)) await opened;
        return answer;
    };
    connection.subscribeMessage = async (callback, message) => {
        const messages = [];
        let isOpen = !isHeld(message);
        opened.then(() => {
            isOpen = true;
            for (const one of messages) callback(one);
        });
        return subscribe((one) => isOpen ? callback(one) : messages.push(one), message);
    };
    await import("/smarty-p1.js?measured");
    for (const [type, config] of cards) await stage.put(type, config);
    if (ISHELD) {
        const idle = () => new Promise((resolve) => requestIdleCallback(resolve));
        for (let n = 0; n < 10; n++) await idle();
        window.begun = performance.now();
    }
    comes();
    const seen = [];
    await new Promise((resolve) => {
        const isReady = ({ shadowRoot }) => {
            const text = shadowRoot?.textContent.trim() ?? "";
            return text.length > 60 && !text.includes("One moment");
        };
        const isDrawn = ({ shadowRoot }) => !shadowRoot?.querySelector("canvas") || window.isDrawn;
        const note = () => seen.push(performance.now() - window.begun);
        const all = document.querySelectorAll("main > *");
        const look = () => {
            const isAll = [...all].every(isReady);
            const steps = [isReady(all[0]), isAll, isAll && [...all].every(isDrawn)];
            while (steps[seen.length]) note();
            if (seen.length === steps.length) resolve();
        };
        // This is the first callback of each frame, so `look` is the first task after it.
        const next = () => {
            setTimeout(look);
            if (seen.length < 3) requestAnimationFrame(next);
        };
        next();
    });
    return seen;
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

    async def paints(self, cards: list[Placed], *, is_held: bool) -> list[float]:
        """Return the ms to the first sentence, to all sentences, and to all charts.

        They count since the execution of the first part, or since the answers have come.
        """
        answers: JsonDict = {}
        for card in cards:
            answers |= card.answers
        await self.show(answers=answers, width=1280)
        # A card below the window asks for nothing.
        await self.page.set_viewport_size({"width": 1280, "height": 4000})
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        script = _PAINT.replace("ISHELD", str(is_held).lower())
        placed = [(one.type, one.config) for one in cards]
        painted: list[float] = await self.page.evaluate(script, placed)
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
            for since, is_held in (("executed", False), ("answered", True)):
                rounds = [
                    await Bench(browser).paints(cards, is_held=is_held) for _ in range(ROUNDS)
                ]
                figures = ", ".join(f"{min(each):.0f}" for each in zip(*rounds, strict=True))
                label = f"{since} to first sentence, all sentences, all charts: {name}"
                print(f"| {label} | {figures} ms | 100 ms |", flush=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
