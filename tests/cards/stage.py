"""A page with one card, or some, as the frontend shows them."""

import asyncio
import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Route

from dev.checkout import ROOT
from smartyp1.json_types import JsonDict
from tests.system.browser import VISIBLE_TEXT

from . import house

# The built cards; CARDS is a folder with others.
CARDS = Path(os.environ.get("CARDS", ROOT / "custom_components" / "smarty_p1" / "frontend"))
SCRIPT = Path(__file__).with_suffix(".js")
SCRIPTS = {script.name: script for script in (SCRIPT, SCRIPT.with_name("connection.mjs"))}
_FONTS = "lib/python3.14/site-packages/hass_frontend/static/fonts/roboto"
_LOAD_FONTS = """Promise.all([400, 500].map(
    (weight) => document.fonts.load(`${weight} 14px Roboto`))).then(() => 0)"""
NOW = datetime.fromisoformat("2026-11-21T18:38:20+01:00")

HEIGHT = 1000
# Number of times that the page may settle until it shows a text.
MAX_TURNS = 100
PAGE = Path(__file__).with_suffix(".html")


def parts() -> list[str]:
    """Return the names of both parts for new browsers, then for old ones."""
    return re.findall(r"smarty-p1-[0-9A-Z]{8}\.js", (CARDS / "smarty-p1.js").read_text("utf-8"))


async def _serve(route: Route) -> None:
    path = urlparse(route.request.url).path
    if path.endswith(".woff2"):
        found = ROOT / ".venv-demo" / _FONTS / path[1:]
        await (route.fulfill(path=found) if found.exists() else route.abort())
    elif path == "/":
        await route.fulfill(path=PAGE, content_type="text/html")
    elif script := SCRIPTS.get(path[1:]):
        await route.fulfill(path=script, content_type="text/javascript")
    elif (file := CARDS / path[1:]).exists():
        await route.fulfill(path=file)
    else:
        await route.fulfill(status=404)


