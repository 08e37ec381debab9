"""The cards in Firefox and in old browsers: one page with each card reports its texts."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession, web
from aiohttp.test_utils import TestServer

from dev.ports import free_ports
from dev.testing.real_programs import PATIENCE, TIMEOUT, program
from smartyp1.json_types import JsonDict
from tests.system.browser import VISIBLE_TEXT

from . import house, house_all, house_bill, house_today
from .house_medium import GAS, HEAT, WATER
from .old_chromium import OldChromium, old_chromium, running
from .stage import CARDS, NOW, PAGE, SCRIPTS

pytestmark = pytest.mark.timeout(TIMEOUT)

# The first sentence of each card.
SENTENCES = {
    "now": "Switch off 8.6 kW until 18:45, or 0.9 kWh above 7 kW cost 0.08 €.",
    "so-far": "November is heading for about 145 €",
    "where": "40% has no name yet (29.30 €): add the devices that are missing.",
    "plan": "Plan until tomorrow evening",
    "today": "11.9 kWh from the grid, 0.9 kWh to the grid. 1 quarter-hour above "
    "7 kW: 0.6 kWh, 0.05 €;",
    "bill": "November 2026 97.09 € so far until 21 Nov, 18:38",
    "months": "The cheapest month was June, the most expensive December",
    "what-if": "With a battery of 10 kWh and 5 kW, a year would cost about",
    "year": "7 kW is the right reference power. In 12 months, you would have paid 43 € "
    "more with 12 kW, and 54 € more with 3 kW.",
    f"gas-water-heat-{GAS}": "November up to the 20th: 11% more than on the same days of November "
    "2025",
    f"gas-water-heat-{WATER}": "November up to the 20th: 7% less than on the same days of October",
    f"gas-water-heat-{HEAT}": "November up to the 20th: 20% more than on the same days of October",
    "quality-voltage": "All three phases within 207–253 V.",
    "quality-supply": "The breaker is on; last reading 0 s ago.",
    "quality-interruptions": "No interruption in the last 30 days; "
    "last short voltage drop: 18 October.",
    "quality-limits": "2 limits in twelve months, all obeyed, at the latest after 12 s.",
}
# In a window of 500 px, the page itself would be too narrow for wider cards.
WIDTHS = (246, 320, 390, 460)
# Firefox is to be left alone: it asks nothing of others, and shows no page but this one.
PREFERENCES = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("services.settings.server", "http://127.0.0.1/");
user_pref("toolkit.telemetry.enabled", false);
"""
WEBKIT = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": {"args": ["--automation"]}}}}
BEFORE = """
const Real = Date;
window.Date = class extends Real {
    constructor(...of) { if (of.length) super(...of); else super(NOW); }
    // It stands still: texts say how long ago something was.
    static now() { return NOW; }
};
window.errors = [];
addEventListener("error", ({ message }) => {
    // A browser says this if a card changes its own size: the rest comes with the next frame.
    if (!message.startsWith("ResizeObserver loop")) errors.push(message);
});
addEventListener("unhandledrejection", ({ reason }) => errors.push(String(reason)));
const complain = console.error;
console.error = (...of) => { errors.push(of.join(" ")); complain(...of); };
""".replace("NOW", str(int(NOW.timestamp() * 1000)))
_SLIDER = """(() => {
    const slider = document.querySelector("main > *").shadowRoot.querySelector("[role=slider]");
    const { x, y, width, height } = slider ? slider.getBoundingClientRect() : {};
    return width && { x, y, width, height };
})()"""
_AFTER = """
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const visible = VISIBLE;
(async () => {
    while (!window.stage) await wait(20);
    const found = {};
    for (const { name, type, answers, config } of CARDS) {
        stage.begin({ ...GIVEN, answers: { ...GIVEN.answers, ...answers } });
        const card = await stage.place(type, config);
        for (let n = 0; n < 500; n += 1) {
            await wait(20);
            const text = visible().trim();
            if (card.offsetHeight > 40 && text && !text.includes("One moment")) break;
        }
        await wait(100);
        const overflow = [];
        for (const width of WIDTHS) {
            card.parentElement.style.width = `${width}px`;
            let faults;
            // The parts of a card follow its width some frames later.
            for (let n = 0; n < 100; n += 1) {
                await wait(50);
                faults = stage.overflow();
                if (n && !faults.length) break;
            }
            overflow.push(...faults);
        }
        const stylesOf = (selector) =>
            [...card.shadowRoot.querySelectorAll(selector)].map((part) => getComputedStyle(part));
        const bars = stylesOf(".bar rect").map(({ fill }) => fill);
        const sizes = stylesOf(".big").map(({ fontSize }) => parseFloat(fontSize));
        found[name] = { text: visible(), overflow, bars, sizes };
    }
    return { found, errors };
})().catch((error) => ({ found: {}, errors: [String(error)] })).then((answer) => {
    fetch("/found", { method: "POST", body: JSON.stringify(answer) });
});
"""


def given() -> JsonDict:
    """Return the settings of a page: its language, and the answers of the house."""
    return {
        "language": "en",
        "time_format": "24",
        "first_weekday": "language",
        "dark": False,
        "is_admin": True,
        "entities": house.entities(),
        "answers": house.answers(),
    }


