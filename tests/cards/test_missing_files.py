"""Files of the cards that are missing, late or answered with an error: the page recovers untouched.

Home Assistant's view serves them to a page of many frames. In each frame, another file is harmed.
"""

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dev.testing.real_programs import PATIENCE, TIMEOUT, program
from tests.system.browser import BROWSERS

from . import house_quality, house_year
from .old_chromium import running
from .stage import CARDS, PAGE, SCRIPTS, parts
from .test_other_browsers import BEFORE, firefox, given

pytestmark = pytest.mark.timeout(TIMEOUT)

VERSION = "1"
LOADER = "smarty-p1.js"
# Number of failed requests for a file. Then a notice appears.
FAILING = 3
LATE_S = 3.0
OLD = """
const supports = CSS.supports.bind(CSS);
CSS.supports = (what) => !/mix/.test(what) && supports(what);
"""

_FRAMES = """<!doctype html>
<style>iframe { position: fixed; inset: 0; width: 100%; height: 100% }</style>
<body>
"""
_FRAME = """
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// Home Assistant's page imports the module once.
import("./smarty_p1/cards/smarty-p1.js?v=VERSION").catch(() => {
    // No code of the cards runs then, so somebody opens the page again.
    setTimeout(() => location.reload(), 500);
});
(async () => {
    while (!window.stage) await wait(20);
    stage.begin(GIVEN);
    // A first part, a second part and a third part define these cards.
    for (const type of ["now", "year", "quality"]) void stage.put(`smarty-p1-${type}`, {});
    const main = document.querySelector("main");
    const isReal = ({ shadowRoot }) => shadowRoot?.querySelector("ha-card[role=article]");
    let isNoticed = false;
    while (main.children.length < 3 || ![...main.children].every(isReal)) {
        for (const card of main.children) {
            isNoticed ||= Boolean(card.shadowRoot?.querySelector("ha-card:not([role]) button"));
        }
        await wait(50);
    }
    await fetch("done", { method: "POST", body: JSON.stringify({ errors, isNoticed }) });
    frameElement.remove();
})();
"""


def sign_in() -> web.Response:
    """Return the page of a proxy that lets nobody through."""
    return web.Response(text="<p>Sign in</p>", content_type="text/html")


def kept_error() -> web.Response:
    """Return an error that a proxy lets the browser keep for a month."""
    kept = {"Cache-Control": "public, max-age=2678400"}
    return web.Response(status=HTTPStatus.NOT_FOUND, headers=kept)


# How the first requests for a file are answered.
ANSWERS = {
    "error": lambda: web.Response(status=HTTPStatus.BAD_GATEWAY),
    "kept error": kept_error,
    "page": sign_in,
}