class Stage:
    """A page with cards, and its Home Assistant, which gives the answers of the test."""

    page: Page

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: dict[float, Page] = {}
        self.errors: list[str] = []

    async def show(  # noqa: PLR0913 - all that can be different about a page
        self,
        *types: str,
        answers: JsonDict | None = None,
        config: JsonDict | None = None,
        width: int = 390,
        dark: bool = False,
        language: str = "en",
        time_format: str = "24",
        first_weekday: str = "language",
        now: datetime = NOW,
        ahead: timedelta = timedelta(),
        is_admin: bool = True,
        entities: JsonDict | None = None,
        devices: JsonDict | None = None,
        states: JsonDict | None = None,
        scale: float = 1,
        new_page: bool = False,
    ) -> None:
        """Show cards at a time, the answers of the house (see house.py) with some others instead.

        An answer is by its command, or by command and entry ("smarty_p1/live second"). If it
        depends on the request, it is a list of {"takes": …, "answer": …}. `ahead` is the lead of
        the page's clock. `new_page` drops all that the module keeps while the page is open.
        """
        if new_page:
            await self.close()
        self.page = page = await self._page(scale)
        if page.viewport_size != {"width": width, "height": HEIGHT}:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
        await self.set_clock(page, now + ahead)
        given = {
            "language": language,
            "time_format": time_format,
            "first_weekday": first_weekday,
            "dark": dark,
            "is_admin": is_admin,
            "entities": house.entities() if entities is None else entities,
            "devices": devices or {},
            "states": states or {},
            "answers": house.answers() | (answers or {}),
            "ahead_ms": ahead / timedelta(milliseconds=1),
        }
        await page.evaluate("given => stage.begin(given)", given)
        for type_ in types:
            await page.evaluate(
                "([type, config]) => stage.place(type, config).then(() => 0)", [type_, config or {}]
            )
        await self.settle()

    async def _page(self, scale: float) -> Page:
        """Return a page with the module: an earlier test's page where there is one."""
        if page := self._pages.get(scale):
            return page
        context = await self._browser.new_context(
            viewport={"width": 390, "height": HEIGHT},
            locale="en",
            # The time zone differs from the meter's: the days of the tariff do not begin with the
            # browser's.
            timezone_id="America/New_York",
            device_scale_factor=scale,
        )
        self._pages[scale] = page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        await page.route("**/*", _serve)
        await self.install_clock(page)
        await page.goto("http://cards.test/")
        await self.load(page)
        return page

    async def load(self, page: Page, last: str = "smarty-p1-quality") -> None:
        """Wait for the cards up to `last`, and for the fonts, because cards measure texts.

        A clock that is set on during the wait makes their files seem late.
        """
        await page.wait_for_function("last => customElements.get(last)", arg=last)
        await page.evaluate(_LOAD_FONTS)

    async def begin(self) -> None:
        """Forget the errors and the cards of the test before."""
        self.errors.clear()
        for page in self._pages.values():
            await page.evaluate("stage.clear()")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    async def install_clock(self, page: Page) -> None:
        """Let the page have a clock that the test moves on."""
        await page.clock.install(time=NOW)

    async def set_clock(self, page: Page, now: datetime) -> None:
        """Set that clock. Only the test moves it on: a busy machine may need minutes for a test."""
        # Until it pauses, it runs, and it cannot pause in the past.
        await page.clock.set_system_time(now - timedelta(minutes=5))
        await page.clock.pause_at(now)

    async def settle(self) -> None:
        """Let requests be answered and drawn."""
        for _ in range(3):
            await self.page.clock.run_for(100)
        # On a busy machine, answers come later than the clock of the page has moved on.
        for _ in range(40):
            if not await self.page.evaluate("stage.isWaiting()"):
                return
            await asyncio.sleep(0.02)
            await self.page.clock.run_for(20)

    async def sees(self, *texts: str) -> None:
        """Wait until the page shows all of these texts."""
        shown = ""
        for _ in range(MAX_TURNS):
            shown = await self.text()
            if all(text in shown for text in texts):
                return
            await self.settle()
        pytest.fail(f"{texts!r} are not in {shown!r}")

    async def waits_for(self, script: str, *, seconds: float = 0.1) -> None:
        """Wait until a script of the page returns true, and let its clock go on."""
        for _ in range(MAX_TURNS):
            if await self.page.evaluate(f"Boolean({script})"):
                return
            await self.passes(seconds)
            await asyncio.sleep(0.05)
        pytest.fail(f"{script} was never true")

    async def send(self, message: JsonDict, entry_id: str | None = None) -> None:
        await self.page.evaluate("([m, id]) => stage.send(m, id)", [message, entry_id])
        await self.settle()

    async def press(self, *keys: str, at: Locator | None = None) -> None:
        """Press keys at the focus, or at an element that gets it first; wait for the effect."""
        if at:
            await at.focus()
        for key in keys:
            await self.page.keyboard.press(key)
        await self.settle()

    async def click(self, element: Locator) -> None:
        await element.click()
        await self.settle()

    async def show_table(self, type_: str) -> None:
        """Show the table of a card by its menu."""
        menu = self.card(type_).locator("smarty-p1-menu")
        await self.click(menu.get_by_role("button"))
        await self.click(menu.get_by_role("menuitem", name="Show as table"))

    async def asked(self, command: str) -> list[JsonDict]:
        """Return the questions of a kind that were asked, such as `bill`."""
        found: list[JsonDict] = await self.page.evaluate(
            "type => stage.asked.filter((each) => each.type === type)", f"smarty_p1/{command}"
        )
        return found

    async def tap(self, x: float, y: float) -> None:
        """Touch the page with a finger, which no mouse and no key has done before."""
        session = await self.page.context.new_cdp_session(self.page)
        try:
            await session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
            for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
                event = {"type": kind, "touchPoints": points}
                await session.send("Input.dispatchTouchEvent", event)
                await self.settle()
        finally:
            await session.detach()

    async def passes(self, seconds: float) -> None:
        await self.page.clock.run_for(int(seconds * 1000))

    async def text(self) -> str:
        """Return all texts of the page, with plain spaces."""
        text: str = await self.page.evaluate(VISIBLE_TEXT)
        return text.replace("\u00a0", " ").replace("\u202f", " ")

    def card(self, type_: str) -> Locator:
        return self.page.locator(type_).first

    async def overflow(self) -> list[str]:
        """Return the elements that are wider than the page, or than the card around them."""
        found: list[str] = await self.page.evaluate("stage.overflow()")
        return found

    async def picture(self, name: str, of: str | None = None) -> None:
        """Keep a picture of the page, or of a part, if CARD_PICTURES names a folder."""
        if folder := os.environ.get("CARD_PICTURES"):
            path = f"{folder}/{name}.png"
            if of:
                await self.page.locator(of).screenshot(path=path)
            else:
                await self.page.screenshot(path=path, full_page=True)

    async def close(self) -> None:
        for page in self._pages.values():
            await page.context.close()
        self._pages.clear()
