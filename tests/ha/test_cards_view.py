"""The files of the cards, as Home Assistant's web server delivers them."""

import json
import shutil
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.dashboards import cards_view
from dev.checkout import ROOT

INTEGRATION = ROOT / "custom_components" / "smarty_p1"
BUILT = INTEGRATION / "frontend"
LOADER = "smarty-p1.js"
RESOURCE = "resource.js"
FILES = sorted(file.name for file in BUILT.iterdir())
CAST = "https://cast.home-assistant.io"
LONG = "public, max-age=2678400"

type Serve = Callable[[], Awaitable["Server"]]

pytestmark = pytest.mark.usefixtures("frontend")


class Server:
    """Home Assistant with the cards, and a browser that asks it for files."""

    def __init__(
        self, hass: HomeAssistant, client: TestClient[web.Request, web.Application]
    ) -> None:
        [self.url] = [url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if DOMAIN in url]
        self._client = client

    async def get(self, name: str, method: str = "GET", **headers: str) -> ClientResponse:
        """Ask for a file beside the loader, whose own address has a version."""
        path, _, version = self.url.partition("?")
        address = f"{path}?{version}" if name == LOADER else path.replace(LOADER, name)
        return await self._client.request(method, address, headers=headers)

    async def content(self, name: str) -> bytes | None:
        """Return a file that may be cached; None if the answer must not be cached."""
        answer = await self.get(name)
        if answer.headers["Cache-Control"] == "no-store":
            return None
        assert (answer.status, answer.headers["Cache-Control"]) == (HTTPStatus.OK, LONG)
        return await answer.read()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the built files, from which Home Assistant serves them."""
    folder = tmp_path / "frontend"
    shutil.copytree(BUILT, folder)
    monkeypatch.setattr(cards_view, "_FOLDER", folder)
    return folder


@pytest.fixture
def serve(hass: HomeAssistant, folder: Path, hass_client_no_auth: ClientSessionGenerator) -> Serve:
    """Return a function that starts the integration."""

    async def start() -> Server:
        assert folder.name == BUILT.name
        assert await async_setup_component(hass, DOMAIN, {})
        return Server(hass, await hass_client_no_auth())

    return start


async def test_every_page_loads_the_module(serve: Serve) -> None:
    server = await serve()
    version = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["version"]
    assert version in server.url
    for name in FILES:
        for method, content in (("GET", (BUILT / name).read_bytes()), ("HEAD", b"")):
            answer = await server.get(name, method)
            assert (answer.status, answer.headers["Cache-Control"]) == (HTTPStatus.OK, LONG)
            assert answer.content_type.endswith("javascript" if name.endswith(".js") else "json")
            assert int(answer.headers["Content-Length"]) == (BUILT / name).stat().st_size
            assert await answer.read() == content


@pytest.mark.parametrize("name", [RESOURCE, LOADER, f"{LOADER}?v=0.1.0-00000000", FILES[0]])
async def test_a_page_of_another_origin_gets_the_files(serve: Serve, name: str) -> None:
    # A screen that a dashboard is cast to has such a page.
    answer = await (await serve()).get(name, Origin=CAST)
    assert answer.headers["Access-Control-Allow-Origin"] == CAST
    assert await answer.read() == (BUILT / (FILES[0] if name == FILES[0] else LOADER)).read_bytes()


@pytest.mark.parametrize("name", [RESOURCE, f"{LOADER}?v=0.1.0-00000000", f"{LOADER}?"])
async def test_the_loader_is_cached_only_at_its_own_address(serve: Serve, name: str) -> None:
    server = await serve()
    for method in ("GET", "HEAD"):
        answer = await server.get(name, method)
        assert (answer.status, answer.headers["Cache-Control"]) == (HTTPStatus.OK, "no-store")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "smarty-p1-00000000.js",
        "smarty-p1.de-00000000.json",
        "smarty-p1.de.json",
        "1/smarty-p1-00000000.js",
    ],
)
async def test_no_answer_without_a_file_is_cached(serve: Serve, name: str) -> None:
    server = await serve()
    for method in ("GET", "HEAD"):
        answer = await server.get(name, method)
        assert (answer.status, answer.headers["Cache-Control"]) == (
            HTTPStatus.NOT_FOUND,
            "no-store",
        )


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def change(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b" ")


@pytest.mark.parametrize("harm", [Path.unlink, cut, change])
async def test_a_file_that_is_missing_or_of_another_version_is_read_again(
    serve: Serve, folder: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    for name in FILES:
        harm(folder / name)
    server = await serve()
    for name in FILES:
        assert await server.content(name) is None, name
    assert "copy the whole folder custom_components/smarty_p1 again" in caplog.text
    for name in FILES:
        shutil.copy(BUILT / name, folder)
        assert await server.content(name) == (BUILT / name).read_bytes(), name


async def test_a_folder_that_is_missing_is_read_once_it_is_there(
    serve: Serve, folder: Path
) -> None:
    shutil.rmtree(folder)
    server = await serve()
    # The module that is sent in place of the loader asks for the loader again.
    answer = await server.get(LOADER)
    assert f"import(`./{RESOURCE}?retry=" in await answer.text()
    assert (await server.get(f"{RESOURCE}?retry=0.5")).status == HTTPStatus.NOT_FOUND
    shutil.copytree(BUILT, folder)
    answer = await server.get(f"{RESOURCE}?retry=0.6")
    assert await answer.read() == (BUILT / LOADER).read_bytes()
    assert answer.headers["Cache-Control"] == "no-store"
    assert await server.content(LOADER) == (BUILT / LOADER).read_bytes()


async def test_an_update_while_home_assistant_runs_changes_no_answer(
    serve: Serve, folder: Path
) -> None:
    server = await serve()
    # The files of another version partly have the same names.
    for name in FILES:
        change(folder / name)
    (folder / FILES[0]).unlink()
    for name in FILES:
        assert await server.content(name) == (BUILT / name).read_bytes(), name
    # A part that could not be imported is requested at another address, with its imports.
    for name in set(FILES) - {LOADER}:
        assert await server.content(f"3/{name}") == (BUILT / name).read_bytes(), name
