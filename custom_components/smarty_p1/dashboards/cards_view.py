"""Delivery of the dashboard cards by Home Assistant's web server.

The browser imports a small module, the loader. It loads the cards and the dashboard's strategy that
were built for this browser, and these load the texts in the user's language. The sources are in
`frontend/` at the root of the repository.
"""

import logging
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from homeassistant.components.frontend import DOMAIN as FRONTEND, add_extra_js_url
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .card_files import LOADER, CardFiles
from .cards_loader_digest import LOADER_DIGEST

_LOGGER = logging.getLogger(__name__)

_FOLDER_URL = f"/{DOMAIN}/cards"
# Address of the loader for users who add it to the resources of dashboards, as a cast screen needs
# it. The address has no digest, so it must not be cached.
_RESOURCE = "resource.js"
_LATE_MODULE: HassKey[str] = HassKey(f"{DOMAIN}_late_module")
_FOLDER = Path(__file__).parents[1] / "frontend"
_CONTENT_TYPES = {".js": "text/javascript", ".json": "application/json"}

_CACHED = {"Cache-Control": "public, max-age=2678400"}
_NOT_CACHED = {"Cache-Control": "no-store"}

# Module that a page gets while the file of the loader is missing. A page imports the loader only
# once, so this module imports it again. Each address is new, because Firefox never requests a
# module again whose import has failed.
_WAITING_LOADER = f"""\
let pause = 500;
const retry = () => {{
  pause = Math.min(2 * pause, 8000);
  setTimeout(() => import(`./{_RESOURCE}?retry=${{Math.random()}}`).catch(retry), pause);
}};
retry();
"""


class CardsView(HomeAssistantView):
    """Files of the cards. A file is cached by browsers only if its address names its content."""

    # A part that arrived, but could not be imported, is requested from a numbered folder.
    url = f"{_FOLDER_URL}/{{path:.*}}"
    name = f"{DOMAIN}:cards"
    requires_auth = False
    cors_allowed = True

    def __init__(self, files: CardFiles, version: str) -> None:
        """Serve `files`. `version` is the query "v" of the loader's address that is cached."""
        self._files = files
        self._version = version

    async def get(self, request: web.Request, path: str) -> web.Response:
        """Return a file. Try to read it again if it was missing before."""
        name = path.rpartition("/")[2]
        is_cached = name != _RESOURCE
        if name in (LOADER, _RESOURCE):
            is_cached = name == LOADER and request.query.get("v") == self._version
            name = LOADER
        content = self._files.get(name)
        if content is None:
            hass = request.app[KEY_HASS]
            content = await hass.async_add_executor_job(self._files.read_file, name)
        if content is None:
            return self._missing(request, name)
        return web.Response(
            body=content,
            content_type=_CONTENT_TYPES[Path(name).suffix],
            headers=_CACHED if is_cached else _NOT_CACHED,
        )

    head = get

    @staticmethod
    def _missing(request: web.Request, name: str) -> web.Response:
        if name != LOADER or "retry" in request.query:
            return web.Response(status=HTTPStatus.NOT_FOUND, headers=_NOT_CACHED)
        content_type = _CONTENT_TYPES[".js"]
        return web.Response(text=_WAITING_LOADER, content_type=content_type, headers=_NOT_CACHED)


async def async_serve_cards(hass: HomeAssistant) -> None:
    """Serve the cards if Home Assistant has a frontend. Call this once."""
    if FRONTEND not in hass.config.components:
        return
    files = CardFiles(_FOLDER)
    await hass.async_add_executor_job(files.read_all)
    if files.get(LOADER) is None:
        _LOGGER.warning(
            "The cards of the dashboard are missing, or belong to another version: copy the whole"
            " folder custom_components/%s again, then restart Home Assistant",
            DOMAIN,
        )
    # Browsers keep the files for a month. The loader names all other files with digests of their
    # content, so its own digest changes with any of them.
    version = f"{(await async_get_integration(hass, DOMAIN)).version}-{LOADER_DIGEST}"
    hass.http.register_view(CardsView(files, version))
    url = f"{_FOLDER_URL}/{LOADER}?v={version}"
    add_extra_js_url(hass, url)
    if hass.state is CoreState.running:
        hass.data[_LATE_MODULE] = url


def late_module(hass: HomeAssistant) -> str | None:
    """Return the URL of the card module if Home Assistant was running before the module was served.

    A page that was already open at that time has not loaded the module. Return None if the module
    was served during the start of Home Assistant: no page can have been open then.
    """
    return hass.data.get(_LATE_MODULE)
