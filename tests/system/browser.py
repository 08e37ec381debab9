"""Headless Chromium on Home Assistant's pages."""

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator

from playwright.async_api import BrowserContext, Page, async_playwright

from dev.demo.client import Client
from dev.demo.home_assistant import ROOT
from dev.demo.meter_statistics import DOMAIN
from tests.system.support import PATIENCE

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = ROOT / "screenshots"
# Charts and dialogs move for about so long.
ANIMATION = 1.0

# The frontend is made of web components: what a reader sees is spread over their shadow roots.
VISIBLE_TEXT = """() => {
    const texts = [];
    const visit = (node) => {
        if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent);
        if (["STYLE", "SCRIPT"].includes(node.nodeName)) return;
        for (const child of node.shadowRoot?.childNodes ?? []) visit(child);
        for (const child of node.childNodes) visit(child);
    };
    visit(document.body);
    return texts.join(" ").replace(/\\s+/g, " ");
}"""


def executable() -> str | None:
    """Return the path of the browser there is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Frontend:
    """Home Assistant's pages, seen by a logged-in user."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._context = context
        self._url = url
        self.foreign_requests: list[str] = []
        context.on("request", lambda request: self._note(request.url))

    async def shows(self, path: str, *texts: str, screenshot: str) -> None:
        """Wait until a page shows all the texts, and take a picture of it."""
        page = await self._context.new_page()
        try:
            await page.goto(self._url + path, wait_until="domcontentloaded")
            missing = await _missing(page, texts)
            await page.wait_for_selector("#ha-launch-screen", state="detached")
            await asyncio.sleep(ANIMATION)
            SCREENSHOTS.mkdir(exist_ok=True)
            await page.screenshot(path=SCREENSHOTS / f"{screenshot}.png")
        finally:
            await page.close()
        assert not missing, f"{path} never showed {missing}"

    async def shows_dialog(self, *choices: str, texts: tuple[str, ...], screenshot: str) -> None:
        """Start adding something, choose in the menus, and take a picture of the form."""
        page = await self._context.new_page()
        try:
            path = f"/config/integrations/dashboard/add?domain={DOMAIN}"
            await page.goto(self._url + path, wait_until="domcontentloaded")
            await page.get_by_role("button", name="OK").click()
            for choice in choices:
                await page.get_by_text(choice, exact=True).last.click()
            missing = await _missing(page, texts)
            await asyncio.sleep(ANIMATION)
            SCREENSHOTS.mkdir(exist_ok=True)
            await page.get_by_role("dialog").last.screenshot(path=SCREENSHOTS / f"{screenshot}.png")
        finally:
            await page.close()
        assert not missing, f"the dialog never showed {missing}"

    def _note(self, url: str) -> None:
        if not url.startswith((self._url, "data:", "blob:")):
            self.foreign_requests.append(url)


async def _missing(page: Page, texts: tuple[str, ...]) -> list[str]:
    """Return the texts that do not appear in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        shown = await page.evaluate(VISIBLE_TEXT)
        missing = [text for text in texts if text not in shown]
        if not missing or time.monotonic() > deadline:
            return missing
        await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def frontend(client: Client, browser_path: str) -> AsyncIterator[Frontend]:
    """Open a browser that is logged in as the client is."""
    tokens = {
        **client.tokens,
        "hassUrl": client.url,
        "clientId": f"{client.url}/",
        "expires": int((time.time() + client.tokens["expires_in"]) * 1000),
    }
    login = f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        context = await browser.new_context(
            viewport={"width": 1280, "height": 1000},
            locale="en-GB",
            timezone_id="Europe/Luxembourg",
        )
        await context.add_init_script(login)
        yield Frontend(context, client.url)
        await browser.close()