def page() -> str:
    cards = [
        {"name": str(card), "type": card.type, "answers": card.answers, "config": card.config}
        for view in house_all.views().values()
        for card in view
    ]
    after = _AFTER.replace("VISIBLE", VISIBLE_TEXT).replace("CARDS", json.dumps(cards))
    after = after.replace("GIVEN", json.dumps(given())).replace("WIDTHS", json.dumps(WIDTHS))
    html = PAGE.read_text("utf-8").replace("<head>", f"<head><script>{BEFORE}</script>")
    return html.replace("</body>", f"<script>{after}</script></body>")


@asynccontextmanager
async def serving(told: asyncio.Future[Any], asked: list[str]) -> AsyncIterator[str]:
    """Serve the page, take its report, and note its requested files."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=page(), content_type="text/html")

    async def script(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        asked.append(name)
        file = SCRIPTS.get(name, CARDS / name)
        return web.FileResponse(file) if file.exists() else web.Response(status=404)

    async def take(request: web.Request) -> web.Response:
        if not told.done():
            told.set_result(await request.json())
        return web.Response()

    app = web.Application(client_max_size=10_000_000)
    app.add_routes([web.get("/", show), web.post("/found", take), web.get("/{name}", script)])
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}/"


@asynccontextmanager
async def firefox(folder: Path, url: str) -> AsyncIterator[None]:
    """Open a page, in a window of a phone's width."""
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES, "ascii")
    window = ("--headless", "--no-remote", "--width", "500", "--height", "1000")
    command = (program("firefox-esr", "firefox"), *window, "--profile", profile, url)
    async with running(*command, HOME=str(folder), MOZ_CRASHREPORTER_DISABLE="1"):
        yield


@asynccontextmanager
async def chromium(version: int, url: str) -> AsyncIterator[OldChromium]:
    async with old_chromium(version) as browser:
        await browser.opens(url)
        yield browser


@asynccontextmanager
async def webkit(folder: Path, url: str) -> AsyncIterator[None]:
    """Open a page in WebKit, which Safari has, too."""
    port = free_ports()
    command = (program("xvfb-run"), "-a", program("WebKitWebDriver"), f"--port={port}")
    async with (
        running(*command, HOME=str(folder), LIBGL_ALWAYS_SOFTWARE="1"),
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        while True:
            with suppress(ClientConnectionError):
                async with client.post("/session", json=WEBKIT) as answer:
                    session = (await answer.json())["value"]["sessionId"]
                break
            await asyncio.sleep(0.2)
        async with client.post(f"/session/{session}/url", json={"url": url}) as answer:
            assert answer.ok, await answer.text()
        yield


def opened(name: str, folder: Path, url: str) -> AbstractAsyncContextManager[object]:
    """Open a page in a browser: its name, and the version of Chromium."""
    if name.startswith("chromium"):
        return chromium(int(name.split()[1]), url)
    return {"firefox": firefox, "webkit": webkit}[name](folder, url)


@pytest.mark.parametrize(
    "name",
    [
        "firefox",
        pytest.param("chromium 87", marks=pytest.mark.slow),
        pytest.param("chromium 102", marks=pytest.mark.slow),
        pytest.param("webkit", marks=pytest.mark.slow),
    ],
)
async def test_each_card_speaks(name: str, tmp_path: Path) -> None:
    told = asyncio.get_running_loop().create_future()
    asked: list[str] = []
    async with (
        asyncio.timeout(3 * PATIENCE),
        serving(told, asked) as url,
        opened(name, tmp_path, url),
    ):
        answer = await told
    assert not answer["errors"]
    assert answer["found"].keys() == SENTENCES.keys()
    for card, found in answer["found"].items():
        assert SENTENCES[card] in " ".join(found["text"].split()), card
        assert not found["overflow"], card
        # Bars have a ground, and figures are large.
        assert "rgba(0, 0, 0, 0)" not in found["bars"], card
        assert all(size >= 32 for size in found["sizes"]), card
    assert any(found["bars"] for found in answer["found"].values())


@pytest.mark.slow
@pytest.mark.parametrize("version", [87, 102])
async def test_a_finger_chooses_a_bar(version: int) -> None:
    told = asyncio.get_running_loop().create_future()
    async with serving(told, []) as url, chromium(version, url) as browser:
        await told
        answers = house.answers() | house_today.answers() | house_bill.bills()
        for card, sentence in (
            ("today", "11:15–11:30: 0.1 kW from the grid"),
            ("months", "with VAT May"),
        ):
            await browser.evaluate(f"stage.begin({json.dumps(given() | {'answers': answers})})")
            await browser.evaluate(f"stage.place('smarty-p1-{card}', {{}}).then(() => 0)")
            box = None
            # The chart is drawn in several steps.
            while box != (box := await browser.waits_for(_SLIDER)):
                await asyncio.sleep(0.5)
            await browser.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            await browser.waits_for(f"({VISIBLE_TEXT})().includes({json.dumps(sentence)})")
            await browser.picture(f"chromium-{version}-{card}-touched")
        assert not browser.errors
