"""Delivery of the dashboard cards by Home Assistant's web server.

The browser imports a small module. It loads the cards and the dashboard's strategy that were built
for this browser, and these load the texts in the user's language. The sources are in `frontend/`
at the root of the repository.
"""

import hashlib
from pathlib import Path

from homeassistant.components.frontend import DOMAIN as FRONTEND, add_extra_js_url
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

_FOLDER_URL = f"/{DOMAIN}/cards"
_MODULE = "smarty-p1.js"
# Address for users who add the module to the resources of dashboards, as a cast screen needs it.
# The address has no digest, so it must not be cached.
_UNCACHED_URL = f"{_FOLDER_URL}/resource.js"
_LATE_MODULE: HassKey[str] = HassKey(f"{DOMAIN}_late_module")
_FOLDER = Path(__file__).parents[1] / "frontend"


async def async_serve_cards(hass: HomeAssistant) -> None:
    """Serve the cards if Home Assistant has a frontend. Call this once."""
    if FRONTEND not in hass.config.components:
        return
    await hass.http.async_register_static_paths(
        [
            # The first path that fits is served.
            StaticPathConfig(_UNCACHED_URL, str(_FOLDER / _MODULE), cache_headers=False),
            StaticPathConfig(_FOLDER_URL, str(_FOLDER), cache_headers=True),
        ]
    )
    module = await hass.async_add_executor_job((_FOLDER / _MODULE).read_bytes)
    version = (await async_get_integration(hass, DOMAIN)).version
    # Browsers cache the files for a month. The module names all other files with digests of their
    # content, so its own digest changes with any of them.
    digest = hashlib.sha256(module).hexdigest()[:8]
    url = f"{_FOLDER_URL}/{_MODULE}?v={version}-{digest}"
    add_extra_js_url(hass, url)
    if hass.state is CoreState.running:
        hass.data[_LATE_MODULE] = url


def late_module(hass: HomeAssistant) -> str | None:
    """Return the URL of the card module if Home Assistant was running before the module was served.

    A page that was already open at that time has not loaded the module. Return None if the module
    was served during the start of Home Assistant: no page can have been open then.
    """
    return hass.data.get(_LATE_MODULE)
