"""Print what the cards of the dashboard cost a browser whose processor is slowed four times.

    .venv/bin/python -m tests.cards.benchmark [size] [painted] [updates] [heap]

By hand: it needs Chromium, and a machine that has nothing else to do.
"""

import asyncio
import gzip
import os
import sys
from datetime import datetime
from typing import Any, override

from playwright.async_api import Browser, CDPSession, Page, Route, async_playwright

from tests.cards import house
from tests.cards.house_all import Placed, views
from tests.cards.stage import MODULE, NOW, Stage
from tests.system.browser import executable

SLOWED = 4
ROUNDS = 7
A_SECOND = 20
SECONDS = 10
TELEGRAMS = (1_000, 36_000, 72_000)
# kB, as much without and with gzip; ms; frames a second.
AIMS = {"bytes": 90, "gzip": 30, "painted": 100, "heat map": 40, "frames": 55}

# Time goes on, from where the house is. What draws on a canvas is noted.
_SETTING = """
const Real = Date;
window.ahead = NOW - Real.now();
window.Date = class extends Real {
    constructor(...of) { if (of.length) super(...of); else super(Real.now() + window.ahead); }
    static now() { return Real.now() + window.ahead; }
};
const note = (type, name, isEnd) => {
    const original = type.prototype[name];
    type.prototype[name] = function (...of) {
        window.firstDrawn ??= performance.now();
        const result = original.apply(this, of);
        if (isEnd) window.lastDrawn = performance.now();
        return result;
    };
};
note(HTMLCanvasElement, "getContext", false);
note(CanvasRenderingContext2D, "drawImage", true);
"""
# Until the frame is over in which each card says what it knows.
_PAINT = """async (cards) => {
    // The first use of it loads the data of all languages, which the frontend has done by then.
    new Intl.DateTimeFormat("en").format();
    await import("/smarty-p1.js?measured");
    for (const [type, config] of cards) await stage.place(type, config);
    await new Promise((resolve) => {
        const isReady = ({ shadowRoot }) => {
            const text = shadowRoot?.textContent.trim() ?? "";
            const isDrawn = !shadowRoot?.querySelector("canvas") || window.lastDrawn;
            return text.length > 60 && !text.includes("One moment") && isDrawn;
        };
        const look = () => {
            if ([...document.querySelectorAll("main > *")].every(isReady)) setTimeout(resolve);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    const drawn = window.lastDrawn && window.lastDrawn - window.firstDrawn;
    return [performance.now() - window.begun, drawn ?? null];
}"""
# Telegrams, twenty a second, of a house whose power changes with each.
_SEND = """async ([live, count, pause]) => {
    const numbers = { frames: 0 };
    const at = (ms) => new Date(ms).toISOString();
    let isOver = false;
    const frame = () => {
        numbers.frames += 1;
        if (!isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const begun = performance.now();
    window.sent ??= 0;
    for (let n = 0; n < count; n += 1) {
        window.sent += 1;
        const now = Date.parse(live.received_at) + window.sent * 50;
        if (!pause) window.ahead += 50;
        const start = now - (now % 900000);
        const power = 3 + 2 * Math.sin(window.sent / 40);
        stage.send({
            ...live,
            received_at: at(now),
            values: { ...live.values, power_net: power, power_net_l1: power / 2 },
            quarter_hour: {
                ...live.quarter_hour, time: at(now), start: at(start), end: at(start + 900000),
                measured_since: at(start), imported_wh: (now - start) / 900, running_kw: power,
            },
        });
        // Without a pause, the page draws now and then.
        if (pause) {
            const left = begun + (n + 1) * pause - performance.now();
            await new Promise((resolve) => setTimeout(resolve, left));
        } else if (n % 20 === 19) await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    isOver = true;
    return [numbers.frames, performance.now() - begun];
}"""


