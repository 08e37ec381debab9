"""The dashboard's module, and how it reaches the frontend."""

import json
import sys
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace

import pytest
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .support import Home

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "smarty_p1"
MODULE = INTEGRATION / "frontend" / "smarty-p1.js"
CAST = "https://cast.home-assistant.io"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let Home Assistant find the frontend's pages, which are not in the test environment."""
    pages = SimpleNamespace(where=lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "hass_frontend", pages)


@pytest.mark.usefixtures("pages")
async def test_every_page_loads_the_module(
    home: Home, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(home.hass, "frontend", {})
    await home.set_up()
    await home.again()

    [url] = [url for url in home.hass.data[DATA_EXTRA_MODULE_URL].urls if "smarty_p1" in url]

    client = await hass_client_no_auth()
    answer = await client.get(url)
    assert answer.status == HTTPStatus.OK
    assert "javascript" in answer.headers["Content-Type"]
    assert "max-age" in answer.headers["Cache-Control"]
    assert await answer.read() == MODULE.read_bytes()
    version = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["version"]
    assert version in url
    # The module asks for the others beside itself.
    for file in MODULE.parent.iterdir():
        answer = await client.get(url.replace(MODULE.name, file.name))
        assert "max-age" in answer.headers["Cache-Control"]
        assert await answer.read() == file.read_bytes()

    # A screen that a dashboard is cast to has a page of another origin.
    answer = await client.get("/smarty_p1/cards/resource.js", headers={"Origin": CAST})
    assert await answer.read() == MODULE.read_bytes()
    assert "Cache-Control" not in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == CAST
    answer = await client.get(url, headers={"Origin": CAST})
    assert answer.headers["Access-Control-Allow-Origin"] == CAST