@dataclass
class Frame:
    """A page with cards. A file of code and a file of texts are harmed at first."""

    file: str
    texts: str
    harm: str
    folder: Path
    requests: list[str] = field(default_factory=list)
    is_served: bool = False
    told: dict[str, Any] | None = None

    @property
    def language(self) -> str:
        """The language whose texts are harmed."""
        return self.texts.split(".")[1][:2]

    @property
    def is_old(self) -> bool:
        """Whether the browser must look like an old one, which needs the parts for old browsers."""
        return self.file in parts()[3:]

    def prepare(self) -> None:
        """Copy the files of the cards, and remove the harmed ones."""
        shutil.copytree(CARDS, self.folder)
        if self.harm == "missing":
            for name in (self.file, self.texts):
                (self.folder / name).unlink()

    def is_blocked(self, name: str) -> bool:
        """Return whether a part is missing, because the notice is only requested then."""
        return "notice" in self.file and name == parts()[1] and not self.is_served

    async def answer(
        self, name: str, request: web.Request, serve: Callable[..., Any]
    ) -> web.StreamResponse:
        """Answer a request for a file that is harmed."""
        is_first = self.requests.count(name) <= FAILING
        if self.harm == "late" and self.requests.count(name) == 1:
            await asyncio.sleep(LATE_S)
        if is_first and (answer := ANSWERS.get(self.harm)):
            return answer()
        response: web.StreamResponse = await serve(request)
        self.is_served |= name == self.file and response.status == HTTPStatus.OK
        if self.harm == "missing" and self.requests.count(name) >= FAILING:
            shutil.copy(CARDS / name, self.folder)
        return response

    def app(self) -> web.Application:
        """Return the server of this page: its cards are served by the view of Home Assistant."""
        # Home Assistant takes seconds to import, even where these slow tests do not run.
        from homeassistant.helpers.http import KEY_HASS  # noqa: PLC0415

        from custom_components.smarty_p1.dashboards.card_files import CardFiles  # noqa: PLC0415
        from custom_components.smarty_p1.dashboards.cards_view import CardsView  # noqa: PLC0415

        @web.middleware
        async def harm(request: web.Request, handler: Callable[..., Any]) -> web.StreamResponse:
            name = request.path.rpartition("/")[2].replace("resource.js", LOADER)
            if "/cards/" in request.path:
                self.requests.append(name)
                if self.is_blocked(name):
                    return ANSWERS["error"]()
                if name in (self.file, self.texts):
                    return await self.answer(name, request, handler)
            answer: web.StreamResponse = await handler(request)
            return answer

        async def done(request: web.Request) -> web.Response:
            self.told = await request.json()
            return web.Response()

        async def show(_request: web.Request) -> web.Response:
            return web.Response(text=self.page(), content_type="text/html")

        app = web.Application(middlewares=[harm])
        app.add_routes([web.get("/", show), web.post("/done", done)])
        files = CardFiles(self.folder)
        files.read_all()
        hass = SimpleNamespace(is_stopping=False, async_add_executor_job=asyncio.to_thread)
        app[KEY_HASS] = cast("Any", hass)
        CardsView(files, VERSION).register(cast("Any", hass), app, app.router)
        return app

    def page(self) -> str:
        answers = given()["answers"] | house_year.answers() | house_quality.answers()
        page = given() | {"answers": answers, "language": self.language}
        script = _FRAME.replace("GIVEN", json.dumps(page)).replace("VERSION", VERSION)
        before = BEFORE + (OLD if self.is_old else "")
        html = PAGE.read_text("utf-8").replace("<head>", f"<head><script>{before}</script>")
        loader = '<script type="module" src="/smarty-p1.js"></script>'
        assert loader in html
        return html.replace(loader, f"<script>{script}</script>")


@asynccontextmanager
async def serving(frames: list[Frame]) -> AsyncIterator[str]:
    """Serve a page of frames."""

    async def show(_request: web.Request) -> web.Response:
        shown = [f'<iframe src="/{number}/"></iframe>' for number, _ in enumerate(frames)]
        return web.Response(text=_FRAMES + "".join(shown), content_type="text/html")

    async def script(request: web.Request) -> web.FileResponse:
        return web.FileResponse(SCRIPTS[request.path[1:]])

    app = web.Application()
    app.add_routes([web.get("/", show), *(web.get(f"/{name}", script) for name in SCRIPTS)])
    for number, frame in enumerate(frames):
        frame.prepare()
        app.add_subapp(f"/{number}/", frame.app())
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}/"


@asynccontextmanager
async def chromium(folder: Path, url: str) -> AsyncIterator[None]:
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0")
    async with running(program(*BROWSERS), *flags, f"--user-data-dir={folder}", url):
        yield


OPENED: dict[str, Callable[[Path, str], AbstractAsyncContextManager[None]]] = {
    "chromium": chromium,
    "firefox": firefox,
}


def frames_in(folder: Path) -> list[Frame]:
    """Return frames in which each file is missing, late and answered with an error."""
    names = sorted(file.name for file in CARDS.iterdir())
    texts = [name for name in names if name.endswith(".json")]
    code = [name for name in names if name not in texts]
    assert {LOADER, *parts()} < set(code)
    assert len(code) > len(texts) > 0
    rows = [
        (name, language, harm)
        for harm in ("missing", "late", "error")
        for name, language in zip(code, itertools.cycle(texts), strict=False)
    ]
    rows += [(name, texts[0], harm) for harm in ("kept error", "page") for name in parts()[:2]]
    return [Frame(*row, folder / str(number)) for number, row in enumerate(rows)]


@pytest.mark.slow
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
async def test_a_page_recovers_untouched_from_each_file(browser: str, tmp_path: Path) -> None:
    frames = frames_in(tmp_path)
    async with serving(frames) as url, OPENED[browser](tmp_path, url):
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not all(frame.told for frame in frames):
                    await asyncio.sleep(0.1)
    for frame in frames:
        name = f"{frame.file}, {frame.language}: {frame.harm}"
        assert frame.told, f"{name}: {frame.requests}"
        assert not frame.told["errors"], name
        # A notice takes the places of cards that are missing for some seconds.
        is_noticed = frame.harm in {"missing", "error", "kept error"} and frame.file != LOADER
        assert frame.told["isNoticed"] == is_noticed or "notice" in frame.file, name
