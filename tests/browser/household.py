"""A user's clicks: the set-up of a meter, and the dashboard then."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    TimeoutError as NotYetError,
    async_playwright,
    expect,
)

from dev.demo.client import Client
from dev.testing.real_programs import PATIENCE
from tests.system.browser import VISIBLE_TEXT

from .texts import Texts

# Seconds for which charts and dialogs move.
ANIMATION = 1.0
# Milliseconds that a part of a gesture may take before the whole is tried again.
ATTEMPT = 10_000.0
DESKTOP = (1280, 1000)
PHONE = (400, 860)

# The clock runs on from another moment.
_OTHER_CLOCK = """
    const TrueDate = Date;
    window.Date = class Date extends TrueDate {
        constructor(...parts) {
            if (parts.length) super(...parts);
            else super(TrueDate.now() + AHEAD);
        }
        static now() { return TrueDate.now() + AHEAD; }
    };
"""

# A click into a field counts, and so does a click by the keyboard; typed text does not.
_COUNT = """addEventListener("click", (event) => {
    if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks ?? 0);
}, true);"""

type Theme = Literal["light", "dark"]


class Household:
    """Browser window, logged in, in a language."""

    def __init__(self, page: Page, url: str, texts: Texts, pictures: Path | None) -> None:
        self.page = page
        self.texts = texts
        self.foreign_requests: list[str] = []
        # Errors of the cards; errors of Home Assistant's own pages are not theirs.
        self.errors: list[str] = []
        self._url = url
        self._pictures = pictures
        page.set_default_timeout(PATIENCE * 1000)
        page.on("request", lambda request: self._note(request.url))
        page.on("pageerror", lambda error: self._note_error(f"{error} {error.stack}"))
        page.on("console", self._note_message)

    async def opens(self, path: str) -> None:
        """Open a page of Home Assistant."""
        await self.page.goto(self._url + path, wait_until="domcontentloaded")
        await self.page.wait_for_selector("#ha-launch-screen", state="detached")

    async def opens_tab(self, number: int) -> None:
        """Open a view of the open dashboard."""
        await self.page.get_by_role("tab").nth(number).click()

    async def presses(self, text: str) -> None:
        """Press a button by its text."""
        await self.page.get_by_role("button", name=text, exact=True).last.click()

    async def chooses(self, text: str) -> None:
        """Choose an item by its text: in a list, in a menu."""
        await self.page.get_by_text(text, exact=True).last.click()

    async def counts_clicks(self) -> None:
        """Count from the next page on."""
        await self.page.add_init_script(_COUNT)

    async def clicks(self) -> int:
        """Return how often it was clicked. Of a gesture that was repeated, only the last counts."""
        return int(await self.page.evaluate("sessionStorage.clicks ?? 0"))

    async def _attempts(self) -> AsyncIterator[None]:
        """Yield for each attempt at a gesture, which a busy page may miss."""
        clicks, deadline = await self.clicks(), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            await self.page.evaluate("clicks => { sessionStorage.clicks = clicks; }", clicks)
            yield
        pytest.fail(f"{self.page.url} takes no click")

    async def leaves_by(self, text: str) -> None:
        """Choose an item that leads on; the item may be there before it listens."""
        async for _ in self._attempts():
            with suppress(NotYetError):
                choice = self.page.get_by_text(text, exact=True).last
                await choice.click(timeout=ATTEMPT)
            await asyncio.sleep(ANIMATION)
            if text not in await self.text():
                return

    async def presses_until(self, button: str, *texts: str) -> None:
        """Press a button until the page shows the texts; a file may still be on its way to it."""
        async for _ in self._attempts():
            with suppress(NotYetError):
                found = self.page.get_by_role("button", name=button, exact=True).last
                await found.click(timeout=ATTEMPT / 5)
            await asyncio.sleep(ANIMATION)
            shown = await self.text()
            if all(text in shown for text in texts):
                return

    async def types(self, name: str, text: str) -> None:
        await self.page.locator(f"[name={name}]").last.fill(text)

    async def picks(self, field: Locator, text: str) -> None:
        """Pick from a list that opens, by typing; a text without an entry is taken as typed.

        A field may be there before it listens. A list that opens before it is filled stays empty.
        So the whole gesture is repeated until the field shows the picked text.
        """
        button = field.locator("ha-picker-field")
        shown = button.locator("[slot=headline], [slot=supporting-text]").filter(has_text=text)
        choices = field.locator("ha-picker-combo-box")
        # Until 2026.10, options do not have the role of options.
        fitting = choices.locator("[role=option], ha-combo-box-item").filter(has_text=text)
        async for _ in self._attempts():
            with suppress(NotYetError):
                if await choices.is_visible():
                    await choices.press("Escape", timeout=ATTEMPT)
                    await choices.wait_for(state="detached", timeout=ATTEMPT)
                await button.click(timeout=ATTEMPT)
                await choices.locator("input").first.fill(text, timeout=ATTEMPT)
                await asyncio.sleep(ANIMATION)
                await fitting.first.click(timeout=ATTEMPT)
                await choices.wait_for(state="detached", timeout=ATTEMPT)
                await shown.first.wait_for(timeout=ATTEMPT)
                return

    async def sees(self, *texts: str, within: float = PATIENCE) -> None:
        """Wait until the page shows all the texts."""
        deadline = time.monotonic() + within
        # The text of the page has no no-break blanks.
        missing = expected = [" ".join(text.split()) for text in texts]
        while missing:
            assert time.monotonic() < deadline, f"{self.page.url} never showed {missing}"
            await asyncio.sleep(0.4)
            shown = await self.text()
            missing = [text for text in expected if text not in shown]

    async def gone(self, text: str) -> None:
        """Wait until the page does not show a text any more."""
        deadline = time.monotonic() + PATIENCE
        while " ".join(text.split()) in await self.text():
            assert time.monotonic() < deadline, f"{self.page.url} still shows {text}"
            await asyncio.sleep(0.4)

    async def text(self) -> str:
        text: str = await self.page.evaluate(VISIBLE_TEXT)
        return text

    async def settles(self) -> None:
        """Wait until nothing is being loaded, and charts are drawn."""
        await self.page.wait_for_load_state("networkidle")
        await asyncio.sleep(3 * ANIMATION)

    async def takes_picture(self, name: str, of: Locator | None = None) -> None:
        """Keep a picture of the page, or of a part of it, if pictures are wanted."""
        if self._pictures is None:
            return
        # What is below the mouse has another colour.
        await self.page.mouse.move(0, 0)
        await asyncio.sleep(ANIMATION)
        self._pictures.mkdir(parents=True, exist_ok=True)
        await (of or self.page).screenshot(path=self._pictures / f"{name}.png")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog").last

    async def is_cut_off(self) -> bool:
        """Return whether the page is wider than the window."""
        cut: bool = await self.page.evaluate(
            "() => document.scrollingElement.scrollWidth > window.innerWidth + 1"
        )
        return cut

    def _note(self, url: str) -> None:
        if not url.startswith((self._url, "data:", "blob:")):
            self.foreign_requests.append(url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note_error(f"{message.text} {message.location['url']}")

    def _note_error(self, text: str) -> None:
        if "smarty" in text:
            self.errors.append(text)


@asynccontextmanager
async def browser_running(path: str) -> AsyncIterator[Browser]:
    """Run a browser, whose start takes as long as the load of a page."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def household(  # noqa: PLR0913 - what may differ between browsers
    url: str,
    browser: Browser,
    *,
    language: str = "en",
    size: tuple[int, int] = DESKTOP,
    theme: Theme = "light",
    pictures: Path | None = None,
    ahead: timedelta = timedelta(0),
    sidebar: Literal["always_hidden", "docked"] = "always_hidden",
) -> AsyncIterator[Household]:
    """Open a window that is logged in to the Home Assistant there, whose clock may be ahead."""
    async with Client.logged_in(url) as client:
        await client.command("frontend/set_user_data", key="language", value={"language": language})
    tokens = {
        **client.tokens,
        "hassUrl": url,
        "clientId": f"{url}/",
        "expires": int((time.time() + client.tokens["expires_in"]) * 1000),
    }
    stored = {
        "hassTokens": tokens,
        "selectedLanguage": language,
        "dockedSidebar": sidebar,
    }
    script = "".join(
        f"localStorage.setItem({json.dumps(name)}, {json.dumps(json.dumps(value))});"
        for name, value in stored.items()
    )
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        # Movement takes a quarter of the browser's CPU, and no test here looks at it.
        reduced_motion="reduce",
        locale=language,
        timezone_id="Europe/Luxembourg",
    )
    if ahead:
        milliseconds = round(ahead / timedelta(milliseconds=1))
        script = f"{_OTHER_CLOCK.replace('AHEAD', str(milliseconds))}{script}"
    await context.add_init_script(script)
    page = await context.new_page()
    yield Household(page, url, Texts(language), pictures)
    await context.close()


__all__ = [
    "DESKTOP",
    "PHONE",
    "Household",
    "Theme",
    "browser_running",
    "expect",
    "household",
]