class Bench(Stage):
    """A page whose clock is the machine's, and whose module comes when it is asked for."""

    @override
    async def install_clock(self, page: Page) -> None:
        script = _SETTING.replace("NOW", str(int(NOW.timestamp() * 1000)))
        await page.add_init_script(f"{{{script}}}")
        source = MODULE.read_text(encoding="utf-8")

        async def serve(route: Route) -> None:
            body = f"window.begun = performance.now();{source}" if "?" in route.request.url else ""
            await route.fulfill(body=body, content_type="text/javascript")

        await page.route("**/smarty-p1.js*", serve)

    @override
    async def set_clock(self, page: Page, now: datetime) -> None:
        """Leave it."""

    @override
    async def settle(self) -> None:
        await asyncio.sleep(0.1)

    async def opens(self, cards: list[Placed], slowed: int = SLOWED) -> CDPSession:
        """Open the page without a card, and slow the processor."""
        answers: dict[str, Any] = {}
        for card in cards:
            answers |= card.answers
        await self.show(answers=answers, width=1280)
        session = await self.page.context.new_cdp_session(self.page)
        # Of the thread, not of the clock: what else the machine does counts for less.
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        await session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        return session

    async def paints(self, cards: list[Placed]) -> tuple[float, float | None]:
        """Return how many ms all cards take, and the canvas among them."""
        painted, drawn = await self.page.evaluate(
            _PAINT, [[card.type, card.config] for card in cards]
        )
        return painted, drawn

    async def sends(self, count: int, pause: float) -> tuple[float, float]:
        """Send telegrams; return the frames and the ms."""
        frames, ms = await self.page.evaluate(_SEND, [house.live(), count, pause])
        return frames, ms


async def main() -> None:
    """Measure everything, and print a table."""
    path = executable() or sys.exit("there is no browser; scripts/test installs one")
    load = os.getloadavg()[0]
    kinds = sys.argv[1:] or ["size", "painted", "updates", "heap"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        print(f"Chromium {browser.version}, slowed {SLOWED} times, load {load:.1f}")
        print()
        print("| what | figure | aim |")
        print("|---|---:|---:|")
        if "size" in kinds:
            _print_size()
        if "painted" in kinds:
            for name, cards in views().items():
                await _print_painted(browser, name, cards)
        if "updates" in kinds:
            await _print_updates(browser, views()["now"])
        if "heap" in kinds:
            await _print_heap(browser, views()["now"])
        await browser.close()


def _print_size() -> None:
    module = MODULE.read_bytes()
    sizes = {"bytes": len(module), "gzip": len(gzip.compress(module, 9))}
    for name, size in sizes.items():
        _print(f"module, {name}", f"{size / 1000:.0f} kB", f"{AIMS[name]} kB")


async def _print_painted(browser: Browser, name: str, cards: list[Placed]) -> None:
    found, busy, drawn = [], [], []
    for _ in range(ROUNDS):
        bench = Bench(browser)
        session = await bench.opens(cards)
        before = await _busy(session)
        painted, canvas = await bench.paints(cards)
        found.append(painted)
        busy.append((await _busy(session) - before) * 1000)
        if canvas is not None:
            drawn.append(canvas)
        await bench.close()
    figure = f"{min(found):.0f} ms, of which busy {min(busy):.0f} ms"
    _print(f"view {name}, module executed to all cards painted", figure, f"{AIMS['painted']} ms")
    if drawn:
        _print("of which the heat map", f"{min(drawn):.0f} ms", f"{AIMS['heat map']} ms")


async def _print_updates(browser: Browser, cards: list[Placed]) -> None:
    bench = Bench(browser)
    session = await bench.opens(cards)
    await bench.paints(cards)
    for telegrams in (0, A_SECOND):
        before = await _busy(session)
        if telegrams:
            frames, ms = await bench.sends(telegrams * SECONDS, 1000 / telegrams)
        else:
            frames, ms = await _idles(bench)
        busy = (await _busy(session) - before) * 1000 / (ms / 1000)
        figure = f"{frames / ms * 1000:.0f} frames a second, {busy:.0f} ms busy a second"
        _print(f"view now, {telegrams} telegrams a second", figure, f"{AIMS['frames']} frames")
    await bench.close()


async def _idles(bench: Bench) -> tuple[float, float]:
    return await bench.sends(1, SECONDS * 1000)


async def _busy(session: CDPSession) -> float:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


async def _print_heap(browser: Browser, cards: list[Placed]) -> None:
    bench = Bench(browser)
    session = await bench.opens(cards, slowed=1)
    await bench.paints(cards)
    sent = 0
    for count in TELEGRAMS:
        await bench.sends(count - sent, 0)
        sent = count
        for _ in range(2):
            await session.send("HeapProfiler.collectGarbage")
        used = (await session.send("Runtime.getHeapUsage"))["usedSize"]
        nodes = (await session.send("Memory.getDOMCounters"))["nodes"]
        figure = f"{used / 1e6:.2f} MB, {nodes} nodes"
        _print(f"view now, heap after {count:,} telegrams", figure, "the same")
    await bench.close()


def _print(what: str, figure: str, aim: str) -> None:
    print(f"| {what} | {figure} | {aim} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
